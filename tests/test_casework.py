"""The responsible unit's side of reports, as conversations: what it sees, what it does, what the reporter is told."""

from __future__ import annotations

import datetime as dt
import io
from contextlib import suppress
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.configured import abilities_of
from bot.channels.fitting import fit
from handlers import broadcast, form, router
from handlers.authorization import Actor, Scene
from handlers.broadcast import service as broadcast_service
from handlers.broadcast.running import RUN
from handlers.casework import dossier, service
from handlers.casework.dialogue import read_number
from handlers.casework.entering import read_moment
from handlers.casework.following import KINDS
from handlers.casework.warning import prefill
from handlers.context import Context
from handlers.conversation import Drawing, File, Reply
from handlers.errors import NotFound, NotPossible
from handlers.outward import letter_to
from handlers.pages import service as pages_service
from handlers.people import service as people_service
from handlers.report import holding
from handlers.report import service as report_service
from handlers.schedule import Due
from storage import audit, blobs, broadcasts, jobs, people, report_files, reports
from storage.audit import CONSOLE
from storage.people import Address
from storage.reports import FOLLOWING, Draft
from tests.conftest import NOW
from tests.conversations import Conversation, hold, read, whole
from tests.helpers import shown_menu
from tests.test_managing import labels, somebody
from tests.test_people_service import refused

pytestmark = pytest.mark.every_channel

ZALO = Draft("lost", platform="zalo", account="0900000001", said="nick bị hack", contact="0900 000 002")


@pytest.fixture
def contact(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "Mối", office["Một"], contact=office["Một"])


@pytest.fixture
def other(context: Context, office: dict[str, int]) -> Conversation:
    """A second contact of the same unit."""
    return somebody(context, "Minh", office["Một"], contact=office["Một"])


@pytest.fixture
def head(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "Trưởng", office["Một"], head=office["Một"])


@pytest.fixture
def reporter(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "An", office["Một"])


def report_by(conversation: Conversation, draft: Draft = ZALO) -> int:
    """Write a report down as the conversation of the reporter does."""
    context = replace(conversation.context, address=conversation.address)
    return report_service.open_report(context.scene, draft).report.id


def what_follows(context: Context) -> list[Reply]:
    """Do what is due now with every report, as the scheduler does; menus are remembered."""
    replies: list[Reply] = []
    now = context.now.isoformat()
    context = replace(context, address=None, person=0)
    while job := jobs.claim(context.database, [FOLLOWING], "thu", now, now):
        replies += KINDS[FOLLOWING].run(Due(job.name, dt.datetime.fromisoformat(job.planned_at), job.data), context)
        jobs.finish(context.database, job)
    for reply in replies:
        if reply.buttons and reply.to:
            shown_menu(context.database, reply.to, [button.as_json() for button in reply.buttons], now)
    return replies


def told(replies: list[Reply], to: Conversation) -> list[str]:
    return [read(reply) for reply in replies if reply.to == to.address]


def events(context: Context, number: int) -> list[str]:
    return [event.what for event in reports.events(context.database, number) if event.what not in ("informed", "read")]


# The list and the card


def test_the_whole_way_of_a_report(contact: Conversation, reporter: Conversation, context: Context) -> None:
    """Taken, asked, answered in the same thread, verified, closed, opened again; the reporter is told each time."""
    number = report_by(reporter)
    what_follows(context)
    hold(
        contact,
        [
            ("báo cáo của đơn vị", "Sở Ví Dụ / Phòng Một: 1 báo cáo đang mở, 1 chưa ai nhận."),
            ("BC-1 · Mất quyền, bị hack · chưa ai nhận", "Người báo: Người An, nhắn trợ lý lúc 10:00 21/11"),
            ("Nhận xử lý", "Người Mối nhận xử lý lúc 10:00 21/11."),
            ("Hỏi người báo", "Hỏi người báo BC-1 điều gì?"),
            ("Có ai chuyển tiền chưa?", "Đang chờ người báo, chưa tính hạn."),
        ],
    )
    news = told(what_follows(context), reporter)
    assert news == [
        "BC-1: Người Mối đã nhận xử lý lúc 10:00 21/11.",
        "BC-1, Người Mối hỏi:\n“Có ai chuyển tiền chưa?”",
    ]
    hold(
        reporter,
        [("Trả lời", "Anh/chị trả lời cho BC-1"), ("chua ai, mat khau la abc123", "Đã chuyển trả lời của anh/chị")],
    )
    assert told(what_follows(context), contact) == ["BC-1: người báo trả lời:\n“chua ai, mat khau la ***”"]
    hold(
        contact,
        [
            ("Xem chi tiết", "Người Mối nhận xử lý lúc"),
            ("Đã xác minh với chủ tài khoản", "Đã xác minh với chủ tài khoản: Người Mối, lúc 10:00 21/11."),
            ("Đã xử lý xong", "Người báo sẽ đọc"),
            ("Đã lấy lại tài khoản", "Sẽ xóa nội dung, ảnh, tệp sau ngày 21/11/2027"),
        ],
    )
    assert told(what_follows(context), reporter) == [
        "BC-1: đã xác minh với chủ tài khoản.",
        "BC-1: đã xử lý xong.\n“Đã lấy lại tài khoản”\nCòn vướng thì anh/chị gõ “bổ sung”.",
    ]
    hold(contact, [("Mở lại", "Vì sao mở lại BC-1?"), ("nhầm", "Người Mối nhận xử lý lúc")])
    assert told(what_follows(context), reporter) == ["BC-1: đã mở lại.\n“nhầm”"]
    assert events(context, number) == [
        "opened", "taken", "asked", "answered", "verified", "resolved", "reopened",
    ]  # fmt: skip
    assert what_follows(context) == []


