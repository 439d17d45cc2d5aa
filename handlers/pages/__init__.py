"""Pages: the register of the office's official accounts and pages, and what looks like them."""

from handlers.pages import register, service
from handlers.pages.dialogue import COMMANDS, FORMS, act
from handlers.pages.register import DRAWING, draw

__all__ = ["COMMANDS", "DRAWING", "FORMS", "act", "draw", "register", "service"]
