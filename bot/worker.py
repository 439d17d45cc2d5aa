"""The one thread that owns the write connection: everything that touches the database runs on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from storage.database import Database

BUSY_PAUSE = 1.0
"""Seconds to wait for a storage that is busy, beside the waiting of SQLite itself."""

P = ParamSpec("P")
Result = TypeVar("Result")


class Worker:
    """A thread with an open database, and another for long computations."""

    def __init__(self, path: Path) -> None:
        """Open the database on the thread; raise StorageError where it cannot be used."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage")
        self._computing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="computing")
        try:
            self._database = self._executor.submit(Database, path).result()
        except BaseException:
            self._executor.shutdown()
            raise

    async def run(self, act: Callable[Concatenate[Database, P], Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run an act on the thread, with the database as its first argument, and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: act(self._database, *args, **kwargs))

    async def write(self, act: Callable[Concatenate[Database, P], Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run an act as `run` does, in a transaction of its own."""
        return await self.run(_in_transaction, lambda database: act(database, *args, **kwargs))

    async def compute(self, act: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run what takes long and needs no database on another thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._computing, lambda: act(*args, **kwargs))

    def close(self) -> None:
        """Close the database and end the threads."""
        self._executor.submit(self._database.close).result()
        self._executor.shutdown()
        self._computing.shutdown()


def _in_transaction(database: Database, act: Callable[[Database], Result]) -> Result:
    with database.transaction():
        return act(database)
