"""Banks of questions, rounds in which they are asked, and what people answered."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0010_quizzes(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE quiz_banks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE TABLE quiz_questions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            bank_id INTEGER NOT NULL REFERENCES quiz_banks(id),
            place INTEGER NOT NULL,
            key TEXT NOT NULL,
            content TEXT NOT NULL,
            topic TEXT NOT NULL DEFAULT '',
            retired_at TEXT
        );
        CREATE INDEX quiz_questions_by_bank ON quiz_questions (bank_id) WHERE retired_at IS NULL;
        CREATE TABLE quiz_rounds (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            bank_id INTEGER NOT NULL REFERENCES quiz_banks(id),
            title TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('planned', 'open', 'closed')),
            settings TEXT NOT NULL,
            opens_at TEXT NOT NULL,
            closes_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            created_by INTEGER NOT NULL
        );
        CREATE INDEX quiz_rounds_by_state ON quiz_rounds (state);
        CREATE TABLE quiz_round_questions (
            round_id INTEGER NOT NULL REFERENCES quiz_rounds(id) ON DELETE CASCADE,
            question_id INTEGER NOT NULL REFERENCES quiz_questions(id),
            PRIMARY KEY (round_id, question_id)
        );
        CREATE INDEX quiz_round_questions_by_question ON quiz_round_questions (question_id);
        CREATE TABLE quiz_people (
            round_id INTEGER NOT NULL REFERENCES quiz_rounds(id) ON DELETE CASCADE,
            person_id INTEGER NOT NULL REFERENCES people(id),
            unit_id INTEGER REFERENCES units(id),
            told INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (round_id, person_id)
        );
        CREATE INDEX quiz_people_by_person ON quiz_people (person_id);
        CREATE INDEX quiz_people_to_tell ON quiz_people (round_id, told);
        CREATE TABLE quiz_attempts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            round_id INTEGER NOT NULL REFERENCES quiz_rounds(id) ON DELETE CASCADE,
            person_id INTEGER REFERENCES people(id),
            unit_id INTEGER REFERENCES units(id),
            number INTEGER NOT NULL,
            questions TEXT NOT NULL,
            score REAL,
            passed INTEGER,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            UNIQUE (round_id, person_id, number)
        );
        CREATE INDEX quiz_attempts_by_person ON quiz_attempts (person_id);
        CREATE TABLE quiz_answers (
            attempt_id INTEGER NOT NULL REFERENCES quiz_attempts(id) ON DELETE CASCADE,
            place INTEGER NOT NULL,
            question_id INTEGER NOT NULL REFERENCES quiz_questions(id),
            shown_at TEXT NOT NULL,
            marked TEXT NOT NULL DEFAULT '[]',
            chosen TEXT,
            score REAL,
            answered_at TEXT,
            PRIMARY KEY (attempt_id, place)
        );
        CREATE INDEX quiz_answers_by_question ON quiz_answers (question_id)
        """,
    )
