"""Aiken as Moodle describes it (https://docs.moodle.org/en/Aiken_format)."""

from __future__ import annotations

import pytest

from handlers.quiz import formats
from handlers.quiz.formats import aiken
from handlers.quiz.question import Difficulty, Option, Question

TWO = """Ai chịu trách nhiệm về bài mình đăng?
A. Người đọc
B. Người đăng
C. Nhà mạng
ANSWER: B

Nên dùng tên thật?
A) Không
B) Có
ANSWER: B
"""


def test_dots_and_brackets() -> None:
    reading = aiken.read(TWO)
    assert list(reading.faults) == []
    assert [question.line for question in reading.questions] == [1, 7]
    first, second = reading.questions
    assert first.options == (Option("Người đọc"), Option("Người đăng", 100.0), Option("Nhà mạng"))
    assert second.options == (Option("Không"), Option("Có", 100.0))


def test_windows_lines_small_letters_and_no_empty_line() -> None:
    text = "\ufeffMột?\r\na. x\r\nb. y\r\nanswer: b\r\nHai?\r\nA. x\r\nB. y\r\nANSWER : A\r\n"
    reading = formats.read(text.encode(), "vidu.txt")
    assert list(reading.faults) == []
    assert [question.right for question in reading.questions] == [(1,), (0,)]


@pytest.mark.parametrize("answer", ["B", "B.", " b ", "B) y", "B. y"])
def test_how_the_answer_may_be_written(answer: str) -> None:
    reading = aiken.read(f"Một?\nA. x\nB. y\nANSWER: {answer}")
    assert list(reading.faults) == []
    assert reading.questions[0].right == (1,)


def test_a_question_may_take_several_lines() -> None:
    reading = aiken.read("Một\n hai?\nA. x\n\nB. y\nANSWER: A")
    assert reading.questions[0].text == "Một\nhai?"


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("Một?\nA. x\nB. y\nANSWER: C", 4, "aiken_answer"),
        ("Một?\nA. x\nB. y\nANSWER:", 4, "aiken_answer"),
        ("Một?\nA. x\nB. y\nANSWER: AB", 4, "aiken_answer"),
        ("Một?\nA. x\nC. y\nANSWER: A", 3, "aiken_order"),
        ("Một?\nA. x\nB. y\n\nHai?\nA. x\nB. y\nANSWER: A", 1, "aiken_no_answer"),
        ("Một?\nA. x\nB. y", 1, "aiken_no_answer"),
        ("Một?\nA. x\nANSWER: A", 1, "option_count"),
        ("Một?\nA.\nB. y\nANSWER: B", 1, "empty_option"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, code: str) -> None:
    assert [(fault.line, fault.code) for fault in aiken.read(text).faults] == [(line, code)]


def test_more_than_one_right_answer_has_no_place() -> None:
    several = Question("Một?", (Option("x", 50.0), Option("y", 50.0)), several=True)
    partly = Question("Hai?", (Option("x", 100.0), Option("y", 50.0)))
    plain = Question("Ba?", (Option("x"), Option("y", 100.0)))
    text, unwritten = aiken.write([several, partly, plain, Question("Bốn?\nA. z", plain.options)])
    assert text == "Ba?\nA. x\nB. y\nANSWER: B\n"
    assert [(fault.line, fault.code) for fault in unwritten] == [
        (1, "aiken_one_answer"),
        (2, "aiken_one_answer"),
        (4, "aiken_line"),
    ]


def test_what_it_leaves_out_is_known() -> None:
    plain = (Option("x"), Option("y", 100.0))
    assert not aiken.loses(Question("Một?", plain))
    assert aiken.loses(Question("Một?", plain, difficulty=Difficulty.EASY))
    assert aiken.loses(Question("Một?", (Option("x", 0.0, "sai"), Option("y", 100.0))))
