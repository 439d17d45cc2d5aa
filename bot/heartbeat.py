"""Writes down each minute that the bot is alive, so that after a pause it is known how long it was off."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from bot.clock import Clock, is_plausible
from bot.upkeep import OUTAGE
from bot.worker import Worker
from storage import heartbeats, jobs
from storage.database import Database
from storage.errors import StorageBusy

log = logging.getLogger(__name__)

INTERVAL = 60.0

# Less is a restart, or a busy machine.
SHORTEST = dt.timedelta(minutes=10)


async def keep_beating(worker: Worker, clock: Clock) -> None:
    """Beat again and again until cancelled."""
    while True:
        try:
            await worker.write(beat, clock())
        except StorageBusy:
            log.warning("storage busy, no heartbeat")
        await asyncio.sleep(INTERVAL)


def beat(database: Database, now: dt.datetime) -> None:
    """Note that the bot is alive; where it was off before, plan to tell. Run inside a transaction.

    Told once: the beat that ends a pause is committed with the plan. A machine that slept was off too.
    """
    if not is_plausible(now):
        return
    last = heartbeats.last(database, heartbeats.RUNNING)
    stamp = now.isoformat()
    heartbeats.beat(database, heartbeats.RUNNING, stamp)
    if last and now - dt.datetime.fromisoformat(last) >= SHORTEST:
        log.warning("the bot was off", extra={"since": last})
        jobs.plan(database, OUTAGE, last, stamp, stamp, {"since": last, "until": stamp})
