"""Every act of the job: showing what is kept about somebody, withdrawing a consent, deleting.

Everybody does it for himself; for somebody who asks on paper whoever works on the machine does. Nobody sees what is
kept about another, and nothing is told to an address that is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.service import MEMBERSHIP, end_membership
from handlers.retention import Retention
from storage import (
    audit,
    broadcasts,
    consents,
    dialogues,
    fetches,
    invitations,
    members,
    people,
    personal,
    quiz_attempts,
    recipients,
    reports,
    roles,
    units,
)
from storage.database import Database
from storage.members import Member
from storage.roles import RoleName


@dataclass(frozen=True, slots=True)
class Belonging:
    """A unit that somebody belongs or belonged to: from one day until another, None for today and on."""

    unit: str
    first: str
    last: str | None


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A role that somebody has or had, for a unit or the whole office; times are UTC."""

    role: RoleName
    unit: str | None
    given: str
    taken: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """The account of somebody in a channel: in how many chats he wrote, and when last, UTC; None where not known."""

    channel: str
    chats: int
    used: str | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to, when, and when he did not any more, UTC."""

    purpose: str
    given: str
    withdrawn: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """A request to join a unit: when, and how and when it was decided, UTC."""

    unit: str
    asked: str
    decided: str | None
    accepted: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that is kept about a person.

    Attributes:
        since: when he was met first, UTC.
        absent_until: the last day of an absence.
        unfinished: the names of the forms he has not finished.
        files: how many files of his are known.
        reports: how many reports say that he made them.
        quizzes: how many times he took a quiz.
        broadcasts: in how many lists of broadcasts he stands.
        opted_out: since when he wants no broadcasts, UTC.
        acted: when he did something by a role for the last time, UTC.
    """

    person: int
    since: str
    member: Member | None
    units: Sequence[Belonging]
    roles: Sequence[GivenRole]
    absent_until: str | None
    accounts: Sequence[Account]
    consents: Sequence[Consent]
    requests: Sequence[Request]
    unfinished: Sequence[str]
    files: int
    reports: int
    quizzes: int
    broadcasts: int
    opted_out: str | None
    acted: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, as it is handed out to who asked for it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the office has to keep when the rest is deleted, under a number alone: its kind and until which day."""

    kind: str
    until: dt.date


@act("privacy.show", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def show(scene: Scene, person: int) -> Kept:
    """Return everything that is kept about a person."""
    refuse_held(scene, person)
    database = scene.database
    since = people.met(database, person)
    if since is None:
        raise NotFound("no_such_member")
    absence = roles.absence(database, person, scene.today)
    return Kept(
        person=person,
        since=since,
        member=members.get(database, person, scene.today),
        units=[
            Belonging(_unit(database, unit), first, last) for unit, first, last in members.history(database, person)
        ],
        roles=[
            GivenRole(role, None if unit is None else _unit(database, unit), given, taken)
            for role, unit, given, taken in roles.history(database, person)
        ],
        absent_until=absence[0] if absence else None,
        accounts=[Account(*found) for found in people.accounts_of(database, person)],
        consents=[Consent(*found) for found in consents.of(database, person)],
        requests=[
            Request(_unit(database, unit), asked, decided, accepted)
            for unit, asked, decided, accepted in invitations.requests_of(database, person)
        ],
        unfinished=[name for name, _ in dialogues.of(database, person)],
        files=fetches.count_of(database, person),
        reports=len(reports.of_reporter(database, person)),
        quizzes=quiz_attempts.count_of(database, person),
        broadcasts=recipients.count_of(database, person),
        opted_out=broadcasts.opted_out_since(database, person),
        acted=audit.latest_of(database, person),
    )


@act("privacy.withdraw", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def withdraw(scene: Scene, person: int, purpose: str) -> None:
    """Take a consent back; whoever does not agree to membership any more has left."""
    refuse_held(scene, person)
    if not consents.given(scene.database, person, purpose):
        raise NotPossible("no_consent")
    member = members.get(scene.database, person, scene.today) if purpose == MEMBERSHIP else None
    if member and member.state == "pending":
        invitations.drop(scene.database, person)
        members.forget(scene.database, person)
    elif member:
        end_membership(scene, person)
    consents.withdraw(scene.database, person, purpose, scene.stamp)


@act("privacy.erase", target="person", anybody=Reach.SELF, administrator=Reach.SELF)
def erase(scene: Scene, person: int) -> None:
    """Delete everything about a person but what remains; the last administrator hands over first."""
    refuse_held(scene, person)
    if people.met(scene.database, person) is None:
        raise NotFound("no_such_member")
    if members.get(scene.database, person, scene.today):
        end_membership(scene, person)
    consents.withdraw(scene.database, person, None, scene.stamp)
    personal.erase(scene.database, person)


def remaining(kept: Kept, keep: Retention, today: dt.date) -> list[Remaining]:
    """Return what would remain of what is kept if the rest were deleted today."""
    audited = today + dt.timedelta(days=keep.audit)
    found = []
    if kept.roles or kept.acted:
        found.append(Remaining("acts", audited))
    if kept.reports:
        found.append(Remaining("reports", today + dt.timedelta(days=keep.reports)))
    if kept.consents:
        found.append(Remaining("consents", audited))
    if kept.accounts:
        found.append(Remaining("messages", today + dt.timedelta(days=keep.messages)))
    return found


def refuse_held(scene: Scene, person: int) -> None:
    """Raise NotPossible where an address of somebody is held: whoever writes there may be another."""
    if not scene.actor.is_console and people.has_held(scene.database, person):
        raise NotPossible("address_held")


def _unit(database: Database, unit: int) -> str:
    found = units.get(database, unit)
    return found.name if found else ""
