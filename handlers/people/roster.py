"""Taking a list of people over, as `handlers.people.roster_plan` has found that it changes the roster of the office.

What a list changes is staged, let go by the act `roster.import`, and then done in small parts, so that nobody waits for
it. An import that was let go is finished, whatever happens in between. One import is done at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from handlers.authorization import Actor, Scene, act
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotPossible
from handlers.people.roster_plan import administrators_of
from handlers.people.service import end_membership, put_into
from handlers.schedule import Due, Kind
from storage import imports, jobs, members, people, units
from storage.database import Database
from storage.imports import StagedRow, StagedUnit

# Things done in one transaction.
DONE_AT_ONCE = 40

RESUMING = "people.roster"
# The command that began an import has long been done by then; the bot does what it left.
LONGEST_IMPORT = dt.timedelta(minutes=5)


def begin(scene: Scene) -> int:
    """Begin an import, before its list is looked over; return its number.

    What is staged for it changes nothing until `roster.import`. Raises NotPossible while another is being applied.
    """
    if imports.unfinished(scene.database):
        raise NotPossible("import_running")
    return imports.begin(scene.database, scene.actor.person, scene.stamp)


def give_up(scene: Scene, number: int) -> None:
    """End an import that will not be let go."""
    imports.refuse(scene.database, number, scene.stamp)


def stage(scene: Scene, number: int, part: Sequence[StagedUnit | StagedRow | int]) -> None:
    """Stage a part of an import; raise NotPossible where another was begun meanwhile."""
    if not imports.stage(scene.database, number, part):
        raise NotPossible("import_gone")


@act("roster.import")
def let_apply(scene: Scene, number: int) -> None:
    """Let a staged import be applied: from now on it will be finished, by the bot where whoever began it is gone."""
    if not imports.start(scene.database, number):
        raise NotPossible("import_gone")
    later = (scene.now + LONGEST_IMPORT).isoformat()
    jobs.plan(scene.database, RESUMING, "", later, scene.stamp)


def unfinished(database: Database) -> int | None:
    """Return the number of an import that was let go and is not finished, None where there is none."""
    found = imports.unfinished(database)
    return found[0] if found else None


def resume(database: Database, now: dt.datetime, day: dt.date) -> int:
    """Do the next part of the oldest import that is not finished; return how many things were done, 0 at its end.

    To be called until it returns 0, each time in a transaction of its own. Several processes may do so together.
    """
    found = imports.unfinished(database)
    if found is None:
        return 0
    number, by = found
    scene = Scene(database, Actor(by), now, day)
    done = _open_units(scene, number) or _write_down(scene, number) or _let_leave(scene, number)
    if not done:
        imports.finish(database, number, scene.stamp)
    return done


def _go_on(_: Due, context: Context) -> list[Reply]:
    """Do the next part of an import whose command was cut off, and plan the part after it."""
    if resume(context.database, context.now, context.today):
        now = context.now.isoformat()
        jobs.plan(context.database, RESUMING, "", now, now)
    return []


KINDS = {RESUMING: Kind(_go_on)}


def _open_units(scene: Scene, number: int) -> int:
    staged = imports.next_units(scene.database, number, DONE_AT_ONCE)
    for unit in staged:
        parent = unit.parent
        if unit.parent_number is not None:
            parent = imports.opened(scene.database, number, unit.parent_number)
        # Somebody may have opened it while this was staged.
        same = [one for one in units.children(scene.database, parent) if one.folded == unit.folded]
        opened = same[0].id if same else units.create(scene.database, unit.name, unit.folded, parent, scene.today)
        imports.unit_done(scene.database, number, unit.number, opened)
    return len(staged)


def _write_down(scene: Scene, number: int) -> int:
    staged = imports.next_rows(scene.database, number, DONE_AT_ONCE)
    for row in staged:
        _put(scene, row)
        imports.row_done(scene.database, number, row.number)
    return len(staged)


def _put(scene: Scene, row: StagedRow) -> None:
    """Write somebody down as he stands in the list; much may have happened since it was looked over."""
    database, today = scene.database, scene.today
    with_code = members.by_code(database, row.code, today) if row.code else None
    member = members.get(database, row.person, today) if row.person is not None else with_code
    if member is None and row.person is not None:
        # Whoever had himself deleted is not written down again.
        return
    code = row.code
    if member and with_code and with_code.person != member.person:
        code = member.code
    person = member.person if member else people.create(database, scene.stamp)
    state = "listed" if member is None or member.state == "left" else member.state
    members.put(
        database,
        person,
        name=row.name,
        folded=row.folded,
        position=row.position,
        code=code,
        state=state,
        now=scene.stamp,
    )
    unit = units.living(database, row.unit) if row.unit is not None else None
    if unit is None or unit.closed_on is not None:
        return
    if member is None:
        members.transfer(database, person, unit.id, today)
    elif member.unit != unit.id:
        put_into(scene, member, unit.id, today)


def _let_leave(scene: Scene, number: int) -> int:
    leavers = imports.next_leavers(scene.database, number, DONE_AT_ONCE)
    administrators = administrators_of(scene.database) if leavers else frozenset()
    for person in leavers:
        if person not in administrators and members.get(scene.database, person, scene.today):
            end_membership(scene, person)
        imports.leaver_done(scene.database, number, person)
    return len(leavers)
