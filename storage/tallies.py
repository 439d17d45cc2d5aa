"""How often what happened on a day, without who did it."""

from __future__ import annotations

from storage.database import Database


def count(database: Database, day: str, name: str, times: int = 1) -> None:
    """Add to what is counted under a name on a day."""
    database.run(
        "INSERT INTO tallies (day, name, count) VALUES (:day, :name, :times)"
        " ON CONFLICT (day, name) DO UPDATE SET count = tallies.count + excluded.count",
        {"day": day, "name": name, "times": times},
    )


def since(database: Database, day: str) -> dict[str, int]:
    """Return how often each was counted on a day and after it."""
    rows = database.rows("SELECT name, sum(count) AS n FROM tallies WHERE day >= :day GROUP BY name", {"day": day})
    return {row["name"]: row["n"] for row in rows}


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` counts from before a day; return how many."""
    return database.run(
        "DELETE FROM tallies WHERE rowid IN (SELECT rowid FROM tallies WHERE day < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
