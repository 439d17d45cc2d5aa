"""Ask: a question gets the provision that answers it, or an honest no."""

from handlers.ask.dialogue import (
    act,
    against_despair,
    answer,
    help_text,
    introduction,
    is_greeting,
    urgent,
    welcome,
    welcome_group,
)

__all__ = [
    "act",
    "against_despair",
    "answer",
    "help_text",
    "introduction",
    "is_greeting",
    "urgent",
    "welcome",
    "welcome_group",
]
