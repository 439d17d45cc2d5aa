"""Attempts at a round of a quiz: what each person was asked and in which order, and what he answered.

What an attempt asks is fixed when it begins, so that it goes on as it began, on another day or in another messenger. An
answer is given once; whoever gives it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from storage.database import Database, Row
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that somebody takes a round.

    Attributes:
        person: None for somebody of whom nothing is kept any more.
        unit: where he belonged when the round was opened.
        number: which of his attempts it is, from 1.
        questions: the questions by number, each with its options in the order in which they are shown.
        score: the share of what could be reached, from 0 to 1; None while it is not finished.
    """

    id: int
    round: int
    person: int | None
    unit: int | None
    number: int
    questions: tuple[tuple[int, tuple[int, ...]], ...]
    score: float | None
    passed: bool | None
    started_at: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of an attempt that was shown.

    Attributes:
        marked: the options that were marked so far where several are to be chosen.
        chosen: the options that were chosen, by their places in the question; None while it is not answered.
    """

    attempt: int
    place: int
    question: int
    shown_at: str
    marked: tuple[int, ...] = ()
    chosen: tuple[int, ...] | None = None
    score: float | None = None
    answered_at: str | None = None


def begin(
    database: Database,
    number: int,
    person: int,
    unit: int | None,
    attempt: int,
    questions: Sequence[tuple[int, Sequence[int]]],
    now: str,
) -> int:
    """Begin an attempt; return its number."""
    return database.insert(
        "INSERT INTO quiz_attempts (round_id, person_id, unit_id, number, questions, started_at)"
        " VALUES (:round, :person, :unit, :attempt, :questions, :now)",
        {
            "round": number,
            "person": person,
            "unit": unit,
            "attempt": attempt,
            "questions": to_json(questions),
            "now": now,
        },
    )


def get(database: Database, number: int) -> Attempt | None:
    """Return an attempt."""
    row = database.row("SELECT * FROM quiz_attempts WHERE id = :number", {"number": number})
    return _attempt(row) if row else None


def of_person(database: Database, number: int, person: int) -> Sequence[Attempt]:
    """Return somebody's attempts at a round, the first one first."""
    rows = database.rows(
        "SELECT * FROM quiz_attempts WHERE round_id = :round AND person_id = :person ORDER BY number",
        {"round": number, "person": person},
    )
    return [_attempt(row) for row in rows]


def of_round(database: Database, number: int) -> Sequence[Attempt]:
    """Return all attempts at a round, in the order in which they were begun."""
    rows = database.rows("SELECT * FROM quiz_attempts WHERE round_id = :round ORDER BY id", {"round": number})
    return [_attempt(row) for row in rows]


def finish(database: Database, number: int, score: float, passed: bool, now: str) -> None:
    """Note how an attempt ended; one that has ended stays as it is."""
    database.run(
        "UPDATE quiz_attempts SET score = :score, passed = :passed, finished_at = :now"
        " WHERE id = :number AND finished_at IS NULL",
        {"number": number, "score": score, "passed": int(passed), "now": now},
    )


# Answers


def show(database: Database, attempt: int, place: int, question: int, now: str) -> None:
    """Note that a question of an attempt was shown; only the first time counts."""
    database.run(
        "INSERT INTO quiz_answers (attempt_id, place, question_id, shown_at)"
        " VALUES (:attempt, :place, :question, :now) ON CONFLICT (attempt_id, place) DO NOTHING",
        {"attempt": attempt, "place": place, "question": question, "now": now},
    )


def mark(database: Database, attempt: int, place: int, marked: Sequence[int]) -> None:
    """Note which options are marked so far of a question that is not answered yet."""
    database.run(
        "UPDATE quiz_answers SET marked = :marked WHERE attempt_id = :attempt AND place = :place AND chosen IS NULL",
        {"attempt": attempt, "place": place, "marked": to_json(list(marked))},
    )


def answer(database: Database, attempt: int, place: int, chosen: Sequence[int], score: float, now: str) -> bool:
    """Take an answer to a question that was shown; False where it was answered before, or never shown."""
    return bool(
        database.run(
            "UPDATE quiz_answers SET chosen = :chosen, score = :score, answered_at = :now"
            " WHERE attempt_id = :attempt AND place = :place AND chosen IS NULL",
            {"attempt": attempt, "place": place, "chosen": to_json(list(chosen)), "score": score, "now": now},
        )
    )


