"""The rows of a spreadsheet that somebody hands in: an XLSX workbook or a CSV file, from its bytes.

What people have is rarely what was asked for, so the content decides what a file is, not its name, and what cannot be
read is named by a code. Nothing is computed: a formula counts by the value that was stored with it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from knowledge.errors import UnreadableFile
from knowledge.text import normalize

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 20 * 1024 * 1024
# A small archive can unfold to gigabytes; a list of people does not.
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_WORKBOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_CONTENT_TYPES, _WORKBOOK, _STYLES = "[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml"
# What programs that export "Excel" write in its place.
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|table|meta|\?xml|div|style)\b", re.IGNORECASE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
_BLANKS = b"\t\r\n\f\x1a"

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL_NAME = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ZEROS = re.compile(r"0{2,20}")

_DELIMITERS = ";,\t"
_SEPARATOR_LINE = re.compile(r"sep=([;,|\t])\r?\n", re.IGNORECASE)

# What a text in windows-1258 may have beside ASCII; in the old fonts other signs stand inside words.
_VIETNAMESE = re.compile("[ăâđêôơưàáãèéìíòóõùúýĂÂĐÊÔƠƯÀÁÃÈÉÌÍÒÓÕÙÚÝĩũĨŨ\u1ea0-\u1ef9]")
_PUNCTUATION = "–—‘’“”…•·° \u20ab"
_TONES = re.compile("[aăâeêioôơuưy][\u0300\u0301\u0303\u0309\u0323]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty.

    Attributes:
        number: as the spreadsheet counts it, from 1.
        cells: the texts by column, from 1, in the project's normal form; only those that have one.
        faults: codes by column: `no_value` (a formula without a stored value), `error_value` (#N/A and the like).
    """

    number: int
    cells: Mapping[int, str]
    faults: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that were made one; the first holds the text."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, or a CSV file, whose `name` is "" then."""

    name: str
    rows: Sequence[Row]
    merged: Sequence[Merged] = ()


def read(content: bytes, file: str, *, keep_lines: bool = False) -> list[list[Sheet]]:
    """Return the ways to read a file, each as its visible sheets: a CSV file has one for each possible delimiter.

    With `keep_lines` the line feeds inside a cell are kept; without, they are blanks.

    Raises:
        UnreadableFile: with a code: `table_too_large`, `too_many_rows`, `empty_file`, `old_excel` (.xls), `protected`
            (a password), `other_table` (.ods, .xlsb), `web_page` (HTML under the name of a spreadsheet), `no_table`
            (any other file), `damaged_table`, `old_letters` (no Unicode), `bad_quotes`.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(file, "table_too_large", str(len(content)))
    if not content.strip():
        raise UnreadableFile(file, "empty_file")
    if content.startswith(_COMPOUND):
        if _ENCRYPTED in content:
            raise UnreadableFile(file, "protected")
        is_old = any(name in content for name in _OLD_WORKBOOKS)
        raise UnreadableFile(file, "old_excel" if is_old else "no_table")
    if content.startswith(_ZIP):
        return [_workbook(content, file, keep_lines)]
    if _MARKUP.match(content.removeprefix(_UTF8_MARK)):
        raise UnreadableFile(file, "web_page")
    return _delimited(_decoded(content, file), file, keep_lines)


def column_name(column: int) -> str:
    """Return a column's letters: 1 is "A", 27 is "AA"."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


