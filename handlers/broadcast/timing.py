"""When a broadcast goes out, as people type it: now, at a time, or again and again."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.errors import NotPossible
from handlers.people.changing import read_day
from handlers.people.reading import folded
from handlers.recurrence import Recurrence

QUARTER = 3
_NOW = {"ngay", "bay gio", "gui ngay", "ngay bay gio", "luon"}
_CLOCK = re.compile(r"(?:luc )?\b(\d{1,2}) ?(?:[:h]|gio) ?(\d{2})?(?: phut)?\b")
_WEEKDAY = re.compile(r"\bthu (hai|ba|tu|nam|sau|bay|[2-7])\b|\b(chu nhat)\b")
_WEEKDAYS = {
    "hai": 0, "ba": 1, "tu": 2, "nam": 3, "sau": 4, "bay": 5, "2": 0, "3": 1, "4": 2, "5": 3, "6": 4, "7": 5,
}  # fmt: skip
_DAY_OF_MONTH = re.compile(r"\bngay (\d{1,2})(?![/.\d-])")
_DAY = re.compile(r"(?:ngay )?(\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{4})?|hom nay|mai|ngay mai)\b")
_UNTIL = re.compile(r"\bden (?:het )?(?:ngay )?(\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{4})?)")
_WEEKLY, _MONTHLY, _QUARTERLY = ("hang tuan", "moi tuan"), ("hang thang", "moi thang"), ("hang quy", "moi quy")

DEFAULT_TIME = dt.time(8)


@dataclass(frozen=True, slots=True)
class When:
    """When something is sent: `at` None for now, UTC; `repeats` how it recurs from then on, until a day."""

    at: dt.datetime | None = None
    repeats: Recurrence | None = None
    until: dt.date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as an act takes it."""
        return {
            "at": self.at.isoformat() if self.at else None,
            "repeats": self.repeats.as_json() if self.repeats else None,
            "until": self.until.isoformat() if self.until else None,
        }


def read(typed: str, now: dt.datetime, zone: ZoneInfo) -> When:
    """Return the time that was typed; raise NotPossible.

    "ngay"; "15h30", "8:00 ngày 5/12", "mai"; "hằng tuần thứ hai 8h", "hằng tháng ngày 5", "hằng quý ngày 15 lúc 9h đến
    31/12/2027". Without a time of the day it is eight o'clock.
    """
    words = " ".join(folded(typed).replace(",", " ").split())
    if words in _NOW:
        return When()
    today = now.astimezone(zone).date()
    until = None
    if match := _UNTIL.search(words):
        until = read_day(match.group(1), today)
        words = words[: match.start()] + words[match.end() :]
    clock, words = _clock(words)
    recurrence = _recurrence(words, clock or DEFAULT_TIME, today)
    if recurrence:
        return When(recurrence.after(now, zone), recurrence, until)
    day = _DAY.search(words)
    if (clock is None and day is None) or until:
        raise NotPossible("no_time")
    date = read_day(day.group(1), today) if day else today
    at = dt.datetime.combine(date, clock or DEFAULT_TIME, zone).astimezone(dt.UTC)
    if at <= now:
        raise NotPossible("time_is_over")
    return When(at)


def opens(moment: dt.datetime, context: Context) -> dt.datetime:
    """Return when a broadcast that is not urgent may go out from a moment on, UTC: when the office works."""
    return context.office.calendar.working_time(context.zone).opens(moment)


def _clock(words: str) -> tuple[dt.time | None, str]:
    match = _CLOCK.search(words)
    if match is None:
        return None, words
    try:
        time = dt.time(int(match.group(1)), int(match.group(2) or 0))
    except ValueError:
        raise NotPossible("no_time") from None
    return time, " ".join((words[: match.start()] + " " + words[match.end() :]).split())


def _recurrence(words: str, at: dt.time, today: dt.date) -> Recurrence | None:
    if words.startswith(_WEEKLY):
        match = _WEEKDAY.search(words)
        if match is None:
            raise NotPossible("no_weekday")
        return Recurrence(at, weekday=6 if match.group(2) else _WEEKDAYS[match.group(1)])
    if words.startswith((*_MONTHLY, *_QUARTERLY)):
        match = _DAY_OF_MONTH.search(words)
        day = int(match.group(1)) if match else today.day
        if not 1 <= day <= 31:
            raise NotPossible("no_time")
        first = today.month % QUARTER or QUARTER
        months = tuple(range(first, 13, QUARTER)) if words.startswith(_QUARTERLY) else ()
        return Recurrence(at, day=day, months=months)
    return None
