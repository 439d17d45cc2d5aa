"""The OpenAPI server for the tests of this folder: one for all, begun anew for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.telegram_bot import RunningBot, running
from tests.waiting import PATIENCE
from tests.zalo_oa.account import OTHER, USER, log_in, settings_for, until_called
from tests.zalo_oa.server import OpenApi
from tests.zalo_oa.world import APP_ID


@pytest.fixture(scope="session")
def openapi_server() -> Iterator[OpenApi]:
    with OpenApi.start() as started:
        yield started


@pytest.fixture
def openapi(openapi_server: OpenApi) -> Iterator[OpenApi]:
    openapi_server.reset()
    yield openapi_server
    openapi_server.release()


@pytest.fixture
def oa_settings(openapi: OpenApi, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an account whose administrator has agreed, listening where the server calls.

    Both sides take their time on a slow machine.
    """
    monkeypatch.setattr("bot.channels.zalo_oa.channel.PATIENCE", PATIENCE)
    monkeypatch.setattr("tests.zalo_oa.webhook.TIMEOUT", PATIENCE)
    openapi.webhook.url = f"http://127.0.0.1:{port}/zalo-oa"
    log_in(openapi, tmp_path)
    database = Database(tmp_path / FILE_NAME)
    for user in (USER, OTHER):
        # Met long ago: a stranger is told who answers.
        person_at(database, Address("zalo_oa", APP_ID, user, user), "2026-01-01T00:00:00+00:00")
    database.close()
    return settings_for(openapi, tmp_path, port)


@pytest.fixture
def oa_bot(oa_settings: Settings, openapi: OpenApi, documents_loaded_once: None) -> Iterator[RunningBot]:
    """A bot that the server can call."""
    with running(oa_settings) as started:
        until_called(openapi)
        yield started
