"""What a list of recipients is written from stands in an index; what messengers call the files of broadcasts."""

from __future__ import annotations

from sqlite_utils import Database

from storage.migrations import steps


def m0014_broadcast_lists(database: Database) -> None:
    """Take the step."""
    steps.create(
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
