"""One person on several messengers: one-time codes that link them, and how often somebody typed a wrong one."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.people import Address


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code that is valid: whose it is, and where and when (UTC) it was made."""

    person: int
    address: Address
    made_at: str


def make(database: Database, code_hash: str, person: int, address: Address, now: str, expires_at: str) -> None:
    """Make a code of somebody valid; those he made before are not valid any more."""
    database.run("DELETE FROM link_codes WHERE person_id = :person", {"person": person})
    database.run(
        "INSERT INTO link_codes (code_hash, person_id, channel, account, chat, sender, made_at, expires_at)"
        " VALUES (:hash, :person, :channel, :account, :chat, :sender, :now, :expires)",
        {**address.values(), "hash": code_hash, "person": person, "now": now, "expires": expires_at},
    )


def find(database: Database, code_hash: str, now: str) -> LinkCode | None:
    """Return a valid code."""
    row = database.row(
        "SELECT person_id, channel, account, chat, sender, made_at FROM link_codes"
        " WHERE code_hash = :hash AND expires_at > :now",
        {"hash": code_hash, "now": now},
    )
    if row is None:
        return None
    address = Address(row["channel"], row["account"], row["chat"], row["sender"])
    return LinkCode(row["person_id"], address, row["made_at"])


def use(database: Database, code_hash: str) -> bool:
    """Use a code up; return False where it was used before."""
    return bool(database.run("DELETE FROM link_codes WHERE code_hash = :hash", {"hash": code_hash}))


def tried(database: Database, person: int, since: str, now: str) -> int:
    """Note that somebody typed a wrong code; return how many since a time."""
    values = {"person": person, "since": since, "now": now}
    database.run(
        "INSERT INTO link_tries (person_id, count, first_at) VALUES (:person, 1, :now) ON CONFLICT (person_id)"
        " DO UPDATE SET count = CASE WHEN first_at < :since THEN 1 ELSE count + 1 END,"
        " first_at = CASE WHEN first_at < :since THEN :now ELSE first_at END",
        values,
    )
    return tries(database, person, since)


def tries(database: Database, person: int, since: str) -> int:
    """Return how many wrong codes somebody typed since a time."""
    row = database.row(
        "SELECT count FROM link_tries WHERE person_id = :person AND first_at >= :since",
        {"person": person, "since": since},
    )
    return int(row["count"]) if row else 0


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` codes and counts from before a time; return how many, `limit` where there may be more."""
    values = {"before": before, "limit": limit}
    codes = database.run(
        "DELETE FROM link_codes WHERE rowid IN (SELECT rowid FROM link_codes WHERE made_at < :before LIMIT :limit)",
        values,
    )
    counts = database.run(
        "DELETE FROM link_tries WHERE rowid IN (SELECT rowid FROM link_tries WHERE first_at < :before LIMIT :limit)",
        values,
    )
    return limit if limit in (codes, counts) else codes + counts
