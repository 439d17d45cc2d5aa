"""The OpenAPI server for the tests of this folder: one for all, begun anew for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.zalo_oa.server import OpenApi


@pytest.fixture(scope="session")
def openapi_server() -> Iterator[OpenApi]:
    with OpenApi.start() as started:
        yield started


@pytest.fixture
def openapi(openapi_server: OpenApi) -> Iterator[OpenApi]:
    openapi_server.reset()
    yield openapi_server
    openapi_server.release()
