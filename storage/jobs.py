"""What happens later: jobs with the time they are due, claimed by whoever does them.

A job is named by its kind and, among those of its kind, by its name; planned again, it is the same job with another
time. It is planned for one time (`planned_at`) and may be due later than that, where an attempt has failed. One that
recurs says how as plain JSON, which this room does not read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Job:
    """A job that was claimed.

    Attributes:
        data: what its kind needs to do it, plain JSON.
        recurrence: how it recurs, plain JSON; None for one that is done once.
        planned_at: the time it is done for, UTC.
        attempt: the number of this attempt, from 1.
        owner: who claimed it.
    """

    id: int
    kind: str
    name: str
    data: dict[str, Any]
    recurrence: dict[str, Any] | None
    planned_at: str
    attempt: int
    owner: str


def plan(
    database: Database,
    kind: str,
    name: str,
    at: str,
    now: str,
    data: dict[str, Any] | None = None,
    recurrence: dict[str, Any] | None = None,
) -> None:
    """Plan a job for a time; one of this kind and name that is planned already, or being done, becomes this one."""
    database.run(
        "INSERT INTO jobs (kind, name, data, recurrence, planned_at, due_at, created_at)"
        " VALUES (:kind, :name, :data, :recurrence, :at, :at, :now)"
        " ON CONFLICT (kind, name) DO UPDATE SET data = excluded.data, recurrence = excluded.recurrence,"
        " planned_at = excluded.planned_at, due_at = excluded.due_at, owner = NULL, lease_until = NULL, attempts = 0,"
        " error = NULL",
        {
            "kind": kind,
            "name": name,
            "data": to_json(data or {}),
            "recurrence": _written(recurrence),
            "at": at,
            "now": now,
        },
    )


def keep(database: Database, kind: str, name: str, at: str, now: str, recurrence: dict[str, Any]) -> None:
    """Plan a recurring job unless it recurs like this already: what was missed meanwhile stays to be seen."""
    known = database.row(
        "SELECT recurrence FROM jobs WHERE kind = :kind AND name = :name", {"kind": kind, "name": name}
    )
    if known is None or known["recurrence"] != _written(recurrence):
        plan(database, kind, name, at, now, recurrence=recurrence)


def drop(database: Database, kind: str, name: str) -> bool:
    """Plan a job no more; return whether it was planned."""
    return bool(database.run("DELETE FROM jobs WHERE kind = :kind AND name = :name", {"kind": kind, "name": name}))


def claim(database: Database, kinds: Collection[str], owner: str, now: str, until: str) -> Job | None:
    """Claim the job of these kinds that has been due longest, also one whose claim ran out; None where none is due."""
    places = {f"kind{number}": kind for number, kind in enumerate(kinds)}
    row = database.row(
        "UPDATE jobs SET owner = :owner, lease_until = :until, attempts = attempts + 1 WHERE id ="
        " (SELECT id FROM jobs WHERE due_at <= :now AND (owner IS NULL OR lease_until < :now)"
        f"   AND kind IN ({', '.join(f':{place}' for place in places)}) ORDER BY due_at, id LIMIT 1)"
        " RETURNING id, kind, name, data, recurrence, planned_at, attempts, owner",
        {**places, "owner": owner, "now": now, "until": until},
    )
    return _job(row) if row else None


def prolong(database: Database, job: Job, until: str) -> None:
    """Let a claim hold longer."""
    database.run(
        "UPDATE jobs SET lease_until = :until WHERE id = :id AND owner = :owner AND attempts = :attempt",
        {"id": job.id, "owner": job.owner, "attempt": job.attempt, "until": until},
    )


def holds(database: Database, job: Job) -> bool:
    """Tell whether a claim still holds: it has not run out and been taken by another, nor was the job planned anew."""
    return (
        database.row(
            "SELECT 1 AS one FROM jobs WHERE id = :id AND owner = :owner AND attempts = :attempt",
            {"id": job.id, "owner": job.owner, "attempt": job.attempt},
        )
        is not None
    )


def finish(database: Database, job: Job) -> bool:
    """Forget a job that is done; False where the claim does not hold any more."""
    return bool(
        database.run(
            "DELETE FROM jobs WHERE id = :id AND owner = :owner AND attempts = :attempt",
            {"id": job.id, "owner": job.owner, "attempt": job.attempt},
        )
    )


def plan_next(database: Database, job: Job, at: str) -> bool:
    """Plan a claimed job for its next time; False where the claim does not hold any more."""
    return _settle(database, job, "planned_at = :at, due_at = :at, attempts = 0, error = NULL", at)


def retry(database: Database, job: Job, at: str, error: str) -> bool:
    """Give a claimed job back that failed, to be tried again; False where the claim does not hold any more."""
    return _settle(database, job, "due_at = :at, error = :error", at, error)


def give_back(database: Database, job: Job) -> bool:
    """Give a claimed job back that was not tried; False where the claim does not hold any more."""
    return _settle(database, job, "attempts = attempts - 1")


def recurring(database: Database) -> Sequence[tuple[int, dict[str, Any], str]]:
    """Return (id, recurrence, planned for) of the recurring jobs that nobody does just now."""
    rows = database.rows(
        "SELECT id, recurrence, planned_at FROM jobs WHERE recurrence IS NOT NULL AND owner IS NULL ORDER BY id"
    )
    return [(row["id"], from_json(row["recurrence"]), row["planned_at"]) for row in rows]


def move(database: Database, job_id: int, at: str) -> None:
    """Plan a job that nobody does just now for another time."""
    database.run(
        "UPDATE jobs SET planned_at = :at, due_at = :at, attempts = 0, error = NULL WHERE id = :id AND owner IS NULL",
        {"id": job_id, "at": at},
    )


def hasten(database: Database, latest: str, now: str) -> int:
    """Let what failed be tried now where its next attempt is later than `latest`; return how many jobs."""
    return database.run(
        "UPDATE jobs SET due_at = :now WHERE attempts > 0 AND owner IS NULL AND due_at > :latest",
        {"latest": latest, "now": now},
    )


def free(database: Database, owner: str) -> None:
    """Let the claims of an owner run out now: its process is gone."""
    database.run("UPDATE jobs SET lease_until = '' WHERE owner = :owner", {"owner": owner})


def owners(database: Database) -> list[str]:
    """Return who holds claims."""
    return [row["owner"] for row in database.rows("SELECT DISTINCT owner FROM jobs WHERE owner IS NOT NULL")]


def failing(database: Database) -> Sequence[str]:
    """Return the kinds of the jobs whose last attempt failed."""
    rows = database.rows("SELECT DISTINCT kind FROM jobs WHERE error IS NOT NULL ORDER BY kind")
    return [row["kind"] for row in rows]


def _settle(database: Database, job: Job, changes: str, at: str = "", error: str = "") -> bool:
    return bool(
        database.run(
            f"UPDATE jobs SET {changes}, owner = NULL, lease_until = NULL"
            " WHERE id = :id AND owner = :owner AND attempts = :attempt",
            {"id": job.id, "owner": job.owner, "attempt": job.attempt, "at": at, "error": error},
        )
    )


def _written(recurrence: dict[str, Any] | None) -> str | None:
    return None if recurrence is None else to_json(recurrence)


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        data=from_json(row["data"]),
        recurrence=from_json(row["recurrence"]) if row["recurrence"] else None,
        planned_at=row["planned_at"],
        attempt=row["attempts"],
        owner=row["owner"],
    )
