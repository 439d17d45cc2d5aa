"""Chats that nobody can be reached in: blocked, deactivated, left, gone; and chats that have moved.

A chat without a row is open. Whoever writes from a closed one opens it again.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage import outbox
from storage.database import Database


def close(database: Database, channel: str, account: str, chat: str, reason: str, now: str) -> None:
    """Note that nobody can be reached in a chat, and why: "blocked", "deactivated", "left", "gone"."""
    database.run(
        "INSERT INTO closed_chats (channel, account, chat, reason, closed_at)"
        " VALUES (:channel, :account, :chat, :reason, :now)"
        " ON CONFLICT (channel, account, chat) DO UPDATE SET reason = excluded.reason, closed_at = excluded.closed_at",
        {"channel": channel, "account": account, "chat": chat, "reason": reason, "now": now},
    )


def open_again(database: Database, channel: str, account: str, chat: str) -> bool:
    """Note that somebody can be reached in a chat; return whether it was closed."""
    return bool(
        database.run(
            "DELETE FROM closed_chats WHERE channel = :channel AND account = :account AND chat = :chat",
            {"channel": channel, "account": account, "chat": chat},
        )
    )


def move(database: Database, channel: str, account: str, old: str, new: str) -> None:
    """Give everything that belongs to a chat to the one it has become: people, menus and what waits to be sent."""
    values = {"channel": channel, "account": account, "old": old, "new": new}
    # Who wrote in both has an address in the new one already.
    database.run(
        "DELETE FROM addresses WHERE channel = :channel AND account = :account AND chat = :old AND sender IN"
        " (SELECT sender FROM addresses WHERE channel = :channel AND account = :account AND chat = :new)",
        values,
    )
    for table in ("addresses", "menus", "destinations"):
        database.run(
            f"UPDATE {table} SET chat = :new WHERE channel = :channel AND account = :account AND chat = :old", values
        )
    # A group speaks in its own name from its own number.
    database.run(
        "UPDATE destinations SET sender = chat WHERE channel = :channel AND account = :account AND sender = :old",
        values,
    )
    outbox.move(database, channel, account, old, new)


def counts(database: Database) -> Sequence[tuple[str, int]]:
    """Return how many chats are closed for which reason."""
    rows = database.rows("SELECT reason, count(*) AS n FROM closed_chats GROUP BY reason ORDER BY reason")
    return [(row["reason"], row["n"]) for row in rows]
