"""Every act on a report: who does it, on which report, with a result or a named refusal; each leaves its trail.

A reporter reaches his own reports, a contact and a head those of their unit and below it, an administrator all. Nobody
learns anything from a number: a report that somebody may not see is refused like one that does not exist. What is
typed is masked here before anything is written.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.reading import read_code
from handlers.report.holding import hold_account, is_believed
from handlers.report.reading import read as read_text
from handlers.report.receipts import hash_of, new_receipt
from handlers.report.routing import WATCH
from handlers.report.trail import LONGEST_LINE, answered, checked, known, name_of, record, still_open
from storage import jobs, members, people, report_attempts, report_files, reports, units
from storage.audit import CONSOLE
from storage.report_files import Evidence
from storage.reports import Draft, Event, Report

AN_HOUR = dt.timedelta(hours=1)
MOST_REPORTS = 5
"""Reports that one person makes in an hour; beyond that somebody is asked to phone."""
MOST_GUESSES = 5
"""Receipts that are none and that one person types in an hour; after that none of his is looked at."""
MOST_FILES = 20
"""Files of one report."""

REMINDER = dt.timedelta(days=30)
"""So long before a report is deleted the contact is reminded."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A report that was written down.

    Attributes:
        receipt: what its state can be asked with, shown once; "" where none was made.
        held: how many addresses of the account's owner are not trusted from now on.
    """

    report: Report
    receipt: str
    held: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody may see of a report: to its reporter nothing internal is shown."""

    report: Report
    events: Sequence[Event]
    files: Sequence[Evidence]


# What the reporter does with his own report, and the responsible unit with those of its people.
_by_either = partial(
    act,
    target="report",
    anybody=Reach.SELF,
    staff=Reach.SELF,
    contact=Reach.UNIT,
    head=Reach.UNIT,
    approvable=False,
)


# The reporter


@act("report.open", anybody=Reach.ALL, staff=Reach.ALL, recorded=False, approvable=False)
def open_report(scene: Scene, draft: Draft, *, anonymous: bool = False) -> Opened:
    """Write a report down for whoever says it; return it with its receipt.

    Raises NotPossible where too many came from him within the hour, and for a name where none is allowed to be left
    out.
    """
    person = scene.actor.person
    if anonymous and not scene.office.anonymous_reports:
        raise NotPossible("no_anonymous")
    if person != CONSOLE:
        since = (scene.now - AN_HOUR).isoformat()
        if report_attempts.attempts(scene.database, person, "report", since) >= MOST_REPORTS:
            raise NotPossible("too_many_reports")
        report_attempts.attempt(scene.database, person, "report", scene.stamp)
    named = None if anonymous or person == CONSOLE else person
    opened = write_down(scene, replace(draft, source="bot", reporter_id=named), with_receipt=True)
    if person != CONSOLE:
        report_files.claim_files(scene.database, person, opened.report.id, named=named is not None)
    return opened


@_by_either("report.add")
def add(scene: Scene, report: int, text: str) -> Report:
    """Add what somebody knows now; return the report. It answers what was asked, and opens a closed one again."""
    return _add(scene, _own_or_reached(scene, report), text, scene.actor.person)


@_by_either("report.attach")
def attach(scene: Scene, report: int) -> int:
    """Expect a file for a report; return the file's number."""
    found = _own_or_reached(scene, report)
    return _attach(scene, found, scene.actor.person)


@_by_either("report.answer")
def answer(scene: Scene, report: int, text: str) -> Report:
    """Answer what the reporter was asked, himself or for him, as he said on the telephone; return the report."""
    found = _own_or_reached(scene, report)
    if found.state != "waiting":
        raise NotPossible("nothing_asked")
    return _add(scene, found, text, scene.actor.person)


@act("report.own", target="person", anybody=Reach.SELF, staff=Reach.SELF, administrator=Reach.SELF, recorded=False)
def own(scene: Scene, person: int) -> Sequence[Report]:
    """Return the reports that somebody made with his name, the newest first."""
    _refuse_held(scene)
    return reports.of_reporter(scene.database, person)


@act("report.by_receipt", anybody=Reach.ALL, staff=Reach.ALL, recorded=False, approvable=False)
def by_receipt(scene: Scene, receipt: str) -> Seen:
    """Return what the reporter may see of the report of a receipt.

    Raises NotFound for one that is none, and NotPossible after too many of those from the same person within the hour,
    whatever he types then.
    """
    found = _by_receipt(scene, receipt)
    return Seen(found, _for_reporter(scene, found.id), report_files.files(scene.database, found.id))


@act("report.add_by_receipt", anybody=Reach.ALL, staff=Reach.ALL, recorded=False, approvable=False)
def add_by_receipt(scene: Scene, receipt: str, text: str) -> Report:
    """Add to the report of a receipt, or answer what was asked; the trail names nobody."""
    return _add(scene, _by_receipt(scene, receipt), text, None)


