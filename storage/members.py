"""Members of the office: who somebody is, and which unit he belongs to on which day.

A member is a person with a name. Somebody may be on the list without ever having written (`listed`), may have written
and wait for a contact to confirm that it is him (`pending`), belong to the office (`joined`), or have left (`left`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.database import Database, Row

State = Literal["listed", "pending", "joined", "left"]

_MEMBER = (
    "SELECT m.person_id, m.name, m.folded, m.position, m.code, m.state, m.since,"
    " (SELECT s.unit_id FROM memberships s WHERE s.person_id = m.person_id AND s.from_day <= :day"
    " AND (s.until_day IS NULL OR s.until_day > :day) ORDER BY s.from_day DESC LIMIT 1) AS unit_id FROM members m"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member on a day.

    Attributes:
        person: the id of the person.
        name, folded: the full name, and that without accents, in lower case.
        position: what he does, "" where it is not known.
        code: his personal code in the roster, unique; None where there is none.
        state: see the module.
        since: when the state began, UTC.
        unit: the unit he belongs to on that day, None for nobody's.
    """

    person: int
    name: str
    folded: str
    position: str
    code: str | None
    state: State
    since: str
    unit: int | None


def put(
    database: Database,
    person: int,
    *,
    name: str,
    folded: str,
    position: str,
    code: str | None,
    state: State,
    now: str,
) -> None:
    """Write down who a person is, for the first time or anew."""
    database.run(
        "INSERT INTO members (person_id, name, folded, position, code, state, since)"
        " VALUES (:person, :name, :folded, :position, :code, :state, :now)"
        " ON CONFLICT (person_id) DO UPDATE SET name = excluded.name, folded = excluded.folded,"
        " position = excluded.position, code = excluded.code, state = excluded.state,"
        " since = CASE WHEN members.state = excluded.state THEN members.since ELSE excluded.since END",
        {
            "person": person,
            "name": name,
            "folded": folded,
            "position": position,
            "code": code,
            "state": state,
            "now": now,
        },
    )


def set_state(database: Database, person: int, state: State, now: str) -> None:
    """Change what somebody is to the office."""
    database.run(
        "UPDATE members SET state = :state, since = :now WHERE person_id = :person AND state <> :state",
        {"person": person, "state": state, "now": now},
    )


def get(database: Database, person: int, day: str) -> Member | None:
    """Return a member as he is on a day."""
    row = database.row(f"{_MEMBER} WHERE m.person_id = :person", {"person": person, "day": day})
    return _member(row) if row else None


def everybody(database: Database, day: str) -> Sequence[Member]:
    """Return all members as they are on a day, those who left too, by their number."""
    return [_member(row) for row in database.rows(f"{_MEMBER} ORDER BY m.person_id", {"day": day})]


def by_code(database: Database, code: str, day: str) -> Member | None:
    """Return the member with a personal code."""
    row = database.row(f"{_MEMBER} WHERE m.code = :code", {"code": code, "day": day})
    return _member(row) if row else None


def called(database: Database, folded: str, day: str, state: State | None = None) -> Sequence[Member]:
    """Return the members of a folded name, all or those in one state, by their number."""
    rows = database.rows(
        f"{_MEMBER} WHERE m.folded = :folded AND (:state IS NULL OR m.state = :state) ORDER BY m.person_id",
        {"folded": folded, "day": day, "state": state},
    )
    return [_member(row) for row in rows]


def in_unit(database: Database, unit: int, day: str) -> Sequence[Member]:
    """Return those who belong to a unit on a day and have not left, by name; not those of units below it."""
    rows = database.rows(
        f"{_MEMBER} JOIN memberships s ON s.person_id = m.person_id WHERE s.unit_id = :unit AND s.from_day <= :day"
        " AND (s.until_day IS NULL OR s.until_day > :day) AND m.state <> 'left' ORDER BY m.folded, m.person_id",
        {"unit": unit, "day": day},
    )
    return [_member(row) for row in rows]


def without_unit(database: Database, day: str) -> Sequence[Member]:
    """Return those who have not left and belong to no unit on a day, by name."""
    rows = database.rows(
        f"{_MEMBER} WHERE m.state <> 'left' AND NOT EXISTS (SELECT 1 FROM memberships s"
        " WHERE s.person_id = m.person_id AND s.from_day <= :day AND (s.until_day IS NULL OR s.until_day > :day))"
        " ORDER BY m.folded, m.person_id",
        {"day": day},
    )
    return [_member(row) for row in rows]


def counts(database: Database, day: str) -> dict[tuple[int, State], int]:
    """Return how many members each unit has on a day, by (unit, state); those who left are not counted."""
    rows = database.rows(
        "SELECT s.unit_id, m.state, count(*) AS n FROM memberships s JOIN members m ON m.person_id = s.person_id"
        " WHERE s.from_day <= :day AND (s.until_day IS NULL OR s.until_day > :day) AND m.state <> 'left'"
        " GROUP BY s.unit_id, m.state",
        {"day": day},
    )
    return {(row["unit_id"], row["state"]): row["n"] for row in rows}


def transfer(database: Database, person: int, unit: int | None, day: str) -> None:
    """Let somebody belong to another unit from a day on, or to none; what was planned for later is dropped."""
    values = {"person": person, "unit": unit, "day": day}
    database.run("DELETE FROM memberships WHERE person_id = :person AND from_day >= :day", values)
    database.run(
        "UPDATE memberships SET until_day = :day WHERE person_id = :person AND (until_day IS NULL OR until_day > :day)",
        values,
    )
    if unit is not None:
        database.run(
            "INSERT INTO memberships (person_id, unit_id, from_day) VALUES (:person, :unit, :day)",
            values,
        )


def transfer_all(database: Database, unit: int, to: int | None, day: str) -> int:
    """Let everybody of a unit belong to another from a day on, or to none; return how many."""
    rows = database.rows(
        "SELECT person_id FROM memberships WHERE unit_id = :unit AND (until_day IS NULL OR until_day > :day)",
        {"unit": unit, "day": day},
    )
    for row in rows:
        transfer(database, row["person_id"], to, day)
    return len(rows)


def history(database: Database, person: int) -> Sequence[tuple[int, str, str | None]]:
    """Return (unit, from which day, until which day or None) of everything somebody belonged to, the newest first."""
    rows = database.rows(
        "SELECT unit_id, from_day, until_day FROM memberships WHERE person_id = :person ORDER BY from_day DESC",
        {"person": person},
    )
    return [(row["unit_id"], row["from_day"], row["until_day"]) for row in rows]


def forget(database: Database, person: int) -> None:
    """Delete who a person is and which units he belonged to."""
    for table in ("memberships", "members"):
        database.run(f"DELETE FROM {table} WHERE person_id = :person", {"person": person})


def purge_history(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` memberships that ended before a day; return how many."""
    return database.run(
        "DELETE FROM memberships WHERE rowid IN (SELECT rowid FROM memberships WHERE until_day < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _member(row: Row) -> Member:
    return Member(
        person=row["person_id"],
        name=row["name"],
        folded=row["folded"],
        position=row["position"],
        code=row["code"],
        state=row["state"],
        since=row["since"],
        unit=row["unit_id"],
    )


def states(database: Database) -> dict[str, int]:
    """Return how many people are in which state."""
    rows = database.rows("SELECT state, count(*) AS n FROM members GROUP BY state")
    return {row["state"]: row["n"] for row in rows}
