"""Whom a report is for, level by level: the contact, who stands in for him, the head, the administrators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.context import Context
from handlers.errors import Refusal
from handlers.people.finding import find_member, find_unit
from handlers.people.reaching import turn_to
from storage import people, roles, units
from storage.reports import Report


@dataclass(frozen=True, slots=True)
class Level:
    """Those who are turned to together; its name in the catalogue is "casework.level_<name>"."""

    name: str
    people: tuple[int, ...]


def levels(report: Report, context: Context) -> list[Level]:
    """Return whom to turn to, one level after the other; nobody twice, and no level without anybody who is reached.

    Whoever took the report comes first. Those who stand in are the other contacts: of the unit, then of those above
    it. Where nobody is reached there is one level without people.
    """
    contacts = list(_contacts(report, context))
    first = [report.taken_by] if report.taken_by else contacts[:1]
    wanted = (
        ("contact", first),
        ("substitute", [person for person in contacts if person not in first]),
        ("head", list(_of_role("head", report, context))),
        ("administrators", list(_administrators(context))),
    )
    found: list[Level] = []
    known: set[int] = set()
    for name, persons in wanted:
        new = tuple(
            person
            for person in dict.fromkeys(persons)
            if person not in known and people.reached_at(context.database, person)
        )
        known |= set(new)
        if new:
            found.append(Level(name, new))
    return found or [Level("administrators", ())]


def responsible(report: Report, context: Context) -> Sequence[int]:
    """Return who is told what happens with a report: whoever took it, else for its unit, else the administrators.

    Where none of them can be written to, as when the account that was lost is his, those who come next.
    """
    unit = _unit(report, context)
    for found in (
        [report.taken_by] if report.taken_by else [],
        turn_to(context, unit) if unit is not None else [],
        _administrators(context),
    ):
        if any(people.reached_at(context.database, person) for person in found):
            return list(found)
    return []


def alerted(report: Report, context: Context) -> Sequence[int]:
    """Return who is alerted at any hour: whoever is on duty, the contact who is there, and the head."""
    unit = _unit(report, context)
    heads = turn_to(context, unit, "head") if unit is not None else _administrators(context)
    return list(dict.fromkeys([*_on_duty(report, context), *responsible(report, context), *heads]))


def _on_duty(report: Report, context: Context) -> Iterator[int]:
    unit = _unit(report, context)
    above = set(units.path(context.database, unit)) if unit is not None else set()
    for duty in context.office.calendar.on_duty(context.now, context.zone):
        try:
            if duty.unit and find_unit(context.database, duty.unit).id not in above:
                continue
        except Refusal:
            # A unit that is not there any more: better too many than nobody.
            pass
        for who in duty.who:
            try:
                member = find_member(context.database, who, context.today)
            except Refusal:
                # `ungxu doctor` names him.
                continue
            if member.state == "joined":
                yield member.person


def _contacts(report: Report, context: Context) -> Iterator[int]:
    """The contacts, of the unit first: those who are there, or who stands in for those who are not."""
    return _of_role("contact", report, context)


def _of_role(role: roles.RoleName, report: Report, context: Context) -> Iterator[int]:
    unit = _unit(report, context)
    if unit is not None:
        for place in units.path(context.database, unit):
            yield from roles.holders(context.database, role, place, context.today.isoformat())


def _administrators(context: Context) -> Sequence[int]:
    return roles.holders(context.database, "administrator", None, context.today.isoformat())


def _unit(report: Report, context: Context) -> int | None:
    living = units.living(context.database, report.unit_id) if report.unit_id is not None else None
    return living.id if living else None
