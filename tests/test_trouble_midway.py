"""Trouble that is told in the middle of a form: help at once, and the form goes on with nothing lost."""

from __future__ import annotations

import pytest

from handlers.context import Context
from handlers.people import service
from knowledge.text import fold
from storage import dialogues, reports
from tests.conversations import Conversation, hold, read, whole
from tests.quizzes import console_of, joined, office, unit_named
from tests.test_report_dialogue import ROWS, rows

pytestmark = pytest.mark.every_channel


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


@pytest.fixture
def an(context: Context, unit: int) -> Conversation:
    return joined(context, "an", unit)


@pytest.fixture
def chief(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


def standing(conversation: Conversation) -> tuple[str, str]:
    """The form and the step that are asked now."""
    asked = dialogues.current(
        conversation.context.database, conversation.address, conversation.context.person, "2000-01-01"
    )
    assert asked
    return asked.form, asked.step


def gets_help(conversation: Conversation, said: str, help_first: str) -> str:
    """Check that there is help, and then the step that was asked before; return how it is asked."""
    before = standing(conversation)
    aid, again = conversation.write(said)
    assert help_first in whole(aid), whole(aid)
    assert len(rows(aid)) <= ROWS
    assert standing(conversation) == before
    return read(again)


TOLD = [
    ("tôi vừa chuyển tiền cho nó rồi", "ngân hàng"),
    ("mất 20tr rồi", "ngân hàng"),
    ("em chuyển rồi", "ngân hàng"),
    ("mất hết tiền rồi ạ", "ngân hàng"),
    ("nó doạ tung ảnh", "113"),
    ("nó đang dọa em", "113"),
    ("em lỡ đọc mã otp cho nó rồi", "Đổi ngay mật khẩu"),
    ("tôi muốn chết", "115"),
]


@pytest.mark.parametrize(("said", "help_first"), TOLD, ids=[said for said, _ in TOLD])
@pytest.mark.parametrize(
    ("before", "plain"), [(("zalo ke toan bi hack",), False), (("zalo ke toan bi hack", "0912345678"), True)]
)
def test_what_is_told_during_a_report_is_no_account_and_no_telephone_number(
    an: Conversation, before: tuple[str, ...], said: str, help_first: str, plain: bool
) -> None:
    for told in before:
        an.say(told)
    gets_help(an, fold(said) if plain else said, help_first)


def test_what_is_told_during_a_report_belongs_to_it(an: Conversation) -> None:
    an.say("zalo ke toan bi hack")
    assert "đã mất tiền" in gets_help(an, "tôi vừa chuyển tiền cho nó rồi", "ngân hàng")
    # The same help comes once; what was understood is said each time.
    hold(an, [("mất 20tr rồi", "đã mất tiền, 20.000.000 đồng")])
    gets_help(an, "nó doạ tung ảnh", "113")
    hold(an, [("0900000000", "Gọi lại anh/chị")])
    an.write("0911111111")
    (report,) = reports.of_reporter(an.context.database, an.context.person)
    assert report.said == "zalo ke toan bi hack\ntôi vừa chuyển tiền cho nó rồi\nmất 20tr rồi\nnó doạ tung ảnh"
    assert (report.kind, report.harm, report.amount) == ("lost", "money_lost", 20_000_000)
    assert (report.account, report.contact) == ("0900000000", "0911111111")


def test_a_number_beside_it_is_not_lost(an: Conversation) -> None:
    an.say("zalo ke toan bi hack")
    _, again = an.write("nó lừa em mất 5tr rồi, số nó là 0900 000 000")
    assert "0900 000 000" in read(again)
    assert standing(an) == ("report", "contact")


def test_what_happened_is_told_with_the_account_at_the_first_step(an: Conversation) -> None:
    an.say("báo cáo")
    aid, account = an.write("zalo em bị hack, mất 20tr rồi")
    assert "ngân hàng" in read(aid)
    assert "Mất quyền, bị hack, Zalo, của anh/chị, đã mất tiền, 20.000.000 đồng" in read(account)


@pytest.mark.parametrize(
    ("said", "help_first"),
    [
        ("tôi vừa chuyển tiền cho nó rồi", "ngân hàng"),
        ("mất 20tr rồi", "ngân hàng"),
        ("nó doạ tung ảnh", "113"),
        ("mẹ tôi bị lừa 20tr", "ngân hàng"),
        ("zalo em bị hack rồi", "đăng xuất mọi thiết bị"),
        ("tôi không muốn sống nữa", "115"),
    ],
)
@pytest.mark.parametrize(
    ("before", "plain"),
    [(("thông báo", "1"), False), (("dữ liệu của tôi", "1"), True), (("đợt trắc nghiệm", "1", "Một"), True)],
)
def test_help_comes_in_the_middle_of_anything(
    chief: Conversation, before: tuple[str, ...], said: str, help_first: str, plain: bool
) -> None:
    for told in before:
        chief.say(told)
    gets_help(chief, fold(said) if plain else said, help_first)


def test_what_is_said_again_was_the_answer(chief: Conversation) -> None:
    chief.say("thông báo")
    chief.say("1")
    gets_help(chief, "Tôi bị lừa 20tr rồi.", "ngân hàng")
    gets_help(chief, "nó doạ tung ảnh", "113")
    hold(chief, [("nó doạ tung ảnh", "Bản nháp số 1")])


@pytest.mark.parametrize(
    "said",
    [
        "CẢNH BÁO: zalo của kế toán bị hack, đang nhắn mượn tiền. Đừng chuyển tiền.",
        "Zalo chị kế toán bị hack",
        "Có đồng chí trong cơ quan bị lừa 20tr rồi, đề nghị mọi người cảnh giác",
        "Hôm qua có người bị lừa mất 20 triệu.\nAi nhận tin nhắn lạ thì gọi lại hỏi.",
        "Nếu bị lừa chuyển tiền thì gọi ngay ngân hàng",
    ],
)
def test_a_warning_to_others_is_the_text_of_a_broadcast(chief: Conversation, said: str) -> None:
    chief.say("thông báo")
    hold(chief, [("1", "gõ lời thông báo"), (said, "Bản nháp số 1")])


@pytest.mark.parametrize("name", ["Trần Tử Tự", "Nguyễn Thị Tiền", "Lê Văn Đòi", "Doãn Mất", "Phạm Thị Lừa"])
def test_a_name_is_no_trouble(chief: Conversation, name: str) -> None:
    chief.say("dữ liệu của tôi")
    hold(chief, [("1", "Họ và tên"), (name, "Chức vụ")])


def test_who_takes_care_of_reports_writes_down_the_trouble_of_others(an: Conversation, context: Context) -> None:
    unit = unit_named(context, "phong vi du")
    contact = joined(context, "moi", unit)
    service.give_role(console_of(context), contact.context.person, "contact", unit)
    for told in ("zalo em bị hack", "0900000000", "0911111111"):
        an.write(told)
    contact.say("báo cáo số 1")
    contact.say("Việc khác")
    hold(contact, [("Ghi chú nội bộ", "Người báo không thấy"), ("em bị lừa 20tr rồi", "Đã ghi chú vào BC-1")])
    assert "em bị lừa 20tr rồi" in [event.note for event in reports.events(context.database, 1)]


def test_an_answer_to_the_responsible_unit_is_given_and_helped(an: Conversation, context: Context) -> None:
    an.say("zalo em bị hack")
    an.say("0900000000")
    an.say("0911111111")
    an.say("bổ sung")
    aid, added = an.write("em bị lừa chuyển 20tr rồi")
    assert "ngân hàng" in read(aid)
    assert "BC-1" in read(added)
    assert "em bị lừa chuyển 20tr rồi" in [event.note for event in reports.events(context.database, 1)]
