"""Events that came in, messages that go out, and the menus that people were shown.

Messages are plain JSON; this room does not know what is in them. Times are UTC in ISO 8601 and compare as text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database
from storage.people import Address

ANSWER, REPORT, BROADCAST = 1, 2, 3
"""The classes of a message, the most urgent first."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message that was claimed to be sent, with the number of the attempt."""

    id: int
    channel: str
    account: str
    chat: str
    urgency: int
    message: dict[str, Any]
    attempt: int


def is_known(database: Database, channel: str, account: str, key: str) -> bool:
    """Tell whether an event was taken before."""
    return (
        database.row(
            "SELECT 1 AS one FROM inbox WHERE channel = :channel AND account = :account AND event_key = :key",
            {"channel": channel, "account": account, "key": key},
        )
        is not None
    )


def record_event(
    database: Database, channel: str, account: str, key: str, now: str, kind: str, error: str | None = None
) -> None:
    """Record that an event was handled, or that it failed with the exception named; no content."""
    database.run(
        "INSERT INTO inbox (channel, account, event_key, received_at, outcome, kind, error)"
        " VALUES (:channel, :account, :key, :now, :outcome, :kind, :error)",
        {
            "channel": channel,
            "account": account,
            "key": key,
            "now": now,
            "outcome": "failed" if error else "handled",
            "kind": kind,
            "error": error,
        },
    )


def put(database: Database, address: Address, urgency: int, message: dict[str, Any], now: str) -> int:
    """Put a message into the outbox, due at once; return its number, which also orders its chat."""
    row = database.row(
        "INSERT INTO outbox (channel, account, chat, class, message, state, due_at, created_at)"
        " VALUES (:channel, :account, :chat, :class, :message, 'waiting', :now, :now) RETURNING id",
        {
            **address.values(),
            "class": urgency,
            "message": json.dumps(message, ensure_ascii=False),
            "now": now,
        },
    )
    assert row is not None
    return int(row["id"])


def claim(
    database: Database, owner: str, accounts: Sequence[tuple[str, str]], now: str, until: str
) -> OutboxRow | None:
    """Claim the next due message of these (channel, account) pairs for an owner until a time; None if none is due.

    Urgent classes go first, then the oldest. A message waits while an earlier one of its chat and class is
    unfinished, so that a chat reads in order. Run inside a transaction.
    """
    served = {f"channel{n}": channel for n, (channel, _) in enumerate(accounts)}
    served |= {f"account{n}": account for n, (_, account) in enumerate(accounts)}
    ours = " OR ".join(f"(o.channel = :channel{n} AND o.account = :account{n})" for n in range(len(accounts)))
    row = database.row(
        f"""
        UPDATE outbox SET state = 'sending', owner = :owner, lease_until = :until, attempts = attempts + 1
        WHERE id = (
            SELECT o.id FROM outbox o
            WHERE o.state = 'waiting' AND o.due_at <= :now AND ({ours or "1 = 0"})
              AND NOT EXISTS (
                  SELECT 1 FROM outbox e
                  WHERE e.channel = o.channel AND e.account = o.account AND e.chat = o.chat
                    AND e.class = o.class AND e.id < o.id AND e.state IN ('waiting', 'sending')
              )
            ORDER BY o.class, o.id LIMIT 1
        ) AND state = 'waiting'
        RETURNING id, channel, account, chat, class, message, attempts
        """,
        {"owner": owner, "now": now, "until": until, **served},
    )
    if row is None:
        return None
    return OutboxRow(
        row["id"],
        row["channel"],
        row["account"],
        row["chat"],
        row["class"],
        json.loads(row["message"]),
        row["attempts"],
    )


def end(database: Database, row: OutboxRow, state: str, now: str, error: str | None = None) -> bool:
    """Record how a claimed message ended: `sent`, `failed` or `unknown`; its text is erased.

    Return False where the claim has run out meanwhile: the message is another sender's now.
    """
    return _settle(
        database,
        row,
        "state = :state, ended_at = :now, error = :error, message = NULL",
        {"state": state, "now": now, "error": error},
    )


def retry(database: Database, row: OutboxRow, due: str, error: str) -> bool:
    """Give a claimed message back, to be sent at a later time; False where the claim has run out meanwhile."""
    return _settle(database, row, "state = 'waiting', due_at = :due, error = :error", {"due": due, "error": error})


