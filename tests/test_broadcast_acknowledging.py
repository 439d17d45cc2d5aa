"""Confirming a broadcast in one's own words."""

from __future__ import annotations

import datetime as dt

import pytest

from handlers.authorization import Actor, Scene
from handlers.broadcast import happened
from handlers.broadcast.acknowledging import said
from handlers.broadcast.content import Content
from handlers.context import Context
from handlers.conversation import Outcome
from handlers.people import service as office
from storage import people, recipients
from storage.audit import CONSOLE
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, hold, read
from tests.test_broadcast import STAMP, begin, member, run_jobs
from tests.test_managing import somebody

pytestmark = pytest.mark.every_channel

THANKS = "Đã ghi nhận anh/chị đã đọc và hiểu"
SURE = "Anh/chị đã đọc và hiểu thông báo này ạ?"

READ = [
    "em da doc va hieu roi a",
    "em đã đọc và hiểu rồi ạ",
    "đã xem",
    "da xem",
    "da doc roi",
    "Đã đọc rồi ạ",
    "doc roi a",
    "toi da doc thong bao",
    "dạ em đã đọc kỹ và nắm được nội dung rồi ạ",
    "da em nam duoc roi a",
    "ok em đã xem rồi nhé",
    "em rõ rồi ạ",
    "Tôi xin xác nhận đã đọc",
    "da quan triet",
    "Người canbo đã đọc",
]
HEARD = [
    "ok",
    "ok em",
    "Ok ạ",
    "oke",
    "vâng ạ",
    "vang",
    "dạ vâng",
    "rõ",
    "đã nhận",
    "em nhan duoc roi a",
    "👍",
    "em biết rồi ạ",
]
OTHERS = [
    "em chưa đọc",
    "chua doc",
    "em không hiểu",
    "đã đọc nhưng không hiểu điều 4",
    "đọc thông báo ở đâu",
    "xem thông báo",
    "da doc chua?",
    "thông báo",
    "cảm ơn",
    "đăng ảnh đồng nghiệp",
    "em xem quy định đăng ảnh",
]


@pytest.mark.parametrize("text", READ)
def test_what_says_that_it_was_read_is_understood(text: str) -> None:
    assert said(text, "Người canbo") == "read"


@pytest.mark.parametrize("text", HEARD)
def test_what_says_that_it_came_is_told_from_that(text: str) -> None:
    assert said(text) == "heard"


@pytest.mark.parametrize("text", OTHERS)
def test_everything_else_is_left_to_others(text: str) -> None:
    assert said(text) is None


@pytest.fixture
def unit(context: Context) -> int:
    return office.create_unit(Scene(context.database, Actor(CONSOLE), NOW, TODAY), "Sở Ví Dụ")


@pytest.fixture
def admin(context: Context, unit: int) -> Conversation:
    return somebody(context, "Quản", unit, administrator=None)


@pytest.fixture
def staff(admin: Conversation, context: Context, unit: int) -> Conversation:
    """Somebody whom a broadcast has reached."""
    got = member(context, "canbo", unit)
    begin(admin, context)
    arrive(context)
    return got


def arrive(context: Context) -> None:
    """Let the messages of a broadcast arrive."""
    for reply in run_jobs(context):
        if reply.concern and "person" in reply.concern:
            happened([Outcome(reply.concern, "sent")], context)


def informed(staff: Conversation, number: int = 1) -> bool:
    found = recipients.get(staff.context.database, number, staff.context.person)
    assert found is not None
    return found.informed_at is not None


@pytest.mark.parametrize("text", [*READ[:7], "đã đọc"])
def test_it_is_recorded(text: str, staff: Conversation) -> None:
    hold(staff, [(text, THANKS)])
    assert informed(staff)


@pytest.mark.parametrize("text", ["ok em", "vâng", "Vâng.", "vang", "đã nhận"])
def test_an_ok_is_asked_about_once(text: str, staff: Conversation) -> None:
    hold(staff, [(text, SURE)])
    assert not informed(staff)
    hold(staff, [("1", THANKS)])
    assert informed(staff)


def test_a_second_ok_is_the_answer(staff: Conversation) -> None:
    hold(staff, [("ok", SURE), ("ok ạ", THANKS)])
    assert informed(staff)


def test_later_is_an_answer_too_and_a_question_is_answered(staff: Conversation) -> None:
    hold(staff, [("ok", SURE), ("2", "gõ “đã đọc”")])
    # Once was enough.
    hold(staff, [("ok", "Dạ vâng.")])
    assert not informed(staff)


def test_whoever_asks_something_else_instead_is_answered(staff: Conversation) -> None:
    hold(staff, [("ok", SURE), ("điều 4 khoản 3", "Khoản 3 Điều 4")])
    assert not informed(staff)


def test_an_ok_to_an_answer_is_no_confirmation(staff: Conversation) -> None:
    staff.say("điều 4 khoản 3")
    hold(staff, [("ok", "Dạ vâng.")])


def test_after_a_day_an_ok_means_nothing_but_the_words_still_do(staff: Conversation) -> None:
    staff.wait(dt.timedelta(days=2))
    hold(staff, [("ok", "Dạ vâng."), ("da doc roi", THANKS)])


def test_where_nothing_waits_everything_is_as_before(staff: Conversation) -> None:
    hold(staff, [("da doc roi", THANKS), ("ok em", "Dạ vâng.")])
    assert SURE not in read(staff.say("đã xem")[0])


def test_what_asks_for_no_confirmation_is_not_asked_about(admin: Conversation, context: Context, unit: int) -> None:
    got = member(context, "canbo", unit)
    begin(admin, context, Content("Bật xác thực."))
    arrive(context)
    hold(got, [("ok", "Dạ vâng.")])


def test_an_account_that_may_be_anothers_confirms_nothing(staff: Conversation) -> None:
    people.hold(staff.context.database, staff.context.person, CONSOLE, STAMP)
    hold(staff, [("da doc roi", "tạm khóa")])
    assert not informed(staff)


def test_a_yes_is_no_absence(staff: Conversation) -> None:
    staff.say("đã đọc")
    assert "vắng" not in read(staff.say("vâng")[0])
    hold(staff, [("vắng", "vắng đến hết ngày nào?")])


def test_a_yes_without_accents_is_one_where_something_waits(staff: Conversation, context: Context, unit: int) -> None:
    office.give_role(Scene(context.database, Actor(CONSOLE), NOW, TODAY), staff.context.person, "contact", unit)
    hold(staff, [("vang", SURE), ("1", THANKS)])
    # Whoever may be away means that, where nothing waits.
    hold(staff, [("vang", "vắng đến hết ngày nào?")])


def test_a_yes_without_accents_is_no_absence_of_whoever_has_nobody_to_stand_in(staff: Conversation) -> None:
    staff.say("đã đọc")
    hold(staff, [("vang", "Dạ vâng."), ("Vang.", "Dạ vâng."), ("vâng", "Dạ vâng.")])
