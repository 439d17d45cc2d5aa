"""Every act by which somebody becomes a member or an administrator: with an invitation, a personal code, a claim."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.reading import (
    CODE_LENGTH,
    CODE_LETTERS,
    hash_of_code,
    read_code,
    read_words,
    shown_and_folded,
)
from handlers.people.service import known_member, open_unit
from storage import dialogues, invitations, members, people, roles, units
from storage.database import Database
from storage.invitations import JoinRequest
from storage.members import Member
from storage.merging import merge
from storage.units import Unit

INVITATION_LIFE = dt.timedelta(days=30)
CLAIM_LIFE = dt.timedelta(days=1)

_CLAIM_LENGTH = 12

# Invitations and personal codes


@act("invitation.make", target="unit", contact=Reach.UNIT)
def invite(scene: Scene, unit: int) -> str:
    """Return the code that invites into a unit; a new one where the last is about to expire."""
    open_unit(scene, unit)
    valid = invitations.of_unit(scene.database, unit, (scene.now + INVITATION_LIFE / 2).isoformat())
    if valid:
        return valid.code
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    expires = (scene.now + INVITATION_LIFE).isoformat()
    invitations.invite(scene.database, code, unit, scene.actor.person, scene.stamp, expires)
    return code


@act("invitation.revoke", target="unit", contact=Reach.UNIT)
def revoke_invitations(scene: Scene, unit: int) -> int:
    """End the codes that invite into a unit; return how many were valid."""
    return invitations.revoke(scene.database, unit, scene.stamp)


def invited_to(database: Database, typed: str, now: dt.datetime) -> Unit | None:
    """Return the unit that a typed code invites into."""
    code = read_code(typed)
    found = invitations.find(database, code, now.isoformat()) if len(code) == CODE_LENGTH else None
    return units.living(database, found.unit) if found else None


def listed_as(database: Database, typed: str, day: dt.date) -> Member | None:
    """Return the member of the list whose personal code was typed and who has not joined yet."""
    code = read_code(typed)
    member = members.by_code(database, code, day.isoformat()) if code else None
    return member if member and member.state in ("listed", "left") else None


@act("join.by_code", anybody=Reach.SELF, staff=Reach.SELF)
def join_by_code(scene: Scene, typed: str) -> Member:
    """Join as the person of the list whose personal code was typed; return him."""
    listed = listed_as(scene.database, typed, scene.day)
    if listed is None:
        raise NotFound("no_such_code")
    refuse_member(scene)
    return _become(scene, scene.actor.person, listed)


@act("join.by_invitation", anybody=Reach.SELF, staff=Reach.SELF)
def join_by_invitation(scene: Scene, typed: str, name: str, position: str) -> JoinRequest | None:
    """Join the unit that a code invites into, under a name.

    Where the list of the unit has that name, a name alone is no proof: a request is returned that waits for the unit's
    contact. Otherwise the person is a member at once and None is returned.
    """
    unit = invited_to(scene.database, typed, scene.now)
    if unit is None:
        raise NotFound("no_such_code")
    refuse_member(scene)
    name, folded = shown_and_folded(name)
    person = scene.actor.person
    namesakes = [
        listed for listed in members.called(scene.database, folded, scene.today, "listed") if listed.unit == unit.id
    ]
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=read_words(position),
        code=None,
        state="pending" if namesakes else "joined",
        now=scene.stamp,
    )
    members.transfer(scene.database, person, unit.id, scene.today)
    if not namesakes:
        return None
    listed = namesakes[0].person if len(namesakes) == 1 else None
    number = invitations.ask(scene.database, person, listed, unit.id, scene.stamp)
    return JoinRequest(number, person, listed, unit.id)


def namesakes(database: Database, request: JoinRequest, day: dt.date) -> Sequence[Member]:
    """Return the people of the list that a request may be about."""
    member = members.get(database, request.person, day.isoformat())
    listed = members.called(database, member.folded, day.isoformat(), "listed") if member else ()
    return [person for person in listed if person.unit == request.unit]


@act("join.requests", target="unit", contact=Reach.UNIT, recorded=False)
def join_requests(scene: Scene, unit: int) -> Sequence[JoinRequest]:
    """Return who waits to be confirmed in a unit and below it, the oldest first."""
    return invitations.requests(scene.database, units.below(scene.database, unit))


@act("join.accept", target="unit", contact=Reach.UNIT)
def accept(scene: Scene, unit: int, request: int, listed: int | None) -> Member:
    """Confirm that whoever asks to join a unit is this person of the list, or with None a new member; return him."""
    asked = _request(scene, unit, request)
    if listed is None:
        invitations.decide(scene.database, asked.id, scene.actor.person, True, scene.stamp)
        members.set_state(scene.database, asked.person, "joined", scene.stamp)
        return known_member(scene, asked.person)
    found = known_member(scene, listed)
    if found.state != "listed" or found.unit != unit:
        raise NotPossible("already_joined", name=found.name)
    invitations.decide(scene.database, asked.id, scene.actor.person, True, scene.stamp)
    return _become(scene, asked.person, found)


@act("join.refuse", target="unit", contact=Reach.UNIT)
def refuse(scene: Scene, unit: int, request: int) -> int:
    """Do not let somebody join a unit; return his number."""
    asked = _request(scene, unit, request)
    invitations.decide(scene.database, asked.id, scene.actor.person, False, scene.stamp)
    members.forget(scene.database, asked.person)
    return asked.person


# Administrators


def make_claim(database: Database, now: dt.datetime) -> str:
    """Return a one-time code that makes whoever sends it an administrator; for whoever works on the machine."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(_CLAIM_LENGTH))
    invitations.add_claim(database, hash_of_code(code), now.isoformat(), (now + CLAIM_LIFE).isoformat())
    return code


