"""What a channel is, and how a reply is made to fit one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from handlers.conversation import Incoming, Reply
from handlers.texts import Texts

Take = Callable[[Incoming], Awaitable[None]]
"""Takes an event; returns after it is committed, so that the source may be told."""

_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…;])\s"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do.

    Attributes:
        buttons: whether messages can carry buttons; without, a numbered menu takes their place.
        text_length: the longest text of one message, in characters.
    """

    buttons: bool
    text_length: int


class Channel(Protocol):
    """A way in and out. `name` and `account` together name it in the database."""

    name: str
    account: str
    abilities: Abilities

    async def receive(self, take: Take) -> None:
        """Bring events in until the channel ends."""
        ...

    async def send(self, chat: str, message: dict[str, Any]) -> None:
        """Carry one message out; raise NotSent, OutcomeUnknown or Refused."""
        ...


def fit(reply: Reply, abilities: Abilities, texts: Texts) -> list[dict[str, Any]]:
    """Return a reply as the messages that a channel can carry, as plain JSON.

    Choices go under the last one as the labels of buttons, or stand in the text as a numbered menu.
    """
    paragraphs = [reply.text]
    if reply.buttons and not abilities.buttons:
        lines = [
            texts("menu.line", number=number, label=button.label) for number, button in enumerate(reply.buttons, 1)
        ]
        paragraphs.append("\n".join([*lines, texts("menu.hint")]))
    text = "\n\n".join(filter(None, [*paragraphs, reply.closing]))
    messages: list[dict[str, Any]] = [{"text": part} for part in split_text(text, abilities.text_length)]
    if reply.buttons and abilities.buttons:
        messages[-1]["buttons"] = [button.label for button in reply.buttons]
    return messages


def split_text(text: str, limit: int) -> list[str]:
    """Return a text in parts of at most `limit` characters, cut between paragraphs, lines, sentences or words.

    Nothing but the white space at a cut is lost, and no part is blank unless the whole text is. A word longer than
    the limit is cut inside.
    """
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _last_break(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest]


def _last_break(text: str, limit: int) -> int:
    """The last place within a limit where a text is best cut."""
    for pattern in _BREAKS:
        # Between words any cut is better than inside one; the others must not make the parts many.
        earliest = 1 if pattern is _BREAKS[-1] else limit // 3 + 1
        found = [match.start() for match in pattern.finditer(text, earliest, limit + 1)]
        if found:
            return found[-1]
    return limit
