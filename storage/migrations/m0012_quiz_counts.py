"""What the figures of rounds are made of, counted as people finish; what was finished before is counted later."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0012_quiz_counts(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE quiz_counts (
            round_id INTEGER NOT NULL REFERENCES quiz_rounds(id) ON DELETE CASCADE,
            unit_id INTEGER NOT NULL,
            question_id INTEGER NOT NULL,
            measure TEXT NOT NULL,
            value REAL NOT NULL,
            other REAL NOT NULL,
            people INTEGER NOT NULL,
            PRIMARY KEY (round_id, unit_id, question_id, measure, value, other)
        ) WITHOUT ROWID;
        CREATE INDEX quiz_people_by_unit ON quiz_people (round_id, unit_id);
        ALTER TABLE quiz_attempts ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX quiz_attempts_miscounted ON quiz_attempts (id) WHERE
            counted <> CASE WHEN number > 1 THEN 0 WHEN finished_at IS NULL THEN 1 ELSE 2 END
        """,
    )
