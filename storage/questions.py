"""Questions that found no answer and votes on answers, counted, without who asked.

A question is kept with its day, not its time, so that it cannot be laid beside anybody's messages. Questions
that differ only in accents, case or spacing are one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.database import Database

Column = Literal["asked", "helpful", "wrong", "off_topic", "unclear"]
COLUMNS: tuple[Column, ...] = ("asked", "helpful", "wrong", "off_topic", "unclear")


@dataclass(frozen=True, slots=True)
class QuestionCount:
    """A question with what was shown for it and how often what happened.

    Attributes:
        text: as it was last asked, secrets masked.
        outcome: "answered" or why not.
        shown: ids of the provisions that were shown, best first.
        asked: how often it stayed without an answer.
        helpful, wrong, off_topic, unclear: votes on the answer.
        first_day, last_day: ISO dates.
    """

    text: str
    outcome: str
    shown: tuple[str, ...]
    asked: int
    helpful: int
    wrong: int
    off_topic: int
    unclear: int
    first_day: str
    last_day: str


def count(
    database: Database,
    column: Column,
    *,
    folded: str,
    text: str,
    outcome: str,
    shown: Sequence[str],
    day: str,
) -> None:
    """Add one to a count of a question with this outcome and these provisions shown."""
    if column not in COLUMNS:
        raise ValueError(column)
    # The column comes from the list above, never from outside.
    database.run(
        f"INSERT INTO questions (folded, text, outcome, shown, {column}, first_day, last_day)"
        " VALUES (:folded, :text, :outcome, :shown, 1, :day, :day)"
        " ON CONFLICT (folded, outcome, shown) DO UPDATE SET"
        f" {column} = questions.{column} + 1, text = excluded.text, last_day = excluded.last_day",
        {
            "folded": folded,
            "text": text,
            "outcome": outcome,
            "shown": json.dumps(list(shown)),
            "day": day,
        },
    )


def counted(database: Database, limit: int) -> list[QuestionCount]:
    """Return the questions that need somebody's eye most: unanswered and voted down first, then by count."""
    rows = database.rows(
        "SELECT text, outcome, shown, asked, helpful, wrong, off_topic, unclear, first_day, last_day"
        " FROM questions ORDER BY asked + wrong + off_topic + unclear DESC, helpful DESC, last_day DESC, id"
        " LIMIT :limit",
        {"limit": limit},
    )
    return [QuestionCount(**{**row, "shown": tuple(json.loads(row["shown"]))}) for row in rows]


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` questions that were last asked before a day; return how many."""
    return database.run(
        "DELETE FROM questions WHERE id IN (SELECT id FROM questions WHERE last_day < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
