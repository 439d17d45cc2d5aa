"""The channel: letters to addresses of e-mail, one message each, with its files attached."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from bot import metrics
from bot.channels.abilities import Abilities
from bot.channels.base import Examined, Outgoing, Take, Webhook
from bot.channels.email.handing_over import HandingOver
from bot.channels.email.letter import content, letter
from bot.channels.email.server import MailServer
from bot.clock import Clock
from bot.errors import AccountUnusable, NotSent, Refused
from bot.rate_limit import Limits
from handlers.outward import ACCOUNT, EMAIL, is_mail
from handlers.texts import Texts

TEXT_LENGTH = 100_000

# Mail servers of offices slow down or refuse who sends many at once.
LIMITS = Limits(chat_rate=0.5, chat_burst=5, rate=2.0, burst=10, reserve=2)


class Email:
    """Letters over one mail server. Nobody is heard here."""

    name = EMAIL
    account = ACCOUNT
    abilities = Abilities(buttons=False, text_length=TEXT_LENGTH, hears=False, letters=True)
    polls = False
    webhook: Webhook | None = None
    trouble = ""

    def __init__(
        self,
        server: MailServer,
        texts: Texts,
        *,
        limits: Limits | None = None,
        handing_over: HandingOver | None = None,
        clock: Clock,
    ) -> None:
        """Prepare; nothing is asked of the server yet."""
        self.limits: Limits | None = limits or LIMITS
        self._server = server
        self._texts = texts
        self._handing_over = handing_over or HandingOver(server)
        self._clock = clock

    async def open(self) -> None:
        """Nothing is kept open between letters: few go out."""

    async def close(self) -> None:
        """Nothing is kept open."""

    async def introduced(self) -> str:
        """Return whose letters they are."""
        return self._server.sender

    async def receive(self, take: Take) -> None:
        """Wait until cancelled: nothing comes in."""
        await asyncio.Event().wait()

    def is_group(self, chat: str) -> bool:
        """Who else reads a mailbox nobody can tell."""
        return False

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Send a letter; return the first part of its Message-ID."""
        if not is_mail(chat):
            raise Refused("no address")
        written = letter(self._server, chat, message, self._texts, self._clock())
        up = metrics.UP.labels(self.name, self.account)
        try:
            await self._handing_over.send(chat, content(written))
        except AccountUnusable:
            up.set(0)
            raise
        up.set(1)
        return message.key

    async def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Log in to the mail server, and ask it whether it would take letters to some addresses."""
        where = {"host": self._server.host, "sender": self._server.sender}
        mails = [chat for chat in chats if is_mail(chat)]
        try:
            answers = await self._handing_over.probe(mails)
        except AccountUnusable as error:
            yield Examined("failed", f"email_{_kind(str(error))}", {**where, "reason": str(error)})
            return
        except NotSent as error:
            yield Examined("failed", "email_unreachable", {**where, "reason": str(error)})
            return
        yield Examined("ok", "email", where)
        if not self._server.is_encrypted:
            yield Examined("warning", "email_open", where)
        for mail, code in answers.items():
            if code >= 500:
                yield Examined("failed", "email_recipient", {"mail": mail, "code": code})


def _kind(reason: str) -> str:
    """The name of the text that says what is wrong with the account."""
    word = re.match(r"\w+", reason)
    known = {"login": "login", "certificate": "certificate", "ca": "certificate", "not": "no_tls", "sender": "sender"}
    return known.get(word.group() if word else "", "refused")
