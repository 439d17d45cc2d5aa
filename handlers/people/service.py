"""Every act on units, members and roles: who does it, on what, with a result or a named refusal."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from knowledge.text import fold, normalize
from storage import consents, dialogues, invitations, members, people, roles, units
from storage.database import Database
from storage.invitations import JoinRequest
from storage.members import Member
from storage.merging import merge
from storage.roles import RoleName
from storage.units import Unit

MEMBERSHIP = "membership"
"""The purpose that is agreed to when somebody joins."""

INVITATION_LIFE = dt.timedelta(days=30)
CLAIM_LIFE = dt.timedelta(days=1)

# Without letters and digits that look or sound alike.
CODE_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
_CODE_LENGTH = 6
_CLAIM_LENGTH = 12
# "Tôi xin tham gia, mã mời của phòng là ABC-DEF ạ": in more words nobody tells a code alone.
_LONGEST_SENTENCE = 12

# A personal code may be anything that an office numbers its people by.
_CODE = re.compile(r"[A-Za-z0-9]{1,24}(?:[ ._/-]?[A-Za-z0-9]{1,24}){0,4}")
_SHORTEST_CODE, LONGEST_CODE = 3, 24

LONGEST_NAME = 200

# Units


@act("unit.create", target="unit")
def create_under(scene: Scene, unit: int, name: str) -> int:
    """Open a unit under another; return its number."""
    parent = _open_unit(scene, unit)
    return _create(scene, name, parent.id)


@act("unit.create_top")
def create_unit(scene: Scene, name: str) -> int:
    """Open a unit at the top; return its number."""
    return _create(scene, name, None)


@act("unit.rename", target="unit")
def rename_unit(scene: Scene, unit: int, name: str) -> None:
    """Call a unit something else from today on; the old name still leads to it."""
    found = _open_unit(scene, unit)
    name, folded = _name(name)
    _refuse_namesake(scene, folded, found.parent, found.id)
    units.rename(scene.database, unit, name, folded, scene.today)


@act("unit.move", target="unit")
def move_unit(scene: Scene, unit: int, parent: int | None) -> None:
    """Put a unit, with all below it, under another, or at the top."""
    found = _open_unit(scene, unit)
    if parent is not None:
        _open_unit(scene, parent)
        if parent in units.below(scene.database, unit):
            raise NotPossible("unit_under_itself", unit=found.name)
    _refuse_namesake(scene, found.folded, parent, unit)
    units.move(scene.database, unit, parent)


@act("unit.merge", target="unit")
def merge_unit(scene: Scene, unit: int, into: int) -> int:
    """Close a unit today and let another take over its members, roles and sub-units; return how many members."""
    old, new = _open_unit(scene, unit), _open_unit(scene, into)
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
    found = _open_unit(scene, unit)
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
    _open_unit(scene, unit)
    name, folded = _name(name)
    code = read_code(code) if code else None
    if code and members.by_code(scene.database, code, scene.today):
        raise NotPossible("code_taken", taken=code)
    person = people.create(scene.database, scene.stamp)
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=_words(position),
        code=code,
        state="listed",
        now=scene.stamp,
    )
    members.transfer(scene.database, person, unit, scene.today)
    return person


@act("member.correct", target="person", staff=Reach.SELF, contact=Reach.UNIT)
def correct_member(scene: Scene, person: int, name: str, position: str) -> None:
    """Change how somebody is called and what he does."""
    member = _member(scene, person)
    name, folded = _name(name)
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=_words(position),
        code=member.code,
        state=member.state,
        now=scene.stamp,
    )


@act("member.transfer", target="person")
def transfer_member(scene: Scene, person: int, unit: int, day: str) -> None:
    """Let somebody belong to another unit from a day on, which may lie ahead; his roles for the old one end."""
    member = _member(scene, person)
    _open_unit(scene, unit)
    put_into(scene, member, unit, day)


@act("member.leave", target="person", staff=Reach.SELF, contact=Reach.UNIT)
def leave(scene: Scene, person: int) -> None:
    """Let somebody leave the office: no unit, no role, no notice any more."""
    _member(scene, person)
    end_membership(scene, person)


# Joining


@act("invitation.make", target="unit", contact=Reach.UNIT)
def invite(scene: Scene, unit: int) -> str:
    """Return the code that invites into a unit; a new one where the last is about to expire."""
    _open_unit(scene, unit)
    valid = invitations.of_unit(scene.database, unit, (scene.now + INVITATION_LIFE / 2).isoformat())
    if valid:
        return valid.code
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(_CODE_LENGTH))
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
    found = invitations.find(database, code, now.isoformat()) if len(code) == _CODE_LENGTH else None
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
    name, folded = _name(name)
    person = scene.actor.person
    namesakes = [
        listed for listed in members.called(scene.database, folded, scene.today, "listed") if listed.unit == unit.id
    ]
    members.put(
        scene.database,
        person,
        name=name,
        folded=folded,
        position=_words(position),
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
        return _member(scene, asked.person)
    found = _member(scene, listed)
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


# Roles


@act("role.give", target="person")
def give_role(scene: Scene, person: int, role: RoleName, unit: int | None) -> None:
    """Give a member a role, for a unit where it is not an administrator's."""
    member = _member(scene, person)
    if member.state != "joined":
        raise NotPossible("not_joined", name=member.name)
    if (unit is None) != (role == "administrator"):
        raise NotPossible("role_needs_unit")
    if unit is not None:
        _open_unit(scene, unit)
    if not roles.give(scene.database, person, role, unit, scene.actor.person, scene.stamp):
        raise NotPossible("has_role", name=member.name)


