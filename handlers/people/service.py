"""Every act on units, members, roles and accounts: who does it, on what, with a result or a named refusal.

How somebody becomes a member or an administrator stands in `joining`.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people import appointing
from handlers.people.reading import read_code, read_words, shown_and_folded
from storage import consents, dialogues, invitations, members, people, roles, units
from storage.members import Member
from storage.roles import RoleName
from storage.units import Unit

MEMBERSHIP = "membership"
"""The purpose that is agreed to when somebody joins."""

# Units


@act("unit.create", target="unit")
def create_under(scene: Scene, unit: int, name: str) -> int:
    """Open a unit under another; return its number."""
    parent = open_unit(scene, unit)
    return _create(scene, name, parent.id)


@act("unit.create_top")
def create_unit(scene: Scene, name: str) -> int:
    """Open a unit at the top; return its number."""
    return _create(scene, name, None)


@act("unit.rename", target="unit")
def rename_unit(scene: Scene, unit: int, name: str) -> None:
    """Call a unit something else from today on; the old name still leads to it."""
    found = open_unit(scene, unit)
    name, folded = shown_and_folded(name)
    _refuse_namesake(scene, folded, found.parent, found.id)
    units.rename(scene.database, unit, name, folded, scene.today)


@act("unit.move", target="unit")
def move_unit(scene: Scene, unit: int, parent: int | None) -> None:
    """Put a unit, with all below it, under another, or at the top."""
    found = open_unit(scene, unit)
    if parent is not None:
        open_unit(scene, parent)
        if parent in units.below(scene.database, unit):
            raise NotPossible("unit_under_itself", unit=found.name)
    _refuse_namesake(scene, found.folded, parent, unit)
    units.move(scene.database, unit, parent)


@act("unit.merge", target="unit")
def merge_unit(scene: Scene, unit: int, into: int) -> int:
    """Close a unit today and let another take over its members, roles and sub-units; return how many members."""
    old, new = open_unit(scene, unit), open_unit(scene, into)
    if unit == into or new.id in units.below(scene.database, unit):
        raise NotPossible("unit_under_itself", unit=old.name)
    moved = members.transfer_all(scene.database, unit, into, scene.today)
    roles.hand_over(scene.database, unit, into, scene.actor.person, scene.stamp)
    invitations.revoke(scene.database, unit, scene.stamp)
    units.close(scene.database, unit, scene.today, into)
    return moved


@act("unit.close", target="unit")
def close_unit(scene: Scene, unit: int) -> None:
    """Close a unit that has no members and no open units below it."""
    found = open_unit(scene, unit)
    if members.in_unit(scene.database, unit, scene.today) or units.children(scene.database, unit):
        raise NotPossible("unit_not_empty", unit=found.name)
    roles.hand_over(scene.database, unit, None, scene.actor.person, scene.stamp)
    invitations.revoke(scene.database, unit, scene.stamp)
    units.close(scene.database, unit, scene.today, None)


@act("unit.members", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def list_members(scene: Scene, unit: int) -> Sequence[Member]:
    """Return those who belong to a unit today, by name."""
    return members.in_unit(scene.database, unit, scene.today)


# Members


@act("member.add", target="unit", contact=Reach.UNIT)
def add_member(scene: Scene, unit: int, name: str, position: str = "", code: str | None = None) -> int:
    """Put somebody who has not written yet on the list of a unit; return his number."""
    open_unit(scene, unit)
    name, folded = shown_and_folded(name)
    code = read_code(code) if code else None
    if code and members.by_code(scene.database, code, scene.today):
        raise NotPossible("code_taken", taken=code)
    person = people.create(scene.database, scene.stamp)
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=read_words(position),
        code=code,
        state="listed",
        now=scene.stamp,
    )
    members.transfer(scene.database, person, unit, scene.today)
    return person


@act("member.correct", target="person", staff=Reach.SELF, contact=Reach.UNIT)
def correct_member(scene: Scene, person: int, name: str, position: str) -> None:
    """Change how somebody is called and what he does."""
    member = known_member(scene, person)
    name, folded = shown_and_folded(name)
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=read_words(position),
        code=member.code,
        state=member.state,
        now=scene.stamp,
    )


@act("member.transfer", target="person")
def transfer_member(scene: Scene, person: int, unit: int, day: str) -> None:
    """Let somebody belong to another unit from a day on, which may lie ahead; his roles for the old one end."""
    member = known_member(scene, person)
    open_unit(scene, unit)
    put_into(scene, member, unit, day)


@act("member.leave", target="person", staff=Reach.SELF, contact=Reach.UNIT)
def leave(scene: Scene, person: int) -> None:
    """Let somebody leave the office: no unit, no role, no notice any more."""
    known_member(scene, person)
    end_membership(scene, person)


# Roles


@act("role.give", target="person")
def give_role(scene: Scene, person: int, role: RoleName, unit: int | None) -> None:
    """Give a member a role, for a unit where it is not an administrator's."""
    member = known_member(scene, person)
    if member.state != "joined":
        raise NotPossible("not_joined", name=member.name)
    if (unit is None) != (role == "administrator"):
        raise NotPossible("role_needs_unit")
    if unit is not None:
        open_unit(scene, unit)
    if not roles.give(scene.database, person, role, unit, scene.actor.person, scene.stamp):
        raise NotPossible("has_role", name=member.name)
    appointing.tell(scene, person, role, unit)


