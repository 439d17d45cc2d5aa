"""Codes that link two messengers of one person, and which of several bots of a messenger he talks to."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0009_links(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE link_codes (
            code_hash TEXT PRIMARY KEY,
            person_id INTEGER NOT NULL REFERENCES people(id),
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            made_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        );
        CREATE INDEX link_codes_by_person ON link_codes (person_id);
        CREATE TABLE link_tries (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            count INTEGER NOT NULL,
            first_at TEXT NOT NULL
        );
        CREATE TABLE homes (
            person_id INTEGER NOT NULL REFERENCES people(id),
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            since TEXT NOT NULL,
            PRIMARY KEY (person_id, channel)
        );
        CREATE TABLE led_away (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (channel, account, chat)
        )
        """,
    )
