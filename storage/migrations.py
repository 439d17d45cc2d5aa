"""The schema, step by step. A step that has been released is never changed; a change is a new step."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("ungxu")


def _create(database: Database, statements: str) -> None:
    # Not executescript: it commits first, and a migration is one transaction.
    for statement in filter(None, map(str.strip, statements.split(";"))):
        database.execute(statement)


@migrations()
def m0001_first_conversation(database: Database) -> None:
    """The way through: events taken, messages to send, menus shown, people, and unanswered questions."""
    _create(
        database,
        """
        CREATE TABLE people (
            id INTEGER PRIMARY KEY,
            created_at TEXT NOT NULL
        );
        CREATE TABLE addresses (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES people(id),
            PRIMARY KEY (channel, account, chat, sender)
        );
        CREATE TABLE inbox (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            event_key TEXT NOT NULL,
            received_at TEXT NOT NULL,
            outcome TEXT NOT NULL CHECK (outcome IN ('handled', 'failed')),
            kind TEXT NOT NULL,
            error TEXT,
            PRIMARY KEY (channel, account, event_key)
        );
        CREATE INDEX inbox_by_time ON inbox (received_at);
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            class INTEGER NOT NULL CHECK (class IN (1, 2, 3)),
            message TEXT,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
            attempts INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            lease_until TEXT,
            due_at TEXT NOT NULL,
            created_at TEXT NOT NULL,
            ended_at TEXT,
            error TEXT
        );
        CREATE INDEX outbox_open ON outbox (state, class, id);
        CREATE INDEX outbox_by_chat ON outbox (channel, account, chat, class, id);
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
        CREATE TABLE questions (
            id INTEGER PRIMARY KEY,
            folded TEXT NOT NULL,
            text TEXT NOT NULL,
            outcome TEXT NOT NULL,
            shown TEXT NOT NULL,
            asked INTEGER NOT NULL DEFAULT 0,
            helpful INTEGER NOT NULL DEFAULT 0,
            wrong INTEGER NOT NULL DEFAULT 0,
            off_topic INTEGER NOT NULL DEFAULT 0,
            unclear INTEGER NOT NULL DEFAULT 0,
            first_day TEXT NOT NULL,
            last_day TEXT NOT NULL,
            UNIQUE (folded, outcome, shown)
        )
        """,
    )


@migrations()
def m0002_messengers(database: Database) -> None:
    """Messengers: lines of messages, what a messenger calls them, closed chats, leases, and files.

    The numbers of messages and files are never given twice: buttons that were shown long ago carry the one, messages
    that wait the other. Menus from before are
    forgotten, as they are after a day anyway.
    """
    _create(
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


@migrations()
def m0003_people(database: Database) -> None:
    """People and the office: units, members, roles, invitations, consents, approvals, what was done, what is due.

    Days are dates at the office, times are UTC. Nothing of a unit or a membership is overwritten: each says from when
    it holds, so that an old name and an old list can still be understood. The number of a person is never given twice:
    what he did by a role keeps it when he is gone.
    """
    # The table of people is made anew: what belongs to them is without them for a moment.
    database.execute("PRAGMA defer_foreign_keys=ON")
    _create(
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


@migrations()
def m0004_plans(database: Database) -> None:
    """What an account has used of a messenger's plan."""
    _create(
        database,
        """
        CREATE TABLE usage (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            month TEXT NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            received INTEGER NOT NULL DEFAULT 0,
            told INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (channel, account, month)
        )
        """,
    )


@migrations()
def m0005_official_accounts(database: Database) -> None:
    """What the channel of Zalo Official Accounts keeps, and of what administrators were told on which day."""
    _create(
        database,
        """
        CREATE TABLE oa_tokens (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app TEXT NOT NULL,
            access BLOB,
            refresh BLOB,
            received_at TEXT NOT NULL,
            access_until TEXT NOT NULL,
            tried_at TEXT,
            refused_at TEXT,
            spent_at TEXT
        );
        CREATE TABLE windows (
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            wrote_at TEXT NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (channel, account, chat)
        );
        CREATE TABLE alerts (
            name TEXT PRIMARY KEY,
            day TEXT NOT NULL
        )
        """,
    )


@migrations()
def m0006_reports(database: Database) -> None:
    """Reports of accounts, what happened with each, their evidence, and the key that receipts are hashed with."""
    _create(
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


@migrations()
def m0007_pages(database: Database) -> None:
    """The register of official pages."""
    _create(
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


@migrations()
def m0008_deadlines(database: Database) -> None:
    """How long reports took, of the time that counts: it is computed from a trail that goes one day."""
    _create(
        database,
        """
        ALTER TABLE reports ADD COLUMN answered_after INTEGER;
        ALTER TABLE reports ADD COLUMN resolved_after INTEGER;
        ALTER TABLE report_facts ADD COLUMN answered_after INTEGER;
        ALTER TABLE report_facts ADD COLUMN resolved_after INTEGER
        """,
    )


@migrations()
def m0009_links(database: Database) -> None:
    """Codes that link two messengers of one person, and which of several bots of a messenger he talks to."""
    _create(
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


@migrations()
def m0010_forwards(database: Database) -> None:
    """Where each report went beside the bot, and the chats that are destinations."""
    _create(
        database,
        """
        CREATE TABLE destinations (
            name TEXT PRIMARY KEY,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            sender TEXT NOT NULL,
            named_at TEXT NOT NULL
        );
        CREATE TABLE forwards (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            report_id INTEGER NOT NULL REFERENCES reports(id) ON DELETE CASCADE,
            destination TEXT NOT NULL,
            channel TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'unknown', 'nowhere')),
            reason TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            ended_at TEXT
        );
        CREATE INDEX forwards_by_report ON forwards (report_id);
        CREATE INDEX forwards_open ON forwards (state) WHERE state <> 'sent'
        """,
    )


@migrations()
def m0010_quizzes(database: Database) -> None:
    """Banks of questions, rounds in which they are asked, and what people answered."""
    _create(
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


@migrations()
def m0011_broadcasts(database: Database) -> None:
    """Broadcasts, the frozen list of whom each goes to with its sums, who wants none, and messages that change.

    The list is read by account in the order of people while it is sent; the sums save counting it.
    """
    _create(
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


@migrations()
def m0012_quiz_counts(database: Database) -> None:
    """What the figures of rounds are made of, counted as people finish; what was finished before is counted later."""
    _create(
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


@migrations()
def m0013_quiz_practice(database: Database) -> None:
    """Which questions somebody practises, and when each comes again."""
    _create(
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


@migrations()
def m0014_broadcast_lists(database: Database) -> None:
    """What a list of recipients is written from stands in an index; what messengers call the files of broadcasts."""
    _create(
        database,
        """
        DROP INDEX addresses_by_person;
        CREATE INDEX addresses_by_person ON addresses (person_id, in_group, used_at, channel, account, chat);
        CREATE TABLE uploads (
            blob_id INTEGER NOT NULL REFERENCES blobs(id) ON DELETE CASCADE,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (blob_id, channel, account, kind)
        )
        """,
    )


def known_migrations() -> set[str]:
    """Return the names of all steps that this version has."""
    empty = Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
