"""Practice: what is asked, when it comes again, and what it gives away."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.context import Context
from handlers.quiz import bank, practice
from handlers.quiz.rounds import Rules
from storage import merging, personal, quiz_practice, quiz_rounds
from tests.conversations import Conversation, hold, read
from tests.quizzes import BANK, QUESTIONS, console_of, joined, office, place, planned, run_due

pytestmark = pytest.mark.every_channel

PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)


@pytest.fixture
def an(context: Context) -> Conversation:
    return joined(context, "an", office(context))


def later(who: Conversation, days: int) -> None:
    who.wait(dt.timedelta(days=days))


def asked(who: Conversation) -> int:
    """The question that is asked now."""
    shown = practice.practise(who.context.scene)
    assert shown is not None
    return shown.card.question


def answer(who: Conversation, *, right: bool) -> int:
    """Practise one question; return in how many days it comes again."""
    shown = practice.practise(who.context.scene)
    assert shown is not None
    best = shown.question.right if shown.question.several else shown.question.right[:1]
    wrong = [place for place in shown.order if place not in shown.question.right][:1]
    done = practice.answer(who.context.scene, shown.card.question, shown.card.times, best if right else wrong)
    assert done is not None
    return done.again_in


def test_one_question_at_a_time_with_its_rule(context: Context, an: Conversation) -> None:
    (reply,) = an.say("/luyentap")
    assert "Luyện tập: Chia sẻ" in read(reply)
    (reply,) = an.press(an.menus[-1], next(at for at, one in enumerate(reply.buttons) if one.data["option"] == 1))
    said = read(reply)
    assert said.index("Đúng.") < said.index("hỏi lại sau 3 ngày") < said.index("Luyện tập: Tài khoản")
    hold(an, [("xong", "chọn phương án trước")])
    options = [one.data.get("option") for one in reply.buttons]
    an.say(str(options.index(2) + 1))
    (reply,) = an.say("xong")
    assert "Chưa đúng." in read(reply)
    assert "hỏi lại sau 1 ngày" in read(reply)


def test_what_was_wrong_in_a_round_comes_first_then_its_topic(context: Context, an: Conversation) -> None:
    # A fourth question of the topic that is about to go wrong.
    also = replace(QUESTIONS[2], text="Trang thật có tên cơ quan.", name="c4")
    planned(context, PLAIN)
    run_due(context)
    bank.replace_bank(console_of(context), BANK, [*QUESTIONS, also])
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "B"):
        an.say(said)
    assert asked(an) == 3
    answer(an, right=True)
    assert asked(an) == 4


def test_a_wrong_answer_comes_again_the_next_day_a_right_one_always_later(context: Context, an: Conversation) -> None:
    first = asked(an)
    assert answer(an, right=False) == 1
    assert asked(an) != first
    assert [answer(an, right=True) for _ in range(2)] == [3, 3]
    hold(an, [("luyện tập", "Từ ngày 22/11, anh/chị gõ “luyện tập” để ôn lại.")])
    gaps = []
    later(an, 1)
    assert asked(an) == first
    for _ in range(6):
        gap = answer(an, right=True)
        gaps.append(gap)
        context.database.run("DELETE FROM quiz_practice WHERE question_id <> :first", {"first": first})
        context.database.run("UPDATE quiz_questions SET retired_at = 'x' WHERE id <> :first", {"first": first})
        later(an, gap - 1)
        assert practice.practise(an.context.scene) is None
        later(an, 1)
        assert asked(an) == first
    assert gaps == [3, 7, 16, 35, 90, 90]
    assert answer(an, right=False) == 1


def test_no_question_of_a_round_that_is_not_finished(context: Context, an: Conversation) -> None:
    number = planned(context, PLAIN)
    run_due(context)
    hold(an, [("luyện tập", "Chưa có câu hỏi nào để luyện tập.")])
    quiz_rounds.set_state(context.database, number, "closed")
    hold(an, [("luyện tập", "Luyện tập: Chia sẻ")])


def test_ten_a_day_are_enough(context: Context, an: Conversation) -> None:
    many = [replace(QUESTIONS[2], text=f"Điều thứ {number}.", name=f"n{number}") for number in range(12)]
    bank.replace_bank(console_of(context), BANK, many)
    for _ in range(practice.MOST_A_DAY):
        answer(an, right=True)
    hold(an, [("luyện tập", "Hôm nay anh/chị đã luyện 10 câu, thế là đủ.")])
    later(an, 1)
    hold(an, [("luyện tập", "Luyện tập: Trang")])


def test_pressed_twice_or_late_counts_once(context: Context, an: Conversation) -> None:
    an.say("luyện tập")
    menu, number = an.menus[-1], asked(an)
    an.tap(menu, 0)
    before = quiz_practice.card(context.database, an.context.person, number)
    an.tap(menu, 1)
    assert quiz_practice.card(context.database, an.context.person, number) == before
    assert practice.answer(an.context.scene, number, 0, [0]) is None


def test_nobody_practises_who_has_not_joined(context: Context) -> None:
    office(context)
    stranger = Conversation(replace(context, person=0, address=place("la")), place("la"))
    hold(stranger, [("/luyentap", "Việc này dành cho người đã tham gia")])


def test_it_goes_with_the_person(context: Context, an: Conversation) -> None:
    also = joined(context, "cung-an", 2)
    answer(an, right=True)
    answer(also, right=False)
    answer(also, right=False)
    merging.merge(context.database, also.context.person, an.context.person)
    rows = context.database.rows("SELECT person_id, question_id, level FROM quiz_practice ORDER BY question_id")
    assert [tuple(row.values()) for row in map(dict, rows)] == [(an.context.person, 1, 1), (an.context.person, 2, 0)]
    personal.erase(context.database, an.context.person)
    assert context.database.rows("SELECT 1 AS one FROM quiz_practice") == []
