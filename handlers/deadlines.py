"""How long a report may take and has taken, computed from its trail; what is urgent.

Urgent cases run on the clock, all others in the working time of the office. While the office waits for the reporter,
and while a report is closed or joined to another, no time goes by. Nothing here looks at a clock or writes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from handlers.working_time import NOTHING, WorkingTime
from storage.reports import Event, Report

# What the office does that a reporter notices, or that he would if he asked.
ANSWERS = frozenset(
    ("taken", "asked", "told", "verified", "handed_over", "assigned", "merged", "submitted", "resolved", "elsewhere")
)
_PAUSES = {"asked": "waiting", "resolved": "closed", "elsewhere": "closed", "merged": "closed"}
_GOES_ON = {"answered": "waiting", "reopened": "closed", "parted": "closed"}

REMINDED_AT = 0.75
"""The share of its time after which somebody is reminded."""


class Deadlines(BaseModel):
    """How long a report may take: the part `[deadlines]` of an office's `office.toml`.

    Attributes:
        urgent_response_minutes, urgent_resolution_hours: on the clock, at any hour.
        response_hours, resolution_hours: of working time.
        urgent_step_minutes, step_hours: after which the next level is told, on the clock and of working time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    urgent_response_minutes: Annotated[int, Field(ge=5, le=1440)] = 30
    urgent_resolution_hours: Annotated[int, Field(ge=1, le=720)] = 24
    urgent_step_minutes: Annotated[int, Field(ge=5, le=1440)] = 30
    response_hours: Annotated[int, Field(ge=1, le=80)] = 4
    resolution_hours: Annotated[int, Field(ge=1, le=800)] = 40
    step_hours: Annotated[int, Field(ge=1, le=80)] = 4


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that counts for a report: on the clock where `working` is None, or else working time."""

    working: WorkingTime | None

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Return the time that counts from one moment to another."""
        return max(end - start, NOTHING) if self.working is None else self.working.between(start, end)

    def add(self, moment: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        """Return when so much has gone by since a moment."""
        return moment + max(amount, NOTHING) if self.working is None else self.working.add(moment, amount)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a report stands at a moment.

    Attributes:
        phase: what is due: the first answer, or the end of the case.
        due: when, UTC; None while no time goes by.
        remind: when somebody is reminded before that.
        since: when this phase began, UTC; what was said of it before belongs to another time round.
        is_late: whether it is over.
    """

    phase: str
    due: dt.datetime | None
    remind: dt.datetime | None
    since: dt.datetime
    is_late: bool


def is_urgent(report: Report) -> bool:
    """Tell whether a case cannot wait for the morning: money is being asked for, or a unit's own page was taken."""
    return report.harm in ("money_asked", "money_lost") or (report.whose == "unit" and report.kind == "lost")


def clock_of(report: Report, working: WorkingTime) -> Clock:
    """Return the time that counts for a report."""
    return Clock(None if is_urgent(report) else working)


def standing(
    report: Report, events: Sequence[Event], working: WorkingTime, limits: Deadlines, now: dt.datetime
) -> Standing:
    """Return how an open report stands."""
    urgent = is_urgent(report)
    since, later = _asked_anew(report, events)
    if _answered_at(later) is None:
        phase = "response"
        limit = (
            dt.timedelta(minutes=limits.urgent_response_minutes)
            if urgent
            else dt.timedelta(hours=limits.response_hours)
        )
    else:
        phase, since = "resolution", _received(report)
        limit = dt.timedelta(hours=limits.urgent_resolution_hours if urgent else limits.resolution_hours)
    if report.state == "waiting":
        return Standing(phase, None, None, since, False)
    clock = clock_of(report, working)
    spells = list(_running(events, since, max(now, since)))
    gone = sum((clock.between(begin, end) for begin, end in spells[:-1]), NOTHING)
    begin = spells[-1][0]
    due = clock.add(begin, limit - gone)
    return Standing(phase, due, clock.add(begin, limit * REMINDED_AT - gone), since, due <= now)


def time_to_answer(report: Report, events: Sequence[Event], working: WorkingTime) -> dt.timedelta | None:
    """Return how long the reporter waited for the first answer, of the time that counts; None while he waits."""
    answered = _answered_at(events)
    return None if answered is None else clock_of(report, working).between(_received(report), answered)


def time_to_resolve(report: Report, events: Sequence[Event], working: WorkingTime) -> dt.timedelta | None:
    """Return how long a closed report took the office, of the time that counts; None for one that is open."""
    if report.closed_at is None:
        return None
    clock = clock_of(report, working)
    closed = dt.datetime.fromisoformat(report.closed_at)
    spells = _running(events, _received(report), closed)
    return sum((clock.between(begin, end) for begin, end in spells), NOTHING)


def _running(
    events: Sequence[Event], since: dt.datetime, until: dt.datetime
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The spells in which time goes by, from one moment to another, in their order."""
    paused: set[str] = set()
    begin: dt.datetime | None = since
    for event in events:
        at = max(dt.datetime.fromisoformat(event.at), since)
        if at > until:
            break
        if event.what in _PAUSES:
            if begin is not None and at > begin:
                yield begin, at
            paused.add(_PAUSES[event.what])
            begin = None
        elif event.what in _GOES_ON or event.what == "added":
            # Whoever adds to a report that waits for him has answered.
            paused.discard(_GOES_ON.get(event.what, "waiting"))
            if event.what == "reopened":
                # One that is opened again waits for nobody.
                paused.discard("waiting")
            if not paused and begin is None:
                begin = at
    if begin is not None and begin <= until:
        yield begin, until


def _answered_at(events: Sequence[Event]) -> dt.datetime | None:
    """When the office did something first."""
    return next((dt.datetime.fromisoformat(event.at) for event in events if event.what in ANSWERS), None)


def _asked_anew(report: Report, events: Sequence[Event]) -> tuple[dt.datetime, Sequence[Event]]:
    """Since when an answer is awaited, and what happened since: from its coming, or to the unit that has it now.

    Handing a report over is an answer, but not that of the unit which gets it.
    """
    for place in range(len(events), 0, -1):
        if events[place - 1].what == "handed_over":
            return dt.datetime.fromisoformat(events[place - 1].at), events[place:]
    return _received(report), events


def _received(report: Report) -> dt.datetime:
    return dt.datetime.fromisoformat(report.received_at)
