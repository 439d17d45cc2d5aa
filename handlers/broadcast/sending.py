"""Before a broadcast goes out: looking at it as others will, counting, choosing the time, and confirming."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from handlers import form
from handlers.broadcast import service, timing, wording
from handlers.broadcast.content import Content, message
from handlers.broadcast.screens import draft
from handlers.context import Context
from handlers.conversation import Button, Line, Manner, Reply
from handlers.errors import NotFound, NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.people.reading import folded
from handlers.plan import SHORT_AT, month
from handlers.schedule import Due, Kind
from storage import broadcasts, freezing, jobs, people, recipients, usage
from storage.broadcasts import Broadcast
from storage.outbox import REPORT
from storage.recipients import Sum

COUNT = "broadcast.count"
_LINES = Markup("\n")
_NAME = "broadcast_send"
_LATER = {"de sau", "thoi", "khong", "khong gui"}


# Looking at it


def _try(data: Data, context: Context) -> list[Reply]:
    """Show whoever writes a broadcast how it looks on every channel that it goes out on."""
    found = service.show(context.scene, data["unit"], data["broadcast"])
    counted = service.count(context.scene, found.unit, found.id) or recipients.sums(context.database, found.id)
    channels = list(dict.fromkeys(part.channel for part in counted if part.channel))
    here = context.address.channel if context.address else ""
    addresses = {
        address.channel: address for address in reversed(people.all_reached_at(context.database, context.person))
    }
    said = message(0, Content.from_json(found.content), context)
    shown = replace(said, buttons=tuple(replace(one, action="broadcast.tried", data={}) for one in said.buttons))
    replies = []
    whole = shown
    for channel in channels or [here]:
        name = context.texts(f"channel.{channel}")
        shown = whole if wording.is_carried(found, channel, context) else _without_file(whole, context)
        if channel == here or channel not in addresses:
            replies.append(Reply(context.texts.rich("broadcast.looks", channel=name)))
            replies.append(replace(shown, as_on="" if channel == here else channel))
        else:
            replies.append(Reply(context.texts.rich("broadcast.looks_there", channel=name)))
            replies.append(replace(shown, to=addresses[channel]))
    send = Button(context.texts("sending.edit_send"), "broadcast.send", {"broadcast": found.id, "unit": found.unit})
    return [*replies, Reply(context.texts.rich("broadcast.after_look"), (send, _back(found, context)))]


def _without_file(shown: Reply, context: Context) -> Reply:
    """A message as it goes out where its file does not."""
    note = context.texts.rich("media.not_here")
    return replace(shown, files=(), text=Markup("\n\n").join([shown.text, note]))


def _back(broadcast: Broadcast, context: Context) -> Button:
    """The button that leads back to a draft."""
    data = {"broadcast": broadcast.id, "unit": broadcast.unit}
    return Button(context.texts("broadcast.see"), "broadcast.draft", data)


def _tried(_: Data, context: Context) -> list[Reply]:
    return [Reply(context.texts.rich("broadcast.only_tried"))]


# Counting


def _send(data: Data, context: Context) -> list[Reply]:
    """Count the people and ask when; many are counted part by part meanwhile."""
    if data.get("counted"):
        return _begin(data, context)
    if service.count(context.scene, data["unit"], data["broadcast"]) is None:
        now = context.now.isoformat()
        freezing.forget_sums(context.database, data["broadcast"])
        jobs.plan(context.database, COUNT, str(data["broadcast"]), now, now, {"after": 0, "person": context.person})
        return [Reply(context.texts.rich("broadcast.counting"))]
    return _begin(data, context)


def _begin(data: Data, context: Context) -> list[Reply]:
    """Ask when, or lead back to the draft where nobody would get it."""
    found = service.show(context.scene, data["unit"], data["broadcast"])
    counted = recipients.sums(context.database, found.id)
    if people_of(counted):
        return form.begin(_NAME, FORMS[_NAME], {**data, "version": service.version_of(found)}, context)
    whom = Button(context.texts("sending.edit_whom"), "broadcast.whom", {"broadcast": found.id, "unit": found.unit})
    return [Reply(numbers(found, counted, context), (whom, _back(found, context)))]


def _count(due: Due, context: Context) -> list[Reply]:
    """Count the next part; at the end ask whoever wanted to know to go on."""
    database = context.database
    found = broadcasts.get(database, int(due.name))
    if found is None or found.state != "draft":
        return []
    last = service.count_part(database, found, context.today.isoformat(), due.data["after"])
    if last is not None:
        now = context.now.isoformat()
        jobs.plan(database, COUNT, due.name, now, now, {**due.data, "after": last})
        return []
    to = people.reached_at(database, due.data["person"])
    if to is None:
        return []
    data = {"broadcast": found.id, "unit": found.unit, "counted": True}
    go_on = Button(context.texts("sending.edit_send"), "broadcast.send", data)
    return [Reply(numbers(found, recipients.sums(database, found.id), context), (go_on,), to=to, urgency=REPORT)]


def numbers(broadcast: Broadcast, counted: Sequence[Sum], context: Context) -> Markup:
    """Say how many people a broadcast goes to by channel, how long it takes, and what it uses of a plan."""
    texts = context.texts
    going = [part for part in counted if part.state == "waiting"]
    channels: Counter[str] = Counter()
    for part in going:
        channels[part.channel] += part.people
    by_channel = ", ".join(f"{texts(f'channel.{name}')} {count}" for name, count in channels.most_common())
    lines = [
        texts.rich("broadcast.numbers", title=wording.title(broadcast, context), whom=wording.whom(broadcast, context)),
        texts.rich("broadcast.reaches", count=people_of(counted), channels=by_channel)
        if by_channel
        else texts.rich("broadcast.nobody"),
        *wording.without_file(broadcast, going, context),
    ]
    left_out = Counter({part.reason: part.people for part in counted if part.state == "skipped"})
    if left_out:
        said = ", ".join(f"{wording.reason(name, context)} {count}" for name, count in left_out.most_common())
        lines.append(texts.rich("broadcast.skipped", count=left_out.total(), reasons=said))
    slowest = 0.0
    for line in context.lines:
        count = sum(part.people for part in going if (part.channel, part.account) == (line.channel, line.account))
        if count and line.rate:
            slowest = max(slowest, count / line.rate)
        if count and line.monthly:
            used = usage.get(context.database, line.channel, line.account, month(context.now)).messages
            left = max(line.monthly * SHORT_AT // 100 - used, 0)
            name = "broadcast.plan" if count <= left else "broadcast.plan_short"
            lines.append(texts.rich(name, name=_name(line, context), count=count, left=left))
    if going:
        lines.append(texts.rich("broadcast.takes", time=wording.duration(slowest, context)))
    return _LINES.join(lines)


def _name(line: Line, context: Context) -> str:
    """A bot as people know it, or by its account where its name is not known."""
    names = {(door.channel, door.account): door.name for door in context.doors("")}
    return names.get((line.channel, line.account)) or context.texts("broadcast.some_bot", account=line.account)


def people_of(counted: Sequence[Sum]) -> int:
    """Return how many people would be written to."""
    return sum(part.people for part in counted if part.state == "waiting")


# Confirming


def _ask_when(data: Data, context: Context) -> Reply:
    found = service.show(context.scene, data["unit"], data["broadcast"])
    counted = recipients.sums(context.database, found.id)
    lines = [numbers(found, counted, context)]
    opens = timing.opens(context.now, context)
    if not found.urgent and opens > context.now:
        lines.append(context.texts.rich("broadcast.opens", time=wording.time(opens.isoformat(), context)))
    lines.append(context.texts.rich("broadcast.ask_when"))
    choices = (("broadcast.now", "ngay"), ("broadcast.later", "để sau"))
    return Reply(
        _LINES.join(lines), tuple(form.choice(context.texts(label), value, _NAME, "when") for label, value in choices)
    )


def _take_when(typed: str, data: Data, context: Context) -> str | Done:
    found = service.show(context.scene, data["unit"], data["broadcast"])
    if folded(typed) in _LATER:
        return _kept(found, context)
    if not people_of(recipients.sums(context.database, found.id)):
        raise NotPossible("nobody_to_send_to")
    data |= timing.read(typed, context.now, context.zone).as_json()
    data["said"] = found.content["text"]
    return "sure"


def _ask_sure(data: Data, context: Context) -> Reply:
    texts = context.texts
    found = broadcasts.get(context.database, data["broadcast"])
    assert found is not None
    count = people_of(recipients.sums(context.database, found.id))
    when = texts("broadcast.when_now")
    later: list[Markup] = []
    if data["repeats"]:
        repeating = replace(found, state="repeating", repeats=data["repeats"], until=data["until"])
        when = wording.state(repeating, context)
        later = wording.patience(repeating, context)
    elif data["at"] is None and not found.urgent and (opens := timing.opens(context.now, context)) > context.now:
        when = texts("broadcast.when_at", time=wording.time(opens.isoformat(), context))
    elif data["at"]:
        at = dt.datetime.fromisoformat(data["at"])
        begins = at if found.urgent else timing.opens(at, context)
        name = "broadcast.when_at" if begins == at else "broadcast.when_closed"
        when = texts(name, time=wording.time(data["at"], context), opens=wording.time(begins.isoformat(), context))
    if count > context.office.confirm_above:
        return Reply(_LINES.join([*later, texts.rich("broadcast.type_number", count=count, when=when)]))
    return Reply(
        _LINES.join([*later, texts.rich("broadcast.ask_sure", count=count, when=when)]),
        (
            form.choice(texts("manage.yes"), "yes", _NAME, "sure"),
            form.choice(texts("manage.no"), "no", _NAME, "sure"),
        ),
    )


def _take_sure(typed: str, data: Data, context: Context) -> str | Done:
    count = people_of(recipients.sums(context.database, data["broadcast"]))
    answer = form.yes_or_no(typed)
    if count > context.office.confirm_above:
        if answer is not False and "".join(folded(typed).split()).replace(".", "") != str(count):
            raise NotFound("other_number", count=count)
    elif answer is None:
        raise NotFound("yes_or_no")
    if answer is False:
        return _kept(service.show(context.scene, data["unit"], data["broadcast"]), context)
    times = {name: data[name] for name in ("at", "repeats", "until") if data[name] is not None}
    version = data.get("version", "")
    whom = _put_before(data["broadcast"], count, context)
    service.send(context.scene, data["unit"], data["broadcast"], data["said"], **times, whom=whom, version=version)
    found = service.show(context.scene, data["unit"], data["broadcast"])
    text = "broadcast.let_go" if found.state == "freezing" else "broadcast.planned"
    told = [context.texts.rich(text, state=wording.state(found, context)), *wording.patience(found, context)]
    return Done([Reply(_LINES.join(told), tuple(wording.steering(found, 0, context)))])


def _put_before(number: int, count: int, context: Context) -> str:
    """Return what a head who is to approve a draft reads beside its words: to whom, based on what, and with what."""
    found = broadcasts.get(context.database, number)
    assert found is not None
    texts, content = context.texts, Content.from_json(found.content)
    parts = [texts("broadcast.approved_whom", whom=wording.whom(found, context), count=count)]
    if content.basis:
        parts.append(texts("broadcast.draft_basis", basis=content.basis))
    if content.file:
        parts.append(texts("broadcast.draft_file", name=content.file.name))
    if found.urgent:
        parts.append(texts("broadcast.draft_urgent"))
    return "\n".join(parts)


def _kept(found: Broadcast, context: Context) -> Done:
    """Nothing is sent, and the draft is shown again."""
    kept = replace(draft(found.id, context), manner=Manner.NEW)
    return Done([Reply(context.texts.rich("manage.nothing_done")), kept])


FORMS: dict[str, Form] = {_NAME: {"when": Step(_ask_when, _take_when), "sure": Step(_ask_sure, _take_sure)}}

ACTS: Mapping[str, Callable[[Data, Context], list[Reply]]] = {"try": _try, "tried": _tried, "send": _send}

KINDS = {COUNT: Kind(_count)}
