"""What the figures of rounds are made of: how many finished first attempts had what, by unit and question.

The counts change when somebody begins and when he finishes, so that nobody has to read all answers to know how a round
went. What is counted stands here as (question, measure, value, other); what the measures mean, this room does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class UnitSum:
    """What a measure of a unit amounts to: how many people, and the sums over them of value, its square, and other."""

    people: int
    values: float
    squares: float
    others: float


def of_units(database: Database, round_: int, units: Collection[int], without: str = "") -> Sequence[Count]:
    """Return the counts of some units together, under WHOLE; those of all people for WHOLE alone.

    Those of single questions are left out for the measure `without`.
    """
    values = {f"unit{place}": unit for place, unit in enumerate(units)}
    rows = database.rows(
        "SELECT question_id, measure, value, other, sum(people) AS n FROM quiz_counts WHERE round_id = :round"
        f" AND unit_id IN ({_named(values)}) AND (question_id = 0 OR measure <> :without)"
        " GROUP BY question_id, measure, value, other HAVING sum(people) <> 0",
        {"round": round_, "without": without, **values},
    )
    return [
        Count(WHOLE, row["question_id"], row["measure"], row["value"], row["other"], row["n"])
        for row in rows
    ]  # fmt: skip


def medians(database: Database, round_: int, units: Collection[int], measure: str) -> dict[int, float]:
    """Return the median of a measure of each single question, of some units together."""
    values = {f"unit{place}": unit for place, unit in enumerate(units)}
    which = f"unit_id IN ({_named(values)}) AND question_id <> 0"
    return _medians(database, "question_id", which, {"round": round_, "measure": measure, **values})


def medians_by_unit(database: Database, round_: int, measure: str) -> dict[int, float]:
    """Return the median of a measure of the whole round, not of single questions, in each unit."""
    return _medians(database, "unit_id", _EACH_UNIT, {"round": round_, "measure": measure})


def sums_by_unit(database: Database, round_: int) -> dict[tuple[int, str], UnitSum]:
    """Return what each measure of the whole round, not of single questions, amounts to in each unit."""
    rows = database.rows(
        "SELECT unit_id, measure, sum(people) AS people, sum(people * value) AS total,"
        " sum(people * value * value) AS squares, sum(people * other) AS others"
        f" FROM quiz_counts WHERE round_id = :round AND {_EACH_UNIT} GROUP BY unit_id, measure",
        {"round": round_},
    )
    return {
        (row["unit_id"], row["measure"]): UnitSum(row["people"], row["total"], row["squares"], row["others"])
        for row in rows
    }


# Unit by unit, so that the counts of its questions are not looked at.
_EACH_UNIT = (
    "question_id = 0 AND unit_id IN (SELECT DISTINCT coalesce(p.unit_id, -1) FROM quiz_people p"
    " WHERE p.round_id = :round)"
)


def _medians(database: Database, each: str, which: str, values: dict[str, Any]) -> dict[int, float]:
    """The value in the middle, of an even number of people what is halfway between the two there."""
    rows = database.rows(
        f"WITH counted AS (SELECT {each} AS name, value, sum(people) AS n FROM quiz_counts WHERE round_id = :round"
        f" AND measure = :measure AND {which} GROUP BY {each}, value HAVING sum(people) > 0),"
        " placed AS (SELECT name, value, n, sum(n) OVER (PARTITION BY name ORDER BY value) AS upto,"
        " sum(n) OVER (PARTITION BY name) AS whole FROM counted)"
        " SELECT name, (min(value) + max(value)) / 2 AS median FROM placed"
        " WHERE (upto - n < (whole + 1) / 2 AND (whole + 1) / 2 <= upto)"
        " OR (upto - n < whole / 2 + 1 AND whole / 2 + 1 <= upto) GROUP BY name",
        values,
    )
    return {row["name"]: row["median"] for row in rows}


def _named(values: dict[str, int]) -> str:
    return ", ".join(f":{name}" for name in values) or "NULL"


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
