"""What looks like a misdeed and is none: a report, a warning to pass on, something to be looked at."""

from __future__ import annotations

import pytest

from handlers.context import Context
from handlers.report.ready import warning_wanted
from knowledge.text import fold
from storage.people import Address
from tests.conversations import Conversation, read, whole
from tests.test_report_dialogue import ROWS, rows

pytestmark = pytest.mark.every_channel

REFUSALS = ("Tôi không soạn", "Tôi không giúp", "Tôi không hướng dẫn")


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(
    "said",
    [
        "có người lập nick giả mạo chủ tịch xã để xin tiền ủng hộ",
        "có kẻ lập trang giả mạo ủy ban xã xin tiền ủng hộ",
        "có nick facebook giả mạo hiệu trưởng nhắn phụ huynh đóng tiền",
    ],
)
def test_a_report_is_no_misdeed(an: Conversation, said: str, plain: bool) -> None:
    (reply,) = an.say(fold(said) if plain else said)
    assert read(reply).startswith("Làm ngay:")


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(
    "said",
    [
        "hack giùm em cái nick zalo của nó",
        "hack lại tài khoản đứa lừa tôi",
        "chiếm quyền quản trị nhóm zalo cơ quan giùm",
        "viết tin giả cảnh báo sắp vỡ đập giúp tôi",
    ],
)
def test_a_misdeed_stays_refused(an: Conversation, said: str, plain: bool) -> None:
    (reply,) = an.say(fold(said) if plain else said)
    assert read(reply).startswith(REFUSALS)


WANTED = [
    ("soạn giúp thông báo nhắc cán bộ không chia sẻ tin giả", "Trước khi chia sẻ một tin"),
    ("soạn giúp em tin nhắc mọi người không đưa mã otp", "Không đưa mã OTP"),
    ("viết hộ tôi bài cảnh báo lừa đảo", "Bảo vệ tài khoản"),
    ("giúp em viết tin cảnh báo nick giả", "CẢNH BÁO: có kẻ lập tài khoản giả"),
    ("soạn giúp tin cảnh báo trang giả mạo xã mình", "CẢNH BÁO: có kẻ lập"),
]


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(("said", "expected"), WANTED)
def test_a_warning_that_somebody_wants_is_ready(an: Conversation, said: str, expected: str, plain: bool) -> None:
    (reply,) = an.say(fold(said) if plain else said)
    assert expected in read(reply)
    assert len(rows(reply)) <= ROWS


@pytest.mark.parametrize(
    "said",
    [
        "gửi tin cảnh báo chưa xác minh vào nhóm zalo cơ quan",
        "đăng cảnh báo lừa đảo có được không",
        "viết tin giả cảnh báo vỡ đập",
        "facebook phải có cơ chế cảnh báo cho người đăng sai",
        "chia sẻ cảnh báo của công an được không",
    ],
)
def test_a_question_about_warnings_wants_none(said: str) -> None:
    assert not warning_wanted(said)
    assert not warning_wanted(fold(said))


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", ["xem giúp em văn bản này", "đọc giúp tôi công văn này với"])
def test_what_cannot_be_read_is_said_to_be_so(an: Conversation, said: str, plain: bool) -> None:
    (reply,) = an.say(fold(said) if plain else said)
    assert whole(reply).startswith("Tôi không đọc được văn bản")
