"""Direct references: "điều 4 khoản 3" in the ways people type it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Library
from knowledge.loading import load_document
from knowledge.references import UNNAMED, DocumentNames, Reference, find_reference, missing_part, resolve
from tests.test_documents import GOOD, write


def reference_in(question: str, library: Library) -> Reference:
    return find_reference(question, DocumentNames(library))


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("điều 4 khoản 3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("dieu 4 khoan 3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("Khoản 3, Điều 4 nói gì?", ["qd-874-2021/dieu-4/khoan-3"]),
        ("khoản3 điều4", ["qd-874-2021/dieu-4/khoan-3"]),
        ("điều 4.3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("đ4k3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("k3 đ4", ["qd-874-2021/dieu-4/khoan-3"]),
        ("điều bốn khoản ba", ["qd-874-2021/dieu-4/khoan-3"]),
        ("4k3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("4 k 3 qđ 874", ["qd-874-2021/dieu-4/khoan-3"]),
        ("dien 4 khoang 3", ["qd-874-2021/dieu-4/khoan-3"]),
        ("khoảng 3 điện 4", ["qd-874-2021/dieu-4/khoan-3"]),
        ("khoản III điều IV", ["qd-874-2021/dieu-4/khoan-3"]),
        ("Điều V", ["qd-874-2021/dieu-5"]),
        ("mục II", ["cv-6389-2021/muc-2", "cv-stnmt-2024/muc-2"]),
        ("mục I công văn Thanh Hóa", ["cv-stnmt-2024/muc-1"]),
        ("điều 5 quyết định số 874/QĐ-BTTTT", ["qd-874-2021/dieu-5"]),
        ("mục 3 công văn 6389", ["cv-6389-2021/muc-3"]),
        ("muc 3 cv 6389", ["cv-6389-2021/muc-3"]),
        ("mục 2", ["cv-6389-2021/muc-2", "cv-stnmt-2024/muc-2"]),
        ("mục 1.b công văn Thanh Hóa", ["cv-stnmt-2024/muc-1/b"]),
        ("muc 1b gach dau dong thu ba cong van thanh hoa", ["cv-stnmt-2024/muc-1/b/3"]),
        ("gạch đầu dòng cuối điểm b mục 1 công văn thanh hóa", ["cv-stnmt-2024/muc-1/b/4"]),
        ("khoản 2 điều 6", ["qd-874-2021/dieu-6"]),
        ("điểm a khoản 2 điều 2", ["qd-874-2021/dieu-2"]),
    ],
)
def test_a_reference_is_resolved(library: Library, question: str, ids: list[str]) -> None:
    found = resolve(reference_in(question, library), library)
    assert [provision.id for provision in found] == ids


@pytest.mark.parametrize(
    "question",
    [
        "tôi có 2 tài khoản 1 điện thoại",
        "điều này có đúng không",
        "danh mục sản phẩm",
        "khoản 3 nói gì",
        "k biết 2 hay 3",
        "điều vi phạm",
        "mục vi phạm thường gặp",
        "mua 4k3 điện thoại",
        "khoảng 3 người",
    ],
)
def test_what_is_no_reference_has_no_parts(library: Library, question: str) -> None:
    assert reference_in(question, library).parts == ()


@pytest.mark.parametrize(
    ("question", "missing", "within"),
    [
        ("Điều 12", "Điều 12", None),
        ("khoản 9 điều 4", "Khoản 9 Điều 4", "qd-874-2021/dieu-4"),
        ("mục 8 công văn 6389", "Mục 8", None),
        ("điểm c khoản 3 điều 4", "Điểm c khoản 3 Điều 4", "qd-874-2021/dieu-4/khoan-3"),
        ("Điều 101", "Điều 101", None),
    ],
)
def test_what_does_not_exist_is_named(library: Library, question: str, missing: str, within: str | None) -> None:
    found = missing_part(reference_in(question, library), library)
    assert found is not None
    assert found[1] == missing
    assert (found[2].id if found[2] else None) == within


@pytest.mark.parametrize(
    ("question", "chapter"), [("chương II", "II"), ("chuong 2", "II"), ("chương 14", "XIV"), ("chương", "")]
)
def test_a_chapter_is_read_in_both_kinds_of_numbers(library: Library, question: str, chapter: str) -> None:
    assert reference_in(question, library).chapter == chapter


def test_items_in_roman_numerals_are_asked_for_in_both(library: Library, tmp_path: Path) -> None:
    own = library.with_document(load_document(write(tmp_path, GOOD.replace("dieu-1", "muc-ii"))))
    for question in ("mục 2 nội quy", "mục II nội quy"):
        assert [p.id for p in resolve(reference_in(question, own), own)] == ["noi-quy-vi-du/muc-ii"]


def test_a_clause_in_roman_numerals_is_named_in_others(library: Library) -> None:
    assert reference_in("khoản III", library).clause == "Khoản 3"


def test_a_law_named_beside_an_article_is_another_document(library: Library) -> None:
    assert reference_in("điều 4 bộ luật lao động", library).unknown_document == UNNAMED
    assert reference_in("đăng tin giả vi phạm luật nào", library).unknown_document == ""
    assert reference_in("điều 4 có trái pháp luật không", library).unknown_document == ""


def test_the_rules_of_an_office_are_called_by_their_kind(library: Library, tmp_path: Path) -> None:
    own = library.with_document(load_document(write(tmp_path, GOOD)))
    assert reference_in("điều 1 nội quy", own).documents == ("noi-quy-vi-du",)
    assert reference_in("điều 1 nội quy", library).unknown_document == UNNAMED


def test_another_document_is_not_taken_for_a_loaded_one(library: Library) -> None:
    reference = reference_in("điều 101 nghị định 15/2020", library)
    assert reference.unknown_document == "15"
    assert reference.documents == ()


def test_a_general_name_counts_less_than_a_number(library: Library) -> None:
    assert reference_in("bộ quy tắc nói gì", library).by_general_name
    assert not reference_in("quyết định 874 nói gì", library).by_general_name
    assert reference_in("bộ quy tắc theo công văn 6389", library).documents == ("cv-6389-2021",)


def test_the_names_of_a_library_are_found_with_what_stands_around_them(library: Library) -> None:
    names = DocumentNames(library)
    assert names.find("quyet dinh so 874/qd-btttt noi gi", general=False)[0] == ["qd-874-2021"]
    assert names.find("bo quy tac noi gi", general=False) == ([], "bo quy tac noi gi")
    assert names.any_in("bo quy tac noi gi")
    assert not names.any_in("quyet dinh 8745")


@given(st.text(max_size=80))
def test_any_text_has_a_reference_or_none(text: str) -> None:
    empty = Library([])
    reference = reference_in(text, empty)
    if reference.parts:
        assert resolve(reference, empty) == []
        assert missing_part(reference, empty) is None


@pytest.mark.parametrize(
    "question",
    [
        "Luật An ninh mạng quy định gì",
        "luat an ninh mang",
        "luat an ninh mang noi gi vay",
        "cho em xem nội dung Luật An ninh mạng 116/2025/QH15 quy định những gì?",
        "luật thi đua khen thưởng quy định gì",
        "hiến pháp quy định gì",
    ],
)
def test_a_law_that_is_asked_for_as_a_whole_is_not_loaded(library: Library, question: str) -> None:
    assert reference_in(question, library).unknown_document == UNNAMED


@pytest.mark.parametrize(
    "question",
    [
        "luật có cấm đăng ảnh không",
        "luat co quy dinh gi",
        "luật nào quy định",
        "pháp luật quy định gì về đăng tin giả",
        "luật an ninh mạng có cấm đăng tin giả không",
        "vi pham luat an ninh mang thi bi gi",
    ],
)
def test_a_question_about_a_matter_of_the_law_goes_on(library: Library, question: str) -> None:
    assert reference_in(question, library).unknown_document == ""


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("nd 15/2020", "nghị định 15/2020"),
        ("nd 15/2020/nđ-cp quy định gì", "nghị định 15/2020/NĐ-CP"),
        ("Nghị định 15 phạt bao nhiêu", "nghị định 15"),
        ("qd 1234/qd-bvhttdl noi gi", "quyết định 1234/QĐ-BVHTTDL"),
        ("cv số 55", "công văn 55"),
    ],
)
def test_a_document_that_is_not_loaded_is_called_what_it_was_called(library: Library, question: str, name: str) -> None:
    assert reference_in(question, library).unknown_name == name
