"""`ungxu route`: where a report would go, rule by rule; and what `ungxu doctor` says of all places."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.base import State
from bot.clock import utc_now
from bot.console import Write, looking
from bot.explaining import TEXTS
from bot.settings import Settings
from handlers.authorization import Scene
from handlers.destinations import ADMINISTRATORS, CONTACT, HEAD, Routing, in_words, load_routing
from handlers.errors import Refusal
from handlers.outward import EMAIL, WEBHOOK
from handlers.people.finding import find_unit, full_name
from handlers.report.forwarding import PATIENCE
from handlers.report.reading import read
from handlers.report.routing import Case, Place, decide, place_of
from handlers.texts import Texts
from storage import forwards, members, people, units
from storage.database import Database
from storage.people import Address
from storage.reports import Harm, Kind

MOST_TOLD = 10
"""So many reports that did not arrive are named."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known of a report that is only tried; None and "" for what is not."""

    kind: Kind | None = None
    platform: str = ""
    harm: Harm | None = None


def understood(settings: Settings, text: str) -> Tried:
    """Return what a report would be understood as that begins with these words."""
    reading = read(text, utc_now().astimezone(settings.zone).date())
    return Tried(reading.kind, reading.platform, reading.harm)


def try_route(
    settings: Settings, tried: Tried, unit: str | None, at: dt.datetime | None, as_json: bool, write: Write
) -> None:
    """Print where such a report would go; nothing is sent. `at` is the office's time, None for now.

    Raises Refusal for a unit that there is not, and RoutingError.
    """
    routing = load_routing(settings.office)
    with looking(settings) as scene:
        about = find_unit(scene.database, unit) if unit else _top(scene.database)
        local = at.replace(tzinfo=settings.zone) if at else scene.now.astimezone(settings.zone)
        case = Case(tried.kind or "lost", tried.platform, tried.harm or "unknown", about.id if about else None, local)
        decision = decide(scene.database, routing, settings.zone, scene.day, case)
        if as_json:
            places = [_as_json(scene, place) for place in decision.places]
            write(json.dumps({"rules": list(decision.rules), "places": places}, ensure_ascii=False))
            return
        write(
            TEXTS(
                "route.case",
                kind=case.kind,
                platform=case.platform or "-",
                harm=case.harm,
                unit=full_name(scene.database, about) if about else "-",
                at=local.strftime("%H:%M %d/%m/%Y"),
            )
        )
        rules = ", ".join(map(str, decision.rules))
        write(TEXTS("route.rules", rules=rules) if rules else TEXTS("route.no_rule"))
        for place in decision.places:
            write(_line(scene, place))


def examine(
    settings: Settings, routing: Routing, database: Database | None, texts: Texts, prefix: str
) -> Iterator[tuple[State, str]]:
    """Yield what there is to say of the rules, of each place, and of reports that did not arrive.

    `prefix` is what the numbers of reports begin with.
    """
    day = utc_now().astimezone(settings.zone).date()
    yield "ok", texts("route.loaded", rules=len(routing.rule), count=len(routing.destination))
    if database is None:
        return
    for number, rule in enumerate(routing.rule, 1):
        if rule.unit and (fault := _unknown_unit(database, rule.unit, texts)):
            yield "failed", texts("route.unit", number=number, reason=fault)
    top = _top(database)
    used = dict.fromkeys(name for rule in routing.rule for name in rule.to)
    for name in dict.fromkeys([*used, *routing.destination, ADMINISTRATORS]):
        place = place_of(database, routing, day, top.id if top else None, name)
        # Contacts and heads are another's for each unit, and the administrators stand in for all of them.
        if name not in (CONTACT, HEAD) and not place.addresses:
            reason = texts(f"forward.reason_{place.why}")
            yield "warning", texts("route.nobody", name=in_words(name, texts), reason=reason)
    yield from _not_arrived(database, texts, prefix)


def _not_arrived(database: Database, texts: Texts, prefix: str) -> Iterator[tuple[State, str]]:
    before = (utc_now() - PATIENCE).isoformat()
    troubled = forwards.troubled(database, before)
    for one in troubled[:MOST_TOLD]:
        state = texts(f"route.state_{one.state}")
        number = f"{prefix}-{one.report}"
        yield "warning", texts("route.not_arrived", number=number, name=in_words(one.destination, texts), state=state)
    if len(troubled) > MOST_TOLD:
        yield "warning", texts("route.more", count=len(troubled) - MOST_TOLD)


def _unknown_unit(database: Database, typed: str, texts: Texts) -> str:
    try:
        find_unit(database, typed)
    except Refusal as refusal:
        return texts(f"refused.{refusal.code}", **refusal.values)
    return ""


def _top(database: Database) -> units.Unit | None:
    found = units.children(database, None)
    return found[0] if found else None


def _line(scene: Scene, place: Place) -> str:
    name = in_words(place.name, TEXTS)
    if not place.addresses:
        return TEXTS("route.place_nobody", name=name, reason=TEXTS(f"forward.reason_{place.why}"))
    return TEXTS("route.place", name=name, who="; ".join(_who(scene, at) for at in place.addresses))


def _as_json(scene: Scene, place: Place) -> dict[str, object]:
    reached = [{"channel": at.channel, "who": _named(scene, at)} for at in place.addresses]
    return {"name": place.name, "reached": reached, "why": place.why}


def _who(scene: Scene, at: Address) -> str:
    name = f"channel.{at.channel}"
    return TEXTS("route.who", channel=TEXTS(name) if name in TEXTS else at.channel, who=_named(scene, at))


def _named(scene: Scene, at: Address) -> str:
    """Who reads what is sent to an address: a mailbox, a program, a member by name, or a chat by its number."""
    if at.channel in (EMAIL, WEBHOOK):
        return at.chat
    person = people.known_at(scene.database, at)
    member = members.get(scene.database, person, scene.today) if person else None
    return member.name if member else at.chat
