"""Events that were taken: their keys and how they ended, no content.

The key of an event is unique within its channel and account, so that an event that a source repeats is taken once.
"""

from __future__ import annotations

from storage.database import Database


def is_known(database: Database, channel: str, account: str, key: str) -> bool:
    """Tell whether an event was taken before."""
    return (
        database.row(
            "SELECT 1 AS one FROM inbox WHERE channel = :channel AND account = :account AND event_key = :key",
            {"channel": channel, "account": account, "key": key},
        )
        is not None
    )


def record(
    database: Database, channel: str, account: str, key: str, now: str, kind: str, error: str | None = None
) -> None:
    """Record that an event was handled, or that it failed with the exception named."""
    database.run(
        "INSERT INTO inbox (channel, account, event_key, received_at, outcome, kind, error)"
        " VALUES (:channel, :account, :key, :now, :outcome, :kind, :error)",
        {
            "channel": channel,
            "account": account,
            "key": key,
            "now": now,
            "outcome": "failed" if error else "handled",
            "kind": kind,
            "error": error,
        },
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` keys of events that were received before a time; return how many."""
    return database.run(
        "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
