"""Which unit or person a typed name means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from handlers.errors import NotFound, NotPossible
from handlers.people.reading import folded, looks_like_code, read_code
from storage import members, units
from storage.database import Database
from storage.members import Member
from storage.units import Unit

MOST_NAMED = 8
"""So many are named where a name means several."""


def find_unit(database: Database, typed: str) -> Unit:
    """Return the open unit of a typed name, an old name, or a path "Sở Ví Dụ / Phòng Một".

    Raises NotFound, and NotPossible naming them where several are called so.
    """
    # A name may have a stroke in it.
    found = list(units.called(database, folded(typed))) or _at(database, typed)
    if not found:
        raise NotFound("no_such_unit")
    if len(found) > 1:
        raise NotPossible("several_units", which="; ".join(full_name(database, unit) for unit in found[:MOST_NAMED]))
    return found[0]


def _at(database: Database, path: str) -> list[Unit]:
    *above, last = map(folded, path.split("/"))
    return [unit for unit in units.called(database, last) if _is_under(database, unit, above)]


def full_name(database: Database, unit: Unit) -> str:
    """Return a unit's path from the top: "Sở Ví Dụ / Phòng Một"."""
    names = [found.name for place in units.path(database, unit.id) if (found := units.get(database, place))]
    return " / ".join(reversed(names))


def find_member(database: Database, typed: str, day: dt.date, within: Collection[int] | None = None) -> Member:
    """Return the member of a typed personal code or full name, or "Trần Ví Dụ / Phòng Một", who has not left.

    With `within` only those of some units are known: of others not even that they exist. Raises NotFound, and
    NotPossible naming them where several are called so.
    """
    by_code = members.by_code(database, read_code(typed), day.isoformat()) if looks_like_code(typed) else None
    if by_code and (within is None or by_code.unit in within):
        return by_code
    name, _, path = typed.partition("/")
    called = members.called(database, folded(name), day.isoformat())
    found = [member for member in called if member.state != "left" and (within is None or member.unit in within)]
    if path:
        unit = find_unit(database, path)
        found = [member for member in found if member.unit == unit.id]
    if not found:
        raise NotFound("no_such_member")
    if len(found) > 1:
        raise NotPossible("several_members", which="; ".join(_described(database, one) for one in found[:MOST_NAMED]))
    return found[0]


def _is_under(database: Database, unit: Unit, above: list[str]) -> bool:
    """Whether the names typed before it are, from the end, those of the units above it."""
    names = [found.folded for place in units.path(database, unit.id)[1:] if (found := units.get(database, place))]
    typed = [name for name in reversed(above) if name]
    return names[: len(typed)] == typed


def _described(database: Database, member: Member) -> str:
    unit = units.get(database, member.unit) if member.unit is not None else None
    return ", ".join(filter(None, (member.name, unit.name if unit else "", member.code)))
