"""The webhook: posts updates to the bot, in order per chat, again and again until it takes them."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

from tests.botapi.errors import bad_request
from tests.botapi.params import Params, integer, nested, text_of
from tests.botapi.updates import Queue, Waiting
from tests.botapi.world import World

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class Webhook:
    """Where updates are posted to, and how that went."""

    def __init__(self, queue: Queue, world: World) -> None:
        self._queue = queue
        self._world = world
        self.url = ""
        self.secret = ""
        self.most_connections = 40
        self.timeout = 10.0
        self.twice: Callable[[], bool] = lambda: False
        self.frozen: Callable[[], float] = lambda: 0.0
        self.take_method: Callable[[bytes], None] | None = None
        self._lanes: dict[int, deque[Waiting]] = {}
        self._ready: deque[int] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._last_error: tuple[int, str] | None = None
        self._pauses: dict[int, float] = {}
        self._idle: list[_Connection] = []
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def set(self, params: Params) -> str:
        """Begin to post, or stop with an empty address; return what Telegram says. Raises ApiError."""
        url = text_of(params, "url")
        if not url:
            return self.delete(params)
        secret = text_of(params, "secret_token")
        if len(secret) > 256:
            raise bad_request("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad_request("secret token contains unallowed characters")
        _check_address(url)
        if params.get("allowed_updates") is not None:
            kinds = nested(params, "allowed_updates")
            if isinstance(kinds, list):
                self._queue.allow(kinds)
        if params.get("drop_pending_updates") in (True, "true", "True", "1"):
            self._queue.clear()
        most = integer(params, "max_connections", 40)
        same = (url, secret) == (self.url, self.secret)
        self.stop()
        self.url, self.secret = url, secret
        self.most_connections = min(max(most, 1), 100)
        self._last_error = None
        for update in self._queue.waiting():
            self.add(update)
        return "Webhook is already set" if same else "Webhook was set"

    def delete(self, params: Params) -> str:
        """Stop posting; return what Telegram says."""
        if params.get("drop_pending_updates") in (True, "true", "True", "1"):
            self._queue.clear()
        was = self.url
        self.stop()
        self.url = self.secret = ""
        return "Webhook was deleted" if was else "Webhook is already deleted"

    def info(self) -> dict[str, Any]:
        """Return what getWebhookInfo does."""
        info: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue),
        }
        if self.url:
            info |= {"max_connections": self.most_connections, "ip_address": "127.0.0.1"}
        if self._last_error is not None:
            info["last_error_date"], info["last_error_message"] = self._last_error
        if self._queue.allowed:
            info["allowed_updates"] = self._queue.allowed
        return info

    def stop(self) -> None:
        """Forget what is to be posted and end what is under way."""
        self._lanes.clear()
        self._ready.clear()
        for worker in self._workers:
            worker.cancel()
        for timer in self._timers.values():
            timer.cancel()
        while (connection := self._kept()) is not None:
            connection.close()
        self._workers.clear()
        self._timers.clear()
        self._pauses.clear()

    def add(self, update: Waiting) -> None:
        """Post an update after those of the same chat."""
        lane = self._lanes.get(update.lane)
        if lane is None:
            lane = self._lanes[update.lane] = deque()
        lane.append(update)
        if len(lane) == 1:
            self._start(update.lane)

    def _start(self, lane: int) -> None:
        self._timers.pop(lane, None)
        self._ready.append(lane)
        if len(self._workers) < self.most_connections:
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        """Post what is ready over one connection, until nothing is."""
        connection: _Connection | None = None
        try:
            while self._ready:
                key = self._ready.popleft()
                lane = self._lanes[key]
                if (held := self.frozen()) > 0:
                    await asyncio.sleep(held)
                error = ""
                try:
                    async with asyncio.timeout(self.timeout):
                        if connection is None or not connection.open:
                            connection = self._kept() or await _Connection.to(self.url)
                        for _ in range(2 if self.twice() else 1):
                            error = await self._post(connection, lane[0])
                except TimeoutError:
                    error = "Read timeout expired"
                except (OSError, httptools.HttpParserError) as broken:
                    error = _told(broken)
                if error and connection is not None:
                    connection.close()
                if error:
                    self._last_error = (int(self._world.now()), error)
                    self._pauses[key] = pause = min(self._pauses.get(key, FIRST_PAUSE / 2) * 2, LONGEST_PAUSE)
                    self._timers[key] = asyncio.get_running_loop().call_later(pause, self._start, key)
                    continue
                self._pauses.pop(key, None)
                self._queue.drop(lane.popleft())
                if lane:
                    self._ready.append(key)
                else:
                    del self._lanes[key]
        except asyncio.CancelledError:
            if connection is not None:
                connection.close()
            raise
        if connection is not None and connection.open:
            self._idle.append(connection)

    def _kept(self) -> _Connection | None:
        """A connection that an earlier post left open."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return None

    async def _post(self, connection: _Connection, update: Waiting) -> str:
        """Post an update; return what was wrong with the answer."""
        answer = await connection.post(update.text.encode(), self.secret)
        if not 200 <= answer.status <= 299:
            return f"Wrong response from the webhook: {answer.status} {answer.reason.decode('latin-1')}"
        if answer.body and answer.content_type.startswith(b"application/json") and self.take_method is not None:
            self.take_method(answer.body)
        return ""


def _told(error: Exception) -> str:
    """An error as Telegram calls it."""
    match error:
        case ConnectionRefusedError():
            return "Connection refused"
        case httptools.HttpParserError():
            return "Wrong response from the webhook: can't parse the answer"
        case _:
            return "Connection reset by peer"


def _check_address(url: str) -> None:
    """Raise ApiError unless an address is one that the server may post to: it never leaves the machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.hostname not in LOOPBACK:
        if parts.scheme == "http":
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")


class _Answer:
    """One answer of the bot as it comes in."""

    __slots__ = ("body", "content_type", "reason", "status")

    def __init__(self) -> None:
        self.status = 0
        self.reason = b""
        self.content_type = b""
        self.body = b""


class _Connection(asyncio.Protocol):
    """A connection to the bot that stays open between posts."""

    def __init__(self, host: str, target: str) -> None:
        self._head = f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer = _Answer()
        self._done: asyncio.Future[_Answer] | None = None
        self.open = False

    @classmethod
    async def to(cls, url: str) -> _Connection:
        """Connect to the host of an address."""
        parts = urlsplit(url)
        context = None
        if parts.scheme == "https":
            # A bot under test has a certificate of its own at best.
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        port = parts.port or (443 if context else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: cls(parts.netloc, target), parts.hostname or "", port, ssl=context
        )
        return connection

    async def post(self, body: bytes, secret: str) -> _Answer:
        """Post JSON and return the answer."""
        if self._transport is None or not self.open:
            raise ConnectionResetError
        self._answer = _Answer()
        self._done = asyncio.get_running_loop().create_future()
        token = f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n" if secret else ""
        head = (
            f"{self._head}Content-Length: {len(body)}\r\n{token}"
            "Connection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        return await self._done

    def close(self) -> None:
        """Close it."""
        self.open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport, though they behave as one.
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._end(exc if isinstance(exc, OSError) else ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.close()
            self._end(error)

    def _end(self, error: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)

    def on_status(self, status: bytes) -> None:
        self._answer.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._answer.content_type = value

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        if not self._parser.should_keep_alive():
            self.close()
        if self._done is not None and not self._done.done():
            self._done.set_result(self._answer)
