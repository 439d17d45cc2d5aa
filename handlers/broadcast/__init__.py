"""Broadcasts: administrators, heads and contacts remind everybody of theirs, once, and know who has read it."""

from collections.abc import Sequence

from handlers.broadcast import marking, running, sending, service
from handlers.broadcast.acknowledging import acknowledged
from handlers.broadcast.content import STANDING_MENUS
from handlers.broadcast.dialogue import COMMANDS, FORMS, act, attached, pressed
from handlers.broadcast.sheet import DRAWINGS
from handlers.context import Context
from handlers.conversation import Outcome, Reply

KINDS = {**running.KINDS, **sending.KINDS, **marking.KINDS}


def happened(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
    """Do what follows when messages of broadcasts, or the fetching of their files, have ended."""
    replies = [reply for outcome in outcomes if "attach" in outcome.concern for reply in attached(outcome, context)]
    sent = [outcome for outcome in outcomes if "attach" not in outcome.concern]
    return [*replies, *running.happened(sent, context)]


__all__ = [
    "COMMANDS",
    "DRAWINGS",
    "FORMS",
    "KINDS",
    "STANDING_MENUS",
    "acknowledged",
    "act",
    "happened",
    "pressed",
    "service",
]