def is_claim(database: Database, typed: str, now: dt.datetime) -> bool:
    """Tell whether a typed code would make its user an administrator."""
    code = read_code(typed)
    return len(code) == _CLAIM_LENGTH and invitations.is_claim(database, hash_of_code(code), now.isoformat())


@act("claim.use", anybody=Reach.SELF, staff=Reach.SELF)
def claim(scene: Scene, typed: str, name: str) -> None:
    """Become an administrator with a one-time code; somebody unknown becomes a member of the top unit."""
    person = scene.actor.person
    if not invitations.use_claim(scene.database, hash_of_code(read_code(typed)), person, scene.stamp):
        raise NotFound("no_such_code")
    people.restore(scene.database, person)
    member = members.get(scene.database, person, scene.today)
    name, folded = shown_and_folded(member.name if member else name)
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=member.position if member else "",
        code=member.code if member else None,
        state="joined",
        now=scene.stamp,
    )
    top = units.children(scene.database, None)
    if top and (member is None or member.unit is None):
        members.transfer(scene.database, person, top[0].id, scene.today)
    roles.give(scene.database, person, "administrator", None, person, scene.stamp)


# What several acts need


def refuse_member(scene: Scene) -> None:
    """Raise NotPossible for somebody who is a member already, or whose address is held."""
    known = members.get(scene.database, scene.actor.person, scene.today)
    if known and known.state == "joined":
        raise NotPossible("already_joined", name=known.name)
    if people.has_held(scene.database, scene.actor.person):
        raise NotPossible("address_held")


def _request(scene: Scene, unit: int, number: int) -> JoinRequest:
    found = invitations.request(scene.database, number)
    if found is None or found.unit != unit:
        raise NotPossible("request_decided")
    return found


def _become(scene: Scene, person: int, listed: Member) -> Member:
    """Let whoever writes be the person of the list: his addresses belong to that one from now on."""
    # Who has left and comes back writes from what is his own already.
    if person != listed.person:
        members.forget(scene.database, person)
        dialogues.end_all(scene.database, person)
        merge(scene.database, person, listed.person)
    members.set_state(scene.database, listed.person, "joined", scene.stamp)
    return known_member(scene, listed.person)
