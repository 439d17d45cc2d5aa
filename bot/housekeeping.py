"""Deletes what was kept as long as it may be, in small parts so that nobody waits for it.

Messages that nobody sends any more are given up first, and the jobs that wrote them are told.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from bot import metrics
from bot.clock import Clock
from bot.dispatch import Happened
from bot.worker import Worker
from handlers.conversation import Outcome
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
# Jobs told of an end in one transaction: what each does takes longer than deleting a row.
MOST_TOLD = 50

Purge = Callable[[Database, str, int], int]


def rules(now: dt.datetime, happened: Happened) -> list[tuple[Purge, str]]:
    """Return what is deleted, and before which time, at a time; `happened` is told of messages that are given up."""
    return [
        (inbox.purge, (now - KEEP_EVENTS).isoformat()),
        (menus.purge, (now - MENU_LIFE).isoformat()),
        (partial(_give_up_overdue, now, happened), (now - KEEP_UNSENT).isoformat()),
        (outbox.purge, (now - KEEP_MESSAGES).isoformat()),
        (fetches.purge, (now - KEEP_MESSAGES).isoformat()),
        (blobs.purge_incomplete, (now - KEEP_INCOMPLETE).isoformat()),
        (questions.purge, (now - KEEP_QUESTIONS).date().isoformat()),
    ]


async def tidy(worker: Worker, now: dt.datetime, happened: Happened) -> int:
    """Delete everything whose time is over; return how many rows."""
    deleted = 0
    for purge, before in rules(now, happened):
        while True:
            count = await worker.write(purge, before, CHUNK)
            deleted += count
            if count < CHUNK:
                break
            await asyncio.sleep(PAUSE)
    await worker.run(Database.fold_log)
    return deleted


async def keep_tidy(worker: Worker, clock: Clock, happened: Happened) -> None:
    """Tidy again and again until cancelled."""
    while True:
        try:
            deleted = await tidy(worker, clock(), happened)
            if deleted:
                log.info("deleted %d old rows", deleted)
        except StorageBusy:
            log.warning("storage busy, tidying waits")
        await asyncio.sleep(INTERVAL)


def _give_up_overdue(now: dt.datetime, happened: Happened, database: Database, before: str, limit: int) -> int:
    """End what nobody sends any more; return `limit` while there may be more."""
    most = min(limit, MOST_TOLD)
    rows = outbox.give_up_overdue(database, before, now.isoformat(), "overdue", most)
    for row in rows:
        metrics.count(metrics.DELIVERIES, row.channel, metrics.CLASS_NAMES[row.urgency], "failed")
        if row.concern:
            happened(database, Outcome(row.concern, "failed", "overdue"), now)
    return limit if len(rows) == most else len(rows)
