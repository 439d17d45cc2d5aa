"""What is handed upward about the reports of accounts: figures of a period, drafts of papers, the case list."""

from handlers.upward.dialogue import COMMANDS, act
from handlers.upward.schedule import KINDS

__all__ = ["COMMANDS", "KINDS", "act"]
