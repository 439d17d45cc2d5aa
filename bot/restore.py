"""`ungxu restore`: a copy takes the place of the database, on this machine or another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from bot import backup
from bot.clock import utc_now
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.files import make_box
from bot.presence import somebody_works
from bot.settings import Settings, database_path
from bot.upkeep import RESTORED
from handlers.retention import in_words
from storage import blobs, heartbeats, jobs, outbox, recipients, snapshot
from storage.database import Database
from storage.errors import StorageBusy
from storage.snapshot import Snapshot

# More messages than were ever shown since a copy was made: their buttons carry numbers that are not given again.
SKIPPED_NUMBERS = 1_000_000

# What people call by its number, or have a button for: more of each than are made between a copy and the next.
NUMBERED = ("reports", "broadcasts", "quiz_rounds")
SKIPPED_OF_EACH = 1_000

Write = Callable[[str], None]


def restore(settings: Settings, file: Path, write: Write, agreed: Callable[[], bool]) -> bool:
    """Put a copy into the place of the database after `agreed` says so; return whether it did.

    The copy is looked over first and left as it is; the database that was there is kept with the backups. Raises
    StorageUnusable for a copy that cannot be used and InputError where the bot runs.
    """
    if not file.is_file():
        raise InputError(TEXTS("cli.no_backup", file=file))
    target = database_path(settings)
    if target.exists() and file.samefile(target):
        raise InputError(TEXTS("cli.restore_itself"))
    found = snapshot.examine(file)
    _refuse_while_running(settings)
    write(TEXTS("cli.restore_found", file=file, time=_local(settings, found.taken_at), people=found.people))
    if target.exists():
        write(TEXTS("cli.restore_replaces", path=target.absolute()))
    if not agreed():
        return False
    now = utc_now()
    fresh = target.with_name(target.name + ".new")
    try:
        snapshot.put_back(file, fresh)
        unreadable = _make_ready(settings, fresh, found, now)
        _refuse_while_running(settings)
        kept = _replace(settings, fresh, now)
    finally:
        snapshot.discard(fresh)
    write(TEXTS("cli.restore_done", time=_local(settings, found.taken_at)))
    write(TEXTS("cli.restore_lost"))
    if kept:
        write(TEXTS("cli.restore_kept", file=kept.absolute(), time=in_words(backup.KEEP_BACKUPS.days, TEXTS)))
    if unreadable:
        write(TEXTS("cli.restore_keys", count=unreadable))
    return True


def _make_ready(settings: Settings, fresh: Path, found: Snapshot, now: dt.datetime) -> int:
    """Bring a copy up to today; return how many of its files cannot be opened with the keys that are set."""
    box = make_box(settings.keys)
    database = Database(fresh, back_up=False)
    try:
        stamp = now.isoformat()
        with database.transaction():
            outbox.doubt(database)
            recipients.doubt(database)
            heartbeats.beat(database, heartbeats.RUNNING, stamp)
            jobs.plan(database, RESTORED, "copy", stamp, stamp, {"from": found.taken_at, "at": stamp})
        unreadable = blobs.sealed_otherwise(database, box.names if box else [])
    finally:
        database.close()
    snapshot.skip_numbers(fresh, "outbox", SKIPPED_NUMBERS)
    for table in NUMBERED:
        snapshot.skip_numbers(fresh, table, SKIPPED_OF_EACH)
    return unreadable


def _replace(settings: Settings, fresh: Path, now: dt.datetime) -> Path | None:
    """Let a database take the place of the one that is there; return where that one is now."""
    target = database_path(settings)
    kept = None
    try:
        if target.exists():
            name = snapshot.file_name(now.astimezone(settings.zone), backup.REPLACED)
            kept = backup.default_folder(settings) / name
            snapshot.set_aside(target, kept)
        snapshot.rename(fresh, target)
    except OSError as error:
        raise StorageBusy(str(error)) from None
    return kept


def _refuse_while_running(settings: Settings) -> None:
    if somebody_works(settings.data):
        raise InputError(TEXTS("cli.restore_running", data=settings.data.absolute()))


def _local(settings: Settings, time: str) -> str:
    if not time:
        return TEXTS("cli.restore_unknown_time")
    return f"{dt.datetime.fromisoformat(time).astimezone(settings.zone):%H:%M %d/%m/%Y}"
