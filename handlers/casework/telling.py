"""Telling the reporter what the office did, and the office what the reporter added: read off the trail, each once.

What was told is an event too (`INFORMED` of `storage.reports`), so that whatever wrote into the trail, a chat, a
command or a page, is told of, and nothing twice: neither after a restart, nor what was told at once
(`handlers.report.notices`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from markupsafe import Markup

from handlers.casework.wording import card_buttons, event_name, member_name, name_of_number, shown_time
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.people.reaching import turn_to
from handlers.report.levels import responsible
from handlers.report.notices import reporter_at, to_reporter
from storage import people, reports
from storage.outbox import REPORT
from storage.reports import INFORMED, Event, Report

_TO_REPORTER = frozenset(
    (
        "taken", "asked", "told", "verified", "handed_over", "assigned", "merged", "parted", "resolved", "elsewhere",
        "reopened", "account_restored",
    )
)  # fmt: skip
_TO_JOINED = frozenset(("taken", "resolved", "elsewhere", "reopened"))
_TO_OFFICE = frozenset(("answered", "added", "attached", "directed", "assigned", "submitted"))


def told_to_reporter(report: Report, context: Context) -> list[Reply]:
    """Return what the reporter is told now; those of the reports that were joined to this one learn where it stands.

    What was said to the one is not for the others.
    """
    told: list[Reply] = []
    for event in _new(report, "reporter", _is_for_reporter(report), context):
        to = reporter_at(report, context)
        if to is None and report.reporter_id is not None:
            told += _to_be_phoned(event, report, context)
        elif to:
            buttons = (Button(context.texts("casework.reply"), "casework.reply", {"report": report.id}),)
            text = _said(event, report, context)
            told.append(to_reporter(report, text, to, buttons if event.what == "asked" else (), context))
        if event.what in _TO_JOINED:
            told += _told_to_joined(event, report, context)
    return told


def _told_to_joined(event: Event, report: Report, context: Context) -> list[Reply]:
    found = []
    for number in reports.merged_into(context.database, report.id):
        joined = reports.get(context.database, number)
        if joined and joined.reporter_id != report.reporter_id and (to := reporter_at(joined, context)):
            text = context.texts.rich(
                "casework.told_joined",
                number=name_of_number(joined, context),
                into=name_of_number(report, context),
                what=event_name(event, context),
            )
            found.append(to_reporter(joined, text, to, (), context))
    return found


def _to_be_phoned(event: Event, report: Report, context: Context) -> list[Reply]:
    """What the responsible have to tell a reporter themselves, with where he is reached."""
    text = context.texts.rich(
        "casework.to_be_phoned",
        contact=report.contact or context.texts("casework.no_contact"),
        said=_said(event, report, context),
    )
    return [
        Reply(text, card_buttons(report, context), to=to, urgency=REPORT)
        for person in responsible(report, context)
        if (to := people.reached_at(context.database, person))
    ]


def _said(event: Event, report: Report, context: Context) -> Markup:
    return context.texts.rich(
        f"casework.told_{event.what}",
        number=name_of_number(report, context),
        note=event.note,
        by=member_name(event.actor, context),
        name=event.data.get("name", ""),
        into=_number_of(event.data.get("into"), context),
        at=shown_time(event.at, context),
    )


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
    """Tell whether the reporter is told by the bot; who is not has to be phoned."""
    return reporter_at(report, context) is not None


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


def _head_buttons(report: Report, context: Context) -> tuple[Button, ...]:
    direct = Button(context.texts("casework.direct"), "casework.direct", {"report": report.id})
    return (direct, *card_buttons(report, context)[:1])


def _number_of(number: int | None, context: Context) -> Markup | str:
    found = reports.get(context.database, number) if number else None
    return name_of_number(found, context) if found else ""
