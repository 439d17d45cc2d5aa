"""Where each report went beside the bot, and the chats that are destinations."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0010_forwards(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE destinations (
            name TEXT PRIMARY KEY,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            named_at TEXT NOT NULL
        );
        CREATE TABLE forwards (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            report_id INTEGER NOT NULL REFERENCES reports(id) ON DELETE CASCADE,
            destination TEXT NOT NULL,
            channel TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'unknown', 'nowhere')),
            reason TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            ended_at TEXT
        );
        CREATE INDEX forwards_by_report ON forwards (report_id);
        CREATE INDEX forwards_open ON forwards (state) WHERE state <> 'sent'
        """,
    )
