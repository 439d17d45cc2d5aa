"""How long what an administrator asks of a round holds everybody else up: each piece is one turn of the one thread."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.questions import load_search
from handlers.context import Context
from handlers.office import load_office
from handlers.quiz import export, gathering, overview, results, rounds, schedule
from handlers.schedule import Due
from handlers.texts import load_texts
from storage import quiz_people, selections
from storage.audit import CONSOLE
from storage.database import Database
from storage.quiz_people import REMINDED
from storage.stored_json import from_json, to_json

LIMIT = 0.05
"""Seconds of a transaction."""

TIMES = 3
"""How often each is done; the best counts."""

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def pieces(database: Database, number: int, now: dt.datetime) -> dict[str, float]:
    """Return the seconds that each piece takes, by what it is; the round is closed then."""
    context = Context(database, load_search(), load_texts(), load_office(None), ZONE, now, CONSOLE)
    day = now.date().isoformat()
    found = {
        "the results": _best(lambda: overview.act("round", {"round": number, "unit": None}, context)),
        "the units": _best(lambda: overview.act("units", {"round": number, "unit": None}, context)),
        "the charts": _best(lambda: export.charts(None, number, context)),
        "two rounds compared": _best(lambda: results.compare_rounds(context.scene, number, number)),
        "whom a round would be for": _best(lambda: quiz_people.survey(database, selections.EVERYBODY, day)),
        "who has not passed": _best(lambda: quiz_people.survey(database, quiz_people.not_passed(number), day)),
    }
    tables = [min(times) for times in zip(*(_tables(number, context) for _ in range(TIMES)), strict=True)]
    reminding = Due(f"{number}.{REMINDED}", now, {"round": number, "told": REMINDED})
    closing = Due(str(number), now, {"round": number})
    return {
        **found,
        "the longest part of the tables": max(tables),
        # Everybody has finished, and is looked at.
        "looking for whom to remind": _transaction(
            database, lambda: schedule.KINDS[rounds.TELLING].run(reminding, context)
        ),
        "closing": _transaction(database, lambda: schedule.KINDS[rounds.CLOSING].run(closing, context)),
    }


def _best(act: Callable[[], object]) -> float:
    return min(_seconds(act) for _ in range(TIMES))


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _transaction(database: Database, act: Callable[[], object]) -> float:
    began = time.perf_counter()
    with database.transaction():
        act()
    return time.perf_counter() - began


def _tables(number: int, context: Context) -> list[float]:
    """The parts of a workbook with everybody's name, as they are read, gathered and written down again."""
    data: dict[str, Any] = {"form": "xlsx", "unit": None, "round": number}
    times = []
    over = False
    while not over:
        began = time.perf_counter()
        data = from_json(to_json(data))
        over = gathering.gather(data, context)
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    to_json([file.as_json() for reply in gathering.replies(data, context) for file in reply.files])
    return [*times, time.perf_counter() - began]
