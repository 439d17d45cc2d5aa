"""The wiring: settings to channels, receiver, delivery and everything beside them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot import upkeep
from bot.aside import Aside
from bot.channels.abilities import Abilities
from bot.channels.base import Channel, Event, Remembering, Shelving, Taken, doors, linkable
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.fetcher import Fetcher
from bot.files import FileStore, make_box
from bot.housekeeping import tidy
from bot.intake import Intake
from bot.knowledge_base import load_search
from bot.plan import line_of
from bot.presence import Presence
from bot.receiver import Receiver
from bot.scheduler import Scheduler
from bot.settings import FILES_OUT, Settings, database_path
from bot.worker import Worker
from handlers.conversation import Door
from handlers.destinations import load_routing
from handlers.first_aid import load_first_aid
from handlers.office import load_office
from handlers.router import KINDS
from handlers.texts import load_texts
from storage import outbox, people
from storage.database import Database
from storage.errors import StorageBusy

# A window of the terminal that was opened longer ago is not there any more.
LONGEST_WINDOW = dt.timedelta(days=1)
# How long a busy storage is waited for, in seconds, beside the waiting of SQLite itself.
BUSY_PAUSES = (0.2, 1.0, 3.0)


class App:
    """The bot with its channels, database and documents; close it when done."""

    def __init__(self, settings: Settings, channels: Sequence[Channel]) -> None:
        """Open everything; raise the named errors of the rooms where something cannot be used."""
        office = load_office(settings.office)
        box = make_box(settings.keys)
        texts = load_texts(settings.office)
        self.channels = channels
        self._linkable = linkable(channels)
        self.aside = Aside(
            settings.files_out_folder,
            settings.files_out or FILES_OUT,
            texts,
            settings.zone,
            chosen=bool(settings.files_out),
        )
        self.receiver = Receiver(
            search=load_search(settings.office, office),
            texts=texts,
            office=office,
            zone=settings.zone,
            abilities={channel.name: self.aside.widened(channel.abilities) for channel in channels},
            doors=self._doors,
            elsewhere=lambda channel: self.aside.widened(_abilities_elsewhere(channel)),
            first_aid=load_first_aid(settings.office),
            routing=load_routing(settings.office),
            lines=[line_of(channel, aside=self.aside.takes_kept) for channel in channels],
        )
        self.worker = Worker(database_path(settings))
        try:
            self.presence = Presence(settings.data)
        except OSError as error:
            self.worker.close()
            raise StorageBusy(str(error)) from None
        self.box = box
        files = FileStore(self.worker, box, lambda: utc_now().isoformat()) if box else None
        self.delivery = Delivery(
            self.worker,
            channels,
            happened=self.receiver.happened,
            files=files,
            aside=self.aside,
            presence=self.presence,
        )
        self.fetcher = Fetcher(
            self.worker, channels, files, self.receiver.happened, utc_now, self.delivery.wake, self.presence.owner
        )
        for channel in channels:
            if isinstance(channel, Remembering):
                channel.remember(self.worker, self.presence.owner, self.receiver.happened)
            if isinstance(channel, Shelving) and channel.shelf:
                channel.shelf.elsewhere = partial(self.delivery.file_on_its_way, channel.name, channel.account)
        self.intake = Intake(self.worker, self.receiver, self._committed)
        self.scheduler = Scheduler(
            self.worker,
            self.receiver,
            {**KINDS, **upkeep.kinds(settings, self.worker, box, utc_now)},
            owner=self.presence.owner,
            clock=utc_now,
            wake=self.delivery.wake,
        )

    async def converse(self, channel: Channel) -> None:
        """Hold a conversation in one window until it ends: each event is taken and answered in turn.

        What is older than it needs to be is deleted first, and so is what earlier windows could not show.
        """
        preparing: list[asyncio.Task[None]] = []

        async def take(event: Event) -> Taken:
            taken: list[Taken] = []

            async def receive() -> None:
                taken.append(await self.worker.run(self.receiver.take, event))

            await _patiently(receive)
            await _patiently(self.delivery.drain)
            if not preparing:
                # While the greeting is read. On the worker, so that a question waits for it outside its transaction.
                preparing.append(asyncio.create_task(self.worker.run(self.prepare)))
            return taken[0]

        now = utc_now()
        oldest = (now - LONGEST_WINDOW).isoformat()
        await self.worker.write(outbox.abandon, channel.name, oldest, now.isoformat())
        await tidy(self.worker, now, self.receiver.happened, self.receiver.office.retention)
        await self.aside.tidy(now)
        try:
            await channel.receive(take)
        finally:
            # Nobody is written to in a window that is closed; what belongs to the person stays.
            with contextlib.suppress(StorageBusy):
                await self.worker.write(people.forget_windows, channel.name, channel.account, oldest)

    def prepare(self, _: Database) -> None:
        """Load what a first question would have to wait for."""
        self.receiver.search.warm_up()

    def close(self) -> None:
        """End the worker and close the database."""
        self.worker.close()
        self.presence.close()

    def _doors(self, code: str) -> list[Door]:
        return doors(self._linkable, code)

    def _committed(self) -> None:
        self.delivery.wake()
        self.fetcher.wake()


def _abilities_elsewhere(channel: str) -> Abilities:
    # Imported when somebody is written to there: a conversation in a terminal need not wait for it.
    from bot.channels.configured import abilities_of

    return abilities_of(channel)


async def _patiently(act: Callable[[], Awaitable[object]]) -> None:
    """Do an act; a storage that is busy is no reason to give up at once."""
    for pause in BUSY_PAUSES:
        try:
            await act()
        except StorageBusy:
            await asyncio.sleep(pause)
        else:
            return
    await act()
