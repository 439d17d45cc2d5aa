"""Working time against a computation minute by minute, and what an office may write of its days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.explaining import explain
from handlers.calendar import HOLIDAYS, Calendar
from handlers.errors import OfficeError
from handlers.office import load_office
from handlers.working_time import Spell, WorkingTime

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MINUTE = dt.timedelta(minutes=1)
FIRST = dt.date(2026, 2, 9)


def at(day: int, hour: int = 0, minute: int = 0, month: int = 2, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZONE)


# Times on which no clock of these zones is put forward or back.
ZONES = [ZONE, ZoneInfo("UTC"), ZoneInfo("America/New_York")]
TIMES = st.integers(0, 23 * 60 + 59).map(lambda minutes: dt.time(*divmod(minutes, 60)))


@st.composite
def spells(draw: st.DrawFn, least: int = 0) -> Sequence[Spell]:
    count = 2 * draw(st.integers(least, 3))
    times = sorted(draw(st.lists(TIMES, min_size=count, max_size=count, unique=True)))
    return [(times[n], times[n + 1]) for n in range(0, count, 2)]


@st.composite
def working_times(draw: st.DrawFn) -> WorkingTime:
    week = {0: draw(spells(least=1)), **draw(st.dictionaries(st.integers(1, 6), spells(), max_size=6))}
    days = st.integers(-2, 20).map(lambda ahead: FIRST + dt.timedelta(days=ahead))
    return WorkingTime(week, draw(st.sampled_from(ZONES)), draw(st.dictionaries(days, spells(), max_size=6)))


MOMENTS = st.integers(0, 10 * 24 * 60).map(lambda minutes: at(9).astimezone(dt.UTC) + minutes * MINUTE)


def works_in(working: WorkingTime, minute: dt.datetime) -> bool:
    """Whether the office works in the minute that begins at a moment."""
    local = minute.astimezone(working.zone)
    return any(begin <= local.time() < end for begin, end in working.spells_on(local.date()))


@given(working=working_times(), start=MOMENTS, end=MOMENTS)
def test_what_lies_between_is_what_minutes_add_up_to(
    working: WorkingTime, start: dt.datetime, end: dt.datetime
) -> None:
    minutes = range(max(0, int((end - start) / MINUTE)))
    naive = sum(works_in(working, start + number * MINUTE) for number in minutes)
    assert working.between(start, end) == naive * MINUTE


@given(working=working_times(), start=MOMENTS, share=st.floats(0, 1))
def test_what_is_added_is_reached_when_so_many_minutes_are_worked(
    working: WorkingTime, start: dt.datetime, share: float
) -> None:
    minutes = int(share * (working.between(start, start + dt.timedelta(days=14)) / MINUTE))
    moment, left = start, minutes
    while left:
        left -= works_in(working, moment)
        moment += MINUTE
    assert working.add(start, minutes * MINUTE) == moment


@given(working=working_times(), start=MOMENTS, seconds=st.integers(0, 100_000))
def test_adding_and_measuring_are_inverse(working: WorkingTime, start: dt.datetime, seconds: int) -> None:
    amount = dt.timedelta(seconds=seconds)
    assert working.between(start, working.add(start, amount)) == amount


@given(working=working_times(), moment=MOMENTS)
def test_the_office_works_in_its_minutes(working: WorkingTime, moment: dt.datetime) -> None:
    assert working.is_working(moment) is works_in(working, moment)


@given(working=working_times(), moment=MOMENTS)
def test_it_opens_in_the_first_minute_that_is_worked(working: WorkingTime, moment: dt.datetime) -> None:
    opens = moment
    while not works_in(working, opens):
        opens += MINUTE
    assert working.opens(moment) == opens


def office(folder: Path, text: str) -> Calendar:
    (folder / "working_time.toml").write_text(text, encoding="utf-8")
    return load_office(folder).calendar


def test_an_office_that_says_nothing_works_as_most_do() -> None:
    working = Calendar().working_time(ZONE)
    # From Friday at four, over the weekend and the lunch of Monday.
    assert working.add(at(6, 16), dt.timedelta(hours=6)) == at(9, 14, 30)
    assert working.between(at(6, 16), at(9, 14, 30)) == dt.timedelta(hours=6)


def test_tet_is_no_working_time() -> None:
    working = Calendar().working_time(ZONE)
    assert working.add(at(13, 16, 0), dt.timedelta(hours=2)) == at(23, 8, 30)


def test_a_moved_day_is_worked(tmp_path: Path) -> None:
    working = Calendar().working_time(ZONE)
    assert not working.is_working(at(31, 9, month=8))
    assert working.is_working(at(22, 9, month=8))


def test_hours_and_single_days_are_the_offices_own(tmp_path: Path) -> None:
    calendar = office(
        tmp_path,
        """
        [hours]
        weekdays = ["7:00-11:30", "13:00-16:30"]
        saturday = ["07:00-11:00"]

        [years.2027]
        source = "Thông báo số 1 của Sở Ví Dụ"
        checked = 2026-11-22
        off = ["01/01", "08/02-12/02"]
        swapped = ["31/12 -> 08/01/2028"]
        working = ["10/01", "17/01 08:00-10:00, 13:00-14:00"]
        """,
    )
    working = calendar.working_time(ZONE)
    day = dt.timedelta(days=1)
    worked: Mapping[dt.datetime, float] = {
        at(4, month=1, year=2027): 8,
        at(2, month=1, year=2027): 4,
        at(1, month=1, year=2027): 0,
        at(10, year=2027): 0,
        at(10, month=1, year=2027): 8,
        at(17, month=1, year=2027): 3,
        at(31, month=12, year=2027): 0,
        at(8, month=1, year=2028): 8,
        # What is built in holds for the years of which the office says nothing.
        at(17): 0,
    }
    assert {begin: working.between(begin, begin + day) / dt.timedelta(hours=1) for begin in worked} == worked


@pytest.mark.parametrize(
    ("day", "unknown"),
    [((2026, 9, 30), []), ((2026, 10, 1), [2027]), ((2027, 3, 1), [2027]), ((2027, 11, 1), [2027, 2028])],
)
def test_years_that_nobody_wrote_down_are_known_to_be_unknown(
    day: tuple[int, int, int], unknown: list[int], tmp_path: Path
) -> None:
    assert Calendar().unknown_years(dt.date(*day)) == unknown
    written = office(tmp_path, "[years.2027]\noff = []\n[years.2028]\n")
    assert written.unknown_years(dt.date(*day)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[years.2026]\noff = ["31/02"]', "31/02"),
        ('[years.2026]\noff = ["05/02-01/02"]', "05/02-01/02"),
        ('[years.2026]\nswapped = ["02/01"]', "02/01"),
        ('[years.2026]\nworking = ["02/01 8-9"]', "8-9"),
        ('[hours]\nweekdays = ["11:30-07:30"]', "11:30-07:30"),
        ('[hours]\nweekdays = ["07:30-11:30", "11:00-12:00"]', "chồng"),
        ("[hours]\nweekdays = []", "không có giờ"),
        ('[[duty]]\nfrom = "1/1/2026 8:00"\nuntil = "1/1/2026 7:00"\nwho = ["CB-01"]', "trước"),
        ('[[duty]]\nfrom = "hôm nay"\nuntil = "1/1/2026 7:00"\nwho = ["CB-01"]', "hôm nay"),
        ("[hour]", "hour"),
        ("[hours", "TOML"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(OfficeError) as fault:
        office(tmp_path, text)
    said = explain(fault.value)
    assert words in said
    assert "working_time.toml" in said


def test_the_calendar_has_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text("[calendar]\n", encoding="utf-8")
    with pytest.raises(OfficeError):
        load_office(tmp_path)


def test_duty_holds_by_the_clock_of_the_office(tmp_path: Path) -> None:
    calendar = office(
        tmp_path, '[[duty]]\nfrom = "21/11/2026 17:00"\nuntil = "23/11/2026 07:30"\nwho = ["CB-01", "Trần Ví Dụ"]\n'
    )
    times = [at(21, 16, 59, month=11), at(21, 17, month=11), at(23, 7, 29, month=11), at(23, 7, 30, month=11)]
    assert [len(calendar.on_duty(time, ZONE)) for time in times] == [0, 1, 1, 0]
    assert calendar.on_duty(times[1], ZONE)[0].who == ("CB-01", "Trần Ví Dụ")


def test_each_built_in_year_says_where_it_is_from() -> None:
    calendar = Calendar.model_validate_json("{}")
    assert calendar.unknown_years(dt.date(2026, 1, 1)) == []
    text = HOLIDAYS.read_text(encoding="utf-8")
    assert text.count("[years.") == text.count("\nsource = ") == text.count("\nchecked = ") == text.count("\noff = ")
