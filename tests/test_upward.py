"""What is handed upward: periods, figures, drafts and tables, drawn up in chat and when a period is over."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import official_document, router, workbook
from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.office import Office
from handlers.people import service as people_service
from handlers.report import service as report_service
from handlers.schedule import Due
from handlers.texts import Texts
from handlers.upward import papers, service
from handlers.upward.figures import count
from handlers.upward.period import Period, month, month_before, month_of, year_so_far
from handlers.workbook import Page
from storage import reports
from storage.audit import CONSOLE
from storage.report_facts import Facts
from storage.reports import Draft
from tests.conftest import NOW, TODAY
from tests.conversations import Conversation, read
from tests.test_managing import somebody
from tests.test_people_service import refused

pytestmark = pytest.mark.every_channel

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE = Office(
    name="Sở Ví Dụ",
    parent="Ủy ban nhân dân tỉnh Mẫu",
    symbol="SVD",
    place="Mẫu",
    signer="Giám đốc",
    report_prefix="SVD",
)


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# Periods


@pytest.mark.parametrize(
    ("day", "begins", "first", "last"),
    [
        ("2026-11-14", 15, "2026-10-15", "2026-11-14"),
        ("2026-11-15", 15, "2026-11-15", "2026-12-14"),
        ("2026-12-20", 15, "2026-12-15", "2027-01-14"),
        ("2027-01-03", 15, "2026-12-15", "2027-01-14"),
        ("2026-02-28", 1, "2026-02-01", "2026-02-28"),
        ("2028-02-29", 28, "2028-02-28", "2028-03-27"),
    ],
)
def test_a_period_is_found_by_its_day(day: str, begins: int, first: str, last: str) -> None:
    assert month_of(date(day), begins) == Period(date(first), date(last))


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 28))
def test_periods_follow_one_another_without_gap(day: dt.date, begins: int) -> None:
    period = month_of(day, begins)
    assert period.first <= day <= period.last
    assert period.first.day == begins
    before = month_before(period, begins)
    assert before.last + dt.timedelta(days=1) == period.first
    assert month_of(before.last, begins) == before
    year = year_so_far(period, begins)
    assert (year.first, year.last) == (month(period.last.year, 1, begins).first, period.last)


def test_a_year_begins_with_the_period_of_january() -> None:
    """Điều 12 of Nghị định 09/2019/NĐ-CP: from the 15th of December."""
    assert year_so_far(month_of(date("2027-01-14"), 15), 15) == Period(date("2026-12-15"), date("2027-01-14"))


def test_a_period_begins_and_ends_at_midnight_of_the_office() -> None:
    assert Period(date("2026-11-15"), date("2026-12-14")).bounds(ZONE) == (
        "2026-11-14T17:00:00+00:00",
        "2026-12-14T17:00:00+00:00",
    )


# Figures


def fact(number: int, **more: object) -> Facts:
    plain = Facts(
        number, "lost", "zalo", "own", 1, "unknown", None, "bot", NOW.isoformat(), None, None, "new", None, None
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def test_figures_equal_a_plain_computation() -> None:
    chance = random.Random(20261122)
    facts: list[Facts] = []
    answers: list[int] = []
    closings: list[int] = []
    for number in range(400):
        answered = chance.randrange(300_000) if chance.random() < 0.8 else None
        closed = answered + chance.randrange(500_000) if answered is not None and chance.random() < 0.7 else None
        state = chance.choice(["resolved", "elsewhere"]) if closed else "taken" if answered else "new"
        unit = chance.choice([1, 2, 3])
        if unit != 3:
            answers += [answered] if answered is not None else []
            closings += [closed] if closed is not None and state == "resolved" else []
        facts.append(
            fact(
                number,
                kind=chance.choice(reports.KINDS),
                unit_id=unit,
                answered_after=answered,
                resolved_after=closed,
                state=state,
            )
        )
    figures = count(facts, {1, 2})
    mine = [each for each in facts if each.unit_id != 3]
    assert figures.received == len(mine) == sum(figures.kinds.values()) == sum(figures.units.values())
    assert figures.resolved + figures.elsewhere + figures.open == len(mine)
    assert figures.resolved == len(closings)
    assert figures.first_answer is not None
    assert figures.first_answer.total_seconds() == pytest.approx(statistics.median(answers))
    assert figures.resolution is not None
    assert figures.resolution.total_seconds() == pytest.approx(statistics.median(closings))
    assert count(facts).received == 400


def test_one_incident_is_counted_once_and_money_only_where_it_went() -> None:
    figures = count(
        [
            fact(1, harm="money_lost", amount=3_000_000),
            fact(2, state="merged"),
            fact(3, harm="money_asked", amount=5_000_000, unit_id=None),
            fact(4, state="elsewhere", answered_after=0),
        ]
    )
    assert (figures.received, figures.money, figures.open, figures.units) == (3, 3_000_000, 2, {"1": 2, "": 1})
    assert figures.first_answer == dt.timedelta()
    nothing = count([])
    assert (nothing.received, nothing.first_answer, nothing.resolution) == (0, None, None)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (dt.timedelta(seconds=10), "0 phút"),
        (dt.timedelta(minutes=59), "59 phút"),
        (dt.timedelta(minutes=100), "2 giờ"),
        (dt.timedelta(hours=47), "47 giờ"),
        (dt.timedelta(hours=60), "60 giờ"),
        (None, "chưa có"),
    ],
)
def test_a_time_is_said_in_its_own_measure(time: dt.timedelta | None, said: str, texts: Texts) -> None:
    assert papers.spoken(time, texts) == said


# In chat


@pytest.fixture
def console(context: Context) -> Scene:
    return Scene(context.database, Actor(CONSOLE), NOW, TODAY, office=OFFICE)


@pytest.fixture
def context(context: Context) -> Context:
    return replace(context, office=OFFICE, zone=ZONE)


@pytest.fixture
def office(console: Scene) -> dict[str, int]:
    top = people_service.create_unit(replace(console, day=date("2026-01-01")), "Sở Ví Dụ")
    return {"top": top, **{name: people_service.create_under(console, top, f"Phòng {name}") for name in ("Một", "Hai")}}


@pytest.fixture
def contact(context: Context, office: dict[str, int]) -> Conversation:
    return somebody(context, "Mối", office["Một"], contact=office["Một"])


def put(scene: Scene, unit: int | None, ago: float = 0.0, **more: object) -> int:
    """A report about a unit that came so many days ago."""
    scene = replace(scene, now=NOW - dt.timedelta(days=ago))
    draft = replace(Draft("lost", platform="zalo", unit_id=unit, owner_name="Người Ví Dụ", said="nick bị hack"), **more)  # type: ignore[arg-type]
    return reports.add(scene.database, draft, None, scene.stamp)


def opened(reply: Reply) -> docx.document.Document:
    (file,) = reply.files
    assert file.name.endswith(".docx")
    return docx.Document(io.BytesIO(router.draw(name=file.drawing, data=file.data)))  # type: ignore[union-attr]


def cells(reply: Reply) -> list[list[list[object]]]:
    (file,) = reply.files
    assert file.name.endswith(".xlsx")
    book = openpyxl.load_workbook(io.BytesIO(router.draw(file.drawing, file.data)))  # type: ignore[union-attr]
    return [[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book]


def words(made: docx.document.Document) -> str:
    return "\n".join(line.text for line in made.paragraphs)


def choose(conversation: Conversation, said: str, label: str) -> Reply:
    (reply,) = conversation.say(said)
    (place,) = [n for n, button in enumerate(reply.buttons) if button.label.startswith(label)]
    (shown,) = conversation.press(conversation.menus[-1], place)
    return shown


def test_a_contact_sees_the_figures_of_his_unit_only(
    contact: Conversation, console: Scene, office: dict[str, int]
) -> None:
    for unit, ago in ((office["Một"], 1), (office["Một"], 2), (office["Hai"], 1), (office["Một"], 20)):
        put(console, unit, ago)
    (reply,) = contact.say("tong hop")
    assert read(reply) == (
        "Phòng Một, báo cáo từ 15/11/2026 đến 14/12/2026\n"
        "Tiếp nhận 2 (kỳ trước 1, từ đầu năm 3):\n"
        "• Mất quyền kiểm soát tài khoản: 2\n"
        "Đã xử lý 0, hướng dẫn nơi khác 0, đang xử lý 2.\n"
        "Giờ làm việc đến khi trả lời lần đầu (trung vị): chưa có; đến khi xử lý xong: chưa có."
    )
    before = choose(contact, "tong hop", "Kỳ trước")
    assert "15/10/2026 đến 14/11/2026" in read(before)
    assert "Tiếp nhận 1 (kỳ trước 0, từ đầu năm 1)" in read(before)


@pytest.mark.parametrize(
    ("said", "of_office", "of_unit"),
    [
        (OFFICE, "", ""),
        (
            Office(name="Sở Ví Dụ", place="Mẫu"),
            "cơ quan cấp trên; chữ viết tắt trong số văn bản; chức danh người ký",
            "chữ viết tắt trong số văn bản",
        ),
        (Office(name="Sở Ví Dụ", parent="Bộ Mẫu", symbol="SVD", signer="Giám đốc"), "địa danh", "địa danh"),
    ],
)
def test_a_draft_says_what_the_office_has_not_said(
    context: Context, office: dict[str, int], said: Office, of_office: str, of_unit: str
) -> None:
    context = replace(context, office=said)
    for unit, blank in (("top", of_office), ("Một", of_unit)):
        told = read(choose(somebody(context, f"Mối {unit}", office[unit], contact=office[unit]), "tổng hợp", "Dự thảo"))
        assert told.startswith("Dự thảo, chưa gửi đi đâu.")
        assert told.partition("Cơ quan chưa khai: ")[2].partition(". ")[0] == blank


def test_the_draft_is_an_official_document_with_the_figures(
    contact: Conversation, console: Scene, office: dict[str, int]
) -> None:
    first = put(console, office["Một"], 1, harm="money_lost", amount=3_000_000)
    put(console, office["Một"], 1, kind="impersonated", platform="mạng ví dụ")
    reports.change(console.database, first, state="resolved", answered_at=NOW.isoformat(), closed_at=NOW.isoformat())
    made = opened(choose(contact, "tong hop", "Dự thảo"))
    head = made.tables[0]
    assert head.cell(0, 0).text.strip().splitlines()[:2] == ["SỞ VÍ DỤ", "PHÒNG MỘT"]
    assert head.cell(1, 0).text == "Số:          /BC-SVD"
    assert head.cell(1, 1).text == "Mẫu, ngày       tháng       năm 2026"
    text = words(made)
    assert "tiếp nhận 2 báo cáo" in text
    assert "3.000.000 đồng" in text
    assert "Đã xử lý xong 1; hướng dẫn nơi khác 0; đang xử lý 1." in text
    kinds, platforms, places = ([[cell.text for cell in row.cells] for row in table.rows] for table in made.tables[1:4])
    assert kinds[0] == ["TT", "Loại việc", "Kỳ này", "Kỳ trước", "Từ đầu năm"]
    assert kinds[1] == ["1", "Mất quyền kiểm soát tài khoản", "1", "0", "1"]
    assert len(kinds) == 1 + len(reports.KINDS)
    assert {row[1] for row in platforms[1:]} == {"Zalo", "mạng ví dụ"}
    assert places[1:] == [["1", "Phòng Một", "2", "0", "2"]]
    end = made.tables[-1]
    # The office's own signer does not sign for its units.
    assert end.cell(0, 1).text.strip() == "THỦ TRƯỞNG ĐƠN VỊ"
    assert end.cell(0, 0).text == "Nơi nhận:\n- Sở Ví Dụ;\n- Lưu: VT."


def test_nothing_happened_is_a_report_too(contact: Conversation) -> None:
    (reply,) = contact.say("/tonghop")
    assert "Trong kỳ không phát sinh (kỳ trước: 0, từ đầu năm: 0)." in read(reply)
    made = opened(choose(contact, "/tonghop", "Dự thảo"))
    assert "Trong kỳ không phát sinh" in words(made)
    assert len(made.tables) == 2


def test_the_figures_come_as_a_workbook(contact: Conversation, console: Scene, office: dict[str, int]) -> None:
    put(console, office["Một"], 1)
    everything, kinds, platforms, places = cells(choose(contact, "tong hop", "Số liệu"))
    assert everything[0][0] == "Phòng Một: báo cáo từ 15/11/2026 đến 14/12/2026 (số liệu đến 21/11/2026)"
    assert everything[2:4] == [["Số liệu", "Kỳ này", "Kỳ trước", "Từ đầu năm"], ["Tiếp nhận", 1, 0, 1]]
    assert kinds[3] == ["Mất quyền kiểm soát tài khoản", 1, 0, 1]
    assert platforms[3] == ["Zalo", 1, 0, 1]
    assert places[3] == ["Phòng Một", 1, 0, 1]


def test_the_case_list_says_nothing_of_who_reported(
    contact: Conversation, console: Scene, office: dict[str, int]
) -> None:
    put(console, office["Một"], 1, account="=HYPERLINK(1)", contact="0900000000", reporter_name="Người Báo Ví Dụ")
    put(console, office["Hai"], 1)
    reply = choose(contact, "tong hop", "Sổ theo dõi")
    (sheet,) = cells(reply)
    (row,) = sheet[3:]
    assert sheet[2][:4] == ["Số", "Tiếp nhận lúc", "Nguồn", "Loại việc"]
    assert row[:3] == ["SVD-1", "10:00 20/11/2026", "nhắn trợ lý"]
    assert "=HYPERLINK(1)" in row
    assert not {"0900000000", "Người Báo Ví Dụ"} & set(map(str, row))
    (file,) = reply.files
    book = openpyxl.load_workbook(io.BytesIO(router.draw(file.drawing, file.data)))  # type: ignore[union-attr]
    assert "f" not in {cell.data_type for line in book.active.iter_rows(min_row=4) for cell in line}
    nothing = choose(replace_day(contact, -60), "tong hop", "Sổ theo dõi")
    assert "không có báo cáo nào còn lưu" in read(nothing)


def replace_day(conversation: Conversation, days: int) -> Conversation:
    conversation.wait(dt.timedelta(days=days))
    return conversation


def test_an_administrator_sees_all_and_staff_nothing(context: Context, console: Scene, office: dict[str, int]) -> None:
    put(console, office["Một"], 1)
    put(console, None, 1)
    administrator = somebody(context, "Quản", office["top"], administrator=None)
    assert "Tiếp nhận 2" in read(administrator.say("tong hop")[0])
    staff = somebody(context, "An", office["Một"])
    (reply,) = staff.say("tong hop")
    assert not reply.buttons
    assert "Tiếp nhận" not in read(reply)
    assert "Tổng hợp báo cáo" not in "".join(button.label for button in staff.say("menu")[0].buttons)


def test_who_looks_after_several_units_may_choose(context: Context, console: Scene, office: dict[str, int]) -> None:
    both = somebody(context, "Mối", office["Một"], contact=office["Một"], head=office["Hai"])
    put(console, office["Hai"], 1)
    assert "Phòng Hai" in read(choose(both, "tong hop", "Phòng Hai"))


# One case


def case(console: Scene, office: dict[str, int], contact: Conversation) -> int:
    number = put(console, office["Một"], 1, account="facebook.com/vi.du", contact="0900000000")
    scene = replace(console, actor=contact.context.actor if contact.context.person else console.actor)
    report_service.take(scene, number)
    report_service.note(scene, number, "chuyện nội bộ")
    report_service.note(scene, number, "đã hướng dẫn đổi mật khẩu", for_reporter=True)
    reports.change(console.database, number, severity="Nghiêm trọng", intent="Chiếm đoạt tiền")
    return number


@pytest.mark.parametrize("name", ["brief", "referral"])
def test_one_case_is_drawn_up_without_what_is_internal(
    contact: Conversation, context: Context, console: Scene, office: dict[str, int], name: str
) -> None:
    number = case(console, office, contact)
    (reply,) = router.JOBS["upward"].act(name, {"report": number}, of(contact))
    made = opened(reply)
    text = words(made)
    assert ("BÁO CÁO NHANH" if name == "brief" else "PHIẾU CHUYỂN") in text
    assert "SVD-1" in text
    assert "facebook.com/vi.du" in text
    assert "chuyện nội bộ" not in text
    assert "0900000000" not in text
    if name == "brief":
        assert "Mức độ: Nghiêm trọng" in text
        assert "Thủ đoạn: …" in text
        assert "hướng dẫn người báo: đã hướng dẫn đổi mật khẩu" in text
    trail = [event.what for event in reports.events(console.database, number)]
    assert trail[-1] == ("briefed" if name == "brief" else "referred")


def test_a_case_of_another_unit_is_not_drawn_up(contact: Conversation, console: Scene, office: dict[str, int]) -> None:
    number = put(console, office["Hai"], 1)
    for name in ("brief", "referral"):
        with refused("not_allowed"):
            router.JOBS["upward"].act(name, {"report": number}, of(contact))
    assert reports.events(console.database, number) == []


def of(conversation: Conversation) -> Context:
    return replace(conversation.context, address=conversation.address)


# When a period is over


def made_on(context: Context, day: str) -> Sequence[Reply]:
    at = dt.datetime.combine(date(day), dt.time(8), ZONE).astimezone(dt.UTC)
    return router.KINDS["upward.draft"].run(Due("", at), replace(context, now=at, person=0, address=None))


def test_a_draft_is_made_once_when_a_period_is_over(context: Context, console: Scene, office: dict[str, int]) -> None:
    contact = somebody(context, "Mối", office["top"], contact=office["top"])
    head = somebody(context, "Trưởng", office["top"], head=office["top"])
    put(console, office["Một"], 10)
    with context.database.transaction():
        drafts = made_on(context, "2026-11-16")
        assert {reply.to for reply in drafts} == {contact.address, head.address}
        assert "Tiếp nhận 1" in read(drafts[0])
        assert "chưa gửi đi đâu" in read(drafts[0])
        made = opened(drafts[0])
        assert "từ ngày 15/10/2026 đến ngày 14/11/2026" in words(made)
        assert made.tables[0].cell(0, 0).text.startswith("ỦY BAN NHÂN DÂN TỈNH MẪU\nSỞ VÍ DỤ")
        assert made.tables[-1].cell(0, 1).text.strip() == "GIÁM ĐỐC"
        assert list(itertools.chain(made_on(context, "2026-11-17"), made_on(context, "2026-12-14"))) == []
        assert len(made_on(context, "2026-12-15")) == 2


@pytest.mark.parametrize(("day", "is_over"), [("2026-11-14", True), ("2026-11-13", False), ("2026-10-20", False)])
def test_a_draft_of_a_period_that_still_runs_says_until_when_its_figures_go(
    day: str, is_over: bool, texts: Texts, console: Scene, office: dict[str, int]
) -> None:
    scene = replace(console, day=date(day))
    summary = service.summarize(scene, office["top"], Period(date("2026-10-15"), date("2026-11-14")), ZONE)
    written = papers.summary_paper(summary, scene, texts).subject, papers.summary_pages(summary, scene, texts)[0].title
    said = f"số liệu đến ngày {date(day):%d/%m/%Y}" in written[0], f"số liệu đến {date(day):%d/%m/%Y}" in written[1]
    assert said == (not is_over, not is_over)


def test_without_contact_and_head_the_administrators_get_it(context: Context, office: dict[str, int]) -> None:
    administrator = somebody(context, "Quản", office["top"], administrator=None)
    with context.database.transaction():
        (draft,) = made_on(context, "2026-11-16")
    assert draft.to == administrator.address


def test_of_a_time_before_the_office_had_the_bot_nothing_is_said(context: Context, console: Scene) -> None:
    top = people_service.create_unit(console, "Sở Ví Dụ")
    somebody(context, "Mối", top, contact=top)
    with context.database.transaction():
        assert made_on(context, "2026-11-22") == []


# The files


def test_papers_survive_being_stored() -> None:
    table = official_document.Table(("a",), (("1",),), (1.0,), frozenset({0}))
    paper = official_document.OfficialDocument(
        "", "Sở Ví Dụ", "x", "y", "z", "w", "Báo cáo", "s", (official_document.Heading("h"), table)
    )
    drawn = docx.Document(io.BytesIO(official_document.draw(official_document.as_data(paper))))
    assert [line.text for line in drawn.paragraphs if line.text] == ["BÁO CÁO", "s", "h"]


def test_a_workbook_keeps_texts_as_texts() -> None:
    page = Page(
        "Tên: [có] dấu / và dài quá ba mươi mốt chữ", "Tiêu đề", ("Một", "Hai"), [("=1+1", 2), ("\x07chuông", None)]
    )
    book = openpyxl.load_workbook(io.BytesIO(workbook.draw(workbook.as_data([page]))))
    (sheet,) = book
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)] == [["=1+1", 2], ["chuông", None]]
    assert sheet["A4"].data_type == "s"
    assert len(sheet.title) <= 31
