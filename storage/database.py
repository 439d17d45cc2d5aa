"""The one SQLite file: opening it, its transactions, and what is SQLite's own.

One thread owns a `Database`. Every write goes through `transaction()`, which begins IMMEDIATE: a deferred
transaction that reads first and writes later fails half the time when two processes do it.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from storage import snapshot
from storage.errors import StorageBusy, StorageUnusable
from storage.faults import is_locked, named_errors, raise_named
from storage.migrations import known_migrations, migrations

# How long a write waits for another process before it gives up.
BUSY_TIMEOUT_MS = 5_000

# Pages that are folded from the log into the file by the commit that brings them about: with as many as SQLite takes by
# itself, 1,000, that commit took up to 80 ms beside others on a busy disk, in which nobody was answered.
FOLDED_AT = 500

FILE_NAME = "ungxu.db"

BACKUPS = "backups"
"""The folder beside the file for the copies of it."""

Row = Mapping[str, Any]


class Database:
    """An open database file, migrated to the newest schema.

    Commits survive a power cut: WAL with synchronous=FULL syncs the log at each of them. Deleted text is
    overwritten (secure_delete).
    """

    def __init__(self, path: Path, *, back_up: bool = True) -> None:
        """Open or create the file; raise StorageBusy or StorageUnusable.

        An older file is migrated; a copy of it as it was stands in `backups` beside it then, unless `back_up` is False.
        """
        self._path = path
        self._back_up = back_up
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Only for whoever runs the bot: SQLite gives its log the rights of the file.
            path.touch(mode=0o600)
        except (FileExistsError, NotADirectoryError) as error:
            raise StorageUnusable(str(error)) from None
        except OSError as error:
            raise StorageBusy(str(error)) from None
        with named_errors():
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)
        # sqlite-utils wants the default transaction handling; with no isolation level nothing is begun behind our
        # back.
        connection.isolation_level = None
        connection.row_factory = sqlite3.Row
        self._connection = connection
        self._shares = False
        try:
            self._set_up()
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block as one write: committed whole, or rolled back whole where it raises.

        What the block itself raises comes out as it is. Inside `one_commit` the commit comes later.
        """
        if self._shares:
            if not self._connection.in_transaction:
                self.run("BEGIN IMMEDIATE")
            with self.savepoint():
                yield
            return
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself; a failed commit leaves the transaction open.
            if self._connection.in_transaction:
                self.run("ROLLBACK")
            raise

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """Commit the transactions of a block together when it ends: one sync for all of them.

        One that raises is undone by itself. Where the block raises, or nothing can be committed, all are undone.
        """
        self._shares = True
        try:
            yield
            if self._connection.in_transaction:
                self.run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.run("ROLLBACK")
            raise
        finally:
            self._shares = False

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run a block inside a transaction so that, where it raises, only what the block did is undone."""
        self.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            # A full disk makes SQLite roll back the whole transaction by itself.
            if self._connection.in_transaction:
                self.run("ROLLBACK TO part")
                self.run("RELEASE part")
            raise
        self.run("RELEASE part")

    def run(self, sql: str, values: Mapping[str, Any] | None = None) -> int:
        """Run a statement with named parameters; return the number of rows it changed."""
        try:
            return self._connection.execute(sql, values or {}).rowcount
        except sqlite3.DatabaseError as error:
            raise_named(error)

    def insert(self, sql: str, values: Mapping[str, Any]) -> int:
        """Run an INSERT of one row with a number of its own; return that number."""
        try:
            inserted = self._connection.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise_named(error)
        assert inserted.rowcount == 1
        assert inserted.lastrowid is not None
        return inserted.lastrowid

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """Return the rows of a query as mappings."""
        try:
            return [dict(row) for row in self._connection.execute(sql, values or {})]
        except sqlite3.DatabaseError as error:
            raise_named(error)

    def row(self, sql: str, values: Mapping[str, Any] | None = None) -> Row | None:
        """Return the first row of a query, None where there is none."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def check(self) -> str:
        """Return what SQLite's quick check says of the file: "ok", or the first fault."""
        row = self.row("PRAGMA quick_check(1)")
        return str(next(iter(row.values()))) if row else "ok"

    def fold_log(self) -> None:
        """Fold the log into the file and empty it, so that deleted text does not live on in the log."""
        # Another process that reads just then is not waited for: the log is emptied the next time.
        self.run("PRAGMA busy_timeout=0")
        try:
            self.run("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.run(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def close(self) -> None:
        """Close the file; the log is folded into it."""
        self._connection.close()

    def _set_up(self) -> None:
        self._use_wal()
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"wal_autocheckpoint={FOLDED_AT}"):
            self.run(f"PRAGMA {pragma}")
        tables = sqlite_utils.Database(self._connection)
        with self.transaction(), named_errors():
            applied = self._refuse_others(tables)
            if applied and self._back_up and (pending := known_migrations() - applied):
                # Inside the transaction, so that nobody writes between the copy and the first step.
                self._copy_before(min(pending))
            migrations.apply(tables)

    def _copy_before(self, migration: str) -> None:
        now = dt.datetime.now(dt.UTC)
        # Named by the time that the machine shows, as an administrator looks for it.
        name = snapshot.file_name(now.astimezone(), f"before-{migration}")
        snapshot.take(self._path, self._path.parent / BACKUPS / name, now.isoformat())

    def _use_wal(self) -> None:
        # SQLite does not wait for other processes while it changes the mode, so the waiting is done here.
        give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        while True:
            try:
                self.run("PRAGMA journal_mode=WAL")
            except StorageBusy as error:
                if not is_locked(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
            else:
                return

    def _refuse_others(self, tables: sqlite_utils.Database) -> set[str]:
        """Return the steps that were applied; raise StorageUnusable for another program's file or a newer version's."""
        applied = {migration.name for migration in migrations.applied(tables)}
        if not applied and tables.table_names():
            raise StorageUnusable("the file belongs to another program")
        newer = applied - known_migrations()
        if newer:
            raise StorageUnusable(f"made by a newer version ({max(newer)})")
        return applied
