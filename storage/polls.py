"""The polls that went out, by what the messenger calls them, so that a vote is looked up here and not believed.

What a vote means is plain JSON, as that of a button. A poll that went out twice is known by both its names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.people import Address
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class SentPoll:
    """A poll that went out.

    Attributes:
        chat: where it went; who votes elsewhere, where it was forwarded to, is not meant.
        poll: what the messenger calls it.
        message: its number in the outbox.
        action, data: what a vote does.
    """

    channel: str
    account: str
    chat: str
    poll: str
    message: int
    action: str
    data: dict[str, Any]


def remember(database: Database, sent: SentPoll, settles: str, now: str) -> None:
    """Keep a poll, under a name for what it asks that several may share."""
    database.run(
        "INSERT INTO polls (channel, account, poll, chat, outbox_id, settles, action, data, is_settled, created_at)"
        " VALUES (:channel, :account, :poll, :chat, :message, :settles, :action, :data, 0, :now)"
        " ON CONFLICT (channel, account, poll) DO NOTHING",
        {
            "channel": sent.channel,
            "account": sent.account,
            "poll": sent.poll,
            "chat": sent.chat,
            "message": sent.message,
            "settles": settles,
            "action": sent.action,
            "data": to_json(sent.data),
            "now": now,
        },
    )


def find(database: Database, address: Address, poll: str) -> SentPoll | None:
    """Return the poll that a messenger calls so; None where it is not known.

    A name that nobody has heard is that of the only poll in the chat whose name may not have been heard.
    """
    row = database.row(
        "SELECT * FROM polls WHERE channel = :channel AND account = :account AND poll = :poll",
        {**address.values(), "poll": poll},
    )
    if row:
        return _sent(row)
    unheard = _unheard(database, address)
    return unheard[0] if len(unheard) == 1 else None


def _unheard(database: Database, address: Address) -> list[SentPoll]:
    """The polls that may be in a chat under a name that was not heard: those on their way, and those sent twice."""
    going = database.rows(
        "SELECT id, message FROM outbox WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND ended_at IS NULL AND state IN ('sending', 'waiting') AND attempts > 0",
        address.values(),
    )
    twice = database.rows(
        "SELECT p.* FROM polls p JOIN outbox o ON o.id = p.outbox_id WHERE p.channel = :channel"
        " AND p.account = :account AND p.chat = :chat AND o.repeats > 0",
        address.values(),
    )
    asked = {row["id"]: from_json(row["message"]).get("poll") for row in going}
    return [
        *(
            SentPoll(address.channel, address.account, address.chat, "", number, poll["action"], poll["data"])
            for number, poll in asked.items()
            if poll
        ),
        *(_sent(row) for row in twice if row["outbox_id"] not in asked),
    ]


def settle(database: Database, name: str) -> Sequence[SentPoll]:
    """Note that what polls of a name ask is settled; return those of which that was not known."""
    rows = database.rows(
        "UPDATE polls SET is_settled = 1 WHERE settles = :name AND is_settled = 0 RETURNING *", {"name": name}
    )
    return [_sent(row) for row in rows]


def forget_chat(database: Database, channel: str, account: str, chat: str) -> None:
    """Forget the polls of a chat."""
    database.run(
        "DELETE FROM polls WHERE channel = :channel AND account = :account AND chat = :chat",
        {"channel": channel, "account": account, "chat": chat},
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` polls that went out before a time; return how many."""
    return database.run(
        "DELETE FROM polls WHERE (channel, account, poll) IN"
        " (SELECT channel, account, poll FROM polls WHERE created_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _sent(row: Row) -> SentPoll:
    return SentPoll(
        row["channel"],
        row["account"],
        row["chat"],
        row["poll"],
        row["outbox_id"],
        row["action"],
        from_json(row["data"]),
    )
