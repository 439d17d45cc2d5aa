"""The tokens of Zalo Official Accounts: pairs that become one another, sealed by whoever gives them here.

The refresh token of a pair is good once: using it ends it and gives the next pair. What is known of a pair is written
down at each step, so that a process that dies in between leaves behind what the next needs to know:

    fresh ──begin──▶ tried ──succeed──▶ spent (the next pair stands beside it, in the same transaction)
                       │
                       └────refuse────▶ refused (kept: it is tried again, less often, while there is no better one)

A pair that was tried may have been used up or not. Only `spent` is certain, and only then are its tokens erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database, Row


@dataclass(frozen=True, slots=True)
class SealedPair:
    """Two tokens as they are kept.

    Attributes:
        number: later pairs have higher ones.
        access, refresh: the tokens, sealed.
        received_at, access_until: from when to when the access token holds, UTC.
        tried_at: when the refresh token last left to be used; None for never.
        refused_at: when it was last refused; None for never.
    """

    number: int
    access: bytes
    refresh: bytes
    received_at: str
    access_until: str
    tried_at: str | None = None
    refused_at: str | None = None


def pairs(database: Database, app: str) -> Sequence[SealedPair]:
    """Return the pairs of an app that are not spent, the newest first."""
    rows = database.rows(
        "SELECT id, access, refresh, received_at, access_until, tried_at, refused_at FROM oa_tokens"
        " WHERE app = :app AND spent_at IS NULL ORDER BY id DESC",
        {"app": app},
    )
    return [_pair(row) for row in rows]


def begin(database: Database, number: int, now: str) -> None:
    """Note that the refresh token of a pair is about to leave; commit before it does."""
    database.run("UPDATE oa_tokens SET tried_at = :now WHERE id = :id", {"id": number, "now": now})


def succeed(
    database: Database, number: int, app: str, access: bytes, refresh: bytes, access_until: str, now: str
) -> bool:
    """Keep the pair that another became, and erase the tokens of that one; False where it is not known any more.

    Then somebody has agreed anew meanwhile, and what was agreed to last is what counts.
    """
    known = database.run(
        "UPDATE oa_tokens SET spent_at = :now, access = NULL, refresh = NULL WHERE id = :id",
        {"id": number, "now": now},
    )
    if not known:
        return False
    _add(database, app, access, refresh, access_until, now)
    return True


def refuse(database: Database, number: int, now: str) -> bool:
    """Note that the refresh token of a pair was refused; False where it is spent or not known any more."""
    return bool(
        database.run(
            "UPDATE oa_tokens SET refused_at = :now WHERE id = :id AND spent_at IS NULL", {"id": number, "now": now}
        )
    )


def reseal(database: Database, number: int, access: bytes, refresh: bytes) -> None:
    """Keep the same tokens of a pair, sealed anew."""
    database.run(
        "UPDATE oa_tokens SET access = :access, refresh = :refresh WHERE id = :id AND spent_at IS NULL",
        {"id": number, "access": access, "refresh": refresh},
    )


def end_access(database: Database, number: int, now: str) -> None:
    """Note that the access token of a pair does not hold, whatever its time says."""
    database.run(
        "UPDATE oa_tokens SET access_until = :now WHERE id = :id AND access_until > :now", {"id": number, "now": now}
    )


def start_over(database: Database, app: str, access: bytes, refresh: bytes, access_until: str, now: str) -> None:
    """Keep the pair that a consent gave, and forget all before."""
    database.run("DELETE FROM oa_tokens WHERE app = :app", {"app": app})
    _add(database, app, access, refresh, access_until, now)


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` pairs that were spent before a time; return how many."""
    return database.run(
        "DELETE FROM oa_tokens WHERE id IN (SELECT id FROM oa_tokens WHERE spent_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _add(database: Database, app: str, access: bytes, refresh: bytes, access_until: str, now: str) -> None:
    database.run(
        "INSERT INTO oa_tokens (app, access, refresh, received_at, access_until)"
        " VALUES (:app, :access, :refresh, :now, :until)",
        {"app": app, "access": access, "refresh": refresh, "until": access_until, "now": now},
    )


def _pair(row: Row) -> SealedPair:
    return SealedPair(
        number=row["id"],
        access=row["access"],
        refresh=row["refresh"],
        received_at=row["received_at"],
        access_until=row["access_until"],
        tried_at=row["tried_at"],
        refused_at=row["refused_at"],
    )
