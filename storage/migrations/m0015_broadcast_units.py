"""How many people of each unit a broadcast reached and are informed, and lists that are written faster.

The states of a list are compared one after the other, the commonest first: `IN` takes as long as the rest of
writing a row.
"""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0015_broadcast_units(database: Database) -> None:
    """Take the step."""
    steps.create(
        database,
        """
        CREATE TABLE recipients_new (
            broadcast_id INTEGER NOT NULL,
            person_id INTEGER NOT NULL,
            unit_id INTEGER,
            channel TEXT NOT NULL,
            account TEXT NOT NULL,
            chat TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'skipped' OR state = 'queued' OR state = 'sent'
                OR state = 'failed' OR state = 'unknown'),
            reason TEXT NOT NULL DEFAULT '',
            ended_at TEXT,
            informed_at TEXT,
            informed_how TEXT,
            informed_by INTEGER,
            PRIMARY KEY (broadcast_id, person_id)
        ) WITHOUT ROWID;
        INSERT INTO recipients_new SELECT broadcast_id, person_id, unit_id, channel, account, chat, state, reason,
            ended_at, informed_at, informed_how, informed_by FROM recipients ORDER BY broadcast_id, person_id;
        DROP TABLE recipients;
        ALTER TABLE recipients_new RENAME TO recipients;
        CREATE INDEX recipients_waiting ON recipients (broadcast_id, channel, account, person_id)
            WHERE state = 'waiting';
        CREATE INDEX recipients_informed ON recipients (informed_by) WHERE informed_by IS NOT NULL;
        CREATE TABLE broadcast_units (
            broadcast_id INTEGER NOT NULL,
            unit_id INTEGER NOT NULL,
            people INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            informed INTEGER NOT NULL,
            PRIMARY KEY (broadcast_id, unit_id)
        ) WITHOUT ROWID;
        INSERT INTO broadcast_units SELECT broadcast_id, coalesce(unit_id, 0), count(*),
            sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END), sum(CASE WHEN informed_at IS NULL THEN 0 ELSE 1 END)
            FROM recipients GROUP BY broadcast_id, coalesce(unit_id, 0);
        ALTER TABLE broadcasts ADD COLUMN counted_to INTEGER NOT NULL DEFAULT 0;
        UPDATE broadcasts SET counted_to =
            coalesce((SELECT max(person_id) FROM recipients WHERE broadcast_id = broadcasts.id), 0)
        """,
    )
