"""Looking after units and members in chat, and what the head approves, as conversations."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import Refusal
from handlers.people import joining, service
from handlers.people.changing import read_day
from handlers.people.finding import find_member, find_unit
from storage import approvals, audit, members, people, roles, units
from storage.audit import CONSOLE
from storage.people import Address, person_at
from tests.conftest import NOW, OFFICE, TODAY
from tests.conversations import Conversation, carried, hold, read

pytestmark = pytest.mark.every_channel

DAY = TODAY.isoformat()


def somebody(context: Context, name: str, unit: int, **role: int | None) -> Conversation:
    """A member of a unit who writes, with one role for a unit."""
    address = Address("vidu", "bot-1", f"chat-{name}", name)
    person = person_at(context.database, address, NOW.isoformat())
    members.put(
        context.database,
        person,
        name=f"Người {name}",
        folded=f"nguoi {name}".lower(),
        position="chuyên viên",
        code=None,
        state="joined",
        now=NOW.isoformat(),
    )
    members.transfer(context.database, person, unit, DAY)
    for given, place in role.items():
        roles.give(context.database, person, given, place, CONSOLE, NOW.isoformat())  # type: ignore[arg-type]
    return Conversation(replace(context, person=person), address)


@pytest.fixture
def administrator(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "Quản", office["top"], administrator=None)


@pytest.fixture
def contact(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "Mối", office["Một"], contact=office["Một"])


def labels(reply: Reply) -> list[str]:
    return [button.label for button in reply.buttons]


def test_an_administrator_begins_at_the_top(administrator: Conversation) -> None:
    (screen,) = administrator.say("đơn vị")
    assert read(screen).splitlines() == [
        "Sở Ví Dụ",
        "Đã tham gia: 1. Có trong danh sách, chưa tham gia: 0.",
        "Đầu mối: chưa giao",
        "Lãnh đạo: chưa giao",
    ]
    assert labels(screen) == ["Danh sách người", "Mã mời", "Tìm người", "Sửa đơn vị", "Phòng Hai", "Phòng Một"]


def test_a_contact_sees_his_unit_and_changes_only_what_he_may(contact: Conversation, office: dict[str, int]) -> None:
    (screen,) = contact.say("quan ly")
    assert read(screen).startswith("Sở Ví Dụ / Phòng Một\n")
    assert labels(screen) == ["Danh sách người", "Mã mời", "Tìm người"]
    assert "Lấy" not in read(contact.say("mã mời")[0])
    assert joining.invited_to(contact.context.database, read(contact.say("đơn vị")[0]), NOW) is None


def test_who_has_no_role_is_told_so(context: Context, office: dict[str, int]) -> None:
    staff = somebody(context, "An", office["Một"])
    hold(staff, [("đơn vị", "chưa được giao quyền")])
    (menu,) = staff.say("menu")
    assert "Đơn vị, người, mã mời" not in labels(menu)


def test_units_are_added_renamed_moved_merged_and_closed(administrator: Conversation, office: dict[str, int]) -> None:
    database = administrator.context.database
    hold(
        administrator,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("phòng một", "Phòng Một"),
            ("sửa đơn vị", "Sửa Phòng Một"),
            ("thêm đơn vị trực thuộc", "Tên đơn vị mới thuộc Phòng Một?"),
            ("Tổ Ví Dụ", "Sở Ví Dụ / Phòng Một / Tổ Ví Dụ"),
            ("sửa đơn vị", "Sửa Tổ Ví Dụ"),
            ("đổi tên", "Tên mới của Tổ Ví Dụ?"),
            ("Tổ Mẫu", "Phòng Một / Tổ Mẫu"),
            ("sửa đơn vị", "Sửa Tổ Mẫu"),
            ("chuyển sang đơn vị khác", "chuyển về đơn vị nào"),
            ("phòng không có", "Không có đơn vị đó"),
            ("phòng hai", "Sở Ví Dụ / Phòng Hai / Tổ Mẫu"),
            ("sửa đơn vị", "Sửa Tổ Mẫu"),
            ("sáp nhập", "sáp nhập vào đơn vị nào"),
            ("Phòng Một", "Sáp nhập Tổ Mẫu vào Phòng Một"),
            ("thôi", "Chưa thay đổi gì"),
        ],
    )
    team = find_unit(database, "phong hai / to mau")
    assert team.name == "Tổ Mẫu"
    hold(
        administrator,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("phòng hai", "Phòng Hai"),
            ("tổ mẫu", "Tổ Mẫu"),
            ("sửa đơn vị", "Sửa Tổ Mẫu"),
            ("đóng đơn vị", "Đóng Tổ Mẫu?"),
            ("đúng, làm đi", "Đã đóng đơn vị"),
        ],
    )
    assert find_closed(administrator, team.id)


def find_closed(conversation: Conversation, unit: int) -> bool:
    found = units.get(conversation.context.database, unit)
    return found is not None and found.closed_on == DAY


def test_a_merger_is_confirmed_first(administrator: Conversation, context: Context, office: dict[str, int]) -> None:
    somebody(context, "An", office["Một"])
    hold(
        administrator,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("phòng một", "Phòng Một"),
            ("sửa đơn vị", "Sửa Phòng Một"),
            ("sáp nhập", "sáp nhập vào đơn vị nào"),
            ("phong hai", "Sáp nhập Phòng Một vào Phòng Hai"),
            ("1", "Đã tham gia: 1."),
        ],
    )
    assert find_closed(administrator, office["Một"])


def test_a_member_gets_and_loses_a_role(administrator: Conversation, context: Context, office: dict[str, int]) -> None:
    an = somebody(context, "An", office["Một"])
    hold(
        administrator,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("tìm người", "họ và tên đầy đủ"),
            ("Người Không Có", "Không có người đó"),
            ("nguoi an", "Người An, chuyên viên\nPhòng Một, đã tham gia"),
            ("giao làm đầu mối", "Vai trò: đầu mối (Phòng Một)"),
        ],
    )
    assert roles.holders(context.database, "contact", office["Một"], DAY) == [an.context.person]
    hold(administrator, [("thôi làm đầu mối", "Người An")])
    assert roles.holders(context.database, "contact", office["Một"], DAY) == []
    assert [entry.act for entry in audit.entries(context.database, "", 2)] == ["role.take", "role.give"]


def test_a_contact_adds_and_corrects_people(contact: Conversation, office: dict[str, int]) -> None:
    hold(
        contact,
        [
            ("đơn vị", "Phòng Một"),
            ("danh sách người", "Phòng Một: 1 người."),
            ("người mối", "Vai trò: đầu mối (Phòng Một)"),
            ("sửa tên, chức vụ", "Họ và tên đúng của Người Mối?"),
            ("Lê Thị Mối", "Chức vụ?"),
            ("phó phòng", "Lê Thị Mối, phó phòng"),
        ],
    )
    person = service.add_member(contact.context.scene, office["Một"], "Trần Thêm", "")
    assert find_member(contact.context.database, "tran them", TODAY).person == person
    with pytest.raises(Refusal):
        service.add_member(contact.context.scene, office["Hai"], "Trần Thêm", "")


def test_a_person_of_another_unit_is_not_shown(contact: Conversation, context: Context, office: dict[str, int]) -> None:
    somebody(context, "Xa", office["Hai"])
    hold(contact, [("đơn vị", "Phòng Một"), ("tìm người", "họ và tên"), ("Người Xa", "Không có người đó")])


def test_somebody_is_transferred_from_a_day(
    administrator: Conversation, context: Context, office: dict[str, int]
) -> None:
    an = somebody(context, "An", office["Một"]).context.person
    hold(
        administrator,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("tìm người", "họ và tên"),
            ("Người An", "Phòng Một"),
            ("chuyển đơn vị", "chuyển về đơn vị nào"),
            ("Phòng Hai", "Từ ngày nào?"),
            ("ngày nào cũng được", "Anh/chị gõ ngày"),
            ("1/12", "Người An thuộc Phòng Hai từ ngày 01/12/2026."),
        ],
    )
    after = members.get(context.database, an, "2026-12-01")
    assert after is not None
    assert after.unit == office["Hai"]


def test_an_address_is_held_at_once_and_restored_by_the_contact(
    contact: Conversation, context: Context, office: dict[str, int]
) -> None:
    an = somebody(context, "An", office["Một"])
    hold(
        contact,
        [
            ("đơn vị", "Phòng Một"),
            ("tìm người", "họ và tên"),
            ("Người An", "đã tham gia"),
            ("tạm khóa tài khoản", "Đã tạm khóa tài khoản của Người An"),
            ("đơn vị", "Phòng Một"),
            ("tìm người", "họ và tên"),
            ("Người An", "Tài khoản đang tạm khóa."),
        ],
    )
    assert people.reached_at(context.database, an.context.person) is None
    hold(contact, [("mở lại tài khoản", "Người An")])
    assert people.reached_at(context.database, an.context.person) == an.address


def test_somebody_holds_his_own_accounts(context: Context, office: dict[str, int]) -> None:
    an = somebody(context, "An", office["Một"])
    hold(an, [("khóa tài khoản", "Tạm khóa mọi tài khoản"), ("đúng, làm đi", "Muốn mở lại, anh/chị gọi đầu mối")])
    assert people.is_held(context.database, an.address)
    hold(an, [("khóa tài khoản", "Tạm khóa mọi tài khoản"), ("2", "Chưa thay đổi gì")])


def test_a_contact_goes_on_leave_with_a_substitute(
    contact: Conversation, context: Context, office: dict[str, int]
) -> None:
    an = somebody(context, "An", office["Một"])
    hold(contact, [("vắng mặt", "Anh/chị vắng đến hết ngày nào?"), ("5/12", "Ai thay anh/chị?")])
    said, told = contact.say("Người An")
    assert "vắng đến hết ngày 05/12/2026, Người An thay" in read(said)
    assert told.to == an.address
    assert "Từ nay đến hết ngày 05/12/2026, anh/chị thay" in read(told)
    assert "làm đầu mối của Phòng Một" in read(told)
    assert len(carried(told, an.abilities, context)) == 1
    (screen,) = an.say("đơn vị")
    assert "Phòng Một" in read(screen)
    said, told = contact.say("có mặt")
    assert "Đã ghi anh/chị có mặt" in read(said)
    assert told.to == an.address
    assert "anh/chị thôi thay đầu mối của Phòng Một" in read(told)
    hold(an, [("đơn vị", "chưa được giao quyền")])


@pytest.mark.parametrize(("typed", "leads_to"), [("1", "báo cáo"), ("3", "Phòng Một")])
def test_what_a_substitute_is_told_leads_to_his_work(
    typed: str, leads_to: str, contact: Conversation, context: Context, office: dict[str, int]
) -> None:
    an = somebody(context, "An", office["Một"])
    for said in ("vắng mặt", "5/12"):
        contact.say(said)
    contact.say("Người An")
    hold(an, [(typed, leads_to)])


def test_a_substitute_who_cannot_be_written_to_is_named_to_whoever_goes(
    contact: Conversation, context: Context, office: dict[str, int], console: Scene
) -> None:
    an = somebody(context, "An", office["Một"])
    service.hold(console, an.context.person)
    for typed in ("vắng mặt", "5/12"):
        contact.say(typed)
    said, untold = contact.say("Người An")
    assert "Người An thay" in read(said)
    assert untold.to is None
    assert "Chưa nhắn tới được Người An" in read(untold)


def test_a_contact_goes_on_leave_alone(contact: Conversation) -> None:
    hold(contact, [("vang mat", "đến hết ngày nào"), ("mai", "Ai thay"), ("không", "chưa có người thay")])


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("hôm nay", TODAY),
        ("Ngày mai", TODAY + dt.timedelta(days=1)),
        ("5/12", dt.date(2026, 12, 5)),
        ("05-12-2027", dt.date(2027, 12, 5)),
        ("1/2", dt.date(2027, 2, 1)),
        ("21.11", TODAY),
        ("sáng mai", TODAY + dt.timedelta(days=1)),
        ("ngay kia", TODAY + dt.timedelta(days=2)),
        # Today is a Saturday.
        ("thứ bảy", TODAY),
        ("thứ hai", dt.date(2026, 11, 23)),
        ("thu 6", dt.date(2026, 11, 27)),
        ("chiều thứ sáu", dt.date(2026, 11, 27)),
        ("thứ sáu tuần này", dt.date(2026, 11, 20)),
        ("thứ bảy tuần sau", dt.date(2026, 11, 28)),
        ("cn tuan toi", dt.date(2026, 11, 29)),
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str, day: dt.date) -> None:
    assert read_day(typed, TODAY) == day


@pytest.mark.parametrize(
    "typed", ["", "31/2", "thứ", "tuần sau", "sáng", "thứ hai hằng tuần", "2026", "1/13/2026", "29/2"]
)
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        read_day(typed, TODAY)


def test_long_lists_come_by_pages(administrator: Conversation, console: Scene, office: dict[str, int]) -> None:
    for number in range(10, 30):
        service.add_member(console, office["Một"], f"Người {number} Mẫu")
    hold(administrator, [("đơn vị", "Sở"), ("phòng một", "Phòng Một")])
    (first,) = administrator.say("danh sách người")
    (second,) = administrator.say("trang sau")
    assert labels(first)[0] == "Người 10 Mẫu (chưa tham gia)"
    assert labels(second)[0] == "Người 18 Mẫu (chưa tham gia)"
    (third,) = administrator.say("trang sau")
    assert "Trang sau »" not in labels(third)
    (again,) = administrator.say("trang trước")
    assert labels(again) == labels(second)


def test_those_who_wait_are_listed(
    contact: Conversation, context: Context, console: Scene, office: dict[str, int]
) -> None:
    listed = service.add_member(console, office["Một"], "Trần Ví Dụ", "kế toán")
    address = Address("vidu", "bot-1", "chat-an", "an")
    person = person_at(context.database, address, NOW.isoformat())
    scene = replace(console, actor=Actor(person))
    joining.join_by_invitation(scene, joining.invite(console, office["Một"]), "Trần Ví Dụ", "")
    (screen,) = contact.say("đơn vị")
    assert labels(screen)[0] == "Chờ xác nhận (1)"
    hold(contact, [("1", "Người chờ xác nhận vào Phòng Một"), ("1", "Trần Ví Dụ () xin tham gia")])
    said, _ = contact.say("1")
    assert "Đã xác nhận" in read(said)
    assert people.reached_at(context.database, listed) == address


# Approvals


@pytest.fixture
def approving(context: Context) -> Context:
    return replace(context, office=OFFICE.model_copy(update={"approvals": ("unit.merge", "role.give")}))


def merge(conversation: Conversation) -> list[Reply]:
    hold(
        conversation,
        [
            ("đơn vị", "Sở Ví Dụ"),
            ("phòng một", "Phòng Một"),
            ("sửa đơn vị", "Sửa Phòng Một"),
            ("sáp nhập", "sáp nhập vào đơn vị nào"),
            ("Phòng Hai", "Sáp nhập Phòng Một vào Phòng Hai"),
        ],
    )
    return conversation.say("đúng, làm đi")


def test_the_head_approves_and_it_is_done(approving: Context, office: dict[str, int]) -> None:
    administrator = somebody(approving, "Quản", office["top"], administrator=None)
    head = somebody(approving, "Trưởng", office["top"], head=office["top"])
    asked, card = merge(administrator)
    assert "Đã trình lãnh đạo (số 1)" in read(asked)
    assert card.to == head.address
    assert read(card).splitlines() == [
        "Trình duyệt số 1",
        "Sáp nhập đơn vị",
        "• Đơn vị: Phòng Một",
        "• Vào: Phòng Hai",
        "Người trình: Người Quản",
    ]
    assert not find_closed(administrator, office["Một"])

    done, told = head.say("đồng ý")

    assert "Đã duyệt và đã thực hiện" in read(done)
    assert told.to == administrator.address
    assert find_closed(administrator, office["Một"])
    approval = approvals.get(approving.database, 1)
    assert approval is not None
    assert (approval.state, approval.decided_by, approval.decided_at) == (
        "approved",
        head.context.person,
        NOW.isoformat(),
    )
    hold(head, [("1", "đã chọn rồi")])


def test_the_head_sends_it_back_with_a_note(approving: Context, office: dict[str, int]) -> None:
    administrator = somebody(approving, "Quản", office["top"], administrator=None)
    head = somebody(approving, "Trưởng", office["top"], head=office["top"])
    merge(administrator)
    hold(head, [("việc chờ duyệt", "Trình duyệt số 1"), ("chỉ đạo khác", "cho ý kiến chỉ đạo")])
    said, told = head.say("Chờ quyết định của tỉnh")
    assert "Đã chuyển ý kiến" in read(said)
    assert "“Chờ quyết định của tỉnh”" in read(told)
    assert not find_closed(administrator, office["Một"])
    hold(head, [("viec cho duyet", "Không có việc nào chờ duyệt")])


def test_what_cannot_be_done_any_more_is_said_and_stays_open(approving: Context, office: dict[str, int]) -> None:
    administrator = somebody(approving, "Quản", office["top"], administrator=None)
    head = somebody(approving, "Trưởng", office["top"], head=office["top"])
    merge(administrator)
    console = Scene(approving.database, Actor(CONSOLE), NOW, TODAY)
    service.close_unit(console, office["Hai"])
    hold(head, [("đồng ý", "“Phòng Hai” không còn hoạt động")])
    approval = approvals.get(approving.database, 1)
    assert approval is not None
    assert approval.state == "waiting"


def test_nobody_approves_his_own(approving: Context, office: dict[str, int]) -> None:
    administrator = somebody(approving, "Quản", office["top"], administrator=None)
    _, card = merge(administrator)
    assert card.to == administrator.address
    hold(administrator, [("đồng ý", "người khác duyệt")])


def test_who_lost_his_role_meanwhile_gets_nothing_done(approving: Context, office: dict[str, int]) -> None:
    administrator = somebody(approving, "Quản", office["top"], administrator=None)
    head = somebody(approving, "Trưởng", office["top"], head=office["top"])
    merge(administrator)
    roles.take_all(approving.database, administrator.context.person, CONSOLE, NOW.isoformat())
    hold(head, [("đồng ý", "chưa được giao quyền")])
    assert not find_closed(administrator, office["Một"])


def test_a_head_need_not_ask_himself(approving: Context, office: dict[str, int]) -> None:
    both = somebody(approving, "Trưởng", office["top"], head=office["top"], administrator=None)
    (reply,) = merge(both)
    assert "Phòng Hai" in read(reply)
    assert find_closed(both, office["Một"])
