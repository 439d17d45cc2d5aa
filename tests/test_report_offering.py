"""A lost account that is asked about: what happened is told for a report, what to do gets first aid and the offer."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from handlers.context import Context
from handlers.report.reading import read as read_text
from handlers.report.telling import asks_for_help, is_told
from knowledge.text import fold
from storage import dialogues
from storage.people import Address
from tests.conversations import Conversation, read, whole
from tests.test_report_dialogue import ROWS, rows
from tests.test_report_reading import QUESTIONS

pytestmark = pytest.mark.every_channel

TODAY = dt.date(2026, 11, 22)

WONDERED = """
sao zalo em ko vào được nữa vậy
tại sao tôi không vào được facebook
sao em không đăng nhập được zalo vậy ad
zalo em sao tự thoát ra rồi
tự nhiên zalo đăng xuất, vào không được
zalo e bị ai đó đăng nhập
có máy lạ đăng nhập zalo của em
fb mình bị ai vào rồi
ai đang dùng nick của em
sao ai đó đăng bài bằng nick tôi
sao nick em tự gửi tin nhắn mượn tiền vậy
fb báo có người đăng nhập từ nơi lạ
""".strip().splitlines()

HELP_WANTED = """
bị mất fb phải làm gì ạ
mất zalo phải làm sao
zalo bị mất phải làm gì
tài khoản fb bị hack phải làm gì
mất nick fb thì phải làm sao
mất fb làm sao lấy lại
làm sao lấy lại nick zalo
lấy lại fb bị hack kiểu gì
làm sao lấy lại tài khoản facebook bị hack
cách lấy lại nick bị hack
""".strip().splitlines()

OF_THE_RULES = """
khi bị hack thì phải làm gì theo quy định
nếu mất nick thì phải làm gì
nên làm gì khi zalo bị hack
đăng ký bảo mật zalo 2 lớp
cách bảo mật facebook
bật bảo mật hai lớp cho tài khoản facebook
zalo bị hack thì nên báo ai
mất tài khoản facebook báo ai hả
mất nick facebook có bị sao không vậy anh
cán bộ bị mất tài khoản phải làm gì
cho người khác dùng tài khoản được không
người khác dùng tài khoản của mình đăng bài thì ai chịu trách nhiệm
đăng nhập facebook ở máy lạ có được không
em đã lấy lại được tk
da lay lai nick roi
sao em lại không được đăng bài trên facebook vậy
hack nick nó giúp em phải làm sao
""".strip().splitlines()


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", WONDERED)
def test_who_wonders_why_an_account_does_not_open_tells_that_it_is_lost(said: str, plain: bool) -> None:
    typed = fold(said) if plain else said
    assert is_told(typed, read_text(typed, TODAY))


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", HELP_WANTED)
def test_who_asks_what_to_do_wants_help(said: str, plain: bool) -> None:
    typed = fold(said) if plain else said
    reading = read_text(typed, TODAY)
    assert asks_for_help(typed, reading)
    assert not is_told(typed, reading)


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", OF_THE_RULES)
def test_who_asks_what_the_rule_is_gets_the_rule(said: str, plain: bool) -> None:
    typed = fold(said) if plain else said
    reading = read_text(typed, TODAY)
    assert not asks_for_help(typed, reading)
    assert not is_told(typed, reading)


def test_hardly_a_question_that_staff_ask_is_taken_for_a_call_for_help() -> None:
    """Those that are tell of an account that is lost: "chắc bị chiếm rồi, phòng mình phải làm sao"."""
    asked = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert len([text for text in asked if asks_for_help(text, read_text(text, TODAY))]) <= 2


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


@pytest.mark.parametrize("said", ["bi mat fb phai lam gi a", "mất zalo phải làm sao?"])
def test_help_comes_with_the_offer_to_report_and_the_rule(an: Conversation, said: str) -> None:
    an.say("xin chào")
    (reply,) = an.say(said)
    assert read(reply).startswith("Làm ngay:")
    assert [button.label for button in reply.buttons] == ["Báo đầu mối của cơ quan", "Xem quy định"]
    assert len(rows(reply)) <= ROWS
    assert dialogues.of(an.context.database, an.context.person) == []
    (question,) = an.say("1")
    assert "Để báo đầu mối" in read(question)
    assert "Làm ngay" not in read(question)
    an.say("hủy")


def test_the_rule_is_one_tap_away(an: Conversation) -> None:
    an.say("bi mat fb phai lam gi a")
    (rule,) = an.say("2")
    assert "Khoản 3 Điều 4" in whole(rule)


def test_who_wonders_is_asked_for_his_report_at_once(an: Conversation) -> None:
    (reply,) = an.say("sao zalo em ko vào được nữa vậy")
    assert read(reply).startswith("Làm ngay:")
    assert "tài khoản Zalo của anh/chị tên gì" in read(reply)