def _settle(database: Database, row: OutboxRow, changes: str, values: dict[str, Any]) -> bool:
    # Each claim has its own number of the attempt, so it tells whose the message is.
    return bool(
        database.run(
            f"UPDATE outbox SET {changes}, owner = NULL, lease_until = NULL"
            " WHERE id = :id AND state = 'sending' AND attempts = :attempt",
            {**values, "id": row.id, "attempt": row.attempt},
        )
    )


def release_expired(database: Database, now: str, most_attempts: int) -> tuple[int, int]:
    """End the claims whose lease ran out; return how many go out again and how many stay unknown.

    Whether such a message reached anybody cannot be known. Answers and reports are sent again (at least once) until
    they were tried `most_attempts` times, broadcasts are not (at most once).
    """
    values = {"now": now, "broadcast": BROADCAST, "most": most_attempts}
    again = database.run(
        "UPDATE outbox SET state = 'waiting', due_at = :now, error = 'lease', owner = NULL, lease_until = NULL"
        " WHERE state = 'sending' AND lease_until < :now AND class < :broadcast AND attempts < :most",
        values,
    )
    unknown = database.run(
        "UPDATE outbox SET state = 'unknown', ended_at = :now, error = 'lease', message = NULL, owner = NULL,"
        " lease_until = NULL WHERE state = 'sending' AND lease_until < :now",
        values,
    )
    return again, unknown


def waiting(database: Database) -> int:
    """Return the number of messages that are not at their end."""
    row = database.row("SELECT count(*) AS n FROM outbox WHERE state IN ('waiting', 'sending')")
    return int(row["n"]) if row else 0


def remember_menu(database: Database, address: Address, person: int, buttons: list[dict[str, Any]], now: str) -> int:
    """Keep the buttons of a message for the person it was shown to; return the menu's number."""
    row = database.row(
        "INSERT INTO menus (channel, account, chat, person_id, buttons, created_at)"
        " VALUES (:channel, :account, :chat, :person, :buttons, :now) RETURNING id",
        {
            **address.values(),
            "person": person,
            "buttons": json.dumps(buttons, ensure_ascii=False),
            "now": now,
        },
    )
    assert row is not None
    return int(row["id"])


def latest_menu(
    database: Database, address: Address, person: int, since: str
) -> tuple[int, list[dict[str, Any]]] | None:
    """Return the newest menu shown to a person in a chat since a time: its number and its buttons."""
    row = database.row(
        "SELECT id, buttons FROM menus WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND person_id = :person AND created_at >= :since ORDER BY id DESC LIMIT 1",
        {
            **address.values(),
            "person": person,
            "since": since,
        },
    )
    return (int(row["id"]), json.loads(row["buttons"])) if row else None


def menu(database: Database, menu_id: int, address: Address, person: int) -> list[dict[str, Any]] | None:
    """Return the buttons of a menu that was shown to this person in this chat; None for anybody else's."""
    row = database.row(
        "SELECT buttons FROM menus WHERE id = :id AND channel = :channel AND account = :account"
        " AND chat = :chat AND person_id = :person",
        {**address.values(), "id": menu_id, "person": person},
    )
    return json.loads(row["buttons"]) if row else None


def forget_menu(database: Database, menu_id: int) -> None:
    """Forget a menu whose choice was taken and may not be taken twice."""
    database.run("DELETE FROM menus WHERE id = :id", {"id": menu_id})


def abandon(database: Database, channel: str, created_before: str, now: str) -> int:
    """End as failed what is left of a channel from before a time: nobody can get it any more; return how many."""
    return database.run(
        "UPDATE outbox SET state = 'failed', ended_at = :now, error = 'abandoned', message = NULL, owner = NULL,"
        " lease_until = NULL WHERE channel = :channel AND state IN ('waiting', 'sending') AND created_at < :before",
        {"channel": channel, "before": created_before, "now": now},
    )


def purge(database: Database, events_before: str, menus_before: str, messages_before: str) -> int:
    """Delete event keys, menus and ended messages older than the given times; return how many rows."""
    return (
        database.run("DELETE FROM inbox WHERE received_at < :before", {"before": events_before})
        + database.run("DELETE FROM menus WHERE created_at < :before", {"before": menus_before})
        + database.run("DELETE FROM outbox WHERE ended_at < :before", {"before": messages_before})
    )
