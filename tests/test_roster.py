"""The roster: what a list of people changes in the office, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from bot.explaining import TEXTS
from bot.roster import fault_line
from handlers.authorization import Scene
from handlers.context import Context
from handlers.errors import NotPossible
from handlers.people import joining, roster, roster_plan, service
from handlers.people.directory import Directory
from handlers.people.roster_plan import Plan
from handlers.people.roster_table import Entry, Table, find_table
from handlers.people.roster_template import csv_template, xlsx_template
from handlers.router import KINDS
from handlers.schedule import Due
from handlers.spreadsheet import read
from knowledge.errors import UnreadableFile
from storage import audit, imports, jobs, members, roles, units
from storage.database import Database
from storage.members import Member
from tests.conftest import NOW, TODAY
from tests.helpers import later
from tests.spreadsheets import HEADING, with_parts, workbook
from tests.test_people_service import by
from tests.test_people_service import member as joined_member

DAY = TODAY.isoformat()


@pytest.fixture
def office(console: Scene) -> dict[str, int]:
    """Sở Ví Dụ with two departments, each with a team of the same name."""
    top = service.create_unit(console, "Sở Ví Dụ")
    one = service.create_under(console, top, "Phòng Một")
    two = service.create_under(console, top, "Phòng Hai")
    return {
        "top": top,
        "one": one,
        "two": two,
        "team one": service.create_under(console, one, "Tổ Văn thư"),
        "team two": service.create_under(console, two, "Tổ Văn thư"),
    }


def table(content: bytes, sheet: str = "") -> Table:
    return find_table(read(content, "ds"), "ds", sheet)


def listed(*rows: str) -> Table:
    """A list as CSV: code, name, position, unit."""
    return table("\n".join((";".join(HEADING), *rows)).encode())


def imported(scene: Scene, *rows: str, **options: bool) -> Plan:
    """Take a list over, which has no faults."""
    number = roster.begin(scene)
    plan = roster_plan.check(scene, listed(*rows), **options)
    assert faults(plan) == []
    for part in roster_plan.parts(plan):
        roster.stage(scene, number, part)
    roster.let_apply(scene, number)
    while roster.resume(scene.database, scene.now, scene.day):
        pass
    return plan


def faults(plan: Plan) -> list[str]:
    return [fault_line(fault) for fault in plan.faults]


def wrong(scene: Scene, *rows: str, **options: bool) -> list[str]:
    """What is wrong with a list."""
    return faults(roster_plan.check(scene, listed(*rows), **options))


def known(scene: Scene, code: str) -> Member:
    found = members.by_code(scene.database, code, scene.today)
    assert found is not None
    return found


def everything(database: Database) -> list[Any]:
    """All that an import could change."""
    tables = ("people", "members", "memberships", "units", "unit_names", "roles", "import_rows", "import_units")
    return [list(map(dict, database.rows(f"SELECT * FROM {table} ORDER BY rowid"))) for table in tables]


def refused(content: bytes, sheet: str = "") -> str:
    with pytest.raises(UnreadableFile) as caught:
        table(content, sheet)
    return f"{caught.value.code} {caught.value.value}".strip()


# The list in a file


ROW = ["CB01", "Trần Ví Dụ", "kế toán", "Phòng Một"]
ENTRY = Entry(2, "CB01", "Trần Ví Dụ", "kế toán", "Phòng Một")


def test_a_list_as_the_template_has_it() -> None:
    found = table(workbook({"Danh sách": [HEADING, ROW]}))
    assert (found.sheet, found.entries) == ("Danh sách", [ENTRY])
    assert found.columns["unit"] == "D “Đơn vị”"


@pytest.mark.parametrize(
    "heading",
    [
        ("Mã CB", "Họ tên", "Chức danh", "Đơn vị công tác"),
        ("Mã số", "HỌ VÀ TÊN", "Vị trí việc làm", "Phòng ban"),
        ("MÃ CÁN BỘ (*)", "Họ, tên", "Chức vụ/Chức danh", "Phòng, ban"),
        ("ma nv", "ho va ten", "chuc vu", "don vi"),
        tuple(unicodedata.normalize("NFD", text) for text in HEADING),
    ],
)
def test_headings_are_understood_as_offices_write_them(heading: Sequence[str]) -> None:
    assert table(workbook({"A": [heading, ROW]})).entries == [ENTRY]


def test_columns_in_another_order_beside_others_under_titles() -> None:
    rows = [
        ["SỞ VÍ DỤ"],
        ["DANH SÁCH ĐƠN VỊ"],
        [],
        ["STT", "Đơn vị", "Họ và tên", "Ngày sinh", "Mã số", "Ghi chú"],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
        [1, "Phòng Một", "Trần Ví Dụ", dt.date(2000, 1, 1), 17, "mới"],
        ["STT", "Đơn vị", "Họ và tên", "Ngày sinh", "Mã số", "Ghi chú"],
        [2, None, None, None, None, None],
        [],
        [3, "Phòng Hai", "Lê Ví Dụ", None, None, None],
    ]
    assert table(workbook({"A": rows})).entries == [
        Entry(6, "17", "Trần Ví Dụ", "", "Phòng Một"),
        Entry(10, "", "Lê Ví Dụ", "", "Phòng Hai"),
    ]


def test_a_merged_unit_holds_for_all_its_rows() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("B3:B5")

    rows = [["DANH SÁCH"], ["Họ và tên", "Đơn vị"], ["A Ví Dụ", "Phòng Một"], ["B Ví Dụ"], ["C Ví Dụ"], ["D Ví Dụ"]]
    found = table(workbook({"A": rows}, merge))
    assert [entry.unit for entry in found.entries] == ["Phòng Một", "Phòng Một", "Phòng Một", ""]


def test_a_heading_of_two_rows_is_not_filled_down() -> None:
    def merge(sheet: Worksheet) -> None:
        for cells in ("A1:A2", "B1:B2", "C1:D1"):
            sheet.merge_cells(cells)

    rows = [["Họ và tên", "Đơn vị", "Năm sinh"], [None, None, "Nam", "Nữ"], ["A Ví Dụ", "Phòng Một", 2000]]
    assert [entry.row for entry in table(workbook({"A": rows}, merge)).entries] == [3]


@pytest.mark.parametrize("heading", [["Họ và tên", None], ["Họ và tên đệm", "Tên"], ["Họ", "Tên"]])
def test_a_name_may_stand_in_two_columns(heading: list[str | None]) -> None:
    def merge(sheet: Worksheet) -> None:
        if heading[1] is None:
            sheet.merge_cells("A1:B1")

    found = table(workbook({"A": [[*heading, "Đơn vị"], ["Trần Thị", "Ví Dụ", "Phòng Một"]]}, merge))
    assert [entry.name for entry in found.entries] == ["Trần Thị Ví Dụ"]


def test_the_sheet_with_the_list_is_found() -> None:
    content = workbook({"Bìa": [["Công văn"], ["kèm theo", "danh sách"]], "Mẫu": [HEADING], "DS": [HEADING, ROW]})
    assert table(content).sheet == "DS"


def test_of_several_lists_one_is_named() -> None:
    content = workbook({"Cũ": [HEADING, ROW], "Mới": [HEADING, ROW]})
    assert refused(content) == "several_rosters Cũ, Mới"
    assert table(content, "Mới").sheet == "Mới"
    assert refused(content, "Khác") == "no_such_sheet Cũ, Mới"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["Công văn"], ["kèm theo", "danh sách"]], "no_roster A"),
        ([["Họ và tên", "Chức vụ"], ["Trần Ví Dụ", "kế toán"]], "no_unit_column 1"),
        ([["Mã số", "Đơn vị"], ["CB01", "Phòng Một"]], "no_name_column 1"),
        ([["Họ và tên", "Đơn vị", "Phòng ban"], ["a", "b", "c"]], "two_columns B “Đơn vị”, C “Phòng ban”"),
        ([HEADING], "no_people"),
        ([HEADING, ["(Ví dụ)", "(ví dụ) A", "", "B"]], "no_people"),
    ],
)
def test_a_file_without_a_list_is_told_why(rows: list[list[str]], code: str) -> None:
    assert refused(workbook({"A": rows})) == code
    assert f"problem.{code.split()[0]}" in TEXTS


def test_a_csv_file_without_a_list_names_no_sheet() -> None:
    assert refused(b"a;b\nc;d\n") == "no_roster_csv"


@pytest.mark.parametrize("delimiter", ";,\t")
def test_a_csv_file_with_any_delimiter(delimiter: str) -> None:
    lines = [delimiter.join(HEADING), delimiter.join(f'"{cell}"' for cell in ROW)]
    assert table("\n".join(lines).encode("utf-8-sig")).entries == [ENTRY]


def test_the_template_is_a_list_whose_example_is_not_taken(console: Scene, office: dict[str, int]) -> None:
    assert refused(csv_template(TEXTS)) == "no_people"
    assert refused(xlsx_template(TEXTS, [])) == "no_people"
    assert refused(xlsx_template(TEXTS, ["Sở Ví Dụ", "Sở Ví Dụ / Phòng Một"])) == "no_people"
    filled = csv_template(TEXTS) + "CB01;Trần Ví Dụ;;Phòng Một\r\n".encode()
    assert [entry.row for entry in table(filled).entries] == [3]


# Units by their words


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("Phòng Một", "one"),
        ("PHÒNG  MỘT", "one"),
        ("phong mot", "one"),
        (unicodedata.normalize("NFD", "Phòng Một"), "one"),
        ("Sở Ví Dụ / Phòng Một", "one"),
        ("Sở Ví Dụ/Phòng Một", "one"),
        ("Sở Ví Dụ > Phòng Hai", "two"),
        ("Phòng Hai / Tổ Văn thư", "team two"),
        ("Sở Ví Dụ / Phòng Một / Tổ Văn thư", "team one"),
        ("Sở Ví Dụ", "top"),
    ],
)
def test_a_unit_is_known_by_name_or_path(console: Scene, office: dict[str, int], words: str, unit: str) -> None:
    assert Directory(console.database).find(words) == [office[unit]]


def test_what_is_no_unit_or_several(console: Scene, office: dict[str, int]) -> None:
    directory = Directory(console.database)
    assert directory.find("Tổ Văn thư") == [office["team one"], office["team two"]]
    for words in ("Phòng Ba", "Phòng Một / Phòng Hai", "Sở Khác / Phòng Một", "/", "-", ""):
        assert directory.find(words) == []


def test_a_whole_path_means_the_unit_at_its_end(console: Scene, office: dict[str, int]) -> None:
    again = service.create_under(console, office["team one"], "Sở Ví Dụ")
    directory = Directory(console.database)
    assert directory.find("Sở Ví Dụ") == [office["top"]]
    assert directory.find("Tổ Văn thư / Sở Ví Dụ") == [again]


def test_an_old_name_and_a_merged_unit_lead_to_today(console: Scene, office: dict[str, int]) -> None:
    later = replace(console, day=TODAY + dt.timedelta(days=1))
    service.rename_unit(later, office["one"], "Phòng Mới")
    service.merge_unit(later, office["two"], office["one"])
    directory = Directory(console.database)
    for words in ("Phòng Mới", "Phòng Một", "Sở Ví Dụ / Phòng Một", "Phòng Hai"):
        assert directory.find(words) == [office["one"]]


def test_dashes_and_signs_in_a_name_do_not_count(console: Scene, office: dict[str, int]) -> None:
    made = service.create_under(console, office["top"], "Phòng Tổ chức - Hành chính")
    slashed = service.create_under(console, office["top"], "Phòng Thanh tra/Pháp chế")
    directory = Directory(console.database)
    assert directory.find("Phòng Tổ chức – Hành chính") == [made]
    assert directory.find("Sở Ví Dụ / Phòng Thanh tra/Pháp chế") == [slashed]


# What a list changes


def test_unknown_codes_are_put_on_the_list(console: Scene, office: dict[str, int]) -> None:
    plan = imported(console, "cb-01;Trần Ví Dụ;kế toán;Phòng Một", "CB-02;Lê Ví Dụ;;Phòng Hai / Tổ Văn thư")
    assert (plan.added, plan.unchanged) == (2, 0)
    first = known(console, "CB01")
    assert (first.name, first.position, first.state, first.unit) == ("Trần Ví Dụ", "kế toán", "listed", office["one"])
    assert known(console, "CB02").unit == office["team two"]
    # He joins with it like anybody of the list.
    assert joining.join_by_code(by(console, "an"), "cb 01").person == first.person


def test_a_known_code_updates_and_a_transfer_holds_from_today(console: Scene, office: dict[str, int]) -> None:
    imported(console, "CB01;Trần Ví Dụ;kế toán;Phòng Một")
    later = replace(console, day=TODAY + dt.timedelta(days=3))
    plan = imported(later, "CB01;Trần Thị Ví Dụ;trưởng phòng;Phòng Hai")
    assert (plan.added, plan.changed, plan.moved) == (0, 1, 1)
    found = known(later, "CB01")
    assert (found.name, found.position, found.unit) == ("Trần Thị Ví Dụ", "trưởng phòng", office["two"])
    assert members.history(console.database, found.person)[0] == (office["two"], later.today, None)
    assert [(one.before, one.after) for one in plan.renamed] == [("Trần Ví Dụ", "Trần Thị Ví Dụ")]


def test_what_a_row_leaves_empty_stays(console: Scene, office: dict[str, int]) -> None:
    imported(console, "CB01;Trần Ví Dụ;kế toán;Phòng Một")
    imported(console, "CB01;Trần Ví Dụ;;Phòng Hai")
    assert known(console, "CB01").position == "kế toán"


def test_roles_for_the_old_unit_end_with_a_transfer(console: Scene, office: dict[str, int]) -> None:
    imported(console, "CB01;Trần Ví Dụ;;Phòng Một")
    person = joining.join_by_code(by(console, "an"), "CB01").person
    service.give_role(console, person, "contact", office["one"])
    imported(console, "CB01;Trần Ví Dụ;;Phòng Hai")
    assert roles.of(console.database, person, DAY) == []
    assert known(console, "CB01").state == "joined"


LIST = (
    "CB01;Trần Ví Dụ;kế toán;Phòng Một",
    ";Lê Ví Dụ;;Phòng Hai",
    "017;Võ Ví Dụ;;Sở Ví Dụ / Phòng Ba",
    ";Lê Ví Dụ;;Phòng Một",
    "CB05;Lê Ví Dụ;;Phòng Một",
)


def test_the_same_list_again_changes_nothing(console: Scene, office: dict[str, int]) -> None:
    imported(console, *LIST, create_units=True)
    before = everything(console.database)
    acts = audit.entries(console.database, "", 100)
    for scene in (console, replace(console, now=NOW + dt.timedelta(days=9), day=TODAY + dt.timedelta(days=9))):
        plan = roster_plan.check(scene, listed(*LIST))
        assert (plan.staged, plan.faults, plan.missing, plan.unchanged) == ([], [], [], 5)
    assert everything(console.database) == before
    assert audit.entries(console.database, "", 100) == acts


def test_the_same_list_after_people_have_joined_changes_nothing(console: Scene, office: dict[str, int]) -> None:
    imported(console, *LIST, create_units=True)
    joining.join_by_code(by(console, "an"), "CB01")
    request = joining.join_by_invitation(by(console, "binh"), joining.invite(console, office["two"]), "Lê Ví Dụ", "")
    assert request is not None
    assert roster_plan.check(console, listed(*LIST)).staged == []
    joining.accept(console, office["two"], request.id, request.listed)
    assert roster_plan.check(console, listed(*LIST)).staged == []


@pytest.mark.parametrize(("first", "second"), [("17", "017"), ("017", "17")])
def test_zeros_that_a_spreadsheet_drops_make_no_other_person(
    console: Scene, office: dict[str, int], first: str, second: str
) -> None:
    imported(console, f"{first};Trần Ví Dụ;;Phòng Một")
    plan = imported(console, f"{second};Trần Ví Dụ;;Phòng Một")
    assert (plan.added, plan.missing) == (0, [])
    assert [member.code for member in members.everybody(console.database, DAY)] == ["017"]


def test_who_has_left_comes_back(console: Scene, office: dict[str, int]) -> None:
    imported(console, "CB01;Trần Ví Dụ;;Phòng Một")
    service.leave(console, known(console, "CB01").person)
    plan = imported(console, "CB01;Trần Ví Dụ;;Phòng Hai")
    assert (plan.back, plan.moved, plan.added) == (1, 0, 0)
    assert (known(console, "CB01").state, known(console, "CB01").unit) == ("listed", office["two"])


def test_who_was_listed_without_a_code_gets_one(console: Scene, office: dict[str, int]) -> None:
    imported(console, ";Trần Ví Dụ;kế toán;Phòng Một")
    plan = imported(console, "CB01;Trần Ví Dụ;;Phòng Một")
    assert (plan.added, plan.changed, plan.matched) == (0, 1, [])
    assert known(console, "CB01").position == "kế toán"


def test_who_joined_without_a_code_gets_one_and_is_named(console: Scene, office: dict[str, int]) -> None:
    person = joined_member(console, office["one"], "an")
    plan = imported(console, "CB01;Người An;;Phòng Một")
    assert plan.matched == ["Người An"]
    assert (known(console, "CB01").person, known(console, "CB01").state) == (person, "joined")


@pytest.mark.parametrize(
    "rows",
    [
        ("CB01;Trần Ví Dụ;;Phòng Một", "CB02;Trần Ví Dụ;;Phòng Một"),
        ("CB01;Trần Ví Dụ;;Phòng Hai",),
    ],
)
def test_a_name_that_several_have_or_of_another_unit_is_no_match(
    console: Scene, office: dict[str, int], rows: Sequence[str]
) -> None:
    imported(console, ";Trần Ví Dụ;;Phòng Một")
    plan = imported(console, *rows)
    assert plan.added == len(rows)
    assert [member.name for member in plan.missing] == ["Trần Ví Dụ"]


def test_who_waits_to_be_confirmed_is_not_matched(console: Scene, office: dict[str, int]) -> None:
    service.add_member(console, office["one"], "Trần Ví Dụ", "", "CB01")
    joining.join_by_invitation(by(console, "an"), joining.invite(console, office["one"]), "Trần Ví Dụ", "")
    plan = roster_plan.check(console, listed("CB01;Trần Ví Dụ;;Phòng Một"))
    assert (plan.staged, plan.missing) == ([], [])


def test_units_are_opened_where_that_is_wanted(console: Scene, office: dict[str, int]) -> None:
    plan = imported(
        console,
        "CB01;A Ví Dụ;;Tổ Xe",
        "CB02;B Ví Dụ;;Phòng Một / Tổ Xe",
        "CB03;C Ví Dụ;;Sở Mẫu / Phòng X / Tổ Y",
        "CB04;D Ví Dụ;;Sở Mẫu",
        create_units=True,
    )
    assert plan.new_units == ["Sở Mẫu", "Sở Mẫu / Phòng X", "Sở Mẫu / Phòng X / Tổ Y", "Sở Ví Dụ / Phòng Một / Tổ Xe"]
    directory = Directory(console.database)
    paths = [directory.path(known(console, f"CB0{number}").unit or 0) for number in (1, 2, 3, 4)]
    assert paths == [plan.new_units[3], plan.new_units[3], plan.new_units[2], plan.new_units[0]]
    assert len(units.all_open(console.database)) == 9


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("Phòng Tổ chức cán bộj", "Phòng Tổ chức cán bộ"),
        ("Phong To chuc cna bo", "Phòng Tổ chức cán bộ"),
        ("Phòg Tổ chức cán bộ", "Phòng Tổ chức cán bộ"),
        ("Phòngtổ chức cán bộ", "Phòng Tổ chức cán bộ"),
        ("Phòng TCCB", "Phòng Tổ chức cán bộ"),
        ("P. TC-CB", "Phòng Tổ chức cán bộ"),
        ("Phòng Tổ chức và Cán bộ", "Phòng Tổ chức cán bộ"),
        ("VP", "Văn phòng"),
        ("Sở Ví Dụ / P.TCCB", "Phòng Tổ chức cán bộ"),
        ("Sở Ví Du Mẫ / Phòng Mới", "Sở Ví Dụ Mẫu"),
        ("Sở Ví Dụ / VP / Tổ Xe", "Văn phòng"),
    ],
)
def test_a_unit_that_is_called_almost_like_another_is_not_opened(console: Scene, words: str, near: str) -> None:
    top = service.create_unit(console, "Sở Ví Dụ")
    for name in ("Phòng Tổ chức cán bộ", "Văn phòng", "Phòng Một"):
        service.create_under(console, top, name)
    service.create_unit(console, "Sở Ví Dụ Mẫu")
    rows = ("CB01;Trần Ví Dụ;;Phòng Một", f"CB02;Lê Ví Dụ;;{words}")
    (said,) = wrong(console, *rows, create_units=True)
    assert said.startswith("dòng 3, cột D “Đơn vị”: chưa có “")
    assert said.endswith(f"mà tên gần giống “{near if near.startswith('Sở') else f'Sở Ví Dụ / {near}'}”")
    plan = imported(console, *rows, create_units=True, create_alike=True)
    assert plan.new_units


def test_two_units_of_a_list_that_are_called_almost_alike_are_not_opened(console: Scene) -> None:
    rows = ("CB01;Trần Ví Dụ;;Sở Ví Dụ / Phòng Thanh tra", "CB02;Lê Ví Dụ;;Sở Ví Dụ / Phòng Thanh trra")
    (said,) = wrong(console, *rows, create_units=True)
    assert "chưa có “Sở Ví Dụ / Phòng Thanh trra”, mà tên gần giống “Sở Ví Dụ / Phòng Thanh tra”" in said


@pytest.mark.parametrize(
    "words",
    [
        "Phòng 2",
        "Tổ B",
        "Tổ Bay",
        "Khu IV",
        "Phòng Bốn",
        "Sở Mẫu / Phòng Thanh tr",
        "Phòng Kế toán",
        "Đội Xe",
        "Đội Xa",
    ],
)
def test_units_that_numbers_letters_or_words_tell_apart_are_opened(console: Scene, words: str) -> None:
    top = service.create_unit(console, "Sở Ví Dụ")
    for name in ("Phòng 1", "Tổ A", "Tổ Ba", "Khu VI", "Phòng Ba", "Phòng Thanh tra", "Phòng Kế hoạch", "Đội Xét"):
        service.create_under(console, top, name)
    assert imported(console, f"CB01;Trần Ví Dụ;;{words}", create_units=True).new_units


def test_many_units_are_opened_over_several_transactions(console: Scene) -> None:
    rows = [f"CB{n};Người Ví Dụ;;Sở {n // 30} / Phòng {n} / Tổ {n}" for n in range(90)]
    imported(console, *rows, create_units=True)
    directory = Directory(console.database)
    assert directory.path(known(console, "CB89").unit or 0) == "Sở 2 / Phòng 89 / Tổ 89"
    assert len(units.all_open(console.database)) == 3 + 90 + 90


def test_who_is_missing_stays_unless_that_is_wanted(console: Scene, office: dict[str, int]) -> None:
    imported(console, *LIST, create_units=True)
    person = joining.join_by_code(by(console, "an"), "CB01").person
    service.give_role(console, person, "administrator", None)
    rest = LIST[1:4]
    plan = imported(console, *rest)
    assert [member.code for member in plan.missing] == ["CB01", "CB05"]
    assert known(console, "CB05").state == "listed"

    plan = imported(console, *rest, leave_missing=True)

    assert [member.code for member in plan.kept] == ["CB01"]
    assert (known(console, "CB05").state, known(console, "CB05").unit) == ("left", None)
    assert known(console, "CB01").state == "joined"
    assert imported(console, *rest, leave_missing=True).staged == []


# What is wrong


def test_everything_that_is_wrong_is_told(console: Scene, office: dict[str, int]) -> None:
    said = wrong(
        console,
        "CB01;Trần Ví Dụ;;Phòng Một",
        "CB02;;;Phòng Một",
        "CB03;12345;;",
        "cb-01;Lê Ví Dụ;;Phòng Năm",
        ";Võ Ví Dụ;;Phòng Một",
        ";Võ Ví Dụ;;phòng một",
        ";Võ Ví Dụ;;Phòng Hai",
        "CB07;Hồ Ví Dụ;;Tổ Văn thư",
        "0CB01;Đỗ Ví Dụ;;Ban Khác",
        f"{'9' * 30};Bùi Ví Dụ;{'x' * 201};Phòng Một",
    )
    assert said == [
        "dòng 3, cột B “Họ và tên”: thiếu họ và tên",
        "dòng 4, cột B “Họ và tên”: “12345” không phải họ và tên",
        "dòng 4, cột D “Đơn vị”: thiếu đơn vị",
        "dòng 5, cột A “Mã cá nhân”: mã “cb-01” đã có ở dòng 2",
        "dòng 5, cột D “Đơn vị”: không có đơn vị “Phòng Năm”; có lẽ là “Sở Ví Dụ / Phòng Một”",
        "dòng 7, cột B “Họ và tên”: “Võ Ví Dụ” không có mã và trùng tên với dòng 6"
        " trong cùng đơn vị; thêm mã cho cả hai",
        "dòng 9, cột D “Đơn vị”: nhiều đơn vị cùng tên “Tổ Văn thư”; ghi cả đường dẫn:"
        " Sở Ví Dụ / Phòng Một / Tổ Văn thư; Sở Ví Dụ / Phòng Hai / Tổ Văn thư",
        "dòng 10, cột A “Mã cá nhân”: mã “0CB01” và mã “CB01” ở dòng 2 chỉ khác nhau số 0 ở đầu",
        "dòng 10, cột D “Đơn vị”: không có đơn vị “Ban Khác”",
        f"dòng 11, cột A “Mã cá nhân”: mã “{'9' * 30}” dài quá 24 chữ và số",
        "dòng 11, cột C “Chức vụ”: dài quá 200 ký tự",
    ]


def test_a_list_with_one_fault_changes_nothing(console: Scene, office: dict[str, int]) -> None:
    plan = roster_plan.check(console, listed("CB01;Trần Ví Dụ;;Phòng Bốn", "CB02;;;Phòng Một"), create_units=True)
    assert [fault.row for fault in plan.faults] == [3]
    assert (plan.staged, plan.new_units) == ([], [])


@pytest.mark.parametrize("words", ["Tổ Văn thư / Nhóm Một", "Phòng Một / 123", "???"])
def test_a_unit_whose_place_is_not_clear_is_not_opened(console: Scene, office: dict[str, int], words: str) -> None:
    (said,) = wrong(console, f"CB01;Trần Ví Dụ;;{words}", create_units=True)
    assert said.startswith(f"dòng 2, cột D “Đơn vị”: không có đơn vị “{words}”")


def test_a_name_alone_that_two_members_have_is_no_proof(console: Scene, office: dict[str, int]) -> None:
    imported(console, "CB01;Trần Ví Dụ;;Phòng Một", "CB02;Trần Ví Dụ;;Phòng Một")
    (said,) = wrong(console, ";Trần Ví Dụ;;Phòng Một")
    assert said.endswith("“Trần Ví Dụ” không có mã mà đơn vị đã có 2 người tên này; thêm mã")


def test_a_name_alone_is_unclear_where_somebody_else_joined_under_it(console: Scene, office: dict[str, int]) -> None:
    joined_member(console, office["one"], "an")
    service.add_member(console, office["one"], "Người an")
    (said,) = wrong(console, ";Người an;;Phòng Một")
    assert "đã có 2 người tên này" in said


def test_a_code_that_two_members_may_have_is_unclear(console: Scene, office: dict[str, int]) -> None:
    for code in ("017", "0017"):
        service.add_member(console, office["one"], "Trần Ví Dụ", "", code)
    (said,) = wrong(console, "17;Trần Ví Dụ;;Phòng Một")
    assert said.endswith("mã “17” có thể là 017, 0017; ghi đủ số 0 ở đầu")
    assert wrong(console, "017;Trần Ví Dụ;;Phòng Một") == []


def test_a_formula_without_a_value_is_told_once(console: Scene, office: dict[str, int]) -> None:
    rows = [HEADING, ["CB01", "=1+1", "", "Phòng Một"], ["CB02", "Lê Ví Dụ", "", "#REF!"]]
    plan = roster_plan.check(console, table(workbook({"A": rows})))
    assert faults(plan) == [
        "dòng 2, cột B “Họ và tên”: công thức chưa có kết quả; mở bằng Excel, lưu lại, hoặc gõ thẳng giá trị",
        "dòng 3, cột D “Đơn vị”: ô báo lỗi (#N/A, #REF! …)",
    ]


def test_a_formula_with_a_value_counts_by_it(console: Scene, office: dict[str, int]) -> None:
    content = workbook({"A": [HEADING, ["CB01", "Trần Ví Dụ", "", "=1+1"]]})
    stored = '<c r="D2" t="str"><f>1+1</f><v>Phòng Một</v></c>'.encode()
    changed = with_parts(content, lambda _, part: part.replace(b'<c r="D2"><f>1+1</f><v></v></c>', stored))
    assert changed != content
    assert faults(roster_plan.check(console, table(changed))) == []


# Taking it over


def test_only_one_import_at_a_time(console: Scene, office: dict[str, int]) -> None:
    plan = roster_plan.check(console, listed("CB01;Trần Ví Dụ;;Phòng Một"))
    first, second = roster.begin(console), roster.begin(console)
    for act in (lambda: roster.stage(console, first, plan.staged), lambda: roster.let_apply(console, first)):
        with pytest.raises(NotPossible, check=lambda refusal: refusal.code == "import_gone"):
            act()
    roster.stage(console, second, plan.staged)
    roster.let_apply(console, second)
    with pytest.raises(NotPossible, check=lambda refusal: refusal.code == "import_running"):
        roster.begin(console)
    assert roster.unfinished(console.database) == second
    while roster.resume(console.database, NOW, TODAY):
        pass
    assert roster.unfinished(console.database) is None
    assert known(console, "CB01").unit == office["one"]
    assert [entry.act for entry in audit.entries(console.database, "", 1)] == ["roster.import"]


def staged(scene: Scene, *rows: str, **options: bool) -> Plan:
    """A list that was let go and is not done yet."""
    number = roster.begin(scene)
    plan = roster_plan.check(scene, listed(*rows), **options)
    roster.stage(scene, number, plan.staged)
    roster.let_apply(scene, number)
    return plan


def test_what_happened_in_between_is_respected(console: Scene, office: dict[str, int]) -> None:
    rows = [f"CB0{n};Người Ví Dụ {n};;Phòng Một" for n in range(1, 6)]
    imported(console, *rows)
    first, second, third, fourth = (known(console, f"CB0{n}").person for n in (1, 2, 3, 4))
    staged(
        console,
        *[row.replace("Ví Dụ", "Mới") for row in rows[:2]],
        "CB06;Người Thêm;;Phòng Một / Tổ Văn thư",
        "CB07;Người Thêm;;Phòng Hai / Tổ Mới",
        create_units=True,
        leave_missing=True,
    )
    joining.join_by_code(by(console, "an"), "CB01")
    members.forget(console.database, second)
    service.add_member(console, office["two"], "Người Thêm", "", "CB06")
    service.create_under(console, office["two"], "Tổ Mới")
    service.merge_unit(console, office["team one"], office["team two"])
    joining.join_by_code(by(console, "binh"), "CB03")
    service.give_role(console, third, "administrator", None)
    members.forget(console.database, fourth)

    while roster.resume(console.database, NOW, TODAY):
        pass

    assert (known(console, "CB01").person, known(console, "CB01").name) == (first, "Người Mới 1")
    assert known(console, "CB01").state == "joined"
    # Whoever had himself deleted is not written down again.
    assert members.get(console.database, second, DAY) is None
    assert known(console, "CB06").unit == office["team two"]
    assert len([unit for unit in units.children(console.database, office["two"]) if unit.name == "Tổ Mới"]) == 1
    assert known(console, "CB03").state == "joined"
    assert known(console, "CB05").state == "left"
    assert {member.code for member in members.everybody(console.database, DAY)} == {
        "CB01", "CB03", "CB05", "CB06", "CB07",
    }  # fmt: skip


def test_a_code_that_another_got_meanwhile_is_not_taken_from_him(console: Scene, office: dict[str, int]) -> None:
    imported(console, ";Trần Ví Dụ;;Phòng Một")
    staged(console, "CB01;Trần Ví Dụ;văn thư;Phòng Một")
    other = service.add_member(console, office["two"], "Lê Ví Dụ", "", "CB01")
    while roster.resume(console.database, NOW, TODAY):
        pass
    assert known(console, "CB01").person == other
    (listed_one,) = members.in_unit(console.database, office["one"], DAY)
    assert (listed_one.code, listed_one.position) == (None, "văn thư")


def test_a_unit_that_was_closed_meanwhile_takes_nobody(console: Scene, office: dict[str, int]) -> None:
    staged(console, "CB01;Trần Ví Dụ;;Phòng Hai / Tổ Văn thư")
    service.close_unit(console, office["team two"])
    while roster.resume(console.database, NOW, TODAY):
        pass
    assert known(console, "CB01").unit is None


def test_the_bot_finishes_what_a_command_left(console: Scene, context: Context, office: dict[str, int]) -> None:
    rows = [f"CB{n:03};Người Ví Dụ {n};;Phòng Một" for n in range(100)]
    staged(console, *rows)
    database, parts = console.database, 0
    assert jobs.claim(database, [roster.RESUMING], "bot", later(minutes=1), later(hours=2)) is None
    # Each part plans the next one, until nothing is left.
    while job := jobs.claim(database, [roster.RESUMING], "bot", later(hours=1), later(hours=2)):
        assert KINDS[roster.RESUMING].run(Due("", NOW), context) == []
        jobs.finish(database, job)
        parts += 1
    assert parts > 2
    assert roster.unfinished(database) is None
    assert known(console, "CB099").unit == office["one"]


def test_nothing_to_resume(database: Database) -> None:
    assert roster.resume(database, NOW, TODAY) == 0


def test_what_was_never_let_go_is_deleted(console: Scene, office: dict[str, int]) -> None:
    plan = roster_plan.check(console, listed(*LIST[:2]))
    given_up, left = roster.begin(console), 0
    roster.stage(console, given_up, plan.staged)
    roster.give_up(console, given_up)
    roster.stage(console, roster.begin(console), plan.staged)
    imported(console, LIST[0])
    later = (NOW + dt.timedelta(days=2)).isoformat()
    while imports.purge_rows(console.database, later, 1):
        left += 1
    assert left
    imports.purge(console.database, later, 100)
    for name in ("imports", "import_rows", "import_units", "import_leavers"):
        assert console.database.rows(f"SELECT * FROM {name}") == []


def test_an_import_that_was_let_go_is_not_deleted(console: Scene, office: dict[str, int]) -> None:
    staged(console, *LIST[:2])
    for purge in (imports.purge_rows, imports.purge):
        assert purge(console.database, "9999", 100) == 0
    assert imports.left(console.database, roster.unfinished(console.database) or 0) == 2
