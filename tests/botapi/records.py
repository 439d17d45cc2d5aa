"""What the server tells a test: typed records that travel as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Button:
    """A button as a person sees it, and what it carries."""

    label: str
    callback_data: str | None
    url: str | None
    row: int
    column: int


def buttons_of(markup: Json | None) -> list[Button]:
    """Return the buttons of a reply markup, inline or of a keyboard, row by row."""
    if not markup:
        return []
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    return [
        Button(button["text"], button.get("callback_data"), button.get("url"), row, column)
        for row, buttons in enumerate(rows)
        for column, button in enumerate(buttons)
    ]


@dataclass(slots=True)
class Record:
    """One thing that a bot did and Telegram took: a line of the transcript.

    Attributes:
        number: its place in the transcript, from 0.
        time: when it was taken, seconds since 1970 (the server's clock, with its offset).
        monotonic: the same on `time.monotonic()`, which all processes of a machine share.
        chat: the chat; of an answer to a button press the chat of the message.
        message_id: the message; 0 for an action.
        kind: message, edit, photo, document, poll, poll closed, answer, action or delete.
        text: the text or caption after entities were parsed; of an answer its text, of an action its name.
        html: the text as the bot sent it.
        entities: what was parsed and found.
        buttons: the buttons under it.
        markup: the whole reply markup.
        reply_to: the message replied to.
        parse_mode: as sent.
        paid: whether allow_paid_broadcast was set.
        silent: whether disable_notification was set.
        answered: ok; fault: the bot got no, a late or a broken answer; cut: its connection was cut before one.
        query: the id of the press that an answer belongs to.
        alert: whether an answer was shown as an alert.
        name: the name of a document.
        poll: a poll as the Bot API spells it; `text` holds its question and its options line by line.
    """

    number: int
    time: float
    monotonic: float
    chat: int
    message_id: int
    kind: str
    text: str = ""
    html: str = ""
    entities: list[Json] = field(default_factory=list)
    markup: Json | None = None
    reply_to: int | None = None
    parse_mode: str | None = None
    paid: bool = False
    silent: bool = False
    answered: str = "ok"
    query: str | None = None
    alert: bool = False
    name: str | None = None
    poll: Json | None = None

    @property
    def buttons(self) -> list[Button]:
        """The buttons under it."""
        return buttons_of(self.markup)

    @property
    def id(self) -> int:
        """The message, as `ChatMessage` calls it."""
        return self.message_id


@dataclass(slots=True)
class ChatMessage:
    """A message as it stands in a chat now.

    Attributes:
        chat: the chat.
        id: its number in the chat.
        sender: the id of who wrote it.
        from_bot: whether that is the bot.
        kind: text, photo, document, voice, sticker, location, contact, poll or service.
        text: the text or caption.
        entities: what Telegram marked in it.
        markup: what stands under it.
        reply_to: the message replied to.
        date: when it was sent.
        edited: when it was last edited, or 0.
    """

    chat: int
    id: int
    sender: int
    from_bot: bool
    kind: str
    text: str
    entities: list[Json]
    markup: Json | None
    reply_to: int | None
    date: int
    edited: int

    @property
    def buttons(self) -> list[Button]:
        """The buttons under it."""
        return buttons_of(self.markup)


@dataclass(slots=True)
class Call:
    """One request of the bot.

    Attributes:
        number: its place, from 0.
        time: when it came, seconds since 1970.
        monotonic: the same on `time.monotonic()`.
        method: as Telegram spells it.
        chat: the chat it names, or None.
        params: its parameters; of a file its name and size.
        status: the HTTP status of the answer, 0 while or when there was none.
        description: what a refusal said.
        outcome: ok, refused, fault, cut or open (not answered yet).
        fault: the fault that met it.
    """

    number: int
    time: float
    monotonic: float
    method: str
    chat: int | str | None
    params: Json
    status: int = 0
    description: str = ""
    outcome: str = "open"
    fault: str | None = None


@dataclass(slots=True)
class Pressed:
    """A press of a button: the update and the id that its answer must name."""

    update_id: int
    query_id: str


@dataclass(slots=True)
class Counters:
    """How many requests came.

    Attributes:
        total: all since the start or the last reset.
        methods: the same by method.
        refused: how many were refused.
        faulted: how many met a fault.
        seconds: requests by second of `time.monotonic()`.
        open_connections: connections that are open.
        connections: connections that were opened.
    """

    total: int
    methods: dict[str, int]
    refused: int
    faulted: int
    seconds: dict[int, int]
    open_connections: int
    connections: int

    @property
    def peak(self) -> int:
        """The most requests within one second."""
        return max(self.seconds.values(), default=0)

    @property
    def per_second(self) -> float:
        """Requests a second over all seconds in which some came."""
        return self.total / len(self.seconds) if self.seconds else 0.0


def as_json(record: Record | ChatMessage | Call) -> Json:
    """Return a record as plain JSON."""
    return {name: getattr(record, name) for name in type(record).__dataclass_fields__}
