"""Rosters that are being taken over: what an import is going to do, kept until it is done.

An import is filled while it is `staging`, and changes nothing yet. Once it is `applying` it will be finished, after a
crash too: what is done is taken off in the transaction that does it. Only one is filled at a time; what was not filled
to its end is `refused` and deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True, slots=True)
class StagedUnit:
    """A unit to open: under a known one, under one that is opened before it (by its number), or at the top."""

    number: int
    name: str
    folded: str
    parent: int | None = None
    parent_number: int | None = None


@dataclass(frozen=True, slots=True)
class StagedRow:
    """Somebody to write down.

    Attributes:
        number: the row of the file, and with it the order.
        person: the member that this is, None for somebody new.
        code: his personal code, None for none.
        unit: the unit he is to belong to, or with None `unit_number` that of a staged one.
    """

    number: int
    person: int | None
    code: str | None
    name: str
    folded: str
    position: str
    unit: int | None
    unit_number: int | None = None


def begin(database: Database, by: int, now: str) -> int:
    """Begin to fill an import; one that is being filled is refused. Return its number."""
    database.run("UPDATE imports SET state = 'refused', ended_at = :now WHERE state = 'staging'", {"now": now})
    return database.insert(
        "INSERT INTO imports (state, started_by, started_at) VALUES ('staging', :by, :now)",
        {"by": by, "now": now},
    )


def stage(database: Database, number: int, part: Sequence[StagedUnit | StagedRow | int]) -> bool:
    """Add to an import what it is to do, for those who leave their number; return False where it is gone."""
    if not _is(database, number, "staging"):
        return False
    for item in part:
        if isinstance(item, StagedUnit):
            database.run(
                "INSERT INTO import_units (import_id, number, parent_id, parent_number, name, folded)"
                " VALUES (:import, :number, :parent, :parent_number, :name, :folded)",
                {
                    "import": number,
                    "number": item.number,
                    "parent": item.parent,
                    "parent_number": item.parent_number,
                    "name": item.name,
                    "folded": item.folded,
                },
            )
        elif isinstance(item, StagedRow):
            database.run(
                "INSERT INTO import_rows"
                " (import_id, number, person_id, code, name, folded, position, unit_id, unit_number)"
                " VALUES (:import, :number, :person, :code, :name, :folded, :position, :unit, :unit_number)",
                {
                    "import": number,
                    "number": item.number,
                    "person": item.person,
                    "code": item.code,
                    "name": item.name,
                    "folded": item.folded,
                    "position": item.position,
                    "unit": item.unit,
                    "unit_number": item.unit_number,
                },
            )
        else:
            database.run(
                "INSERT INTO import_leavers (import_id, person_id) VALUES (:import, :person)",
                {"import": number, "person": item},
            )
    return True


def start(database: Database, number: int) -> bool:
    """Let an import be applied from now on; return False where it is gone."""
    return bool(
        database.run("UPDATE imports SET state = 'applying' WHERE id = :id AND state = 'staging'", {"id": number})
    )


def refuse(database: Database, number: int, now: str) -> None:
    """End an import that is not to be applied."""
    database.run(
        "UPDATE imports SET state = 'refused', ended_at = :now WHERE id = :id AND state = 'staging'",
        {"id": number, "now": now},
    )


def unfinished(database: Database) -> tuple[int, int] | None:
    """Return (number, who started it) of the oldest import that is to be applied to its end."""
    row = database.row("SELECT id, started_by FROM imports WHERE state = 'applying' ORDER BY id LIMIT 1")
    return (row["id"], row["started_by"]) if row else None


def left(database: Database, number: int) -> int:
    """Return how many things an import still has to do."""
    row = database.row(
        "SELECT (SELECT count(*) FROM import_units WHERE import_id = :id AND unit_id IS NULL)"
        " + (SELECT count(*) FROM import_rows WHERE import_id = :id)"
        " + (SELECT count(*) FROM import_leavers WHERE import_id = :id) AS n",
        {"id": number},
    )
    return int(row["n"]) if row else 0


def next_units(database: Database, number: int, limit: int) -> Sequence[StagedUnit]:
    """Return the first units that are not open yet; those above them are."""
    rows = database.rows(
        "SELECT u.number, u.name, u.folded, coalesce(u.parent_id, p.unit_id) AS parent_id, u.parent_number"
        " FROM import_units u LEFT JOIN import_units p ON p.import_id = u.import_id AND p.number = u.parent_number"
        " WHERE u.import_id = :id AND u.unit_id IS NULL ORDER BY u.number LIMIT :limit",
        {"id": number, "limit": limit},
    )
    return [
        StagedUnit(row["number"], row["name"], row["folded"], row["parent_id"], row["parent_number"]) for row in rows
    ]


def opened(database: Database, number: int, staged: int) -> int | None:
    """Return the unit that a staged one has become."""
    row = database.row(
        "SELECT unit_id FROM import_units WHERE import_id = :id AND number = :number", {"id": number, "number": staged}
    )
    return row["unit_id"] if row else None


def unit_done(database: Database, number: int, staged: int, unit: int) -> None:
    """Note which unit a staged one has become."""
    database.run(
        "UPDATE import_units SET unit_id = :unit WHERE import_id = :id AND number = :number",
        {"id": number, "number": staged, "unit": unit},
    )


def next_rows(database: Database, number: int, limit: int) -> Sequence[StagedRow]:
    """Return the first people who are not written down yet; the units that were staged are open."""
    rows = database.rows(
        "SELECT r.number, r.person_id, r.code, r.name, r.folded, r.position,"
        " coalesce(r.unit_id, u.unit_id) AS unit_id, r.unit_number"
        " FROM import_rows r LEFT JOIN import_units u ON u.import_id = r.import_id AND u.number = r.unit_number"
        " WHERE r.import_id = :id ORDER BY r.number LIMIT :limit",
        {"id": number, "limit": limit},
    )
    return [
        StagedRow(
            number=row["number"],
            person=row["person_id"],
            code=row["code"],
            name=row["name"],
            folded=row["folded"],
            position=row["position"],
            unit=row["unit_id"],
            unit_number=row["unit_number"],
        )
        for row in rows
    ]


def row_done(database: Database, number: int, row: int) -> None:
    """Take a row off: it is done."""
    database.run("DELETE FROM import_rows WHERE import_id = :id AND number = :row", {"id": number, "row": row})


def next_leavers(database: Database, number: int, limit: int) -> Sequence[int]:
    """Return the first people who are still to leave."""
    rows = database.rows(
        "SELECT person_id FROM import_leavers WHERE import_id = :id ORDER BY person_id LIMIT :limit",
        {"id": number, "limit": limit},
    )
    return [row["person_id"] for row in rows]


def leaver_done(database: Database, number: int, person: int) -> None:
    """Take somebody off who has left."""
    database.run(
        "DELETE FROM import_leavers WHERE import_id = :id AND person_id = :person", {"id": number, "person": person}
    )


def finish(database: Database, number: int, now: str) -> None:
    """End an import that has nothing left to do."""
    database.run("DELETE FROM import_units WHERE import_id = :id", {"id": number})
    database.run("UPDATE imports SET state = 'done', ended_at = :now WHERE id = :id", {"id": number, "now": now})


def purge_rows(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` rows of imports that are refused, or were begun before a time and never let go."""
    values = {"before": before, "limit": limit}
    database.run(
        "UPDATE imports SET state = 'refused', ended_at = :before WHERE state = 'staging' AND started_at < :before",
        values,
    )
    for table in ("import_rows", "import_units", "import_leavers"):
        deleted = database.run(
            f"DELETE FROM {table} WHERE rowid IN (SELECT t.rowid FROM {table} t JOIN imports i ON i.id = t.import_id"
            " WHERE i.state = 'refused' LIMIT :limit)",
            values,
        )
        if deleted:
            return limit
    return 0


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` imports that were started before a time and are over; return how many."""
    return database.run(
        "DELETE FROM imports WHERE id IN"
        " (SELECT id FROM imports WHERE state IN ('done', 'refused') AND started_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _is(database: Database, number: int, state: str) -> bool:
    row = database.row("SELECT 1 AS one FROM imports WHERE id = :id AND state = :state", {"id": number, "state": state})
    return row is not None
