"""What several tests share: the built-in documents (loaded once), a database, a context, a clean environment."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

from handlers.authorization import Actor, Scene
from handlers.context import Context
from handlers.office import Office
from handlers.people import service
from handlers.texts import Texts, load_texts
from knowledge.background import Background, load_background
from knowledge.documents import Library
from knowledge.loading import BUILT_IN, load_library
from knowledge.schema import LexiconEntry
from knowledge.search import Search
from storage.audit import CONSOLE
from storage.database import Database
from storage.people import Address, person_at
from tests.waiting import PATIENCE

pytest_plugins = [
    "tests.ports",
    "tests.telegram_bot",
    "tests.zalo_bot",
    "tests.conversations",
    "tests.mail_server",
    "tests.web_receiver",
]

# How long an example takes, or is thought of, says nothing where several tests share a core. The examples are the same
# each time, so that a change is to blame for what fails; `pytest --hypothesis-profile random` looks for others.
settings.register_profile("random", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ungxu", settings.get_profile("random"), derandomize=True)
settings.load_profile("ungxu")

# Whatever is talked to here is on this machine.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]

NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)
TODAY = NOW.date()

OFFICE = Office(
    name="Sở Ví Dụ",
    introduced_by="Công văn 1/SVD ngày 02/01/2026",
    contact="Văn phòng Sở Ví Dụ",
    phone="0000 000 000",
    hours="giờ hành chính",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("UNGXU_"):
            monkeypatch.delenv(name)


# What the program does where something takes longer: it gives up a connection or a storage, or shows that it is typing.
UNHURRIED = {
    "storage.database.BUSY_TIMEOUT_MS": int(1000 * PATIENCE),
    "bot.channels.telegram.transport.CONNECT_TIMEOUT": PATIENCE,
    "bot.channels.telegram.channel.TYPING_AFTER": PATIENCE,
    "bot.channels.webhook.calling.CONNECT_TIMEOUT": PATIENCE,
    "bot.channels.webhook.calling.LOOK_UP_TIMEOUT": PATIENCE,
    "bot.channels.zalo.api.CONNECT_TIMEOUT": PATIENCE,
    "bot.channels.zalo.channel.TYPING_AFTER": PATIENCE,
    "bot.channels.zalo_oa.api.CONNECT_TIMEOUT": PATIENCE,
    "bot.inviting.ASKING_SECONDS": PATIENCE,
}


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing happen only because this machine stood still; who tests what a time brings about sets that time."""
    for name, value in UNHURRIED.items():
        monkeypatch.setattr(name, value)


@pytest.fixture
def soon_busy(unhurried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage that soon gives up to wait for whoever holds it; asked for before what opens it."""
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 200)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let the programs that a test starts end by Ctrl+C: whatever runs in the background passes on to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library(BUILT_IN)


@pytest.fixture(scope="session")
def background() -> Background:
    return load_background()


@pytest.fixture(scope="session")
def lexicon_entry(background: Background) -> LexiconEntry:
    return background.lexicon


@pytest.fixture(scope="session")
def search(library: Library, background: Background) -> Search:
    return Search(library, background)


@pytest.fixture(scope="session")
def texts() -> Texts:
    return load_texts()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "ungxu.db")
    yield opened
    opened.close()


@pytest.fixture
def address() -> Address:
    return Address("terminal", "local", "local", "local")


@pytest.fixture
def console(database: Database) -> Scene:
    """Whoever works on the machine: may do everything."""
    return Scene(database, Actor(CONSOLE), NOW, TODAY)


@pytest.fixture
def office(console: Scene) -> dict[str, int]:
    """The units of Sở Ví Dụ with two departments, by their names."""
    top = service.create_unit(console, "Sở Ví Dụ")
    named = {name: service.create_under(console, top, f"Phòng {name}") for name in ("Một", "Hai")}
    return {"top": top, **named}


@pytest.fixture
def context(database: Database, search: Search, texts: Texts, address: Address) -> Context:
    person = person_at(database, address, NOW.isoformat())
    return Context(database, search, texts, OFFICE, ZoneInfo("Asia/Ho_Chi_Minh"), NOW, person, address=address)
