"""Sending a report to its destinations: written with the report, followed until it has arrived, told where it has not.

Each message is a row of the outbox and a row here (`storage.forwards`), in the transaction that writes the report. What
cannot be delivered is told to the administrators, who get the report instead, and stands in its trail.

A card says number, kind, unit and harm, and nothing of anybody: a group and a mailbox have readers whom nobody chose.
To a person it says too which official page the reported one is like, and to those who are alerted whom to call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Button, Manner, Outcome, Reply
from handlers.deadlines import is_urgent
from handlers.destinations import ADMINISTRATORS, in_words
from handlers.people.finding import full_name
from handlers.report import notices, routing, service
from handlers.report.levels import alerted
from handlers.report.official_page import likenesses, recognised
from handlers.report.routing import WATCH, Place
from handlers.report.trail import name_of, shown_number
from handlers.schedule import Due, Kind
from storage import forwards, jobs, people, reports, roles, units
from storage.forwards import Forward
from storage.outbox import REPORT
from storage.people import Address
from storage.reports import Report

JOB = "forward"

ALREADY_ALERTED = "alerted"
"""Where the trail's "forwarded" keeps the people whose card said that the case is urgent, and whom to call."""

PATIENCE = dt.timedelta(minutes=15)
"""What has not arrived so long after it was sent is told to the administrators; it is still being sent."""
AGAIN = dt.timedelta(hours=1)
"""How often a destination is looked for again at which nobody could be found."""

LINE, GAP = Markup("\n"), Markup("\n\n")


