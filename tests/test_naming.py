"""How a document is called: title, short name, issuer, and what people say when they mean it."""

from __future__ import annotations

import pytest

from knowledge.documents import Document, Library
from knowledge.importing.naming import type_of_number
from knowledge.importing.splitting import ISSUER_MISSING
from knowledge.references import DocumentNames, find_reference, resolve
from tests.office_rules import DECISION, LETTER, entry


@pytest.mark.parametrize(
    ("head", "title", "short"),
    [
        ("NỘI QUY CƠ QUAN", "Nội quy cơ quan", "Nội quy cơ quan"),
        ("NỘI QUY cơ quan", "Nội quy cơ quan", "Nội quy cơ quan"),
        ("Nội quy cơ quan Sở Ví Dụ", "Nội quy cơ quan Sở Ví Dụ", "Nội quy cơ quan Sở Ví Dụ"),
        ("QUY CHẾ\nVăn hóa công sở\nCăn cứ Luật;", "Quy chế văn hóa công sở", "Quy chế văn hóa công sở"),
        ("NỘI QUY\nSở Ví Dụ", "Nội quy Sở Ví Dụ", "Nội quy Sở Ví Dụ"),
        ("SỞ VÍ DỤ\nQUY CHẾ\nVăn hóa công sở", "Quy chế văn hóa công sở", "Quy chế Sở Ví Dụ"),
        ("Số: 7/NQ-SVD\nSỞ VÍ DỤ\nNỘI QUY CƠ QUAN", "Nội quy cơ quan", "Nội quy 7/NQ-SVD"),
        ("Số: 7/QĐ-SVD\nSỞ VÍ DỤ\nNỘI QUY CƠ QUAN", "Nội quy cơ quan", "Nội quy Sở Ví Dụ"),
        ("Số: 7/QĐ-SVD\nSỞ VÍ DỤ\nQUYẾT ĐỊNH\nV/v ra vào", "Quyết định về việc ra vào", "QĐ 7/QĐ-SVD"),
        ("Số: 3/SVD\nTHÔNG BÁO\nV/v ra vào", "Thông báo về việc ra vào", "Thông báo 3/SVD"),
        ("Số: 3/SVD\nTHÔNG BÁO\nVề giờ làm việc", "Thông báo về giờ làm việc", "Thông báo 3/SVD"),
        ("Số: 3/KH-SVD\nV/v: đăng tin.", "Đăng tin", "Kế hoạch 3/KH-SVD"),
        ("Quy tắc số 3 có những điều sau", "noi-quy-vi-du", "noi-quy-vi-du"),
        (
            "QUY TẮC ỨNG XỬ TRÊN MẠNG XÃ HỘI CỦA CÔNG CHỨC, VIÊN CHỨC SỞ",
            "Quy tắc ứng xử trên mạng xã hội của công chức, viên chức sở",
            "Quy tắc ứng xử trên mạng xã hội của công chức, viên chức sở",
        ),
    ],
)
def test_the_title_and_the_short_name(head: str, title: str, short: str) -> None:
    document = entry(f"{head}\n1. Một.")
    assert (document.title, document.short) == (title, short)


def test_a_long_title_is_cut_for_the_short_name() -> None:
    document = entry("QUY CHẾ\nđăng tin, duyệt tin, trả lời bình luận trên trang mạng xã hội của Sở\n1. Một.")
    assert document.short == "Quy chế đăng tin, duyệt tin, trả lời bình luận trên trang …"


