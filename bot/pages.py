"""`ungxu page`: the register of official pages on the command line of the machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from bot.channels.markup import plain
from bot.console import Write, beginning, content_of, looking, write_anew
from bot.errors import InputError
from bot.explaining import TEXTS, explain
from bot.settings import Settings
from handlers import spreadsheet, workbook
from handlers.authorization import Scene
from handlers.errors import Refusal
from handlers.pages import register, service
from handlers.people.finding import find_unit, full_name
from handlers.people.roster_table import Fault
from storage import pages, units
from storage.pages import Page


def list_pages(settings: Settings, unit: str | None, like: str | None, as_json: bool, write: Write) -> None:
    """Print the pages of a unit and of those below it, or all; with `like` those that a page somebody saw is like."""
    with looking(settings) as scene:
        if like is not None:
            for match in service.compare(scene, like):
                write(plain(TEXTS.rich(f"page.like_{match.likeness.name.lower()}", **_values(scene, match.page))))
            return
        if unit is None:
            found = pages.everything(scene.database)
        else:
            found = service.list_pages(scene, find_unit(scene.database, unit).id)
        for page in found:
            write(_as_json(scene, page) if as_json else TEXTS("page.listed", **_values(scene, page)))
        if not found and not as_json:
            write(TEXTS("page.nobody"))


def take_over(settings: Settings, file: Path, write: Write, *, only_check: bool = False) -> bool:
    """Take a list of pages over, or with `only_check` say what would change; return False where it has faults."""
    table = register.find_table(spreadsheet.read(content_of(file), str(file)), str(file))
    write(TEXTS("page.found", file=file, count=len(table.lines), columns=", ".join(table.columns.values())))
    with beginning(settings) as scene:
        plan = register.check(scene, table)
        if not only_check and not plan.faults:
            register.take_over(scene, plan)
    if plan.faults:
        for fault in plan.faults:
            write(_fault_line(fault))
        write(TEXTS("page.faulty", rows=len({fault.row for fault in plan.faults})))
        return False
    figures = {"added": len(plan.added), "changed": len(plan.changed), "unchanged": plan.unchanged}
    write(TEXTS("page.would" if only_check else "page.done", **figures))
    return True


def export(settings: Settings, file: Path, write: Write) -> None:
    """Write the whole register, as CSV or XLSX by the ending of the name; nothing is overwritten."""
    with looking(settings) as scene:
        found = pages.everything(scene.database)
        table = register.rows(scene.database, found, TEXTS)
    match file.suffix.lower():
        case ".csv":
            content = register.as_csv(table)
        case ".xlsx":
            content = workbook.write(register.as_pages(TEXTS("page.sheet"), table))
        case _:
            raise InputError(TEXTS("roster.ending", file=file))
    write_anew(file, content)
    write(TEXTS("page.written", file=file, count=len(found)))


def _fault_line(fault: Fault) -> str:
    refusal = fault.values.get("refusal")
    reason = explain(refusal) if isinstance(refusal, Refusal) else TEXTS(f"page.fault_{fault.code}", **fault.values)
    name = "roster.line" if fault.column else "roster.line_whole"
    return TEXTS(name, row=fault.row, column=fault.column, reason=reason)


def _values(scene: Scene, page: Page) -> dict[str, str]:
    unit = units.get(scene.database, service.place_of(scene.database, page))
    return {
        "unit": full_name(scene.database, unit) if unit else "",
        "name": page.name,
        "platform": TEXTS(f"platform.{page.platform}"),
        "address": page.address or TEXTS("page.empty"),
        "verified": TEXTS("page.verified" if page.verified else "page.not_verified"),
        "state": TEXTS(f"page.state_{page.state}"),
    }


def _as_json(scene: Scene, page: Page) -> str:
    said = {**asdict(page), "unit": _values(scene, page)["unit"]}
    return json.dumps({name: value for name, value in said.items() if name != "id"}, ensure_ascii=False)
