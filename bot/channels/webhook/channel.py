"""The channel: signed calls of other programs, by the names that the office gives them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import httpx

from bot.channels.abilities import Abilities
from bot.channels.base import Examined, Outgoing, Take, Webhook
from bot.channels.webhook.calling import Calls
from bot.channels.webhook.signing import body_of, headers_of
from bot.clock import Clock
from bot.errors import NotSent, OutcomeUnknown, Refused, TransportError
from bot.rate_limit import Limits
from handlers.outward import ACCOUNT, WEBHOOK, Target

TEXT_LENGTH = 100_000

LIMITS = Limits(chat_rate=2.0, chat_burst=10, rate=10.0, burst=20, reserve=2)


class Caller:
    """Calls programs. Nobody is heard here."""

    name = WEBHOOK
    account = ACCOUNT
    abilities = Abilities(buttons=False, text_length=TEXT_LENGTH, hears=False, facts=True)
    polls = False
    webhook: Webhook | None = None
    trouble = ""

    def __init__(
        self,
        targets: Mapping[str, tuple[Target, str]],
        *,
        limits: Limits | None = None,
        calls: Calls | None = None,
        clock: Clock,
    ) -> None:
        """Prepare for programs by their name, each with the secret that its calls are signed with."""
        self.limits: Limits | None = limits or LIMITS
        self._targets = targets
        self._calls = calls or Calls()
        self._clock = clock

    async def open(self) -> None:
        """Get ready to call; nobody is called yet."""
        await self._calls.open()

    async def close(self) -> None:
        """End what is open."""
        await self._calls.close()

    async def introduced(self) -> str:
        """Return the names of the programs."""
        return ", ".join(self._targets)

    async def receive(self, take: Take) -> None:
        """Wait until cancelled: nothing comes in."""
        await asyncio.Event().wait()

    def is_group(self, chat: str) -> bool:
        """Programs are no groups."""
        return False

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Call a program; return the key of the message."""
        if chat not in self._targets:
            raise Refused("no such destination")
        target, secret = self._targets[chat]
        now = self._clock()
        body = body_of(message, now)
        await self._calls.post(target, body, headers_of(message, secret, body, now))
        return message.key

    async def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Look whether each program can be reached; it is asked for nothing and told nothing."""
        for name, (target, _) in self._targets.items():
            host = {"name": name, "host": httpx.URL(target.url).host}
            try:
                status = await self._calls.reach(target)
            except (NotSent, OutcomeUnknown) as error:
                yield Examined("failed", _fault(error), {**host, "reason": str(error)})
            else:
                # Many take nothing but calls with a body, and say so.
                yield Examined("ok", "webhook_reached", {**host, "status": status})


def _fault(error: TransportError) -> str:
    return "webhook_private" if str(error) == "private address" else "webhook_unreachable"
