"""The draft that is made by itself when a period is over, for the contact and the head; it goes nowhere else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Reply
from handlers.recurrence import Recurrence
from handlers.schedule import Due, Kind
from handlers.upward import dialogue, service
from handlers.upward.period import month_before, month_of
from storage import alerts, people, roles, units
from storage.outbox import REPORT

DRAFT = "upward.draft"
"""The name of the kind, and of what is noted once a period's draft is made."""

MORNING = dt.time(8)


def _draft(_: Due, context: Context) -> list[Reply]:
    """Make the draft of the period that is over, where it was not made yet."""
    begins = context.office.period_begins
    over = month_before(month_of(context.today, begins), begins)
    # Of a time before the office used the bot nothing is known.
    offices = [unit for unit in units.children(context.database, None) if unit.opened_on <= over.last.isoformat()]
    if not offices or not alerts.first_on(context.database, DRAFT, over.last.isoformat()):
        return []
    replies = []
    for office in offices:
        summary = service.summary_of(context.database, office, over, begins, context.zone)
        drawn = dialogue.paper(summary, context)
        text = Markup("\n\n").join([dialogue.figures_text(summary, context.texts), context.texts.rich("upward.made")])
        for person in _readers(context, office.id):
            address = people.reached_at(context.database, person)
            if address:
                replies.append(replace(drawn, text=text, to=address, urgency=REPORT))
    return replies


def _readers(context: Context, unit: int) -> list[int]:
    """The contact and the head of a unit; the administrators where it has neither."""
    day = context.today.isoformat()
    both = [person for role in ("contact", "head") for person in roles.holders(context.database, role, unit, day)]
    return list(dict.fromkeys(both or roles.holders(context.database, "administrator", None, day)))


KINDS = {DRAFT: Kind(_draft, recurs=Recurrence(MORNING))}
"""Looked at every morning, so that a period whose end the bot slept through is not forgotten."""
