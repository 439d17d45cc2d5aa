"""A report from the first sentence to its destinations: a whole bot, Telegram, a mail server, another program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from storage import destinations
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.mail_server import MailServer
from tests.telegram_bot import RunningBot, eventually, running, settings_for
from tests.test_forward_kill import ADMINISTRATOR, CONTACT, GROUP, SAYS, SECRET, TO, prepare
from tests.test_telegram_people import reads
from tests.web_receiver import Receiver

REPORTER = 5001


@pytest.fixture
def office(
    api: BotApi, mail: MailServer, receiver: Receiver, tmp_path: Path, documents_loaded_once: None
) -> Iterator[RunningBot]:
    """A bot of an office whose rules name a group, which has not been told yet that it is the one."""
    for number in (CONTACT, ADMINISTRATOR, REPORTER):
        api.user(number, started=True)
    api.group(GROUP, "Tổ An Ninh Ví Dụ", CONTACT, ADMINISTRATOR, REPORTER)
    folder = prepare(tmp_path, api.token.partition(":")[0], receiver)
    database = Database(tmp_path / "data" / FILE_NAME)
    with database.transaction():
        destinations.forget(database, "to")
    database.close()
    settings = settings_for(api, tmp_path / "data", office=folder, smtp_url=mail.url, webhook_secrets=f"may={SECRET}")
    with running(settings) as bot:
        yield bot


def test_from_the_first_sentence_to_all_destinations(
    api: BotApi, mail: MailServer, receiver: Receiver, office: RunningBot
) -> None:
    api.say(REPORTER, "/noinhan to", chat=GROUP)
    reads(api, GROUP, "chưa được giao quyền")
    api.say(ADMINISTRATOR, "/noinhan to", chat=GROUP)
    reads(api, GROUP, "báo cáo gửi tới “to” sẽ vào đây")
    for text in SAYS:
        api.say(REPORTER, text.format("88"))
    reads(api, REPORTER, "BC-1")
    card, private = (reads(api, chat, "Báo cáo mới BC-1") for chat in (GROUP, CONTACT))
    assert [button.label for button in card.buttons] == ["Nhận xử lý"]
    assert [button.label for button in private.buttons] == ["Xem báo cáo", "Nhận xử lý"]
    _all_arrived(office.settings)
    assert [letter.to for letter in mail.letters] == [[TO]]
    assert [call.json["report"]["number"] for call in receiver.calls] == ["BC-1"]

    # Who may not, is told so; the card stays as it is for who may.
    api.press(REPORTER, card, "Nhận xử lý")
    reads(api, GROUP, "chưa được giao quyền")
    api.press(CONTACT, card, "Nhận xử lý")
    taken = reads(api, GROUP, "Đã nhận: Người Ví Dụ 1001.")
    assert taken.kind == "edit" and not taken.buttons
    reads(api, REPORTER, "đầu mối nhận xử lý")


def test_what_a_destination_refuses_is_told_with_the_report(
    api: BotApi, mail: MailServer, receiver: Receiver, office: RunningBot
) -> None:
    mail.fault("rcpt", code=550)
    receiver.fault(status=404)
    for text in SAYS:
        api.say(REPORTER, text.format("88"))
    for place in ("thu", "may"):
        told = reads(api, ADMINISTRATOR, f"Chưa chuyển được BC-1 tới “{place}”")
        assert "Báo cáo mới BC-1" in told.text and "Ví Dụ 88" not in told.text
    reads(api, ADMINISTRATOR, "BC-1: không tìm thấy ai ở “to” (chưa có nhóm nào nhận tên này)")
    reads(api, CONTACT, "Báo cáo mới BC-1")
    assert mail.letters == []


def _all_arrived(settings: Settings) -> None:
    wanted = [{"destination": name, "state": "sent"} for name in ("contact", "may", "thu", "to")]
    eventually(settings, "SELECT destination, state FROM forwards ORDER BY destination", wanted)
