"""What a handler is given beside the event: everything it may read and change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup

from handlers.authorization import Actor, Scene, actor_at
from handlers.conversation import Door, Line, Reply
from handlers.destinations import Routing
from handlers.errors import Refusal
from handlers.first_aid import Steps, load_first_aid
from handlers.office import Office
from handlers.sealing import Seal
from handlers.texts import Texts
from knowledge.search import Search
from storage import members, units
from storage.database import Database
from storage.people import Address


@dataclass(frozen=True, slots=True)
class Context:
    """The world of one event. The database is inside the event's transaction.

    Attributes:
        now: the time, UTC, by the only clock a handler has.
        person: the id of the person who wrote; 0 where nobody did.
        tally: counts what happened, without who did it, under a name such as "answered".
        numbered: whether choices may be shown with numbers, so that a typed number means one.
        buttons: whether choices are shown as buttons, but for very many.
        address: where the person writes from; None where nobody wrote.
        channels: those that messages go out on here.
        doors: where the bot is found: every bot of every messenger that is served here, with a link that brings a code
            where the messenger has such.
        parts: tells in how many messages a reply goes out on a channel: a long text is split.
        starts: whether people begin to talk with a start; where not, their first message is the first contact.
        seal: keeps what must not be read beside a person.
        first_aid: what is to be done where an account was lost or imitated.
        routing: where reports go.
        lines: the accounts that messages go out on here, with their pace.
    """

    database: Database
    search: Search
    texts: Texts
    office: Office
    zone: ZoneInfo
    now: dt.datetime
    person: int
    tally: Callable[[str], None] = lambda _: None
    numbered: bool = True
    buttons: bool = False
    address: Address | None = None
    channels: frozenset[str] = frozenset()
    doors: Callable[[str], Sequence[Door]] = lambda _: ()
    parts: Callable[[Reply, str], int] = lambda *_: 1
    starts: bool = True
    seal: Seal = field(default_factory=Seal, compare=False)
    first_aid: Steps = field(default_factory=load_first_aid, compare=False)
    routing: Routing = field(default_factory=Routing)
    lines: Sequence[Line] = ()

    @property
    def today(self) -> dt.date:
        """The day at the office."""
        return day_at(self.now, self.zone)

    @property
    def actor(self) -> Actor:
        """Who acts, with the roles of today."""
        if self.address is None:
            return Actor(self.person)
        return actor_at(self.database, self.address, self.person, self.today)

    @property
    def scene(self) -> Scene:
        """What the acts of the services are done with."""
        return Scene(
            self.database, self.actor, self.now, self.today, frozenset(self.office.approvals), office=self.office
        )

    @property
    def units(self) -> frozenset[str]:
        """Names of the unit that the person belongs to and of those above it, for documents of limited audience."""
        if not self.search.has_audiences or not self.person:
            return frozenset()
        member = members.get(self.database, self.person, self.today.isoformat())
        if member is None or member.state != "joined" or member.unit is None:
            return frozenset()
        above = (units.get(self.database, unit) for unit in units.path(self.database, member.unit))
        return frozenset(unit.name for unit in above if unit)

    def refused(self, refusal: Refusal) -> Markup:
        """Say why an act was refused."""
        return self.texts.rich(f"refused.{refusal.code}", **refusal.values)


# One job after the other asks for the day of the same event.
@lru_cache(maxsize=8)
def day_at(moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the day that it is in a zone at a moment."""
    return moment.astimezone(zone).date()
