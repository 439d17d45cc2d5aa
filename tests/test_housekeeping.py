from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import housekeeping
from bot.housekeeping import keep_tidy, rules, tidy
from bot.worker import Worker
from handlers.conversation import Outcome
from storage import blobs, fetches, inbox, outbox, questions
from storage.database import Database
from storage.errors import StorageBusy
from storage.outbox import ANSWER
from storage.people import person_at
from tests.helpers import NOW, STAMP, Clock, place, shown_menu

TABLES = ("inbox", "menus", "outbox", "fetches", "blobs", "questions")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def fill(database: Database, at: dt.datetime) -> None:
    """Put one row of each kind that is deleted one day, all of the same time."""
    now = at.isoformat()
    person = person_at(database, place(), now)
    inbox.record(database, "vidu", "bot-1", now, now, "text")
    (row,) = outbox.claim(database, [shown_menu(database, place(), person, [], now)], "a", now)
    outbox.end(database, row, "sent", now)
    fetches.put(database, place(), person, {}, {}, now)
    fetch = fetches.claim(database, "vidu", "bot-1", "a", now, now)
    assert fetch is not None
    fetches.end(database, fetch, "lost", now)
    blobs.begin(database, "image/png", 1, 1, now)
    questions.count(database, "asked", folded=now, text="x", outcome="not found", shown=[], day=at.date().isoformat())


def ignored(database: Database, outcome: Outcome, at: dt.datetime) -> None:
    """What is told to nobody."""


def write(worker: Worker, act: Any, *args: Any) -> Any:
    return asyncio.run(worker.write(act, *args))


def clean(worker: Worker, now: dt.datetime, told: list[Outcome] | None = None) -> int:
    """Tidy once; return how many rows."""

    def happened(database: Database, outcome: Outcome, at: dt.datetime) -> None:
        assert at == now
        assert told is not None
        told.append(outcome)

    return asyncio.run(tidy(worker, now, happened))


def left(worker: Worker) -> dict[str, int]:
    return {table: len(write(worker, Database.rows, f"SELECT 1 FROM {table}")) for table in TABLES}


@pytest.mark.parametrize(
    ("table", "keeps"),
    [
        ("inbox", dt.timedelta(days=30)),
        ("menus", dt.timedelta(hours=24)),
        ("outbox", dt.timedelta(days=30)),
        ("fetches", dt.timedelta(days=30)),
        ("blobs", dt.timedelta(days=1)),
        ("questions", dt.timedelta(days=365)),
    ],
)
def test_everything_is_kept_as_long_as_it_may_be(worker: Worker, table: str, keeps: dt.timedelta) -> None:
    write(worker, fill, NOW)
    clean(worker, NOW + keeps)
    assert left(worker)[table] == 1
    late = dt.timedelta(days=1) if table == "questions" else dt.timedelta(seconds=1)
    clean(worker, NOW + keeps + late)
    assert left(worker)[table] == 0


def test_there_is_a_rule_for_each_kind() -> None:
    purges = [purge for purge, _ in rules(NOW, ignored)]
    # Of messages, what nobody sends any more ends first.
    assert len(set(purges)) == len(purges) == len(TABLES) + 1


def test_what_nobody_sends_any_more_ends_without_its_text(worker: Worker) -> None:
    """Messages of an account or a window that is gone, two to a line."""
    for _ in range(2):
        write(worker, outbox.put, "cu", "bot-cu", "chat-1", ANSWER, {"text": "x"}, STAMP)
    clean(worker, NOW + dt.timedelta(days=9))
    assert [row["state"] for row in write(worker, Database.rows, "SELECT state FROM outbox")] == ["waiting", "queued"]
    late = NOW + dt.timedelta(days=11)
    clean(worker, late)
    rows = write(worker, Database.rows, "SELECT state, error, message, ended_at FROM outbox")
    assert [tuple(row.values()) for row in rows] == [("failed", "overdue", None, late.isoformat())] * 2


def test_the_job_that_asked_is_told_of_what_nobody_sends_any_more(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them once, however many there are."""
    monkeypatch.setattr(housekeeping, "MOST_TOLD", 2)
    monkeypatch.setattr(housekeeping, "PAUSE", 0.0)
    concerns = [{"job": "vidu", "number": number} for number in range(4)]

    def put(database: Database) -> None:
        for concern in [*concerns, None]:
            outbox.put(database, "cu", "bot-cu", "chat-1", ANSWER, {"text": "x"}, STAMP, concern=concern)

    write(worker, put)
    told: list[Outcome] = []
    clean(worker, NOW + dt.timedelta(days=11), told)
    assert told == [Outcome(concern, "failed", "overdue") for concern in concerns]
    clean(worker, NOW + dt.timedelta(days=12), told)
    assert len(told) == 4
    assert {row["concern"] for row in write(worker, Database.rows, "SELECT concern FROM outbox")} == {None}


def test_what_is_not_at_its_end_is_never_deleted(worker: Worker) -> None:
    def put(database: Database) -> None:
        person = person_at(database, place(), STAMP)
        outbox.put(
            database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, (NOW + dt.timedelta(days=999)).isoformat()
        )
        fetches.put(database, place(), person, {}, {}, STAMP)
        blobs.complete(database, blobs.begin(database, "image/png", 1, 1, STAMP))

    write(worker, put)
    assert clean(worker, NOW + dt.timedelta(days=1000)) == 0
    assert left(worker) == {"inbox": 0, "menus": 0, "outbox": 1, "fetches": 1, "blobs": 1, "questions": 0}


def test_much_is_deleted_in_small_parts(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "CHUNK", 3)
    monkeypatch.setattr(housekeeping, "PAUSE", 0.0)

    def put(database: Database) -> None:
        for number in range(10):
            inbox.record(database, "vidu", "bot-1", str(number), STAMP, "text")

    parts: list[int] = []
    purge = inbox.purge

    def counted(database: Database, before: str, limit: int) -> int:
        parts.append(purge(database, before, limit))
        return parts[-1]

    monkeypatch.setattr(inbox, "purge", counted)
    write(worker, put)
    assert clean(worker, NOW + dt.timedelta(days=31)) == 10
    assert parts == [3, 3, 3, 1]


def test_deleted_text_does_not_live_on_in_the_log(worker: Worker, tmp_path: Path) -> None:
    def put(database: Database) -> None:
        questions.count(
            database, "asked", folded="x", text="chuyen rieng", outcome="not found", shown=[], day="2026-11-21"
        )

    write(worker, put)
    clean(worker, NOW + dt.timedelta(days=400))
    for path in tmp_path.iterdir():
        assert b"chuyen rieng" not in path.read_bytes(), path.name


def test_it_tidies_again_and_again_until_it_is_cancelled(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A storage that is busy is waited for, and nothing is said where nothing was deleted."""
    monkeypatch.setattr(housekeeping, "INTERVAL", 0.001)
    caplog.set_level(logging.INFO)
    results: list[int | Exception] = [0, StorageBusy("x"), 7]
    times: list[dt.datetime] = []

    async def fake(worker: Worker, now: dt.datetime, happened: object) -> int:
        assert happened is ignored
        times.append(now)
        result = results.pop(0) if results else 0
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(housekeeping, "tidy", fake)
    clock = Clock()

    async def run() -> None:
        task = asyncio.create_task(keep_tidy(worker, clock, ignored))
        while len(times) < 5:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(run(), 10))
    assert set(times) == {clock.now}
    assert [record.getMessage() for record in caplog.records if record.name == "bot.housekeeping"] == [
        "storage busy, tidying waits",
        "deleted 7 old rows",
    ]
