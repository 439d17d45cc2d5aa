"""Since when: the time that a sentence tells, as a day and as it was typed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from knowledge.text import fold, normalize

_WEEKDAYS = {"thu hai": 0, "thu ba": 1, "thu tu": 2, "thu nam": 3, "thu sau": 4, "thu bay": 5, "chu nhat": 6, "cn": 6}
_DAYS_AGO = {
    "hom nay": 0, "sang nay": 0, "trua nay": 0, "chieu nay": 0, "toi nay": 0, "nay gio": 0, "vua xong": 0,
    "vua nay": 0, "vua moi": 0, "hoi nay": 0, "luc nay": 0, "moi day": 0, "hom qua": 1, "hqua": 1, "toi qua": 1,
    "dem qua": 1, "chieu qua": 1, "sang qua": 1, "trua qua": 1, "toi hom qua": 1, "hom kia": 2, "hom truoc": None,
    "tuan truoc": 7, "hom bua": None, "may hom nay": None,
}  # fmt: skip
_LONGEST_FIRST = sorted(_DAYS_AGO.items(), key=lambda item: len(item[0]), reverse=True)
_AGO = re.compile(
    r"\b(?:cach day (\d{1,2}) (ngay|hom|tuan|gio|tieng|phut|thang)"
    r"|(\d{1,2}) (ngay|hom|tuan|gio|tieng|phut|thang) (?:truoc|nay|roi))\b"
)
DATE = re.compile(r"(?<![\w/])(?:ngay )?(\d{1,2})[/-](\d{1,2})(?:[/-](\d{4}))?(?![\w/])")
_LONGEST_AGO = dt.timedelta(days=3650)


def since_when(text: str, today: dt.date) -> tuple[dt.date | None, str]:
    """Return (day, as it was typed) of the time a text tells; (None, "") where it tells none."""
    said = normalize(text)
    folded = fold(said)
    # Folding letter by letter keeps places, so that what was typed can be shown.
    same = len(folded) == len(said)
    for start, end, day in _times(folded, today):
        phrase = said[start:end] if same else folded[start:end]
        return (day if day is None or day <= today else None), phrase
    return None, ""


def _times(folded: str, today: dt.date) -> Iterator[tuple[int, int, dt.date | None]]:
    if found := _AGO.search(folded):
        count, unit = int(found[1] or found[3]), found[2] or found[4]
        back = {"ngay": 1, "hom": 1, "tuan": 7, "thang": 30}.get(unit, 0) * count
        yield found.start(), found.end(), today - dt.timedelta(days=back)
    for phrase, days in _LONGEST_FIRST:
        if phrase in folded and (found := re.search(rf"\b{phrase}\b", folded)):
            yield found.start(), found.end(), None if days is None else today - dt.timedelta(days=days)
    if found := DATE.search(folded):
        yield found.start(), found.end(), _date(int(found[1]), int(found[2]), found[3], today)
    for name, weekday in _WEEKDAYS.items():
        written = rf"{name}|thu {weekday + 2}" if weekday < 6 else name
        if found := re.search(rf"\b(?:{written})\b", folded):
            yield found.start(), found.end(), today - dt.timedelta(days=(today.weekday() - weekday) % 7)


def _date(day: int, month: int, year: str | None, today: dt.date) -> dt.date | None:
    """The day of a date; without a year, the last that was."""
    for number in [int(year)] if year else [today.year, today.year - 1]:
        try:
            found = dt.date(number, month, day)
        except ValueError:
            return None
        if today - _LONGEST_AGO <= found <= today:
            return found
    return None
