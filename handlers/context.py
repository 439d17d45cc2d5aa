"""What a handler is given beside the event: everything it may read and change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The world of one event. The database is inside the event's transaction.

    Attributes:
        now: the time, UTC, by the only clock a handler has.
        person: the id of the person who wrote; 0 where nobody did.
        tally: counts what happened, without who did it, under a name such as "answered".
        numbered: whether choices are shown with numbers, so that a typed number means one.
        units: names of the units the person belongs to, for documents of limited audience.
    """

    database: Database
    search: Search
    texts: Texts
    office: Office
    zone: ZoneInfo
    now: dt.datetime
    person: int
    tally: Callable[[str], None] = lambda _: None
    units: frozenset[str] = frozenset()
    numbered: bool = True

    @property
    def today(self) -> dt.date:
        """The day at the office."""
        return self.now.astimezone(self.zone).date()
