"""The frozen list of a broadcast to a million people: how long writing it takes, and how long a part holds others up.

With it how long the first portion takes after a pause, how long what the screens of the results ask for takes, and how
much memory all of it needs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.tables import Table
from handlers.authorization import Actor, Scene
from handlers.broadcast import marking, service
from handlers.broadcast.results import MOST_LISTED
from handlers.broadcast.running import COUNTED_AT_ONCE, FROZEN_AT_ONCE, count_units, freeze
from storage import broadcasts, informing, recipients
from storage.audit import CONSOLE
from storage.broadcasts import Broadcast
from storage.database import FILE_NAME, Database

PEOPLE = 1_000_000
QUICK = 20_000
UNITS = 500

FREEZE_LIMIT, RESUME_LIMIT = 5.0, 5.0
"""Seconds."""
TRANSACTION_LIMIT = 0.05

_AT_ONCE = 50_000
_NOW, _DAY = "2026-11-21T03:00:00+00:00", "2026-11-21"


@dataclass
class Measured:
    """What was measured, in seconds; memory in MB.

    Attributes:
        count: how long it took after that to count the list by unit, while it is sent already.
        frozen: how many people the list has.
        sums: whether the sums say what the list holds.
        busy: how long of the freezing a core was busy with it; the rest it waited for the disk and for others.
        transactions: how long each part took; `parts` how long a core was busy with it.
        screens: how long what a screen asks for took, by what it is.
    """

    freeze: float = 0.0
    count: float = 0.0
    resume: float = 0.0
    frozen: int = 0
    sums: bool = False
    memory: float = 0.0
    busy: float = 0.0
    transactions: list[float] = field(default_factory=list)
    parts: list[float] = field(default_factory=list)
    screens: dict[str, float] = field(default_factory=dict)


def run(people: int = PEOPLE) -> Table:
    """Freeze a list; return the table."""
    with tempfile.TemporaryDirectory() as folder:
        done = measure(Path(folder), people)
    longest = max(done.transactions)
    counted = "as counted" if done.sums else "NOT AS COUNTED"
    rows = [
        _row(f"the list frozen, {done.frozen:,} rows, {counted}, s", done.freeze, FREEZE_LIMIT),
        _row("longest of its transactions, ms", longest * 1000, TRANSACTION_LIMIT * 1000),
        _row("the first portion after a pause, s", done.resume, RESUME_LIMIT),
        *(_row(f"{what}, ms", took * 1000, TRANSACTION_LIMIT * 1000) for what, took in done.screens.items()),
    ]
    return Table(
        f"A broadcast to {people:,} people in {UNITS} units",
        ("what", "measured", "limit", "kept"),
        rows,
        [
            f"{len(done.transactions)} transactions: {FROZEN_AT_ONCE:,} people each that are written, a core busy with"
            f" all of them for {done.busy:.1f} s, and then, while sending has begun, {COUNTED_AT_ONCE:,} each that are"
            f" counted by unit, in {done.count:.1f} s. A core was busy with one for {max(done.parts) * 1000:.0f} ms at"
            f" most. One in ten has two chats, one in twenty has blocked the bot. Memory grew by {done.memory:.0f} MB."
        ],
    )


def measure(folder: Path, people: int) -> Measured:
    """Fill an office with people, and freeze a list of all of them."""
    database = Database(folder / FILE_NAME)
    try:
        fill(database, people)
        return _measure(database)
    finally:
        database.close()


def fill(database: Database, people: int) -> None:
    """Let so many people belong to an office."""
    numbers = "WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
    with database.transaction():
        for unit in range(1, UNITS + 1):
            database.run("INSERT INTO units (opened_on) VALUES (:day)", {"day": _DAY})
            database.run(
                "INSERT INTO unit_names (unit_id, from_day, name, folded) VALUES (:unit, :day, :name, :name)",
                {"unit": unit, "day": _DAY, "name": f"phong {unit}"},
            )
    for first in range(1, people + 1, _AT_ONCE):
        values = {"first": first, "last": min(first + _AT_ONCE - 1, people), "now": _NOW, "day": _DAY, "units": UNITS}
        with database.transaction():
            for statement in (
                "INSERT INTO people (id, created_at) {n} SELECT i, :now FROM n",
                "INSERT INTO members (person_id, name, folded, state, since)"
                " {n} SELECT i, 'Nguyễn Văn Ví Dụ', 'nguyen van vi du', 'joined', :now FROM n",
                "INSERT INTO memberships (person_id, unit_id, from_day) {n} SELECT i, i % :units + 1, :day FROM n",
                "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
                " {n} SELECT 'telegram', '1', 100000 + i, 100000 + i, i, :now FROM n",
                "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
                " {n} SELECT 'zalo', '2', 'z' || i, 'z' || i, i, '2026-11-20T03:00:00+00:00' FROM n WHERE i % 10 = 0",
                "INSERT INTO closed_chats (channel, account, chat, reason, closed_at)"
                " {n} SELECT 'telegram', '1', 100000 + i, 'blocked', :now FROM n WHERE i % 20 = 1",
            ):
                database.run(statement.replace("{n}", numbers), values)


def _measure(database: Database) -> Measured:
    done = Measured()
    before = _memory()
    with database.transaction():
        number = broadcasts.create(database, None, {}, {"kind": "all"}, 1, _NOW)
        broadcasts.begin(database, number, 1, _NOW)
    began, busy = time.perf_counter(), time.process_time()
    while _part(database, done, lambda: freeze(_get(database, number), _DAY, database)):
        pass
    done.freeze, done.busy = time.perf_counter() - began, time.process_time() - busy
    began = time.perf_counter()
    while _part(database, done, lambda: count_units(number, database)):
        pass
    done.count = time.perf_counter() - began
    start = time.perf_counter()
    with database.transaction():
        recipients.take(database, number, "telegram", "1", 64)
    done.resume = time.perf_counter() - start
    counted = database.rows(
        "SELECT state, reason, count(*) AS n FROM recipients WHERE broadcast_id = :id GROUP BY state, reason",
        {"id": number},
    )
    sums: dict[tuple[str, str], int] = {}
    for found in recipients.sums(database, number):
        sums[found.state, found.reason] = sums.get((found.state, found.reason), 0) + found.people
    done.frozen = sum(row["n"] for row in counted)
    by_unit = informing.by_unit(database, number)
    done.sums = (
        sums == {(row["state"], row["reason"]): row["n"] for row in counted}
        and sum(part.people for part in by_unit) == done.frozen
    )
    _look(database, number, done)
    done.memory = _memory() - before
    return done


def _part(database: Database, done: Measured, act: Callable[[], bool]) -> bool:
    """Do the next part of something in a transaction, and measure it; return what it returns."""
    start, core = time.perf_counter(), time.thread_time()
    with database.transaction():
        is_left = act()
    done.transactions.append(time.perf_counter() - start)
    done.parts.append(time.thread_time() - core)
    return is_left


def _get(database: Database, number: int) -> Broadcast:
    broadcast = broadcasts.get(database, number)
    assert broadcast is not None
    return broadcast


def _look(database: Database, number: int, done: Measured) -> None:
    """Do what the screens of the results ask for, each in a transaction as in the bot."""
    now = dt.datetime.fromisoformat(_NOW)
    scene = Scene(database, Actor(CONSOLE), now, now.date())
    acts: dict[str, Callable[[], object]] = {
        "results by unit": lambda: service.results(scene, None, number),
        "everybody of a unit, by name": lambda: service.names(scene, UNITS, number, MOST_LISTED),
        "some who are not informed": lambda: service.uninformed(scene, UNITS, number, 6),
        f"the first {marking.MARKED_AT_ONCE:,} people when a unit is marked": lambda: service.mark_unit(
            scene, UNITS, number, "meeting"
        ),
        "a draft to those of a unit who are not informed": lambda: service.remind(scene, 1, number),
    }
    for what, act in acts.items():
        start = time.perf_counter()
        with database.transaction():
            act()
        done.screens[what] = time.perf_counter() - start


def _memory() -> float:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _row(what: str, measured: float, limit: float) -> list[str]:
    return [what, f"{measured:.2f}", f"{limit:.0f}", "yes" if measured <= limit else "NO"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.broadcasts", description=main.__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    print(run(parser.parse_args().people).markdown())


if __name__ == "__main__":
    main()
