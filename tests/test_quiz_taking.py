"""Taking a quiz, as conversations."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Literal

import pytest

from handlers.context import Context
from handlers.conversation import Manner, Reply
from handlers.errors import NotAllowed, NotFound, NotPossible
from handlers.people import service
from handlers.quiz import bank, dialogue, results, rounds, schedule
from handlers.quiz.question import LONGEST_OPTION, LONGEST_TEXT, Option, Question
from handlers.quiz.rounds import Rules
from handlers.router import draw
from storage import members, merging, personal, quiz_attempts, quiz_people, quiz_rounds, quizzes
from storage.people import person_at
from storage.selections import EVERYBODY
from tests.conftest import NOW
from tests.conversations import Conversation, hold, read, whole
from tests.quizzes import BANK, QUESTIONS, console_of, joined, office, place, planned, run_due

pytestmark = pytest.mark.every_channel

# In the order of the bank, so that the tables below can be read.
PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


@pytest.fixture
def an(context: Context, unit: int) -> Conversation:
    return joined(context, "an", unit)


def opened(context: Context, rules: Rules = PLAIN, **times: float) -> tuple[int, list[Reply]]:
    number = planned(context, rules, **times)
    return number, run_due(context)


def attempts(conversation: Conversation, number: int) -> list[quiz_attempts.Attempt]:
    return list(quiz_attempts.of_person(conversation.context.database, number, conversation.context.person))


def chosen(conversation: Conversation, number: int) -> list[tuple[int, ...] | None]:
    (attempt,) = attempts(conversation, number)
    return [one.chosen for one in quiz_attempts.answers_of(conversation.context.database, attempt.id)]


def test_a_whole_round(context: Context, an: Conversation) -> None:
    _, sent = opened(context)
    assert [reply.to for reply in sent] == [place("an")]
    assert "Mời anh/chị làm 3 câu trắc nghiệm" in read(sent[0])
    assert [button.action for button in sent[0].buttons] == ["quiz.start"]
    hold(
        an,
        [
            ("trắc nghiệm", "Làm bài: Đợt một, đến 10:00 ngày 23/11/2026"),
            ("1", "Câu 1/3\nThấy tin chưa rõ nguồn thì làm gì?"),
            ("B", "Đúng.\nNguồn phải đáng tin cậy.\n\nKhoản 4 Điều 4, QĐ 874/QĐ-BTTTT"),
        ],
    )
    assert "Câu 2/3" in whole(an.say("1")[0])
    hold(an, [("2", "✓ B. Nhà cung cấp"), ("xong", "Đúng.\nBáo nhanh.")])
    (end,) = an.say("B")
    assert "Chưa đúng. Đáp án: A. Đúng\nMục 3 nói rõ." in read(end)
    assert "Phải có bộ phận quản lý" in read(end)
    assert "Xong. Anh/chị đạt.\nĐợt một: 2/3 câu (66%), đạt từ 60%." in read(end)
    assert "Câu chưa đúng: 3." in read(end)
    hold(an, [("xem lại câu chưa đúng", "Câu 3. Trang của cơ quan phải có bộ phận quản lý.")])


def test_explanation_and_next_question_are_one_message(context: Context, an: Conversation) -> None:
    opened(context)
    hold(an, [("/tracnghiem", "Làm bài"), ("1", "Câu 1/3")])
    (reply,) = an.say("4")
    said = whole(reply)
    assert said.index("Chưa đúng. Đáp án: B. Xem lại nguồn") < said.index("Chưa nên.") < said.index("Câu 2/3")
    assert "“Chia sẻ những thông tin có nguồn chính thống, đáng tin cậy.”" in said
    # What was replaced says so to the person, too.
    assert "đã được thay thế bằng QĐ 423/QĐ-BVHTTDL" in said


def test_options_carry_letters_and_stand_in_the_text(context: Context, an: Conversation) -> None:
    opened(context)
    an.say("trắc nghiệm")
    (reply,) = an.say("1")
    assert [button.label for button in reply.buttons] == ["A", "B", "C", "D"]
    assert [button.full for button in reply.buttons][:2] == ["A. Chia sẻ ngay", "B. Xem lại nguồn"]


def test_explained_at_the_end(context: Context, an: Conversation) -> None:
    opened(context, replace(PLAIN, explain="end"))
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3")])
    (second,) = an.say("A")
    assert "Đáp án" not in whole(second)
    an.say("A")
    an.say("B")
    an.say("Xong")
    (end,) = an.say("A")
    assert "Xong. Anh/chị đạt." in read(end)
    assert "Câu 1. Thấy tin chưa rõ nguồn thì làm gì?\nChưa đúng. Đáp án: B. Xem lại nguồn" in read(end)
    assert "Khoản 4 Điều 4" in read(end)
    assert "Câu 3." not in read(end)


@pytest.mark.parametrize("typed", ["đáp án B", "dap an b", "câu b", "em chọn B", "phương án B ạ", "B.", "b"])
def test_a_letter_in_a_few_words(context: Context, an: Conversation, typed: str) -> None:
    number, _ = opened(context)
    an.say("trắc nghiệm")
    an.say("1")
    an.write(typed.removesuffix(" ạ"))
    assert chosen(an, number) == [(1,), None]


def test_in_the_end_each_rule_is_quoted_once(context: Context, unit: int, an: Conversation) -> None:
    rule = QUESTIONS[0].provisions
    bank.replace_bank(console_of(context), BANK, [QUESTIONS[0], replace(QUESTIONS[2], provisions=rule)])
    opened(context, replace(PLAIN, explain="end"))
    for said in ("trắc nghiệm", "1", "A"):
        an.say(said)
    (end,) = an.say("B")
    assert read(end).count("Chưa đúng. Đáp án:") == 2
    assert read(end).count("Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT\n") == 1


@pytest.mark.parametrize("typed", ["xong", "Xong rồi", "em làm xong rồi ạ"])
def test_done_is_no_cry_for_help(context: Context, an: Conversation, typed: str) -> None:
    hold(an, [(typed, "Dạ vâng.")])


def test_left_and_resumed_days_later(context: Context, an: Conversation) -> None:
    number, _ = opened(context, closes=24 * 9)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3"), ("B", "Câu 2/3")])
    hold(an, [("điều 4 khoản 3", "Khoản 3 Điều 4")])
    an.wait(dt.timedelta(days=8))
    hold(an, [("trắc nghiệm", "Làm tiếp: Đợt một"), ("1", "Câu 2/3")])
    assert chosen(an, number) == [(1,), None]


def test_resumed_in_another_messenger(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3")])
    old = an.menus[-1]
    other = Conversation(an.context, place("an", "khac"))
    database = context.database
    database.run(
        "INSERT INTO addresses (channel, account, chat, sender, person_id)"
        " VALUES ('khac', 'bot-1', 'chat-an', 'an', :p)",
        {"p": an.context.person},
    )
    hold(other, [("trắc nghiệm", "Làm tiếp"), ("1", "Câu 1/3"), ("B", "Câu 2/3")])
    (late,) = an.press(old, 3)
    assert late.manner is Manner.PASSING
    assert "Câu này anh/chị đã trả lời" in read(late)
    assert chosen(an, number) == [(1,), None]


def test_presses_twice_and_late_change_nothing(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3")])
    first = an.menus[-1]
    assert "Câu 2/3" in whole(an.press(first, 1)[0])
    for _ in range(3):
        for option in range(4):
            (again,) = an.tap(first, option)
            assert again.manner is Manner.PASSING
    assert chosen(an, number) == [(1,), None]


@pytest.mark.parametrize("pressed", [0, 1, 2, 3])
def test_a_question_that_is_shown_twice_is_answered_once(context: Context, an: Conversation, pressed: int) -> None:
    number, _ = opened(context)
    an.say("trắc nghiệm")
    an.say("1")
    first = an.menus[-1]
    an.say("trắc nghiệm")
    an.say("1")
    an.press(an.menus[-1], 1)
    an.press(first, pressed)
    assert chosen(an, number) == [(1,), None]


def test_several_are_marked_and_marks_taken_away(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3"), ("B", "Chọn mọi phương án đúng")])
    hold(
        an,
        [
            ("xong", "Anh/chị chọn phương án trước"),
            ("trắc nghiệm", "Làm tiếp"),
            ("1", "Câu 2/3"),
            ("3", "✓ C. Người bán máy"),
            ("1", "✓ A. Cơ quan chức năng"),
            ("3", "C. Người bán máy"),
            ("xong", "Đúng một phần. Đáp án: A. Cơ quan chức năng; B. Nhà cung cấp"),
        ],
    )
    assert chosen(an, number)[1] == (0,)


def test_it_closes_by_the_clock_even_if_nothing_ran(context: Context, an: Conversation) -> None:
    number, _ = opened(context, closes=1)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3")])
    an.wait(dt.timedelta(hours=1))
    hold(an, [("B", "“Đợt một” đã đóng")])
    assert chosen(an, number) == [None]
    hold(an, [("trắc nghiệm", "Hiện không có bài trắc nghiệm nào")])


def test_again_where_it_is_allowed(context: Context, an: Conversation) -> None:
    number, _ = opened(context, replace(PLAIN, attempts=2))
    for said in ("trắc nghiệm", "1", "A", "C", "xong"):
        an.say(said)
    (end,) = an.say("B")
    assert "chưa đạt" in read(end)
    assert "Làm lại" in whole(end)
    hold(an, [("làm lại", "Câu 1/3"), ("B", "Đúng.")])
    for said in ("1", "2", "xong"):
        an.say(said)
    (end,) = an.say("A")
    assert "3/3 câu (100%)" in read(end)
    assert "Làm lại" not in whole(end)
    assert [one.passed for one in attempts(an, number)] == [False, True]


def test_of_two_people_who_are_one_the_attempt_that_is_open_goes_on(
    context: Context, unit: int, an: Conversation
) -> None:
    also = joined(context, "cung-an", unit)
    number, _ = opened(context)
    for conversation, all_said in ((an, ("B",)), (also, ("A", "3", "xong", "B"))):
        for said in ("trắc nghiệm", "1", *all_said):
            conversation.say(said)
    merging.merge(context.database, also.context.person, an.context.person)
    hold(an, [("trắc nghiệm", "Làm tiếp: Đợt một"), ("1", "Câu 2/3")])
    for said in ("1", "2", "xong", "A"):
        an.say(said)
    first, second = attempts(an, number)
    assert (first.score, second.score) == (1.0, 0.0)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("explain", ["each", "end"])
def test_the_longest_question_reaches_everybody_in_full(
    context: Context, unit: int, an: Conversation, explain: Literal["each", "end"], several: bool
) -> None:
    words = "Phương án dài ví dụ. "
    options = tuple(
        Option(f"{number}. {words * 30}"[:LONGEST_OPTION].strip(), 100.0 - 50 * several if right else 0.0, "Nhận xét. ")
        for number, right in zip(range(10), (True, several, *[False] * 8), strict=True)
    )
    longest = Question(
        ("Câu hỏi dài ví dụ. " * 99)[:LONGEST_TEXT].strip(), options, several=several,
        explanation=("Giải thích dài. " * 99)[:1_000].strip(),
        provisions=("qd-874-2021/dieu-4/khoan-4", "qd-874-2021/dieu-4/khoan-3"),
    )  # fmt: skip
    bank.replace_bank(console_of(context), BANK, [longest])
    opened(context, replace(PLAIN, explain=explain))
    an.say("trắc nghiệm")
    (shown,) = an.say("1")
    assert all(option.text in whole(shown) for option in options)
    for said in ("1", "2") if several else ():
        an.say(said)
    (ended,) = an.say("xong" if several else "A")
    assert "Anh/chị đạt" in read(ended)


def test_a_second_attempt_that_was_left_open_hides_no_result(context: Context, an: Conversation) -> None:
    number, _ = opened(context, replace(PLAIN, attempts=2))
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "A"):
        an.say(said)
    dialogue.act("start", {"round": number}, an.context)
    hold(an, [("trắc nghiệm", "Làm tiếp: Đợt một")])
    rounds.close_round(console_of(context), number)
    hold(an, [("trắc nghiệm", "Kết quả: Đợt một"), ("1", "Anh/chị đạt")])
    # The invitation that is pressed too late shows it, too.
    (shown,) = dialogue.act("start", {"round": number}, an.context)
    assert "Anh/chị đạt" in read(shown)
    assert "Giấy xác nhận kết quả" in whole(shown)


def test_an_attempt_that_is_open_when_the_round_closes_has_no_result(
    context: Context, unit: int, an: Conversation
) -> None:
    number, _ = opened(context)
    for said in ("trắc nghiệm", "1", "B"):
        an.say(said)
    rounds.close_round(console_of(context), number)
    hold(an, [("1", "“Đợt một” đã đóng"), ("trắc nghiệm", "Hiện không có bài")])
    with pytest.raises(NotPossible, match="round_closed"):
        dialogue.act("start", {"round": number}, an.context)
    found = results.see_results(console_of(context), None, number)
    assert (found.invited, found.whole.begun, found.whole.finished) == (1, 1, 0)


def test_who_has_taken_it_sees_his_result(context: Context, an: Conversation) -> None:
    _, sent = opened(context)
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "A"):
        an.say(said)
    hold(an, [("trắc nghiệm", "Kết quả: Đợt một"), ("1", "3/3 câu (100%)")])
    # The button of the announcement leads there as well.
    (again,) = dialogue.act("start", sent[0].buttons[0].data, an.context)
    assert "3/3 câu (100%)" in read(again)


def test_the_confirmation_is_a_picture_and_a_pdf(context: Context, an: Conversation) -> None:
    opened(context)
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "A"):
        an.say(said)
    (reply,) = an.say("giấy xác nhận kết quả")
    (file,) = reply.files
    assert (file.kind, file.name) == ("photo", "giay-xac-nhan-ket-qua.png")
    data = file.as_json()["data"]
    assert data["name"] == "Người an"
    assert ("Đơn vị", "Phòng Ví Dụ") in data["lines"]
    assert ("Kết quả", "3/3 câu (100%)") in data["lines"]
    assert data["result"] == "ĐẠT"
    assert "không thay văn bản có chữ ký" in data["foot"]
    assert draw(file.as_json()["drawing"], data).startswith(b"\x89PNG")
    (reply,) = an.say("1")
    (file,) = reply.files
    assert file.name.endswith(".pdf")
    assert draw(file.as_json()["drawing"], file.as_json()["data"]).startswith(b"%PDF")


# Rights


def test_nobody_else_takes_it_or_sees_it(context: Context, unit: int, an: Conversation) -> None:
    number, _ = opened(context)
    late = joined(context, "binh", unit)
    hold(late, [("trắc nghiệm", "Hiện không có bài trắc nghiệm nào")])
    with pytest.raises(NotFound):
        rounds.take(late.context.scene, number)
    an.say("trắc nghiệm")
    an.say("1")
    (own,) = attempts(an, number)
    for name, data in (("answer", {"place": 0, "option": 1}), ("result", {}), ("paper", {"form": "png"})):
        with pytest.raises(NotFound):
            dialogue.act(name, {"attempt": own.id, **data}, late.context)


def test_a_stranger_is_asked_nothing(context: Context, unit: int) -> None:
    number, _ = opened(context)
    person = person_at(context.database, place("la"), NOW.isoformat())
    stranger = Conversation(replace(context, person=person), place("la"))
    hold(stranger, [("trắc nghiệm", "Hiện không có bài")])
    stranger.context = replace(stranger.context, address=place("la"))
    with pytest.raises(NotAllowed):
        rounds.take(stranger.context.scene, number)


# Drawing


def test_each_is_asked_other_questions_and_always_the_same(context: Context, unit: int) -> None:
    people = [joined(context, f"nguoi{number}", unit) for number in range(12)]
    number, _ = opened(context, Rules(draw=2, any_hour=True))
    seen = set()
    for one in people:
        attempt = rounds.take(one.context.scene, number)
        assert len(attempt.questions) == 2
        assert len({question for question, _ in attempt.questions}) == 2
        assert rounds.take(one.context.scene, number) == attempt
        seen.add(attempt.questions)
        for question, order in attempt.questions:
            stored = quizzes.question(context.database, question)
            assert stored is not None
            assert sorted(order) == list(range(len(stored.content["options"])))
            if stored.key == "name:c3":
                assert order == (0, 1)
    assert len(seen) > 6


def test_a_bank_that_is_replaced_meanwhile_changes_nothing(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Thấy tin chưa rõ nguồn")])
    bank.replace_bank(console_of(context), BANK, [replace(QUESTIONS[0], text="Khác hẳn?")])
    hold(an, [("B", "Câu 2/3\nMất tài khoản thì báo ai?")])
    assert len(quiz_rounds.questions_of(context.database, number)) == 3


# What becomes due


def test_reminded_are_those_who_have_not_finished(context: Context, unit: int, an: Conversation) -> None:
    binh, chi = joined(context, "binh", unit), joined(context, "chi", unit)
    _, sent = opened(context)
    assert len(sent) == 3
    for said in ("trắc nghiệm", "1", "B", "1", "2", "xong", "A"):
        an.say(said)
    binh.say("trắc nghiệm")
    binh.say("1")
    later = replace(context, now=context.now + dt.timedelta(hours=24))
    sent = run_due(later)
    assert {reply.to for reply in sent} == {binh.address, chi.address}
    assert all("Đợt này đóng lúc 10:00 ngày 23/11/2026" in read(reply) for reply in sent)
    assert run_due(later) == []


def test_who_has_left_or_cannot_be_reached_is_not_told(context: Context, unit: int, an: Conversation) -> None:
    gone = joined(context, "di", unit)
    members.set_state(context.database, gone.context.person, "left", NOW.isoformat())
    context.database.run("DELETE FROM addresses WHERE person_id = :p", {"p": an.context.person})
    number, sent = opened(context)
    assert sent == []
    assert [person for person, _ in quiz_people.of_round(context.database, number)] == [an.context.person]


def test_whoever_leaves_stops_or_is_held_during_a_round_is_not_reminded(
    context: Context, unit: int, an: Conversation
) -> None:
    leaves, stops, held = (joined(context, name, unit) for name in ("binh", "chi", "dung"))
    also = person_at(context.database, place("dung", "khac"), NOW.isoformat())
    merging.merge(context.database, also, held.context.person)
    number, sent = opened(context)
    assert len(sent) == 4
    service.leave(console_of(context), leaves.context.person)
    stops.say("thôi nhận thông báo")
    context.database.run("UPDATE addresses SET held_at = :now WHERE channel = 'khac'", {"now": NOW.isoformat()})
    found = quiz_people.survey(context.database, EVERYBODY, context.today.isoformat())
    assert found == {("vidu", "bot-1"): 1, None: 2}
    sent = run_due(replace(context, now=context.now + dt.timedelta(hours=24)))
    assert [reply.to for reply in sent] == [an.address]
    # Who only wants to be left alone may take it as before.
    hold(stops, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3")])
    with pytest.raises(NotAllowed):
        rounds.take(leaves.context.scene, number)


def test_many_are_told_a_part_at_a_time(context: Context, unit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "ADDED_AT_ONCE", 7)
    monkeypatch.setattr(schedule, "TOLD_AT_ONCE", 4)
    people = [joined(context, f"nguoi{number}", unit) for number in range(30)]
    _, sent = opened(context)
    assert sorted(str(reply.to) for reply in sent) == sorted(str(one.address) for one in people)


def test_it_opens_and_closes_on_time(context: Context, an: Conversation) -> None:
    number, sent = opened(context, opens=2, closes=5)
    assert sent == []
    with pytest.raises(NotPossible, match="round_not_open"):
        rounds.take(an.context.scene, number)
    assert len(run_due(replace(context, now=context.now + dt.timedelta(hours=2)))) == 1
    # Nothing ran for days: it is closed now, and nobody is reminded of what is over.
    assert run_due(replace(context, now=context.now + dt.timedelta(days=4))) == []
    found = quiz_rounds.get(context.database, number)
    assert found is not None
    assert found.state == "closed"


def test_an_office_that_was_off_all_the_time_tells_nobody(context: Context, an: Conversation) -> None:
    number = planned(context, PLAIN, opens=1, closes=3)
    assert run_due(replace(context, now=context.now + dt.timedelta(days=1))) == []
    assert attempts(an, number) == []


def test_closed_before_its_time(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    rounds.close_round(console_of(context), number)
    with pytest.raises(NotPossible):
        rounds.close_round(console_of(context), number)
    assert run_due(replace(context, now=context.now + dt.timedelta(days=9))) == []
    hold(an, [("trắc nghiệm", "Hiện không có bài")])


def test_for_some_units_only(context: Context, unit: int, an: Conversation) -> None:
    team = service.create_under(console_of(context), unit, "Tổ Ví Dụ")
    other = service.create_under(console_of(context), 1, "Phòng Khác")
    below, beside = joined(context, "duoi", team), joined(context, "ben", other)
    for audience, people in (
        ({"kind": "units", "units": [unit], "below": True}, {an.address, below.address}),
        ({"kind": "units", "units": [unit], "below": False}, {an.address}),
        ({"kind": "all"}, {an.address, below.address, beside.address}),
    ):
        _, sent = opened(context, replace(PLAIN, audience=audience))
        assert {reply.to for reply in sent} == people


@pytest.mark.parametrize(
    ("rules", "times", "code"),
    [
        (replace(PLAIN, draw=4), {}, "too_few_questions"),
        (replace(PLAIN, topics=("Không có",)), {}, "too_few_questions"),
        (replace(PLAIN, pass_mark=101), {}, "round_rules"),
        (replace(PLAIN, attempts=0), {}, "round_rules"),
        (PLAIN, {"closes": 0.1}, "round_times"),
        (PLAIN, {"opens": 3, "closes": 2}, "round_times"),
        (PLAIN, {"closes": 24 * 100}, "round_times"),
    ],
)
def test_what_cannot_be_planned(context: Context, unit: int, rules: Rules, times: dict[str, float], code: str) -> None:
    with pytest.raises(NotPossible) as refused:
        planned(context, rules, **times)
    assert refused.value.code == code
    with pytest.raises(NotFound):
        rounds.plan_round(console_of(context), "x", "không có", PLAIN, context.now, context.now)


def test_topics_choose_the_questions(context: Context, an: Conversation) -> None:
    opened(context, replace(PLAIN, topics=("Trang", "Tài khoản")))
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/2\nMất tài khoản")])


def test_of_whom_nothing_is_kept_the_answers_still_count(context: Context, an: Conversation) -> None:
    number, _ = opened(context)
    hold(an, [("trắc nghiệm", "Làm bài"), ("1", "Câu 1/3"), ("B", "Câu 2/3")])
    personal.erase(context.database, an.context.person)
    (attempt,) = quiz_attempts.of_round(context.database, number)
    assert attempt.person is None
    assert [one.chosen for one in quiz_attempts.answers(context.database, number)] == [(1,), None]
    assert quiz_people.of_round(context.database, number) == []
