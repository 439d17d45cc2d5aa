"""Which questions somebody practises, and when each comes again."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0013_quiz_practice(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE quiz_practice (
            person_id INTEGER NOT NULL REFERENCES people(id),
            question_id INTEGER NOT NULL REFERENCES quiz_questions(id) ON DELETE CASCADE,
            level INTEGER NOT NULL,
            due_on TEXT NOT NULL,
            times INTEGER NOT NULL,
            is_asked INTEGER NOT NULL,
            marked TEXT NOT NULL,
            score REAL,
            answered_on TEXT,
            touched_at TEXT NOT NULL,
            PRIMARY KEY (person_id, question_id)
        ) WITHOUT ROWID;
        CREATE INDEX quiz_practice_by_question ON quiz_practice (question_id);
        CREATE INDEX quiz_practice_touched ON quiz_practice (touched_at)
        """,
    )
