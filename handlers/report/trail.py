"""What every act on a report needs: the report itself, words as they may be written, and its trail."""

from __future__ import annotations

import datetime as dt

from handlers.authorization import Scene
from handlers.errors import NotFound, NotPossible
from handlers.masking import mask_secrets
from handlers.report.refusing import is_complaint, is_secret
from knowledge.text import normalize
from storage import members, reports
from storage.reports import Report

LONGEST_NOTE = 2_000
LONGEST_LINE = 300


def known(scene: Scene, report: int) -> Report:
    """Return a report; raise NotFound."""
    stored = reports.get(scene.database, report)
    if stored is None:
        raise NotFound("no_such_report")
    return stored


def still_open(scene: Scene, report: int) -> Report:
    """Return a report that is open; raise NotFound, and NotPossible for a closed one."""
    report_now = known(scene, report)
    if not report_now.is_open:
        raise NotPossible("report_closed")
    return report_now


def checked(text: str, longest: int = LONGEST_NOTE, *, empty: bool = False) -> str:
    """Return typed words as they may be written: normal, masked, not too long.

    Raises NotPossible for none, for what bears a mark of secrecy, and for a complaint about somebody.
    """
    said = normalize(text)
    if not said and not empty:
        raise NotPossible("nothing_said")
    if is_secret(said):
        raise NotPossible("state_secret")
    if is_complaint(said):
        raise NotPossible("complaint")
    return mask_secrets(said)[:longest]


def record(
    scene: Scene,
    report: int,
    what: reports.What,
    note: str = "",
    audience: reports.Audience = "internal",
    data: dict[str, object] | None = None,
) -> None:
    """Write into a report's trail what the actor did now."""
    reports.record(scene.database, report, scene.stamp, scene.actor.person, what, note, audience, data)


def answered(
    scene: Scene,
    report: int,
    what: reports.What,
    note: str = "",
    audience: reports.Audience = "internal",
    data: dict[str, object] | None = None,
) -> Report:
    """Write down what the office did; with the first of it the reporter has been answered. Return the report."""
    record(scene, report, what, note, audience, data)
    if known(scene, report).answered_at is None:
        reports.change(scene.database, report, answered_at=scene.stamp)
    return known(scene, report)


def name_of(scene: Scene, person: int | None) -> str:
    """Return the name of a member, "" for anybody else."""
    member = members.get(scene.database, person, scene.today) if person else None
    return member.name if member else ""


def shown_number(report: int, scene: Scene) -> str:
    """Return a report's number as people say it: "BC-12"."""
    return f"{scene.office.report_prefix}-{report}"


def shown_since(report: Report) -> str:
    """Return since when, as it was said, with the day that was meant: "hôm qua (20/11/2026)"."""
    if not report.since_day or not report.since_said:
        return report.since_said
    day = dt.date.fromisoformat(report.since_day).strftime("%d/%m/%Y")
    return report.since_said if day in report.since_said else f"{report.since_said} ({day})"
