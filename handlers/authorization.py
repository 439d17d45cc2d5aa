"""Who may do what: every act of every service says which roles may do it and how far each of them reaches.

A service declares an act with `@act`. Calling it checks the actor, so that no dialogue, command or page can forget to;
what somebody did by a role is written down. The table of all rights is made from these declarations (`ACTS`).
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from handlers.errors import NeedsApproval, NotAllowed
from handlers.office import Office
from storage import approvals, audit, members, people, reports, roles, units
from storage.audit import CONSOLE
from storage.database import Database
from storage.people import Address
from storage.roles import Held

P = ParamSpec("P")
Result = TypeVar("Result")


class Role(Enum):
    """What somebody is, from the least to the most."""

    ANYBODY = "anybody"
    STAFF = "staff"
    CONTACT = "contact"
    HEAD = "head"
    ADMINISTRATOR = "administrator"


class Reach(IntEnum):
    """How far a role reaches in an act."""

    NOBODY = 0
    SELF = 1
    """What is one's own."""
    UNIT = 2
    """The unit that the role holds for, and everything below it."""
    ALL = 3


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        person: his id, CONSOLE for whoever works on the machine itself.
        joined: whether he is a member of the office and writes from an address that is trusted.
        roles: what he has been given, or stands in for; empty where his address is held.
    """

    person: int
    joined: bool = False
    roles: tuple[Held, ...] = ()

    @property
    def is_console(self) -> bool:
        """Whether this is whoever works on the machine."""
        return self.person == CONSOLE

    def has(self, role: Role) -> bool:
        """Whether the actor has a role for anything."""
        if role is Role.ANYBODY or self.is_console:
            return True
        return self.joined if role is Role.STAFF else any(held.role == role.value for held in self.roles)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an act is done with. The database is inside a transaction.

    Attributes:
        now: the time, UTC.
        day: the day at the office.
        needing_approval: names of the acts that the office wants its head to approve.
        approved: whether the head has approved this very act.
        office: what the office says of itself.
    """

    database: Database
    actor: Actor
    now: dt.datetime
    day: dt.date
    needing_approval: frozenset[str] = frozenset()
    approved: bool = False
    office: Office = field(default_factory=Office)

    @property
    def stamp(self) -> str:
        """The time as it is stored."""
        return self.now.isoformat()

    @property
    def today(self) -> str:
        """The day as it is stored."""
        return self.day.isoformat()


Target = Literal["unit", "person", "report"]


@dataclass(frozen=True, slots=True)
class Act:
    """A declared act.

    Attributes:
        name: what it is called in the catalogue, in the audit and in the table of rights.
        target: what it is done to; the parameter of that name holds its number. None where it is done to nothing.
        rights: how far each role reaches; an administrator's is given like the others'.
        recorded: whether it is written down when it is done by a role.
        approvable: whether an office may want its head to approve it first; help does not wait.
        run: the service's own function.
    """

    name: str
    target: Target | None
    rights: Mapping[Role, Reach]
    recorded: bool
    approvable: bool
    run: Callable[..., Any] = field(compare=False)


ACTS: dict[str, Act] = {}
"""Every act of every service that has been imported, by name."""


def act(
    name: str,
    *,
    target: Target | None = None,
    anybody: Reach = Reach.NOBODY,
    staff: Reach = Reach.NOBODY,
    contact: Reach = Reach.NOBODY,
    head: Reach = Reach.NOBODY,
    administrator: Reach = Reach.ALL,
    recorded: bool = True,
    approvable: bool = True,
) -> Callable[[Callable[Concatenate[Scene, P], Result]], Callable[Concatenate[Scene, P], Result]]:
    """Declare a function as an act: it raises NotAllowed unless the actor's roles reach its target.

    Without a target a role may do it wherever its reach is not NOBODY.
    """

    def declare(function: Callable[Concatenate[Scene, P], Result]) -> Callable[Concatenate[Scene, P], Result]:
        rights = {
            Role.ANYBODY: anybody,
            Role.STAFF: staff,
            Role.CONTACT: contact,
            Role.HEAD: head,
            Role.ADMINISTRATOR: administrator,
        }
        signature = inspect.signature(function)

        @wraps(function)
        def checked(scene: Scene, /, *args: P.args, **kwargs: P.kwargs) -> Result:
            given = signature.bind(scene, *args, **kwargs).arguments
            number = given[declared.target] if declared.target else None
            reach = _reach(scene, declared, number)
            wanted = approvable and not scene.approved and name in scene.needing_approval
            if wanted and not _is_head(scene, declared, number):
                raise NeedsApproval(_ask(scene, declared, number, given))
            done = function(scene, *args, **kwargs)
            if recorded and reach > Reach.SELF:
                unit = _unit_of(scene, declared.target, number)
                subject = f"{declared.target} {number}" if declared.target else ""
                audit.record(scene.database, scene.stamp, scene.actor.person, name, subject, unit)
            return done

        declared = Act(name, target, rights, recorded, approvable, checked)
        ACTS[name] = declared
        return checked

    return declare


