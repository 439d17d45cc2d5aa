"""Joining and looking after people through Telegram: a real server on loopback, a whole bot, and what people see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from handlers.authorization import Actor, Scene
from handlers.people import joining, reading, service
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.botapi.records import Record
from tests.telegram_bot import BOT_NAME, GROUP, OTHER, PERSON, RunningBot


@contextmanager
def console(bot: RunningBot) -> Iterator[Scene]:
    """What a command on the machine does beside the running bot."""
    database = Database(bot.settings.data / FILE_NAME)
    now = dt.datetime.now(dt.UTC)
    try:
        with database.transaction():
            yield Scene(database, Actor(CONSOLE), now, now.date())
    finally:
        database.close()


def reads(api: BotApi, chat: int, text: str) -> Record:
    """Return the newest record of a chat that holds a text, as soon as there is one."""

    def found(seen: list[Record]) -> bool:
        return any(text in record.text for record in seen)

    return [record for record in api.wait_for(found, chat) if text in record.text][-1]


def test_from_a_one_time_code_to_a_confirmed_member(api: BotApi, bot: RunningBot) -> None:
    with console(bot) as scene:
        unit = service.create_under(scene, service.create_unit(scene, "Sở Ví Dụ"), "Phòng Ví Dụ")
        claim = reading.shown_code(joining.make_claim(scene.database, scene.now))
        service.add_member(scene, unit, "Trần Thị Ví Dụ", "kế toán", "CB-017")
        invitation = joining.invite(scene, unit)

    api.say(PERSON, claim)
    reads(api, PERSON, "Anh/chị sẽ là người quản trị")
    api.say(PERSON, "Người Quản Trị")
    reads(api, PERSON, "Anh/chị là người quản trị")

    # The link on the sheet: t.me/<bot>?start=<code>.
    api.say(OTHER, f"/start {invitation}")
    api.press(OTHER, reads(api, OTHER, "Mã mời của Phòng Ví Dụ"), "Đồng ý")
    reads(api, OTHER, "họ và tên")
    api.say(OTHER, "trần thị ví dụ")
    reads(api, OTHER, "Chức vụ")
    api.say(OTHER, "kế toán")
    reads(api, OTHER, "Đầu mối của đơn vị sẽ xác nhận")

    # Nobody looks after the unit yet, so the administrator is asked.
    card = reads(api, PERSON, "trần thị ví dụ (kế toán) xin tham gia Phòng Ví Dụ")
    api.press(PERSON, card, "Đúng: Trần Thị Ví Dụ, kế toán")
    reads(api, OTHER, "Chào Trần Thị Ví Dụ, Phòng Ví Dụ")


def test_a_screen_changes_in_its_place(api: BotApi, bot: RunningBot) -> None:
    with console(bot) as scene:
        service.create_under(scene, service.create_unit(scene, "Sở Ví Dụ"), "Phòng <Ví Dụ>")
        claim = joining.make_claim(scene.database, scene.now)
    api.say(PERSON, claim)
    reads(api, PERSON, "họ và tên")
    api.say(PERSON, "Người Quản Trị")
    reads(api, PERSON, "Anh/chị là người quản trị")
    api.say(PERSON, "đơn vị")
    screen = reads(api, PERSON, "Đã tham gia: 1")
    api.press(PERSON, screen, "Phòng <Ví Dụ>")
    edit = reads(api, PERSON, "Sở Ví Dụ / Phòng <Ví Dụ>\n")
    assert (edit.kind, edit.message_id) == ("edit", screen.message_id)


def test_nobody_joins_in_a_group(api: BotApi, bot: RunningBot) -> None:
    api.group(GROUP, "Nhóm Ví Dụ", PERSON, OTHER)
    with console(bot) as scene:
        code = joining.invite(scene, service.create_unit(scene, "Sở Ví Dụ"))
    api.say(OTHER, f"/thamgia@{BOT_NAME} {code}", chat=GROUP)
    reads(api, GROUP, "nhắn riêng")
