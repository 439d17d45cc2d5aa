"""What the tests of storage and bot share: a channel and a clock of their own, and ways to run the command."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.channels.abilities import Abilities
from bot.channels.base import Outgoing, Take
from bot.cli import main
from bot.rate_limit import Limits
from storage import database as database_module
from storage import menus, outbox
from storage.database import Database
from storage.people import Address, person_at
from tests.conftest import NOW
from tests.waiting import PATIENCE

STAMP = NOW.isoformat()

OWN_DOCUMENT = """
id: noi-quy-vi-du
title: Nội quy Sở Ví Dụ
short: Nội quy
number: "1/NQ-SVD"
date: "2026"
issuer: Sở Ví Dụ
level: office
validity: {status: in force, checked: "2026-11"}
provisions:
  - part: dieu-1
    title: Thẻ và xe
    text: Đeo thẻ khi vào cơ quan và để xe đúng nơi quy định.
"""


def later(**delta: float) -> str:
    """A time after NOW as it is stored."""
    return (NOW + dt.timedelta(**delta)).isoformat()


def place(chat: str = "chat-1", sender: str = "nguoi-vi-du", channel: str = "vidu", account: str = "bot-1") -> Address:
    return Address(channel, account, chat, sender)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock of a database file, as another process would."""
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def shrunk(database: Database, spare_pages: int = 1) -> Iterator[None]:
    """Let a database grow by a few pages only, as on a full disk."""
    pages = database.row("PRAGMA page_count")
    assert pages is not None
    database.rows(f"PRAGMA max_page_count={pages['page_count'] + spare_pages}")
    yield
    database.rows("PRAGMA max_page_count=1000000")


def shown_menu(database: Database, address: Address, buttons: list[dict[str, Any]], now: str = STAMP) -> int:
    """Put a message with a menu into the outbox, as the receiver does; return the menu's number."""
    number = outbox.put(database, address.channel, address.account, address.chat, outbox.ANSWER, {"text": "Chọn:"}, now)
    person_at(database, address, now)
    assert menus.remember(database, number, address, buttons, now)
    return number


def archive(*names: str) -> bytes:
    """An archive that holds parts of these names, as a Word file does."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name in names:
            file.writestr(name, "<x/>")
    return written.getvalue()


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        """The same time in seconds since whenever."""
        return 1000.0 + (self.now - NOW).total_seconds()

    def advance(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


class Messenger:
    """A channel that keeps what it carried; `ends` are raised by the sends to come, one each (None: it arrives).

    A chat whose name begins with "nhom" is a group. What it carried has the name "m1", "m2" and so on.
    """

    account = "bot-1"
    polls = False

    def __init__(self, name: str = "vidu", abilities: Abilities | None = None, limits: Limits | None = None) -> None:
        self.name = name
        self.abilities = abilities or Abilities(buttons=True, text_length=100)
        self.limits = limits
        self.ends: list[BaseException | None] = []
        self.tried: list[tuple[str, str]] = []
        self.arrived: list[tuple[str, str]] = []
        self.carried: list[Outgoing] = []

    async def receive(self, take: Take) -> None:
        return

    async def send(self, chat: str, message: Outgoing) -> str | None:
        said = chat, message.text or ""
        self.tried.append(said)
        self.carried.append(message)
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        self.arrived.append(said)
        return f"m{len(self.arrived)}"

    def is_group(self, chat: str) -> bool:
        return chat.startswith("nhom")


class Slow(Messenger):
    """A channel whose messages are on their way until it is told to go on."""

    def __init__(self, name: str = "vidu", limits: Limits | None = None) -> None:
        super().__init__(name, limits=limits)
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def send(self, chat: str, message: Outgoing) -> str | None:
        self.begun.set()
        await self.go_on.wait()
        return await super().send(chat, message)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@contextmanager
def logging_kept() -> Iterator[None]:
    """Put back, after a block, how this process logs and what becomes of faults that nobody catches."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "aiohttp", "telegram", "uvicorn")}
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in noisy.items():
            logging.getLogger(name).setLevel(before)


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: bytes = b"") -> Ended:
    """Run `ungxu` in this process, through the door that the console command uses."""
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding="ascii") for name in ("stdout", "stderr")}
    with monkeypatch.context() as patch, logging_kept():
        patch.setattr(sys, "argv", ["ungxu", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="ascii"))
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        code: int | str | None = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Ended(code, *(_written(stream) for stream in streams.values()))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.detach()
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def run_process(*arguments: str, cwd: Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ended:
    """Run `python -m bot` as a stranger would: a process of its own, in a locale without Vietnamese letters."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "80", **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        input=stdin,
        env=environment,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def one_clear_line(ended: Ended) -> str:
    """Return what a failed command said, after making sure that it is one line on standard error."""
    assert ended.code == 1
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1
    return ended.err.strip()


def read_then_write(path: str, times: int) -> None:
    """Raise a counter by reading it first and writing it afterwards; runs in a process of its own."""
    database_module.BUSY_TIMEOUT_MS = int(1000 * PATIENCE)
    database = Database(Path(path))
    for _ in range(times):
        with database.transaction():
            row = database.row("SELECT value FROM counter")
            assert row is not None
            database.run("UPDATE counter SET value = :value", {"value": row["value"] + 1})
    database.close()


def open_together(path: str, meet: Any) -> None:
    """Open a database at the same moment as others; runs in a process of its own."""
    database_module.BUSY_TIMEOUT_MS = int(1000 * PATIENCE)
    meet.wait()
    Database(Path(path)).close()
