"""Messages that go out, from the moment they are written down to their end.

Messages are plain JSON; this room does not know what is in them. Times are UTC in ISO 8601 and compare as text.

The messages of one chat and one class are a line: they go out one after the other. The first of a line is `waiting`
(or `sending`), those behind it are `queued`, so that what may be sent is found without looking at what may not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.stored_json import from_json, to_json

ANSWER, REPORT, BROADCAST = 1, 2, 3
"""The classes of a message, the most urgent first."""

CLASSES = (ANSWER, REPORT, BROADCAST)

TOLD_TO_WAIT = "retry_after"
"""Why a message waits whose chat wants to be left alone until it is due."""

_LINE = "channel = :channel AND account = :account AND chat = :chat AND class = :class AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message that was claimed to be sent.

    Attributes:
        urgency: its class.
        attempt: the number of this attempt, from 1; it tells whose the message is.
        repeats: how often an earlier attempt may have reached somebody.
        created_at: when it was written, UTC.
        edits: the messenger's id of the message that this one changes, "" where that is not known; None for a new one.
        concern: what the job that wrote it wants to be reminded of at its end; None where none wants to know.
    """

    id: int
    channel: str
    account: str
    chat: str
    urgency: int
    message: dict[str, Any]
    attempt: int
    repeats: int = 0
    created_at: str = ""
    edits: str | None = None
    concern: dict[str, Any] | None = None


def put(
    database: Database,
    channel: str,
    account: str,
    chat: str,
    urgency: int,
    message: dict[str, Any],
    now: str,
    *,
    edits: int | None = None,
    concern: dict[str, Any] | None = None,
) -> int:
    """Put a message into the outbox, due at once; return its number, which also orders its chat.

    `edits` is the number of the message that this one changes.
    """
    return database.insert(
        "INSERT INTO outbox (channel, account, chat, class, message, state, due_at, created_at, edits, concern)"
        " VALUES (:channel, :account, :chat, :class, :message,"
        f" CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE {_LINE}) THEN 'queued' ELSE 'waiting' END,"
        " :now, :now, :edits, :concern)",
        {
            "channel": channel,
            "account": account,
            "chat": chat,
            "class": urgency,
            "message": to_json(message),
            "now": now,
            "edits": edits,
            "concern": None if concern is None else to_json(concern),
        },
    )


def due(
    database: Database, channel: str, account: str, urgency: int, now: str, limit: int
) -> Sequence[tuple[int, str]]:
    """Return (id, chat) of the messages of a class that may be sent now, the oldest first."""
    rows = database.rows(
        "SELECT id, chat FROM outbox WHERE state = 'waiting' AND channel = :channel AND account = :account"
        " AND class = :class AND due_at <= :now ORDER BY id LIMIT :limit",
        {"channel": channel, "account": account, "class": urgency, "now": now, "limit": limit},
    )
    return [(row["id"], row["chat"]) for row in rows]


def waiting(database: Database, channel: str, account: str, urgency: int) -> int:
    """Return how many messages of a class wait to be sent by an account, without those that stand behind them."""
    row = database.row(
        "SELECT count(*) AS n FROM outbox WHERE state = 'waiting' AND channel = :channel AND account = :account"
        " AND class = :class",
        {"channel": channel, "account": account, "class": urgency},
    )
    return int(row["n"]) if row else 0


def claim(database: Database, ids: Sequence[int], owner: str, until: str) -> list[OutboxRow]:
    """Claim messages for an owner until a time, in the order given; those claimed meanwhile are left out.

    Run inside the transaction that found them.
    """
    if not ids:
        return []
    places, values = _listed(ids)
    rows = database.rows(
        "UPDATE outbox SET state = 'sending', owner = :owner, lease_until = :until, attempts = attempts + 1"
        f" WHERE id IN ({places}) AND state = 'waiting' RETURNING {_COLUMNS}",
        {**values, "owner": owner, "until": until},
    )
    claimed = {row["id"]: _row(row) for row in rows}
    return [claimed[number] for number in ids if number in claimed]


def defer(database: Database, row_id: int, until: str) -> None:
    """Let a message that waits wait until a time; it was not tried."""
    database.run(
        "UPDATE outbox SET due_at = :until WHERE id = :id AND state = 'waiting'", {"id": row_id, "until": until}
    )


def on_its_way(database: Database, channel: str, account: str, row_id: int) -> dict[str, Any] | None:
    """Return the message of this number that an account is sending now; None where it sends none such."""
    row = database.row(
        "SELECT message FROM outbox WHERE id = :id AND channel = :channel AND account = :account AND state = 'sending'",
        {"id": row_id, "channel": channel, "account": account},
    )
    return dict(from_json(row["message"])) if row else None


