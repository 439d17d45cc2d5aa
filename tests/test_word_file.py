"""The lines of Word and text files, with Word's automatic numbering, and the files that are refused."""

from __future__ import annotations

import unicodedata
import zipfile
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

from knowledge.errors import UnreadableFile
from knowledge.importing import word_file
from knowledge.importing.word_file import read_lines

ARTICLES = [("decimal", "Điều %1."), ("decimal", "%2."), ("lowerLetter", "%3)"), ("bullet", "-")]


def lines_of(document: Document, folder: Path) -> list[str]:
    path = folder / "noi-quy.docx"
    document.save(str(path))
    return read_lines(path)


def add_list(document: Document, levels: list[tuple[str, str]], extra: str = "", **starts: int) -> int:
    """Define a list whose levels are (format, text), and return the id of its first instance."""
    root = document.part.numbering_part.element
    count = len(root.findall(qn("w:abstractNum"))) + 100
    inner = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{starts.get(f"level{depth}", 1)}"/>{extra}'
        f'<w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(levels)
    )
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{count}">{inner}</w:abstractNum>')
    root.insert(0, abstract)
    return add_instance(document, count)


def add_instance(document: Document, abstract: int, inner: str = "") -> int:
    root = document.part.numbering_part.element
    number = len(root.findall(qn("w:num"))) + 100
    root.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>{inner}</w:num>')
    )
    return number


def abstract_of(document: Document, number: int) -> int:
    root = document.part.numbering_part.element
    instance = next(each for each in root.findall(qn("w:num")) if each.get(qn("w:numId")) == str(number))
    return int(instance.find(qn("w:abstractNumId")).get(qn("w:val")))


def add(document: Document, number: int, depth: int, text: str) -> Paragraph:
    paragraph = document.add_paragraph(text)
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_numId().val = number
    properties.get_or_add_ilvl().val = depth
    return paragraph


def test_articles_clauses_and_points_get_their_numbers_back(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, ARTICLES)
    for depth, text in [
        (0, "Phạm vi"),
        (1, "Khoản một."),
        (1, "Khoản hai:"),
        (2, "Điểm a;"),
        (2, "Điểm b:"),
        (3, "Gạch đầu dòng."),
        (1, "Khoản ba."),
        (0, "Đối tượng"),
        (1, "Lại khoản một."),
    ]:
        add(document, number, depth, text)
    assert lines_of(document, tmp_path) == [
        "Điều 1. Phạm vi",
        "1. Khoản một.",
        "2. Khoản hai:",
        "a) Điểm a;",
        "b) Điểm b:",
        "- Gạch đầu dòng.",
        "3. Khoản ba.",
        "Điều 2. Đối tượng",
        "1. Lại khoản một.",
    ]


@pytest.mark.parametrize(
    ("form", "text", "start", "labels"),
    [
        ("decimal", "%1)", 1, ["1)", "2)"]),
        ("decimal", "%1", 9, ["9.", "10."]),
        ("decimalZero", "%1.", 1, ["01.", "02."]),
        ("lowerLetter", "%1)", 26, ["z)", "aa)"]),
        ("upperLetter", "%1.", 1, ["A.", "B."]),
        ("lowerRoman", "(%1)", 3, ["(iii)", "(iv)"]),
        ("upperRoman", "Chương %1", 8, ["Chương VIII.", "Chương IX."]),
        ("bullet", "–", 1, ["–", "–"]),
        ("bullet", "\uf0b7", 1, ["•", "•"]),
        ("none", "%1", 1, ["", ""]),
        ("chicago", "%1.", 1, ["1.", "2."]),
    ],
)
def test_every_form_of_number(tmp_path: Path, form: str, text: str, start: int, labels: list[str]) -> None:
    document = docx.Document()
    number = add_list(document, [(form, text)], level0=start)
    add(document, number, 0, "một")
    add(document, number, 0, "hai")
    assert lines_of(document, tmp_path) == [
        f"{label} {word}".strip() for label, word in zip(labels, ("một", "hai"), strict=True)
    ]


def test_levels_in_one_label_and_legal_numbers(tmp_path: Path) -> None:
    document = docx.Document()
    plain = add_list(document, [("upperRoman", "%1."), ("decimal", "%1.%2.")])
    legal = add_list(document, [("upperRoman", "%1."), ("decimal", "%1.%2.")], extra="<w:isLgl/>")
    for number in (plain, legal):
        add(document, number, 0, "Phần")
        add(document, number, 1, "Mục")
    assert lines_of(document, tmp_path) == ["I. Phần", "I.1. Mục", "1. Phần", "1.1. Mục"]


def test_a_level_that_is_skipped_counts_as_its_start(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, [("decimal", "%1."), ("decimal", "%1.%2.")], level0=4)
    add(document, number, 1, "Mục con")
    assert lines_of(document, tmp_path) == ["4.1. Mục con"]


