"""What Telegram sends, as events of a conversation.

Only what the bot needs of an update is read, with models of its own: python-telegram-bot reads all of it or raises, so
that a field that a newer Bot API adds to a poll would make a message unreadable. It also takes many times as long.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.base import Event, Unreadable
from handlers.conversation import Attachment, Change, FileKind, Incoming, Press, Vote
from storage.people import Address

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "poll_answer")
"""The kinds that are asked for."""

_DATA = re.compile(r"(\d{1,18}):(\d{1,4})")
_GONE = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)

# Albums are remembered for as long as their pictures keep coming in.
MOST_ALBUMS = 100

# What a message can be that holds neither words nor a file that can be kept.
OTHERS = ("sticker", "animation", "audio", "video_note", "contact", "location", "venue", "poll", "dice", "story")


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class _User(_Read):
    id: int
    is_bot: bool = False


class _Chat(_Read):
    id: int
    type: str


class _File(_Read):
    file_id: str
    file_name: str = ""
    file_size: int = 0
    width: int = 0
    height: int = 0


class _Answered(_Read):
    from_: _User | None = Field(None, alias="from")


class _Message(_Answered):
    message_id: int
    chat: _Chat
    sender_chat: _Chat | None = None
    date: int
    edit_date: int | None = None
    text: str = ""
    caption: str = ""
    photo: tuple[_File, ...] = ()
    document: _File | None = None
    video: _File | None = None
    voice: _File | None = None
    media_group_id: str = ""
    reply_to_message: _Answered | None = None
    migrate_to_chat_id: int | None = None


class _Shown(_Read):
    message_id: int
    chat: _Chat


class _Query(_Read):
    from_: _User = Field(alias="from")
    data: str = ""
    message: _Shown | None = None


class _PollAnswer(_Read):
    poll_id: str
    user: _User | None = None
    option_ids: tuple[int, ...]


class _Member(_Read):
    status: str


class _Membership(_Read):
    chat: _Chat
    from_: _User = Field(alias="from")
    old_chat_member: _Member
    new_chat_member: _Member


class _Update(_Read):
    message: _Message | None = None
    edited_message: _Message | None = None
    callback_query: _Query | None = None
    my_chat_member: _Membership | None = None
    poll_answer: _PollAnswer | None = None


def callback_data(menu: int, place: int) -> str:
    """Return what a button carries: only where to look it up."""
    return f"{menu}:{place}"


@dataclass(slots=True)
class UpdateReader:
    """Reads updates for one bot.

    Attributes:
        channel, account: of the addresses.
        bot_id, username: who is meant by a mention or a reply; the name is "" until it is known.
    """

    channel: str
    account: str
    bot_id: int
    username: str = ""
    _albums: dict[str, int] = field(default_factory=dict)

    def read(self, raw: Mapping[str, Any], now: dt.datetime) -> Event | None:
        """Return an update as an event; None for one that is not meant for the bot.

        Whatever the update holds, nothing is raised: what cannot be read is Unreadable.
        """
        key = str(raw.get("update_id"))
        try:
            return self._event(_Update.model_validate(raw), raw, key, now)
        except Exception as error:
            return Unreadable(key, self._address_in(raw), now, type(error).__name__)

    def _event(self, update: _Update, raw: Mapping[str, Any], key: str, now: dt.datetime) -> Event | None:
        if update.callback_query:
            return self._pressed(update.callback_query, key, now)
        if update.my_chat_member:
            return self._changed(update.my_chat_member, key, now)
        if update.poll_answer:
            return self._voted(update.poll_answer, key, now)
        message = update.message or update.edited_message
        if message is None or (update.message is None and not (message.text or message.caption)):
            # A live location is edited at each step.
            return None
        other = next((kind for kind in OTHERS if kind in (raw.get("message") or raw["edited_message"])), "")
        return self._said(message, other, key, now)

    def _said(self, message: _Message, other: str, key: str, now: dt.datetime) -> Incoming | None:
        sender, chat = message.from_, message.chat
        if message.migrate_to_chat_id:
            address = self._address(chat, sender)
            return Incoming(key, address, "", now, change=Change.MOVED, moved_to=str(message.migrate_to_chat_id))
        if message.sender_chat:
            if message.sender_chat.id != chat.id:
                # A channel: what it posts, or somebody who writes in its name.
                return None
            # An administrator of the group who stays unnamed; `from` is the same stand-in for all of them everywhere.
            sender = None
        elif sender is None or sender.is_bot:
            return None
        if chat.type == ChatType.CHANNEL:
            return None
        text = message.text or message.caption or ""
        attachments = tuple(_attachments(message))
        if text or attachments:
            other = ""
        if not (text or attachments or other):
            # Somebody joined, a title was changed: nothing was said.
            return None
        group = chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)
        if group:
            if not self._is_meant(message, text):
                return None
            text = self._without_name(text)
        return Incoming(
            key,
            self._address(chat, sender),
            text,
            now,
            attachments=attachments,
            other=other,
            group=group,
            message=str(message.message_id),
            sent=dt.datetime.fromtimestamp(message.edit_date or message.date, dt.UTC),
            follows=self._is_further_part(message),
        )

    def _pressed(self, query: _Query, key: str, now: dt.datetime) -> Incoming | None:
        if query.message is None:
            return None
        found = _DATA.fullmatch(query.data)
        # What we did not write ourselves names a menu that never was.
        press = Press(int(found[1]), int(found[2])) if found else Press(0, 0)
        chat = query.message.chat
        group = chat.type != ChatType.PRIVATE
        message = str(query.message.message_id)
        return Incoming(key, self._address(chat, query.from_), "", now, press, group=group, message=message)

    def _voted(self, answer: _PollAnswer, key: str, now: dt.datetime) -> Incoming | None:
        voter = answer.user
        if voter is None or voter.is_bot:
            # A chat that votes as such.
            return None
        # Which chat the poll stands in is not told; only private ones are sent any.
        address = Address(self.channel, self.account, str(voter.id), str(voter.id))
        return Incoming(key, address, "", now, vote=Vote(answer.poll_id, answer.option_ids))

    def _changed(self, change: _Membership, key: str, now: dt.datetime) -> Incoming | None:
        was_gone, is_gone = (member.status in _GONE for member in (change.old_chat_member, change.new_chat_member))
        if was_gone == is_gone or change.chat.type == ChatType.CHANNEL:
            return None
        private = change.chat.type == ChatType.PRIVATE
        gone, back = (Change.BLOCKED, Change.UNBLOCKED) if private else (Change.LEFT, Change.JOINED)
        address = self._address(change.chat, change.from_)
        return Incoming(key, address, "", now, change=gone if is_gone else back, group=not private)

    def _is_meant(self, message: _Message, text: str) -> bool:
        """Tell whether a message in a group is for the bot: a command, a mention, or an answer to its message."""
        answered = message.reply_to_message
        if answered and answered.from_ and answered.from_.id == self.bot_id:
            return True
        if text.startswith("/"):
            _, at, name = text.split(maxsplit=1)[0].partition("@")
            return not at or name.lower() == self.username.lower()
        return bool(self.username) and self._name().search(text) is not None

    def _without_name(self, text: str) -> str:
        return self._name().sub("", text).strip() if self.username and not text.startswith("/") else text

    def _name(self) -> re.Pattern[str]:
        return re.compile(rf"(?i)@{re.escape(self.username)}(?!\w)")

    def _is_further_part(self, message: _Message) -> bool:
        album = message.media_group_id
        if not album:
            return False
        # By its first message, so that the same update is read the same way when it comes again.
        first = self._albums.setdefault(album, message.message_id)
        if len(self._albums) > MOST_ALBUMS:
            del self._albums[next(iter(self._albums))]
        return first != message.message_id

    def _address(self, chat: _Chat, sender: _User | None) -> Address:
        """The address of a person in a chat, or of the chat itself."""
        return Address(self.channel, self.account, str(chat.id), str(sender.id if sender else chat.id))

    def _address_in(self, raw: Mapping[str, Any]) -> Address:
        """Where an update that cannot be read comes from, as far as it tells; only private chats are answered."""
        for kind in ("message", "edited_message", "callback_query"):
            part = raw.get(kind)
            if not isinstance(part, dict):
                continue
            message = part.get("message") if kind == "callback_query" else part
            chat = message.get("chat") if isinstance(message, dict) else None
            if isinstance(chat, dict) and chat.get("type") == ChatType.PRIVATE and isinstance(chat.get("id"), int):
                return Address(self.channel, self.account, str(chat["id"]), str(chat["id"]))
        return Address(self.channel, self.account, "", "")


def _attachments(message: _Message) -> list[Attachment]:
    if message.photo:
        return [_attachment("photo", max(message.photo, key=lambda size: size.width * size.height))]
    kinds: tuple[FileKind, ...] = ("document", "video", "voice")
    return [_attachment(kind, file) for kind in kinds if (file := getattr(message, kind)) is not None]


def _attachment(kind: FileKind, file: _File) -> Attachment:
    return Attachment(kind, file.file_id, file.file_name, file.file_size)
