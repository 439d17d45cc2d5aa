"""What is said of a report to those who take care of it: its number, what it is about, times and spans."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Button
from handlers.people.screens import name_of
from handlers.report.trail import shown_number
from handlers.texts import Texts
from storage import units
from storage.reports import Event, Report


def name_of_number(report: Report, context: Context) -> str:
    """Return a report's number as people say it."""
    return shown_number(report.id, context.scene)


def about(report: Report, context: Context) -> Markup:
    """Return in one line what a report is about: number, kind, platform, harm, unit."""
    texts = context.texts
    unit = units.living(context.database, report.unit_id) if report.unit_id is not None else None
    parts = [
        texts.rich("casework.number", number=name_of_number(report, context)),
        texts.rich(f"kind.{report.kind}"),
        *(
            [texts.rich("casework.platform", platform=platform_name(report.platform, context.texts))]
            if report.platform
            else []
        ),
        *([texts.rich(f"harm.{report.harm}")] if report.harm not in ("unknown", "none") else []),
        *([Markup("{}").format(unit.name)] if unit else []),
    ]
    return Markup(", ").join(parts)


def platform_name(platform: str, texts: Texts) -> str:
    """Return the name of a platform; one that is not in the catalogue as it was typed."""
    name = f"platform.{platform}"
    return texts(name) if name in texts else platform


def event_name(event: Event, context: Context) -> str:
    """Return what happened, in a word or two."""
    name = f"casework.event_{event.what}"
    # A program of before may have written what is not known any more.
    return context.texts(name if name in context.texts else "casework.event_other")


def member_name(person: int | None, context: Context) -> str:
    """Return the name of a member, of the machine for whoever works on it, "" for anybody else."""
    return name_of(person, context) if person is not None else ""


def shown_time(at: str, context: Context, *, year: bool = False) -> str:
    """Return a stored time as the office's clock shows it; with its year where it is read later too."""
    return f"{dt.datetime.fromisoformat(at).astimezone(context.zone):{'%H:%M %d/%m/%Y' if year else '%H:%M %d/%m'}}"


def span(time: dt.timedelta, context: Context) -> str:
    """Return how long something is, as people say it: minutes, hours, days."""
    minutes = max(1, round(time / dt.timedelta(minutes=1)))
    if minutes < 90:
        return context.texts("casework.minutes", count=minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return context.texts("casework.hours", count=hours)
    return context.texts("casework.days", count=round(hours / 24))


def card_buttons(report: Report, context: Context) -> tuple[Button, ...]:
    """Return the buttons under a message that leads to a report."""
    show = Button(context.texts("casework.show"), "casework.card", {"report": report.id})
    if report.is_open and report.taken_by is None:
        return (Button(context.texts("casework.take"), "casework.take", {"report": report.id}), show)
    return (show,)
