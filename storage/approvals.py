"""Acts that wait for the head of a unit to approve them, and what was decided by whom and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.database import Database, Row
from storage.stored_json import from_json, to_json

# The values of acts that name people.
_PEOPLE = ("person", "substitute", "listed")

Decision = Literal["approved", "returned"]


@dataclass(frozen=True, slots=True)
class Approval:
    """An act that was put before a head.

    Attributes:
        act: its name.
        data: the values it is to be done with, plain JSON.
        unit: the unit it is about, None for the whole office.
        asked_by: the person who wants it done.
        state: "waiting", "approved", "returned" or "withdrawn".
        decided_by, decided_at, note: who decided when, and what he wrote beside it.
    """

    id: int
    act: str
    data: dict[str, Any]
    unit: int | None
    asked_by: int
    asked_at: str
    state: str
    decided_by: int | None
    decided_at: str | None
    note: str | None


def ask(database: Database, act: str, data: Mapping[str, Any], unit: int | None, by: int, now: str) -> int:
    """Put an act before the head; return the number of the approval."""
    return database.insert(
        "INSERT INTO approvals (act, data, unit_id, asked_by, asked_at, state)"
        " VALUES (:act, :data, :unit, :by, :now, 'waiting')",
        {"act": act, "data": to_json(dict(data)), "unit": unit, "by": by, "now": now},
    )


def get(database: Database, number: int) -> Approval | None:
    """Return an approval."""
    row = database.row("SELECT * FROM approvals WHERE id = :id", {"id": number})
    return _approval(row) if row else None


def waiting(database: Database) -> Sequence[Approval]:
    """Return what waits, the oldest first."""
    return [_approval(row) for row in database.rows("SELECT * FROM approvals WHERE state = 'waiting' ORDER BY id")]


def decide(database: Database, number: int, decision: Decision, by: int, now: str, note: str | None = None) -> bool:
    """Decide; return False where that was done before."""
    return bool(
        database.run(
            "UPDATE approvals SET state = :decision, decided_by = :by, decided_at = :now, note = :note"
            " WHERE id = :id AND state = 'waiting'",
            {"id": number, "decision": decision, "by": by, "now": now, "note": note},
        )
    )


def withdraw(database: Database, number: int, now: str) -> bool:
    """Take an act back that waits; return False where it was decided before."""
    return bool(
        database.run(
            "UPDATE approvals SET state = 'withdrawn', decided_at = :now WHERE id = :id AND state = 'waiting'",
            {"id": number, "now": now},
        )
    )


def rename(database: Database, person: int, to: int) -> None:
    """Let what was asked for about a person be about another number, which is the same person now."""
    for row in database.rows("SELECT id, data FROM approvals"):
        data = from_json(row["data"])
        about = [key for key in _PEOPLE if data.get(key) == person]
        if about:
            data |= dict.fromkeys(about, to)
            database.run("UPDATE approvals SET data = :data WHERE id = :id", {"id": row["id"], "data": to_json(data)})


def forget(database: Database, person: int) -> None:
    """Take back what waits to be approved about somebody; of what was decided the values go, the decision stays."""
    named = database.row("SELECT name FROM members WHERE person_id = :person", {"person": person})
    for row in database.rows("SELECT id, state, data FROM approvals"):
        data = from_json(row["data"])
        is_about = person in [data.get(key) for key in _PEOPLE]
        if not is_about and not (named and data.get("name") == named["name"]):
            continue
        if row["state"] == "waiting":
            database.run("DELETE FROM approvals WHERE id = :id", {"id": row["id"]})
        else:
            database.run("UPDATE approvals SET data = '{}', note = NULL WHERE id = :id", {"id": row["id"]})


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` approvals that were decided, or asked for and never decided, before a time."""
    return database.run(
        "DELETE FROM approvals WHERE id IN"
        " (SELECT id FROM approvals WHERE coalesce(decided_at, asked_at) < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _approval(row: Row) -> Approval:
    return Approval(
        id=row["id"],
        act=row["act"],
        data=from_json(row["data"]),
        unit=row["unit_id"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        state=row["state"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
    )
