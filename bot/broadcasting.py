"""`ungxu broadcast`: reminders sent from a file, watched and steered on the machine, and their lists.

The bot that runs does the sending; a command only lets it go, and reads how far it is.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.channels.configured import configured
from bot.channels.markup import plain
from bot.clock import utc_now
from bot.console import Write, acting, looking
from bot.errors import InputError, SettingsError
from bot.explaining import TEXTS
from bot.fetcher import ALLOWED, sniff
from bot.files import FileStore, make_box
from bot.knowledge_base import load_search
from bot.plan import line_of
from bot.settings import Settings, database_path
from bot.worker import Worker
from handlers.authorization import Scene
from handlers.broadcast import audience, results, sending, service, sheet, timing, wording
from handlers.broadcast.content import Content
from handlers.broadcast.dialogue import read_choice
from handlers.context import Context
from handlers.conversation import File
from handlers.errors import Refusal
from handlers.office import load_office
from handlers.people.finding import find_unit
from handlers.people.reading import folded
from handlers.texts import load_texts
from storage import blobs, broadcasts, freezing, recipients
from storage.audit import CONSOLE
from storage.broadcasts import Broadcast

Ask = Callable[[str], str]

STEERS = {"pause": service.pause, "resume": service.resume, "cancel": service.cancel, "retry": service.retry}
"""What can be done to a broadcast, by the name of the command."""

_HEAD = re.compile(r"^(căn cứ|gửi cho|nút|tệp|lúc|khẩn)\s*:\s*(.*)$", re.IGNORECASE)
_LARGEST_FILE = 10_000_000
_LOOK_EVERY = 1.0
_OVER = ("done", "cancelled", "paused")


def send(settings: Settings, file: Path, unit: str | None, ask: Ask | None, write: Write, *, draft: bool) -> int:
    """Read a broadcast from a file and let it go, after asking where `ask` is given, or only keep it as a draft.

    Returns its number. Raises InputError for a file that cannot be used.
    """
    head, text = _read(file)
    stored = _store(settings, file.parent / head["tệp"]) if head.get("tệp") else None
    with acting(settings) as scene, _refusing():
        context = context_of(settings, scene)
        place = find_unit(scene.database, unit).id if unit else None
        buttons = tuple(read_choice(one.strip(), context) for one in head.get("nút", "").split(";") if one.strip())
        whom = audience.read(head["gửi cho"], context) if head.get("gửi cho") else audience.EVERYBODY
        content = Content(text, head.get("căn cứ", ""), buttons, stored)
        number = service.write(scene, place, content.as_json(), whom)
        if folded(head.get("khẩn", "")) in ("co", "dung", "yes"):
            service.make_urgent(scene, place, number, True)
        when = timing.read(head.get("lúc") or "ngay", scene.now, settings.zone)
        # Counted part by part, so that the bot beside gets its turns: outside this transaction.
    if draft:
        write(TEXTS("console.broadcast_draft", number=number))
        return number
    counted = _count(settings, number)
    with acting(settings) as scene, _refusing():
        context = context_of(settings, scene)
        found = _get(scene, number)
        write(plain(sending.numbers(found, counted, context)))
        count = sending.people_of(counted)
        if not count:
            raise InputError(TEXTS("refused.nobody_to_send_to"))
        if ask and "".join(ask(TEXTS("console.broadcast_sure", count=count)).split()) != str(count):
            write(TEXTS("console.broadcast_kept", number=number))
            return number
        times = {name: value for name, value in when.as_json().items() if value is not None}
        service.send(scene, place, number, found.content["text"], **times)
        said = TEXTS("console.broadcast_goes", number=number, state=wording.state(_get(scene, number), context))
    write(said)
    return number


def steer(settings: Settings, number: int, what: str, write: Write) -> None:
    """Pause, resume, cancel a broadcast, or send it again to those whom it did not reach."""
    with acting(settings) as scene, _refusing():
        found = _get(scene, number)
        STEERS[what](scene, found.unit, number)
        said = TEXTS("console.broadcast_goes", number=number, state=_state(settings, scene, number))
    write(said)


def list_all(settings: Settings, limit: int, write: Write) -> None:
    """Print the newest broadcasts with their states."""
    with looking(settings) as scene:
        context = context_of(settings, scene)
        found = service.newest(scene, None, limit)
        for one in found:
            write(TEXTS("broadcast.line", title=wording.title(one, context), state=wording.state(one, context)))
        if not found:
            write(TEXTS("console.no_broadcasts"))


def show(settings: Settings, number: int, unit: str | None, output: Path | None, write: Write) -> None:
    """Print how a broadcast went, or write the list of who has been informed as DOCX or XLSX, by the file's name."""
    makers = {".docx": sheet.write_docx, ".xlsx": sheet.write_xlsx}
    if output and output.suffix.lower() not in makers:
        raise InputError(TEXTS("console.broadcast_output"))
    with looking(settings) as scene, _refusing():
        context = context_of(settings, scene)
        place = find_unit(scene.database, unit).id if unit else None
        (reply,) = results.screen({"broadcast": number, "unit": place}, context)
        if output is None:
            write(plain(reply.text))
            return
        named = service.names(scene, place, number)
        data = results.listed(service.results(scene, place, number), named, place, context)
    try:
        output.write_bytes(makers[output.suffix.lower()](data))
    except OSError as error:
        raise InputError(f"{output}: {error.strerror}") from None
    write(TEXTS("console.broadcast_written", file=output, count=len(named)))


