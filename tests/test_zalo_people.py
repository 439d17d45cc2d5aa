"""The people of one office on several bots and messengers: whole bots, real servers, and what people see."""

from __future__ import annotations

import re
from pathlib import Path

from bot.clock import utc_now
from bot.settings import Settings
from handlers.authorization import Actor, Scene
from handlers.people import joining, service
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.telegram_bot import PERSON, rows, running, said, settings_for
from tests.zalo_bot import said_in, zalo_settings_for
from tests.zaloapi.client import TOKENS, ZaloApi

FIRST, SECOND = (token.partition(":")[0] for token in TOKENS)
NAMES = "Bot Một, Bot Hai"


def invited(settings: Settings) -> str:
    """Open a unit; return the code that invites into it."""
    database = Database(settings.data / FILE_NAME)
    with database.transaction():
        now = utc_now()
        console = Scene(database, Actor(CONSOLE), now, now.date())
        code = joining.invite(console, service.create_unit(console, "Sở Ví Dụ"))
    database.close()
    return code


def join(zalo: ZaloApi, person: str, code: str, bot: str, name: str) -> None:
    """Let somebody join at a bot, who has never written before."""
    for number, line in enumerate([code, "có", name, "1"], 1):
        zalo.say(person, line, bot=bot)
        last = said_in(zalo, person, number)[-1]
    assert "đã tham gia" in last.text


def test_people_are_shared_among_bots(zalo: ZaloApi, tmp_path: Path, documents_loaded_once: None) -> None:
    settings = zalo_settings_for(zalo, tmp_path, zalo_tokens=",".join(TOKENS), zalo_names=NAMES, zalo_people=2)
    code = invited(settings)
    one, two, late = (zalo.person(number) for number in (1, 2, 3))
    with running(settings):
        join(zalo, one, code, FIRST, "Trần Văn Một")
        join(zalo, two, code, FIRST, "Trần Văn Hai")
        zalo.say(late, code, bot=FIRST)
        (led,) = said_in(zalo, late)
        assert "Anh/chị nhắn cho Zalo Bot Hai giúp; có mã mời thì nhắn mã ở đó." in led.text
        assert led.text.endswith("\nhttps://bot.zaloplatforms.com/bots/1459000000000000001")
        zalo.say(late, code, bot=SECOND)
        assert "Anh/chị đồng ý không?" in said_in(zalo, late, 2)[-1].text
        # A member keeps his bot, however full it is, and is told of it by the other.
        zalo.say(one, "điều 4 khoản 3", bot=SECOND)
        elsewhere = said_in(zalo, one, 5)[-1]
        assert elsewhere.bot == SECOND
        assert "Anh/chị đang dùng Zalo Bot Một" in elsewhere.text
        assert "Khoản 3 Điều 4" in elsewhere.text
        zalo.say(one, "điều 4 khoản 3", bot=SECOND)
        assert "Khoản 3" not in said_in(zalo, one, 6)[-1].text
        zalo.say(one, "điều 4 khoản 3", bot=FIRST)
        assert said_in(zalo, one, 7)[-1].text.startswith("Khoản 3 Điều 4")
    assert rows(settings, "SELECT account FROM homes") == [{"account": FIRST}]
    assert rows(settings, "SELECT account, count(*) AS n FROM led_away GROUP BY account ORDER BY account") == [
        {"account": FIRST, "n": 1},
        {"account": SECOND, "n": 1},
    ]


def test_one_person_on_telegram_and_zalo(
    api: BotApi, zalo: ZaloApi, person: str, tmp_path: Path, documents_loaded_once: None
) -> None:
    of_zalo = {"zalo_tokens": zalo.token, "zalo_api_url": zalo.url, "zalo_names": "Bot Một", "zalo_rate": 1000.0}
    settings = settings_for(api, tmp_path, **of_zalo)
    code = invited(settings)
    with running(settings):
        for number, line in enumerate([code, "có", "Trần Văn Mẫu", "bỏ qua", "liên kết"], 1):
            api.say(PERSON, line)
            last = said(api, count=number)[-1]
        assert "Zalo Bot Một: https://bot.zaloplatforms.com/bots/1459000000000000000" in last.text
        link = re.search(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}", last.text)
        assert link is not None
        zalo.say(person, link.group())
        assert "Mã này lấy trên Telegram của Trần Văn Mẫu" in said_in(zalo, person)[-1].text
        zalo.say(person, "1")
        assert "Đã liên kết với Telegram của Trần Văn Mẫu" in said_in(zalo, person, 2)[-1].text
        assert "Một tài khoản Zalo vừa liên kết" in said(api, count=6)[-1].text
        zalo.say(person, "menu")
        assert "Gỡ liên kết" in said_in(zalo, person, 3)[-1].text
        api.say(PERSON, "gỡ liên kết")
        assert "Anh/chị gỡ tài khoản nào?" in said(api, count=7)[-1].text
    assert rows(settings, "SELECT count(DISTINCT person_id) AS n, count(*) AS of FROM addresses") == [{"n": 1, "of": 2}]
