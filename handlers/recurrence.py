"""How something recurs: at a time of the office, in its zone."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from handlers.texts import Texts

# From this day on, a day of the month means the last one.
_END_OF_MONTH = 29


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A time of the day at the office: on each day, on one of the week (0 is Monday), or on one of the month.

    The 29th, 30th and 31st of a month mean its last day. `months` are those in which a day of the month counts, all of
    them where it is empty.
    """

    at: dt.time
    weekday: int | None = None
    day: int | None = None
    months: tuple[int, ...] = ()

    def after(self, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """Return the first time after a moment, UTC."""
        local = moment.astimezone(zone)
        # One of the month is never further away than two of them, one of some months than a year and one.
        for ahead in range(400 if self.months else 63):
            day = local.date() + dt.timedelta(days=ahead)
            time = dt.datetime.combine(day, self.at, zone).astimezone(dt.UTC)
            if self._falls_on(day) and time > moment:
                return time
        raise AssertionError(self)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        stored = {"at": self.at.isoformat("minutes"), "weekday": self.weekday, "day": self.day}
        return {**stored, "months": list(self.months)} if self.months else stored

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Recurrence:
        """Return what was stored."""
        return Recurrence(
            dt.time.fromisoformat(stored["at"]), stored["weekday"], stored["day"], tuple(stored.get("months", ()))
        )

    def _falls_on(self, day: dt.date) -> bool:
        if self.weekday is not None:
            return day.weekday() == self.weekday
        if self.day is None:
            return True
        if self.months and day.month not in self.months:
            return False
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day == (last if self.day >= _END_OF_MONTH else self.day)


def said(recurrence: Recurrence, texts: Texts) -> str:
    """Return how something recurs in words."""
    at = recurrence.at.strftime("%H:%M")
    if recurrence.weekday is not None:
        return texts("recurs.weekly", at=at, weekday=texts(f"recurs.day_{recurrence.weekday}"))
    if recurrence.day is None:
        return texts("recurs.daily", at=at)
    if recurrence.months:
        return texts("recurs.quarterly", at=at, day=recurrence.day, months=", ".join(map(str, recurrence.months)))
    return texts("recurs.monthly", at=at, day=recurrence.day)
