"""Documents in the layout of official ones: their parts, and the pages as a word processor lays them out."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.shared import Mm, Pt

from handlers.official_document import Heading, OfficialDocument, Paragraph, Table, write
from tests.waiting import PATIENCE

ROWS = 45
DOCUMENT = OfficialDocument(
    parent="Ủy ban nhân dân tỉnh Mẫu",
    office="Sở Ví dụ",
    state="Cộng hòa xã hội chủ nghĩa Việt Nam",
    motto="Độc lập - Tự do - Hạnh phúc",
    number="Số:        /BC-SVD",
    place_and_date="Ví Dụ, ngày      tháng      năm 2026",
    kind="Báo cáo",
    subject="Việc xử lý sự cố tài khoản mạng xã hội tháng 11 năm 2026",
    body=(
        Heading("I. TÌNH HÌNH"),
        Paragraph("Trong kỳ có 45 báo cáo.\nKhông có báo cáo nào quá hạn."),
        Table(
            ("TT", "Loại sự việc", "Kỳ này"),
            [(str(n), "Mất quyền kiểm soát tài khoản", "1") for n in range(1, ROWS + 1)],
            (1, 6, 2),
            frozenset({0, 2}),
        ),
        Heading("II. KIẾN NGHỊ"),
        Paragraph("Không."),
    ),
    recipients_title="Nơi nhận:",
    recipients=("Như trên", "Lưu: VT"),
    signer=("KT. Giám đốc", "Phó Giám đốc"),
)


def opened(document: OfficialDocument) -> docx.document.Document:
    return docx.Document(io.BytesIO(write(document)))


def size(section: docx.section.Section) -> tuple[int, int]:
    return round(section.page_width.mm), round(section.page_height.mm)


def test_the_page_is_a4_with_the_margins_of_official_documents() -> None:
    section = opened(DOCUMENT).sections[0]
    assert size(section) == (210, 297)
    # Phụ lục I, phần I: 20-25 mm above and below, 30-35 mm on the left, 15-20 mm on the right.
    assert 20 <= round(section.top_margin.mm) <= 25
    assert 20 <= round(section.bottom_margin.mm) <= 25
    assert 30 <= round(section.left_margin.mm) <= 35
    assert 15 <= round(section.right_margin.mm) <= 20
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    assert section.first_page_header.paragraphs[0].text == ""
    lying = opened(replace(DOCUMENT, sideways=True)).sections[0]
    assert size(lying) == (297, 210)


def test_the_head_names_the_office_on_the_left_and_the_state_on_the_right() -> None:
    made = opened(DOCUMENT)
    head = made.tables[0]
    texts = [[cell.text.strip("\n") for cell in row.cells] for row in head.rows]
    assert texts == [
        ["ỦY BAN NHÂN DÂN TỈNH MẪU\nSỞ VÍ DỤ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc"],
        ["Số:        /BC-SVD", "Ví Dụ, ngày      tháng      năm 2026"],
    ]
    parent, office = (line.runs[0] for line in head.cell(0, 0).paragraphs[:2])
    assert (bool(parent.bold), bool(office.bold)) == (False, True)
    date = head.cell(1, 1).paragraphs[0].runs[0]
    assert date.italic
    assert date.font.size == Pt(13)
    assert made.core_properties.title == f"Báo cáo {DOCUMENT.subject}"
    assert made.core_properties.author == "Sở Ví dụ"


def test_an_office_with_nobody_above_it_stands_alone() -> None:
    assert opened(replace(DOCUMENT, parent="")).tables[0].cell(0, 0).paragraphs[0].text == "SỞ VÍ DỤ"


def test_letters_and_paragraphs_are_those_of_official_documents() -> None:
    made = opened(DOCUMENT)
    normal = made.styles["Normal"]
    assert normal.font.name == "Times New Roman"
    lines = {line.text: line for line in made.paragraphs}
    for text in ("BÁO CÁO", DOCUMENT.subject, "I. TÌNH HÌNH"):
        assert lines[text].runs[0].bold
    paragraph = lines["Không có báo cáo nào quá hạn."]
    assert Pt(13) <= paragraph.runs[0].font.size <= Pt(14)
    assert paragraph.paragraph_format.first_line_indent >= Mm(9.9)
    assert paragraph.paragraph_format.space_after >= Pt(6)
    assert 1.0 <= paragraph.paragraph_format.line_spacing <= 1.5


def test_a_table_repeats_its_titles_and_the_end_names_who_signs() -> None:
    made = opened(DOCUMENT)
    table, end = made.tables[1], made.tables[-1]
    assert [cell.text for cell in table.rows[0].cells] == ["TT", "Loại sự việc", "Kỳ này"]
    assert [cell.text for cell in table.rows[ROWS].cells] == ["45", "Mất quyền kiểm soát tài khoản", "1"]
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert "w:tblHeader" not in table.rows[1]._tr.xml
    assert end.cell(0, 0).text == "Nơi nhận:\n- Như trên;\n- Lưu: VT."
    assert end.cell(0, 1).text.strip() == "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC"


def test_a_list_needs_neither_recipients_nor_signature() -> None:
    made = opened(replace(DOCUMENT, recipients_title="", recipients=(), signer=()))
    assert len(made.tables) == 2


@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("pdftotext")), reason="needs LibreOffice and poppler")
def test_libreoffice_lays_the_pages_out_as_official_documents_are(tmp_path: Path) -> None:
    (tmp_path / "bao-cao.docx").write_bytes(write(DOCUMENT))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "bao-cao.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    read = subprocess.run(["pdftotext", "-layout", "bao-cao.pdf", "-"], cwd=tmp_path, check=True, capture_output=True)
    first, second, *rest = read.stdout.decode().split("\f")
    assert rest == [""]
    lines = [re.sub(" {2,}", " | ", line.strip()) for line in first.splitlines() if line.strip()]
    assert lines[:3] == [
        "ỦY BAN NHÂN DÂN TỈNH MẪU | CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "SỞ VÍ DỤ | Độc lập - Tự do - Hạnh phúc",
        "Số: | /BC-SVD | Ví Dụ, ngày | tháng | năm 2026",
    ]
    assert lines[3:6] == ["BÁO CÁO", DOCUMENT.subject, "I. TÌNH HÌNH"]
    following = [line.strip() for line in second.splitlines() if line.strip()]
    assert following[0] == "2"
    assert re.sub(" {2,}", " | ", following[1]) == "TT | Loại sự việc | Kỳ này"
    assert any(line.startswith("Nơi nhận:") and line.endswith("KT. GIÁM ĐỐC") for line in following)
