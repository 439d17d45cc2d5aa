"""Periods that are reported on: months that begin on a day of the month before, quarters, and years of such months.

The 15th of the month before to the 14th is what Điều 12 of Nghị định 09/2019/NĐ-CP (chế độ báo cáo) sets for periodic
reports of a month, and likewise for a year from the 15th of December before it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to another, both included, as days of the office."""

    first: dt.date
    last: dt.date

    def bounds(self, zone: ZoneInfo) -> tuple[str, str]:
        """Return from when and until before when it is, in UTC, as times are stored."""
        midnight = dt.time()
        ends = (self.first, self.last + dt.timedelta(days=1))
        since, until = (dt.datetime.combine(day, midnight, zone).astimezone(dt.UTC).isoformat() for day in ends)
        return since, until


def month(year: int, number: int, begins: int) -> Period:
    """Return the period of a month, by the day on which it begins: the 1st of it, or a later one of the month before.

    `number` may lie outside 1 to 12 and is then one of the years around.
    """
    return Period(_begin(year, number, begins), _begin(year, number + 1, begins) - dt.timedelta(days=1))


def month_of(day: dt.date, begins: int) -> Period:
    """Return the period that a day lies in."""
    return month(day.year, day.month + (begins > 1 and day.day >= begins), begins)


def month_before(period: Period, begins: int) -> Period:
    """Return the period before one of a month."""
    return month_of(period.first - dt.timedelta(days=1), begins)


def year_so_far(period: Period, begins: int) -> Period:
    """Return the year of a period, up to its end."""
    return Period(_begin(period.last.year, 1, begins), period.last)


def _begin(year: int, number: int, begins: int) -> dt.date:
    months = year * 12 + number - 1 - (begins > 1)
    return dt.date(months // 12, months % 12 + 1, begins)
