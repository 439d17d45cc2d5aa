"""Quizzes and broadcasts: whom a round is for, those who have not passed written to, a button that starts a round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.broadcast import audience
from handlers.broadcast.content import STANDING_MENUS, Content, message
from handlers.broadcast.dialogue import read_choice
from handlers.context import Context
from handlers.errors import NotFound, NotPossible
from handlers.people import service
from handlers.quiz import act, rounds
from handlers.quiz.rounds import Rules
from storage import freezing, quiz_people, quiz_rounds, recipients
from storage.selections import Selection
from tests.conversations import Conversation, hold, read
from tests.quizzes import console_of, joined, office, on_monday, planned, run_due

pytestmark = pytest.mark.every_channel

PLAIN = Rules(draw=0, shuffle=False, pass_mark=60, any_hour=True)
PLANNED = ("đợt trắc nghiệm", "lập đợt mới", "Một", "1", "1", "tất cả", "ngay", "25/11")


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


@pytest.fixture
def chief(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


def written_to(context: Context, selection: Selection) -> set[int]:
    """Whom a broadcast for a selection would be for."""
    broadcast = 99
    last: int | None = 0
    while last is not None:
        last = freezing.freeze(context.database, broadcast, selection, context.today.isoformat(), last, 2)
    return {one.person for one in recipients.some(context.database, broadcast, 0, 99)}


def taken(context: Context, unit: int, rules: Rules) -> tuple[int, dict[str, int]]:
    """A round that one passed, one failed, one left open and one did not begin."""
    people = {name: joined(context, name, unit) for name in ("dat", "truot", "do", "vang")}
    number = planned(context, rules)
    run_due(context)
    for name, said in (("dat", ("B", "1", "2", "xong", "A")), ("truot", ("A", "3", "xong", "B")), ("do", ("B",))):
        for one in ("trắc nghiệm", "1", *said):
            people[name].say(one)
    # Who came later is not meant by the round.
    joined(context, "moi", unit)
    return number, {name: one.context.person for name, one in people.items()}


def test_those_who_have_not_taken_or_passed_a_round(context: Context, unit: int) -> None:
    number, people = taken(context, unit, PLAIN)
    for typed, said, expected in (
        ("chưa làm", "chưa làm xong", {"do", "vang"}),
        ("chưa làm hoặc chưa đạt", "chưa làm hoặc chưa đạt", {"truot", "do", "vang"}),
    ):
        meant = audience.read(f"{typed} trắc nghiệm {number}", context)
        found = written_to(context, audience.SELECTIONS[meant["kind"]](context.database, meant))
        assert found == {people[name] for name in expected}
        assert audience.said(meant, context) == f"người {said} trắc nghiệm “Đợt một”"
        context.database.run("DELETE FROM recipients")
        context.database.run("DELETE FROM broadcast_sums")
    with pytest.raises(NotPossible, match="failed_not_by_name"):
        audience.read(f"chưa đạt trắc nghiệm {number}", context)
    with pytest.raises(NotFound):
        audience.read("chưa làm trắc nghiệm 77", context)


def test_those_who_failed_where_persons_are_named(context: Context, unit: int) -> None:
    number, people = taken(context, unit, replace(PLAIN, by_name=True))
    meant = audience.read(f"chưa đạt trắc nghiệm số {number}", context)
    assert written_to(context, audience.SELECTIONS[meant["kind"]](context.database, meant)) == {people["truot"]}


def test_a_button_of_a_broadcast_starts_a_round(context: Context, unit: int) -> None:
    an = joined(context, "an", unit)
    number = planned(context, PLAIN)
    run_due(context)
    choice = read_choice(f"trắc nghiệm {number}", context)
    (button,) = message(7, Content("Mời làm bài.", buttons=(choice,)), context).buttons
    assert (button.label, button.action) == ("Làm bài", "quiz.begin")
    assert message(7, Content("Mời."), context).menu == STANDING_MENUS + 7
    assert "Câu 1/3" in read(act("begin", button.data, an.context)[0])
    outside = joined(context, "sau", unit)
    with pytest.raises(NotFound):
        act("begin", button.data, outside.context)


def test_a_button_for_a_round_that_is_not_open_says_so_and_for_a_closed_one_there_is_none(
    context: Context, unit: int
) -> None:
    an = joined(context, "an", unit)
    number = planned(context, PLAIN, opens=24)
    (button,) = message(7, Content("Mời.", buttons=(read_choice(f"trắc nghiệm {number}", context),)), context).buttons
    with pytest.raises(NotPossible, match="round_not_open"):
        act("begin", button.data, an.context)
    rounds.close_round(console_of(context), number)
    with pytest.raises(NotPossible, match="round_closed"):
        read_choice(f"trắc nghiệm {number}", context)


def test_a_round_for_roles_and_for_named_people(context: Context, unit: int, chief: Conversation) -> None:
    an = joined(context, "an", unit)
    joined(context, "binh", unit)
    for typed, invited in (("quản trị", chief), ("người: Người an", an)):
        for said in PLANNED:
            chief.say(said)
        (reply,) = chief.say(typed)
        assert "1 người; 0 người chưa nhắn tới được." in read(reply)
        chief.say("mở")
        assert [one.to for one in run_due(on_monday(context))] == [invited.address]


def test_a_second_round_for_those_who_did_not_pass(context: Context, unit: int, chief: Conversation) -> None:
    number, people = taken(context, unit, PLAIN)
    for said in (*PLANNED, f"chưa làm hoặc chưa đạt trắc nghiệm {number}", "mở"):
        chief.say(said)
    run_due(context)
    second = quiz_rounds.newest(context.database, 1)[0].id
    expected = {*(people[name] for name in ("truot", "do", "vang")), chief.context.person}
    assert {person for person, _ in quiz_people.of_round(context.database, second)} == expected


def test_how_it_is_taken_can_be_changed(context: Context, unit: int, chief: Conversation) -> None:
    an = joined(context, "an", unit)
    for said in (*PLANNED, "cả cơ quan"):
        chief.say(said)
    hold(
        chief,
        [
            ("đổi cách làm", "Đúng bao nhiêu phần trăm thì đạt?"),
            ("200", "Gõ một số từ 0 đến 100."),
            ("70%", "Mỗi người được làm mấy lần?"),
            ("2 lần", "Giải thích lúc nào?"),
            ("lúc khác", "Chọn một trong các lựa chọn"),
            ("khi làm xong", "xem kết quả từng người"),
            ("quay lại", "Giải thích lúc nào?"),
            ("2", "xem kết quả từng người"),
            ("có", "ô trắc nghiệm của Telegram"),
            ("gì cơ", "trả lời “đồng ý” hoặc “không”"),
            ("1", "cả ngoài giờ làm việc?"),
            ("1", "đạt từ 70%, làm 2 lần. Giải thích khi làm xong. Đầu mối, lãnh đạo xem được kết quả từng người"),
            ("quay lại", "cả ngoài giờ làm việc?"),
            ("quay lại", "ô trắc nghiệm của Telegram"),
            ("2", "cả ngoài giờ làm việc?"),
            ("2", "Trên Telegram hỏi bằng ô trắc nghiệm. Gửi cả ngoài giờ làm việc."),
            ("mở", "Đã lập “Một”"),
        ],
    )
    (found,) = quiz_rounds.newest(context.database, 1)
    rules = Rules.of(found)
    assert (rules.pass_mark, rules.attempts, rules.explain, rules.by_name, rules.polls) == (70, 2, "end", True, True)
    invitation = next(reply for reply in run_due(context) if reply.to == an.address)
    assert "Đầu mối, lãnh đạo đơn vị xem được kết quả của từng người." in read(invitation)
