"""The register of official pages: what each unit keeps on social networks and the web, and who looks after it.

A page belongs to a unit; where that was closed, to the unit that took over. `key` is its address as addresses are
compared, unique; a page that is known by its name alone has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from storage.database import Database, Row

State = Literal["used", "stopped"]

_COLUMNS = "id, unit_id, platform, name, address, manager, contact, verified, state, changed_on"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down of a page.

    Attributes:
        unit: the unit it belongs to.
        platform: where it is, by a name of `handlers.pages.likeness`.
        name: what it is called there.
        address: its address, as it was typed.
        manager: who looks after it, a post rather than a person.
        contact: how to reach the manager.
        verified: whether the platform shows it as verified.
        state: in use, or stopped.
    """

    unit: int
    platform: str
    name: str
    address: str = ""
    manager: str = ""
    contact: str = ""
    verified: bool = False
    state: State = "used"


@dataclass(frozen=True, slots=True)
class Page(Entry):
    """A page of the register, with its number and the day it was changed last."""

    id: int = 0
    changed_on: str = ""


def put(database: Database, entry: Entry, key: str | None, day: str) -> int:
    """Write a page down; return its number."""
    return database.insert(
        "INSERT INTO pages (unit_id, platform, name, address, address_key, manager, contact, verified, state,"
        " changed_on) VALUES (:unit, :platform, :name, :address, :key, :manager, :contact, :verified, :state, :day)",
        _values(entry, key, day),
    )


def change(database: Database, page: int, entry: Entry, key: str | None, day: str) -> None:
    """Let a page be as it is now."""
    database.run(
        "UPDATE pages SET unit_id = :unit, platform = :platform, name = :name, address = :address,"
        " address_key = :key, manager = :manager, contact = :contact, verified = :verified, state = :state,"
        " changed_on = :day WHERE id = :id",
        {**_values(entry, key, day), "id": page},
    )


def remove(database: Database, page: int) -> bool:
    """Take a page off the register; return whether it stood there."""
    return bool(database.run("DELETE FROM pages WHERE id = :id", {"id": page}))


def get(database: Database, page: int) -> Page | None:
    """Return a page."""
    row = database.row(f"SELECT {_COLUMNS} FROM pages WHERE id = :id", {"id": page})
    return _page(row) if row else None


def at(database: Database, key: str) -> Page | None:
    """Return the page at an address, as addresses are compared."""
    row = database.row(f"SELECT {_COLUMNS} FROM pages WHERE address_key = :key", {"key": key})
    return _page(row) if row else None


def everything(database: Database) -> Sequence[Page]:
    """Return the whole register by platform and name."""
    return [_page(row) for row in database.rows(f"SELECT {_COLUMNS} FROM pages ORDER BY platform, name, id")]


def _values(entry: Entry, key: str | None, day: str) -> Mapping[str, object]:
    return {name: value for name, value in asdict(entry).items() if name not in ("id", "changed_on")} | {
        "verified": int(entry.verified),
        "key": key,
        "day": day,
    }


def _page(row: Row) -> Page:
    return Page(
        id=row["id"],
        unit=row["unit_id"],
        platform=row["platform"],
        name=row["name"],
        address=row["address"],
        manager=row["manager"],
        contact=row["contact"],
        verified=bool(row["verified"]),
        state=row["state"],
        changed_on=row["changed_on"],
    )
