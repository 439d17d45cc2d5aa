from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import rate_limit
from bot.rate_limit import PROBE_RATE, REFUSAL_WINDOW, Limits, Pace, TokenBucket, Window
from storage.outbox import ANSWER, BROADCAST, CLASSES, REPORT

WIDE = Limits(chat_rate=1000, chat_burst=1000, rate=1000, burst=1000, reserve=0)

GAPS = st.lists(st.floats(0, 5, allow_nan=False), max_size=80)


def greedy(pace: Pace, urgency: int, now: float) -> int:
    """Send as many as there is room for, each to a chat of its own; return how many."""
    sent = 0
    while pace.room(urgency, now) and sent < 10_000:
        pace.sent(f"{urgency}-{now}-{sent}", False, urgency, now)
        sent += 1
    return sent


def running(pace: Pace, now: float) -> list[int]:
    """The classes that may go out."""
    return [urgency for urgency in CLASSES if pace.room(urgency, now)]


# Tokens


@given(st.floats(0.1, 100), st.integers(1, 50), GAPS)
def test_never_more_than_the_rate_and_a_burst(rate: float, burst: int, gaps: list[float]) -> None:
    """In any stretch of time, not only from the beginning."""
    bucket, now, taken = TokenBucket(rate, burst, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        while bucket.available(now) >= 1 and len(taken) < 2000:
            bucket.take(now)
            taken.append(now)
    for first in range(0, len(taken), 7):
        for last in range(first, len(taken), 7):
            assert last - first + 1 <= burst + rate * (taken[last] - taken[first]) + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 50), GAPS)
def test_after_the_wait_there_is_a_token(rate: float, burst: int, gaps: list[float]) -> None:
    bucket, now = TokenBucket(rate, burst, 0.0), 0.0
    for gap in gaps:
        now += gap
        bucket.take(now)
        wait = bucket.wait(now)
        assert bucket.available(now + wait) >= 1 - 1e-6
        assert (wait == 0) is (bucket.available(now) >= 1)
        if wait > 1e-3:
            assert bucket.available(now + wait / 2) < 1


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1.0, 5, 100.0)
    for _ in range(5):
        bucket.take(100.0)
    bucket.take(50.0)
    assert bucket.available(100.0) == -1
    assert bucket.available(103.0) == 2


# A window


@given(st.integers(1, 30), st.floats(1, 100), st.lists(st.floats(0, 20), max_size=120))
def test_in_any_window_there_are_at_most_so_many(count: int, seconds: float, gaps: list[float]) -> None:
    window, now, taken = Window(count, seconds), 0.0, []
    for gap in gaps:
        now += gap
        if window.wait(now) <= 0:
            window.take(now)
            taken.append(now)
    for first in taken:
        assert sum(first <= at < first + seconds - 1e-6 for at in taken) <= count


def test_a_window_is_exact() -> None:
    window = Window(3, 60.0)
    for now in (0.0, 10.0, 20.0):
        assert window.wait(now) == 0
        window.take(now)
    assert window.wait(20.0) == 40.0
    assert window.wait(59.0) == 1.0
    assert window.wait(60.0) == 0
    window.take(60.0)
    assert window.wait(60.0) == 10.0


# A chat


def test_a_chat_gets_a_burst_and_then_its_rate() -> None:
    pace = Pace(Limits(chat_rate=1.0, chat_burst=3), 0.0)
    for _ in range(3):
        assert pace.chat_wait("a", False, 0.0) == 0
        pace.sent("a", False, ANSWER, 0.0)
    assert pace.chat_wait("a", False, 0.0) == 1.0
    assert pace.chat_wait("a", False, 0.6) == pytest.approx(0.4)
    assert pace.chat_wait("a", False, 1.0) == 0
    assert pace.chat_wait("b", False, 0.0) == 0


