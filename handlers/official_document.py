"""Documents for Word in the layout of official ones: drafts that somebody reads over, numbers, dates and signs.

Page, parts, letters and lines are those of Phụ lục I of Nghị định 30/2020/NĐ-CP (công tác văn thư), parts 1 to 9 of
it. Where it leaves room ("cỡ chữ 13 đến 14"), one size is taken for all. There is no emblem and no seal.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.text import fold

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table as Grid
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph as Line
    from docx.text.run import Run
    from matplotlib.ft2font import FT2Font

FONT = "Times New Roman"

DRAWING = "official_document"
"""The name of such documents among the drawings."""

# Millimetres: A4 and its margins.
WIDTH, HEIGHT = 210.0, 297.0
TOP, BOTTOM, LEFT, RIGHT = 20.0, 20.0, 30.0, 15.0
FIRST_LINE = 10.0
POINT = 25.4 / 72

# Points.
BODY, NUMBER, STATE, MOTTO, RECIPIENTS, LISTED, TABLE = 14.0, 13.0, 12.0, 13.0, 12.0, 11.0, 12.0
AFTER = 6.0
SPACE_TO_SIGN = 4

# Of the text above it, where the line is not as long as the text.
SHORT_LINE = 0.4
# The part of the width that the office has at the head of the page; the rest is the state's.
OFFICE_SHARE = 0.41


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the text, such as "I. TÌNH HÌNH"."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first row is repeated on every page.

    Attributes:
        head: the titles of the columns.
        rows: the cells, as many in each row.
        shares: how wide the columns are, to one another; equal where empty.
        numbers: the columns, from 0, whose cells stand in the middle.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    shares: Sequence[float] = ()
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """What stands in a document, from its head to its signature.

    Attributes:
        parent: the body above the office, "" for none.
        office: who issues it.
        state, motto: Quốc hiệu and Tiêu ngữ.
        number: with room for the number: "Số:        /BC-SVD".
        place_and_date: with room for the day: "Ví Dụ, ngày      tháng      năm 2026".
        kind, subject: "BÁO CÁO", and what it is about.
        body: the text.
        recipients_title, recipients: "Nơi nhận:", and who gets it, without dashes.
        signer: who signs, a line each: "GIÁM ĐỐC".
        sideways: whether the page lies on its side, for wide tables.
    """

    parent: str
    office: str
    state: str
    motto: str
    number: str
    place_and_date: str
    kind: str
    subject: str
    body: Sequence[Heading | Paragraph | Table]
    recipients_title: str = ""
    recipients: Sequence[str] = ()
    signer: Sequence[str] = field(default=())
    sideways: bool = False


def write(document: OfficialDocument) -> bytes:
    """Return the document as a DOCX file."""
    from docx import Document as new

    made = new()
    width = _set_page(made, sideways=document.sideways)
    made.core_properties.title = f"{document.kind} {document.subject}".strip()
    made.core_properties.author = document.office
    made.core_properties.comments = ""
    _write_head(made, document, width)
    _write_title(made, document)
    for place, part in enumerate(document.body, 1):
        if isinstance(part, Table):
            _write_table(made, part, width)
        else:
            # No signature stands on a page by itself.
            _write_paragraph(made, part, held=isinstance(part, Heading) or place == len(document.body))
    if document.signer or document.recipients:
        _write_end(made, document, width)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _set_page(made: Document, *, sideways: bool) -> float:
    """Set page, letters and page numbers; return the width of the text in millimetres."""
    from docx.enum.section import WD_ORIENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    section = made.sections[0]
    width, height = (HEIGHT, WIDTH) if sideways else (WIDTH, HEIGHT)
    section.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.header_distance = Mm(TOP / 2)
    normal: Any = made.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(BODY)
    fonts = normal.element.rPr.rFonts
    for script in ("w:eastAsia", "w:cs", "w:hAnsi"):
        fonts.set(qn(script), FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    normal.element.rPr.append(language)
    normal.paragraph_format.space_after = Pt(0)
    # The first page has no number.
    section.different_first_page_header_footer = True
    _add_page_number(section.header.paragraphs[0])
    return width - LEFT - RIGHT


def _write_head(made: Document, document: OfficialDocument, width: float) -> None:
    room = width * OFFICE_SHARE
    (left, right), (number, date) = _grid(made, [room, width - room], rows=2)
    if document.parent:
        _say(left.paragraphs[0], document.parent.upper(), STATE, centred=True)
    office = left.add_paragraph() if document.parent else left.paragraphs[0]
    _say(office, document.office.upper(), STATE, bold=True, centred=True)
    _draw_line(left.add_paragraph(), room, SHORT_LINE * min(_length(document.office.upper(), STATE), room))
    _say(right.paragraphs[0], document.state.upper(), STATE, bold=True, centred=True)
    _say(right.add_paragraph(), document.motto, MOTTO, bold=True, centred=True)
    _draw_line(right.add_paragraph(), width - room, _length(document.motto, MOTTO))
    _say(number.paragraphs[0], document.number, NUMBER, centred=True)
    _say(date.paragraphs[0], document.place_and_date, NUMBER, italic=True, centred=True)


def _write_title(made: Document, document: OfficialDocument) -> None:
    from docx.shared import Pt

    kind = made.add_paragraph()
    kind.paragraph_format.space_before = Pt(2 * AFTER)
    _say(kind, document.kind.upper(), BODY, bold=True, centred=True)
    _say(made.add_paragraph(), document.subject, BODY, bold=True, centred=True)
    room = (HEIGHT if document.sideways else WIDTH) - LEFT - RIGHT
    line = made.add_paragraph()
    _draw_line(line, room, SHORT_LINE * min(_length(document.subject, BODY), room))
    line.paragraph_format.space_after = Pt(AFTER)


def _write_paragraph(made: Document, part: Heading | Paragraph, *, held: bool) -> None:
    """Write a paragraph; `held` keeps it on the page of what follows."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    for text in part.text.split("\n"):
        line = made.add_paragraph()
        form = line.paragraph_format
        form.first_line_indent, form.space_after, form.line_spacing = Mm(FIRST_LINE), Pt(AFTER), 1.15
        form.keep_with_next = held
        line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        _say(line, text, BODY, bold=isinstance(part, Heading))


