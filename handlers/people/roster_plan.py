"""What a list of people changes of the roster of the office, and whether it can be taken over.

A list is looked over as a whole, outside any transaction; a single fault and nothing is changed.

Somebody is known by his personal code. Without one he is known by his name within his unit, where only one member has
it. Nothing that a row leaves empty is changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from handlers.authorization import Scene, act
from handlers.people.directory import Directory
from handlers.people.reading import LONGEST_CODE, LONGEST_NAME, read_code
from handlers.people.roster_table import CODE, NAME, POSITION, UNIT, Entry, Fault, Table
from knowledge.text import fold
from storage import members, roles
from storage.database import Database
from storage.imports import StagedRow, StagedUnit
from storage.members import Member

# Things staged in one transaction.
STAGED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Renamed:
    """A member whose name the list changes; `joined` tells whether he has an account that will be called so."""

    row: int
    before: str
    after: str
    joined: bool


@dataclass(slots=True)
class Plan:
    """What a list would change; nothing where there are faults.

    Attributes:
        people: how many the list has.
        faults: what is wrong, by row.
        new_units: the paths of the units that would be opened.
        added, changed, moved, back: how many people are new; have another name, position or code; belong to another
            unit; had left.
        renamed: those of `changed` whose name is another one.
        matched: names of members who joined without a code and get one because name and unit are the same.
        missing: the members who are not in the list.
        kept: those of them who stay although the others are to leave, being administrators.
        staged: what is to be done, in this order; a number is somebody who leaves.
    """

    people: int = 0
    faults: list[Fault] = field(default_factory=list)
    new_units: list[str] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    moved: int = 0
    back: int = 0
    renamed: list[Renamed] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    missing: list[Member] = field(default_factory=list)
    kept: list[Member] = field(default_factory=list)
    staged: list[StagedUnit | StagedRow | int] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """How many people of the list are already as it says."""
        return self.people - sum(isinstance(item, StagedRow) for item in self.staged)


@act("roster.check", recorded=False)
def check(
    scene: Scene, table: Table, *, create_units: bool = False, create_alike: bool = False, leave_missing: bool = False
) -> Plan:
    """Return what a list changes, and all that is wrong with it.

    `create_units` opens the units that there are not; a name that is like another one is a fault all the same, unless
    `create_alike`. Reads everybody, so not inside a transaction.
    """
    directory = Directory(scene.database)
    rows, faults = _read(table, directory, create_units, create_alike)
    known = _Known(members.everybody(scene.database, scene.today))
    plan = Plan(people=len(table.entries), faults=[*table.faults, *faults])
    met = _meet(rows, known, table, plan)
    if plan.faults:
        order = {name: place for place, name in enumerate(table.columns.values())}
        plan.faults.sort(key=lambda fault: (fault.row, order.get(fault.column, -1)))
        return plan
    for planned in directory.planned:
        plan.new_units.append(directory.path(planned.id))
        plan.staged.append(_staged_unit(planned.id, planned.parent, planned.name))
    for row in rows:
        _change(row, met.get(row.entry.row), plan)
    found = {member.person for member in met.values()}
    plan.missing = [
        member for member in known.all if member.state in ("listed", "joined") and member.person not in found
    ]
    if leave_missing:
        administrators = administrators_of(scene.database)
        plan.kept = [member for member in plan.missing if member.person in administrators]
        plan.staged += [member.person for member in plan.missing if member.person not in administrators]
    return plan


@dataclass(frozen=True, slots=True)
class _Row:
    """A row without faults of its own: what it says as it is compared. `unit` is below 0 for a planned one."""

    entry: Entry
    code: str
    folded: str
    unit: int


class _Known:
    """The members of the office, by what a row may know them by."""

    def __init__(self, everybody: Sequence[Member]) -> None:
        self.all = everybody
        self.by_code = {member.code: member for member in everybody if member.code}
        self.by_bare_code: defaultdict[str, list[Member]] = defaultdict(list)
        self.by_name: defaultdict[tuple[str, int | None], list[Member]] = defaultdict(list)
        for member in everybody:
            if member.code:
                self.by_bare_code[_bare(member.code)].append(member)
            if member.state in ("listed", "joined"):
                self.by_name[member.folded, member.unit].append(member)


def _read(table: Table, directory: Directory, create_units: bool, create_alike: bool) -> tuple[list[_Row], list[Fault]]:
    """What the rows say, of those that say enough, and what is wrong with each by itself and beside the others."""
    faults: list[Fault] = []
    faulty: defaultdict[int, set[str]] = defaultdict(set)
    for fault in table.faults:
        faulty[fault.row].add(fault.column)
    places = _places(table, directory, create_units)
    codes: dict[str, tuple[str, int]] = {}
    rows = []
    for entry in table.entries:
        own = [*_own_faults(entry, table, directory, places, faulty.get(entry.row, set()))]
        if not own and not create_alike and (found := places.get(entry.unit)) and (pair := directory.alike(found[0])):
            own.append(_fault(table, entry, UNIT, "unit_alike", unit=pair[0], near=pair[1]))
        code = read_code(entry.code)
        if code:
            first = codes.setdefault(_bare(code), (code, entry.row))
            if first[1] != entry.row:
                same = "code_twice" if first[0] == code else "code_alike"
                own.append(_fault(table, entry, CODE, same, code=entry.code, other=first[0], row=first[1]))
        faults += own
        if not own and entry.row not in faulty:
            rows.append(_Row(entry, code, fold(entry.name), places[entry.unit][0]))
    return rows, faults


def _places(table: Table, directory: Directory, create_units: bool) -> Mapping[str, Sequence[int]]:
    """The units that the words of the list may mean."""
    said = dict.fromkeys(entry.unit for entry in table.entries if entry.unit and len(entry.unit) <= LONGEST_NAME)
    if create_units:
        # The longest paths first: a lone name may mean a unit that another row puts in its place.
        for words in sorted(said, key=lambda words: -words.count("/")):
            if not directory.find(words):
                directory.plan(words)
    return {words: directory.find(words) for words in said}


def _own_faults(
    entry: Entry, table: Table, directory: Directory, places: Mapping[str, Sequence[int]], faulty: Set[str]
) -> Iterator[Fault]:
    """What is wrong with a row by itself; a cell that is faulty already is not missed as well."""
    if not entry.name:
        if table.columns[NAME] not in faulty:
            yield _fault(table, entry, NAME, "no_name")
    elif not any(char.isalpha() for char in entry.name):
        yield _fault(table, entry, NAME, "bad_name", name=entry.name)
    for column, text in ((NAME, entry.name), (POSITION, entry.position), (UNIT, entry.unit)):
        if len(text) > LONGEST_NAME:
            yield _fault(table, entry, column, "too_long", most=LONGEST_NAME)
    if len(read_code(entry.code)) > LONGEST_CODE:
        yield _fault(table, entry, CODE, "bad_code", code=entry.code[:LONGEST_NAME], most=LONGEST_CODE)
    if not entry.unit:
        if table.columns[UNIT] not in faulty:
            yield _fault(table, entry, UNIT, "no_unit")
    elif entry.unit in places and len(places[entry.unit]) != 1:
        yield _unit_fault(table, entry, directory, places[entry.unit])


def _unit_fault(table: Table, entry: Entry, directory: Directory, found: Sequence[int]) -> Fault:
    if found:
        paths = "; ".join(directory.path(unit) for unit in found)
        return _fault(table, entry, UNIT, "several_units", unit=entry.unit, paths=paths)
    near = directory.nearest(entry.unit)
    if near:
        return _fault(table, entry, UNIT, "unknown_unit_near", unit=entry.unit, near=near)
    return _fault(table, entry, UNIT, "unknown_unit", unit=entry.unit)


def _meet(rows: Sequence[_Row], known: _Known, table: Table, plan: Plan) -> dict[int, Member]:
    """Which member each row means, by its number; who is new is not there. What cannot be told is a fault."""
    met: dict[int, Member] = {}
    named = Counter((row.folded, row.unit) for row in rows)
    for row in (row for row in rows if row.code):
        same = [known.by_code[row.code]] if row.code in known.by_code else known.by_bare_code[_bare(row.code)]
        if len(same) > 1:
            codes = ", ".join(member.code or "" for member in same)
            plan.faults.append(_fault(table, row.entry, CODE, "code_unclear", code=row.entry.code, codes=codes))
        elif same:
            met[row.entry.row] = same[0]
    taken = {member.person for member in met.values()}
    for row in (row for row in rows if row.entry.row not in met):
        namesakes = [member for member in known.by_name[row.folded, row.unit] if member.person not in taken]
        if row.code:
            # Somebody who was written down without a code gets one, where it can only be him.
            if len(namesakes) == 1 and namesakes[0].code is None and named[row.folded, row.unit] == 1:
                met[row.entry.row] = namesakes[0]
                taken.add(namesakes[0].person)
        else:
            # Whoever has no code in the list had none before.
            namesakes = [member for member in namesakes if member.code is None] or namesakes
            if len(namesakes) == 1:
                met[row.entry.row] = namesakes[0]
            elif namesakes:
                where = {"name": row.entry.name, "count": len(namesakes)}
                plan.faults.append(_fault(table, row.entry, NAME, "namesakes_known", **where))
    _refuse_namesakes(rows, table, plan)
    return met


def _refuse_namesakes(rows: Sequence[_Row], table: Table, plan: Plan) -> None:
    """Two rows without a code and with the same name in a unit: nobody could tell them apart."""
    first: dict[tuple[str, int], int] = {}
    for row in rows:
        if not row.code:
            other = first.setdefault((row.folded, row.unit), row.entry.row)
            if other != row.entry.row:
                plan.faults.append(_fault(table, row.entry, NAME, "namesakes_listed", name=row.entry.name, row=other))


def _change(row: _Row, member: Member | None, plan: Plan) -> None:
    """Stage what a row changes, and count it."""
    entry = row.entry
    unit, unit_number = (row.unit, None) if row.unit > 0 else (None, -row.unit)
    code = row.code or None
    position = entry.position
    if member is None:
        plan.added += 1
    else:
        # Spreadsheets lose zeros in front; they never add any.
        code = max(code or "", member.code or "", key=len) or None
        position = position or member.position
        is_moved = member.unit != row.unit
        is_changed = (entry.name, position, code) != (member.name, member.position, member.code)
        is_back = member.state == "left"
        if not (is_moved or is_changed or is_back):
            return
        plan.back += is_back
        plan.moved += is_moved and not is_back
        plan.changed += is_changed
        if row.folded != member.folded:
            plan.renamed.append(Renamed(entry.row, member.name, entry.name, member.state == "joined"))
        if member.code is None and code and member.state == "joined":
            plan.matched.append(entry.name)
    person = member.person if member else None
    plan.staged.append(StagedRow(entry.row, person, code, entry.name, row.folded, position, unit, unit_number))


def _staged_unit(number: int, parent: int | None, name: str) -> StagedUnit:
    if parent is not None and parent < 0:
        return StagedUnit(-number, name, fold(name), parent_number=-parent)
    return StagedUnit(-number, name, fold(name), parent)


def _bare(code: str) -> str:
    """A code without the zeros in front that a spreadsheet drops."""
    return code.lstrip("0") or "0"


def _fault(table: Table, entry: Entry, field: str, kind: str, **values: object) -> Fault:
    return Fault(entry.row, table.columns.get(field, ""), kind, values)


def parts(plan: Plan) -> Iterator[Sequence[StagedUnit | StagedRow | int]]:
    """Yield what a plan does, in parts that fit into a transaction."""
    for start in range(0, len(plan.staged), STAGED_AT_ONCE):
        yield plan.staged[start : start + STAGED_AT_ONCE]


def administrators_of(database: Database) -> frozenset[int]:
    """Return the administrators: no list lets them leave."""
    return frozenset(person for person, held in roles.all_held(database) if held.role == "administrator")
