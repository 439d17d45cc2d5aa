"""Whole copies of a database file, taken while others write to it, and what is needed to trust one again.

A copy is made by VACUUM INTO: one long read, which in WAL mode holds up nobody. Copying in steps instead begins anew
with every commit of another process, and under load never ends. What was deleted is not in the copy.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageBusy, StorageError, StorageUnusable
from storage.faults import named_errors
from storage.migrations import known_migrations

# The files that belong to an open database, by what is appended to its name.
BESIDE = ("-wal", "-shm", "-journal")

PREFIX = "ungxu-"

# SQLite asks this often, in its own instructions, whether to go on.
_ASK = 100_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a copy is: when it was taken (UTC, "" where that is not known), its schema, and what is in it."""

    taken_at: str
    migrations: frozenset[str]
    people: int
    files: int


def file_name(at: dt.datetime, what: str = "") -> str:
    """Return the name of a copy that is taken at a time: the names stand in the order of their times."""
    return f"{PREFIX}{at:%Y%m%d-%H%M%S}{'-' if what else ''}{what}.db"


def take(source: Path, target: Path, now: str, stop: threading.Event | None = None) -> None:
    """Copy a database file into a new one, for its owner's eyes only; nothing of it is left where that fails.

    Raises StorageBusy where the disk is full, or `stop` was set meanwhile, and StorageUnusable for a damaged file.
    """
    part = target.with_name(target.name + ".part")
    try:
        _create(part)
        with named_errors():
            # Not as a file that is read only: others write to it, and its log belongs to it.
            _copy(_address(source, "rw"), part, stop)
            _note(part, now)
        if fault := check(part):
            raise StorageUnusable(fault)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise StorageBusy(str(error)) from None
    finally:
        discard(part)


def examine(file: Path) -> Snapshot:
    """Look a copy over from its first page to its last, and return what it is.

    Raises StorageUnusable for a file that is damaged, another program's, or made by a newer version.
    """
    try:
        with named_errors(), closing(_opened(file)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "_sqlite_migrations" not in tables:
                raise StorageUnusable("the file belongs to another program")
            applied = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
            if not applied & known_migrations():
                raise StorageUnusable("the file belongs to another program")
            if newer := applied - known_migrations():
                raise StorageUnusable(f"made by a newer version ({max(newer)})")
            taken = connection.execute("SELECT at FROM copied").fetchone() if "copied" in tables else None
            (people,) = connection.execute("SELECT count(*) FROM people").fetchone()
            (files,) = connection.execute("SELECT count(*) FROM blobs").fetchone() if "blobs" in tables else (0,)
    except StorageBusy as error:
        raise StorageUnusable(str(error)) from None
    if fault := check(file):
        raise StorageUnusable(fault)
    return Snapshot(taken[0] if taken else "", frozenset(applied), people, files)


def check(file: Path) -> str:
    """Return what is wrong inside a database file, "" where nothing is."""
    with named_errors(), closing(_opened(file)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return "" if found == "ok" else str(found)


def put_back(copy: Path, target: Path) -> None:
    """Write a copy to a new file beside the database, ready to be opened; it is as new as one that never was copied."""
    try:
        _create(target)
        with named_errors():
            _copy(_address(copy, _mode(copy)), target, None)
            with closing(sqlite3.connect(target, isolation_level=None)) as connection:
                connection.execute("DROP TABLE IF EXISTS copied")
        _sync(target)
    except OSError as error:
        discard(target)
        raise StorageBusy(str(error)) from None
    except StorageError:
        discard(target)
        raise


def skip_numbers(file: Path, table: str, count: int) -> None:
    """Leave out so many numbers of a table that never gives one twice: they may have been given after the copy."""
    with named_errors(), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) SELECT ?, 0 WHERE NOT EXISTS"
                           " (SELECT 1 FROM sqlite_sequence WHERE name = ?)", (table, table))  # fmt: skip
        connection.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", (count, table))


def set_aside(file: Path, to: Path) -> None:
    """Keep a database that nobody has open under another name, so that its own may be given to another.

    Raises OSError. It still stands in its place then, without a log, so that none is taken for the other's.
    """
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        # The last one to close it folds the log into it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        to.hardlink_to(file)
    except OSError:
        # Not every disk knows two names of one file.
        shutil.copy2(file, to)
        _sync(to)
    for end in BESIDE:
        # A log is left where the file is damaged.
        if (log := file.with_name(file.name + end)).exists():
            log.replace(to.with_name(to.name + end))


def rename(file: Path, to: Path) -> None:
    """Give a database that nobody has open the name of another, whole at each moment; raise OSError."""
    file.replace(to)
    _sync(to.parent)


def discard(file: Path) -> None:
    """Delete a database file with its log, as far as they are there."""
    for end in ("", *BESIDE):
        with suppress(OSError):
            file.with_name(file.name + end).unlink()


def _create(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    discard(file)
    # SQLite fills a file that is there and empty, and leaves its rights as they are.
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _copy(source: str, target: Path, stop: threading.Event | None) -> None:
    with closing(sqlite3.connect(source, uri=True, isolation_level=None)) as connection:
        if stop is not None:
            connection.set_progress_handler(stop.is_set, _ASK)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.OperationalError as error:
            if stop is not None and stop.is_set():
                raise StorageBusy("interrupted") from error
            raise


def _note(file: Path, now: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE copied (at TEXT NOT NULL)")
        connection.execute("INSERT INTO copied VALUES (?)", (now,))


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(_address(file, _mode(file)), uri=True, isolation_level=None)


def _mode(copy: Path) -> str:
    """How a copy is opened: it has no log, and nothing is to be written beside it on a disk that may be read only.

    What was copied by hand may have one.
    """
    return "ro" if copy.with_name(copy.name + "-wal").exists() else "ro&immutable=1"


def _address(file: Path, mode: str) -> str:
    # So that a name with ? or # in it stays a name.
    return f"{file.absolute().as_uri()}?mode={mode}"


def _sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, survive a power cut."""
    if os.name == "nt" and path.is_dir():
        return
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)
