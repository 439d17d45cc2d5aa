"""People: units, members and their roles; joining and leaving."""

from handlers.people import service

__all__ = ["service"]
