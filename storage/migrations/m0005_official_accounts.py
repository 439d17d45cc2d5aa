"""What the channel of Zalo Official Accounts keeps, and of what administrators were told on which day."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0005_official_accounts(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE oa_tokens (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app TEXT NOT NULL,
            access BLOB,
            refresh BLOB,
            received_at TEXT NOT NULL,
            access_until TEXT NOT NULL,
            tried_at TEXT,
            refused_at TEXT,
            spent_at TEXT
        );
        CREATE TABLE windows (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            wrote_at TEXT NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (channel, account, chat)
        );
        CREATE TABLE alerts (
            name TEXT PRIMARY KEY,
            day TEXT NOT NULL
        )
        """,
    )
