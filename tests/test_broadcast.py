"""Broadcasts in conversation: writing, looking, counting, confirming, and what comes of them."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from dataclasses import replace
from typing import Literal

import pytest
from docx import Document
from markupsafe import Markup
from openpyxl import load_workbook
from PIL import Image

from handlers.authorization import Actor, Scene
from handlers.broadcast import KINDS, act, happened, reminders, running, service, timing, wording
from handlers.broadcast import content as contents
from handlers.broadcast.content import PROVISION, STANDING_MENUS, Choice, Content, checked, marked
from handlers.context import Context
from handlers.conversation import Attachment, Door, Drawing, File, FileKind, Line, Outcome, Reply
from handlers.errors import NotFound, NotPossible, Refusal
from handlers.office import Reminder
from handlers.people import service as office
from handlers.recurrence import Recurrence
from handlers.router import draw
from handlers.schedule import Due
from storage import broadcasts, jobs, members, people, recipients, roles
from storage.audit import CONSOLE
from storage.people import Address, person_at
from tests.broadcasting import put
from tests.conftest import NOW, OFFICE, TODAY
from tests.conversations import Conversation, hold, read, whole

pytestmark = pytest.mark.every_channel

STAMP = NOW.isoformat()


def place(name: str, channel: str = "telegram") -> Address:
    return Address(channel, "bot-1", name, name)


@pytest.fixture
def units(console: Scene) -> tuple[int, int, int]:
    """An office with two departments."""
    top = office.create_unit(console, "Sở Ví Dụ")
    return top, office.create_under(console, top, "Phòng Một"), office.create_under(console, top, "Phòng Hai")


def member(context: Context, name: str, unit: int, channel: str = "telegram") -> Conversation:
    conversation = Conversation(context, place(name, channel))
    person = person_at(context.database, conversation.address, STAMP)
    put(context.database, person, name, unit, STAMP)
    conversation.context = replace(context, person=person, address=conversation.address)
    return conversation


@pytest.fixture
def admin(context: Context, units: tuple[int, int, int]) -> Conversation:
    conversation = member(context, "quantri", units[0])
    roles.give(context.database, conversation.context.person, "administrator", None, CONSOLE, STAMP)
    return conversation


@pytest.fixture
def contact(context: Context, units: tuple[int, int, int]) -> Conversation:
    conversation = member(context, "daumoi", units[1])
    roles.give(context.database, conversation.context.person, "contact", units[1], CONSOLE, STAMP)
    return conversation


def press(conversation: Conversation, reply: Reply, label: str) -> list[Reply]:
    """Press a button of the newest menu by its label."""
    labels = [button.label for button in reply.buttons]
    return conversation.press(conversation.menus[-1], labels.index(label))


def write(conversation: Conversation, text: str = "Bật *xác thực* hai bước.") -> Reply:
    hold(
        conversation, [("thông báo", "Soạn thông báo mới"), ("Soạn thông báo mới", "gõ lời thông báo"), (text, "nháp")]
    )
    (shown,) = conversation.say("menu") and press_open(conversation)
    return shown


def press_open(conversation: Conversation) -> list[Reply]:
    """The screen of the newest broadcast, from the list."""
    (listed,) = conversation.say("thông báo")
    return press(conversation, listed, listed.buttons[2].label)


def newest(conversation: Conversation) -> broadcasts.Broadcast:
    (found, *_) = broadcasts.newest(
        conversation.context.database, None, ("draft", "freezing", "planned", "repeating"), 9
    )
    return found


def run_jobs(context: Context) -> list[Reply]:
    """What the scheduler would do with everything that is due, without what is sent."""
    replies: list[Reply] = []
    while job := jobs.claim(context.database, list(KINDS), "a", STAMP, STAMP + "9"):
        replies += KINDS[job.kind].run(Due(job.name, NOW, job.data), replace(context, person=0, address=None))
        jobs.finish(context.database, job)
    return replies


# Writing


def test_a_draft_is_written_changed_and_deleted_in_chat(admin: Conversation) -> None:
    shown = write(admin)
    assert "Bật xác thực hai bước." in read(shown)
    assert "Nút: Đã đọc và hiểu" in read(shown)
    press(admin, shown, "Căn cứ")
    (shown,) = admin.say("Công văn số 1/SVD ngày 02/01/2026")
    assert "Căn cứ: Công văn số 1/SVD" in read(shown)
    press(admin, shown, "Người nhận")
    (refused,) = admin.say("Phòng Không Có")
    assert "Không có đơn vị đó" in read(refused)
    (shown,) = admin.say("phòng một; Phòng Hai")
    assert "Gửi cho: Phòng Một, Phòng Hai và đơn vị trực thuộc" in read(shown)
    press(admin, shown, "Nút")
    (shown,) = admin.say("đã đọc\nđiều 4 khoản 3")
    assert "Nút: Đã đọc và hiểu | Xem Khoản 3 Điều 4" in read(shown)
    press(admin, shown, "Sửa lời")
    (refused,) = admin.say("x" * 2_000)
    assert "nhiều nhất 1500" in read(refused)
    (shown,) = admin.say("Lời mới.")
    assert "Lời mới." in read(shown)
    (shown,) = press(admin, shown, "Đặt là khẩn")
    assert "Khẩn" in read(shown)
    (gone,) = press(admin, shown, "Xóa bản nháp")
    assert "Đã xóa" in read(gone)
    assert broadcasts.newest(admin.context.database, None, ("draft",), 9) == []


def test_a_draft_is_copied(admin: Conversation) -> None:
    press(admin, write(admin), "Căn cứ")
    admin.say("Công văn 1/SVD")
    (copied,) = press(admin, press_open(admin)[0], "Nhân bản")
    assert "Bản nháp số 2" in read(copied)
    assert "Căn cứ: Công văn 1/SVD" in read(copied)
    press(admin, copied, "Xóa bản nháp")
    assert "Bản nháp số 1" in read(press_open(admin)[0])


def test_one_that_repeats_is_found_however_many_went_out_since_and_all_others_are_older(
    admin: Conversation, context: Context
) -> None:
    press(admin, write(admin, "Lời định kỳ."), "Gửi")
    admin.say("hằng tuần thứ hai 8h")
    admin.say("đồng ý")
    for number in range(2, 16):
        broadcasts.move(context.database, begin(admin, context, Content(f"Lời thứ {number}.")), "done", STAMP)
    (shown,) = admin.say("thông báo")
    labels = [button.label for button in shown.buttons]
    assert "Số 15" in labels[2]
    assert "Số 1: Lời định kỳ. (gửi định kỳ)" in labels
    (older,) = press(admin, shown, "Cũ hơn")
    assert [label.split(":")[0] for label in (button.label for button in older.buttons)] == [
        *(f"Số {number}" for number in range(9, 3, -1)), "Cũ hơn",
    ]  # fmt: skip
    (oldest,) = press(admin, older, "Cũ hơn")
    assert [button.label.split(":")[0] for button in oldest.buttons] == ["Số 3", "Số 2", "Số 1"]
    (shown,) = press(admin, oldest, "Số 1: Lời định kỳ. (gửi định kỳ)")
    assert "Dừng hẳn" in [button.label for button in shown.buttons]


def test_a_planned_one_says_for_when_in_the_list(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    admin.say("8:00 ngày 5/12")
    admin.say("đồng ý")
    hold(admin, [("thông báo", "Số 1: Bật xác thực hai bước. (hẹn gửi lúc 08:00 05/12/2026)")])


def test_a_draft_that_is_being_written_outlives_a_restart(admin: Conversation, context: Context) -> None:
    admin.say("thông báo")
    admin.say("Soạn thông báo mới")
    again = Conversation(context, admin.address)
    assert "Bản nháp" in read(again.say("Lời sau khi khởi động lại.")[0])


def test_staff_may_not_write(context: Context, units: tuple[int, int, int]) -> None:
    (refused,) = member(context, "canbo", units[1]).say("thông báo")
    assert "chưa được giao quyền" in read(refused)


def test_a_contact_sends_within_his_unit_and_sees_only_it(
    contact: Conversation, admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    mot = member(context, "mot", units[1])
    other = member(context, "hai", units[2])
    shown = write(contact)
    assert "Đặt là khẩn" not in [button.label for button in shown.buttons]
    press(contact, shown, "Người nhận")
    # Somebody who is not there has the same answer.
    hold(contact, [("người: hai; mot", "Không có người đó trong danh sách"), ("người: không ai", "Không có người đó")])
    contact.say("người: mot")
    found = newest(contact)
    assert found.audience == {"kind": "named", "people": [mot.context.person]}
    assert found.unit == units[1]
    press(contact, press_open(contact)[0], "Gửi")
    contact.say("ngay")
    contact.say("đồng ý")
    run_jobs(context)
    assert recipients.get(context.database, found.id, other.context.person) is None
    # By the number of a person, too, nobody of another unit is named to him.
    members.put(
        context.database, other.context.person, name="binh", folded="binh", position="", code="CB017",
        state="joined", now=STAMP,
    )  # fmt: skip
    press(contact, write(contact, "Lời thứ hai."), "Người nhận")
    (said,) = contact.say("người: CB017")
    assert "Không có người đó" in read(said)
    assert "binh" not in whole(said)
    # A namesake elsewhere makes his own one no harder to name.
    member(context, "binh", units[1])
    hold(contact, [("người: binh", "1 người (binh)")])
    # What the administrator writes for all is not the contact's to read.
    write(admin, "Chuyện của cả cơ quan.")
    assert "Chuyện của cả cơ quan" not in whole(contact.say("thông báo")[0])


def test_a_ready_reminder_is_a_draft_at_once(admin: Conversation) -> None:
    admin.say("thông báo")
    (listed,) = admin.say("Lời nhắc có sẵn")
    assert [button.label for button in listed.buttons] == [
        "Bảo vệ tài khoản",
        "Kiểm tra trước khi chia sẻ",
        "Mất tài khoản: việc làm ngay",
        "Quy định của tháng",
    ]
    (shown,) = press(admin, listed, "Quy định của tháng")
    assert "Nút: Xem quy định | Đã đọc và hiểu" in read(shown)


def test_an_office_replaces_and_adds_reminders(context: Context) -> None:
    own = (
        Reminder(id="mat-tai-khoan", title="Của cơ quan", text="Gọi số nội bộ."),
        Reminder(id="the-va-xe", title="Thẻ và xe", text="Đeo thẻ.", provision="khong-co/dieu-1", confirm=False),
    )
    there = replace(context, office=OFFICE.model_copy(update={"reminders": own}))
    titles = [reminder.title for reminder in reminders.ready(there)]
    assert titles[2] == "Của cơ quan"
    assert titles[-1] == "Thẻ và xe"
    assert len(titles) == 5
    assert reminders.content(own[1], there).buttons == ()


def test_every_built_in_reminder_can_be_sent_and_leads_to_a_provision(context: Context) -> None:
    for reminder in reminders.built_in():
        said = reminders.content(reminder, context)
        assert checked(said).text
        assert said.buttons[0].target in context.search.library
    months = {
        reminders.content(reminders.built_in()[-1], replace(context, now=NOW + dt.timedelta(days=31 * n)))
        .buttons[0]
        .target
        for n in range(6)
    }
    assert len(months) == 6


# Marks


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("*đậm* và _nghiêng_", "<b>đậm</b> và <i>nghiêng</i>"),
        ("- một\n* hai", "• một\n• hai"),
        ("> trích", "<blockquote>trích</blockquote>"),
        ("`0000 000 000`", "<code>0000 000 000</code>"),
        ("2 * 3 * 4 và a_b_c", "2 * 3 * 4 và a_b_c"),
        ("<b>x</b> & y", "&lt;b&gt;x&lt;/b&gt; &amp; y"),
        ("*một _hai* ba_", "*một _hai* ba_"),
        ("**rất đậm**", "<b>rất đậm</b>"),
    ],
)
def test_marks_become_tags(typed: str, shown: str) -> None:
    assert marked(typed) == Markup(shown)


def test_whatever_is_typed_its_tags_are_closed_in_order() -> None:
    chance = random.Random(7)
    for _ in range(2_000):
        typed = "".join(chance.choices("ab *_`<>&\n", k=30))
        assert contents._is_nested(str(marked(typed)))


# Looking and counting


def with_file(admin: Conversation, kind: FileKind, zalo: Literal["any", "pictures", "none"]) -> Reply:
    """The screen of a draft with a file, where Zalo carries only so much."""
    lines = (Line("telegram", "bot-1", 25.0), Line("zalo", "bot-1", 0.5, files=zalo))
    admin.context = replace(admin.context, lines=lines)
    write(admin)
    found = newest(admin)
    said = replace(Content.from_json(found.content), file=File(1, kind, "anh.jpg"))
    broadcasts.change(admin.context.database, found.id, said.as_json(), found.audience, True)
    (shown,) = press_open(admin)
    return shown


@pytest.mark.parametrize(
    ("kind", "zalo", "goes"),
    [
        ("photo", "any", True),
        ("photo", "pictures", True),
        ("photo", "none", False),
        ("document", "pictures", False),
        ("document", "none", False),
    ],
)
def test_nobody_is_promised_a_file_that_does_not_go(
    kind: FileKind,
    zalo: Literal["any", "pictures", "none"],
    goes: bool,
    admin: Conversation,
    context: Context,
    units: tuple[int, int, int],
) -> None:
    for name in ("mot", "hai"):
        member(context, name, units[1], "zalo")
    *replies, _ = press(admin, with_file(admin, kind, zalo), "Xem thử")
    by_channel = {reply.as_on: reply for reply in replies if "Bật xác thực hai bước." in read(reply)}
    assert by_channel[""].files
    assert bool(by_channel["zalo"].files) is goes
    assert ("Tệp kèm theo không gửi được" in read(by_channel["zalo"])) is not goes
    (shown,) = press_open(admin)
    (card,) = press(admin, shown, "Gửi")
    said = "Ảnh, tệp kèm theo không gửi được qua Zalo: 2 người chỉ nhận lời."
    assert (said in read(card)) is not goes
    number = newest(admin).id
    admin.say("ngay")
    admin.say("có")
    for reply in run_jobs(context):
        if reply.concern:
            running.happened([Outcome(reply.concern, "sent")], replace(context, person=0, address=None))
    found = broadcasts.get(context.database, number)
    assert found
    progress = wording.progress(found, recipients.sums(context.database, number), admin.context)
    assert "Đã gửi: 3/3." in read(progress)
    assert (said in read(progress)) is not goes


def test_it_is_shown_as_on_every_channel_that_the_recipients_use(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    member(context, "zalo", units[1], "zalo")
    shown = write(admin)
    *replies, after = press(admin, shown, "Xem thử")
    assert [button.label for button in after.buttons] == ["Gửi", "Xem bản nháp"]
    assert [(read(reply), reply.as_on) for reply in replies if not reply.buttons] == [
        ("Trên Telegram, người nhận sẽ thấy:", ""),
        ("Trên Zalo, người nhận sẽ thấy:", ""),
    ]
    assert [reply.as_on for reply in replies if reply.buttons] == ["", "zalo"]
    assert all("Bật xác thực hai bước." in read(reply) for reply in replies if reply.buttons)


def test_whoever_sends_sees_the_numbers_the_time_and_the_plan(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    for number in range(3):
        member(context, f"z{number}", units[1], "zalo")
    office.add_member(Scene(context.database, Actor(CONSOLE), NOW, TODAY), units[1], "Chưa Tham Gia")
    admin.context = replace(
        admin.context, lines=(Line("telegram", "bot-1", 25.0), Line("zalo", "bot-1", 0.5, monthly=3_000))
    )
    (card,) = press(admin, write(admin), "Gửi")
    said = read(card)
    assert "Sẽ gửi tới 4 người: Zalo 3, Telegram 1." in said
    assert "Không gửi được cho 1 người: chưa tham gia 1." in said
    assert "Gửi trong khoảng 6 giây." in said
    assert "Bot bot-1: dùng 3 trong 2400 tin" in said
    # A Saturday.
    assert "Đang ngoài giờ làm việc: gửi ngay thì bắt đầu lúc 07:30 23/11/2026." in said
    (sure,) = admin.say("gửi ngay")
    assert "người, lúc 07:30 23/11/2026. Gửi không?" in read(sure)


def test_a_bot_is_called_by_its_name_where_it_is_known(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    member(context, "z", units[1], "zalo")
    door = Door("Zalo Sở Ví Dụ", "", channel="zalo", account="bot-1", monthly=3_000)
    admin.context = replace(
        admin.context, lines=(Line("zalo", "bot-1", 0.5, monthly=3_000),), doors=lambda code: (door,)
    )
    (card,) = press(admin, write(admin), "Gửi")
    assert "Zalo Sở Ví Dụ: dùng 1 trong 2400 tin" in read(card)


def test_a_title_shows_no_marks_and_whom_it_is_for_in_the_words_of_its_sender(
    admin: Conversation, contact: Conversation
) -> None:
    (shown,) = press(admin, write(admin, "*Bật xác thực* hai bước."), "Gửi")
    assert read(shown).splitlines()[:2] == ["Số 1: Bật xác thực hai bước.", "Gửi cho: cả cơ quan"]
    (shown,) = press(contact, write(contact, "Kiểm tra `thiết bị`."), "Gửi")
    assert read(shown).splitlines()[:2] == ["Số 2: Kiểm tra thiết bị.", "Gửi cho: cả đơn vị"]


def test_many_are_counted_part_by_part(
    admin: Conversation, context: Context, units: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "COUNTED_AT_ONCE", 3)
    for number in range(10):
        member(context, f"n{number}", units[1])
    (told,) = press(admin, write(admin), "Gửi")
    assert "Đang đếm" in read(told)
    (card,) = run_jobs(context)
    assert "Sẽ gửi tới 11 người" in read(card)
    assert card.to == admin.address


# Confirming


def test_above_a_number_the_number_is_typed(admin: Conversation, context: Context, units: tuple[int, int, int]) -> None:
    admin.context = replace(admin.context, office=OFFICE.model_copy(update={"confirm_above": 3}))
    for number in range(4):
        member(context, f"n{number}", units[1])
    press(admin, write(admin), "Gửi")
    hold(admin, [("ngay", "gõ số người nhận: 5"), ("đồng ý", "không khớp"), ("4", "không khớp"), ("5", "Bắt đầu")])
    assert newest(admin).state == "freezing"


def test_whoever_says_no_sends_nothing(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    admin.say("ngay")
    for answer in ("không", "Để sau"):
        told, shown = admin.say(answer)
        assert "Chưa thay đổi gì" in read(told)
        assert "Bản nháp số 1" in read(shown)
        press(admin, shown, "Gửi")
    assert newest(admin).state == "draft"


def test_where_nobody_would_get_it_no_time_is_asked_for(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    office.add_member(Scene(context.database, Actor(CONSOLE), NOW, TODAY), units[2], "Chưa Tham Gia")
    press(admin, write(admin), "Người nhận")
    (shown,) = admin.say("Phòng Hai")
    (card,) = press(admin, shown, "Gửi")
    assert "Chưa gửi được cho ai" in read(card)
    assert "chưa tham gia 1" in read(card)
    assert [button.label for button in card.buttons] == ["Người nhận", "Xem bản nháp"]
    hold(admin, [("thông báo", "Soạn thông báo mới")])


def test_a_time_at_which_the_office_is_closed_is_said_before_it_is_confirmed(admin: Conversation) -> None:
    shown = write(admin)
    press(admin, shown, "Gửi")
    # A Saturday.
    (asked,) = admin.say("8:00 ngày 5/12")
    assert "hẹn 08:00 05/12/2026 (ngoài giờ làm việc) nên bắt đầu lúc 07:30 07/12/2026. Gửi không?" in read(asked)
    admin.say("không")
    press(admin, press_open(admin)[0], "Đặt là khẩn")
    press(admin, press_open(admin)[0], "Gửi")
    (asked,) = admin.say("8:00 ngày 5/12")
    assert "lúc 08:00 05/12/2026. Gửi không?" in read(asked)


def test_one_that_is_let_go_for_later_says_that_it_waits_for_working_hours(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    patient = "rơi vào ngoài giờ, ngày nghỉ thì chờ đến giờ làm việc"
    hold(admin, [("hằng tháng ngày 5 lúc 20h", patient), ("đồng ý", patient)])
    (shown,) = press_open(admin)
    assert patient in read(shown)
    assert "Gửi cho: cả cơ quan" in read(shown)
    assert "Đã gửi" not in read(shown)
    press(admin, write(admin, "Lời khác."), "Gửi")
    hold(
        admin, [("20:00 ngày 24/11", "nên bắt đầu lúc"), ("đồng ý", "Lúc đó ngoài giờ làm việc nên bắt đầu lúc 07:30")]
    )
    (shown,) = press(admin, write(admin, "Lời khẩn."), "Đặt là khẩn")
    press(admin, shown, "Gửi")
    (sure,) = admin.say("hằng tháng ngày 5 lúc 20h")
    assert "ngoài giờ" not in read(sure)


def test_one_that_repeats_is_ended_only_after_asking(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    admin.say("hằng tuần thứ hai 8h")
    admin.say("đồng ý")
    (shown,) = press_open(admin)
    (asked,) = press(admin, shown, "Dừng hẳn")
    assert "từ nay không gửi kỳ nào nữa" in read(asked)
    (shown,) = press(admin, asked, "Dừng hẳn")
    assert "đã dừng hẳn" in read(shown)
    # It has gone out never itself, and has no results.
    assert [button.label for button in shown.buttons] == ["Soạn lại từ bản này"]


def test_what_the_office_wants_approved_goes_out_after_the_head_has_read_it(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    head = member(context, "lanhdao", units[0])
    roles.give(context.database, head.context.person, "head", units[0], CONSOLE, STAMP)
    wanting = OFFICE.model_copy(update={"approvals": ("broadcast.send",)})
    for one in (admin, head):
        one.context = replace(one.context, office=wanting)
    press(admin, write(admin), "Gửi")
    admin.say("8:00 ngày 5/12")
    told, card = admin.say("đồng ý")
    assert "Đã trình lãnh đạo" in read(told)
    assert card.to == head.address
    assert "Bật *xác thực* hai bước." in read(card)
    assert "Gửi lúc: 08:00 05/12/2026" in read(card)
    assert newest(admin).state == "draft"
    (listed,) = head.say("chờ duyệt")
    approved, _ = press(head, listed, "Đồng ý")
    assert "Đã duyệt" in read(approved)
    found = newest(admin)
    assert (found.state, found.sent_by) == ("planned", admin.context.person)


@pytest.mark.parametrize(
    ("change", "answer"),
    [("Người nhận", "Phòng Một"), ("Căn cứ", "Công văn 9/SVD"), ("Nút", "không"), ("Sửa lời", "Lời khác."), ("", "")],
)
def test_what_is_approved_is_what_the_head_has_read_in_everything(
    change: str, answer: str, admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    head = member(context, "lanhdao", units[0])
    roles.give(context.database, head.context.person, "head", units[0], CONSOLE, STAMP)
    wanting = OFFICE.model_copy(update={"approvals": ("broadcast.send",)})
    for one in (admin, head):
        one.context = replace(one.context, office=wanting)
    shown = write(admin)
    press(admin, shown, "Căn cứ")
    (shown,) = admin.say("Công văn 1/SVD")
    press(admin, shown, "Đặt là khẩn")
    press(admin, press_open(admin)[0], "Gửi")
    admin.say("ngay")
    _, card = admin.say("đồng ý")
    for line in ("Gửi cho: cả cơ quan, 2 người", "Căn cứ: Công văn 1/SVD", "Khẩn: gửi cả ngoài giờ"):
        assert line in read(card)
    assert "version" not in read(card)
    if change:
        press(admin, press_open(admin)[0], change)
        admin.say(answer)
    else:
        press(admin, press_open(admin)[0], "Bỏ khẩn")
    (listed,) = head.say("chờ duyệt")
    (refused,) = press(head, listed, "Đồng ý")
    assert "Bản nháp đã được sửa" in read(refused)
    assert newest(admin).state == "draft"


def test_what_another_changes_while_it_is_being_confirmed_is_not_sent(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    other = member(context, "quantri2", units[0])
    roles.give(context.database, other.context.person, "administrator", None, CONSOLE, STAMP)
    press(admin, write(admin), "Gửi")
    admin.say("ngay")
    press(other, press_open(other)[0], "Người nhận")
    other.say("chỉ Phòng Một")
    hold(admin, [("đồng ý", "Bản nháp đã được sửa sau khi anh/chị xem")])
    assert newest(admin).state == "draft"


def test_two_who_confirm_the_same_draft_send_it_once(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    other = member(context, "quantri2", units[0])
    roles.give(context.database, other.context.person, "administrator", None, CONSOLE, STAMP)
    press(admin, write(admin), "Đặt là khẩn")
    for one in (admin, other):
        press(one, press_open(one)[0], "Gửi")
    for one in (admin, other):
        one.say("ngay")
    hold(admin, [("đồng ý", "Bắt đầu")])
    hold(other, [("đồng ý", "không còn là bản nháp")])
    sent = [reply.to for reply in run_jobs(context) if reply.concern]
    assert sorted(str(to) for to in sent) == sorted(str(one.address) for one in (admin, other))


def test_a_planned_one_is_a_draft_again_when_it_is_cancelled(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    hold(admin, [("8:00 ngày 5/12", "08:00 05/12/2026"), ("có", "hẹn gửi lúc")])
    planned = newest(admin)
    assert planned.state == "planned"
    (shown,) = press(admin, press_open(admin)[0], "Dừng hẳn")
    assert "Bản nháp số 1" in read(shown)
    assert newest(admin).state == "draft"
    assert jobs.claim(admin.context.database, [running.START], "a", "2027", "2028") is None


def test_how_often_one_repeats_is_said_when_it_is_planned(admin: Conversation) -> None:
    press(admin, write(admin), "Gửi")
    hold(
        admin,
        [("hằng quý ngày 15 lúc 9h đến 31/12/2027", "định kỳ"), ("có", "hằng quý, ngày 15 các tháng 2, 5, 8, 11")],
    )
    assert newest(admin).state == "repeating"


# When


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("15h30", "2026-11-21 15:30"),
        ("lúc 8:05 ngày 5/12", "2026-12-5 8:5"),
        ("mai", "2026-11-22 8:0"),
        ("5/12/2026 14 giờ 15", "2026-12-5 14:15"),
        # It is ten o'clock on Saturday the 21st.
        ("3 giờ chiều mai", "2026-11-22 15:0"),
        ("chiều mai", "2026-11-22 14:0"),
        ("9h tối nay", "2026-11-21 21:0"),
        ("1h trưa mai", "2026-11-22 13:0"),
        ("8 rưỡi sáng mai", "2026-11-22 8:30"),
        ("8g30 mai", "2026-11-22 8:30"),
        ("16h 15/12", "2026-12-15 16:0"),
        ("16h thứ hai", "2026-11-23 16:0"),
        ("thứ bảy 9h", "2026-11-28 9:0"),
        ("thứ bảy 11h", "2026-11-21 11:0"),
        ("thứ tư tuần tới 8h", "2026-11-25 8:0"),
        ("ngày mốt 15h", "2026-11-23 15:0"),
        ("8h ngày 5 tháng 12", "2026-12-5 8:0"),
        ("30 phút nữa", "2026-11-21 10:30"),
        ("2 giờ nữa", "2026-11-21 12:0"),
    ],
)
def test_a_time_is_understood(typed: str, at: str, context: Context) -> None:
    local = dt.datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=context.zone)
    assert timing.read(typed, NOW, context.zone) == timing.When(local.astimezone(dt.UTC))


@pytest.mark.parametrize("typed", ["ngay", "gửi luôn", "gửi ngay đi", "ngay nhé", "Ngay bây giờ", "lập tức"])
def test_now_is_now(typed: str, context: Context) -> None:
    assert timing.read(typed, NOW, context.zone) == timing.When()


@pytest.mark.parametrize(
    ("typed", "recurs", "until"),
    [
        ("hằng tuần thứ hai 8h", Recurrence(dt.time(8), weekday=0), None),
        ("hằng tuần chủ nhật lúc 9:30", Recurrence(dt.time(9, 30), weekday=6), None),
        ("hằng tháng ngày 5", Recurrence(dt.time(8), day=5), None),
        ("ngày 5 hằng tháng lúc 2h chiều", Recurrence(dt.time(14), day=5), None),
        ("thứ hai hằng tuần 8h", Recurrence(dt.time(8), weekday=0), None),
        ("mỗi quý ngày 31 15h đến 31/12/2027", Recurrence(dt.time(15), day=31, months=(2, 5, 8, 11)), "2027-12-31"),
    ],
)
def test_how_it_repeats_is_understood(typed: str, recurs: Recurrence, until: str | None, context: Context) -> None:
    found = timing.read(typed, NOW, context.zone)
    assert found.repeats == recurs
    assert found.at == recurs.after(NOW, context.zone)
    assert found.as_json()["until"] == until
    assert Recurrence.from_json(recurs.as_json()) == recurs


@pytest.mark.parametrize(
    "typed",
    [
        *("", "lúc nào cũng được", "25h", "8:00 hôm nay", "hằng tuần", "31/2", "hằng tháng ngày 40"),
        # What is understood only in part would go out at another time.
        *("8h 5/12 và 10/12", "thứ hai và thứ tư 8h", "hằng ngày 20h", "16h cuối tháng", "tối mai", "11h chiều"),
        *("hai tuần một lần thứ hai 8h", "hằng tuần thứ hai 8h đến 1/11/2026", "hằng tháng ngày 5 đến 1/12/2026"),
    ],
)
def test_what_is_no_time_is_asked_again(typed: str, context: Context) -> None:
    with pytest.raises(NotPossible):
        timing.read(typed, NOW, context.zone)


# Those who get one


def begin(admin: Conversation, context: Context, said: Content | None = None) -> int:
    """A broadcast that was let go, with its list."""
    console = Scene(context.database, Actor(CONSOLE), NOW, TODAY)
    said = said or Content("Bật xác thực.", buttons=(Choice("Đã đọc và hiểu", "confirm"),))
    number = service.write(console, None, said.as_json(), {"kind": "all"})
    service.make_urgent(console, None, number, True)
    service.send(replace(console, actor=admin.context.actor), None, number, checked(said).text)
    return number


def test_what_goes_out_carries_a_menu_that_never_grows_old(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    staff = member(context, "canbo", units[1])
    number = begin(
        admin,
        context,
        Content("Xem.", buttons=(Choice("Đã đọc", "confirm"), Choice("Xem", PROVISION, "qd-874-2021/dieu-4/khoan-3"))),
    )
    sent = {reply.to: reply for reply in run_jobs(context) if reply.concern}
    assert sent[staff.address].menu == STANDING_MENUS + number
    staff.wait(dt.timedelta(days=30))
    (thanks,) = staff.press(STANDING_MENUS + number, 0)
    assert "Đã ghi nhận" in read(thanks)
    (again,) = staff.press(STANDING_MENUS + number, 0)
    assert "đã xác nhận rồi" in read(again)
    (shown,) = staff.press(STANDING_MENUS + number, 1)
    assert "Khoản 3 Điều 4" in read(shown)
    (stale,) = staff.press(STANDING_MENUS + number, 2)
    assert "đã cũ" in read(stale)


def test_who_did_not_get_it_cannot_confirm_it(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    number = begin(admin, context)
    run_jobs(context)
    late = member(context, "den-sau", units[1])
    assert "đã cũ" in read(late.press(STANDING_MENUS + number, 0)[0])
    assert "đã cũ" in read(late.press(STANDING_MENUS + 999, 0)[0])
    assert "không có thông báo nào" in read(late.say("đã đọc")[0])


def test_who_types_that_he_has_read_means_the_newest(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    staff = member(context, "canbo", units[1])
    number = begin(admin, context)
    run_jobs(context)
    assert "Đã ghi nhận" in read(staff.say("Đã đọc và hiểu")[0])
    found = recipients.get(context.database, number, staff.context.person)
    assert found is not None
    assert (found.informed_at, found.informed_how) == (STAMP, "press")


def test_a_held_account_confirms_nothing(admin: Conversation, context: Context, units: tuple[int, int, int]) -> None:
    staff = member(context, "canbo", units[1])
    number = begin(admin, context)
    run_jobs(context)
    people.hold(context.database, staff.context.person, CONSOLE, STAMP)
    (reply,) = staff.press(STANDING_MENUS + number, 0)
    assert "tạm khóa" in read(reply)
    found = recipients.get(context.database, number, staff.context.person)
    assert found is not None
    assert found.informed_at is None


def test_somebody_wants_no_broadcasts_and_wants_them_again(context: Context, units: tuple[int, int, int]) -> None:
    staff = member(context, "canbo", units[1])
    hold(
        staff,
        [
            ("thôi nhận thông báo", "không nhận thông báo chung nữa, kể cả cảnh báo khẩn"),
            ("tắt thông báo", "đã tắt"),
            ("dữ liệu của tôi", "Đã tắt thông báo từ 21/11/2026"),
            ("nhận lại thông báo", "lại nhận"),
        ],
    )
    assert broadcasts.opted_out_since(context.database, staff.context.person) is None


# After


@pytest.fixture
def done(admin: Conversation, context: Context, contact: Conversation, units: tuple[int, int, int]) -> int:
    """A broadcast to six people: all of Phòng Một but one, and nobody of Phòng Hai, have confirmed."""
    staff = [member(context, name, unit) for name, unit in (("=mot", units[1]), ("hai", units[1]), ("ba", units[2]))]
    number = begin(admin, context, Content("Bật xác thực.", "Công văn 1/SVD", (Choice("Đã đọc", "confirm"),)))
    for reply in run_jobs(context):
        if reply.concern:
            running.happened([Outcome(reply.concern, "sent")], replace(context, person=0, address=None))
    for one in (contact, staff[0]):
        one.press(STANDING_MENUS + number, 0)
    return number


def results(conversation: Conversation, number: int, unit: int | None) -> Reply:
    (listed,) = conversation.say("thông báo")
    (button,) = [one for one in listed.buttons if one.data.get("broadcast") == number and one.data.get("unit") == unit]
    (shown,) = press(conversation, listed, button.label)
    return press(conversation, shown, "Kết quả")[0] if button.action == "broadcast.open" else shown


def test_the_results_are_told_by_unit_the_worst_first(admin: Conversation, done: int) -> None:
    said = read(results(admin, done, None))
    assert "Đã nắm: 2/5 người (40%). Tin đã tới: 5." in said
    assert said.index("Phòng Hai: 0/1") < said.index("Phòng Một: 2/3")


def test_a_contact_sees_his_unit_of_what_came_from_above(
    contact: Conversation, done: int, units: tuple[int, int, int]
) -> None:
    said = read(results(contact, done, units[1]))
    assert "Đã nắm: 2/3 người (66%)" in said
    assert "Phòng Hai" not in said


def drawn(replies: list[Reply]) -> bytes:
    (reply,) = replies
    (file,) = reply.files
    assert isinstance(file, Drawing)
    return draw(file.drawing, file.data)


def test_the_list_is_handed_in_as_word_and_excel(contact: Conversation, done: int, units: tuple[int, int, int]) -> None:
    document = Document(io.BytesIO(drawn(press(contact, results(contact, done, units[1]), "Danh sách Word"))))
    informed, missing, signed = ([[cell.text for cell in row.cells] for row in table.rows] for table in document.tables)
    assert informed[0] == ["STT", "Họ và tên", "Chức vụ", "Đơn vị", "Thời gian", "Hình thức"]
    assert ["1", "=mot", "", "Phòng Một", "10:00 21/11/2026", "Xác nhận qua trợ lý"] in informed
    assert missing[1:] == [["1", "hai", "", "Phòng Một", "", "Đã nhận tin, chưa xác nhận"]]
    assert signed == [["NGƯỜI LẬP DANH SÁCH", "THỦ TRƯỞNG ĐƠN VỊ"]]
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "SỞ VÍ DỤ" in words
    assert "Căn cứ: Công văn 1/SVD" in words
    assert "Gửi lúc 10:00 21/11/2026." in words
    assert "I. Đã được phổ biến: 2 người" in words
    assert "II. Chưa xác nhận, chưa được phổ biến: 1 người" in words
    workbook = load_workbook(io.BytesIO(drawn(press(contact, results(contact, done, units[1]), "Danh sách Excel"))))
    cells = list(workbook.worksheets[0].iter_rows())
    table = [[cell.value for cell in row] for row in cells]
    assert table.count(informed[0]) == 2
    people = [row for row in cells if row[0].data_type == "n" and row[0].value]
    assert [(row[0].value, row[1].value) for row in people] == [(1, "=mot"), (2, "daumoi"), (1, "hai")]
    assert {cell.data_type for row in people for cell in row[1:] if cell.value} == {"s"}
    assert table[-1][1] == "Người lập danh sách"


def test_the_list_says_everything_that_was_sent_who_noted_it_and_sorts_like_people(
    admin: Conversation, contact: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    said = (
        "Bảo vệ tài khoản Zalo\n- Bật xác thực hai bước, đừng đưa mã cho ai\n- Đặt mật khẩu dài, mỗi nơi một mật khẩu"
    )
    for name in ("Trần Ví Dụ", "lê ví dụ", "Đỗ Ví Dụ", "Bùi Ví Dụ"):
        member(context, name, units[1])
    number = begin(admin, context, Content(said))
    run_jobs(context)
    press(contact, results(contact, number, units[1]), "Ghi đã phổ biến")
    hold(contact, [("điện thoại", "Đã ghi 0 người"), ("lê ví dụ", "Đã ghi 1 người"), ("xong", "Đã nắm: 1/5")])
    (file,) = press(contact, results(contact, number, units[1]), "Danh sách Word")[0].files
    assert isinstance(file, Drawing)
    assert "mỗi nơi một mật khẩu" in file.data["about"]
    informed, missing = (part["rows"] for part in file.data["parts"])
    assert informed[0][1] == "lê ví dụ"
    assert informed[0][5] == "Qua điện thoại, daumoi ghi"
    assert [row[1] for row in missing] == ["Bùi Ví Dụ", "daumoi", "Đỗ Ví Dụ", "Trần Ví Dụ"]


def test_one_that_went_to_nobody_or_has_just_begun_has_results(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    number = begin(admin, context)
    (shown,) = act("results", {"broadcast": number, "unit": None}, admin.context)
    assert "Đã nắm: 0/0 người (0%)" in read(shown)
    assert "Ghi đã phổ biến" not in [button.label for button in shown.buttons]
    for label in ("Biểu đồ", "Danh sách Word", "Danh sách Excel"):
        (button,) = [one for one in shown.buttons if one.label == label]
        assert drawn(act(button.action.removeprefix("broadcast."), button.data, admin.context))
    contact = member(context, "daumoi2", units[2])
    roles.give(context.database, contact.context.person, "contact", units[2], CONSOLE, STAMP)
    contact.say("thông báo")
    with pytest.raises(NotFound):
        act("results", {"broadcast": number, "unit": units[2]}, contact.context)


def test_the_chart_is_a_picture(admin: Conversation, done: int) -> None:
    picture = Image.open(io.BytesIO(drawn(press(admin, results(admin, done, None), "Biểu đồ"))))
    assert picture.format == "PNG"
    assert picture.width > 800


def test_too_long_a_list_is_refused_with_what_to_do(
    admin: Conversation, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.broadcast.results.MOST_LISTED", 4)
    (refused,) = press(admin, results(admin, done, None), "Danh sách Word")
    assert "từng đơn vị" in read(refused)


def test_a_contact_marks_who_was_informed_at_a_meeting(
    contact: Conversation, done: int, units: tuple[int, int, int]
) -> None:
    press(contact, results(contact, done, units[1]), "Ghi đã phổ biến")
    hold(contact, [("chợ", "“họp” hoặc “điện thoại”"), ("họp", "Đã ghi 0 người"), ("ba", "Không có người đó")])
    hold(contact, [("hai", "Đã ghi 1 người"), ("xong", "Đã nắm: 3/3")])
    found = [one for one in recipients.some(contact.context.database, done, 0, 99) if one.name == "hai"]
    assert (found[0].informed_how, found[0].informed_at) == ("meeting", STAMP)


@pytest.mark.parametrize("between", ["; ", ", ", "\n", ";"])
def test_each_of_several_names_has_its_own_result(
    between: str, contact: Conversation, done: int, units: tuple[int, int, int]
) -> None:
    press(contact, results(contact, done, units[1]), "Ghi đã phổ biến")
    contact.say("họp")
    (said,) = contact.say(between.join(["daumoi", "không ai", "ba", "hai"]))
    lines = read(said).splitlines()
    assert lines[0] == "Đã ghi: hai."
    assert lines[1] == "Chưa ghi daumoi: Người đó đã được ghi rồi."
    assert lines[2].startswith("Chưa ghi không ai: ")
    assert lines[3].startswith("Chưa ghi ba: ")
    assert lines[4].startswith("Đã ghi 1 người. Ai nữa?")
    found = {one.name: one.informed_how for one in recipients.some(contact.context.database, done, 0, 99)}
    assert found["hai"] == "meeting"
    assert not found["ba"]
    hold(contact, [("hai", "đã được ghi rồi"), ("xong", "Đã nắm: 3/3")])


def test_what_was_marked_by_mistake_is_taken_back(
    contact: Conversation, done: int, context: Context, units: tuple[int, int, int]
) -> None:
    member(context, "bo ngoi", units[1])
    press(contact, results(contact, done, units[1]), "Ghi đã phổ biến")
    hold(
        contact,
        [
            ("họp", "Ghi nhầm thì gõ “bỏ” và họ tên"),
            ("hai", "Đã ghi 1 người"),
            ("bỏ hai", "Đã bỏ ghi hai.\nĐã ghi 0 người"),
            ("bỏ ghi hai", "chưa được ghi"),
            # What he confirmed himself stays, of others nothing is known, and a name is a name.
            ("bỏ daumoi", "đã tự xác nhận"),
            ("bỏ ba", "Không có người đó"),
            ("bo ngoi", "Không có thông báo đó"),
            ("xong", "Đã nắm: 2/3"),
        ],
    )


def test_whoever_did_not_confirm_what_was_never_sent_is_nobody(admin: Conversation) -> None:
    press(admin, write(admin), "Người nhận")
    hold(admin, [("chưa xác nhận 77", "Không có thông báo đó"), ("chưa xác nhận 1", "Không có thông báo đó")])


def test_a_contact_reminds_those_of_his_unit_who_have_not_confirmed(
    contact: Conversation, done: int, units: tuple[int, int, int], context: Context
) -> None:
    (shown,) = press(contact, results(contact, done, units[1]), "Nhắc người chưa xác nhận")
    assert f"người chưa xác nhận thông báo số {done}" in read(shown)
    press(contact, shown, "Gửi")
    (card,) = contact.say("ngay")
    assert "tới 1 người" in read(card)


def test_the_sender_steers_it_from_its_message(
    admin: Conversation, context: Context, units: tuple[int, int, int]
) -> None:
    for number in range(100):
        member(context, f"n{number}", units[1])
    begin(admin, context)
    run_jobs(context)
    (listed,) = admin.say("thông báo")
    (shown,) = press(admin, listed, listed.buttons[2].label)
    assert "đang gửi" in read(shown)
    (shown,) = press(admin, shown, "Tạm dừng")
    assert "tạm dừng" in read(shown)
    assert "Đang chờ: theo yêu cầu." in read(shown)
    (shown,) = press(admin, shown, "Gửi tiếp")
    assert "đang gửi" in read(shown)
    (asked,) = press(admin, shown, "Dừng hẳn")
    assert "ai chưa nhận sẽ không nhận nữa" in read(asked)
    (shown,) = press(admin, asked, "Không dừng")
    assert "đang gửi" in read(shown)
    (asked,) = press(admin, shown, "Dừng hẳn")
    (shown,) = press(admin, asked, "Dừng hẳn")
    assert "đã dừng hẳn" in read(shown)
    (shown,) = press(admin, shown, "Soạn lại từ bản này")
    assert "Bản nháp số 2" in read(shown)


# A file


def test_a_picture_under_an_open_draft_is_offered_to_it(admin: Conversation, context: Context) -> None:
    shown = write(admin)
    picture = Attachment("photo", "x" * 20)
    (what,) = admin.send(attachments=(picture,))
    number = newest(admin).id
    assert what.buttons[0].label == f"Kèm vào bản nháp số {number}"
    hold(admin, [("1", "Đang nhận tệp")])
    (fetch,) = context.database.rows("SELECT concern FROM fetches")
    assert json.loads(fetch["concern"])["attach"] == number
    # With something else on the screen it is for that.
    press(admin, shown, "Xem thử")
    admin.say("điều 4 khoản 3")
    (other,) = admin.send(attachments=(picture,))
    assert "bản nháp" not in whole(other)


def test_a_draft_that_was_sent_meanwhile_takes_no_picture(admin: Conversation, context: Context) -> None:
    write(admin)
    admin.send(attachments=(Attachment("photo", "x" * 20),))
    context.database.run("UPDATE broadcasts SET state = 'done'")
    (late,) = admin.say("1")
    assert "Đang nhận tệp" not in read(late)


def test_a_picture_is_asked_for_brought_and_shown_in_the_draft(admin: Conversation, context: Context) -> None:
    shown = write(admin)
    press(admin, shown, "Ảnh, tệp")
    (refused,) = admin.send(attachments=(Attachment("voice", "ref"),))
    assert "Anh/chị gửi một ảnh" in read(refused)
    (told,) = admin.send(attachments=(Attachment("photo", "ref"),))
    assert "Đang nhận tệp" in read(told)
    row = context.database.row("SELECT concern, blob_id FROM fetches")
    assert row is not None
    concern = json.loads(row["concern"])
    (shown,) = happened([Outcome(concern, "stored", blob=7, person=admin.context.person)], context)
    assert "Kèm tệp: anh.jpg" in read(shown)
    assert newest(admin).content["file"] == {"blob": 7, "kind": "photo", "name": "anh.jpg"}
    (lost,) = happened([Outcome(concern, "lost", person=admin.context.person)], context)
    assert "chưa nhận được" in read(lost)


def test_beside_a_file_the_words_are_shorter() -> None:
    with pytest.raises(Refusal, match="words_too_long"):
        checked(Content("x" * 900, file=File(1, "photo", "anh.jpg")))
    assert checked(Content("x" * 900)).text == "x" * 900
