"""The files of a broadcast's results: a chart by unit, and the list of who has been informed as Word and Excel."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document as WordFile

CHART = "broadcast.chart"

_DARK, _LIGHT = "#2f6f9f", "#d5dde3"
_DPI = 150
_LONGEST_NAME = 34
_WIDTHS_CM = (1.2, 4.6, 3.4, 4.2, 3.2, 3.4)
_WIDTHS = (6, 30, 24, 34, 18, 26)


def draw_chart(data: dict[str, Any]) -> bytes:
    """Return a picture (PNG) of how many of each unit know of a broadcast."""
    # Loaded here: it takes a second, and few ask for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    units = list(reversed(data["units"]))
    names = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name, _, _ in units]
    informed = [found for _, found, _ in units]
    missing = [people - found for _, found, people in units]
    figure = Figure(figsize=(8, 1.6 + 0.42 * len(units)), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = range(len(units))
    axes.barh(places, informed, color=_DARK, label=data["informed"])
    axes.barh(places, missing, left=informed, color=_LIGHT, label=data["missing"])
    for place, (_, found, people) in zip(places, units, strict=True):
        axes.text(people, place, f" {found}/{people}", va="center", fontsize=9)
    axes.set_yticks(list(places), names)
    axes.set_xlim(0, max((people for _, _, people in units), default=1) * 1.15)
    axes.set_title(data["title"])
    axes.legend(loc="lower right", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


def write_docx(data: dict[str, Any]) -> bytes:
    """Return the list as a Word file, in the layout of an annex: the office, the title, the table, who signs."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    # The page and margins of Nghị định 30/2020/NĐ-CP, annex I.
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(2)
    document.styles["Normal"].font.name = "Times New Roman"
    document.styles["Normal"].font.size = Pt(13)
    for words, bold in ((data["office"].upper(), False), (data["unit"].upper(), True)):
        if words:
            document.add_paragraph().add_run(words).bold = bold
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.add_run(data["title"].upper()).bold = True
    for words in filter(None, (data["about"], data["basis"], data["sent"], data["totals"])):
        document.add_paragraph(words)
    for part in data["parts"]:
        document.add_paragraph().add_run(part["title"]).bold = True
        if part["rows"]:
            _table(document, data["columns"], part["rows"])
    document.add_paragraph()
    document.add_paragraph(data["at"])
    signed = document.add_table(rows=1, cols=len(data["signers"]))
    for cell, words in zip(signed.rows[0].cells, data["signers"], strict=True):
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        cell.paragraphs[0].add_run(words.upper()).bold = True
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _table(document: WordFile, columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
    from docx.shared import Cm, Pt

    table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
    table.autofit = False
    for cell, label in zip(table.rows[0].cells, columns, strict=True):
        cell.paragraphs[0].add_run(label).bold = True
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = str(words)
    for row_cells in table.rows:
        for cell, width in zip(row_cells.cells, _WIDTHS_CM, strict=True):
            cell.width = Cm(width)
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(11)


def write_xlsx(data: dict[str, Any]) -> bytes:
    """Return the list as an Excel file."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(data["title"][:31])
    for column, width in zip("ABCDEF", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width

    def cells(words: Sequence[str | int], *, bold: bool = False) -> list[Any]:
        found = []
        for word in words:
            cell = WriteOnlyCell(sheet, value=word)
            if isinstance(word, str):
                # A name that begins with "=" is a name.
                cell.data_type = "s"
            cell.font = Font(bold=bold)
            found.append(cell)
        return found

    for words in (
        data["office"],
        data["unit"],
        data["title"],
        data["about"],
        data["basis"],
        data["sent"],
        data["totals"],
        data["at"],
    ):
        if words:
            sheet.append(cells([words], bold=words == data["title"]))
    for part in data["parts"]:
        sheet.append([])
        sheet.append(cells([part["title"]], bold=True))
        if part["rows"]:
            sheet.append(cells(data["columns"], bold=True))
        for row in part["rows"]:
            sheet.append(cells(row))
    sheet.append([])
    made, head = data["signers"]
    sheet.append(cells(["", made, "", "", head], bold=True))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


DRAWINGS: Mapping[str, Callable[[dict[str, Any]], bytes]] = {
    CHART: draw_chart,
    "broadcast.docx": write_docx,
    "broadcast.xlsx": write_xlsx,
}
"""What makes the files, by name."""
