"""A broadcast on its way: its list is written, portions of it go into the outbox, and how each ended is noted.

Everything is done in small parts, each inside one transaction: a part of the list by a job that plans itself again, a
portion when a job begins and whenever messages have ended. So the outbox never holds more than a portion of each
account, and whatever is cut off goes on where it was: a row of the list is taken and its message put into the outbox
together, and its end is noted together with the message's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from handlers.broadcast import audience, timing, wording
from handlers.broadcast.content import Content, message
from handlers.context import Context
from handlers.conversation import Outcome, Reply
from handlers.plan import SHORT_AT, month
from handlers.schedule import Due, Kind, Late
from storage import broadcasts, freezing, informing, jobs, outbox, people, recipients, usage
from storage.audit import CONSOLE
from storage.broadcasts import OVER, Broadcast
from storage.database import Database
from storage.outbox import BROADCAST, REPORT
from storage.recipients import Sum

RUN, COUNT_UNITS, START = "broadcast.run", "broadcast.units", "broadcast.start"

# People whom one transaction writes into the list.
FROZEN_AT_ONCE = 3_000
# Rows of the list that one transaction adds to the sums of their units.
COUNTED_AT_ONCE = 20_000

PORTION = 64
"""So many messages of an account wait in the outbox at most, and the next ones come when half of them are gone."""
_FEW = PORTION // 2

MOST_TAKEN = 4
"""Portions that one transaction takes where nobody of them can be written to any more."""

TROUBLE_OF_ONE = 2
MOST_TROUBLE = 40
"""Each message that did not arrive counts two, each that did takes one off: so much, and somebody has to look."""

# These say something of the person, or of a process that was cut off, not of the broadcast.
_NO_TROUBLE = {"blocked", "deactivated", "left", "gone", "lease"}

TOLD_EVERY = dt.timedelta(seconds=5)
LOOKED_AT_EVERY = dt.timedelta(minutes=1)


def begin(number: int, by: int, now: str, database: Database) -> bool:
    """Let a broadcast go now: the list is written next. Return False for one that is no draft and not planned."""
    begun = broadcasts.begin(database, number, by, now)
    if begun:
        jobs.plan(database, RUN, str(number), now, now)
    return begun


def _run(due: Due, context: Context) -> list[Reply]:
    """Do the next part of what a broadcast needs, and plan the part after it."""
    broadcast = broadcasts.get(context.database, int(due.name))
    if broadcast is None:
        return []
    if "turn" in due.data:
        return _turn(broadcast, due.data, context)
    if broadcast.state == "freezing":
        return _freeze(broadcast, context)
    if broadcast.state == "running":
        return advance(broadcast, context)
    return []


def _freeze(broadcast: Broadcast, context: Context) -> list[Reply]:
    """Write the next part of the list; when it is complete, begin to send, and to count its units."""
    if not freeze(broadcast, context.today.isoformat(), context.database):
        broadcasts.move(context.database, broadcast.id, "running", _now(context))
        jobs.plan(context.database, COUNT_UNITS, str(broadcast.id), _now(context), _now(context))
    _again(broadcast.id, context.now, context)
    return []


def freeze(broadcast: Broadcast, day: str, database: Database) -> bool:
    """Write the next part of a list; return False when there is none."""
    selection = audience.selection(database, broadcast)
    last = freezing.freeze(database, broadcast.id, selection, day, broadcast.frozen_to, FROZEN_AT_ONCE)
    if last is not None:
        broadcasts.freeze_to(database, broadcast.id, last)
    return last is not None


def _count_units(due: Due, context: Context) -> list[Reply]:
    """Count the next part of a list by unit."""
    if count_units(int(due.name), context.database):
        jobs.plan(context.database, COUNT_UNITS, due.name, _now(context), _now(context))
    return []


def count_units(number: int, database: Database) -> bool:
    """Add the next part of a list to the sums of its units; return False when there is none."""
    broadcast = broadcasts.get(database, number)
    return broadcast is not None and (
        informing.count(database, number, broadcast.counted_to, COUNTED_AT_ONCE) is not None
    )


def _turn(broadcast: Broadcast, data: dict[str, Any], context: Context) -> list[Reply]:
    """Give the next rows of the list another state: after a cancellation, or for those that are tried again."""
    database, number = context.database, broadcast.id
    if data["turn"] == "drop":
        last = recipients.drop(database, number, "cancelled", data["after"], FROZEN_AT_ONCE)
    else:
        last = recipients.try_again(database, number, data["after"], FROZEN_AT_ONCE)
    if last is not None:
        _again(number, context.now, context, {"turn": data["turn"], "after": last})
        return []
    if data["turn"] == "drop":
        return board(broadcast, context, last=True)
    broadcasts.move(database, number, "running", _now(context))
    _again(number, context.now, context)
    return []


def turn(number: int, what: str, now: dt.datetime, database: Database) -> None:
    """Plan to give the rows of a list another state: "drop" those that wait, or try those "again" that failed."""
    stamp = now.isoformat()
    jobs.plan(database, RUN, str(number), stamp, stamp, {"turn": what, "after": 0})


def advance(broadcast: Broadcast, context: Context) -> list[Reply]:
    """Put the next portions of a broadcast into the outbox where it may go on; return them, and how far it is."""
    database, number = context.database, broadcast.id
    if not broadcast.urgent and (opens := timing.opens(context.now, context)) > context.now:
        broadcasts.wait(database, number, "hours")
        _again(number, opens, context)
        return _told(number, context)
    found = recipients.sums(database, number)
    replies = _portions(broadcast, found, context)
    if not replies and not _left(recipients.sums(database, number)):
        broadcasts.move(database, number, "done", _now(context))
        jobs.drop(database, RUN, str(number))
        return _told(number, context, last=True)
    broadcasts.wait(database, number, _hindrance(found, context))
    # Where all that were taken cannot be written to, nothing ends that would bring the next ones.
    under_way = bool(replies) or any(part.state == "queued" for part in found)
    _again(number, context.now + (LOOKED_AT_EVERY if under_way else dt.timedelta()), context)
    return [*replies, *_told(number, context)]


def happened(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
    """Note how messages ended, and put the next ones into the outbox."""
    alike: dict[tuple[int, str, str], list[int]] = {}
    for one in outcomes:
        alike.setdefault((one.concern["broadcast"], one.state, one.reason), []).append(one.concern["person"])
    return [
        reply
        for (number, state, reason), people in alike.items()
        for reply in _ended(number, people, state, reason, context)
    ]


def _ended(number: int, people: Sequence[int], state: str, reason: str, context: Context) -> list[Reply]:
    """Note that the messages of a broadcast to some people ended alike."""
    database = context.database
    ended = recipients.end(database, number, people, state, reason, _now(context))
    broadcast = broadcasts.get(database, number) if ended else None
    if broadcast is None or broadcast.state in OVER:
        return []
    trouble = broadcast.trouble
    if state == "sent":
        trouble = broadcasts.worry(database, number, -ended) if trouble else 0
    elif reason not in _NO_TROUBLE:
        trouble = broadcasts.worry(database, number, ended * TROUBLE_OF_ONE)
    if broadcast.state != "running":
        return []
    if trouble >= MOST_TROUBLE:
        pause(number, "trouble", context.now, database)
        return board(broadcast, context, last=True)
    found = recipients.sums(database, number)
    queued = sum(part.people for part in found if part.state == "queued")
    if queued < _FEW or not queued:
        return advance(broadcast, context)
    if broadcast.told_at and context.now - dt.datetime.fromisoformat(broadcast.told_at) < TOLD_EVERY:
        return []
    return board(broadcast, context)


def pause(number: int, reason: str, now: dt.datetime, database: Database) -> None:
    """Let a broadcast stand still: what has not left the outbox goes back into the list."""
    broadcasts.move(database, number, "paused", now.isoformat(), reason=reason)
    take_back(number, database)


def take_back(number: int, database: Database) -> None:
    """Take what has not left the outbox back into the list."""
    for concern in outbox.take_back(database, BROADCAST, lambda concern: concern.get("broadcast") == number):
        recipients.give_back(database, number, concern["person"])


def board(broadcast: Broadcast, context: Context, *, last: bool = False) -> list[Reply]:
    """Tell whoever let a broadcast go how far it is, in one message that changes; `last` in one that is always new."""
    now = broadcasts.get(context.database, broadcast.id)
    sender = now.sent_by if now else None
    if now is None or sender is None or sender == CONSOLE:
        return []
    to = people.reached_at(context.database, sender)
    if to is None:
        return []
    reply = wording.progress(now, recipients.sums(context.database, now.id), context)
    broadcasts.tell(context.database, now.id, _now(context), wording.ended(recipients.sums(context.database, now.id)))
    return [
        Reply(
            reply.text,
            reply.buttons,
            to=to,
            urgency=REPORT,
            board=f"broadcast {now.id}",
            passing_board=not last,
        )
    ]


def _told(number: int, context: Context, *, last: bool = False) -> list[Reply]:
    broadcast = broadcasts.get(context.database, number)
    assert broadcast is not None
    if not last and broadcast.told_at and context.now - dt.datetime.fromisoformat(broadcast.told_at) < TOLD_EVERY:
        return []
    return board(broadcast, context, last=last)


def _portions(broadcast: Broadcast, found: Sequence[Sum], context: Context) -> list[Reply]:
    """The next messages of each account whose last ones are nearly gone."""
    content = Content.from_json(broadcast.content)
    said = message(broadcast.id, content, context)
    replies = []
    for account in dict.fromkeys((part.channel, part.account) for part in found if part.state == "waiting"):
        queued = sum(
            part.people for part in found if part.state == "queued" and (part.channel, part.account) == account
        )
        for _ in range(MOST_TAKEN):
            if queued >= _FEW:
                break
            taken = recipients.take(context.database, broadcast.id, *account, PORTION - queued)
            for one in taken:
                if one.address is None:
                    continue
                concern = {"job": "broadcast", "broadcast": broadcast.id, "person": one.person}
                replies.append(
                    Reply(
                        said.text,
                        said.buttons,
                        files=said.files,
                        menu=said.menu,
                        to=one.address,
                        urgency=BROADCAST,
                        concern=concern,
                    )
                )
                queued += 1
            if not taken:
                break
    return replies


def _left(found: Sequence[Sum]) -> int:
    return sum(part.people for part in found if part.state in ("waiting", "queued"))


def _hindrance(found: Sequence[Sum], context: Context) -> str:
    """Why messages do not go out just now, "" where they do."""
    for line in context.lines:
        is_used = any((part.channel, part.account) == (line.channel, line.account) for part in found)
        if is_used and line.monthly:
            used = usage.get(context.database, line.channel, line.account, month(context.now)).messages
            if used * 100 >= line.monthly * SHORT_AT:
                return "plan"
    return outbox.hindrance(context.database, BROADCAST)


def _again(number: int, at: dt.datetime, context: Context, data: dict[str, Any] | None = None) -> None:
    jobs.plan(context.database, RUN, str(number), at.astimezone(dt.UTC).isoformat(), _now(context), data)


def _now(context: Context) -> str:
    return context.now.isoformat()


# At its time


def _start(due: Due, context: Context) -> list[Reply]:
    """Let a broadcast go that was planned for now; of one that repeats, a copy."""
    database = context.database
    broadcast = broadcasts.get(database, int(due.name))
    if broadcast is None or broadcast.state not in ("planned", "repeating"):
        jobs.drop(database, START, due.name)
        return []
    by = broadcast.sent_by or CONSOLE
    if broadcast.state == "planned":
        begin(broadcast.id, by, _now(context), database)
        return []
    if broadcast.until and context.today.isoformat() > broadcast.until:
        broadcasts.move(database, broadcast.id, "done", _now(context))
        jobs.drop(database, START, due.name)
        return []
    begin(broadcasts.copy(database, broadcast.id, _now(context)), by, _now(context), database)
    return []


def _missed(due: Due, context: Context) -> list[Reply]:
    """Tell whoever planned a broadcast that the bot was off at its time; one that goes once is a draft again."""
    broadcast = broadcasts.get(context.database, int(due.name))
    if broadcast is None or broadcast.state not in ("planned", "repeating"):
        return []
    if broadcast.state == "planned":
        broadcasts.move(context.database, broadcast.id, "draft", _now(context))
    if not broadcast.sent_by:
        # It was planned at the machine: the list of drafts tells.
        return []
    to = people.reached_at(context.database, broadcast.sent_by)
    return [Reply(*wording.missed(broadcast, due.planned, context), to=to, urgency=REPORT)] if to else []


KINDS = {RUN: Kind(_run), COUNT_UNITS: Kind(_count_units), START: Kind(_start, late=Late.SKIPPED, skipped=_missed)}
