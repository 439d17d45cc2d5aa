"""Rounds of a quiz: what each asks, how it is taken, and from when until when.

A round asks the questions that its bank had when it was planned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.database import Database, Row
from storage.stored_json import from_json, to_json

State = Literal["planned", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Round:
    """A round.

    Attributes:
        settings: how it is taken, plain JSON, which this room does not read.
        opens_at, closes_at: UTC.
    """

    id: int
    bank: int
    title: str
    state: State
    settings: dict[str, Any]
    opens_at: str
    closes_at: str
    created_by: int


def create(
    database: Database,
    bank: int,
    title: str,
    settings: dict[str, Any],
    questions: Collection[int],
    opens_at: str,
    closes_at: str,
    by: int,
    now: str,
) -> int:
    """Plan a round that asks these questions; return its number."""
    number = database.insert(
        "INSERT INTO quiz_rounds (bank_id, title, state, settings, opens_at, closes_at, created_at, created_by)"
        " VALUES (:bank, :title, 'planned', :settings, :opens_at, :closes_at, :now, :by)",
        {
            "bank": bank,
            "title": title,
            "settings": to_json(settings),
            "opens_at": opens_at,
            "closes_at": closes_at,
            "now": now,
            "by": by,
        },
    )
    for question in questions:
        database.run(
            "INSERT INTO quiz_round_questions (round_id, question_id) VALUES (:round, :question)",
            {"round": number, "question": question},
        )
    return number


def get(database: Database, number: int) -> Round | None:
    """Return a round."""
    row = database.row("SELECT * FROM quiz_rounds WHERE id = :number", {"number": number})
    return _round(row) if row else None


def newest(database: Database, limit: int, before: int | None = None) -> Sequence[Round]:
    """Return up to `limit` rounds, the newest first; with `before` those of lower numbers."""
    rows = database.rows(
        "SELECT * FROM quiz_rounds WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit",
        {"limit": limit, "before": before},
    )
    return [_round(row) for row in rows]


def newest_for(database: Database, units: Collection[int], limit: int, before: int | None = None) -> Sequence[Round]:
    """Return up to `limit` rounds that are for people of some units, the newest first; `before` as above."""
    values = {f"unit{place}": unit for place, unit in enumerate(units)}
    rows = database.rows(
        "SELECT r.* FROM quiz_rounds r WHERE EXISTS (SELECT 1 FROM quiz_people p WHERE p.round_id = r.id"
        f" AND p.unit_id IN ({', '.join(f':{name}' for name in values) or 'NULL'}))"
        " AND (:before IS NULL OR r.id < :before) ORDER BY r.id DESC LIMIT :limit",
        {"limit": limit, "before": before, **values},
    )
    return [_round(row) for row in rows]


def rounds_for(database: Database, person: int) -> Sequence[Round]:
    """Return the rounds that are open and for somebody, and those closed that he took part in, the newest first."""
    rows = database.rows(
        "SELECT r.* FROM quiz_rounds r JOIN quiz_people p ON p.round_id = r.id AND p.person_id = :person"
        " WHERE r.state = 'open' OR (r.state = 'closed' AND EXISTS"
        " (SELECT 1 FROM quiz_attempts a WHERE a.round_id = r.id AND a.person_id = :person)) ORDER BY r.id DESC",
        {"person": person},
    )
    return [_round(row) for row in rows]


def set_state(database: Database, number: int, state: State) -> None:
    """Let a round be planned, open or closed."""
    database.run("UPDATE quiz_rounds SET state = :state WHERE id = :number", {"number": number, "state": state})


def questions_of(database: Database, number: int) -> Sequence[int]:
    """Return the questions of a round, by number."""
    rows = database.rows(
        "SELECT question_id FROM quiz_round_questions WHERE round_id = :number ORDER BY question_id", {"number": number}
    )
    return [row["question_id"] for row in rows]


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` rows of rounds that closed before a time, the answers first; return how many."""
    values = {"before": before, "limit": limit}
    old = "SELECT id FROM quiz_rounds WHERE state = 'closed' AND closes_at < :before"
    for table, of_old in (
        ("quiz_answers", f"attempt_id IN (SELECT id FROM quiz_attempts WHERE round_id IN ({old}))"),
        ("quiz_attempts", f"round_id IN ({old})"),
        ("quiz_people", f"round_id IN ({old})"),
        ("quiz_counts", f"round_id IN ({old})"),
        ("quiz_round_questions", f"round_id IN ({old})"),
        ("quiz_rounds", f"id IN ({old})"),
    ):
        key = ", ".join(_COUNTS_KEY) if table == "quiz_counts" else "rowid"
        deleted = database.run(
            f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {of_old} LIMIT :limit)", values
        )
        if deleted == limit:
            return limit
    return 0


_COUNTS_KEY = ("round_id", "unit_id", "question_id", "measure", "value", "other")


def _round(row: Row) -> Round:
    return Round(
        id=row["id"],
        bank=row["bank_id"],
        title=row["title"],
        state=row["state"],
        settings=from_json(row["settings"]),
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        created_by=row["created_by"],
    )
