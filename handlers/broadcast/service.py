"""Every act on broadcasts: who writes, sends, steers and reads them, within which unit.

A broadcast belongs to a unit, or with None to the whole office, and goes to nobody outside it; who may do something to
it is who may do so for that unit.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from handlers.authorization import Reach, Scene, act, may
from handlers.broadcast import audience, marking, running
from handlers.broadcast.content import Content, checked
from handlers.errors import NotFound, NotPossible
from storage import broadcasts, freezing, informing, jobs, members, people, recipients, units
from storage.broadcasts import Broadcast
from storage.database import Database
from storage.informing import UnitSum
from storage.recipients import Recipient, Sum
from storage.stored_json import to_json

How = Literal["meeting", "phone"]
HOWS: tuple[How, ...] = ("meeting", "phone")

LONGEST_AHEAD = dt.timedelta(days=366)

# So many members are counted at once; more are counted part by part.
COUNTED_AT_ONCE = 2_000

# Writing


@act("broadcast.write", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def write(scene: Scene, unit: int | None, content: dict[str, Any], whom: dict[str, Any]) -> int:
    """Keep a draft for a unit, or with None for the whole office; return its number."""
    said = checked(Content.from_json(content))
    return broadcasts.create(scene.database, unit, said.as_json(), whom, scene.actor.person, scene.stamp)


@act("broadcast.change", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def change(scene: Scene, unit: int | None, broadcast: int, content: dict[str, Any], whom: dict[str, Any]) -> None:
    """Change what a draft says and to whom."""
    draft = _of(scene, unit, broadcast)
    said = checked(Content.from_json(content))
    if not broadcasts.change(scene.database, broadcast, said.as_json(), whom, draft.urgent):
        raise NotPossible("no_draft")


@act("broadcast.urgent", target="unit", head=Reach.UNIT)
def make_urgent(scene: Scene, unit: int | None, broadcast: int, urgent: bool) -> None:
    """Let a draft go out at any hour, or in working hours again."""
    draft = _of(scene, unit, broadcast)
    if not broadcasts.change(scene.database, broadcast, draft.content, draft.audience, urgent):
        raise NotPossible("no_draft")


@act("broadcast.copy", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def copy(scene: Scene, unit: int | None, broadcast: int) -> int:
    """Return the number of a new draft that says the same to the same people."""
    before = _of(scene, unit, broadcast)
    number = broadcasts.copy(scene.database, broadcast, scene.stamp)
    if before.urgent:
        broadcasts.change(scene.database, number, before.content, before.audience, _may_hurry(scene, unit))
    return number


@act("broadcast.delete", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def delete(scene: Scene, unit: int | None, broadcast: int) -> None:
    """Delete a draft."""
    _of(scene, unit, broadcast)
    if not broadcasts.delete_draft(scene.database, broadcast):
        raise NotPossible("no_draft")


@act("broadcast.remind", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def remind(scene: Scene, unit: int | None, broadcast: int) -> int:
    """Return the number of a new draft that says the same to those of a unit who have not confirmed it."""
    sent = _any(scene, broadcast)
    if sent.state == "draft" or all(part.informed == part.people for part in _by_unit(scene, unit, broadcast)):
        raise NotFound("no_such_broadcast")
    whom = {"kind": "not_informed", "broadcast": broadcast}
    number = broadcasts.create(scene.database, unit, sent.content, whom, scene.actor.person, scene.stamp)
    broadcasts.change(scene.database, number, sent.content, whom, sent.urgent and _may_hurry(scene, unit))
    return number


@act("broadcast.count", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def count(scene: Scene, unit: int | None, broadcast: int) -> Sequence[Sum] | None:
    """Return how many people a draft would go to by account, and how many are left out and why.

    None where they are too many to be counted at once; that is then done by `count_part`.
    """
    draft = _of(scene, unit, broadcast)
    if draft.state == "draft":
        freezing.forget_sums(scene.database, broadcast)
        last = count_part(scene.database, draft, scene.today, 0)
        if last is not None and count_part(scene.database, draft, scene.today, last) is not None:
            return None
    return recipients.sums(scene.database, broadcast)


def count_part(database: Database, draft: Broadcast, day: str, after: int) -> int | None:
    """Count the next people of a draft after one; return the last of them, None at the end."""
    selection = audience.selection(database, draft)
    return freezing.survey(database, draft.id, selection, day, after, COUNTED_AT_ONCE)


# Sending


@act("broadcast.send", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def send(
    scene: Scene,
    unit: int | None,
    broadcast: int,
    said: str,
    at: str | None = None,
    repeats: dict[str, Any] | None = None,
    until: str | None = None,
    whom: str = "",
    version: str = "",
) -> None:
    """Let a draft go: now, at a time (UTC), or from that time on again and again until a day.

    `said` and `whom` are what whoever lets it go has read, a head too who is to approve it, and `version` of which
    draft (`version_of`, "" for any that says the same): one that was changed meanwhile is not sent.
    """
    draft = _of(scene, unit, broadcast)
    if draft.content["text"] != said or version not in ("", version_of(draft)):
        raise NotPossible("draft_changed")
    by = scene.actor.person
    if at is None:
        if not running.begin(broadcast, by, scene.stamp, scene.database):
            raise NotPossible("no_draft")
        return
    planned = dt.datetime.fromisoformat(at)
    if not scene.now < planned <= scene.now + LONGEST_AHEAD:
        # What was approved late goes out as soon as it is.
        if scene.approved and planned <= scene.now and not repeats:
            send(scene, unit, broadcast, said, whom=whom, version=version)
            return
        raise NotPossible("time_is_over")
    if not broadcasts.plan(scene.database, broadcast, at, by, repeats, until):
        raise NotPossible("no_draft")
    jobs.plan(scene.database, running.START, str(broadcast), at, scene.stamp, recurrence=repeats)


def version_of(draft: Broadcast) -> str:
    """Return what changes with everything that goes out of a draft: words, file, buttons, people, and the hour."""
    parts = to_json([draft.content, draft.audience, draft.urgent])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


@act("broadcast.pause", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def pause(scene: Scene, unit: int | None, broadcast: int) -> None:
    """Let a broadcast stand still; at most the few messages that are on their way still arrive."""
    found = _of(scene, unit, broadcast)
    if found.state not in ("running", "freezing"):
        raise NotPossible("not_running")
    if found.state == "freezing":
        # The list is not complete: it is written anew when it goes on.
        raise NotPossible("list_not_ready")
    running.pause(broadcast, "asked", scene.now, scene.database)


@act("broadcast.resume", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def resume(scene: Scene, unit: int | None, broadcast: int) -> None:
    """Let a paused broadcast go on: to those only who were not sent it."""
    if _of(scene, unit, broadcast).state != "paused":
        raise NotPossible("not_paused")
    broadcasts.move(scene.database, broadcast, "running", scene.stamp)
    jobs.plan(scene.database, running.RUN, str(broadcast), scene.stamp, scene.stamp)


@act("broadcast.cancel", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def cancel(scene: Scene, unit: int | None, broadcast: int) -> None:
    """End a broadcast; who was not sent it will not be. One that was only planned is a draft again."""
    found = _of(scene, unit, broadcast)
    if found.state in ("draft", "done", "cancelled"):
        raise NotPossible("not_running")
    jobs.drop(scene.database, running.START, str(broadcast))
    if found.state == "planned":
        broadcasts.move(scene.database, broadcast, "draft", scene.stamp)
        return
    broadcasts.move(scene.database, broadcast, "cancelled", scene.stamp)
    if found.state != "repeating":
        running.take_back(broadcast, scene.database)
        running.turn(broadcast, "drop", scene.now, scene.database)


@act("broadcast.retry", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def retry(scene: Scene, unit: int | None, broadcast: int) -> int:
    """Send again to those whom it certainly did not reach, and to nobody else; return how many they are."""
    found = _of(scene, unit, broadcast)
    failed = sum(part.people for part in recipients.sums(scene.database, broadcast) if part.state == "failed")
    if found.state not in ("done", "paused") or not failed:
        raise NotPossible("nothing_failed")
    broadcasts.move(scene.database, broadcast, "paused", scene.stamp, reason="asked")
    running.turn(broadcast, "again", scene.now, scene.database)
    return failed


# Reading


@act("broadcast.list", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def newest(
    scene: Scene, unit: int | None, limit: int, before: int | None = None, *, going: bool = False
) -> list[Broadcast]:
    """Return the newest broadcasts of a unit and those below it, or with None of all, the newest first.

    With `before` those of lower numbers; with `going` only those that are let go and not over.
    """
    states = broadcasts.GOING if going else _ALL
    return broadcasts.newest(scene.database, _below(scene, unit), states, limit, before=before)


@act("broadcast.from_above", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def from_above(scene: Scene, unit: int, limit: int) -> list[Broadcast]:
    """Return the newest broadcasts of the units above one, and of the whole office, that were let go."""
    above = list(units.path(scene.database, unit))[1:]
    going: tuple[broadcasts.State, ...] = ("running", "paused", "done", "cancelled")
    found = broadcasts.newest(scene.database, above, going, limit, whole_office=True)
    return [one for one in found if _by_unit(scene, unit, one.id)]


@act("broadcast.show", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def show(scene: Scene, unit: int | None, broadcast: int) -> Broadcast:
    """Return a broadcast of a unit, or with None of the whole office."""
    return _of(scene, unit, broadcast)


@dataclass(frozen=True, slots=True)
class Results:
    """How a broadcast went in a unit and those below it, or in the whole office.

    Attributes:
        sums: how many people are in which state, for the whole broadcast; empty for a part of it.
    """

    broadcast: Broadcast
    units: Sequence[UnitSum]
    sums: Sequence[Sum]


@act("broadcast.results", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def results(scene: Scene, unit: int | None, broadcast: int) -> Results:
    """Return how any broadcast went in a unit and those below it, or with None in all."""
    found = _any(scene, broadcast)
    by_unit = _by_unit(scene, unit, broadcast)
    # One's own may be for nobody, or not counted yet.
    if not by_unit and (found.unit != unit or found.started_at is None):
        raise NotFound("no_such_broadcast")
    return Results(found, by_unit, recipients.sums(scene.database, broadcast) if unit is None else ())


@act("broadcast.names", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def names(scene: Scene, unit: int | None, broadcast: int, most: int | None = None) -> Sequence[Recipient]:
    """Return all recipients of any broadcast in a unit and those below it, by their numbers.

    Raises NotPossible where they are more than `most`.
    """
    people = sum(part.people for part in _by_unit(scene, unit, broadcast))
    if most is not None and people > most:
        raise NotPossible("list_too_long", most=most)
    below = _below(scene, unit)
    if below is None:
        return recipients.some(scene.database, broadcast, 0, people)
    return recipients.all_of(scene.database, broadcast, below, people)


@act("broadcast.uninformed", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def uninformed(scene: Scene, unit: int | None, broadcast: int, limit: int) -> Sequence[Recipient]:
    """Return some in a unit and those below it who are not known to know of a broadcast, to be offered by name."""
    _any(scene, broadcast)
    return recipients.uninformed(scene.database, broadcast, _below(scene, unit), limit)


# Knowing


@act("broadcast.confirm", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def confirm(scene: Scene, person: int, broadcast: int) -> bool:
    """Note that somebody says to have read and understood; return False where he said so before.

    Raises NotFound where it was not for him, NotPossible where his account may be another's.
    """
    if people.has_held(scene.database, person):
        raise NotPossible("address_held")
    if recipients.get(scene.database, broadcast, person) is None:
        raise NotFound("no_such_broadcast")
    new, *_ = [
        informing.inform(scene.database, number, person, "press", person, scene.stamp)
        for number in (broadcast, *_reminded(scene.database, broadcast))
    ]
    return new


@act("broadcast.mark", target="person", contact=Reach.UNIT, head=Reach.UNIT)
def mark(scene: Scene, person: int, broadcast: int, how: How) -> None:
    """Note that somebody was informed at a meeting or by phone."""
    if recipients.get(scene.database, broadcast, person) is None:
        raise NotFound("no_such_broadcast")
    if not informing.inform(scene.database, broadcast, person, how, scene.actor.person, scene.stamp):
        raise NotPossible("marked_before")
    for earlier in _reminded(scene.database, broadcast):
        informing.inform(scene.database, earlier, person, how, scene.actor.person, scene.stamp)


@act("broadcast.unmark", target="person", contact=Reach.UNIT, head=Reach.UNIT)
def unmark(scene: Scene, person: int, broadcast: int) -> None:
    """Take back that somebody was informed at a meeting or by phone."""
    if not informing.uninform(scene.database, broadcast, person):
        raise NotPossible("not_marked")
    for earlier in _reminded(scene.database, broadcast):
        informing.uninform(scene.database, earlier, person)


@act("broadcast.mark_unit", target="unit", contact=Reach.UNIT, head=Reach.UNIT)
def mark_unit(scene: Scene, unit: int | None, broadcast: int, how: How) -> int:
    """Note that everybody of a unit and those below it was informed; return of how many that was not noted before."""
    if unit is None:
        raise NotFound("no_such_unit")
    _any(scene, broadcast)
    new = sum(part.people - part.informed for part in _by_unit(scene, unit, broadcast))
    for number in (broadcast, *_reminded(scene.database, broadcast)):
        # Of an earlier one those who were reminded of it.
        among = broadcast if number != broadcast else None
        marking.begin(scene, number, unit, sorted(units.covered(scene.database, unit)), how, among)
    return new


@act("broadcast.stop", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def stop(scene: Scene, person: int) -> bool:
    """Send somebody no broadcasts any more; return False where he wanted none before."""
    if members.get(scene.database, person, scene.today) is None:
        raise NotFound("no_such_member")
    return broadcasts.opt_out(scene.database, person, scene.stamp)


@act("broadcast.start", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def start(scene: Scene, person: int) -> bool:
    """Send somebody broadcasts again; return False where he wanted them anyway."""
    return broadcasts.opt_in(scene.database, person)


_ALL: tuple[broadcasts.State, ...] = (
    "draft", "planned", "repeating", "freezing", "running", "paused", "done", "cancelled",
)  # fmt: skip


def _of(scene: Scene, unit: int | None, number: int) -> Broadcast:
    """The broadcast of this number, which must be this unit's: the rights were checked for that."""
    found = broadcasts.get(scene.database, number)
    if found is None or found.unit != unit:
        raise NotFound("no_such_broadcast")
    return found


