"""`ungxu claim`: a one-time code for whoever is to be an administrator, and how it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.channels.base import Examined, Linkable, NetworkChannel
from bot.channels.configured import configured, lacking
from bot.clock import utc_now
from bot.errors import InputError
from bot.explaining import TEXTS
from bot.settings import Settings, database_path
from handlers.people.joining import make_claim
from handlers.people.reading import shown_code
from storage.database import Database


def claim(settings: Settings, write: Callable[[str], None]) -> None:
    """Print a new code; those printed before and not used are void. Raises InputError where there is no database."""
    path = database_path(settings)
    if not path.exists():
        # A new one would be where the bot does not look: most often the command stands in another folder.
        raise InputError(TEXTS("claim.no_database", path=path.absolute()))
    database = Database(path)
    try:
        with database.transaction():
            code = make_claim(database, utc_now())
    finally:
        database.close()
    write(how_to_use(code, bots(settings)))


def how_to_use(code: str, bots: Sequence[str]) -> str:
    """Return a code in words, with what to do with it; `bots` are the names that are known."""
    bot = ", ".join(bots) or TEXTS("claim.some_bot")
    return TEXTS("claim.how", code=shown_code(code), bot=bot)


def bots(settings: Settings) -> list[str]:
    """Return the names of the bots that their messengers know now; one that cannot be asked is left out."""
    channels = [] if lacking(settings) else configured(settings, TEXTS)
    found = [(channel, introduction(channel)) for channel in channels]
    return [name for channel, one in found if one.state == "ok" and (name := _name(channel, one))]


def _name(channel: NetworkChannel, found: Examined) -> str:
    """How people find a bot: as its channel says, else as its messenger does; "" where neither does."""
    door = channel.door("") if isinstance(channel, Linkable) else None
    return door.name if door else str(found.values.get("name", ""))


def introduction(channel: NetworkChannel) -> Examined:
    """Ask a messenger who the bot is; return the first thing that was found out, which may be why that is not known."""

    async def ask() -> Examined:
        await channel.open()
        try:
            return await anext(channel.examine(()))
        finally:
            await channel.close()

    return asyncio.run(ask())
