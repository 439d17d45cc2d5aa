"""People: units, members and their roles; joining and leaving."""

from handlers.people import service
from handlers.people.dialogue import COMMANDS, FORMS, act, by_code, is_code

__all__ = ["COMMANDS", "FORMS", "act", "by_code", "is_code", "service"]
