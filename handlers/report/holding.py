"""Accounts that were lost and that a member uses with this bot: when one is trusted no more, and what follows."""

from __future__ import annotations

from handlers.authorization import Scene
from storage import dialogues, people, reports
from storage.database import Database
from storage.reports import Report

CHANNELS_OF = {"zalo": ("zalo", "zalo_oa"), "telegram": ("telegram",)}
"""The channels that an account of a platform writes on."""


def is_believed(scene: Scene, report: Report) -> bool:
    """Whether an account is held at once on somebody's word: his own, or a colleague's, not a stranger's."""
    return scene.actor.is_console or scene.actor.joined or scene.actor.person == report.owner_id


def hold_account(scene: Scene, report: Report) -> int:
    """Trust the account of a report no more, where it was lost and its owner writes to this bot from it."""
    channels = CHANNELS_OF.get(report.platform, ())
    if report.kind != "lost" or report.owner_id is None or not channels:
        return 0
    held = people.hold(scene.database, report.owner_id, scene.actor.person, scene.stamp, channels)
    if held:
        for place in people.addresses_of(scene.database, report.owner_id):
            if place.channel in channels and place.sender:
                dialogues.end(scene.database, place, report.owner_id)
        reports.record(
            scene.database, report.id, scene.stamp, None, "account_held", audience="reporter", data={"count": held}
        )
    return held


def is_owner_held(database: Database, report: Report) -> bool:
    """Tell whether a report is its reporter's of his own lost account, from which he writes to this bot, and held."""
    reporter = report.reporter_id
    if reporter is None or reporter != report.owner_id or report.kind != "lost" or report.platform not in CHANNELS_OF:
        return False
    return people.has_held(database, reporter)
