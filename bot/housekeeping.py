"""Deletes what was kept as long as it may be, in small parts so that nobody waits for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from bot.clock import Clock
from bot.worker import Worker
from handlers.router import MENU_LIFE
from storage import blobs, fetches, inbox, menus, outbox, questions
from storage.database import Database
from storage.errors import StorageBusy

log = logging.getLogger(__name__)

# How long the key of an event is kept: longer than any messenger repeats an update.
KEEP_EVENTS = dt.timedelta(days=30)
# How long it stays known how a message ended; its text is erased at its end.
KEEP_MESSAGES = dt.timedelta(days=30)
# Longer than any message is tried.
KEEP_UNSENT = dt.timedelta(days=10)
# Questions that nobody asked again for so long have been dealt with, or never will be.
KEEP_QUESTIONS = dt.timedelta(days=365)
# A file that is not complete by then never will be.
KEEP_INCOMPLETE = dt.timedelta(days=1)

INTERVAL = 3600.0
# Rows deleted in one transaction, and the pause until the next.
CHUNK = 500
PAUSE = 0.05

Purge = Callable[[Database, str, int], int]


def rules(now: dt.datetime) -> list[tuple[Purge, str]]:
    """Return what is deleted, and before which time, at a time."""
    return [
        (inbox.purge, (now - KEEP_EVENTS).isoformat()),
        (menus.purge, (now - MENU_LIFE).isoformat()),
        (outbox.give_up_overdue, (now - KEEP_UNSENT).isoformat()),
        (outbox.purge, (now - KEEP_MESSAGES).isoformat()),
        (fetches.purge, (now - KEEP_MESSAGES).isoformat()),
        (blobs.purge_incomplete, (now - KEEP_INCOMPLETE).isoformat()),
        (questions.purge, (now - KEEP_QUESTIONS).date().isoformat()),
    ]


async def tidy(worker: Worker, now: dt.datetime) -> int:
    """Delete everything whose time is over; return how many rows."""
    deleted = 0
    for purge, before in rules(now):
        while True:
            count = await worker.write(purge, before, CHUNK)
            deleted += count
            if count < CHUNK:
                break
            await asyncio.sleep(PAUSE)
    await worker.run(Database.fold_log)
    return deleted


async def keep_tidy(worker: Worker, clock: Clock) -> None:
    """Tidy again and again until cancelled."""
    while True:
        try:
            deleted = await tidy(worker, clock())
            if deleted:
                log.info("deleted %d old rows", deleted)
        except StorageBusy:
            log.warning("storage busy, tidying waits")
        await asyncio.sleep(INTERVAL)
