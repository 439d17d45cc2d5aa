"""Ask: a question gets the provision that answers it, or an honest no."""

from handlers.ask.dialogue import ONCE, act, answer, help_text, welcome

__all__ = ["ONCE", "act", "answer", "help_text", "welcome"]
