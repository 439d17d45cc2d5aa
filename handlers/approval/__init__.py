"""Approval: what the office wants its head to approve before it is done."""

from handlers.approval import service
from handlers.approval.dialogue import COMMANDS, FORMS, act, cards

__all__ = ["COMMANDS", "FORMS", "act", "cards", "service"]
