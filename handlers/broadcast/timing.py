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
_NOW = {"ngay", "luon", "bay gio"}
_NOW_WORDS = {"gui", "ngay", "luon", "bay", "gio", "di", "nhe", "nha", "a", "lap", "tuc"}
_SOON = re.compile(r"(?:sau )?(\d{1,3}) ?(phut|gio|tieng|h)(?: dong ho)? nua")
# The minutes after an hour are not the day of a date: "16h 15/12".
_CLOCK = re.compile(
    r"(?:\b(?:luc|vao) )?\b(\d{1,2}) ?(?:(?:[:hg](?![a-z])|gio\b)"
    r" ?(?:(\d{2})(?! ?[/.-] ?\d|\d)(?: ?phut)?|(ruoi))?|(ruoi))"
)
_PART = re.compile(r"\b(?<!tuan )(?:buoi )?(sang|trua|chieu|toi|dem)\b")
_AFTERNOONS = {"sang": range(0), "trua": range(1, 3), "chieu": range(1, 8), "toi": range(5, 12), "dem": range(8, 12)}
"""Of each part of the day the hours up to twelve that are said of the afternoon and evening."""
_MORNINGS = {"sang": range(12), "trua": range(10, 13), "chieu": range(0), "toi": range(0), "dem": range(5)}
_WEEKDAY = re.compile(r"\bthu (hai|ba|tu|nam|sau|bay|[2-7])\b|\b(chu nhat)\b")
_WEEKDAYS = {
    "hai": 0, "ba": 1, "tu": 2, "nam": 3, "sau": 4, "bay": 5, "2": 0, "3": 1, "4": 2, "5": 3, "6": 4, "7": 5,
}  # fmt: skip
_WEEK = re.compile(r"\btuan (sau|toi|nay)\b")
_DAY_OF_MONTH = re.compile(r"\bngay (\d{1,2})(?![/.\d-])")
_DAY = re.compile(r"\b(?:ngay )?(\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{4})?|hom nay|nay|ngay mai|mai)\b")
_LONG_DAY = re.compile(r"\b(?:ngay )?(\d{1,2}) thang (\d{1,2})(?: nam (\d{4}))?\b")
_AFTER_TOMORROW = re.compile(r"\b(?:ngay )?(?:kia|mot)\b")
_UNTIL = re.compile(r"\bden (?:het )?(?:ngay )?(\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{4})?)")
_WEEKLY, _MONTHLY, _QUARTERLY = (re.compile(rf"\b(?:hang|moi) {name}\b") for name in ("tuan", "thang", "quy"))
_BESIDE = {"luc", "vao", "ngay", "hom", "gui", "nhe", "nha", "a", "di", "tu"}
"""Words that say nothing of the time; with any other one it was not understood."""

DEFAULT_TIME, AFTERNOON = dt.time(8), dt.time(14)


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


def read(typed: str, now: dt.datetime, zone: ZoneInfo, default: dt.time = DEFAULT_TIME) -> When:
    """Return the time that was typed; raise NotPossible, also where a word of it is not understood.

    "ngay"; "15h30", "8:00 ngày 5/12", "mai", "3 giờ chiều thứ hai", "30 phút nữa"; "hằng tuần thứ hai 8h", "hằng tháng
    ngày 5", "hằng quý ngày 15 lúc 9h đến 31/12/2027". Without a time of the day it is eight o'clock, or `default`.
    """
    words = " ".join(re.sub(r"[,;.!]+(?=\s|$)", " ", folded(typed)).split())
    if words in _NOW or (_NOW_WORDS.issuperset(words.split()) and {"ngay", "luon", "tuc"} & set(words.split())):
        return When()
    if match := _SOON.fullmatch(words):
        unit = "minutes" if match.group(2) == "phut" else "hours"
        return When(now + dt.timedelta(**{unit: int(match.group(1))}))
    today = now.astimezone(zone).date()
    until = None
    if match := _UNTIL.search(words):
        until = read_day(match.group(1), today)
        words = _without(match, words)
    clock, words = _clock(words)
    recurrence, rest = _recurrence(words, clock or DEFAULT_TIME, today)
    if recurrence:
        first = recurrence.after(now, zone)
        if not _BESIDE.issuperset(rest.split()):
            raise NotPossible("no_time")
        if until and first.astimezone(zone).date() > until:
            raise NotPossible("ends_before")
        return When(first, recurrence, until)
    date, rest = _date(words, clock or default, now, zone)
    if (clock is None and date is None) or until or not _BESIDE.issuperset(rest.split()):
        raise NotPossible("no_time")
    at = dt.datetime.combine(date or today, clock or default, zone).astimezone(dt.UTC)
    if at <= now:
        raise NotPossible("time_is_over")
    return When(at)


