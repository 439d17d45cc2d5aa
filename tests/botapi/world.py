"""The people, chats and messages of the server, and the transcript of what the bot did there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.entities import Entity
from tests.botapi.errors import bad_request, forbidden, migrated
from tests.botapi.files import Files
from tests.botapi.records import ChatMessage, Record
from tests.botapi.updates import Queue

Json = dict[str, Any]
BOT_NAME = "vidu_bot"


@dataclass(slots=True, eq=False)
class User:
    """A person, or the bot.

    `started` says that the person wrote to the bot, without which the bot may not write to them.
    """

    id: int
    first_name: str
    username: str | None = None
    is_bot: bool = False
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    json: Json = field(init=False)

    def __post_init__(self) -> None:
        self.json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            self.json["username"] = self.username
        if not self.is_bot:
            self.json["language_code"] = "vi"


@dataclass(slots=True, eq=False)
class Chat:
    """A private chat, a group or a supergroup."""

    id: int
    kind: str
    title: str
    json: Json
    members: dict[int, str] = field(default_factory=dict)
    bot: str = "member"
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    upgraded_to: int | None = None


@dataclass(slots=True, eq=False)
class Message:
    """A message; `content` holds what is not plain text, as the Bot API spells it."""

    chat: Chat
    id: int
    sender: User
    date: int
    text: str
    entities: list[Entity]
    content: Json | None = None
    markup: Json | None = None
    reply_to: Message | None = None
    edited: int = 0
    deleted: bool = False

    def json(self, nested: bool = False) -> Json:
        """Return the message as the Bot API does; a nested one leaves out what it replies to."""
        result: Json = {
            "message_id": self.id,
            "from": self.sender.json,
            "chat": self.chat.json,
            "date": self.date,
        }
        if self.edited:
            result["edit_date"] = self.edited
        if self.reply_to is not None and not nested:
            result["reply_to_message"] = self.reply_to.json(nested=True)
        caption = False
        if self.content is not None:
            result.update(self.content)
            caption = True
        if self.text:
            result["caption" if caption else "text"] = self.text
            if self.entities:
                result["caption_entities" if caption else "entities"] = self.entities
        if self.markup is not None and "inline_keyboard" in self.markup:
            result["reply_markup"] = self.markup
        return result

    @property
    def kind(self) -> str:
        """What it is: text, a kind of file, or service."""
        if self.content is None:
            return "text"
        kinds = ("photo", "document", "voice", "sticker", "location", "contact", "poll")
        return next((kind for kind in kinds if kind in self.content), "service")

    def view(self) -> ChatMessage:
        """Return the message as a person sees it."""
        return ChatMessage(
            self.chat.id,
            self.id,
            self.sender.id,
            self.sender.is_bot,
            self.kind,
            self.text,
            self.entities,
            self.markup,
            self.reply_to.id if self.reply_to else None,
            self.date,
            self.edited,
        )


@dataclass(slots=True)
class Query:
    """A press of a button that waits for its answer."""

    id: str
    chat: int
    message: int
    user: int
    at: float
    answered: bool = False


class World:
    """Everything that a reset begins anew."""

    def __init__(self, token: str) -> None:
        self.bot = User(int(token.partition(":")[0]), "Bot Ví Dụ", BOT_NAME, is_bot=True)
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files = Files()
        self.queue = Queue()
        self.queries: dict[str, Query] = {}
        self.polls: dict[str, Any] = {}
        self.several_right = True
        self.query_lifetime = 900.0
        self.privacy = False
        self.clock_offset = 0.0
        self.transcript: list[Record] = []
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        # Private chats and plain groups count their messages together, as those of an account.
        self._last_message = 0

    def now(self) -> float:
        """Return the server's time."""
        return time.time() + self.clock_offset

    def user(self, user_id: int) -> User:
        """Return a person; raise KeyError when there is none."""
        return self.users[user_id]

    def add_user(self, user: User) -> None:
        """Take a person in, with the private chat between them and the bot."""
        known = self.chats.get(user.id)
        json: Json = {"id": user.id, "first_name": user.first_name, "type": "private"}
        if user.username:
            json["username"] = user.username
        self.users[user.id] = user
        if known is None:
            self.chats[user.id] = Chat(user.id, "private", user.first_name, json)
        else:
            known.title, known.json = user.first_name, json

    def writable(self, reference: object) -> Chat:
        """Return the chat that a bot names; raise ApiError when it may not write there."""
        chat = self.readable(reference)
        if chat.kind == "private":
            user = self.users[chat.id]
            if user.deactivated:
                raise forbidden("user is deactivated")
            if user.blocked:
                raise forbidden("bot was blocked by the user")
            if not user.started:
                raise forbidden("bot can't initiate conversation with a user")
        return chat

    def readable(self, reference: object) -> Chat:
        """Return the chat that a bot names; raise ApiError when it does not know the chat."""
        if reference is None or reference == "":
            raise bad_request("chat_id is empty")
        try:
            chat = self.chats.get(int(reference)) if isinstance(reference, int | str) else None
        except ValueError:
            chat = None
        if chat is None:
            raise bad_request("chat not found")
        if chat.upgraded_to is not None:
            raise migrated(chat.upgraded_to)
        if chat.bot == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind if chat.kind == 'supergroup' else 'group'} chat")
        if chat.bot == "left":
            raise forbidden(f"bot is not a member of the {chat.kind if chat.kind == 'supergroup' else 'group'} chat")
        return chat

    def add_message(
        self,
        chat: Chat,
        sender: User,
        text: str,
        entities: list[Entity],
        content: Json | None = None,
        markup: Json | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Put a message into a chat."""
        if chat.kind == "supergroup":
            chat.last_id += 1
            message_id = chat.last_id
        else:
            self._last_message += 1
            message_id = self._last_message
        message = Message(chat, message_id, sender, int(self.now()), text, entities, content, markup, reply_to)
        chat.messages[message_id] = message
        return message

    def record(self, chat: int, message_id: int, kind: str, **details: Any) -> Record:
        """Write a line of the transcript."""
        transcript = self.transcript
        line = Record(len(transcript), self.now(), time.monotonic(), chat, message_id, kind, **details)
        transcript.append(line)
        return line
