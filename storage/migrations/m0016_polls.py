"""The polls that went out, by what the messengers call them."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0016_polls(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE polls (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            poll TEXT NOT NULL,
            chat TEXT NOT NULL,
            outbox_id INTEGER NOT NULL,
            settles TEXT NOT NULL,
            action TEXT NOT NULL,
            data TEXT NOT NULL,
            is_settled INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (channel, account, poll)
        ) WITHOUT ROWID;
        CREATE INDEX polls_unsettled ON polls (settles) WHERE is_settled = 0;
        CREATE INDEX polls_by_chat ON polls (channel, account, chat);
        CREATE INDEX polls_by_time ON polls (created_at)
        """,
    )
