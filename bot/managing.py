"""`ungxu unit`, `member` and `role`: what the administrator at the machine does to units, members and roles.

Units and people are named as they are in a chat: by name, old name or path, and by personal code or full name.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence

from bot.console import Write, acting, beginning, looking, shown_day
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings
from handlers.authorization import Scene
from handlers.people import service
from handlers.people.finding import find_member, find_unit, full_name
from storage import members, people, roles, units
from storage.members import Member
from storage.roles import Held, RoleName
from storage.units import Unit

ROLES: Mapping[str, RoleName] = {"dau-moi": "contact", "lanh-dao": "head", "quan-tri": "administrator"}
"""The roles as they are typed."""

_ORDER = ("administrator", "head", "contact")

# Units


def list_units(settings: Settings, as_json: bool, write: Write) -> None:
    """Print the tree of open units, each with its members by state and its contacts."""
    with looking(settings) as scene:
        counts = members.counts(scene.database, scene.today)
        found = False
        for depth, unit in _tree(scene, units.children(scene.database, None)):
            found = True
            states = {state: n for (place, state), n in counts.items() if place == unit.id}
            holders = roles.holders(scene.database, "contact", unit.id, scene.today)
            contacts = [_name(scene, person) for person in holders]
            if as_json:
                path = full_name(scene.database, unit)
                write(_json(unit=unit.name, path=path, members=states, contacts=contacts))
                continue
            said = ", ".join(f"{states[state]} {TEXTS(f'state.{state}')}" for state in _STATES if state in states)
            line = TEXTS("console.unit", unit=unit.name, members=said or TEXTS("console.nobody"))
            if contacts:
                line += TEXTS("console.unit_contacts", names=", ".join(contacts))
            write("  " * depth + line)
        if not found and not as_json:
            write(TEXTS("console.no_units"))


def add_unit(settings: Settings, name: str, under: str | None, write: Write) -> None:
    """Open a unit, at the top or under another."""
    with beginning(settings) as scene:
        if under is None:
            unit = service.create_unit(scene, name)
        else:
            unit = service.create_under(scene, find_unit(scene.database, under).id, name)
        said = TEXTS("console.unit_added", unit=_path(scene, unit))
    write(said)


def rename_unit(settings: Settings, typed: str, name: str, write: Write) -> None:
    """Give a unit another name from today on."""
    with acting(settings) as scene:
        unit = find_unit(scene.database, typed)
        service.rename_unit(scene, unit.id, name)
        said = TEXTS("console.unit_renamed", old=unit.name, unit=_path(scene, unit.id))
    write(said)


def move_unit(settings: Settings, typed: str, under: str | None, write: Write) -> None:
    """Put a unit with everything below it under another, or with None at the top."""
    with acting(settings) as scene:
        unit = find_unit(scene.database, typed)
        parent = None if under is None else find_unit(scene.database, under).id
        service.move_unit(scene, unit.id, parent)
        said = TEXTS("console.unit_moved", unit=_path(scene, unit.id))
    write(said)


def merge_unit(settings: Settings, typed: str, into: str, write: Write) -> None:
    """Let a unit take over another, which is closed."""
    with acting(settings) as scene:
        old, new = find_unit(scene.database, typed), find_unit(scene.database, into)
        path = _path(scene, old.id)
        count = service.merge_unit(scene, old.id, new.id)
        said = TEXTS("console.unit_merged", old=path, unit=_path(scene, new.id), count=count)
    write(said)


def close_unit(settings: Settings, typed: str, write: Write) -> None:
    """Close an empty unit."""
    with acting(settings) as scene:
        unit = find_unit(scene.database, typed)
        said = TEXTS("console.unit_closed", unit=_path(scene, unit.id))
        service.close_unit(scene, unit.id)
    write(said)


# Members


def list_members(settings: Settings, typed: str | None, as_json: bool, write: Write) -> None:
    """Print who belongs to a unit and those below it, or to the whole office, under the names of the units."""
    with looking(settings) as scene:
        begin = units.children(scene.database, None) if typed is None else [find_unit(scene.database, typed)]
        groups = [
            (full_name(scene.database, unit), service.list_members(scene, unit.id)) for _, unit in _tree(scene, begin)
        ]
        if typed is None:
            groups.append((TEXTS("console.without_unit"), members.without_unit(scene.database, scene.today)))
        for path, found in groups:
            if found and not as_json:
                write(path)
            for member in found:
                write(_member_json(scene, member) if as_json else f"  {_member_line(scene, member)}")
        if not as_json and not any(found for _, found in groups):
            write(TEXTS("console.nobody"))


def show_member(settings: Settings, typed: str, as_json: bool, write: Write) -> None:
    """Print what is known of a member."""
    with looking(settings) as scene:
        member = find_member(scene.database, typed, scene.day)
        if as_json:
            write(_member_json(scene, member))
        else:
            write(_member_line(scene, member))
            for line in _details(scene, member):
                write(f"  {line}")


def add_member(settings: Settings, name: str, unit: str, position: str, code: str | None, write: Write) -> None:
    """Put somebody on the list of a unit."""
    with acting(settings) as scene:
        person = service.add_member(scene, find_unit(scene.database, unit).id, name, position, code)
        said = TEXTS("console.member_added", member=_described(scene, person))
    write(said)


def transfer_member(settings: Settings, typed: str, unit: str, day: dt.date | None, write: Write) -> None:
    """Let somebody belong to another unit from a day on, by default today."""
    with acting(settings) as scene:
        member, to = find_member(scene.database, typed, scene.day), find_unit(scene.database, unit)
        start = (day or scene.day).isoformat()
        service.transfer_member(scene, member.person, to.id, start)
        said = TEXTS(
            "console.member_transferred", name=member.name, unit=full_name(scene.database, to), day=shown_day(start)
        )
    write(said)


def let_leave(settings: Settings, typed: str, write: Write) -> None:
    """Let somebody leave the office."""
    with acting(settings) as scene:
        member = find_member(scene.database, typed, scene.day)
        service.leave(scene, member.person)
    write(TEXTS("console.member_left", name=member.name))


def hold_member(settings: Settings, typed: str, write: Write) -> None:
    """Trust what somebody writes no more."""
    with acting(settings) as scene:
        member = find_member(scene.database, typed, scene.day)
        count = service.hold(scene, member.person)
    write(TEXTS("console.member_held", name=member.name, count=count))


def restore_member(settings: Settings, typed: str, write: Write) -> None:
    """Trust what somebody writes again."""
    with acting(settings) as scene:
        member = find_member(scene.database, typed, scene.day)
        count = service.restore(scene, member.person)
    write(TEXTS("console.member_restored", name=member.name, count=count))


# Roles


def list_roles(settings: Settings, as_json: bool, write: Write) -> None:
    """Print who has been given which role."""
    with looking(settings) as scene:
        found = sorted(roles.all_held(scene.database), key=lambda given: _ORDER.index(given[1].role))
        for person, held in found:
            away = roles.absence(scene.database, person, scene.today) if held.role == "contact" else None
            until, substitute = away or ("", None)
            stand_in = _name(scene, substitute) if substitute is not None else ""
            path = _path(scene, held.unit) if held.unit is not None else None
            if as_json:
                write(
                    _json(
                        name=_name(scene, person),
                        role=held.role,
                        unit=path,
                        absent_until=until or None,
                        substitute=stand_in or None,
                    )
                )
                continue
            line = TEXTS("console.role", role=_said_role(scene, held), name=_name(scene, person))
            if away:
                line += TEXTS("console.absent", day=shown_day(until))
            if stand_in:
                line += TEXTS("console.substitute", name=stand_in)
            write(line)
        if not found and not as_json:
            write(TEXTS("console.no_roles"))


def give_role(settings: Settings, typed: str, role: str, unit: str | None, write: Write) -> None:
    """Give somebody a role, where no unit is named for the one he belongs to."""
    with acting(settings) as scene:
        member, name = find_member(scene.database, typed, scene.day), ROLES[role]
        place = find_unit(scene.database, unit).id if unit is not None else _own_unit(member, name)
        service.give_role(scene, member.person, name, place)
        said = TEXTS("console.role_given", name=member.name, role=_said_role(scene, Held(name, place)))
    write(said)


def take_role(settings: Settings, typed: str, role: str, unit: str | None, write: Write) -> None:
    """Take a role away; the unit has to be named where he has it for several."""
    with acting(settings) as scene:
        member, name = find_member(scene.database, typed, scene.day), ROLES[role]
        place = find_unit(scene.database, unit).id if unit is not None else _only_unit(scene, member, name)
        service.take_role(scene, member.person, name, place)
        said = TEXTS("console.role_taken", name=member.name, role=_said_role(scene, Held(name, place)))
    write(said)


def _own_unit(member: Member, role: RoleName) -> int | None:
    return None if role == "administrator" else member.unit


def _only_unit(scene: Scene, member: Member, role: RoleName) -> int | None:
    places = [held.unit for held in _given(scene, member.person) if held.role == role]
    if len(places) > 1:
        which = "; ".join(_path(scene, place) for place in places if place is not None)
        raise InputError(TEXTS("console.several_roles", name=member.name, which=which))
    return places[0] if places else _own_unit(member, role)


# What several commands need

_STATES: tuple[members.State, ...] = ("joined", "pending", "listed")


def _tree(scene: Scene, begin: Sequence[Unit], depth: int = 0) -> Iterator[tuple[int, Unit]]:
    """Some units, each followed by what is below it."""
    for unit in begin:
        yield depth, unit
        yield from _tree(scene, units.children(scene.database, unit.id), depth + 1)


def _path(scene: Scene, unit: int) -> str:
    found = units.get(scene.database, unit)
    assert found is not None
    return full_name(scene.database, found)


def _name(scene: Scene, person: int) -> str:
    member = members.get(scene.database, person, scene.today)
    return member.name if member else TEXTS("console.number", number=person)


def _given(scene: Scene, person: int) -> list[Held]:
    """The roles that are somebody's own."""
    return [held for held in roles.of(scene.database, person, scene.today) if held.instead_of is None]


