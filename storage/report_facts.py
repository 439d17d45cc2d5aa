"""What is counted of reports, also of those that were deleted; and the deleting, when the time of a report is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from storage import jobs, report_files
from storage.database import Database
from storage.reports import FOLLOWING, Harm, Kind, Report, Source, State, Whose

REPORTS_AT_ONCE = 20
"""Reports whose time is over that one transaction deletes: each has a trail and files."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted of a report, whether it is still kept or not; `closed_at` is None for one that is open."""

    id: int
    kind: Kind
    platform: str
    whose: Whose
    unit_id: int | None
    harm: Harm
    amount: int | None
    source: Source
    received_at: str
    answered_at: str | None
    closed_at: str | None
    state: State
    answered_after: int | None
    resolved_after: int | None


_COUNTED = tuple(one.name for one in fields(Facts))


def facts(database: Database, since: str, until: str) -> Sequence[Facts]:
    """Return what is counted of all reports received from a time until before another, those deleted since too."""
    columns = ", ".join(_COUNTED)
    rows = database.rows(
        f"SELECT {columns} FROM reports WHERE received_at >= :since AND received_at < :until"
        f" UNION ALL SELECT {columns} FROM report_facts WHERE received_at >= :since AND received_at < :until"
        " ORDER BY received_at, id",
        {"since": since, "until": until},
    )
    return [Facts(**row) for row in rows]


def delete(database: Database, report: int) -> None:
    """Delete a report that is closed, with its trail and its evidence; what is counted of it stays."""
    values = {"id": report}
    columns = ", ".join(_COUNTED)
    database.run(
        f"INSERT INTO report_facts ({columns}) SELECT {columns} FROM reports WHERE id = :id AND closed_at IS NOT NULL",
        values,
    )
    report_files.expire(database, "report_id = :id", values)
    database.run("UPDATE reports SET merged_into = NULL WHERE merged_into = :id", values)
    jobs.drop(database, FOLLOWING, str(report))
    database.run("DELETE FROM reports WHERE id = :id AND closed_at IS NOT NULL", values)


def due_to_go(database: Database, before: str, limit: int) -> Sequence[Report]:
    """Return closed reports whose time is counted from before a time and that nobody holds, the oldest first."""
    rows = database.rows(
        "SELECT * FROM reports WHERE closed_at IS NOT NULL AND kept_from < :before AND held_at IS NULL"
        " ORDER BY kept_from, id LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [Report(**row) for row in rows]


def purge(database: Database, before: str, limit: int) -> int:
    """Delete a few of those whose time is over; return how many, or `limit` where there may be more."""
    most = min(limit, REPORTS_AT_ONCE)
    found = due_to_go(database, before, most)
    for report in found:
        delete(database, report.id)
    return limit if len(found) == most else len(found)


def purge_facts(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` counted facts of reports received before a time; return how many."""
    return database.run(
        "DELETE FROM report_facts WHERE id IN (SELECT id FROM report_facts WHERE received_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