@pytest.mark.parametrize(
    ("head", "issuer"),
    [
        ("DỰ THẢO\nỦY BAN NHÂN DÂN\nTỈNH MẪU", "Ủy ban nhân dân tỉnh Mẫu"),
        ("UBND TỈNH MẪU\nSỞ VÍ DỤ", "Sở Ví Dụ tỉnh Mẫu"),
        ("UBND TỈNH MẪU\nSỞ VÍ DỤ VÀ THỰC HÀNH\nSở Ví dụ và Thực hành quy định:", "Sở Ví dụ và Thực hành tỉnh Mẫu"),
        ("UBND TỈNH MẪU\nVĂN PHÒNG", "Văn phòng UBND tỉnh Mẫu"),
        ("UBND TỈNH MẪU\nUBND HUYỆN VÍ DỤ", "UBND huyện Ví Dụ"),
        ("UBND HUYỆN MẪU\nTRƯỜNG THCS VÍ DỤ", "Trường THCS Ví Dụ huyện Mẫu"),
        ("BỘ VÍ DỤ\nTRUNG TÂM MẪU", "Trung tâm Mẫu"),
        ("VĂN PHÒNG", "Văn phòng"),
        ("BAN QUẢN LÝ CỦA DỰ ÁN", "Ban Quản Lý của Dự Án"),
        ("LỚP HỌC VÍ DỤ", "Lớp Học Ví Dụ"),
        ("Trung tâm Ví Dụ", "Trung tâm Ví Dụ"),
        ("QUY CHẾ\n(Kèm theo Quyết định số 7/QĐ-SVD của Giám đốc Sở Ví Dụ)", "Sở Ví Dụ"),
        ("QUY CHẾ\n(Kèm theo Quyết định số 7/QĐ-BVD của Bộ trưởng Bộ Ví Dụ)", "Bộ Ví Dụ"),
        ("QUY CHẾ\n(Kèm theo Quyết định số 7/QĐ-SVD của Giám đốc)", ISSUER_MISSING),
        ("NỘI QUY\n(Kèm theo Quyết định số 7/QĐ-SVD)", ISSUER_MISSING),
    ],
)
def test_the_issuer_in_ordinary_capitals(head: str, issuer: str) -> None:
    assert entry(f"{head}\n1. Một.").issuer == issuer


@pytest.mark.parametrize(
    ("number", "type_", "numbered"),
    [
        ("12/QĐ-SVD", "quyết định", "quyết định"),
        ("12/QĐ-SVD", "nội quy", "quyết định"),
        ("12/QĐ-SVD", "quy định", "quyết định"),
        ("12/2024/QĐ-UBND", "", "quyết định"),
        ("05-QC/ĐU", "", "quy chế"),
        ("7/NQ-SVD", "nội quy", "nội quy"),
        ("7/NQ-HĐND", "nghị quyết", "nghị quyết"),
        ("45/VP-TB", "", "công văn"),
        ("45", "thông báo", "thông báo"),
    ],
)
def test_what_a_number_is_the_number_of(number: str, type_: str, numbered: str) -> None:
    assert type_of_number(number, type_) == numbered


def test_names_come_from_kind_number_and_office() -> None:
    rules = entry(DECISION)
    assert rules.names == (
        *("quyết định số 12", "quyết định 12", "qđ 12", "qđ12", "12/QĐ-SVD"),
        *("nội quy Sở Ví Dụ", "nội quy của Sở Ví Dụ"),
    )
    assert rules.general_names == ("nội quy", "nội quy cơ quan", "nội quy của cơ quan")
    letter = entry(LETTER)
    assert letter.names == ("công văn số 45", "công văn 45", "cv 45", "cv45", "45/VP-TH")
    assert letter.general_names == ()
    # "Thông báo 3 ngày trước" and "theo quy định" name no document.
    notice = entry("SỞ VÍ DỤ\nSố: 03/TB-SVD\nTHÔNG BÁO\nVề ra vào\n1. Một.")
    assert notice.names == ("thông báo số 03", "thông báo số 3", "03/TB-SVD")
    assert entry("SỞ VÍ DỤ\nQUY ĐỊNH\nVề ra vào\n1. Một.").names == ()
    assert entry("Số: 0\nNỘI QUY\n1. Một.").names == ("nội quy số 0",)


@pytest.mark.parametrize(
    "question",
    [
        "điều 2 quyết định 52",
        "dieu 2 quyet dinh so 52",
        "điều 2 52/QĐ-SVD",
        "điều 2 QĐ 52/QĐ-SVD",
        "điều 2 nội quy",
        "điều 2 nội quy của sở ví dụ",
        "nội quy cơ quan điều 2",
    ],
)
def test_the_document_is_found_by_its_names_and_no_other(library: Library, question: str) -> None:
    grown = library.with_document(Document(entry(DECISION.replace("12/QĐ", "52/QĐ"))))
    assert [found.id for found in resolve(find_reference(question, DocumentNames(grown)), grown)] == [
        "noi-quy-vi-du/dieu-2"
    ]


@pytest.mark.parametrize("question", ["điều 2 quyết định 874", "điều 2 bộ quy tắc", "điều 2 quy tắc ứng xử"])
def test_the_names_take_nothing_from_other_documents(library: Library, question: str) -> None:
    grown = library.with_document(Document(entry(DECISION)))
    assert [found.document.id for found in resolve(find_reference(question, DocumentNames(grown)), grown)] == [
        "qd-874-2021"
    ]
