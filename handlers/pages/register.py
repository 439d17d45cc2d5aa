"""The register of official pages as a spreadsheet: what a list of pages changes, taking it over, and writing it out.

A list is looked over as a whole; a single fault and nothing is changed. A page is known by its address, one without an
address by its name within its unit and platform. What a row leaves empty stays as it was; pages that the list does not
have stay too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from handlers import workbook
from handlers.authorization import Scene, act
from handlers.errors import NotFound, NotPossible, Refusal
from handlers.pages.likeness import PLATFORMS, locate
from handlers.pages.service import key_of, place_of, read
from handlers.people.directory import Directory
from handlers.people.roster_table import Fault, heading_key
from handlers.spreadsheet import Row, Sheet, column_name
from handlers.texts import Texts
from knowledge.errors import UnreadableFile
from knowledge.text import fold
from storage import pages
from storage.database import Database
from storage.pages import Entry, Page, State

FIELDS = ("unit", "platform", "name", "address", "manager", "contact", "verified", "state")
"""The columns in their order; the catalogue names them "page.field_<field>"."""

# One transaction takes a list over: it is no list of people.
MOST_ROWS = 2_000

_FIRST_ROWS = 40

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "unit": ("don vi", "don vi quan ly", "co quan", "co quan don vi", "ten don vi", "phong ban", "don vi chu quan"),
    "platform": ("nen tang", "mang xa hoi", "loai", "loai trang", "nen tang mang xa hoi", "kenh"),
    "name": ("ten trang", "ten", "ten tai khoan", "ten kenh", "ten hien thi", "ten trang tai khoan", "trang"),
    "address": ("dia chi", "duong dan", "lien ket", "link", "url", "dia chi trang", "dia chi truy cap"),
    "manager": ("nguoi quan ly", "quan ly", "quan tri", "nguoi quan tri", "bo phan quan ly", "nguoi phu trach"),
    "contact": ("lien he", "dien thoai", "dau moi", "so dien thoai", "thong tin lien he", "dien thoai lien he"),
    "verified": ("xac thuc", "da xac thuc", "tick xanh", "tich xanh", "xac minh", "da xac minh"),
    "state": ("tinh trang", "trang thai", "tinh trang su dung", "tinh trang hoat dong"),
}

_PLATFORMS: Mapping[str, str] = {
    **{platform: platform for platform in PLATFORMS},
    "fb": "facebook", "face": "facebook", "fanpage": "facebook", "zalo oa": "zalo", "oa": "zalo", "oa zalo": "zalo",
    "tik tok": "tiktok", "you tube": "youtube", "ig": "instagram", "tele": "telegram", "twitter": "x",
    "web": "website", "trang web": "website", "trang thong tin dien tu": "website",
    "cong thong tin dien tu": "website", "cong thong tin": "website", "khac": "other",
}  # fmt: skip
_YES = {"co", "x", "da", "roi", "da xac thuc", "da xac minh", "1", "true", "yes", "✓", "✔"}
_NO = {"khong", "chua", "chua xac thuc", "chua xac minh", "0", "false", "no", "-"}
_USED = {"dang dung", "dang su dung", "dang hoat dong", "hoat dong", "con dung", "dang su dung binh thuong"}
_STOPPED = {"ngung", "ngung su dung", "da ngung", "dung hoat dong", "ngung hoat dong", "khong dung", "da dong", "dong"}


@dataclass(slots=True)
class Plan:
    """What a list would change; nothing where there are faults.

    Attributes:
        added: the pages that are new.
        changed: the pages that are known, each with its number.
        unchanged: how many are already as the list says.
        faults: what is wrong, by row.
    """

    added: list[Entry] = field(default_factory=list)
    changed: list[tuple[int, Entry]] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: what its cells say, "" for what they do not say."""

    row: int
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A list of pages, and what people see of each of its columns: "D “Địa chỉ”"."""

    lines: Sequence[Line]
    columns: Mapping[str, str]


def find_table(ways: Sequence[Sequence[Sheet]], file: str) -> Table:
    """Return the list of pages of a file.

    Raises UnreadableFile: `no_pages` (no row has headings for a unit and for a name), `no_page_rows` (nothing under
    it), `too_many_pages`.
    """
    for sheets in ways:
        for sheet in sheets:
            for heading in islice(sheet.rows, _FIRST_ROWS):
                columns = _columns(heading)
                if "unit" in columns and "name" in columns:
                    return _table(sheet, heading, columns, file)
    raise UnreadableFile(file, "no_pages")


@act("page.check", recorded=False)
def check(scene: Scene, table: Table) -> Plan:
    """Return what a list changes, and all that is wrong with it."""
    plan = Plan()
    directory = Directory(scene.database)
    known = pages.everything(scene.database)
    by_name = {(place_of(scene.database, page), page.platform, fold(page.name)): page for page in known}
    by_key = {key: page for page in known if (key := key_of(page))}
    met: dict[str, int] = {}
    for line in table.lines:
        try:
            entry = _entry(line, table, directory)
            found = by_key.get(key_of(entry) or "") or by_name.get((entry.unit, entry.platform, fold(entry.name)))
            entry = read(_over(entry, line, found))
            key = key_of(entry) or f"{entry.unit} {entry.platform} {fold(entry.name)}"
            first = met.setdefault(key, line.row)
            if first != line.row:
                raise _Wrong("address", "twice", row=first)
            other = by_key.get(key)
            if other and found and other.id != found.id:
                raise _Wrong("address", "known", name=other.name)
        except _Wrong as wrong:
            plan.faults.append(Fault(line.row, table.columns.get(wrong.field, ""), wrong.code, wrong.values))
        except Refusal as refusal:
            plan.faults.append(Fault(line.row, "", "refused", {"refusal": refusal}))
        else:
            if found is None:
                plan.added.append(entry)
            elif _bare(entry) != _bare(replace(found, unit=place_of(scene.database, found))):
                plan.changed.append((found.id, entry))
            else:
                plan.unchanged += 1
    return plan


@act("page.import")
def take_over(scene: Scene, plan: Plan) -> None:
    """Do what a plan says; raise NotPossible for one with faults."""
    if plan.faults:
        raise NotPossible("page_list_faulty")
    for number, entry in plan.changed:
        pages.change(scene.database, number, entry, key_of(entry), scene.today)
    for entry in plan.added:
        pages.put(scene.database, entry, key_of(entry), scene.today)


def platform_of(typed: str) -> str:
    """Return the platform that somebody named; raise NotFound."""
    found = _PLATFORMS.get(heading_key(typed))
    if found is None:
        raise NotFound("no_such_platform")
    return found


def rows(database: Database, found: Sequence[Page], texts: Texts) -> list[list[str]]:
    """Return pages as rows of a table that `find_table` reads again, the heading first."""
    directory = Directory(database)
    return [
        [texts(f"page.field_{name}") for name in FIELDS],
        *(
            [
                directory.path(place_of(database, page)),
                texts(f"platform.{page.platform}"),
                page.name,
                page.address,
                page.manager,
                page.contact,
                texts("page.yes" if page.verified else "page.no"),
                texts(f"page.state_{page.state}"),
            ]
            for page in found
        ),
    ]


def as_csv(table: Sequence[Sequence[str]]) -> bytes:
    """Return a table as a CSV file that Excel opens with its letters, and none of whose cells it computes."""
    written = io.StringIO()
    safe = [[f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in row] for row in table]
    csv.writer(written, delimiter=";").writerows(safe)
    return written.getvalue().encode("utf-8-sig")


def as_pages(title: str, table: Sequence[Sequence[str]]) -> list[workbook.Page]:
    """Return a table as the one sheet of a workbook."""
    return [workbook.Page(title, title, table[0], table[1:])]


class _Wrong(Exception):
    """A cell that cannot be taken."""

    def __init__(self, field: str, code: str, **values: object) -> None:
        self.field, self.code, self.values = field, code, values
        super().__init__(code)


def _columns(row: Row) -> dict[str, int]:
    keys = {column: heading_key(text) for column, text in row.cells.items()}
    return {
        name: min(meant, key=lambda column: headings.index(keys[column]))
        for name, headings in _HEADINGS.items()
        if (meant := [column for column, key in keys.items() if key in headings])
    }


def _table(sheet: Sheet, heading: Row, columns: Mapping[str, int], file: str) -> Table:
    below = [row for row in sheet.rows if row.number > heading.number]
    lines = list(_lines(below, columns))
    if not lines:
        raise UnreadableFile(file, "no_page_rows")
    if len(lines) > MOST_ROWS:
        raise UnreadableFile(file, "too_many_pages", str(MOST_ROWS))
    return Table(lines, {name: f"{column_name(column)} “{heading.cells[column]}”" for name, column in columns.items()})


def _lines(below: Sequence[Row], columns: Mapping[str, int]) -> Iterator[Line]:
    for row in below:
        # An apostrophe keeps a cell from being computed.
        said = {name: row.cells.get(column, "").removeprefix("'") for name, column in columns.items()}
        if any(said.values()):
            yield Line(row.number, said)


def _entry(line: Line, table: Table, directory: Directory) -> Entry:
    """What a row says, with what is left out as it is for a new page."""
    said = dict.fromkeys(FIELDS, "") | dict(line.said)
    found = directory.find(said["unit"]) if said["unit"] else []
    if not said["unit"]:
        raise _Wrong("unit", "no_unit")
    if len(found) > 1:
        raise _Wrong("unit", "several_units", unit=said["unit"], paths="; ".join(map(directory.path, found)))
    if not found:
        near = directory.nearest(said["unit"])
        code = "unknown_unit_near" if near else "unknown_unit"
        raise _Wrong("unit", code, unit=said["unit"], **({"near": near} if near else {}))
    words = heading_key(said["platform"])
    platform = _PLATFORMS.get(words) if words else locate(said["address"]).platform
    if platform is None or not (words or said["address"]):
        raise _Wrong("platform", "platform", platform=said["platform"])
    state: State = "stopped" if _one_of(said, "state", _STOPPED, _USED) else "used"
    verified = _one_of(said, "verified", _YES, _NO)
    return Entry(
        found[0], platform, said["name"], said["address"], said["manager"], said["contact"], verified, state
    )  # fmt: skip


def _one_of(said: Mapping[str, str], name: str, yes: set[str], no: set[str]) -> bool:
    words = " ".join(fold(said[name]).split())
    if words and words not in yes | no:
        raise _Wrong(name, name, value=said[name])
    return words in yes


def _over(entry: Entry, line: Line, found: Page | None) -> Entry:
    """An entry with what its row leaves empty as it was."""
    if found is None:
        return entry
    kept = {name: getattr(found, name) for name in FIELDS if name != "unit" and not line.said.get(name)}
    return replace(entry, **kept)


def _bare(entry: Entry) -> tuple[object, ...]:
    return tuple(getattr(entry, name) for name in FIELDS)
