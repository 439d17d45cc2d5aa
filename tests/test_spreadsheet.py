"""Spreadsheets as people hand them in: what is read of them, and what is said of those that cannot be."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import spreadsheet
from handlers.spreadsheet import Merged, Sheet, column_name, read
from knowledge.errors import UnreadableFile
from tests.spreadsheets import windows_1258, with_parts, with_shared_strings, workbook

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
NAMES = "Họ và tên;Đơn vị\nTrần Thị Ví Dụ;Phòng Một\n"


def sheet_of(content: bytes) -> Sheet:
    ((sheet, *_), *_) = read(content, "ds")
    return sheet


def cells(content: bytes) -> list[tuple[int, dict[int, str]]]:
    return [(row.number, dict(row.cells)) for row in sheet_of(content).rows]


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(content, "ds")
    assert caught.value.file == "ds"
    return caught.value.code


# Workbooks


def test_texts_and_numbers_are_read_as_they_are_shown() -> None:
    def change(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet["D1"].number_format = "000"

    content = workbook({"A": [["017", 17, 17.0, 17, 1.5, True, None, "  a\n b "]]}, change)
    assert cells(content) == [(1, {1: "017", 2: "17", 3: "17", 4: "017", 5: "1.5", 6: "1", 8: "a b"})]


def test_letters_typed_in_two_parts_are_made_one() -> None:
    name = "Trần Thị Ví Dụ"
    assert cells(workbook({"A": [[unicodedata.normalize("NFD", name)]]})) == [(1, {1: name})]


def test_texts_that_stand_apart_from_their_cells_are_read() -> None:
    content = workbook({"A": [["Trần Thị Ví Dụ", 1, "Phòng Một"]]})
    assert cells(with_shared_strings(content)) == cells(content) != []


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers() -> None:
    assert [number for number, _ in cells(workbook({"A": [[], ["a"], [], [" "], ["b"]]}))] == [2, 5]


def test_merged_cells_are_told() -> None:
    content = workbook({"A": [["a"], ["b"], ["c"]]}, lambda sheet: sheet.merge_cells("A2:B3"))
    assert sheet_of(content).merged == [Merged(2, 1, 3, 2)]


def test_hidden_sheets_are_left_out() -> None:
    def hide(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.sheet_state = "hidden"

    (sheets,) = read(workbook({"Cũ": [["a"]], "Mới": [["b"]]}, hide), "ds")
    assert [sheet.name for sheet in sheets] == ["Mới"]


def formula(stored: bytes) -> bytes:
    content = workbook({"A": [["=1+1", "b"]]})

    changed = with_parts(content, lambda _, part: re.sub(rb"(<f>1\+1</f>)<v ?/?>(?:</v>)?", rb"\g<1>" + stored, part))
    assert changed != content
    return changed


def test_a_formula_counts_by_its_stored_value() -> None:
    assert cells(formula(b"<v>2</v>")) == [(1, {1: "2", 2: "b"})]


@pytest.mark.parametrize("stored", [b"<v/>", b""])
def test_a_formula_without_a_value_is_told(stored: bytes) -> None:
    (row,) = sheet_of(formula(stored)).rows
    assert (row.cells, row.faults) == ({2: "b"}, {1: "no_value"})


def test_an_error_in_a_cell_is_told() -> None:
    (row,) = sheet_of(workbook({"A": [["#N/A", "b"]]})).rows
    assert (row.cells, row.faults) == ({2: "b"}, {1: "error_value"})


def test_cells_and_rows_without_a_place_follow_each_other() -> None:
    """As some exporting programs write them."""
    content = workbook({"A": [["a", "b"], ["c"]]})

    def change(name: str, part: bytes) -> bytes:
        for place in (b' r="A1"', b' r="B1"', b' r="A2"', b' r="1"', b' r="2"'):
            part = part.replace(place, b"") if "sheet1" in name else part
        return part

    assert cells(with_parts(content, change)) == [(1, {1: "a", 2: "b"}), (2, {1: "c"})]


def test_a_wrong_size_of_the_sheet_is_not_believed() -> None:
    content = workbook({"A": [["a", "b"], ["c"]]})
    changed = with_parts(content, lambda _, part: part.replace(b'ref="A1:B2"', b'ref="A1:A1"'))
    assert changed != content
    assert cells(changed) == [(1, {1: "a", 2: "b"}), (2, {1: "c"})]


def test_styles_that_no_library_understands_are_no_hindrance() -> None:
    content = workbook({"A": [["a"]]})
    changed = with_parts(content, lambda name, part: part.replace(b"patternFill", b"otherFill"))
    with pytest.raises(TypeError):
        openpyxl.load_workbook(io.BytesIO(changed))
    assert cells(changed) == [(1, {1: "a"})]


# CSV


@pytest.mark.parametrize("delimiter", ";,\t")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_file_is_read_however_it_was_saved(delimiter: str, encoding: str) -> None:
    ways = read(NAMES.replace(";", delimiter).encode(encoding), "ds")
    expected = [{1: "Họ và tên", 2: "Đơn vị"}, {1: "Trần Thị Ví Dụ", 2: "Phòng Một"}]
    assert expected in [[dict(row.cells) for row in sheet.rows] for (sheet,) in ways]


def test_the_line_that_tells_the_delimiter_is_no_row() -> None:
    ((sheet,),) = read(f"sep=;\n{NAMES}".encode(), "ds")
    assert sheet.rows[0].number == 1
    assert sheet.rows[0].cells == {1: "Họ và tên", 2: "Đơn vị"}


def test_windows_1258_is_decided_by_its_tones() -> None:
    assert cells(windows_1258(NAMES))[1] == (2, {1: "Trần Thị Ví Dụ", 2: "Phòng Một"})


def test_lines_within_quotes_belong_to_one_row() -> None:
    assert cells(b'"a\nb";c\r\n\r\nd;e\r\n') == [(1, {1: "a b", 2: "c"}), (3, {1: "d", 2: "e"})]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_whatever_text_is_read_or_named(text: str) -> None:
    try:
        ways = read(text.encode(), "ds")
    except UnreadableFile as fault:
        assert fault.code in ("empty_file", "bad_quotes", "web_page", "no_table")
    else:
        assert all(text for sheets in ways for sheet in sheets for row in sheet.rows for text in row.cells.values())


@given(st.binary(max_size=60))
def test_whatever_bytes_are_read_or_named(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xff\xfe"):
        try:
            read(start + content, "ds")
        except UnreadableFile as fault:
            assert fault.file == "ds"


# What is no spreadsheet, or none that can be read


def odt() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("content.xml", "<a/>")
    return written.getvalue()


def picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n", "empty_file"),
        (COMPOUND + "Workbook".encode("utf-16-le"), "old_excel"),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "protected"),
        (COMPOUND + "WordDocument".encode("utf-16-le"), "no_table"),
        (b"\xef\xbb\xbf<html><table><tr><td>a</td></tr></table>", "web_page"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "web_page"),
        (b"%PDF-1.7\n\xb5\xb5\0\0", "no_table"),
        (picture(), "no_table"),
        ("Nguy\xd4n V\xa8n V\xdd D\xd4;Ph\xdfng\n".encode("latin-1"), "old_letters"),
        (b'a;"b\nc;d\n', "bad_quotes"),
        (odt(), "other_table"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged_table"),
        (workbook({"A": [["a"]]})[:-200], "damaged_table"),
        (with_parts(workbook({"A": [["a"]]}), lambda n, part: part[:-9] if "sheet1" in n else part), "damaged_table"),
        (with_parts(workbook({"A": [["a"]]}), lambda n, part: b"" if "workbook.xml" in n else part), "damaged_table"),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_word_file_is_no_spreadsheet() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        archive.writestr("word/document.xml", "<a/>")
    assert refused(written.getvalue()) == "no_table"


def test_a_large_file_is_refused_before_it_is_opened() -> None:
    assert refused(b"PK\x03\x04" + bytes(spreadsheet.MAX_BYTES)) == "table_too_large"


def test_an_archive_that_unfolds_is_refused() -> None:
    bomb = with_parts(
        workbook({"A": [["a"]]}), lambda name, part: part + b" " * spreadsheet.MAX_UNPACKED_BYTES * ("sheet1" in name)
    )
    assert len(bomb) < spreadsheet.MAX_BYTES
    assert refused(bomb) == "table_too_large"


def test_an_archive_that_lies_about_its_size_is_not_unfolded() -> None:
    bomb = with_parts(workbook({"A": [["a"]]}), lambda name, part: part + b" " * 10**7 * ("sheet1" in name))
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        size = struct.pack("<L", archive.getinfo("xl/worksheets/sheet1.xml").file_size)
    assert size in bomb
    assert refused(bomb.replace(size, struct.pack("<L", 100))) == "damaged_table"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_entities_are_not_unfolded(part: str) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'

    def change(name: str, content: bytes) -> bytes:
        return laughs + content.replace(b"<?xml version='1.0' encoding='UTF-8'?>", b"") if name == part else content

    content = with_shared_strings(workbook({"A": [["a"]]}))
    assert cells(content)
    assert refused(with_parts(content, change)) == "damaged_table"


@pytest.mark.parametrize(
    "make", [lambda rows: workbook({"A": rows}), lambda rows: "".join(f"{a}\n" for (a,) in rows).encode()]
)
def test_too_many_rows_are_refused(make: Callable[[list[list[str]]], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 50)
    assert len(cells(make([["a"]] * 50))) == 50
    assert refused(make([["a"]] * 51)) == "too_many_rows"


def test_columns_have_letters() -> None:
    assert [column_name(column) for column in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
