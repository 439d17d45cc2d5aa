"""Banks of questions: each question is kept as it was when it was asked, and a change of it is a new question.

What a question holds is plain JSON, which this room does not read. A question that is no longer in its bank stays, with
the time when it went, so that what was answered can still be read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank and how many questions it has."""

    id: int
    name: str
    updated_at: str
    questions: int


@dataclass(frozen=True, slots=True)
class StoredQuestion:
    """A question of a bank.

    Attributes:
        key: what it is known by when the bank is read again.
        content: what it holds, plain JSON.
        topic: what it is about, so that topics can be counted.
        retired_at: since when it is no longer in the bank, None while it is.
    """

    id: int
    bank: int
    key: str
    content: dict[str, Any]
    topic: str
    retired_at: str | None


def create_bank(database: Database, name: str, folded: str, now: str) -> int:
    """Open a bank; return its number."""
    return database.insert(
        "INSERT INTO quiz_banks (name, folded, created_at, updated_at) VALUES (:name, :folded, :now, :now)",
        {"name": name, "folded": folded, "now": now},
    )


def find_bank(database: Database, folded: str) -> Bank | None:
    """Return the bank of a folded name."""
    row = database.row(f"{_BANKS} WHERE b.folded = :folded GROUP BY b.id", {"folded": folded})
    return _bank(row) if row else None


def banks(database: Database) -> Sequence[Bank]:
    """Return all banks by name."""
    return [_bank(row) for row in database.rows(f"{_BANKS} GROUP BY b.id ORDER BY b.folded")]


def touch_bank(database: Database, bank: int, now: str) -> None:
    """Note that a bank was changed."""
    database.run("UPDATE quiz_banks SET updated_at = :now WHERE id = :bank", {"bank": bank, "now": now})


def add_question(database: Database, bank: int, place: int, key: str, content: dict[str, Any], topic: str) -> int:
    """Put a question into a bank at a place; return its number."""
    return database.insert(
        "INSERT INTO quiz_questions (bank_id, place, key, content, topic)"
        " VALUES (:bank, :place, :key, :content, :topic)",
        {"bank": bank, "place": place, "key": key, "content": to_json(content), "topic": topic},
    )


def place_question(database: Database, question: int, place: int) -> None:
    """Let a question stand at another place of its bank."""
    database.run(
        "UPDATE quiz_questions SET place = :place WHERE id = :question AND place <> :place",
        {"question": question, "place": place},
    )


def retire_question(database: Database, question: int, now: str) -> None:
    """Take a question out of its bank."""
    database.run(
        "UPDATE quiz_questions SET retired_at = :now WHERE id = :question AND retired_at IS NULL",
        {"question": question, "now": now},
    )


def questions_of(database: Database, bank: int) -> Sequence[StoredQuestion]:
    """Return the questions that are in a bank now, in its order."""
    rows = database.rows(
        f"{_QUESTIONS} WHERE bank_id = :bank AND retired_at IS NULL ORDER BY place, id", {"bank": bank}
    )
    return [_question(row) for row in rows]


def question(database: Database, number: int) -> StoredQuestion | None:
    """Return a question, also one that is no longer in its bank."""
    row = database.row(f"{_QUESTIONS} WHERE id = :number", {"number": number})
    return _question(row) if row else None


def some_questions(database: Database, numbers: Collection[int]) -> dict[int, StoredQuestion]:
    """Return questions by their numbers, also those that are no longer in their bank."""
    values = {f"number{place}": number for place, number in enumerate(numbers)}
    rows = database.rows(f"{_QUESTIONS} WHERE id IN ({', '.join(f':{name}' for name in values) or 'NULL'})", values)
    return {row["id"]: _question(row) for row in rows}


def purge_questions(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` questions that went before a time and that no round asks; return how many."""
    return database.run(
        "DELETE FROM quiz_questions WHERE id IN (SELECT q.id FROM quiz_questions q WHERE q.retired_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM quiz_round_questions r WHERE r.question_id = q.id) LIMIT :limit)",
        {"before": before, "limit": limit},
    )


_BANKS = (
    "SELECT b.id, b.name, b.updated_at, count(q.id) AS questions FROM quiz_banks b"
    " LEFT JOIN quiz_questions q ON q.bank_id = b.id AND q.retired_at IS NULL"
)
_QUESTIONS = "SELECT id, bank_id, key, content, topic, retired_at FROM quiz_questions"


def _bank(row: Row) -> Bank:
    return Bank(row["id"], row["name"], row["updated_at"], row["questions"])


def _question(row: Row) -> StoredQuestion:
    return StoredQuestion(
        row["id"], row["bank_id"], row["key"], from_json(row["content"]), row["topic"], row["retired_at"]
    )
