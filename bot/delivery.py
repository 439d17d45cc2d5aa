"""Sends what waits in the outbox: the loop of delivery, and its messages on their way.

Turns and flights: a turn on the storage thread records how messages ended and claims those that may go out now
(`bot/dispatch.py`); between turns the claimed ones are on their way, each a task of its own. A flight always ends with
an `End`, whatever the channel does, and the next turn records it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from markupsafe import Markup

from bot.aside import Aside
from bot.channels.base import Channel, KeepName, Outgoing, OutgoingFile, OutgoingPoll
from bot.channels.fitting import GAP
from bot.clock import Clock, utc_now
from bot.dispatch import MOST_BROADCASTS, Dispatch, End, Happened, Turn
from bot.errors import FileForgotten, FileNotCarried, NotSent, OutcomeUnknown, Refused
from bot.files import FileStore
from bot.logs import place
from bot.presence import Presence
from bot.uploads import Uploads
from bot.worker import BUSY_PAUSE, Worker
from handlers import router
from storage import outbox, polls
from storage.errors import StorageBusy, StorageError
from storage.outbox import ANSWER, BROADCAST, OutboxRow
from storage.polls import SentPoll

log = logging.getLogger(__name__)

# Nothing is on its way for longer; a claim holds longer than that.
SEND_TIMEOUT = 40.0

MOST_IN_FLIGHT = 64
# Others than answers never take all places, and files, which are held in memory, few.
MOST_BESIDE_ANSWERS = 48
MOST_FILES = 2


Draw = Callable[[str, dict[str, Any]], bytes]


class Delivery:
    """The only sender of some channels. Several, in several processes, may send for the same ones."""

    def __init__(
        self,
        worker: Worker,
        channels: Iterable[Channel],
        *,
        happened: Happened | None = None,
        files: FileStore | None = None,
        aside: Aside | None = None,
        draw: Draw = router.draw,
        presence: Presence | None = None,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worker = worker
        self._channels = {(channel.name, channel.account): channel for channel in channels}
        self._files = files
        self._uploads = Uploads(worker, lambda *account: self._channels[account].abilities.keeps_files)
        self._aside = aside
        self._draw = draw
        self._clock = clock
        self._dispatch = Dispatch(
            self._channels,
            owner=presence.owner if presence else uuid.uuid4().hex,
            happened=happened,
            presence=presence,
            clock=clock,
            monotonic=monotonic,
        )
        self._flights: set[asyncio.Task[None]] = set()
        self._beside_answers = 0
        self._broadcasts = 0
        self._with_file = asyncio.Semaphore(MOST_FILES)
        self._ended: list[End] = []
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def sent(self) -> int:
        """How many messages arrived."""
        return self._dispatch.sent

    def wake(self) -> None:
        """Say that something was put into the outbox."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is on its way has ended."""
        self._stopping = True
        self._wake.set()

    def abort(self) -> None:
        """Cut off what is still on its way; whether it arrived is then unknown."""
        for flight in self._flights:
            flight.cancel()

    def unusable(self) -> list[str]:
        """Return the channels whose account was refused lately."""
        return self._dispatch.unusable()

    async def run(self) -> None:
        """Send until it is stopped; what is on its way then still ends, and its end is recorded."""
        while not self._stopping or self._flights or self._ended:
            self._wake.clear()
            try:
                turn = await self._take_turn()
            except StorageBusy:
                log.warning("storage busy, delivery waits")
                await asyncio.sleep(BUSY_PAUSE)
                continue
            if not self._ended:
                await self._rest(turn.wait)

    async def drain(self) -> int:
        """Send everything that is due now; return how many messages arrived."""
        before = self.sent
        while True:
            turn = await self._take_turn()
            if turn.wait and not turn.claimed and not self._flights and not self._ended:
                return self.sent - before
            if self._flights:
                await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)

    async def _take_turn(self) -> Turn:
        ends, self._ended = self._ended, []
        free = 0 if self._stopping else MOST_IN_FLIGHT - len(self._flights)
        free_beside = MOST_BESIDE_ANSWERS - self._beside_answers
        try:
            free_broadcasts = MOST_BROADCASTS - self._broadcasts
            turn = await self._worker.share(self._dispatch.turn, ends, free, free_beside, free_broadcasts)
        except StorageBusy:
            # Nothing was recorded, so nothing is forgotten.
            self._ended = ends + self._ended
            raise
        for row in turn.claimed:
            task = asyncio.create_task(self._send(row))
            self._flights.add(task)
            self._beside_answers += row.urgency != ANSWER
            self._broadcasts += row.urgency == BROADCAST
            task.add_done_callback(partial(self._landed, row.urgency))
        return turn

    def _landed(self, urgency: int, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._beside_answers -= urgency != ANSWER
        self._broadcasts -= urgency == BROADCAST

    async def _rest(self, seconds: float) -> None:
        # Not `wait_for`: before Python 3.12 it loses a cancellation that comes just as the event is set.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    # On the way

    async def _send(self, row: OutboxRow) -> None:
        carries = row.message.get("file") or row.message.get("files")
        try:
            if not carries or await self._uploads.known(row):
                await self._carry(row)
            else:
                async with self._uploads.alone(row), self._with_file:
                    await self._carry(row)
        finally:
            self._wake.set()

    async def _carry(self, row: OutboxRow) -> None:
        try:
            message = await self._outgoing(row)
        except (Refused, NotSent) as error:
            self._ended.append(End(row, error=error))
            return
        except (StorageBusy, asyncio.CancelledError) as error:
            # Nothing has left yet.
            self._ended.append(End(row, error=NotSent(type(error).__name__)))
            return
        except Exception as error:
            # Nothing has left, and another attempt would end the same way.
            log.error("a message cannot be put together: %s", type(error).__name__)
            self._ended.append(End(row, error=Refused(type(error).__name__)))
            return
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                sent_id = await self._send_somehow(row, message)
        except (NotSent, OutcomeUnknown, Refused) as error:
            self._ended.append(End(row, error=error))
        except (TimeoutError, asyncio.CancelledError) as error:
            self._ended.append(End(row, error=OutcomeUnknown(type(error).__name__)))
        except Exception as error:
            # A channel that breaks says nothing of what left; the others' messages go on.
            log.error("channel %s broke: %s", row.channel, type(error).__name__)
            self._ended.append(End(row, error=OutcomeUnknown(type(error).__name__)))
        else:
            self._ended.append(End(row, sent_id=sent_id))

    async def _send_somehow(self, row: OutboxRow, message: Outgoing) -> str | None:
        """Send a message, its file once more where the messenger has lost it.

        Where its file is not carried, that is put aside and the message says where it is.
        """
        channel = self._channels[row.channel, row.account]
        if message.file and message.file.known:
            try:
                return await channel.send(row.chat, message)
            except FileForgotten:
                try:
                    await self._uploads.forget(row)
                    message = await self._outgoing(row)
                except StorageBusy as error:
                    raise NotSent(type(error).__name__) from None
        if message.file is None or self._aside is None:
            return await channel.send(row.chat, message)
        if channel.abilities.files:
            try:
                return await channel.send(row.chat, message)
            except FileNotCarried as error:
                log.info("a file for %s goes another way: %s", row.channel, error)
        words = await self._aside.put(row, message.file)
        text = Markup("\n\n").join(filter(None, [Markup(message.text or ""), words]))  # noqa: S704 - marked already
        return await channel.send(row.chat, replace(message, text=text, file=None))

    async def file_on_its_way(self, channel: str, account: str, number: int) -> OutgoingFile | None:
        """Return the file of a message that is being sent, by this process or another; None for any other message."""
        message = await self._worker.run(outbox.on_its_way, channel, account, number)
        if not message or not message.get("file"):
            return None
        try:
            return await self._read_or_draw(message["file"])
        except Refused:
            return None

    async def _outgoing(self, row: OutboxRow) -> Outgoing:
        message = row.message
        file = await self._file(row, message["file"]) if message.get("file") else None
        if message.get("file") and not file and not message["text"]:
            raise Refused("not drawn")
        files = [await self._read_or_draw(stored) for stored in message.get("files", ())]
        text = message["text"]
        if row.repeats and message.get("again"):
            text = GAP.join(filter(None, [message["again"], text]))
        return Outgoing(
            text=text,
            # A message that changes the buttons of another shows that one's menu.
            menu=message.get("menu", row.id),
            buttons=[(place, label) for place, label in message.get("buttons", ())],
            edits=row.edits,
            answers=message.get("answers", ""),
            file=file,
            poll=self._poll(row, message["poll"]) if message.get("poll") else None,
            closes=message.get("closes", False),
            paid=row.urgency == BROADCAST and self._pays(row),
            number=row.id,
            written=row.created_at,
            repeat=row.repeats > 0,
            subject=message.get("subject", ""),
            facts=message.get("facts"),
            files=tuple(file for file in files if file),
        )

    def _poll(self, row: OutboxRow, stored: dict[str, Any]) -> OutgoingPoll:
        asked = {name: stored[name] for name in ("question", "options", "right", "several", "explanation")}
        return OutgoingPoll(**asked, keep=self._keeper(row, stored))

    def _keeper(self, row: OutboxRow, stored: dict[str, Any]) -> KeepName:
        async def keep(name: str) -> None:
            sent = SentPoll(row.channel, row.account, row.chat, name, row.id, stored["action"], stored["data"])
            # It has gone out, whatever happens here; who votes in a poll that is not known is told so.
            with contextlib.suppress(StorageError):
                await self._worker.write(polls.remember, sent, stored["settles"], self._clock().isoformat())

        return keep

    async def _file(self, row: OutboxRow, stored: dict[str, Any]) -> OutgoingFile | None:
        """Return what a message carries, without its content where the messenger has it."""
        if known := await self._uploads.known(row):
            return OutgoingFile(stored["kind"], stored["name"], b"", sealed=True, known=known)
        file = await self._read_or_draw(stored)
        return file and replace(file, keep=self._uploads.keeper(row))

    async def _read_or_draw(self, stored: dict[str, Any]) -> OutgoingFile | None:
        """Read or draw what a message carries; None where it cannot be drawn, since the words do without it."""
        if name := stored.get("drawing"):
            try:
                drawn = await self._worker.compute(self._draw, name, stored["data"])
            except Exception as error:
                log.error("not drawn: %s at %s", type(error).__name__, place(error))
                return None
            return OutgoingFile(stored["kind"], stored["name"], drawn)
        data = await self._files.read(stored["blob"]) if self._files else None
        if data is None:
            raise Refused("file gone")
        return OutgoingFile(stored["kind"], stored["name"], data, sealed=True)

    def _pays(self, row: OutboxRow) -> bool:
        limits = self._channels[row.channel, row.account].limits
        return limits is not None and limits.paid_rate > 0
