"""What the figures of rounds are made of: how many finished first attempts had what, by unit and question.

The counts change when somebody begins and when he finishes, so that nobody has to read all answers to know how a round
went. What is counted stands here as (question, measure, value, other); what the measures mean, this room does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from storage.database import Database

WHOLE, NO_UNIT = 0, -1
"""In the place of a unit: all people of a round, and those who belong to no unit; in that of a question: all of it."""

NOTHING_COUNTED, BEGUN_COUNTED, ALL_COUNTED = 0, 1, 2
"""How much of an attempt is counted."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, of a unit or WHOLE, have a value of a measure, for a question or WHOLE."""

    unit: int
    question: int
    measure: str
    value: float
    other: float
    people: int = 1


def add(database: Database, round_: int, counts: Iterable[Count], sign: int = 1) -> None:
    """Add people to the counts of a round; with a sign of -1 take them away."""
    for count in counts:
        database.run(
            "INSERT INTO quiz_counts (round_id, unit_id, question_id, measure, value, other, people)"
            " VALUES (:round, :unit, :question, :measure, :value, :other, :people)"
            " ON CONFLICT (round_id, unit_id, question_id, measure, value, other)"
            " DO UPDATE SET people = quiz_counts.people + excluded.people",
            {
                "round": round_,
                "unit": count.unit,
                "question": count.question,
                "measure": count.measure,
                "value": count.value,
                "other": count.other,
                "people": sign * count.people,
            },
        )


def of_units(database: Database, round_: int, units: Collection[int]) -> Sequence[Count]:
    """Return the counts of some units together, under WHOLE; those of all people for WHOLE alone."""
    values = {f"unit{place}": unit for place, unit in enumerate(units)}
    rows = database.rows(
        "SELECT question_id, measure, value, other, sum(people) AS n FROM quiz_counts WHERE round_id = :round"
        f" AND unit_id IN ({', '.join(f':{name}' for name in values) or 'NULL'})"
        " GROUP BY question_id, measure, value, other HAVING sum(people) <> 0",
        {"round": round_, **values},
    )
    return [
        Count(WHOLE, row["question_id"], row["measure"], row["value"], row["other"], row["n"])
        for row in rows
    ]  # fmt: skip


def by_unit(database: Database, round_: int) -> Sequence[Count]:
    """Return the counts of the whole round, not of single questions, of each unit."""
    rows = database.rows(
        "SELECT unit_id, measure, value, other, people FROM quiz_counts WHERE round_id = :round AND question_id = 0"
        " AND unit_id <> 0 AND people <> 0",
        {"round": round_},
    )
    return [Count(row["unit_id"], WHOLE, row["measure"], row["value"], row["other"], row["people"]) for row in rows]


# What is counted of an attempt


def counted(database: Database, attempt: int) -> int:
    """Return how much of an attempt is counted."""
    row = database.row("SELECT counted FROM quiz_attempts WHERE id = :attempt", {"attempt": attempt})
    return int(row["counted"]) if row else NOTHING_COUNTED


def set_counted(database: Database, attempt: int, counted: int) -> None:
    """Note how much of an attempt is counted."""
    database.run(
        "UPDATE quiz_attempts SET counted = :counted WHERE id = :attempt", {"attempt": attempt, "counted": counted}
    )


def miscounted(database: Database, limit: int) -> Sequence[int]:
    """Return up to `limit` attempts that are counted otherwise than they are now."""
    # The condition of the index, word for word.
    rows = database.rows(
        "SELECT id FROM quiz_attempts WHERE"
        " counted <> CASE WHEN number > 1 THEN 0 WHEN finished_at IS NULL THEN 1 ELSE 2 END LIMIT :limit",
        {"limit": limit},
    )
    return [row["id"] for row in rows]
