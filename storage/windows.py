"""How long after somebody wrote a messenger lets him be written to: when that was, and what was sent since.

For messengers that ask for it; a chat without a row is one in which nobody has written.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True, slots=True)
class Window:
    """When somebody last wrote, UTC, and how many messages were sent there since."""

    wrote_at: str
    sent: int


def opened(database: Database, channel: str, account: str, chat: str, wrote_at: str) -> None:
    """Note when somebody wrote. What was written earlier, or is told again, changes nothing."""
    database.run(
        "INSERT INTO windows (channel, account, chat, wrote_at) VALUES (:channel, :account, :chat, :wrote_at)"
        " ON CONFLICT (channel, account, chat) DO UPDATE SET wrote_at = excluded.wrote_at, sent = 0"
        " WHERE excluded.wrote_at > windows.wrote_at",
        {"channel": channel, "account": account, "chat": chat, "wrote_at": wrote_at},
    )


def get(database: Database, channel: str, account: str, chat: str) -> Window | None:
    """Return the window of a chat."""
    row = database.row(
        "SELECT wrote_at, sent FROM windows WHERE channel = :channel AND account = :account AND chat = :chat",
        {"channel": channel, "account": account, "chat": chat},
    )
    return Window(row["wrote_at"], row["sent"]) if row else None


def count(database: Database, channel: str, account: str, chat: str) -> None:
    """Count a message that is about to be sent."""
    _change(database, channel, account, chat, 1)


def give_back(database: Database, channel: str, account: str, chat: str) -> None:
    """Take back what was counted: the message was not sent."""
    _change(database, channel, account, chat, -1)


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` windows of people who last wrote before a time; return how many."""
    return database.run(
        "DELETE FROM windows WHERE rowid IN (SELECT rowid FROM windows WHERE wrote_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _change(database: Database, channel: str, account: str, chat: str, by: int) -> None:
    # Somebody may have written meanwhile, and then nothing is counted yet.
    database.run(
        "UPDATE windows SET sent = sent + :by WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND sent + :by >= 0",
        {"channel": channel, "account": account, "chat": chat, "by": by},
    )