def watch(settings: Settings, number: int, write: Write, *, pause: float = _LOOK_EVERY) -> None:
    """Show how far a broadcast is until it is over or paused, as a bar where somebody looks; print how it ended."""
    with looking(settings) as scene, _refusing():
        context = context_of(settings, scene)
        _get(scene, number)
        with _bar() as progress:
            task = progress.add_task("", total=None)
            while True:
                found = broadcasts.get(scene.database, number)
                assert found is not None
                counted = recipients.sums(scene.database, number)
                ended = wording.ended(counted)
                left = sum(part.people for part in counted if part.state in ("waiting", "queued"))
                reply = wording.progress(found, counted, replace(context, now=utc_now()))
                told = plain(reply.text)
                waits = TEXTS("broadcast.waits", why=wording.why(found, context)) if found.reason else ""
                said = f"{wording.state(found, context)} {waits}".strip()
                progress.update(task, description=said, completed=ended, total=(ended + left) or None)
                if found.state in _OVER or found.state in ("draft", "planned", "repeating"):
                    break
                time.sleep(pause)
    write(told)


@contextmanager
def _bar() -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


@contextmanager
def _refusing() -> Iterator[None]:
    """Say what a service refuses as it is said on the machine."""
    try:
        yield
    except Refusal as refusal:
        raise InputError(plain(TEXTS.rich(f"refused.{refusal.code}", **refusal.values))) from None


def _read(file: Path) -> tuple[dict[str, str], str]:
    """The lines at the beginning of a file that say something of the broadcast, by name, and its words."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(TEXTS("console.broadcast_not_text", file=file)) from None
    head: dict[str, str] = {}
    while lines and (match := _HEAD.match(lines[0].strip())):
        head[match.group(1).lower()] = match.group(2).strip()
        lines.pop(0)
    return head, "\n".join(lines).strip()


def _store(settings: Settings, path: Path) -> File:
    """Keep a file, encrypted, to be sent with a broadcast."""
    box = make_box(settings.keys)
    if box is None:
        raise SettingsError("UNGXU_SECRET_KEYS", "")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    media_type = sniff(data)
    if media_type not in ALLOWED or len(data) > _LARGEST_FILE:
        raise InputError(TEXTS("broadcast.not_fetched"))
    worker = Worker(database_path(settings))
    store = FileStore(worker, box, lambda: utc_now().isoformat())

    async def keep() -> int:
        blob = await store.write(data, media_type)
        await worker.write(blobs.complete, blob)
        return blob

    try:
        blob = asyncio.run(keep())
    finally:
        worker.close()
    return File(blob, "photo" if media_type in ("image/jpeg", "image/png") else "document", path.name)


def _count(settings: Settings, number: int) -> list[recipients.Sum]:
    """Count whom a draft goes to, each part in a transaction of its own."""
    after: int | None = 0
    with looking(settings) as scene:
        with scene.database.transaction():
            freezing.forget_sums(scene.database, number)
        while after is not None:
            with scene.database.transaction():
                after = service.count_part(scene.database, _get(scene, number), scene.today, after)
        return list(recipients.sums(scene.database, number))


def _get(scene: Scene, number: int) -> Broadcast:
    found = broadcasts.get(scene.database, number)
    if found is None:
        raise InputError(TEXTS("refused.no_such_broadcast"))
    return found


def _state(settings: Settings, scene: Scene, number: int) -> str:
    return wording.state(_get(scene, number), context_of(settings, scene))


def context_of(settings: Settings, scene: Scene) -> Context:
    """What the words of a broadcast are made from, for whoever works on the machine."""
    office, texts = load_office(settings.office), load_texts(settings.office)
    channels = []
    with suppress(SettingsError):
        channels = configured(settings, texts)
    return Context(
        scene.database,
        load_search(settings.office, office),
        texts,
        office,
        settings.zone,
        scene.now,
        CONSOLE,
        lines=[line_of(channel, aside=bool(settings.files_out and settings.files_out_folder)) for channel in channels],
    )
