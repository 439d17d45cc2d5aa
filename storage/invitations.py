"""Ways into the office: codes that invite into a unit, one-time codes that make an administrator, requests to join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code with which anybody who knows it may ask to join a unit, until it expires (UTC)."""

    id: int
    code: str
    unit: int
    expires_at: str


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody who says who he is and waits for a contact of the unit to confirm it.

    Attributes:
        person: who wrote.
        listed: the person of the roster that he says he is, None where the roster has nobody of that name.
    """

    id: int
    person: int
    listed: int | None
    unit: int


def invite(database: Database, code: str, unit: int, by: int, now: str, expires_at: str) -> None:
    """Make a code valid for a unit."""
    database.run(
        "INSERT INTO invitations (code, unit_id, created_at, created_by, expires_at)"
        " VALUES (:code, :unit, :now, :by, :expires)",
        {"code": code, "unit": unit, "by": by, "now": now, "expires": expires_at},
    )


def find(database: Database, code: str, now: str) -> Invitation | None:
    """Return the valid invitation of a code."""
    row = database.row(
        "SELECT id, code, unit_id, expires_at FROM invitations WHERE code = :code AND expires_at > :now"
        " AND revoked_at IS NULL",
        {"code": code, "now": now},
    )
    return _invitation(row) if row else None


def of_unit(database: Database, unit: int, now: str) -> Invitation | None:
    """Return the newest valid invitation into a unit."""
    row = database.row(
        "SELECT id, code, unit_id, expires_at FROM invitations WHERE unit_id = :unit AND expires_at > :now"
        " AND revoked_at IS NULL ORDER BY id DESC LIMIT 1",
        {"unit": unit, "now": now},
    )
    return _invitation(row) if row else None


def revoke(database: Database, unit: int, now: str) -> int:
    """End all invitations into a unit; return how many were valid."""
    return database.run(
        "UPDATE invitations SET revoked_at = :now WHERE unit_id = :unit AND revoked_at IS NULL AND expires_at > :now",
        {"unit": unit, "now": now},
    )


def add_claim(database: Database, code_hash: str, now: str, expires_at: str) -> None:
    """Make a one-time code for an administrator valid; those made before are not valid any more."""
    database.run("DELETE FROM claims WHERE used_at IS NULL")
    database.run(
        "INSERT INTO claims (code_hash, created_at, expires_at) VALUES (:hash, :now, :expires)",
        {"hash": code_hash, "now": now, "expires": expires_at},
    )


def is_claim(database: Database, code_hash: str, now: str) -> bool:
    """Tell whether a one-time code is valid."""
    values = {"hash": code_hash, "now": now}
    row = database.row(
        "SELECT 1 AS one FROM claims WHERE code_hash = :hash AND used_at IS NULL AND expires_at > :now", values
    )
    return row is not None


def use_claim(database: Database, code_hash: str, person: int, now: str) -> bool:
    """Use a one-time code up; return False for one that is not valid."""
    return bool(
        database.run(
            "UPDATE claims SET used_at = :now, used_by = :person WHERE code_hash = :hash AND used_at IS NULL"
            " AND expires_at > :now",
            {"hash": code_hash, "person": person, "now": now},
        )
    )


def ask(database: Database, person: int, listed: int | None, unit: int, now: str) -> int:
    """Write down a request to join; an earlier open one of the person is dropped. Return its number."""
    drop(database, person)
    return database.insert(
        "INSERT INTO join_requests (person_id, listed_id, unit_id, asked_at) VALUES (:person, :listed, :unit, :now)",
        {"person": person, "listed": listed, "unit": unit, "now": now},
    )


def request(database: Database, number: int) -> JoinRequest | None:
    """Return an open request."""
    row = database.row(
        "SELECT id, person_id, listed_id, unit_id FROM join_requests WHERE id = :id AND decided_at IS NULL",
        {"id": number},
    )
    return _request(row) if row else None


def requests(database: Database, units: frozenset[int]) -> Sequence[JoinRequest]:
    """Return the open requests to join one of some units, the oldest first."""
    rows = database.rows(
        "SELECT id, person_id, listed_id, unit_id FROM join_requests WHERE decided_at IS NULL ORDER BY id"
    )
    return [_request(row) for row in rows if row["unit_id"] in units]


def decide(database: Database, number: int, by: int, accepted: bool, now: str) -> bool:
    """Decide a request; return False where it was decided before."""
    return bool(
        database.run(
            "UPDATE join_requests SET decided_at = :now, decided_by = :by, accepted = :accepted"
            " WHERE id = :id AND decided_at IS NULL",
            {"id": number, "by": by, "accepted": int(accepted), "now": now},
        )
    )


def requests_of(database: Database, person: int) -> Sequence[tuple[int, str, str | None, bool]]:
    """Return (unit, when asked, when decided or None, whether accepted) of every request of somebody."""
    rows = database.rows(
        "SELECT unit_id, asked_at, decided_at, accepted FROM join_requests WHERE person_id = :person ORDER BY id",
        {"person": person},
    )
    return [(row["unit_id"], row["asked_at"], row["decided_at"], bool(row["accepted"])) for row in rows]


def drop(database: Database, person: int) -> None:
    """Delete the open request of somebody."""
    database.run("DELETE FROM join_requests WHERE person_id = :person AND decided_at IS NULL", {"person": person})


def purge_requests(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` requests made before a time; whoever was never confirmed is not known by name any more."""
    old = "SELECT id FROM join_requests WHERE asked_at < :before ORDER BY id LIMIT :limit"
    values = {"before": before, "limit": limit}
    for table in ("memberships", "members"):
        database.run(
            f"DELETE FROM {table} WHERE person_id IN (SELECT j.person_id FROM join_requests j JOIN members m"
            f" ON m.person_id = j.person_id WHERE j.id IN ({old}) AND j.decided_at IS NULL AND m.state = 'pending')",
            values,
        )
    return database.run(f"DELETE FROM join_requests WHERE id IN ({old})", values)


def purge_codes(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` codes of each kind that were not valid any more before a time; return how many."""
    values = {"before": before, "limit": limit}
    invitations = database.run(
        "DELETE FROM invitations WHERE id IN"
        " (SELECT id FROM invitations WHERE coalesce(revoked_at, expires_at) < :before LIMIT :limit)",
        values,
    )
    claims = database.run(
        "DELETE FROM claims WHERE code_hash IN"
        " (SELECT code_hash FROM claims WHERE coalesce(used_at, expires_at) < :before LIMIT :limit)",
        values,
    )
    return limit if limit in (invitations, claims) else invitations + claims


def _invitation(row: Row) -> Invitation:
    return Invitation(row["id"], row["code"], row["unit_id"], row["expires_at"])


def _request(row: Row) -> JoinRequest:
    return JoinRequest(row["id"], row["person_id"], row["listed_id"], row["unit_id"])
