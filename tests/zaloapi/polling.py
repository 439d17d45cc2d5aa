"""getUpdates: one update a call, held until there is one."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from tests.zaloapi.errors import ApiError, idle
from tests.zaloapi.records import Update
from tests.zaloapi.world import Bot, Switches, World

LONGEST_POLL = 60.0


class Asker(Protocol):
    """Who asked and waits for the answer."""

    @property
    def lost(self) -> bool:
        """Whether they have gone."""

    def give(self, update: Update | None) -> bool:
        """Answer with an update or, for None, with an ok that says nothing; return whether they were still there."""

    def refuse(self, error: ApiError, page: bool = False) -> None:
        """Answer with a refusal, or with a page of a gateway."""


class Poller:
    """Answers the polls of all bots."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._asking: list[tuple[Bot, Asker, asyncio.TimerHandle]] = []

    @property
    def _switches(self) -> Switches:
        return self._world.switches

    def poll(self, bot: Bot, asker: Asker, seconds: float) -> None:
        """Take a request; a second one beside it waits too, and either gets what comes."""
        self._forget_lost()
        wait = min(max(seconds, 0.0), LONGEST_POLL) * self._switches.time_scale
        timer = asyncio.get_running_loop().call_later(wait, self._end, asker)
        self._asking.append((bot, asker, timer))
        waiting = sum(other is bot for other, _, _ in self._asking)
        bot.most_polling = max(bot.most_polling, waiting)
        self.wake(bot)

    def wake(self, bot: Bot) -> None:
        """Give who waits for a bot what there is."""
        self._forget_lost()
        for asking in self._asking[:]:
            if asking[0] is not bot:
                continue
            update = self._next(bot)
            if update is None:
                return
            self._drop(asking)
            if asking[1].give(update):
                update.given += 1
                self._given(bot, update)

    def added(self, bot: Bot, update: Update) -> None:
        """Keep an update until it is asked for, unless nobody polls and such ones are lost."""
        self._forget_lost()
        polls = any(other is bot for other, _, _ in self._asking)
        recent = time.monotonic() - bot.polled_at <= self._switches.grace
        if self._switches.reading == "drop" and not polls and not recent:
            update.dropped = True
            return
        bot.waiting[update.key] = update
        self.wake(bot)

    def end_all(self) -> None:
        """Forget who waits."""
        for asking in self._asking[:]:
            self._drop(asking)
            if not asking[1].lost:
                asking[1].refuse(idle())

    def _next(self, bot: Bot) -> Update | None:
        """What is given next: what nobody read yet comes before what comes again."""
        return min(bot.waiting.values(), key=lambda update: bool(update.given), default=None)

    def _given(self, bot: Bot, update: Update) -> None:
        if self._switches.reading == "replay":
            # Behind the others, so that all come again in turn.
            bot.waiting.move_to_end(update.key)
        else:
            bot.waiting.pop(update.key, None)

    def _end(self, asker: Asker) -> None:
        found = next((asking for asking in self._asking if asking[1] is asker), None)
        if found is None:
            return
        self._drop(found)
        if asker.lost:
            return
        match self._switches.idle:
            case "408":
                asker.refuse(idle())
            case "504":
                asker.refuse(idle(), page=True)
            case _:
                asker.give(None)

    def _drop(self, asking: tuple[Bot, Asker, asyncio.TimerHandle]) -> None:
        self._asking.remove(asking)
        asking[2].cancel()
        asking[0].polled_at = time.monotonic()

    def _forget_lost(self) -> None:
        for asking in self._asking[:]:
            if asking[1].lost:
                self._asking.remove(asking)
                asking[2].cancel()
