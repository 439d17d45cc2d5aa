"""Gathers the events of all channels and has them taken on the storage thread, as many as there are in one commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bot.channels.base import Event, Taken
from bot.receiver import Receiver
from bot.worker import Worker
from storage.errors import StorageError

# A group is ended by its time; this only bounds what is handed over at once.
LARGEST_GROUP = 64


class Intake:
    """The door for events. They are taken in the order they came."""

    def __init__(self, worker: Worker, receiver: Receiver, committed: Callable[[], None]) -> None:
        """`committed` is called after each commit."""
        self._worker = worker
        self._receiver = receiver
        self._committed = committed
        self._waiting: deque[tuple[Event, asyncio.Future[Taken]]] = deque()
        self._pump: asyncio.Task[None] | None = None

    def take(self, event: Event) -> asyncio.Future[Taken]:
        """Take an event; the future ends after its commit, with StorageError where nothing was changed."""
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, future))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._take_all())
        return future

    async def finish(self) -> None:
        """Return when everything that came has been taken."""
        if self._pump is not None:
            await self._pump

    async def _take_all(self) -> None:
        while self._waiting:
            group = [self._waiting[n] for n in range(min(len(self._waiting), LARGEST_GROUP))]
            try:
                taken = await self._worker.share(self._receiver.take_some, [event for event, _ in group])
            except Exception as error:
                if isinstance(error, StorageError):
                    await self._worker.run(self._receiver.undone, [event for event, _ in group])
                # Nothing was committed: each source keeps its event. Those that came meanwhile are tried.
                self._drop(len(group), error)
                continue
            for result in taken:
                _, future = self._waiting.popleft()
                if not future.done():
                    future.set_result(result)
            self._committed()

    def _drop(self, count: int, error: Exception) -> None:
        for _ in range(count):
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)