def _said_role(scene: Scene, held: Held) -> str:
    name = TEXTS(f"role.{held.role}")
    return name if held.unit is None else f"{name} ({_path(scene, held.unit)})"


def _described(scene: Scene, person: int) -> str:
    member = members.get(scene.database, person, scene.today)
    assert member is not None
    return _member_line(scene, member)


def _member_line(scene: Scene, member: Member) -> str:
    code = TEXTS("console.code", code=member.code) if member.code else ""
    own = [_said_role(scene, held) for held in _given(scene, member.person)]
    return ", ".join(filter(None, (member.name, member.position, code, TEXTS(f"state.{member.state}"), *own)))


def _details(scene: Scene, member: Member) -> Iterator[str]:
    for unit, start, until in members.history(scene.database, member.person):
        days = {"unit": _path(scene, unit), "start": shown_day(start)}
        if until is None:
            yield TEXTS("console.belongs", **days)
        else:
            yield TEXTS("console.belonged", **days, until=shown_day(until))
    if away := roles.absence(scene.database, member.person, scene.today):
        until, substitute = away
        said = TEXTS("console.substitute", name=_name(scene, substitute)) if substitute is not None else ""
        yield TEXTS("console.is_absent", day=shown_day(until), substitute=said)
    count = len(people.addresses_of(scene.database, member.person))
    held = people.has_held(scene.database, member.person)
    yield TEXTS("console.accounts_held" if held else "console.accounts", count=count)


def _member_json(scene: Scene, member: Member) -> str:
    return _json(
        name=member.name,
        position=member.position,
        code=member.code,
        unit=_path(scene, member.unit) if member.unit is not None else None,
        state=member.state,
        since=member.since,
        roles=[
            {"role": held.role, "unit": _path(scene, held.unit) if held.unit is not None else None}
            for held in _given(scene, member.person)
        ],
        held=people.has_held(scene.database, member.person),
    )


def _json(**values: object) -> str:
    return json.dumps(values, ensure_ascii=False)
