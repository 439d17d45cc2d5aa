"""What is typed as an answer to `ungxu setup`, read: each returns the answer as it is used, or raises a BotError.

Tokens are tried with their messengers; what these say of them is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr, ValidationError

from bot.channels import configured
from bot.channels.base import Examined
from bot.claiming import introduction
from bot.errors import InputError, SettingsError
from bot.explaining import TEXTS
from bot.settings import Settings, check_setting, variable
from handlers.office import Office
from knowledge.documents import Library
from knowledge.text import fold, normalize

Write = Callable[[str], None]

# In the order in which they are offered.
UPDATES = ("polling", "webhook")

_ALL = {"", "all", "tat ca", "het"}


def folder(typed: str) -> Path:
    """A whole path of a folder that is there, or that can be made in one that is."""
    # A folder that is dropped into the window of Windows comes in quotes.
    name = typed.strip().strip('"')
    path = Path(name).expanduser().absolute()
    if not name or not name.isprintable() or "${" in name or path.is_file() or not path.parent.is_dir():
        raise InputError(TEXTS("setup.no_folder", folder=name))
    return path


def words(typed: str) -> str:
    """Words with single blanks."""
    return " ".join(normalize(typed).split())


def office_name(typed: str) -> str:
    """A name with at least one letter."""
    name = words(typed)
    if not any(char.isalpha() for char in name):
        raise InputError(TEXTS("setup.no_name"))
    return name


def province(library: Library, typed: str) -> str | None:
    """A province's bare name, written as in the documents where these name it: they are compared letter by letter."""
    name = re.sub(r"(?i)^(tỉnh|thành phố|tp\.?)\s+", "", words(typed))
    entries = [document.entry for document in library.documents.values()]
    known = {fold(entry.province): entry.province for entry in entries if entry.province}
    return known.get(fold(name), name) or None


def symbol(typed: str) -> str:
    """The letters of an office in the numbers of documents, as capitals."""
    letters = words(typed).upper()
    try:
        return Office(symbol=letters).symbol
    except ValidationError:
        raise InputError(TEXTS("setup.bad_symbol", symbol=words(typed))) from None


def documents(ids: list[str], typed: str) -> tuple[str, ...]:
    """The ids of documents that were typed as numbers or ids; none where all are meant."""
    if fold(words(typed)) in _ALL:
        return ()
    chosen: list[str] = []
    for name in re.split(r"[\s,;]+", typed.strip(" ,;")):
        if name.isdecimal() and 1 <= int(name) <= len(ids):
            chosen.append(ids[int(name) - 1])
        elif name in ids:
            chosen.append(name)
        else:
            raise InputError(TEXTS("setup.no_document", name=name))
    return tuple(dict.fromkeys(chosen))


def telegram_token(settings: Settings, write: Write, typed: str) -> str:
    """A token of the right form that Telegram does not refuse; not reaching Telegram is no fault of the token."""
    token = typed.strip()
    if not token:
        return ""
    check_setting("telegram_token", token)
    found = _introduced(settings, token)
    state = "warning" if found.state == "failed" else found.state
    if found.name == "telegram_token_refused" and token != settings.telegram_token.get_secret_value():
        raise InputError(TEXTS("setup.token_refused"))
    write(TEXTS(f"doctor.{state}", what=TEXTS(f"doctor.{found.name}", **found.values)))
    return token


def zalo_tokens(settings: Settings, write: Write, typed: str) -> str:
    """Tokens of the right form that Zalo does not refuse, with a comma between them; as with Telegram's."""
    tokens = ",".join(listed(typed))
    if not tokens:
        return ""
    check_setting("zalo_tokens", tokens)
    asked = settings.model_copy(update={"zalo_tokens": SecretStr(tokens), "zalo_updates": "polling"})
    known = settings.bots_of_zalo
    for channel, token in zip(configured.zalo(asked), listed(tokens), strict=True):
        found = introduction(channel)
        if found.name == "zalo_token_refused" and token not in known:
            raise InputError(TEXTS("setup.zalo_token_refused", account=channel.account))
        state = "warning" if found.state == "failed" else found.state
        write(TEXTS(f"doctor.{state}", what=TEXTS(f"doctor.{found.name}", **found.values)))
    return tokens


def zalo_names(bots: int, typed: str) -> str:
    """The names of so many bots, with a comma between them; none at all where they are not known."""
    names = [words(name) for name in listed(typed)]
    if names and len(names) != bots:
        raise InputError(TEXTS("setup.zalo_names_count", names=len(names), bots=bots))
    return ", ".join(names)


def listed(typed: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in typed.split(",") if part.strip()]


def _introduced(settings: Settings, token: str) -> Examined:
    """What Telegram says of a token; how updates come does not matter."""
    asked = settings.model_copy(update={"telegram_token": SecretStr(token), "telegram_updates": "polling"})
    channel = configured.telegram(asked, TEXTS)
    assert channel is not None
    return introduction(channel)


def updates(typed: str) -> str:
    """A way for updates to come, typed as its number or name."""
    name = typed.strip().lower()
    if name.isdecimal() and 1 <= int(name) <= len(UPDATES):
        return UPDATES[int(name) - 1]
    if name not in UPDATES:
        raise SettingsError(variable("telegram_updates"), name)
    return name


def setting(name: str, typed: str) -> str:
    """A value that a setting can have, and one there must be."""
    value = typed.strip()
    if not value:
        raise SettingsError(variable(name), "")
    check_setting(name, value)
    return value
