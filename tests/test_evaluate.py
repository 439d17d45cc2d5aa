"""The measuring itself: ranks, hits, MRR on sets with known figures."""

from __future__ import annotations

import pytest

from knowledge.evaluate import as_passage, evaluate, first_hit, is_hit
from knowledge.schema import LexiconEntry


@pytest.mark.parametrize(
    ("found", "relevant", "expected"),
    [
        ("d/dieu-4/khoan-3", ["d/dieu-4"], True),
        ("d/dieu-4", ["d/dieu-4"], True),
        ("d/dieu-4", ["d/dieu-4/khoan-3"], False),
        ("d/dieu-41", ["d/dieu-4"], False),
        ("d/dieu-4", [], False),
    ],
)
def test_an_id_counts_when_it_is_or_lies_under_a_relevant_one(found: str, relevant: list[str], expected: bool) -> None:
    assert is_hit(found, relevant) is expected


def test_the_first_hit_gives_the_rank() -> None:
    assert first_hit(["a", "b", "c"], ["c", "b"]) == 2
    assert first_hit(["a"], ["x"]) is None


def test_a_document_is_read_with_its_title_and_number() -> None:
    passage = as_passage("91/2015@12", "Tên điều\nNội dung")
    assert (passage.heading, passage.text, passage.number) == ("Tên điều", "Nội dung", "12")
    assert as_passage("x", "").number == ""


def test_figures_are_what_they_say(lexicon_entry: LexiconEntry) -> None:
    documents = [("a", "chó mèo"), ("b", "chó gà"), ("c", "lợn bò"), ("d", "lợn")]
    questions = [("mèo", ["a"]), ("lợn", ["c"]), ("voi", ["a"]), ("gà", ["b"])]
    steps = []
    figures = evaluate(documents, questions, lexicon_entry, step=lambda: steps.append(1))
    assert figures.hits == {1: 0.5, 3: 0.75, 5: 0.75, 10: 0.75}
    assert figures.mrr == pytest.approx((1 + 1 / 2 + 0 + 1) / 4)
    assert figures.questions == len(steps) == 4
    assert set(figures.as_json()) == {"hit@1", "hit@3", "hit@5", "hit@10", "mrr", "ms_per_question"}


def test_no_questions_are_no_division_by_zero(lexicon_entry: LexiconEntry) -> None:
    assert evaluate([], [], lexicon_entry).mrr == 0.0
