"""Who is told of a report, and what: whoever takes care of it of what is added, the reporter of changes.

What goes out to others than those who may read a report carries its number, kind, unit and harm, and nothing else.
"""

from __future__ import annotations

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.outward import EMAIL, is_mail, letter_to
from handlers.report import wording
from handlers.report.holding import is_owner_held
from handlers.report.levels import responsible
from storage import people, reports
from storage.outbox import REPORT
from storage.people import Address
from storage.reports import Report


def reporter_at(report: Report, context: Context) -> Address | None:
    """Return where the reporter of a report is told of it; None where that is nowhere, or where he left no name.

    Whoever reported his own account, which is held, is told at the contact that the report names, in no chat: whose
    the others are is not known either until somebody has spoken to him. A mailbox gets letters; what else is named
    there, somebody has to phone.
    """
    if report.reporter_id is None:
        return None
    if is_owner_held(context.database, report):
        return letter_to(report.contact) if is_mail(report.contact) and EMAIL in context.channels else None
    return people.reached_at(context.database, report.reporter_id)


def added(report: Report, context: Context) -> list[Reply]:
    """What whoever takes care of a report is shown when something was added: what was said, too."""
    events = reports.events(context.database, report.id)
    said = next((event.note for event in reversed(events) if event.what in ("answered", "added")), "")
    told = _cards("report.card_added", report, context, said)
    if told:
        reports.inform(context.database, report.id, "office", context.now.isoformat())
    return told


def changed(report: Report, what: str, context: Context, note: str = "") -> list[Reply]:
    """What the reporter is told when somebody of the office did something; nothing where he left no name."""
    if not report.reporter_id or report.reporter_id == context.person:
        return []
    to = reporter_at(report, context)
    if to is None:
        return []
    texts = context.texts
    said = texts.rich("report.noted", note=note) if note else Markup()
    text = texts.rich(
        "report.changed", number=wording.number(report.id, context), what=texts(f"report.event_{what}"), note=said
    )
    reports.inform(context.database, report.id, "reporter", context.now.isoformat())
    buttons = (
        Button(texts("button.report_show"), "report.show", {"report": report.id}),
        Button(texts(f"button.report_{'answer' if what == 'asked' else 'add'}"), "report.add", {"report": report.id}),
    )
    return [to_reporter(report, text, to, buttons, context)]


def to_reporter(report: Report, text: Markup, to: Address, buttons: tuple[Button, ...], context: Context) -> Reply:
    """Return what a reporter is told, with what it takes where it is a letter."""
    subject = context.texts("report.letter_subject", number=wording.number(report.id, context))
    return Reply(text, buttons, to=to, urgency=REPORT, subject=subject, letter=context.texts.rich("report.letter"))


def card(name: str, report: Report, context: Context, said: str = "") -> Markup:
    """Return what others than those who may read a report are told of it: number, kind, unit and harm.

    `said` is added only for those who may.
    """
    texts = context.texts
    return texts.rich(
        name,
        number=wording.number(report.id, context),
        kind=texts(f"kind.{report.kind}"),
        unit=wording.unit_name(report.unit_id, context),
        harm=texts(f"harm.{report.harm}"),
        said=texts.rich("report.card_said", said=said) if said else "",
    )


def choices(report: Report, context: Context) -> tuple[Button, ...]:
    """Return what can be done with a report from its card, by those whom it is sent to by themselves."""
    texts = context.texts
    buttons = [Button(texts("button.report_show"), "casework.card", {"report": report.id})]
    if report.taken_by is None:
        buttons.append(Button(texts("button.report_take"), "report.take", {"report": report.id}, once="take"))
    return tuple(buttons)


def _cards(name: str, report: Report, context: Context, said: str = "") -> list[Reply]:
    text, buttons = card(name, report, context, said), choices(report, context)
    return [
        Reply(text, buttons, to=to, urgency=REPORT)
        for person in responsible(report, context)
        if person != context.person and (to := people.reached_at(context.database, person))
    ]
