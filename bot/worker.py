"""The one thread that owns the write connection: everything that touches the database runs on it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from storage.database import Database
from storage.errors import StorageError

BUSY_PAUSE = 1.0
"""Seconds to wait for a storage that is busy, beside the waiting of SQLite itself."""

# Acts that come while others run join their commit until so many seconds are used: it holds up others no longer.
SHARED_SECONDS = 0.03

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
            self._sharing: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
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

    async def share(self, act: Callable[Concatenate[Database, P], Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Run an act as `run` does; its transactions are committed together with those of others that wait.

        Returns after the commit. What an act raises undoes that act alone, but a StorageError undoes them all and is
        raised to each.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._sharing.append((lambda: act(self._database, *args, **kwargs), future))
        self._executor.submit(self._share)
        return await future

    def _share(self) -> None:
        """Run what waits to share a commit, and what comes meanwhile; nothing where an earlier call did."""
        ended: list[tuple[asyncio.Future[Any], Any]] = []
        began = time.monotonic()
        try:
            with self._database.one_commit():
                while self._sharing and (not ended or time.monotonic() - began < SHARED_SECONDS):
                    act, future = self._sharing.popleft()
                    ended.append((future, None))
                    try:
                        ended[-1] = future, act()
                    except StorageError:
                        raise
                    except Exception as error:
                        ended[-1] = future, error
        except Exception as error:
            ended = [(future, error) for future, _ in ended]
        if ended:
            ended[0][0].get_loop().call_soon_threadsafe(_tell, ended)

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


def _tell(ended: list[tuple[asyncio.Future[Any], Any]]) -> None:
    """Give acts their results, or what they raised; nobody may wait for them any more."""
    for future, result in ended:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
