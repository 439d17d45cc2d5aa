"""`ungxu backup`, and the same done every day by itself: copies of the database in a folder, the newest few of them.

The keys of the files are never among them: whoever finds a copy reads no photo with it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

from bot.clock import utc_now
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings, database_path
from handlers.retention import in_words
from storage import snapshot
from storage.database import BACKUPS
from storage.snapshot import PREFIX

# No copy of what people entrusted to the office is kept for longer than this once there is a newer one.
KEEP_BACKUPS = dt.timedelta(days=30)
# What a copy that was cut off left behind.
KEEP_PARTS = dt.timedelta(days=1)

REPLACED = "replaced"
"""What the name of a database ends with that was replaced by a copy: it is no backup, and counts as none."""


def run(settings: Settings, folder: Path | None, write: Callable[[str], None]) -> None:
    """Make a copy in a folder, by default the one beside the database, and say where; raise InputError, StorageError.

    A copy may be made while the bot runs.
    """
    if not database_path(settings).exists():
        raise InputError(TEXTS("cli.no_database", path=database_path(settings).absolute()))
    made = make(settings, folder or default_folder(settings), utc_now())
    write(TEXTS("cli.backup_done", file=made.absolute(), size=f"{made.stat().st_size / 1e6:.1f}"))
    write(TEXTS("cli.backup_keys"))
    write(
        TEXTS(
            "cli.backup_kept",
            count=settings.backups_kept,
            time=in_words(KEEP_BACKUPS.days, TEXTS),
            folder=made.parent.absolute(),
        )
    )


def make(settings: Settings, folder: Path, now: dt.datetime, stop: threading.Event | None = None) -> Path:
    """Make a copy and delete those that are too old or too many; return where it is. Raises StorageError."""
    file = folder / snapshot.file_name(now.astimezone(settings.zone))
    snapshot.take(database_path(settings), file, now.isoformat(), stop)
    tidy(folder, settings.backups_kept, now)
    return file


async def make_daily(settings: Settings) -> None:
    """Make a copy beside what else the bot does; where it is cancelled, nothing is left of it."""
    stop = threading.Event()
    making = asyncio.create_task(asyncio.to_thread(make, settings, default_folder(settings), utc_now(), stop))
    try:
        await asyncio.shield(making)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(making, return_exceptions=True)
        raise


def tidy(folder: Path, keep: int, now: dt.datetime) -> None:
    """Keep the newest copies of a folder, and none for too long but the newest."""
    copies = sorted(folder.glob(f"{PREFIX}*.db"), key=_time, reverse=True)
    backups = [file for file in copies if not file.stem.endswith(REPLACED)]
    old = [file for file in copies if now - _time(file) > KEEP_BACKUPS and file not in backups[:1]]
    for file in {*backups[keep:], *old}:
        snapshot.discard(file)
    for part in folder.glob(f"{PREFIX}*.db.part*"):
        if now - _time(part) > KEEP_PARTS:
            part.unlink(missing_ok=True)


def newest(folder: Path) -> dt.datetime | None:
    """Return when the newest copy of a folder was made, None where there is none."""
    times = [_time(file) for file in folder.glob(f"{PREFIX}*.db") if not file.stem.endswith(REPLACED)]
    return max(times, default=None)


def default_folder(settings: Settings) -> Path:
    """Return where copies go unless somebody says otherwise."""
    return settings.data / BACKUPS


def _time(file: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
