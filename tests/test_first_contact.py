"""The first screen that somebody sees, and what an office answers only to those who have joined."""

from __future__ import annotations

import datetime as dt
import textwrap
from dataclasses import replace

import pytest

from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.office import Office
from handlers.people import joining, reading, service
from storage import people, questions
from storage.audit import CONSOLE
from storage.people import Address, person_at
from tests.conftest import NOW, OFFICE, TODAY
from tests.conversations import Conversation, hold, read, whole

pytestmark = pytest.mark.every_channel

# What a phone shows of a message at once, and how long a line is there.
ROWS, LETTERS = 20, 45

MEMBERS_ONLY = OFFICE.model_copy(update={"members_only": True})


def rows(reply: Reply) -> list[str]:
    """The lines as a phone breaks them."""
    return [row for line in read(reply).split("\n") for row in textwrap.wrap(line, LETTERS) or [""]]


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


@pytest.fixture
def outsider(context: Context) -> Conversation:
    """Somebody who has not joined, where only members are answered."""
    return Conversation(replace(context, office=MEMBERS_ONLY), Address("vidu", "bot-1", "chat-an", "an"))


def join(conversation: Conversation) -> None:
    """Let him join Phòng Ví Dụ."""
    console = Scene(conversation.context.database, Actor(CONSOLE), NOW, TODAY)
    unit = service.create_under(console, service.create_unit(console, "Sở Ví Dụ"), "Phòng Ví Dụ")
    code = reading.shown_code(joining.invite(console, unit))
    hold(
        conversation,
        [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Ví Dụ", "Chức vụ"), ("bỏ qua", "đã tham gia")],
    )


@pytest.mark.parametrize("office", [OFFICE, MEMBERS_ONLY])
def test_the_first_screen_says_everything_and_fits_a_phone(an: Conversation, office: Office) -> None:
    an.context = replace(an.context, office=office)
    (welcome,) = an.say("/start")
    for said in (
        "tự động",
        "Sở Ví Dụ",
        "Công văn 1/SVD ngày 02/01/2026",
        "không bao giờ hỏi mật khẩu, mã OTP, ảnh căn cước",
        "không kèm tên, không dùng để theo dõi ai",
        "Văn phòng Sở Ví Dụ, điện thoại 0000 000 000",
        "“dữ liệu của tôi”",
    ):
        assert said in read(welcome)
    assert len(rows(welcome)) <= ROWS
    assert len(read(welcome).replace("\n\n", "\n").split("\n")) <= 12


def test_asking_works_without_joining(an: Conversation) -> None:
    hold(an, [("điều 4 khoản 3", "Khoản 3 Điều 4")])


@pytest.mark.parametrize("said", ["điều 4 khoản 3", "lương cơ sở là bao nhiêu", "trợ giúp", "xin chào"])
def test_who_has_not_joined_is_told_how_to(outsider: Conversation, said: str) -> None:
    (reply,) = outsider.say(said)
    assert "dành cho người của cơ quan" in read(reply)
    assert [button.label for button in reply.buttons] == ["Tham gia cơ quan", "Báo ngay, xem việc cần làm"]
    assert questions.counted(outsider.context.database, 10) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("tôi bị hack mất nick zalo rồi", "Làm ngay:"),
        ("bị lừa chuyển tiền qua facebook thì làm gì", "Làm ngay:"),
        ("mất nick zalo phải báo ai", "Anh/chị làm ngay"),
        ("tôi không muốn sống nữa", "cấp cứu 115"),
    ],
)
def test_first_aid_is_for_everybody(outsider: Conversation, said: str, expected: str) -> None:
    (reply,) = outsider.say(said)
    assert expected in read(reply)


def test_its_choices_lead_on(outsider: Conversation) -> None:
    hold(outsider, [("/start", "dành cho người"), ("2", "Làm ngay:")])
    hold(outsider, [("/start", "dành cho người"), ("1", "gõ mã mời")])


