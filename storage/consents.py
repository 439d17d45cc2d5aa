"""What people agreed to that is kept of them, and until when they did."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Database


def give(database: Database, person: int, purpose: str, now: str) -> None:
    """Note that somebody agrees; one who does already is left as he is."""
    if not given(database, person, purpose):
        database.run(
            "INSERT INTO consents (person_id, purpose, given_at) VALUES (:person, :purpose, :now)",
            {"person": person, "purpose": purpose, "now": now},
        )


def given(database: Database, person: int, purpose: str) -> bool:
    """Tell whether somebody agrees."""
    return (
        database.row(
            "SELECT 1 AS one FROM consents WHERE person_id = :person AND purpose = :purpose AND withdrawn_at IS NULL",
            {"person": person, "purpose": purpose},
        )
        is not None
    )


def withdraw(database: Database, person: int, purpose: str | None, now: str) -> int:
    """Note that somebody does not agree any more, to one purpose or to any; return to how many he did."""
    return database.run(
        "UPDATE consents SET withdrawn_at = :now WHERE person_id = :person AND withdrawn_at IS NULL"
        " AND (:purpose IS NULL OR purpose = :purpose)",
        {"person": person, "purpose": purpose, "now": now},
    )


def of(database: Database, person: int) -> Sequence[tuple[str, str, str | None]]:
    """Return (purpose, when given, when withdrawn or None) of somebody, in the order they were given."""
    rows = database.rows(
        "SELECT purpose, given_at, withdrawn_at FROM consents WHERE person_id = :person ORDER BY given_at",
        {"person": person},
    )
    return [(row["purpose"], row["given_at"], row["withdrawn_at"]) for row in rows]


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` consents that were withdrawn before a time; return how many."""
    return database.run(
        "DELETE FROM consents WHERE rowid IN (SELECT rowid FROM consents WHERE withdrawn_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
