"""The key of receipts, and how often somebody made a report or typed a receipt that is none."""

from __future__ import annotations

import secrets
from typing import Literal

from storage.database import Database


def receipt_key(database: Database) -> bytes:
    """Return the key that the receipts of this database are hashed with; the first time one is made.

    Hashed with it, neither the index nor a comparison tells a guesser how near he was.
    """
    row = database.row("SELECT key FROM receipt_key")
    if row is None:
        database.run("INSERT INTO receipt_key (key) VALUES (:key)", {"key": secrets.token_hex(32)})
        return receipt_key(database)
    return bytes.fromhex(row["key"])


def attempt(database: Database, person: int, what: Literal["report", "receipt"], now: str) -> None:
    """Note that somebody made a report, or typed a receipt that is none."""
    database.run(
        "INSERT INTO report_attempts (person_id, what, at) VALUES (:person, :what, :now)",
        {"person": person, "what": what, "now": now},
    )


def attempts(database: Database, person: int, what: Literal["report", "receipt"], since: str) -> int:
    """Return how often somebody did that since a time."""
    row = database.row(
        "SELECT count(*) AS n FROM report_attempts WHERE person_id = :person AND what = :what AND at >= :since",
        {"person": person, "what": what, "since": since},
    )
    return int(row["n"]) if row else 0


def purge_attempts(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` attempts from before a time; return how many."""
    return database.run(
        "DELETE FROM report_attempts WHERE rowid IN"
        " (SELECT rowid FROM report_attempts WHERE at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
