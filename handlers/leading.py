"""Which bot somebody is led to, where the office has several in one messenger and each may talk to so many people.

A stranger who writes to one that is full is told of another that has room. A member always talks to the same bot: where
he writes to another, he is told which is his. What cannot wait is answered wherever it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from handlers import ask
from handlers.context import Context
from handlers.conversation import Door, Reply
from storage import alerts, bots, jobs, people
from storage.database import Database
from storage.people import Address

FULL = "upkeep.full"
"""The kind of what administrators are told when no bot has room."""


def led(text: str, context: Context) -> list[Reply]:
    """Return what is said instead of an answer to somebody who belongs to another bot; [] where he is right here.

    A member is answered once, with where his bot is; then he is told that alone.
    """
    address = context.address
    if address is None:
        return []
    here = [door for door in context.doors("") if door.channel == address.channel]
    mine = next((door for door in here if door.account == address.account), None)
    # Most offices have one bot that anybody may talk to: no message is looked at for that.
    if mine is None or (len(here) == 1 and not mine.people) or people.is_shared(context.database, address):
        return []
    others = [door for door in here if door is not mine]
    if home := _home(others, address, context):
        return _led_to("home", home, text, context)
    if context.actor.joined or not mine.people:
        return []
    others_in = bots.people(context.database, address.channel, address.account, but=address.chat)
    if others_in < mine.people:
        bots.take_in(context.database, address.channel, address.account, address.chat)
        return []
    other = _with_room(others, context)
    if other is None:
        _plan_to_tell(address, context)
        return []
    return _led_to("full", other, text, context)


def roomiest(doors: Sequence[Door], database: Database) -> list[Door]:
    """Return one bot of each messenger, in the order of the messengers: that with the most room for people."""
    found: dict[str, Door] = {}
    for door in doors:
        # Of those that do not say where they are, nobody knows which of them are of one messenger.
        key = door.channel or door.link
        known = found.get(key)
        if known is None or _room(door, database) > _room(known, database):
            found[key] = door
    return list(found.values())


def is_full(door: Door, database: Database) -> bool:
    """Tell whether a bot talks to as many people as its plan allows."""
    return _room(door, database) <= 0


def _home(others: Sequence[Door], address: Address, context: Context) -> Door | None:
    """The bot that whoever writes talks to, where it is another one."""
    database, channel = context.database, address.channel
    if not others:
        return None
    if context.actor.joined:
        account = bots.home(database, context.person, channel)
        if account is None or not _is_reached(account, channel, context):
            bots.settle(database, context.person, channel, address.account, context.now.isoformat())
            bots.take_in(database, channel, address.account, address.chat)
            account = address.account
    elif people.is_held(database, address):
        return None
    else:
        account = bots.home_of_sender(database, channel, address.sender, but=address.account)
    return next((door for door in others if door.account == account), None)


def _is_reached(account: str, channel: str, context: Context) -> bool:
    """Whether a bot that a member talked to can still reach him: it may be gone, or blocked."""
    served = {door.account for door in context.doors("") if door.channel == channel}
    reached = people.all_reached_at(context.database, context.person)
    return account in served and (channel, account) in {(address.channel, address.account) for address in reached}


def _with_room(others: Sequence[Door], context: Context) -> Door | None:
    """Another bot that has room: in the same messenger, else in another one."""
    elsewhere = [door for door in context.doors("") if context.address and door.channel != context.address.channel]
    for doors in (others, elsewhere):
        room = [door for door in roomiest(doors, context.database) if not is_full(door, context.database)]
        if room:
            return room[0]
    return None


def _room(door: Door, database: Database) -> float:
    """For how many more people a bot has room."""
    return door.people - bots.people(database, door.channel, door.account) if door.people else float("inf")


def _led_to(why: Literal["home", "full"], door: Door, text: str, context: Context) -> list[Reply]:
    """Tell of another bot; with the answer to what cannot wait, and to the first thing a member asks here."""
    assert context.address is not None
    address, database = context.address, context.database
    first = not bots.is_led_away(database, address.channel, address.account, address.chat)
    bots.lead_away(database, address.channel, address.account, address.chat, context.now.isoformat())
    said = context.texts.rich("leading.home" if why == "home" else "leading.full", name=door.name)
    link = [context.texts.rich("leading.link", link=door.link)] if door.link else []
    where = Reply(Markup("\n").join([said, *link]))
    if urgent := ask.urgent(text, context) if text else None:
        return [where, urgent]
    if why == "home" and first and text:
        return [where, *ask.answer(text, context)]
    return [where]


def _plan_to_tell(address: Address, context: Context) -> None:
    """Let administrators be told, once a day, that there is no room any more."""
    if alerts.first_on(context.database, FULL, context.today.isoformat()):
        now = context.now.isoformat()
        jobs.plan(context.database, FULL, address.channel, now, now, {"account": address.account})
