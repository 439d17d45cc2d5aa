"""The way through: events taken, messages to send, menus shown, people, and unanswered questions."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0001_first_conversation(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE people (
            id INTEGER PRIMARY KEY,
            created_at TEXT NOT NULL
        );
        CREATE TABLE addresses (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            PRIMARY KEY (channel, account, chat, sender)
        );
        CREATE TABLE inbox (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            event_key TEXT NOT NULL,
            received_at TEXT NOT NULL,
            outcome TEXT NOT NULL CHECK (outcome IN ('handled', 'failed')),
            kind TEXT NOT NULL,
            error TEXT,
            PRIMARY KEY (channel, account, event_key)
        );
        CREATE INDEX inbox_by_time ON inbox (received_at);
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            class INTEGER NOT NULL CHECK (class IN (1, 2, 3)),
            message TEXT,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
            attempts INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            lease_until TEXT,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            error TEXT
        );
        CREATE INDEX outbox_open ON outbox (state, class, id);
        CREATE INDEX outbox_by_chat ON outbox (channel, account, chat, class, id);
        CREATE TABLE menus (
            id INTEGER PRIMARY KEY,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            buttons TEXT NOT NULL,
            created_at TEXT NOT NULL
        );
        CREATE INDEX menus_by_chat ON menus (channel, account, chat, person_id, id);
        CREATE TABLE questions (
            id INTEGER PRIMARY KEY,
            folded TEXT NOT NULL,
            text TEXT NOT NULL,
            outcome TEXT NOT NULL,
            shown TEXT NOT NULL,
            asked INTEGER NOT NULL DEFAULT 0,
            helpful INTEGER NOT NULL DEFAULT 0,
            wrong INTEGER NOT NULL DEFAULT 0,
            off_topic INTEGER NOT NULL DEFAULT 0,
            unclear INTEGER NOT NULL DEFAULT 0,
            first_day TEXT NOT NULL,
            last_day TEXT NOT NULL,
            UNIQUE (folded, outcome, shown)
        )
        """,
    )
