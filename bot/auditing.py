"""`ungxu audit`: what administrators, heads and contacts did, and when; no content."""

from __future__ import annotations

import datetime as dt
import json

import handlers.router  # noqa: F401 - it imports every service, and with them the acts
from bot.console import Write, looking
from bot.explaining import TEXTS
from bot.settings import Settings
from handlers.authorization import ACTS, Scene
from handlers.people.finding import full_name
from storage import audit, members, units
from storage.audit import CONSOLE, Entry


def list_acts(settings: Settings, since: dt.date | None, limit: int, as_json: bool, write: Write) -> None:
    """Print what was done since a day, the newest first, in the office's time."""
    begin = dt.datetime.combine(since, dt.time(), settings.zone).astimezone(dt.UTC).isoformat() if since else ""
    with looking(settings) as scene:
        found = audit.entries(scene.database, begin, limit)
        for entry in found:
            at = dt.datetime.fromisoformat(entry.at).astimezone(settings.zone)
            actor, subject = _actor(scene, entry.actor), _subject(scene, entry)
            if as_json:
                said = {"at": at.isoformat(), "actor": actor, "actor_id": entry.actor}
                write(json.dumps({**said, "act": entry.act, "subject": subject}, ensure_ascii=False))
                continue
            write(
                TEXTS(
                    "console.act",
                    at=at.strftime("%d/%m/%Y %H:%M"),
                    actor=actor,
                    # One of an older version may be gone.
                    act=TEXTS(f"act.{entry.act}") if entry.act in ACTS else entry.act,
                    subject=TEXTS("console.act_subject", subject=subject) if subject else "",
                )
            )
    if not found and not as_json:
        write(TEXTS("console.no_acts"))


def _actor(scene: Scene, number: int) -> str:
    return TEXTS("console.at_the_machine") if number == CONSOLE else _person(scene, number)


def _subject(scene: Scene, entry: Entry) -> str:
    """What an act was done to: a person with his unit, or a unit."""
    kind, _, number = entry.subject.partition(" ")
    unit = units.get(scene.database, entry.unit) if entry.unit is not None else None
    place = full_name(scene.database, unit) if unit else ""
    person = _person(scene, int(number)) if kind == "person" else ""
    return ", ".join(filter(None, (person, place)))


def _person(scene: Scene, number: int) -> str:
    member = members.get(scene.database, number, scene.today)
    return member.name if member else TEXTS("console.number", number=number)
