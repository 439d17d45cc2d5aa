"""The words of a conversation: what comes in, what goes out. No channel is named in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from storage.people import Address


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed: the number of its menu and its place in it, from 0."""

    menu: int
    place: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event from a channel.

    Attributes:
        key: what the channel calls the event, unique within its account; the same event has the same key.
        address: where it comes from and where answers go.
        text: what was written, as it came; empty for a press.
        press: the button that was pressed, where the channel has buttons.
        at: when it was received, UTC.
    """

    key: str
    address: Address
    text: str
    at: dt.datetime
    press: Press | None = None

    @property
    def kind(self) -> str:
        """What the event is, for the record that keeps no content."""
        return "press" if self.press else "text"


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message.

    Attributes:
        label: the words on it.
        action: the name of the act, "ask.article"; its first part is the job that takes it.
        data: what the act needs, plain JSON.
    """

    label: str
    action: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the button as it is stored."""
        return {"label": self.label, "action": self.action, "data": self.data}

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Button:
        """Return the button that was stored."""
        return Button(stored["label"], stored["action"], stored["data"])


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send back: its text, the choices it offers, and what it ends with."""

    text: str
    buttons: tuple[Button, ...] = ()
    closing: str = ""