def test_a_level_may_count_on_through_its_parents(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(
        document, [("upperRoman", "Chương %1."), ("decimal", "Điều %2.")], extra='<w:lvlRestart w:val="0"/>'
    )
    for depth in (0, 1, 1, 0, 1):
        add(document, number, depth, "x")
    labels = [line.removesuffix(" x") for line in lines_of(document, tmp_path)]
    assert labels == ["Chương I.", "Điều 1.", "Điều 2.", "Chương II.", "Điều 3."]


def test_instances_of_a_list_count_on_unless_they_say_where_they_start(tmp_path: Path) -> None:
    document = docx.Document()
    first = add_list(document, [("decimal", "%1.")])
    abstract = abstract_of(document, first)
    on = add_instance(document, abstract)
    anew = add_instance(document, abstract, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>')
    other = add_instance(
        document,
        abstract,
        '<w:lvlOverride w:ilvl="0"><w:lvl w:ilvl="0"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1)"/></w:lvl>'
        "</w:lvlOverride>",
    )
    for number in (first, on, anew, anew, other):
        add(document, number, 0, "x")
    assert lines_of(document, tmp_path) == ["1. x", "2. x", "1. x", "2. x", "c) x"]


def test_the_number_comes_from_the_style_or_the_style_it_is_based_on(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, ARTICLES)
    root = document.part.numbering_part.element
    level = root.findall(qn("w:abstractNum"))[0].findall(qn("w:lvl"))[1]
    level.insert(0, parse_xml(f'<w:pStyle {nsdecls("w")} w:val="Khoan"/>'))
    for name, base, inner in [
        ("Dieu", None, f'<w:numId w:val="{number}"/>'),
        ("DieuNghieng", "Dieu", ""),
        ("Khoan", None, f'<w:numId w:val="{number}"/>'),
        ("Diem", None, f'<w:ilvl w:val="2"/><w:numId w:val="{number}"/>'),
    ]:
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        if base:
            style.base_style = document.styles[base]
        if inner:
            style.element.get_or_add_pPr().append(parse_xml(f"<w:numPr {nsdecls('w')}>{inner}</w:numPr>"))
    document.add_paragraph("Một", style="Dieu")
    document.add_paragraph("Khoản", style="Khoan")
    document.add_paragraph("Điểm", style="Diem")
    document.add_paragraph("Hai", style="DieuNghieng")
    own = document.add_paragraph("Khoản nữa", style="Dieu")
    own._p.get_or_add_pPr().get_or_add_numPr().get_or_add_ilvl().val = 1
    off = document.add_paragraph("Không đánh số", style="Dieu")
    off._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
    assert lines_of(document, tmp_path) == [
        "Điều 1. Một",
        "1. Khoản",
        "a) Điểm",
        "Điều 2. Hai",
        "1. Khoản nữa",
        "Không đánh số",
    ]


def test_a_list_style_lends_its_levels(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, ARTICLES)
    style = document.styles.add_style("DanhSach", WD_STYLE_TYPE.LIST)
    style.element.append(parse_xml(f'<w:pPr {nsdecls("w")}><w:numPr><w:numId w:val="{number}"/></w:numPr></w:pPr>'))
    root = document.part.numbering_part.element
    linked = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="900"><w:numStyleLink w:val="DanhSach"/></w:abstractNum>'
    root.insert(0, parse_xml(linked))
    add(document, add_instance(document, 900), 0, "Phạm vi")
    assert lines_of(document, tmp_path) == ["Điều 1. Phạm vi"]


def test_a_numbered_heading_without_words_stays_and_an_empty_item_only_counts(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, ARTICLES)
    add(document, number, 0, "")
    document.add_paragraph("PHẠM VI")
    add(document, number, 1, " ")
    add(document, number, 1, "Khoản hai")
    assert lines_of(document, tmp_path) == ["Điều 1.", "PHẠM VI", "2. Khoản hai"]


def test_a_number_of_an_unknown_list_or_level_is_left_out(tmp_path: Path) -> None:
    document = docx.Document()
    number = add_list(document, [("decimal", "%1.%9")])
    add_instance(document, 12345)
    add(document, 4444, 0, "một")
    add(document, number, 7, "hai")
    add(document, number, 0, "ba")
    assert lines_of(document, tmp_path) == ["một", "hai", "1.0. ba"]


def test_a_document_without_any_numbering(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Điều 1. Gõ tay")
    part = document.part
    key = next(key for key, rel in part.rels.items() if rel.reltype.endswith("/numbering"))
    del part.rels[key]
    assert lines_of(document, tmp_path) == ["Điều 1. Gõ tay"]


def test_tables_come_in_their_place_and_merged_cells_once(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("trước")
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "đầu bảng"
    table.cell(1, 0).text = "trái"
    table.cell(1, 1).text = "phải"
    table.cell(1, 1).add_table(rows=1, cols=1).cell(0, 0).text = "bảng con"
    document.add_paragraph("sau")
    assert lines_of(document, tmp_path) == ["trước", "đầu bảng", "trái", "phải", "bảng con", "sau"]


def test_every_word_that_is_seen_is_read_once(tmp_path: Path) -> None:
    document = docx.Document()
    w, mc = nsdecls("w"), 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = "<w:txbxContent><w:p><w:r><w:t>trong khung</w:t></w:r></w:p></w:txbxContent>"
    body = document.element.body
    body.insert(0, parse_xml(f"<w:sdt {w}><w:sdtContent><w:p><w:r><w:t>khối</w:t></w:r></w:p></w:sdtContent></w:sdt>"))
    document.add_paragraph("mục lục", style=document.styles.add_style("TOC 1", WD_STYLE_TYPE.PARAGRAPH))
    paragraph = document.add_paragraph("dòng một\ndòng\thai")
    for inner in (
        "<w:ins><w:r><w:t> thêm</w:t></w:r></w:ins>",
        "<w:del><w:r><w:delText> bớt</w:delText></w:r></w:del>",
        "<w:moveFrom><w:r><w:t> chuyển</w:t></w:r></w:moveFrom>",
        "<w:r><w:noBreakHyphen/><w:t>\uf0b7</w:t><w:sym/></w:r>",
    ):
        paragraph._p.append(parse_xml(inner.replace(">", f" {w}>", 1)))
    paragraph._p.append(
        parse_xml(
            f"<w:r {w} {mc}><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r>"
        )
    )
    tabs = OxmlElement("w:tabs")
    tabs.append(OxmlElement("w:tab"))
    paragraph._p.get_or_add_pPr().append(tabs)
    assert lines_of(document, tmp_path) == ["khối", "dòng một", "dòng hai thêm-••", "trong khung"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_files_in_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "noi-quy.txt"
    text = "Điều 1.  Phạm\u200b vi\r\n\r\n \n" + unicodedata.normalize("NFD", "Nội quy này") + "\n"
    path.write_bytes(text.encode(encoding))
    assert read_lines(path) == ["Điều 1. Phạm vi", "Nội quy này"]


def test_text_in_utf_16_from_the_other_kind_of_machine(tmp_path: Path) -> None:
    path = tmp_path / "noi-quy.txt"
    path.write_bytes("\ufeffĐiều 1.".encode("utf-16-be"))
    assert read_lines(path) == ["Điều 1."]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("Điều 1. Nội quy".encode("cp1258", "replace") + b"\xd0\xec", "old_encoding"),
        (b"\xa7i\xd2u 1. N\xe9i quy", "old_encoding"),
        # TCVN3 and VNI that a program has taken for Latin and saved as Unicode.
        ("Céng hßa x· héi chñ nghÜa ViÖt Nam. §éc lËp - Tù do - H¹nh phóc".encode(), "old_encoding"),
        ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam, Ñoäc laäp Töï do Haïnh phuùc".encode(), "old_encoding"),
        ("\ufeffĐiều".encode("utf-16-le")[:-1], "old_encoding"),
        (b"%PDF-1.7\n\x00\x01", "binary"),
        ("Điều\0".encode(), "binary"),
        ("\ufeffĐiều\0".encode("utf-16-le"), "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected"),
        (b"PK\x03\x04 broken", "damaged"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "noi-quy.docx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read_lines(path)
    assert (caught.value.code, caught.value.file) == (code, str(path))


def test_a_damaged_or_foreign_archive(tmp_path: Path) -> None:
    path = tmp_path / "noi-quy.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(UnreadableFile) as caught:
        read_lines(path)
    assert caught.value.code == "not_word"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x")
    with pytest.raises(UnreadableFile) as caught:
        read_lines(path)
    assert caught.value.code == "damaged"
    docx.Document().save(str(path))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UnreadableFile) as caught:
        read_lines(path)
    assert caught.value.code == "damaged"


def test_a_file_that_is_too_large_or_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "noi-quy.docx"
    docx.Document().save(str(path))
    monkeypatch.setattr(word_file, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(UnreadableFile) as unpacked:
        read_lines(path)
    monkeypatch.setattr(word_file, "MAX_BYTES", 1000)
    with pytest.raises(UnreadableFile) as packed:
        read_lines(path)
    assert unpacked.value.code == packed.value.code == "too_large"
    assert int(packed.value.value) == path.stat().st_size


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.docx", tmp_path):
        with pytest.raises(UnreadableFile) as caught:
            read_lines(path)
        assert caught.value.code == "unreadable"
