"""`ungxu invite`: the code that invites into a unit, its links, and the sheet to be printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import get_args

from bot.channels.base import Linkable, NetworkChannel, Remembering, linkable
from bot.channels.base import doors as all_doors
from bot.channels.configured import configured
from bot.channels.markup import plain
from bot.channels.telegram.channel import door
from bot.console import Write, acting
from bot.errors import InputError, TransportError
from bot.explaining import TEXTS, problem_line
from bot.settings import Settings, database_path
from bot.worker import Worker
from handlers.leading import roomiest
from handlers.office import load_office
from handlers.people import invitation, joining
from handlers.people.finding import find_unit, full_name
from handlers.people.sheet import Form, Sheet, draw
from handlers.texts import load_texts

# Somebody waits for it.
ASKING_SECONDS = 10.0

_BOT_NAME = re.compile(r"@?[A-Za-z]\w{4,31}", re.ASCII)


def revoke(settings: Settings, typed: str, write: Write) -> None:
    """End the codes that invite into a unit."""
    with acting(settings) as scene:
        unit = find_unit(scene.database, typed)
        count = joining.revoke_invitations(scene, unit.id)
    write(TEXTS("console.revoked", unit=unit.name, count=count))


def invite(settings: Settings, typed: str, file: Path | None, bot: str | None, as_json: bool, write: Write) -> None:
    """Print the code that invites into a unit with its links, and write its sheet to a file.

    `bot` is the name of the Telegram bot where there is no network to ask. Raises InputError for a name that is none, a
    file that cannot be written, and a sheet where the name of the bot is not to be had.
    """
    if bot and not _BOT_NAME.fullmatch(bot):
        raise InputError(TEXTS("console.bad_bot", name=bot))
    if file and _form(file) not in get_args(Form):
        raise InputError(TEXTS("console.sheet_form", file=file))
    texts, office = load_texts(settings.office), load_office(settings.office)
    channels = [] if bot else configured(settings, texts)
    unknown = asyncio.run(_ask_names(channels, settings))
    if unknown and file:
        # A sheet without the link is pinned up for a month.
        raise InputError(unknown)
    with acting(settings) as scene:
        unit = find_unit(scene.database, typed)
        made = invitation.make(scene, unit.id)
        found = [door(bot.removeprefix("@"), made.code)] if bot else all_doors(linkable(channels), made.code)
        doors = roomiest(found, scene.database)
        places = [plain(invitation.where(one, scene.database, texts)) for one in doors]
        sheet = invitation.sheet_for(scene, made, doors, texts, office, settings.zone)
        path = full_name(scene.database, unit)
    if file:
        _write_sheet(sheet, file)
    if as_json:
        links = [{"name": door.name, "link": door.link} for door in doors]
        said = {"unit": path, "code": sheet.code, "expires_at": made.expires_at, "links": links}
        write(json.dumps({**said, "sheet": str(file) if file else None}, ensure_ascii=False))
        return
    write(TEXTS("console.invitation", unit=path, code=sheet.code))
    write(TEXTS("console.invitation_until", until=invitation.shown_until(made, texts, settings.zone)))
    for place in places:
        write(place)
    if unknown:
        write(unknown)
    if file:
        write(TEXTS("console.sheet_written", file=file))


async def _ask_names(channels: Sequence[NetworkChannel], settings: Settings) -> str:
    """Ask each messenger who the bot is; return what is wrong where one does not tell, else ""."""
    for channel in channels:
        if not isinstance(channel, Linkable):
            continue
        async with _opened(channel, settings):
            try:
                async with asyncio.timeout(ASKING_SECONDS):
                    await channel.ask_name()
            except (TransportError, TimeoutError) as error:
                return TEXTS("console.name_unknown", reason=str(error) or type(error).__name__)
    return ""


@contextlib.asynccontextmanager
async def _opened(channel: NetworkChannel, settings: Settings) -> AsyncIterator[None]:
    """Open a channel, with the database where it keeps something there."""
    worker = Worker(database_path(settings)) if isinstance(channel, Remembering) else None
    if worker and isinstance(channel, Remembering):
        channel.remember(worker, "invite", lambda *_: None)
    await channel.open()
    try:
        yield
    finally:
        await channel.close()
        if worker:
            worker.close()


def _form(file: Path) -> str:
    return file.suffix.removeprefix(".").lower()


def _write_sheet(sheet: Sheet, file: Path) -> None:
    form: Form = "pdf" if _form(file) == "pdf" else "png"
    try:
        file.write_bytes(draw(sheet, form))
    except OSError as error:
        raise InputError(problem_line(str(file), "", "unwritable", error.strerror or "")) from None