def forward(report: Report, context: Context) -> list[Reply]:
    """Return the messages that bring a new report to its destinations, each noted; the rest of it is watched.

    Nothing where it was forwarded already.
    """
    if forwards.of_report(context.database, report.id):
        return []
    report = recognised(report, context)
    decision = routing.decide(context.database, context.routing, context.zone, context.today, routing.case_of(report))
    _watch(report.id, context, PATIENCE)
    return _bring(report, decision.places, context)


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button on a card in a group says; the reporter is told."""
    if name != "take":
        return [Reply(context.texts.rich("menu.stale"))]
    report = service.take(context.scene, data["report"])
    taken = context.texts.rich("forward.taken", name=name_of(context.scene, context.person))
    shown = notices.card("report.card_new", report, context) + GAP + taken
    return [Reply(shown, manner=Manner.INSTEAD), *notices.changed(report, "taken", context)]


def tell(outcome: Outcome, context: Context) -> list[Reply]:
    """Note how a message ended; where one of an open report did not arrive, the administrators are told and get it."""
    now = context.now.isoformat()
    state: forwards.State = "sent" if outcome.state == "sent" else "unknown" if outcome.state == "unknown" else "failed"
    ended = forwards.end(context.database, outcome.concern["forward"], state, outcome.reason, now)
    report = reports.get(context.database, ended.report) if ended else None
    if ended is None or report is None or state == "sent":
        return []
    name = in_words(ended.destination, context.texts)
    why = f"{name} ({outcome.reason})"
    data = {"to": ended.destination, "why": outcome.reason}
    reports.record(context.database, report.id, now, None, "forward_failed", why, data=data)
    if not report.is_open:
        return []
    said = context.texts.rich("forward.failed", number=_number(report, context), to=name, reason=outcome.reason)
    return _alarm(report, said, ended.channel, context, instead=ended.destination != ADMINISTRATORS)


def watch(due: Due, context: Context) -> list[Reply]:
    """Look at a report some time after it was written: what has not been forwarded, has not arrived, or found nobody.

    A report that nobody forwarded when it was written, as one entered at the machine, is forwarded here.
    """
    report = reports.get(context.database, int(due.name))
    if report is None or not report.is_open:
        return []
    sent = forwards.of_report(context.database, report.id)
    if not sent:
        return forward(report, context)
    replies = [] if due.data.get("told") else _tell_late(report, sent, context)
    nowhere = list(dict.fromkeys(one.destination for one in sent if one.state == "nowhere"))
    if nowhere:
        replies += _look_again(report, sent, nowhere, context)
    left = forwards.of_report(context.database, report.id)
    if any(one.state in ("waiting", "nowhere") for one in left):
        told = bool(due.data.get("told")) or _are_late(left, context)
        _watch(report.id, context, AGAIN, told=told)
    return replies


KINDS = {WATCH: Kind(watch)}


def _watch(report: int, context: Context, after: dt.timedelta, *, told: bool = False) -> None:
    at = (context.now + after).isoformat()
    jobs.plan(context.database, WATCH, str(report), at, context.now.isoformat(), {"told": told})


def _bring(report: Report, places: Sequence[Place], context: Context, *, quiet: bool = False) -> list[Reply]:
    """Note each place and return its messages, with what administrators are told of those where nobody is."""
    database, now = context.database, context.now.isoformat()
    replies: list[Reply] = []
    lost: list[Place] = []
    urgent = set(alerted(report, context)) if is_urgent(report) else set()
    told: list[int] = []
    for place in places:
        for address in place.addresses:
            reader = _reader(address, context)
            told += [reader] if reader in urgent else []
            replies.append(_brought(report, place.name, address, context, urgent=reader in urgent))
        if not place.addresses:
            forwards.add_nowhere(database, report.id, place.name, place.why, now)
            lost.append(place)
    if found := [place.name for place in places if place.addresses]:
        data = {"to": found, ALREADY_ALERTED: told}
        names = ", ".join(in_words(name, context.texts) for name in found)
        reports.record(database, report.id, now, None, "forwarded", names, data=data)
    for place in () if quiet else lost:
        said = context.texts.rich(
            "forward.nowhere",
            number=_number(report, context),
            to=in_words(place.name, context.texts),
            reason=context.texts(f"forward.reason_{place.why}"),
        )
        replies += _alarm(report, said, "", context)
    return replies


def _brought(
    report: Report, name: str, address: Address, context: Context, above: Markup | None = None, *, urgent: bool = False
) -> Reply:
    """A message that brings a report somewhere, noted; `above` is said first, and `urgent` alerts its reader."""
    number = forwards.add(context.database, report.id, name, address.channel, context.now.isoformat())
    card = notices.card("report.card_new", report, context)
    if urgent:
        how = context.texts.rich("report.urgent_how", contact=report.contact or "–")
        card = LINE.join([context.texts.rich("report.urgent", card=card), how])
    if _reader(address, context) is not None:
        card = LINE.join([card, *likenesses(report, context)])
    kind = context.texts(f"kind.{report.kind}")
    return Reply(
        GAP.join(filter(None, [above, card])),
        _choices(report, address, context),
        letter=context.texts.rich("forward.letter"),
        to=address,
        urgency=REPORT,
        concern={"job": JOB, "forward": number},
        subject=context.texts("forward.subject", number=_number(report, context), kind=kind),
        facts={"event": "report.opened", "report": _facts(report, context)},
        again=context.texts.rich("forward.again"),
    )


def _alarm(report: Report, said: Markup, channel: str, context: Context, *, instead: bool = False) -> list[Reply]:
    """What administrators are told, elsewhere than on a channel that has the trouble; with the report `instead`."""
    replies = []
    for person in roles.holders(context.database, "administrator", None, context.today.isoformat()):
        reached = people.all_reached_at(context.database, person)
        address = min(reached, key=lambda one: one.channel == channel, default=None)
        if address and instead:
            replies.append(_brought(report, ADMINISTRATORS, address, context, said))
        elif address:
            replies.append(Reply(said, to=address, urgency=REPORT))
    return replies


def _are_late(sent: Sequence[Forward], context: Context) -> bool:
    return any(one.state == "waiting" and _age(one, context) >= PATIENCE for one in sent)


def _age(one: Forward, context: Context) -> dt.timedelta:
    return context.now - dt.datetime.fromisoformat(one.created_at)


def _tell_late(report: Report, sent: Sequence[Forward], context: Context) -> list[Reply]:
    late = [one for one in sent if one.state == "waiting" and _age(one, context) >= PATIENCE]
    replies: list[Reply] = []
    for one in late:
        said = context.texts.rich(
            "forward.late",
            number=_number(report, context),
            to=in_words(one.destination, context.texts),
            minutes=round(_age(one, context).total_seconds() / 60),
        )
        replies += _alarm(report, said, one.channel, context)
    return replies


def _look_again(report: Report, sent: Sequence[Forward], nowhere: Sequence[str], context: Context) -> list[Reply]:
    """Look again for the destinations where nobody was, and for administrators where nobody has the report at all."""
    forwards.drop_nowhere(context.database, report.id)
    world = (context.database, context.routing, context.today, report.unit_id)
    if all(one.state == "nowhere" for one in sent):
        return _bring(report, routing.find(*world, nowhere), context, quiet=True)
    return _bring(report, [routing.place_of(*world, name) for name in nowhere], context, quiet=True)


def _choices(report: Report, address: Address, context: Context) -> tuple[Button, ...]:
    """What can be done from a card: in a group nothing that would show there what only some may read."""
    if not people.is_shared(context.database, address):
        return notices.choices(report, context)
    return (Button(context.texts("button.report_take"), "forward.take", {"report": report.id}),)


def _reader(address: Address, context: Context) -> int | None:
    """The person who alone reads what is sent somewhere; None for a group, a mailbox and another program."""
    return None if people.is_shared(context.database, address) else people.known_at(context.database, address)


def _facts(report: Report, context: Context) -> dict[str, Any]:
    """What other programs are told: what a card says, in names that do not change."""
    unit = units.get(context.database, report.unit_id) if report.unit_id is not None else None
    return {
        "number": _number(report, context),
        "kind": report.kind,
        "platform": report.platform,
        "harm": report.harm,
        "unit": full_name(context.database, unit) if unit else "",
        "source": report.source,
        "received_at": report.received_at,
    }


def _number(report: Report, context: Context) -> str:
    return shown_number(report.id, context.scene)
