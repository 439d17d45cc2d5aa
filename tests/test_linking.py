"""One person on two messengers: a code from the one, typed in the other; what is his on both; taking it off."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest

from handlers.authorization import Scene, actor_at
from handlers.context import Context
from handlers.conversation import Door
from handlers.linking.service import CODE_LIFE, MOST_TRIES, TRIES_WITHIN
from handlers.people import joining, service
from storage import audit, members, people, roles
from storage.audit import CONSOLE
from storage.people import Address
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, hold, read, whole

pytestmark = pytest.mark.every_channel

DAY = TODAY.isoformat()
TELEGRAM, ZALO = Address("telegram", "bot-1", "an", "an"), Address("zalo", "10001", "0a", "0a")
NAME = "Trần Văn Mẫu"


@pytest.fixture
def unit(console: Scene) -> int:
    return service.create_under(console, service.create_unit(console, "Sở Ví Dụ"), "Phòng Ví Dụ")


def at(context: Context, address: Address) -> Conversation:
    return Conversation(replace(context, channels=frozenset({"telegram", "zalo"})), address)


def join(conversation: Conversation, console: Scene, unit: int, name: str = NAME) -> None:
    code = joining.invite(console, unit)
    hold(conversation, [(code, "đồng ý không"), ("có", "họ và tên"), (name, "Chức vụ"), ("bỏ qua", "đã tham gia")])


@pytest.fixture
def telegram(context: Context, console: Scene, unit: int) -> Conversation:
    """A contact who has joined on Telegram."""
    conversation = at(context, TELEGRAM)
    join(conversation, console, unit)
    service.give_role(console, conversation.context.person, "contact", unit)
    return conversation


@pytest.fixture
def zalo(context: Context) -> Conversation:
    """The same on Zalo, where nobody knows him."""
    return at(context, ZALO)


def code_of(conversation: Conversation, asked: str = "liên kết") -> str:
    (reply,) = conversation.say(asked)
    found = re.search(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}", read(reply))
    assert found, read(reply)
    return found.group()


def linked(one: Conversation, other: Conversation) -> None:
    """Link two with a code of the first, typed in the second."""
    hold(other, [(code_of(one), "Chính anh/chị lấy mã này")])
    other.say("1")


@pytest.mark.parametrize("typed", ["{}", "lien ket {}", "/lienket {}", " {} .", "mã liên kết là {} ạ"])
def test_a_code_from_the_one_is_typed_in_the_other(
    telegram: Conversation, zalo: Conversation, unit: int, typed: str
) -> None:
    code = code_of(telegram)
    hold(zalo, [(typed.format(code.lower()), "Mã này lấy trên Telegram của Trần Văn Mẫu lúc 10:00")])
    done, told = zalo.say("đồng ý")
    assert read(done).startswith("Đã liên kết với Telegram của Trần Văn Mẫu")
    assert (told.to, "Một tài khoản Zalo vừa liên kết" in read(told)) == (TELEGRAM, True)
    for conversation in (telegram, zalo):
        actor = actor_at(conversation.context.database, conversation.address, telegram.context.person, TODAY)
        assert [held.role for held in actor.roles] == ["contact"]
        assert "Đơn vị, người, mã mời" in whole(conversation.say("menu")[0])
    assert zalo.context.person == telegram.context.person
    assert people.reached_at(zalo.context.database, zalo.context.person) in (TELEGRAM, ZALO)
    # Once and no more.
    third = at(zalo.context, replace(ZALO, chat="0b", sender="0b"))
    hold(third, [(f"liên kết {code}", "không đúng hoặc đã hết hạn")])


def test_it_goes_the_other_way_round_too(telegram: Conversation, zalo: Conversation) -> None:
    member = telegram.context.person
    linked(zalo, telegram)
    assert telegram.say("menu") and zalo.say("menu")
    assert (telegram.context.person, zalo.context.person) == (member, member)
    hold(zalo, [("liên kết", "Mã liên kết")])


@pytest.mark.parametrize("asked", ["liên kết", "/lienket", "noi tai khoan", "Liên kết Zalo, Telegram"])
def test_it_is_asked_for_in_plain_words_and_in_the_menu(telegram: Conversation, asked: str) -> None:
    assert "Liên kết Zalo, Telegram" in whole(telegram.say("menu")[0])
    assert code_of(telegram, asked)


def test_the_menu_of_a_stranger_does_not_hold_it(zalo: Conversation) -> None:
    assert "kết" not in whole(zalo.say("menu")[0])


def test_no_is_no(telegram: Conversation, zalo: Conversation) -> None:
    code = code_of(telegram)
    answers = [("ừ hử", "“đồng ý” hoặc “không”"), ("thôi", "không liên kết"), ("1", "đã chọn rồi")]
    hold(zalo, [(code, "Chính anh/chị"), *answers])
    assert zalo.context.person != telegram.context.person


def test_a_code_is_good_for_minutes(telegram: Conversation, zalo: Conversation) -> None:
    code = code_of(telegram)
    zalo.wait(CODE_LIFE - dt.timedelta(seconds=1))
    hold(zalo, [(code, "Chính anh/chị")])
    zalo.wait(dt.timedelta(seconds=1))
    (refused,) = zalo.say("có")
    assert read(refused) == zalo.context.texts("refused.no_such_link")
    hold(zalo, [(f"liên kết {code}", "đã hết hạn")])
    assert zalo.context.person != telegram.context.person


def test_only_the_last_code_counts(telegram: Conversation, zalo: Conversation) -> None:
    first, second = code_of(telegram), code_of(telegram)
    hold(zalo, [(f"liên kết {first}", "không đúng"), (second, "Chính anh/chị")])


def test_after_a_few_wrong_codes_no_more_are_taken(telegram: Conversation, zalo: Conversation) -> None:
    code = code_of(telegram)
    for _ in range(MOST_TRIES):
        hold(zalo, [("liên kết AAA-AAA-AAA", "không đúng")])
    hold(zalo, [(f"liên kết {code}", "nhiều lần"), (code, "nhiều lần")])
    for conversation in (zalo, telegram):
        conversation.wait(TRIES_WITHIN + dt.timedelta(seconds=1))
    hold(zalo, [(code_of(telegram), "Chính anh/chị")])


def test_it_is_not_used_where_it_was_made(telegram: Conversation) -> None:
    hold(telegram, [(code_of(telegram), "không phải ở đây")])


def test_who_is_linked_is_told_so(telegram: Conversation, zalo: Conversation) -> None:
    linked(telegram, zalo)
    hold(zalo, [(code_of(telegram), "đã liên kết rồi")])


@pytest.mark.parametrize(
    ("name", "elsewhere", "code"),
    [("Lê Thị Khác", False, None), (NAME, True, None), (NAME, False, "VIDU-02")],
    ids=["another name", "another unit", "another code"],
)
def test_two_people_of_the_list_stay_two(
    telegram: Conversation, zalo: Conversation, console: Scene, unit: int, name: str, elsewhere: bool, code: str | None
) -> None:
    database = console.database
    database.run("UPDATE members SET code = 'VIDU-01'")
    join(zalo, console, service.create_unit(console, "Phòng Khác") if elsewhere else unit, name)
    database.run("UPDATE members SET code = :code WHERE person_id = :id", {"code": code, "id": zalo.context.person})
    hold(zalo, [(code_of(telegram), f"hai người: Trần Văn Mẫu và {name}")])
    hold(telegram, [(f"lien ket {code_of(zalo)}", "hai người")])


def test_who_joined_twice_as_the_same_is_one_again(
    telegram: Conversation, zalo: Conversation, console: Scene, unit: int
) -> None:
    join(zalo, console, unit)
    linked(telegram, zalo)
    assert [found.person for found in members.everybody(console.database, DAY)] == [telegram.context.person]


def test_who_waits_to_be_confirmed_is_not_asked_about_once_more(
    telegram: Conversation, zalo: Conversation, console: Scene, unit: int
) -> None:
    """The contact who refuses then must not put a member off the list."""
    service.add_member(console, unit, NAME, "", None)
    code = joining.invite(console, unit)
    hold(zalo, [(code, "đồng ý không"), ("có", "họ và tên"), (NAME, "Chức vụ")])
    waiting, *_ = zalo.say("bỏ qua")
    assert "sẽ xác nhận" in read(waiting)
    linked(telegram, zalo)
    assert joining.join_requests(console, unit) == []
    found = members.get(console.database, telegram.context.person, DAY)
    assert found is not None and found.state == "joined"


def test_the_code_comes_with_links_that_open_the_other_messengers(telegram: Conversation) -> None:
    opens = Door("Telegram @vidu_bot", "https://t.me/vidu_bot?start=", channel="telegram", account="bot-1")
    zalo = Door("Zalo Bot Một", "https://zalo.vidu.example/1", brings=False, channel="zalo", account="10001")
    telegram.context = replace(telegram.context, doors=lambda _: (opens, zalo))
    text = read(telegram.say("liên kết")[0])
    assert text.endswith("Zalo Bot Một: https://zalo.vidu.example/1")
    assert "t.me" not in text


def test_a_link_of_telegram_brings_the_code(telegram: Conversation, zalo: Conversation) -> None:
    hold(telegram, [(f"/start {code_of(zalo).replace('-', '')}", "Mã này lấy trên Zalo lúc")])


def test_a_held_account_is_not_linked(telegram: Conversation, zalo: Conversation, console: Scene) -> None:
    code = code_of(telegram)
    hold(zalo, [("xin chào", "Chào anh/chị")])
    people.hold(console.database, telegram.context.person, CONSOLE, NOW.isoformat())
    hold(zalo, [(code, "đang tạm khóa")])
    hold(telegram, [("liên kết", "đang tạm khóa")])


def test_what_was_half_done_goes_on(telegram: Conversation, zalo: Conversation) -> None:
    """A form that somebody fills in elsewhere stays his; that of the linking is over."""
    code = code_of(telegram)
    hold(telegram, [("rời khỏi", "thôi tham gia?")])
    hold(zalo, [(code, "Chính anh/chị")])
    zalo.say("1")
    hold(zalo, [("1", "đã chọn rồi"), ("điều 4 khoản 3", "Khoản 3 Điều 4")])
    hold(telegram, [("2", "vẫn giữ như cũ")])


def test_it_is_written_down_who_linked_and_who_took_it_off(telegram: Conversation, zalo: Conversation) -> None:
    person = telegram.context.person
    linked(telegram, zalo)
    hold(zalo, [("gỡ liên kết", "Telegram, dùng gần nhất 21/11/2026")])
    zalo.say("1")
    found = [(entry.actor, entry.act) for entry in audit.entries(telegram.context.database, "", 9)]
    assert [act for act in found if act[1].startswith("link.")] == [(person, "link.undo"), (person, "link.use")]


def test_of_who_is_nobody_nothing_is_written_down(context: Context, zalo: Conversation) -> None:
    linked(at(context, TELEGRAM), zalo)
    assert audit.entries(context.database, "", 9) == []


@pytest.mark.parametrize("asked", ["gỡ liên kết", "/golienket", "huy lien ket"])
@pytest.mark.parametrize("chosen", ["1", "zalo"])
def test_a_lost_account_is_taken_off_from_the_other(
    telegram: Conversation, zalo: Conversation, unit: int, asked: str, chosen: str
) -> None:
    linked(telegram, zalo)
    assert "Gỡ liên kết" in whole(telegram.say("menu")[0])
    hold(telegram, [(asked, "Anh/chị gỡ tài khoản nào?"), ("bừa", "chọn một tài khoản")])
    done, told = telegram.say(chosen)
    assert read(done) == "Đã gỡ tài khoản Zalo."
    assert (told.to, "không còn liên kết" in read(told)) == (ZALO, True)
    assert "gọi ngay đầu mối" in read(told)
    assert "Thôi tham gia" not in whole(zalo.say("menu")[0])
    assert zalo.context.person != telegram.context.person
    assert [held.role for held in roles.of(telegram.context.database, telegram.context.person, DAY)] == ["contact"]
    hold(telegram, [("gỡ liên kết", "chưa liên kết tài khoản nào khác")])


def test_nothing_is_taken_off_where_nothing_is_chosen(telegram: Conversation, zalo: Conversation) -> None:
    linked(telegram, zalo)
    hold(zalo, [("gỡ liên kết", "Telegram"), ("thôi", "giữ như cũ")])
    assert len(people.linked(zalo.context.database, zalo.context.person)) == 2


def test_the_form_and_the_code_hold_no_code_to_be_read(telegram: Conversation, zalo: Conversation) -> None:
    code = code_of(telegram)
    zalo.say(code)
    database = zalo.context.database
    for table in ("link_codes", "dialogues"):
        stored = str([dict(row) for row in database.rows(f"SELECT * FROM {table}")])
        assert stored != "[]"
        assert code.replace("-", "") not in stored
