"""`ungxu doctor`: looks at everything the bot needs and says in one line each how it stands."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from bot import routes
from bot.backup import default_folder, newest
from bot.channels.base import Examined, NetworkChannel, Remembering, State
from bot.channels.configured import configured, lacking
from bot.clock import is_plausible, utc_now
from bot.dispatch import OLDEST_ANSWER
from bot.errors import SettingsError
from bot.explaining import TEXTS, explain
from bot.files import make_box
from bot.knowledge_base import load_search
from bot.plan import share
from bot.rate_limit import Limits
from bot.settings import ENV_FILE, Settings, database_path, unknown_settings, variable
from bot.upkeep import LOW_DISK_GB
from bot.web import bound
from bot.worker import Worker
from handlers.destinations import load_routing
from handlers.errors import HandlerError, Refusal
from handlers.first_aid import load_first_aid
from handlers.office import Office, load_office
from handlers.people.finding import find_member
from handlers.plan import SHORT_AT, month
from handlers.texts import Texts, load_texts
from handlers.upkeep import OLD_BACKUP
from knowledge.errors import KnowledgeError
from knowledge.search import Search
from knowledge.text import words
from storage import bots, outbox, usage
from storage.chats import counts as closed_counts
from storage.database import Database
from storage.errors import StorageError
from storage.people import chats_of

Line = tuple[State, str]


def examine(settings: Settings, write: Callable[[str], None], faults: Sequence[SettingsError] = ()) -> bool:
    """Print one line for each thing that was looked at; return whether none failed.

    `faults` are the settings that cannot be used; the rest is looked at as if they were not set.
    """
    try:
        texts, broken = load_texts(settings.office), None
    except HandlerError as error:
        texts, broken = TEXTS, error
    good = True
    for state, what in _findings(settings, texts, [*faults, *([broken] if broken else [])]):
        write(texts(f"doctor.{state}", what=what))
        good = good and state != "failed"
    return good


def _findings(settings: Settings, texts: Texts, faults: Sequence[Exception]) -> Iterator[Line]:
    yield from _failed(*faults)
    yield from _unknown(faults, texts)
    folder = settings.office or texts("doctor.no_office")
    yield "ok", texts("doctor.settings", data=settings.data, office=folder, zone=settings.timezone)
    yield from _knowledge(settings, texts)
    yield _segmentation(texts)
    yield _database(settings, texts)
    if not any(isinstance(fault, SettingsError) and _is_of_channel(fault.name) for fault in faults):
        yield from _channels(settings, texts)
    yield from _routing(settings, texts)
    yield from _listen(settings, texts)
    yield _files(settings, texts)
    yield from _backup(settings, texts)
    yield _disk(settings, texts)
    yield _files_out(settings, texts)
    now = dt.datetime.now(settings.zone)
    name = "clock" if is_plausible(now) else "clock_wrong"
    yield (
        "ok" if name == "clock" else "warning",
        texts(f"doctor.{name}", now=now.strftime("%d/%m/%Y %H:%M %Z")),
    )


def _failed(*errors: Exception) -> Iterator[Line]:
    for error in errors:
        for line in explain(error).splitlines():
            yield "failed", line


def _unknown(faults: Sequence[Exception], texts: Texts) -> Iterator[Line]:
    """What is named like a setting and is none: a mistyped one has no effect, and nothing else would tell."""
    if any(isinstance(fault, SettingsError) and fault.name == ENV_FILE for fault in faults):
        return
    for name, near in unknown_settings().items():
        yield "warning", texts("doctor.setting_mistyped" if near else "doctor.setting_unknown", name=name, near=near)


def _is_of_channel(name: str) -> bool:
    """Whether a messenger cannot be asked while this setting is wrong."""
    of_channels = ("telegram", "zalo", "smtp_url", "webhook_secrets", "public_url", "listen", "secret_keys")
    return name.startswith((ENV_FILE, *map(variable, of_channels)))


def _knowledge(settings: Settings, texts: Texts) -> Iterator[Line]:
    """The office and the documents, as far as they can be loaded."""
    try:
        office = load_office(settings.office)
        yield from _office(settings, office, texts)
        load_first_aid(settings.office)
        search = load_search(settings.office, office)
    except (HandlerError, KnowledgeError) as error:
        yield from _failed(error)
        return
    ids = ", ".join(search.library.documents)
    yield "ok", texts("doctor.documents", count=len(search.library.documents), ids=ids)
    yield _answering(search, texts)


def _office(settings: Settings, office: Office, texts: Texts) -> Iterator[Line]:
    if settings.office is None:
        yield "warning", texts("doctor.office_none")
        return
    missing = [name for name in ("name", "contact", "phone", "hours") if not getattr(office, name)]
    if missing:
        yield "warning", texts("doctor.office_incomplete", fields=", ".join(missing))
    else:
        yield (
            "ok",
            texts("doctor.office_contact", name=office.name, contact=office.contact, phone=office.phone),
        )
    if office.province is None:
        yield "warning", texts("doctor.office_province")
    yield from _calendar(settings, office, texts)


def _calendar(settings: Settings, office: Office, texts: Texts) -> Iterator[Line]:
    """The days off of this year and the next, and whether those on duty are members."""
    today = utc_now().astimezone(settings.zone).date()
    unknown = office.calendar.unknown_years(today)
    for year in unknown:
        yield "warning", texts("doctor.calendar_unknown", year=year)
    if not unknown:
        yield "ok", texts("doctor.calendar_known")
    on_duty = {who for duty in office.calendar.duty if duty.ends.date() >= today for who in duty.who}
    database = _opened(settings) if on_duty else None
    if database is None:
        return
    try:
        for who in sorted(on_duty):
            try:
                find_member(database, who, today)
            except Refusal:
                yield "warning", texts("doctor.duty_unknown", who=who)
    except StorageError:
        # Said where the database is looked at.
        return
    finally:
        database.close()


def _answering(search: Search, texts: Texts) -> Line:
    # The first document's first passage, asked for by its own words by somebody it is meant for, must be found.
    passage = search.library.passages()[0]
    units = frozenset(passage.document.entry.audience)
    finding = search.answer(passage.edition().text or "", units=units)
    if passage not in [citation.provision for citation in finding.citations]:
        return "failed", texts("doctor.answering_failed")
    return "ok", texts("doctor.answering", id=finding.citations[0].provision.id)


def _segmentation(texts: Texts) -> Line:
    try:
        words("mạng xã hội")
    except Exception as error:
        return "failed", texts("doctor.segmentation_failed", message=error)
    return "ok", texts("doctor.segmentation", version=version("underthesea"))


def _database(settings: Settings, texts: Texts) -> Line:
    path = database_path(settings)
    if not path.exists():
        folder = _existing_folder(settings)
        if folder.is_dir() and os.access(folder, os.W_OK):
            return "ok", texts("doctor.database_new", path=path)
        return "failed", texts("doctor.database_impossible", path=path, folder=folder)
    try:
        database = Database(path)
        try:
            state = database.check()
        finally:
            database.close()
    except StorageError as error:
        return "failed", texts("doctor.database", path=path, state=error)
    return "ok" if state == "ok" else "failed", texts("doctor.database", path=path, state=state)


def _channels(settings: Settings, texts: Texts) -> Iterator[Line]:
    """Every messenger that is set up, asked by the network, and what waits to be sent."""
    try:
        if faults := lacking(settings):
            yield from _failed(*faults)
            return
        channels = configured(settings, texts)
    except (SettingsError, HandlerError):
        # A key or rules that cannot be used, which is said where files and reports are looked at.
        return
    if not any(channel.abilities.hears for channel in channels):
        yield "warning", texts("doctor.no_channel")
    if not channels:
        return
    database = _opened(settings)
    try:
        for channel in channels:
            chats = chats_of(database, channel.name, channel.account) if database else []
            if channel.abilities.letters:
                chats = load_routing(settings.office).mails
            for found in asyncio.run(_examined(channel, chats, database_path(settings) if database else None)):
                yield found.state, texts(f"doctor.{found.name}", **found.values)
            if database and channel.limits and channel.limits.monthly:
                yield _plan(database, channel, channel.limits, texts)
        if database:
            yield _outbox(database, texts)
    except StorageError:
        # Said where the database is looked at.
        return
    finally:
        if database:
            database.close()


def _routing(settings: Settings, texts: Texts) -> Iterator[Line]:
    """Where reports go, and which of these places cannot be reached."""
    try:
        routing = load_routing(settings.office)
    except HandlerError as error:
        yield from _failed(error)
        return
    database = _opened(settings)
    try:
        yield from routes.examine(settings, routing, database, texts, load_office(settings.office).report_prefix)
    except (StorageError, HandlerError):
        # Said where the database and the office are looked at.
        return
    finally:
        if database:
            database.close()


def _opened(settings: Settings) -> Database | None:
    """The database where there is one that can be used; what is wrong with another is said where it is looked at."""
    path = database_path(settings)
    try:
        return Database(path) if path.exists() else None
    except StorageError:
        return None


async def _examined(channel: NetworkChannel, chats: Sequence[str], path: Path | None) -> list[Examined]:
    """Look at a channel, with the database that it keeps something in where there is one."""
    worker = Worker(path) if path and isinstance(channel, Remembering) else None
    if worker and isinstance(channel, Remembering):
        channel.remember(worker, "doctor", lambda *_: None)
    await channel.open()
    try:
        return [found async for found in channel.examine(chats)]
    finally:
        await channel.close()
        if worker:
            worker.close()


def _plan(database: Database, channel: NetworkChannel, limits: Limits, texts: Texts) -> Line:
    used = usage.get(database, channel.name, channel.account, month(utc_now()))
    people = bots.people(database, channel.name, channel.account)
    short = share(used, limits) >= SHORT_AT or (bool(limits.people) and people >= limits.people)
    values = {"sent": used.sent, "received": used.received, "monthly": limits.monthly}
    text = texts("doctor.plan", account=channel.account, **values, people=people, most=limits.people or "∞")
    return "warning" if short else "ok", text


def _outbox(database: Database, texts: Texts) -> Line:
    oldest = min(
        (oldest for _, urgency, _, _, oldest in outbox.depths(database) if urgency == outbox.ANSWER), default=""
    )
    waiting = outbox.unfinished(database)
    age = utc_now() - dt.datetime.fromisoformat(oldest) if oldest else dt.timedelta()
    state: State = "warning" if age > OLDEST_ANSWER else "ok"
    closed = sum(count for _, count in closed_counts(database))
    name = "outbox_old" if state == "warning" else "outbox"
    return state, texts(f"doctor.{name}", count=waiting, closed=closed, minutes=round(age.total_seconds() / 60))


def _listen(settings: Settings, texts: Texts) -> Iterator[Line]:
    if settings.address is None:
        return
    try:
        with bound(*settings.address):
            yield "ok", texts("doctor.listen", address=settings.listen)
    except OSError as error:
        # Most often it is the bot itself that listens there.
        name = "listen_taken" if error.errno == errno.EADDRINUSE else "listen_failed"
        state: State = "warning" if name == "listen_taken" else "failed"
        yield state, texts(f"doctor.{name}", address=settings.listen, reason=error.strerror)


def _files(settings: Settings, texts: Texts) -> Line:
    if settings.keys:
        try:
            make_box(settings.keys)
        except SettingsError as error:
            return "failed", explain(error)
        return "ok", texts("doctor.files")
    return "warning", texts("doctor.files_no_key")


def _backup(settings: Settings, texts: Texts) -> Iterator[Line]:
    """How old the newest copy is; where nothing is kept yet, there is nothing to copy."""
    if not database_path(settings).exists():
        return
    made = newest(default_folder(settings))
    if made is None:
        yield "warning", texts("doctor.no_backup")
        return
    age = utc_now() - made
    values = {"time": made.astimezone(settings.zone).strftime("%H:%M %d/%m/%Y"), "hours": age // dt.timedelta(hours=1)}
    old = age > OLD_BACKUP
    yield "warning" if old else "ok", texts("doctor.backup_old" if old else "doctor.backup", **values)


def _disk(settings: Settings, texts: Texts) -> Line:
    free = shutil.disk_usage(_existing_folder(settings)).free / 1e9
    low = free < LOW_DISK_GB
    return "warning" if low else "ok", texts("doctor.disk_low" if low else "doctor.disk", free=f"{free:.1f}")


def _files_out(settings: Settings, texts: Texts) -> Line:
    folder = settings.files_out_folder
    if folder is None:
        return "warning", texts("doctor.files_out_none")
    above = _existing(folder)
    writable = above.is_dir() and os.access(above, os.W_OK)
    name = "files_out" if writable else "files_out_failed"
    return "ok" if writable else "failed", texts(f"doctor.{name}", folder=folder.absolute())


def _existing_folder(settings: Settings) -> Path:
    """The data folder, or where it does not exist yet the folder above it that does."""
    return _existing(settings.data)


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
