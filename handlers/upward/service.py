"""What is handed upward about the reports of accounts: who may draw it up, and from what.

Nothing is sent upward by the bot. What it makes are drafts for somebody who reads them over, numbers and signs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound
from handlers.report.trail import record
from handlers.upward.figures import Figures, count
from handlers.upward.period import Period, month_before, year_so_far
from storage import report_facts, reports, units
from storage.database import Database
from storage.reports import Event, Report
from storage.units import Unit


@dataclass(frozen=True, slots=True)
class Summary:
    """What is counted about a unit and those below it: in a period, in the one before, and in the year so far."""

    unit: Unit
    period: Period
    now: Figures
    before: Figures
    year: Figures


@act("report.summarize", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False, approvable=False)
def summarize(scene: Scene, unit: int, period: Period, zone: ZoneInfo) -> Summary:
    """Count the reports about a unit and those below it, in a period that begins on the office's day of the month."""
    return summary_of(scene.database, _unit(scene, unit), period, scene.office.period_begins, zone)


@act("report.register", target="unit", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def register(scene: Scene, unit: int, period: Period, zone: ZoneInfo) -> Sequence[Report]:
    """Return every report about a unit and those below it that was received in a period, the oldest first."""
    reached = units.below(scene.database, _unit(scene, unit).id)
    return [found for found in reports.received(scene.database, *period.bounds(zone)) if found.unit_id in reached]


@act("report.brief", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def brief(scene: Scene, report: int) -> tuple[Report, Sequence[Event]]:
    """Return a report and what happened with it, for a brief of this one case; the trail tells that it was drawn up."""
    return _drawn_up(scene, report, "briefed")


@act("report.refer", target="report", contact=Reach.UNIT, head=Reach.UNIT, approvable=False)
def refer(scene: Scene, report: int) -> tuple[Report, Sequence[Event]]:
    """Return a report and what happened with it, to be passed on to whom it is for; the trail tells of it."""
    return _drawn_up(scene, report, "referred")


def summary_of(database: Database, unit: Unit, period: Period, begins: int, zone: ZoneInfo) -> Summary:
    """Count the reports about a unit and those below it; for acts, which check who asks, and for the schedule."""
    # At the top those that name no unit count too.
    reached = None if unit.parent is None else units.below(database, unit.id)
    periods = (period, month_before(period, begins), year_so_far(period, begins))
    counted = [count(report_facts.facts(database, *each.bounds(zone)), reached) for each in periods]
    return Summary(unit, period, *counted)


def _drawn_up(scene: Scene, report: int, what: reports.What) -> tuple[Report, Sequence[Event]]:
    found = reports.get(scene.database, report)
    if found is None:
        raise NotFound("no_such_report")
    record(scene, report, what)
    return found, reports.events(scene.database, report)


def _unit(scene: Scene, unit: int) -> Unit:
    found = units.living(scene.database, unit)
    if found is None:
        raise NotFound("no_such_unit")
    return found
