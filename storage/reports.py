"""Reports of accounts: what was reported, by whom, where it stands, and everything that happened with it.

A report is known by its running number. It is open until it is closed (`resolved`, `elsewhere`) or joined to another
(`merged`); the trail (`report_events`) says who did what when, and everything that is counted is computed from it and
from the times kept here. When its time is over, only what is counted stays (`report_facts`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from storage import jobs, report_files
from storage.database import Database, Row
from storage.stored_json import from_json, to_json

Kind = Literal["lost", "impersonated", "unit_impersonated", "abused", "content"]
KINDS: tuple[Kind, ...] = ("lost", "impersonated", "unit_impersonated", "abused", "content")
"""Out of its owner's control; a person imitated; a unit or its page imitated; misused; false or harmful content."""

Whose = Literal["own", "other", "unit"]
Harm = Literal["unknown", "none", "money_asked", "money_lost", "threatened", "leaked"]
HARMS: tuple[Harm, ...] = ("unknown", "none", "money_asked", "money_lost", "threatened", "leaked")
Source = Literal["bot", "phone", "letter", "own_check"]
State = Literal["new", "taken", "waiting", "resolved", "elsewhere", "merged"]
Audience = Literal["internal", "reporter"]
What = Literal[
    "opened", "added", "attached", "answered", "taken", "asked", "noted", "told", "identified", "resolved", "elsewhere",
    "reopened", "account_held", "account_restored", "read", "verified", "described", "corrected", "handed_over",
    "assigned", "merged", "joined", "parted", "let_go", "submitted", "directed", "extended", "held", "released",
    "exported", "warned", "briefed", "referred", "alerted", "reminded", "recognised", "expiry_told", "forwarded",
    "forward_failed", "informed",
]  # fmt: skip
"""Everything that happens with a report; the catalogue has words for each."""

OPEN: tuple[State, ...] = ("new", "taken", "waiting")
CLOSED: tuple[State, ...] = ("resolved", "elsewhere")

FOLLOWING = "casework.follow"
"""The kind of the job that looks at a report whenever something happened with it, named by its number."""

INFORMED: What = "informed"
"""What stands in the trail where somebody was told of it, with the number of the last event he was told of."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands.

    Attributes:
        id: its running number, never given twice.
        platform: where the account is, "zalo"; "" where it is not known.
        whose: the reporter's own account, another's, or a unit's page.
        owner_name, owner_id: whose account it is, as it was typed, and the member where he is known.
        account: the account itself as it was typed: a link, a name, a number.
        unit_id: the unit it concerns.
        harm, amount: the gravest of what happened, and the money that went, in đồng.
        since_day, since_said: since when, as an ISO day where it was understood, and as it was typed.
        said: what was said first.
        source: how it came to the office.
        received_at: when it came there, UTC; entered_at: when it was written down.
        reporter_id, reporter_name: who reported, None and "" where that is not to be known; the name is of somebody
            who phoned or wrote.
        contact: how the reporter wants to be reached, as it was typed.
        receipt_hash: the keyed hash of the receipt; None where none was given out.
        state_before, merged_into: for one that was merged: where it stood, and with which.
        taken_by, taken_at, verified_by, verified_at: who took care of it, who spoke to the owner, and when.
        severity, course, intent, methods: mức độ, diễn biến, âm mưu, thủ đoạn.
        answered_at: when somebody of the office did anything with it first.
        closed_at: when it was closed or merged; None while it is open.
        kept_from: since when the time is counted after which it is deleted; None while it is open.
        hold_reason, held_by, held_at: why it is not deleted although its time is over.
        answered_after, resolved_after: the seconds until it was answered and closed, of the time that counts
            (`handlers.deadlines`); kept because the trail goes one day.
    """

    id: int
    kind: Kind
    platform: str
    whose: Whose
    owner_name: str
    owner_id: int | None
    account: str
    unit_id: int | None
    harm: Harm
    amount: int | None
    since_day: str | None
    since_said: str
    said: str
    source: Source
    received_at: str
    entered_at: str
    reporter_id: int | None
    reporter_name: str
    contact: str
    receipt_hash: str | None
    state: State
    state_before: State | None
    merged_into: int | None
    taken_by: int | None
    taken_at: str | None
    verified_by: int | None
    verified_at: str | None
    severity: str
    course: str
    intent: str
    methods: str
    answered_at: str | None
    closed_at: str | None
    kept_from: str | None
    hold_reason: str
    held_by: int | None
    held_at: str | None
    answered_after: int | None
    resolved_after: int | None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a report before it has a number; the fields are those of `Report`."""

    kind: Kind
    platform: str = ""
    whose: Whose = "own"
    owner_name: str = ""
    owner_id: int | None = None
    account: str = ""
    unit_id: int | None = None
    harm: Harm = "unknown"
    amount: int | None = None
    since_day: str | None = None
    since_said: str = ""
    said: str = ""
    source: Source = "bot"
    received_at: str = ""
    reporter_id: int | None = None
    reporter_name: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened with a report.

    Attributes:
        actor: who did it, a person's id or CONSOLE of `storage.audit`; None for the bot itself and for a reporter
            without a name.
        what: its name in the catalogue, "report.event_<what>".
        note: what was said.
        audience: whether it is also for the reporter.
        data: what else is to be known, plain JSON.
    """

    id: int
    report: int
    at: str
    actor: int | None
    what: str
    note: str
    audience: Audience
    data: dict[str, Any] = field(default_factory=dict)


