"""`ungxu report`: the open reports of a unit, and what is handed upward about a period, on the machine."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.channels.markup import plain
from bot.console import Write, looking, write_anew
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings
from handlers import official_document, workbook
from handlers.authorization import Scene
from handlers.deadlines import is_urgent
from handlers.office import load_office
from handlers.people.finding import find_unit, full_name
from handlers.report import service as report_service
from handlers.report.trail import name_of, shown_number
from handlers.texts import Texts, load_texts
from handlers.upward import papers, service
from handlers.upward.dialogue import draft_text, figures_text
from handlers.upward.period import Period, month, month_of
from storage import reports, units
from storage.reports import Report
from storage.units import Unit

_MONTH = re.compile(r"(\d{4})-(\d{1,2})|(\d{1,2})[/-](\d{4})")


def list_reports(settings: Settings, unit: str | None, as_json: bool, write: Write) -> None:
    """Print the open reports of a unit and of those below it, or of the whole office, the newest first."""
    with _looking(settings) as (scene, texts):
        place = _unit(scene, unit)
        found = list(report_service.list_open(scene, place.id))
        if place.parent is None:
            found += reports.without_unit(scene.database)
        for report in found:
            said = _said(report, settings, scene, texts)
            write(json.dumps(said, ensure_ascii=False) if as_json else texts("report.listed", **said))
        if not found and not as_json:
            write(plain(texts.rich("casework.none", unit=full_name(scene.database, place))))


def summarize(
    settings: Settings,
    typed: str | None,
    unit: str | None,
    paper: Path | None,
    table: Path | None,
    register: Path | None,
    write: Write,
) -> None:
    """Print the figures of a period, and write its draft, its tables and the case list as files that are new.

    `typed` is the period's month, "2026-11"; None for the one that is running. Raises InputError for what is none.
    """
    with _looking(settings) as (scene, texts):
        place, period = _unit(scene, unit), _period(typed, scene)
        summary = service.summarize(scene, place.id, period, settings.zone)
        files: list[tuple[Path, bytes]] = []
        if paper:
            files.append((paper, official_document.write(papers.summary_paper(summary, scene, texts))))
        if table:
            files.append((table, workbook.write(papers.summary_pages(summary, scene, texts))))
        if register:
            with scene.database.transaction():
                found = service.register(scene, place.id, period, settings.zone)
            pages = papers.register_pages(found, period, place.name, scene, settings.zone, texts)
            files.append((register, workbook.write(pages)))
    for file, content in files:
        write_anew(file, content)
    write(plain(figures_text(summary, texts)))
    for file, _ in files:
        write(texts("cli.report_written", file=file))
    if paper:
        write(plain(draft_text(place, scene, texts)))


@contextmanager
def _looking(settings: Settings) -> Iterator[tuple[Scene, Texts]]:
    """The database as whoever works on the machine sees it, with what the office says of itself and its words."""
    with looking(settings) as scene:
        yield replace(scene, office=load_office(settings.office)), load_texts(settings.office)


def _unit(scene: Scene, typed: str | None) -> Unit:
    if typed is not None:
        return find_unit(scene.database, typed)
    top = units.children(scene.database, None)
    if not top:
        raise InputError(TEXTS("cli.report_no_unit"))
    return top[0]


def _period(typed: str | None, scene: Scene) -> Period:
    begins = scene.office.period_begins
    if typed is None:
        return month_of(scene.day, begins)
    found = _MONTH.fullmatch(typed.strip())
    year, number = (int(found[1] or found[4]), int(found[2] or found[3])) if found else (0, 0)
    if not 1 <= number <= 12 or not 2000 <= year <= dt.MAXYEAR - 1:
        raise InputError(TEXTS("cli.report_month_wrong", typed=typed))
    return month(year, number, begins)


def _said(report: Report, settings: Settings, scene: Scene, texts: Texts) -> dict[str, object]:
    unit = units.living(scene.database, report.unit_id) if report.unit_id is not None else None
    received = dt.datetime.fromisoformat(report.received_at).astimezone(settings.zone)
    return {
        "number": shown_number(report.id, scene),
        "urgent": texts("casework.line_urgent") if is_urgent(report) else "",
        "kind": texts(f"kind.{report.kind}"),
        "harm": texts(f"harm.{report.harm}"),
        "unit": full_name(scene.database, unit) if unit else texts("report.no_unit"),
        "state": texts(f"report.state_{report.state}"),
        "taken_by": name_of(scene, report.taken_by) or texts("casework.nobody"),
        "received": f"{received:%H:%M %d/%m/%Y}",
    }
