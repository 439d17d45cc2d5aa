"""The pictures of a report from a messenger to the day they are deleted: on Telegram, encrypted, in the backup."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.files import FileStore, make_box, new_key, reseal
from bot.housekeeping import tidy
from bot.settings import Settings
from bot.worker import Worker
from handlers.retention import Retention
from storage import blobs, reports
from storage.database import BACKUPS, FILE_NAME
from tests.botapi.client import BotApi
from tests.helpers import NOW, archive, run_main
from tests.telegram_bot import PERSON, RunningBot, eventually, rows, running, said, settings_for
from tests.test_housekeeping import ignored
from tests.waiting import PATIENCE
from tests.zalo_bot import said_in, zalo_settings_for
from tests.zaloapi.client import ZaloApi

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3000
OTHER_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(255, 0, -1)) * 3000


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture
def with_key(api: BotApi, tmp_path: Path, key: str) -> Settings:
    return settings_for(api, tmp_path / "data", secret_keys=key)


@pytest.fixture
def bot(with_key: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningBot]:
    monkeypatch.setattr("bot.fetcher.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.fetcher.IDLE", 0.1)
    with running(with_key) as started:
        yield started


def tell(api: BotApi) -> None:
    """Report a colleague's account, with a picture before the number and one after it."""
    api.say(PERSON, "facebook ke toan bi hack dang nhan muon tien")
    said(api, count=1)
    api.photo(PERSON, PICTURE)
    assert "Đã nhận ảnh, tệp" in said(api, count=2)[-1].text
    api.say(PERSON, "Vi Du 88")
    said(api, count=3)
    api.say(PERSON, "0987654321")
    assert "BC-1" in said(api, count=5)[-2].text
    api.say(PERSON, "bổ sung")
    said(api, count=6)
    api.photo(PERSON, OTHER_PICTURE)
    said(api, count=7)


def stored(settings: Settings) -> list[int]:
    eventually(
        settings,
        "SELECT state, report_id FROM report_files ORDER BY id",
        [{"state": "stored", "report_id": 1}] * 2,
    )
    return [row["blob_id"] for row in rows(settings, "SELECT blob_id FROM report_files ORDER BY id")]


def read(folder: Path, key: str, blob: int) -> bytes | None:
    """Return a file as a bot with this key would read it."""
    worker = Worker(folder / FILE_NAME)
    box = make_box([key])
    assert box
    try:
        return asyncio.run(FileStore(worker, box, lambda: NOW.isoformat()).read(blob))
    finally:
        worker.close()


def test_evidence_comes_by_telegram_and_is_kept_encrypted(
    api: BotApi, bot: RunningBot, with_key: Settings, key: str
) -> None:
    tell(api)
    found = stored(with_key)
    bot.stop()
    assert [read(with_key.data, key, blob) for blob in found] == [PICTURE, OTHER_PICTURE]
    assert read(with_key.data, new_key(), found[0]) is None
    content = (with_key.data / FILE_NAME).read_bytes()
    assert PICTURE[:64] not in content
    assert OTHER_PICTURE[:64] not in content
    # Nothing but the report says whose they are.
    assert rows(with_key, "SELECT 1 FROM fetches WHERE blob_id IS NOT NULL OR source IS NOT NULL") == []


