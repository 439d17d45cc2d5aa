"""The screens of one broadcast: of a draft, and of one that was let go."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from handlers.authorization import may
from handlers.broadcast import wording
from handlers.broadcast.content import Content, marked
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from storage import broadcasts, recipients
from storage.broadcasts import Broadcast

_LINES = Markup("\n")
_PARAGRAPHS = Markup("\n\n")


def screen(found: Broadcast, context: Context) -> Reply:
    """Return the screen of a broadcast: what can be done to a draft, or how far one is that was let go."""
    return draft(found.id, context) if found.state == "draft" else sent(found, context)


def draft(number: int, context: Context) -> Reply:
    """Return the screen of a draft: what it says, to whom, and what can be done."""
    found = broadcasts.get(context.database, number)
    assert found is not None
    texts, content = context.texts, Content.from_json(found.content)
    lines = [
        texts.rich("broadcast.draft", number=found.id),
        marked(content.text),
        texts.rich("broadcast.draft_basis", basis=content.basis or texts("broadcast.none")),
        texts.rich("broadcast.draft_whom", whom=wording.whom(found, context)),
    ]
    if content.file:
        lines.append(texts.rich("broadcast.draft_file", name=content.file.name))
    if content.buttons:
        lines.append(texts.rich("broadcast.draft_buttons", labels=" | ".join(one.label for one in content.buttons)))
    if found.urgent:
        lines.append(texts.rich("broadcast.draft_urgent"))
    data = {"broadcast": found.id, "unit": found.unit}
    acts = ["words", "basis", "whom", "buttons", "file", "try", "send"]
    if may(context.scene, "broadcast.urgent", found.unit):
        acts.append("calm" if found.urgent else "urgent")
    acts += ["copy", "delete"]
    buttons = tuple(Button(texts(f"sending.edit_{name}"), f"broadcast.{name}", data) for name in acts)
    return Reply(_PARAGRAPHS.join([_LINES.join(lines[:2]), _LINES.join(lines[2:])]), buttons, manner=Manner.INSTEAD)


def sent(found: Broadcast, context: Context) -> Reply:
    """Return the screen of one that was let go: how far it is, and what can be done to it."""
    reply = wording.progress(found, recipients.sums(context.database, found.id), context)
    data = {"broadcast": found.id, "unit": found.unit}
    buttons = list(reply.buttons)
    if found.state in ("running", "paused"):
        buttons.append(Button(context.texts("sending.do_results"), "broadcast.results", data))
    buttons.append(Button(context.texts("sending.do_copy"), "broadcast.copy", data))
    return replace(reply, buttons=tuple(buttons), manner=Manner.INSTEAD)
