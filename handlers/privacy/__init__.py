"""Privacy: everybody sees, corrects and deletes what is kept about him, and takes his consent back."""

from handlers.privacy.dialogue import COMMANDS, FORMS, act

__all__ = ["COMMANDS", "FORMS", "act"]
