"""Figures and papers in a chat: a period's figures as a message, with the drafts and tables as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from handlers import official_document, workbook
from handlers.authorization import Scene, may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Drawing, Manner, Reply
from handlers.errors import NotAllowed
from handlers.people.changing import own_units
from handlers.texts import Texts
from handlers.upward import papers, service
from handlers.upward.period import Period, month_before, month_of
from handlers.upward.service import Summary
from storage import units
from storage.units import Unit

# More units that somebody looks after are not offered side by side.
MOST_UNITS = 5


def _ask(_: str, context: Context) -> list[Reply]:
    """Show the figures of the period that is running, for the unit that whoever asks looks after."""
    places = own_units(context)
    if not places:
        raise NotAllowed("report.summarize")
    period = month_of(context.today, context.office.period_begins)
    others = [
        Button(unit.name, "upward.show", {"unit": unit.id, "day": period.last.isoformat()})
        for unit in places[1:MOST_UNITS]
    ]
    return [_figures(service.summarize(context.scene, places[0].id, period, context.zone), context, others)]


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button says."""
    if name in ("brief", "referral"):
        return [_case_paper(name, data["report"], context)]
    if name not in ("show", "paper", "table", "register"):
        return [Reply(context.texts.rich("menu.stale"))]
    period = month_of(dt.date.fromisoformat(data["day"]), context.office.period_begins)
    if name == "register":
        return [_register(data["unit"], period, context)]
    summary = service.summarize(context.scene, data["unit"], period, context.zone)
    if name == "show":
        return [_figures(summary, context, manner=Manner.INSTEAD)]
    return [paper(summary, context) if name == "paper" else _table(summary, context)]


def figures_text(summary: Summary, texts: Texts) -> Markup:
    """Return the figures of a period as a message."""
    now = summary.now
    between = {"first": papers.day(summary.period.first), "last": papers.day(summary.period.last)}
    lines = [texts.rich("upward.title", unit=summary.unit.name, **between)]
    if not now.received:
        lines.append(texts.rich("upward.nothing", before=summary.before.received, year=summary.year.received))
        return Markup("\n").join(lines)
    lines.append(
        texts.rich("upward.counts", now=now.received, before=summary.before.received, year=summary.year.received)
    )
    lines += [
        texts.rich("upward.count", label=texts(f"upward.kind_{kind}"), count=count)
        for kind, count in now.kinds.most_common()
    ]
    lines.append(texts.rich("upward.states", resolved=now.resolved, elsewhere=now.elsewhere, open=now.open))
    lines.append(
        texts.rich(
            "upward.times",
            first_answer=papers.spoken(now.first_answer, texts),
            resolution=papers.spoken(now.resolution, texts),
        )
    )
    return Markup("\n").join(lines)


def draft_text(unit: Unit | None, scene: Scene, texts: Texts) -> Markup:
    """Return what is said to a draft: that it has gone nowhere, and what the office has to say for it."""
    blank = papers.left_blank(scene.office, unit, texts)
    lines = [texts.rich("upward.draft"), *([texts.rich("upward.draft_blank", fields=blank)] if blank else [])]
    return Markup("\n").join(lines)


def paper(summary: Summary, context: Context) -> Reply:
    """Return a period's report as a draft for Word."""
    drawn = papers.summary_paper(summary, context.scene, context.texts)
    name = context.texts("upward.file_report", month=f"{summary.period.last:%Y-%m}")
    return _document(drawn, draft_text(summary.unit, context.scene, context.texts), name)


def _figures(summary: Summary, context: Context, others: Sequence[Button] = (), manner: Manner = Manner.NEW) -> Reply:
    data = {"unit": summary.unit.id, "day": summary.period.last.isoformat()}
    before = month_before(summary.period, context.office.period_begins)
    buttons = [
        Button(context.texts("upward.button_paper"), "upward.paper", data),
        Button(context.texts("upward.button_table"), "upward.table", data),
        Button(context.texts("upward.button_register"), "upward.register", data),
        Button(
            context.texts("upward.button_before"),
            "upward.show",
            {"unit": summary.unit.id, "day": before.last.isoformat()},
        ),
        *others,
    ]
    return Reply(figures_text(summary, context.texts), tuple(buttons), manner=manner)


def _table(summary: Summary, context: Context) -> Reply:
    pages = papers.summary_pages(summary, context.scene, context.texts)
    name = context.texts("upward.file_table", month=f"{summary.period.last:%Y-%m}")
    return _workbook(pages, context.texts.rich("upward.table"), name)


def _register(unit: int, period: Period, context: Context) -> Reply:
    scene, texts = context.scene, context.texts
    found = service.register(scene, unit, period, context.zone)
    if not found:
        return Reply(texts.rich("upward.no_cases", first=papers.day(period.first), last=papers.day(period.last)))
    place = units.get(context.database, unit)
    pages = papers.register_pages(found, period, place.name if place else "", scene, context.zone, texts)
    name = texts("upward.file_register", month=f"{period.last:%Y-%m}")
    return _workbook(pages, texts.rich("upward.register", count=len(found)), name)


def _case_paper(name: str, report: int, context: Context) -> Reply:
    scene, texts, zone = context.scene, context.texts, context.zone
    if name == "brief":
        drawn = papers.brief_paper(*service.brief(scene, report), scene, zone, texts)
    else:
        drawn = papers.referral_paper(*service.refer(scene, report), scene, zone, texts)
    return _document(drawn, draft_text(None, scene, texts), texts(f"upward.file_{name}", report=report))


def _document(drawn: official_document.OfficialDocument, text: Markup, name: str) -> Reply:
    data = official_document.as_data(drawn)
    return Reply(text, files=(Drawing(official_document.DRAWING, data, "document", f"{name}.docx"),))


def _workbook(pages: list[workbook.Page], text: Markup, name: str) -> Reply:
    return Reply(text, files=(Drawing(workbook.DRAWING, workbook.as_data(pages), "document", f"{name}.xlsx"),))


COMMANDS = (
    Command(
        "tonghop",
        _ask,
        (
            "tong hop",
            "tong hop bao cao",
            "so lieu bao cao",
            "bao cao dinh ky",
            "bao cao thang",
            "bao cao tong hop",
            "xuat bao cao",
            "so theo doi",
        ),
        offered=lambda context: may(context.scene, "report.summarize"),
    ),
)
