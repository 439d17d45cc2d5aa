"""Handing a letter over to the mail server: one connection each, and how it ended told by where it broke.

Until the server has asked for the content nothing can have been sent, so whatever goes wrong there is NotSent, or
Refused where the server will never take this letter. Once the content has left, only an answer tells: without one it
is OutcomeUnknown. Replies of 4xx pass (RFC 5321 section 4.2.1). One of 5xx is about this letter where it answers RCPT,
the content, or a letter that is too large; before that it is about the office's own account.

Nothing that the server says gets into an error but its code: servers repeat what they were told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from bot.channels.certificates import is_certificate_fault
from bot.channels.email.server import MailServer
from bot.errors import AccountUnusable, NotSent, OutcomeUnknown, Refused

# Delivery waits no longer than `SEND_TIMEOUT` in all, and would not know how far it came.
BEFORE_CONTENT = 20.0
FOR_CONTENT = 18.0
FAREWELL = 1.0

_TOO_LARGE = 552
_GO_ON = 354


class _Client(SMTP):
    """A client that closes a connection at once: nobody waits for the farewell that TLS would exchange."""

    def close(self) -> None:
        """Close the connection, also one whose other side says no more."""
        transport = self.transport
        super().close()
        if transport is not None:
            cast(asyncio.WriteTransport, transport).abort()


class HandingOver:
    """Hands over letters to one server; opened once, so that certificates are loaded once."""

    def __init__(self, server: MailServer, *, before: float = BEFORE_CONTENT, content: float = FOR_CONTENT) -> None:
        self._server = server
        self._before = before
        self._content = content
        self._context: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Load the certificates; raise AccountUnusable where the office's own cannot be read."""
        if self._context is None:
            try:
                self._context = await asyncio.to_thread(self._server.context)
            except OSError as error:
                raise AccountUnusable(f"ca ({type(error).__name__})") from None

    async def send(self, to: str, content: bytes) -> None:
        """Hand over a letter, with the end of its content; return when the server has taken it."""
        async with self._before_content() as client:
            await _ask_for_content(client, self._server.sender, to, len(content))
            protocol = client.protocol
            if protocol is None:
                raise NotSent("connection lost")
            protocol.write(content)
        try:
            # It has left: from here on it may arrive, whatever is heard of it.
            code = (await protocol.read_response(timeout=self._content)).code
        except SMTPResponseException as error:
            raise OutcomeUnknown(f"answer to content ({error.code})") from None
        except (SMTPException, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        finally:
            await _part(client)
        _judge_letter(code, "content")

    async def probe(self, recipients: list[str]) -> dict[str, int]:
        """Go as far as naming recipients and hand nothing over; return what the server answered to each."""
        answers: dict[str, int] = {}
        async with self._before_content() as client:
            for recipient in recipients:
                await client.mail(self._server.sender)
                try:
                    answers[recipient] = (await client.rcpt(recipient)).code
                except SMTPResponseException as error:
                    answers[recipient] = error.code
                await client.rset()
        await _part(client)
        return answers

    @asynccontextmanager
    async def _before_content(self) -> AsyncIterator[SMTP]:
        """Connect, encrypt and log in; what goes wrong there or in the block is told as what it is for the letter."""
        await self.open()
        server = self._server
        client = _Client(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=server.domain,
            timeout=self._before,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._context,
        )
        try:
            async with asyncio.timeout(self._before):
                await client.connect()
                yield client
        except BaseException as error:
            client.close()
            if named := _named(error):
                raise named from None
            raise


async def _ask_for_content(client: SMTP, sender: str, to: str, size: int) -> None:
    """Name sender and recipient, and ask whether the content may come; raise Refused where this letter may not."""
    options = [f"size={size}"] if client.supports_extension("size") else []
    try:
        await client.mail(sender, options=options)
    except SMTPResponseException as error:
        if error.code == _TOO_LARGE:
            raise Refused("too large (552)") from None
        raise
    try:
        await client.rcpt(to)
    except SMTPResponseException as error:
        _judge_letter(error.code, "recipient")
    answer = await client.execute_command(b"DATA")
    if answer.code != _GO_ON:
        _judge_letter(answer.code, "data")
        # It says yes to something that was not asked: whatever came now would be taken for commands.
        raise NotSent(f"data ({answer.code})")


def _judge_letter(code: int, stage: str) -> None:
    """Return where a letter was taken; raise NotSent or Refused for any other answer."""
    if 200 <= code < 300:
        return
    if 500 <= code < 600:
        raise Refused(f"{stage} ({code})")
    raise NotSent(f"{stage} ({code})")


def _named(error: BaseException) -> Exception | None:
    """What an error before the content means; None for one that is no trouble of the server or the way to it."""
    match error:
        case SMTPException() if type(error) is SMTPException:
            # The server has no STARTTLS, or no way to log in.
            return AccountUnusable("not offered")
        case SMTPResponseException() if 500 <= error.code < 600:
            return AccountUnusable(f"{_stage(error)} ({error.code})")
        case SMTPResponseException():
            return NotSent(f"{_stage(error)} ({error.code})")
        case SMTPTimeoutError() | TimeoutError():
            return NotSent("timeout")
        case _ if is_certificate_fault(error):
            return AccountUnusable("certificate")
        case SMTPServerDisconnected():
            return NotSent("connection lost")
        case SMTPException() | OSError():
            return NotSent("no connection")
        case _:
            return None


def _stage(error: SMTPResponseException) -> str:
    match error:
        case SMTPConnectResponseError() | SMTPHeloError():
            return "greeting"
        case SMTPAuthenticationError():
            return "login"
        case _:
            return "sender"


async def _part(client: SMTP) -> None:
    """End a connection in good manners where that is quick: the letter's fate is known."""
    with suppress(SMTPException, OSError):
        await client.quit(timeout=FAREWELL)
    client.close()