def arrive(database: Database, arrived: Sequence[tuple[OutboxRow, str | None]], now: str) -> set[int]:
    """Record that claimed messages were sent, each with what the messenger calls it; return the ids of those recorded.

    Their texts are erased and what stands behind them may go. Another sender's by now are left out.
    """
    if not arrived:
        return set()
    values: dict[str, Any] = {"now": now}
    for place, (row, sent_id) in enumerate(arrived):
        values |= {f"id{place}": row.id, f"attempt{place}": row.attempt, f"name{place}": sent_id}
    ends = ", ".join(f"(:id{place}, :attempt{place}, :name{place})" for place in range(len(arrived)))
    rows = database.rows(
        f"WITH ends (id, attempt, sent_id) AS (VALUES {ends})"
        " UPDATE outbox SET state = 'sent', ended_at = :now, error = NULL, sent_id = ends.sent_id, message = NULL,"
        " concern = NULL, owner = NULL, lease_until = NULL FROM ends"
        " WHERE outbox.id = ends.id AND outbox.state = 'sending' AND outbox.attempts = ends.attempt"
        " RETURNING outbox.id AS id",
        values,
    )
    ended = {int(row["id"]) for row in rows}
    _let_go_behind(database, ended)
    return ended


def end(
    database: Database, row: OutboxRow, state: str, now: str, error: str | None = None, sent_id: str | None = None
) -> bool:
    """Record how a claimed message ended: `sent`, `failed` or `unknown`; its text is erased and the next may go.

    `sent_id` is what the messenger calls the message. Return False where the claim has run out meanwhile: the message
    is another sender's now.
    """
    ended = _settle(
        database,
        row,
        "state = :state, ended_at = :now, error = :error, sent_id = :sent_id, message = NULL, concern = NULL",
        {"state": state, "now": now, "error": error, "sent_id": sent_id},
    )
    if ended:
        _let_go_behind(database, [row.id])
    return ended


def retry(database: Database, row: OutboxRow, due: str, error: str, *, repeat: bool = False) -> bool:
    """Give a claimed message back, to be sent at a later time; False where the claim has run out meanwhile.

    `repeat` says that it may have reached somebody.
    """
    return _settle(
        database,
        row,
        "state = 'waiting', due_at = :due, error = :error, repeats = repeats + :repeat",
        {"due": due, "error": error, "repeat": int(repeat)},
    )


def expired(database: Database, now: str, limit: int, *, but: str = "") -> list[OutboxRow]:
    """Return messages whose claim ran out, but those of one owner: whether they reached anybody cannot be known."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM outbox WHERE state = 'sending' AND lease_until < :now AND owner <> :but"
        " ORDER BY id LIMIT :limit",
        {"now": now, "limit": limit, "but": but},
    )
    return [_row(row) for row in rows]


def hasten(database: Database, channel: str, account: str, now: str) -> int:
    """Let what waits until a later time be due now, but for what was told to wait; return how many messages."""
    return database.run(
        "UPDATE outbox SET due_at = :now WHERE state = 'waiting' AND channel = :channel AND account = :account"
        " AND due_at > :now AND coalesce(error, '') <> :told",
        {"channel": channel, "account": account, "now": now, "told": TOLD_TO_WAIT},
    )


def free(database: Database, owner: str) -> None:
    """Let the claims of an owner run out now: its process is gone."""
    database.run("UPDATE outbox SET lease_until = '' WHERE state = 'sending' AND owner = :owner", {"owner": owner})


def doubt(database: Database) -> None:
    """Take everything that waits for sent by a process that is gone: whether it reached anybody cannot be known.

    Answers and reports go out again then, and count as repeats; broadcasts do not go out twice.
    """
    database.run(
        "UPDATE outbox SET state = 'sending', owner = '', lease_until = '' WHERE state = 'waiting'"
        " OR (state = 'queued' AND class = :broadcast)",
        {"broadcast": BROADCAST},
    )


def owners(database: Database) -> list[str]:
    """Return who holds claims."""
    rows = database.rows("SELECT DISTINCT owner FROM outbox WHERE state = 'sending' AND owner IS NOT NULL")
    return [row["owner"] for row in rows]


def give_up(
    database: Database, channel: str, account: str, chat: str, now: str, reason: str, limit: int
) -> list[OutboxRow]:
    """End as failed up to `limit` messages that wait for a chat where nobody can be reached; return them."""
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM outbox WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND state IN ('waiting', 'queued') AND ended_at IS NULL ORDER BY id LIMIT :limit",
        {"channel": channel, "account": account, "chat": chat, "limit": limit},
    )
    _fail(database, rows, now, reason)
    for urgency in CLASSES:
        # More may wait than the limit.
        _let_next_go(database, {"channel": channel, "account": account, "chat": chat, "class": urgency})
    return [_row(row) for row in rows]


def take_back(database: Database, urgency: int, is_meant: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Take messages of a class that wait out of the outbox, by what their job wants to be reminded of; return that.

    One that goes out in several parts stays, since the first of them may have arrived.
    """
    rows = database.rows(
        "SELECT id, channel, account, chat, class, concern FROM outbox WHERE class = :class AND ended_at IS NULL"
        " AND state IN ('waiting', 'queued') AND concern IS NOT NULL ORDER BY id",
        {"class": urgency},
    )
    taken = []
    for row in rows:
        concern = from_json(row["concern"])
        if concern.get("parts", 1) == 1 and is_meant(concern):
            database.run("DELETE FROM outbox WHERE id = :id", {"id": row["id"]})
            _let_next_go(database, {name: row[name] for name in ("channel", "account", "chat", "class")})
            taken.append(concern)
    return taken


