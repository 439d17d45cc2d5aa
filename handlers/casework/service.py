"""What the responsible unit does with a report beside what `handlers.report.service` has; each leaves its trail.

A report is entered for somebody who phoned, verified with its owner, described, corrected, handed over, joined with one
of the same incident, put before the head; once closed, its time is extended or it is held.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from handlers.authorization import Reach, Scene, act, actor_of, may
from handlers.errors import NotFound, NotPossible
from handlers.people import service as people_service
from handlers.report.service import REMINDER, Seen, going, write_down
from handlers.report.trail import answered, checked, known, record, still_open
from storage import members, report_files, reports, units
from storage.reports import Draft, Report

SOURCES: tuple[reports.Source, ...] = ("phone", "letter", "own_check")

FOUR_WORDS = ("severity", "course", "intent", "methods")
"""Mức độ, diễn biến, âm mưu, thủ đoạn, which the letter of Thanh Hóa asks for."""

LONGEST_EXTENSION = 365
"""Days that a report is kept longer at once."""

_CLOCKS_DIFFER = dt.timedelta(minutes=5)


@act("report.enter", target="unit", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def enter(scene: Scene, unit: int, draft: Draft) -> Report:
    """Write a report down that came by telephone, by letter or by the unit's own check; whoever enters it takes it.

    `draft.received_at` is when it really came.
    """
    place = units.living(scene.database, unit)
    if place is None:
        raise NotFound("no_such_unit")
    if draft.source not in SOURCES:
        raise NotPossible("no_source")
    received = dt.datetime.fromisoformat(draft.received_at) if draft.received_at else scene.now
    if received > scene.now + _CLOCKS_DIFFER:
        raise NotPossible("time_ahead")
    entered = replace(draft, unit_id=place.id, reporter_id=None, received_at=received.isoformat())
    number = write_down(scene, entered, with_receipt=False).report.id
    reports.change(scene.database, number, state="taken", taken_by=scene.actor.person, taken_at=scene.stamp)
    return answered(scene, number, "taken")


@act("report.verify", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def verify(scene: Scene, report: int) -> Report:
    """Note that somebody spoke to the owner of the account, whatever state the report is in."""
    found = known(scene, report)
    if found.verified_at is not None:
        raise NotPossible("report_verified")
    reports.change(scene.database, report, verified_by=scene.actor.person, verified_at=scene.stamp)
    return answered(scene, report, "verified", audience="reporter")


def restore_account(scene: Scene, report: int) -> Report:
    """Trust the account of a report's owner again, once somebody spoke to him; who may is who may `address.restore`."""
    found = known(scene, report)
    if found.verified_at is None:
        raise NotPossible("not_verified")
    if found.owner_id is None:
        raise NotPossible("not_held")
    people_service.restore(scene, found.owner_id)
    record(scene, report, "account_restored", audience="reporter")
    return known(scene, report)


