"""The chats that are destinations of reports, by the names that the office's rules call them."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Database
from storage.people import Address

_ADDRESS = "channel, account, chat, sender"


def name(database: Database, called: str, address: Address, now: str) -> None:
    """Let a name mean a chat from now on; the sender of a group's address is the group itself."""
    database.run(
        f"INSERT INTO destinations (name, {_ADDRESS}, named_at)"
        " VALUES (:name, :channel, :account, :chat, :sender, :now)"
        " ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, account = excluded.account,"
        " chat = excluded.chat, sender = excluded.sender, named_at = excluded.named_at",
        {"name": called, **address.values(), "now": now},
    )


def forget(database: Database, called: str) -> bool:
    """Let a name mean no chat any more; return whether it did."""
    return bool(database.run("DELETE FROM destinations WHERE name = :name", {"name": called}))


def at(database: Database, called: str) -> Address | None:
    """Return the chat that a name means."""
    row = database.row(f"SELECT {_ADDRESS} FROM destinations WHERE name = :name", {"name": called})
    return Address(**row) if row else None


def names_of(database: Database, address: Address) -> Sequence[str]:
    """Return the names that mean a chat."""
    rows = database.rows(
        "SELECT name FROM destinations WHERE channel = :channel AND account = :account AND chat = :chat ORDER BY name",
        address.values(),
    )
    return [row["name"] for row in rows]


def is_closed(database: Database, address: Address) -> bool:
    """Tell whether nobody can be reached in a chat."""
    row = database.row(
        "SELECT 1 AS one FROM closed_chats WHERE channel = :channel AND account = :account AND chat = :chat",
        address.values(),
    )
    return row is not None


def forget_chat(database: Database, address: Address) -> None:
    """Let no name mean a chat any more."""
    database.run(
        "DELETE FROM destinations WHERE channel = :channel AND account = :account AND chat = :chat", address.values()
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` names of chats that were closed before a time; return how many."""
    return database.run(
        "DELETE FROM destinations WHERE name IN (SELECT d.name FROM destinations d JOIN closed_chats c"
        " ON c.channel = d.channel AND c.account = d.account AND c.chat = d.chat WHERE c.closed_at < :before"
        " LIMIT :limit)",
        {"before": before, "limit": limit},
    )
