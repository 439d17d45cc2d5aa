from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import flood
from bot.flood import BURST, CALM, RATE, FloodGuard, Verdict, pause
from storage.people import Address
from tests.helpers import NOW, place

HEAR, WARN, DROP = Verdict.HEAR, Verdict.WARN, Verdict.DROP


def judge(guard: FloodGuard, seconds: float = 0, at: Address | None = None) -> Verdict:
    """Judge a message that was sent so many seconds after NOW."""
    return guard.judge(at or place(), NOW + dt.timedelta(seconds=seconds))


def test_a_burst_is_heard_then_one_is_warned_and_the_others_dropped() -> None:
    guard = FloodGuard()
    assert [judge(guard) for _ in range(BURST + 5)] == [HEAR] * BURST + [WARN] + [DROP] * 4


def test_who_writes_slowly_is_always_heard() -> None:
    guard = FloodGuard()
    assert {judge(guard, number / RATE) for number in range(1000)} == {HEAR}


def test_who_was_warned_is_heard_again_after_the_pause_that_was_named() -> None:
    guard = FloodGuard()
    for _ in range(BURST + 1):
        judge(guard)
    assert judge(guard, pause() - 0.1) is DROP
    assert judge(guard, pause()) is HEAR


def test_the_next_flood_is_warned_of_anew() -> None:
    guard = FloodGuard()
    for _ in range(BURST + 1):
        judge(guard)
    assert [judge(guard, pause()) for _ in range(CALM + 3)] == [HEAR] * CALM + [WARN, DROP, DROP]


@pytest.mark.parametrize(
    "other", [place(sender="nguoi-khac"), place(account="bot-2"), place(channel="khac")], ids=lambda at: str(at.sender)
)
def test_somebody_else_is_judged_alone(other: Address) -> None:
    guard = FloodGuard()
    for _ in range(BURST + 1):
        judge(guard)
    assert judge(guard, at=other) is HEAR


def test_a_flood_over_several_chats_is_one() -> None:
    guard = FloodGuard()
    verdicts = [judge(guard, at=place(f"chat-{number}")) for number in range(BURST + 2)]
    assert verdicts[-2:] == [WARN, DROP]


def test_what_is_forgotten_begins_anew() -> None:
    guard = FloodGuard()
    for _ in range(BURST + 1):
        judge(guard)
    guard.forget(place("another-chat"))
    assert judge(guard) is HEAR
    guard.forget(place(sender="never-seen"))


def test_not_everybody_who_ever_wrote_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those who wrote last; who is forgotten is heard."""
    monkeypatch.setattr(flood, "MOST_PEOPLE", 3)
    guard = FloodGuard()
    for _ in range(BURST + 1):
        judge(guard)
    for number in range(2):
        judge(guard, at=place(sender=f"nguoi-{number}"))
    assert judge(guard) is DROP
    for number in range(3):
        judge(guard, at=place(sender=f"nguoi-moi-{number}"))
    assert len(guard._senders) == 3
    assert judge(guard) is HEAR


@given(st.lists(st.floats(0, 300), max_size=200))
def test_never_more_is_heard_than_the_burst_and_what_came_back(times: list[float]) -> None:
    """In whatever order the messages come, and whenever they say that they were sent."""
    guard = FloodGuard()
    verdicts = [judge(guard, seconds) for seconds in times]
    span = max(times, default=0) - min(times, default=0)
    assert verdicts.count(HEAR) <= BURST + RATE * span + 1e-6
    for earlier, verdict in itertools.pairwise(verdicts):
        if verdict is WARN:
            assert earlier is HEAR


def test_a_clock_that_is_ahead_makes_nobody_a_flood() -> None:
    """Presses come with the time of this machine, messages with the messenger's."""
    guard = FloodGuard()
    ahead = dt.timedelta(minutes=10)
    for number in range(40):
        sent = NOW + dt.timedelta(seconds=25 * number)
        assert guard.judge(place(), sent + ahead, sent) is Verdict.HEAR
        assert guard.judge(place(), sent + ahead + dt.timedelta(seconds=5)) is Verdict.HEAR
