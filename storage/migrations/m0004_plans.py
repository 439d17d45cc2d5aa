"""What an account has used of a messenger's plan."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0004_plans(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE usage (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            month TEXT NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            received INTEGER NOT NULL DEFAULT 0,
            told INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (channel, account, month)
        )
        """,
    )
