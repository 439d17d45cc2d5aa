"""One call of another program, and how it ended.

Addresses are looked up here and the call goes to what was found, so that a name cannot lead elsewhere after it was
looked at. Inside the office's own network nothing is called that the office did not name as standing there.

Nothing of an address gets into an error: it may hold a secret.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

import httpx

from bot.channels.certificates import is_certificate_fault
from bot.clock import utc_now
from bot.errors import NotSent, OutcomeUnknown, Refused
from handlers.outward import Target

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
# Delivery waits no longer than `SEND_TIMEOUT` in all.
LOOK_UP_TIMEOUT = 5.0

LONGEST_WAIT = 3600.0
"""Seconds that another program may want to be left alone."""

# Nothing was written for these: no connection, or none to be had in time.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
# The program did not take it up: it was too slow in coming, too early, or too many.
_LATER = (408, 425, 429)


class Calls:
    """Calls over connections of their own: a kept one that the other side has closed would make the end unknown."""

    def __init__(self, context: ssl.SSLContext | None = None, *, read_timeout: float = READ_TIMEOUT) -> None:
        self._context = context
        self._timeout = httpx.Timeout(read_timeout, connect=CONNECT_TIMEOUT)
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Load the certificates that are trusted: the usual ones, and the system's, where an office adds its own."""
        if self._client is None:
            context = self._context if self._context else await asyncio.to_thread(_trusted)
            self._client = httpx.AsyncClient(
                verify=context,
                timeout=self._timeout,
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                trust_env=False,
            )

    async def close(self) -> None:
        """End what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> None:
        """Bring a body to a program; return when it has said that it took it. Raises a TransportError."""
        status, response_headers = await self._ask("POST", target, body, headers)
        if 200 <= status < 300:
            return
        if status in _LATER:
            raise NotSent(f"HTTP {status}", _seconds(response_headers.get("Retry-After", "")))
        if status >= 500:
            # What stood behind it may have taken the call.
            raise OutcomeUnknown(f"HTTP {status}")
        # Where a redirect leads is not what the office named.
        raise Refused(f"HTTP {status}")

    async def reach(self, target: Target) -> int:
        """Ask a program for nothing; return the status that it answers with. Raises a TransportError."""
        status, _ = await self._ask("HEAD", target, b"", {})
        return status

    async def _ask(
        self, method: str, target: Target, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, httpx.Headers]:
        if self._client is None:
            raise NotSent("not open")
        url = httpx.URL(target.url)
        last: NotSent | None = None
        for address in await _allowed(url, target.private):
            request = self._client.build_request(
                method,
                url.copy_with(host=address),
                content=body or None,
                headers={**headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.host},
            )
            try:
                # What it says beside the status is nobody's business here, however long it is.
                response = await self._client.send(request, stream=True)
                await response.aclose()
            except _NOT_SENT as error:
                last = NotSent("certificate" if is_certificate_fault(error) else type(error).__name__)
                continue
            except (httpx.HTTPError, OSError) as error:
                raise OutcomeUnknown(type(error).__name__) from None
            return response.status_code, response.headers
        raise last or NotSent("name not found")


async def _allowed(url: httpx.URL, private: bool) -> Sequence[str]:
    """The numbers that a name stands for; NotSent where it stands for none, or for one that may not be called."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(LOOK_UP_TIMEOUT):
            found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise NotSent("name not found") from None
    numbers = list(dict.fromkeys(str(place[0]) for *_, place in found))
    if not private and not all(is_public(number) for number in numbers):
        raise NotSent("private address")
    return numbers


def is_public(number: str) -> bool:
    """Tell whether an address of the network is one of the internet, for everybody."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_global and not address.is_multicast


def _trusted() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _seconds(told: str) -> float | None:
    """How long another program wants to be left alone, told in seconds or as a date; None where it did not say."""
    try:
        seconds = float(told) if told.isdigit() else (parsedate_to_datetime(told) - utc_now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
