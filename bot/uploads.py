"""Files of broadcasts that a messenger keeps: the first message uploads one, all others name it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.channels.base import KeepName
from bot.worker import Worker
from storage import uploads
from storage.errors import StorageError
from storage.outbox import BROADCAST, OutboxRow

Key = tuple[int, str, str, str]
"""The file, the channel, the account, and how it is shown."""


class Uploads:
    """What the messengers call files; `keeps` tells whether a channel's messenger keeps them."""

    def __init__(self, worker: Worker, keeps: Callable[[str, str], bool]) -> None:
        self._worker = worker
        self._keeps = keeps
        self._uploading: dict[Key, asyncio.Lock] = {}
        # How many hold a lock or wait for it: one that is let go looks free before the next of them has it.
        self._wanted: Counter[Key] = Counter()

    async def known(self, row: OutboxRow) -> str:
        """Return what the messenger calls the file of a message; "" where it is to be uploaded."""
        key = self._key(row)
        if key is None:
            return ""
        try:
            return await self._worker.run(uploads.name_of, *key)
        except StorageError:
            return ""

    @asynccontextmanager
    async def alone(self, row: OutboxRow) -> AsyncIterator[None]:
        """Let nobody else upload the file of a message meanwhile."""
        key = self._key(row)
        if key is None:
            yield
            return
        lock = self._uploading.setdefault(key, asyncio.Lock())
        self._wanted[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._wanted[key] -= 1
            if not self._wanted[key]:
                del self._wanted[key], self._uploading[key]

    def keeper(self, row: OutboxRow) -> KeepName | None:
        """Return what notes the name of a file that was uploaded; None where the messenger does not keep it."""
        key = self._key(row)
        if key is None:
            return None

        async def keep(name: str) -> None:
            # The message has gone out: whatever happens here, it has.
            with contextlib.suppress(StorageError):
                await self._worker.write(uploads.keep, *key, name)

        return keep

    async def forget(self, row: OutboxRow) -> None:
        """Note that the messenger does not know the file of a message any more."""
        if key := self._key(row):
            await self._worker.write(uploads.forget, *key)

    def _key(self, row: OutboxRow) -> Key | None:
        stored = row.message.get("file")
        if row.urgency != BROADCAST or not stored or "blob" not in stored or not self._keeps(row.channel, row.account):
            return None
        return stored["blob"], row.channel, row.account, stored["kind"]
