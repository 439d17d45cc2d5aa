"""When something recurs: at the office's time, whatever the length of the month and the zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.recurrence import Recurrence

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EIGHT = dt.time(8)


def local(text: str, zone: ZoneInfo = VIETNAM) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("recurrence", "moment", "expected"),
    [
        (Recurrence(EIGHT), "2026-11-21 07:59", "2026-11-21 08:00"),
        (Recurrence(EIGHT), "2026-11-21 08:00", "2026-11-22 08:00"),
        (Recurrence(EIGHT), "2026-12-31 23:00", "2027-01-01 08:00"),
        # Still the day before in UTC.
        (Recurrence(dt.time(6)), "2026-11-21 05:00", "2026-11-21 06:00"),
        (Recurrence(EIGHT, weekday=0), "2026-11-21 10:00", "2026-11-23 08:00"),
        (Recurrence(EIGHT, weekday=0), "2026-11-23 08:00", "2026-11-30 08:00"),
        (Recurrence(EIGHT, day=15), "2026-11-21 10:00", "2026-12-15 08:00"),
        (Recurrence(EIGHT, day=28), "2027-02-01 10:00", "2027-02-28 08:00"),
        *((Recurrence(EIGHT, day=day), "2027-02-01 10:00", "2027-02-28 08:00") for day in (29, 30, 31)),
        *((Recurrence(EIGHT, day=day), "2028-02-01 10:00", "2028-02-29 08:00") for day in (29, 30, 31)),
        *((Recurrence(EIGHT, day=day), "2026-12-01 10:00", "2026-12-31 08:00") for day in (29, 30, 31)),
        (Recurrence(EIGHT, day=31), "2026-11-30 08:00", "2026-12-31 08:00"),
    ],
)
def test_the_next_time_is_one_of_the_office(recurrence: Recurrence, moment: str, expected: str) -> None:
    found = recurrence.after(local(moment), VIETNAM)
    assert found == local(expected)
    assert found.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # The clock is set forward by an hour on the 29th of March 2026 and back on the 25th of October.
        ("2026-03-28 12:00", "2026-03-29 08:00"),
        ("2026-10-24 12:00", "2026-10-25 08:00"),
    ],
)
def test_eight_is_eight_also_where_the_clock_is_changed(moment: str, expected: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert Recurrence(EIGHT).after(local(moment, zone), zone) == local(expected, zone)


def test_a_time_that_one_day_does_not_have_is_not_left_out() -> None:
    zone = ZoneInfo("Europe/Berlin")
    found = Recurrence(dt.time(2, 30)).after(local("2026-03-28 12:00", zone), zone)
    assert found == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


recurrences = st.one_of(
    st.builds(Recurrence, st.times(timezones=st.none())),
    st.builds(Recurrence, st.times(timezones=st.none()), weekday=st.integers(0, 6)),
    st.builds(Recurrence, st.times(timezones=st.none()), day=st.integers(1, 31)),
)
moments = st.integers(0, 30 * 365 * 24 * 60).map(lambda minutes: local("2026-01-01") + dt.timedelta(minutes=minutes))


@given(recurrences, moments)
def test_the_next_time_is_later_and_never_two_months_away(recurrence: Recurrence, moment: dt.datetime) -> None:
    found = recurrence.after(moment, VIETNAM)
    assert moment < found <= moment + dt.timedelta(days=62)
    assert found.astimezone(VIETNAM).time() == recurrence.at


@given(recurrences)
def test_what_is_stored_is_what_was_said_to_the_minute(recurrence: Recurrence) -> None:
    stored = Recurrence.from_json(recurrence.as_json())
    assert stored.as_json() == recurrence.as_json()
    assert (stored.weekday, stored.day) == (recurrence.weekday, recurrence.day)
