"""Messages that change themselves: of each name the newest one in a chat, so that the next takes its place."""

from __future__ import annotations

from storage.database import Database
from storage.people import Address


def find(database: Database, name: str, to: Address) -> int | None:
    """Return the number in the outbox of the message of a name in a chat; None where there is none."""
    row = database.row(
        "SELECT outbox_id FROM boards WHERE name = :name AND channel = :channel AND account = :account"
        " AND chat = :chat",
        {"name": name, **to.values()},
    )
    return int(row["outbox_id"]) if row else None


def remember(database: Database, name: str, to: Address, message: int) -> None:
    """Note the message of a name in a chat by its number in the outbox."""
    database.run(
        "INSERT INTO boards (name, channel, account, chat, outbox_id) VALUES (:name, :channel, :account, :chat, :id)"
        " ON CONFLICT (name, channel, account, chat) DO UPDATE SET outbox_id = excluded.outbox_id",
        {"name": name, **to.values(), "id": message},
    )


def forget_chat(database: Database, channel: str, account: str, chat: str) -> None:
    """Forget the messages in a chat."""
    database.run(
        "DELETE FROM boards WHERE channel = :channel AND account = :account AND chat = :chat",
        {"channel": channel, "account": account, "chat": chat},
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` names whose message the outbox does not know any more; return how many."""
    return database.run(
        "DELETE FROM boards WHERE (name, channel, account, chat) IN (SELECT name, channel, account, chat FROM boards b"
        " WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = b.outbox_id"
        " AND (o.ended_at IS NULL OR o.ended_at >= :before)) LIMIT :limit)",
        {"before": before, "limit": limit},
    )
