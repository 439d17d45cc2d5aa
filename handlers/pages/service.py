"""Every act on the register of official pages: who does it, on what, with a result or a named refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.pages.likeness import PLATFORMS, Match, locate, matches
from knowledge.text import normalize
from storage import pages, units
from storage.database import Database
from storage.pages import Entry, Page

LONGEST = 200
"""Characters of each field."""


@act("page.list", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def list_pages(scene: Scene, unit: int) -> Sequence[Page]:
    """Return the pages of a unit and of those below it."""
    return of_unit(scene.database, unit)


@act("page.add", target="unit", contact=Reach.UNIT)
def add_page(scene: Scene, unit: int, platform: str, name: str, address: str) -> int:
    """Write a page of a unit down; return its number."""
    entry = read(Entry(unit, platform, name, address))
    key = key_of(entry)
    refuse_known(scene.database, key, None)
    return pages.put(scene.database, entry, key, scene.today)


@act("page.change", target="unit", contact=Reach.UNIT)
def change_page(scene: Scene, unit: int, page: int, field: str, value: str) -> Page:
    """Change one field of a page, with a value as `typed` reads it; return the page."""
    entry = read(typed(page_of(scene, unit, page), field, value))
    key = key_of(entry)
    refuse_known(scene.database, key, page)
    pages.change(scene.database, page, entry, key, scene.today)
    return page_of(scene, unit, page)


@act("page.move", target="unit")
def move_page(scene: Scene, unit: int, page: int, into: int) -> Page:
    """Let a page belong to another unit; return it."""
    found = page_of(scene, unit, page)
    place = units.get(scene.database, into)
    if place is None or place.closed_on is not None:
        raise NotFound("no_such_unit")
    pages.change(scene.database, page, replace(found, unit=into), key_of(found), scene.today)
    return page_of(scene, into, page)


@act("page.remove", target="unit", contact=Reach.UNIT)
def remove_page(scene: Scene, unit: int, page: int) -> Page:
    """Take a page off the register, written down by mistake; one that is not used any more is `stopped` instead."""
    found = page_of(scene, unit, page)
    pages.remove(scene.database, page)
    return found


@act("page.compare", staff=Reach.ALL, contact=Reach.ALL, head=Reach.ALL, recorded=False)
def compare(scene: Scene, reported: str) -> Sequence[Match]:
    """Return the official pages that a page somebody has seen is like, the likest first."""
    return like(scene.database, reported)


def like(database: Database, reported: str) -> Sequence[Match]:
    """Return the pages of the register that a reported name or address is like, the likest first."""
    return matches(reported, pages.everything(database))


def of_unit(database: Database, unit: int) -> Sequence[Page]:
    """Return the pages of a unit and of those below it; those of a closed unit are its successor's."""
    places = units.covered(database, unit)
    return [page for page in pages.everything(database) if page.unit in places]


def place_of(database: Database, page: Page) -> int:
    """Return the unit that a page belongs to today."""
    living = units.living(database, page.unit)
    return living.id if living else page.unit


def page_of(scene: Scene, unit: int, page: int) -> Page:
    """Return a page of a unit; raise NotFound where it is another's, or gone."""
    found = pages.get(scene.database, page)
    if found is None or place_of(scene.database, found) != unit:
        raise NotFound("no_such_page")
    return found


def typed(entry: Entry, field: str, value: str) -> Entry:
    """Return what is written down of a page with one field as it was typed: "yes" and "no" for `verified`."""
    changed: str | bool = value == "yes" if field == "verified" else value
    return replace(entry, **{field: changed})  # type: ignore[arg-type]


def read(entry: Entry) -> Entry:
    """Return an entry as it is kept; raise NotPossible for one that cannot be."""
    fields = ("name", "address", "manager", "contact")
    words = {field: " ".join(normalize(getattr(entry, field)).split()) for field in fields}
    if not any(char.isalnum() for char in words["name"]):
        raise NotPossible("no_name")
    if max(map(len, words.values())) > LONGEST:
        raise NotPossible("page_field_long", most=LONGEST)
    if entry.platform not in PLATFORMS:
        raise NotFound("no_such_platform")
    address = words["address"]
    location = locate(address)
    # What has no dot is no host, and what has is one of the platform that was named.
    if address and (" " in address or (location.host and "." not in location.host) or not location.key.strip("/")):
        raise NotPossible("no_address")
    if location.host and location.platform not in ("website", entry.platform):
        raise NotPossible("other_platform", address=address)
    return replace(entry, **words)  # type: ignore[arg-type]


def key_of(entry: Entry) -> str | None:
    """Return the address of an entry as addresses are compared; None where it has none."""
    if not entry.address:
        return None
    location = locate(entry.address)
    return location.key if location.host else f"{entry.platform}{location.key}"


def refuse_known(database: Database, key: str | None, but: int | None) -> None:
    """Raise NotPossible where another page stands at an address."""
    known = pages.at(database, key) if key else None
    if known and known.id != but:
        raise NotPossible("page_exists", name=known.name)
