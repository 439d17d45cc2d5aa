"""Lines and what they begin, and the tree of provisions that they make."""

from __future__ import annotations

import pytest

from knowledge.errors import NothingToSplit
from tests.office_rules import entry, made, texts, walk


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("Điều 7. Đi làm.", "dieu-7"),
        ("Điều 7: Đi làm.", "dieu-7"),
        ("Điều 7 - Đi làm.", "dieu-7"),
        ("Điều 07.- Đi làm.", "dieu-7"),
        ("ĐIỀU 7. Đi làm.", "dieu-7"),
        ("Điều 3a. Đi làm.", "dieu-3a"),
        ("**Điều 7.** Đi làm.", "dieu-7"),
        ("## Điều 7. Đi làm.", "dieu-7"),
        ("7. Đi làm.", "muc-7"),
        ("7) Đi làm.", "muc-7"),
        ("(7) Đi làm.", "muc-7"),
        ("7/ Đi làm.", "muc-7"),
        ("7 - Đi làm.", "muc-7"),
        ("7.Đi làm.", "muc-7"),
        ("01. Đi làm.", "muc-1"),
        ("Khoản 2: Đi làm.", "muc-2"),
        ("Mục 2. Đi làm.", "muc-2"),
        ("II. Đi làm.", "muc-ii"),
        ("III - Đi làm.", "muc-iii"),
        ("A. Đi làm.", "phan-a"),
        ("Phần thứ nhất: Đi làm.", "phan-thu-nhat"),
        ("Chương 2. Đi làm.", "chuong-2"),
        ("Phụ lục: Đi làm.", "phu-luc"),
        ("PHỤ LỤC SỐ 2. Đi làm.", "phu-luc-2"),
        ("a) Đi làm.", "a"),
        ("a. Đi làm.", "a"),
        ("(đ) đi làm.", "dd"),
        ("Điểm b) đi làm.", "b"),
        ("(i) đi làm.", "i"),
        ("iv) đi làm.", "iv"),
        ("- Đi làm.", "1"),
        ("+ Đi làm.", "1"),
        ("•Đi làm.", "1"),
        ("* Đi làm.", "1"),
    ],
)
def test_what_begins_a_provision(line: str, path: str) -> None:
    found = texts(f"Lời nói đầu.\n{line}\nĐi về.")
    assert list(found) == [path]
    assert str(found[path]).casefold() == "đi làm.\nđi về."


@pytest.mark.parametrize(
    "line",
    [
        *("Điều 4 của Luật này.", "Điều 4, Điều 5.", "điều 5. của Luật", "Điều ٣. số khác"),
        *("2021. Nhằm", "30. Các đơn vị", "5.000 đồng", "1.5 triệu", "30/4 nghỉ lễ", "7-8 người", "8h - 17h nghỉ"),
        *("v.v và", "X. Tân An có một điểm", "H. Mẫu", "IIX. Sai", "VX) Sai", "2.1. Mục của số khác", "(1 Không"),
        *("-5 độ", "+84 000 000", "Chương trình 1. tốt", "Phần vi phạm", "Mục 3 công văn", "1: Không", "iix) Sai"),
    ],
)
def test_what_begins_none(line: str) -> None:
    found = texts(f"1. Một.\n{line}")
    assert list(found) == ["muc-1"]
    assert line in str(found["muc-1"])


def test_numbers_under_numbers() -> None:
    text = """
    I. MỤC ĐÍCH
    1. Một:
    1.1. Một một.
    - Gạch.
    1.2 Một hai.
    1.2.1. Một hai một.
    2. Hai.
    II. YÊU CẦU
    1. Lại một.
    II.2. Hai hai.
    """
    assert list(texts(text)) == [
        *("muc-i", "muc-i/muc-1", "muc-i/muc-1/muc-1", "muc-i/muc-1/muc-1/1", "muc-i/muc-1/muc-2"),
        *("muc-i/muc-1/muc-2/muc-1", "muc-i/muc-2", "muc-ii", "muc-ii/muc-1", "muc-ii/muc-2"),
    ]
    assert list(texts("Điều 5. Giờ giấc\n5.1. Sáng.\n5.2. Chiều:\na) Một.")) == [
        *("dieu-5", "dieu-5/khoan-1", "dieu-5/khoan-2", "dieu-5/khoan-2/a")
    ]


