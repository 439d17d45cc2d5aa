"""What the bot does for itself at its times: backups, the weekly line, and what it has to tell after a start."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping

from bot import backup
from bot.clock import Clock
from bot.files import Box, reseal
from bot.plan import RUNS_SHORT
from bot.scheduler import Errand
from bot.settings import Settings
from bot.worker import Worker
from handlers import upkeep
from handlers.leading import FULL
from handlers.schedule import Kind
from storage import blobs, jobs
from storage.database import Database

log = logging.getLogger(__name__)

BACKUP, HEALTH, RESTORED = "upkeep.backup", "upkeep.health", "upkeep.restored"
OUTAGE, RESEAL, RESEALED = "upkeep.outage", "upkeep.reseal", "upkeep.resealed"

# Less free space than this and a busy week may fill the disk.
LOW_DISK_GB = 1.0


def kinds(settings: Settings, worker: Worker, box: Box | None, clock: Clock) -> Mapping[str, Kind | Errand]:
    """Return what the bot does for itself, by kind."""

    async def make_backup() -> None:
        await backup.make_daily(settings)

    async def reseal_files() -> None:
        if box is None:
            return
        done, closed = await reseal(worker, box)
        log.info("files encrypted with the newest key", extra={"parts": done, "closed": closed})
        data = {"closed": closed, "days": backup.KEEP_BACKUPS.days}
        now = clock().isoformat()
        await worker.write(jobs.plan, RESEALED, "files", now, now, data)

    return {
        BACKUP: Errand(make_backup, settings.backup_recurs),
        HEALTH: Kind(lambda _, context: upkeep.health(context, machine(settings)), recurs=settings.health_recurs),
        OUTAGE: Kind(lambda due, context: upkeep.outage(context, due.data)),
        RESTORED: Kind(lambda due, context: upkeep.restored(context, due.data)),
        RESEAL: Errand(reseal_files),
        RUNS_SHORT: Kind(lambda due, context: upkeep.plan(context, due.data)),
        FULL: Kind(lambda due, context: upkeep.full(context, due.data)),
        RESEALED: Kind(lambda due, context: upkeep.resealed(context, due.data)),
    }


def plan_reseal(database: Database, box: Box | None, now: str) -> None:
    """Plan to encrypt with the newest key what an older one encrypted, where there is any."""
    if box and blobs.next_part_of_others(database, box.names[0], (0, -1)):
        jobs.plan(database, RESEAL, "files", now, now)


def machine(settings: Settings) -> upkeep.Machine:
    """Look at the machine."""
    free = shutil.disk_usage(settings.data).free / 1e9
    return upkeep.Machine(backup.newest(backup.default_folder(settings)), free, free < LOW_DISK_GB)