def test_a_member_is_answered_until_he_leaves(outsider: Conversation) -> None:
    join(outsider)
    hold(outsider, [("/start", "cứ gõ câu hỏi"), ("điều 4 khoản 3", "Khoản 3 Điều 4")])
    menu = outsider.menus[-1]
    hold(outsider, [("rời khỏi", "thôi tham gia?"), ("có", "đã thôi tham gia"), ("điều 4", "dành cho người")])
    (reply,) = outsider.press(menu, 0)
    assert "dành cho người" in whole(reply)


def test_a_held_account_is_nobody_s(outsider: Conversation) -> None:
    join(outsider)
    people.hold(outsider.context.database, outsider.context.person, CONSOLE, NOW.isoformat())
    hold(outsider, [("điều 4 khoản 3", "dành cho người")])


def test_in_a_group_it_is_one_line(outsider: Conversation) -> None:
    outsider.address = replace(outsider.address, chat="nhom")
    person_at(outsider.context.database, outsider.address, NOW.isoformat(), in_group=True)
    (reply,) = outsider.say("điều 4 khoản 3")
    assert read(reply) == outsider.context.texts("welcome.members_group")


# Where nothing is pressed to begin


@pytest.fixture
def silent(context: Context) -> Conversation:
    """Somebody who writes for the first time in a messenger that has no start."""
    return Conversation(replace(context, starts=False), Address("vidu", "bot-1", "chat-la", "la"))


@pytest.mark.parametrize("said", ["xin chào", "chao ad", "/start", "bắt đầu"])
def test_a_first_greeting_gets_the_first_screen(silent: Conversation, said: str) -> None:
    (reply,) = silent.say(said)
    (welcome,) = silent.say("/start")
    assert read(reply) == read(welcome)


def test_a_first_sticker_gets_the_first_screen(silent: Conversation) -> None:
    (reply,) = silent.send(other="sticker")
    assert "Đây là trợ lý tự động" in read(reply)
    assert "Anh/chị cứ gõ câu hỏi" in read(reply)


def test_a_first_question_is_answered_after_two_lines_of_who_answers(silent: Conversation) -> None:
    (reply,) = silent.say("điều 4 khoản 3")
    who, _, answer = read(reply).partition("\n\n")
    assert who.split("\n") == [
        "Chào anh/chị. Đây là trợ lý tự động về quy tắc ứng xử trên mạng xã hội của Sở Ví Dụ"
        " (Công văn 1/SVD ngày 02/01/2026).",
        "Tôi không bao giờ hỏi mật khẩu, mã OTP, ảnh căn cước. Gõ “trợ giúp” để xem cách hỏi.",
    ]
    assert answer.startswith("Khoản 3 Điều 4")
    assert reply.buttons
    silent.wait(dt.timedelta(seconds=1))
    hold(silent, [("điều 4 khoản 3", "Khoản 3 Điều 4"), ("xin chào", "Anh/chị muốn hỏi gì")])


def test_what_cannot_be_brought_gets_who_answers_and_what_to_do(silent: Conversation) -> None:
    (reply,) = silent.send(other="unsupported")
    assert "trợ lý tự động" in read(reply)
    assert "chụp màn hình" in read(reply)


@pytest.mark.parametrize("how", ["{}", "tham gia {}", "/start {}"])
def test_a_first_code_leads_in(silent: Conversation, how: str) -> None:
    console = Scene(silent.context.database, Actor(CONSOLE), NOW, TODAY)
    code = reading.shown_code(joining.invite(console, service.create_unit(console, "Sở Ví Dụ")))
    (question,) = silent.say(how.format(code))
    assert "Đây là trợ lý tự động" in read(question)
    assert "Mã mời của Sở Ví Dụ" in read(question)
    silent.wait(dt.timedelta(seconds=1))
    hold(silent, [("có", "họ và tên"), ("Trần Ví Dụ", "Chức vụ"), ("bỏ qua", "đã tham gia")])


def test_where_only_members_are_answered_the_first_screen_comes_once(silent: Conversation) -> None:
    silent.context = replace(silent.context, office=MEMBERS_ONLY)
    hold(silent, [("điều 4 khoản 3", "Để tham gia, gõ mã mời")])


def test_a_group_is_not_greeted_by_the_way(silent: Conversation) -> None:
    (reply,) = silent.send(other="unsupported", group=True)
    assert "trợ lý tự động" not in read(reply)
