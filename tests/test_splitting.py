"""An office's own rules made into a document, as a whole and whatever the file holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import docx
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import NothingToSplit
from knowledge.importing.doubts import doubts
from knowledge.importing.splitting import COMMENT, ISSUER_MISSING, NUMBER_MISSING, split, to_yaml
from knowledge.importing.word_file import read_lines
from knowledge.loading import load_document
from knowledge.schema import DocumentEntry
from tests.office_rules import DECISION, LETTER, TODAY, entry, made, texts, walk


def test_a_decision_and_the_rules_that_it_brings_into_force() -> None:
    document = entry(DECISION)
    assert (document.number, document.date, document.issuer) == ("12/QĐ-SVD", "2024-03-05", "Sở Ví Dụ tỉnh Mẫu")
    assert document.title == "Nội quy sử dụng mạng xã hội của Sở Ví Dụ"
    assert document.short == "Nội quy Sở Ví Dụ"
    assert document.preamble == (
        "Căn cứ Luật An ninh mạng ngày 12 tháng 6 năm 2018;",
        "Xét đề nghị của Chánh Văn phòng Sở,",
    )
    found = {path: (provision.title, provision.text) for path, provision in walk(document.provisions)}
    assert list(found) == [
        *("quyet-dinh", "quyet-dinh/dieu-1", "quyet-dinh/dieu-2", "quyet-dinh/dieu-3"),
        *("dieu-1", "dieu-1/khoan-1", "dieu-1/khoan-2", *(f"dieu-1/khoan-2/{n}" for n in ("a", "b", "c", "d", "dd"))),
        *("dieu-2", "dieu-3", "dieu-3/1", "dieu-3/1/1", "dieu-3/1/2", "dieu-3/2"),
        *("dieu-4", "dieu-4/khoan-1", "dieu-4/khoan-2", "dieu-5", "phu-luc-i", "phu-luc-i/muc-1"),
    ]
    assert found["quyet-dinh"][0] == "Quyết định về việc ban hành Nội quy sử dụng mạng xã hội của Sở Ví Dụ"
    assert (
        found["quyet-dinh/dieu-3"][1] == "Chánh Văn phòng, Trưởng các phòng chịu trách nhiệm thi hành Quyết định này."
    )
    assert found["dieu-1"] == ("Phạm vi điều chỉnh và đối tượng áp dụng", None)
    assert found["dieu-1/khoan-2/a"] == (None, "Công chức, viên chức của Sở;")
    assert found["dieu-2"][0] == "Giải thích từ ngữ"
    assert str(found["dieu-2"][1]).endswith("1. Câu này không tách.")
    assert found["dieu-3"] == ("TRÁCH NHIỆM", None)
    assert found["dieu-3/2"] == (None, "Báo ngay khi mất.")
    assert found["dieu-4"] == ("Giờ đăng tin", None)
    assert found["dieu-5"] == ("Hiệu lực", "Nội quy có hiệu lực từ ngày 01 tháng 5 năm 2024.")
    assert found["phu-luc-i"] == ("BẢN CAM KẾT", None)


def test_chapters_and_sections_stand_in_the_articles_and_not_in_ids() -> None:
    chapters = {path: provision.chapter for path, provision in walk(entry(DECISION).provisions) if provision.chapter}
    assert chapters == {
        "dieu-1": "I. QUY ĐỊNH CHUNG",
        "dieu-2": "I. QUY ĐỊNH CHUNG",
        "dieu-3": "II. QUY ĐỊNH CỤ THỂ – Mục 1. NHỮNG VIỆC PHẢI LÀM",
        "dieu-4": "II. QUY ĐỊNH CỤ THỂ – Mục 1. NHỮNG VIỆC PHẢI LÀM",
        "dieu-5": "II. QUY ĐỊNH CỤ THỂ – Mục 1. NHỮNG VIỆC PHẢI LÀM",
    }


def test_a_letter() -> None:
    document = entry(LETTER)
    assert (document.number, document.date, document.issuer) == ("45/VP-TH", "2025-08-09", "Văn phòng Sở Ví Dụ")
    assert document.title == "Chấn chỉnh việc đăng tin trên mạng xã hội"
    assert document.short == "CV 45/VP-TH"
    assert document.addressees == ("Các phòng thuộc Sở", "Thanh tra Sở")
    assert document.preamble == ("Thời gian qua, một số trang đăng tin chưa đúng.", "Văn phòng Sở yêu cầu:")
    assert document.closing == ("Đề nghị các phòng nghiêm túc thực hiện.",)
    assert texts(LETTER) == {
        "muc-1": "Trưởng phòng quán triệt những nội dung sau:",
        "muc-1/a": "Về cá nhân:\nKhông đăng tin chưa kiểm chứng.",
        "muc-1/b": "Về đơn vị:",
        "muc-1/b/1": "Phân công người duyệt tin;",
        "muc-1/b/2": "Lưu bản đã duyệt.",
        "muc-2": "Trung tâm Dữ liệu theo dõi",
        "muc-2/1": "Rà soát hằng tuần;",
        "muc-2/2": "Báo cáo Văn phòng.",
    }


def test_the_form_of_the_document() -> None:
    assert made("1. Đi làm đúng giờ.") == {
        "id": "noi-quy-vi-du",
        "title": "noi-quy-vi-du",
        "short": "noi-quy-vi-du",
        "number_missing": NUMBER_MISSING,
        "date": "2026",
        "issuer": ISSUER_MISSING,
        "level": "office",
        "validity": {"status": "in force", "checked": "2026-11-21"},
        "audience": [],
        "provisions": [{"part": "muc-1", "text": "Đi làm đúng giờ."}],
    }
    assert made("1. Đi làm đúng giờ.", title="  Nội quy\ncơ quan ")["title"] == "Nội quy cơ quan"


def test_a_letter_with_rules_attached() -> None:
    rules = "QUY CHẾ\nLÀM VIỆC\n1. Khi ra vào.\n2. Hai.\nPhụ lục\nBiểu mẫu."
    more = "NỘI QUY\nRA VÀO\nĐiều 1. Một.\nĐiều 2. Hai."
    text = f"{LETTER}\n{rules}\n{more}"
    document = entry(text)
    assert document.title == "Quy chế làm việc"
    assert [(each.part, each.title) for each in document.provisions] == [
        ("cong-van", "Chấn chỉnh việc đăng tin trên mạng xã hội"),
        ("muc-1", None),
        ("muc-2", None),
        ("phu-luc", None),
        ("noi-quy", "Nội quy ra vào"),
    ]


def test_an_annex_alone_and_annexes_without_numbers() -> None:
    assert list(texts("SỞ VÍ DỤ\nPHỤ LỤC\nBIỂU MẪU\nDòng một.\nPHỤ LỤC\nDòng hai.")) == ["phu-luc", "phu-luc-2"]
    assert list(texts("Điều 1. Một.\nPHỤ LỤC II. MẪU\nChương I\nCHUNG\nĐiều 1. Hai.")) == [
        *("dieu-1", "phu-luc-ii", "phu-luc-ii/dieu-1")
    ]


def test_a_word_file_with_automatic_numbers_and_a_table(tmp_path: Path) -> None:
    document = docx.Document()
    head = document.add_table(rows=1, cols=2)
    head.cell(0, 0).text = "SỞ VÍ DỤ\nSố: 7/NQ-SVD"
    head.cell(0, 1).text = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nMẫu, ngày 01 tháng 02 năm 2025"
    document.add_paragraph("NỘI QUY CƠ QUAN")
    document.add_paragraph("Đi làm đúng giờ.", style="List Number")
    document.add_paragraph("Trực cơ quan:", style="List Number")
    document.add_paragraph("sáng;", style="List Bullet")
    document.add_paragraph("chiều.", style="List Bullet")
    end = document.add_table(rows=1, cols=2)
    end.cell(0, 0).text = "Nơi nhận:\n- Như trên."
    end.cell(0, 1).text = "GIÁM ĐỐC\nNguyễn Văn Mẫu"
    path = tmp_path / "noi-quy.docx"
    document.save(str(path))
    made_of_it = split(read_lines(path), document_id="noi-quy", title=None, today=TODAY)
    read = DocumentEntry.model_validate(made_of_it)
    assert (read.number, read.date, read.title) == ("7/NQ-SVD", "2025-02-01", "Nội quy cơ quan")
    assert [path for path, _ in walk(read.provisions)] == ["muc-1", "muc-2", "muc-2/1", "muc-2/2"]


def test_the_file_is_readable_and_says_what_to_do() -> None:
    text = to_yaml(made(DECISION))
    assert text.startswith(COMMENT)
    assert "ungxu documents check" in COMMENT
    assert "#   audience  để trống" in COMMENT
    assert all(f"#   {name} " in COMMENT for name in ("title", "short", "number", "date", "issuer", "names"))
    assert 'date: "2024-03-05"' in text
    assert 'checked: "2026-11-21"' in text
    assert "- part: dieu-2\n  title: Giải thích từ ngữ\n  chapter: I. QUY ĐỊNH CHUNG\n  text: " in text
    fields = [line.partition(":")[0] for line in text.splitlines() if line[0] not in "# -"]
    assert fields == [
        *("id", "title", "short", "number", "date", "issuer", "level", "names", "general_names", "validity"),
        *("audience", "preamble", "provisions"),
    ]
    folded = to_yaml(made("1. Đầu.\n" + "Một đoạn văn dài. " * 20))
    assert "text: >-\n    Đầu.\n\n    Một đoạn" in folded
    assert max(map(len, folded.splitlines())) <= 115


MARKERS = [
    *("Điều 1. ", "Điều 2: ", "Điều 3\n", "ĐIỀU 4 - ", "Chương I. ", "Chương II\n", "Mục 1. ", "Phần I: "),
    *("I. ", "II. ", "V. ", "A. ", "B. ", "1. ", "2) ", "3. ", "1.1. ", "2.3 T", "a) ", "b. ", "đ) ", "i) ", "(ii) "),
    *("- ", "+ ", "• ", "– ", "PHỤ LỤC I\n", "", "", "", "Khoản 2. ", "10. ", "30. ", "**", "từ "),
]
ODD = [
    *("Nơi nhận:", "KT. GIÁM ĐỐC", "(Đã ký)", "NỘI QUY", "QUYẾT ĐỊNH", "QUYẾT ĐỊNH:", "Kính gửi:", "Kính gửi: A;"),
    *("Số: 1/QĐ-A", "Số:", "Mẫu, ngày 31 tháng 2 năm 2024", "V/v", "V/v đăng tin", "./.", "1.", "-", "a)", "Điều 1."),
    *(
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "(Kèm theo Quyết định của )",
        "Trên đây là hết./.",
        "SỞ",
        "Chương I",
        "QUY ĐỊNH A",
    ),
    *("e\u200b\u0301", "\ud800x", "\u00a0. x", "a: b # c", "'\"", "2024", "{x}: [y]", "\u2028x\x85y", "1. \u00a0"),
]
WORD_LINES = st.lists(st.tuples(st.sampled_from(MARKERS), st.booleans(), st.integers(0, 3)), min_size=1, max_size=25)


@settings(deadline=None)
@given(WORD_LINES)
def test_no_word_of_the_provisions_is_lost(parts: list[tuple[str, bool, int]]) -> None:
    lines = ["1. Từ0."]
    for number, (marker, is_sentence, count) in enumerate(parts, 1):
        words = " ".join(f"Từ{number}x{index}" for index in range(count))
        lines += f"{marker}{words}{'.' if is_sentence else ''}".splitlines()
    document = split(lines, document_id="x", title="X", today=TODAY)
    entry = DocumentEntry.model_validate(document)
    output = [*entry.closing, *entry.preamble]
    for _, provision in walk(entry.provisions):
        output += filter(None, (provision.title, provision.chapter, provision.text))
    kept = set(words_of("\n".join(output)))
    assert [word for word in words_of("\n".join(lines)) if word not in kept] == []


def words_of(text: str) -> list[str]:
    cleaned = "".join(char if char.isalnum() else " " for char in text)
    return [word for word in cleaned.split() if word.startswith("Từ")]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(MARKERS + ODD), st.sampled_from(ODD), st.text(max_size=30)), max_size=20))
def test_whatever_comes_in_a_file_that_loads_comes_out(lines: list[str]) -> None:
    try:
        document = split(lines, document_id="noi-quy", title=None, today=TODAY)
    except NothingToSplit:
        return
    expected = DocumentEntry.model_validate(document)
    for problem in doubts(document):
        assert problem.code
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noi-quy.yaml"
        path.write_text(to_yaml(document), encoding="utf-8", newline="\n")
        assert load_document(path).entry == expected
