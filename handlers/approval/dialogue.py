"""The card that a head gets, and what is told to whoever asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from markupsafe import Markup

from handlers import form, recurrence
from handlers.approval import service
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from handlers.errors import NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.people.reaching import turn_to
from handlers.recurrence import Recurrence
from storage import approvals, members, people, units
from storage.approvals import Approval
from storage.outbox import REPORT
from storage.people import Address

_LINES = Markup("\n")

# The values of an act that are numbers of units and people.
_UNITS = {"unit", "into", "parent"}
_PEOPLE = {"person", "substitute", "listed"}

# Those that say nothing to a reader.
_SILENT = {"version"}

LONGEST_NOTE = 1_000


def cards(number: int, context: Context) -> list[Reply]:
    """Return what the heads are shown of an act that was put before them."""
    approval = approvals.get(context.database, number)
    assert approval is not None
    place = service.place_of(context.scene, approval)
    heads = turn_to(context, place, "head") if place is not None else ()
    reached = [to for head in heads if (to := people.reached_at(context.database, head))]
    return [_card(approval, place, context, to) for to in reached]


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button on a card says."""
    if name == "approve":
        approval = service.decide(context.scene, data["unit"], data["number"], True)
        return [
            Reply(context.texts.rich("approval.approved"), manner=Manner.INSTEAD),
            *_tell(approval, context.texts.rich("approval.told_approved", act=_said(approval, context)), context),
        ]
    if name == "return":
        return form.begin("approval_note", NOTE, data, context)
    return [Reply(context.texts.rich("menu.stale"))]


def _card(approval: Approval, place: int | None, context: Context, to: Address | None = None) -> Reply:
    day = context.today.isoformat()
    asker = members.get(context.database, approval.asked_by, day)
    data = {"unit": place, "number": approval.id}
    return Reply(
        context.texts.rich(
            "approval.card",
            number=approval.id,
            act=_said(approval, context),
            asker=asker.name if asker else context.texts("approval.console"),
        ),
        (
            Button(context.texts("approval.approve"), "approval.approve", data, once="approval"),
            Button(context.texts("approval.return"), "approval.return", data),
        ),
        urgency=REPORT,
        to=to,
    )


def _said(approval: Approval, context: Context) -> Markup:
    """An act with its values in words."""
    lines = [context.texts.rich(f"act.{approval.act}")]
    for name, value in approval.data.items():
        shown = _shown(name, value, context)
        if shown:
            lines.append(context.texts.rich("approval.value", name=context.texts(f"field.{name}"), value=shown))
    return _LINES.join(lines)


def _shown(name: str, value: int | str | dict[str, Any] | None, context: Context) -> str:
    if value is None or value == "" or name in _SILENT:
        return ""
    if isinstance(value, int) and name in _UNITS:
        unit = units.get(context.database, value)
        return unit.name if unit else ""
    if isinstance(value, int) and name in _PEOPLE:
        member = members.get(context.database, value, context.today.isoformat())
        return member.name if member else ""
    if name == "at":
        return f"{dt.datetime.fromisoformat(str(value)).astimezone(context.zone):%H:%M %d/%m/%Y}"
    if isinstance(value, dict):
        return recurrence.said(Recurrence.from_json(value), context.texts)
    return context.texts(f"role.{value}") if name == "role" else str(value)


def _tell(approval: Approval, text: Markup, context: Context) -> list[Reply]:
    to = people.reached_at(context.database, approval.asked_by) if approval.asked_by else None
    return [Reply(text, to=to, urgency=REPORT)] if to else []


def _ask_note(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("approval.ask_note"))


def _take_note(typed: str, data: Data, context: Context) -> str | Done:
    note = typed.strip()[:LONGEST_NOTE]
    if not note:
        raise NotPossible("no_note")
    approval = service.decide(context.scene, data["unit"], data["number"], False, note)
    told = context.texts.rich("approval.told_returned", act=_said(approval, context), note=note)
    return Done([Reply(context.texts.rich("approval.returned")), *_tell(approval, told, context)])


def _show(_: str, context: Context) -> list[Reply]:
    """Everything that waits for whoever asks."""
    own = [held.unit for held in context.actor.roles if held.role == "head" and held.unit is not None]
    found = service.waiting(context.scene, own)
    if not found:
        return [Reply(context.texts.rich("approval.nothing"))]
    return [_card(approval, service.place_of(context.scene, approval), context) for approval in found[:MOST_SHOWN]]


MOST_SHOWN = 5

NOTE: Form = {"note": Step(_ask_note, _take_note, digressions="never")}

FORMS = {"approval_note": NOTE}

COMMANDS = (
    Command(
        "choduyet",
        _show,
        ("cho duyet", "viec cho duyet", "duyet"),
        offered=lambda context: any(held.role == "head" for held in context.actor.roles),
    ),
)
