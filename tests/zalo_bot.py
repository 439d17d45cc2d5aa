"""A whole bot in a thread of this process, talking to a Zalo server on loopback, and the fixtures for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.telegram_bot import RunningBot, running
from tests.zaloapi.client import ZaloApi, person_id
from tests.zaloapi.records import Record
from tests.zaloapi.world import BOT_NAME as BOT_NAME

LONG_AGO = "2026-01-01T00:00:00+00:00"


def zalo_settings_for(zalo: ZaloApi, data: Path, **more: Any) -> Settings:
    """Return the settings of a bot on a server; names without their prefix."""
    values = {"zalo_tokens": zalo.token, "zalo_api_url": zalo.url, "zalo_names": BOT_NAME, "zalo_rate": 1000.0}
    return Settings(_env_file=None, data=data, **{**values, **more})


def said_in(zalo: ZaloApi, chat: str, count: int = 1) -> list[Record]:
    """Return what the bot said in a chat, as soon as it has said so much."""
    return [record for record in zalo.wait_for(count, chat) if record.kind != "action"]


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


@pytest.fixture
def person(zalo: ZaloApi) -> str:
    return zalo.person(1)


@pytest.fixture
def other(zalo: ZaloApi) -> str:
    return zalo.person(2)


def met_before(settings: Settings, people: int = 60) -> Settings:
    """Let the first people of a server be some that have written long ago: a stranger is told who answers."""
    database = Database(settings.data / FILE_NAME)
    with database.transaction():
        for number in range(1, people + 1):
            id = person_id(number)
            person_at(database, Address("zalo", settings.bots_of_zalo[0].partition(":")[0], id, id), LONG_AGO)
    database.close()
    return settings


@pytest.fixture
def zalo_settings(zalo: ZaloApi, tmp_path: Path) -> Settings:
    """The settings of a bot that has met the first people."""
    return met_before(zalo_settings_for(zalo, tmp_path, zalo_people=0))


@pytest.fixture
def zalo_bot(zalo_settings: Settings, documents_loaded_once: None) -> Iterator[RunningBot]:
    """A bot that polls the server."""
    with running(zalo_settings) as started:
        yield started
