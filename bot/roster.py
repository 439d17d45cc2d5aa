"""`ungxu roster template` and `import`: the list of everybody, from a spreadsheet to members of their units."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.clock import utc_now
from bot.console import content_of, write_anew
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings, database_path
from handlers import spreadsheet
from handlers.authorization import Actor, Scene
from handlers.people import roster, roster_plan
from handlers.people.directory import Directory
from handlers.people.roster_plan import Plan
from handlers.people.roster_table import Fault, Table, find_table
from handlers.people.roster_template import csv_template, xlsx_template
from knowledge.text import fold
from storage import imports, units
from storage.audit import CONSOLE
from storage.database import Database
from storage.errors import StorageBusy
from storage.members import Member

Write = Callable[[str], None]
Step = Callable[[int], None]
Result = TypeVar("Result")

# Rows deleted in one transaction.
CHUNK = 500
# The least pause between two transactions, in seconds; it is as long as the transaction took, so that whoever else
# writes, the running bot above all, gets half of the time.
PAUSE = 0.005
# How long a storage is waited for that others keep busy, beside the waiting of SQLite itself.
BUSY_PAUSES = (0.2, 1.0, 3.0)

# So many names are listed of each kind; who wants them all looks into the file.
MOST_NAMES = 100


def template(settings: Settings, file: Path, write: Write) -> None:
    """Write an empty list to fill in, as CSV or XLSX by the ending of the name; nothing is overwritten."""
    match file.suffix.lower():
        case ".csv":
            content = csv_template(TEXTS)
        case ".xlsx":
            content = xlsx_template(TEXTS, _paths(settings))
        case _:
            raise InputError(TEXTS("roster.ending", file=file))
    write_anew(file, content)
    write(TEXTS("roster.template_written", file=file))


def take_over(
    settings: Settings,
    file: Path,
    write: Write,
    *,
    sheet: str = "",
    only_check: bool = False,
    create_units: bool = False,
    create_alike: bool = False,
    leave_missing: bool = False,
) -> bool:
    """Take a list over, or with `only_check` say what would change; return False where it has faults.

    An import that was cut off before is finished first. Raises UnreadableFile for what is no list of people.
    """
    # Closed at the end also where it is stopped in between: what was let go is finished the next time.
    with closing(Database(database_path(settings))) as database:
        if not only_check:
            _finish_others(settings, database, write)
        elif roster.unfinished(database):
            write(TEXTS("roster.unfinished"))
        with _progress() as progress:
            progress.add_task(TEXTS("roster.reading"), total=None)
            table = find_table(spreadsheet.read(content_of(file), str(file)), str(file), sheet)
        write(_found(file, table))
        scene = _scene(settings, database)
        look_over = partial(
            roster_plan.check,
            scene,
            table,
            create_units=create_units,
            create_alike=create_alike,
            leave_missing=leave_missing,
        )
        if only_check:
            plan = look_over()
            _tell(plan, database, write, is_done=False, leave_missing=leave_missing)
            return not plan.faults
        with database.transaction():
            number = roster.begin(scene)
        plan = look_over()
        if plan.faults or not plan.staged:
            with database.transaction():
                roster.give_up(scene, number)
        else:
            with _progress() as progress:
                task = progress.add_task(TEXTS("roster.writing"), total=2 * len(plan.staged))
                apply(settings, database, number, plan, lambda done: progress.advance(task, done))
        _tell(plan, database, write, is_done=True, leave_missing=leave_missing)
        return not plan.faults


def apply(settings: Settings, database: Database, number: int, plan: Plan, step: Step) -> None:
    """Stage what a plan does and do it; `step` is told each time how many things were staged or done."""
    scene = _scene(settings, database)
    for part in roster_plan.parts(plan):
        _in_turn(database, partial(roster.stage, scene, number, part))
        step(len(part))
    _in_turn(database, partial(roster.let_apply, scene, number))
    resume(settings, database, step)


def resume(settings: Settings, database: Database, step: Step) -> None:
    """Do what is left of imports that were let go."""
    while True:
        now = utc_now()
        done = _in_turn(database, partial(roster.resume, database, now, _day(settings, now)))
        if not done:
            return
        step(done)


def _finish_others(settings: Settings, database: Database, write: Write) -> None:
    """Finish an import that was cut off, and delete what was staged and never let go."""
    number = roster.unfinished(database)
    if number is not None:
        write(TEXTS("roster.finishing", count=imports.left(database, number)))
        resume(settings, database, lambda _: None)
    while _in_turn(database, partial(imports.purge_rows, database, "", CHUNK)):
        pass


def _in_turn(database: Database, act: Callable[[], Result]) -> Result:
    """Do an act in a transaction of its own; a storage that is busy is no reason to give up at once."""
    for pause in BUSY_PAUSES:
        try:
            return _do(database, act)
        except StorageBusy:
            time.sleep(pause)
    return _do(database, act)


def _do(database: Database, act: Callable[[], Result]) -> Result:
    begun = time.monotonic()
    with database.transaction():
        result = act()
    time.sleep(max(PAUSE, time.monotonic() - begun))
    return result


def _scene(settings: Settings, database: Database) -> Scene:
    now = utc_now()
    return Scene(database, Actor(CONSOLE), now, _day(settings, now))


def _day(settings: Settings, now: dt.datetime) -> dt.date:
    return now.astimezone(settings.zone).date()


def _paths(settings: Settings) -> list[str]:
    """The paths of the units there are; none where nothing was set up yet."""
    path = database_path(settings)
    if not path.exists():
        return []
    with closing(Database(path)) as database:
        directory = Directory(database)
        return sorted((directory.path(unit.id) for unit in units.all_open(database)), key=fold)


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


# In words


def fault_line(fault: Fault) -> str:
    """Return what is wrong with a row: its number, its column and the reason."""
    reason = TEXTS(f"roster.fault_{fault.code}", **fault.values)
    name = "roster.line" if fault.column else "roster.line_whole"
    return TEXTS(name, row=fault.row, column=fault.column, reason=reason)


def _found(file: Path, table: Table) -> str:
    columns = ", ".join(table.columns.values())
    if table.sheet:
        return TEXTS("roster.found_in_sheet", file=file, sheet=table.sheet, count=len(table.entries), columns=columns)
    return TEXTS("roster.found", file=file, count=len(table.entries), columns=columns)


def _tell(plan: Plan, database: Database, write: Write, *, is_done: bool, leave_missing: bool) -> None:
    if plan.faults:
        for fault in plan.faults:
            write(fault_line(fault))
        write(TEXTS("roster.faulty", rows=len({fault.row for fault in plan.faults})))
        if any(fault.code.startswith("unknown_unit") for fault in plan.faults):
            write(TEXTS("roster.create_units"))
        if any(fault.code == "unit_alike" for fault in plan.faults):
            write(TEXTS("roster.create_alike"))
        return
    _tell_some(TEXTS("roster.new_unit_done" if is_done else "roster.new_unit"), plan.new_units, write)
    renamed = [
        TEXTS(
            "roster.renamed_joined" if one.joined else "roster.renamed", before=one.before, after=one.after, row=one.row
        )
        for one in plan.renamed
    ]
    _tell_some(TEXTS("roster.renaming"), renamed, write)
    _tell_some(TEXTS("roster.matched"), plan.matched, write)
    directory = Directory(database)
    stay = {member.person for member in plan.kept} if leave_missing else {member.person for member in plan.missing}
    gone = [_person(member, directory) for member in plan.missing if member.person not in stay]
    _tell_some(TEXTS("roster.left_done" if is_done else "roster.left"), gone, write)
    kept = [_person(member, directory) for member in plan.missing if member.person in stay]
    _tell_some(TEXTS("roster.kept" if leave_missing else "roster.missing"), kept, write)
    name = "roster.nothing" if not plan.staged else "roster.done" if is_done else "roster.would"
    figures = {"added": plan.added, "changed": plan.changed, "moved": plan.moved, "back": plan.back}
    write(TEXTS(name, **figures, left=len(gone), unchanged=plan.unchanged))


def _tell_some(heading: str, lines: Sequence[str], write: Write) -> None:
    if lines:
        write(heading)
        for line in lines[:MOST_NAMES]:
            write(f"  {line}")
        if len(lines) > MOST_NAMES:
            write(TEXTS("roster.more", count=len(lines) - MOST_NAMES))


def _person(member: Member, directory: Directory) -> str:
    return ", ".join(
        filter(None, (member.name, member.code, directory.path(member.unit) if member.unit is not None else ""))
    )
