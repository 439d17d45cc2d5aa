"""People and the office: units, members, roles, invitations, consents, approvals, what was done, what is due.

Days are dates at the office, times are UTC. Nothing of a unit or a membership is overwritten: each says from when
it holds, so that an old name and an old list can still be understood. The number of a person is never given twice:
what he did by a role keeps it when he is gone.
"""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0003_people(database: Database) -> None:
    """Take the step."""
    # The table of people is made anew: what belongs to them is without them for a moment.
    database.execute("PRAGMA defer_foreign_keys=ON")
    steps.create(
        database,
        """
        CREATE TABLE units (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            parent_id INTEGER REFERENCES units(id),
            opened_on TEXT NOT NULL,
            closed_on TEXT,
            successor_id INTEGER REFERENCES units(id)
        );
        CREATE INDEX units_by_parent ON units (parent_id);
        CREATE TABLE unit_names (
            unit_id INTEGER NOT NULL REFERENCES units(id),
            from_day TEXT NOT NULL,
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            PRIMARY KEY (unit_id, from_day)
        );
        CREATE INDEX unit_names_by_folded ON unit_names (folded);
        CREATE TABLE members (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            position TEXT NOT NULL DEFAULT '',
            code TEXT UNIQUE,
            state TEXT NOT NULL CHECK (state IN ('listed', 'pending', 'joined', 'left')),
            since TEXT NOT NULL
        );
        CREATE INDEX members_by_name ON members (folded);
        CREATE TABLE memberships (
            person_id INTEGER NOT NULL REFERENCES people(id),
            unit_id INTEGER NOT NULL REFERENCES units(id),
            from_day TEXT NOT NULL,
            until_day TEXT,
            PRIMARY KEY (person_id, from_day)
        );
        CREATE INDEX memberships_by_unit ON memberships (unit_id, until_day);
        CREATE TABLE roles (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            person_id INTEGER NOT NULL REFERENCES people(id),
            role TEXT NOT NULL CHECK (role IN ('contact', 'head', 'administrator')),
            unit_id INTEGER REFERENCES units(id),
            given_at TEXT NOT NULL,
            given_by INTEGER NOT NULL,
            taken_at TEXT,
            taken_by INTEGER
        );
        CREATE INDEX roles_by_person ON roles (person_id) WHERE taken_at IS NULL;
        CREATE INDEX roles_by_unit ON roles (unit_id) WHERE taken_at IS NULL;
        CREATE TABLE absences (
            person_id INTEGER PRIMARY KEY REFERENCES people(id),
            until_day TEXT NOT NULL,
            substitute_id INTEGER REFERENCES people(id)
        );
        CREATE TABLE invitations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            code TEXT NOT NULL UNIQUE,
            unit_id INTEGER NOT NULL REFERENCES units(id),
            created_at TEXT NOT NULL,
            created_by INTEGER NOT NULL,
            expires_at TEXT NOT NULL,
            revoked_at TEXT
        );
        CREATE TABLE join_requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            person_id INTEGER NOT NULL REFERENCES people(id),
            listed_id INTEGER REFERENCES people(id),
            unit_id INTEGER NOT NULL REFERENCES units(id),
            asked_at TEXT NOT NULL,
            decided_at TEXT,
            decided_by INTEGER,
            accepted INTEGER
        );
        CREATE INDEX join_requests_open ON join_requests (unit_id) WHERE decided_at IS NULL;
        CREATE TABLE claims (
            code_hash TEXT PRIMARY KEY,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            used_at TEXT,
            used_by INTEGER
        );
        CREATE TABLE consents (
            person_id INTEGER NOT NULL REFERENCES people(id),
            purpose TEXT NOT NULL,
            given_at TEXT NOT NULL,
            withdrawn_at TEXT
        );
        CREATE INDEX consents_by_person ON consents (person_id, purpose);
        CREATE TABLE approvals (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            act TEXT NOT NULL,
            data TEXT NOT NULL,
            unit_id INTEGER REFERENCES units(id),
            asked_by INTEGER NOT NULL,
            asked_at TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'returned', 'withdrawn')),
            decided_by INTEGER,
            decided_at TEXT,
            note TEXT
        );
        CREATE INDEX approvals_open ON approvals (unit_id) WHERE state = 'waiting';
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor_id INTEGER NOT NULL,
            act TEXT NOT NULL,
            subject TEXT NOT NULL DEFAULT '',
            unit_id INTEGER
        );
        CREATE INDEX audit_by_time ON audit (at);
        CREATE TABLE dialogues (
            person_id INTEGER NOT NULL REFERENCES people(id),
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            form TEXT NOT NULL,
            step TEXT NOT NULL,
            data TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (person_id, channel, account, chat)
        );
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            data TEXT NOT NULL,
            recurrence TEXT,
            planned_at TEXT NOT NULL,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            owner TEXT,
            lease_until TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            error TEXT,
            UNIQUE (kind, name)
        );
        CREATE INDEX jobs_due ON jobs (due_at);
        CREATE TABLE heartbeats (
            name TEXT PRIMARY KEY,
            at TEXT NOT NULL
        );
        CREATE TABLE tallies (
            day TEXT NOT NULL,
            name TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (day, name)
        );
        CREATE TABLE imports (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            state TEXT NOT NULL CHECK (state IN ('staging', 'applying', 'done', 'refused')),
            started_by INTEGER NOT NULL,
            started_at TEXT NOT NULL,
            ended_at TEXT
        );
        CREATE TABLE import_units (
            import_id INTEGER NOT NULL REFERENCES imports(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            parent_id INTEGER,
            parent_number INTEGER,
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            unit_id INTEGER,
            PRIMARY KEY (import_id, number)
        );
        CREATE TABLE import_rows (
            import_id INTEGER NOT NULL REFERENCES imports(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            person_id INTEGER,
            code TEXT,
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            position TEXT NOT NULL,
            unit_id INTEGER,
            unit_number INTEGER,
            PRIMARY KEY (import_id, number)
        );
        CREATE TABLE import_leavers (
            import_id INTEGER NOT NULL REFERENCES imports(id) ON DELETE CASCADE,
            person_id INTEGER NOT NULL,
            PRIMARY KEY (import_id, person_id)
        );
        CREATE TABLE people_before AS SELECT id, created_at FROM people;
        DROP TABLE people;
        CREATE TABLE people (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created_at TEXT NOT NULL
        );
        INSERT INTO people (id, created_at) SELECT id, created_at FROM people_before;
        DROP TABLE people_before;
        CREATE INDEX addresses_by_person ON addresses (person_id);
        CREATE INDEX menus_by_person ON menus (person_id);
        ALTER TABLE blob_parts ADD COLUMN sealed_with TEXT;
        CREATE INDEX blob_parts_by_key ON blob_parts (sealed_with);
        ALTER TABLE addresses ADD COLUMN in_group INTEGER NOT NULL DEFAULT 0;
        UPDATE addresses SET in_group = 1 WHERE channel = 'telegram' AND chat <> sender;
        ALTER TABLE addresses ADD COLUMN used_at TEXT;
        ALTER TABLE addresses ADD COLUMN held_at TEXT;
        ALTER TABLE addresses ADD COLUMN held_by INTEGER
        """,
    )