def test_a_report_on_zalo_with_several_pictures(
    zalo: ZaloApi, person: str, tmp_path: Path, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Choices are numbers there, and each picture is a message of its own, answered once for all."""
    monkeypatch.setattr("bot.channels.zalo.updates.ALBUM_SECONDS", PATIENCE)
    monkeypatch.setattr("bot.fetcher.IDLE", 0.1)
    settings = zalo_settings_for(zalo, tmp_path / "data", secret_keys=new_key())
    with running(settings):
        zalo.say(person, "toi bi mat nick facebook hom qua, mat 3tr")
        assert said_in(zalo, person, 1)[0].text.startswith("Làm ngay:")
        for content in (PICTURE, OTHER_PICTURE):
            zalo.image(person, content)
        zalo.say(person, "Vi Du 88")
        taken, question = said_in(zalo, person, 3)[1:]
        assert "Đã nhận ảnh, tệp" in taken.text
        assert "1. Nhắn tôi ở đây" in question.text
        zalo.say(person, "1")
        number = said_in(zalo, person, 4)[3]
        assert "BC-1" in number.text
        assert "facebook.com/hacked" in number.text
        assert len(stored(settings)) == 2
    assert rows(settings, "SELECT platform, harm, amount FROM reports") == [
        {"platform": "facebook", "harm": "money_lost", "amount": 3_000_000}
    ]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("anh.png", b"MZ" + b"\0" * 200, "Loại tệp này không nhận"),
        ("anh.jpg", b"<html><script>x</script></html>", "Loại tệp này không nhận"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "Loại tệp này không"),
    ],
)
def test_what_is_no_evidence_is_not_kept_and_who_sent_it_is_told(
    api: BotApi, bot: RunningBot, with_key: Settings, name: str, content: bytes, why: str
) -> None:
    api.say(PERSON, "facebook ke toan bi hack")
    said(api, count=1)
    api.document(PERSON, name, content)
    assert why in said(api, count=3)[-1].text
    (row,) = rows(with_key, "SELECT state, reason, blob_id FROM report_files")
    assert row == {"state": "refused", "reason": "not allowed", "blob_id": None}


def test_evidence_is_in_the_backup_and_outlives_a_change_of_keys(
    api: BotApi,
    bot: RunningBot,
    with_key: Settings,
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell(api)
    found = stored(with_key)
    bot.stop()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_DATA", str(with_key.data))
    monkeypatch.setenv("UNGXU_SECRET_KEYS", key)
    assert run_main(monkeypatch, "backup").code == 0
    (made,) = (with_key.data / BACKUPS).glob("ungxu-*.db")
    there = tmp_path / "may khac"
    monkeypatch.setenv("UNGXU_DATA", str(there))
    assert run_main(monkeypatch, "restore", str(made), "--yes").code == 0
    assert [read(there, key, blob) for blob in found] == [PICTURE, OTHER_PICTURE]
    newer = new_key()
    worker, box = Worker(there / FILE_NAME), make_box([newer, key])
    assert box
    assert asyncio.run(reseal(worker, box)) == (4, 0)
    worker.close()
    assert [read(there, newer, blob) for blob in found] == [PICTURE, OTHER_PICTURE]
    assert read(there, key, found[0]) is None


def test_evidence_goes_with_its_report(api: BotApi, bot: RunningBot, with_key: Settings, key: str) -> None:
    """Not before, however old it is; and then nothing of it is left in the file."""
    tell(api)
    found = stored(with_key)
    bot.stop()
    late = dt.datetime.now(dt.UTC) + dt.timedelta(days=1000)
    worker = Worker(with_key.data / FILE_NAME)
    try:
        asyncio.run(tidy(worker, late, ignored, Retention()))
        assert asyncio.run(worker.run(blobs.get, found[0])) is not None
        closed = (late - dt.timedelta(days=366)).isoformat()
        close = {"state": "resolved", "closed_at": closed, "kept_from": closed}
        asyncio.run(worker.write(lambda database: reports.change(database, 1, **close)))
        asyncio.run(tidy(worker, late, ignored, Retention()))
    finally:
        worker.close()
    for table in ("reports", "report_events", "report_files", "blobs", "blob_parts"):
        assert rows(with_key, f"SELECT 1 FROM {table}") == [], table
    assert rows(with_key, "SELECT kind, platform FROM report_facts") == [{"kind": "lost", "platform": "facebook"}]
    assert PICTURE[1000:1064] not in (with_key.data / FILE_NAME).read_bytes()
