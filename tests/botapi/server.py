"""HTTP on a socket: parses requests, answers them in order, keeps connections open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol, cast

import httptools

LARGEST_BODY = 60 * 1024 * 1024
JSON_TYPE = "application/json"


class Asking(Protocol):
    """Where a request came from."""

    def defer(self) -> Deferred:
        """Keep the place of its answer."""


class Service(Protocol):
    """What answers requests."""

    connections: int
    open_connections: int

    def take(self, connection: Asking, target: bytes, content_type: str, body: bytes) -> bytes | None:
        """Return a whole answer, or None after `connection.defer()` was called."""


class Heads:
    """Heads of answers, made anew only when the second changes."""

    def __init__(self) -> None:
        self._second = 0
        self._good = b""

    def answer(self, body: bytes, now: float) -> bytes:
        """Return a whole answer with status 200 and JSON."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._good = (
                f"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: {formatdate(second, usegmt=True)}\r\n"
                f"Content-Type: {JSON_TYPE}\r\nConnection: keep-alive\r\nContent-Length: "
            ).encode()
        return b"%b%d\r\n\r\n%b" % (self._good, len(body), body)

    def any_answer(self, status: int, body: bytes, content_type: str, now: float) -> bytes:
        """Return a whole answer."""
        if status == 200 and content_type == JSON_TYPE:
            return self.answer(body, now)
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "Unknown"
        return (
            f"HTTP/1.1 {status} {phrase}\r\nServer: nginx/1.24.0\r\nDate: {formatdate(int(now), usegmt=True)}\r\n"
            f"Content-Type: {content_type}\r\nConnection: keep-alive\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Deferred:
    """The place of an answer that comes later; answers leave in the order of their requests."""

    __slots__ = ("_connection", "answer", "lost")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.answer: bytes | None = None
        self.lost = False

    def finish(self, answer: bytes) -> bool:
        """Send the answer; return whether there still was somebody to send it to."""
        if self.lost:
            return False
        self.answer = answer
        self._connection.flush()
        return True

    def cut(self, last: bytes = b"", reset: bool = False) -> None:
        """Cut the connection, after some last bytes or with a reset."""
        if not self.lost:
            self._connection.cut(last, reset)


class Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._target = b""
        self._content_type = ""
        self._body: list[bytes] = []
        self._size = 0
        self._out: list[bytes] = []
        self._reading = False
        self._deferred: deque[Deferred] = deque()
        self._keep = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport, though they behave as one.
        self._transport = cast(asyncio.Transport, transport)
        self._service.connections += 1
        self._service.open_connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._service.open_connections -= 1
        for deferred in self._deferred:
            deferred.lost = True
        self._deferred.clear()

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._reading = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._transport is not None:
                self._out.append(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                self._keep = False
        self._reading = False
        self._write()

    # What the parser finds

    def on_message_begin(self) -> None:
        self._target = b""
        self._content_type = ""
        self._body.clear()
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        length = len(name)
        if length == 12 and name.lower() == b"content-type":
            self._content_type = value.decode("latin-1")
        elif length == 6 and name.lower() == b"expect" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= LARGEST_BODY:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._transport is None or not self._keep:
            return
        keep = self._parser.should_keep_alive()
        if self._size > LARGEST_BODY:
            self._keep = False
            self._out.append(b"HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._keep = keep
        answer = self._service.take(self, self._target, self._content_type, body)
        if answer is None:
            return
        if self._deferred:
            self.defer().finish(answer)
        else:
            self._out.append(answer)

    # What becomes of answers

    def defer(self) -> Deferred:
        """Keep the place of the answer to the request that is being taken."""
        deferred = Deferred(self)
        self._deferred.append(deferred)
        return deferred

    def flush(self) -> None:
        """Send what is ready and next in order."""
        while self._deferred and (answer := self._deferred[0].answer) is not None:
            self._out.append(answer)
            self._deferred.popleft()
        if not self._reading:
            self._write()

    def _write(self) -> None:
        transport = self._transport
        if transport is None:
            self._out.clear()
            return
        if self._out:
            transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()
        if not self._keep and not self._deferred:
            transport.close()

    def cut(self, last: bytes = b"", reset: bool = False) -> None:
        """End the connection before its answers are sent."""
        transport = self._transport
        if transport is None:
            return
        if self._out or last:
            transport.write(b"".join([*self._out, last]))
            self._out.clear()
        self._transport = None
        if reset:
            peer = transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
