"""Another program on loopback that takes calls: a real HTTP server in threads of its own, with every fault to order."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest

from tests.ports import reserved_port


@dataclass
class Fault:
    """What the receiver does wrong: answers with a status, waits, or cuts "before" it has read, or "after"."""

    status: int = 0
    seconds: float = 0.0
    cut: Literal["", "before", "after"] = ""
    keeps: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    times: int | None = 1


@dataclass(frozen=True)
class Call:
    """A call that the receiver took."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Receiver:
    """Runs from `start` to `stop`; in between it may be closed, so that connections are refused, and opened again."""

    def __init__(self, port: int, certificate: ssl.SSLContext | None = None) -> None:
        self.certificate = certificate
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.over = threading.Event()
        self.port = port
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/nhan"

    def open(self) -> None:
        """Take calls."""
        receiver = self

        class Handler(_Handler):
            owner = receiver

        self._server = _Server(("127.0.0.1", self.port), Handler)
        if self.certificate:
            self._server.socket = self.certificate.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Refuse calls."""
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def fault(self, **more: Any) -> None:
        self.faults.append(Fault(**more))

    def reset(self) -> None:
        # Whoever still waits has nobody to answer any more.
        self.over.set()
        self.over = threading.Event()
        self.faults.clear()
        self.calls.clear()

    def taken(self) -> Fault | None:
        """Return the fault that is next, and count it."""
        for fault in self.faults:
            if fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever calls may go away."""


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver

    def do_POST(self) -> None:
        self._take()

    def do_HEAD(self) -> None:
        self._take()

    def _take(self) -> None:
        fault = self.owner.taken() or Fault()
        if fault.cut == "before":
            self._cut()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if fault.keeps:
            self.owner.calls.append(Call(self.command, self.path, dict(self.headers.items()), body))
        self.owner.over.wait(fault.seconds)
        if fault.cut == "after":
            self._cut()
            return
        self.send_response(fault.status or 204)
        for name, value in fault.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def one_receiver() -> Iterator[Receiver]:
    """A receiver, one for all tests."""
    with reserved_port() as port:
        started = Receiver(port)
        started.open()
        yield started
        started.close()


@pytest.fixture
def receiver(one_receiver: Receiver) -> Receiver:
    """The receiver, begun anew."""
    one_receiver.reset()
    return one_receiver
