"""Broadcasts: administrators, heads and contacts remind everybody of theirs, once, and know who has read it."""

from handlers.broadcast import marking, running, sending, service
from handlers.broadcast.acknowledging import acknowledged
from handlers.broadcast.content import STANDING_MENUS
from handlers.broadcast.dialogue import COMMANDS, FORMS, act, attached, pressed
from handlers.broadcast.sheet import DRAWINGS
from handlers.context import Context
from handlers.conversation import Outcome, Reply

KINDS = {**running.KINDS, **sending.KINDS, **marking.KINDS}


def happened(outcome: Outcome, context: Context) -> list[Reply]:
    """Do what follows when a message of a broadcast, or the fetching of its file, has ended."""
    if "attach" in outcome.concern:
        return attached(outcome, context)
    return running.happened(outcome, context)


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
