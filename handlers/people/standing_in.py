"""Telling a member that he stands in for a contact who is away, in which unit and until when, and that it is over."""

from __future__ import annotations

import datetime as dt

from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.people.screens import name_of
from storage import people, roles, units
from storage.outbox import REPORT

# What a substitute begins with.
_WAYS = ("xulybaocao", "thongbao", "donvi", "menu")


def begun(person: int, substitute: int, until: str, context: Context) -> list[Reply]:
    """Tell a substitute that he stands in; tell whoever goes where there is no chat to tell him in.

    Nothing is told of somebody who is no contact: nobody stands in for anything then.
    """
    texts, places = context.texts, _units_of(person, context)
    if not places:
        return []
    to = people.reached_at(context.database, substitute)
    if to is None:
        return [Reply(texts.rich("manage.stand_in_untold", name=name_of(substitute, context)))]
    said = texts.rich(
        "manage.stand_in",
        name=name_of(person, context),
        unit=places,
        day=f"{dt.date.fromisoformat(until):%d/%m/%Y}",
    )
    buttons = tuple(Button(texts(f"command.{name}"), "command.run", {"name": name}) for name in _WAYS)
    return [Reply(said, buttons, to=to, urgency=REPORT)]


def ended(person: int, substitute: int | None, context: Context) -> list[Reply]:
    """Tell a substitute that whoever he stood in for is back."""
    to = people.reached_at(context.database, substitute) if substitute is not None else None
    places = _units_of(person, context)
    if to is None or not places:
        return []
    said = context.texts.rich("manage.stood_in", name=name_of(person, context), unit=places)
    return [Reply(said, to=to, urgency=REPORT)]


def _units_of(person: int, context: Context) -> str:
    """The names of the units that somebody is a contact of himself, "" for none."""
    held = roles.of(context.database, person, context.today.isoformat())
    own = [one.unit for one in held if one.role == "contact" and one.instead_of is None and one.unit is not None]
    return ", ".join(unit.name for place in own if (unit := units.living(context.database, place)))
