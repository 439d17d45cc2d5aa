"""What Zalo sends, as events of a conversation.

Both forms are read, in an envelope and without, and pictures under either name: the documentation and what was seen
differ.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.channels.base import Event, Unreadable
from handlers.conversation import Attachment, Incoming
from storage.people import Address

log = logging.getLogger(__name__)

# Pictures of one album come one by one, and nothing tells that they belong together but the time.
ALBUM_SECONDS = 3.0
LARGEST_ALBUM = 20
MOST_SENDERS = 1000

# Groups are remembered for the pace of sending only.
MOST_GROUPS = 1000

_KIND = re.compile(r"message\.(\w+)\.received")
_SECONDS_UNTIL = 1e11
_NAME = re.compile(r"^\s*@\S+\s*")


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, coerce_numbers_to_str=True)


class _User(_Read):
    id: str = Field(min_length=1)
    is_bot: bool | None = False


class _Chat(_Read):
    id: str = Field(min_length=1)
    chat_type: str | None = None


class _Message(_Read):
    message_id: str = Field(min_length=1)
    date: float
    from_: _User = Field(alias="from")
    chat: _Chat
    text: str | None = None
    caption: str | None = None
    photo_url: str | None = None
    photo: str | None = None
    voice_url: str | None = None


@dataclass(slots=True)
class UpdateReader:
    """Reads updates for one bot.

    Attributes:
        channel, account: of the addresses.
        names: the bot's, as people see them: they stand in what is written in groups.
        groups: the groups that were heard of.
    """

    channel: str
    account: str
    names: Iterable[str] = ()
    groups: dict[str, None] = field(default_factory=dict)
    _albums: dict[str, tuple[str, float, int]] = field(default_factory=dict)

    def read(self, raw: Mapping[str, Any], now: dt.datetime) -> Event | None:
        """Return an update as an event; None for one that is nothing to the bot.

        Whatever the update holds, nothing is raised: what cannot be read is Unreadable.
        """
        update = raw.get("result") if "event_name" not in raw else raw
        if not isinstance(update, dict):
            return None
        kind = _KIND.fullmatch(str(update.get("event_name")))
        if kind is None:
            log.info("an event of another kind is left alone")
            return None
        try:
            return self._said(_Message.model_validate(update.get("message")), kind.group(1), now)
        except Exception as error:
            return Unreadable(update_key(update), self._address_in(update), now, type(error).__name__)

    def _said(self, message: _Message, kind: str, now: dt.datetime) -> Incoming | None:
        if message.from_.is_bot:
            return None
        group = self._is_group(message)
        text = message.text or message.caption or ""
        if group:
            text = self._without_name(text)
        attachments = _attachments(message)
        other = "" if text or attachments or kind == "text" else kind
        if group and kind == "unsupported":
            # Nobody knows whether it was meant for the bot.
            return None
        return Incoming(
            message.message_id,
            Address(self.channel, self.account, message.chat.id, message.from_.id),
            text,
            now,
            attachments=attachments,
            other=other,
            group=group,
            message=message.message_id,
            sent=_time(message.date),
            follows=bool(attachments) and not text and self._is_further_part(message),
        )

    def _is_group(self, message: _Message) -> bool:
        told = (message.chat.chat_type or "").upper()
        group = told != "PRIVATE" if told else message.chat.id != message.from_.id
        if group:
            self.groups[message.chat.id] = None
            if len(self.groups) > MOST_GROUPS:
                del self.groups[next(iter(self.groups))]
        return group

    def _without_name(self, text: str) -> str:
        """A text without the bot's name; where its name is not known, without the first word of it."""
        text = unicodedata.normalize("NFC", text)
        for name in self.names:
            said = r"\s+".join(re.escape(word) for word in unicodedata.normalize("NFC", name).split())
            found = re.subn(rf"(?i)\s*@{said}(?!\w)\s*", " ", text)
            if found[1]:
                return found[0].strip()
        return _NAME.sub("", text)

    def _is_further_part(self, message: _Message) -> bool:
        """Tell whether a picture comes right behind another one of the same sender."""
        place = f"{message.chat.id} {message.from_.id}"
        first, last, count = self._albums.pop(place, (message.message_id, 0.0, 0))
        seconds = _seconds(message.date)
        if abs(seconds - last) > ALBUM_SECONDS or count >= LARGEST_ALBUM:
            first, count = message.message_id, 0
        # By its first message, so that the same update is read the same way when it comes again.
        self._albums[place] = first, seconds, count + 1
        if len(self._albums) > MOST_SENDERS:
            del self._albums[next(iter(self._albums))]
        return first != message.message_id

    def _address_in(self, update: Mapping[str, Any]) -> Address:
        """Where an update that cannot be read comes from, as far as it tells; only private chats are answered."""
        message = update.get("message")
        chat, sender = (message.get("chat"), message.get("from")) if isinstance(message, dict) else (None, None)
        if isinstance(chat, dict) and isinstance(sender, dict) and chat.get("chat_type") == "PRIVATE":
            place = chat.get("id")
            if isinstance(place, str) and place and place == sender.get("id"):
                return Address(self.channel, self.account, place, place)
        return Address(self.channel, self.account, "", "")


def update_key(update: Mapping[str, Any]) -> str:
    """Return what an update is known by when it comes again, also where it cannot be read."""
    message = update.get("message")
    key = message.get("message_id") if isinstance(message, dict) else None
    if isinstance(key, str) and key:
        return key
    written = json.dumps(update, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(written.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _attachments(message: _Message) -> tuple[Attachment, ...]:
    if address := message.photo_url or message.photo:
        return (Attachment("photo", address),)
    return (Attachment("voice", message.voice_url),) if message.voice_url else ()


def _seconds(date: float) -> float:
    """Seconds since 1970; they are told in thousandths, and once were not."""
    return date / 1000 if date > _SECONDS_UNTIL else date


def _time(date: float) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(_seconds(date), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
