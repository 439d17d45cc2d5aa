"""What contacts, heads and administrators see of units and members in chat.

Screens are looked up anew at each press, and offer only what whoever looks may do there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from handlers.authorization import may
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from handlers.errors import NotFound
from handlers.people import joining, service
from handlers.people.finding import full_name
from handlers.people.invitation import invite
from storage import audit, members, people, roles, units
from storage.members import Member
from storage.roles import RoleName
from storage.units import Unit

# What fits under a message on a phone.
PAGE = 8

_LINES = Markup("\n")
_ROLES: tuple[RoleName, ...] = ("contact", "head", "administrator")


def unit_screen(unit: Unit, context: Context, page: int = 0) -> Reply:
    """A unit: how many belong to it, who looks after it, and what can be done."""
    texts, day, number = context.texts, context.today.isoformat(), unit.id
    counts = {state: n for (place, state), n in members.counts(context.database, day).items() if place == number}
    lines = [
        texts.rich("manage.unit", unit=full_name(context.database, unit)),
        texts.rich("manage.counts", joined=counts.get("joined", 0), listed=counts.get("listed", 0)),
    ]
    for role in ("contact", "head"):
        names = [name_of(person, context) for person in roles.holders(context.database, role, number, day)]
        lines.append(texts.rich(f"manage.{role}", names=", ".join(names) or texts("manage.nobody")))
    scene = context.scene
    waiting = joining.join_requests(scene, number) if may(scene, "join.requests", number) else ()
    buttons = []
    if waiting:
        buttons.append(Button(texts("manage.requests", count=len(waiting)), "people.requests", {"unit": number}))
    buttons += [
        Button(texts(f"manage.{label}"), f"people.{action}", {"unit": number})
        for label, action, needed in (
            ("members", "members", "unit.members"),
            ("invite", "invite", "invitation.make"),
            ("find", "find", "unit.members"),
            ("edit", "edit", "unit.rename"),
        )
        if may(scene, needed, number)
    ]
    below = units.children(context.database, number)
    buttons += paged([to_unit(child) for child in below], page, "people.unit", {"unit": number}, context)
    return Reply(_LINES.join(lines), tuple(buttons), manner=Manner.INSTEAD)


def _edit_screen(data: dict[str, Any], context: Context) -> Reply:
    """What can be changed of a unit."""
    unit = _unit(data, context)
    acts = (
        ("add", "unit.create"),
        ("rename", "unit.rename"),
        ("move", "unit.move"),
        ("merge", "unit.merge"),
        ("close", "unit.close"),
        ("add_member", "member.add"),
    )
    buttons = [
        Button(context.texts(f"manage.{name}"), f"people.{name}", {"unit": unit.id})
        for name, needed in acts
        if may(context.scene, needed, unit.id)
    ]
    return Reply(
        context.texts.rich("manage.edit_unit", unit=unit.name),
        (*buttons, _back_to(unit, context)),
        manner=Manner.INSTEAD,
    )


def _members_screen(data: dict[str, Any], context: Context) -> Reply:
    """Those who belong to a unit, by pages."""
    unit = _unit(data, context)
    found = service.list_members(context.scene, unit.id)
    buttons = paged(
        [_to_member(member, context) for member in found],
        data.get("page", 0),
        "people.members",
        {"unit": unit.id},
        context,
    )
    text = context.texts.rich("manage.member_list", unit=unit.name, count=len(found))
    return Reply(text, (*buttons, _back_to(unit, context)), manner=Manner.INSTEAD)


def member_screen(data: dict[str, Any], context: Context) -> Reply:
    """A member: who he is, what he has been given, and what can be done."""
    person, texts, scene = int(data["person"]), context.texts, context.scene
    member = _member(person, context)
    if member.unit is None or not may(scene, "unit.members", member.unit):
        raise NotFound("no_such_member")
    unit = units.get(context.database, member.unit)
    assert unit is not None
    own = [held for held in roles.of(context.database, person, scene.today) if held.instead_of is None]
    held_address = people.has_held(context.database, person)
    lines = [
        texts.rich("manage.member", name=member.name, position=member.position or texts("manage.no_position")),
        texts.rich("manage.member_unit", unit=unit.name, state=texts(f"state.{member.state}")),
    ]
    if own:
        names = ", ".join(texts(f"role.{held.role}") + _for_unit(held.unit, context) for held in own)
        lines.append(texts.rich("manage.roles", roles=names))
    if held_address:
        lines.append(texts.rich("manage.held"))
    buttons: list[Button] = []

    def offer(label: str, action: str, needed: str, more: dict[str, Any] | None = None) -> None:
        if may(scene, needed, person):
            buttons.append(Button(texts(f"manage.{label}"), f"people.{action}", {"person": person, **(more or {})}))

    offer("correct", "correct", "member.correct")
    for role in _ROLES:
        place = None if role == "administrator" else member.unit
        has = any((held.role, held.unit) == (role, place) for held in own)
        if member.state == "joined" or has:
            offer(
                f"{'take' if has else 'give'}_{role}",
                "take" if has else "give",
                f"role.{'take' if has else 'give'}",
                {"role": role, "unit": place},
            )
    offer("transfer", "transfer", "member.transfer")
    if held_address and person != scene.actor.person:
        offer("restore", "restore", "address.restore")
    elif not held_address and people.addresses_of(context.database, person):
        offer("hold", "hold", "address.hold")
    offer("remove", "remove", "member.leave")
    return Reply(_LINES.join(lines), (*buttons, _back_to(unit, context)), manner=Manner.INSTEAD)


def _requests_screen(data: dict[str, Any], context: Context) -> Reply:
    """Those who wait to be confirmed."""
    unit = _unit(data, context)
    found = joining.join_requests(context.scene, unit.id)
    buttons = [
        Button(member.name, "people.request", {"request": request.id, "unit": request.unit})
        for request in found[:PAGE]
        if (member := members.get(context.database, request.person, context.today.isoformat()))
    ]
    text = context.texts.rich("manage.request_list" if found else "manage.no_requests", unit=unit.name)
    return Reply(text, (*buttons, _back_to(unit, context)), manner=Manner.INSTEAD)


def _invite(data: dict[str, Any], context: Context) -> Reply:
    return invite(_unit(data, context).id, context)


def _give(data: dict[str, Any], context: Context) -> Reply:
    service.give_role(context.scene, data["person"], data["role"], data["unit"])
    return member_screen(data, context)


def _take(data: dict[str, Any], context: Context) -> Reply:
    service.take_role(context.scene, data["person"], data["role"], data["unit"])
    return member_screen(data, context)


def _hold(data: dict[str, Any], context: Context) -> Reply:
    service.hold(context.scene, data["person"])
    return Reply(context.texts.rich("manage.now_held", name=name_of(data["person"], context)), manner=Manner.INSTEAD)


def _restore(data: dict[str, Any], context: Context) -> Reply:
    service.restore(context.scene, data["person"])
    return member_screen(data, context)


def _show_unit(data: dict[str, Any], context: Context) -> Reply:
    unit = _unit(data, context)
    if not may(context.scene, "unit.members", unit.id):
        raise NotFound("no_such_unit")
    return unit_screen(unit, context, data.get("page", 0))


SCREENS: Mapping[str, Callable[[dict[str, Any], Context], Reply]] = {
    "unit": _show_unit,
    "edit": _edit_screen,
    "members": _members_screen,
    "member": member_screen,
    "requests": _requests_screen,
    "invite": _invite,
    "give": _give,
    "take": _take,
    "hold": _hold,
    "restore": _restore,
}
"""What a button of this name shows."""


def _unit(data: dict[str, Any], context: Context) -> Unit:
    unit = units.living(context.database, data["unit"])
    if unit is None:
        raise NotFound("no_such_unit")
    return unit


def _member(person: int, context: Context) -> Member:
    member = members.get(context.database, person, context.today.isoformat())
    if member is None:
        raise NotFound("no_such_member")
    return member


def name_of(person: int, context: Context) -> str:
    """Return what somebody is called, "" for nobody known."""
    if person == audit.CONSOLE:
        return context.texts("approval.console")
    member = members.get(context.database, person, context.today.isoformat())
    return member.name if member else ""


def _for_unit(unit: int | None, context: Context) -> str:
    found = units.get(context.database, unit) if unit is not None else None
    return f" ({found.name})" if found else ""


def screen_of(unit: int, context: Context) -> Reply:
    """Return the screen of a unit that exists."""
    found = units.get(context.database, unit)
    assert found is not None
    return unit_screen(found, context)


def to_unit(unit: Unit) -> Button:
    """Return the button that leads to a unit."""
    return Button(unit.name, "people.unit", {"unit": unit.id})


def _to_member(member: Member, context: Context) -> Button:
    state = "" if member.state == "joined" else f" ({context.texts(f'state.{member.state}')})"
    return Button(member.name + state, "people.member", {"person": member.person})


def _back_to(unit: Unit, context: Context) -> Button:
    return Button(context.texts("manage.to_unit", unit=unit.name), "people.unit", {"unit": unit.id})


def paged(buttons: Sequence[Button], page: int, action: str, data: dict[str, Any], context: Context) -> list[Button]:
    """Return one page of buttons, with those to the pages before and after it."""
    start = page * PAGE
    shown = list(buttons[start : start + PAGE])
    if start > 0:
        shown.append(Button(context.texts("manage.before"), action, {**data, "page": page - 1}))
    if start + PAGE < len(buttons):
        shown.append(Button(context.texts("manage.after"), action, {**data, "page": page + 1}))
    return shown
