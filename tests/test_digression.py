"""Questions about the rules that are typed in the middle of a form: answered, and the step is asked again."""

from __future__ import annotations

import pytest

from handlers.context import Context
from handlers.people import service
from storage import dialogues
from tests.conversations import Conversation, hold, read, whole
from tests.quizzes import console_of, joined, office

pytestmark = pytest.mark.every_channel


@pytest.fixture
def unit(context: Context) -> int:
    """Sở Ví Dụ, which takes the reports."""
    return office(context)


@pytest.fixture
def chief(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


@pytest.fixture
def an(context: Context, unit: int) -> Conversation:
    return joined(context, "an", unit)


def step(conversation: Conversation) -> str:
    """The step that is asked now."""
    asked = dialogues.current(
        conversation.context.database, conversation.address, conversation.context.person, "2000-01-01"
    )
    return asked.step if asked else ""


def digresses(conversation: Conversation, said: str, answer: str) -> None:
    """Check that a question gets its answer, and then the step that was asked before."""
    before = step(conversation)
    answered, again = conversation.write(said)
    assert answer in whole(answered), whole(answered)
    assert read(again) and (step(conversation), before) == (before, before) and before


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("điều 12 nói gì", "không có Điều 12"),
        ("dieu 12 noi gi", "không có Điều 12"),
        ("khoản 9 điều 4", "Điều 4 có 8 khoản"),
        ("điều 4 bộ luật lao động nói gì", "không có văn bản luật đó"),
        ("dieu 4 khoan 3", "Khoản 3 Điều 4"),
        ("có được chia sẻ tin chưa kiểm chứng không?", "Khoản 4 Điều 4"),
    ],
)
@pytest.mark.parametrize("before", [("zalo ke toan bi hack",), ("zalo ke toan bi hack", "0912345678")])
def test_a_question_is_no_account_and_no_telephone_number(
    an: Conversation, before: tuple[str, ...], said: str, answer: str
) -> None:
    for told in before:
        an.say(told)
    digresses(an, said, answer)


def test_a_question_at_the_first_step_of_a_report_is_no_story(an: Conversation) -> None:
    an.say("báo cáo")
    digresses(an, "điều 12 nói gì", "không có Điều 12")
    digresses(an, "share bai chua kiem chung co sao khong", "Khoản 4 Điều 4")


@pytest.mark.parametrize(
    "said",
    [
        "dùng gmail cá nhân gửi báo cáo mật được không",
        "dung gmail ca nhan gui bao cao mat duoc khong",
        "gui tai lieu mat qua zalo co duoc ko?",
    ],
)
def test_a_question_about_papers_marked_secret_sends_none(an: Conversation, said: str) -> None:
    an.say("báo cáo")
    digresses(an, said, "có dấu mật thì không gửi")
    # What is told of one is not taken.
    assert "mật" in read(an.write("em gửi báo cáo mật số 12 như sau")[0])
    assert step(an) == "kind"


@pytest.mark.parametrize("said", ["thông báo", "luyen tap", "báo cáo của tôi", "đơn vị của tôi"])
def test_a_command_is_neither_a_name_nor_an_account(an: Conversation, said: str) -> None:
    an.say("dữ liệu của tôi")
    an.write("Sửa tên, chức vụ")
    hold(an, [(said, "Gõ “hủy” trước")])
    assert step(an) == "name"
    hold(an, [("hủy", "Đã dừng")])
    an.say("zalo ke toan bi hack")
    hold(an, [(said, "Gõ “hủy” trước")])
    assert step(an) == "account"


def test_words_that_are_a_position_too_are_one(an: Conversation) -> None:
    an.say("dữ liệu của tôi")
    an.write("Sửa tên, chức vụ")
    hold(an, [("Lê Vang", "Chức vụ đúng?"), ("Quản lý", "Lê Vang, Quản lý")])


@pytest.mark.parametrize("said", ["nick Điều", "chị Lan?", "Muc Tim", "trang Khoản Đãi Quán"])
def test_an_account_that_sounds_like_a_provision_is_an_account(an: Conversation, said: str) -> None:
    an.say("zalo ke toan bi hack")
    an.say(said)
    assert step(an) == "contact"


def test_a_question_is_no_name(chief: Conversation, an: Conversation) -> None:
    an.say("dữ liệu của tôi")
    an.write("Sửa tên, chức vụ")
    assert step(an) == "name"
    digresses(an, "điều 12 nói gì", "không có Điều 12")
    an.write("Nguyễn Văn Ví Dụ")
    assert step(an) == "position"


def test_what_a_step_cannot_take_is_answered_where_it_asks(chief: Conversation) -> None:
    hold(chief, [("đợt trắc nghiệm", "Chưa có đợt"), ("1", "tên gì?"), ("Một", "Ngân hàng"), ("1", "chủ đề")])
    digresses(chief, "share bài chưa kiểm chứng có sao không", "Khoản 4 Điều 4")
    digresses(chief, "điều 12 nói gì", "không có Điều 12")
    # What is no question is refused as before.
    hold(
        chief,
        [("chủ đề nào cũng được", "Không có chủ đề"), ("tố cáo anh A nhận hối lộ có được không", "Không có chủ đề")],
    )


def test_where_any_words_are_meant_a_question_is_what_somebody_says(chief: Conversation) -> None:
    hold(chief, [("đợt trắc nghiệm", "Chưa có đợt"), ("1", "tên gì?"), ("Điều 4 nói gì?", "Ngân hàng")])
    chief.say("hủy")
    chief.say("thông báo")
    hold(chief, [("Soạn thông báo mới", "gõ lời thông báo"), ("Điều 4 nói gì?", "Điều 4 nói gì?")])
