"""Noting that everybody of a unit was informed, in parts where a broadcast has many people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.authorization import Scene
from handlers.context import Context
from handlers.conversation import Reply
from handlers.schedule import Due, Kind
from storage import informing, jobs
from storage.database import Database

MARK = "broadcast.mark"

# Rows of the list that one transaction looks at.
MARKED_AT_ONCE = 5_000


def begin(scene: Scene, broadcast: int, unit: int, units: Sequence[int], how: str, among: int | None = None) -> None:
    """Note that everybody of some units was informed, now as far as it goes and the others right after.

    With `among` only those who stand on the list of another broadcast, too.
    """
    data = {"units": list(units), "how": how, "by": scene.actor.person, "now": scene.stamp, "after": 0, "among": among}
    _mark(scene.database, f"{broadcast} {unit}", data, scene.stamp)


def _go_on(due: Due, context: Context) -> list[Reply]:
    _mark(context.database, due.name, due.data, context.now.isoformat())
    return []


def _mark(database: Database, name: str, data: dict[str, Any], now: str) -> None:
    broadcast = int(name.split()[0])
    by, among = data["by"], data.get("among")
    last = informing.inform_units(
        database, broadcast, data["units"], data["how"], by, data["now"], data["after"], MARKED_AT_ONCE, among
    )
    if last is not None and informing.last_of(database, broadcast, last, 1) is not None:
        jobs.plan(database, MARK, name, now, now, {**data, "after": last})


KINDS = {MARK: Kind(_go_on)}
