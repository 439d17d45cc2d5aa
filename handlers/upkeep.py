"""What administrators are told of the bot itself: how the week went, when it was off, what was put back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Reply
from handlers.retention import in_words
from knowledge.finding import Outcome
from storage import inbox, jobs, members, outbox, people, roles, tallies
from storage.outbox import REPORT

WEEK = dt.timedelta(days=7)

# What nobody notices: a night, and a short pause in the day. Hours and days of work are those of nearly every office.
DAY_BEGINS, DAY_ENDS = dt.time(8), dt.time(17)
WORKDAYS = range(5)
SHORTEST = dt.timedelta(minutes=30)

# Telegram keeps for so long what nobody has fetched.
KEPT_BY_MESSENGER = dt.timedelta(hours=24)

# Of a backup that is older, the weekly line says so.
OLD_BACKUP = dt.timedelta(days=2)

_UNANSWERED = {outcome.value for outcome in Outcome if outcome.declined and outcome is not Outcome.REFUSED}
_NO_QUESTION = {Outcome.SMALL_TALK.value, Outcome.EMPTY.value, Outcome.INCOMPLETE.value}


@dataclass(frozen=True, slots=True)
class Machine:
    """What only the machine knows: when the newest backup was made, and how much space is left, in GB."""

    backup: dt.datetime | None
    free: float
    low: bool


def health(context: Context, machine: Machine) -> list[Reply]:
    """Tell administrators how the last seven days went."""
    since = context.now - WEEK
    texts, database = context.texts, context.database
    counts = tallies.since(database, since.astimezone(context.zone).date().isoformat())
    sent = outbox.ended_since(database, since.isoformat())
    failed = inbox.failed_since(database, since.isoformat())
    failing = jobs.failing(database)
    states = members.states(database)
    listed = sum(states.values()) - states.get("left", 0)
    lines = [
        texts.rich("upkeep.health", first=_day(context, since), last=_day(context, context.now)),
        texts.rich(
            "upkeep.health_questions",
            asked=sum(count for name, count in counts.items() if name not in _NO_QUESTION),
            unanswered=sum(count for name, count in counts.items() if name in _UNANSWERED),
        ),
        texts.rich(
            "upkeep.health_messages", sent=sent.get("sent", 0), lost=sent.get("failed", 0) + sent.get("unknown", 0)
        ),
        texts.rich("upkeep.health_people", joined=states.get("joined", 0), listed=listed),
        _backup(context, machine.backup),
        texts.rich("upkeep.health_disk_low" if machine.low else "upkeep.health_disk", free=f"{machine.free:.1f}"),
    ]
    if failed or failing:
        lines.append(texts.rich("upkeep.health_errors", count=failed + len(failing)))
    return to_administrators(context, Markup("\n").join(lines))


def outage(context: Context, data: dict[str, Any]) -> list[Reply]:
    """Tell administrators that the bot was off, where that matters, and what may have been lost."""
    since, until = (dt.datetime.fromisoformat(data[name]) for name in ("since", "until"))
    if not matters(since.astimezone(context.zone), until.astimezone(context.zone)):
        return []
    texts = context.texts
    lost_until = until - KEPT_BY_MESSENGER
    if since < lost_until:
        lost = texts.rich("upkeep.outage_lost", until=_time(context, lost_until))
    else:
        lost = texts.rich("upkeep.outage_nothing_lost")
    text = texts.rich("upkeep.outage", since=_time(context, since), until=_time(context, until), lost=lost)
    return to_administrators(context, text)


def restored(context: Context, data: dict[str, Any]) -> list[Reply]:
    """Tell administrators from when the data is that was put back."""
    at = _time(context, dt.datetime.fromisoformat(data["at"]))
    if not data["from"]:
        return to_administrators(context, context.texts.rich("upkeep.restored_unknown", at=at))
    since = _time(context, dt.datetime.fromisoformat(data["from"]))
    return to_administrators(context, context.texts.rich("upkeep.restored", since=since, at=at))


def resealed(context: Context, data: dict[str, Any]) -> list[Reply]:
    """Tell administrators that all files are encrypted with the newest key, and what may be done with the others."""
    if data["closed"]:
        return to_administrators(context, context.texts.rich("upkeep.resealed_closed", count=data["closed"]))
    return to_administrators(context, context.texts.rich("upkeep.resealed", time=in_words(data["days"], context.texts)))


def plan(context: Context, data: dict[str, Any]) -> list[Reply]:
    """Tell administrators that the messages which a messenger allows an account in a month run short."""
    percent = data["used"] * 100 // data["monthly"]
    values = {"used": data["used"], "monthly": data["monthly"], "percent": percent, "account": data["account"]}
    return to_administrators(context, context.texts.rich("upkeep.plan", **values))


def full(context: Context, data: dict[str, Any]) -> list[Reply]:
    """Tell administrators that no bot has room for another person."""
    return to_administrators(context, context.texts.rich("leading.all_full", account=data["account"]))


def to_administrators(context: Context, text: Markup) -> list[Reply]:
    """Return a message to each administrator who is there and can be reached."""
    holders = roles.holders(context.database, "administrator", None, context.today.isoformat())
    addresses = [people.reached_at(context.database, person) for person in holders]
    return [Reply(text, to=address, urgency=REPORT) for address in addresses if address]


def matters(since: dt.datetime, until: dt.datetime) -> bool:
    """Tell whether administrators want to know that the bot was off between two times of the office.

    Machines of offices are turned off at night; then nothing is lost and nobody missed it.
    """
    if until - since > KEPT_BY_MESSENGER:
        return True
    off = dt.timedelta()
    for day in {since.date(), until.date()}:
        if day.weekday() in WORKDAYS:
            begin = max(since, dt.datetime.combine(day, DAY_BEGINS, since.tzinfo))
            end = min(until, dt.datetime.combine(day, DAY_ENDS, since.tzinfo))
            off += max(end - begin, dt.timedelta())
    return off >= SHORTEST


def _backup(context: Context, made: dt.datetime | None) -> Markup:
    if made is None:
        return context.texts.rich("upkeep.health_no_backup")
    name = "upkeep.health_backup_old" if context.now - made > OLD_BACKUP else "upkeep.health_backup"
    return context.texts.rich(name, time=_time(context, made))


def _time(context: Context, at: dt.datetime) -> str:
    return f"{at.astimezone(context.zone):%H:%M %d/%m/%Y}"


def _day(context: Context, at: dt.datetime) -> str:
    return f"{at.astimezone(context.zone):%d/%m}"
