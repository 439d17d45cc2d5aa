"""Telling somebody that he was given a role: what he may do from now on, and with which words."""

from __future__ import annotations

from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.schedule import Due, Kind
from storage import jobs, people, roles, units
from storage.outbox import REPORT
from storage.roles import RoleName

TOLD = "people.role"
"""The kind of the job that tells; wherever the role was given, the bot brings it."""

_WAYS: dict[RoleName, tuple[str, ...]] = {
    "contact": ("xulybaocao", "thongbao", "donvi", "vang"),
    "head": ("xulybaocao", "choduyet", "tonghop", "thongbao"),
    "administrator": ("donvi", "thongbao", "xulybaocao", "choduyet"),
}
"""The commands that a role begins with."""


def tell(scene: Scene, person: int, role: RoleName, unit: int | None) -> None:
    """Have somebody told of a role that he was given; whoever gave it to himself knows."""
    if person != scene.actor.person:
        name = f"{person} {role} {unit or 0}"
        jobs.plan(scene.database, TOLD, name, scene.stamp, scene.stamp, {"person": person, "role": role, "unit": unit})


def _tell(due: Due, context: Context) -> list[Reply]:
    """Tell somebody of a role that he still has."""
    database, texts = context.database, context.texts
    person, role, place = due.data["person"], due.data["role"], due.data["unit"]
    held = roles.of(database, person, context.today.isoformat())
    to = people.reached_at(database, person)
    if to is None or not any((one.role, one.unit, one.instead_of) == (role, place, None) for one in held):
        return []
    unit = units.living(database, place) if place is not None else None
    buttons = tuple(Button(texts(f"command.{name}"), "command.run", {"name": name}) for name in (*_WAYS[role], "menu"))
    said = texts.rich(f"people.now_{role}", unit=unit.name if unit else context.office.name or texts("people.office"))
    return [Reply(said, buttons, to=to, urgency=REPORT)]


KINDS = {TOLD: Kind(_tell)}