def test_a_colleague_sees_who_took_it_and_when(
    contact: Conversation, other: Conversation, reporter: Conversation
) -> None:
    report_by(reporter)
    contact.say("báo cáo số 1")
    contact.say("Nhận xử lý")
    hold(
        other,
        [
            ("báo cáo của đơn vị", "BC-1 · Mất quyền, bị hack · Người Mối nhận"),
            ("bao cao so BC-1", "Người Mối nhận xử lý lúc 10:00 21/11."),
        ],
    )
    (late,) = other.say("/xulybaocao")
    assert labels(late)[-1] == "Ghi báo cáo qua điện thoại, công văn"
    card_of_contact = contact.say("báo cáo số 1")[0]
    assert "Nhận xử lý" not in labels(card_of_contact)


def test_a_press_that_comes_too_late_is_told_who_was_first(
    contact: Conversation, other: Conversation, reporter: Conversation
) -> None:
    report_by(reporter)
    contact.say("báo cáo số 1")
    other.say("báo cáo số 1")
    contact.say("Nhận xử lý")
    hold(other, [("Nhận xử lý", "Người Mối đang xử lý báo cáo này.")])


def test_every_reading_is_in_the_trail_and_a_stranger_reads_nothing(
    contact: Conversation, head: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    number = report_by(reporter)
    head.say("báo cáo số 1")
    contact.say("bc 1")
    readers = [event.actor for event in reports.events(context.database, number) if event.what == "read"]
    assert readers == [head.context.person, contact.context.person]
    assert [entry.act for entry in audit.entries(context.database, "", 9)].count("report.read") == 2
    (history,) = contact.say("Việc khác")
    (history,) = contact.say("Diễn biến xử lý")
    assert read(history).splitlines() == [
        "BC-1, diễn biến xử lý:",
        "10:00 21/11 Người An: ghi nhận báo cáo",
        "Đã xem: Người Trưởng, Người Mối"
        if head.context.person < contact.context.person
        else "Đã xem: Người Mối, Người Trưởng",
    ]
    stranger = somebody(context, "La", office["Hai"], contact=office["Hai"])
    nobody = somebody(context, "Thường", office["Một"])
    for who in (stranger, nobody):
        hold(who, [("báo cáo số 1", "Không có báo cáo đó"), ("báo cáo số 99", "Không có báo cáo đó")])
    (own,) = reporter.say("báo cáo số 1")
    assert "Người Trưởng" not in read(own)
    hold(contact, [("báo cáo số abc1", "Không có báo cáo đó"), ("BC-99", "Không có báo cáo đó")])


def test_urgent_ones_stand_first(contact: Conversation, reporter: Conversation) -> None:
    for draft in (ZALO, replace(ZALO, harm="money_asked"), replace(ZALO, kind="content")):
        report_by(reporter, draft)
    (shown,) = contact.say("báo cáo của đơn vị")
    assert labels(shown)[:3] == [
        "KHẨN · BC-2 · Mất quyền, bị hack · chưa ai nhận",
        "BC-1 · Mất quyền, bị hack · chưa ai nhận",
        "BC-3 · Tin sai, bôi nhọ cơ quan · chưa ai nhận",
    ]


def test_what_belongs_to_no_unit_is_the_administrators(context: Context, console: Scene) -> None:
    number = reports.add(context.database, replace(ZALO, unit_id=None), None, NOW.isoformat())
    reports.record(context.database, number, NOW.isoformat(), None, "opened")
    top = people_service.create_unit(console, "Sở Ví Dụ")
    administrator = somebody(context, "Quản", top, administrator=None)
    hold(administrator, [("báo cáo đơn vị", "BC-1 · Mất quyền"), ("1", "Hạn phản hồi lần đầu")])


def test_a_card_shows_the_official_page_that_a_reported_one_is_like(
    contact: Conversation, reporter: Conversation, console: Scene, office: dict[str, int]
) -> None:
    pages_service.add_page(console, office["Một"], "facebook", "Phòng Một Ví Dụ", "facebook.com/phongmotvidu")
    report_by(reporter, replace(ZALO, kind="unit_impersonated", whose="unit", account="facebook.com/ph0ngmotvidu"))
    hold(contact, [("báo cáo số 1", "Địa chỉ nhìn giống hệt trang Phòng Một Ví Dụ của Phòng Một")])


def test_the_reports_of_a_merged_unit_are_its_successors(
    context: Context, console: Scene, office: dict[str, int], reporter: Conversation
) -> None:
    report_by(reporter)
    successor = somebody(context, "Hoa", office["Hai"], contact=office["Hai"])
    (shown,) = successor.say("báo cáo của đơn vị")
    assert "không có báo cáo nào" in read(shown)
    people_service.merge_unit(console, office["Một"], office["Hai"])
    hold(successor, [("báo cáo của đơn vị", "1 báo cáo đang mở"), ("1", "Chưa ai nhận xử lý.")])


def test_the_contact_sees_at_once_which_official_page_it_is_about(
    context: Context, console: Scene, office: dict[str, int], contact: Conversation, reporter: Conversation
) -> None:
    pages_service.add_page(console, office["Một"], "facebook", "Phòng Một Ví Dụ", "facebook.com/phongmotvidu")
    draft = replace(ZALO, kind="lost", whose="unit", account="facebook.com/phongmotvidu", unit_id=office["Một"])
    report = reports.get(context.database, report_by(reporter, draft))
    assert report is not None
    (alert,) = told(what_follows(context), contact)
    assert "Đúng địa chỉ trang chính thức Phòng Một Ví Dụ" in alert


# Entering


def test_somebody_who_phoned_is_written_down(contact: Conversation, context: Context, console: Scene) -> None:
    pages_service.add_page(console, 2, "facebook", "Phòng Một Ví Dụ", "facebook.com/phongmotvidu")
    contact.say("báo cáo của đơn vị")
    hold(
        contact,
        [
            ("Ghi báo cáo qua điện thoại, công văn", "đến bằng cách nào?"),
            ("gọi điện", "Nhận lúc nào?"),
            ("chưa rõ", "Anh/chị gõ lúc nhận như"),
            ("25/11 8h", "Lúc đó chưa tới."),
            ("hôm qua 15h20", "Ai báo?"),
            ("Trần Ví Dụ", "Liên hệ lại"),
            ("0900 000 003", "Việc gì?"),
            ("Mất quyền, bị hack", "Trên nền tảng nào?"),
            ("fb", "Tài khoản, trang của ai?"),
            ("không", "Địa chỉ hoặc tên tài khoản?"),
            ("https://facebook.com/phongmotvidu", "Thiệt hại?"),
            ("đang hỏi tiền", "Người báo kể thế nào?"),
            ("không", "Đã ghi BC-1, anh/chị là người xử lý."),
        ],
    )
    report = reports.get(context.database, 1)
    assert report is not None
    assert (report.source, report.reporter_id, report.reporter_name) == ("phone", None, "Trần Ví Dụ")
    assert (report.received_at, report.entered_at) == ("2026-11-20T08:20:00+00:00", NOW.isoformat())
    assert (report.taken_by, report.state, report.whose) == (contact.context.person, "taken", "unit")
    assert (report.contact, report.platform, report.harm) == ("0900 000 003", "facebook", "money_asked")
    assert [event.data for event in reports.events(context.database, 1) if event.what == "opened"] == [
        {"source": "phone"}
    ]
    (card,) = contact.say("báo cáo số 1")
    assert "Không nhắn được cho người báo; gọi 0900 000 003." in read(card)
    assert "Hỏi người báo" not in labels(card)


@pytest.mark.parametrize(
    ("typed", "source"),
    [("điện thoại", "phone"), ("qua dien thoai", "phone"), ("có công văn", "letter"), ("đơn vị rà soát", "own_check")],
)
def test_how_a_report_came_is_said_in_one_s_own_words(contact: Conversation, typed: str, source: str) -> None:
    contact.say("báo cáo của đơn vị")
    hold(contact, [("Ghi báo cáo qua điện thoại, công văn", "đến bằng cách nào?"), (typed, "Nhận lúc nào?")])
    entered = form.current(contact.context)
    assert entered is not None
    assert entered.data["source"] == source


def test_a_card_says_a_name_once_and_the_day_that_was_meant(contact: Conversation, reporter: Conversation) -> None:
    named = {"whose": "other", "owner_name": "chị Ví Dụ kế toán", "account": "chi Vi Du ke toan"}
    number = report_by(reporter, replace(ZALO, since_said="hom qua", since_day="2026-11-20", **named))  # type: ignore[arg-type]
    (card,) = contact.say(f"báo cáo số {number}")
    lines = read(card).splitlines()
    assert "Tài khoản: chi Vi Du ke toan" in lines
    assert "Từ: hom qua (20/11/2026)" in lines


def test_the_account_of_a_colleague_who_phoned_is_held(
    contact: Conversation, reporter: Conversation, console: Scene, monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    monkeypatch.setitem(holding.CHANNELS_OF, "zalo", ("vidu",))
    contact.say("báo cáo của đơn vị")
    for said in ("Ghi báo cáo qua điện thoại, công văn", "công văn, thư", "bây giờ", "không", "không"):
        contact.say(said)
    for said in ("Mất quyền, bị hack", "zalo", "Người An", "không", "chưa rõ"):
        contact.say(said)
    hold(contact, [("không", "Tài khoản: – (Người An)")])
    assert people.is_held(context.database, reporter.address)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("bây giờ", "2026-11-21 10:00"),
        ("9h20", "2026-11-21 09:20"),
        ("9 giờ 5", "2026-11-21 09:05"),
        ("8 gio sang", "2026-11-21 08:00"),
        ("15:30", "2026-11-20 15:30"),
        ("hôm qua 15h", "2026-11-20 15:00"),
        ("3h chiều hôm qua", "2026-11-20 15:00"),
        ("tối hôm kia 8h", "2026-11-19 20:00"),
        ("hôm qua", "2026-11-20 00:00"),
        ("20/11 8h30", "2026-11-20 08:30"),
        ("8:30 ngày 01/12/2025", "2025-12-01 08:30"),
        ("31/12 7g15", "2025-12-31 07:15"),
        ("25/11/2026 8h", None),
        ("hôm nay 15h", None),
        ("31/02", None),
        ("1/1/0001 6h", None),
        ("9h75", None),
        ("chiều", None),
    ],
)
def test_a_moment_is_read_as_people_type_it(typed: str, expected: str | None, context: Context) -> None:
    if expected is None:
        with pytest.raises(NotPossible):
            read_moment(typed, NOW, context.zone)
    else:
        found = read_moment(typed, NOW, context.zone).astimezone(context.zone)
        assert found.strftime("%Y-%m-%d %H:%M") == expected


