"""An empty list of people to fill in: a workbook, or a CSV file for where no spreadsheet program reads one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from handlers.texts import Texts

# So many rows are prepared: codes as text, so that no zero in front is lost, and the units to choose from.
_PREPARED_ROWS = 2_000
_WIDTHS = (16, 32, 28, 48)
_HEADING_ROW = 4
_HEADING_COLOR = "DDE8F5"


def headings(texts: Texts) -> list[str]:
    """Return the headings of the columns in their order."""
    return [
        texts("roster.column_code"),
        texts("roster.column_name"),
        texts("roster.column_position"),
        texts("roster.column_unit"),
    ]


def csv_template(texts: Texts) -> bytes:
    """Return the template as a CSV file that Excel opens with its letters."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([headings(texts), _example(texts)])
    return written.getvalue().encode("utf-8-sig")


def xlsx_template(texts: Texts, units: Sequence[str]) -> bytes:
    """Return the template as a workbook: the list, how it is filled in, and the paths of the units there are."""
    # Loaded here: no other command needs it.
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.create_sheet(texts("roster.sheet_list"), 0)
    del book[book.sheetnames[1]]
    sheet["A1"], sheet["A2"] = texts("roster.template_title"), texts("roster.template_line")
    sheet["A1"].font = Font(bold=True, size=14)
    for column, (heading, example, width) in enumerate(
        zip(headings(texts), _example(texts), _WIDTHS, strict=True), start=1
    ):
        cell = sheet.cell(_HEADING_ROW, column, heading)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=_HEADING_COLOR)
        sheet.cell(_HEADING_ROW + 1, column, example).font = Font(italic=True, color="808080")
        sheet.column_dimensions[cell.column_letter].width = width
    for row in range(_HEADING_ROW + 1, _HEADING_ROW + _PREPARED_ROWS):
        sheet.cell(row, 1).number_format = "@"
    sheet.freeze_panes = f"A{_HEADING_ROW + 1}"
    told = book.create_sheet(texts("roster.sheet_help"))
    told.column_dimensions["A"].width = 100
    for line in texts("roster.template_help").splitlines():
        told.append([line])
        told.cell(told.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    if units:
        listed = book.create_sheet(texts("roster.sheet_units"))
        listed.column_dimensions["A"].width = 80
        for path in units:
            listed.append([path])
        choice = DataValidation("list", f"='{listed.title}'!$A$1:$A${len(units)}", allow_blank=True)
        # A unit that is not there yet may be typed.
        choice.showErrorMessage = False
        choice.add(f"D{_HEADING_ROW + 1}:D{_HEADING_ROW + _PREPARED_ROWS}")
        sheet.add_data_validation(choice)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _example(texts: Texts) -> list[str]:
    return [
        texts("roster.example_code"),
        texts("roster.example_name"),
        texts("roster.example_position"),
        texts("roster.example_unit"),
    ]
