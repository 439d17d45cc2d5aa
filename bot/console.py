"""What the commands about people share: the database as whoever works on the machine sees it, and how days are said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.clock import utc_now
from bot.errors import InputError, SettingsError
from bot.explaining import TEXTS, problem_line
from bot.settings import Settings, database_path
from handlers import spreadsheet
from handlers.authorization import Actor, Scene
from knowledge.errors import UnreadableFile
from storage.audit import CONSOLE
from storage.database import Database

Write = Callable[[str], None]


@contextmanager
def looking(settings: Settings) -> Iterator[Scene]:
    """Open the database to look at it; raise InputError where there is none, SettingsError or StorageError."""
    path = database_path(settings)
    try:
        path.stat()
    except FileNotFoundError:
        # Made anew in a wrong folder it would only hide that the folder is wrong.
        raise InputError(TEXTS("console.no_database", path=path.absolute())) from None
    except OSError as error:
        raise SettingsError("UNGXU_DATA", f"{path.parent}: {error.strerror}") from None
    with _opened(settings) as scene:
        yield scene


@contextmanager
def acting(settings: Settings) -> Iterator[Scene]:
    """Open the database and act in it: committed whole, or not at all where an act is refused."""
    with looking(settings) as scene, scene.database.transaction():
        yield scene


@contextmanager
def beginning(settings: Settings) -> Iterator[Scene]:
    """As `acting`, where the database may not be there yet."""
    with _opened(settings) as scene, scene.database.transaction():
        yield scene


@contextmanager
def _opened(settings: Settings) -> Iterator[Scene]:
    now = utc_now()
    database = Database(database_path(settings))
    try:
        yield Scene(database, Actor(CONSOLE), now, now.astimezone(settings.zone).date())
    finally:
        database.close()


def content_of(file: Path, too_large: str = "table_too_large") -> bytes:
    """Return what is in a file that somebody hands in; raise UnreadableFile, also with this code for one too large."""
    try:
        if file.stat().st_size > spreadsheet.MAX_BYTES:
            raise UnreadableFile(str(file), too_large)
        return file.read_bytes()
    except OSError as fault:
        raise UnreadableFile(str(file), "unreadable", fault.strerror or "") from None


def write_anew(file: Path, content: bytes) -> None:
    """Write a file that is not there yet; raise InputError where it is, or cannot be written."""
    try:
        with file.open("xb") as target:
            target.write(content)
    except FileExistsError:
        raise InputError(TEXTS("roster.file_exists", file=file)) from None
    except OSError as error:
        raise InputError(problem_line(str(file), "", "unwritable", error.strerror or "")) from None


def shown_day(day: str) -> str:
    """Return a stored day as it is read."""
    return dt.date.fromisoformat(day).strftime("%d/%m/%Y")
