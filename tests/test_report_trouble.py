"""What somebody in trouble gets at once, where no account was lost: money gone, codes, threats, blackmail, children."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from handlers.context import Context
from handlers.first_aid import MOST_IN_TROUBLE, Trouble, in_trouble, load_first_aid
from handlers.report.trouble import trouble
from knowledge.text import fold
from storage import dialogues
from storage.people import Address
from tests.conversations import Conversation, read
from tests.test_report_dialogue import ROWS, rows
from tests.test_report_reading import QUESTIONS

pytestmark = pytest.mark.every_channel

TOLD: dict[Trouble, str] = {
    "money": """
tôi bị lừa chuyển tiền 50 triệu qua zalo rồi
em bị lừa đảo
mẹ tôi bị lừa 20tr trên facebook
bị lừa mất tiền rồi cứu tôi với
lỡ bấm link là bị trừ tiền
chuyển nhầm tiền cho lừa đảo
tôi vừa chuyển khoản 30 triệu cho bọn lừa đảo
tài khoản ngân hàng của em bị trừ mất 10 triệu
em vừa bị lừa 5 triệu mua hàng trên facebook
dạ em bị lừa mất 15tr rồi ạ
bố tôi bị lừa hết tiền rồi
tôi bị lừa đảo qua mạng giờ phải làm sao
tôi bị lừa 20 triệu rồi, giờ báo ai
bị shipper lừa chuyển khoản
tôi vừa chuyển tiền cho nó rồi
em lỡ chuyển khoản cho nó 5 triệu
vừa ck cho nó 3tr
mất 20tr rồi
mất hết tiền rồi ạ
nó lấy hết tiền trong tài khoản rồi
em nạp tiền vào app đầu tư rồi không rút được
""",
    "code": """
em lỡ đưa mã otp cho người ta rồi
em lỡ cung cấp mã OTP cho người lạ
mẹ em đọc mã otp cho kẻ giả danh ngân hàng
lỡ nhập mật khẩu ngân hàng vào link lạ
em bấm vào link lạ rồi
""",
    "demand": """
có kẻ giả danh công an gọi điện đòi chuyển tiền
có số lạ tự xưng công an bảo tôi chuyển tiền
chị Ví Dụ nhắn zalo mượn 5tr có phải lừa đảo ko
anh Ví Dụ nhắn facebook vay 10 triệu không biết có phải thật không
""",
    "threat": """
bị dọa giết trên mạng
có người dọa giết tôi trên fb
có người nhắn tin dọa đánh tôi
nó dọa giết cả nhà tôi
app vay tiền khủng bố điện thoại em
""",
    "blackmail": """
em bị ghép ảnh nóng dọa tống tiền
bị tống tiền bằng clip
nó dọa tung ảnh nóng của tôi nếu không chuyển tiền
""",
    "child": """
