"""Whom to turn to for a unit."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.context import Context
from storage import roles, units
from storage.roles import RoleName


def turn_to(context: Context, unit: int, role: RoleName = "contact") -> Sequence[int]:
    """Return those to turn to for a unit: its own, or of the nearest unit above it, or the administrators."""
    day = context.today.isoformat()
    for place in units.path(context.database, unit):
        if found := roles.holders(context.database, role, place, day):
            return found
    return roles.holders(context.database, "administrator", None, day)
