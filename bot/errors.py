"""What can go wrong when the bot talks and runs.

BotError
├── SettingsError       an environment variable or .env line that cannot be used
├── InputError          a file or argument of a command that cannot be used
└── TransportError      a message that a channel could not carry
    ├── NotSent         nothing left this machine: safe to try again
    ├── OutcomeUnknown  it left, but whether it arrived is not known
    └── Refused         the other side said no for good: trying again is useless
"""

from __future__ import annotations


class BotError(Exception):
    """The root of everything that this room raises."""


class SettingsError(BotError):
    """A setting that cannot be used."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.message = message
        super().__init__(f"{name}: {message}")


class InputError(BotError):
    """A file or argument of a command that cannot be used; the message is what the person reads."""


class TransportError(BotError):
    """A message that a channel could not carry; delivery decides by the kind alone."""


class NotSent(TransportError):
    """Nothing left this machine."""


class OutcomeUnknown(TransportError):
    """The message left and the answer was lost."""


class Refused(TransportError):
    """The other side refused the message for good."""
