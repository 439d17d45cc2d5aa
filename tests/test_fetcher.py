from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import fetcher as fetcher_module
from bot.errors import FileRefused, NotSent, OutcomeUnknown, Refused
from bot.fetcher import ALLOWED, LARGEST_FILE, LEASE, MOST_ATTEMPTS, Fetcher, sniff
from bot.files import FileStore, make_box, new_key
from bot.worker import Worker
from handlers.conversation import Outcome, Refusal
from storage import fetches
from storage.database import Database
from storage.errors import StorageBusy
from storage.people import person_at
from tests.helpers import STAMP, Clock, Messenger, archive, place
from tests.waiting import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)
CONCERN = {"job": "report", "draft": 3}


class Library(Messenger):
    """A channel that brings files; `ends` are raised or returned, one each."""

    def __init__(self, *ends: Exception | bytes) -> None:
        super().__init__()
        self.files: list[Exception | bytes] = list(ends)
        self.asked: list[Mapping[str, Any]] = []

    async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
        self.asked.append(source)
        end = self.files.pop(0) if self.files else PNG
        if isinstance(end, Exception):
            raise end
        return end


class Desk:
    """A worker, a channel with files, a clock, and the fetcher between them."""

    def __init__(self, path: Path) -> None:
        self.worker = Worker(path)
        box = make_box([new_key()])
        assert box is not None
        self.files = FileStore(self.worker, box, lambda: STAMP)
        self.clock = Clock()
        self.told: list[Outcome] = []
        self.commits = 0
        self.use(Library())

    def use(self, channel: Messenger, files: FileStore | None = None, **more: Any) -> None:
        self.channel = channel
        how = {"files": files or self.files, "happened": self._happened, "owner": "a", **more}
        self.fetcher = Fetcher(
            self.worker, [Messenger("khac"), channel], clock=self.clock, committed=self._committed, **how
        )

    def put(self, size: int = 100) -> int:
        def put(database: Database) -> int:
            person = person_at(database, place(), STAMP)
            source = {"kind": "photo", "ref": "AgAD", "name": "", "size": size}
            return fetches.put(database, place(), person, source, CONCERN, self.clock.now.isoformat())

        return self.ask(put)

    def fetch(self) -> bool:
        return asyncio.run(self.fetcher.fetch_next())

    def ask(self, act: Any, *args: Any) -> Any:
        return asyncio.run(self.worker.write(act, *args))

    def row(self, row_id: int) -> dict[str, Any]:
        return dict(self.ask(Database.row, "SELECT * FROM fetches WHERE id = :id", {"id": row_id}))

    def _happened(self, database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> None:
        assert at == self.clock.now
        self.told += outcomes

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path / "ungxu.db")
    yield opened
    opened.worker.close()


def test_nothing_is_to_be_brought(desk: Desk) -> None:
    assert desk.fetch() is False
    assert desk.commits == 0


def test_a_file_is_brought_stored_and_told_of(desk: Desk) -> None:
    row_id = desk.put()
    assert desk.fetch() is True
    assert desk.channel.asked == [{"kind": "photo", "ref": "AgAD", "name": "", "size": 100}]  # type: ignore[attr-defined]
    (outcome,) = desk.told
    assert (outcome.concern, outcome.state, outcome.reason, outcome.person) == (CONCERN, "stored", "", 1)
    assert outcome.blob is not None
    assert asyncio.run(desk.files.read(outcome.blob)) == PNG
    row = desk.row(row_id)
    assert (row["state"], row["blob_id"], row["source"]) == ("stored", outcome.blob, None)
    assert desk.commits == 1
    assert desk.fetch() is False


@pytest.mark.parametrize(
    ("size", "end", "state", "reason"),
    [
        (LARGEST_FILE + 1, PNG, "refused", "too large"),
        (0, PNG + bytes(LARGEST_FILE), "refused", "too large"),
        (100, b"MZ\x90\x00" + bytes(100), "refused", "not allowed"),
        (100, b"", "refused", "not allowed"),
        (100, FileRefused(Refusal.TOO_LARGE), "refused", "too large"),
        (100, Refused("file is gone"), "lost", "file is gone"),
    ],
    ids=["said to be too large", "too large", "a program", "empty", "refused by the channel", "gone"],
)
def test_a_file_that_cannot_be_kept_is_told_of_honestly(
    desk: Desk, size: int, end: Any, state: str, reason: str
) -> None:
    desk.use(Library(end))
    row_id = desk.put(size)
    assert desk.fetch()
    assert desk.told == [Outcome(CONCERN, state, reason, None, 1)]
    assert (desk.row(row_id)["state"], desk.row(row_id)["reason"]) == (state, reason)
    assert desk.ask(Database.rows, "SELECT * FROM blobs") == []
    assert not desk.fetch()