_COLUMNS = tuple(one.name for one in fields(Report))
_DRAFTED = tuple(one.name for one in fields(Draft))
_CHANGED = frozenset(_COLUMNS) - {"id", "entered_at", "source", "receipt_hash"}


# Reports


def add(database: Database, draft: Draft, receipt_hash: str | None, now: str) -> int:
    """Write a new report down; return its number."""
    values = {name: getattr(draft, name) for name in _DRAFTED}
    values |= {"received_at": draft.received_at or now, "entered_at": now, "receipt_hash": receipt_hash, "state": "new"}
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    return database.insert(f"INSERT INTO reports ({columns}) VALUES ({places})", values)


def get(database: Database, report: int) -> Report | None:
    """Return a report; None where there is none, or no more."""
    row = database.row("SELECT * FROM reports WHERE id = :id", {"id": report})
    return _report(row) if row else None


def by_receipt(database: Database, receipt_hash: str) -> Report | None:
    """Return the report of a receipt."""
    row = database.row("SELECT * FROM reports WHERE receipt_hash = :hash", {"hash": receipt_hash})
    return _report(row) if row else None


def change(database: Database, report: int, **changes: object) -> None:
    """Change columns of a report; an unknown one raises ValueError."""
    if unknown := changes.keys() - _CHANGED:
        raise ValueError(min(unknown))
    # The names come from the list above, never from outside.
    database.run(
        f"UPDATE reports SET {', '.join(f'{name} = :{name}' for name in changes)} WHERE id = :id",
        {**changes, "id": report},
    )


def of_reporter(database: Database, person: int) -> Sequence[Report]:
    """Return the reports of somebody, the newest first."""
    rows = database.rows("SELECT * FROM reports WHERE reporter_id = :person ORDER BY id DESC", {"person": person})
    return [_report(row) for row in rows]


def waiting_for(database: Database, person: int) -> Sequence[Report]:
    """Return the reports of somebody that wait for his answer, the newest first."""
    rows = database.rows(
        "SELECT * FROM reports WHERE reporter_id = :person AND state = 'waiting' ORDER BY id DESC", {"person": person}
    )
    return [_report(row) for row in rows]


def of_units(
    database: Database, units: Collection[int], states: Collection[str] = OPEN, limit: int = 100
) -> Sequence[Report]:
    """Return the reports about some units in some states, the newest first."""
    places = {f"unit{number}": unit for number, unit in enumerate(units)}
    which = {f"state{number}": state for number, state in enumerate(states)}
    rows = database.rows(
        f"SELECT * FROM reports WHERE unit_id IN ({', '.join(f':{name}' for name in places)})"
        f" AND state IN ({', '.join(f':{name}' for name in which)}) ORDER BY id DESC LIMIT :limit",
        {**places, **which, "limit": limit},
    )
    return [_report(row) for row in rows]


