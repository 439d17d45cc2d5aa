"""Every act of the job: making a code, using it in another messenger, and taking an account off.

A code is made by whoever is to be reached in two messengers, and is worth what he is: it is good for minutes, once, and
whoever uses it confirms whose account it links. Two accounts that belong to two people of the list stay two.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.reading import CODE_LETTERS, read_code
from storage import audit, bots, invitations, links, members, people
from storage.database import Database
from storage.links import LinkCode
from storage.members import Member
from storage.merging import merge
from storage.people import Address

CODE_LIFE = dt.timedelta(minutes=10)
CODE_LENGTH = 9

MOST_TRIES = 5
"""So many wrong codes somebody may type in `TRIES_WITHIN`; then none is taken from him."""

TRIES_WITHIN = dt.timedelta(hours=1)

# Who stays when two become one: whoever is more to the office.
_RANK = {"joined": 3, "pending": 2, "listed": 1, "left": 0}


@dataclass(frozen=True, slots=True)
class Linked:
    """Two accounts of one person: who he is now, and where the code was made."""

    person: int
    made_at: Address


@dataclass(frozen=True, slots=True)
class Account:
    """An account in a messenger that somebody writes from: the bot's there, and his own; when used last, UTC."""

    channel: str
    account: str
    sender: str
    used_at: str | None

    @property
    def key(self) -> str:
        """What it is called in a choice."""
        return f"{self.channel} {self.account} {self.sender}"


@act("link.make", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def make(scene: Scene, person: int, address: Address) -> str:
    """Return a code that links whoever uses it to a person; `address` is where he asks for it."""
    _refuse_held(scene.database, person)
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    expires = (scene.now + CODE_LIFE).isoformat()
    links.make(scene.database, _hash(code), person, address, scene.stamp, expires)
    return code


def looks_like_code(typed: str) -> bool:
    """Whether a typed text may be such a code."""
    return len(read_code(typed)) == CODE_LENGTH and len(typed) <= CODE_LENGTH * 2


def is_code(database: Database, typed: str, now: dt.datetime) -> bool:
    """Whether a typed text is a code that is valid."""
    return looks_like_code(typed) and links.find(database, _hash(read_code(typed)), now.isoformat()) is not None


def find(scene: Scene, typed: str, address: Address) -> tuple[str, LinkCode]:
    """Return a valid code, with what it is kept by; raise Refusal for one that cannot be used at an address.

    A wrong one counts.
    """
    since = (scene.now - TRIES_WITHIN).isoformat()
    if links.tries(scene.database, scene.actor.person, since) >= MOST_TRIES:
        raise NotPossible("link_too_many")
    kept = _hash(read_code(typed))
    found = links.find(scene.database, kept, scene.stamp)
    if found is None:
        links.tried(scene.database, scene.actor.person, since, scene.stamp)
        raise NotFound("no_such_link")
    _refuse_pair(scene, found, address)
    return kept, found


@act("link.use", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def use(scene: Scene, person: int, kept: str, address: Address) -> Linked:
    """Make a person and the one whose code it is, by what it is kept by, one; raise Refusal where they stay two."""
    found = links.find(scene.database, kept, scene.stamp)
    if found is None:
        raise NotFound("no_such_link")
    _refuse_pair(scene, found, address)
    stays, goes = _in_order(scene, found.person, person)
    links.use(scene.database, kept)
    if found.address.channel == address.channel and bots.home(scene.database, stays, address.channel) is None:
        # Two bots of one messenger: his is the one where he was known.
        known = found.address if found.person == stays else address
        bots.settle(scene.database, stays, known.channel, known.account, scene.stamp)
    # Whoever is on the list already is not asked about once more.
    if _state(scene, stays):
        invitations.drop(scene.database, goes)
    merge(scene.database, goes, stays)
    _record(scene, stays, "link.use", goes)
    return Linked(stays, found.address)


def accounts(database: Database, person: int) -> Sequence[Account]:
    """Return the accounts that somebody writes from."""
    return [Account(*found) for found in people.linked(database, person)]


@act("link.undo", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def undo(scene: Scene, person: int, key: str, address: Address) -> Sequence[Address]:
    """Take an account off a person, by its key: whoever writes there is a stranger; return its private chats.

    That of the address where it is asked for stays: it could not be asked for there any more.
    """
    _refuse_held(scene.database, person)
    here = (address.channel, address.account, address.sender)
    for account in accounts(scene.database, person):
        if account.key == key and (account.channel, account.account, account.sender) != here:
            gone = people.detach(scene.database, person, account.channel, account.account, account.sender, scene.stamp)
            _record(scene, person, "link.undo", person)
            return gone
    raise NotPossible("not_linked")


def _refuse_pair(scene: Scene, code: LinkCode, address: Address) -> None:
    """Raise Refusal where the person of a code and whoever uses it cannot become one."""
    if code.person == scene.actor.person:
        if (code.address.channel, code.address.account) == (address.channel, address.account):
            raise NotPossible("link_same_place")
        raise NotPossible("already_linked")
    for person in (code.person, scene.actor.person):
        _refuse_held(scene.database, person)
    _refuse_other_member(scene, code.person, scene.actor.person)


def _refuse_held(database: Database, person: int) -> None:
    if people.has_held(database, person):
        raise NotPossible("address_held")


def _refuse_other_member(scene: Scene, one: int, other: int) -> None:
    """Raise NotPossible for two people of the list: they have another name, unit or code."""
    first, second = (members.get(scene.database, person, scene.today) for person in (one, other))
    if first is None or second is None:
        return
    same_unit = None in (first.unit, second.unit) or first.unit == second.unit
    same_code = None in (first.code, second.code) or first.code == second.code
    if first.folded != second.folded or not same_unit or not same_code:
        raise NotPossible("link_two_members", name=first.name, other=second.name)


def _in_order(scene: Scene, one: int, other: int) -> tuple[int, int]:
    """Who of two stays and who goes: whoever is more to the office stays, else who was met first."""

    def rank(person: int) -> tuple[int, int]:
        return -_RANK.get(_state(scene, person), -1), person

    first, second = sorted((one, other), key=rank)
    return first, second


def _state(scene: Scene, person: int) -> str:
    member = members.get(scene.database, person, scene.today)
    return member.state if member else ""


def _record(scene: Scene, person: int, name: str, subject: int) -> None:
    """Write down what concerns what somebody may do; of who is no member nothing is kept."""
    member: Member | None = members.get(scene.database, person, scene.today)
    if member:
        audit.record(scene.database, scene.stamp, person, name, f"person {subject}", member.unit)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
