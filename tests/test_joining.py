"""Joining the office, confirming who somebody is, and leaving, as conversations."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import yaml

from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Incoming
from handlers.people import joining, reading, service
from handlers.router import handle
from knowledge.documents import Document, Library
from knowledge.schema import DocumentEntry
from knowledge.search import Background, Search
from storage import consents, invitations, members, people, roles
from storage.audit import CONSOLE
from storage.people import Address
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import OWN_DOCUMENT

pytestmark = pytest.mark.every_channel

DAY = TODAY.isoformat()


def place(name: str) -> Address:
    return Address("vidu", "bot-1", f"chat-{name}", name)


@pytest.fixture
def unit(console: Scene) -> int:
    return service.create_under(console, service.create_unit(console, "Sở Ví Dụ"), "Phòng Ví Dụ")


@pytest.fixture
def code(console: Scene, unit: int) -> str:
    return reading.shown_code(joining.invite(console, unit))


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, place("an"))


@pytest.fixture
def contact(context: Context, console: Scene, code: str, unit: int) -> Conversation:
    conversation = joined(context, "dau-moi", code, "Lê Thị Đầu Mối")
    service.give_role(console, conversation.context.person, "contact", unit)
    return conversation


def joined(context: Context, name: str, code: str, called: str) -> Conversation:
    conversation = Conversation(context, place(name))
    hold(conversation, [(code, "Phòng Ví Dụ"), ("đồng ý", "họ và tên"), (called, "Chức vụ"), ("bỏ qua", "đã tham gia")])
    return conversation


def member(conversation: Conversation) -> members.Member | None:
    return members.get(conversation.context.database, conversation.context.person, DAY)


@pytest.mark.parametrize("code", ["FFGHAC", "HEKVMT"])
def test_a_code_is_a_code_although_it_looks_like_other_words(
    an: Conversation, console: Scene, unit: int, code: str
) -> None:
    """Read letter by letter some look like a lost account: "hac", "hek"."""
    until = (NOW + dt.timedelta(days=1)).isoformat()
    invitations.invite(console.database, code, unit, CONSOLE, NOW.isoformat(), until)
    hold(an, [(reading.shown_code(code), "Phòng Ví Dụ"), ("hủy", ""), (f"mã của em là {code.lower()}", "Phòng Ví Dụ")])


@pytest.mark.parametrize("how", ["{}", "/start {}", "/thamgia {}", "tham gia {}", "  {} "])
def test_a_code_leads_into_the_unit(an: Conversation, code: str, unit: int, how: str) -> None:
    hold(
        an,
        [
            (how.format(code.lower()), "Mã mời của Phòng Ví Dụ."),
            ("dong y", "họ và tên đầy đủ"),
            ("trần văn ví dụ", "Chức vụ"),
            ("Chuyên viên", "Chào trần văn ví dụ, Phòng Ví Dụ. Anh/chị đã tham gia."),
        ],
    )
    found = member(an)
    assert found is not None
    assert (found.name, found.position, found.unit, found.state) == ("trần văn ví dụ", "Chuyên viên", unit, "joined")


@pytest.mark.parametrize(
    "said",
    [
        "mã {}",
        "Mã mời: {}.",
        "ma moi cua phong la {} a",
        "Chào anh chị, tôi xin tham gia, mã là “{}” ạ",
        "cho em vào với, {}",
    ],
)
def test_a_code_is_understood_in_plain_words(an: Conversation, code: str, said: str) -> None:
    hold(an, [(said.format(code), "Mã mời của Phòng Ví Dụ."), ("có", "họ và tên")])


def test_what_is_no_code_that_is_valid_is_a_question(an: Conversation, code: str) -> None:
    hold(an, [("mã mời ABC-DEF", "Các văn bản tôi đang có"), ("facebook điều 4 khoản 3", "Khoản 3 Điều 4")])
    long = f"{'chữ ' * 12}{code}"
    assert "Mã mời của" not in whole(an.say(long)[0])


def test_the_code_may_come_last(an: Conversation, code: str) -> None:
    hold(an, [("tham gia", "gõ mã mời"), ("abc", "Mã không đúng"), (code, "Phòng Ví Dụ"), ("1", "họ và tên")])


def test_nothing_personal_is_kept_before_it_was_agreed_to(an: Conversation, code: str) -> None:
    hold(an, [(code, "Để tham gia, tôi cần lưu họ tên"), ("không", "không sao"), ("menu", "làm được những việc sau")])
    assert member(an) is None
    assert consents.of(an.context.database, an.context.person) == []


def test_what_was_agreed_to_is_kept_with_its_time(an: Conversation, code: str) -> None:
    hold(an, [(code, "đồng ý không"), ("ok", "họ và tên")])
    assert consents.of(an.context.database, an.context.person) == [("membership", NOW.isoformat(), None)]


def test_it_goes_on_after_days_and_back_and_ends(an: Conversation, code: str) -> None:
    hold(an, [(code, "đồng ý không"), ("ừ hử", "trả lời “đồng ý” hoặc “không”"), ("có", "họ và tên")])
    an.wait(dt.timedelta(days=3))
    hold(an, [("123", "cho biết tên"), ("Trần Ví Dụ", "Chức vụ"), ("quay lại", "họ và tên"), ("hủy", "Đã dừng")])
    hold(an, [("hủy", "Không có việc gì đang làm dở"), ("điều 4 khoản 3", "Khoản 3 Điều 4")])
    assert member(an) is None


def test_after_a_week_it_is_forgotten(an: Conversation, code: str) -> None:
    hold(an, [(code, "đồng ý không")])
    an.wait(dt.timedelta(days=8))
    hold(an, [("điều 4 khoản 3", "Khoản 3 Điều 4")])


def test_a_button_of_an_earlier_step_is_old(an: Conversation, code: str) -> None:
    hold(an, [(code, "đồng ý không"), ("quay lại", "đồng ý không"), ("có", "họ và tên")])
    (reply,) = an.tap(an.menus[0], 0)
    assert "đã cũ" in read(reply)


def test_a_personal_code_asks_for_nothing_but_consent(an: Conversation, console: Scene, unit: int) -> None:
    listed = service.add_member(console, unit, "Trần Thị Ví Dụ", "kế toán", "CB-017")
    hold(an, [("cb 017", "anh/chị là Trần Thị Ví Dụ."), ("đồng ý", "Chào Trần Thị Ví Dụ, Phòng Ví Dụ.")])
    an.say("menu")
    assert an.context.person == listed
    assert people.reached_at(an.context.database, listed) == an.address


def test_a_name_on_the_list_is_confirmed_by_the_contact(
    an: Conversation, contact: Conversation, console: Scene, code: str, unit: int
) -> None:
    listed = service.add_member(console, unit, "Trần Thị Ví Dụ", "kế toán", "CB-017")
    hold(an, [(code, "đồng ý không"), ("có", "họ và tên"), ("tran thi vi du", "Chức vụ")])
    waiting, card = an.say("kế toán")
    assert "Đầu mối của đơn vị sẽ xác nhận" in read(waiting)
    assert card.to == contact.address
    assert [button.label for button in card.buttons] == [
        "Đúng: Trần Thị Ví Dụ, kế toán",
        "Người mới, chưa có tên",
        "Không phải người đơn vị",
    ]
    said, welcome = contact.say("1")
    assert "Đã xác nhận Trần Thị Ví Dụ" in read(said)
    assert welcome.to == an.address
    an.say("menu")
    assert an.context.person == listed


def test_who_is_nobody_of_the_unit_is_told(
    an: Conversation, contact: Conversation, console: Scene, code: str, unit: int
) -> None:
    service.add_member(console, unit, "Trần Thị Ví Dụ")
    hold(an, [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Thị Ví Dụ", "Chức vụ")])
    an.say("bỏ qua")
    said, told = contact.say("không phải người đơn vị")
    assert read(said) == "Đã từ chối."
    assert told.to == an.address
    assert member(an) is None


def test_a_stranger_cannot_confirm(
    an: Conversation, contact: Conversation, console: Scene, code: str, unit: int
) -> None:
    service.add_member(console, unit, "Trần Thị Ví Dụ")
    hold(an, [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Thị Ví Dụ", "Chức vụ")])
    an.say("bỏ qua")
    service.take_role(console, contact.context.person, "contact", unit)
    (reply,) = contact.say("1")
    assert "chưa được giao quyền" in read(reply)
    found = member(an)
    assert found is not None
    assert found.state == "pending"


def test_without_a_contact_the_administrators_are_asked(
    an: Conversation, context: Context, console: Scene, code: str, unit: int
) -> None:
    administrator = joined(context, "quan-tri", code, "Người Quản Trị")
    service.give_role(console, administrator.context.person, "administrator", None)
    service.add_member(console, unit, "Trần Thị Ví Dụ")
    hold(an, [(code, "đồng ý không"), ("có", "họ và tên"), ("Trần Thị Ví Dụ", "Chức vụ")])
    _, card = an.say("bỏ qua")
    assert card.to == administrator.address


def test_a_claim_makes_an_administrator(an: Conversation) -> None:
    code = reading.shown_code(joining.make_claim(an.context.database, NOW))
    hold(an, [(code, "Anh/chị sẽ là người quản trị"), ("Trần Ví Dụ", "Anh/chị là người quản trị")])
    assert roles.count(an.context.database, "administrator") == 1


def test_who_leaves_is_asked_first(an: Conversation, code: str, context: Context) -> None:
    an = joined(context, "an", code, "Trần Ví Dụ")
    hold(an, [("rời khỏi", "Anh/chị thôi tham gia?"), ("không", "giữ như cũ")])
    hold(an, [("/roikhoi", "Anh/chị thôi tham gia?"), ("1", "đã thôi tham gia"), ("rời khỏi", "chưa tham gia")])
    found = member(an)
    assert found is not None
    assert (found.state, found.unit) == ("left", None)


def test_a_member_does_not_join_again(context: Context, code: str) -> None:
    an = joined(context, "an", code, "Trần Ví Dụ")
    hold(an, [(code, "đã tham gia rồi"), ("tham gia", "đã tham gia rồi")])


def test_the_menu_shows_what_one_may_do(an: Conversation, context: Context, code: str) -> None:
    (before,) = an.say("menu")
    an = joined(context, "an", code, "Trần Ví Dụ")
    (after,) = an.say("0")
    assert "Tham gia cơ quan" in [button.label for button in before.buttons]
    assert "Tham gia cơ quan" not in [button.label for button in after.buttons]
    assert "Thôi tham gia" in [button.label for button in after.buttons]


def test_a_question_that_begins_like_a_command_is_a_question(an: Conversation) -> None:
    (reply,) = an.say("tham gia nhóm kín trên mạng xã hội có được không")
    assert "mã" not in read(reply).split()


def test_nobody_joins_in_a_group(context: Context, code: str) -> None:
    event = Incoming("1", place("an"), "/thamgia " + code, NOW, group=True)
    (reply,) = handle(event, context)
    assert "nhắn riêng" in read(reply)


def test_a_document_for_one_unit_answers_its_members_only(
    context: Context, code: str, library: Library, background: Background
) -> None:
    own = Document(DocumentEntry.model_validate(yaml.safe_load(OWN_DOCUMENT) | {"audience": ["Phòng Ví Dụ"]}))
    context = replace(context, search=Search(library.with_document(own), background))
    stranger = Conversation(context, place("la"))
    question = "điều 1 nội quy"
    assert "Đeo thẻ" not in whole(stranger.say(question)[0])
    an = joined(context, "an", code, "Trần Ví Dụ")
    assert "Đeo thẻ" in whole(an.say(question)[0])


@pytest.mark.parametrize(
    "said", ["dang ky bao mat zalo 2 lop", "đăng ký facebook", "dang ky tick xanh", "tham gia nhóm zalo 2 của phòng"]
)
def test_words_behind_the_command_are_no_code(an: Conversation, said: str) -> None:
    (reply, *_) = an.say(said)
    assert "Mã không đúng" not in read(reply)


@pytest.mark.parametrize("said", ["ACD-EFG", "acd efg", "acdefg", "CB 0123", "nv-15-002", "CB0123", "NGUYENAN"])
def test_what_is_plainly_a_code(said: str) -> None:
    assert reading.is_plainly_code(said)


def test_a_code_behind_the_command_opens(an: Conversation, code: str) -> None:
    hold(an, [(f"tham gia {code.lower()}", "đồng ý không")])
