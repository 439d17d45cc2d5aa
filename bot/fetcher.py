"""Brings the files that people send: downloads, looks what they are, encrypts and stores them, and tells the job.

What a sender calls a file is not believed: what it is is read from its first bytes, and only what an office needs as
evidence is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import io
import logging
import zipfile
from collections.abc import Callable, Iterable

import puremagic

from bot import metrics
from bot.channels.base import Channel, FileSource
from bot.clock import Clock
from bot.dispatch import Happened
from bot.errors import FileRefused, NotSent, OutcomeUnknown, Refused
from bot.files import FileStore
from bot.logs import place
from bot.worker import BUSY_PAUSE, Worker
from handlers.conversation import Outcome, Refusal
from storage import blobs, fetches
from storage.database import Database
from storage.errors import StorageBusy
from storage.fetches import Fetch

log = logging.getLogger(__name__)

_OFFICE_TYPES = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

ALLOWED = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "application/pdf",
    "video/mp4",
    *_OFFICE_TYPES.values(),
)
"""The kinds that are kept."""

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of the largest file that is kept. Telegram gives a bot no larger ones either."""

FETCH_TIMEOUT = 120.0
LEASE = dt.timedelta(seconds=180)
MOST_ATTEMPTS = 6
FIRST_PAUSE = 2.0
IDLE = 5.0


class Fetcher:
    """Fetches for some channels; those that have no files are left out."""

    def __init__(
        self,
        worker: Worker,
        channels: Iterable[Channel],
        files: FileStore | None,
        happened: Happened,
        clock: Clock,
        committed: Callable[[], None],
        owner: str,
    ) -> None:
        """`files` is None where the office has no key: then every file is refused, and the job says why.

        `committed` is called when a job was told of an end, and may have written to somebody;
        `owner` is the name of this process in claims.
        """
        self._worker = worker
        self._sources = {(c.name, c.account): c for c in channels if isinstance(c, FileSource)}
        self._files = files
        self._happened = happened
        self._clock = clock
        self._committed = committed
        self._owner = owner
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be files to bring."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled; a file that was on its way is fetched again by whoever comes next."""
        while True:
            self._wake.clear()
            try:
                if await self.fetch_next():
                    continue
            except StorageBusy:
                await asyncio.sleep(BUSY_PAUSE)
                continue
            # Not `wait_for`: before Python 3.12 it loses a cancellation that comes just as the event is set.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await self._wake.wait()

    async def fetch_next(self) -> bool:
        """Fetch one file that is due; return False where none is."""
        for (channel, account), source in self._sources.items():
            fetch = await self._worker.run(self._claim, channel, account)
            if fetch is not None:
                await self._fetch(fetch, source)
                self._committed()
                return True
        return False

    async def _fetch(self, fetch: Fetch, source: FileSource) -> None:
        if fetch.attempt > MOST_ATTEMPTS:
            # Each attempt ended with the process: perhaps by this very file.
            await self._worker.write(self._end, fetch, "lost", "too many attempts", None)
            return
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                blob = await self._bring(fetch, source)
        except Refused as error:
            state = "refused" if isinstance(error, FileRefused) else "lost"
            await self._worker.write(self._end, fetch, state, str(error), None)
        except (NotSent, OutcomeUnknown, TimeoutError) as error:
            await self._worker.write(self._again, fetch, type(error).__name__)
        except StorageBusy:
            raise
        except Exception as error:
            log.error("fetching failed: %s at %s", type(error).__name__, place(error))
            await self._worker.write(self._again, fetch, type(error).__name__)
        else:
            await self._worker.write(self._end, fetch, "stored", "", blob)

    async def _bring(self, fetch: Fetch, source: FileSource) -> int:
        if self._files is None:
            raise FileRefused(Refusal.NO_KEY)
        if fetch.source["size"] > LARGEST_FILE:
            raise FileRefused(Refusal.TOO_LARGE)
        data = await source.fetch(fetch.source, LARGEST_FILE)
        if len(data) > LARGEST_FILE:
            raise FileRefused(Refusal.TOO_LARGE)
        media_type = await self._worker.compute(sniff, data)
        if media_type not in ALLOWED:
            raise FileRefused(Refusal.NOT_ALLOWED)
        return await self._files.write(data, media_type)

    def _claim(self, database: Database, channel: str, account: str) -> Fetch | None:
        if not fetches.unfinished(database):
            return None
        now = self._clock()
        with database.transaction():
            return fetches.claim(database, channel, account, self._owner, now.isoformat(), (now + LEASE).isoformat())

    def _again(self, database: Database, fetch: Fetch, reason: str) -> None:
        if fetch.attempt >= MOST_ATTEMPTS:
            self._end(database, fetch, "lost", reason, None)
            return
        due = self._clock() + dt.timedelta(seconds=FIRST_PAUSE * 2.0 ** (fetch.attempt - 1))
        fetches.retry(database, fetch, due.isoformat(), reason)

    def _end(self, database: Database, fetch: Fetch, state: str, reason: str, blob: int | None) -> None:
        if not fetches.end(database, fetch, state, self._clock().isoformat(), reason, blob):
            # Another has brought it meanwhile.
            if blob is not None:
                blobs.delete(database, blob)
            return
        if blob is not None:
            blobs.complete(database, blob)
        metrics.count(metrics.FILES, state)
        self._happened(database, [Outcome(fetch.concern, state, reason, blob, fetch.person)], self._clock())


def sniff(data: bytes) -> str:
    """Return the media type of a file by its content, "" where it cannot be told or holds a program."""
    if data.startswith(b"PK"):
        return _office_type(data)
    try:
        return str(puremagic.from_string(data, mime=True))
    except (puremagic.PureError, ValueError):
        return ""


def _office_type(data: bytes) -> str:
    """The type of a Word or Excel file without macros; anything can be in another archive."""
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return ""
    return next((media_type for part, media_type in _OFFICE_TYPES.items() if part in names), "")