# Workbooks


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the cells of a workbook are read: its shared texts, the digits of its numbers by style, and line feeds."""

    strings: Sequence[str]
    widths: Sequence[int]
    keep_lines: bool


def _workbook(content: bytes, file: str, keep_lines: bool) -> list[Sheet]:
    # zipfile, the XML parser and openpyxl let their faults through as they come.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {entry.filename: entry.file_size for entry in archive.infolist()}
        # What a picture unfolds to is never read.
        unpacked = sum(size for name, size in names.items() if name.endswith((".xml", ".rels")))
    except Exception as fault:
        raise UnreadableFile(file, "damaged_table", type(fault).__name__) from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise UnreadableFile(file, "table_too_large", str(unpacked))
    if _CONTENT_TYPES not in names or not any(name.startswith("xl/") and name.endswith(".xml") for name in names):
        other = "xl/workbook.bin" in names or "content.xml" in names
        raise UnreadableFile(file, "other_table" if other else "no_table")
    try:
        return list(_sheets(content, file, keep_lines))
    except UnreadableFile:
        raise
    except Exception as fault:
        raise UnreadableFile(file, "damaged_table", type(fault).__name__) from None


def _sheets(content: bytes, file: str, keep_lines: bool) -> Iterator[Sheet]:
    # Loaded here: no other command needs it.
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    with reader.archive:
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        how = _Reading(reader.shared_strings, _widths(reader.archive), keep_lines)
        for sheet, relation in reader.parser.find_sheets():
            if sheet.state == "visible" and "chartsheet" not in relation.Type:
                with reader.archive.open(relation.target) as source:
                    yield _sheet(normalize(sheet.name), source, how, file)


def _widths(archive: zipfile.ZipFile) -> list[int]:
    """How many digits the number of a cell is shown with, by its style: 3 for the format "000", 0 for any other."""
    from defusedxml.ElementTree import fromstring

    if _STYLES not in archive.namelist():
        return []
    root = fromstring(archive.read(_STYLES), forbid_dtd=True)
    formats = {one.get("numFmtId"): one.get("formatCode", "") for one in root.iter(f"{_MAIN}numFmt")}
    cells = root.find(f"{_MAIN}cellXfs")
    shown = [formats.get(one.get("numFmtId"), "") for one in cells] if cells is not None else []
    return [len(form) if _ZEROS.fullmatch(form) else 0 for form in shown]


def _sheet(name: str, source: IO[bytes], how: _Reading, file: str) -> Sheet:
    # Not openpyxl's own rows: they leave out which cells are merged and which formulas have no value, and believe what
    # the file says of its size.
    from defusedxml.ElementTree import iterparse

    rows: list[Row] = []
    merged: list[Merged] = []
    number = 0
    above: list[Element] = []
    for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if element.tag == f"{_MAIN}row":
            number = int(element.get("r") or number + 1)
            row = _row(number, element, how)
            if row.cells or row.faults:
                rows.append(row)
            if len(rows) > MAX_ROWS:
                raise UnreadableFile(file, "too_many_rows", str(MAX_ROWS))
            # Rows that were read are dropped, also from what holds them.
            above[-1].clear()
        elif element.tag == f"{_MAIN}mergeCell":
            merged.append(_merged(element.get("ref", "")))
    return Sheet(name, rows, merged)


def _row(number: int, element: Element, how: _Reading) -> Row:
    cells: dict[int, str] = {}
    faults: dict[int, str] = {}
    column = 0
    for cell in element:
        place = _CELL_NAME.fullmatch(cell.get("r", ""))
        column = _column(place.group(1)) if place else column + 1
        if column > MAX_COLUMNS:
            break
        if cell.get("t") == "e":
            faults[column] = "error_value"
            continue
        text = _cleaned(_text(cell, how), how.keep_lines)
        if text:
            cells[column] = text
        elif cell.find(f"{_MAIN}f") is not None and cell.get("t") != "str":
            # A formula may well come to an empty text, which is a value.
            faults[column] = "no_value"
    return Row(number, cells, faults)


def _text(cell: Element, how: _Reading) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        # How a word is read aloud, in <rPh>, is not part of it.
        parts = cell.findall(f"{_MAIN}is/{_MAIN}t") + cell.findall(f"{_MAIN}is/{_MAIN}r/{_MAIN}t")
        return "".join(part.text or "" for part in parts)
    value = cell.findtext(f"{_MAIN}v") or ""
    if kind == "s" and value:
        return how.strings[int(value)]
    if kind == "n" and value:
        style = int(cell.get("s", "0"))
        return _number(value).zfill(how.widths[style] if style < len(how.widths) else 0)
    return value


def _cleaned(text: str, keep_lines: bool) -> str:
    lines = text.split("\n") if keep_lines else [text]
    return normalize("\n".join(" ".join(line.split()) for line in lines))


def _number(value: str) -> str:
    """A stored number as it is shown: 17 and not 17.0."""
    number = float(value)
    return str(int(number)) if number.is_integer() else value


def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _merged(place: str) -> Merged:
    (first_column, first_row), (last_column, last_row) = _CELL_NAME.findall(place)
    return Merged(int(first_row), _column(first_column), int(last_row), _column(last_column))


# CSV


def _decoded(content: bytes, file: str) -> str:
    """The text of a CSV file, whichever of the usual ways it was saved in."""
    try:
        text: str | None = content.decode(_encoding(content))
    except UnicodeDecodeError:
        text = _windows_1258(content)
    if text is None:
        is_text = not any(byte < ord(" ") and byte not in _BLANKS for byte in content)
        raise UnreadableFile(file, "old_letters" if is_text else "no_table")
    if "\0" in text:
        raise UnreadableFile(file, "no_table")
    return text


def _encoding(content: bytes) -> str:
    if content.startswith(_UTF16):
        return "utf-16"
    if b"\0" in content[:2]:
        return "utf-16-be" if content[0] == 0 else "utf-16-le"
    return "utf-8-sig"


def _windows_1258(content: bytes) -> str | None:
    """The text where it can only be windows-1258: Vietnamese letters, with tones where tones can be."""
    try:
        raw = content.decode("cp1258")
    except UnicodeDecodeError:
        return None
    text = unicodedata.normalize("NFC", raw)
    foreign = any(not (char.isascii() or char in _PUNCTUATION or _VIETNAMESE.match(char)) for char in text)
    return None if foreign or not _TONES.search(raw) else text


def _delimited(text: str, file: str, keep_lines: bool) -> list[list[Sheet]]:
    # A line that tells Excel the delimiter is none of the rows that Excel counts.
    said = _SEPARATOR_LINE.match(text)
    if said:
        text = text[said.end() :]
    signs = said.group(1) if said else [sign for sign in _DELIMITERS if sign in text] or _DELIMITERS[0]
    readable: list[list[Sheet]] = []
    faults: list[UnreadableFile] = []
    for sign in signs:
        try:
            readable.append([_records(text, sign, file, keep_lines)])
        except UnreadableFile as fault:
            faults.append(fault)
    if not readable:
        raise faults[0]
    return readable


def _records(text: str, delimiter: str, file: str, keep_lines: bool) -> Sheet:
    rows = []
    number = 0
    try:
        for number, record in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            texts = (_cleaned(cell, keep_lines) for cell in record[:MAX_COLUMNS])
            cells = {column: cell for column, cell in enumerate(texts, 1) if cell}
            if cells:
                rows.append(Row(number, cells))
            if len(rows) > MAX_ROWS:
                raise UnreadableFile(file, "too_many_rows", str(MAX_ROWS))
    except csv.Error:
        raise UnreadableFile(file, "bad_quotes", str(number + 1)) from None
    return Sheet("", rows)
