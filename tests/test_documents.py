"""The built-in documents, and what the loader refuses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from knowledge.documents import Document, Library
from knowledge.errors import DocumentError
from knowledge.loading import BUILT_IN, load_document, load_library
from knowledge.schema import Status, Wording

GOOD = """
id: noi-quy-vi-du
title: Nội quy của Sở Ví Dụ
short: Nội quy Sở Ví Dụ
number: 1/NQ-SVD
date: "2026-01-02"
issuer: Sở Ví Dụ
level: office
validity: {status: in force, checked: "2026-01-02"}
sources:
  COPY: {note: Bản sao}
provisions:
  - part: dieu-1
    title: Đăng tin
    provisions:
      - part: khoan-1
        text: Xin phép trước khi đăng.
      - part: khoan-2
        editions:
          - {text: Câu cũ., wording: verbatim, from: "2025-01-01", to: "2025-12-31", sources: [COPY]}
          - {text: Câu mới., wording: near-verbatim, from: "2026-01-01", sources: [COPY]}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "noi-quy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_three_documents_are_there_in_full(library: Library) -> None:
    assert list(library.documents) == ["qd-874-2021", "cv-6389-2021", "cv-stnmt-2024"]
    ids = {provision.id for document in library.documents.values() for provision in document.by_id.values()}
    expected = {f"qd-874-2021/dieu-4/khoan-{n}" for n in range(1, 9)}
    expected |= {f"qd-874-2021/dieu-{n}" for n in range(1, 10)}
    expected |= {f"qd-874-2021/dieu-7/khoan-x{n}" for n in range(1, 6)}
    expected |= {"qd-874-2021/dieu-2/khoan-x2/c", "qd-874-2021/dieu-8/khoan-x1", "qd-874-2021/quyet-dinh/dieu-2"}
    expected |= {f"cv-6389-2021/muc-{n}" for n in range(1, 6)}
    expected |= {f"cv-stnmt-2024/muc-1/b/{n}" for n in range(1, 5)}
    expected |= {"cv-stnmt-2024/muc-1/a", "cv-stnmt-2024/muc-1/c", "cv-stnmt-2024/muc-2/1", "cv-stnmt-2024/muc-2/2"}
    assert expected <= ids


def test_the_code_is_marked_as_replaced(library: Library) -> None:
    validity = library.documents["qd-874-2021"].entry.validity
    assert validity.status is Status.REPLACED
    assert validity.by is not None
    assert (validity.by.short, validity.by.date) == ("QĐ 423/QĐ-BVHTTDL", "2026-03-05")


def test_the_letter_without_number_says_why(library: Library) -> None:
    entry = library.documents["cv-stnmt-2024"].entry
    assert entry.number is None
    assert entry.number_missing
    assert entry.date == "2024"


def test_the_corrected_clause_has_two_editions(library: Library) -> None:
    clause = library.get("qd-874-2021/dieu-8/khoan-1")
    assert clause is not None
    before, after = clause.editions
    assert before.text is not None
    assert after.text is not None
    assert after.text == "Khuyến nghị các" + before.text.removeprefix("Các")
    assert clause.edition(dt.date(2021, 5, 1)) is after, "before its first edition a provision shows its newest"
    assert clause.edition(dt.date(2026, 11, 21)) is after


def test_a_provision_shows_the_edition_of_the_day(tmp_path: Path) -> None:
    clause = load_document(write(tmp_path, GOOD)).by_id["noi-quy-vi-du/dieu-1/khoan-2"]
    assert clause.quote(dt.date(2025, 6, 1)) == ("Câu cũ.", Wording.VERBATIM)
    assert clause.quote(dt.date(2026, 6, 1)) == ("Câu mới.", Wording.NEAR_VERBATIM)


@pytest.mark.parametrize(
    ("provision", "label"),
    [
        ("qd-874-2021/dieu-4/khoan-3", "Khoản 3 Điều 4"),
        ("qd-874-2021/dieu-7/khoan-x2", "Điều 7"),
        ("qd-874-2021/dieu-2/khoan-x2/a", "Điều 2"),
        ("qd-874-2021/quyet-dinh/dieu-2", "Điều 2 Quyết định ban hành"),
        ("cv-6389-2021/muc-3", "Mục 3"),
        ("cv-stnmt-2024/muc-1/b/3", "Gạch đầu dòng thứ 3 điểm b mục 1"),
    ],
)
def test_labels_leave_out_what_is_not_known(library: Library, provision: str, label: str) -> None:
    found = library.get(provision)
    assert found is not None
    assert found.label == label


def test_every_wording_that_may_not_be_quoted_has_a_summary(library: Library) -> None:
    for passage in library.passages():
        edition = passage.edition()
        assert edition.wording.quotable or edition.summary, passage.id


def test_every_passage_has_phrasings_or_shares_them(library: Library) -> None:
    for passage in library.passages():
        assert passage.entry.phrasings or passage.entry.applies, passage.id


def test_applied_provisions_exist(library: Library) -> None:
    for passage in library.passages():
        for target in passage.entry.applies:
            assert target in library, (passage.id, target)


def test_short_points_are_quoted_with_what_introduces_them(library: Library) -> None:
    scope = library.get("qd-874-2021/dieu-2/khoan-x2")
    assert scope is not None
    text, wording = scope.quote()
    assert text.startswith("Đối tượng áp dụng:")
    assert "Nhà cung cấp dịch vụ mạng xã hội" in text
    assert wording is Wording.NEAR_VERBATIM


