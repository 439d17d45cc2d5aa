"""Rounds of a quiz: whom it is for, what each person was asked and in which order, and what he answered.

A round asks the questions that its bank had when it was planned. What an attempt asks is fixed when it begins, so that
it goes on as it began, on another day or in another messenger. An answer is given once; whoever gives it again changes
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.database import Database, Row, to_json
from storage.recipients import Selection

State = Literal["planned", "open", "closed"]

ANNOUNCED, REMINDED = 1, 2
"""What a person of a round was told of it so far; 0 for nothing yet."""


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


# Rounds


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
        " VALUES (:bank, :title, 'planned', :settings, :opens_at, :closes_at, :now, :by) RETURNING id",
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


def newest(database: Database, limit: int) -> Sequence[Round]:
    """Return up to `limit` rounds, the newest first."""
    return [
        _round(row)
        for row in database.rows("SELECT * FROM quiz_rounds ORDER BY id DESC LIMIT :limit", {"limit": limit})
    ]


def newest_for(database: Database, units: Collection[int], limit: int) -> Sequence[Round]:
    """Return up to `limit` rounds that are for people of some units, the newest first."""
    values = {f"unit{place}": unit for place, unit in enumerate(units)}
    rows = database.rows(
        "SELECT r.* FROM quiz_rounds r WHERE EXISTS (SELECT 1 FROM quiz_people p WHERE p.round_id = r.id"
        f" AND p.unit_id IN ({', '.join(f':{name}' for name in values) or 'NULL'})) ORDER BY r.id DESC LIMIT :limit",
        {"limit": limit, **values},
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


# People


def add_person(database: Database, number: int, person: int, unit: int | None) -> None:
    """Let a round be for somebody, too."""
    database.run(
        "INSERT INTO quiz_people (round_id, person_id, unit_id) VALUES (:round, :person, :unit)"
        " ON CONFLICT (round_id, person_id) DO NOTHING",
        {"round": number, "person": person, "unit": unit},
    )


def add_people(database: Database, number: int, selection: Selection, day: str, after: int, limit: int) -> int | None:
    """Let a round be for whoever is meant among the next `limit` members after a person.

    Returns the last of these members, None where there are no more.
    """
    row = database.row(
        "SELECT max(person_id) AS last FROM (SELECT person_id FROM members WHERE person_id > :after"
        " ORDER BY person_id LIMIT :limit)",
        {"after": after, "limit": limit},
    )
    if row is None or row["last"] is None:
        return None
    database.run(
        "INSERT INTO quiz_people (round_id, person_id, unit_id)"
        f" SELECT :added_to, m.person_id, m.unit_id FROM ({_JOINED} AND p.person_id > :after AND p.person_id <= :last)"
        f" m WHERE {selection.where} ON CONFLICT (round_id, person_id) DO NOTHING",
        {"added_to": number, "day": day, "after": after, "last": row["last"], **selection.values},
    )
    return int(row["last"])


def survey(database: Database, selection: Selection, day: str) -> dict[tuple[str, str] | None, int]:
    """Return how many members are meant, by the channel and account where each is written to; None for nowhere."""
    # As in people.all_reached_at: the private chat used last of those that are neither held nor closed.
    reached = (
        "SELECT a.channel || ' ' || a.account FROM addresses a WHERE a.person_id = m.person_id AND a.in_group = 0"
        " AND a.held_at IS NULL AND NOT EXISTS (SELECT 1 FROM closed_chats c WHERE c.channel = a.channel"
        " AND c.account = a.account AND c.chat = a.chat) AND NOT EXISTS (SELECT 1 FROM homes h"
        " WHERE h.person_id = a.person_id AND h.channel = a.channel AND h.account <> a.account)"
        " ORDER BY a.used_at DESC LIMIT 1"
    )
    rows = database.rows(
        f"SELECT ({reached}) AS reached, count(*) AS n FROM ({_JOINED}) m WHERE {selection.where} GROUP BY 1",
        {"day": day, **selection.values},
    )
    found: dict[tuple[str, str] | None, int] = {}
    for row in rows:
        channel, _, account = (row["reached"] or "").partition(" ")
        found[(channel, account) if row["reached"] else None] = row["n"]
    return found


_JOINED = (
    "SELECT p.person_id, (SELECT s.unit_id FROM memberships s WHERE s.person_id = p.person_id AND s.from_day <= :day"
    " AND (s.until_day IS NULL OR s.until_day > :day) ORDER BY s.from_day DESC LIMIT 1) AS unit_id"
    " FROM members p WHERE p.state = 'joined'"
)


def not_finished(number: int) -> Selection:
    """Select those whom a round is for who have not finished it."""
    return Selection(f"{_MEANT} AND NOT EXISTS ({_FINISHED})", {"quiz": number})


def not_passed(number: int) -> Selection:
    """Select those whom a round is for who have not passed it, whether they took it or not."""
    return Selection(f"{_MEANT} AND NOT EXISTS ({_FINISHED} AND e.passed = 1)", {"quiz": number})


def failed(number: int) -> Selection:
    """Select those who finished a round and have not passed it."""
    where = f"{_MEANT} AND EXISTS ({_FINISHED}) AND NOT EXISTS ({_FINISHED} AND e.passed = 1)"
    return Selection(where, {"quiz": number})


_MEANT = "EXISTS (SELECT 1 FROM quiz_people q WHERE q.round_id = :quiz AND q.person_id = m.person_id)"
_FINISHED = (
    "SELECT 1 FROM quiz_attempts e WHERE e.round_id = :quiz AND e.person_id = m.person_id AND e.finished_at IS NOT NULL"
)


def unit_of(database: Database, number: int, person: int) -> tuple[bool, int | None]:
    """Return whether a round is for somebody, and the unit he belonged to when it was opened."""
    row = database.row(
        "SELECT unit_id FROM quiz_people WHERE round_id = :round AND person_id = :person",
        {"round": number, "person": person},
    )
    return row is not None, row["unit_id"] if row else None


def count_people(database: Database, number: int) -> dict[int | None, int]:
    """Return how many people of each unit a round is for."""
    rows = database.rows(
        "SELECT unit_id, count(*) AS n FROM quiz_people WHERE round_id = :round GROUP BY unit_id", {"round": number}
    )
    return {row["unit_id"]: row["n"] for row in rows}


def people_of(database: Database, number: int) -> Sequence[tuple[int, int | None]]:
    """Return (person, unit) of everybody whom a round is for."""
    rows = database.rows(
        "SELECT person_id, unit_id FROM quiz_people WHERE round_id = :round ORDER BY person_id", {"round": number}
    )
    return [(row["person_id"], row["unit_id"]) for row in rows]


def to_tell(database: Database, number: int, told: int, limit: int) -> Sequence[int]:
    """Return up to `limit` people who were told less of a round so far and have not finished it."""
    rows = database.rows(
        "SELECT p.person_id FROM quiz_people p WHERE p.round_id = :round AND p.told < :told AND NOT EXISTS"
        " (SELECT 1 FROM quiz_attempts a WHERE a.round_id = p.round_id AND a.person_id = p.person_id"
        "  AND a.finished_at IS NOT NULL) ORDER BY p.person_id LIMIT :limit",
        {"round": number, "told": told, "limit": limit},
    )
    return [row["person_id"] for row in rows]


def note_told(database: Database, number: int, person: int, told: int) -> None:
    """Note what somebody was told of a round."""
    database.run(
        "UPDATE quiz_people SET told = :told WHERE round_id = :round AND person_id = :person",
        {"round": number, "person": person, "told": told},
    )


def rounds_for(database: Database, person: int) -> Sequence[Round]:
    """Return the rounds that are open and for somebody, and those closed that he took part in, the newest first."""
    rows = database.rows(
        "SELECT r.* FROM quiz_rounds r JOIN quiz_people p ON p.round_id = r.id AND p.person_id = :person"
        " WHERE r.state = 'open' OR (r.state = 'closed' AND EXISTS"
        " (SELECT 1 FROM quiz_attempts a WHERE a.round_id = r.id AND a.person_id = :person)) ORDER BY r.id DESC",
        {"person": person},
    )
    return [_round(row) for row in rows]


# Attempts


def begin_attempt(
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
        " VALUES (:round, :person, :unit, :attempt, :questions, :now) RETURNING id",
        {
            "round": number,
            "person": person,
            "unit": unit,
            "attempt": attempt,
            "questions": to_json(questions),
            "now": now,
        },
    )


def attempt(database: Database, number: int) -> Attempt | None:
    """Return an attempt."""
    row = database.row("SELECT * FROM quiz_attempts WHERE id = :number", {"number": number})
    return _attempt(row) if row else None


def attempts_of(database: Database, number: int, person: int) -> Sequence[Attempt]:
    """Return somebody's attempts at a round, the first one first."""
    rows = database.rows(
        "SELECT * FROM quiz_attempts WHERE round_id = :round AND person_id = :person ORDER BY number",
        {"round": number, "person": person},
    )
    return [_attempt(row) for row in rows]


def attempts(database: Database, number: int) -> Sequence[Attempt]:
    """Return all attempts at a round, in the order in which they were begun."""
    rows = database.rows("SELECT * FROM quiz_attempts WHERE round_id = :round ORDER BY id", {"round": number})
    return [_attempt(row) for row in rows]


def finish_attempt(database: Database, number: int, score: float, passed: bool, now: str) -> None:
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


# What goes


def forget(database: Database, person: int) -> None:
    """Let what somebody answered be nobody's; it still counts."""
    database.run("UPDATE quiz_attempts SET person_id = NULL WHERE person_id = :person", {"person": person})
    database.run("DELETE FROM quiz_people WHERE person_id = :person", {"person": person})


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
        settings=json.loads(row["settings"]),
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        created_by=row["created_by"],
    )


def _attempt(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        round=row["round_id"],
        person=row["person_id"],
        unit=row["unit_id"],
        number=row["number"],
        questions=tuple((question, tuple(options)) for question, options in json.loads(row["questions"])),
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
        marked=tuple(json.loads(row["marked"])),
        chosen=None if row["chosen"] is None else tuple(json.loads(row["chosen"])),
        score=row["score"],
        answered_at=row["answered_at"],
    )
