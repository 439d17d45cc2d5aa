"""The times at which something was last known to be alive, by name."""

from __future__ import annotations

from storage.database import Database

RUNNING = "running"
"""The bot itself, in whichever process."""


def last(database: Database, name: str) -> str | None:
    """Return when something was last alive, None where it never was."""
    row = database.row("SELECT at FROM heartbeats WHERE name = :name", {"name": name})
    return row["at"] if row else None


def beat(database: Database, name: str, now: str) -> None:
    """Note that something is alive."""
    database.run(
        "INSERT INTO heartbeats (name, at) VALUES (:name, :now) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
        {"name": name, "now": now},
    )
