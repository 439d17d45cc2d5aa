"""The conversation of broadcasts: the list, drafts and what is done to them, and what those who get one say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from handlers import form
from handlers.broadcast import acknowledging, audience, reminders, results, sending, service, wording
from handlers.broadcast.content import (
    CHOICES,
    CONFIRM,
    PROVISION,
    STANDING_MENUS,
    Choice,
    Content,
    button,
    confirming,
)
from handlers.broadcast.screens import draft, screen, sent
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Attachment, Button, File, Manner, Outcome, Reply
from handlers.errors import NotAllowed, NotFound
from handlers.form import Data, Done, Form, Step
from handlers.people.reading import folded
from handlers.report.pictures import PLACES, Place
from knowledge.finding import Outcome as Found
from storage import broadcasts, fetches, informing, menus, people, recipients, units
from storage.outbox import REPORT
from storage.units import Unit

SHOWN = 6
FILE = "broadcast.file"
FRESH = dt.timedelta(hours=24)
"""A draft that was shown longer ago is not what a picture is for."""

_DONE_WORDS = {"xong", "het", "bo qua", "khong", "khong co", "thoi"}


# What is said by those who get one


def pressed(menu: int, place: int, context: Context) -> Button | None:
    """Return the button of a broadcast that somebody pressed who got it; None for anybody else's press."""
    broadcast = broadcasts.get(context.database, menu - STANDING_MENUS)
    if broadcast is None or recipients.get(context.database, broadcast.id, context.person) is None:
        return None
    choices = Content.from_json(broadcast.content).buttons
    return button(broadcast.id, choices[place]) if 0 <= place < len(choices) else None


def _confirm(data: Data, context: Context) -> list[Reply]:
    new = service.confirm(context.scene, context.person, data["broadcast"])
    text = "broadcast.confirmed" if new else "broadcast.confirmed_before"
    return [Reply(context.texts.rich(text), manner=Manner.PASSING)]


def _read(_: str, context: Context) -> list[Reply]:
    """Whoever types that he has read means the newest one that he has not confirmed."""
    number = informing.newest_for(context.database, context.person)
    if number is None:
        return [Reply(context.texts.rich("broadcast.nothing_to_confirm"))]
    service.confirm(context.scene, context.person, number)
    return [Reply(context.texts.rich("broadcast.confirmed"))]


def _stop(_: str, context: Context) -> list[Reply]:
    new = service.stop(context.scene, context.person)
    return [Reply(context.texts.rich("broadcast.stopped" if new else "broadcast.stopped_before"))]


def _start(_: str, context: Context) -> list[Reply]:
    service.start(context.scene, context.person)
    return [Reply(context.texts.rich("broadcast.started"))]


# The list


def _home(_: str, context: Context) -> list[Reply]:
    places = _places(context)
    if not places:
        raise NotAllowed("broadcast.write")
    if len(places) == 1:
        return [_list(places[0], context)]
    buttons = [
        Button(unit.name, "broadcast.list", {"unit": place})
        for place in places
        if place is not None and (unit := units.get(context.database, place))
    ]
    return [Reply(context.texts.rich("broadcast.which_unit"), tuple(buttons))]


def _places(context: Context) -> Sequence[int | None]:
    """The units that whoever writes may send for; for an administrator the whole office, which is None."""
    held = context.actor.roles
    if any(role.unit is None for role in held):
        return [None]
    found: dict[int | None, Unit] = {}
    for role in held:
        unit = units.living(context.database, role.unit) if role.unit is not None else None
        if unit is not None and unit.closed_on is None:
            found[unit.id] = unit
    return list(found)