@act("role.take", target="person")
def take_role(scene: Scene, person: int, role: RoleName, unit: int | None) -> None:
    """Take a role away; that of the last administrator stays."""
    member = known_member(scene, person)
    if role == "administrator":
        refuse_last_administrator(scene, person)
    if not roles.take(scene.database, person, role, unit, scene.actor.person, scene.stamp):
        raise NotPossible("has_no_role", name=member.name)


@act("absence.begin", target="person", contact=Reach.SELF, head=Reach.UNIT)
def begin_absence(scene: Scene, person: int, until: str, substitute: int | None) -> None:
    """Note that a contact is away until a day, and which member stands in."""
    known_member(scene, person)
    if until < scene.today:
        raise NotPossible("day_is_over")
    if substitute is not None:
        other = known_member(scene, substitute)
        if substitute == person or other.state != "joined":
            raise NotPossible("no_substitute", name=other.name)
    roles.be_absent(scene.database, person, until, substitute)


@act("absence.end", target="person", contact=Reach.SELF, head=Reach.UNIT)
def end_absence(scene: Scene, person: int) -> None:
    """Note that a contact is back."""
    if not roles.be_back(scene.database, person):
        raise NotPossible("not_absent")


# Addresses


@act("address.hold", target="person", staff=Reach.SELF, contact=Reach.UNIT, head=Reach.UNIT)
def hold(scene: Scene, person: int) -> int:
    """Trust what somebody writes no more until his contact has spoken to him; return how many addresses.

    No role, no notices, no open conversations: the account may be another's.
    """
    dialogues.end_all(scene.database, person)
    return people.hold(scene.database, person, scene.actor.person, scene.stamp)


@act("address.restore", target="person", contact=Reach.UNIT)
def restore(scene: Scene, person: int) -> int:
    """Trust somebody's addresses again, after he was spoken to; return how many. Nobody does that for himself."""
    if scene.actor.person == person:
        raise NotPossible("not_for_oneself")
    restored = people.restore(scene.database, person)
    if not restored:
        raise NotPossible("not_held")
    return restored


# What several acts need


def put_into(scene: Scene, member: Member, unit: int, day: str) -> None:
    """Let a member belong to a unit from a day on; his roles for the one he leaves end."""
    members.transfer(scene.database, member.person, unit, day)
    if member.unit is not None and member.unit != unit:
        for held in roles.of(scene.database, member.person, scene.today):
            if held.unit == member.unit and held.instead_of is None:
                roles.take(scene.database, member.person, held.role, held.unit, scene.actor.person, scene.stamp)


def _create(scene: Scene, name: str, parent: int | None) -> int:
    name, folded = shown_and_folded(name)
    _refuse_namesake(scene, folded, parent, None)
    return units.create(scene.database, name, folded, parent, scene.today)


def open_unit(scene: Scene, unit: int) -> Unit:
    """Return a unit that is open; raise NotFound, NotPossible."""
    found = units.get(scene.database, unit)
    if found is None:
        raise NotFound("no_such_unit")
    if found.closed_on is not None:
        raise NotPossible("unit_closed", unit=found.name)
    return found


def known_member(scene: Scene, person: int) -> Member:
    """Return what is known of a person; raise NotFound for one who is no member and never was."""
    found = members.get(scene.database, person, scene.today)
    if found is None:
        raise NotFound("no_such_member")
    return found


def _refuse_namesake(scene: Scene, folded: str, parent: int | None, but: int | None) -> None:
    """Two open units under the same one never have the same name."""
    for sibling in units.children(scene.database, parent):
        if sibling.folded == folded and sibling.id != but:
            raise NotPossible("unit_exists", unit=sibling.name)


def end_membership(scene: Scene, person: int) -> None:
    """Let a member belong to the office no more; what he agreed to for that he agrees to no more."""
    refuse_last_administrator(scene, person)
    roles.take_all(scene.database, person, scene.actor.person, scene.stamp)
    members.transfer(scene.database, person, None, scene.today)
    members.set_state(scene.database, person, "left", scene.stamp)
    consents.withdraw(scene.database, person, MEMBERSHIP, scene.stamp)
    dialogues.end_all(scene.database, person)


def refuse_last_administrator(scene: Scene, person: int) -> None:
    """Raise NotPossible for the only administrator: nobody could give the role to another."""
    is_one = any(held.role == "administrator" for held in roles.of(scene.database, person, scene.today))
    if is_one and roles.count(scene.database, "administrator") == 1:
        raise NotPossible("last_administrator")
