"""Sends what waits in the outbox, and records honestly how each message ended.

A message is claimed and the claim committed before its first byte leaves. The channel says NotSent, OutcomeUnknown
or Refused, and nothing else decides: answers and reports go out again after an unknown outcome, broadcasts do
not.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterable

from bot.channels.base import Channel
from bot.errors import NotSent, OutcomeUnknown, Refused
from bot.worker import Worker
from storage import mailbox
from storage.database import Database
from storage.mailbox import OutboxRow

log = logging.getLogger(__name__)

# How long a claim holds: longer than any channel's time-out.
LEASE = dt.timedelta(minutes=2)
FIRST_PAUSE = dt.timedelta(seconds=1)
LONGEST_PAUSE = dt.timedelta(minutes=10)
MOST_ATTEMPTS = 12

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """Return the time, UTC."""
    return dt.datetime.now(dt.UTC)


class Delivery:
    """The only sender."""

    def __init__(self, worker: Worker, channels: Iterable[Channel], clock: Clock = utc_now) -> None:
        self._worker = worker
        self._channels = {(channel.name, channel.account): channel for channel in channels}
        self._clock = clock
        self._owner = uuid.uuid4().hex

    async def drain(self) -> int:
        """Send everything that is due; return how many messages arrived."""
        await self._worker.run(self._release)
        sent = 0
        while (row := await self._worker.run(self._claim)) is not None:
            sent += await self._send(row)
        return sent

    async def _send(self, row: OutboxRow) -> bool:
        try:
            await self._channels[row.channel, row.account].send(row.chat, row.message)
        except Refused as error:
            await self._worker.run(self._end, row, "failed", str(error))
        except NotSent as error:
            await self._worker.run(self._again, row, "failed", str(error))
        except OutcomeUnknown as error:
            await self._worker.run(self._unknown, row, str(error))
        except Exception as error:
            # A channel that breaks says nothing of what left; the others' messages go on.
            log.error("channel %s broke: %s", row.channel, type(error).__name__)
            await self._worker.run(self._unknown, row, type(error).__name__)
        else:
            await self._worker.run(self._end, row, "sent", None)
            return True
        return False

    def _claim(self, database: Database) -> OutboxRow | None:
        now = self._clock()
        with database.transaction():
            return mailbox.claim(
                database, self._owner, list(self._channels), now.isoformat(), (now + LEASE).isoformat()
            )

    def _release(self, database: Database) -> None:
        with database.transaction():
            again, unknown = mailbox.release_expired(database, self._clock().isoformat(), MOST_ATTEMPTS)
        if again or unknown:
            log.warning("claims ran out: %d sent again, %d unknown", again, unknown)

    def _end(self, database: Database, row: OutboxRow, state: str, error: str | None) -> None:
        with database.transaction():
            kept = mailbox.end(database, row, state, self._clock().isoformat(), error)
        if not kept:
            log.warning("a claim ran out before its message ended as %s", state)

    def _unknown(self, database: Database, row: OutboxRow, error: str) -> None:
        if row.urgency == mailbox.BROADCAST:
            self._end(database, row, "unknown", error)
        else:
            self._again(database, row, "unknown", error)

    def _again(self, database: Database, row: OutboxRow, at_last: str, error: str) -> None:
        """Give a message back to be sent later; after the last attempt it ends as said."""
        if row.attempt >= MOST_ATTEMPTS:
            self._end(database, row, at_last, error)
            return
        due = self._clock() + min(FIRST_PAUSE * 2 ** (row.attempt - 1), LONGEST_PAUSE)
        with database.transaction():
            mailbox.retry(database, row, due.isoformat(), error)