def test_a_group_has_a_window_beside_its_rate() -> None:
    pace = Pace(Limits(chat_rate=1.0, chat_burst=1, group_count=2, group_seconds=60.0), 0.0)
    pace.sent("nhom", True, ANSWER, 0.0)
    assert pace.chat_wait("nhom", True, 0.0) == 1.0
    pace.sent("nhom", True, ANSWER, 1.0)
    assert pace.chat_wait("nhom", True, 2.0) == 58.0
    assert pace.chat_wait("nhom", True, 60.0) == 0


def test_a_refused_chat_waits_as_long_as_it_was_told() -> None:
    pace = Pace(WIDE, 0.0)
    pace.refused("a", False, 30.0, 10.0)
    assert pace.chat_wait("a", False, 10.0) == 30.0
    assert pace.chat_wait("a", False, 40.0) == 0
    assert pace.chat_wait("b", False, 10.0) == 0
    assert running(pace, 10.0) == [*CLASSES]


def test_not_every_chat_that_ever_was_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST_CHATS", 3)
    pace = Pace(Limits(chat_rate=1.0, chat_burst=1), 0.0)
    pace.sent("a", False, ANSWER, 0.0)
    for chat in ("b", "c"):
        pace.sent(chat, False, ANSWER, 0.0)
    assert pace.chat_wait("a", False, 0.0) == 1.0
    pace.sent("d", False, ANSWER, 0.0)
    assert len(pace._chats) == 3
    assert pace.chat_wait("a", False, 0.0) == 1.0
    assert pace.chat_wait("b", False, 0.0) == 0


# An account


@given(
    st.floats(0.5, 40),
    st.integers(1, 40),
    st.integers(0, 10),
    st.floats(0.1, 1),
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from(CLASSES)), max_size=30),
)
def test_an_account_never_sends_more_than_its_share(
    rate: float, burst: int, reserve: int, share: float, steps: list[tuple[float, int]]
) -> None:
    pace = Pace(replace(WIDE, rate=rate, burst=burst, reserve=reserve), 0.0, share)
    now, sent = 0.0, 0
    for gap, urgency in steps:
        now += gap
        sent += greedy(pace, urgency, now)
        assert sent <= max(burst * share, 1.0) + rate * share * now + 1e-6


def test_a_reserve_is_kept_for_answers() -> None:
    pace = Pace(replace(WIDE, rate=1, burst=10, reserve=4), 0.0)
    assert [greedy(pace, urgency, 0.0) for urgency in (BROADCAST, REPORT, ANSWER)] == [6, 0, 4]
    assert [pace.wait(urgency, 0.0) for urgency in (ANSWER, REPORT)] == [1.0, 5.0]
    assert pace.room(REPORT, 4.9) == 0
    assert pace.room(REPORT, 5.0) == 1


@given(st.floats(0.1, 100), st.integers(1, 100), st.integers(0, 50), st.floats(0.01, 1), st.sampled_from(CLASSES))
def test_no_class_ever_waits_for_ever(rate: float, burst: int, reserve: int, share: float, urgency: int) -> None:
    """However slow the account, however many share it, and however much is kept for answers."""
    pace = Pace(replace(WIDE, rate=rate, burst=burst, reserve=reserve, paid_rate=0.0), 0.0, share)
    greedy(pace, ANSWER, 0.0)
    wait = pace.wait(urgency, 0.0)
    assert math.isfinite(wait)
    assert pace.room(urgency, wait + 0.001) >= 1


@pytest.mark.parametrize("paid_rate", [0.2, 1.0, 1000.0])
def test_paid_broadcasts_have_a_rate_of_their_own(paid_rate: float) -> None:
    pace = Pace(replace(WIDE, rate=10, burst=10, paid_rate=paid_rate), 0.0)
    assert greedy(pace, BROADCAST, 0.0) == max(int(paid_rate), 1)
    assert greedy(pace, ANSWER, 0.0) == 10
    assert pace.wait(BROADCAST, 0.0) == pytest.approx(1 / paid_rate)
    assert pace.room(BROADCAST, 1 / paid_rate + 0.001) >= 1


