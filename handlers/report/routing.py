"""Which destinations a report goes to, and who can be reached there now.

Every rule that fits adds its destinations. A report that none fits goes to the administrators, and so does one for
whose destinations nobody can be found: never nowhere, as long as there is anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from handlers.destinations import ADMINISTRATORS, CONTACT, HEAD, Destination, Routing, Rule
from handlers.errors import Refusal
from handlers.outward import call_to, letter_to
from handlers.people.finding import find_member, find_unit
from storage import destinations, people, roles, units
from storage.database import Database
from storage.people import Address
from storage.reports import Harm, Kind, Report
from storage.roles import RoleName

WATCH = "forward.watch"
"""The kind of the job that sees a report reach its destinations, planned with each report."""


@dataclass(frozen=True, slots=True)
class Case:
    """What rules look at: of a report, or of one that is only tried.

    Attributes:
        unit: the unit it concerns, None where that is not known.
        at: when it came, UTC.
    """

    kind: Kind
    platform: str
    harm: Harm
    unit: int | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as it stands now.

    Attributes:
        name: as the rules call it.
        addresses: where messages go; none where nobody can be reached.
        why: why not: "not_named", "closed", "no_such_member", "unreachable" or "nobody".
    """

    name: str
    addresses: tuple[Address, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a report goes: the numbers of the rules that fit, from 1, and the places, each address in one of them."""

    rules: tuple[int, ...]
    places: tuple[Place, ...]


def case_of(report: Report) -> Case:
    """Return what rules look at of a report."""
    at = dt.datetime.fromisoformat(report.received_at)
    return Case(report.kind, report.platform, report.harm, report.unit_id, at)


def decide(database: Database, routing: Routing, zone: ZoneInfo, day: dt.date, case: Case) -> Decision:
    """Return where a report goes; `day` is that on which people are looked for, at the office."""
    fitting = [number for number, rule in enumerate(routing.rule, 1) if fits(database, rule, zone, case)]
    names = [name for number in fitting for name in routing.rule[number - 1].to]
    return Decision(tuple(fitting), find(database, routing, day, case.unit, names or [ADMINISTRATORS]))


def find(
    database: Database, routing: Routing, day: dt.date, unit: int | None, names: Sequence[str]
) -> tuple[Place, ...]:
    """Return the places of these names for a report about a unit, with the administrators where nobody is found."""
    places = [place_of(database, routing, day, unit, name) for name in dict.fromkeys(names)]
    if not any(place.addresses for place in places) and ADMINISTRATORS not in names:
        places.append(place_of(database, routing, day, unit, ADMINISTRATORS))
    return tuple(_each_once(places))


def fits(database: Database, rule: Rule, zone: ZoneInfo, case: Case) -> bool:
    """Tell whether a rule is for a report; one about a unit that does not exist is for none."""
    if rule.kind and case.kind not in rule.kind:
        return False
    if rule.platform and case.platform not in rule.platform:
        return False
    if rule.harm and case.harm not in rule.harm:
        return False
    return rule.is_time(case.at.astimezone(zone)) and (not rule.unit or _is_within(database, rule.unit, case.unit))


def place_of(database: Database, routing: Routing, day: dt.date, unit: int | None, name: str) -> Place:
    """Return a destination as it stands now; one that the file does not name any more is a chat that nobody named."""
    if name in (CONTACT, HEAD, ADMINISTRATORS):
        found = tuple(_in_role(database, name, unit, day))
        return Place(name, found, "" if found else "nobody")
    destination = routing.destination.get(name, Destination(chat=True))
    if destination.email:
        return Place(name, (letter_to(destination.email),))
    if destination.webhook:
        return Place(name, (call_to(name),))
    if destination.person:
        return _person(database, name, destination.person, day)
    address = destinations.at(database, name)
    if address is None:
        return Place(name, (), "not_named")
    if destinations.is_closed(database, address):
        return Place(name, (), "closed")
    return Place(name, (address,))


def _person(database: Database, name: str, typed: str, day: dt.date) -> Place:
    try:
        member = find_member(database, typed, day)
    except Refusal:
        return Place(name, (), "no_such_member")
    address = people.reached_at(database, member.person)
    return Place(name, (address,)) if address else Place(name, (), "unreachable")


def _in_role(database: Database, name: str, unit: int | None, day: dt.date) -> Iterator[Address]:
    """Those of the unit, or of the nearest one above it where anybody can be reached, or the administrators."""
    role: RoleName | None = "contact" if name == CONTACT else "head" if name == HEAD else None
    living = units.living(database, unit) if unit is not None else None
    for place in units.path(database, living.id) if role and living else ():
        if role and (found := _reached(database, roles.holders(database, role, place, day.isoformat()))):
            yield from found
            return
    yield from _reached(database, roles.holders(database, "administrator", None, day.isoformat()))


def _reached(database: Database, holders: Sequence[int]) -> list[Address]:
    return [address for holder in holders if (address := people.reached_at(database, holder))]


def _is_within(database: Database, typed: str, unit: int | None) -> bool:
    living = units.living(database, unit) if unit is not None else None
    if living is None:
        return False
    try:
        return living.id in units.below(database, find_unit(database, typed).id)
    except Refusal:
        return False


def _each_once(places: Sequence[Place]) -> Iterator[Place]:
    """The places without addresses that stand in an earlier one; one that had some is left out with its last."""
    seen: set[Address] = set()
    for place in places:
        new = tuple(address for address in dict.fromkeys(place.addresses) if address not in seen)
        seen.update(new)
        if new or not place.addresses:
            yield Place(place.name, new, place.why)
