"""What the office wants its head to approve: asked, decided, and then done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.authorization import Reach, Scene, act, actor_of, perform
from handlers.errors import NotPossible
from storage import approvals, units
from storage.approvals import Approval


@act("approval.decide", target="unit", head=Reach.UNIT)
def decide(scene: Scene, unit: int, number: int, approved: bool, note: str | None = None) -> Approval:
    """Approve an act, which is then done as whoever asked for it, or send it back with a note; return the approval.

    Raises Refusal where it was decided before, or cannot be done any more; nothing is changed then.
    """
    approval = approvals.get(scene.database, number)
    if approval is None or approval.state != "waiting" or place_of(scene, approval) != unit:
        raise NotPossible("request_decided")
    if approval.asked_by == scene.actor.person:
        raise NotPossible("own_approval")
    if approved:
        asker = replace(scene, actor=actor_of(scene.database, approval.asked_by, scene.day))
        perform(asker, approval.act, approval.data)
    approvals.decide(
        scene.database, number, "approved" if approved else "returned", scene.actor.person, scene.stamp, note
    )
    return approval


def waiting(scene: Scene, under: Sequence[int]) -> list[Approval]:
    """Return what waits to be decided in some units and below them, the oldest first."""
    reach = frozenset().union(*(units.below(scene.database, unit) for unit in under))
    return [found for found in approvals.waiting(scene.database) if place_of(scene, found) in reach]


def place_of(scene: Scene, approval: Approval) -> int | None:
    """Return the unit whose head decides: the one it is about, or the first at the top for the whole office."""
    if approval.unit is not None:
        living = units.living(scene.database, approval.unit)
        return living.id if living else None
    top = units.children(scene.database, None)
    return top[0].id if top else None
