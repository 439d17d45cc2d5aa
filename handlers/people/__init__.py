"""People: units, members and their roles; joining and leaving; the roster."""

from handlers.people import appointing, roster, service
from handlers.people.dialogue import COMMANDS, FORMS, act, by_code, is_code
from handlers.people.invitation import DRAWING, draw_sheet

KINDS = {**roster.KINDS, **appointing.KINDS}

__all__ = ["COMMANDS", "DRAWING", "FORMS", "KINDS", "act", "by_code", "draw_sheet", "is_code", "roster", "service"]