def without_unit(database: Database, states: Collection[str] = OPEN, limit: int = 100) -> Sequence[Report]:
    """Return the reports about no unit in some states, the newest first."""
    which = {f"state{number}": state for number, state in enumerate(states)}
    rows = database.rows(
        f"SELECT * FROM reports WHERE unit_id IS NULL AND state IN ({', '.join(f':{name}' for name in which)})"
        " ORDER BY id DESC LIMIT :limit",
        {**which, "limit": limit},
    )
    return [_report(row) for row in rows]


def received(database: Database, since: str, until: str) -> Sequence[Report]:
    """Return the reports that are kept and were received from a time until before another, the oldest first."""
    rows = database.rows(
        "SELECT * FROM reports WHERE received_at >= :since AND received_at < :until ORDER BY received_at, id",
        {"since": since, "until": until},
    )
    return [_report(row) for row in rows]


def merged_into(database: Database, report: int) -> Sequence[int]:
    """Return the numbers of the reports that were merged into one."""
    rows = database.rows("SELECT id FROM reports WHERE merged_into = :id ORDER BY id", {"id": report})
    return [row["id"] for row in rows]


# The trail


def record(
    database: Database,
    report: int,
    at: str,
    actor: int | None,
    what: What,
    note: str = "",
    audience: Audience = "internal",
    data: dict[str, Any] | None = None,
) -> int:
    """Write down what happened with a report, and let it be looked at what follows; return the number of the event."""
    jobs.plan(database, FOLLOWING, str(report), at, at)
    return database.insert(
        "INSERT INTO report_events (report_id, at, actor_id, what, note, audience, data)"
        " VALUES (:report, :at, :actor, :what, :note, :audience, :data)",
        {
            "report": report,
            "at": at,
            "actor": actor,
            "what": what,
            "note": note,
            "audience": audience,
            "data": to_json(data or {}),
        },
    )


def events(database: Database, report: int) -> Sequence[Event]:
    """Return what happened with a report, the oldest first."""
    rows = database.rows("SELECT * FROM report_events WHERE report_id = :report ORDER BY id", {"report": report})
    return [_event(row) for row in rows]


def inform(database: Database, report: int, whom: Literal["reporter", "office"], at: str) -> None:
    """Write down that somebody was told of everything that has happened with a report."""
    row = database.row("SELECT max(id) AS id FROM report_events WHERE report_id = :report", {"report": report})
    upto = row["id"] if row else None
    record(database, report, at, None, INFORMED, data={"whom": whom, "upto": upto or 0})


def latest(database: Database, report: int, what: What) -> Event | None:
    """Return when something happened with a report last; None where it never did."""
    row = database.row(
        "SELECT * FROM report_events WHERE report_id = :report AND what = :what ORDER BY id DESC LIMIT 1",
        {"report": report, "what": what},
    )
    return _event(row) if row else None


# What belongs to a person


def forget(database: Database, person: int) -> None:
    """Let nothing of a report say that somebody made it, or that its account is his."""
    values = {"person": person}
    report_files.drop_files(database, person)
    database.run("UPDATE report_files SET person_id = NULL WHERE person_id = :person", values)
    database.run(
        "UPDATE reports SET reporter_id = NULL, reporter_name = '', contact = '' WHERE reporter_id = :person", values
    )
    database.run("UPDATE reports SET owner_id = NULL, owner_name = '' WHERE owner_id = :person", values)
    database.run("DELETE FROM report_attempts WHERE person_id = :person", values)


def _report(row: Row) -> Report:
    return Report(**row)


def _event(row: Row) -> Event:
    return Event(
        id=row["id"],
        report=row["report_id"],
        at=row["at"],
        actor=row["actor_id"],
        what=row["what"],
        note=row["note"],
        audience=row["audience"],
        data=from_json(row["data"]),
    )
