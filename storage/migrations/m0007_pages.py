"""The register of official pages."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0007_pages(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE pages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            unit_id INTEGER NOT NULL REFERENCES units(id),
            platform TEXT NOT NULL,
            name TEXT NOT NULL,
            address TEXT NOT NULL,
            address_key TEXT UNIQUE,
            manager TEXT NOT NULL,
            contact TEXT NOT NULL,
            verified INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('used', 'stopped')),
            changed_on TEXT NOT NULL
        )
        """,
    )
