"""getUpdates: long polling, one poller at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from tests.botapi.errors import OTHER_POLLER, WEBHOOK_ACTIVE, ApiError, conflict
from tests.botapi.params import Params, integer, nested
from tests.botapi.updates import Queue

MOST_UPDATES = 100
LONGEST_POLL = 50


class Asker(Protocol):
    """Who asked and waits for the answer."""

    @property
    def lost(self) -> bool:
        """Whether they have gone."""

    def give(self, body: bytes) -> None:
        """Answer with a body."""

    def refuse(self, error: ApiError) -> None:
        """Answer with a refusal."""


class Poller:
    """Answers getUpdates at once when there are updates, else as soon as one comes or the time is over."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._asker: Asker | None = None
        self._limit = MOST_UPDATES
        self._timer: asyncio.TimerHandle | None = None
        self._woken = False
        self.held_until = 0.0
        self.twice: Callable[[], bool] = lambda: False

    def poll(self, asker: Asker, params: Params, webhook: bool) -> None:
        """Take a request; one that still waits is ended with a 409."""
        if webhook:
            asker.refuse(conflict(WEBHOOK_ACTIVE))
            return
        self.end(conflict(OTHER_POLLER))
        if params.get("allowed_updates") is not None:
            kinds = nested(params, "allowed_updates")
            if isinstance(kinds, list):
                self.queue.allow(kinds)
        self.queue.confirm(integer(params, "offset"))
        limit = integer(params, "limit", MOST_UPDATES)
        self._limit = limit if 1 <= limit <= MOST_UPDATES else MOST_UPDATES
        self._asker = asker
        timeout = min(max(integer(params, "timeout"), 0), LONGEST_POLL)
        if len(self.queue) or not timeout:
            self._answer()
        else:
            self._timer = asyncio.get_running_loop().call_later(timeout, self._answer)

    def wake(self) -> None:
        """Answer who waits, in a moment, so that updates that come together go out together."""
        if self._asker is not None and not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._woken = False
        if len(self.queue):
            self._answer()

    def end(self, error: ApiError | None = None) -> None:
        """End a request that waits: with a refusal, or with no updates."""
        asker = self._forget()
        if asker is None or asker.lost:
            return
        if error is None:
            asker.give(b"[]")
        else:
            asker.refuse(error)

    def _forget(self) -> Asker | None:
        asker, self._asker = self._asker, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return asker

    def _answer(self) -> None:
        """Give who waits what there is, unless they left."""
        held = self.held_until - asyncio.get_running_loop().time()
        asker = self._forget()
        if asker is None or asker.lost:
            return
        if held > 0:
            self._asker = asker
            self._timer = asyncio.get_running_loop().call_later(held, self._answer)
            return
        updates = self.queue.take(self._limit)
        if updates and self.twice():
            updates = [update for update in updates for _ in range(2)]
        asker.give(("[" + ",".join(updates) + "]").encode())
