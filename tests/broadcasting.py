"""An office with people who are written to: scheduler, receiver and delivery around one database, with a clock."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.channels.abilities import Abilities
from bot.delivery import Delivery
from bot.plan import line_of
from bot.rate_limit import Limits
from bot.receiver import Receiver
from bot.scheduler import Scheduler
from bot.worker import Worker
from handlers.authorization import Actor, Scene
from handlers.broadcast import KINDS, service
from handlers.office import Office
from handlers.people import service as office
from handlers.texts import Texts
from knowledge.search import Search
from storage import broadcasts, members, recipients, roles
from storage.audit import CONSOLE
from storage.database import Database
from storage.merging import merge
from storage.people import Address, person_at
from tests.helpers import Clock, Messenger

MONDAY = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
"""Ten o'clock on a day of work."""

WIDE = Limits(chat_rate=100, chat_burst=100, rate=1000, burst=1000, reserve=0)
EVERYBODY = {"kind": "all"}
CONTENT = {"text": "Bật xác thực hai bước.", "buttons": [{"label": "Đã đọc và hiểu", "kind": "confirm"}]}

Result = TypeVar("Result")


class Desk:
    """Everything that a broadcast meets; `channels` carry what is sent."""

    def __init__(
        self, path: Path, search: Search, texts: Texts, *channels: Messenger, said: Office | None = None
    ) -> None:
        self.channels = channels or (Messenger(abilities=Abilities(buttons=True, text_length=2_000), limits=WIDE),)
        self.worker = Worker(path)
        self.clock = Clock()
        self.clock.now = MONDAY
        self.receiver = Receiver(
            search,
            texts,
            said or Office(name="Sở Ví Dụ"),
            ZoneInfo("Asia/Ho_Chi_Minh"),
            {channel.name: channel.abilities for channel in self.channels},
            lines=[line_of(channel) for channel in self.channels],
        )
        self.delivery = Delivery(
            self.worker,
            self.channels,
            happened=self.receiver.happened,
            clock=self.clock,
            monotonic=self.clock.monotonic,
        )
        self.scheduler = Scheduler(self.worker, self.receiver, KINDS, owner="a", clock=self.clock)

    @property
    def channel(self) -> Messenger:
        """The only channel."""
        (only,) = self.channels
        return only

    def close(self) -> None:
        self.worker.close()

    def ask(self, act: Callable[..., Result], *args: Any) -> Result:
        """Do something with the database in a transaction of its own."""
        return asyncio.run(self.worker.write(act, *args))

    def act(self, does: Callable[..., Result], *args: Any, by: int = CONSOLE, **more: Any) -> Result:
        """Do an act of a service as somebody, or at the machine."""

        def work(database: Database) -> Result:
            day = self.clock.now.astimezone(self.receiver.zone).date()
            actor = Actor(by, True, tuple(roles.of(database, by, day.isoformat()))) if by else Actor(CONSOLE)
            return does(Scene(database, actor, self.clock.now, day), *args, **more)

        return self.ask(work)

    def unit(self, name: str, parent: int | None = None) -> int:
        if parent is None:
            return self.act(office.create_unit, name)
        return self.act(office.create_under, parent, name)

    def people(self, unit: int, *names: str, channel: str = "vidu") -> list[int]:
        """Let people belong to a unit, each with a private chat of his name."""

        def join(database: Database) -> list[int]:
            now = self.clock.now.isoformat()
            found = []
            for name in names:
                person = person_at(database, Address(channel, "bot-1", name, name), now)
                put(database, person, name, unit, now)
                found.append(person)
            return found

        return self.ask(join)

    def draft(self, unit: int | None = None, whom: dict[str, Any] | None = None, **content: Any) -> int:
        return self.act(service.write, unit, {**CONTENT, **content}, whom or EVERYBODY)

    def send(self, number: int, unit: int | None = None, by: int = CONSOLE, **more: Any) -> None:
        said = self.get(number).content["text"]
        self.act(service.send, unit, number, said, by=by, **more)

    def get(self, number: int) -> broadcasts.Broadcast:
        found = self.ask(broadcasts.get, number)
        assert found is not None
        return found

    def work(self) -> None:
        """Do what is due and send what waits, until there is nothing more of either at this time."""

        async def both() -> None:
            while True:
                done = await self.scheduler.do_due()
                sent = await self.delivery.drain()
                if not done and not sent:
                    return

        asyncio.run(both())

    def due(self) -> None:
        """Do only what is due."""
        asyncio.run(self.scheduler.do_due())

    def sums(self, number: int) -> dict[tuple[str, str], int]:
        """How many people are in which state, for which reason."""
        found: dict[tuple[str, str], int] = {}
        for part in self.ask(recipients.sums, number):
            found[part.state, part.reason] = found.get((part.state, part.reason), 0) + part.people
        return found

    def rows(self, number: int) -> dict[int, tuple[str, str]]:
        """The state and reason of everybody on the list."""
        values = {"number": number}
        sql = "SELECT person_id, state, reason FROM recipients WHERE broadcast_id = :number"
        return {row["person_id"]: (row["state"], row["reason"]) for row in self.ask(Database.rows, sql, values)}

    def arrived(self, channel: Messenger | None = None) -> list[str]:
        """The chats that got something, in this order."""
        return [chat for chat, _ in (channel or self.channel).arrived]


def put(
    database: Database, person: int, name: str, unit: int | None, now: str, state: members.State = "joined"
) -> None:
    """Let somebody be a member."""
    members.put(database, person, name=name, folded=name.lower(), position="", code=None, state=state, now=now)
    members.transfer(database, person, unit, now[:10])


def others_of(database: Database, channel: str, person: int, name: str, now: str) -> None:
    """Give somebody another messenger, used at a time."""
    stranger = person_at(database, Address(channel, "bot-1", name, name), now)
    merge(database, stranger, person)


def counted(rows: dict[int, tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many rows have which state and reason."""
    return {kind: list(rows.values()).count(kind) for kind in set(rows.values())}


def names(first: str, count: int) -> Sequence[str]:
    return [f"{first}{number:03}" for number in range(count)]
