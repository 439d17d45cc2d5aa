"""Changing `office.toml`: only the fields that an office says differently; comments stay."""

from __future__ import annotations

from collections.abc import Mapping

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import Item

from bot.explaining import TEXTS
from handlers.office import Office

Value = str | tuple[str, ...]

FIELDS = (
    "name",
    "introduced_by",
    "contact",
    "phone",
    "hours",
    "province",
    "documents",
    "parent",
    "symbol",
    "place",
    "signer",
)
"""What is asked for; everything else in the file is the administrator's own."""


def with_office(text: str, before: Office, after: Office) -> str:
    """Return a file that says of an office what is new; `text` is "" for a file that does not exist yet."""
    new = {name: value for name in FIELDS if (value := getattr(after, name)) != getattr(before, name)}
    if not text:
        return _new_file(new)
    file = tomlkit.parse(text)
    added = {}
    for name, value in new.items():
        if not value:
            file.remove(name)
        elif name in file:
            file[name] = _item(value)
        else:
            added[name] = _item(value)
    _add(file, added)
    return tomlkit.dumps(file)


def _new_file(values: Mapping[str, Value]) -> str:
    """A file that says what each of its lines means."""
    file = tomlkit.document()
    for line in TEXTS("setup.office_file").splitlines():
        file.add(tomlkit.comment(line))
    for name, value in values.items():
        file.add(tomlkit.nl())
        file.add(tomlkit.comment(TEXTS(f"setup.field_{name}")))
        file.add(name, _item(value))
    return tomlkit.dumps(file)


def _add(file: TOMLDocument, items: Mapping[str, Item]) -> None:
    """Put new fields after the last of those that are there, before whatever else the administrator wrote."""
    last = next((name for name in reversed(FIELDS) if name in file), None)
    if last is None:
        file.update(items)
        return
    stands = file.item(last)
    assert isinstance(stands, Item)
    trivia = stands.trivia
    end = trivia.trail or "\n"
    trivia.trail = end + "".join(f"{name} = {item.as_string()}{end}" for name, item in items.items())


def _item(value: Value) -> Item:
    return tomlkit.item(value if isinstance(value, str) else list(value))