def _list(unit: int | None, context: Context, before: int | None = None) -> Reply:
    """The newest broadcasts, and those that still go on however old they are; with `before` older ones."""
    texts = context.texts
    found = service.newest(context.scene, unit, SHOWN + 1, before)
    own, older = found[:SHOWN], found[SHOWN:]
    buttons = []
    if before is None:
        buttons += [
            Button(texts("broadcast.new"), "broadcast.new", {"unit": unit}),
            Button(texts("broadcast.ready"), "broadcast.ready", {"unit": unit}),
        ]
    if older and before is None:
        # One that repeats is older than all that went out by it.
        own += service.newest(context.scene, unit, SHOWN, own[-1].id, going=True)
    for one in own:
        said = wording.state(one, context) if one.state == "planned" else texts(f"sending.{one.state}")
        label = texts("broadcast.line", title=wording.title(one, context), state=said)
        buttons.append(Button(label, "broadcast.open", {"broadcast": one.id, "unit": one.unit}))
    if unit is not None and before is None:
        # What came from above, as far as it concerns the unit.
        for one in service.from_above(context.scene, unit, SHOWN // 2):
            label = texts("broadcast.above", title=wording.title(one, context))
            buttons.append(Button(label, "broadcast.results", {"broadcast": one.id, "unit": unit}))
    if older:
        last = found[SHOWN - 1].id
        buttons.append(Button(texts("broadcast.older"), "broadcast.list", {"unit": unit, "before": last}))
    return Reply(texts.rich("broadcast.home"), tuple(buttons), manner=Manner.INSTEAD)


def _ready(data: Data, context: Context) -> list[Reply]:
    buttons = [
        Button(reminder.title, "broadcast.take", {"unit": data["unit"], "reminder": reminder.id})
        for reminder in reminders.ready(context)
    ]
    return [Reply(context.texts.rich("broadcast.ready_list"), tuple(buttons), manner=Manner.INSTEAD)]


def _take(data: Data, context: Context) -> list[Reply]:
    found = next((one for one in reminders.ready(context) if one.id == data["reminder"]), None)
    if found is None:
        return [Reply(context.texts.rich("menu.stale"))]
    content = reminders.content(found, context)
    number = service.write(context.scene, data["unit"], content.as_json(), audience.EVERYBODY)
    return [draft(number, context)]


# One broadcast


def _open(data: Data, context: Context) -> list[Reply]:
    return [screen(service.show(context.scene, data["unit"], data["broadcast"]), context)]


def _draft(data: Data, context: Context) -> list[Reply]:
    return _open(data, context)


def _copy(data: Data, context: Context) -> list[Reply]:
    return [draft(service.copy(context.scene, data["unit"], data["broadcast"]), context)]


def _delete(data: Data, context: Context) -> list[Reply]:
    service.delete(context.scene, data["unit"], data["broadcast"])
    return [Reply(context.texts.rich("broadcast.deleted"), manner=Manner.INSTEAD)]


def _urgent(urgent: bool) -> Callable[[Data, Context], list[Reply]]:
    def change(data: Data, context: Context) -> list[Reply]:
        service.make_urgent(context.scene, data["unit"], data["broadcast"], urgent)
        return [draft(data["broadcast"], context)]

    return change


def _steer(does: Callable[..., object]) -> Callable[[Data, Context], list[Reply]]:
    def steer(data: Data, context: Context) -> list[Reply]:
        does(context.scene, data["unit"], data["broadcast"])
        found = service.show(context.scene, data["unit"], data["broadcast"])
        if found.state == "draft":
            return [draft(found.id, context)]
        return [replace(sent(found, context), board=f"broadcast {found.id}")]

    return steer


def _cancel(data: Data, context: Context) -> list[Reply]:
    """End a broadcast, after asking where that cannot be taken back."""
    found = service.show(context.scene, data["unit"], data["broadcast"])
    if data.get("sure") or found.state in ("planned", "draft", "done", "cancelled"):
        return _steer(service.cancel)(data, context)
    text = "broadcast.ask_cancel_repeating" if found.state == "repeating" else "broadcast.ask_cancel"
    buttons = (
        Button(context.texts("sending.do_cancel"), "broadcast.cancel", {**data, "sure": True}),
        Button(context.texts("broadcast.keep_on"), "broadcast.open", data),
    )
    return [Reply(context.texts.rich(text), buttons)]


def _remind(data: Data, context: Context) -> list[Reply]:
    return [draft(service.remind(context.scene, data["unit"], data["broadcast"]), context)]


# Forms: each asks for one thing and leads back to the draft


def _asks(text: str, *choices: tuple[str, str], name: str = "", step: str = "") -> Callable[[Data, Context], Reply]:
    def ask(_: Data, context: Context) -> Reply:
        buttons = tuple(form.choice(context.texts(label), value, name, step) for label, value in choices)
        return Reply(context.texts.rich(text), buttons)

    return ask


def _content(data: Data, context: Context) -> Content:
    return Content.from_json(service.show(context.scene, data["unit"], data["broadcast"]).content)


def _changed(data: Data, context: Context, content: Content, whom: dict[str, Any] | None = None) -> Done:
    """Change a draft; return its screen."""
    found = service.show(context.scene, data["unit"], data["broadcast"])
    service.change(context.scene, found.unit, found.id, content.as_json(), whom or found.audience)
    return Done([replace(draft(found.id, context), manner=Manner.NEW)])


def _take_new(typed: str, data: Data, context: Context) -> str | Done:
    content = Content(typed, buttons=(confirming(context),))
    number = service.write(context.scene, data["unit"], content.as_json(), audience.EVERYBODY)
    return Done([replace(draft(number, context), manner=Manner.NEW)])


def _take_words(typed: str, data: Data, context: Context) -> str | Done:
    return _changed(data, context, replace(_content(data, context), text=typed))


def _take_basis(typed: str, data: Data, context: Context) -> str | Done:
    return _changed(
        data, context, replace(_content(data, context), basis="" if folded(typed) in _DONE_WORDS else typed)
    )


def _take_whom(typed: str, data: Data, context: Context) -> str | Done:
    return _changed(data, context, _content(data, context), audience.read(typed, context, data["unit"]))


def _take_buttons(typed: str, data: Data, context: Context) -> str | Done:
    """One line a button: "đã đọc", or a provision as it is asked for; "không" for none."""
    if folded(typed) in _DONE_WORDS:
        return _changed(data, context, replace(_content(data, context), buttons=()))
    lines = [line.strip() for line in typed.replace(";", "\n").splitlines() if line.strip()]
    buttons = tuple(read_choice(line, context) for line in lines)
    return _changed(data, context, replace(_content(data, context), buttons=buttons))


def read_choice(typed: str, context: Context) -> Choice:
    """Return the button that a typed line means; raise NotFound."""
    if folded(typed).startswith(("da doc", "xac nhan")):
        return confirming(context)
    for reader in CHOICES:
        if (choice := reader(folded(typed), context)) is not None:
            return choice
    found = context.search.answer(typed, today=context.today)
    if found.outcome is not Found.ANSWERED or not found.citations:
        raise NotFound("no_such_provision")
    provision = found.citations[0].provision
    return Choice(context.texts("broadcast.see_provision", label=provision.label), PROVISION, provision.id)


def _take_no_file(typed: str, data: Data, context: Context) -> str | Done:
    if folded(typed) not in _DONE_WORDS:
        raise NotFound("no_file")
    return _changed(data, context, replace(_content(data, context), file=None))


def _take_files(came: Sequence[Attachment], data: Data, context: Context) -> list[Reply]:
    """Have the first picture or file brought; the draft is shown again when it is there."""
    assert context.address is not None
    sent = next((one for one in came if one.kind in ("photo", "document")), None)
    if sent is None:
        return [Reply(context.texts.rich("broadcast.ask_file"))]
    service.show(context.scene, data["unit"], data["broadcast"])
    kind = "photo" if sent.kind == "photo" else "document"
    concern = {
        "job": "broadcast",
        "attach": data["broadcast"],
        "unit": data["unit"],
        "kind": kind,
        "name": (sent.name or context.texts("broadcast.photo" if kind == "photo" else "broadcast.document"))[:60],
    }
    fetches.put(context.database, context.address, context.person, sent.as_json(), concern, context.now.isoformat())
    form.end(context)
    return [Reply(context.texts.rich("broadcast.fetching"))]


def _draft_on_screen(context: Context) -> Sequence[tuple[str, str]]:
    """The draft that was shown last in this chat, where nothing was shown since."""
    if context.address is None:
        return []
    since = (context.now - FRESH).isoformat()
    shown = menus.latest(context.database, context.address, context.person, since)
    numbers = [button["data"]["broadcast"] for button in shown.buttons if button["action"] == FILE] if shown else []
    found = broadcasts.get(context.database, numbers[0]) if numbers else None
    if found is None or found.state != "draft":
        return []
    return [(str(found.id), context.texts("broadcast.put_to_draft", number=found.id))]


def _put_to_draft(which: str, files: Sequence[Attachment], context: Context) -> list[Reply]:
    found = broadcasts.get(context.database, int(which))
    if found is None or found.state != "draft":
        return [Reply(context.texts.rich("menu.stale"))]
    return _take_files(files, {"broadcast": found.id, "unit": found.unit}, context)


PLACES["draft"] = Place(_draft_on_screen, _put_to_draft)


def attached(outcome: Outcome, context: Context) -> list[Reply]:
    """Put a file that has come into its draft; tell whoever sent it."""
    concern, database = outcome.concern, context.database
    to = people.reached_at(database, outcome.person)
    found = broadcasts.get(database, concern["attach"])
    if to is None or found is None or found.state != "draft":
        return []
    if outcome.state != "stored" or outcome.blob is None:
        return [Reply(context.texts.rich("broadcast.not_fetched"), to=to, urgency=REPORT)]
    content = Content.from_json(found.content)
    changed = replace(content, file=File(outcome.blob, concern["kind"], concern["name"]))
    broadcasts.change(database, found.id, changed.as_json(), found.audience, found.urgent)
    shown = draft(found.id, replace(context, person=outcome.person, address=to))
    return [replace(shown, to=to, urgency=REPORT, manner=Manner.NEW)]


def _begin(name: str) -> Callable[[Data, Context], list[Reply]]:
    return lambda data, context: form.begin(name, FORMS[name], data, context)


FORMS: dict[str, Form] = {
    "broadcast_new": {"text": Step(_asks("broadcast.ask_text"), _take_new, digressions="never")},
    "broadcast_words": {"text": Step(_asks("broadcast.ask_text"), _take_words, digressions="never")},
    "broadcast_basis": {"basis": Step(_asks("broadcast.ask_basis"), _take_basis, digressions="never")},
    "broadcast_whom": {
        "whom": Step(
            _asks(
                "broadcast.ask_whom",
                ("broadcast.all", "cả cơ quan"),
                ("broadcast.contacts", "đầu mối"),
                ("broadcast.heads", "lãnh đạo"),
                name="broadcast_whom",
                step="whom",
            ),
            _take_whom,
        )
    },
    "broadcast_buttons": {"buttons": Step(_asks("broadcast.ask_buttons"), _take_buttons, digressions="never")},
    "broadcast_file": {"file": Step(_asks("broadcast.ask_file"), _take_no_file, _take_files)},
    **acknowledging.FORMS,
    **sending.FORMS,
    **results.FORMS,
}

_ACTS: Mapping[str, Callable[[Data, Context], list[Reply]]] = {
    CONFIRM: _confirm,
    "list": lambda data, context: [_list(data["unit"], context, data.get("before"))],
    "new": _begin("broadcast_new"),
    "ready": _ready,
    "take": _take,
    "open": _open,
    "draft": _draft,
    "words": _begin("broadcast_words"),
    "basis": _begin("broadcast_basis"),
    "whom": _begin("broadcast_whom"),
    "buttons": _begin("broadcast_buttons"),
    "file": _begin("broadcast_file"),
    "urgent": _urgent(True),
    "calm": _urgent(False),
    "delete": _delete,
    "copy": _copy,
    "remind": _remind,
    "pause": _steer(service.pause),
    "resume": _steer(service.resume),
    "cancel": _cancel,
    "retry": _steer(service.retry),
    **sending.ACTS,
    **results.ACTS,
}


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about broadcasts says."""
    does = _ACTS.get(name)
    return does(data, context) if does else [Reply(context.texts.rich("menu.stale"))]


COMMANDS = (
    Command(
        "thongbao",
        _home,
        (
            "thong bao",
            "gui thong bao",
            "soan thong bao",
            "gui nhac nho",
            "nhac nho",
            "loi nhac",
            "gui loi nhac",
            "ai chua doc",
            "ai da doc",
            "ai chua xac nhan",
        ),
        offered=lambda context: bool(context.actor.roles),
    ),
    Command("dadoc", _read, ("da doc", "da doc va hieu", "da hieu", "toi da doc"), listed=False),
    Command("thoinhan", _stop, ("thoi nhan thong bao", "tat thong bao", "khong nhan thong bao"), listed=False),
    Command("nhanlai", _start, ("nhan lai thong bao", "bat thong bao"), listed=False),
)