con tôi bị bạn bè tung ảnh nóng lên mạng
con gái tôi bị bạn bắt nạt trên mạng
cháu bị dọa tung clip nóng
học sinh lớp tôi bị quay clip tung lên mạng
""",
}
LINES = [(said, name) for name, said_of_it in TOLD.items() for said in said_of_it.strip().splitlines()]

ASKED = """
bị lừa đảo trên mạng thì báo ai
cán bộ bị lừa đảo có bị kỷ luật không
nên làm gì khi bị lừa đảo
làm sao để không bị lừa đảo
không bị lừa đâu nhé
bị lừa đảo có bị kỷ luật không ạ
cách nhận biết tin nhắn lừa đảo
chia sẻ cảnh báo lừa đảo được không
lừa đảo trên mạng có những hình thức nào
tung ảnh nóng người khác phạt bao nhiêu
đe dọa người khác trên mạng bị phạt thế nào
dọa nạt đồng nghiệp trên mạng có vi phạm không
giả danh công an bị phạt thế nào
chia sẻ mã otp cho người khác có vi phạm không
học sinh bị bắt nạt trên mạng thì nhà trường phải làm gì
chuyển tiền ủng hộ qua mạng có được không
tôi chưa chuyển tiền cho nó
không mất tiền
mất 2 tiếng rồi
mất 20tr thì báo ai
làm hồ sơ mất bao nhiêu tiền
đầu tư qua mạng không rút được tiền thì báo ai
bị sếp dọa kỷ luật
viết tin nhắn dọa cho nó sợ
soạn lời đe dọa gửi người đang nợ tiền tôi
tung ảnh cũ của người yêu cũ giúp tôi
ghép mặt cô kế toán vào ảnh nhạy cảm
""".strip().splitlines()


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(("said", "name"), LINES, ids=[said for said, _ in LINES])
def test_trouble_is_understood(said: str, name: str, plain: bool) -> None:
    assert trouble(fold(said) if plain else said) == name


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", ASKED)
def test_who_asks_for_a_rule_or_wants_a_misdeed_is_in_no_trouble(said: str, plain: bool) -> None:
    assert trouble(fold(said) if plain else said) is None


def test_questions_that_staff_ask_are_no_trouble() -> None:
    asked = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert [text for text in asked if trouble(text)] == []


@pytest.mark.parametrize("name", get_args(Trouble))
def test_every_trouble_has_its_help(name: Trouble) -> None:
    assert 2 <= len(in_trouble(load_first_aid(), name)) <= MOST_IN_TROUBLE


FIRST = {
    "money": "ngân hàng",
    "code": "ngân hàng",
    "demand": "Đừng",
    "threat": "113",
    "blackmail": "113",
    "child": "111",
}


@pytest.mark.parametrize(("said", "name"), [(TOLD[name].split("\n")[1], name) for name in TOLD])
def test_help_comes_at_once_and_with_whom_to_call(an: Conversation, said: str, name: str) -> None:
    an.context = replace(an.context, starts=False)
    (reply,) = an.say(said)
    heading, first, *_, call = read(reply).split("\n")
    assert heading == "Làm ngay:"
    assert FIRST[name] in first
    assert call == "Rồi gọi Văn phòng Sở Ví Dụ, điện thoại 0000 000 000 (giờ hành chính)."
    assert [button.label for button in reply.buttons] == ["Báo đầu mối của cơ quan"]
    assert len(rows(reply)) <= ROWS
    assert dialogues.of(an.context.database, an.context.person) == []


def test_it_is_reported_without_the_same_help_again(an: Conversation) -> None:
    an.say("tôi bị lừa chuyển tiền 50 triệu qua zalo rồi")
    (question,) = an.say("1")
    assert read(question).startswith(
        "Đã ghi: Zalo, đã mất tiền, 50.000.000 đồng.\nĐể báo đầu mối: kẻ lừa dùng cách nào"
    )
    assert "50 triệu" not in str(an.context.database.rows("SELECT buttons FROM menus"))


def test_an_account_that_is_lost_is_reported_whatever_else_happened(an: Conversation) -> None:
    (reply,) = an.say("zalo mẹ em bị hack, em bị lừa chuyển 20tr rồi")
    assert "Để báo đầu mối" in read(reply)
    assert "ngân hàng" in read(reply).split("\n")[1]


def test_who_despairs_over_an_account_is_helped_before_the_report(an: Conversation) -> None:
    despair, report = an.say("zalo em bị hack, bị tung ảnh nóng, em muốn chết")
    assert "115" in read(despair)
    assert "Làm ngay" in read(report)
    an.say("hủy")
    (report,) = an.say("zalo em bị hack")
    assert "115" not in read(report)


def test_whoever_may_hurt_himself_gets_other_words(an: Conversation) -> None:
    (reply,) = an.say("tôi bị lừa hết tiền tôi muốn chết")
    assert "115" in read(reply)


def test_of_a_long_text_only_the_beginning_is_read() -> None:
    """Nobody waits for a text that is pasted."""
    assert trouble("bị lừa mất tiền " + "x " * 2_000) == "money"
    assert trouble("x " * 2_000 + "bị lừa mất tiền") is None
