"""Working time: when an office works, adding working time to a moment, and measuring it between two moments.

Nothing here reads a file or a clock; what an office says of its days stands in `handlers.calendar`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

Spell = tuple[dt.time, dt.time]
"""A time of work without a break, from and until, by the clock of the office; it ends on the day it begins."""

NOTHING = dt.timedelta()
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When an office works.

    Attributes:
        week: the spells of each day of the week, 0 is Monday; one that is not there is free. One day at least has some.
        zone: the zone of the office's clock.
        days: the spells of single days that are not as their week says; () is a day off.
    """

    week: Mapping[int, Sequence[Spell]]
    zone: ZoneInfo
    days: Mapping[dt.date, Sequence[Spell]] = field(default_factory=dict)

    def spells_on(self, day: dt.date) -> Sequence[Spell]:
        """Return the spells of a day, in their order."""
        return self.days[day] if day in self.days else self.week.get(day.weekday(), ())

    def is_working(self, moment: dt.datetime) -> bool:
        """Tell whether the office works at a moment."""
        return self.opens(moment) <= moment

    def opens(self, moment: dt.datetime) -> dt.datetime:
        """Return the first moment from one on at which the office works, UTC."""
        return next(self._from(moment))[0]

    def add(self, moment: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        """Return the earliest moment, UTC, by which so much working time has gone by since another.

        No time at all has gone by at once, also while the office is closed.
        """
        if amount <= NOTHING:
            return moment.astimezone(dt.UTC)
        for begin, end in self._from(moment):
            if amount <= end - begin:
                return begin + amount
            amount -= end - begin
        raise AssertionError("a week without work")

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Return the working time from one moment to another; nothing where the second is not later."""
        worked = NOTHING
        if start >= end:
            return worked
        for begin, stop in self._from(start):
            if begin >= end:
                break
            worked += min(stop, end) - begin
        return worked

    def _from(self, moment: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The spells that end after a moment, UTC, without what of the first has gone by."""
        moment = moment.astimezone(dt.UTC)
        # Where clocks are put forward at midnight, a day may begin where the one before it has not ended.
        day = moment.astimezone(self.zone).date() - _DAY
        while True:
            for begins, ends in self.spells_on(day):
                begin, end = (self._at(day, time) for time in (begins, ends))
                if end > max(begin, moment):
                    yield max(begin, moment), end
            day += _DAY

    def _at(self, day: dt.date, time: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, time, self.zone).astimezone(dt.UTC)
