"""Practice: which questions somebody has practised, how well he knows each, and on which day it comes again.

Days are ISO dates at the office. How far apart they lie is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Card:
    """A question that somebody practises.

    Attributes:
        level: how often he has answered it right since he last got it wrong.
        due_on: the day from which on it is asked again.
        times: how often he has answered it.
        is_asked: whether it is shown and not answered yet.
        marked: the options that are marked so far where several are to be chosen.
    """

    person: int
    question: int
    level: int
    due_on: str
    times: int
    is_asked: bool
    marked: tuple[int, ...]


def card(database: Database, person: int, question: int) -> Card | None:
    """Return what is known of somebody's practice of a question."""
    row = database.row(
        "SELECT * FROM quiz_practice WHERE person_id = :person AND question_id = :question",
        {"person": person, "question": question},
    )
    return _card(row) if row else None


def due(database: Database, person: int, day: str) -> int | None:
    """Return the question that somebody is to be asked again, the one that is shown already before any other."""
    row = database.row(
        "SELECT p.question_id FROM quiz_practice p JOIN quiz_questions q ON q.id = p.question_id"
        f" WHERE p.person_id = :person AND p.due_on <= :day AND q.retired_at IS NULL AND NOT EXISTS ({_IN_ROUND})"
        " ORDER BY p.is_asked DESC, p.due_on, p.question_id LIMIT 1",
        {"person": person, "day": day},
    )
    return row["question_id"] if row else None


def fresh(database: Database, person: int) -> int | None:
    """Return a question that somebody has not practised yet, of what he gets wrong most.

    First come those that he answered wrong in a round, then others by how much of their topic he gets wrong.
    """
    row = database.row(
        "WITH mine AS (SELECT b.question_id, b.score FROM quiz_answers b JOIN quiz_attempts a ON a.id = b.attempt_id"
        "  WHERE a.person_id = :person AND b.chosen IS NOT NULL"
        "  UNION ALL SELECT question_id, score FROM quiz_practice WHERE person_id = :person AND score IS NOT NULL),"
        " topics AS (SELECT t.topic, avg(1 - m.score) AS wrong FROM mine m"
        "  JOIN quiz_questions t ON t.id = m.question_id GROUP BY t.topic),"
        " own AS (SELECT question_id, avg(1 - score) AS wrong FROM mine GROUP BY question_id)"
        " SELECT q.id FROM quiz_questions q LEFT JOIN topics t ON t.topic = q.topic"
        " LEFT JOIN own o ON o.question_id = q.id WHERE q.retired_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM quiz_practice p WHERE p.person_id = :person AND p.question_id = q.id)"
        f" AND NOT EXISTS ({_IN_ROUND})"
        " ORDER BY CASE WHEN o.wrong > 0 THEN 0 ELSE 1 END, coalesce(t.wrong, 0) DESC, coalesce(o.wrong, 0) DESC,"
        " q.id LIMIT 1",
        {"person": person},
    )
    return row["id"] if row else None


def next_day(database: Database, person: int) -> str | None:
    """Return the day on which somebody's next question comes again, None where he practises none."""
    row = database.row(
        "SELECT min(p.due_on) AS due_on FROM quiz_practice p JOIN quiz_questions q ON q.id = p.question_id"
        " WHERE p.person_id = :person AND q.retired_at IS NULL",
        {"person": person},
    )
    return row["due_on"] if row else None


def answered_on(database: Database, person: int, day: str) -> int:
    """Return how many questions somebody has practised on a day."""
    row = database.row(
        "SELECT count(*) AS n FROM quiz_practice WHERE person_id = :person AND answered_on = :day",
        {"person": person, "day": day},
    )
    return int(row["n"]) if row else 0


def ask(database: Database, person: int, question: int, day: str, now: str) -> None:
    """Note that a question is shown; one that was never practised begins today."""
    database.run(
        "INSERT INTO quiz_practice (person_id, question_id, level, due_on, times, is_asked, marked, touched_at)"
        " VALUES (:person, :question, 0, :day, 0, 1, '[]', :now)"
        " ON CONFLICT (person_id, question_id) DO UPDATE SET is_asked = 1, touched_at = :now",
        {"person": person, "question": question, "day": day, "now": now},
    )


def mark(database: Database, person: int, question: int, marked: Sequence[int]) -> None:
    """Note which options are marked so far of a question that is shown."""
    database.run(
        "UPDATE quiz_practice SET marked = :marked"
        " WHERE person_id = :person AND question_id = :question AND is_asked = 1",
        {"person": person, "question": question, "marked": to_json(list(marked))},
    )


def answer(database: Database, person: int, question: int, score: float, level: int, due_on: str, day: str) -> bool:
    """Take an answer to a question that is shown; False where it is not, or not any more."""
    return bool(
        database.run(
            "UPDATE quiz_practice SET is_asked = 0, marked = '[]', times = times + 1, score = :score, level = :level,"
            " due_on = :due_on, answered_on = :day"
            " WHERE person_id = :person AND question_id = :question AND is_asked = 1",
            {"person": person, "question": question, "score": score, "level": level, "due_on": due_on, "day": day},
        )
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` questions that nobody practised since a time; return how many."""
    return database.run(
        "DELETE FROM quiz_practice WHERE (person_id, question_id) IN"
        " (SELECT person_id, question_id FROM quiz_practice WHERE touched_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


# What is asked in a round that somebody is still to finish is not given away before.
_IN_ROUND = (
    "SELECT 1 FROM quiz_round_questions rq JOIN quiz_rounds r ON r.id = rq.round_id AND r.state <> 'closed'"
    " JOIN quiz_people rp ON rp.round_id = r.id AND rp.person_id = :person WHERE rq.question_id = q.id"
    " AND NOT EXISTS (SELECT 1 FROM quiz_attempts ra WHERE ra.round_id = r.id AND ra.person_id = :person"
    "  AND ra.finished_at IS NOT NULL)"
)


def _card(row: Row) -> Card:
    return Card(
        person=row["person_id"],
        question=row["question_id"],
        level=row["level"],
        due_on=row["due_on"],
        times=row["times"],
        is_asked=bool(row["is_asked"]),
        marked=tuple(from_json(row["marked"])),
    )