def hindrance(database: Database, urgency: int) -> str:
    """Return why messages of a class that wait could not be sent when that was tried last; "" where none was."""
    row = database.row(
        "SELECT error FROM outbox WHERE class = :class AND ended_at IS NULL AND state = 'waiting'"
        " AND error IS NOT NULL ORDER BY id DESC LIMIT 1",
        {"class": urgency},
    )
    return str(row["error"]) if row else ""


def move(database: Database, channel: str, account: str, old: str, new: str) -> None:
    """Send to another chat what is not at its end for a chat."""
    values = {"channel": channel, "account": account, "old": old, "chat": new}
    database.run(
        "UPDATE outbox SET chat = :chat WHERE channel = :channel AND account = :account AND chat = :old"
        " AND ended_at IS NULL",
        values,
    )
    for urgency in CLASSES:
        # Two lines have become one.
        line = {"channel": channel, "account": account, "chat": new, "class": urgency}
        database.run(f"UPDATE outbox SET state = 'queued' WHERE {_LINE} AND state = 'waiting'", line)
        _let_next_go(database, line)


def abandon(database: Database, channel: str, created_before: str, now: str) -> int:
    """End as failed what is left of a channel from before a time: nobody can get it any more; return how many."""
    abandoned = database.run(
        "UPDATE outbox SET state = 'failed', ended_at = :now, error = 'abandoned', message = NULL, concern = NULL,"
        " owner = NULL, lease_until = NULL WHERE channel = :channel AND ended_at IS NULL AND created_at < :before",
        {"channel": channel, "before": created_before, "now": now},
    )
    # What was written later is the first of its line now.
    database.run(
        "UPDATE outbox SET state = 'waiting' WHERE channel = :channel AND state = 'queued' AND NOT EXISTS"
        " (SELECT 1 FROM outbox e WHERE e.channel = outbox.channel AND e.account = outbox.account"
        " AND e.chat = outbox.chat AND e.class = outbox.class AND e.ended_at IS NULL"
        " AND (e.id < outbox.id OR e.state <> 'queued'))",
        {"channel": channel},
    )
    return abandoned


def give_up_overdue(database: Database, before: str, now: str, reason: str, limit: int) -> list[OutboxRow]:
    """End as failed up to `limit` messages that nobody sends any more, written before a time; return them.

    They are of an account or a window that is gone: those of a living one are given up by whoever sends them.
    """
    rows = database.rows(
        f"SELECT {_COLUMNS} FROM outbox WHERE state IN ('waiting', 'queued') AND ended_at IS NULL"
        " AND created_at < :before ORDER BY id LIMIT :limit",
        {"before": before, "limit": limit},
    )
    _fail(database, rows, now, reason)
    _let_go_behind(database, [row["id"] for row in rows])
    return [_row(row) for row in rows]


def forget_chat(database: Database, channel: str, account: str, chat: str) -> None:
    """Delete what was sent to a chat, and what waits to be sent unless a job wants to know how that ends."""
    values = {"channel": channel, "account": account, "chat": chat}
    database.run(
        "DELETE FROM outbox WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND (ended_at IS NOT NULL OR (state IN ('queued', 'waiting') AND concern IS NULL))",
        values,
    )
    for urgency in CLASSES:
        _let_next_go(database, {**values, "class": urgency})


def unfinished(database: Database) -> int:
    """Return the number of messages that are not at their end."""
    row = database.row("SELECT count(*) AS n FROM outbox WHERE ended_at IS NULL")
    return int(row["n"]) if row else 0


def ended_since(database: Database, time: str) -> dict[str, int]:
    """Return how many messages ended how since a time."""
    rows = database.rows(
        "SELECT state, count(*) AS n FROM outbox WHERE ended_at >= :time GROUP BY state", {"time": time}
    )
    return {row["state"]: row["n"] for row in rows}


