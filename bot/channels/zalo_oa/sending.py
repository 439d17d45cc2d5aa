"""Messages in the form of the OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.channels.base import Outgoing, OutgoingFile
from bot.channels.markup import plain
from bot.channels.zalo_oa.api import Json, Upload
from bot.channels.zalo_oa.events import payload

TEXT_LENGTH = 1900
"""UTF-16 units, a little below the 2,000 characters of the OpenAPI: in which unit these are counted is not known."""

MOST_BUTTONS = 5
LABEL_LENGTH = 32

_UPLOADS: dict[str, Upload] = {"photo": "image"}


async def compose(message: Outgoing, upload: Callable[[Upload, OutgoingFile], Awaitable[str]]) -> Json:
    """Return a message as the OpenAPI wants it; its file is uploaded with the function that is given."""
    text = plain(message.text or "")
    if message.file is None:
        return {"text": text, **_under(message)}
    kind = _UPLOADS.get(message.file.kind, "file")
    key = await upload(kind, message.file)
    if kind == "file":
        return {"attachment": {"type": "file", "payload": {"token": key}}}
    picture = {"template_type": "media", "elements": [{"media_type": "image", "attachment_id": key}]}
    shown = {"attachment": {"type": "template", "payload": picture}}
    return {"text": text, **shown} if text else shown


def _under(message: Outgoing) -> Json:
    """The buttons of a message, each of which writes back where to look it up."""
    buttons = [
        {"title": label, "type": "oa.query.show", "payload": payload(label, message.menu, place)}
        for place, label in message.buttons
    ]
    return {"attachment": {"type": "template", "payload": {"buttons": buttons}}} if buttons else {}
