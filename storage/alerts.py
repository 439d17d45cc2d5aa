"""What administrators were told that something needs them, so that none is told the same twice a day."""

from __future__ import annotations

from storage.database import Database


def first_on(database: Database, name: str, day: str) -> bool:
    """Note that an alert is given on a day; return whether it is the first of its name on that day."""
    return bool(
        database.run(
            "INSERT INTO alerts (name, day) VALUES (:name, :day)"
            " ON CONFLICT (name) DO UPDATE SET day = excluded.day WHERE alerts.day <> excluded.day",
            {"name": name, "day": day},
        )
    )