@act("report.describe", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def describe(scene: Scene, report: int, word: str, text: str) -> Report:
    """Fill in one of the four words of the letter."""
    known(scene, report)
    if word not in FOUR_WORDS:
        raise NotFound("no_such_report")
    reports.change(scene.database, report, **{word: checked(text, empty=True)})
    record(scene, report, "described", data={"word": word})
    return known(scene, report)


@act("report.correct", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def correct(scene: Scene, report: int, kind: reports.Kind, harm: reports.Harm) -> Report:
    """Change what kind of case a report is and what harm was done, as was learnt since."""
    found = still_open(scene, report)
    if kind not in reports.KINDS or harm not in reports.HARMS:
        raise NotFound("no_such_report")
    before = {"kind": found.kind, "harm": found.harm}
    reports.change(scene.database, report, kind=kind, harm=harm)
    record(scene, report, "corrected", data={"before": before, "kind": kind, "harm": harm})
    return known(scene, report)


@act("report.hand_over", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def hand_over(scene: Scene, report: int, unit: int, text: str) -> Report:
    """Let a report be another unit's, with a word to it: it is new there, and whoever had it has it no more."""
    found = still_open(scene, report)
    place = units.get(scene.database, unit)
    if place is None or place.closed_on is not None:
        raise NotFound("no_such_unit")
    if unit == found.unit_id:
        raise NotPossible("report_there", unit=place.name)
    said = checked(text, empty=True)
    state = "waiting" if found.state == "waiting" else "new"
    reports.change(scene.database, report, unit_id=unit, state=state, taken_by=None, taken_at=None)
    data: dict[str, object] = {"from": found.unit_id, "to": unit, "name": place.name}
    return answered(scene, report, "handed_over", said, "reporter", data)


@act("report.assign", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def assign(scene: Scene, report: int, person: int) -> Report:
    """Let a colleague take care of a report, whoever did before; he has to reach it by a role of his own."""
    found = still_open(scene, report)
    member = members.get(scene.database, person, scene.today)
    if member is None or member.state != "joined":
        raise NotFound("no_such_member")
    if not _reaches(scene, person, found):
        raise NotPossible("report_not_his", name=member.name)
    if found.taken_by == person:
        raise NotPossible("report_taken", name=member.name)
    state = "waiting" if found.state == "waiting" else "taken"
    reports.change(scene.database, report, state=state, taken_by=person, taken_at=scene.stamp)
    return answered(scene, report, "assigned", audience="reporter", data={"person": person, "name": member.name})


@act("report.merge", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def merge(scene: Scene, report: int, into: int) -> Report:
    """Join a report to another of the same incident, which goes on for both; return that one. `unmerge` undoes it."""
    found = still_open(scene, report)
    if not may(scene, "report.merge", into):
        raise NotFound("no_such_report")
    other = known(scene, into)
    if other.id == found.id or other.state == "merged":
        raise NotPossible("not_merged_there")
    if not other.is_open:
        raise NotPossible("report_closed")
    for joined in (report, *reports.merged_into(scene.database, report)):
        reports.change(scene.database, joined, merged_into=into)
    reports.change(
        scene.database, report, state="merged", state_before=found.state, closed_at=scene.stamp, kept_from=None
    )
    answered(scene, report, "merged", audience="reporter", data={"into": into})
    record(scene, into, "joined", data={"report": report})
    return known(scene, into)


@act("report.unmerge", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def unmerge(scene: Scene, report: int) -> Report:
    """Part a report from the one it was joined to: it stands where it stood before."""
    found = known(scene, report)
    if found.state != "merged":
        raise NotPossible("not_merged")
    into = found.merged_into
    reports.change(
        scene.database,
        report,
        state=found.state_before or "new",
        state_before=None,
        merged_into=None,
        closed_at=None,
        kept_from=None,
    )
    record(scene, report, "parted", audience="reporter", data={"from": into})
    if into is not None and reports.get(scene.database, into):
        record(scene, into, "let_go", data={"report": report})
    return known(scene, report)


@act("report.submit", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def submit(scene: Scene, report: int, text: str) -> Report:
    """Put a report before the head, with what is proposed."""
    still_open(scene, report)
    return answered(scene, report, "submitted", checked(text))


@act("report.direct", target="report", head=Reach.UNIT, approvable=False)
def direct(scene: Scene, report: int, text: str) -> Report:
    """Say as its head what is to be done about a report that was put before him."""
    known(scene, report)
    if reports.latest(scene.database, report, "submitted") is None:
        raise NotPossible("not_submitted")
    record(scene, report, "directed", checked(text))
    return known(scene, report)


@act("report.extend", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def extend(scene: Scene, report: int, days: int, text: str) -> Report:
    """Keep a closed report so many days longer, and say why."""
    found = known(scene, report)
    if found.kept_from is None:
        raise NotPossible("report_open")
    if not 1 <= days <= LONGEST_EXTENSION:
        raise NotPossible("extension", most=LONGEST_EXTENSION)
    later = dt.datetime.fromisoformat(found.kept_from) + dt.timedelta(days=days)
    reports.change(scene.database, report, kept_from=later.isoformat())
    record(scene, report, "extended", checked(text), data={"days": days})
    return known(scene, report)


@act("report.hold", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def hold(scene: Scene, report: int, text: str) -> Report:
    """Keep a report beyond its time until somebody lets it go, and say why: the inspectors asked for it."""
    found = known(scene, report)
    if found.held_at is not None:
        raise NotPossible("report_held")
    reason = checked(text)
    reports.change(scene.database, report, hold_reason=reason, held_by=scene.actor.person, held_at=scene.stamp)
    record(scene, report, "held", reason)
    return known(scene, report)


@act("report.release", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def release(scene: Scene, report: int) -> Report:
    """Hold a report no more: its time counts again; where that is over, it is told of before it goes all the same."""
    found = known(scene, report)
    if found.held_at is None:
        raise NotPossible("report_not_held")
    kept_from = found.kept_from
    if (days := going(scene, found)) and days[0] < scene.day:
        kept_from = (scene.now - dt.timedelta(days=scene.office.retention.reports) + REMINDER).isoformat()
    reports.change(scene.database, report, hold_reason="", held_by=None, held_at=None, kept_from=kept_from)
    record(scene, report, "released")
    return known(scene, report)


@act("report.export", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def export(scene: Scene, report: int) -> Seen:
    """Return everything that is kept of a report, to be taken elsewhere."""
    found = known(scene, report)
    events = reports.events(scene.database, report)
    record(scene, report, "exported")
    return Seen(found, events, report_files.files(scene.database, report))


def _reaches(scene: Scene, person: int, report: Report) -> bool:
    """Whether somebody may take care of a report."""
    colleague = replace(scene, actor=actor_of(scene.database, person, scene.day))
    return may(colleague, "report.take", report.id)
