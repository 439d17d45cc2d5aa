"""A finding in words: quotation marks, notes, sources, dates."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

import pytest

from benchmarks.questions import QUESTIONS, load_lines
from bot.channels.fitting import fit
from bot.channels.markup import seen
from bot.channels.terminal import Terminal
from handlers import ask
from handlers.ask.wording import Writer, _date
from handlers.context import Context
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from tests.conftest import OFFICE, TODAY


@pytest.fixture
def writer(texts: Texts, search: Search) -> Writer:
    return Writer(texts, OFFICE, search)


def reply(writer: Writer, question: str) -> str:
    return writer.reply(writer.search.answer(question, today=TODAY))


def test_a_verbatim_rule_is_quoted_with_its_article_and_document(writer: Writer) -> None:
    first, second, *_ = reply(writer, "khoản 4 điều 4").split("\n")
    assert first == "<b>Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT</b>"
    assert second == "“Chia sẻ những thông tin có nguồn chính thống, đáng tin cậy.”"


def test_what_one_source_copies_is_marked(writer: Writer) -> None:
    text = reply(writer, "khoản 7 điều 4")
    assert "chưa đối chiếu bản gốc" in text
    assert "Số điều, khoản chưa đối chiếu" in text
    assert "chưa đối chiếu bản gốc" not in reply(writer, "khoản 3 điều 4")


def test_what_may_not_be_quoted_has_no_quotation_marks_and_a_source(writer: Writer) -> None:
    for question in ("khoản 3 điều 5", "facebook có được đưa dữ liệu người dùng cho bên thứ ba"):
        text = reply(writer, question)
        assert "“" not in text.split("Lưu ý")[0]
        assert "Ý chính" in text
        assert re.search(r'Nguồn: (?:Reuters.*: )?<a href="https?://(?:www\.)?([^/]+)/[^"]+">\1</a>', text)


def test_a_source_is_called_by_its_name_where_its_address_does_not_tell_whose_it_is(writer: Writer) -> None:
    text = reply(writer, "khoản 3 điều 5")
    assert 'Nguồn: Reuters, 18/6/2021 (tiếng Anh): <a href="https://www.nasdaq.com/' in text


def test_today_is_told_with_its_source_or_as_unknown(writer: Writer) -> None:
    known = reply(writer, "khoản 4 điều 4")
    assert "Nay: Bộ quy tắc mới yêu cầu thận trọng với tin chưa kiểm chứng" in known
    assert "(Tóm tắt theo plo.vn" in known
    assert "chưa có bản chính thức để đối chiếu" in reply(writer, "khoản 3 điều 4")


def test_an_article_says_each_thing_once(writer: Writer) -> None:
    text = reply(writer, "điều 3 nói gì")
    assert text.count("đã được thay thế") == 1
    assert text.count("Tóm tắt theo") == 1
    assert [f"Khoản {n}: “" in text for n in (1, 2, 3, 4)] == [True] * 4


def test_what_is_noted_of_every_passage_stands_once_under_all(writer: Writer) -> None:
    text = reply(writer, "điều 7 nói gì")
    assert text.count("chưa có nguyên văn để trích") == 1
    assert text.count("Ý chính") == 4
    assert text.count("Nguồn: <a ") == 1
    assert text.count("Số điều, khoản chưa đối chiếu bản gốc") == 1
    # One of them is quoted, and the note of a copy belongs to it alone.
    assert "“Khi nhận được thông báo" in text.split("(Trích theo bản sao")[0].split("\n\n")[-1]


def test_a_source_that_is_not_that_of_all_stays_with_its_own_words(writer: Writer) -> None:
    first, second, *rest = writer.search.answer("điều 7", today=TODAY).citations
    without = replace(second, edition=second.edition.model_copy(update={"sources": ()}))
    assert [bool(citation.quote) for citation in (first, second, *rest)] == [False, False, True, False, False]
    assert writer.article([first, second, *rest]).count("Nguồn: ") == 1
    text = writer.article([first, without, *rest])
    assert text.count("Nguồn: ") == 3
    assert "Nguồn: " not in text.split(second.summary)[1].split("\n\n")[0]


def test_of_a_document_that_only_replaced_ours_all_is_said_that_is_known(writer: Writer) -> None:
    text = reply(writer, "qđ 423 nói gì")
    assert text.startswith("QĐ 423/QĐ-BVHTTDL (Bộ Quy tắc ứng xử văn hóa trên môi trường số) ban hành ngày 05/3/2026")
    assert text.count("• Quy tắc chung mới yêu cầu ứng xử văn minh") == 1
    assert text.count("Tóm tắt theo") == 1
    assert "“QĐ 423/QĐ-BVHTTDL” trên cổng thông tin của cơ quan ban hành, hoặc hỏi Văn phòng" in text
    assert "có hiệu lực thi hành kể từ ngày ký" not in text


def test_what_is_known_of_another_document_stands_right_under_that_it_is_missing(writer: Writer) -> None:
    text = reply(writer, "nghị định 15/2020 nói gì")
    assert text.startswith("Tôi không có toàn văn nghị định 15/2020.\n\nĐiều đã tra được:\n• ")
    assert "Ngoài văn bản trên" not in text


def test_the_list_of_what_else_may_apply_names_document_and_topic(writer: Writer) -> None:
    text = reply(writer, "share bài chưa kiểm chứng có sao không")
    assert "• Mục 4, CV 6389/UBND-KGVX: Cán bộ: nêu nguồn" in text


def test_a_short_answer_fits_a_phone(writer: Writer) -> None:
    for question in ("share bài chưa kiểm chứng có sao không", "nick bị hack", "đặt tên giả trên facebook"):
        assert len(reply(writer, question)) < 1200, question


def test_answers_stay_near_a_screenful(writer: Writer) -> None:
    """Measured on the regression set without the articles that were asked for as a whole: a phone shows about 900."""
    findings = [writer.search.answer(line.text, today=TODAY) for line in load_lines(QUESTIONS)]
    lengths = sorted(len(writer.reply(finding)) for finding in findings if len(finding.citations) < 2)
    assert lengths[len(lengths) // 2] < 900
    assert lengths[len(lengths) * 95 // 100] < 1_600


def test_answers_stay_within_two_screens_of_a_phone(context: Context) -> None:
    """Measured on the regression set where the choices stand in the text: a phone shows 20 lines of 44 letters."""
    rows = []
    with context.database.transaction():
        for line in load_lines(QUESTIONS):
            (answer,) = ask.answer(line.text, context)
            text = "\n".join(seen(message["text"]) for message in fit(answer, Terminal.abilities, context.texts))
            rows.append(sum(max(1, len(textwrap.wrap(paragraph, 44))) for paragraph in text.split("\n")))
    assert sum(row > 40 for row in rows) <= 1
    assert sum(row > 30 for row in rows) <= len(rows) * 11 // 100


def test_a_clause_without_its_article_is_asked_back_for(writer: Writer) -> None:
    assert "cho biết khoản 3 của điều nào" in reply(writer, "khoản 3 nói gì")


def test_a_declined_question_says_whether_it_was_kept(writer: Writer) -> None:
    finding = writer.search.answer("thời tiết hôm nay", today=TODAY)
    assert "đã được ghi lại" in writer.reply(finding, noted=True)
    assert "đã được ghi lại" not in writer.reply(finding)


@pytest.mark.parametrize(
    ("office", "who"),
    [
        (Office(), "bộ phận phụ trách ở cơ quan"),
        (Office(contact="Phòng A"), "Phòng A"),
        (Office(contact="Phòng A", phone="0000"), "Phòng A, điện thoại 0000"),
        (Office(contact="Phòng A", hours="8-17 giờ"), "Phòng A (8-17 giờ)"),
    ],
)
def test_the_contact_leaves_out_what_is_not_known(texts: Texts, search: Search, office: Office, who: str) -> None:
    assert Writer(texts, office, search).who() == who


@pytest.mark.parametrize(
    ("partial", "written"),
    [("2026-03-05", "05/3/2026"), ("2026-01-12", "12/01/2026"), ("2021-06", "6/2021"), ("2024", "2024")],
)
def test_dates_are_written_as_in_official_letters(partial: str, written: str) -> None:
    assert _date(partial) == written
