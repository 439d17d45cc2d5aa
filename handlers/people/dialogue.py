"""The conversations about people: joining with a code, and confirming who somebody is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import form
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from handlers.errors import NotFound, NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.people import changing, joining, reading, service
from handlers.people.reaching import turn_to
from handlers.people.reading import read_code
from handlers.people.service import MEMBERSHIP
from storage import consents, members, people, units
from storage.invitations import JoinRequest
from storage.members import Member
from storage.outbox import ANSWER, REPORT

YES, NO = "yes", "no"


def is_code(text: str, context: Context) -> bool:
    """Whether a message is a code that opens something: an invitation, a personal code, or a claim."""
    if len(text.split()) > 4 or not reading.looks_like_code(text):
        return False
    return (
        joining.is_claim(context.database, text, context.now)
        or joining.invited_to(context.database, text, context.now) is not None
        or joining.listed_as(context.database, text, context.today) is not None
    )


def by_code(typed: str, context: Context) -> list[Reply]:
    """Begin to join with a typed code; raise Refusal for one that opens nothing."""
    data = {"code": read_code(typed)}
    if joining.is_claim(context.database, typed, context.now):
        return form.begin("claim", CLAIM, data, context)
    joining.refuse_member(context.scene)
    if joining.listed_as(context.database, typed, context.today):
        return form.begin("join_listed", JOIN_LISTED, data, context)
    if joining.invited_to(context.database, typed, context.now):
        return form.begin("join", JOIN, data, context)
    raise NotFound("no_such_code")


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about people says."""
    if name == "accept":
        return _accept(data["unit"], data["request"], data["listed"], context)
    if name == "refuse":
        return _refuse(data["unit"], data["request"], context)
    if name == "request":
        return _show_request(data["unit"], data["request"], context)
    return changing.act(name, data, context) or [Reply(context.texts.rich("menu.stale"))]


# Joining


def _join(argument: str, context: Context) -> list[Reply]:
    if argument:
        return by_code(argument, context)
    joining.refuse_member(context.scene)
    return form.begin("join_code", JOIN_CODE, {}, context)


def _ask_code(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("people.ask_code"))


def _take_code(typed: str, data: Data, context: Context) -> str | Done:
    joining.refuse_member(context.scene)
    return Done(by_code(typed, context))


def _ask_consent(data: Data, context: Context) -> Reply:
    unit = joining.invited_to(context.database, data["code"], context.now)
    listed = joining.listed_as(context.database, data["code"], context.today)
    if listed and listed.unit is not None:
        unit = units.living(context.database, listed.unit)
    who = context.texts.rich("people.consent_listed", name=listed.name) if listed else ""
    where = context.texts.rich("people.consent_unit", unit=unit.name) if unit else ""
    step, name = "consent", "join_listed" if listed else "join"
    return Reply(
        context.texts.rich(
            "people.consent", who=who, unit=where, office=context.office.name or context.texts("people.office")
        ),
        (
            form.choice(context.texts("people.agree"), YES, name, step),
            form.choice(context.texts("people.disagree"), NO, name, step),
        ),
    )


def _take_consent(typed: str, data: Data, context: Context) -> str | Done:
    answer = form.yes_or_no(typed)
    if answer is None:
        raise NotFound("yes_or_no")
    if not answer:
        return Done([Reply(context.texts.rich("people.not_joined"))])
    consents.give(context.database, context.person, MEMBERSHIP, context.now.isoformat())
    return "name"


def _take_consent_listed(typed: str, data: Data, context: Context) -> str | Done:
    following = _take_consent(typed, data, context)
    if isinstance(following, Done):
        return following
    return Done([_joined(joining.join_by_code(context.scene, data["code"]), context)])


def _ask_name(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("people.ask_name"))


def _take_name(typed: str, data: Data, _: Context) -> str | Done:
    data["name"] = reading.read_name(typed)
    return "position"


def _ask_position(_: Data, context: Context) -> Reply:
    return Reply(
        context.texts.rich("people.ask_position"),
        (form.choice(context.texts("people.skip"), "", "join", "position"),),
    )


def _take_position(typed: str, data: Data, context: Context) -> str | Done:
    request = joining.join_by_invitation(context.scene, data["code"], data["name"], typed)
    if request:
        return Done([Reply(context.texts.rich("people.waiting", name=data["name"])), *_cards(request, context)])
    member = members.get(context.database, context.person, context.today.isoformat())
    assert member is not None
    return Done([_joined(member, context)])


def _ask_claim_name(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("people.ask_claim_name"))


def _take_claim_name(typed: str, data: Data, context: Context) -> str | Done:
    consents.give(context.database, context.person, MEMBERSHIP, context.now.isoformat())
    joining.claim(context.scene, data["code"], typed)
    return Done([Reply(context.texts.rich("people.claimed"))])


