"""The reporter is asked something and answers by typing, whatever stands on the screen meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Attachment
from handlers.people import service as people_service
from handlers.sealing import Seal
from storage import people, report_files, reports
from storage.audit import CONSOLE
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, hold, read
from tests.test_casework import ZALO, report_by, told, what_follows
from tests.test_managing import labels, somebody

pytestmark = pytest.mark.every_channel

MEANT = "Tin anh/chị vừa gõ là trả lời câu này ạ?"


@pytest.fixture
def unit(context: Context) -> int:
    return people_service.create_unit(Scene(context.database, Actor(CONSOLE), NOW, TODAY), "Sở Ví Dụ")


@pytest.fixture
def contact(context: Context, unit: int) -> Conversation:
    return somebody(context, "Mối", unit, contact=unit)


@pytest.fixture
def reporter(context: Context, unit: int) -> Conversation:
    return somebody(context, "An", unit)


def ask(contact: Conversation, number: int, question: str = "Có ai chuyển tiền chưa?") -> None:
    contact.say(f"báo cáo số {number}")
    contact.say("Hỏi người báo")
    contact.say(question)


@pytest.fixture
def asked(contact: Conversation, reporter: Conversation, context: Context) -> int:
    """A report whose reporter has read the question."""
    number = report_by(reporter)
    what_follows(context)
    ask(contact, number)
    assert told(what_follows(context), reporter)
    return number


@pytest.mark.parametrize(
    "typed",
    [
        "0911222333 co anh Hung chuyen 3tr roi",
        "0911222333 có anh Hùng chuyển 3tr rồi",
        "chị Lan chuyển 5 triệu hôm qua",
        "chi Lan chuyen 5 trieu hom qua",
        "chưa ai chuyển ạ",
        "chua ai chuyen a",
        "chưa",
        "khong",
        "có",
        "dạ có ạ",
        "so moi cua em la 0912345678",
        "khoảng 9h sáng nay",
        "tu toi qua a",
        "facebook.com/nguyenvanvidu",
    ],
)
def test_what_is_plainly_an_answer_reaches_the_contact(
    typed: str, asked: int, contact: Conversation, reporter: Conversation, context: Context
) -> None:
    hold(reporter, [(typed, "Đã chuyển trả lời của anh/chị vào BC-1")])
    # An alert goes beside it where money was lost.
    news = told(what_follows(context), contact)
    assert [said for said in news if said.startswith("BC-1: người báo trả lời:")]
    found = reports.get(context.database, asked)
    assert found and found.state != "waiting"


@pytest.mark.parametrize(
    "typed",
    [
        "em doi mat khau roi nhung no van vao duoc",
        "tôi đổi mật khẩu rồi",
        "da lay lai duoc tk",
        "dang anh dong nghiep khong xin phep",
        "ok em",
        "dạ vâng ạ em cảm ơn chị em lấy lại được rồi ạ",
    ],
)
def test_what_may_be_one_is_asked_about_in_one_tap(
    typed: str, asked: int, contact: Conversation, reporter: Conversation, context: Context
) -> None:
    (sure,) = reporter.say(typed)
    assert "BC-1, đầu mối hỏi: “Có ai chuyển tiền chưa?”" in read(sure)
    assert MEANT in read(sure)
    assert labels(sure) == ["Trả lời BC-1", "Không, hỏi quy định"]
    assert told(what_follows(context), contact) == []
    hold(reporter, [("1", "Đã chuyển trả lời của anh/chị vào BC-1")])
    assert told(what_follows(context), contact) == [f"BC-1: người báo trả lời:\n“{typed}”"]


def test_a_tap_says_that_it_was_a_question_about_rules(asked: int, reporter: Conversation, context: Context) -> None:
    reporter.say("dang anh dong nghiep khong xin phep")
    hold(reporter, [("2", "Điều 4")])
    found = reports.get(context.database, asked)
    assert found and found.state == "waiting"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("bình luận xúc phạm lãnh đạo có sao không", "Điều"),
        ("binh luan xuc pham lanh dao co sao khong", "Điều"),
        ("điều 4 khoản 3", "Khoản 3 Điều 4"),
        ("cảm ơn", "Dạ không có gì"),
        ("báo cáo của tôi", "Anh/chị có 1 báo cáo"),
        ("BC-1", "chờ người báo trả lời"),
        ("tôi muốn chết", "cấp cứu 115"),
    ],
)
def test_commands_and_questions_are_what_they_were(
    typed: str, expected: str, asked: int, reporter: Conversation, context: Context
) -> None:
    hold(reporter, [(typed, expected)])
    found = reports.get(context.database, asked)
    assert found and found.state == "waiting"


@pytest.mark.parametrize("typed", ["fb của mẹ em bị hack", "fb cua me em bi hack"])
def test_something_new_that_happened_is_one_tap_away(typed: str, asked: int, reporter: Conversation) -> None:
    (sure,) = reporter.say(typed)
    assert labels(sure) == ["Trả lời BC-1", "Không, chuyện mới"]
    hold(reporter, [("2", "Làm ngay")])


def test_who_answers_that_money_is_gone_is_helped(asked: int, reporter: Conversation, context: Context) -> None:
    aid, answered, *_ = reporter.say("em chuyển cho nó 20tr rồi")
    assert "ngân hàng" in read(aid)
    assert not aid.buttons
    assert "đã" in read(answered).lower()
    assert "em chuyển cho nó 20tr rồi" in [event.note for event in reports.events(context.database, asked)]


def test_after_the_answer_everything_is_as_before(asked: int, reporter: Conversation) -> None:
    reporter.say("chưa ai chuyển")
    (after,) = reporter.say("dang anh dong nghiep khong xin phep")
    assert MEANT not in read(after)


def test_of_several_that_wait_the_one_is_chosen(
    asked: int, contact: Conversation, reporter: Conversation, context: Context
) -> None:
    second = report_by(reporter, replace(ZALO, account="0900000009"))
    ask(contact, second, "Số nào?")
    what_follows(context)
    (sure,) = reporter.say("0911222333")
    assert labels(sure) == ["Trả lời BC-2", "Trả lời BC-1", "Không, hỏi quy định"]
    hold(reporter, [("2", "Đã chuyển trả lời của anh/chị vào BC-1")])


def test_a_question_of_long_ago_is_not_answered_without_a_tap(asked: int, reporter: Conversation) -> None:
    reporter.wait(dt.timedelta(days=5))
    (sure,) = reporter.say("chị Lan chuyển 5 triệu hôm qua")
    assert MEANT in read(sure)


def test_before_the_question_has_gone_out_nothing_answers_it(
    contact: Conversation, reporter: Conversation, context: Context
) -> None:
    number = report_by(reporter)
    what_follows(context)
    ask(contact, number)
    reporter.say("chị Lan chuyển 5 triệu hôm qua")
    found = reports.get(context.database, number)
    assert found and found.state == "waiting"


def test_a_picture_beside_the_words_goes_along(asked: int, reporter: Conversation, context: Context) -> None:
    picture = Attachment("photo", "x" * 20)
    (said,) = reporter.send(text="0911222333 co anh Hung chuyen 3tr roi", attachments=(picture,))
    assert "Đã chuyển trả lời" in read(said)
    assert len(report_files.files(context.database, asked)) == 1


def test_a_picture_alone_may_be_the_answer(asked: int, reporter: Conversation, context: Context) -> None:
    (what,) = reporter.send(attachments=(Attachment("photo", "x" * 20),))
    assert labels(what)[0] == "Trả lời BC-1"
    taken, *_ = reporter.say("1")
    assert "Đã nhận ảnh, tệp" in read(taken)
    assert len(report_files.files(context.database, asked)) == 1


def test_where_nothing_is_asked_a_picture_is_for_what_it_was(reporter: Conversation) -> None:
    report_by(reporter)
    (what,) = reporter.send(attachments=(Attachment("photo", "x" * 20),))
    assert labels(what) == ["Báo ngay, xem việc cần làm", "Hỏi quy định"]


def test_after_a_restart_the_question_is_asked_again(asked: int, reporter: Conversation, context: Context) -> None:
    reporter.say("da lay lai duoc tk")
    reporter.context = replace(reporter.context, seal=Seal())
    hold(reporter, [("1", "BC-1, đầu mối hỏi: “Có ai chuyển tiền chưa?”")])
    assert read(reporter.say("lấy lại rồi")[0]).startswith("Đã thêm vào BC-1")


def test_an_account_that_may_be_anothers_answers_nothing(asked: int, reporter: Conversation, context: Context) -> None:
    people.hold(context.database, reporter.context.person, CONSOLE, NOW.isoformat())
    reporter.say("chị Lan chuyển 5 triệu hôm qua")
    found = reports.get(context.database, asked)
    assert found and found.state == "waiting"
