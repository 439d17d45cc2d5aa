"""Whatever a bank holds, written and read again it is the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.quiz import formats
from handlers.quiz.formats import Format, aiken, gift, typed
from handlers.quiz.question import Option, Question, clean
from handlers.texts import load_texts
from tests.quiz_questions import filled, questions

TEXTS = load_texts()


@given(st.text())
def test_a_clean_text_is_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("form", [Format.TYPED, Format.GIFT, Format.CSV, Format.XLSX, Format.WORD])
@settings(max_examples=150, deadline=None)
@given(bank=st.lists(questions(), min_size=1, max_size=4))
def test_a_bank_is_the_same_after_it_was_written_and_read(form: Format, bank: list[Question]) -> None:
    # What has none of the letters that only Vietnamese has is taken for letters of an old font.
    bank = [*bank, Question("Một ộ?", (Option("x", 100.0), Option("y")))]
    content, unwritten = formats.write(bank, form, TEXTS)
    reading = formats.read(content, f"vidu.{form}", form)
    assert not unwritten
    assert list(reading.faults) == []
    assert list(reading.questions) == bank


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(filled, st.lists(filled, min_size=2, max_size=5, unique=True)), min_size=1, max_size=4))
def test_aiken_keeps_what_it_can_hold_and_names_the_rest(bank: list[tuple[str, list[str]]]) -> None:
    plain = [Question(text, (Option(first, 100.0), *map(Option, others))) for text, (first, *others) in bank]
    text, unwritten = aiken.write(plain)
    kept = [question for number, question in enumerate(plain, 1) if number not in {one.line for one in unwritten}]
    reading = aiken.read(text)
    assert list(reading.questions) == kept
    assert list(reading.faults) == []


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    for read in (gift.read, aiken.read, lambda text: typed.read(typed.plain_lines(text))):
        reading = read(text)
        assert all(fault.code for fault in reading.faults)