def answers_of(database: Database, attempt: int) -> Sequence[Answer]:
    """Return the questions of an attempt that were shown, in their order."""
    rows = database.rows("SELECT * FROM quiz_answers WHERE attempt_id = :attempt ORDER BY place", {"attempt": attempt})
    return [_answer(row) for row in rows]


def answers(database: Database, number: int) -> Sequence[Answer]:
    """Return everything that was shown and answered in a round."""
    rows = database.rows(
        "SELECT b.* FROM quiz_answers b JOIN quiz_attempts a ON a.id = b.attempt_id WHERE a.round_id = :round"
        " ORDER BY b.attempt_id, b.place",
        {"round": number},
    )
    return [_answer(row) for row in rows]


@dataclass(frozen=True, slots=True)
class PersonResult:
    """How a round went for one person whom it is for: what he is called today, and his first attempt, if he has one.

    Attributes:
        unit: where he belonged when the round was opened.
    """

    person: int
    name: str
    unit: int | None
    score: float | None
    passed: bool | None
    started_at: str | None
    finished_at: str | None


def person_results(
    database: Database, number: int, units: Collection[int] | None, after: int, limit: int
) -> list[PersonResult]:
    """Return up to `limit` people of a round after one, by their number, of some units or all.

    Each comes with his first attempt.
    """
    values = {f"unit{place}": unit for place, unit in enumerate(units or ())}
    within = "" if units is None else f" AND p.unit_id IN ({', '.join(f':{name}' for name in values) or 'NULL'})"
    rows = database.rows(
        "SELECT p.person_id, p.unit_id, coalesce(m.name, '') AS name, a.score, a.passed, a.started_at, a.finished_at"
        " FROM quiz_people p LEFT JOIN members m ON m.person_id = p.person_id LEFT JOIN quiz_attempts a"
        " ON a.round_id = p.round_id AND a.person_id = p.person_id AND a.number = 1"
        f" WHERE p.round_id = :round AND p.person_id > :after{within} ORDER BY p.person_id LIMIT :limit",
        {"round": number, "after": after, "limit": limit, **values},
    )
    return [
        PersonResult(
            row["person_id"],
            row["name"],
            row["unit_id"],
            row["score"],
            None if row["passed"] is None else bool(row["passed"]),
            row["started_at"],
            row["finished_at"],
        )
        for row in rows
    ]


def paired_scores(database: Database, before: int, after: int) -> dict[tuple[float, float], int]:
    """Return how many people who finished two rounds had which scores at their first attempts, before and after."""
    rows = database.rows(
        "SELECT round(a.score, 9) AS before, round(b.score, 9) AS after, count(*) AS n FROM quiz_attempts a"
        " JOIN quiz_attempts b ON b.round_id = :after AND b.person_id = a.person_id AND b.number = 1"
        " WHERE a.round_id = :before AND a.number = 1 AND a.finished_at IS NOT NULL AND b.finished_at IS NOT NULL"
        " GROUP BY 1, 2",
        {"before": before, "after": after},
    )
    return {(row["before"], row["after"]): row["n"] for row in rows}


def count_of(database: Database, person: int) -> int:
    """Return how many attempts of somebody are known."""
    row = database.row("SELECT count(*) AS n FROM quiz_attempts WHERE person_id = :person", {"person": person})
    return int(row["n"]) if row else 0


def forget(database: Database, person: int) -> None:
    """Let what somebody answered be nobody's; it still counts."""
    database.run("UPDATE quiz_attempts SET person_id = NULL WHERE person_id = :person", {"person": person})


def _attempt(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        round=row["round_id"],
        person=row["person_id"],
        unit=row["unit_id"],
        number=row["number"],
        questions=tuple((question, tuple(options)) for question, options in from_json(row["questions"])),
        score=row["score"],
        passed=None if row["passed"] is None else bool(row["passed"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def _answer(row: Row) -> Answer:
    return Answer(
        attempt=row["attempt_id"],
        place=row["place"],
        question=row["question_id"],
        shown_at=row["shown_at"],
        marked=tuple(from_json(row["marked"])),
        chosen=None if row["chosen"] is None else tuple(from_json(row["chosen"])),
        score=row["score"],
        answered_at=row["answered_at"],
    )
