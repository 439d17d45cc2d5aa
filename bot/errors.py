"""What can go wrong when the bot talks and runs.

BotError
├── SettingsError       an environment variable or .env line that cannot be used
├── InputError          a file or argument of a command that cannot be used
├── NotReady            something that is asked for before the bot has started
└── TransportError              a message that a channel could not carry
    ├── NotSent                 nothing happened at the other side: safe to try again
    │   └── AccountUnusable     the bot's own account is refused: everything waits for the administrator
    ├── OutcomeUnknown          it left, but whether it arrived is not known
    └── Refused                 the other side said no for good: trying again is useless
        ├── Unreachable         nobody can be reached in the chat: blocked, deactivated, gone
        ├── Moved               the chat has become another one
        ├── WindowClosed        the person has not written for too long to be sent this
        └── FileRefused         a file that the office does not keep
"""

from __future__ import annotations

from handlers.conversation import Refusal

WINDOW_CLOSED = "window closed"
"""The reason that the job is told whose message came too late."""


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


class NotReady(BotError):
    """The bot has not started yet; whoever asked may come again."""


class TransportError(BotError):
    """A message that a channel could not carry; delivery decides by the kind alone."""


class NotSent(TransportError):
    """Nothing happened at the other side.

    `retry_after` is how many seconds the other side wants to be left alone with this chat, None where it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class AccountUnusable(NotSent):
    """The bot's own account is refused (its token was revoked): nothing can be sent or received with it."""


class OutcomeUnknown(TransportError):
    """The message left and the answer was lost."""


class Refused(TransportError):
    """The other side refused the message for good."""


class Unreachable(Refused):
    """Nobody can be reached in the chat; the message is the reason: "blocked", "deactivated", "left" or "gone"."""


class Moved(Refused):
    """The chat has become another one, which the message can be sent to."""

    def __init__(self, chat: str) -> None:
        self.chat = chat
        super().__init__("moved")


class WindowClosed(Refused):
    """The messenger lets nobody be written to, or not without charge, who has not written for so long."""

    def __init__(self) -> None:
        super().__init__(WINDOW_CLOSED)


class FileNotCarried(Refused):
    """A file that the messenger does not carry; its message was not sent, and may be sent without."""


class FileForgotten(Refused):
    """A file that the messenger had and has no more; its message was not sent, and may be sent with the file."""


class FileRefused(Refused):
    """A file that the office does not keep; the message is the reason."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
