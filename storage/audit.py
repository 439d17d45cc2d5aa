"""What administrators and contacts did: who, which act, on what, when; never the content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database

CONSOLE = 0
"""The actor of what was done on the machine itself, by a command."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An act: when (UTC), by whom (a person's id, or CONSOLE), its name, what it was done to, and for which unit."""

    at: str
    actor: int
    act: str
    subject: str
    unit: int | None


def record(database: Database, at: str, actor: int, act: str, subject: str = "", unit: int | None = None) -> None:
    """Write an act down; `subject` names what it was done to by kind and number: "person 12", "unit 3"."""
    database.run(
        "INSERT INTO audit (at, actor_id, act, subject, unit_id) VALUES (:at, :actor, :act, :subject, :unit)",
        {"at": at, "actor": actor, "act": act, "subject": subject, "unit": unit},
    )


def entries(database: Database, since: str, limit: int) -> Sequence[Entry]:
    """Return what was done since a time, the newest first."""
    rows = database.rows(
        "SELECT at, actor_id, act, subject, unit_id FROM audit WHERE at >= :since ORDER BY id DESC LIMIT :limit",
        {"since": since, "limit": limit},
    )
    return [Entry(row["at"], row["actor_id"], row["act"], row["subject"], row["unit_id"]) for row in rows]


def latest_of(database: Database, actor: int) -> str | None:
    """Return when somebody did something by a role for the last time; None where he never did."""
    row = database.row("SELECT max(at) AS at FROM audit WHERE actor_id = :actor", {"actor": actor})
    return row["at"] if row else None


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` acts from before a time; return how many."""
    return database.run(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