def test_a_file_that_is_said_to_be_too_large_is_not_even_asked_for(desk: Desk) -> None:
    library = Library()
    desk.use(library)
    desk.put(LARGEST_FILE + 1)
    desk.fetch()
    assert library.asked == []


def test_without_a_key_nothing_is_kept(desk: Desk) -> None:
    library = Library()
    desk.fetcher = Fetcher(desk.worker, [library], None, desk._happened, desk.clock, desk._committed, "a")
    desk.put()
    desk.fetch()
    assert desk.told == [Outcome(CONCERN, "refused", "no key", None, 1)]
    assert library.asked == []


@pytest.mark.parametrize("error", [NotSent("x"), OutcomeUnknown("x"), TimeoutError(), LookupError("chuyện riêng")])
def test_a_file_that_does_not_come_is_tried_again_and_then_lost(
    desk: Desk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(*[error] * 20)
    desk.use(library)
    row_id = desk.put()
    pauses = []
    for _ in range(MOST_ATTEMPTS - 1):
        assert desk.fetch()
        assert desk.row(row_id)["state"] == "waiting"
        assert not desk.fetch()
        pauses.append((dt.datetime.fromisoformat(desk.row(row_id)["due_at"]) - desk.clock.now).total_seconds())
        desk.clock.advance(seconds=pauses[-1])
    assert pauses == [2, 4, 8, 16, 32]
    assert desk.told == []
    assert desk.fetch()
    assert desk.told == [Outcome(CONCERN, "lost", type(error).__name__, None, 1)]
    assert len(library.asked) == MOST_ATTEMPTS
    assert "riêng" not in caplog.text


def test_a_file_that_takes_too_long_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher_module, "FETCH_TIMEOUT", 0.01)

    class Slow(Library):
        async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
            await asyncio.sleep(60)
            raise AssertionError

    desk.use(Slow())
    row_id = desk.put()
    assert desk.fetch()
    assert (desk.row(row_id)["state"], desk.row(row_id)["reason"]) == ("waiting", "TimeoutError")


def test_a_file_that_another_brought_meanwhile_is_stored_once(desk: Desk) -> None:
    """The first one is slow, and its claim runs out."""
    row_id = desk.put()

    class Late(Library):
        async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
            desk.clock.now += LEASE + dt.timedelta(seconds=1)
            desk.use(Library())
            assert await desk.fetcher.fetch_next()
            return await super().fetch(source, largest)

    desk.use(Late())
    desk.fetch()
    (outcome,) = desk.told
    assert outcome.state == "stored"
    assert [row["id"] for row in desk.ask(Database.rows, "SELECT id FROM blobs")] == [outcome.blob]
    assert desk.row(row_id)["blob_id"] == outcome.blob


def test_who_lost_a_claim_and_has_no_file_says_nothing(desk: Desk) -> None:
    row_id = desk.put()

    class Late(Library):
        async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
            desk.clock.now += LEASE + dt.timedelta(seconds=1)
            desk.use(Library())
            await desk.fetcher.fetch_next()
            raise FileRefused(Refusal.TOO_LARGE)

    desk.use(Late())
    desk.fetch()
    assert [outcome.state for outcome in desk.told] == ["stored"]
    assert desk.row(row_id)["state"] == "stored"


def test_the_file_of_a_fetcher_that_died_is_brought_by_the_next(desk: Desk) -> None:
    row_id = desk.put()
    until = (desk.clock.now + LEASE).isoformat()
    assert desk.ask(fetches.claim, "vidu", "bot-1", "dead", STAMP, until)
    assert not desk.fetch()
    desk.clock.now += LEASE + dt.timedelta(seconds=1)
    assert desk.fetch()
    assert (desk.row(row_id)["state"], desk.row(row_id)["attempts"]) == ("stored", 2)


def test_what_a_listener_raises_about_the_storage_undoes_the_end(desk: Desk) -> None:
    row_id = desk.put()

    def busy(database: Database, outcome: Outcome, at: dt.datetime) -> None:
        raise StorageBusy("ví dụ")

    desk.use(Library(), happened=busy)
    with pytest.raises(StorageBusy):
        desk.fetch()
    assert desk.row(row_id)["state"] == "fetching"


def test_a_storage_that_is_busy_while_a_file_is_written_goes_to_the_caller(desk: Desk) -> None:
    class Busy(FileStore):
        async def write(self, data: bytes, media_type: str) -> int:
            raise StorageBusy("ví dụ")

    box = make_box([new_key()])
    assert box is not None
    desk.use(Library(), files=Busy(desk.worker, box, lambda: STAMP))
    desk.put()
    with pytest.raises(StorageBusy):
        desk.fetch()
    assert desk.told == []


