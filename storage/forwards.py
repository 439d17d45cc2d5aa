"""Where each report went: one row for each destination and message, from the moment it is written to its end.

`waiting` is on its way, however long that takes; `nowhere` is a destination that nobody could be found at. A report
without any row has not been forwarded yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.database import Database, Row

State = Literal["waiting", "sent", "failed", "unknown", "nowhere"]


@dataclass(frozen=True, slots=True)
class Forward:
    """A report on its way to a destination.

    Attributes:
        destination: its name in the rules.
        channel: what it goes by, "" for nowhere.
        reason: why it did not arrive.
    """

    id: int
    report: int
    destination: str
    channel: str
    state: State
    reason: str
    created_at: str
    ended_at: str | None


def add(database: Database, report: int, destination: str, channel: str, now: str) -> int:
    """Note that a report is on its way; return the number of the forward."""
    return _insert(database, report, destination, channel, "waiting", "", now)


def add_nowhere(database: Database, report: int, destination: str, reason: str, now: str) -> int:
    """Note that nobody could be found at a destination, and why."""
    return _insert(database, report, destination, "", "nowhere", reason, now)


def end(database: Database, number: int, state: State, reason: str, now: str) -> Forward | None:
    """Note how a forward ended; None where its report is gone meanwhile, or it ended before."""
    row = database.row(
        "UPDATE forwards SET state = :state, reason = :reason, ended_at = :now WHERE id = :id AND state = 'waiting'"
        " RETURNING *",
        {"id": number, "state": state, "reason": reason, "now": now},
    )
    return _forward(row) if row else None


def of_report(database: Database, report: int) -> Sequence[Forward]:
    """Return where a report went, in the order it was sent."""
    rows = database.rows("SELECT * FROM forwards WHERE report_id = :report ORDER BY id", {"report": report})
    return [_forward(row) for row in rows]


def drop_nowhere(database: Database, report: int) -> int:
    """Forget the destinations of a report that nobody could be found at, to look again; return how many."""
    return database.run("DELETE FROM forwards WHERE report_id = :report AND state = 'nowhere'", {"report": report})


def troubled(database: Database, before: str) -> Sequence[Forward]:
    """Return what did not arrive, of open reports: failed, nowhere, or on its way since before a time."""
    rows = database.rows(
        "SELECT f.* FROM forwards f JOIN reports r ON r.id = f.report_id AND r.closed_at IS NULL"
        " WHERE f.state IN ('failed', 'unknown', 'nowhere') OR (f.state = 'waiting' AND f.created_at < :before)"
        " ORDER BY f.id",
        {"before": before},
    )
    return [_forward(row) for row in rows]


def _insert(
    database: Database, report: int, destination: str, channel: str, state: State, reason: str, now: str
) -> int:
    return database.insert(
        "INSERT INTO forwards (report_id, destination, channel, state, reason, created_at, ended_at)"
        " VALUES (:report, :destination, :channel, :state, :reason, :now,"
        " CASE WHEN :state = 'waiting' THEN NULL ELSE :now END)",
        {
            "report": report,
            "destination": destination,
            "channel": channel,
            "state": state,
            "reason": reason,
            "now": now,
        },
    )


def _forward(row: Row) -> Forward:
    values = dict(row)
    return Forward(report=values.pop("report_id"), **values)
