"""How long reports took, of the time that counts: it is computed from a trail that goes one day."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0008_deadlines(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        ALTER TABLE reports ADD COLUMN answered_after INTEGER;
        ALTER TABLE reports ADD COLUMN resolved_after INTEGER;
        ALTER TABLE report_facts ADD COLUMN answered_after INTEGER;
        ALTER TABLE report_facts ADD COLUMN resolved_after INTEGER
        """,
    )
