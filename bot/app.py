"""The wiring: settings to a running conversation."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.channels.base import Channel
from bot.delivery import Delivery, utc_now
from bot.knowledge_base import load_search
from bot.receiver import Receiver
from bot.settings import Settings
from bot.worker import Worker
from handlers.conversation import Incoming
from handlers.office import load_office
from handlers.router import MENU_LIFE
from handlers.texts import load_texts
from storage import mailbox, questions
from storage.database import FILE_NAME, Database
from storage.errors import StorageBusy

# How long the key of an event is kept: longer than any messenger repeats an update.
KEEP_EVENTS = dt.timedelta(days=30)
# How long it stays known how a message ended; its text is erased at its end.
KEEP_MESSAGES = dt.timedelta(days=30)
# Questions that nobody asked again for so long have been dealt with, or never will be.
KEEP_QUESTIONS = dt.timedelta(days=365)
# A window of the terminal that was opened longer ago is not there any more.
LONGEST_WINDOW = dt.timedelta(days=1)
# How long a busy storage is waited for, in seconds, beside the waiting of SQLite itself.
BUSY_PAUSES = (0.2, 1.0, 3.0)


class App:
    """The bot with its channels, database and documents; close it when done."""

    def __init__(self, settings: Settings, channels: Sequence[Channel]) -> None:
        """Open everything; raise the named errors of the rooms where something cannot be used."""
        office = load_office(settings.office)
        search = load_search(settings.office, office)
        self._receiver = Receiver(
            search=search,
            texts=load_texts(settings.office),
            office=office,
            zone=settings.zone,
            abilities={channel.name: channel.abilities for channel in channels},
        )
        self._worker = Worker(database_path(settings))
        self._delivery = Delivery(self._worker, channels)

    async def converse(self, channel: Channel) -> None:
        """Hold a conversation in one window until it ends: each event is taken and answered in turn.

        What is older than it needs to be is deleted first, and so is what earlier windows could not show.
        """
        preparing: list[asyncio.Task[None]] = []

        async def take(event: Incoming) -> None:
            await _patiently(lambda: self._worker.run(self._receiver.take, event))
            await _patiently(self._delivery.drain)
            if not preparing:
                # While the greeting is read. On the worker, so that a question waits for it outside its transaction.
                preparing.append(asyncio.create_task(self._worker.run(self._prepare)))

        await self._worker.run(_tidy, channel.name)
        await channel.receive(take)

    def _prepare(self, _: Database) -> None:
        self._receiver.search.warm_up()

    def close(self) -> None:
        """End the worker and close the database."""
        self._worker.close()


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


def _tidy(database: Database, channel: str) -> None:
    now = utc_now()
    with database.transaction():
        mailbox.abandon(database, channel, (now - LONGEST_WINDOW).isoformat(), now.isoformat())
        mailbox.purge(
            database,
            events_before=(now - KEEP_EVENTS).isoformat(),
            menus_before=(now - MENU_LIFE).isoformat(),
            messages_before=(now - KEEP_MESSAGES).isoformat(),
        )
        questions.purge(database, (now - KEEP_QUESTIONS).date().isoformat())
    database.fold_log()


def database_path(settings: Settings) -> Path:
    """Return where the database file stands."""
    return settings.data / FILE_NAME
