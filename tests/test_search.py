"""The answer as data: outcomes, what is shown and hidden, and that no text breaks it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.background import Background
from knowledge.documents import Library
from knowledge.finding import Finding, Outcome
from knowledge.loading import load_document
from knowledge.schema import Wording
from knowledge.search import Search
from tests.conftest import TODAY
from tests.test_documents import GOOD, write


def ids(finding: Finding) -> list[str]:
    return [citation.provision.id for citation in finding.citations]


@pytest.mark.parametrize(
    ("question", "outcome", "first"),
    [
        ("nick zalo bị chiếm mất rồi giờ sao", Outcome.ANSWERED, "qd-874-2021/dieu-4/khoan-3"),
        ("nick zalo bi chiem mat roi gio sao", Outcome.ANSWERED, "qd-874-2021/dieu-4/khoan-3"),
        ("khoản 5 điều 4", Outcome.ANSWERED, "qd-874-2021/dieu-4/khoan-5"),
        ("điều 3 gồm những gì", Outcome.ANSWERED, "qd-874-2021/dieu-3/khoan-1"),
        ("công chức có phải theo điều 4 không", Outcome.ANSWERED, "qd-874-2021/dieu-5/khoan-1"),
        ("điều 12 nói gì", Outcome.NO_SUCH_PROVISION, None),
        ("khoản 11 điều 4", Outcome.NO_SUCH_PROVISION, None),
        ("điều 9", Outcome.NO_WORDING, None),
        ("công văn 1234 quy định gì", Outcome.NO_SUCH_DOCUMENT, None),
        ("thông tư 77/2020 về mạng xã hội", Outcome.NO_SUCH_DOCUMENT, None),
        ("nghị định 15/2020 phạt tin giả thế nào", Outcome.ANSWERED, "qd-874-2021/dieu-4/khoan-6"),
        ("công văn 6389", Outcome.CONTENTS, None),
        ("khoản 3 nói gì", Outcome.INCOMPLETE, None),
        ("báo cáo tin giả ở đâu", Outcome.ANSWERED, "qd-874-2021/dieu-5/khoan-3"),
        ("chương II", Outcome.CONTENTS, None),
        ("chương 5 quy định gì", Outcome.NO_SUCH_PROVISION, None),
        ("mức 2 bảo hiểm ở đâu", Outcome.NOT_FOUND, None),
        ("giá vàng hôm nay", Outcome.NOT_FOUND, None),
        ("qwertyuiop asdfgh", Outcome.NOT_FOUND, None),
        ("viết giúp em bài bóc phốt chị kế toán", Outcome.REFUSED, None),
        ("chào bạn", Outcome.SMALL_TALK, None),
        ("", Outcome.EMPTY, None),
        ("👍 ?!…", Outcome.EMPTY, None),
    ],
)
def test_how_a_question_ends(search: Search, question: str, outcome: Outcome, first: str | None) -> None:
    finding = search.answer(question, today=TODAY)
    assert finding.outcome is outcome
    assert (ids(finding)[0] if finding.citations else None) == first
    assert bool(finding.citations) is (outcome is Outcome.ANSWERED)


def test_an_answer_has_one_citation_and_at_most_two_alternatives(search: Search) -> None:
    finding = search.answer("chửi người khác trên facebook có sao không")
    assert ids(finding) == ["qd-874-2021/dieu-4/khoan-6"]
    assert 1 <= len(finding.alternatives) <= 2
    assert finding.citations[0].provision not in finding.alternatives


@pytest.mark.parametrize(
    ("question", "suggested"),
    [
        ("facebook tôi bị hack", True),
        ("có trang giả mạo phường mình", True),
        ("có bắt buộc dùng tên thật không", False),
    ],
)
def test_an_incident_suggests_a_report(search: Search, question: str, suggested: bool) -> None:
    assert ("report" in search.answer(question).suggestions) is suggested


@pytest.mark.parametrize(
    "question",
    [
        "zalo em bị hack rồi lấy lại giúp em với",
        "nick của em bị chiếm, giúp em lấy lại tài khoản",
        "fb mất r hu hu",
        "có người dọa tung clip của tôi",
        "em vừa bị lừa chuyển tiền qua zalo",
        "toi bi de doa tren facebook",
    ],
)
def test_whoever_was_harmed_is_helped_and_not_refused(search: Search, question: str) -> None:
    finding = search.answer(question)
    assert finding.outcome is Outcome.ANSWERED
    assert finding.suggestions == ("report",)


@pytest.mark.parametrize("number", ["01", "05", "12", "25", "30", "664", "9999"])
def test_a_number_in_a_date_is_no_document(search: Search, number: str) -> None:
    assert search.answer(f"thông tư {number} quy định gì").outcome is Outcome.NO_SUCH_DOCUMENT


def test_words_that_may_not_be_quoted_are_summed_up(search: Search) -> None:
    citation = search.answer("khoản 3 điều 5").citations[0]
    assert citation.wording is Wording.MEMORY
    assert citation.quote == ""
    assert citation.summary


def test_what_nobody_has_confirmed_is_never_shown(search: Search, library: Library) -> None:
    for provision in library.documents["qd-874-2021"].by_id.values():
        for citation in search.article(provision):
            assert citation.quote or (citation.summary and citation.edition.sources)


def test_the_correction_shows_both_wordings(search: Search) -> None:
    finding = search.answer("khoản 1 điều 8 được đính chính thế nào")
    assert finding.previous is not None
    assert finding.previous.text is not None
    assert finding.previous.text.startswith("Các cơ quan")
    assert search.answer("khoản 1 điều 8").previous is None


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("đăng tin giả bị phạt bao nhiêu tiền", "fines-amount"),
        ("đăng tin giả bị phạt bao nhiêu tiền", "no-sanction"),
        ("nghị định 15/2020 còn dùng không", "fines-now"),
        ("nói xấu sếp trên mạng có bị kỷ luật không", "discipline"),
        ("quyết định 423 là gì", "replaced"),
        ("dùng ai ghép mặt giám đốc làm clip", "deepfake"),
    ],
)
def test_what_the_law_around_says_comes_with_the_rule(search: Search, question: str, fact: str) -> None:
    finding = search.answer(question)
    assert fact in [entry.id for entry in finding.facts]
    assert finding.citations


@pytest.mark.parametrize("question", ["a", "K", "đ!", "7", "12", "?", "_", "👍"])
def test_a_tapped_key_is_no_question(search: Search, question: str) -> None:
    assert search.answer(question).outcome is Outcome.EMPTY


@pytest.mark.parametrize(("question", "outcome"), [("ừ", "small talk"), ("874", "contents")])
def test_a_short_message_may_be_one(search: Search, question: str, outcome: str) -> None:
    assert search.answer(question).outcome.value == outcome


@pytest.mark.parametrize(
    ("question", "replaced"),
    [
        ("qđ 423 nói gì", True),
        ("423", True),
        ("quyết định 423 có cấm nói xấu không", False),
        ("nghị định 15/2020 nói gì", False),
    ],
)
def test_a_document_that_only_replaced_one_of_ours_is_told_from_others(
    search: Search, question: str, replaced: bool
) -> None:
    finding = search.answer(question)
    assert (finding.replaces is not None) is replaced
    assert finding.citations


def test_a_named_document_is_preferred(search: Search) -> None:
    assert ids(search.answer("công văn 6389 nói gì về bộ phận quản lý trang"))[0] == "cv-6389-2021/muc-3"
    letter = search.answer("công văn thanh hóa nói gì khi mất tài khoản")
    assert ids(letter)[0] == "cv-stnmt-2024/muc-1/b/3"


def test_only_the_documents_of_the_office_answer(library: Library, background: Background) -> None:
    only = Search(library.only(["cv-stnmt-2024"]), background)
    finding = only.answer("mất tài khoản facebook phải báo ai")
    assert ids(finding) == ["cv-stnmt-2024/muc-1/b/3"]
    assert all(provision.document.id == "cv-stnmt-2024" for provision in finding.alternatives)
    assert only.answer("đăng tin giả phạt bao nhiêu").facts == ()


def test_a_document_for_some_units_answers_only_them(library: Library, background: Background, tmp_path: Path) -> None:
    text = GOOD.replace("level: office", "level: office\naudience: [Phòng Ví Dụ]")
    own = load_document(write(tmp_path, text))
    search = Search(library.with_document(own), background)
    question = "nội quy: xin phép trước khi đăng"
    seen = search.answer(question, units=frozenset({"Phòng Ví Dụ"}))
    hidden = search.answer(question)
    assert "noi-quy-vi-du/dieu-1/khoan-1" in ids(seen)
    assert all(not name.startswith("noi-quy-vi-du") for name in ids(hidden))
    assert all(p.document.id != "noi-quy-vi-du" for p in (*hidden.alternatives, *hidden.nearest))


def test_a_document_is_added_while_the_old_search_goes_on(search: Search, tmp_path: Path) -> None:
    own = load_document(write(tmp_path, GOOD))
    larger = search.with_document(own)
    question = "xin phép trước khi đăng"
    assert ids(larger.answer(question)) == ["noi-quy-vi-du/dieu-1/khoan-1"]
    assert "noi-quy-vi-du/dieu-1/khoan-1" not in ids(search.answer(question))


def test_an_own_rule_goes_before_the_one_that_leaves_it_to_the_office(search: Search, tmp_path: Path) -> None:
    own = GOOD.replace("Xin phép trước khi đăng.", "Chỉ đăng hình ảnh cuộc họp khi được lãnh đạo đồng ý.")
    larger = search.with_document(load_document(write(tmp_path, own)))
    question = "đăng ảnh cuộc họp lên facebook phải xin phép ai"
    assert ids(search.answer(question)) == ["qd-874-2021/dieu-5/khoan-2"]
    assert ids(larger.answer(question)) == ["noi-quy-vi-du/dieu-1/khoan-1"]


def test_the_edition_of_the_day_is_cited(background: Background, tmp_path: Path) -> None:
    search = Search(Library([load_document(write(tmp_path, GOOD))]), background)
    assert search.answer("điều 1 khoản 2", today=dt.date(2025, 5, 1)).citations[0].quote == "Câu cũ."
    assert search.answer("điều 1 khoản 2", today=dt.date(2026, 5, 1)).citations[0].quote == "Câu mới."


def test_merged_units_are_named_by_their_successors(search: Search) -> None:
    found = search.background.successors_in(["Giao Sở Thông tin và Truyền thông", "UBND tỉnh Đắk Nông"])
    assert [entry.name for entry in found] == ["Sở Thông tin và Truyền thông", "Đắk Nông"]
    assert search.background.successors_in(["Sở Tài nguyên và Môi trường"])[0].now == "Sở Nông nghiệp và Môi trường"


def test_who_only_issued_what_is_cited_needs_no_successor(search: Search) -> None:
    cited = "Quyết định số 874/QĐ-BTTTT ngày 17/6/2021 của Bộ Thông tin và Truyền thông"
    assert search.background.successors_in([cited]) == []
    (found,) = search.background.successors_in([cited + ", báo cáo Bộ Thông tin và Truyền thông"])
    assert found.name == "Bộ Thông tin và Truyền thông"


ALPHABET = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(exclude_categories=[]), max_size=100),
    st.lists(
        st.sampled_from(
            ["điều", "khoản", "4", "12", "mục", "công văn", "6389", "874", "nick", "hack", "là gì", "a", "<b>", "';--"]
        ),
        max_size=12,
    ).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(ALPHABET)
def test_no_text_breaks_it_and_every_citation_exists(search: Search, question: str) -> None:
    finding = search.answer(question, today=TODAY)
    for citation in finding.citations:
        provision = search.library.get(citation.provision.id)
        assert provision is citation.provision
        assert citation.edition is provision.edition(TODAY)
        if citation.quote:
            assert citation.wording.quotable
            assert citation.quote == provision.quote(TODAY)[0]
    for provision in (*finding.alternatives, *finding.nearest):
        assert provision.id in search.library
    assert bool(finding.citations) is (finding.outcome is Outcome.ANSWERED or finding.intent == "is-it-true")


@pytest.mark.parametrize(
    "question",
    [
        "x" * 20_000,
        "mạng xã hội " * 2_000,
        "😀" * 500,
        "\x00\x01\x02 hack \x7f",
        "ma\u0323ng xa\u0303 ho\u0323\u0302i co\u0301 nick bi\u0323 hack",
        "社交网络 규칙 правила",
        "<script>alert(1)</script>",
        "'; DROP TABLE questions; --",
        "\ud800\udfff",
        "﷽" * 100,
        "a\u0301" * 5_000,
    ],
)
def test_odd_texts_get_an_answer_or_a_refusal(search: Search, question: str) -> None:
    assert search.answer(question, today=TODAY).outcome in Outcome
