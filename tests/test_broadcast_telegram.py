"""A broadcast through Telegram: written on a phone with a picture, sent, confirmed, and followed in one message."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from bot.files import new_key
from handlers.people import service
from storage import outbox, roles
from storage.audit import CONSOLE
from storage.outbox import BROADCAST
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.botapi.records import Record
from tests.broadcasting import put
from tests.telegram_bot import OTHER, PERSON, RunningBot, running, settings_for
from tests.test_telegram_people import console, reads


@pytest.fixture
def bot(api: BotApi, tmp_path: Path, documents_loaded_once: None) -> Iterator[RunningBot]:
    """A bot that keeps files, in an office with an administrator and somebody else."""
    with running(settings_for(api, tmp_path, secret_keys=new_key())) as started:
        for user in (PERSON, OTHER):
            api.say(user, "/start")
            reads(api, user, "Chào anh/chị")
        with console(started) as scene:
            unit = service.create_unit(scene, "Sở Ví Dụ")
            account = api.token.split(":")[0]
            for user in (PERSON, OTHER):
                person = person_at(scene.database, Address("telegram", account, str(user), str(user)), scene.stamp)
                put(scene.database, person, f"Người {user}", unit, scene.stamp)
                if user == PERSON:
                    roles.give(scene.database, person, "administrator", None, CONSOLE, scene.stamp)
        yield started


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(written, "png")
    return written.getvalue()


def pressed(api: BotApi, label: str, screen: str, then: str) -> Record:
    """Press a button of the newest message that says something; return what comes of it."""
    api.press(PERSON, reads(api, PERSON, screen), label)
    return reads(api, PERSON, then)


def once_more(api: BotApi, bot: RunningBot) -> Record:
    """Send the picture to somebody once more as a broadcast; return what came."""
    before = sum(record.kind == "photo" for record in api.transcript(OTHER))
    account, file = api.token.split(":")[0], {"blob": 1, "kind": "photo", "name": "anh.jpg"}
    with console(bot) as scene:
        message = {"text": "Nhắc.", "file": file}
        outbox.put(scene.database, "telegram", account, str(OTHER), BROADCAST, message, scene.stamp)

    def came(seen: list[Record]) -> bool:
        return sum(record.kind == "photo" for record in seen) > before

    return [record for record in api.wait_for(came, OTHER) if record.kind == "photo"][-1]


def test_a_reminder_with_a_picture_from_a_phone_to_the_list(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "thông báo")
    pressed(api, "Soạn thông báo mới", "Anh/chị chọn", "gõ lời thông báo")
    api.say(PERSON, "*Bật xác thực* hai bước.")
    pressed(api, "Ảnh, tệp", "Bản nháp số 1", "gửi một ảnh hoặc một tệp")
    api.photo(PERSON, picture())
    reads(api, PERSON, "Đang nhận tệp")
    reads(api, PERSON, "Kèm tệp: anh.jpg")
    # At any hour, whenever this runs.
    pressed(api, "Đặt là khẩn", "Kèm tệp", "Khẩn: gửi cả ngoài giờ")
    pressed(api, "Gửi", "Khẩn: gửi cả ngoài giờ", "Sẽ gửi tới 2 người: Telegram 2.")
    pressed(api, "Gửi ngay", "Sẽ gửi tới 2 người", "Gửi tới 2 người, ngay bây giờ")
    pressed(api, "Đúng, làm đi", "Gửi không?", "Bắt đầu")

    def came(seen: list[Record]) -> bool:
        return any(record.kind == "photo" for record in seen)

    (got,) = [record for record in api.wait_for(came, OTHER) if record.kind == "photo"]
    assert "Bật xác thực hai bước." in got.text
    # The same for everybody: Telegram was given it once.
    (own,) = [record for record in api.wait_for(came, PERSON) if record.kind == "photo"]
    assert api.file_of(own) == api.file_of(got)
    again = once_more(api, bot)
    assert api.file_of(again) == api.file_of(got)
    # Telegram does not know it any more: it is uploaded again.
    with console(bot) as scene:
        scene.database.run("UPDATE uploads SET name = 'khong-co'")
    anew = once_more(api, bot)
    assert api.file_of(anew)[0] != api.file_of(got)[0]
    assert api.file_of(anew)[1] == api.file_of(got)[1]
    api.press(OTHER, got, "Đã đọc và hiểu")
    reads(api, OTHER, "Đã ghi nhận anh/chị đã đọc và hiểu")
    done = reads(api, PERSON, "đã gửi xong")
    assert "Đã gửi: 2/2. Còn: 0." in done.text
    told = [record for record in api.transcript(PERSON) if "Đã gửi:" in record.text]
    assert len({record.message_id for record in told}) == 1
    pressed(api, "Kết quả", "đã gửi xong", "Đã nắm: 1/2 người (50%)")
