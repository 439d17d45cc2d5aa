"""What a channel is: what it takes in, what it carries out, and what else it may do."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from bot.channels.abilities import Abilities
from bot.rate_limit import Limits
from handlers.conversation import Door, FileKind, Incoming
from storage.people import Address

if TYPE_CHECKING:
    from bot.dispatch import Happened
    from bot.worker import Worker


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that a channel cannot make sense of.

    Attributes:
        key: as of `Incoming`.
        address: where it comes from; `chat` is "" where even that is not known.
        error: the kind of fault, no content.
    """

    key: str
    address: Address
    at: dt.datetime
    error: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event: whether it was new, the notice for whoever pressed a button, and whether it failed."""

    new: bool
    notice: str = ""
    failed: bool = field(default=False, compare=False)


Event = Incoming | Unreadable
Take = Callable[[Event], Awaitable[Taken]]
"""Takes an event; returns after it is committed, so that the source may be told. Raises StorageError."""


KeepName = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file as it is sent.

    Attributes:
        sealed: whether it is kept encrypted here.
        known: what the messenger calls it where it has it already; there are no `data` then.
        keep: takes what the messenger calls it once it has it.
    """

    kind: FileKind
    name: str
    data: bytes
    sealed: bool = field(default=False, compare=False)
    known: str = field(default="", compare=False)
    keep: KeepName | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OutgoingPoll:
    """A poll as it is sent.

    Attributes:
        right: the places of the right options; empty where there is nothing to be right about.
        keep: takes what the messenger calls it once it has it.
    """

    question: str
    options: Sequence[str]
    right: Sequence[int]
    several: bool
    explanation: str
    keep: KeepName = field(compare=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to carry.

    Attributes:
        text: marked, see `bot.channels.markup`; None where only the buttons of a message are changed.
        menu: the number of the menu that the buttons belong to.
        buttons: (place in the menu, label).
        edits: what the messenger calls the message that this one changes; None for a new one.
        answers: what the messenger calls the message that this one answers, "" for none.
        file: what it carries.
        poll: what it asks; where the messenger refuses that as a poll, the text and its buttons ask it.
        closes: whether the message that it changes is a poll in which nobody is to vote any more.
        paid: whether the office pays for it to go out beside the usual pace.
        number: its number in the outbox.
        written: when it was put there.
        repeat: whether an earlier attempt may have arrived.
        subject, facts, files: what a letter, or what other programs read, brings beside the text.
    """

    text: str | None
    menu: int = 0
    buttons: Sequence[tuple[int, str]] = ()
    edits: str | None = None
    answers: str = ""
    file: OutgoingFile | None = None
    poll: OutgoingPoll | None = None
    closes: bool = False
    paid: bool = False
    # However it is numbered, what is read is the same.
    number: int = field(default=0, compare=False)
    written: str = field(default="", compare=False)
    repeat: bool = False
    subject: str = ""
    facts: Mapping[str, Any] | None = None
    files: Sequence[OutgoingFile] = ()

    @property
    def key(self) -> str:
        """What names the message wherever it goes: the same at every attempt, and never that of another.

        The time tells it from one of the same number in a database that was put back.
        """
        return f"{self.number}-{hashlib.sha256(f'{self.number} {self.written}'.encode()).hexdigest()[:20]}"


class Channel(Protocol):
    """A way in and out.

    Attributes:
        name, account: together they name it in the database; the account is the bot's own in the messenger.
        limits: what the messenger allows; None has no pace.
        polls: whether it asks for events, so that only one process at a time may.
    """

    name: str
    account: str
    abilities: Abilities
    limits: Limits | None
    polls: bool

    async def receive(self, take: Take) -> None:
        """Bring events in until the channel ends or the task is cancelled."""
        ...

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Carry one message out and return what the messenger calls it; raise a TransportError."""
        ...

    def is_group(self, chat: str) -> bool:
        """Tell whether others read a chat."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """A door that a messenger calls at.

    Attributes:
        path: where it is called.
        header, secret: what each call must carry.
        take: takes the body; returns after the commit. Where it raises StorageError or NotReady, the messenger is asked
            to come again.
        largest: bytes of the largest body that is read.
        patience: seconds that the messenger waits for the commit, before it is asked to come again; None for any.
        json_only: whether the body must be called JSON.
        probed: whether the messenger calls with an empty body, to see whether anybody answers.
        admits: tells from the header and the raw body whether a call is the messenger's, where a secret alone does not.
    """

    path: str
    header: str
    secret: str
    take: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]
    largest: int = 1024 * 1024
    patience: float | None = None
    json_only: bool = True
    probed: bool = False
    admits: Callable[[str, bytes], bool] | None = None


def webhook_secret(token: str) -> str:
    """Return what a messenger must send with every call of the webhook: the same for all that know the token."""
    return hmac.new(token.encode(), b"ungxu webhook", hashlib.sha256).hexdigest()


State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at: how it stands, the name of its text in [doctor], and what is filled in there."""

    state: State
    name: str
    values: Mapping[str, object] = field(default_factory=dict)


class NetworkChannel(Channel, Protocol):
    """A channel to a messenger on the network.

    Attributes:
        webhook: where the messenger calls; None where it does not.
        trouble: why nothing can be received now, "" where all is well.
    """

    webhook: Webhook | None
    trouble: str

    async def open(self) -> None:
        """Open what the channel needs, inside the event loop; nothing is asked of the messenger yet."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...

    async def introduced(self) -> str:
        """Wait until the messenger has told who the bot is; return how people find it there."""
        ...

    def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Look at everything that the channel needs of its messenger; `chats` are those that are known."""
        ...


@runtime_checkable
class FileSource(Protocol):
    """A channel that can bring the files that people send."""

    async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
        """Bring a file that an attachment named; raise a TransportError.

        FileRefused is one of more bytes than `largest`, Refused one that is not to be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it is fetched from us."""

    data: bytes
    media_type: str


class Shelf(Protocol):
    """Where a messenger fetches what it takes by its address only.

    Attributes:
        path: below it each file has a name.
        elsewhere: finds the file of a message that another process sends, by its number in the outbox.
    """

    path: str
    elsewhere: Callable[[int], Awaitable[OutgoingFile | None]] | None

    async def find(self, name: str) -> Served | None:
        """Return the file that bears a name; None for every other name."""
        ...


@runtime_checkable
class Shelving(Protocol):
    """A channel whose messenger fetches what goes out; `shelf` is None where it cannot reach us."""

    shelf: Shelf | None


@runtime_checkable
class Linkable(Channel, Protocol):
    """A channel that can tell how people find the bot."""

    def door(self, code: str) -> Door | None:
        """Return how people find the bot, with a link that brings a code where there is such; None while not known."""
        ...

    async def ask_name(self) -> None:
        """Ask the messenger who the bot is, so that the door is known; raise a TransportError."""
        ...


def linkable(channels: Sequence[Channel]) -> list[Linkable]:
    """Return the channels that can tell how people find the bot."""
    return [channel for channel in channels if isinstance(channel, Linkable)]


def doors(channels: Sequence[Linkable], code: str) -> list[Door]:
    """Return how people find the bot in each channel that can tell just now, with what its plan allows."""
    return [
        replace(
            door,
            channel=channel.name,
            account=channel.account,
            people=channel.limits.people if channel.limits else 0,
            monthly=channel.limits.monthly if channel.limits else 0,
        )
        for channel in channels
        if (door := channel.door(code))
    ]


@runtime_checkable
class Remembering(Protocol):
    """A channel that keeps something of its own in the database."""

    def remember(self, worker: Worker, owner: str, happened: Happened) -> None:
        """Take what it keeps it with, before it is opened.

        `owner` is the name of this process in leases; `happened` tells a job of something, inside a transaction.
        """
        ...
