"""Files that people sent and that are still to be brought from the messenger.

The event that mentions a file writes a row; a fetcher claims it, brings the file and records how it ended: `stored`,
`refused` (too large, not allowed) or `lost` (the messenger does not give it any more). What the messenger calls the
file is erased at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage import blobs
from storage.database import Database, Row
from storage.people import Address
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Fetch:
    """A file to bring.

    Attributes:
        address, person: who sent it, and where.
        source: what the messenger calls it and says of it, plain JSON.
        concern: what the job that asked for it wants to be reminded of at its end, plain JSON.
        attempt: the number of this attempt, from 1.
    """

    id: int
    address: Address
    person: int
    source: dict[str, Any]
    concern: dict[str, Any]
    attempt: int


def put(
    database: Database, address: Address, person: int, source: dict[str, Any], concern: dict[str, Any], now: str
) -> int:
    """Ask for a file to be brought; return the number of the row."""
    return database.insert(
        "INSERT INTO fetches (channel, account, chat, sender, person_id, source, concern, state, due_at, created_at)"
        " VALUES (:channel, :account, :chat, :sender, :person, :source, :concern, 'waiting', :now, :now)",
        {
            **address.values(),
            "person": person,
            "source": to_json(source),
            "concern": to_json(concern),
            "now": now,
        },
    )


def claim(database: Database, channel: str, account: str, owner: str, now: str, until: str) -> Fetch | None:
    """Claim the next due file of an account, also one whose claim ran out; None where none is due."""
    row = database.row(
        "UPDATE fetches SET state = 'fetching', owner = :owner, lease_until = :until, attempts = attempts + 1"
        " WHERE id = (SELECT id FROM fetches WHERE channel = :channel AND account = :account AND ended_at IS NULL"
        "   AND due_at <= :now AND (state = 'waiting' OR lease_until < :now) ORDER BY due_at, id LIMIT 1)"
        " RETURNING id, channel, account, chat, sender, person_id, source, concern, attempts",
        {"channel": channel, "account": account, "owner": owner, "now": now, "until": until},
    )
    return _fetch(row) if row else None


def retry(database: Database, fetch: Fetch, due: str, reason: str) -> bool:
    """Give a claimed file back, to be brought later; False where the claim has run out meanwhile."""
    return _settle(
        database, fetch, "state = 'waiting', due_at = :due, reason = :reason", {"due": due, "reason": reason}
    )


def end(database: Database, fetch: Fetch, state: str, now: str, reason: str = "", blob: int | None = None) -> bool:
    """Record how a claimed file ended; False where the claim has run out meanwhile."""
    return _settle(
        database,
        fetch,
        "state = :state, ended_at = :now, reason = :reason, blob_id = :blob, source = NULL, concern = '{}'",
        {"state": state, "now": now, "reason": reason, "blob": blob},
    )


def free(database: Database, owner: str) -> None:
    """Let the claims of an owner run out now: its process is gone."""
    database.run("UPDATE fetches SET lease_until = '' WHERE state = 'fetching' AND owner = :owner", {"owner": owner})


def owners(database: Database) -> list[str]:
    """Return who holds claims."""
    rows = database.rows("SELECT DISTINCT owner FROM fetches WHERE state = 'fetching' AND owner IS NOT NULL")
    return [row["owner"] for row in rows]


def unfinished(database: Database) -> int:
    """Return how many files are still to be brought."""
    row = database.row("SELECT count(*) AS n FROM fetches WHERE ended_at IS NULL")
    return int(row["n"]) if row else 0


def count_of(database: Database, person: int) -> int:
    """Return how many files of somebody are known."""
    row = database.row("SELECT count(*) AS n FROM fetches WHERE person_id = :person", {"person": person})
    return int(row["n"]) if row else 0


def let_go(database: Database, blob: int) -> None:
    """Let a file belong to whatever keeps it now, no more to whoever sent it."""
    database.run("UPDATE fetches SET blob_id = NULL WHERE blob_id = :blob", {"blob": blob})


def forget(database: Database, person: int) -> None:
    """Delete the files of somebody and what is known of them; what is being brought just now is dropped."""
    values = {"person": person}
    for row in database.rows("SELECT blob_id FROM fetches WHERE person_id = :person AND blob_id IS NOT NULL", values):
        blobs.expire(database, row["blob_id"])
    database.run("DELETE FROM fetches WHERE person_id = :person", values)


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` rows that ended before a time; their files stay. Return how many."""
    return database.run(
        "DELETE FROM fetches WHERE id IN (SELECT id FROM fetches WHERE ended_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _settle(database: Database, fetch: Fetch, changes: str, values: dict[str, Any]) -> bool:
    return bool(
        database.run(
            f"UPDATE fetches SET {changes}, owner = NULL, lease_until = NULL"
            " WHERE id = :id AND state = 'fetching' AND attempts = :attempt",
            {**values, "id": fetch.id, "attempt": fetch.attempt},
        )
    )


def _fetch(row: Row) -> Fetch:
    return Fetch(
        id=row["id"],
        address=Address(row["channel"], row["account"], row["chat"], row["sender"]),
        person=row["person_id"],
        source=from_json(row["source"]),
        concern=from_json(row["concern"]),
        attempt=row["attempts"],
    )
