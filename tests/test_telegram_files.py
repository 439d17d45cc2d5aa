"""Files in and out through Telegram: brought, looked at, encrypted, stored, told to the job, and sent back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from docx import Document
from markupsafe import Markup

from bot.files import new_key
from bot.receiver import Receiver
from bot.settings import Settings
from handlers import router
from handlers.context import Context
from handlers.conversation import Attachment, Button, File, Incoming, Outcome, Reply
from storage import fetches
from storage.database import FILE_NAME, Database
from storage.people import Address
from tests.botapi.client import BotApi
from tests.helpers import archive
from tests.telegram_bot import PERSON, RunningBot, eventually, rows, running, said, settings_for

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3000


def word_file() -> bytes:
    made = io.BytesIO()
    document = Document()
    document.add_paragraph("Tệp ví dụ")
    document.save(made)
    return made.getvalue()


def keep(event: Incoming, context: Context) -> list[Reply]:
    """A job that keeps every file, and answers when it is there."""
    for attachment in event.attachments:
        concern = {"job": "vidu", "to": event.address.values()}
        fetches.put(
            context.database, event.address, context.person, attachment.as_json(), concern, context.now.isoformat()
        )
    return [Reply(Markup("Đã nhận."))]


def told(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
    """Send a stored file back; say why another was not."""
    (outcome,) = outcomes
    to = Address(**outcome.concern["to"])
    if outcome.blob is None:
        return [Reply(Markup.escape(f"{outcome.state}: {outcome.reason}"), to=to)]
    row = context.database.row("SELECT media_type FROM blobs WHERE id = :id", {"id": outcome.blob})
    assert row is not None
    kind = "photo" if row["media_type"].startswith("image/") else "document"
    file = File(outcome.blob, "photo" if kind == "photo" else "document", "vi-du.bin")
    button = Button("Xong", "vidu.done")
    return [Reply(Markup("<b>Đây</b> là tệp."), (button,), files=(file,), to=to)]


@pytest.fixture(autouse=True)
def job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "LISTENERS", {"vidu": told})
    monkeypatch.setattr("bot.fetcher.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.fetcher.IDLE", 0.1)
    monkeypatch.setattr("bot.dispatch.FIRST_PAUSE", 0.05)


@pytest.fixture
def with_key(api: BotApi, tmp_path: Path) -> Settings:
    return settings_for(api, tmp_path, secret_keys=new_key())


@pytest.fixture
def bot(with_key: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningBot]:
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=keep))
    with running(with_key) as started:
        yield started


def test_a_picture_is_kept_encrypted_and_comes_back_as_it_was(api: BotApi, bot: RunningBot, with_key: Settings) -> None:
    api.photo(PERSON, PICTURE, "bằng chứng")
    received, back = said(api, count=2)
    assert received.text == "Đã nhận."
    assert (back.kind, back.text, [button.label for button in back.buttons]) == ("photo", "Đây là tệp.", ["Xong"])
    assert back.entities and back.entities[0]["type"] == "bold"
    assert api.file_of(back)[1] == PICTURE
    (fetched,) = rows(with_key, "SELECT state, source, concern, attempts FROM fetches")
    assert fetched == {"state": "stored", "source": None, "concern": "{}", "attempts": 1}
    (blob,) = rows(with_key, "SELECT media_type, size, complete FROM blobs")
    assert blob == {"media_type": "image/png", "size": len(PICTURE), "complete": 1}
    stored = b"".join(row["data"] for row in rows(with_key, "SELECT data FROM blob_parts ORDER BY number"))
    assert stored and PICTURE[:64] not in stored


def test_what_was_kept_cannot_be_read_from_the_file_of_the_database(
    api: BotApi, with_key: Settings, bot: RunningBot
) -> None:
    api.document(PERSON, "vi-du.docx", word_file())
    said(api, count=2)
    bot.stop()
    content = (with_key.data / FILE_NAME).read_bytes()
    assert b"word/document.xml" not in content


def test_a_word_file_comes_back_as_a_document(api: BotApi, bot: RunningBot) -> None:
    content = word_file()
    api.document(PERSON, "../../bang chung.exe", content)
    back = said(api, count=2)[-1]
    assert (back.kind, back.name) == ("document", "vi-du.bin")
    assert api.file_of(back)[1] == content


@pytest.mark.parametrize(
    "content",
    [
        b"MZ" + b"\0" * 200,
        b"#!/bin/sh\nrm -rf /",
        b"<html><script>x</script></html>",
        archive("a.txt"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        b"PK\x03\x04 not an archive",
        b"",
    ],
    ids=["program", "script", "page", "archive", "macros", "broken archive", "nothing"],
)
def test_what_may_be_a_program_is_refused_whatever_it_is_called(
    api: BotApi, bot: RunningBot, with_key: Settings, content: bytes
) -> None:
    api.document(PERSON, "anh.jpg", content)
    assert said(api, count=2)[-1].text == "refused: not allowed"
    assert rows(with_key, "SELECT * FROM blobs") == []


def test_a_file_that_is_too_large_is_not_even_asked_for(
    api: BotApi, bot: RunningBot, with_key: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.fetcher.LARGEST_FILE", 1000)
    api.photo(PERSON, PICTURE)
    assert said(api, count=2)[-1].text == "refused: too large"
    assert api.calls("getFile") == []


def test_without_a_key_no_file_is_kept(
    api: BotApi, tmp_path: Path, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=keep))
    with running(settings_for(api, tmp_path)):
        api.photo(PERSON, PICTURE)
        assert said(api, count=2)[-1].text == "refused: no key"


@pytest.mark.parametrize("method", ["getFile", "download"])
@pytest.mark.parametrize("kind", ["server_error", "cut"])
def test_a_file_that_cannot_be_brought_at_once_is_brought_later(
    api: BotApi, bot: RunningBot, with_key: Settings, method: str, kind: str
) -> None:
    api.fault(kind, method=method, times=2)
    api.photo(PERSON, PICTURE)
    assert api.file_of(said(api, count=2)[-1])[1] == PICTURE
    # aiohttp asks again by itself for what can be asked for twice without harm.
    assert rows(with_key, "SELECT attempts FROM fetches")[0]["attempts"] in (2, 3)


def test_a_file_that_is_gone_is_lost_and_the_job_is_told(api: BotApi, bot: RunningBot) -> None:
    api.fault("error", method="getFile", description="Bad Request: the file is temporarily unavailable")
    api.photo(PERSON, PICTURE)
    assert said(api, count=2)[-1].text.startswith("lost: ")


def test_a_file_that_can_never_be_brought_is_lost_in_the_end(
    api: BotApi, bot: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.fetcher.MOST_ATTEMPTS", 2)
    api.fault("cut", method="getFile", times=None)
    api.photo(PERSON, PICTURE)
    assert said(api, count=2)[-1].text == "lost: OutcomeUnknown"
    api.unfault()


def test_a_file_that_a_dead_process_was_bringing_is_brought_by_the_next(
    api: BotApi, with_key: Settings, bot: RunningBot
) -> None:
    api.photo(PERSON, PICTURE)
    said(api, count=2)
    bot.stop()
    database = Database(with_key.data / FILE_NAME)
    with database.transaction():
        picture = next(message for message in api.messages(PERSON) if message.sender == PERSON)
        source = Attachment("photo", api.file_of(picture)[0]).as_json()
        address = Address("telegram", api.token.partition(":")[0], str(PERSON), str(PERSON))
        fetches.put(database, address, 1, source, {"job": "vidu", "to": address.values()}, "2026-11-21T00:00:00+00:00")
        until = "2999-01-01T00:00:00+00:00"
        assert fetches.claim(database, "telegram", address.account, "chet", "2026-11-21T00:00:01+00:00", until)
    database.close()
    with running(with_key):
        assert api.file_of(said(api, count=3)[-1])[1] == PICTURE
    eventually(with_key, "SELECT count(*) AS n FROM fetches WHERE state = 'stored'", [{"n": 2}])
