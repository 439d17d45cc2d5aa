"""Who is known to know what a broadcast says: he said so himself, or was told at a meeting or by phone.

How many of each unit there are is kept as sums (`broadcast_units`; 0 stands for no unit): they are counted once, in
parts, when the list is complete, and change with its rows as far as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.database import Database
from storage.stored_json import to_json

_PERSON = "broadcast_id = :broadcast AND person_id = :person"


@dataclass(frozen=True, slots=True)
class UnitSum:
    """A unit's people of a broadcast: all, those whom it reached, and those who are known to know of it."""

    unit: int | None
    people: int
    sent: int
    informed: int


def count(database: Database, broadcast: int, after: int, limit: int) -> int | None:
    """Add the next `limit` rows of a list after a person to the sums of their units.

    Returns the last of them, None where there are no more. What changes for those who are counted changes the sums
    from then on.
    """
    last = last_of(database, broadcast, after, limit)
    if last is not None:
        database.run(
            "INSERT INTO broadcast_units (broadcast_id, unit_id, people, sent, informed)"
            " SELECT :broadcast, coalesce(unit_id, 0), count(*), sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END),"
            " sum(CASE WHEN informed_at IS NULL THEN 0 ELSE 1 END) FROM recipients"
            " WHERE broadcast_id = :broadcast AND person_id > :after AND person_id <= :last"
            " GROUP BY coalesce(unit_id, 0)"
            " ON CONFLICT (broadcast_id, unit_id) DO UPDATE SET people = broadcast_units.people + excluded.people,"
            " sent = broadcast_units.sent + excluded.sent, informed = broadcast_units.informed + excluded.informed",
            {"broadcast": broadcast, "after": after, "last": last},
        )
        database.run("UPDATE broadcasts SET counted_to = :last WHERE id = :id", {"id": broadcast, "last": last})
    return last


def last_of(database: Database, broadcast: int, after: int, limit: int) -> int | None:
    """Return the last of the next `limit` people of a list after a person, None where there are no more."""
    row = database.row(
        "SELECT max(person_id) AS last FROM (SELECT person_id FROM recipients WHERE broadcast_id = :broadcast"
        " AND person_id > :after ORDER BY person_id LIMIT :limit)",
        {"broadcast": broadcast, "after": after, "limit": limit},
    )
    return row["last"] if row else None


def recount(
    database: Database,
    broadcast: int,
    person: int,
    unit: int | None,
    *,
    people: int = 0,
    sent: int = 0,
    informed: int = 0,
) -> None:
    """Change the sums of a unit by what has changed for somebody; whoever is not counted yet will be as he is then."""
    database.run(
        "UPDATE broadcast_units SET people = people + :people, sent = sent + :sent, informed = informed + :informed"
        " WHERE broadcast_id = :broadcast AND unit_id = :unit"
        " AND :person <= (SELECT counted_to FROM broadcasts WHERE id = :broadcast)",
        {
            "broadcast": broadcast,
            "person": person,
            "unit": unit or 0,
            "people": people,
            "sent": sent,
            "informed": informed,
        },
    )


def recount_sent(database: Database, broadcast: int, reached: Iterable[tuple[int, int | None]]) -> None:
    """Add people whom a broadcast has reached, each with his unit, to the sums of their units, as `recount` does."""
    row = database.row("SELECT counted_to FROM broadcasts WHERE id = :broadcast", {"broadcast": broadcast})
    counted_to = row["counted_to"] if row else 0
    more = Counter(unit or 0 for person, unit in reached if person <= counted_to)
    if more:
        database.run(
            "UPDATE broadcast_units SET sent = sent + more.value FROM json_each(:more) AS more"
            " WHERE broadcast_id = :broadcast AND unit_id = CAST(more.key AS INTEGER)",
            {"broadcast": broadcast, "more": to_json(more)},
        )


def by_unit(database: Database, broadcast: int) -> Sequence[UnitSum]:
    """Return the sums of each unit."""
    rows = database.rows(
        "SELECT unit_id AS unit, people, sent, informed FROM broadcast_units WHERE broadcast_id = :broadcast"
        " AND people > 0 ORDER BY unit_id",
        {"broadcast": broadcast},
    )
    return [UnitSum(row["unit"] or None, row["people"], row["sent"], row["informed"]) for row in rows]


def inform(database: Database, broadcast: int, person: int, how: str, by: int, now: str) -> bool:
    """Note that somebody knows of a broadcast; return False where that was noted before, or it is not for him."""
    row = database.row(
        f"UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by WHERE {_PERSON}"
        " AND informed_at IS NULL RETURNING unit_id",
        {"broadcast": broadcast, "person": person, "how": how, "by": by, "now": now},
    )
    if row:
        recount(database, broadcast, person, row["unit_id"], informed=1)
    return row is not None


def uninform(database: Database, broadcast: int, person: int) -> bool:
    """Take back that somebody was informed at a meeting or by phone; what he confirmed himself stays."""
    row = database.row(
        f"UPDATE recipients SET informed_at = NULL, informed_how = NULL, informed_by = NULL WHERE {_PERSON}"
        " AND informed_how <> 'press' RETURNING unit_id",
        {"broadcast": broadcast, "person": person},
    )
    if row:
        recount(database, broadcast, person, row["unit_id"], informed=-1)
    return row is not None


def inform_units(
    database: Database,
    broadcast: int,
    units: Iterable[int],
    how: str,
    by: int,
    now: str,
    after: int,
    limit: int,
    among: int | None = None,
) -> int | None:
    """Note that whoever belongs to some units among the next `limit` rows after a person knows what a broadcast says.

    With `among` only those who stand on the list of another broadcast, too. Returns the last of those rows, None where
    there are no more.
    """
    last = last_of(database, broadcast, after, limit)
    if last is None:
        return None
    places = {f"unit{number}": unit for number, unit in enumerate(units)}
    values = {"broadcast": broadcast, "after": after, "last": last, **places}
    these = (
        "broadcast_id = :broadcast AND person_id > :after AND person_id <= :last"
        f" AND unit_id IN ({', '.join(f':{name}' for name in places) or 'NULL'}) AND informed_at IS NULL"
    )
    if among is not None:
        values["among"] = among
        these += " AND person_id IN (SELECT a.person_id FROM recipients a WHERE a.broadcast_id = :among)"
    counted = database.rows(
        f"SELECT unit_id, max(person_id) AS person, count(*) AS n FROM recipients WHERE {these} GROUP BY unit_id",
        values,
    )
    database.run(
        f"UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by WHERE {these}",
        {**values, "how": how, "by": by, "now": now},
    )
    for found in counted:
        recount(database, broadcast, found["person"], found["unit_id"], informed=found["n"])
    return last


def newest_for(database: Database, person: int) -> int | None:
    """Return the newest broadcast that somebody got and has not confirmed."""
    row = database.row(
        "SELECT max(b.id) AS number FROM broadcasts b JOIN recipients r ON r.broadcast_id = b.id"
        " AND r.person_id = :person WHERE r.informed_at IS NULL AND r.state IN ('queued', 'sent', 'unknown')",
        {"person": person},
    )
    return row["number"] if row else None
