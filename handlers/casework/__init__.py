"""Casework: the responsible unit's side of a report, from its card to its end, so that nothing is forgotten."""

from handlers.casework import service
from handlers.casework.dialogue import COMMANDS, FORMS, act, by_number
from handlers.casework.dossier import DRAWING, draw
from handlers.casework.following import KINDS

__all__ = ["COMMANDS", "DRAWING", "FORMS", "KINDS", "act", "by_number", "draw", "service"]
