"""`ungxu setup`: asks for the office, its folders and its bot, writes that down, and lets the first administrator in.

Everything is asked before anything is written. What is there already is the default, so that it can be run again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TypeVar

import click
from pydantic import SecretStr

from bot import typed_answers as typed
from bot.claiming import bots, how_to_use
from bot.clock import utc_now
from bot.doctor import examine
from bot.env_file import read_env, with_values
from bot.errors import BotError, InputError
from bot.explaining import TEXTS, explain
from bot.files import new_key
from bot.office_file import with_office
from bot.replacing import BACKUP, lock, replace
from bot.settings import ENV_FILE, Settings, database_path, usable_settings, variable
from bot.typed_answers import Write
from handlers.authorization import Actor, Scene
from handlers.office import FILE_NAME, Office, load_office
from handlers.people import joining, service
from knowledge.documents import Library
from knowledge.loading import BUILT_IN, load_library
from storage import roles, units
from storage.audit import CONSOLE
from storage.database import Database

Value = TypeVar("Value")

# Typed for "nothing", since an empty answer keeps what is there.
NOTHING = "-"

# As much as stays on one line of a window beside the name.
LONGEST_TITLE = 45


@dataclass(frozen=True, slots=True)
class Given:
    """Answers that were given with the call, as they would be typed; None for those to be asked."""

    data: str | None = None
    office: str | None = None
    office_name: str | None = None
    introduced_by: str | None = None
    contact: str | None = None
    phone: str | None = None
    hours: str | None = None
    province: str | None = None
    documents: str | None = None
    parent: str | None = None
    symbol: str | None = None
    place: str | None = None
    signer: str | None = None
    zalo_tokens: str | None = None
    zalo_names: str | None = None
    telegram_token: str | None = None
    updates: str | None = None
    public_url: str | None = None
    listen: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered: the settings by their names, the office's folder, and what the office said and says."""

    settings: Mapping[str, str]
    folder: Path
    before: Office
    office: Office


def set_up(given: Given, *, asks: bool, write: Write) -> None:
    """Set the bot up; where nothing may be asked, what is neither given nor there already is left out.

    Raises InputError, SettingsError and the errors of the files and the database where something cannot be used; until
    all is answered nothing has been changed.
    """
    _refuse_wrong_user()
    settings, faults = usable_settings()
    for fault in faults:
        if fault.name == ENV_FILE:
            raise fault
    try:
        answers = _ask(given, settings, asks, write)
    except (click.Abort, KeyboardInterrupt):
        write(TEXTS("setup.stopped"))
        raise
    _write_down(answers, settings, write)
    settings, faults = usable_settings()
    code = _prepare(settings, answers.office)
    write("\n" + TEXTS("setup.examined"))
    examine(settings, write, faults)
    write("\n" + (how_to_use(code, bots(settings)) if code else TEXTS("setup.has_administrator")))


