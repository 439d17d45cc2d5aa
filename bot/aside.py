"""Files that their channel does not carry: put aside in a folder of the office, with words that say where.

Nobody's own address of e-mail is kept, so that there is none to which a letter could go instead. Where there is one, it
belongs into `Aside.put`, before the folder.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.channels.abilities import Abilities
from bot.channels.base import OutgoingFile
from bot.channels.fitting import ROOM_FOR_WORDS
from bot.clock import Clock
from handlers.retention import in_words
from handlers.texts import Texts
from storage.outbox import OutboxRow

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=30)
"""How long a file lies in the folder: whoever needs it has fetched it by then."""

INTERVAL = 3600.0

LONGEST_NAME = 80
# The folder is the office's; whoever else may read it is decided by whoever made it.
_FOLDER, _FILE = 0o750, 0o640
_OURS = re.compile(r"\d{8}-\d+-.+")


class Aside:
    """Puts files aside. `folder` is None where the office wants none; `shown` is what people read of its place.

    What is kept encrypted lies there in the clear only where the office `chose` the folder, and so who sees into it.
    """

    def __init__(self, folder: Path | None, shown: str, texts: Texts, zone: ZoneInfo, *, chosen: bool = False) -> None:
        self._folder = folder
        self._shown = shown
        self._chosen = chosen
        self._texts = texts
        self._zone = zone

    @property
    def takes_kept(self) -> bool:
        """Whether what is kept encrypted, as the file of a broadcast, is put aside too."""
        return self._folder is not None and self._chosen

    def widened(self, abilities: Abilities) -> Abilities:
        """Return what can be written to a channel: also files, where they have another way."""
        if self._folder is None or abilities.files:
            return abilities
        return replace(abilities, caption_length=max(abilities.text_length - ROOM_FOR_WORDS, 1))

    async def put(self, row: OutboxRow, file: OutgoingFile) -> Markup:
        """Put the file of a message aside; return what to tell its reader.

        Done again for the same message it changes nothing, since a message may be sent more than once.
        """
        if self._folder is None or (file.sealed and not self._chosen):
            return self._texts.rich("media.not_here")
        path = self._folder / self._name(row, file)
        try:
            await asyncio.to_thread(_write, path, file.data)
        except OSError as error:
            log.error("a file cannot be put aside: %s", error.strerror or type(error).__name__)
            return self._texts.rich("media.not_put", name=file.name[:LONGEST_NAME])
        return self._texts.rich(
            "media.put_aside", name=path.name, folder=self._shown, time=in_words(KEPT.days, self._texts)
        )

    async def keep_tidy(self, clock: Clock) -> None:
        """Delete what lies there for too long, again and again until cancelled."""
        while True:
            await self.tidy(clock())
            await asyncio.sleep(INTERVAL)

    async def tidy(self, now: dt.datetime) -> None:
        """Delete what lies there for too long."""
        if self._folder is None:
            return
        try:
            await asyncio.to_thread(tidy, self._folder, now)
        except OSError as error:
            log.warning("the folder of files cannot be tidied: %s", error.strerror or type(error).__name__)

    def _name(self, row: OutboxRow, file: OutgoingFile) -> str:
        """The day, the number of the message, and what the file is called, as every system can write it."""
        day = dt.datetime.fromisoformat(row.created_at).astimezone(self._zone)
        stem, dot, ending = re.sub(r"[^\w.-]+", "-", file.name).strip("-.").rpartition(".")
        name = f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending[:10]}" if stem else ending[:LONGEST_NAME]
        return f"{day:%Y%m%d}-{row.id}-{name or file.kind}"


def tidy(folder: Path, now: dt.datetime) -> int:
    """Delete the files of the bot that lie in a folder for too long; return how many. Others are left alone."""
    if not folder.is_dir():
        return 0
    old = [
        path
        for path in folder.iterdir()
        if _OURS.fullmatch(path.name) and now.timestamp() - path.stat().st_mtime > KEPT.total_seconds()
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _write(path: Path, data: bytes) -> None:
    """Write a file in one step, so that nobody finds half of one."""
    path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.part")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), _FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
