"""What is due is done: once, late or not, by one of several processes, whatever happens to the rest."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from bot import scheduler as scheduler_module
from bot.channels.abilities import Abilities
from bot.receiver import Receiver
from bot.scheduler import STANDING, Errand, Scheduler
from bot.worker import Worker
from handlers.context import Context
from handlers.conversation import Reply
from handlers.office import Office
from handlers.recurrence import Recurrence
from handlers.schedule import Due, Kind, Late
from handlers.texts import Texts
from knowledge.search import Search
from storage import jobs
from storage.database import Database
from storage.errors import StorageBusy
from tests.helpers import NOW, Clock, later, locked, place
from tests.waiting import PATIENCE

# Saturday, 10:00 at the office.
MONDAY_EIGHT = Recurrence(dt.time(8), weekday=0)
NEXT_MONDAY = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)

Run = Callable[[Due, Context], list[Reply]]


class Plan:
    """A scheduler with a clock of its own; `done` is what was done, by name and the time it was planned for."""

    def __init__(self, path: Path, receiver: Receiver) -> None:
        self.path = path
        self.receiver = receiver
        self.worker = Worker(path)
        self.clock = Clock()
        self.done: list[tuple[str, dt.datetime]] = []

    def run(self, due: Due, context: Context) -> list[Reply]:
        self.done.append((due.name, due.planned))
        context.database.run("INSERT INTO people (created_at) VALUES ('x')")
        return [Reply(Markup("Đến giờ."), to=place())]

    def kinds(self, **kinds: Kind | Errand) -> Scheduler:
        return Scheduler(self.worker, self.receiver, kinds, owner="a", clock=self.clock)

    def write(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return asyncio.run(self.worker.write(act, *args, **kwargs))

    def plan(self, name: str = "x", at: dt.datetime = NOW, kind: str = "vidu", **more: Any) -> None:
        self.write(jobs.plan, kind, name, at.isoformat(), NOW.isoformat(), **more)

    def rows(self, columns: str = "kind, name, planned_at, due_at, attempts, error") -> list[tuple[Any, ...]]:
        rows = self.write(Database.rows, f"SELECT {columns} FROM jobs ORDER BY id")
        return [tuple(row.values()) for row in rows]

    def count(self, table: str) -> int:
        return len(self.write(Database.rows, f"SELECT 1 FROM {table}"))


@pytest.fixture
def plan(tmp_path: Path, search: Search, texts: Texts) -> Iterator[Plan]:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    made = Plan(tmp_path / "ungxu.db", Receiver(search, texts, Office(), zone, {"vidu": Abilities(True, 1000)}))
    yield made
    made.worker.close()


def due(scheduler: Scheduler) -> int:
    return asyncio.run(scheduler.do_due())


def test_what_is_due_is_done_once_and_its_replies_are_put_into_the_outbox(plan: Plan) -> None:
    plan.plan()
    plan.plan("mai", NOW + dt.timedelta(days=1))
    scheduler = plan.kinds(vidu=Kind(plan.run))
    assert [due(scheduler), due(scheduler)] == [1, 0]
    assert plan.done == [("x", NOW)]
    assert [row[:2] for row in plan.rows()] == [("vidu", "mai")]
    assert plan.count("outbox") == 1


def test_what_nobody_here_knows_is_left_to_others(plan: Plan) -> None:
    plan.plan(kind="cua-ban-sau")
    assert due(plan.kinds(vidu=Kind(plan.run))) == 0
    assert due(plan.kinds()) == 0
    assert plan.count("jobs") == 1


def test_two_processes_do_it_once(plan: Plan) -> None:
    for number in range(40):
        plan.plan(str(number))
    other = Worker(plan.path)
    meet = threading.Barrier(2, timeout=PATIENCE)

    def made(worker: Worker, owner: str) -> Scheduler:
        begun: list[None] = []

        def wake() -> None:
            if not begun:
                # Neither goes on before the other has done one.
                begun.append(None)
                meet.wait()
            time.sleep(0.01)

        return Scheduler(worker, plan.receiver, {"vidu": Kind(plan.run)}, owner=owner, clock=plan.clock, wake=wake)

    both = [made(plan.worker, "a"), made(other, "b")]

    with ThreadPoolExecutor(2) as threads:
        tried = list(threads.map(due, both))
    other.close()
    assert sum(tried) == 40
    assert min(tried) > 0, "one of the two only watched"
    assert len(plan.done) == len(set(plan.done)) == 40
    assert plan.count("outbox") == 40


def test_one_that_fails_is_undone_tried_again_later_and_blocks_nobody(
    plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [ValueError("chuyện riêng")] * 3

    def fail(due: Due, context: Context) -> list[Reply]:
        replies = plan.run(due, context)
        if due.name == "hong" and faults:
            raise faults.pop()
        return replies

    plan.plan("hong", NOW - dt.timedelta(minutes=1))
    plan.plan("lanh")
    scheduler = plan.kinds(vidu=Kind(fail))
    assert due(scheduler) == 2
    assert [name for name, _ in plan.done] == ["hong", "lanh"]
    assert (plan.count("people"), plan.count("outbox")) == (1, 1)
    assert [row[1:] for row in plan.rows()] == [("hong", later(minutes=-1), later(minutes=1), 1, "ValueError")]
    assert "chuyện riêng" not in caplog.text
    assert "job failed: vidu: ValueError at tests.test_scheduler:" in caplog.text
    pauses = []
    for minutes in (1, 2, 4):
        plan.clock.advance(minutes=minutes, seconds=-1)
        pauses.append(due(scheduler))
        plan.clock.advance(seconds=1)
        pauses.append(due(scheduler))
    assert pauses == [0, 1] * 3
    assert plan.rows() == []


def test_the_pause_between_attempts_has_an_end(plan: Plan) -> None:
    def fail(due: Due, context: Context) -> list[Reply]:
        raise ValueError

    plan.plan()
    scheduler = plan.kinds(vidu=Kind(fail))
    for _ in range(30):
        assert due(scheduler) == 1
        plan.clock.advance(hours=1)
    assert plan.rows("attempts") == [(30,)]


def test_what_plans_itself_again_goes_on_in_parts(plan: Plan) -> None:
    def part(due: Due, context: Context) -> list[Reply]:
        plan.done.append((due.name, due.planned))
        if due.data["left"]:
            now = context.now.isoformat()
            jobs.plan(context.database, "vidu", due.name, now, now, {"left": due.data["left"] - 1})
        return []

    plan.plan(data={"left": 3})
    assert due(plan.kinds(vidu=Kind(part))) == 4
    assert plan.rows() == []


# Late


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (11, True)])
def test_a_restart_is_not_late(plan: Plan, minutes: int, late: bool, caplog: pytest.LogCaptureFixture) -> None:
    kind = Kind(plan.run, Late.SKIPPED)
    plan.plan(at=NOW - dt.timedelta(minutes=minutes))
    due(plan.kinds(vidu=kind))
    assert (plan.done == []) is late
    assert ("skipped, too late" in caplog.text) is late
    assert plan.rows() == []


def test_what_was_missed_is_done_once_now(plan: Plan) -> None:
    """However often it was missed."""
    plan.plan(at=NEXT_MONDAY, recurrence=MONDAY_EIGHT.as_json())
    plan.clock.now = NEXT_MONDAY + 3 * WEEK + dt.timedelta(days=1)
    assert due(plan.kinds(vidu=Kind(plan.run))) == 1
    assert plan.done == [("x", NEXT_MONDAY)]
    assert plan.rows("planned_at") == [((NEXT_MONDAY + 4 * WEEK).isoformat(),)]


def test_what_is_skipped_is_told_instead(plan: Plan) -> None:
    def skipped(due: Due, context: Context) -> list[Reply]:
        return [Reply(Markup(f"Lỡ {due.planned:%d/%m}."), to=place())]

    plan.plan(at=NEXT_MONDAY, recurrence=MONDAY_EIGHT.as_json())
    plan.clock.now = NEXT_MONDAY + dt.timedelta(hours=1)
    scheduler = plan.kinds(vidu=Kind(plan.run, Late.SKIPPED, skipped=skipped))
    assert due(scheduler) == 1
    assert (plan.done, plan.count("outbox")) == ([], 1)
    plan.clock.now = NEXT_MONDAY + WEEK
    due(scheduler)
    assert plan.done == [("x", NEXT_MONDAY + WEEK)]


@pytest.mark.parametrize(("anew", "done"), [(None, True), (-5, True), (5, False)])
def test_what_is_computed_anew_is_done_then(plan: Plan, anew: int | None, done: bool) -> None:
    late = NOW + dt.timedelta(hours=5)
    time = None if anew is None else late + dt.timedelta(minutes=anew)
    plan.plan()
    plan.clock.now = late
    scheduler = plan.kinds(vidu=Kind(plan.run, Late.ANEW, anew=lambda due, context: time))
    due(scheduler)
    assert bool(plan.done) is done
    if not done:
        assert time
        assert plan.rows("planned_at, attempts") == [(time.isoformat(), 0)]
        plan.clock.now = time
        due(scheduler)
        assert plan.done == [("x", time)]
    assert plan.rows() == []


# What recurs by itself


def started(scheduler: Scheduler) -> None:
    """Let a scheduler begin, and look once."""

    looked = asyncio.Event()
    do_due = scheduler.do_due

    async def look() -> int:
        tried = await do_due()
        looked.set()
        return tried

    async def run() -> None:
        scheduler.do_due = look
        task = asyncio.create_task(scheduler.run())
        await asyncio.wait_for(looked.wait(), PATIENCE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_what_recurs_by_itself_is_planned_at_the_start_and_keeps_what_was_missed(plan: Plan) -> None:
    kind = Kind(plan.run, recurs=MONDAY_EIGHT)
    started(plan.kinds(vidu=kind))
    assert plan.rows("name, planned_at") == [(STANDING, NEXT_MONDAY.isoformat())]
    plan.clock.now = NEXT_MONDAY + dt.timedelta(days=1)
    started(plan.kinds(vidu=kind))
    assert plan.done == [(STANDING, NEXT_MONDAY)]
    assert plan.rows("planned_at") == [((NEXT_MONDAY + WEEK).isoformat(),)]


def test_at_another_time_or_turned_off_it_is_planned_so(plan: Plan) -> None:
    started(plan.kinds(vidu=Kind(plan.run, recurs=MONDAY_EIGHT)))
    started(plan.kinds(vidu=Kind(plan.run, recurs=Recurrence(dt.time(12)))))
    assert plan.rows("planned_at") == [(dt.datetime(2026, 11, 21, 5, tzinfo=dt.UTC).isoformat(),)]
    started(plan.kinds(vidu=Kind(plan.run)))
    assert plan.rows() == []


def test_a_storage_that_is_busy_is_waited_for(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduler_module, "BUSY_PAUSE", 0.01)
    asyncio.run(plan.worker.run(Database.run, "PRAGMA busy_timeout=0"))
    plan.plan()
    scheduler = plan.kinds(vidu=Kind(plan.run))

    async def run() -> None:
        with locked(plan.path):
            task = asyncio.create_task(scheduler.run())
            while "storage busy" not in caplog.text:
                await asyncio.sleep(0.01)
        while not plan.done:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert "storage busy, what is due waits" in caplog.text


def test_a_storage_that_is_busy_in_the_middle_is_not_the_fault_of_the_job(plan: Plan) -> None:
    faults = [StorageBusy("ví dụ")]

    def busy(due: Due, context: Context) -> list[Reply]:
        if faults:
            raise faults.pop()
        return plan.run(due, context)

    plan.plan()
    scheduler = plan.kinds(vidu=Kind(busy))
    with pytest.raises(StorageBusy):
        due(scheduler)
    assert plan.rows("attempts, owner, error") == [(0, None, None)]
    assert due(scheduler) == 1
    assert plan.done


# The clock


def test_a_clock_that_was_a_year_ahead_leaves_nothing_planned_for_then(plan: Plan) -> None:
    """A machine without a battery: the time is right only once the network gave it."""
    scheduler = plan.kinds(vidu=Kind(plan.run, recurs=MONDAY_EIGHT))
    started(scheduler)
    plan.clock.advance(days=365)
    due(scheduler)
    plan.clock.now = NOW
    due(scheduler)
    assert plan.rows("planned_at") == [(NEXT_MONDAY.isoformat(),)]


@pytest.mark.parametrize("minutes", [1, 59])
def test_a_clock_that_is_set_back_a_little_does_nothing_twice(plan: Plan, minutes: int) -> None:
    scheduler = plan.kinds(vidu=Kind(plan.run, recurs=MONDAY_EIGHT))
    started(scheduler)
    plan.clock.now = NEXT_MONDAY
    due(scheduler)
    plan.clock.advance(minutes=-minutes)
    due(scheduler)
    plan.clock.advance(minutes=minutes + 1)
    due(scheduler)
    assert plan.done == [(STANDING, NEXT_MONDAY)]


def test_what_failed_under_a_wrong_clock_need_not_wait_for_it(plan: Plan) -> None:
    faults = [ValueError()]

    def fail(due: Due, context: Context) -> list[Reply]:
        if faults:
            raise faults.pop()
        return plan.run(due, context)

    plan.plan()
    scheduler = plan.kinds(vidu=Kind(fail))
    plan.clock.advance(days=365)
    due(scheduler)
    plan.clock.now = NOW
    due(scheduler)
    assert plan.done


# Errands


class Long:
    """An errand that ends when it is told to, or fails as often as it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.begun = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self.may_end.wait()
        if self.faults:
            raise self.faults.pop()


