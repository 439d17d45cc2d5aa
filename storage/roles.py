"""Who has which role, for which unit, and who gave and took it when; absences with their substitutes.

A role belongs to a person. That of an administrator has no unit; those of a contact and a head hold for their unit and
everything below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.database import Database

RoleName = Literal["contact", "head", "administrator"]


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody has: its name, the unit it holds for, None for the whole office.

    `instead_of` is the contact who is away and whom this person stands in for, None for a role of his own.
    """

    role: RoleName
    unit: int | None
    instead_of: int | None = None


def give(database: Database, person: int, role: RoleName, unit: int | None, by: int, now: str) -> bool:
    """Give a role; return False where the person has it already."""
    values = {"person": person, "role": role, "unit": unit, "by": by, "now": now}
    known = database.row(
        "SELECT 1 AS one FROM roles WHERE person_id = :person AND role = :role"
        " AND coalesce(unit_id, 0) = coalesce(:unit, 0) AND taken_at IS NULL",
        values,
    )
    if known:
        return False
    database.run(
        "INSERT INTO roles (person_id, role, unit_id, given_at, given_by) VALUES (:person, :role, :unit, :now, :by)",
        values,
    )
    return True


def take(database: Database, person: int, role: RoleName, unit: int | None, by: int, now: str) -> bool:
    """Take a role away; return False where the person does not have it."""
    return bool(
        database.run(
            "UPDATE roles SET taken_at = :now, taken_by = :by WHERE person_id = :person AND role = :role"
            " AND coalesce(unit_id, 0) = coalesce(:unit, 0) AND taken_at IS NULL",
            {"person": person, "role": role, "unit": unit, "by": by, "now": now},
        )
    )


def take_all(database: Database, person: int, by: int, now: str) -> int:
    """Take every role of somebody away; return how many."""
    return database.run(
        "UPDATE roles SET taken_at = :now, taken_by = :by WHERE person_id = :person AND taken_at IS NULL",
        {"person": person, "by": by, "now": now},
    )


def of(database: Database, person: int, day: str) -> Sequence[Held]:
    """Return the roles that somebody has on a day: his own, and those of absent contacts he stands in for."""
    rows = database.rows(
        "SELECT role, unit_id, NULL AS instead_of FROM roles WHERE person_id = :person AND taken_at IS NULL"
        " UNION ALL SELECT r.role, r.unit_id, r.person_id FROM absences a JOIN roles r ON r.person_id = a.person_id"
        " WHERE a.substitute_id = :person AND a.until_day >= :day AND r.role = 'contact' AND r.taken_at IS NULL",
        {"person": person, "day": day},
    )
    return [Held(row["role"], row["unit_id"], row["instead_of"]) for row in rows]


def holders(database: Database, role: RoleName, unit: int | None, day: str) -> Sequence[int]:
    """Return those to turn to for a role on a day, in the order it was given: of those absent, their substitutes.

    Somebody absent without a substitute is left out while anybody else is there.
    """
    rows = database.rows(
        "SELECT r.person_id, a.person_id IS NOT NULL AS absent, a.substitute_id FROM roles r"
        " LEFT JOIN absences a ON a.person_id = r.person_id AND a.until_day >= :day"
        " WHERE r.role = :role AND coalesce(r.unit_id, 0) = coalesce(:unit, 0) AND r.taken_at IS NULL ORDER BY r.id",
        {"role": role, "unit": unit, "day": day},
    )
    there = [row["substitute_id"] if row["absent"] else row["person_id"] for row in rows]
    found = [person for person in dict.fromkeys(there) if person is not None]
    return found or [row["person_id"] for row in rows]


def all_held(database: Database) -> Sequence[tuple[int, Held]]:
    """Return (person, role) of everything that somebody has been given, in the order it was given."""
    rows = database.rows("SELECT person_id, role, unit_id FROM roles WHERE taken_at IS NULL ORDER BY id")
    return [(row["person_id"], Held(row["role"], row["unit_id"])) for row in rows]


def count(database: Database, role: RoleName) -> int:
    """Return how many people have a role for anything."""
    row = database.row(
        "SELECT count(DISTINCT person_id) AS n FROM roles WHERE role = :role AND taken_at IS NULL", {"role": role}
    )
    return int(row["n"]) if row else 0


def hand_over(database: Database, unit: int, to: int | None, by: int, now: str) -> None:
    """Let the roles of a unit that is closed hold for its successor, or end them."""
    rows = database.rows(
        "SELECT person_id, role FROM roles WHERE unit_id = :unit AND taken_at IS NULL ORDER BY id", {"unit": unit}
    )
    for row in rows:
        take(database, row["person_id"], row["role"], unit, by, now)
        if to is not None:
            give(database, row["person_id"], row["role"], to, by, now)


def be_absent(database: Database, person: int, until: str, substitute: int | None) -> None:
    """Note that somebody is away until a day, that day included, and who stands in."""
    database.run(
        "INSERT INTO absences (person_id, until_day, substitute_id) VALUES (:person, :until, :substitute)"
        " ON CONFLICT (person_id) DO UPDATE SET until_day = excluded.until_day, substitute_id = excluded.substitute_id",
        {"person": person, "until": until, "substitute": substitute},
    )


def be_back(database: Database, person: int) -> bool:
    """Note that somebody is back; return whether he was away."""
    return bool(database.run("DELETE FROM absences WHERE person_id = :person", {"person": person}))


def history(database: Database, person: int) -> Sequence[tuple[RoleName, int | None, str, str | None]]:
    """Return (role, unit, when given, when taken or None) of every role somebody has or had, in that order."""
    rows = database.rows(
        "SELECT role, unit_id, given_at, taken_at FROM roles WHERE person_id = :person ORDER BY id", {"person": person}
    )
    return [(row["role"], row["unit_id"], row["given_at"], row["taken_at"]) for row in rows]


def absence(database: Database, person: int, day: str) -> tuple[str, int | None] | None:
    """Return (until which day, substitute) of somebody who is away on a day."""
    row = database.row(
        "SELECT until_day, substitute_id FROM absences WHERE person_id = :person AND until_day >= :day",
        {"person": person, "day": day},
    )
    return (row["until_day"], row["substitute_id"]) if row else None


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` roles that were taken before a time; return how many."""
    return database.run(
        "DELETE FROM roles WHERE id IN (SELECT id FROM roles WHERE taken_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def purge_absences(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` absences that were over before a day; return how many."""
    return database.run(
        "DELETE FROM absences WHERE person_id IN (SELECT person_id FROM absences WHERE until_day < :before"
        " LIMIT :limit)",
        {"before": before, "limit": limit},
    )
