"""Units by what people write of them: a name that only one has, or a path such as "Sở Ví Dụ / Phòng Một".

Accents, capitals and signs do not count; an old name means the unit, and that of a closed one its successor. What
`finding` asks the database for one typed name, this holds for a whole list, with the units that are yet to be opened.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.people.alike import alike
from knowledge.text import folded_syllables
from storage import units
from storage.database import Database
from storage.units import Unit

SEPARATOR = " / "

# Blanks around the sign say that it is no part of a name ("Phòng Thanh tra/Pháp chế"); without any it still may part.
_PARTINGS = (re.compile(r"\s+[/>\\]\s+"), re.compile(r"\s*[/>\\]\s*"))

# So alike must a name be to be proposed in the place of an unknown one.
_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Place:
    """A unit in the directory, open or only planned: its number, below 0 for a planned one, and that above it."""

    id: int
    parent: int | None
    name: str


class Directory:
    """The open units as they are when it is made, and units that somebody plans to open."""

    def __init__(self, database: Database) -> None:
        """Read the units and all their names."""
        self._places: dict[int, Place] = {}
        self._today: defaultdict[str, list[int]] = defaultdict(list)
        self._keys: defaultdict[int, set[str]] = defaultdict(set)
        self._once: defaultdict[str, list[int]] = defaultdict(list)
        self._alike: dict[int, int | None] = {}
        for unit in units.all_open(database):
            self._add(Place(unit.id, unit.parent, unit.name))
        successors: dict[int, Unit | None] = {}
        for number, name in units.all_names(database):
            if number not in self._places and number not in successors:
                successors[number] = units.living(database, number)
            living = successors.get(number)
            unit_id = living.id if living else number
            key = _key(name)
            if unit_id in self._places and key not in self._keys[unit_id]:
                self._once[key].append(unit_id)
                self._keys[unit_id].add(key)

    def find(self, words: str) -> list[int]:
        """Return the units that words may mean: one, none, or several that are called so."""
        for steps in _ways(words):
            found = self._at(steps)
            if found:
                return found
        return []

    def path(self, unit: int) -> str:
        """Return where a unit is, from the top."""
        return SEPARATOR.join(place.name for place in reversed(self._above(unit)))

    def nearest(self, words: str) -> str:
        """Return the path of the unit that is called most like the words, "" where none is."""
        steps = _ways(words)[-1]
        near = difflib.get_close_matches(_key(steps[-1]), self._today, n=1, cutoff=_ALIKE) if steps else []
        return self.path(self._today[near[0]][0]) if near else ""

    def plan(self, words: str) -> int | None:
        """Plan the units of a path that do not exist; return the last one's number, None where the path is not clear.

        What is known of it may be the end of a longer path; the first unit that is not known is put below it.
        """
        steps = next((way for way in _ways(words)[1:] if len(way) > 1), [words.strip()])
        if not all(any(char.isalpha() for char in step) for step in steps):
            return None
        parent: int | None = None
        known = 0
        for count in range(len(steps) - 1, 0, -1):
            found = self._at(steps[:count])
            if len(found) > 1:
                return None
            if found:
                parent, known = found[0], count
                break
        for step in steps[known:]:
            number = -1 - sum(1 for place in self._places if place < 0)
            self._add(Place(number, parent, step))
            parent = number
        return parent

    def alike(self, unit: int) -> tuple[str, str] | None:
        """Return the paths of a planned unit and of another that may be meant, for the unit or one above it.

        Beside it are looked at the units below the same one, open or planned before; for a unit at the top every open
        one: whoever wrote a name without a path may mean it. None where no name is alike.
        """
        for place in self._above(unit):
            if place.id < 0 and (meant := self._meant_by(place)) is not None:
                return self.path(place.id), self.path(meant)
        return None

    def _meant_by(self, planned: Place) -> int | None:
        if planned.id not in self._alike:
            self._alike[planned.id] = next(
                (
                    place.id
                    for place in self._places.values()
                    if (place.parent == planned.parent or (planned.parent is None and place.id > 0))
                    and (place.id > 0 or place.id > planned.id)
                    and alike(place.name, planned.name)
                ),
                None,
            )
        return self._alike[planned.id]

    @property
    def planned(self) -> Sequence[Place]:
        """The planned units, each after that above it."""
        return sorted((place for place in self._places.values() if place.id < 0), key=lambda place: -place.id)

    def _add(self, place: Place) -> None:
        self._places[place.id] = place
        self._today[_key(place.name)].append(place.id)
        self._keys[place.id].add(_key(place.name))

    def _at(self, steps: Sequence[str]) -> list[int]:
        keys = [_key(step) for step in steps]
        if not keys or not all(keys):
            return []
        found = self._today.get(keys[-1]) or self._once.get(keys[-1], [])
        above = [unit for unit in dict.fromkeys(found) if self._lies_under(unit, keys[:-1])]
        # A whole path means the unit at its end, though others below may be called the same.
        whole = [unit for unit in above if len(self._above(unit)) == len(keys)]
        return whole if len(whole) == 1 else above

    def _lies_under(self, unit: int, keys: Sequence[str]) -> bool:
        names = iter([self._keys[place.id] for place in self._above(unit)[1:]])
        return all(any(key in each for each in names) for key in reversed(keys))

    def _above(self, unit: int) -> list[Place]:
        """A unit and those above it, from the bottom up."""
        found: list[Place] = []
        number: int | None = unit
        while number is not None and number in self._places:
            found.append(self._places[number])
            number = self._places[number].parent
        return found


def _ways(words: str) -> list[list[str]]:
    """The ways to read words as a path: as one name, and parted at the signs."""
    return [[words.strip()], *([step for step in parting.split(words.strip()) if step] for parting in _PARTINGS)]


def _key(name: str) -> str:
    return " ".join(folded_syllables(name))
