"""Which members are meant, as a condition that the queries of other subjects take: of broadcasts, of quizzes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Selection:
    """Which members are meant: a condition on the member `m`, with `m.person_id` and the unit of today, `m.unit_id`."""

    where: str = "1 = 1"
    values: Mapping[str, Any] = field(default_factory=dict)

    def and_(self, other: Selection) -> Selection:
        """Return those whom both mean; their parameters have different names."""
        return Selection(f"({self.where}) AND ({other.where})", {**self.values, **other.values})


EVERYBODY = Selection()


def in_units(units: Iterable[int], name: str = "unit") -> Selection:
    """Select those who belong to some units today; `name` is the beginning of the names of its parameters."""
    values = {f"{name}{number}": unit for number, unit in enumerate(units)}
    return Selection(f"m.unit_id IN ({places(values)})", values)


def named(people: Iterable[int]) -> Selection:
    """Select some people."""
    values = {f"named{number}": person for number, person in enumerate(people)}
    return Selection(f"m.person_id IN ({places(values)})", values)


def with_roles(roles: Iterable[str]) -> Selection:
    """Select those who have been given one of some roles."""
    values = {f"role{number}": role for number, role in enumerate(roles)}
    return Selection(
        f"m.person_id IN (SELECT o.person_id FROM roles o WHERE o.taken_at IS NULL AND o.role IN ({places(values)}))",
        values,
    )


def not_informed_by(broadcast: int) -> Selection:
    """Select those who were to get an earlier broadcast and are not known to know of it."""
    return Selection(
        "EXISTS (SELECT 1 FROM recipients e WHERE e.broadcast_id = :earlier AND e.person_id = m.person_id"
        " AND e.informed_at IS NULL)",
        {"earlier": broadcast},
    )


def places(values: Mapping[str, Any]) -> str:
    """Return the named parameters of a list in SQL; one that holds nothing where there are none."""
    return ", ".join(f":{name}" for name in values) or "NULL"
