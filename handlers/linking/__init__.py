"""Linking: one person on two messengers, with a one-time code; and taking the link off."""

from handlers.linking.dialogue import COMMANDS, FORMS, by_code, is_code

__all__ = ["COMMANDS", "FORMS", "by_code", "is_code"]
