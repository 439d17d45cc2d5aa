"""Telling administrators that something needs them: each thing at most once a day."""

from __future__ import annotations

from typing import Any

from handlers.context import Context
from handlers.conversation import Outcome, Reply
from storage import alerts, people, roles
from storage.outbox import REPORT
from storage.people import Address


def concern(text: str, rather_not: str = "") -> dict[str, Any]:
    """Return what an outcome must carry so that administrators are told a text of the catalogue.

    `rather_not` names the channel that has the trouble: whoever can be reached elsewhere is told there.
    """
    return {"job": "alert", "text": text, "rather_not": rather_not}


def tell(outcome: Outcome, context: Context) -> list[Reply]:
    """Return what administrators are told, nothing where they were told today."""
    name, rather_not = outcome.concern["text"], outcome.concern["rather_not"]
    day = context.today.isoformat()
    administrators = roles.holders(context.database, "administrator", None, day)
    found = [address for person in administrators if (address := _reached_at(person, rather_not, context))]
    if not found or not alerts.first_on(context.database, name, day):
        return []
    return [Reply(context.texts.rich(name), to=address, urgency=REPORT) for address in found]


def _reached_at(person: int, rather_not: str, context: Context) -> Address | None:
    """Where somebody is told, of what goes out here: where he wrote last, on that channel only if there is no other."""
    reached = [
        address for address in people.all_reached_at(context.database, person) if address.channel in context.channels
    ]
    return min(reached, key=lambda address: address.channel == rather_not, default=None)
