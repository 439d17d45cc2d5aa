"""Messengers: lines of messages, what a messenger calls them, closed chats, leases, and files.

The numbers of messages and files are never given twice: buttons that were shown long ago carry the one, messages
that wait the other. Menus from before are forgotten, as they are after a day anyway.
"""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0002_messengers(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE outbox_new (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            class INTEGER NOT NULL CHECK (class IN (1, 2, 3)),
            message TEXT,
            state TEXT NOT NULL CHECK (state IN ('queued', 'waiting', 'sending', 'sent', 'failed', 'unknown')),
            attempts INTEGER NOT NULL DEFAULT 0,
            repeats INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            lease_until TEXT,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            error TEXT,
            edits INTEGER,
            sent_id TEXT,
            concern TEXT
        );
        INSERT INTO outbox_new (id, channel, account, chat, class, message, state, attempts, owner, lease_until,
            due_at, created_at, ended_at, error)
        SELECT id, channel, account, chat, class, message,
            CASE WHEN state = 'waiting' AND EXISTS (
                SELECT 1 FROM outbox e WHERE e.channel = o.channel AND e.account = o.account AND e.chat = o.chat
                    AND e.class = o.class AND e.id < o.id AND e.ended_at IS NULL
            ) THEN 'queued' ELSE state END,
            attempts, owner, lease_until, due_at, created_at, ended_at, error
        FROM outbox o;
        DROP TABLE outbox;
        ALTER TABLE outbox_new RENAME TO outbox;
        CREATE INDEX outbox_due ON outbox (channel, account, class, id) WHERE state = 'waiting';
        CREATE INDEX outbox_lines ON outbox (channel, account, chat, class, id) WHERE ended_at IS NULL;
        CREATE INDEX outbox_claims ON outbox (lease_until) WHERE state = 'sending';
        CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;
        CREATE INDEX addresses_by_sender ON addresses (channel, account, sender);
        DROP TABLE menus;
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
        CREATE INDEX menus_by_time ON menus (created_at);
        CREATE TABLE closed_chats (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            reason TEXT NOT NULL,
            closed_at TEXT NOT NULL,
            PRIMARY KEY (channel, account, chat)
        );
        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            until TEXT NOT NULL
        );
        CREATE TABLE blobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            media_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            parts INTEGER NOT NULL,
            complete INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL
        );
        CREATE TABLE blob_parts (
            blob_id INTEGER NOT NULL REFERENCES blobs(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (blob_id, number)
        );
        CREATE TABLE fetches (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            source TEXT,
            concern TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'fetching', 'stored', 'refused', 'lost')),
            attempts INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            lease_until TEXT,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            reason TEXT,
            blob_id INTEGER REFERENCES blobs(id) ON DELETE SET NULL
        );
        CREATE INDEX fetches_open ON fetches (channel, account, due_at) WHERE ended_at IS NULL;
        CREATE INDEX fetches_ended ON fetches (ended_at) WHERE ended_at IS NOT NULL
        """,
    )
