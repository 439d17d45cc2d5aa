"""A link or a page that somebody asks to have looked at."""

from __future__ import annotations

import json

import pytest

from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.pages import service as page_service
from handlers.pages.suspecting import asks_to_look
from handlers.people import service as people_service
from knowledge.text import fold
from storage.audit import CONSOLE
from storage.people import Address
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, read
from tests.test_report_dialogue import ROWS, member, rows
from tests.test_report_reading import QUESTIONS

pytestmark = pytest.mark.every_channel

SUSPECTED = """
kiểm tra link này giúp em http://vneid-vidu.com
kiểm tra giúp em trang này có phải thật ko
link này có phải lừa đảo không
xem hộ em đường dẫn này có an toàn không
trang facebook này là thật hay giả
check giúp cái web này với
nick zalo này có phải giả không
""".strip().splitlines()

OTHERS = """
kiểm tra hộ ai quản trị fanpage nói xấu cơ quan
lần theo tài khoản tiktok này ra người thật
tra số điện thoại này của ai
facebook này là của người nào vậy tìm hộ
chia sẻ link báo có được không
trang của cơ quan phải kiểm tra trước khi đăng không
xem tin nhắn messenger của con mà nó không biết
""".strip().splitlines()


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", SUSPECTED)
def test_a_page_is_to_be_looked_at(said: str, plain: bool) -> None:
    assert asks_to_look(fold(said) if plain else said)


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", OTHERS)
def test_other_questions_about_accounts_are_other_questions(said: str, plain: bool) -> None:
    assert not asks_to_look(fold(said) if plain else said)


def test_questions_that_staff_ask_name_no_page() -> None:
    asked = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert [text for text in asked if asks_to_look(text)] == []


@pytest.mark.parametrize("said", SUSPECTED[:2])
def test_nothing_is_to_be_pressed(context: Context, said: str) -> None:
    (reply,) = Conversation(context, Address("vidu", "bot-1", "chat-an", "an")).say(said)
    assert "Đừng bấm" in read(reply)
    assert "Tôi không giúp" not in read(reply)
    assert len(rows(reply)) <= ROWS


def test_whoever_has_joined_sees_the_page_that_it_is_like(context: Context) -> None:
    console = Scene(context.database, Actor(CONSOLE), NOW, TODAY)
    unit = people_service.create_unit(console, "Xã Ví Dụ")
    address = Address("vidu", "bot-1", "chat-an", "an")
    member(console, unit, "Trần Ví Dụ", address)
    page_service.add_page(console, unit, "facebook", "Xã Ví Dụ", "facebook.com/ubndxavidu")
    an = Conversation(context, address)
    (reply,) = an.say("kiểm tra giúp em link này https://facebook.com/ubnd.xavidu")
    assert "Xã Ví Dụ" in read(reply)
    assert "Đừng bấm" in read(reply)
    (reply,) = an.say("kiểm tra giúp em trang này có phải thật ko")
    assert reply.buttons[0].label == "Kiểm tra một trang lạ"
