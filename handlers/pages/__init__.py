"""Pages: the register of the office's official accounts and pages, and what looks like them."""

from handlers.pages import register, service
from handlers.pages.dialogue import COMMANDS, FORMS, act
from handlers.pages.suspecting import look

__all__ = ["COMMANDS", "FORMS", "act", "look", "register", "service"]
