"""What there is: bots, people, chats, and what the service does where nobody knows what the real one does."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.zaloapi.records import Record, Update, Usage

Json = dict[str, Any]

BOT_NAME = "Bot Ứng Xử"


@dataclass(slots=True)
class Switches:
    """How the service behaves where the sources contradict each other or say nothing.

    Attributes:
        errors_as_status: whether refusals come with their code as HTTP status, and not with 200.
        reading: what reading does to updates: consume removes them, replay brings them again and again, drop removes
            them and loses what comes while nobody polls.
        grace: seconds after a poll for which somebody still counts as polling, for drop.
        idle: what a poll without updates ends with: the 408 envelope, an ok without result, an ok with an empty one, or
            a page of a gateway with 504.
        time_scale: by how much seconds that a poll asks for are multiplied.
        wrapped: whether updates for the webhook stand in an envelope.
        photo_field: where the address of a picture stands.
        extra_fields: whether updates hold fields that nobody knows.
        no_webhook: what getWebhookInfo says where none is set: 404, or an empty address.
        delete_none: what deleteWebhook says where none is set: 400, or ok.
        verification: whether setWebhook tells how its probe went.
        probe: what the webhook is called with when it is set: an empty body, an update, or not at all.
        loopback_webhooks: whether addresses on this machine are taken, which the real service never does.
        secret: what calls of the webhook carry: the right secret, a wrong one, or none.
        duplicates: whether each call of the webhook comes twice.
        push_delay: seconds before a call of the webhook.
        push_retries: how often a call that was not answered with 2xx comes again, and `push_pause` the pause before.
        push_timeout: seconds that an answer of the webhook is waited for.
        photos: whether the address of a picture is fetched before it is answered, after, or never; only what is on
            this machine can be.
        photo_hosts: hosts that do not let the service fetch.
        quota: messages a month.
        count_received: whether received ones count too.
        most_users: people that a bot may talk to.
        clock_offset: seconds by which the server's clock is off.
    """

    errors_as_status: bool = False
    reading: Literal["consume", "replay", "drop"] = "consume"
    grace: float = 0.5
    idle: Literal["408", "bare", "empty", "504"] = "408"
    time_scale: float = 1.0
    wrapped: bool = False
    photo_field: str = "photo_url"
    extra_fields: bool = False
    no_webhook: Literal["404", "empty"] = "404"
    delete_none: Literal["400", "ok"] = "400"
    verification: bool = True
    probe: Literal["empty", "update", "none"] = "empty"
    loopback_webhooks: bool = False
    secret: Literal["right", "wrong", "none"] = "right"
    duplicates: bool = False
    push_delay: float = 0.0
    push_retries: int = 0
    push_pause: float = 0.2
    push_timeout: float = 5.0
    photos: Literal["before", "after", "never"] = "before"
    photo_hosts: tuple[str, ...] = ()
    quota: int = 3000
    count_received: bool = False
    most_users: int = 50
    clock_offset: float = 0.0


@dataclass(slots=True)
class Chat:
    """A chat: with one person, or a group with members."""

    id: str
    name: str
    members: set[str] | None = None

    @property
    def is_group(self) -> bool:
        """Whether others read it."""
        return self.members is not None


@dataclass(slots=True)
class Hook:
    """Where a bot is called."""

    url: str
    secret: str
    updated_at: int


@dataclass(slots=True)
class Bot:
    """A bot, the updates that wait for it and the chats it has seen."""

    token: str
    id: str
    name: str = BOT_NAME
    hook: Hook | None = None
    waiting: OrderedDict[str, Update] = field(default_factory=OrderedDict)
    chats: set[str] = field(default_factory=set)
    users: dict[str, None] = field(default_factory=dict)
    sent: int = 0
    received: int = 0
    polling: int = 0
    most_polling: int = 0
    polled_at: float = 0.0

    @property
    def account(self) -> str:
        """The part of the token that is no secret."""
        return self.token.partition(":")[0]

    def usage(self) -> Usage:
        """Return what it has used."""
        return Usage(self.sent, self.received, len(self.users))


class World:
    """Everything that there is. `added` is called with each update and its bot."""

    def __init__(self, tokens: list[str], url: str) -> None:
        self.url = url
        self.bots = {token: Bot(token, f"{1459 * 10**15 + number}") for number, token in enumerate(tokens)}
        self.switches = Switches()
        self.chats: dict[str, Chat] = {}
        self.updates: OrderedDict[str, Update] = OrderedDict()
        self.files: dict[str, bytes] = {}
        self.transcript: list[Record] = []
        self.pictures: dict[str, tuple[str, bytes]] = {}
        self.added: Callable[[Bot, Update], None] = lambda bot, update: None
        self.wrote: Callable[[], None] = lambda: None

    def bot(self, account: str = "") -> Bot:
        """Return the bot of an account, by default the first."""
        if not account:
            return next(iter(self.bots.values()))
        return next(bot for bot in self.bots.values() if bot.account == account)

    def keep_file(self, content: bytes, ending: str) -> str:
        """Keep a file; return its address."""
        name = f"{secrets.token_hex(8)}.{ending}"
        self.files[name] = content
        return f"{self.url}/media/{name}"

    # What people do

    def send(self, bot: Bot, sender: str, chat: str, event: str, content: Json, message_id: str = "") -> Update:
        """Let somebody send something to a bot; return the update."""
        place = self.chats[chat]
        message: Json = {
            "message_id": message_id or new_id(),
            "date": int(time.time() * 1000),
            "from": {"id": sender, "display_name": self.chats[sender].name, "is_bot": False},
            "chat": {"id": chat, "chat_type": "GROUP" if place.is_group else "PRIVATE"},
            **content,
        }
        if self.switches.extra_fields:
            message |= {"mentions": [{"uid": bot.id}], "from": {**message["from"], "avatar": "x", "phone": None}}
        bot.chats.add(chat)
        if not place.is_group:
            bot.users[sender] = None
        return self.put(bot, {"event_name": event, "message": message}, message["message_id"])

    def put(self, bot: Bot, body: Json, key: str) -> Update:
        """Bring an update on its way to a bot."""
        update = Update(key, body)
        self.updates[key] = update
        bot.received += 1
        self.added(bot, update)
        return update

    # What bots do

    def write(self, bot: Bot, chat: str, kind: str, **what: Any) -> Record:
        """Note what a bot did."""
        record = Record(
            number=len(self.transcript),
            monotonic=time.monotonic(),
            bot=bot.account,
            chat=chat,
            message_id="" if kind == "action" else new_id(),
            kind=kind,
            **what,
        )
        self.transcript.append(record)
        self.wrote()
        return record


def new_id() -> str:
    """Return an id as messages have one."""
    return secrets.token_hex(10)


def in_envelope(result: Any) -> Json:
    """Return what is answered where all went well."""
    return {"ok": True, "result": result}


def utf16(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
