"""The questions that come with the program: fit to be asked, on all that may be quoted, not to be guessed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from handlers.quiz.bank import BUILT_IN, as_json, built_in, from_json
from handlers.quiz.checking import check, quotable, replaced_by
from handlers.quiz.formats import typed
from handlers.quiz.question import Option, Question
from knowledge.documents import Library
from knowledge.showing import cite

CHOICES = [question for question in built_in() if not question.several and not question.is_statement]


def test_there_are_enough_and_they_are_written_as_they_are_read() -> None:
    assert len(built_in()) >= 60
    assert typed.write(built_in()) == BUILT_IN.read_text(encoding="utf-8")


def test_nothing_is_wrong_with_them(library: Library) -> None:
    checked = check(built_in(), library)
    assert list(checked.faults) == []
    assert {note.code for note in checked.notes} == {"replaced"}


def test_every_provision_that_may_be_quoted_is_asked_about(library: Library) -> None:
    asked = {provision for question in built_in() for provision in question.provisions}
    passages = [passage for passage in library.passages() if cite(passage).wording.quotable]
    assert len(passages) == 37
    assert [passage.id for passage in passages if passage.id not in asked] == []
    assert list(check(built_in(), library).uncovered) == []
    assert quotable(library) == passages


def test_each_is_explained_with_its_provision_topic_and_difficulty() -> None:
    for question in built_in():
        assert question.provisions, question.text
        assert question.explanation, question.text
        assert question.topic, question.text
        assert question.difficulty, question.text
        assert question.name, question.text
    assert min(Counter(question.difficulty for question in built_in()).values()) >= 10
    assert min(Counter(question.topic for question in built_in()).values()) >= 2


def test_the_right_answer_is_not_told_by_its_place() -> None:
    places = Counter(question.right[0] for question in CHOICES)
    assert set(places) == {0, 1, 2, 3}
    assert max(places.values()) <= 0.3 * len(CHOICES)


def test_the_right_answer_is_not_told_by_its_length() -> None:
    longest = shortest = 0
    for question in CHOICES:
        right = len(question.options[question.right[0]].text)
        others = [len(option.text) for option in question.options if not option.right]
        longest += right > max(others)
        shortest += right < min(others)
        assert right / max(others) >= 0.6, question.text
        assert right / min(others) <= 1.5, question.text
    # By chance it is a quarter.
    assert longest <= 0.3 * len(CHOICES)
    assert shortest <= 0.3 * len(CHOICES)


def test_they_fit_a_phone() -> None:
    for question in built_in():
        assert len(question.text) + sum(len(option.text) for option in question.options) < 500


def test_what_was_replaced_is_flagged(library: Library) -> None:
    flagged = [question for question in built_in() if replaced_by(question, library)]
    on_it = [question for question in built_in() if question.provisions[0].startswith("qd-874-2021/")]
    assert flagged == on_it
    assert {replaced_by(question, library) for question in flagged} == {"QĐ 423/QĐ-BVHTTDL"}


GOOD = Question("Một?", (Option("x", 100.0), Option("y")), explanation="z", provisions=("cv-6389-2021/muc-1",), line=7)


@pytest.mark.parametrize(
    ("provision", "code"),
    [
        ("qd-874-2021/dieu-4/khoan-99", "unknown_provision"),
        ("qd-999-2021/dieu-1", "unknown_provision"),
        ("cv-6389-2021", "unknown_provision"),
        # The point is known, the words are not: reconstructed, or only recalled.
        ("qd-874-2021/dieu-7/khoan-x1", "not_quotable"),
        ("qd-874-2021/dieu-5/khoan-1", "not_quotable"),
        ("qd-874-2021/dieu-9/khoan-x1", "not_quotable"),
        # It has no words of its own.
        ("qd-874-2021/dieu-4", "not_quotable"),
    ],
)
def test_a_provision_that_cannot_be_quoted_is_a_fault(library: Library, provision: str, code: str) -> None:
    assert list(check([GOOD], library).faults) == []
    checked = check([replace(GOOD, provisions=(provision,))], library)
    assert [(fault.line, fault.code, fault.values["provision"]) for fault in checked.faults] == [(7, code, provision)]


def test_of_two_that_are_the_same_the_second_is_named(library: Library) -> None:
    named = replace(GOOD, name="a")
    again = [named, replace(GOOD, text="MOT?", line=9), replace(GOOD, text="Hai?", name="a", line=11)]
    assert [(fault.line, fault.code) for fault in check(again, library).faults] == [
        (9, "same_question"),
        (11, "same_name"),
    ]


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        (replace(GOOD, provisions=("qd-874-2021/dieu-4/khoan-4",)), ["replaced"]),
        (replace(GOOD, provisions=(), explanation=""), ["no_provision", "no_explanation"]),
        (replace(GOOD, options=(Option("một câu rất dài", 100.0), Option("ngắn"))), ["stands_out"]),
    ],
)
def test_what_is_worth_knowing_is_noted(library: Library, question: Question, codes: list[str]) -> None:
    checked = check([question], library)
    assert list(checked.faults) == []
    assert [note.code for note in checked.notes] == codes


@pytest.mark.parametrize(
    ("option", "keeps"),
    [
        ("Cả A và B đều sai", True),
        ("Tất cả đáp án trên", True),
        ("Tất cả các phương án trên.", True),
        ("Cả ba ý trên", True),
        ("Không có đáp án nào đúng", True),
        ("A và B", True),
        ("Câu A và câu C", True),
        ("Báo cho tất cả bạn bè", False),
        ("Cả cơ quan và gia đình", False),
        ("Tổ A, phường B", False),
        ("Mọi người đều được xem", False),
    ],
)
def test_options_that_speak_of_the_others_stay_where_they_are(option: str, keeps: bool) -> None:
    question = Question("Khi nào?", (Option("ngày sinh"), Option("123456"), Option(option, 100.0)))
    assert question.keeps_order is keeps


def test_a_question_is_the_same_after_it_was_stored() -> None:
    for question in built_in():
        assert from_json(as_json(question)) == question
