from __future__ import annotations

from typing import Any, get_args

import pytest

from storage import questions
from storage.database import Database
from storage.questions import COLUMNS, Column, QuestionCount


def count(database: Database, column: Column = "asked", folded: str = "di muon", **changed: Any) -> None:
    values: dict[str, Any] = {"text": "Đi muộn?", "outcome": "not found", "shown": (), "day": "2026-11-21", **changed}
    questions.count(database, column, folded=folded, **values)


def test_nothing_was_counted_yet(database: Database) -> None:
    assert questions.counted(database, 10) == []


def test_the_same_question_is_one_with_its_latest_words_and_its_days(database: Database) -> None:
    count(database, text="Đi muộn?", day="2026-11-19")
    count(database, text="ĐI MUỘN", day="2026-11-20")
    count(database, text="di muon", day="2026-11-21")
    assert questions.counted(database, 10) == [
        QuestionCount("di muon", "not found", (), 3, 0, 0, 0, 0, "2026-11-19", "2026-11-21")
    ]


@pytest.mark.parametrize(
    "changed",
    [{"folded": "ve som"}, {"outcome": "answered"}, {"shown": ("vd-2026/dieu-1",)}],
    ids=["question", "outcome", "provisions shown"],
)
def test_another_question_outcome_or_answer_is_counted_apart(database: Database, changed: dict[str, Any]) -> None:
    count(database)
    count(database, **changed)
    assert [question.asked for question in questions.counted(database, 10)] == [1, 1]


def test_the_order_of_the_provisions_shown_is_kept(database: Database) -> None:
    shown = ("vd-2026/dieu-2", "vd-2026/dieu-1")
    count(database, "helpful", outcome="answered", shown=shown)
    count(database, "helpful", outcome="answered", shown=list(shown))
    assert [(q.shown, q.helpful) for q in questions.counted(database, 10)] == [(shown, 2)]


@pytest.mark.parametrize("column", COLUMNS)
def test_each_count_stands_for_itself(database: Database, column: Column) -> None:
    count(database, column)
    count(database, column)
    (found,) = questions.counted(database, 10)
    assert {name: getattr(found, name) for name in COLUMNS} == {name: 2 if name == column else 0 for name in COLUMNS}


def test_all_columns_are_known() -> None:
    assert get_args(Column) == COLUMNS


@pytest.mark.parametrize("column", ["text", "day", "", "asked = 1, text", "ASKED"])
def test_an_unknown_column_is_refused_and_nothing_is_written(database: Database, column: Any) -> None:
    with pytest.raises(ValueError, match="^" + column):
        count(database, column)
    assert questions.counted(database, 10) == []


def counts(database: Database, name: str, day: str = "2026-11-21", **times: int) -> None:
    for column, number in times.items():
        for _ in range(number):
            count(database, column, name, text=name, day=day)  # type: ignore[arg-type]


def test_what_needs_attention_most_comes_first(database: Database) -> None:
    counts(database, "khen nhiều", helpful=5)
    counts(database, "hỏi một lần", asked=1)
    counts(database, "chê ba kiểu", wrong=1, off_topic=1, unclear=1)
    counts(database, "hỏi hai lần", asked=2)
    counts(database, "khen ít", helpful=1)
    listed = [question.text for question in questions.counted(database, 10)]
    assert listed == ["chê ba kiểu", "hỏi hai lần", "hỏi một lần", "khen nhiều", "khen ít"]


def test_of_equal_ones_the_latest_comes_first(database: Database) -> None:
    counts(database, "cũ", "2026-11-01", asked=1)
    counts(database, "mới", "2026-11-20", asked=1)
    counts(database, "cũng mới", "2026-11-20", asked=1)
    assert [question.text for question in questions.counted(database, 10)] == ["mới", "cũng mới", "cũ"]


@pytest.mark.parametrize(("limit", "expected"), [(1, ["a"]), (2, ["a", "b"]), (9, ["a", "b", "c"])])
def test_the_list_can_be_limited(database: Database, limit: int, expected: list[str]) -> None:
    counts(database, "a", asked=3)
    counts(database, "b", asked=2)
    counts(database, "c", asked=1)
    assert [question.text for question in questions.counted(database, limit)] == expected


def test_no_column_could_hold_who_asked(database: Database) -> None:
    columns = {row["name"] for row in database.rows("PRAGMA table_info(questions)")}
    assert columns == {"id", "folded", "text", "outcome", "shown", *COLUMNS, "first_day", "last_day"}


def test_what_nobody_asked_again_is_deleted_after_its_day(database: Database) -> None:
    count(database, folded="cu", text="Cũ?", day="2025-11-20")
    count(database, folded="moi", text="Mới?", day="2025-11-21")
    count(database, folded="hoi lai", text="Hỏi lại?", day="2025-01-01")
    count(database, folded="hoi lai", text="Hỏi lại?", day="2026-11-21")
    assert questions.purge(database, "2025-11-21", 10) == 1
    assert {question.text for question in questions.counted(database, 10)} == {"Mới?", "Hỏi lại?"}


def test_many_old_questions_are_deleted_in_parts(database: Database) -> None:
    for number in range(5):
        count(database, folded=str(number), day="2025-01-01")
    count(database)
    assert [questions.purge(database, "2025-11-21", 2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(questions.counted(database, 10)) == 1
