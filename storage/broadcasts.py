"""Broadcasts: what is said to many, in which state it is, and who wants none of them.

What is said and to whom is plain JSON, which this room does not read. Whom it goes to stands in `recipients`.

A broadcast is a `draft` until it is let go. It is then `planned` for a time or `repeating`, or at once `freezing` (the
list of recipients is written) and `running`. It may be `paused`, and is `done` or `cancelled` in the end. Each time a
repeating one is due, a copy of it goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.database import Database, Row
from storage.stored_json import from_json, to_json

State = Literal["draft", "planned", "repeating", "freezing", "running", "paused", "done", "cancelled"]

GOING: tuple[State, ...] = ("planned", "repeating", "freezing", "running", "paused")
"""States of one that is let go and not over."""

OVER = ("done", "cancelled")
"""States of one that sends nothing any more."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast.

    Attributes:
        unit: it goes to nobody outside this unit and those below it; None for the whole office.
        content: what is said, plain JSON.
        audience: to whom, plain JSON.
        urgent: whether it goes out at any hour.
        reason: why it is paused, or waits; "" where nothing holds it.
        trouble: grows with each message that did not arrive, and falls with each that did.
        frozen_to: the last person whom the list has got to; `counted_to` whom the sums of the units have.
        repeats: how it repeats, plain JSON; None for once.
        until: the last day on which it repeats.
        planned_at, started_at, ended_at: UTC.
        told_at: when whoever sends it was told last how far it is, UTC; `told_ended` how many had ended by then.
        created_by: who wrote it, `sent_by` who let it go.
    """

    id: int
    unit: int | None
    content: dict[str, Any]
    audience: dict[str, Any]
    state: State
    urgent: bool
    reason: str
    trouble: int
    frozen_to: int
    counted_to: int
    repeats: dict[str, Any] | None
    until: str | None
    planned_at: str | None
    started_at: str | None
    ended_at: str | None
    told_at: str | None
    told_ended: int
    created_by: int
    created_at: str
    sent_by: int | None


def create(
    database: Database, unit: int | None, content: dict[str, Any], audience: dict[str, Any], by: int, now: str
) -> int:
    """Keep a draft; return its number."""
    return database.insert(
        "INSERT INTO broadcasts (unit_id, content, audience, state, created_by, created_at)"
        " VALUES (:unit, :content, :audience, 'draft', :by, :now)",
        {"unit": unit, "content": to_json(content), "audience": to_json(audience), "by": by, "now": now},
    )


def change(database: Database, number: int, content: dict[str, Any], audience: dict[str, Any], urgent: bool) -> bool:
    """Change a draft; return False for what is none."""
    return bool(
        database.run(
            "UPDATE broadcasts SET content = :content, audience = :audience, urgent = :urgent"
            " WHERE id = :id AND state = 'draft'",
            {"id": number, "content": to_json(content), "audience": to_json(audience), "urgent": int(urgent)},
        )
    )


def delete_draft(database: Database, number: int) -> bool:
    """Delete a draft; return False for what is none."""
    deleted = database.run("DELETE FROM broadcasts WHERE id = :id AND state = 'draft'", {"id": number})
    if deleted:
        database.run("DELETE FROM broadcast_sums WHERE broadcast_id = :id", {"id": number})
    return bool(deleted)


def get(database: Database, number: int) -> Broadcast | None:
    """Return a broadcast."""
    row = database.row("SELECT * FROM broadcasts WHERE id = :id", {"id": number})
    return _broadcast(row) if row else None


def newest(
    database: Database,
    units: Sequence[int] | None,
    states: Sequence[State],
    limit: int,
    *,
    whole_office: bool = False,
    before: int | None = None,
) -> list[Broadcast]:
    """Return the newest broadcasts in some states, of some units or with None of all, the newest first.

    `whole_office` says whether to the units belong those for the whole office; with `before` only those of lower
    numbers are meant.
    """
    values: dict[str, Any] = {f"state{n}": state for n, state in enumerate(states)}
    within = f" AND state IN ({', '.join(f':state{n}' for n in range(len(states)))})"
    if units is not None:
        values |= {f"unit{n}": unit for n, unit in enumerate(units)}
        of_units = f"unit_id IN ({', '.join(f':unit{n}' for n in range(len(units))) or 'NULL'})"
        within += f" AND ({of_units} OR unit_id IS NULL)" if whole_office else f" AND {of_units}"
    if before is not None:
        values["before"] = before
        within += " AND id < :before"
    rows = database.rows(
        f"SELECT * FROM broadcasts WHERE 1 = 1{within} ORDER BY id DESC LIMIT :limit", {**values, "limit": limit}
    )
    return [_broadcast(row) for row in rows]


def in_state(database: Database, state: State) -> list[Broadcast]:
    """Return the broadcasts in a state, the oldest first."""
    rows = database.rows("SELECT * FROM broadcasts WHERE state = :state ORDER BY id", {"state": state})
    return [_broadcast(row) for row in rows]


def plan(
    database: Database, number: int, at: str, by: int, repeats: dict[str, Any] | None = None, until: str | None = None
) -> bool:
    """Let a draft go at a time, again and again where it says how it repeats; return False for what is no draft."""
    return bool(
        database.run(
            "UPDATE broadcasts SET state = :state, planned_at = :at, sent_by = :by, repeats = :repeats,"
            " until_day = :until WHERE id = :id AND state = 'draft'",
            {
                "id": number,
                "state": "repeating" if repeats else "planned",
                "at": at,
                "by": by,
                "repeats": None if repeats is None else to_json(repeats),
                "until": until,
            },
        )
    )


def begin(database: Database, number: int, by: int, now: str) -> bool:
    """Let a draft, or a planned one, go now: its list is written from here on. Return False for any other."""
    begun = database.run(
        "UPDATE broadcasts SET state = 'freezing', started_at = :now, sent_by = :by, frozen_to = 0, counted_to = 0,"
        " reason = ''"
        " WHERE id = :id AND state IN ('draft', 'planned')",
        {"id": number, "by": by, "now": now},
    )
    if begun:
        # What was counted before it was let go was only to be looked at.
        database.run("DELETE FROM broadcast_sums WHERE broadcast_id = :id", {"id": number})
    return bool(begun)


def copy(database: Database, number: int, now: str) -> int:
    """Return the number of a new draft that says the same to the same people."""
    return database.insert(
        "INSERT INTO broadcasts (unit_id, content, audience, state, urgent, created_by, created_at)"
        " SELECT unit_id, content, audience, 'draft', urgent, created_by, :now FROM broadcasts WHERE id = :id",
        {"id": number, "now": now},
    )


def move(database: Database, number: int, state: State, now: str, *, reason: str = "") -> None:
    """Put a broadcast into a state; the end is noted where it is one."""
    database.run(
        "UPDATE broadcasts SET state = :state, reason = :reason, trouble = 0,"
        " ended_at = CASE WHEN :over = 1 THEN :now END WHERE id = :id",
        {"id": number, "state": state, "reason": reason, "now": now, "over": int(state in OVER)},
    )


def wait(database: Database, number: int, reason: str) -> None:
    """Note what holds a broadcast, "" for nothing."""
    database.run(
        "UPDATE broadcasts SET reason = :reason WHERE id = :id AND reason <> :reason", {"id": number, "reason": reason}
    )


def freeze_to(database: Database, number: int, person: int) -> None:
    """Note whom the list has got to."""
    database.run("UPDATE broadcasts SET frozen_to = :person WHERE id = :id", {"id": number, "person": person})


def worry(database: Database, number: int, by: int) -> int:
    """Let the trouble of a broadcast grow, or with less than 0 fall, never below 0; return how large it is."""
    row = database.row(
        "UPDATE broadcasts SET trouble = CASE WHEN trouble + :by > 0 THEN trouble + :by ELSE 0 END WHERE id = :id"
        " RETURNING trouble",
        {"id": number, "by": by},
    )
    return int(row["trouble"]) if row else 0


def tell(database: Database, number: int, now: str, ended: int) -> None:
    """Note that whoever sends a broadcast is told how far it is: how many messages have ended."""
    database.run(
        "UPDATE broadcasts SET told_at = :now, told_ended = :ended WHERE id = :id",
        {"id": number, "now": now, "ended": ended},
    )


def opt_out(database: Database, person: int, now: str) -> bool:
    """Send somebody no broadcasts any more; return False where he wanted none before."""
    return bool(
        database.run(
            "INSERT INTO opt_outs (person_id, since) VALUES (:person, :now) ON CONFLICT DO NOTHING",
            {"person": person, "now": now},
        )
    )


def opt_in(database: Database, person: int) -> bool:
    """Send somebody broadcasts again; return False where he wanted them anyway."""
    return bool(database.run("DELETE FROM opt_outs WHERE person_id = :person", {"person": person}))


def opted_out_since(database: Database, person: int) -> str | None:
    """Return since when somebody wants no broadcasts, UTC; None where he does."""
    row = database.row("SELECT since FROM opt_outs WHERE person_id = :person", {"person": person})
    return row["since"] if row else None


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` rows of broadcasts that were over, or drafts left lying, before a time; return how many.

    The list of one goes first, part by part.
    """
    old = (
        "(SELECT id FROM broadcasts WHERE coalesce(ended_at, created_at) < :before"
        " AND state IN ('draft', 'done', 'cancelled'))"
    )
    values = {"before": before, "limit": limit}
    deleted = database.run(
        "DELETE FROM recipients WHERE (broadcast_id, person_id) IN (SELECT broadcast_id, person_id FROM recipients"
        f" WHERE broadcast_id IN {old} LIMIT :limit)",
        values,
    )
    if deleted == limit:
        return limit
    for sums in ("broadcast_sums", "broadcast_units"):
        database.run(f"DELETE FROM {sums} WHERE broadcast_id IN {old}", values)
    return database.run(f"DELETE FROM broadcasts WHERE id IN {old}", values)


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        unit=row["unit_id"],
        content=from_json(row["content"]),
        audience=from_json(row["audience"]),
        state=row["state"],
        urgent=bool(row["urgent"]),
        reason=row["reason"],
        trouble=row["trouble"],
        frozen_to=row["frozen_to"],
        counted_to=row["counted_to"],
        repeats=from_json(row["repeats"]) if row["repeats"] else None,
        until=row["until_day"],
        planned_at=row["planned_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        told_at=row["told_at"],
        told_ended=row["told_ended"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        sent_by=row["sent_by"],
    )
