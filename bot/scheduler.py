"""Runs what is due: once, by one process, late or not, and whatever happens to the rest.

What is due is a row (`storage/jobs.py`). It is claimed first, and the claim committed, so that an attempt that ends the
whole process counts too. Then it is done and settled in one transaction. One that raises is undone and tried again
later, and the others go on. The wall clock says what is due; where it was set, nothing is left planned for a time that
it has made up.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.clock import Clock
from bot.logs import place
from bot.receiver import Receiver
from bot.worker import BUSY_PAUSE, Worker
from handlers.context import Context
from handlers.conversation import Reply
from handlers.recurrence import Recurrence
from handlers.schedule import Due, Kind, Late
from storage import jobs
from storage.database import Database
from storage.errors import StorageBusy, StorageError
from storage.jobs import Job

log = logging.getLogger(__name__)

# How often what is due is looked for.
INTERVAL = 10.0
# How long a claim holds; that of an errand is longer than any takes.
LEASE = dt.timedelta(minutes=2)
ERRAND_LEASE = dt.timedelta(hours=3)
# Between two attempts of what failed; the pauses double.
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=1)
# A clock that was set back by less does not let anything be done twice.
SET_BACK = dt.timedelta(hours=1)

STANDING = ""
"""The name of what recurs without anybody planning it."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Something long that the bot does itself, outside any transaction; late, it is done once, now.

    It may raise whatever it wants, and is tried again then.
    """

    run: Callable[[], Awaitable[None]]
    recurs: Recurrence | None = None


class Scheduler:
    """Does what is due. Several, in several processes, may share a database."""

    def __init__(
        self,
        worker: Worker,
        receiver: Receiver,
        kinds: Mapping[str, Kind | Errand],
        *,
        owner: str,
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare for kinds by name. `owner` names this process; `wake` says that something is to be sent."""
        self._worker = worker
        self._receiver = receiver
        self._kinds = kinds
        self._owner = owner
        self._clock = clock
        self._wake = wake
        self._errands: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Do what is due, again and again, until cancelled; errands are cancelled too."""
        began = False
        try:
            while True:
                pause = INTERVAL
                try:
                    if not began:
                        await self._worker.write(self._establish)
                        began = True
                    await self.do_due()
                except StorageBusy:
                    log.warning("storage busy, what is due waits")
                    pause = BUSY_PAUSE
                await asyncio.sleep(pause)
        finally:
            for errand in self._errands.values():
                errand.cancel()
            await asyncio.gather(*self._errands.values(), return_exceptions=True)

    async def do_due(self) -> int:
        """Do everything that is due now; return how much was tried. Errands go on after that."""
        await self._worker.write(self._follow_clock)
        tried = 0
        while job := await self._worker.write(self._claim):
            tried += 1
            kind = self._kinds[job.kind]
            if isinstance(kind, Errand):
                self._errands[job.kind] = asyncio.create_task(self._do_errand(job, kind))
            else:
                await self._do(job, kind)
        return tried

    def _establish(self, database: Database) -> None:
        """Plan what recurs by itself, and what does no longer not any more."""
        now = self._clock()
        for name, kind in self._kinds.items():
            if kind.recurs:
                at = kind.recurs.after(now, self._receiver.zone)
                jobs.keep(database, name, STANDING, _utc(at), _utc(now), kind.recurs.as_json())
            else:
                jobs.drop(database, name, STANDING)

    def _follow_clock(self, database: Database) -> None:
        """Leave nothing planned for a time that only a wrong clock can have made up."""
        now = self._clock()
        for number, stored, planned in jobs.recurring(database):
            latest = Recurrence.from_json(stored).after(now + SET_BACK, self._receiver.zone)
            if dt.datetime.fromisoformat(planned) > latest:
                jobs.move(database, number, _utc(Recurrence.from_json(stored).after(now, self._receiver.zone)))
        jobs.hasten(database, _utc(now + LONGEST_PAUSE), _utc(now))

    def _claim(self, database: Database) -> Job | None:
        now = self._clock()
        # An errand of a kind that is still under way is not begun again.
        kinds = [name for name in self._kinds if name not in self._errands or self._errands[name].done()]
        if not kinds:
            return None
        job = jobs.claim(database, kinds, self._owner, _utc(now), _utc(now + LEASE))
        if job and isinstance(self._kinds[job.kind], Errand):
            jobs.prolong(database, job, _utc(now + ERRAND_LEASE))
        return job

    async def _do(self, job: Job, kind: Kind) -> None:
        try:
            await self._worker.write(self._perform, job, kind)
        except StorageError:
            with suppress(StorageError):
                await self._worker.write(jobs.give_back, job)
            raise
        self._wake()

    def _perform(self, database: Database, job: Job, kind: Kind) -> None:
        """Do a claimed job and settle it; what it did is undone where it raises."""
        now = self._clock()
        if not jobs.holds(database, job):
            return
        due = Due(job.name, dt.datetime.fromisoformat(job.planned_at), job.data)
        try:
            with database.savepoint():
                postponed: list[dt.datetime] = []
                self._receiver.perform(database, lambda context: _act(due, kind, context, postponed), now)
        except StorageError:
            raise
        except Exception as error:
            # What it says may be what somebody wrote.
            log.error("job failed: %s: %s at %s", job.kind, type(error).__name__, place(error))
            self._fail(database, job, error)
            return
        if postponed:
            jobs.plan_next(database, job, _utc(postponed[0]))
        else:
            self._settle(database, job)

    async def _do_errand(self, job: Job, errand: Errand) -> None:
        failure: Exception | None = None
        try:
            await errand.run()
        except asyncio.CancelledError:
            with suppress(StorageError):
                await self._worker.write(jobs.give_back, job)
            raise
        except Exception as error:
            log.error("job failed: %s: %s at %s", job.kind, type(error).__name__, place(error))
            failure = error
        while True:
            try:
                await self._worker.write(self._end, job, failure)
            except StorageBusy:
                await asyncio.sleep(BUSY_PAUSE)
            else:
                return

    def _end(self, database: Database, job: Job, failure: Exception | None) -> None:
        if failure:
            self._fail(database, job, failure)
        else:
            self._settle(database, job)

    def _settle(self, database: Database, job: Job) -> None:
        """Forget what is done, or plan its next time."""
        if job.recurrence is None:
            jobs.finish(database, job)
        else:
            after = Recurrence.from_json(job.recurrence).after(self._clock(), self._receiver.zone)
            jobs.plan_next(database, job, _utc(after))

    def _fail(self, database: Database, job: Job, error: Exception) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(job.attempt - 1, 10), LONGEST_PAUSE)
        jobs.retry(database, job, _utc(self._clock() + pause), type(error).__name__)


def _act(due: Due, kind: Kind, context: Context, postponed: list[dt.datetime]) -> list[Reply]:
    """Do what is due as its kind says, late or not; a new time is put into `postponed`."""
    if context.now - due.planned > kind.grace:
        if kind.late is Late.SKIPPED:
            log.warning("skipped, too late", extra={"planned": due.planned.isoformat()})
            return kind.skipped(due, context) if kind.skipped else []
        if kind.late is Late.ANEW and kind.anew:
            time = kind.anew(due, context)
            if time is not None and time > context.now:
                postponed.append(time)
                return []
    return kind.run(due, context)


def _utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()
