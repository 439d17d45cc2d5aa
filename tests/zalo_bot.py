"""A whole bot in a thread of this process, talking to a Zalo server on loopback, and the fixtures for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.zaloapi.client import ZaloApi


@pytest.fixture(scope="session")
def zalo_server() -> Iterator[ZaloApi]:
    """A server of the Zalo Bot Platform, one for all tests."""
    with ZaloApi.start() as started:
        yield started


@pytest.fixture
def zalo(zalo_server: ZaloApi) -> ZaloApi:
    """The server, begun anew."""
    zalo_server.reset()
    return zalo_server