TIMES = st.from_regex(r"(hôm qua |1/1/)?[0-9]{1,4}[hg:/ ][0-9]{0,4}", fullmatch=True)


@given(typed=st.one_of(st.text(max_size=30), TIMES))
def test_a_moment_lies_behind_or_is_none(typed: str) -> None:
    with suppress(NotPossible):
        assert read_moment(typed, NOW, ZoneInfo("Asia/Ho_Chi_Minh")) <= NOW


@pytest.mark.parametrize(("typed", "number"), [("12", 12), ("BC-12", 12), ("bc 12", 12), ("số 12", 12), ("#12.", 12)])
def test_a_number_is_read_as_people_say_it(typed: str, number: int, context: Context) -> None:
    assert read_number(typed, context) == number


@pytest.mark.parametrize("typed", ["", "abc", "12a", "-", "1" * 10, "१२"])
def test_what_is_no_number_is_none(typed: str, context: Context) -> None:
    with pytest.raises(NotFound):
        read_number(typed, context)


# What is done with it


def test_notes_and_the_four_words(contact: Conversation, reporter: Conversation, context: Context) -> None:
    number = report_by(reporter)
    contact.say("báo cáo số 1")
    hold(
        contact,
        [
            ("Việc khác", "Việc khác với BC-1"),
            ("Ghi chú nội bộ", "Người báo không thấy"),
            ("nghi là người quen", "Đã ghi chú vào BC-1, người báo không thấy."),
            ("Việc khác", "Việc khác với BC-1"),
            ("Nhắn người báo", "Nhắn gì cho người báo BC-1?"),
            ("đang chờ nhà mạng", "Đã ghi lời nhắn người báo BC-1."),
            ("Việc khác", "Việc khác với BC-1"),
            ("Mức độ, diễn biến, âm mưu, thủ đoạn", "Ghi mục nào?"),
            ("Thủ đoạn", "Thủ đoạn của BC-1?"),
            ("gọi video giả giọng", "Thủ đoạn: gọi video giả giọng"),
            ("Việc khác", "Việc khác với BC-1"),
            ("Sửa loại, thiệt hại", "Đúng ra là loại nào?"),
            ("Bị lợi dụng", "Thiệt hại?"),
            ("đã mất tiền", "Bị lợi dụng, trên Zalo, đã mất tiền"),
        ],
    )
    assert told(what_follows(context), reporter) == ["BC-1, Người Mối nhắn:\n“đang chờ nhà mạng”"]
    report = reports.get(context.database, number)
    assert report is not None
    assert (report.methods, report.kind, report.harm) == ("gọi video giả giọng", "abused", "money_lost")
    assert events(context, number)[1:5] == ["noted", "told", "described", "corrected"]


