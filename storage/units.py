"""The units of the office: a tree in which units are opened, renamed, moved, merged and closed, each with its day.

Days are ISO dates. A closed unit stays, with the unit that took over from it, so that whatever was said of it then can
still be read; its names, old and present, lead to its successor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row

_NAMED = (
    "SELECT u.id, u.parent_id, u.opened_on, u.closed_on, u.successor_id, n.name, n.folded FROM units u"
    " JOIN unit_names n ON n.unit_id = u.id AND n.from_day ="
    " (SELECT max(m.from_day) FROM unit_names m WHERE m.unit_id = u.id)"
)

_BELOW = (
    "WITH RECURSIVE below (id) AS (SELECT id FROM units WHERE id = :unit"
    " UNION SELECT u.id FROM units u JOIN below b ON u.parent_id = b.id)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is now.

    Attributes:
        parent: the unit it belongs to, None for one at the top.
        name, folded: what it is called today, and that without accents, in lower case.
        opened_on, closed_on: days; `closed_on` None for one that is open.
        successor: the unit that took over from a closed one.
    """

    id: int
    parent: int | None
    name: str
    folded: str
    opened_on: str
    closed_on: str | None = None
    successor: int | None = None


def create(database: Database, name: str, folded: str, parent: int | None, day: str) -> int:
    """Open a unit; return its number."""
    unit = database.insert(
        "INSERT INTO units (parent_id, opened_on) VALUES (:parent, :day)", {"parent": parent, "day": day}
    )
    rename(database, unit, name, folded, day)
    return unit


def rename(database: Database, unit: int, name: str, folded: str, day: str) -> None:
    """Give a unit another name from a day on."""
    database.run(
        "INSERT INTO unit_names (unit_id, from_day, name, folded) VALUES (:unit, :day, :name, :folded)"
        " ON CONFLICT (unit_id, from_day) DO UPDATE SET name = excluded.name, folded = excluded.folded",
        {"unit": unit, "day": day, "name": name, "folded": folded},
    )


def move(database: Database, unit: int, parent: int | None) -> None:
    """Put a unit, with everything below it, under another."""
    database.run("UPDATE units SET parent_id = :parent WHERE id = :unit", {"unit": unit, "parent": parent})


def close(database: Database, unit: int, day: str, successor: int | None) -> None:
    """Close a unit on a day; what was below it belongs to its successor, where there is one."""
    values = {"unit": unit, "day": day, "successor": successor}
    database.run("UPDATE units SET closed_on = :day, successor_id = :successor WHERE id = :unit", values)
    if successor is not None:
        database.run("UPDATE units SET parent_id = :successor WHERE parent_id = :unit AND id <> :successor", values)


def get(database: Database, unit: int) -> Unit | None:
    """Return a unit, open or closed."""
    row = database.row(f"{_NAMED} WHERE u.id = :unit", {"unit": unit})
    return _unit(row) if row else None


def living(database: Database, unit: int) -> Unit | None:
    """Return the unit that a unit is today: itself, or whoever took over from it in the end."""
    found = get(database, unit)
    while found is not None and found.closed_on is not None and found.successor is not None:
        found = get(database, found.successor)
    return found


def all_open(database: Database) -> Sequence[Unit]:
    """Return the open units by name."""
    return [_unit(row) for row in database.rows(f"{_NAMED} WHERE u.closed_on IS NULL ORDER BY n.folded, u.id")]


def children(database: Database, parent: int | None) -> Sequence[Unit]:
    """Return the open units right below a unit, or those at the top, by name."""
    rows = database.rows(
        f"{_NAMED} WHERE u.closed_on IS NULL AND coalesce(u.parent_id, 0) = coalesce(:parent, 0)"
        " ORDER BY n.folded, u.id",
        {"parent": parent},
    )
    return [_unit(row) for row in rows]


def called(database: Database, folded: str) -> Sequence[Unit]:
    """Return the open units that a folded name means: those called so today, else those called so once.

    A name of a closed unit means the unit that took over from it.
    """
    today = database.rows(f"{_NAMED} WHERE u.closed_on IS NULL AND n.folded = :folded", {"folded": folded})
    if today:
        return [_unit(row) for row in today]
    once = database.rows("SELECT DISTINCT unit_id FROM unit_names WHERE folded = :folded", {"folded": folded})
    found = {unit.id: unit for row in once if (unit := living(database, row["unit_id"])) and unit.closed_on is None}
    return list(found.values())


def all_names(database: Database) -> Sequence[tuple[int, str]]:
    """Return (unit, name) of every name that any unit, open or closed, has or had."""
    return [(row["unit_id"], row["name"]) for row in database.rows("SELECT unit_id, name FROM unit_names")]


def old_names(database: Database, unit: int) -> Sequence[tuple[str, str]]:
    """Return (name, from which day) of a unit, the newest first."""
    rows = database.rows(
        "SELECT name, from_day FROM unit_names WHERE unit_id = :unit ORDER BY from_day DESC", {"unit": unit}
    )
    return [(row["name"], row["from_day"]) for row in rows]


def path(database: Database, unit: int) -> Sequence[int]:
    """Return a unit and everything above it, from the bottom up."""
    rows = database.rows(
        "WITH RECURSIVE above (id, depth) AS (SELECT id, 0 FROM units WHERE id = :unit"
        " UNION ALL SELECT u.parent_id, a.depth + 1 FROM units u JOIN above a ON u.id = a.id"
        " WHERE u.parent_id IS NOT NULL) SELECT id FROM above ORDER BY depth",
        {"unit": unit},
    )
    return [row["id"] for row in rows]


def below(database: Database, unit: int) -> frozenset[int]:
    """Return a unit and everything under it, open or closed."""
    return frozenset(row["id"] for row in database.rows(f"{_BELOW} SELECT id FROM below", {"unit": unit}))


def covered(database: Database, unit: int) -> frozenset[int]:
    """Return the units whose affairs are a unit's: itself, those under it, and the closed ones that they took over."""
    rows = database.rows(
        "WITH RECURSIVE covered (id) AS (SELECT id FROM units WHERE id = :unit"
        " UNION SELECT u.id FROM units u JOIN covered c"
        " ON u.successor_id = c.id OR (u.parent_id = c.id AND u.successor_id IS NULL)) SELECT id FROM covered",
        {"unit": unit},
    )
    return frozenset(row["id"] for row in rows)


def _unit(row: Row) -> Unit:
    return Unit(
        id=row["id"],
        parent=row["parent_id"],
        name=row["name"],
        folded=row["folded"],
        opened_on=row["opened_on"],
        closed_on=row["closed_on"],
        successor=row["successor_id"],
    )