def _write_table(made: Document, part: Table, width: float) -> None:
    from docx.enum.table import WD_ALIGN_VERTICAL
    from docx.oxml import OxmlElement
    from docx.shared import Mm, Pt

    table = made.add_table(rows=0, cols=len(part.head))
    table.style = "Table Grid"
    table.autofit = False
    shares = list(part.shares) or [1.0] * len(part.head)
    widths = [Mm(width * share / sum(shares)) for share in shares]
    for place, cells in enumerate([part.head, *part.rows]):
        row = table.add_row()
        settings = row._tr.get_or_add_trPr()
        settings.append(OxmlElement("w:cantSplit"))
        if place == 0:
            settings.append(OxmlElement("w:tblHeader"))
        for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = widths[column]
            cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
            _say(cell.paragraphs[0], text, TABLE, bold=place == 0, centred=place == 0 or column in part.numbers)
    _set_grid(table, [width.mm for width in widths])
    made.add_paragraph().paragraph_format.space_after = Pt(AFTER)


def _write_end(made: Document, document: OfficialDocument, width: float) -> None:
    """Who gets it, and who signs: on one page, with room for the signature."""
    ((left, right),) = _grid(made, [width / 2, width / 2])
    if document.recipients:
        _say(left.paragraphs[0], document.recipients_title, RECIPIENTS, bold=True, italic=True)
    for place, recipient in enumerate(document.recipients, 1):
        end = "." if place == len(document.recipients) else ";"
        _say(left.add_paragraph(), f"- {recipient}{end}", LISTED)
    for place, text in enumerate(document.signer):
        line = right.add_paragraph() if place else right.paragraphs[0]
        _say(line, text.upper(), BODY, bold=True, centred=True)
    for _ in range(SPACE_TO_SIGN):
        right.add_paragraph()


def _grid(made: Document, widths: Sequence[float], rows: int = 1) -> list[Sequence[_Cell]]:
    """Return the cells of rows without borders and margins; none of them is divided between pages."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    table = made.add_table(rows=rows, cols=len(widths))
    table.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "0")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")
    _set_grid(table, widths)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return [row.cells for row in table.rows]


def _set_grid(table: Grid, widths: Sequence[float]) -> None:
    """Say how wide the columns are, in millimetres, where LibreOffice reads it."""
    from docx.oxml.ns import qn

    for element, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
        element.set(qn("w:w"), str(int(width / POINT * 20)))


def _say(line: Line, text: str, size: float, *, bold: bool = False, italic: bool = False, centred: bool = False) -> Run:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    run = line.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    if centred:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return run


def _draw_line(line: Line, room: float, length: float) -> None:
    """Draw a line of a length in the middle of a room, in millimetres: the upper border of a narrow, low paragraph."""
    from docx.enum.text import WD_LINE_SPACING
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    form = line.paragraph_format
    aside = max((room - length) / 2, 0.0)
    form.left_indent = form.right_indent = Mm(aside)
    form.line_spacing_rule, form.line_spacing, form.space_before = WD_LINE_SPACING.EXACTLY, Pt(AFTER), Pt(2)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    # Word wants the parts of a paragraph's form in their order.
    line._p.get_or_add_pPr().insert_element_before(borders, "w:spacing", "w:ind", "w:jc")


def _add_page_number(line: Line) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = _say(line, "", NUMBER, centred=True)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = text
        run._r.append(element)


def _length(text: str, size: float) -> float:
    """Return how long bold letters of a size are, in millimetres: STIX is as wide as Times, and marks take no width."""
    font = _bold()
    font.set_size(size, 72)
    font.set_text(fold(text) if text != text.upper() else fold(text).upper())
    return float(font.get_width_height()[0]) / 64 * POINT


@cache
def _bold() -> FT2Font:
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(Path(get_data_path()) / "fonts" / "ttf" / "STIXGeneralBol.ttf"))


def as_data(document: OfficialDocument) -> dict[str, Any]:
    """Return a document as plain JSON, for a `Drawing`."""
    return {
        **asdict(document),
        "body": [
            {**asdict(part), **({"numbers": sorted(part.numbers)} if isinstance(part, Table) else {}), "part": name}
            for part in document.body
            for name in [type(part).__name__]
        ],
    }


def draw(data: dict[str, Any]) -> bytes:
    """Return the file of a document as plain JSON."""
    body: list[Heading | Paragraph | Table] = []
    for stored in data["body"]:
        fields = {name: value for name, value in stored.items() if name != "part"}
        if stored["part"] == "Table":
            body.append(Table(**{**fields, "numbers": frozenset(fields["numbers"])}))
        else:
            body.append(Heading(**fields) if stored["part"] == "Heading" else Paragraph(**fields))
    return write(OfficialDocument(**{**data, "body": body}))