def test_a_line_that_only_introduces_others_is_no_passage(library: Library) -> None:
    centre = library.get("cv-stnmt-2024/muc-2")
    assert centre is not None
    assert not centre.is_passage
    assert centre.children[0].lead == centre.edition().text


def test_an_alias_leads_to_the_same_provision(tmp_path: Path) -> None:
    text = GOOD.replace("- part: khoan-1\n", "- part: khoan-1\n        aliases: [khoan-x1]\n")
    document = load_document(write(tmp_path, text))
    assert document.by_id["noi-quy-vi-du/dieu-1/khoan-x1"] is document.by_id["noi-quy-vi-du/dieu-1/khoan-1"]


def test_a_library_grows_without_changing_the_old_one(library: Library, tmp_path: Path) -> None:
    own = load_document(write(tmp_path, GOOD))
    larger = library.with_document(own)
    assert "noi-quy-vi-du/dieu-1/khoan-1" in larger
    assert "noi-quy-vi-du/dieu-1/khoan-1" not in library
    assert list(larger.only(["noi-quy-vi-du"]).documents) == ["noi-quy-vi-du"]
    with pytest.raises(DocumentError):
        Library([own, Document(own.entry)])


def test_an_office_replaces_a_built_in_document_of_the_same_id(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("id: noi-quy-vi-du", "id: cv-6389-2021"))
    merged = load_library(BUILT_IN, tmp_path)
    assert merged.documents["cv-6389-2021"].entry.issuer == "Sở Ví Dụ"
    assert len(merged.documents) == 3


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("short:", "shrot:", "shrot", "extra_forbidden"),
        ("validity: {status: in force, checked: \"2026-01-02\"}\n", "", "validity", "missing"),
        ("status: in force", "status: replaced", "validity", "replacement"),
        ("status: in force", "status: perhaps", "validity.status", "enum"),
        ('date: "2026-01-02"', 'date: "2026-02-30"', "date", "impossible_date"),
        ('date: "2026-01-02"', 'date: "02/01/2026"', "date", "bad_date"),
        ('date: "2026-01-02"', 'date: "1026"', "date", "impossible_date"),
        ("number: 1/NQ-SVD\n", "", "", "number"),
        ("level: office", "level: province", "", "province"),
        ("id: noi-quy-vi-du", "id: Nội quy", "id", "bad_id"),
        ("text: Xin phép trước khi đăng.", 'text: "  "', "dieu-1.khoan-1.text", "empty_text"),
        ("text: Xin phép trước khi đăng.", "topic: x", "dieu-1.khoan-1", "empty_provision"),
        ("part: khoan-2", "part: khoan-1", "dieu-1.khoan-1", "duplicate_id"),
        (
            "sources: [COPY]}\n          - {text: Câu mới.",
            "sources: [LOST]}\n          - {text: Câu mới.",
            "dieu-1.khoan-2",
            "unknown_source",
        ),
        ('to: "2025-12-31"', 'to: "2026-06-30"', "dieu-1.khoan-2", "edition_order"),
        ('to: "2025-12-31"', 'to: "2024-12-31"', "dieu-1.khoan-2.editions.1", "edition_order"),
        ("wording: near-verbatim", "wording: reconstructed", "dieu-1.khoan-2.editions.2", "missing_summary"),
        ("text: Câu mới., wording: near-verbatim", "wording: verbatim", "dieu-1.khoan-2.editions.2", "missing_text"),
        ("{note: Bản sao}", "{}", "sources.COPY", "empty_source"),
        ("- part: khoan-1\n", "- part: khoan-1\n        wording: memory\n", "dieu-1.khoan-1", "needs_edition"),
        ("title: Đăng tin", "title: Đăng tin\n    title: Hai lần", "line 15", "duplicate_field"),
        ("title: Đăng tin", "title: [Đăng", "", "bad_yaml"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, place: str, code: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(DocumentError) as caught:
        load_document(path)
    faults = [(problem.place, problem.code) for problem in caught.value.problems]
    if code == "bad_yaml":
        assert [found for _, found in faults] == [code]
    else:
        assert any(found == code and where.endswith(place) for where, found in faults), faults
    assert caught.value.file == str(path)


def test_a_fault_below_is_not_told_again_above(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("    title: Đăng tin\n", "    tilte: Đăng tin\n"))
    with pytest.raises(DocumentError) as caught:
        load_document(path)
    assert [problem.code for problem in caught.value.problems] == ["extra_forbidden"]
    head, _, _ = GOOD.partition("provisions:")
    with pytest.raises(DocumentError) as caught:
        load_document(write(tmp_path, f"{head}provisions: []\n"))
    assert [problem.code for problem in caught.value.problems] == ["too_short"]


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("short:", "shrot:").replace('date: "2026-01-02"', "date: morgen"))
    with pytest.raises(DocumentError) as caught:
        load_document(path)
    assert {problem.code for problem in caught.value.problems} == {"extra_forbidden", "missing", "bad_date"}


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "not_utf8"), (b"- 1\n- 2\n", "not_a_mapping"), (b"", "not_a_mapping")],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load_document(path)
    assert caught.value.problems[0].code == code


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        load_document(tmp_path / "none.yaml")
    assert caught.value.problems[0].code == "unreadable"


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "other.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_library(tmp_path)
    assert caught.value.problems[0].code == "duplicate_document"


def test_dates_without_quotes_are_understood(tmp_path: Path) -> None:
    document = load_document(write(tmp_path, GOOD.replace('date: "2026-01-02"', "date: 2026")))
    assert document.entry.date == "2026"