@act("report.attach_by_receipt", anybody=Reach.ALL, staff=Reach.ALL, recorded=False, approvable=False)
def attach_by_receipt(scene: Scene, receipt: str) -> int:
    """Expect a file for the report of a receipt; return the file's number."""
    return _attach(scene, _by_receipt(scene, receipt), None)


# The responsible unit


@_by_either("report.read")
def read(scene: Scene, report: int) -> Seen:
    """Return what somebody may see of a report; that one of the office looked stands in the trail."""
    found = _own_or_reached(scene, report)
    files = report_files.files(scene.database, report)
    if _is_reporter(scene, found) and not scene.actor.roles:
        return Seen(found, _for_reporter(scene, report), files)
    events = reports.events(scene.database, report)
    record(scene, report, "read")
    return Seen(found, events, files)


@act("report.list", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def list_open(scene: Scene, unit: int) -> Sequence[Report]:
    """Return the open reports about a unit, those below it and those they took over, the newest first."""
    return reports.of_units(scene.database, units.covered(scene.database, unit))


@act("report.take", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def take(scene: Scene, report: int) -> Report:
    """Take care of a report; refused where somebody else does already, with his name."""
    found = still_open(scene, report)
    if found.taken_by is not None:
        raise NotPossible("report_taken", name=name_of(scene, found.taken_by))
    state = "waiting" if found.state == "waiting" else "taken"
    reports.change(scene.database, report, state=state, taken_by=scene.actor.person, taken_at=scene.stamp)
    return answered(scene, report, "taken", audience="reporter")


@act("report.ask", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def ask(scene: Scene, report: int, text: str) -> Report:
    """Ask the reporter something; the report waits for his answer."""
    still_open(scene, report)
    said = checked(text)
    reports.change(scene.database, report, state="waiting")
    return answered(scene, report, "asked", said, "reporter")


@act("report.note", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def note(scene: Scene, report: int, text: str, for_reporter: bool = False) -> Report:
    """Write something beside a report, for the office alone or for the reporter too."""
    known(scene, report)
    if not for_reporter:
        record(scene, report, "noted", checked(text))
        return known(scene, report)
    return answered(scene, report, "told", checked(text), "reporter")


@act("report.identify", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def identify(scene: Scene, report: int, person: int) -> Opened:
    """Note whose account it is, a member; where it is one that he uses with this bot and lost, it is held at once."""
    still_open(scene, report)
    member = members.get(scene.database, person, scene.today)
    if member is None:
        raise NotFound("no_such_member")
    reports.change(scene.database, report, owner_id=person, owner_name=member.name)
    record(scene, report, "identified", data={"person": person})
    found = known(scene, report)
    return Opened(found, "", hold_account(scene, found))


@act("report.resolve", target="report", contact=Reach.UNIT, head=Reach.UNIT)
def resolve(scene: Scene, report: int, text: str) -> Report:
    """Close a report: what was done about it, which the reporter is told."""
    still_open(scene, report)
    return _close(scene, report, "resolved", text)


@act("report.elsewhere", target="report", contact=Reach.UNIT, head=Reach.UNIT)
def close_as_elsewhere(scene: Scene, report: int, text: str) -> Report:
    """Close a report that is not for this office: where the reporter was shown to."""
    still_open(scene, report)
    return _close(scene, report, "elsewhere", text)


@act("report.reopen", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def reopen(scene: Scene, report: int, text: str) -> Report:
    """Open a closed report again, and say why."""
    found = known(scene, report)
    if found.state not in reports.CLOSED:
        raise NotPossible("report_open")
    _reopen(scene, found)
    record(scene, report, "reopened", checked(text), "reporter")
    return known(scene, report)


# What several acts need


def write_down(scene: Scene, draft: Draft, *, with_receipt: bool) -> Opened:
    """Write a report down that somebody may make, with its first event; hold the account where it was lost.

    For acts, which have checked who does it.
    """
    owner = members.get(scene.database, draft.owner_id, scene.today) if draft.owner_id else None
    draft = replace(
        draft,
        owner_name=_line(draft.owner_name),
        account=_line(draft.account),
        since_said=_line(draft.since_said),
        reporter_name=_line(draft.reporter_name),
        contact=_line(draft.contact),
        said=checked(draft.said, empty=True),
        owner_id=owner.person if owner else None,
        unit_id=draft.unit_id or _unit_for(scene, draft, owner.unit if owner else None),
    )
    receipt = new_receipt() if with_receipt else ""
    number = reports.add(scene.database, draft, hash_of(scene.database, receipt) if receipt else None, scene.stamp)
    # Whoever writes a report down without sending it on, it is sent on.
    jobs.plan(scene.database, WATCH, str(number), scene.stamp, scene.stamp)
    # Whoever reports without a name stands nowhere in the trail.
    actor = scene.actor.person if draft.reporter_id or draft.source != "bot" else None
    reports.record(scene.database, number, scene.stamp, actor, "opened", data={"source": draft.source})
    report = known(scene, number)
    return Opened(report, receipt, hold_account(scene, report) if is_believed(scene, report) else 0)


def going(scene: Scene, report: Report) -> tuple[dt.date, dt.date] | None:
    """Return (reminder, deletion): the days on which a closed report is reminded of and deleted; None while open."""
    if report.kept_from is None:
        return None
    last = dt.datetime.fromisoformat(report.kept_from).date() + dt.timedelta(days=scene.office.retention.reports)
    return last - REMINDER, last


def _line(typed: str) -> str:
    return checked(typed, LONGEST_LINE, empty=True)


def _unit_for(scene: Scene, draft: Draft, unit_of_owner: int | None) -> int | None:
    """The unit a report concerns where nobody said it: the owner's, else the reporter's, else the office itself."""
    reporter = members.get(scene.database, draft.reporter_id, scene.today) if draft.reporter_id else None
    joined = reporter is not None and reporter.state == "joined"
    for unit in (unit_of_owner, reporter.unit if reporter and joined else None):
        living = units.living(scene.database, unit) if unit is not None else None
        if living is not None:
            return living.id
    top = units.children(scene.database, None)
    return top[0].id if top else None


def _add(scene: Scene, report: Report, text: str, actor: int | None) -> Report:
    said = checked(text)
    while report.merged_into is not None:
        report = known(scene, report.merged_into)
    asked = report.state == "waiting"
    reports.record(
        scene.database, report.id, scene.stamp, actor, "answered" if asked else "added", said, audience="reporter"
    )
    _learn(scene, report, said)
    if asked:
        reports.change(scene.database, report.id, state=_state_of(report))
    elif not report.is_open:
        _reopen(scene, report)
        reports.record(scene.database, report.id, scene.stamp, actor, "reopened", audience="reporter")
    return known(scene, report.id)


def _learn(scene: Scene, report: Report, said: str) -> None:
    """Take over from what was added what was not known: the harm, the sum, since when."""
    reading = read_text(said, scene.day)
    learned: dict[str, object] = {}
    if reading.harm and (report.harm in ("unknown", "none") or reading.harm == "money_lost"):
        learned["harm"] = reading.harm
    if reading.amount and not report.amount:
        learned["amount"] = reading.amount
    if reading.since_said and not report.since_said:
        learned |= {"since_said": reading.since_said, "since_day": reading.since_day and reading.since_day.isoformat()}
    if learned:
        reports.change(scene.database, report.id, **learned)


def _attach(scene: Scene, report: Report, actor: int | None) -> int:
    while report.merged_into is not None:
        report = known(scene, report.merged_into)
    if len(report_files.files(scene.database, report.id)) >= MOST_FILES:
        raise NotPossible("too_many_files", count=MOST_FILES)
    reports.record(scene.database, report.id, scene.stamp, actor, "attached", audience="reporter")
    return report_files.expect_file(scene.database, report.id, actor, scene.stamp)


def _reopen(scene: Scene, report: Report) -> None:
    reports.change(
        scene.database,
        report.id,
        state=_state_of(report),
        closed_at=None,
        kept_from=None,
        hold_reason="",
        held_by=None,
        held_at=None,
    )


def _state_of(report: Report) -> reports.State:
    return "new" if report.taken_by is None else "taken"


def _close(scene: Scene, report: int, state: Literal["resolved", "elsewhere"], text: str) -> Report:
    said = checked(text)
    reports.change(scene.database, report, state=state, closed_at=scene.stamp, kept_from=scene.stamp)
    return answered(scene, report, state, said, "reporter")


def _own_or_reached(scene: Scene, report: int) -> Report:
    """A report that may be reached; from an address that is held nobody reaches even his own."""
    found = known(scene, report)
    if _is_reporter(scene, found):
        _refuse_held(scene)
    return found


def _is_reporter(scene: Scene, report: Report) -> bool:
    return report.reporter_id is not None and report.reporter_id == scene.actor.person


def _refuse_held(scene: Scene) -> None:
    """Raise NotPossible for whoever writes from an address that is held; from another of his he may go on."""
    actor = scene.actor
    if not actor.is_console and not actor.joined and people.has_held(scene.database, actor.person):
        raise NotPossible("address_held")


def _for_reporter(scene: Scene, report: int) -> list[Event]:
    return [event for event in reports.events(scene.database, report) if event.audience == "reporter"]


def _by_receipt(scene: Scene, typed: str) -> Report:
    person = scene.actor.person
    since = (scene.now - AN_HOUR).isoformat()
    if person != CONSOLE and report_attempts.attempts(scene.database, person, "receipt", since) >= MOST_GUESSES:
        raise NotPossible("too_many_guesses")
    hashed = hash_of(scene.database, read_code(typed))
    found = reports.by_receipt(scene.database, hashed)
    # Whoever guesses does not know the key: what is compared, and how long the index looks, tells him nothing.
    if found is None or found.receipt_hash is None or not hmac.compare_digest(found.receipt_hash, hashed):
        if person != CONSOLE:
            report_attempts.attempt(scene.database, person, "receipt", scene.stamp)
        raise NotFound("no_such_receipt")
    return found
