"""What the jobs do later: kinds of what becomes due, how they recur, and what a run means that comes late.

The scheduler of the bot runs what is due; a job's package plans it with `storage.jobs` and says here, by its kind, what
is done then. Times are at the office.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.conversation import Reply

GRACE = dt.timedelta(minutes=10)
"""What is done so soon after its time is not late: a restart, a busy moment."""

# From this day on, a day of the month means the last one.
_END_OF_MONTH = 29


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A time of the day at the office: on each day, on one of the week (0 is Monday), or on one of the month.

    The 29th, 30th and 31st of a month mean its last day.
    """

    at: dt.time
    weekday: int | None = None
    day: int | None = None

    def after(self, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """Return the first time after a moment, UTC."""
        local = moment.astimezone(zone)
        # One of the month is never further away than two of them.
        for ahead in range(63):
            day = local.date() + dt.timedelta(days=ahead)
            time = dt.datetime.combine(day, self.at, zone).astimezone(dt.UTC)
            if self._falls_on(day) and time > moment:
                return time
        raise AssertionError(self)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {"at": self.at.isoformat("minutes"), "weekday": self.weekday, "day": self.day}

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Recurrence:
        """Return what was stored."""
        return Recurrence(dt.time.fromisoformat(stored["at"]), stored["weekday"], stored["day"])

    def _falls_on(self, day: dt.date) -> bool:
        if self.weekday is not None:
            return day.weekday() == self.weekday
        if self.day is None:
            return True
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day == (last if self.day >= _END_OF_MONTH else self.day)


@dataclass(frozen=True, slots=True)
class Due:
    """What has become due: the time it was planned for, UTC, and what was planned."""

    name: str
    planned: dt.datetime
    data: dict[str, Any] = field(default_factory=dict)


class Late(Enum):
    """What it means where something is done late, because nothing ran at its time."""

    ONCE = "once"
    """It is done now, and once, however often it was missed."""
    SKIPPED = "skipped"
    """It is not done any more; whoever wants to know is told."""
    ANEW = "anew"
    """When it is to be done is computed anew."""


Act = Callable[[Due, Context], list[Reply]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of what becomes due.

    What is done is plain and synchronous, inside one transaction; what is long does a part and plans the same name
    again. Each reply says where it goes.

    Attributes:
        run: does it.
        late: what a late run means.
        skipped: for `SKIPPED`: tells that it was not done.
        anew: for `ANEW`: returns the new time, UTC; None for now.
        recurs: how it recurs without anybody planning it, under the name ""; None where it is planned.
        grace: what is later than this is late.
    """

    run: Act
    late: Late = Late.ONCE
    skipped: Act | None = None
    anew: Callable[[Due, Context], dt.datetime | None] | None = None
    recurs: Recurrence | None = None
    grace: dt.timedelta = GRACE
