"""What a messenger calls a file that an account uploaded to it, kept with the file, so that it goes up once."""

from __future__ import annotations

from storage.database import Database

_WHERE = "blob_id = :blob AND channel = :channel AND account = :account AND kind = :kind"


def name_of(database: Database, blob: int, channel: str, account: str, kind: str) -> str:
    """Return what the messenger calls a file that was sent as a kind; "" where it was not uploaded, or is gone."""
    row = database.row(
        f"SELECT name FROM uploads WHERE {_WHERE}",
        {"blob": blob, "channel": channel, "account": account, "kind": kind},
    )
    return row["name"] if row else ""


def keep(database: Database, blob: int, channel: str, account: str, kind: str, name: str) -> None:
    """Note what the messenger calls a file; of one that is gone nothing is noted."""
    database.run(
        "INSERT INTO uploads (blob_id, channel, account, kind, name) SELECT id, :channel, :account, :kind, :name"
        " FROM blobs WHERE id = :blob ON CONFLICT (blob_id, channel, account, kind) DO UPDATE SET name = excluded.name",
        {"blob": blob, "channel": channel, "account": account, "kind": kind, "name": name},
    )


def forget(database: Database, blob: int, channel: str, account: str, kind: str) -> None:
    """Forget what the messenger does not know any more."""
    database.run(
        f"DELETE FROM uploads WHERE {_WHERE}", {"blob": blob, "channel": channel, "account": account, "kind": kind}
    )
