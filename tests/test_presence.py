from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.delivery import Delivery
from bot.dispatch import EXPIRY_INTERVAL
from bot.presence import FOLDER, Presence, somebody_works
from bot.worker import Worker
from storage import fetches, jobs, leases, outbox
from storage.database import Database
from storage.outbox import ANSWER, BROADCAST
from storage.people import person_at
from tests.helpers import STAMP, Clock, Messenger, later, place
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
LIVING = """
import sys, time
from pathlib import Path
from bot.presence import Presence
presence = Presence(Path(sys.argv[1]))
print(presence.owner, flush=True)
time.sleep(600)
"""


def hold_everything(database: Database, owner: str) -> None:
    """Let an owner hold a message, a file and a lease, all for a long time yet."""
    row = outbox.put(database, "vidu", "bot-1", owner, ANSWER, {"text": "x"}, STAMP)
    assert outbox.claim(database, [row], owner, later(minutes=9))
    fetches.put(database, place(), person_at(database, place(), STAMP), {}, {}, STAMP)
    assert fetches.claim(database, "vidu", "bot-1", owner, STAMP, later(minutes=9))
    assert leases.acquire(database, f"polling:{owner}", owner, STAMP, later(minutes=9))
    jobs.plan(database, "vidu", owner, STAMP, STAMP)
    assert jobs.claim(database, ["vidu"], owner, STAMP, later(minutes=9))


def held(database: Database) -> set[str]:
    """Who holds something that has not run out."""
    names = leases.owners(database)
    for table in ("outbox", "fetches", "jobs"):
        rows = database.rows(
            f"SELECT owner FROM {table} WHERE owner IS NOT NULL AND lease_until > :now", {"now": STAMP}
        )
        names += [row["owner"] for row in rows]
    return set(names)


def test_what_a_process_holds_is_its_own_while_it_lives(database: Database, tmp_path: Path) -> None:
    first, second = Presence(tmp_path), Presence(tmp_path)
    assert first.owner != second.owner
    for presence in (first, second):
        hold_everything(database, presence.owner)
    for presence in (first, second):
        presence.free_the_dead(database)
    assert held(database) == {first.owner, second.owner}
    first.close()
    second.close()


def test_what_a_process_held_that_ended_is_free(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone, here = Presence(tmp_path), Presence(tmp_path)
    hold_everything(database, gone.owner)
    hold_everything(database, here.owner)
    gone.close()
    caplog.set_level(logging.WARNING)
    here.free_the_dead(database)
    assert held(database) == {here.owner}
    assert [row.chat for row in outbox.expired(database, STAMP, 10)] == [gone.owner]
    assert caplog.text.count("a process is gone") == 1
    here.close()


def test_somebody_works_while_a_process_lives(tmp_path: Path) -> None:
    assert not somebody_works(tmp_path)
    presence = Presence(tmp_path)
    assert somebody_works(tmp_path)
    presence.close()
    (tmp_path / FOLDER / "chet.lock").touch()
    assert not somebody_works(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM"])
def test_what_a_process_held_that_was_killed_is_free(database: Database, tmp_path: Path, number: str) -> None:
    presence = Presence(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", LIVING, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout
        owner = process.stdout.readline().decode().strip()
        hold_everything(database, owner)
        presence.free_the_dead(database)
        assert held(database) == {owner}
        process.send_signal(signal.Signals[number])
        process.wait(PATIENCE)
    presence.free_the_dead(database)
    assert held(database) == set()
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [f"{presence.owner}.lock"]
    presence.close()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_file_that_cannot_be_looked_at_is_taken_for_a_living_process(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = Presence(tmp_path)
    (tmp_path / FOLDER / "khac.lock").touch()
    hold_everything(database, "khac")

    def refused(*arguments: object, **more: object) -> None:
        raise PermissionError

    monkeypatch.setattr("bot.presence.FileLock", refused)
    presence.free_the_dead(database)
    assert held(database) == {"khac"}
    presence.close()


@pytest.mark.parametrize(("urgency", "state", "repeats"), [(ANSWER, "sent", 1), (BROADCAST, "unknown", 0)])
def test_delivery_need_not_wait_for_the_claims_of_the_dead(
    tmp_path: Path, urgency: int, state: str, repeats: int
) -> None:
    """And what it holds itself is not taken from it."""
    worker, presence, clock = Worker(tmp_path / "ungxu.db"), Presence(tmp_path), Clock()
    delivery = Delivery(worker, [Messenger()], presence=presence, clock=clock, monotonic=clock.monotonic)

    async def rows() -> list[tuple[str, int]]:
        found = await worker.run(Database.rows, "SELECT state, repeats FROM outbox ORDER BY id")
        return [(row["state"], row["repeats"]) for row in found]

    async def send() -> None:
        for owner in ("chet", presence.owner):
            row = await worker.write(outbox.put, "vidu", "bot-1", owner, urgency, {"text": "x"}, STAMP)
            assert await worker.write(outbox.claim, [row], owner, later(seconds=60))
        await delivery.drain()
        assert await rows() == [(state, repeats), ("sending", 0)]
        clock.advance(seconds=EXPIRY_INTERVAL)
        await delivery.drain()
        assert await rows() == [(state, repeats), ("sending", 0)]

    asyncio.run(send())
    worker.close()
    presence.close()
