"""What somebody should look at in a document that was made from a file."""

from __future__ import annotations

from knowledge.errors import Problem
from knowledge.importing.doubts import doubts
from knowledge.importing.markers import LONG_TEXT
from tests.office_rules import DECISION, made, texts


def in_provisions(text: str) -> list[Problem]:
    return [problem for problem in doubts(made(text)) if problem.place.startswith("provisions.")]


def test_names_whose_capitals_were_guessed_are_always_looked_at() -> None:
    assert doubts(made(DECISION)) == [
        Problem("title", "check_title", "Nội quy sử dụng mạng xã hội của Sở Ví Dụ"),
        Problem("issuer", "check_issuer", "Sở Ví Dụ tỉnh Mẫu"),
    ]


def test_what_the_file_does_not_say_is_named() -> None:
    found = doubts(made("Tháng 3 năm 2024\n1. Đi làm đúng giờ."))
    assert [(problem.place, problem.code) for problem in found] == [
        ("title", "title_missing"),
        ("issuer", "issuer_missing"),
        ("number", "number_missing"),
        ("date", "date_incomplete"),
    ]
    assert found[3].value == "2024-03"


def test_repeats_and_gaps_lose_nothing_and_are_named() -> None:
    text = """
    Số: 1/QĐ-SVD
    SỞ VÍ DỤ
    Mẫu, ngày 05 tháng 3 năm 2024
    NỘI QUY
    Điều 1. Một:
    1. Khoản một:
    a) Đây là a;
    c) Đây là c;
    b) Đây là b.
    3. Khoản ba.
    Điều 3. Ba.
    Điều 3. Ba nữa.
    Điều 2. Hai.
    Điều 2a. Hai a.
    Điều 5. Năm
    """
    assert texts(text)["dieu-3-2"] == "Ba nữa."
    assert in_provisions(text) == [
        Problem("provisions.dieu-1.khoan-1.c", "number_gap", "b"),
        Problem("provisions.dieu-1.khoan-1.b", "number_order", "b"),
        Problem("provisions.dieu-1.khoan-3", "number_gap", "2"),
        Problem("provisions.dieu-3", "number_gap", "2"),
        Problem("provisions.dieu-3-2", "number_repeated", "dieu-3-2"),
        Problem("provisions.dieu-2", "number_order", "dieu-2"),
        Problem("provisions.dieu-5", "number_gap", "3"),
        Problem("provisions.dieu-5", "heading_only"),
    ]


def test_both_ways_to_count_letters_are_good() -> None:
    for letters in ("abcdđeghik", "abcdefghijk", "abcde"):
        points = "\n".join(f"{letter}) Điểm." for letter in letters)
        assert in_provisions(f"NỘI QUY\n1. Một:\n{points}") == []
    romans = "1. Một:\ni) Một;\nii) Hai.\n2. Hai:\n" + "\n".join(f"{n}. Mục." for n in ("I", "III"))
    assert [problem.code for problem in in_provisions(f"I. Một\n1. Khoản.\nIII. Ba\n{romans}")] == [
        "number_gap",
        "number_repeated",
        "number_repeated",
    ]


def test_long_provisions_and_headings_without_words_are_named() -> None:
    long = "Rất dài." * (LONG_TEXT // 8 + 1)
    assert in_provisions(f"1. {long}\n2.\n3. Ba.") == [
        Problem("provisions.muc-1", "long_provision", str(len(long))),
        Problem("provisions.muc-2", "heading_only"),
    ]
