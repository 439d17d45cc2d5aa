"""When people are told of a round: while the office works, whenever the round itself opens and closes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.context import Context
from handlers.people import service
from handlers.quiz import rounds
from handlers.quiz.rounds import Rules
from storage import quiz_rounds
from tests.conversations import Conversation, hold, read
from tests.quizzes import console_of, joined, office, planned, run_due

pytestmark = pytest.mark.every_channel

PATIENT = Rules(draw=0, shuffle=False, pass_mark=60)
AT_ANY_HOUR = replace(PATIENT, any_hour=True)
HOUR = dt.timedelta(hours=1)


def at(context: Context, clock: str) -> Context:
    """The same at another time by the clock of the office."""
    here = dt.datetime.fromisoformat(clock).replace(tzinfo=context.zone)
    return replace(context, now=here.astimezone(dt.UTC))


def told(context: Context, since: str, until: str) -> list[tuple[str, str]]:
    """What people are told of rounds while the scheduler looks every quarter of an hour: (when, how it is called)."""
    found: list[tuple[str, str]] = []
    now, end = at(context, since), at(context, until)
    while now.now <= end.now:
        clock = f"{now.now.astimezone(context.zone):%Y-%m-%d %H:%M}"
        words = {"Mời anh/chị làm": "announced", "chưa làm xong": "reminded"}
        for reply in run_due(now):
            found.append((clock, next(name for said, name in words.items() if said in read(reply))))
        now = replace(now, now=now.now + HOUR / 4)
    return found


@pytest.fixture
def an(context: Context) -> Conversation:
    return joined(context, "an", office(context))


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        # In the week: a day before it closes.
        ("2026-11-23 10:00", "2026-11-26 10:00", ["23 10:00 announced", "25 10:00 reminded"]),
        # At night, at noon, on a Saturday: when the office works again.
        ("2026-11-23 22:00", "2026-11-26 10:00", ["24 07:30 announced", "25 10:00 reminded"]),
        ("2026-11-23 12:00", "2026-11-26 10:00", ["23 13:30 announced", "25 10:00 reminded"]),
        ("2026-11-21 08:00", "2026-11-27 17:00", ["23 07:30 announced", "27 07:30 reminded"]),
        # It closes on a Sunday: the last hour of work before.
        ("2026-11-23 08:00", "2026-11-29 17:00", ["23 08:00 announced", "27 16:00 reminded"]),
        # Announced late, it is not half over at once.
        ("2026-11-21 08:00", "2026-11-23 17:00", ["23 07:30 announced", "23 13:30 reminded"]),
        # There is no time of work until it closes: announced at once, and nobody is reminded.
        ("2026-11-21 20:00", "2026-11-22 20:00", ["21 20:00 announced"]),
        ("2026-11-20 16:30", "2026-11-22 17:00", ["20 16:30 announced"]),
        # So near to its end that nobody could take it.
        ("2026-11-21 20:00", "2026-11-23 07:35", ["21 20:00 announced"]),
    ],
)
def test_people_are_told_when_the_office_works(
    context: Context, an: Conversation, opens: str, closes: str, expected: list[str]
) -> None:
    here = at(context, opens)
    planned(here, PATIENT, closes=(at(context, closes).now - here.now) / HOUR)
    assert [f"{clock[8:]} {name}" for clock, name in told(context, opens, closes)] == expected


def test_a_round_says_that_it_may_at_any_hour(context: Context, an: Conversation) -> None:
    planned(at(context, "2026-11-21 22:00"), AT_ANY_HOUR, closes=36)
    assert told(context, "2026-11-21 22:00", "2026-11-23 10:00") == [
        ("2026-11-21 22:00", "announced"),
        ("2026-11-22 16:00", "reminded"),
    ]


def test_it_is_open_before_people_are_told(context: Context, an: Conversation) -> None:
    night = at(context, "2026-11-23 22:00")
    number = planned(night, PATIENT)
    assert run_due(night) == []
    found = quiz_rounds.get(context.database, number)
    assert found is not None
    assert found.state == "open"
    an.context = replace(an.context, now=night.now)
    hold(an, [("trắc nghiệm", "Đợt một"), ("1", "Câu 1/3")])


def test_who_has_finished_at_night_is_not_invited_in_the_morning(context: Context, an: Conversation) -> None:
    night = at(context, "2026-11-23 22:00")
    planned(night, PATIENT)
    run_due(night)
    an.context = replace(an.context, now=night.now)
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "A"):
        an.say(said)
    assert told(context, "2026-11-23 22:00", "2026-11-25 22:00") == []


def test_a_round_that_is_closed_at_night_is_not_announced_any_more(context: Context, an: Conversation) -> None:
    night = at(context, "2026-11-23 22:00")
    number = planned(night, PATIENT)
    run_due(night)
    rounds.close_round(console_of(night), number)
    assert told(context, "2026-11-24 07:30", "2026-11-25 23:00") == []


def test_a_reminder_that_is_late_waits_for_the_morning(context: Context, an: Conversation) -> None:
    opens = at(context, "2026-11-23 10:00")
    planned(opens, PATIENT, closes=72)
    assert len(run_due(opens)) == 1
    # Nothing ran when it was due, on the 25th at ten.
    assert told(context, "2026-11-25 19:00", "2026-11-26 09:45") == [("2026-11-26 07:30", "reminded")]


@pytest.fixture
def chief(context: Context) -> Conversation:
    conversation = joined(context, "quan-tri", office(context))
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


PLANNED = ("đợt trắc nghiệm", "1", "Một", "1", "1", "tất cả")


@pytest.mark.parametrize(
    ("clock", "days", "shown"),
    [
        ("2026-11-23 10:00", ("ngay", "27/11"), ""),
        ("2026-11-21 21:00", ("ngay", "27/11"), "ngoài giờ làm việc nên lời mời gửi lúc 07:30 ngày 23/11/2026."),
        ("2026-11-23 10:00", ("28/11", "2/12"), "ngoài giờ làm việc nên lời mời gửi lúc 07:30 ngày 30/11/2026."),
        ("2026-11-23 10:00", ("28/11", "29/11"), "đóng trước giờ làm việc kế tiếp nên lời mời gửi ngay khi mở."),
    ],
)
def test_the_administrator_sees_it_before_and_after(
    context: Context, chief: Conversation, clock: str, days: tuple[str, str], shown: str
) -> None:
    here = at(context, clock)
    chief.context = replace(chief.context, now=here.now)
    for said in (*PLANNED, *days):
        chief.say(said)
    for said in ("cả cơ quan", "có"):
        (reply,) = chief.say(said)
        assert ("lời mời gửi" in read(reply)) == bool(shown)
        assert shown in read(reply)


def test_the_administrator_chooses_any_hour(context: Context, chief: Conversation) -> None:
    here = at(context, "2026-11-21 21:00")
    chief.context = replace(chief.context, now=here.now)
    for said in (*PLANNED, "ngay", "27/11", "cả cơ quan"):
        chief.say(said)
    hold(
        chief,
        [
            ("đổi cách làm", "phần trăm thì đạt"),
            ("80", "mấy lần"),
            ("1", "Giải thích lúc nào"),
            ("1", "kết quả từng người"),
            ("không", "ô trắc nghiệm của Telegram"),
            ("không", "cả ngoài giờ làm việc?"),
            ("có", "Gửi cả ngoài giờ làm việc."),
            ("có", "Đã lập “Một”"),
        ],
    )
    assert len(run_due(here)) == 1
