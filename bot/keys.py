"""`ungxu keys`: a new key in front of the others, and which of the others are needed no more.

The bot reads the keys when it starts, and then encrypts by itself with the newest what an older one encrypted: only a
process that knows a key may use it, or another that runs beside it could not read what it stored.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bot.backup import KEEP_BACKUPS
from bot.env_file import read_env, with_values
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.files import make_box, new_key
from bot.replacing import replace
from bot.settings import ENV_FILE, Settings, database_path, variable
from handlers.retention import in_words
from storage import blobs
from storage.database import Database

Write = Callable[[str], None]

NAME = variable("secret_keys")
# So much of a key is shown that its owner knows it again.
_SHOWN = 5


def rotate(settings: Settings, into_file: bool, write: Write) -> None:
    """Make a key the first of all; put it into `.env` or say what is to be put there. Raises InputError."""
    make_box(settings.keys)
    keys = ",".join([new_key(), *settings.keys])
    if into_file:
        if NAME in {name.upper() for name in os.environ}:
            raise InputError(TEXTS("cli.keys_in_environment"))
        env = Path(ENV_FILE)
        replace(env, with_values(read_env(env), {NAME: keys}), private=True)
        write(TEXTS("cli.keys_written", file=env.absolute(), count=len(settings.keys)))
    else:
        write(TEXTS("cli.keys_put"))
        write(f"{NAME}={keys}")
    write(TEXTS("cli.keys_next"))


def status(settings: Settings, write: Write) -> None:
    """Say how many parts of files each key encrypted, and which key is needed no more."""
    box = make_box(settings.keys)
    if box is None:
        raise InputError(TEXTS("cli.keys_none"))
    counts = _counts(database_path(settings))
    unnoted = counts.pop(None, 0)
    for number, (key, name) in enumerate(zip(settings.keys, box.names, strict=True), 1):
        count = counts.pop(name, 0)
        text = "cli.key_newest" if number == 1 else "cli.key_in_use" if count or unnoted else "cli.key_free"
        end = key.rstrip("=")[-_SHOWN:]
        write(TEXTS(text, number=number, end=end, count=count, time=in_words(KEEP_BACKUPS.days, TEXTS)))
    if unnoted:
        write(TEXTS("cli.key_unnoted", count=unnoted))
    if counts:
        write(TEXTS("cli.key_unknown", count=sum(counts.values())))


def _counts(path: Path) -> dict[str | None, int]:
    if not path.exists():
        return {}
    database = Database(path)
    try:
        return blobs.parts_by_key(database)
    finally:
        database.close()
