"""What the server tells a test: typed records that travel as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Record:
    """One thing that a bot did and Zalo took: a line of the transcript.

    Attributes:
        number: its place in the transcript, from 0.
        monotonic: when it was taken, on `time.monotonic()`, which all processes of a machine share.
        bot: the account that did it.
        chat: the chat.
        message_id: the message; "" for an action.
        kind: message, photo, sticker, voice or action.
        text: the text or caption as people see it; of an action its name; of a sticker or voice what was sent.
        styled: each stretch of it that has a style, with its codes.
        parse_mode: as sent.
        photo: the address of a photo.
        delivered: whether anybody saw it.
        answered: ok; fault: the bot got no, a late or a broken answer; cut: its connection was cut before one.
    """

    number: int
    monotonic: float
    bot: str
    chat: str
    message_id: str
    kind: str
    text: str = ""
    styled: list[list[Any]] = field(default_factory=list)
    parse_mode: str | None = None
    photo: str = ""
    delivered: bool = True
    answered: str = "ok"


@dataclass(slots=True)
class Call:
    """One request of a bot.

    Attributes:
        number: its place, from 0.
        monotonic: when it came.
        bot: the account whose token it had, "" for none that is known.
        method: as it was called.
        chat: the chat it names, "" for none.
        params: its parameters.
        status: the HTTP status of the answer, 0 while or when there was none.
        code: the error code of a refusal, 0 for none.
        outcome: ok, refused, fault, cut or open (not answered yet).
    """

    number: int
    monotonic: float
    bot: str
    method: str
    chat: str
    params: Json
    status: int = 0
    code: int = 0
    outcome: str = "open"


@dataclass(slots=True)
class Update:
    """What somebody did, on its way to a bot.

    Attributes:
        key: the id of the message.
        body: what is brought: event_name and message.
        given: how often it was handed out.
        dropped: whether it was lost because nobody polled.
    """

    key: str
    body: Json
    given: int = 0
    dropped: bool = False


@dataclass(slots=True)
class Usage:
    """What a bot has used of its plan: messages sent and received this month, and the people it knows."""

    sent: int
    received: int
    users: int
