"""How long a report may take and has taken, computed from its trail."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.calendar import Calendar
from handlers.deadlines import Deadlines, is_urgent, standing, time_to_answer, time_to_resolve
from storage import reports
from storage.database import Database
from storage.reports import Draft, Event, Report

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WORKING = Calendar().working_time(ZONE)
LIMITS = Deadlines()
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
# A Friday afternoon.
FRIDAY = dt.datetime(2026, 11, 20, 15, 0, tzinfo=ZONE)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def calm(database: Database) -> Report:
    return made(database, Draft("impersonated", received_at=FRIDAY.isoformat()))


@pytest.fixture
def urgent(database: Database) -> Report:
    return made(database, Draft("lost", harm="money_asked", received_at=FRIDAY.isoformat()))


def made(database: Database, draft: Draft) -> Report:
    found = reports.get(database, reports.add(database, draft, None, FRIDAY.isoformat()))
    assert found is not None
    return found


def trail(*what: tuple[str, dt.datetime]) -> list[Event]:
    return [
        Event(number, 1, time.isoformat(), 7, name, "", "internal")
        for number, (name, time) in enumerate([("opened", FRIDAY), *what], start=1)
    ]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (Draft("lost", harm="money_asked"), True),
        (Draft("impersonated", harm="money_lost"), True),
        (Draft("lost", whose="unit"), True),
        (Draft("unit_impersonated", whose="unit"), False),
        (Draft("lost"), False),
        (Draft("content", harm="threatened"), False),
    ],
)
def test_what_cannot_wait_is_urgent(database: Database, draft: Draft, expected: bool) -> None:
    assert is_urgent(made(database, draft)) is expected


def test_urgent_runs_on_the_clock_the_rest_in_working_time(calm: Report, urgent: Report) -> None:
    one = standing(urgent, trail(), WORKING, LIMITS, FRIDAY)
    assert (one.phase, one.due, one.remind) == ("response", FRIDAY + 30 * MINUTE, FRIDAY + 22.5 * MINUTE)
    other = standing(calm, trail(), WORKING, LIMITS, FRIDAY)
    # Two hours are left on Friday, two more on Monday morning.
    assert (other.phase, other.due, other.is_late) == ("response", at(23, 9, 30), False)
    assert standing(calm, trail(), WORKING, LIMITS, at(23, 9, 30)).is_late


@pytest.mark.parametrize("answer", ["taken", "asked", "told", "verified", "assigned", "submitted", "resolved"])
def test_the_first_thing_the_office_does_answers(calm: Report, answer: str) -> None:
    events = trail(("read", FRIDAY + MINUTE), ("noted", FRIDAY + 2 * MINUTE), (answer, FRIDAY + HOUR))
    assert time_to_answer(calm, events, WORKING) == HOUR
    assert time_to_answer(calm, events[:3], WORKING) is None
    assert standing(calm, events[:3], WORKING, LIMITS, FRIDAY + HOUR).phase == "response"
    assert standing(calm, events, WORKING, LIMITS, FRIDAY + HOUR).phase == "resolution"


def test_no_time_goes_by_while_the_reporter_is_waited_for(calm: Report, urgent: Report) -> None:
    asked = trail(("taken", FRIDAY), ("asked", FRIDAY + HOUR))
    for report in (calm, urgent):
        waits = standing(replace(report, state="waiting"), asked, WORKING, LIMITS, at(25, 10))
        assert (waits.due, waits.is_late) == (None, False)
    answered = [*asked, *trail(("answered", at(24, 8)))[1:]]
    assert standing(urgent, answered, WORKING, LIMITS, at(24, 9)).due == at(24, 8) + 23 * HOUR
    # Forty hours of work but one, from Tuesday at eight: five days have 37.5.
    assert standing(calm, answered, WORKING, LIMITS, at(24, 9)).due == WORKING.add(at(24, 8), 39 * HOUR)


def test_a_unit_that_is_handed_a_report_has_its_own_time_to_answer(urgent: Report) -> None:
    events = trail(("taken", FRIDAY), ("handed_over", FRIDAY + HOUR))
    there = standing(urgent, events, WORKING, LIMITS, FRIDAY + HOUR)
    assert (there.phase, there.due) == ("response", FRIDAY + HOUR + 30 * MINUTE)
    taken = [*events, *trail(("taken", FRIDAY + HOUR))[1:]]
    assert standing(urgent, taken, WORKING, LIMITS, FRIDAY + 2 * HOUR).phase == "resolution"
    assert standing(urgent, taken, WORKING, LIMITS, FRIDAY + 2 * HOUR).due == FRIDAY + 24 * HOUR


def test_a_report_that_is_closed_takes_no_time(calm: Report, urgent: Report) -> None:
    events = trail(
        ("taken", FRIDAY),
        ("resolved", FRIDAY + HOUR),
        ("reopened", at(21, 9)),
        ("asked", at(21, 10)),
        ("answered", at(21, 12)),
        ("resolved", at(21, 13)),
    )
    closed = {"state": "resolved", "closed_at": at(21, 13).isoformat()}
    assert time_to_resolve(replace(urgent, **closed), events, WORKING) == 3 * HOUR  # type: ignore[arg-type]
    # Saturday is no working day.
    assert time_to_resolve(replace(calm, **closed), events, WORKING) == HOUR  # type: ignore[arg-type]
    assert time_to_resolve(calm, events, WORKING) is None


def test_one_that_was_joined_and_parted_goes_on(urgent: Report) -> None:
    events = trail(("taken", FRIDAY), ("merged", FRIDAY + HOUR), ("parted", FRIDAY + 5 * HOUR))
    assert standing(urgent, events, WORKING, LIMITS, FRIDAY + 5 * HOUR).due == FRIDAY + 28 * HOUR


WHAT = ["asked", "answered", "added", "resolved", "reopened", "noted", "read", "merged", "parted"]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An urgent one, for many examples."""
    with closing(Database(tmp_path_factory.mktemp("case") / "ungxu.db")) as database:
        return made(database, Draft("lost", harm="money_asked", received_at=FRIDAY.isoformat()))


@given(steps=st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 300)), max_size=12), end=st.integers(0, 300))
def test_time_is_what_goes_by_minute_by_minute(case: Report, steps: list[tuple[str, int]], end: int) -> None:
    """Against a replay of the trail that looks at each minute."""
    times, time = [], 0
    for what, pause in steps:
        time += pause
        times.append((what, FRIDAY + time * MINUTE))
    closed = FRIDAY + (time + end) * MINUTE
    minutes, paused = 0, set[str]()
    queue = list(times)
    for minute in range(time + end):
        while queue and queue[0][1] <= FRIDAY + minute * MINUTE:
            what = queue.pop(0)[0]
            if what == "asked":
                paused.add("waiting")
            elif what in ("resolved", "merged"):
                paused.add("closed")
            elif what in ("answered", "added"):
                paused.discard("waiting")
            elif what in ("reopened", "parted"):
                paused.discard("closed")
                if what == "reopened":
                    paused.discard("waiting")
        minutes += not paused
    report = replace(case, state="resolved", closed_at=closed.isoformat())
    assert time_to_resolve(report, trail(*times), WORKING) == minutes * MINUTE
