"""How a broadcast is spoken of: its line in a list, how far it is, how it went."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from handlers.broadcast import audience, timing
from handlers.broadcast.content import Content, marked
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.recurrence import Recurrence
from handlers.recurrence import said as recurs
from storage.broadcasts import OVER, Broadcast
from storage.recipients import ENDS, Sum

_LINES = Markup("\n")

# A pace that is older than this says nothing of now.
_FRESH = dt.timedelta(minutes=10)
_SHORT = 40

# Those that have words of their own.
_KNOWN_REASONS = {
    *("not_joined", "opted_out", "held", "blocked", "no_chat", "cancelled", "forgotten", "merged", "departed"),
    *("deactivated", "left", "gone", "restored", "lease", "overdue", "window closed"),
}
_KNOWN_WAITS = {"hours", "plan", "retry_after", "trouble", "asked"}


def title(broadcast: Broadcast, context: Context) -> str:
    """Return the number of a broadcast with its first words."""
    return context.texts("broadcast.title", number=broadcast.id, words=beginning(broadcast))


def beginning(broadcast: Broadcast) -> str:
    """Return the first words of a broadcast."""
    words = marked(Content.from_json(broadcast.content).text).striptags()
    return words if len(words) <= _SHORT else words[:_SHORT].rsplit(" ", 1)[0] + " …"


def state(broadcast: Broadcast, context: Context) -> str:
    """Return in which state a broadcast is, with its time where it has one."""
    texts = context.texts
    said = texts(f"sending.{broadcast.state}")
    if broadcast.state == "planned" and broadcast.planned_at:
        return texts("broadcast.planned_for", state=said, time=time(broadcast.planned_at, context))
    if broadcast.state == "repeating" and broadcast.repeats:
        said = texts("broadcast.repeats", state=said, how=recurs(Recurrence.from_json(broadcast.repeats), texts))
        if broadcast.until:
            said = texts("broadcast.until", said=said, day=f"{dt.date.fromisoformat(broadcast.until):%d/%m/%Y}")
    return said


def patience(broadcast: Broadcast, context: Context) -> list[Markup]:
    """Say that one that was let go for later waits for working hours, as far as that may be; nothing for any other."""
    texts = context.texts
    if broadcast.urgent:
        return []
    if broadcast.state == "repeating":
        return [texts.rich("broadcast.patient")]
    if broadcast.state == "planned" and broadcast.planned_at:
        at = dt.datetime.fromisoformat(broadcast.planned_at)
        if (begins := timing.opens(at, context)) > at:
            return [texts.rich("broadcast.opens_then", time=time(begins.isoformat(), context))]
    return []


def time(stamp: str, context: Context) -> str:
    """Return a stored time as the clock of the office shows it."""
    return f"{dt.datetime.fromisoformat(stamp).astimezone(context.zone):%H:%M %d/%m/%Y}"


def ended(found: Sequence[Sum]) -> int:
    """Return of how many people the end is known."""
    return sum(part.people for part in found if part.state in ENDS)


def progress(broadcast: Broadcast, found: Sequence[Sum], context: Context) -> Reply:
    """Say how far a broadcast is, and offer what can be done to it now."""
    texts = context.texts
    if broadcast.started_at is None:
        # It has no list: those who were counted beforehand may be others when it goes out.
        about = texts.rich("broadcast.progress", title=title(broadcast, context), state=state(broadcast, context))
        for_whom = texts.rich("broadcast.draft_whom", whom=whom(broadcast, context))
        return Reply(
            _LINES.join([about, for_whom, *patience(broadcast, context)]), tuple(steering(broadcast, 0, context))
        )
    by_state: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {"failed": Counter(), "skipped": Counter(), "unknown": Counter()}
    for part in found:
        by_state[part.state] += part.people
        if part.state in reasons:
            reasons[part.state][part.reason] += part.people
    left = by_state["waiting"] + by_state["queued"]
    lines = [
        texts.rich("broadcast.progress", title=title(broadcast, context), state=state(broadcast, context)),
        texts.rich("broadcast.sent", sent=by_state["sent"], all=left + ended(found), left=left),
    ]
    lines += without_file(broadcast, [part for part in found if part.state == "sent"], context)
    for name, text in (
        ("failed", "broadcast.failed"),
        ("unknown", "broadcast.unknown"),
        ("skipped", "broadcast.skipped"),
    ):
        if by_state[name]:
            lines.append(texts.rich(text, count=by_state[name], reasons=_reasons(reasons[name], context)))
    if broadcast.state == "running" and left:
        lines += _pace(broadcast, ended(found), left, context)
    if broadcast.reason and broadcast.state in ("running", "paused"):
        lines.append(texts.rich("broadcast.waits", why=why(broadcast, context)))
    return Reply(_LINES.join(lines), tuple(steering(broadcast, by_state["failed"], context)))


def is_carried(broadcast: Broadcast, channel: str, context: Context, account: str = "") -> bool:
    """Whether the file of a broadcast goes out on a channel, by every account there or by one; so it does with none."""
    file = Content.from_json(broadcast.content).file
    lines = [line for line in context.lines if line.channel == channel and account in ("", line.account)]
    return file is None or all(line.carries(file.kind) for line in lines)


def without_file(broadcast: Broadcast, found: Sequence[Sum], context: Context) -> list[Markup]:
    """Say how many of these people do not get the file of a broadcast; nothing where all do."""
    lacking: Counter[str] = Counter()
    for part in found:
        if not is_carried(broadcast, part.channel, context, part.account):
            lacking[part.channel] += part.people
    return [
        context.texts.rich("broadcast.without_file", channel=context.texts(f"channel.{channel}"), count=count)
        for channel, count in lacking.items()
    ]


def steering(broadcast: Broadcast, failed: int, context: Context) -> list[Button]:
    """Return the buttons for what can be done to a broadcast that was let go."""
    names = {
        "running": ["pause", "cancel"],
        "paused": ["resume", "cancel"],
        "planned": ["cancel"],
        "repeating": ["cancel"],
        "freezing": ["cancel"],
        "done": ["results"],
        "cancelled": ["results"],
    }.get(broadcast.state, [])
    if broadcast.state in OVER and broadcast.started_at is None:
        # One that repeated: each time it went out, it was another one that did.
        names = []
    if failed and broadcast.state in ("done", "paused"):
        names.append("retry")
    data = {"broadcast": broadcast.id, "unit": broadcast.unit}
    return [Button(context.texts(f"sending.do_{name}"), f"broadcast.{name}", data) for name in names]


def why(broadcast: Broadcast, context: Context) -> str:
    """Return why a broadcast waits."""
    texts = context.texts
    if broadcast.reason not in _KNOWN_WAITS:
        return texts("broadcast.network", error=broadcast.reason)
    return texts(f"reason.{broadcast.reason}")


def reason(name: str, context: Context) -> str:
    """Return why somebody did not get a broadcast, as people say it."""
    if name in _KNOWN_REASONS:
        return context.texts(f"reason.{name.replace(' ', '_')}")
    return context.texts("broadcast.other_reason", reason=name) if name else context.texts("reason.none")


def missed(broadcast: Broadcast, planned: dt.datetime, context: Context) -> tuple[Markup, tuple[Button, ...]]:
    """Say that a broadcast did not go out at its time, and offer to send it now."""
    texts = context.texts
    at = f"{planned.astimezone(context.zone):%H:%M %d/%m/%Y}"
    if broadcast.state == "repeating":
        return texts.rich("broadcast.missed_one", title=title(broadcast, context), time=at), ()
    data = {"broadcast": broadcast.id, "unit": broadcast.unit}
    return (
        texts.rich("broadcast.missed", title=title(broadcast, context), time=at),
        (Button(texts("broadcast.see"), "broadcast.draft", data),),
    )


def whom(broadcast: Broadcast, context: Context) -> str:
    """Return for whom a broadcast is, in words."""
    if broadcast.audience == audience.EVERYBODY and broadcast.unit is not None:
        return context.texts("audience.all_of_unit")
    return audience.said(broadcast.audience, context)


def duration(seconds: float, context: Context) -> str:
    """Return about how long something takes."""
    texts = context.texts
    if seconds < 90:
        return texts("broadcast.seconds", count=max(round(seconds), 1))
    if seconds < 5_400:
        return texts("broadcast.minutes", count=round(seconds / 60))
    return texts("broadcast.hours", count=round(seconds / 3_600))


def _pace(broadcast: Broadcast, ended: int, left: int, context: Context) -> list[Markup]:
    if not broadcast.told_at:
        return []
    since = context.now - dt.datetime.fromisoformat(broadcast.told_at)
    done = ended - broadcast.told_ended
    if done <= 0 or not dt.timedelta(0) < since < _FRESH:
        return []
    rate = done / since.total_seconds()
    said = f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}".replace(".", ",")
    return [context.texts.rich("broadcast.pace", rate=said, time=duration(left / rate, context))]


def _reasons(found: Counter[str], context: Context) -> str:
    return ", ".join(f"{reason(name, context)} {people}" for name, people in found.most_common())
