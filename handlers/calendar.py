"""The days and hours of an office as data: `working_time.toml` in its folder, over the built-in public holidays.

Public holidays are decided anew each year, and moved working days with them: a year that nobody has written down is not
known, which is said (`unknown_years`) and never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from handlers.working_time import Spell, WorkingTime

FILE_NAME = "working_time.toml"

HOLIDAYS = Path(__file__).parent / "holidays.toml"

# The holidays of a year are decided in the autumn before; from this month on, those of the next one are missed.
_DECIDED_BY = 10

_SPELL = re.compile(r"(\d{1,2})[:hg](\d{2})\s*-\s*(\d{1,2})[:hg](\d{2})")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?")
_SATURDAY, _SUNDAY = 5, 6


def _spell(value: object) -> Spell:
    match = _SPELL.fullmatch(str(value).strip())
    try:
        if match is None:
            raise ValueError
        first, of_first, last, of_last = map(int, match.groups())
        begin, end = dt.time(first, of_first), dt.time(last, of_last)
        if begin >= end:
            raise ValueError
    except ValueError:
        raise PydanticCustomError("bad_spell", "no spell") from None
    return begin, end


def _spells(value: object) -> tuple[Spell, ...]:
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("tuple_type", "no list")
    spells = tuple(_spell(one) if isinstance(one, str) else one for one in value)
    if any(later[0] < earlier[1] for earlier, later in pairwise(spells)):
        raise PydanticCustomError("spell_order", "not in order")
    return spells


Spells = Annotated[tuple[Spell, ...], BeforeValidator(_spells)]

_MORNING, _AFTERNOON = (dt.time(7, 30), dt.time(11, 30)), (dt.time(13, 30), dt.time(17, 0))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Hours(_Part):
    """The hours of an ordinary week; the breaks between the spells are lunch."""

    weekdays: Spells = (_MORNING, _AFTERNOON)
    saturday: Spells = ()
    sunday: Spells = ()

    @model_validator(mode="after")
    def _some(self) -> Hours:
        if not (self.weekdays or self.saturday or self.sunday):
            raise PydanticCustomError("no_hours", "no hours")
        return self


class Year(_Part):
    """What is not ordinary in a year, each as it is written: see the guide.

    Attributes:
        source: the document that says so.
        checked: the day somebody looked it up.
        certainty: what is not sure about it.
        off: days off and spans of them: "01/01", "16/02-20/02".
        working: days of work that the week does not have: "05/12", or with their hours "05/12 07:30-11:30".
        swapped: a day off and the day that is worked instead: "02/01 -> 10/01".
    """

    source: str = ""
    checked: dt.date | None = None
    certainty: str = ""
    off: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    swapped: tuple[str, ...] = ()


class Duty(_Part):
    """Who is on duty for a while, at any hour.

    Attributes:
        begins, ends: by the clock of the office: "21/11/2026 17:00".
        who: personal codes or full names of members.
        unit: whose reports he is called for, with those of the units below it; "" for all.
    """

    begins: dt.datetime = Field(alias="from")
    ends: dt.datetime = Field(alias="until")
    who: tuple[str, ...] = Field(min_length=1)
    unit: str = ""

    @field_validator("begins", "ends", mode="before")
    @classmethod
    def _read(cls, value: object) -> dt.datetime:
        try:
            return dt.datetime.strptime(str(value).strip(), "%d/%m/%Y %H:%M").replace(tzinfo=dt.UTC)
        except ValueError:
            raise PydanticCustomError("bad_time", "no time") from None

    @field_validator("ends")
    @classmethod
    def _after(cls, value: dt.datetime, info: ValidationInfo) -> dt.datetime:
        if "begins" in info.data and value <= info.data["begins"]:
            raise PydanticCustomError("time_order", "ends before it begins")
        return value


class Calendar(_Part):
    """When an office works and who is on duty when it does not."""

    hours: Hours = Hours()
    years: dict[int, Year] = Field(default_factory=dict)
    duty: tuple[Duty, ...] = ()

    def __hash__(self) -> int:
        return hash((self.hours, tuple(self.years.items()), self.duty))

    @field_validator("years")
    @classmethod
    def _readable(cls, years: dict[int, Year]) -> dict[int, Year]:
        for number, year in years.items():
            dict(_exceptions(number, year, ()))
        return years

    def working_time(self, zone: ZoneInfo) -> WorkingTime:
        """Return when the office works, by the clock of a zone."""
        return _working_time(self, zone)

    def unknown_years(self, day: dt.date) -> list[int]:
        """Return of this year and, once they are decided, of the next, those whose days nobody has written down."""
        wanted = [day.year, day.year + 1] if day.month >= _DECIDED_BY else [day.year]
        known = _built_in().keys() | self.years.keys()
        return [year for year in wanted if year not in known]

    def on_duty(self, moment: dt.datetime, zone: ZoneInfo) -> list[Duty]:
        """Return who is on duty at a moment, in the order of the file."""
        local = moment.astimezone(zone).replace(tzinfo=dt.UTC)
        return [duty for duty in self.duty if duty.begins <= local < duty.ends]


# Asked for with every report of a list.
@lru_cache(maxsize=8)
def _working_time(calendar: Calendar, zone: ZoneInfo) -> WorkingTime:
    hours = calendar.hours
    week = dict.fromkeys(range(_SATURDAY), hours.weekdays) | {_SATURDAY: hours.saturday, _SUNDAY: hours.sunday}
    # A day that is made up for is a full one, also where only Saturdays are worked.
    full = hours.weekdays or hours.saturday or hours.sunday
    days: dict[dt.date, Sequence[Spell]] = {}
    for number, year in (_built_in() | calendar.years).items():
        days.update(_exceptions(number, year, full))
    return WorkingTime(week, zone, days)


@lru_cache(maxsize=1)
def _built_in() -> dict[int, Year]:
    return Calendar.model_validate(tomllib.loads(HOLIDAYS.read_text(encoding="utf-8"))).years


def _exceptions(number: int, year: Year, full: Sequence[Spell]) -> Iterator[tuple[dt.date, Sequence[Spell]]]:
    """The days of a year that are not as their week says; what is worked counts above what is off."""
    for words in year.off:
        first, _, last = words.partition("-")
        begin = _date(first, number, words)
        end = _date(last, number, words) if last else begin
        if end < begin:
            raise PydanticCustomError("bad_day", "{value}", {"value": words})
        for ahead in range((end - begin).days + 1):
            yield begin + dt.timedelta(days=ahead), ()
    for words in year.swapped:
        off, _, worked = words.replace("→", "->").partition("->")
        yield _date(off, number, words), ()
        yield _date(worked, number, words), full
    for words in year.working:
        day, _, hours = words.strip().partition(" ")
        yield _date(day, number, words), _spells(hours.replace(",", " ").split()) if hours else full


def _date(words: str, year: int, whole: str) -> dt.date:
    """A day of a year; one that names its own year may lie in the next one."""
    match = _DAY.fullmatch(words.strip())
    try:
        if match is None:
            raise ValueError
        day, month, own = match.groups()
        return dt.date(int(own or year), int(month), int(day))
    except ValueError:
        raise PydanticCustomError("bad_day", "{value}", {"value": whole}) from None
