"""Reports of accounts, what happened with each, their evidence, and the key that receipts are hashed with."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0006_reports(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE reports (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('lost', 'impersonated', 'unit_impersonated', 'abused', 'content')),
            platform TEXT NOT NULL DEFAULT '',
            whose TEXT NOT NULL CHECK (whose IN ('own', 'other', 'unit')),
            owner_name TEXT NOT NULL DEFAULT '',
            owner_id INTEGER REFERENCES people(id),
            account TEXT NOT NULL DEFAULT '',
            unit_id INTEGER REFERENCES units(id),
            harm TEXT NOT NULL CHECK (harm IN ('unknown', 'none', 'money_asked', 'money_lost', 'threatened', 'leaked')),
            amount INTEGER,
            since_day TEXT,
            since_said TEXT NOT NULL DEFAULT '',
            said TEXT NOT NULL DEFAULT '',
            source TEXT NOT NULL CHECK (source IN ('bot', 'phone', 'letter', 'own_check')),
            received_at TEXT NOT NULL,
            entered_at TEXT NOT NULL,
            reporter_id INTEGER REFERENCES people(id),
            reporter_name TEXT NOT NULL DEFAULT '',
            contact TEXT NOT NULL DEFAULT '',
            receipt_hash TEXT UNIQUE,
            state TEXT NOT NULL
                CHECK (state IN ('new', 'taken', 'waiting', 'resolved', 'elsewhere', 'merged')),
            state_before TEXT,
            merged_into INTEGER REFERENCES reports(id),
            taken_by INTEGER,
            taken_at TEXT,
            verified_by INTEGER,
            verified_at TEXT,
            severity TEXT NOT NULL DEFAULT '',
            course TEXT NOT NULL DEFAULT '',
            intent TEXT NOT NULL DEFAULT '',
            methods TEXT NOT NULL DEFAULT '',
            answered_at TEXT,
            closed_at TEXT,
            kept_from TEXT,
            hold_reason TEXT NOT NULL DEFAULT '',
            held_by INTEGER,
            held_at TEXT
        );
        CREATE INDEX reports_by_unit ON reports (unit_id, state);
        CREATE INDEX reports_by_reporter ON reports (reporter_id) WHERE reporter_id IS NOT NULL;
        CREATE INDEX reports_by_owner ON reports (owner_id) WHERE owner_id IS NOT NULL;
        CREATE INDEX reports_open ON reports (state, id) WHERE closed_at IS NULL;
        CREATE INDEX reports_kept ON reports (kept_from) WHERE closed_at IS NOT NULL;
        CREATE INDEX reports_merged ON reports (merged_into) WHERE merged_into IS NOT NULL;
        CREATE TABLE report_events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            report_id INTEGER NOT NULL REFERENCES reports(id) ON DELETE CASCADE,
            at TEXT NOT NULL,
            actor_id INTEGER,
            what TEXT NOT NULL,
            note TEXT NOT NULL DEFAULT '',
            audience TEXT NOT NULL DEFAULT 'internal' CHECK (audience IN ('internal', 'reporter')),
            data TEXT NOT NULL DEFAULT '{}'
        );
        CREATE INDEX report_events_by_report ON report_events (report_id, id);
        CREATE TABLE report_files (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            report_id INTEGER REFERENCES reports(id) ON DELETE CASCADE,
            person_id INTEGER REFERENCES people(id),
            state TEXT NOT NULL CHECK (state IN ('coming', 'stored', 'refused', 'lost')),
            reason TEXT NOT NULL DEFAULT '',
            blob_id INTEGER REFERENCES blobs(id) ON DELETE SET NULL,
            added_at TEXT NOT NULL
        );
        CREATE INDEX report_files_by_report ON report_files (report_id);
        CREATE INDEX report_files_by_blob ON report_files (blob_id) WHERE blob_id IS NOT NULL;
        CREATE INDEX report_files_waiting ON report_files (person_id) WHERE report_id IS NULL;
        CREATE TABLE report_facts (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            platform TEXT NOT NULL,
            whose TEXT NOT NULL,
            unit_id INTEGER,
            harm TEXT NOT NULL,
            amount INTEGER,
            source TEXT NOT NULL,
            received_at TEXT NOT NULL,
            answered_at TEXT,
            closed_at TEXT NOT NULL,
            state TEXT NOT NULL
        );
        CREATE INDEX report_facts_by_time ON report_facts (received_at);
        CREATE TABLE report_attempts (
            person_id INTEGER NOT NULL REFERENCES people(id),
            what TEXT NOT NULL CHECK (what IN ('report', 'receipt')),
            at TEXT NOT NULL
        );
        CREATE INDEX report_attempts_by_person ON report_attempts (person_id, what, at);
        CREATE TABLE receipt_key (
            key TEXT NOT NULL
        )
        """,
    )
