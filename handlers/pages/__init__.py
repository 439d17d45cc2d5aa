"""Pages: the register of the office's official accounts and pages, and what looks like them."""

from handlers.pages import register, service
from handlers.pages.dialogue import COMMANDS, FORMS, act

__all__ = ["COMMANDS", "FORMS", "act", "register", "service"]
