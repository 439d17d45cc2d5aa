"""Broadcasts, the frozen list of whom each goes to with its sums, who wants none, and messages that change.

The list is read by account in the order of people while it is sent; the sums save counting it.
"""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0011_broadcasts(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE broadcasts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            unit_id INTEGER REFERENCES units(id),
            content TEXT NOT NULL,
            audience TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('draft', 'planned', 'repeating', 'freezing', 'running', 'paused',
                'done', 'cancelled')),
            urgent INTEGER NOT NULL DEFAULT 0,
            reason TEXT NOT NULL DEFAULT '',
            trouble INTEGER NOT NULL DEFAULT 0,
            frozen_to INTEGER NOT NULL DEFAULT 0,
            repeats TEXT,
            until_day TEXT,
            planned_at TEXT,
            started_at TEXT,
            ended_at TEXT,
            told_at TEXT,
            told_ended INTEGER NOT NULL DEFAULT 0,
            created_by INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            sent_by INTEGER
        );
        CREATE INDEX broadcasts_by_state ON broadcasts (state);
        CREATE TABLE recipients (
            broadcast_id INTEGER NOT NULL,
            person_id INTEGER NOT NULL,
            unit_id INTEGER,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'sent', 'failed', 'unknown', 'skipped')),
            reason TEXT NOT NULL DEFAULT '',
            ended_at TEXT,
            informed_at TEXT,
            informed_how TEXT,
            informed_by INTEGER,
            PRIMARY KEY (broadcast_id, person_id)
        ) WITHOUT ROWID;
        CREATE INDEX recipients_waiting ON recipients (broadcast_id, channel, account, person_id)
            WHERE state = 'waiting';
        CREATE INDEX recipients_informed ON recipients (informed_by) WHERE informed_by IS NOT NULL;
        CREATE TABLE broadcast_sums (
            broadcast_id INTEGER NOT NULL,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            people INTEGER NOT NULL,
            PRIMARY KEY (broadcast_id, channel, account, state, reason)
        ) WITHOUT ROWID;
        CREATE TABLE opt_outs (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            since TEXT NOT NULL
        );
        CREATE INDEX addresses_held ON addresses (person_id) WHERE held_at IS NOT NULL;
        CREATE TABLE boards (
            name TEXT NOT NULL,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            outbox_id INTEGER NOT NULL,
            PRIMARY KEY (name, channel, account, chat)
        )
        """,
    )
