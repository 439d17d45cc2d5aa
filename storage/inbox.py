"""Events that were taken: their keys and how they ended, no content.

The key of an event is unique within its channel and account, so that an event that a source repeats is taken once.
"""

from __future__ import annotations

from storage.database import Database


def record(database: Database, channel: str, account: str, key: str, now: str, kind: str) -> bool:
    """Record that an event is handled; return False, and change nothing, where it was taken before."""
    return bool(
        database.run(
            "INSERT INTO inbox (channel, account, event_key, received_at, outcome, kind)"
            " VALUES (:channel, :account, :key, :now, 'handled', :kind)"
            " ON CONFLICT (channel, account, event_key) DO NOTHING",
            {"channel": channel, "account": account, "key": key, "now": now, "kind": kind},
        )
    )


def amend(
    database: Database, channel: str, account: str, key: str, *, kind: str | None = None, error: str | None = None
) -> None:
    """Change what is recorded of an event: its kind, or that it failed with the exception named."""
    database.run(
        "UPDATE inbox SET kind = coalesce(:kind, kind), error = :error,"
        " outcome = CASE WHEN :error IS NULL THEN outcome ELSE 'failed' END"
        " WHERE channel = :channel AND account = :account AND event_key = :key",
        {"channel": channel, "account": account, "key": key, "kind": kind, "error": error},
    )


def failed_since(database: Database, time: str) -> int:
    """Return how many events failed that were received since a time."""
    row = database.row(
        "SELECT count(*) AS n FROM inbox WHERE outcome = 'failed' AND received_at >= :time", {"time": time}
    )
    return int(row["n"]) if row else 0


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` keys of events that were received before a time; return how many."""
    return database.run(
        "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
