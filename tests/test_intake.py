from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import escape

from bot import intake as intake_module
from bot.channels.abilities import Abilities
from bot.channels.base import Event, Taken
from bot.intake import LARGEST_GROUP, Intake
from bot.receiver import Receiver
from bot.worker import Worker
from handlers.context import Context
from handlers.conversation import Incoming, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage.database import Database
from storage.errors import StorageBusy, StorageUnusable
from tests.helpers import NOW, locked, place
from tests.waiting import PATIENCE

NEW = Taken(new=True)


def echo(event: Incoming, context: Context) -> list[Reply]:
    return [Reply(escape(event.text))]


def event(number: int, chat: str = "chat-1") -> Incoming:
    # Nobody is taken for a flood here.
    return Incoming(str(number), place(chat, sender=f"nguoi-{number}"), str(number), NOW)


class Counting(Receiver):
    """A receiver that keeps how many events each commit took, and raises what it is told to."""

    def __init__(self, *what: Any) -> None:
        super().__init__(*what)
        self.groups: list[int] = []
        self.faults: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    def take_some(self, database: Database, events: Sequence[Event]) -> list[Taken]:
        self.gate.wait(PATIENCE)
        if self.faults:
            raise self.faults.pop(0)
        taken = super().take_some(database, events)
        self.groups.append(len(taken))
        return taken


class Door:
    """An intake on a database of its own."""

    def __init__(self, path: Path, search: Search, texts: Texts) -> None:
        self.worker = Worker(path)
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        self.receiver = Counting(search, texts, Office(), zone, {"vidu": Abilities(True, 4000)}, echo)
        self.commits = 0
        self.intake = Intake(self.worker, self.receiver, self._committed)

    def said(self) -> list[str]:
        rows = asyncio.run(self.worker.run(Database.rows, "SELECT event_key FROM inbox ORDER BY rowid"))
        return [row["event_key"] for row in rows]

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
def door(tmp_path: Path, search: Search, texts: Texts) -> Iterator[Door]:
    opened = Door(tmp_path / "ungxu.db", search, texts)
    yield opened
    opened.worker.close()


def run(act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(act(), PATIENCE))


def test_an_event_is_taken_and_committed_before_the_source_is_told(door: Door, tmp_path: Path) -> None:
    async def take() -> Taken:
        taken = await door.intake.take(event(1))
        other = Database(tmp_path / "ungxu.db")
        assert len(other.rows("SELECT * FROM inbox")) == 1
        other.close()
        return taken

    assert run(take) == NEW
    assert door.commits == 1


def test_an_event_that_is_known_says_so(door: Door) -> None:
    async def twice() -> list[Taken]:
        return [await door.intake.take(event(1)) for _ in range(2)]

    assert run(twice) == [NEW, Taken(new=False)]


def test_what_comes_together_is_taken_together_in_its_order(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.receiver.GROUP_SECONDS", 60.0)
    count = 2 * LARGEST_GROUP + 5

    async def together() -> list[Taken]:
        return await asyncio.gather(*(door.intake.take(event(number)) for number in range(count)))

    assert run(together) == [NEW] * count
    assert door.said() == [str(number) for number in range(count)]
    assert door.receiver.groups == [LARGEST_GROUP, LARGEST_GROUP, 5]
    assert door.commits == 3


def test_what_a_group_had_no_time_for_is_taken_next(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.receiver.GROUP_SECONDS", -1.0)

    async def together() -> list[Taken]:
        return await asyncio.gather(*(door.intake.take(event(number)) for number in range(5)))

    assert run(together) == [NEW] * 5
    assert door.said() == ["0", "1", "2", "3", "4"]
    assert door.receiver.groups == [1] * 5


def test_what_comes_while_a_group_is_taken_is_not_forgotten(door: Door) -> None:
    async def late() -> list[Taken]:
        door.receiver.gate.clear()
        first = door.intake.take(event(1))
        await asyncio.sleep(0.01)
        second = door.intake.take(event(2))
        await asyncio.sleep(0)
        door.receiver.gate.set()
        return await asyncio.gather(first, second)

    assert run(late) == [NEW, NEW]
    assert door.said() == ["1", "2"]


@pytest.mark.parametrize("error", [StorageBusy("x"), StorageUnusable("x"), ZeroDivisionError("x")])
def test_each_source_hears_that_its_event_was_not_taken(door: Door, error: Exception) -> None:
    """Those that come meanwhile are tried all the same, and the door stays open."""

    async def fail() -> None:
        door.receiver.faults = [error]
        door.receiver.gate.clear()
        group = [door.intake.take(event(number)) for number in range(3)]
        await asyncio.sleep(0.01)
        late = door.intake.take(event(9))
        await asyncio.sleep(0)
        door.receiver.gate.set()
        assert await asyncio.gather(*group, return_exceptions=True) == [error] * 3
        assert await late == NEW
        assert await asyncio.gather(*(door.intake.take(event(number)) for number in range(3))) == [NEW] * 3
        await door.intake.finish()

    run(fail)
    assert door.said() == ["9", "0", "1", "2"]


def test_a_locked_database_takes_nothing(tmp_path: Path, search: Search, texts: Texts, monkeypatch: Any) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)
    door = Door(tmp_path / "ungxu.db", search, texts)

    async def take() -> None:
        with locked(tmp_path / "ungxu.db"), pytest.raises(StorageBusy):
            await door.intake.take(event(1))
        assert await door.intake.take(event(1)) == NEW

    run(take)
    assert door.said() == ["1"]
    assert door.commits == 1
    door.worker.close()


@pytest.mark.parametrize("fails", [False, True])
def test_a_source_that_went_away_does_not_hold_up_the_others(door: Door, fails: bool) -> None:
    """A webhook whose call was cut off; the event is taken, unless the storage is busy."""

    async def cut_off() -> None:
        door.receiver.gate.clear()
        gone = door.intake.take(event(1))
        other = door.intake.take(event(2))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0)
        door.receiver.faults = [StorageBusy("x")] if fails else []
        door.receiver.gate.set()
        assert (await asyncio.gather(other, return_exceptions=True) == [NEW]) is not fails

    run(cut_off)
    assert door.said() == ([] if fails else ["1", "2"])


def test_to_finish_is_to_have_taken_everything(door: Door) -> None:
    async def finish() -> None:
        await door.intake.finish()
        tasks = [door.intake.take(event(number)) for number in range(20)]
        await asyncio.sleep(0)
        await door.intake.finish()
        assert len(await door.worker.run(Database.rows, "SELECT 1 FROM inbox")) == 20
        await asyncio.gather(*tasks)

    run(finish)


def test_a_group_has_a_bound() -> None:
    assert intake_module.LARGEST_GROUP <= 100
