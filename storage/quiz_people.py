"""Whom a round of a quiz is for, the unit of each when it was opened, and what each was told of it."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Database
from storage.people import REACHED
from storage.selections import Selection

ANNOUNCED, REMINDED = 1, 2
"""What a person of a round was told of it so far; 0 for nothing yet."""


def add(database: Database, number: int, person: int, unit: int | None) -> None:
    """Let a round be for somebody, too."""
    database.run(
        "INSERT INTO quiz_people (round_id, person_id, unit_id) VALUES (:round, :person, :unit)"
        " ON CONFLICT (round_id, person_id) DO NOTHING",
        {"round": number, "person": person, "unit": unit},
    )


def add_selected(database: Database, number: int, selection: Selection, day: str, after: int, limit: int) -> int | None:
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
    # As in people.all_reached_at: the private chat used last of those that are neither held nor closed; none of whoever
    # wants no broadcasts, and where an address of somebody is held, nobody knows who reads the others.
    reached = (
        f"SELECT a.channel || ' ' || a.account FROM addresses a WHERE a.person_id = m.person_id AND {REACHED}"
        " AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.person_id = m.person_id)"
        " AND NOT EXISTS (SELECT 1 FROM addresses d WHERE d.person_id = m.person_id AND d.held_at IS NOT NULL)"
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


def count(database: Database, number: int) -> dict[int | None, int]:
    """Return how many people of each unit a round is for."""
    rows = database.rows(
        "SELECT unit_id, count(*) AS n FROM quiz_people WHERE round_id = :round GROUP BY unit_id", {"round": number}
    )
    return {row["unit_id"]: row["n"] for row in rows}


def of_round(database: Database, number: int) -> Sequence[tuple[int, int | None]]:
    """Return (person, unit) of everybody whom a round is for."""
    rows = database.rows(
        "SELECT person_id, unit_id FROM quiz_people WHERE round_id = :round ORDER BY person_id", {"round": number}
    )
    return [(row["person_id"], row["unit_id"]) for row in rows]


def to_tell(database: Database, number: int, told: int, limit: int) -> Sequence[int]:
    """Return up to `limit` people of the office who were told less of a round so far and have not finished it."""
    rows = database.rows(
        "SELECT p.person_id FROM quiz_people p JOIN members m ON m.person_id = p.person_id AND m.state = 'joined'"
        " WHERE p.round_id = :round AND p.told < :told AND NOT EXISTS"
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


def forget(database: Database, person: int) -> None:
    """Let no round be for somebody."""
    database.run("DELETE FROM quiz_people WHERE person_id = :person", {"person": person})