def _refuse_wrong_user() -> None:
    """Refuse to make files that the bot cannot read: root's, in a folder of somebody else."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    here = Path.cwd()
    if here.stat().st_uid == 0:
        return
    try:
        owner = here.owner()
    except KeyError:
        owner = str(here.stat().st_uid)
    raise InputError(TEXTS("setup.other_owner", folder=here, owner=owner))


# Asking


class _Asker:
    """Gets an answer: as it was given with the call, else typed, else what is there already."""

    def __init__(self, asks: bool, write: Write) -> None:
        self.asks = asks
        self.write = write

    def take(
        self,
        question: str,
        given: str | None,
        default: str,
        read: Callable[[str], Value],
        *,
        hidden: bool = False,
    ) -> Value:
        """Return an answer as `read` makes it; one that it raises a BotError for is asked again where that is possible.

        What is hidden is neither shown when it is typed nor as a default.
        """
        if given is not None:
            return read(given)
        if not self.asks:
            return read(default)
        while True:
            answer = click.prompt(
                question,
                default=default,
                show_default=bool(default) and not hidden,
                # Without a terminal nothing can be seen, nor hidden.
                hide_input=hidden and sys.stdin.isatty(),
            )
            try:
                return read("" if answer.strip() == NOTHING else answer)
            except BotError as fault:
                self.write(explain(fault))

    def tell(self, text: str) -> None:
        """Say something to whoever answers."""
        if self.asks:
            self.write(text)

    def begin(self, text: str) -> None:
        """Say what the next questions are about."""
        self.tell(f"\n{text}")


def _ask(given: Given, settings: Settings, asks: bool, write: Write) -> Answers:
    asker = _Asker(asks, write)
    asker.tell(TEXTS("setup.how"))
    asker.begin(TEXTS("setup.folders"))
    data = asker.take(TEXTS("setup.ask_data"), given.data, str(settings.data.absolute()), typed.folder)
    known = settings.office or Path(TEXTS("setup.office_folder"))
    folder = asker.take(TEXTS("setup.ask_office"), given.office, str(known.absolute()), typed.folder)
    before = load_office(folder if folder.is_dir() else None)
    asker.begin(TEXTS("setup.about_office"))
    office = _ask_office(asker, given, before, load_library(BUILT_IN, folder / "documents"))
    asker.begin(TEXTS("setup.about_zalo"))
    found = _ask_zalo(asker, given, settings)
    asker.begin(TEXTS("setup.about_telegram"))
    found |= _ask_telegram(asker, given, settings)
    return Answers({"data": str(data), "office": str(folder), **found}, folder, before, office)


def _ask_office(asker: _Asker, given: Given, before: Office, library: Library) -> Office:
    hours = before.hours or ("" if before.name else TEXTS("setup.usual_hours"))
    said: dict[str, object] = {
        "name": asker.take(TEXTS("setup.ask_name"), given.office_name, before.name, typed.office_name),
        "introduced_by": asker.take(
            TEXTS("setup.ask_introduced_by"), given.introduced_by, before.introduced_by, typed.words
        ),
        "contact": asker.take(TEXTS("setup.ask_contact"), given.contact, before.contact, typed.words),
        "phone": asker.take(TEXTS("setup.ask_phone"), given.phone, before.phone, typed.words),
        "hours": asker.take(TEXTS("setup.ask_hours"), given.hours, hours, typed.words),
        "province": asker.take(
            TEXTS("setup.ask_province"), given.province, before.province or "", partial(typed.province, library)
        ),
    }
    said["documents"] = _ask_documents(asker, given.documents, before, library)
    # What stands on the drafts of official papers; each may be left out, and is asked again the next time.
    asker.tell(TEXTS("setup.drafts"))
    for name in ("parent", "symbol", "place", "signer"):
        read = typed.symbol if name == "symbol" else typed.words
        said[name] = asker.take(TEXTS(f"setup.ask_{name}"), getattr(given, name), getattr(before, name), read)
    return before.model_copy(update=said)


def _ask_documents(asker: _Asker, given: str | None, before: Office, library: Library) -> tuple[str, ...]:
    ids = list(library.documents)
    asker.tell(TEXTS("setup.documents"))
    for number, document in enumerate(library.documents.values(), 1):
        title = shorten(document.entry.title, LONGEST_TITLE, placeholder=" …")
        asker.tell(TEXTS("setup.document", number=number, short=document.short, title=title))
    chosen = [str(ids.index(name) + 1) if name in ids else name for name in before.documents]
    default = ", ".join(chosen) or TEXTS("setup.all")
    return asker.take(TEXTS("setup.ask_documents"), given, default, partial(typed.documents, ids))


def _ask_zalo(asker: _Asker, given: Given, settings: Settings) -> dict[str, str]:
    """Ask for the bots on the Zalo Bot Platform and their names; return settings by their names."""
    known = settings.zalo_tokens.get_secret_value()
    question = TEXTS("setup.ask_zalo_tokens_again" if known else "setup.ask_zalo_tokens")
    tokens = asker.take(
        question, given.zalo_tokens, known, partial(typed.zalo_tokens, settings, asker.write), hidden=True
    )
    if not tokens:
        return {"zalo_tokens": ""}
    named = partial(typed.zalo_names, len(typed.listed(tokens)))
    return {
        "zalo_tokens": tokens,
        "zalo_names": asker.take(TEXTS("setup.ask_zalo_names"), given.zalo_names, settings.zalo_names, named),
    }


def _ask_telegram(asker: _Asker, given: Given, settings: Settings) -> dict[str, str]:
    """Ask for what Telegram needs; return settings by their names."""
    known = settings.telegram_token.get_secret_value()
    question = TEXTS("setup.ask_token_again" if known else "setup.ask_token")
    token = asker.take(
        question, given.telegram_token, known, partial(typed.telegram_token, settings, asker.write), hidden=True
    )
    if not token:
        return {"telegram_token": ""}
    for number, name in enumerate(typed.UPDATES, 1):
        asker.tell(TEXTS(f"setup.updates_{name}", number=number))
    default = str(typed.UPDATES.index(settings.telegram_updates) + 1)
    updates = asker.take(TEXTS("setup.ask_updates"), given.updates, default, typed.updates)
    found = {"telegram_token": token, "telegram_updates": updates}
    if updates == "webhook":
        public, listening = partial(typed.setting, "public_url"), partial(typed.setting, "listen")
        found["public_url"] = asker.take(TEXTS("setup.ask_public_url"), given.public_url, settings.public_url, public)
        found["listen"] = asker.take(TEXTS("setup.ask_listen"), given.listen, settings.listen, listening)
    return found


# Writing it down


def _write_down(answers: Answers, settings: Settings, write: Write) -> None:
    file = answers.folder / FILE_NAME
    try:
        answers.folder.mkdir(exist_ok=True)
        (answers.folder / "documents").mkdir(exist_ok=True)
        said = file.read_text(encoding="utf-8-sig") if file.exists() else ""
    except OSError as error:
        raise InputError(TEXTS("setup.unwritable", folder=answers.folder, reason=error.strerror)) from None
    _replace(file, said, with_office(said, answers.before, answers.office), write)
    env = Path(ENV_FILE).absolute()
    stands = read_env(env)
    values = _new_settings(answers, settings)
    _replace(env, stands, with_values(stands or _heading(), values), write, private=True)
    if variable("secret_keys") in values:
        write(TEXTS("setup.new_key", file=env))
    for name in values:
        if os.environ.get(name, values[name]) != values[name]:
            write(TEXTS("setup.overridden", name=name))


def _new_settings(answers: Answers, settings: Settings) -> dict[str, str]:
    """The lines of `.env` that are new, with a key where there is none.

    What the environment says is left to it, so that no secret gets from there into a file.
    """
    values = {}
    for name, value in answers.settings.items():
        now = getattr(settings, name)
        same = value == (now.get_secret_value() if isinstance(now, SecretStr) else str(now))
        # A folder that is not written whole is another one wherever the command is called.
        if not same or (name in ("data", "office") and variable(name) not in os.environ):
            values[variable(name)] = value
    if not settings.keys:
        values[variable("secret_keys")] = new_key()
    return values


def _heading() -> str:
    return "".join(f"# {line}\n" for line in TEXTS("setup.env_file").splitlines())


def _replace(path: Path, stands: str, text: str, write: Write, *, private: bool = False) -> None:
    if text == stands:
        if private:
            lock(path)
        write(TEXTS("setup.unchanged", file=path))
    elif replace(path, text, private=private):
        write(TEXTS("setup.replaced", file=path, former=path.name + BACKUP))
    else:
        write(TEXTS("setup.written", file=path))


def _prepare(settings: Settings, office: Office) -> str | None:
    """Open the top unit where there is none; return a code for the first administrator, None where there is one."""
    database = Database(database_path(settings))
    try:
        with database.transaction():
            now = utc_now()
            if not units.children(database, None):
                today = now.astimezone(settings.zone).date()
                service.create_unit(Scene(database, Actor(CONSOLE), now, today), office.name)
            return None if roles.count(database, "administrator") else joining.make_claim(database, now)
    finally:
        database.close()