# Running


def run(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(act(), PATIENCE))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_it_fetches_one_after_another_until_it_is_cancelled(desk: Desk) -> None:
    for _ in range(3):
        desk.put()

    async def fetch() -> None:
        running = asyncio.create_task(desk.fetcher.run())
        await until(lambda: len(desk.told) == 3)
        await desk.worker.write(lambda database: fetches.put(database, place(), 1, {"size": 1}, {}, STAMP))
        desk.fetcher.wake()
        await until(lambda: len(desk.told) == 4)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run(fetch)
    assert {outcome.state for outcome in desk.told} == {"stored"}


def test_it_goes_on_when_the_storage_was_busy_and_finds_files_by_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher_module, "BUSY_PAUSE", 0.001)
    monkeypatch.setattr(fetcher_module, "IDLE", 0.001)
    faults = [StorageBusy("x")] * 3
    real = desk.fetcher._claim

    def claim(database: Database, channel: str, account: str) -> Any:
        if faults:
            raise faults.pop()
        return real(database, channel, account)

    monkeypatch.setattr(desk.fetcher, "_claim", claim)

    async def fetch() -> None:
        running = asyncio.create_task(desk.fetcher.run())
        await until(lambda: not faults)
        await asyncio.sleep(0.01)
        await desk.worker.write(lambda database: person_at(database, place(), STAMP))
        await desk.worker.write(lambda database: fetches.put(database, place(), 1, {"size": 1}, {}, STAMP))
        await until(lambda: len(desk.told) == 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run(fetch)


class Watched(asyncio.Event):
    """An event that tells whether somebody waits for it."""

    waited_for = False

    async def wait(self) -> Literal[True]:
        self.waited_for = True
        return await super().wait()


@pytest.mark.parametrize("steps", range(4))
def test_it_ends_where_it_is_cancelled_just_as_it_is_woken(desk: Desk, steps: int) -> None:
    """As many steps of the event loop later: a bot that is told to stop as a message comes in must end all the same."""
    desk.fetcher._wake = waking = Watched()

    async def fetch() -> None:
        running = asyncio.create_task(desk.fetcher.run())
        await until(lambda: waking.waited_for)
        desk.fetcher.wake()
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running], timeout=PATIENCE / 2)
        assert running.cancelled()

    run(fetch)


# What a file is


MAIN = "[Content_Types].xml"
WORD, EXCEL = "word/document.xml", "xl/workbook.xml"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(100) + b"\xff\xd9", "image/jpeg"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00" + bytes(100) + b"\xff\xd9", "image/jpeg"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(100), "image/webp"),
        (b"GIF89a" + bytes(100), "image/gif"),
        (b"%PDF-1.7\n" + bytes(100), "application/pdf"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100), "video/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(100), "video/mp4"),
        (archive(MAIN, WORD), ALLOWED[-2]),
        (archive(MAIN, EXCEL), ALLOWED[-1]),
    ],
)
def test_what_an_office_needs_is_kept(data: bytes, media_type: str) -> None:
    assert sniff(data) == media_type
    assert media_type in ALLOWED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00\x03" + bytes(100),
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"#!/bin/sh\nrm -rf /\n",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04" + bytes(100),
        archive("a.exe"),
        archive(WORD),
        archive(MAIN),
        archive(MAIN, WORD, "word/vbaProject.bin"),
        archive(MAIN, EXCEL, "xl/VBAPROJECT.BIN"),
        b"Rar!\x1a\x07\x00" + bytes(100),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "chỉ là chữ".encode(),
    ],
)
def test_anything_else_is_not(data: bytes) -> None:
    assert sniff(data) not in ALLOWED


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda data: b"PK" + data)))
def test_whatever_comes_can_be_looked_at(data: bytes) -> None:
    assert isinstance(sniff(data), str)


def test_a_file_that_ended_its_process_again_and_again_is_lost(desk: Desk) -> None:
    """Its claims ran out one after the other: nobody lived to say why."""
    row_id = desk.put()
    desk.ask(lambda database: database.run("UPDATE fetches SET attempts = :n", {"n": MOST_ATTEMPTS}))
    assert desk.fetch() is True
    assert (desk.row(row_id)["state"], desk.row(row_id)["reason"]) == ("lost", "too many attempts")
    assert [outcome.state for outcome in desk.told] == ["lost"]
    assert desk.channel.asked == []  # type: ignore[attr-defined]
