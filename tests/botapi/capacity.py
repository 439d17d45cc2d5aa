"""`python -m tests.botapi.capacity`: how many sendMessage requests a second one server process answers.

Drives it from this process over raw sockets with bytes made ready before, several requests in a row without waiting,
so that the server and not the client is measured.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import sys
import time

from tests.botapi.client import BotApi

SECONDS = 3.0
SOCKETS = 8
IN_A_ROW = 16
PEOPLE = 50
TEXT = "Điều 4. <b>Quy tắc ứng xử</b> cho cán bộ, công chức, viên chức, người lao động trong cơ quan nhà nước."
_GOOD = b"HTTP/1.1 200 OK"


def _request(token: str, chat: int) -> bytes:
    """A request as aiohttp would send it."""
    body = json.dumps({"chat_id": chat, "text": TEXT, "parse_mode": "HTML"}).encode()
    head = (
        f"POST /bot{token}/sendMessage HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAccept: */*\r\n"
        f"Accept-Encoding: gzip, deflate\r\nUser-Agent: capacity\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/json\r\n\r\n"
    )
    return head.encode() + body


class _Driver:
    """One socket that always has requests under way."""

    def __init__(self, port: int, block: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._block = block
        self._waiting = 0
        self._rest = b""

    def send(self) -> None:
        self.socket.sendall(self._block)
        self._waiting += IN_A_ROW

    def receive(self) -> int:
        """Read what is there; return how many answers that ends."""
        data = self._rest + self.socket.recv(1 << 18)
        answers = data.count(_GOOD)
        self._rest = data[-len(_GOOD) + 1 :]
        self._waiting -= answers
        return answers

    @property
    def idle(self) -> bool:
        return self._waiting == 0


def measure(seconds: float = SECONDS, sockets: int = SOCKETS) -> float:
    """Return the requests a second that a fresh server answers with a 200."""
    with BotApi.start() as api:
        people = api.crowd(1001, PEOPLE)
        port = int(api.url.rpartition(":")[2])
        block = b"".join(_request(api.token, people[number % PEOPLE]) for number in range(IN_A_ROW))
        drivers = [_Driver(port, block) for _ in range(sockets)]
        answers = 0
        with selectors.DefaultSelector() as selector:
            for driver in drivers:
                selector.register(driver.socket, selectors.EVENT_READ, driver)
                driver.send()
            start = time.perf_counter()
            while (passed := time.perf_counter() - start) < seconds:
                for key, _ in selector.select(1):
                    answers += key.data.receive()
                    if key.data.idle:
                        key.data.send()
        for driver in drivers:
            driver.socket.close()
        taken = len(api.calls("sendMessage"))
    assert taken or not answers
    return answers / passed


def main() -> None:
    """Print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    sys.stdout.write(f"{measure(options.seconds):,.0f} sendMessage requests/s\n")


if __name__ == "__main__":
    main()