@act("role.take", target="person")
def take_role(scene: Scene, person: int, role: RoleName, unit: int | None) -> None:
    """Take a role away; that of the last administrator stays."""
    member = _member(scene, person)
    if role == "administrator":
        refuse_last_administrator(scene, person)
    if not roles.take(scene.database, person, role, unit, scene.actor.person, scene.stamp):
        raise NotPossible("has_no_role", name=member.name)


@act("absence.begin", target="person", contact=Reach.SELF, head=Reach.UNIT)
def begin_absence(scene: Scene, person: int, until: str, substitute: int | None) -> None:
    """Note that a contact is away until a day, and which member stands in."""
    _member(scene, person)
    if until < scene.today:
        raise NotPossible("day_is_over")
    if substitute is not None:
        other = _member(scene, substitute)
        if substitute == person or other.state != "joined":
            raise NotPossible("no_substitute", name=other.name)
    roles.be_absent(scene.database, person, until, substitute)


@act("absence.end", target="person", contact=Reach.SELF, head=Reach.UNIT)
def end_absence(scene: Scene, person: int) -> None:
    """Note that a contact is back."""
    if not roles.be_back(scene.database, person):
        raise NotPossible("not_absent")


def make_claim(database: Database, now: dt.datetime) -> str:
    """Return a one-time code that makes whoever sends it an administrator; for whoever works on the machine."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(_CLAIM_LENGTH))
    invitations.add_claim(database, _hash(code), now.isoformat(), (now + CLAIM_LIFE).isoformat())
    return code


def is_claim(database: Database, typed: str, now: dt.datetime) -> bool:
    """Tell whether a typed code would make its user an administrator."""
    code = read_code(typed)
    return len(code) == _CLAIM_LENGTH and invitations.is_claim(database, _hash(code), now.isoformat())


@act("claim.use", anybody=Reach.SELF, staff=Reach.SELF)
def claim(scene: Scene, typed: str, name: str) -> None:
    """Become an administrator with a one-time code; somebody unknown becomes a member of the top unit."""
    person = scene.actor.person
    if not invitations.use_claim(scene.database, _hash(read_code(typed)), person, scene.stamp):
        raise NotFound("no_such_code")
    people.restore(scene.database, person)
    member = members.get(scene.database, person, scene.today)
    name, folded = _name(member.name if member else name)
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


def read_code(typed: str) -> str:
    """Return a typed code as it is stored: capital letters and digits alone."""
    return re.sub(r"[^A-Z0-9]", "", fold(typed).upper())


def looks_like_code(typed: str) -> bool:
    """Whether a typed text may be a code: a few groups of letters without accents and digits."""
    return bool(_CODE.fullmatch(typed.strip())) and _SHORTEST_CODE <= len(read_code(typed)) <= LONGEST_CODE


def possible_codes(text: str) -> list[str]:
    """Return what of a message may be a code: all of it, or of a short sentence a word as long as codes are."""
    words = [word.strip(".,:;!?\"'“”()") for word in text.split()]
    if len(words) > _LONGEST_SENTENCE:
        return [text]
    long = (word for word in words if len(word) >= _CODE_LENGTH and word != text)
    return [text, *(word for word in long if len(read_code(word)) >= _CODE_LENGTH)]


def shown_code(code: str) -> str:
    """Return a code as it is read out and typed: in groups of three."""
    return "-".join(code[start : start + 3] for start in range(0, len(code), 3))


def put_into(scene: Scene, member: Member, unit: int, day: str) -> None:
    """Let a member belong to a unit from a day on; his roles for the one he leaves end."""
    members.transfer(scene.database, member.person, unit, day)
    if member.unit is not None and member.unit != unit:
        for held in roles.of(scene.database, member.person, scene.today):
            if held.unit == member.unit and held.instead_of is None:
                roles.take(scene.database, member.person, held.role, held.unit, scene.actor.person, scene.stamp)


def _create(scene: Scene, name: str, parent: int | None) -> int:
    name, folded = _name(name)
    _refuse_namesake(scene, folded, parent, None)
    return units.create(scene.database, name, folded, parent, scene.today)


def _open_unit(scene: Scene, unit: int) -> Unit:
    found = units.get(scene.database, unit)
    if found is None:
        raise NotFound("no_such_unit")
    if found.closed_on is not None:
        raise NotPossible("unit_closed", unit=found.name)
    return found


def _member(scene: Scene, person: int) -> Member:
    found = members.get(scene.database, person, scene.today)
    if found is None:
        raise NotFound("no_such_member")
    return found


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
    return _member(scene, listed.person)


def refuse_member(scene: Scene) -> None:
    """Raise NotPossible for somebody who is a member already, or whose address is held."""
    known = members.get(scene.database, scene.actor.person, scene.today)
    if known and known.state == "joined":
        raise NotPossible("already_joined", name=known.name)
    if people.has_held(scene.database, scene.actor.person):
        raise NotPossible("address_held")


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


def folded(typed: str) -> str:
    """Return typed words as they are compared: lower case, without accents, single blanks."""
    return " ".join(fold(normalize(typed)).split())


def read_name(typed: str) -> str:
    """Return a typed name as it is shown; raise NotPossible for one without a letter."""
    name = _words(typed)
    if not any(char.isalpha() for char in name):
        raise NotPossible("no_name")
    return name


def _name(typed: str) -> tuple[str, str]:
    """Return a name as it is shown and as it is compared."""
    name = read_name(typed)
    return name, fold(name)


def _words(typed: str) -> str:
    return " ".join(normalize(typed).split())[:LONGEST_NAME]


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
