"""Telling the reporter what the office did, and the office what the reporter added: read off the trail, each once.

What was told is an event too (`INFORMED` of `storage.reports`), so that whatever wrote into the trail, a chat, a
command or a page, is told of, and nothing twice: neither after a restart, nor what was told at once
(`handlers.report.notices`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from markupsafe import Markup

from handlers.casework.levels import responsible
from handlers.casework.wording import card_buttons, member_name, name_of_number, shown_time
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.people.reaching import turn_to
from storage import people, reports
from storage.outbox import REPORT
from storage.people import Address
from storage.reports import INFORMED, Event, Report

_TO_REPORTER = frozenset(
    (
        "taken", "asked", "told", "verified", "handed_over", "assigned", "merged", "parted", "resolved", "elsewhere",
        "reopened",
    )
)  # fmt: skip
_TO_OFFICE = frozenset(("answered", "added", "attached", "directed", "assigned", "submitted"))


def told_to_reporter(report: Report, context: Context) -> list[Reply]:
    """Return what the reporter is told now, and those of the reports that were joined to this one."""
    told: list[Reply] = []
    for event in _new(report, "reporter", _is_for_reporter(report), context):
        text = context.texts.rich(
            f"casework.told_{event.what}",
            number=name_of_number(report, context),
            note=event.note,
            by=member_name(event.actor, context),
            name=event.data.get("name", ""),
            into=_number_of(event.data.get("into"), context),
            at=shown_time(event.at, context),
        )
        buttons = (
            (Button(context.texts("casework.reply"), "casework.reply", {"report": report.id}),)
            if event.what == "asked"
            else ()
        )
        told += [Reply(text, buttons, to=to, urgency=REPORT) for to in _reporters(report, context)]
    return told


def told_to_office(report: Report, context: Context) -> list[Reply]:
    """Return what those who take care of the report are told now, but for what they did themselves."""
    replies: list[Reply] = []
    for event in _new(report, "office", lambda event: event.what in _TO_OFFICE, context):
        persons = _meant(event, report, context)
        text = context.texts.rich(
            f"casework.news_{event.what}",
            number=name_of_number(report, context),
            note=event.note,
            by=member_name(event.actor, context) or context.texts("casework.reporter"),
        )
        for person in persons:
            to = people.reached_at(context.database, person)
            if to and person != event.actor:
                buttons = _head_buttons(report, context) if event.what == "submitted" else card_buttons(report, context)
                replies.append(Reply(text, buttons, to=to, urgency=REPORT))
    return replies


def reaches_reporter(report: Report, context: Context) -> bool:
    """Tell whether the reporter is told in a chat; who is not has to be phoned."""
    return bool(_reporters(report, context))


def _new(
    report: Report, whom: Literal["reporter", "office"], wanted: Callable[[Event], bool], context: Context
) -> Sequence[Event]:
    """The events that somebody was not told of yet; they are told now."""
    events = reports.events(context.database, report.id)
    told = (event.data for event in events if event.what == INFORMED)
    last = max((data["upto"] for data in told if data["whom"] == whom), default=0)
    found = [event for event in events if event.id > last and wanted(event)]
    if found:
        reports.inform(context.database, report.id, whom, context.now.isoformat())
    return found


def _is_for_reporter(report: Report) -> Callable[[Event], bool]:
    def wanted(event: Event) -> bool:
        own = event.actor is None or event.actor == report.reporter_id
        return event.what in _TO_REPORTER and event.audience == "reporter" and not own

    return wanted


def _meant(event: Event, report: Report, context: Context) -> list[int]:
    """Whom an event is for: the head for what is put before him, else whoever takes care of the report."""
    if event.what == "submitted":
        return list(turn_to(context, report.unit_id, "head")) if report.unit_id is not None else []
    if event.what == "assigned":
        return [int(event.data["person"])]
    return list(responsible(report, context))


def _reporters(report: Report, context: Context) -> list[Address]:
    """Where the reporter is told, and those of the reports joined to this one: never at an address that is held."""
    persons = [report.reporter_id]
    for number in reports.merged_into(context.database, report.id):
        joined = reports.get(context.database, number)
        persons.append(joined.reporter_id if joined else None)
    found = [people.reached_at(context.database, person) for person in dict.fromkeys(persons) if person]
    return [to for to in found if to]


def _head_buttons(report: Report, context: Context) -> tuple[Button, ...]:
    direct = Button(context.texts("casework.direct"), "casework.direct", {"report": report.id})
    return (direct, *card_buttons(report, context)[:1])


def _number_of(number: int | None, context: Context) -> Markup | str:
    found = reports.get(context.database, number) if number else None
    return name_of_number(found, context) if found else ""
