"""The register of official pages: in chat, as a spreadsheet, and on the command line."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from bot.explaining import TEXTS
from handlers import router
from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Drawing
from handlers.errors import Refusal
from handlers.pages import register, service
from handlers.pages.register import Plan, Table, find_table
from handlers.people import service as people_service
from handlers.spreadsheet import read as read_sheets
from knowledge.errors import UnreadableFile
from storage import audit, pages, units
from storage.database import FILE_NAME, Database
from tests.conversations import Conversation, hold, read
from tests.helpers import Command, one_clear_line, place, run_main
from tests.spreadsheets import workbook
from tests.test_managing import labels, somebody

pytestmark = pytest.mark.every_channel

HEADING = ("TT", "Đơn vị", "Nền tảng", "Tên trang", "Địa chỉ", "Người quản lý", "Liên hệ", "Xác thực", "Tình trạng")
FULL = ("1", "Phòng Một", "FB", "Phòng Một Sở Ví Dụ", "fb.com/phongmotvidu", "Chánh Văn phòng", "0000 000 001", "x", "")


def table(*rows: tuple[str, ...]) -> Table:
    return find_table(read_sheets(workbook({"DS": [("DANH SÁCH TRANG",), HEADING, *rows]}), "t.xlsx"), "t.xlsx")


def row(**cells: str) -> tuple[str, ...]:
    names = ("", *register.FIELDS)
    said = dict(zip(names, FULL, strict=True)) | cells
    return tuple(said[name] for name in names)


def codes(plan: Plan) -> list[tuple[int, str]]:
    return [(fault.row, fault.code) for fault in plan.faults]


# In chat


def test_a_contact_writes_a_page_down_and_changes_it(context: Context, office: dict[str, int]) -> None:
    contact = somebody(context, "Mối", office["Một"], contact=office["Một"])
    hold(
        contact,
        [
            ("trang chính thức", "Phòng Một chưa ghi trang"),
            ("Thêm trang", "nền tảng nào"),
            ("fb", "Tên trang"),
            ("Phòng Một Sở Ví Dụ", "Địa chỉ trang"),
            ("so vi du", "Địa chỉ chưa đúng"),
            ("youtube.com/@phongmot", "không phải địa chỉ của nền tảng"),
            ("https://www.facebook.com/PhongMotViDu/", "Phòng Một Sở Ví Dụ (Facebook)"),
            ("Sửa người quản lý", "Người quản lý?"),
            ("Chánh Văn phòng", "Người quản lý: Chánh Văn phòng"),
            ("Ghi là đã xác thực", "nền tảng đã xác thực"),
            ("Ghi là ngừng dùng", "ngừng dùng"),
            ("Ghi là đang dùng", "đang dùng"),
            ("« Danh sách trang", "1 trang, tài khoản chính thức; đã xác thực 1, ngừng dùng 0"),
            ("Phòng Một Sở Ví Dụ (Facebook)", "Địa chỉ: https://www.facebook.com/PhongMotViDu/"),
            ("Xóa khỏi danh sách", "Xóa “Phòng Một Sở Ví Dụ”"),
            ("không", "đang dùng"),
            ("Xóa khỏi danh sách", "Xóa “Phòng Một Sở Ví Dụ”"),
            ("có", "Phòng Một chưa ghi trang"),
        ],
    )
    done = {entry.act for entry in audit.entries(context.database, "", 50)}
    assert done >= {"page.add", "page.change", "page.remove"}


def test_a_pasted_address_says_its_platform(context: Context, office: dict[str, int]) -> None:
    contact = somebody(context, "Mối", office["Một"], contact=office["Một"])
    contact.say("trang chính thức")
    hold(
        contact,
        [
            ("Thêm trang", "nền tảng nào"),
            ("https://www.tiktok.com/@phongmotvidu", "Tên trang"),
            ("Phòng Một", "Phòng Một (TikTok)"),
        ],
    )
    contact.say("trang chính thức")
    contact.say("Thêm trang")
    hold(contact, [("tiktok.com/@PhongMotViDu", "Tên trang"), ("Tên khác", "đã có trong danh sách, tên “Phòng Một”")])


def test_a_contact_sees_only_what_lies_below_and_the_head_changes_nothing(
    context: Context, console: Scene, office: dict[str, int]
) -> None:
    service.add_page(console, office["Một"], "zalo", "Zalo Phòng Một", "zalo.me/1")
    service.add_page(console, office["Hai"], "zalo", "Zalo Phòng Hai", "zalo.me/2")
    contact = somebody(context, "Mối", office["Một"], contact=office["Một"])
    head = somebody(context, "Trưởng", office["top"], head=office["top"])
    (seen,) = contact.say("trang chính thức")
    assert labels(seen) == ["Zalo Phòng Một (Zalo)", "Thêm trang", "Tải danh sách (Excel)"]
    (seen,) = head.say("trang chính thức")
    assert labels(seen) == ["Zalo Phòng Hai (Zalo)", "Zalo Phòng Một (Zalo)", "Tải danh sách (Excel)"]
    (page,) = head.say("1")
    assert labels(page) == ["« Danh sách trang"]
    assert [read(reply) for reply in somebody(context, "Thường", office["Một"]).say("/trang")] == [
        TEXTS("refused.not_allowed")
    ]


def test_a_page_moves_with_its_unit_and_to_another(context: Context, console: Scene, office: dict[str, int]) -> None:
    number = service.add_page(console, office["Một"], "other", "Nhóm Ví Dụ", "")
    administrator = somebody(context, "Quản", office["top"], administrator=None)
    administrator.say("trang chính thức")
    administrator.say("Nhóm Ví Dụ (Khác)")
    hold(administrator, [("Chuyển đơn vị", "Gõ tên đơn vị"), ("phong hai", "Phòng Hai, chưa xác thực, đang dùng")])
    people_service.merge_unit(console, office["Hai"], office["Một"])
    assert [page.id for page in service.list_pages(console, office["Một"])] == [number]
    assert service.change_page(console, office["Một"], number, "name", "Nhóm Mới").name == "Nhóm Mới"


def test_a_list_in_chat_is_a_workbook_that_can_be_read_again(
    context: Context, console: Scene, office: dict[str, int]
) -> None:
    number = service.add_page(console, office["Một"], "tiktok", "=1+1", "@phongmotvidu")
    service.change_page(console, office["Một"], number, "verified", "yes")
    contact = somebody(context, "Mối", office["Một"], contact=office["Một"])
    contact.say("trang chính thức")
    (reply,) = contact.say("Tải danh sách (Excel)")
    (drawing,) = reply.files
    assert isinstance(drawing, Drawing)
    content = router.draw(drawing.drawing, drawing.data)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert sheet["C4"].value == "=1+1"
    assert sheet["C4"].data_type == "s"
    plan = register.check(console, find_table(read_sheets(content, "x"), "x"))
    assert (plan.faults, plan.added, plan.changed, plan.unchanged) == ([], [], [], 1)


def test_a_strange_page_is_compared_by_any_member(context: Context, console: Scene, office: dict[str, int]) -> None:
    service.add_page(console, office["top"], "facebook", "Sở Ví Dụ tỉnh Mẫu", "facebook.com/soviduthu")
    an = somebody(context, "An", office["Hai"])
    hold(
        an,
        [
            ("kiểm tra trang facebook.com/s0viduthu", "Địa chỉ nhìn giống hệt trang Sở Ví Dụ tỉnh Mẫu của Sở Ví Dụ"),
            ("kiểm tra trang https://facebook.com/soviduthu", "Đúng địa chỉ trang chính thức"),
            ("kiem tra trang", "dán địa chỉ"),
            ("so vi du tinh mau ho tro", "Tên gần giống trang chính thức"),
            ("/kiemtratrang facebook.com/truongkhac", "Không giống trang nào"),
        ],
    )
    stranger = Conversation(context, place("chat-la", "la"))
    hold(stranger, [("/kiemtratrang facebook.com/s0viduthu", "Việc này dành cho người đã tham gia")])


# As a spreadsheet


def test_a_list_adds_and_changes_and_leaves_alone(console: Scene, office: dict[str, int]) -> None:
    plan = register.check(
        console, table(FULL, row(unit="Sở Ví Dụ", platform="", name="Cổng Sở", address="vidu.gov.vn"))
    )
    assert (len(plan.added), plan.faults) == (2, [])
    register.take_over(console, plan)
    one, cong = pages.at(console.database, "facebook/phongmotvidu"), pages.at(console.database, "vidu.gov.vn")
    assert one is not None
    assert cong is not None
    assert (one.unit, one.verified, one.state, one.manager) == (office["Một"], True, "used", "Chánh Văn phòng")
    assert (cong.platform, cong.unit) == ("website", office["top"])

    # What is left empty stays; the same page at another spelling of its address is the same.
    again = row(name="Tên Mới", address="https://m.facebook.com/phongmotvidu/", manager="", contact="", verified="")
    plan = register.check(console, table(again))
    register.take_over(console, plan)
    assert [number for number, _ in plan.changed] == [one.id]
    changed = pages.get(console.database, one.id)
    assert changed is not None
    assert (changed.name, changed.manager, changed.verified) == ("Tên Mới", "Chánh Văn phòng", True)
    assert len(pages.everything(console.database)) == 2

    plan = register.check(console, table(row(name="Tên Mới", address="", manager="", state="ngừng sử dụng")))
    assert [(number, entry.state, entry.address) for number, entry in plan.changed] == [
        (one.id, "stopped", "https://m.facebook.com/phongmotvidu/")
    ]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"unit": ""}, "no_unit"),
        ({"unit": "Trường Xa Lạ"}, "unknown_unit"),
        ({"unit": "Phòng Mộtt"}, "unknown_unit_near"),
        ({"platform": "mạng lạ"}, "platform"),
        ({"platform": "", "address": ""}, "platform"),
        ({"platform": "zalo"}, "refused"),
        ({"name": ""}, "refused"),
        ({"name": "x" * 201}, "refused"),
        ({"address": "không có"}, "refused"),
        ({"verified": "chắc"}, "verified"),
        ({"state": "nghỉ"}, "state"),
    ],
)
def test_one_fault_and_nothing_is_done(
    console: Scene, office: dict[str, int], cells: dict[str, str], code: str
) -> None:
    plan = register.check(console, table(row(unit="Phòng Hai", address="fb.com/phonghaividu"), row(**cells)))
    assert codes(plan) == [(4, code)]
    with pytest.raises(Refusal):
        register.take_over(console, plan)
    assert pages.everything(console.database) == []


def test_a_page_stands_once_in_a_list(console: Scene, office: dict[str, int]) -> None:
    plan = register.check(console, table(FULL, row(unit="Phòng Hai", address="facebook.com/PHONGMOTVIDU?x=1")))
    assert codes(plan) == [(4, "twice")]
    assert plan.faults[0].values == {"row": 3}


@pytest.mark.parametrize(
    ("rows", "code"), [([("Đơn vị", "Tên")], "no_page_rows"), ([("a", "b")], "no_pages"), ([HEADING], "no_page_rows")]
)
def test_what_is_no_list_is_named(rows: list[tuple[str, ...]], code: str) -> None:
    with pytest.raises(UnreadableFile) as fault:
        find_table(read_sheets(workbook({"DS": rows}), "t"), "t")
    assert fault.value.code == code


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "MOST_ROWS", 1)
    with pytest.raises(UnreadableFile):
        table(FULL, FULL)


# On the command line


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    run_main(monkeypatch, "unit", "add", "Sở Ví Dụ")
    run_main(monkeypatch, "unit", "add", "Phòng Một", "--under", "Sở Ví Dụ")
    return lambda *arguments: run_main(monkeypatch, "page", *arguments)


@pytest.mark.parametrize("name", ["trang.xlsx", "trang.csv"])
def test_what_is_exported_can_be_imported(ungxu: Command, name: str) -> None:
    Path("vao.xlsx").write_bytes(
        workbook({"DS": [HEADING, FULL, row(name="Kênh", platform="tiktok", address="@kenhvidu")]})
    )
    assert "Sẽ thêm 2" in ungxu("import", "vao.xlsx", "--check").out
    assert "Thêm 2, sửa 0" in ungxu("import", "vao.xlsx").out
    assert f"Đã ghi {name}: 2 trang" in ungxu("export", name).out
    assert "Thêm 0, sửa 0, giữ nguyên 2" in ungxu("import", name).out
    assert one_clear_line(ungxu("export", name)) == f"Lỗi: {name} đã có; chọn tên khác."
    assert "phải kết thúc" in one_clear_line(ungxu("export", "trang.doc"))


def test_a_faulty_list_is_told_row_by_row(ungxu: Command) -> None:
    Path("vao.xlsx").write_bytes(workbook({"DS": [HEADING, row(unit="Phòng Mộtt"), row(address="hai chữ")]}))
    ended = ungxu("import", "vao.xlsx")
    assert ended.code == 1
    assert ended.out.splitlines()[1:] == [
        "dòng 2, cột B “Đơn vị”: không có đơn vị “Phòng Mộtt”; có lẽ là “Sở Ví Dụ / Phòng Một”",
        "dòng 3: " + TEXTS("refused.no_address"),
        "Có 2 dòng sai; chưa ghi gì. Sửa tệp rồi chạy lại.",
    ]
    with closing(Database(Path("data") / FILE_NAME)) as database:
        assert pages.everything(database) == []
        assert len(units.all_open(database)) == 2


def test_pages_are_listed_and_compared(ungxu: Command) -> None:
    assert ungxu("list").out.strip() == "Chưa ghi trang nào."
    Path("vao.xlsx").write_bytes(workbook({"DS": [HEADING, FULL]}))
    ungxu("import", "vao.xlsx")
    line = "Sở Ví Dụ / Phòng Một: Phòng Một Sở Ví Dụ (Facebook), fb.com/phongmotvidu; nền tảng đã xác thực, đang dùng"
    assert ungxu("list", "Sở Ví Dụ").out.strip() == line
    found = json.loads(ungxu("list", "--json").out)
    assert (found["unit"], found["platform"], found["verified"]) == ("Sở Ví Dụ / Phòng Một", "facebook", True)
    assert "nhìn giống hệt trang Phòng Một" in ungxu("list", "--like", "facebook.com/ph0ngmotvidu").out
