"""Reports: an account that was lost, imitated or misused reaches the responsible unit, and somebody answers."""

from handlers.report import service
from handlers.report.evidence import tell

__all__ = ["service", "tell"]