def sent_since(database: Database, channel: str, account: str, urgency: int, time: str) -> int:
    """Return how many messages of a class an account has sent since a time."""
    row = database.row(
        "SELECT count(*) AS n FROM outbox WHERE ended_at >= :time AND state = 'sent' AND channel = :channel"
        " AND account = :account AND class = :class",
        {"time": time, "channel": channel, "account": account, "class": urgency},
    )
    return int(row["n"]) if row else 0


def depths(database: Database) -> list[tuple[str, int, str, int, str]]:
    """Return (channel, class, state, messages, when the oldest was written) of all that is not at its end."""
    rows = database.rows(
        "SELECT channel, class, state, count(*) AS n, min(created_at) AS oldest FROM outbox WHERE ended_at IS NULL"
        " GROUP BY channel, class, state ORDER BY channel, class, state"
    )
    return [(row["channel"], row["class"], row["state"], row["n"], row["oldest"]) for row in rows]


def failed(database: Database, channel: str, account: str, error: str) -> int:
    """Return how many messages of an account failed for a reason, of those whose end is still known."""
    row = database.row(
        "SELECT count(*) AS n FROM outbox WHERE ended_at IS NOT NULL AND state = 'failed' AND error = :error"
        " AND channel = :channel AND account = :account",
        {"channel": channel, "account": account, "error": error},
    )
    return int(row["n"]) if row else 0


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` messages that ended before a time; return how many."""
    return database.run(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE ended_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


_COLUMNS = (
    "id, channel, account, chat, class, message, attempts, repeats, created_at, edits, concern,"
    " (SELECT coalesce(e.sent_id, '') FROM outbox e WHERE e.id = outbox.edits) AS edited"
)


def _claim(database: Database, row_id: int, owner: str, until: str) -> OutboxRow | None:
    row = database.row(
        "UPDATE outbox SET state = 'sending', owner = :owner, lease_until = :until, attempts = attempts + 1"
        f" WHERE id = :id AND state = 'waiting' RETURNING {_COLUMNS}",
        {"id": row_id, "owner": owner, "until": until},
    )
    return _row(row) if row else None


def _row(row: Row) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        channel=row["channel"],
        account=row["account"],
        chat=row["chat"],
        urgency=row["class"],
        message=from_json(row["message"]),
        attempt=row["attempts"],
        repeats=row["repeats"],
        created_at=row["created_at"],
        # The edited message may have been purged, or have ended without an id.
        edits=None if row["edits"] is None else row["edited"] or "",
        concern=from_json(row["concern"]) if row["concern"] else None,
    )


def _fail(database: Database, rows: Iterable[Row], now: str, reason: str) -> None:
    for row in rows:
        database.run(
            "UPDATE outbox SET state = 'failed', ended_at = :now, error = :reason, message = NULL, concern = NULL"
            " WHERE id = :id",
            {"id": row["id"], "now": now, "reason": reason},
        )


def _settle(database: Database, row: OutboxRow, changes: str, values: dict[str, Any]) -> bool:
    """Change a claimed message; return False where it is another sender's now."""
    # Each claim has its own number of the attempt, so it tells whose the message is.
    changed = database.run(
        f"UPDATE outbox SET {changes}, owner = NULL, lease_until = NULL"
        " WHERE id = :id AND state = 'sending' AND attempts = :attempt",
        {**values, "id": row.id, "attempt": row.attempt},
    )
    return changed == 1


_FIRST = "ended_at IS NULL ORDER BY CASE state WHEN 'queued' THEN 1 ELSE 0 END, id LIMIT 1"
"""Of a line, what is on its way or waits, or else what is to go next."""


def _let_next_go(database: Database, line: Row) -> None:
    """Make the first of a line wait to be sent, unless one of the line waits or is on its way."""
    database.run(
        "UPDATE outbox SET state = 'waiting' WHERE state = 'queued' AND id = (SELECT id FROM outbox"
        " WHERE channel = :channel AND account = :account AND chat = :chat AND class = :class"
        f" AND {_FIRST})",
        line,
    )


def _let_go_behind(database: Database, ids: Collection[int]) -> None:
    """Let the next go in the lines of messages that have ended."""
    if ids:
        places, values = _listed(ids)
        database.run(
            "UPDATE outbox SET state = 'waiting' WHERE state = 'queued' AND id IN (SELECT (SELECT id FROM outbox"
            " WHERE channel = ended.channel AND account = ended.account AND chat = ended.chat"
            f" AND class = ended.class AND {_FIRST}) FROM outbox ended WHERE ended.id IN ({places}))",
            values,
        )


def _listed(ids: Collection[int]) -> tuple[str, dict[str, int]]:
    """Return names for ids inside brackets, and the values by these names."""
    values = {f"id{place}": number for place, number in enumerate(ids)}
    return ", ".join(f":{name}" for name in values), values