def test_a_report_is_handed_over_and_is_new_there(
    contact: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    number = report_by(reporter)
    neighbour = somebody(context, "Hàng Xóm", office["Hai"], contact=office["Hai"])
    contact.say("báo cáo số 1")
    contact.say("Nhận xử lý")
    hold(
        contact,
        [
            ("Việc khác", "Việc khác với BC-1"),
            ("Chuyển đơn vị khác", "Gõ tên đơn vị"),
            ("phong mot", "Nhắn gì cho đơn vị nhận?"),
            ("không", "Báo cáo đang ở Phòng Một rồi."),
        ],
    )
    contact.say("quay lại")
    hold(contact, [("phong hai", "Nhắn gì cho đơn vị nhận?"), ("của Phòng Hai", "Đã chuyển BC-1.")])
    assert told(what_follows(context), reporter)[-1] == "BC-1: đã chuyển Phòng Hai xử lý."
    hold(contact, [("báo cáo số 1", "Không có báo cáo đó")])
    hold(neighbour, [("báo cáo số 1", "Chưa ai nhận xử lý.")])
    report = reports.get(context.database, number)
    assert report is not None
    assert (report.unit_id, report.taken_by, report.state) == (office["Hai"], None, "new")


def test_a_colleague_is_given_a_report(
    contact: Conversation, other: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    report_by(reporter)
    somebody(context, "Hoa", office["Một"])
    contact.say("báo cáo số 1")
    contact.say("Việc khác")
    hold(
        contact,
        [
            ("Giao người khác", "Giao BC-1 cho ai?"),
            ("Người Hoa", "Người Hoa chưa được giao xem báo cáo này."),
            ("Người Minh", "Người Minh nhận xử lý lúc"),
        ],
    )
    news = what_follows(context)
    assert told(news, other) == ["BC-1: Người Mối giao anh/chị xử lý."]
    assert told(news, reporter) == ["BC-1: Người Minh tiếp tục xử lý."]


def test_reports_of_one_incident_are_joined_and_parted(
    contact: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    second = somebody(context, "Bình", office["Một"])
    report_by(reporter)
    report_by(second)
    what_follows(context)
    contact.say("báo cáo số 2")
    contact.say("Việc khác")
    hold(
        contact,
        [
            ("Gộp với báo cáo cùng vụ", "Gộp BC-2 vào báo cáo số nào?"),
            ("BC-2", "Không gộp vào chính nó"),
            ("BC-99", "Không có báo cáo đó"),
            ("1", "Đã gộp BC-2 vào BC-1."),
        ],
    )
    assert told(what_follows(context), second) == [
        "BC-2: đã gộp với BC-1 vì cùng một vụ. Xử lý tới đâu vẫn báo anh/chị."
    ]
    contact.say("báo cáo số 1")
    contact.say("Nhận xử lý")
    news = what_follows(context)
    assert told(news, reporter) == ["BC-1: Người Mối đã nhận xử lý lúc 10:00 21/11."]
    assert told(news, second) == ["BC-2 (đã gộp với BC-1): nhận xử lý."]
    report_service.note(contact.context.scene, 1, "Số của An: 0900 000 009", for_reporter=True)
    news = what_follows(context)
    assert len(told(news, reporter)) == 1
    # What is said to the one is not for the other.
    assert told(news, second) == []
    hold(contact, [("báo cáo số 2", "Đã gộp vào BC-1."), ("Tách ra lại", "Chưa ai nhận xử lý.")])
    assert told(what_follows(context), second) == ["BC-2: xử lý riêng trở lại."]
    assert events(context, 2) == ["opened", "merged", "parted"]
    assert events(context, 1) == ["opened", "joined", "taken", "told", "let_go"]


def test_what_was_joined_is_kept_as_long_as_what_it_was_joined_to(
    contact: Conversation, reporter: Conversation, context: Context
) -> None:
    for _ in range(2):
        report_by(reporter)
    contact.say("báo cáo số 2")
    scene = contact.context.scene
    service.merge(scene, 2, 1)
    what_follows(context)
    assert [reports.get(context.database, n).kept_from for n in (1, 2)] == [None, None]  # type: ignore[union-attr]
    report_service.resolve(scene, 1, "xong")
    what_follows(context)
    assert [reports.get(context.database, n).kept_from for n in (1, 2)] == [NOW.isoformat()] * 2  # type: ignore[union-attr]
    report_service.reopen(scene, 1, "nhầm")
    what_follows(context)
    assert reports.get(context.database, 2).kept_from is None  # type: ignore[union-attr]


def test_a_report_is_put_before_the_head(
    contact: Conversation, head: Conversation, reporter: Conversation, context: Context
) -> None:
    report_by(reporter)
    what_follows(context)
    contact.say("báo cáo số 1")
    contact.say("Nhận xử lý")
    with refused("not_submitted"):
        head.say("báo cáo số 1")
        service.direct(head.context.scene, 1, "x")
    hold(
        contact,
        [("Việc khác", "Việc khác với BC-1"), ("Trình lãnh đạo", "đề xuất gì?"), ("Xin gửi cảnh báo", "Đã trình")],
    )
    assert told(what_follows(context), head) == ["BC-1: Người Mối trình lãnh đạo:\n“Xin gửi cảnh báo”"]
    hold(head, [("Cho ý kiến", "Ý kiến của anh/chị về BC-1?"), ("Đồng ý, gửi ngay", "Đã chuyển ý kiến về BC-1.")])
    news = what_follows(context)
    assert told(news, contact) == ["BC-1: ý kiến lãnh đạo (Người Trưởng):\n“Đồng ý, gửi ngay”"]
    assert told(news, reporter) == []


def test_what_is_not_for_the_office_is_closed_with_where_to_go(
    contact: Conversation, reporter: Conversation, context: Context
) -> None:
    report_by(reporter)
    contact.say("báo cáo số 1")
    contact.say("Việc khác")
    hold(contact, [("Không thuộc phạm vi", "hướng dẫn người báo tới đâu?"), ("Công an phường", "Sẽ xóa nội dung")])
    assert told(what_follows(context), reporter) == [
        "BC-1: việc này không thuộc phạm vi của cơ quan. Anh/chị liên hệ:\n“Công an phường”"
    ]


def test_a_warning_is_ready_and_names_nobody_who_reported(
    contact: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    report_by(reporter, replace(ZALO, owner_name="Lê Ví Dụ"))
    contact.say("báo cáo số 1")
    (shown,) = contact.say("Soạn cảnh báo")
    assert "CẢNH BÁO: tài khoản Zalo của Lê Ví Dụ đang bị người khác chiếm." in read(shown)
    report = reports.get(context.database, 1)
    assert report is not None
    warning = prefill(report, contact.context)
    assert (warning.report, warning.unit) == (1, office["Một"])
    for secret in ("Người An", "0900", "nick"):
        assert secret not in warning.text


def test_the_head_sends_the_warning_to_the_unit_of_the_report_at_any_hour(
    head: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    elsewhere = somebody(context, "Xa", office["Hai"])
    report_by(reporter, replace(ZALO, owner_name="Lê Ví Dụ"))
    head.say("báo cáo số 1")
    hold(
        head,
        [
            ("Soạn cảnh báo", "Cảnh báo soạn sẵn cho Phòng Một"),
            ("Gửi cho đơn vị", "tài khoản Zalo của Lê Ví Dụ"),
            ("Bỏ khẩn", "Bản nháp"),
            ("Đặt là khẩn", "Khẩn: gửi cả ngoài giờ"),
        ],
    )
    (kept,) = broadcasts.newest(context.database, None, ("draft",), 2)
    broadcast_service.send(head.context.scene, office["Một"], kept.id, kept.content["text"])
    assert events(context, 1)[-1] == "warned"
    # A Saturday.
    while job := jobs.claim(context.database, [RUN], "thu", NOW.isoformat(), NOW.isoformat()):
        sent = broadcast.KINDS[RUN].run(Due(job.name, NOW, job.data), replace(context, address=None, person=0))
        jobs.finish(context.database, job)
    warned = {reply.to: read(reply) for reply in sent if reply.concern}
    assert warned.keys() == {head.address, reporter.address}
    assert elsewhere.address not in warned
    assert all("CẢNH BÁO: tài khoản Zalo của Lê Ví Dụ" in text for text in warned.values())


def test_a_contact_writes_the_warning_and_it_waits_for_whoever_may_hurry_it(
    contact: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    report_by(reporter)
    contact.say("báo cáo số 1")
    (shown,) = contact.say("Soạn cảnh báo")
    assert "lãnh đạo mở bản nháp, bấm “Đặt là khẩn”" in read(shown)
    (shown,) = contact.say("Gửi cho đơn vị")
    assert "Khẩn" not in read(shown)
    assert "Đặt là khẩn" not in labels(shown)
    (kept,) = broadcasts.newest(context.database, None, ("draft",), 2)
    assert (kept.unit, kept.urgent) == (office["Một"], False)


def test_a_warning_that_is_asked_for_again_is_the_one_that_was_kept(
    head: Conversation, reporter: Conversation, context: Context, office: dict[str, int]
) -> None:
    report_by(reporter, replace(ZALO, owner_name="Lê Ví Dụ"))

    def ask() -> Reply:
        head.say("báo cáo số 1")
        head.say("Soạn cảnh báo")
        (shown,) = head.say("Gửi cho đơn vị")
        return shown

    assert "Bản nháp số 1" in read(ask())
    head.say("Sửa lời")
    head.say("Lời đã sửa.")
    assert "Lời đã sửa." in read(ask())
    assert events(context, 1).count("warned") == 1
    broadcast_service.send(head.context.scene, office["Một"], 1, "Lời đã sửa.")
    shown = ask()
    assert "Lời đã sửa" in read(shown)
    assert "Soạn lại từ bản này" in labels(shown)
    assert [one.id for one in broadcasts.newest(context.database, None, ("draft", "freezing"), 9)] == [1]
    broadcast_service.cancel(head.context.scene, office["Một"], 1)
    assert "Bản nháp số 2" in read(ask())


@pytest.mark.parametrize("kind", reports.KINDS)
def test_there_is_a_warning_for_each_kind(kind: reports.Kind, reporter: Conversation, context: Context) -> None:
    number = report_by(reporter, replace(ZALO, kind=kind, platform="", whose="unit"))
    report = reports.get(context.database, number)
    assert report is not None
    text = prefill(report, context).text
    assert "(BC-1)" in text
    assert "  " not in text


# Kept longer, taken out


def test_a_closed_report_is_held_let_go_and_extended(
    contact: Conversation, reporter: Conversation, context: Context
) -> None:
    report_by(reporter)
    contact.say("báo cáo số 1")
    contact.say("Đã xử lý xong")
    contact.say("xong")
    hold(
        contact,
        [
            ("Giữ lại, không xóa", "Vì sao giữ lại BC-1?"),
            ("đoàn kiểm tra yêu cầu", "Đang giữ lại, không xóa: đoàn kiểm tra yêu cầu"),
            ("Thôi giữ", "Sẽ xóa nội dung, ảnh, tệp sau ngày 21/11/2027"),
            ("Gia hạn lưu", "Vì sao lưu BC-1 thêm 3 tháng?"),
            ("chưa xong vụ", "lưu đến hết ngày 19/02/2028"),
        ],
    )
    for days in (0, 366):
        with refused("extension"):
            service.extend(contact.context.scene, 1, days, "x")
    assert events(context, 1)[-3:] == ["held", "released", "extended"]


def test_everything_about_a_report_can_be_taken_out(
    contact: Conversation, reporter: Conversation, context: Context
) -> None:
    number = report_by(reporter)
    blob = blobs.begin(context.database, "image/png", 3, 1, NOW.isoformat())
    blobs.put_part(context.database, blob, 0, b"abc")
    blobs.complete(context.database, blob)
    file = report_files.expect_file(context.database, number, None, NOW.isoformat())
    report_files.end_file(context.database, file, "stored", "", blob)
    contact.say("báo cáo số 1")
    contact.say("Việc khác")
    (reply,) = contact.say("Tải hồ sơ, ảnh, tệp")
    drawing, picture = reply.files
    assert isinstance(drawing, Drawing)
    assert picture == File(blob, "photo", "BC-1-1.png")
    document = Document(io.BytesIO(router.draw(drawing.drawing, drawing.data)))
    facts = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert (facts["Tài khoản"], facts["Người báo"]) == ("0900000001", "Người An")
    assert [row.cells[2].text for row in document.tables[1].rows][:2] == ["Việc", "ghi nhận báo cáo"]
    assert events(context, number)[-1] == "exported"
    assert drawing.drawing == dossier.DRAWING


def test_a_held_address_learns_nothing(
    contact: Conversation, reporter: Conversation, context: Context, console: Scene
) -> None:
    """What happens with a lost account is not told to whoever sits in it."""
    number = report_by(reporter)
    people.hold(context.database, reporter.context.person, CONSOLE, NOW.isoformat())
    report_service.take(replace(console, actor=Actor(CONSOLE)), number)
    assert told(what_follows(context), reporter) == []
    (card,) = contact.say("báo cáo số 1")
    assert "Không nhắn được cho người báo; gọi 0900 000 002." in whole(card)


def test_whoever_lost_his_own_account_is_told_by_the_contact_until_it_is_trusted_again(
    contact: Conversation, reporter: Conversation, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No chat of his gets anything, the trusted one neither: what he is to be told is shown to the unit's contact."""
    monkeypatch.setitem(holding.CHANNELS_OF, "zalo", ("vidu",))
    owner = reporter.context.person
    # The same person writes from a second messenger, which is trusted still.
    elsewhere = Address("khac", "bot-1", "chat-khac", "an-khac")
    people.person_at(context.database, elsewhere, NOW.isoformat())
    context.database.run("UPDATE addresses SET person_id = :owner WHERE sender = 'an-khac'", {"owner": owner})
    number = report_by(reporter, replace(ZALO, owner_id=owner))
    assert people.reached_at(context.database, owner) == elsewhere
    (card,) = contact.say(f"báo cáo số {number}")
    assert "Tài khoản của người báo đang tạm khóa" in whole(card) and "gọi 0900 000 002" in whole(card)
    assert "Hỏi người báo" not in labels(card) and "Mở lại tài khoản tạm khóa" in labels(card)
    hold(contact, [("Nhận xử lý", "Trợ lý không nhắn được người báo, anh/chị gọi 0900 000 002.")])
    report_service.note(contact.context.scene, number, "Sim đã khóa", for_reporter=True)
    replies = what_follows(context)
    assert [reply.to for reply in replies if reply.to in (reporter.address, elsewhere)] == []
    assert ["gọi 0900 000 002, báo:" in said for said in told(replies, contact)] == [True, True]
    assert "Sim đã khóa" in told(replies, contact)[-1]
    # Not before somebody has spoken to him; then he is told himself, and of what was said meanwhile no more.
    hold(contact, [("Mở lại tài khoản tạm khóa", "Anh/chị nói chuyện với chủ tài khoản")])
    assert people.is_held(context.database, reporter.address)
    contact.say("báo cáo số 1")
    hold(contact, [("Đã xác minh với chủ tài khoản", "Đã ghi"), ("Mở lại tài khoản tạm khóa", "Đã mở lại tài khoản")])
    assert not people.has_held(context.database, owner)
    assert reports.latest(context.database, number, "account_restored") is not None
    said = [read(reply) for reply in what_follows(context) if reply.to in (reporter.address, elsewhere)]
    assert said == [
        "BC-1: đã xác minh với chủ tài khoản.",
        "BC-1: đã mở lại tài khoản của anh/chị ở đây.",
    ]


def test_whoever_lost_his_own_account_and_named_a_mailbox_is_told_by_letter(
    contact: Conversation, reporter: Conversation, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(holding.CHANNELS_OF, "zalo", ("vidu",))
    draft = replace(ZALO, owner_id=reporter.context.person, contact="an@vidu.example")
    number = report_by(reporter, draft)
    mailing = replace(context, channels=frozenset({"vidu", "email"}))
    contact = Conversation(mailing, contact.address)
    (card,) = contact.say(f"báo cáo số {number}")
    assert "kết quả gửi qua thư an@vidu.example" in whole(card) and "Hỏi người báo" in labels(card)
    hold(contact, [("Hỏi người báo", "Hỏi người báo BC-1"), ("Còn vào được không?", "Đã gửi câu hỏi")])
    (letter,) = [reply for reply in what_follows(mailing) if reply.to == letter_to("an@vidu.example")]
    (stored,) = fit(letter, abilities_of("email"), context.texts)
    assert (stored["subject"], "buttons" in stored, "Trả lời" in stored["text"]) == ("Báo cáo BC-1", False, False)
    assert "Còn vào được không?" in stored["text"] and "mã biên nhận" in stored["text"]


def test_one_who_reported_from_two_messengers_is_told_where_he_wrote_last(
    reporter: Conversation, console: Scene, context: Context
) -> None:
    number = report_by(reporter)
    report_service.take(console, number)
    assert [reply.to for reply in what_follows(context)] == [Address("vidu", "bot-1", "chat-An", "An")]