def _any(scene: Scene, number: int) -> Broadcast:
    found = broadcasts.get(scene.database, number)
    if found is None:
        raise NotFound("no_such_broadcast")
    return found


def _may_hurry(scene: Scene, unit: int | None) -> bool:
    """Whether the actor may let a broadcast of a unit go out at any hour."""
    return "broadcast.urgent" not in scene.needing_approval and may(scene, "broadcast.urgent", unit)


def _reminded(database: Database, number: int) -> list[int]:
    """The earlier broadcasts that one reminds of in the same words: whoever knows of it knows of them."""
    found: list[int] = []
    reminder = broadcasts.get(database, number)
    while reminder is not None and reminder.audience["kind"] == "not_informed":
        earlier = broadcasts.get(database, reminder.audience["broadcast"])
        # Something may be said before and after them.
        if earlier is None or earlier.content["text"] not in reminder.content["text"]:
            break
        found.append(earlier.id)
        reminder = earlier
    return found


def _below(scene: Scene, unit: int | None) -> list[int] | None:
    """A unit and everything below it, with the closed ones they took over; None for the whole office."""
    return None if unit is None else sorted(units.covered(scene.database, unit))


def _by_unit(scene: Scene, unit: int | None, broadcast: int) -> list[UnitSum]:
    """The sums of a unit and those below it, or of all; a closed one is counted with whoever took over from it."""
    below = _below(scene, unit)
    are_open = {one.id for one in units.all_open(scene.database)}
    found: dict[int | None, UnitSum] = {}
    for part in informing.by_unit(scene.database, broadcast):
        if below is not None and part.unit not in below:
            continue
        is_there = part.unit is None or part.unit in are_open
        living = None if is_there else units.living(scene.database, part.unit or 0)
        place = living.id if living else part.unit
        old = found.get(place, UnitSum(place, 0, 0, 0))
        found[place] = UnitSum(place, old.people + part.people, old.sent + part.sent, old.informed + part.informed)
    return list(found.values())
