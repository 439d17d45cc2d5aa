"""What an account has used of a messenger's plan: messages sent and received in a month, without whose they were.

A month is named by its first day, "2026-11-01".
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages of an account in a month.

    Attributes:
        told: the share of the plan, in per cent, of which administrators were told that it is used; 0 for none.
    """

    sent: int = 0
    received: int = 0
    told: int = 0

    @property
    def messages(self) -> int:
        """All of them: whether the messenger counts both directions is not known of each."""
        return self.sent + self.received


def count(database: Database, channel: str, account: str, month: str, *, sent: int = 0, received: int = 0) -> None:
    """Add messages to those of a month."""
    database.run(
        "INSERT INTO usage (channel, account, month, sent, received)"
        " VALUES (:channel, :account, :month, :sent, :received)"
        " ON CONFLICT (channel, account, month) DO UPDATE"
        " SET sent = usage.sent + excluded.sent, received = usage.received + excluded.received",
        {"channel": channel, "account": account, "month": month, "sent": sent, "received": received},
    )


def get(database: Database, channel: str, account: str, month: str) -> Usage:
    """Return the messages of a month."""
    row = database.row(
        "SELECT sent, received, told FROM usage WHERE channel = :channel AND account = :account AND month = :month",
        {"channel": channel, "account": account, "month": month},
    )
    return Usage(row["sent"], row["received"], row["told"]) if row else Usage()


def tell(database: Database, channel: str, account: str, month: str, told: int) -> bool:
    """Note that administrators are told of a share; return False where they were told of it or more before."""
    return bool(
        database.run(
            "UPDATE usage SET told = :told"
            " WHERE channel = :channel AND account = :account AND month = :month AND told < :told",
            {"channel": channel, "account": account, "month": month, "told": told},
        )
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` counts of months that began before a day; return how many."""
    return database.run(
        "DELETE FROM usage WHERE rowid IN (SELECT rowid FROM usage WHERE month < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
