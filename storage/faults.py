"""What SQLite says is wrong, by the names of `storage.errors`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from storage.errors import StorageBusy, StorageUnusable

# Primary result codes that pass by themselves or by an administrator's hand, while the file is good.
_TRY_AGAIN = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}


@contextmanager
def named_errors() -> Iterator[None]:
    """Name what is wrong with the file, whatever the block asks of it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise_named(error)


def raise_named(error: sqlite3.DatabaseError) -> NoReturn:
    """Name what is wrong with the file; faults of a statement stay sqlite3's own."""
    if isinstance(
        error, (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.DataError, sqlite3.NotSupportedError)
    ):
        raise error
    # Extended codes say more than is needed here; the low byte is the primary code. Text that cannot be decoded comes
    # without any.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _TRY_AGAIN:
        raise StorageBusy(str(error)) from error
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT):
        raise StorageUnusable(str(error)) from error
    raise error


def is_locked(error: StorageBusy) -> bool:
    """Tell whether another process holds the file, rather than the disk being full or closed to us."""
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