def actor_at(database: Database, address: Address, person: int, day: dt.date) -> Actor:
    """Return who acts when a person writes from an address; one that is held speaks for nobody."""
    return Actor(person) if not person or people.is_held(database, address) else _member(database, person, day)


def actor_of(database: Database, person: int, day: dt.date) -> Actor:
    """Return who acts where somebody wanted an act done earlier; nobody speaks for him while an address is held."""
    return Actor(person) if person == CONSOLE or people.has_held(database, person) else _member(database, person, day)


def may(scene: Scene, name: str, number: int | None = None) -> bool:
    """Tell whether the actor may do an act to a unit or person, or to any at all where no number is given."""
    declared = ACTS[name]
    if number is None:
        return scene.actor.is_console or any(
            scene.actor.has(role) for role, reach in declared.rights.items() if reach is not Reach.NOBODY
        )
    try:
        return _reach(scene, declared, number) is not Reach.NOBODY
    except NotAllowed:
        return False


def perform(scene: Scene, name: str, data: Mapping[str, Any]) -> object:
    """Do an approved act with the values it was asked with."""
    return ACTS[name].run(replace(scene, approved=True), **data)


def _member(database: Database, person: int, day: dt.date) -> Actor:
    member = members.get(database, person, day.isoformat())
    if member is None or member.state != "joined":
        return Actor(person)
    return Actor(person, joined=True, roles=tuple(roles.of(database, person, day.isoformat())))


def _reach(scene: Scene, declared: Act, number: int | None) -> Reach:
    """How far the actor reaches in an act on this target; NotAllowed where that is not far enough."""
    actor = scene.actor
    if actor.is_console:
        return Reach.ALL
    for reach, unit in sorted(_reaches(actor, declared), key=lambda found: -found[0]):
        if reach is Reach.ALL or declared.target is None:
            return reach
        if reach is Reach.SELF and _is_own(scene, declared, number):
            return reach
        if reach is Reach.UNIT and _is_within(scene, declared, number, unit):
            return reach
    raise NotAllowed(declared.name)


def _reaches(actor: Actor, declared: Act) -> Iterator[tuple[Reach, int | None]]:
    """Each way in which the actor's roles reach anything, with the unit that the role holds for."""
    yield from (
        (reach, None) for role in (Role.ANYBODY, Role.STAFF) if (reach := declared.rights[role]) and actor.has(role)
    )
    yield from ((reach, held.unit) for held in actor.roles if (reach := declared.rights[Role(held.role)]))


def _is_own(scene: Scene, declared: Act, number: int | None) -> bool:
    """Whether the target is the actor himself, or a report that he made."""
    if declared.target == "report" and number is not None:
        report = reports.get(scene.database, number)
        return report is not None and bool(report.reporter_id) and report.reporter_id == scene.actor.person
    return declared.target == "person" and number == scene.actor.person


def _is_within(scene: Scene, declared: Act, number: int | None, unit: int | None) -> bool:
    """Whether the target lies in a unit; a unit that was closed lies where its successor does."""
    place = _unit_of(scene, declared.target, number)
    living = units.living(scene.database, place) if place is not None else None
    own = units.living(scene.database, unit) if unit is not None else None
    return living is not None and own is not None and own.id in units.path(scene.database, living.id)


def _is_head(scene: Scene, declared: Act, number: int | None) -> bool:
    return scene.actor.is_console or any(
        held.role == Role.HEAD.value and (declared.target is None or _is_within(scene, declared, number, held.unit))
        for held in scene.actor.roles
    )


def _unit_of(scene: Scene, target: Target | None, number: int | None) -> int | None:
    if target == "unit":
        return number
    if target == "person" and number is not None:
        member = members.get(scene.database, number, scene.today)
        return member.unit if member else None
    if target == "report" and number is not None:
        report = reports.get(scene.database, number)
        return report.unit_id if report else None
    return None


def _ask(scene: Scene, declared: Act, number: int | None, given: Mapping[str, Any]) -> int:
    """Put an act before the head; its values must be plain JSON."""
    data = {name: value for name, value in given.items() if value is not scene}
    unit = _unit_of(scene, declared.target, number)
    return approvals.ask(scene.database, declared.name, data, unit, scene.actor.person, scene.stamp)
