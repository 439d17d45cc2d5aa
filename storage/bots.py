"""Which of several bots of one messenger somebody talks to, where the plan of each allows so many people.

A member has one bot in each messenger, his home there. Who came to a bot that was full was led to another; he does not
count as one of those that the full one talks to.
"""

from __future__ import annotations

from storage.database import Database


def home(database: Database, person: int, channel: str) -> str | None:
    """Return the account of the bot that somebody talks to in a messenger."""
    row = database.row(
        "SELECT account FROM homes WHERE person_id = :person AND channel = :channel",
        {"person": person, "channel": channel},
    )
    return row["account"] if row else None


def settle(database: Database, person: int, channel: str, account: str, now: str) -> None:
    """Let somebody talk to a bot from now on, whichever it was before."""
    database.run(
        "INSERT INTO homes (person_id, channel, account, since) VALUES (:person, :channel, :account, :now)"
        " ON CONFLICT (person_id, channel) DO UPDATE SET account = excluded.account, since = excluded.since",
        {"person": person, "channel": channel, "account": account, "now": now},
    )


def home_of_sender(database: Database, channel: str, sender: str, but: str) -> str | None:
    """Return the account of the bot that a member talks to whom another bot than `but` hears under the same name.

    Whether a messenger calls somebody the same for every bot is its own affair; where it does not, nobody is found. It
    only tells where he is at home: what the member may do he may not do here.
    """
    row = database.row(
        "SELECT coalesce(h.account, a.account) AS account FROM addresses a"
        " JOIN members m ON m.person_id = a.person_id AND m.state = 'joined'"
        " LEFT JOIN homes h ON h.person_id = a.person_id AND h.channel = a.channel"
        " WHERE a.channel = :channel AND a.sender = :sender AND a.account <> :but AND a.in_group = 0"
        " AND a.held_at IS NULL ORDER BY h.since IS NULL, h.since, a.account LIMIT 1",
        {"channel": channel, "sender": sender, "but": but},
    )
    return row["account"] if row else None


def people(database: Database, channel: str, account: str, but: str = "") -> int:
    """Return how many people have written to a bot in private and were not led to another, not counting one chat."""
    row = database.row(
        "SELECT count(DISTINCT chat) AS n FROM addresses a WHERE channel = :channel AND account = :account"
        " AND in_group = 0 AND chat <> :but AND NOT EXISTS (SELECT 1 FROM led_away l WHERE l.channel = a.channel"
        " AND l.account = a.account AND l.chat = a.chat)",
        {"channel": channel, "account": account, "but": but},
    )
    return int(row["n"]) if row else 0


def is_led_away(database: Database, channel: str, account: str, chat: str) -> bool:
    """Tell whether whoever writes in a chat was led to another bot."""
    row = database.row(
        "SELECT 1 AS one FROM led_away WHERE channel = :channel AND account = :account AND chat = :chat",
        {"channel": channel, "account": account, "chat": chat},
    )
    return row is not None


def lead_away(database: Database, channel: str, account: str, chat: str, now: str) -> None:
    """Note that whoever writes in a chat was led to another bot."""
    database.run(
        "INSERT INTO led_away (channel, account, chat, at) VALUES (:channel, :account, :chat, :now)"
        " ON CONFLICT (channel, account, chat) DO UPDATE SET at = excluded.at",
        {"channel": channel, "account": account, "chat": chat, "now": now},
    )


def take_in(database: Database, channel: str, account: str, chat: str) -> None:
    """Count whoever writes in a chat among the people of the bot."""
    database.run(
        "DELETE FROM led_away WHERE channel = :channel AND account = :account AND chat = :chat",
        {"channel": channel, "account": account, "chat": chat},
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` homes of people who are no members, and of chats from before a time; return how many.

    `limit` is returned where there may be more.
    """
    values = {"before": before, "limit": limit}
    homes = database.run(
        "DELETE FROM homes WHERE rowid IN (SELECT h.rowid FROM homes h WHERE h.since < :before AND NOT EXISTS"
        " (SELECT 1 FROM members m WHERE m.person_id = h.person_id AND m.state = 'joined') LIMIT :limit)",
        values,
    )
    led = database.run(
        "DELETE FROM led_away WHERE rowid IN (SELECT rowid FROM led_away WHERE at < :before LIMIT :limit)", values
    )
    return limit if limit in (homes, led) else homes + led
