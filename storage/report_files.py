"""The files of reports: on their way, stored, refused or lost; and those sent before a report has its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage import blobs
from storage.database import Database, Row

FileState = Literal["coming", "stored", "refused", "lost"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file of a report, or of one that is still being told: `report` is None then, `person` who sent it."""

    id: int
    report: int | None
    person: int | None
    state: FileState
    reason: str
    blob: int | None
    added_at: str


def expect_file(database: Database, report: int | None, person: int | None, now: str) -> int:
    """Note that a file is on its way, for a report or for the one that a person is telling; return its number."""
    return database.insert(
        "INSERT INTO report_files (report_id, person_id, state, added_at) VALUES (:report, :person, 'coming', :now)",
        {"report": report, "person": person, "now": now},
    )


def end_file(database: Database, number: int, state: FileState, reason: str = "", blob: int | None = None) -> bool:
    """Note how a file came; False where its report is gone meanwhile."""
    return bool(
        database.run(
            "UPDATE report_files SET state = :state, reason = :reason, blob_id = :blob WHERE id = :id",
            {"id": number, "state": state, "reason": reason, "blob": blob},
        )
    )


def files(database: Database, report: int) -> Sequence[Evidence]:
    """Return the files of a report, in the order they came."""
    rows = database.rows("SELECT * FROM report_files WHERE report_id = :report ORDER BY id", {"report": report})
    return [_evidence(row) for row in rows]


def waiting_files(database: Database, person: int) -> int:
    """Return how many files somebody sent for a report that has no number yet."""
    row = database.row(
        "SELECT count(*) AS n FROM report_files WHERE person_id = :person AND report_id IS NULL", {"person": person}
    )
    return int(row["n"]) if row else 0


def claim_files(database: Database, person: int, report: int, *, named: bool) -> int:
    """Give a report the files that its reporter sent before it had a number; return how many.

    Unless he is `named`, nothing tells any more who sent them.
    """
    return database.run(
        "UPDATE report_files SET report_id = :report, person_id = CASE WHEN :named = 1 THEN person_id END"
        " WHERE person_id = :person AND report_id IS NULL",
        {"person": person, "report": report, "named": int(named)},
    )


def drop_files(database: Database, person: int) -> None:
    """Delete the files that somebody sent for a report he does not make after all."""
    values = {"person": person}
    expire(database, "person_id = :person AND report_id IS NULL", values)
    database.run("DELETE FROM report_files WHERE person_id = :person AND report_id IS NULL", values)


def purge_files(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` files sent before a time for reports that were never made; return how many."""
    number = "id IN (SELECT id FROM report_files WHERE report_id IS NULL AND added_at < :before LIMIT :limit)"
    values = {"before": before, "limit": limit}
    expire(database, number, values)
    return database.run(f"DELETE FROM report_files WHERE {number}", values)


def expire(database: Database, which: str, values: dict[str, Any]) -> None:
    """Let the files of rows that a condition names be deleted; the rows stay."""
    for row in database.rows(f"SELECT blob_id FROM report_files WHERE blob_id IS NOT NULL AND {which}", values):
        blobs.expire(database, row["blob_id"])


def _evidence(row: Row) -> Evidence:
    return Evidence(
        id=row["id"],
        report=row["report_id"],
        person=row["person_id"],
        state=row["state"],
        reason=row["reason"],
        blob=row["blob_id"],
        added_at=row["added_at"],
    )