@pytest.mark.parametrize(("share", "sent"), [(1.0, 30), (0.5, 15), (0.25, 7), (0.01, 1)])
def test_a_share_is_a_part_of_everything(share: float, sent: int) -> None:
    pace = Pace(replace(WIDE, rate=30, burst=30), 0.0)
    pace.divide(share, 0.0)
    assert greedy(pace, ANSWER, 0.0) == sent
    assert pace.wait(ANSWER, 0.0) <= 1 / (30 * share)


@pytest.mark.parametrize("urgency", [ANSWER, BROADCAST])
def test_who_shares_anew_does_not_begin_anew(urgency: int) -> None:
    """However often processes come and go, an account sends a burst once."""
    pace = Pace(replace(WIDE, rate=10, burst=10, paid_rate=10), 0.0)
    assert greedy(pace, urgency, 0.0) == 10
    for share in (0.5, 1.0, 0.25, 1.0):
        pace.divide(share, 0.0)
        assert (pace.room(urgency, 0.0), pace.wait(urgency, 0.0)) == (0, 1 / (10 * share))
    assert [pace.room(urgency, now) for now in (0.5, 1.0, 9.0)] == [5, 10, 10]


def test_another_share_is_as_full_as_the_one_before() -> None:
    pace = Pace(replace(WIDE, rate=10, burst=10), 0.0)
    greedy(pace, ANSWER, 0.0)
    pace.divide(0.5, 0.6)
    assert pace.room(ANSWER, 0.6) == 3
    pace.divide(1.0, 0.6)
    assert pace.room(ANSWER, 0.6) == 6


# Refusals


def refuse(pace: Pace, now: float, *chats: str, seconds: float = 60.0) -> None:
    for chat in chats:
        pace.refused(chat, False, seconds, now)


def test_three_chats_refused_in_a_short_time_stop_broadcasts_for_the_longest_of_them() -> None:
    pace = Pace(WIDE, 0.0)
    refuse(pace, 0.0, "a", seconds=10)
    refuse(pace, 1.0, "b", seconds=60)
    assert running(pace, 1.0) == [*CLASSES]
    refuse(pace, 2.0, "c", seconds=5)
    assert running(pace, 2.0) == running(pace, 60.9) == [ANSWER, REPORT]
    assert pace.wait(BROADCAST, 2.0) == 59.0
    assert running(pace, 61.0) == [*CLASSES]


def test_the_next_three_stop_reports_too_and_answers_probe() -> None:
    pace = Pace(replace(WIDE, paid_rate=1000), 0.0)
    refuse(pace, 0.0, "a", "b", "c")
    refuse(pace, 1.0, "d", "e", "f")
    assert running(pace, 1.0) == [ANSWER]
    assert (pace.wait(BROADCAST, 1.0), pace.wait(REPORT, 1.0)) == (60.0, 60.0)
    assert sum(greedy(pace, ANSWER, 1.0 + tenth / 10) for tenth in range(500)) == pytest.approx(50 * PROBE_RATE, abs=1)
    assert pace.wait(ANSWER, 51.0) <= 1 / PROBE_RATE
    assert all(pace.room(urgency, 61.0) > 100 for urgency in CLASSES)


@pytest.mark.parametrize(
    "times_and_chats",
    [
        [(0.0, "a"), (1.0, "a"), (2.0, "a"), (3.0, "b")],
        [(0.0, "a"), (1.0, "b"), (REFUSAL_WINDOW + 0.1, "c")],
    ],
    ids=["the same chat", "too far apart"],
)
def test_it_takes_three_chats_in_a_short_time(times_and_chats: list[tuple[float, str]]) -> None:
    pace = Pace(WIDE, 0.0)
    for now, chat in times_and_chats:
        refuse(pace, now, chat)
    assert running(pace, times_and_chats[-1][0]) == [*CLASSES]


def test_when_it_is_over_the_next_three_stop_broadcasts_only() -> None:
    pace = Pace(WIDE, 0.0)
    refuse(pace, 0.0, "a", "b", "c", seconds=10)
    refuse(pace, 20.0, "a", "b", "c", seconds=10)
    assert running(pace, 20.0) == [ANSWER, REPORT]
    assert pace.wait(BROADCAST, 20.0) == 10.0