def test_an_errand_holds_up_nobody_and_is_not_begun_twice(plan: Plan) -> None:
    plan.plan("dai", kind="errand")
    plan.plan("hai", kind="errand")
    plan.plan("ngan")

    async def run() -> None:
        long = Long()
        scheduler = plan.kinds(errand=Errand(long), vidu=Kind(plan.run))
        other = Scheduler(plan.worker, plan.receiver, {"errand": Errand(long)}, owner="b", clock=plan.clock)
        assert await scheduler.do_due() == 2
        await asyncio.sleep(0)
        assert [name for name, _ in plan.done] == ["ngan"]
        plan.clock.advance(hours=2)
        assert await scheduler.do_due() == 0
        assert long.begun == 1
        assert await other.do_due() == 1, "the second is another's"
        long.may_end.set()
        while await plan.worker.run(Database.rows, "SELECT 1 FROM jobs"):
            await asyncio.sleep(0.01)
        assert long.begun == 2

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_an_errand_that_fails_is_tried_again_later(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    plan.plan(kind="errand", recurrence=MONDAY_EIGHT.as_json())

    async def run() -> None:
        long = Long(ValueError("chuyện riêng"))
        long.may_end.set()
        scheduler = plan.kinds(errand=Errand(long))
        for expected in (("ValueError", later(minutes=1)), (None, NEXT_MONDAY.isoformat())):
            await scheduler.do_due()
            await scheduler._errands["errand"]
            (row,) = await plan.worker.run(Database.rows, "SELECT error, due_at FROM jobs")
            assert tuple(row.values()) == expected
            plan.clock.advance(minutes=1)

    asyncio.run(run())
    assert "chuyện riêng" not in caplog.text


def test_an_errand_that_is_cut_off_by_the_end_is_begun_again_by_the_next_run(plan: Plan) -> None:
    plan.plan(kind="errand")

    async def run() -> None:
        long = Long()
        task = asyncio.create_task(plan.kinds(errand=Errand(long)).run())
        while not long.begun:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert plan.rows("owner, attempts") == [(None, 0)]


def test_it_looks_again_and_again(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "INTERVAL", 0.01)

    async def run() -> None:
        task = asyncio.create_task(plan.kinds(vidu=Kind(plan.run)).run())
        for number in range(2):
            await plan.worker.write(jobs.plan, "vidu", str(number), NOW.isoformat(), NOW.isoformat())
            while len(plan.done) <= number:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