def test_small_roman_numbers_and_the_letters_i_v_x() -> None:
    letters = "\n".join(f"{letter}) Điểm." for letter in "abcdđeghiklmnopqrstuvxy")
    found = list(texts(f"1. Một:\n{letters}"))
    assert found[1:] == [f"muc-1/{letter}" for letter in ["dd" if x == "đ" else x for x in "abcdđeghiklmnopqrstuvxy"]]
    assert list(texts("1. Một:\na) A:\n(i) Một;\n(ii) Hai;\n(iii) Ba;\n(iv) Bốn;\n(v) Năm.\nb) B.")) == [
        *("muc-1", "muc-1/a", "muc-1/a/i", "muc-1/a/ii", "muc-1/a/iii", "muc-1/a/iv", "muc-1/a/v", "muc-1/b")
    ]


def test_roman_numbers_may_stand_for_chapters() -> None:
    text = "NỘI QUY\nI. QUY ĐỊNH CHUNG\nĐiều 1. Một.\nII. CỤ THỂ\nĐiều 2. Hai.\nĐiều 3. Ba."
    document = entry(text)
    assert [(each.part, each.chapter) for each in document.provisions] == [
        ("dieu-1", "I. QUY ĐỊNH CHUNG"),
        ("dieu-2", "II. CỤ THỂ"),
        ("dieu-3", "II. CỤ THỂ"),
    ]


def test_parts_without_articles_are_provisions() -> None:
    text = "Phần I\nMỤC ĐÍCH\n1. Một.\n2. Hai.\nPhần II. YÊU CẦU\n1. Ba."
    document = entry(text)
    assert [(path, each.title, each.text) for path, each in walk(document.provisions)] == [
        ("phan-i", "MỤC ĐÍCH", None),
        ("phan-i/muc-1", None, "Một."),
        ("phan-i/muc-2", None, "Hai."),
        ("phan-ii", "YÊU CẦU", None),
        ("phan-ii/muc-1", None, "Ba."),
    ]


def test_rules_in_dashes_alone() -> None:
    head = "NỘI QUY\nKính gửi:\n- Các phòng;\n- Thanh tra.\nĐể giữ trật tự:"
    text = f"{head}\n- Đi làm đúng giờ.\n- Tắt điện.\nNơi nhận:\n- Như trên."
    assert texts(text) == {"1": "Đi làm đúng giờ.", "2": "Tắt điện."}
    with pytest.raises(NothingToSplit):
        made("NỘI QUY\nNơi nhận:\n- Như trên.")


@pytest.mark.parametrize(
    ("lines", "title", "text"),
    [
        ("Điều 1. Giờ làm việc\nSáng 7 giờ.", "Giờ làm việc", "Sáng 7 giờ."),
        ("Điều 1.\nGiờ làm việc\nSáng 7 giờ.", "Giờ làm việc", "Sáng 7 giờ."),
        ("Điều 1\nGIỜ LÀM VIỆC\nVÀ GIỜ NGHỈ\nSáng 7 giờ.", "GIỜ LÀM VIỆC VÀ GIỜ NGHỈ", "Sáng 7 giờ."),
        ("Điều 1. Giờ làm việc", None, "Giờ làm việc"),
        ("Điều 1. Làm từ 7 giờ.\nNghỉ lúc 11 giờ.", None, "Làm từ 7 giờ.\nNghỉ lúc 11 giờ."),
        ("Điều 1.", None, "Điều 1."),
        ("ĐIỀU 1 GIỜ LÀM VIỆC\nSáng 7 giờ.", "GIỜ LÀM VIỆC", "Sáng 7 giờ."),
    ],
)
def test_the_title_of_an_article(lines: str, title: str | None, text: str) -> None:
    provision = entry(lines).provisions[0]
    assert (provision.title, provision.text) == (title, text)


def test_a_number_alone_takes_the_words_of_the_next_line() -> None:
    assert texts("1.\nĐi làm.\n2.\nđi về.") == {"muc-1": "Đi làm.", "muc-2": "đi về."}


def test_a_heading_that_nothing_follows_is_kept() -> None:
    text = "Điều 1. Một.\nChương I\nCHUNG\nChương II\nRIÊNG\nMột đoạn văn.\nĐiều 2. Hai.\nChương III\nCUỐI"
    document = entry(text)
    assert [(each.part, each.chapter, each.text) for each in document.provisions] == [
        ("dieu-1", None, "Một.\nI. CHUNG\nMột đoạn văn."),
        ("dieu-2", "II. RIÊNG", "Hai.\nIII. CUỐI"),
    ]
    assert entry("Chương I\nCHUNG\nMột đoạn văn.\nĐiều 1. Một.").preamble == ("Một đoạn văn.",)
