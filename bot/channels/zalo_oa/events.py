"""What the webhook of an Official Account brings, as events of a conversation."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from bot.channels.base import Event, Unreadable
from handlers.conversation import Attachment, Change, FileKind, Incoming, Press
from storage.people import Address

CHANNEL = "zalo_oa"

# A button sends what it carries as if its reader had written it: the label, so that it reads well, and where to look.
_PRESSED = re.compile(r"(?s)(?:.*\s)?#(\d{1,18})\.(\d{1,4})")

_WROTE = "user_send_"
_CHANGES = {"follow": Change.UNBLOCKED, "unfollow": Change.BLOCKED}

_FILES: dict[str, FileKind] = {
    "image": "photo",
    "gif": "photo",
    "file": "document",
    "video": "video",
    "audio": "voice",
}


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, given: object) -> object:
        # What is not there may be said with a null.
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class _Party(_Read):
    id: str


class _Payload(_Read):
    url: str = ""
    name: str = ""
    size: str = ""


class _Attachment(_Read):
    type: str = ""
    payload: _Payload = _Payload()


class _Message(_Read):
    msg_id: str
    text: str = ""
    attachments: tuple[_Attachment, ...] = ()


class _Event(_Read):
    event_name: str
    timestamp: str
    sender: _Party | None = None
    follower: _Party | None = None
    message: _Message | None = None


def payload(label: str, menu: int, place: int) -> str:
    """Return what a button carries."""
    return f"{label} #{menu}.{place}"


def read(raw: Mapping[str, Any], account: str, now: dt.datetime) -> Event | None:
    """Return what the webhook brought as an event; None for what is of no concern, such as that a message was seen.

    Whatever it holds, nothing is raised: what cannot be read is Unreadable.
    """
    try:
        event = _Event.model_validate(raw)
        return _read(event, account, now)
    except Exception as error:
        message = raw.get("message")
        named = message.get("msg_id") if isinstance(message, dict) else None
        key = str(named or f"{raw.get('event_name')}:{raw.get('timestamp')}")
        return Unreadable(key, _address(_user_in(raw), account), now, type(error).__name__)


def written_at(event: Event, now: dt.datetime) -> dt.datetime | None:
    """Return when somebody wrote, which lets messages be sent to him for a while; None for what does not."""
    if isinstance(event, Unreadable):
        return now if event.address.chat else None
    if event.change is not None:
        return None
    # Not later than now, however the clock of the other side goes.
    return min(event.sent or now, now)


def _read(event: _Event, account: str, now: dt.datetime) -> Incoming | None:
    party = event.sender or event.follower
    if party is None:
        return None
    address = _address(party.id, account)
    sent = dt.datetime.fromtimestamp(int(event.timestamp) / 1000, dt.UTC)
    if change := _CHANGES.get(event.event_name):
        who = event.follower or party
        key = f"{event.event_name}:{who.id}:{event.timestamp}"
        return Incoming(key, _address(who.id, account), "", now, change=change, sent=sent)
    if not event.event_name.startswith(_WROTE) or event.message is None:
        return None
    message = event.message
    if pressed := _PRESSED.fullmatch(message.text):
        press = Press(int(pressed[1]), int(pressed[2]))
        return Incoming(message.msg_id, address, "", now, press, message=message.msg_id, sent=sent)
    attachments = tuple(filter(None, map(_attachment, message.attachments)))
    other = "" if message.text or attachments else event.event_name.removeprefix(_WROTE)
    return Incoming(
        message.msg_id,
        address,
        message.text,
        now,
        attachments=attachments,
        other=other,
        message=message.msg_id,
        sent=sent,
    )


def _attachment(attachment: _Attachment) -> Attachment | None:
    kind = _FILES.get(attachment.type)
    told = attachment.payload
    if kind is None or not told.url:
        return None
    return Attachment(kind, told.url, told.name, int(told.size) if told.size.isdigit() else 0)


def _address(user: str, account: str) -> Address:
    """Nobody but the account itself reads what somebody writes to it."""
    return Address(CHANNEL, account, user, user)


def _user_in(raw: Mapping[str, Any]) -> str:
    """Who sent what cannot be read, as far as it tells; only who wrote is answered."""
    sender = raw.get("sender")
    wrote = str(raw.get("event_name", "")).startswith(_WROTE)
    return str(sender["id"]) if wrote and isinstance(sender, dict) and isinstance(sender.get("id"), str) else ""
