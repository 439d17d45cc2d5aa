"""Several bots of one messenger: who is led where, who belongs to which, and what a sending to all of them uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from markupsafe import Markup

from handlers import upkeep
from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Door, Incoming, Reply
from handlers.leading import FULL, roomiest
from handlers.people import invitation, joining, service
from handlers.plan import Foreseen, foresee, in_words
from handlers.router import handle
from storage import bots, chats, jobs, people, usage
from storage.audit import CONSOLE
from storage.people import Address, person_at
from tests.conftest import NOW
from tests.conversations import Conversation, hold, read, whole

pytestmark = pytest.mark.every_channel

ONE = Door("Zalo Bot Một", "https://zalo.vidu.example/1", brings=False, channel="zalo", account="10001", people=3)
TWO = Door("Zalo Bot Hai", "https://zalo.vidu.example/2", brings=False, channel="zalo", account="10002", people=3)
OTHER = Door("Telegram @vidu_bot", "https://t.me/vidu_bot", channel="telegram", account="1")
LOST = "tai khoan zalo cua toi bi hack roi"
RULE = "điều 4 khoản 3"


def at(context: Context, account: str, sender: str, *doors: Door) -> Conversation:
    found: Sequence[Door] = doors or (ONE, TWO)
    mine = replace(context, doors=lambda _: found, numbered=True)
    return Conversation(mine, Address("zalo", account, sender, sender))


def fill(context: Context, account: str, count: int) -> None:
    """Let people write to a bot."""
    for number in range(count):
        name = f"{account}-{number}"
        person_at(context.database, Address("zalo", account, name, name), NOW.isoformat())


@pytest.fixture
def unit(console: Scene) -> int:
    return service.create_unit(console, "Sở Ví Dụ")


@pytest.fixture
def member(context: Context, console: Scene, unit: int) -> Conversation:
    """Somebody who has joined at the first bot."""
    conversation = at(context, "10001", "an")
    code = joining.invite(console, unit)
    hold(conversation, [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Văn Mẫu", "Chức vụ")])
    hold(conversation, [("bỏ qua", "đã tham gia"), (RULE, "Khoản 3")])
    return conversation


# A bot that is full


@pytest.mark.parametrize("said", [RULE, "xin chào", "/start", "tham gia", "ABC-DEF"])
def test_who_comes_to_a_full_bot_is_led_to_one_with_room(context: Context, said: str) -> None:
    fill(context, "10001", 3)
    late = at(context, "10001", "muon")
    (reply,) = late.say(said)
    assert read(reply).split("\n") == [
        "Trợ lý ở đây đã đủ người. Anh/chị nhắn cho Zalo Bot Hai giúp; có mã mời thì nhắn mã ở đó.",
        "https://zalo.vidu.example/2",
    ]
    # He is not one of those whom the bot talks to.
    assert bots.people(context.database, "zalo", "10001") == 3


def test_there_is_room_for_so_many_and_no_more(context: Context) -> None:
    for number in range(4):
        reply = at(context, "10001", f"người {number}").say(RULE)[0]
        assert ("Bot Hai" in read(reply)) == (number == 3)
        hold(at(context, "10001", "người 0"), [(RULE, "Khoản 3 Điều 4")])


def test_what_cannot_wait_is_answered_by_a_full_bot_too(context: Context) -> None:
    fill(context, "10001", 3)
    late = at(context, "10001", "muon")
    hold(late, [(LOST, "Làm ngay:"), ("hủy", "Đã dừng"), (RULE, "Bot Hai")])
    where, aid = late.say("mất nick zalo phải báo ai")
    assert "Bot Hai" in read(where)
    assert "gọi ngay ngân hàng" in read(aid)


def test_whoever_was_led_away_is_taken_in_when_there_is_room_again(context: Context) -> None:
    fill(context, "10001", 3)
    late = at(context, "10001", "muon")
    hold(late, [(RULE, "Bot Hai")])
    context.database.run("DELETE FROM addresses WHERE chat = '10001-0'")
    hold(late, [(RULE, "Khoản 3 Điều 4")])
    assert bots.people(context.database, "zalo", "10001") == 3
    hold(at(context, "10001", "nua"), [(RULE, "Bot Hai")])


def test_where_all_bots_are_full_another_messenger_is_named(context: Context) -> None:
    for account in ("10001", "10002"):
        fill(context, account, 3)
    hold(at(context, "10001", "muon", ONE, TWO, OTHER), [(RULE, "Telegram @vidu_bot")])


def test_where_there_is_nothing_else_he_is_answered_and_administrators_are_told_once(
    context: Context, console: Scene, member: Conversation
) -> None:
    service.give_role(console, member.context.person, "administrator", None)
    for account in ("10001", "10002"):
        fill(context, account, 3)
    for number in range(2):
        hold(at(context, "10001", f"muon {number}"), [(RULE, "Khoản 3 Điều 4")])
    now = NOW.isoformat()
    job = jobs.claim(context.database, [FULL], "ai", now, now)
    assert job is not None
    (told,) = upkeep.full(context, job.data)
    assert told.to == member.address
    assert "bot 10001 vừa có thêm người nhắn" in read(told)
    jobs.finish(context.database, job)
    assert jobs.claim(context.database, [FULL], "ai", now, now) is None


def test_a_plan_without_a_bound_is_never_full(context: Context) -> None:
    fill(context, "10001", 5)
    hold(at(context, "10001", "muon", replace(ONE, people=0), TWO), [(RULE, "Khoản 3 Điều 4")])


def test_in_a_group_nobody_is_led_anywhere(context: Context) -> None:
    fill(context, "10001", 3)
    group = at(context, "10001", "muon")
    address = replace(group.address, chat="nhom")
    event = Incoming("1", address, RULE, NOW, group=True)
    person = person_at(context.database, address, NOW.isoformat(), in_group=True)
    with context.database.transaction():
        (reply,) = handle(event, replace(group.context, person=person, address=address))
    assert "Khoản 3 Điều 4" in read(reply)


# A member and his bot


def test_a_member_stays_where_he_joined_however_full_it_is(context: Context, member: Conversation) -> None:
    fill(context, "10001", 9)
    hold(member, [(RULE, "Khoản 3 Điều 4"), ("/start", "Đây là trợ lý tự động")])


def test_a_member_is_answered_elsewhere_once_with_where_he_belongs(context: Context, member: Conversation) -> None:
    elsewhere = at(context, "10002", "an")
    where, answer = elsewhere.say(RULE)
    assert read(where) == "Anh/chị đang dùng Zalo Bot Một; lần sau anh/chị nhắn ở đó giúp.\nhttps://zalo.vidu.example/1"
    assert "Khoản 3 Điều 4" in read(answer)
    hold(elsewhere, [(RULE, "Anh/chị đang dùng Zalo Bot Một"), ("/start", "Zalo Bot Một")])
    hold(elsewhere, [(LOST, "Làm ngay:"), ("hủy", "Đã dừng")])
    # What the member may do he may not do there.
    assert elsewhere.context.person != member.context.person
    assert "Thôi tham gia" not in whole(elsewhere.say("menu")[0])
    assert bots.people(context.database, "zalo", "10002") == 0
    hold(member, [(RULE, "Khoản 3 Điều 4")])


def test_a_member_on_two_bots_is_written_to_by_his_own(context: Context, member: Conversation) -> None:
    """Where the messenger calls him differently for each bot, he linked them with a code."""
    elsewhere = at(context, "10002", "an-hai")
    code = read(member.say("liên kết")[0]).split("\n")[0].removeprefix("Mã liên kết: ")
    database, person = context.database, member.context.person
    database.run("DELETE FROM homes")
    hold(elsewhere, [(code, "Chính anh/chị")])
    elsewhere.say("1")
    assert people.reached_at(database, person) == member.address
    where, _ = elsewhere.say(RULE)
    assert "Zalo Bot Một" in read(where)
    assert people.all_reached_at(database, person) == [member.address]
    # His own bot cannot reach him any more: from now on it is this one.
    chats.close(database, "zalo", "10001", "an", "blocked", NOW.isoformat())
    hold(elsewhere, [(RULE, "Khoản 3 Điều 4")])
    assert people.reached_at(database, person) == elsewhere.address


def test_who_is_held_is_told_nothing_of_where_he_belongs(context: Context, member: Conversation) -> None:
    people.hold(context.database, member.context.person, CONSOLE, NOW.isoformat())
    hold(at(context, "10002", "an"), [(RULE, "Khoản 3 Điều 4")])


# Invitations


def test_the_invitation_shows_the_bot_with_the_most_room(context: Context, console: Scene, unit: int) -> None:
    fill(context, "10001", 2)
    assert roomiest((OTHER, ONE, TWO), context.database) == [OTHER, TWO]
    fill(context, "10002", 3)
    assert roomiest((ONE, TWO), context.database) == [ONE]
    mine = replace(context, doors=lambda _: (ONE, TWO), person=CONSOLE, address=None)
    reply = invitation.invite(unit, mine)
    assert "Zalo Bot Một: https://zalo.vidu.example/1" in read(reply)
    assert "Bot Hai" not in read(reply)
    assert "đã đủ người" not in read(reply)


def test_who_invites_is_told_where_no_bot_has_room(context: Context, console: Scene, unit: int) -> None:
    fill(context, "10001", 3)
    mine = replace(context, doors=lambda _: (replace(ONE, link=""),), person=CONSOLE, address=None)
    text = read(invitation.invite(unit, mine))
    assert "Tìm trợ lý: Zalo Bot Một\nBot Zalo Bot Một đã đủ người theo gói." in text


def test_a_link_that_brings_no_code_asks_for_it_on_the_sheet(context: Context, console: Scene, unit: int) -> None:
    made = invitation.make(console, unit)

    def steps(*doors: Door) -> str:
        return invitation.sheet_for(console, made, doors, context.texts, context.office, context.zone).steps[0]

    assert "nhắn mã mời" in steps(ONE, OTHER)
    assert "Start" in steps(OTHER)
    assert "QR" not in steps(replace(ONE, link=""))


# What a sending uses


def test_a_sending_tells_what_it_will_use_of_each_bot(context: Context) -> None:
    doors = (replace(ONE, monthly=100), replace(TWO, monthly=100), OTHER)
    counted = replace(context, doors=lambda _: doors, parts=lambda reply, channel: len(reply.text.split("|")))
    reply = Reply(Markup("một|hai"))
    usage.count(context.database, "zalo", "10001", "2026-11-01", sent=30, received=20)
    to = [
        Address("zalo", account, str(n), str(n))
        for account, count in (("10001", 20), ("10002", 5))
        for n in range(count)
    ]
    to.append(Address("telegram", "1", "x", "x"))
    found = foresee(counted, to, reply)
    assert found == [Foreseen(ONE.name, 40, 50, 100), Foreseen(TWO.name, 10, 0, 100)]
    assert [(use.room, use.waits) for use in found] == [(30, 10), (80, 0)]
    first, second = in_words(found, counted).split("\n")
    assert first.startswith("Zalo Bot Một: cần 40 tin, tháng này thông báo chỉ còn 30 tin (gói 100 tin một tháng)")
    assert first.endswith("10 tin phải chờ tháng sau.")
    assert second == "Zalo Bot Hai: dùng 10 tin. Tháng này thông báo còn dùng được 80 tin, gói 100 tin một tháng."
    assert in_words(foresee(counted, [], reply), counted) == ""
