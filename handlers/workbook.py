"""Tables for Excel: what people take away to sort, to print and to hand in."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

DRAWING = "workbook"
"""The name of workbooks among the drawings."""

HEAD_COLOR = "DDE8F5"
WIDEST, NARROWEST = 60, 6

# What a workbook's XML may not hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
# The longest name of a sheet, and what none may hold.
_LONGEST_NAME, _NOT_IN_NAMES = 31, re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of a workbook.

    Attributes:
        name: on its tab.
        title: above the table.
        head: the titles of the columns.
        rows: texts and numbers, as many in each row.
    """

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]


def write(pages: Sequence[Page]) -> bytes:
    """Return a workbook with these sheets. A text stays a text, whatever it begins with: nothing is computed."""
    # Loaded here: nobody else needs it, and it takes long.
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook()
    for place, page in enumerate(pages):
        sheet = book.create_sheet(_NOT_IN_NAMES.sub(" ", page.name)[:_LONGEST_NAME], place)
        sheet["A1"] = page.title
        sheet["A1"].font = Font(bold=True, size=14)
        for column, title in enumerate(page.head, 1):
            cell = sheet.cell(3, column, title)
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=HEAD_COLOR)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
        for row, values in enumerate(page.rows, 4):
            for column, value in enumerate(values, 1):
                cell = sheet.cell(row, column)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                if isinstance(value, str):
                    # As it would be typed with an apostrophe: "=1+1" is what somebody wrote, not a formula.
                    cell.value = _CONTROL.sub("", value)
                    cell.data_type, cell.quotePrefix = "s", True
                else:
                    cell.value = value
        for column, title in enumerate(page.head, 1):
            longest = max([len(title), *(len(str(row[column - 1] or "")) for row in page.rows)])
            sheet.column_dimensions[get_column_letter(column)].width = min(max(longest + 2, NARROWEST), WIDEST)
        sheet.freeze_panes = "A4"
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = "3:3"
    del book[book.sheetnames[-1]]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_data(pages: Sequence[Page]) -> dict[str, Any]:
    """Return pages as plain JSON, for a `Drawing`."""
    # Not `asdict`: it copies each cell, and tables are long.
    return {"pages": [{field.name: getattr(page, field.name) for field in fields(page)} for page in pages]}


def draw(data: dict[str, Any]) -> bytes:
    """Return the workbook of pages as plain JSON."""
    return write([Page(**page) for page in data["pages"]])
