"""Who is known to know what a broadcast says: he said so himself, or was told at a meeting or by phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.database import Database

_PERSON = "broadcast_id = :broadcast AND person_id = :person"


@dataclass(frozen=True, slots=True)
class UnitSum:
    """A unit's people of a broadcast: all, those whom it reached, and those who are known to know of it."""

    unit: int | None
    people: int
    sent: int
    informed: int


def by_unit(database: Database, broadcast: int) -> Sequence[UnitSum]:
    """Return the sums of each unit."""
    rows = database.rows(
        "SELECT unit_id AS unit, count(*) AS people, sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END) AS sent,"
        " sum(CASE WHEN informed_at IS NULL THEN 0 ELSE 1 END) AS informed FROM recipients"
        " WHERE broadcast_id = :broadcast GROUP BY unit_id ORDER BY unit_id",
        {"broadcast": broadcast},
    )
    return [UnitSum(**row) for row in rows]


def inform(database: Database, broadcast: int, person: int, how: str, by: int, now: str) -> bool:
    """Note that somebody knows of a broadcast; return False where that was noted before, or it is not for him."""
    return bool(
        database.run(
            f"UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by WHERE {_PERSON}"
            " AND informed_at IS NULL",
            {"broadcast": broadcast, "person": person, "how": how, "by": by, "now": now},
        )
    )


def uninform(database: Database, broadcast: int, person: int) -> bool:
    """Take back that somebody was informed at a meeting or by phone; what he confirmed himself stays."""
    return bool(
        database.run(
            f"UPDATE recipients SET informed_at = NULL, informed_how = NULL, informed_by = NULL WHERE {_PERSON}"
            " AND informed_how <> 'press'",
            {"broadcast": broadcast, "person": person},
        )
    )


def inform_unit(database: Database, broadcast: int, units: Iterable[int], how: str, by: int, now: str) -> int:
    """Note that everybody of some units knows what a broadcast says; return of how many that was not noted before."""
    values = {f"unit{number}": unit for number, unit in enumerate(units)}
    places = ", ".join(f":{name}" for name in values) or "NULL"
    return database.run(
        "UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by"
        f" WHERE broadcast_id = :broadcast AND unit_id IN ({places}) AND informed_at IS NULL",
        {"broadcast": broadcast, "how": how, "by": by, "now": now, **values},
    )


def newest_for(database: Database, person: int) -> int | None:
    """Return the newest broadcast that somebody got and has not confirmed."""
    row = database.row(
        "SELECT max(b.id) AS number FROM broadcasts b JOIN recipients r ON r.broadcast_id = b.id"
        " AND r.person_id = :person WHERE r.informed_at IS NULL AND r.state IN ('queued', 'sent', 'unknown')",
        {"person": person},
    )
    return row["number"] if row else None