def opens(moment: dt.datetime, context: Context) -> dt.datetime:
    """Return when a broadcast that is not urgent may go out from a moment on, UTC: when the office works."""
    return context.office.calendar.working_time(context.zone).opens(moment)


def _without(match: re.Match[str], words: str) -> str:
    return " ".join((words[: match.start()] + " " + words[match.end() :]).split())


def _clock(words: str) -> tuple[dt.time | None, str]:
    """The time of the day that words tell, None for none, and the other words."""
    match, part = _CLOCK.search(words), None
    if match:
        words = _without(match, words)
    if found := _PART.search(words):
        part, words = found.group(1), _without(found, words)
    if match is None:
        if part not in (None, "sang", "chieu"):
            raise NotPossible("no_time")
        return (None if part is None else AFTERNOON if part == "chieu" else DEFAULT_TIME), words
    hour, minute = int(match.group(1)), 30 if match.group(3) or match.group(4) else int(match.group(2) or 0)
    if part and hour in _AFTERNOONS[part]:
        hour += 12
    elif part and hour <= 12 and hour not in _MORNINGS[part]:
        raise NotPossible("no_time")
    try:
        return dt.time(hour, minute), words
    except ValueError:
        raise NotPossible("no_time") from None


def _date(words: str, clock: dt.time, now: dt.datetime, zone: ZoneInfo) -> tuple[dt.date | None, str]:
    """The day that words tell, None for none, and the other words."""
    today = now.astimezone(zone).date()
    if match := _LONG_DAY.search(words):
        return read_day("/".join(filter(None, match.groups())), today), _without(match, words)
    if match := _DAY.search(words):
        typed = "hôm nay" if match.group(1) == "nay" else match.group(1)
        return read_day(typed, today), _without(match, words)
    if match := _WEEKDAY.search(words):
        words = _without(match, words)
        days = (_weekday(match) - today.weekday()) % 7
        if week := _WEEK.search(words):
            words = _without(week, words)
            this_week = _weekday(match) - today.weekday()
            days = this_week if week.group(1) == "nay" else this_week + 7
        elif not days and dt.datetime.combine(today, clock, zone) <= now:
            days = 7
        return today + dt.timedelta(days=days), words
    if match := _AFTER_TOMORROW.search(words):
        return today + dt.timedelta(days=2), _without(match, words)
    return None, words


def _weekday(match: re.Match[str]) -> int:
    return 6 if match.group(2) else _WEEKDAYS[match.group(1)]


def _recurrence(words: str, at: dt.time, today: dt.date) -> tuple[Recurrence | None, str]:
    """How something recurs by these words, None for once, and the other words."""
    if weekly := _WEEKLY.search(words):
        words = _without(weekly, words)
        match = _WEEKDAY.search(words)
        if match is None:
            raise NotPossible("no_weekday")
        return Recurrence(at, weekday=_weekday(match)), _without(match, words)
    quarterly = _QUARTERLY.search(words)
    if often := quarterly or _MONTHLY.search(words):
        words = _without(often, words)
        match = _DAY_OF_MONTH.search(words)
        day = int(match.group(1)) if match else today.day
        if not 1 <= day <= 31:
            raise NotPossible("no_time")
        first = today.month % QUARTER or QUARTER
        months = tuple(range(first, 13, QUARTER)) if quarterly else ()
        return Recurrence(at, day=day, months=months), _without(match, words) if match else words
    return None, words