def _joined(member: Member, context: Context) -> Reply:
    unit = units.get(context.database, member.unit) if member.unit is not None else None
    return Reply(
        context.texts.rich(
            "people.joined",
            name=member.name,
            unit=context.texts.rich("people.of_unit", unit=unit.name) if unit else "",
        )
    )


# Confirming


def _cards(request: JoinRequest, context: Context) -> list[Reply]:
    """What the contacts of a unit are shown when somebody waits to be confirmed."""
    return [
        _card(request, context, person)
        for person in turn_to(context, request.unit)
        if people.reached_at(context.database, person)
    ]


def _show_request(unit: int, number: int, context: Context) -> list[Reply]:
    """Show one who waits to whoever may confirm him."""
    found = [request for request in joining.join_requests(context.scene, unit) if request.id == number]
    if not found:
        raise NotPossible("request_decided")
    return [replace(_card(found[0], context), urgency=ANSWER)]


def _card(request: JoinRequest, context: Context, person: int = 0) -> Reply:
    day = context.today.isoformat()
    member = members.get(context.database, request.person, day)
    unit = units.get(context.database, request.unit)
    assert member is not None
    assert unit is not None
    data = {"unit": request.unit, "request": request.id}
    buttons = [
        Button(
            context.texts("people.is_listed", name=listed.name, position=listed.position or listed.code or ""),
            "people.accept",
            {**data, "listed": listed.person},
            once="request",
        )
        for listed in joining.namesakes(context.database, request, context.today)
    ]
    buttons += [
        Button(context.texts("people.is_new"), "people.accept", {**data, "listed": None}, once="request"),
        Button(context.texts("people.is_nobody"), "people.refuse", data, once="request"),
    ]
    return Reply(
        context.texts.rich("people.card", name=member.name, position=member.position, unit=unit.name),
        tuple(buttons),
        to=people.reached_at(context.database, person) if person else None,
        urgency=REPORT,
    )


def _accept(unit: int, request: int, listed: int | None, context: Context) -> list[Reply]:
    member = joining.accept(context.scene, unit, request, listed)
    told = people.reached_at(context.database, member.person)
    welcome = _joined(member, context)
    return [
        Reply(context.texts.rich("people.accepted", name=member.name), manner=Manner.INSTEAD),
        *([Reply(welcome.text, to=told, urgency=REPORT)] if told else []),
    ]


def _refuse(unit: int, request: int, context: Context) -> list[Reply]:
    person = joining.refuse(context.scene, unit, request)
    told = people.reached_at(context.database, person)
    return [
        Reply(context.texts.rich("people.turned_down"), manner=Manner.INSTEAD),
        *([Reply(context.texts.rich("people.you_turned_down"), to=told, urgency=REPORT)] if told else []),
    ]


# Leaving


def _leave(_: str, context: Context) -> list[Reply]:
    if not context.actor.joined:
        return [Reply(context.texts.rich("people.no_member"))]
    return form.begin("leave", LEAVE, {}, context)


def _ask_leave(_: Data, context: Context) -> Reply:
    return Reply(
        context.texts.rich("people.ask_leave"),
        (
            form.choice(context.texts("people.leave"), YES, "leave", "sure"),
            form.choice(context.texts("people.stay"), NO, "leave", "sure"),
        ),
    )


def _take_leave(typed: str, _: Data, context: Context) -> str | Done:
    answer = form.yes_or_no(typed)
    if answer is None:
        raise NotFound("yes_or_no")
    if not answer:
        return Done([Reply(context.texts.rich("people.stayed"))])
    service.leave(context.scene, context.person)
    return Done([Reply(context.texts.rich("people.left"))])


JOIN: Form = {
    "consent": Step(_ask_consent, _take_consent),
    "name": Step(_ask_name, _take_name, digressions="first"),
    "position": Step(_ask_position, _take_position, digressions="first"),
}
JOIN_LISTED: Form = {"consent": Step(_ask_consent, _take_consent_listed)}
JOIN_CODE: Form = {"code": Step(_ask_code, _take_code)}
CLAIM: Form = {"name": Step(_ask_claim_name, _take_claim_name, digressions="first")}
LEAVE: Form = {"sure": Step(_ask_leave, _take_leave)}

FORMS = {
    "join": JOIN,
    "join_listed": JOIN_LISTED,
    "join_code": JOIN_CODE,
    "claim": CLAIM,
    "leave": LEAVE,
    **changing.FORMS,
}

COMMANDS = (
    Command(
        "thamgia",
        _join,
        (
            "tham gia",
            "xin tham gia",
            "muon tham gia",
            "toi muon tham gia",
            "cach tham gia",
            "dang ky",
            "nhap ma",
            "nhap ma moi",
        ),
        argument=reading.is_plainly_code,
        offered=lambda context: not context.actor.joined,
    ),
    *changing.COMMANDS,
    Command(
        "roikhoi",
        _leave,
        ("roi khoi", "thoi tham gia", "xin roi"),
        offered=lambda context: context.actor.joined,
        last=True,
    ),
)
