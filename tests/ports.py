"""A port that a bot is told of before it listens there, and that nobody else takes meanwhile.

A port that the system gave away and that is free again may be given to anybody the next moment, and many tests run
beside each other. So these stand below those that systems give away by themselves, and whoever has one holds the same
number for UDP, where nobody else wants it, as long as it is used.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

HOST = "127.0.0.1"
# Linux gives away those from 32768 on, others those from 49152 on.
PORTS = range(21_000, 29_000)
# The next one each time, so that nobody who still calls the one before is taken for another.
_TURN = itertools.cycle(PORTS)


@contextmanager
def reserved_port() -> Iterator[int]:
    """Hold the number of a port on which nobody listens, for the length of a block."""
    for port in itertools.islice(_TURN, len(PORTS)):
        with closing(socket.socket(type=socket.SOCK_DGRAM)) as held, closing(socket.socket()) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                held.bind((HOST, port))
                tried.bind((HOST, port))
            except OSError:
                continue
            tried.close()
            yield port
            return
    raise AssertionError("no port is free")


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a bot that is called."""
    with reserved_port() as held:
        yield held
