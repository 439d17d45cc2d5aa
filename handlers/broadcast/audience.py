"""Whom a broadcast is for: what is kept of that, what it selects, and how it is said and typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from handlers.context import Context
from handlers.errors import NotFound, NotPossible
from handlers.people.finding import find_member, find_unit
from handlers.people.reading import folded
from storage import broadcasts, members, selections, units
from storage.broadcasts import Broadcast
from storage.database import Database
from storage.selections import Selection

Audience = dict[str, Any]

MOST_NAMED = 500
EVERYBODY: Audience = {"kind": "all"}

SELECTIONS: dict[str, Callable[[Database, Mapping[str, Any]], Selection]] = {
    "all": lambda _, __: selections.EVERYBODY,
    "units": lambda database, audience: selections.in_units(_units(database, audience), "chosen"),
    "roles": lambda _, audience: selections.with_roles(audience["roles"]),
    "not_informed": lambda _, audience: selections.not_informed_by(audience["broadcast"]),
    "named": lambda _, audience: selections.named(audience["people"]),
}
"""What an audience of a kind selects; a job with people of its own, such as those of a quiz, puts its kind here."""

READERS: list[Callable[[str, Context], Audience | None]] = []
"""How an audience of another job is typed, folded; None for what is none of it."""

WORDS: dict[str, Callable[[Audience, Context], str]] = {}
"""How an audience of a kind is said, for the kinds of other jobs."""

_ROLES = {"dau moi": "contact", "lanh dao": "head", "quan tri": "administrator"}
_EVERYBODY = {"tat ca", "ca co quan", "toan co quan", "moi nguoi", "toan the"}
_NOT_INFORMED = re.compile(r"chua xac nhan (?:thong bao )?(?:so )?(\d{1,9})")


def selection(database: Database, broadcast: Broadcast) -> Selection:
    """Return whom a broadcast is for: never anybody outside the unit that it is sent for."""
    chosen = SELECTIONS[broadcast.audience["kind"]](database, broadcast.audience)
    if broadcast.unit is None:
        return chosen
    living = units.living(database, broadcast.unit)
    within = units.below(database, living.id if living else broadcast.unit)
    return chosen.and_(selections.in_units(sorted(within), "within"))


def said(audience: Audience, context: Context) -> str:
    """Return an audience in words."""
    texts, kind = context.texts, audience["kind"]
    if kind in WORDS:
        return WORDS[kind](audience, context)
    if kind == "units":
        names = [unit.name for number in audience["units"] if (unit := units.living(context.database, number))]
        return texts("audience.units" if audience["below"] else "audience.units_alone", names=", ".join(names))
    if kind == "roles":
        return texts("audience.roles", names=", ".join(texts(f"role.{role}") for role in audience["roles"]))
    if kind == "not_informed":
        return texts("audience.not_informed", number=audience["broadcast"])
    if kind == "named":
        day = context.today.isoformat()
        found = [
            member.name for person in audience["people"][:3] if (member := members.get(context.database, person, day))
        ]
        name = "audience.named" if len(audience["people"]) > len(found) else "audience.named_all"
        return texts(name, count=len(audience["people"]), names=", ".join(found))
    return texts("audience.all")


def read(typed: str, context: Context, unit: int | None = None) -> Audience:
    """Return the audience that was typed, with people of a unit and those below it or with None of all; raise Refusal.

    "cả cơ quan"; "Phòng Một; Phòng Hai", with what is below them, "chỉ Phòng Một" without; "đầu mối, lãnh đạo"; "chưa
    xác nhận 12"; "người: Trần Ví Dụ; CB017".
    """
    words = folded(typed)
    if words in _EVERYBODY:
        return EVERYBODY
    if match := _NOT_INFORMED.fullmatch(words):
        earlier = broadcasts.get(context.database, int(match.group(1)))
        if earlier is None or earlier.started_at is None:
            raise NotFound("no_such_broadcast")
        return {"kind": "not_informed", "broadcast": earlier.id}
    for reader in READERS:
        if (found := reader(words, context)) is not None:
            return found
    parts = [part.strip() for part in re.split(r"[;\n]", typed) if part.strip()]
    roles = [_ROLES.get(folded(part)) for part in re.split(r"[;,\n]", typed) if part.strip()]
    if roles and all(roles):
        return {"kind": "roles", "roles": roles}
    if words.startswith(("nguoi:", "nguoi :")):
        parts = [part.strip() for part in re.split(r"[;,\n]", typed.split(":", 1)[1]) if part.strip()]
        if len(parts) > MOST_NAMED:
            raise NotPossible("too_many_named", most=MOST_NAMED)
        within = None if unit is None else units.covered(context.database, unit)
        people = [find_member(context.database, part, context.today, within).person for part in parts]
        if not people:
            raise NotFound("no_such_member")
        return {"kind": "named", "people": list(dict.fromkeys(people))}
    alone = words.startswith("chi ")
    if alone:
        parts[0] = parts[0].split(" ", 1)[1]
    if not parts:
        raise NotFound("no_such_unit")
    units_named = [find_unit(context.database, part).id for part in parts]
    return {"kind": "units", "units": units_named, "below": not alone}


def _units(database: Database, audience: Mapping[str, Any]) -> list[int]:
    """The units that are meant today: one that was closed is the one that took over from it."""
    living = [unit.id for number in audience["units"] if (unit := units.living(database, number))]
    if not audience["below"]:
        return living
    return sorted(frozenset().union(*(units.below(database, unit) for unit in living)))
