"""A whole bot in a thread of this process, talking to a Bot API server on loopback, and the fixtures for it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.configured import configured
from bot.running import run_until
from bot.settings import Settings
from handlers.texts import load_texts
from knowledge.search import Search
from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.botapi.records import Record
from tests.botapi.world import BOT_NAME as BOT_NAME
from tests.waiting import PATIENCE

PERSON, OTHER, GROUP = 1001, 1002, -2001


class RunningBot:
    """`ungxu run` without its process: started by `running`, stopped by the end of the block."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.error: BaseException | None = None
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="bot")

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def stop(self) -> None:
        if self._loop and self._stop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        async def work() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            channels = configured(self.settings, load_texts(self.settings.office))
            await run_until(self._stop, self.settings, channels)

        try:
            asyncio.run(work())
        except BaseException as error:
            self.error = error
            self._ready.set()


def settings_for(api: BotApi, data: Path, **more: Any) -> Settings:
    """Return the settings of a bot on a server; names without their prefix."""
    values = {"telegram_token": api.token, "telegram_api_url": api.url, "data": data, "telegram_rate": 1000.0, **more}
    return Settings(_env_file=None, **values)


@contextmanager
def running(settings: Settings) -> Iterator[RunningBot]:
    """Run a bot for the length of a block; what it died of is raised."""
    bot = RunningBot(settings)
    bot.start()
    try:
        yield bot
    finally:
        bot.stop()
    if bot.error:
        raise bot.error


def said(api: BotApi, chat: int = PERSON, count: int = 1) -> list[Record]:
    """Return what the bot said in a chat, as soon as it has said so much."""
    records = api.wait_for(count, chat)
    return [record for record in records if record.kind in ("message", "edit", "photo", "document", "poll")]


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query on the bot's database, without keeping the bot from writing meanwhile."""
    address = (settings.data / FILE_NAME).absolute().as_uri()
    with closing(sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=PATIENCE)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(sql)]


def eventually(settings: Settings, sql: str, wanted: list[dict[str, Any]]) -> None:
    """Wait until a query on the bot's database returns what is wanted."""

    def look() -> object:
        try:
            return rows(settings, sql)
        except sqlite3.OperationalError as error:
            # The bot has not made its file or its tables yet.
            return error

    end = time.monotonic() + PATIENCE
    while (found := look()) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.05)


@pytest.fixture(scope="session")
def server() -> Iterator[BotApi]:
    """A Bot API server, one for all tests."""
    with BotApi.start() as started:
        yield started


@pytest.fixture
def api(server: BotApi) -> BotApi:
    """The server, begun anew, with two people."""
    server.reset()
    for number in (PERSON, OTHER):
        server.user(number)
    return server


@pytest.fixture
def documents_loaded_once(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    monkeypatch.setattr("bot.app.load_search", lambda folder, office: search)


@pytest.fixture
def telegram_settings(api: BotApi, tmp_path: Path) -> Settings:
    return settings_for(api, tmp_path)


@pytest.fixture
def bot(telegram_settings: Settings, documents_loaded_once: None) -> Iterator[RunningBot]:
    """A bot that polls the server."""
    with running(telegram_settings) as started:
        yield started


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="hold the slow proofs at their full size")


@pytest.fixture
def full_size(request: pytest.FixtureRequest) -> bool:
    """Whether the slow proofs are held at their full size."""
    return bool(request.config.getoption("--soak"))
