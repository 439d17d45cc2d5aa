"""The list of people in a spreadsheet as offices keep it: which sheet and columns hold it, and what each row says.

Titles above the table, columns in any order and under other headings, numbered headings, merged units and lines that
repeat the heading are understood. What a row lacks is named with its row and column; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from handlers.spreadsheet import Row, Sheet, column_name
from knowledge.errors import UnreadableFile
from knowledge.text import fold, folded_syllables

CODE, NAME, POSITION, UNIT = "code", "name", "position", "unit"

# A heading stands among the first rows of a sheet; what comes before are titles.
_FIRST_ROWS = 40

# The headings of each column as they are compared; where several of a sheet mean the position, the first counts.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    CODE: (
        "ma ca nhan", "ma can bo", "ma cb", "ma so", "ma", "ma nhan vien", "ma nv", "ma so can bo", "ma so nhan vien",
        "ma nhan su", "ma ns", "ma cong chuc", "ma vien chuc", "ma cc", "ma vc", "ma cbcc", "ma cbccvc", "ma cbnv",
        "ma nguoi dung", "so hieu", "so hieu can bo", "so hieu cong chuc", "mscb", "msnv",
    ),
    NAME: (
        "ho va ten", "ho ten", "ho va ten can bo", "ho ten can bo", "ho va ten nhan vien", "ho ten nhan vien",
        "ten can bo", "ten nhan vien", "ho va chu dem va ten", "ho dem va ten", "ho ten day du", "ho va ten khai sinh",
    ),
    POSITION: (
        "chuc vu", "chuc danh", "chuc vu chuc danh", "chuc danh chuc vu", "vi tri viec lam", "vi tri", "cong viec",
        "chuc vu hien tai", "chuc vu chuc danh nghe nghiep", "chuc vu vi tri viec lam", "nhiem vu",
    ),
    UNIT: (
        "don vi", "don vi cong tac", "ten don vi", "phong ban", "phong ban don vi", "don vi phong ban", "phong",
        "phong don vi", "co quan don vi", "co quan", "bo phan", "don vi bo phan", "phong ban bo phan", "noi cong tac",
        "noi lam viec", "don vi truc thuoc", "to phong ban", "khoa phong",
    ),
}  # fmt: skip
# A name may stand in two columns.
_FAMILY_NAMES = ("ho", "ho dem", "ho va ten dem", "ho va chu dem", "ho va dem", "ho lot", "ho va chu lot", "ho ten dem")
_GIVEN_NAMES = ("ten", "ten goi")
_ALL_HEADINGS = frozenset((*chain.from_iterable(_HEADINGS.values()), *_FAMILY_NAMES, *_GIVEN_NAMES))

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
# Forms number their columns under the heading: (1), 2, A.
_COLUMN_NUMBER = re.compile(r"[(\[]?\s*(?:\d{1,2}|[A-Za-z])\s*[)\]]?")
_EXAMPLE = re.compile(r"\(\s*vi du\s*\)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: a code for the catalogue, "roster.fault_<code>", with its values, and where it is.

    `column` is the column's letter with its heading, "" where the row as a whole is meant.
    """

    row: int
    column: str
    code: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row says of somebody; "" for what it does not say."""

    row: int
    code: str
    name: str
    position: str
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """A list of people.

    Attributes:
        sheet: the name of the sheet that holds it, "" for a CSV file.
        columns: what people see of each column, "D “Đơn vị”", by CODE, NAME, POSITION and UNIT.
        faults: cells that have no value to take.
    """

    sheet: str
    columns: Mapping[str, str]
    entries: Sequence[Entry]
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class _Heading:
    """The row that names the columns, and where each is; a name may take several."""

    row: int
    columns: Mapping[str, tuple[int, ...]]
    titles: Mapping[int, str]


def find_table(ways: Sequence[Sequence[Sheet]], file: str, sheet: str = "") -> Table:
    """Return the list of people of a file, from the sheet of that name where one is given.

    Raises:
        UnreadableFile: with a code: `no_such_sheet`, `no_roster` or `no_roster_csv` (no row has headings for a name
            and a unit), `no_unit_column`, `no_name_column` (a row has one but not the other), `several_rosters` (in
            more than one sheet), `two_columns` (with the same meaning), `no_people` (nothing under the heading).
    """
    names = [one.name for one in ways[0]]
    if sheet and sheet not in names:
        raise UnreadableFile(file, "no_such_sheet", ", ".join(names))
    for sheets in ways:
        looked_at = [one for one in sheets if not sheet or one.name == sheet]
        found = [(one, heading) for one in looked_at if (heading := _heading(one, file))]
        # A sheet that has nothing but the heading, such as an empty form, is no second list.
        filled = [(one, heading) for one, heading in found if one.rows[-1].number > heading.row]
        if len(filled) > 1:
            raise UnreadableFile(file, "several_rosters", ", ".join(one.name for one, _ in filled))
        if filled:
            return _table(*filled[0], file)
        if found:
            raise UnreadableFile(file, "no_people")
    raise _nearly(ways, file)


def heading_key(text: str) -> str:
    """Return a heading as it is compared: without accents, signs, and what stands in brackets."""
    return " ".join(folded_syllables(_BRACKETS.sub(" ", text)))


def _heading(sheet: Sheet, file: str) -> _Heading | None:
    for row in islice(sheet.rows, _FIRST_ROWS):
        columns = _columns(row, sheet, file)
        if NAME in columns and UNIT in columns:
            return _Heading(row.number, columns, row.cells)
    return None


def _columns(row: Row, sheet: Sheet, file: str) -> dict[str, tuple[int, ...]]:
    keys = {column: heading_key(text) for column, text in row.cells.items()}
    found: dict[str, tuple[int, ...]] = {}
    for field, headings in _HEADINGS.items():
        meant = [column for column, key in keys.items() if key in headings]
        if meant:
            found[field] = (min(meant, key=lambda column: headings.index(keys[column])),)
    if NAME in found:
        found[NAME] = _spread(found[NAME][0], row.number, sheet)
    else:
        family = [column for column, key in keys.items() if key in _FAMILY_NAMES]
        given = [column for column, key in keys.items() if key in _GIVEN_NAMES]
        if given:
            found[NAME] = (*family[:1], given[0])
    if NAME in found and UNIT in found:
        _refuse_two(keys, row, file)
    return found


def _refuse_two(keys: Mapping[int, str], row: Row, file: str) -> None:
    """Two columns that both may be the code, the name or the unit: which is meant is not for the bot to guess."""
    for field in (CODE, NAME, UNIT):
        meant = [column for column, key in keys.items() if key in _HEADINGS[field]]
        if len(meant) > 1:
            shown = ", ".join(_shown(column, row.cells) for column in meant)
            raise UnreadableFile(file, "two_columns", shown)


def _spread(column: int, row: int, sheet: Sheet) -> tuple[int, ...]:
    """The columns under a heading: several where it is merged across them, as for family and given names."""
    for merged in sheet.merged:
        if merged.first_column == column and merged.first_row <= row <= merged.last_row:
            return tuple(range(column, merged.last_column + 1))
    return (column,)


def _table(sheet: Sheet, heading: _Heading, file: str) -> Table:
    shown = {field: _shown(columns[0], heading.titles) for field, columns in heading.columns.items()}
    filled = _filled_down(sheet, heading)
    entries, faults = [], []
    below = [row for row in sheet.rows if row.number > heading.row]
    for row in below:
        if _is_no_entry(row, heading, first=row is below[0]):
            continue
        said = {
            field: " ".join(row.cells[column] for column in columns if column in row.cells)
            for field, columns in heading.columns.items()
        }
        unit = said[UNIT] or filled.get(row.number, "")
        entries.append(Entry(row.number, said.get(CODE, ""), said[NAME], said.get(POSITION, ""), unit))
        faults += [
            Fault(row.number, shown[field], row.faults[column], {})
            for field, columns in heading.columns.items()
            for column in columns
            if column in row.faults
        ]
    if not entries:
        raise UnreadableFile(file, "no_people")
    return Table(sheet.name, shown, entries, faults)


def _filled_down(sheet: Sheet, heading: _Heading) -> dict[int, str]:
    """The unit of each row whose cell is part of a merged one."""
    (column,) = heading.columns[UNIT]
    texts = {row.number: row.cells[column] for row in sheet.rows if column in row.cells}
    last = sheet.rows[-1].number
    filled: dict[int, str] = {}
    done = heading.row
    for merged in sorted(sheet.merged, key=lambda merged: merged.first_row):
        # Those of one column never overlap in a sound file.
        if merged.first_column <= column <= merged.last_column and merged.first_row > done:
            done = merged.last_row
            if merged.first_row in texts:
                rows = range(merged.first_row + 1, min(merged.last_row, last) + 1)
                filled.update(dict.fromkeys(rows, texts[merged.first_row]))
    return filled


def _is_no_entry(row: Row, heading: _Heading, *, first: bool) -> bool:
    """Whether a row under the heading speaks of nobody: empty but for other columns, a heading again, an example."""
    own = [column for columns in heading.columns.values() for column in columns]
    cells = {column: row.cells[column] for column in own if column in row.cells}
    if not cells and not any(column in row.faults for column in own):
        return True
    if first and cells and all(_COLUMN_NUMBER.fullmatch(text) for text in row.cells.values()):
        return True
    name = " ".join(cells.get(column, "") for column in heading.columns[NAME])
    if cells and all(heading_key(text) in _ALL_HEADINGS for text in cells.values()):
        return True
    return bool(_EXAMPLE.search(fold(name)))


def _nearly(ways: Sequence[Sequence[Sheet]], file: str) -> UnreadableFile:
    """What to say where no sheet has both headings: the one that is missing, or that there is no heading at all."""
    for sheets in ways:
        for field in (NAME, UNIT):
            for sheet in sheets:
                for row in islice(sheet.rows, _FIRST_ROWS):
                    columns = _columns(row, sheet, file)
                    # A title is one cell; a heading has others beside it.
                    if field in columns and len(row.cells) > 1:
                        return UnreadableFile(
                            file, "no_unit_column" if field == NAME else "no_name_column", str(row.number)
                        )
    names = [sheet.name for sheet in ways[0] if sheet.name]
    return UnreadableFile(file, "no_roster", ", ".join(names)) if names else UnreadableFile(file, "no_roster_csv")


def _shown(column: int, titles: Mapping[int, str]) -> str:
    title = titles.get(column)
    return f"{column_name(column)} “{title}”" if title else column_name(column)
