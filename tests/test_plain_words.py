"""What people type for what they want to do, and questions that begin with the same words."""

from __future__ import annotations

import pytest

from handlers.context import Context
from handlers.people import service
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import place
from tests.quizzes import console_of, joined, office

pytestmark = pytest.mark.every_channel


@pytest.fixture
def unit(context: Context) -> int:
    return office(context)


@pytest.fixture
def staff(context: Context, unit: int) -> Conversation:
    return joined(context, "can-bo", unit)


@pytest.fixture
def contact(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "dau-moi", unit)
    service.give_role(console_of(context), conversation.context.person, "contact", unit)
    return conversation


@pytest.fixture
def administrator(context: Context, unit: int) -> Conversation:
    conversation = joined(context, "quan-tri", unit)
    service.give_role(console_of(context), conversation.context.person, "administrator", None)
    return conversation


def labels(conversation: Conversation, said: str) -> list[str]:
    (reply,) = conversation.say(said)
    return [button.label for button in reply.buttons]


@pytest.mark.parametrize("said", ["gửi thông báo", "nhac nho", "lời nhắc", "ai chua doc", "ai chưa xác nhận?"])
def test_words_for_broadcasts(contact: Conversation, said: str) -> None:
    hold(contact, [(said, "Thông báo, nhắc nhở")])


@pytest.mark.parametrize("said", ["lam bai", "làm quiz", "thi trac nghiem"])
def test_words_for_a_quiz(staff: Conversation, said: str) -> None:
    hold(staff, [(said, "Hiện không có bài trắc nghiệm nào")])


@pytest.mark.parametrize("said", ["trac nghiem", "mở trắc nghiệm", "ket qua trac nghiem"])
def test_who_opens_rounds_and_has_none_to_take_is_shown_those(administrator: Conversation, said: str) -> None:
    assert labels(administrator, said) == ["Lập đợt mới"]


@pytest.mark.parametrize("said", ["bao cao thang", "xuất báo cáo"])
def test_words_for_what_goes_upward(contact: Conversation, said: str) -> None:
    hold(contact, [(said, "Trong kỳ không phát sinh")])


def test_words_for_the_register_of_pages(contact: Conversation) -> None:
    hold(contact, [("dang ky trang", "chưa ghi trang")])


def test_what_is_on_the_screen_comes_before_a_command_of_the_same_words(contact: Conversation) -> None:
    hold(contact, [("trang chinh thuc", "chưa ghi trang"), ("thêm trang", "nền tảng nào"), ("hủy", "Đã dừng")])
    hold(
        contact,
        [("thêm trang", "chưa ghi trang"), ("tổng hợp", "Trong kỳ"), ("so theo doi", "không có báo cáo nào còn lưu")],
    )


def test_what_stands_in_the_menu_can_be_typed_without_it(staff: Conversation) -> None:
    hold(
        staff,
        [
            ("share bai chua kiem chung co sao k", "Khoản 4 Điều 4"),
            ("tam khoa tai khoan cua toi", "khóa"),
            ("hủy", "Đã dừng"),
        ],
    )


@pytest.mark.parametrize("said", ["toi muon tham gia", "cách tham gia?", "nhap ma moi"])
def test_words_for_joining(context: Context, said: str) -> None:
    hold(Conversation(context, place("nguoi-moi")), [("hi", "Chào anh/chị"), (said, "mã")])


def test_of_reports_who_takes_care_of_them_says_which(contact: Conversation, staff: Conversation) -> None:
    hold(staff, [("bao cao", "chuyện gì đã xảy ra?"), ("hủy", "Đã dừng")])
    assert labels(contact, "báo cáo") == [
        "Báo mất tài khoản, bị giả mạo",
        "Báo cáo của đơn vị",
        "Tổng hợp báo cáo, sổ theo dõi",
        "Báo cáo của tôi",
    ]
    hold(contact, [("1", "chuyện gì đã xảy ra?")])


@pytest.mark.parametrize(
    "said",
    [
        "báo cáo sai sự thật bị phạt gì?",
        "bao cao sai su that bi phat gi",
        "thông báo của cơ quan đăng facebook được không?",
        "trắc nghiệm là gì",
        "nhắc nhở đồng nghiệp đăng bài sai thế nào",
        "tổng hợp tin trên mạng rồi đăng được không",
        "đơn vị có được lập fanpage không",
        "liên kết lạ có nên bấm không",
        "xóa dữ liệu trên facebook thế nào",
    ],
)
def test_a_question_that_begins_like_a_command_is_answered(administrator: Conversation, said: str) -> None:
    (reply,) = administrator.say(said)
    assert "QĐ 874/QĐ-BTTTT" in whole(reply)
    assert administrator.say("hủy")[0].text == administrator.context.texts.rich("form.nothing")


def test_what_is_done_every_day_stands_before_what_is_done_once(administrator: Conversation) -> None:
    assert labels(administrator, "menu") == [
        "Cách hỏi, văn bản đang dùng",
        "Báo mất tài khoản, bị giả mạo",
        "Báo cáo của tôi",
        "Báo cáo của đơn vị",
        "Tổng hợp báo cáo, sổ theo dõi",
        "Thông báo, nhắc nhở",
        "Luyện tập",
        "Đợt trắc nghiệm: mở, xem kết quả",
        "Đơn vị, người, mã mời",
        "Trang chính thức của đơn vị",
        "Kiểm tra một trang lạ",
        "Tạm khóa tài khoản của tôi",
        "Thôi tham gia",
        "Dữ liệu của tôi",
    ]


def test_staff_see_few_things(staff: Conversation) -> None:
    (reply,) = staff.say("menu")
    assert len(reply.buttons) <= 8
    assert "Đơn vị, người" not in read(reply)


@pytest.mark.parametrize("said", ["luyện tập", "thông báo", "xử lý báo cáo"])
def test_who_has_not_joined_is_told_how_to(context: Context, unit: int, said: str) -> None:
    stranger = Conversation(context, place("nguoi-la", "nguoi-la"))
    hold(stranger, [(said, "Việc này dành cho người đã tham gia"), ("1", "mã")])


def test_a_member_without_the_right_is_told_whom_to_ask(staff: Conversation) -> None:
    hold(staff, [("thông báo", "chưa được giao quyền")])
