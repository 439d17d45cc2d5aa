"""What a channel is, and how a reply is made to fit one."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from markupsafe import Markup

from bot.channels.markup import length, plain, seen, spelled_out, split_text
from bot.rate_limit import Limits
from handlers.conversation import NOTHING, Door, FileKind, Incoming, Poll, Reply
from handlers.texts import Texts
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


@dataclass(frozen=True, slots=True)
class PollLimits:
    """What a messenger's polls hold: lengths in UTF-16 units, how many options, and line feeds of an explanation."""

    question: int
    option: int
    options: int
    explanation: int
    line_feeds: int

    def admit(self, poll: Poll) -> bool:
        """Tell whether a question and its options fit; each is one line."""
        words = [poll.question, *poll.options]
        return (
            length(poll.question) <= self.question
            and len(poll.options) <= self.options
            and max(map(length, poll.options)) <= self.option
            and not any("\n" in one for one in words)
        )

    def explanation_of(self, poll: Poll) -> str:
        """Return the explanation of a poll, "" where there is no room for it."""
        fits = length(poll.explanation) <= self.explanation and poll.explanation.count("\n") <= self.line_feeds
        return poll.explanation if fits else ""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do.

    Attributes:
        buttons: whether messages can carry buttons; without, a numbered menu takes their place.
        label_length: the longest label of a button that is read whole, 0 for any; what is longer stands in the text.
        links: whether a word can lead to an address; without, the address is written out.
        text_length: the longest text of one message, in UTF-16 units without tags.
        edits: whether a message that was sent can be changed.
        notices: whether a press can be answered with a few words that pass.
        caption_length: the longest text of a message that carries a file, 0 where none can.
        repeats: whether the messenger may bring an event again however old it is.
        counted: whether the messenger counts messages, so that what fits into one is not sent in two.
        most_buttons: how many buttons a message can carry, 0 for any; more choices are a numbered menu.
        starts: whether people begin to talk with a start; where not, their first message is the first contact.
        keeps_files: whether a file that was uploaded once can be sent again by the name that the messenger gave it.
        lone_files: whether files go out with neither text nor buttons beside them.
        hears: whether anybody can answer there; without, messages offer no choices.
        polls: what its polls hold; None where it has none.
        letters: whether a message has a subject and brings all its files with it.
        facts: whether a message brings what it says as JSON, for other programs.
        only_pictures: whether of all files only pictures go out.
    """

    buttons: bool
    text_length: int
    edits: bool = False
    notices: bool = False
    caption_length: int = 0
    label_length: int = 0
    links: bool = False
    repeats: bool = False
    counted: bool = False
    most_buttons: int = 0
    lone_files: bool = False
    keeps_files: bool = False
    starts: bool = True
    hears: bool = True
    letters: bool = False
    facts: bool = False
    polls: PollLimits | None = None
    only_pictures: bool = False

    @property
    def files(self) -> bool:
        """Whether files go out at all."""
        return self.lone_files or self.letters or self.caption_length > 0

    @property
    def numbers(self) -> bool:
        """Whether choices may be shown with numbers, so that a typed number means one."""
        return not self.buttons or self.most_buttons > 0

    def shows_buttons(self, count: int) -> bool:
        """Tell whether so many choices are shown as buttons."""
        return self.buttons and (not self.most_buttons or count <= self.most_buttons)

    def label(self, label: str) -> str:
        """Return a button's label as it is shown: cut between words where it is too long."""
        if not self.label_length or len(label) <= self.label_length:
            return label
        room = self.label_length - 2
        cut = label[: room + 1]
        return (cut.rsplit(" ", 1)[0] if " " in cut else cut[:room]).rstrip(" ,;:.-") + " …"


GAP = "\n\n"
"""What stands between the paragraphs of a message."""

LEAST = Abilities(buttons=False, text_length=1_000)
"""What every channel can do."""

ROOM_FOR_WORDS = 500
"""UTF-16 units that a message with a file leaves for the words that say where the file is, should it not be carried."""


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
        key: names the message: the same at every attempt, and never that of another.
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
    key: str = field(default="", compare=False)
    repeat: bool = False
    subject: str = ""
    facts: Mapping[str, Any] | None = None
    files: Sequence[OutgoingFile] = ()


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


def joined(replies: Sequence[Reply]) -> list[Reply]:
    """Return replies with as few messages as they can be said in: mere words join what follows for the same reader."""
    found: list[Reply] = []
    for reply in replies:
        before = found[-1] if found else None
        if (
            before is None
            or before.buttons
            or before.files
            or before.concern
            or (before.to, before.urgency) != (reply.to, reply.urgency)
        ):
            found.append(reply)
            continue
        parts = [before.opening, before.text, before.closing, reply.opening, reply.text]
        found[-1] = replace(reply, opening=NOTHING, text=Markup("\n\n").join(filter(None, parts)))
    return found


@runtime_checkable
class Remembering(Protocol):
    """A channel that keeps something of its own in the database."""

    def remember(self, worker: Worker, owner: str, happened: Happened) -> None:
        """Take what it keeps it with, before it is opened.

        `owner` is the name of this process in leases; `happened` tells a job of something, inside a transaction.
        """
        ...


def fit(reply: Reply, abilities: Abilities, texts: Texts, answers: str = "") -> list[dict[str, Any]]:
    """Return a reply as the messages that a channel can carry, as plain JSON for the outbox.

    Each file has a message of its own, so that none is sent twice for the sake of another; a single one carries a text
    that is short enough. Choices go under the last one as buttons, and what their labels do not say into its text; or
    they stand in its text with their numbers. A poll is a message of its own; it keeps its words and choices for where
    the messenger refuses it.
    """
    if reply.poll and abilities.polls and abilities.polls.admit(reply.poll):
        opening = fit(Reply(reply.opening, again=reply.again), abilities, texts, answers) if reply.opening else []
        bare = fit(replace(reply, opening=NOTHING, poll=None), abilities, texts, "" if opening else answers)
        bare[-1]["poll"] = _poll(reply.poll, abilities.polls)
        return [*opening, *bare]
    paragraphs = [reply.opening, reply.text]
    buttons = abilities.shows_buttons(len(reply.buttons))
    if reply.buttons and not buttons and abilities.hears:
        lines = [
            texts.rich("menu.line", number=number, label=button.full or button.label)
            for number, button in enumerate(reply.buttons, 1)
        ]
        paragraphs += [reply.lead, Markup("\n").join([*lines, texts.rich("menu.hint")])]
    beside = _said_beside(reply, abilities, texts) if buttons else []
    if beside:
        paragraphs.append(Markup("\n").join([reply.lead or texts.rich("menu.more"), *beside]))
    if reply.files and not abilities.files:
        paragraphs.append(texts.rich("media.not_here"))
    # Buttons stand under the message, numbers inside it.
    last = [reply.lead] if reply.buttons and buttons and not beside else []
    if reply.buttons and reply.files and abilities.lone_files and not any([*paragraphs, reply.closing, *last]):
        # A message of their own for the buttons, and it must say something.
        last = [texts.rich("menu.more")]
    closing = (reply.letter or reply.closing) if abilities.letters else reply.closing
    whole = Markup("\n\n").join(filter(None, [*paragraphs, closing, *last]))
    text = whole if abilities.links else spelled_out(whole)
    # What a repeat begins with must find room.
    room = abilities.text_length - (length(plain(reply.again)) + len(GAP) if reply.again else 0)
    messages: list[dict[str, Any]] = [{"text": part} for part in split_text(text, room)]
    if abilities.letters:
        messages[0] |= {"subject": reply.subject, "files": [file.as_json() for file in reply.files]}
    elif reply.files and abilities.files:
        files = [file.as_json() for file in reply.files]
        if len(files) == 1 and length(seen(text)) <= abilities.caption_length and not abilities.lone_files:
            messages[0]["file"] = files[0]
        else:
            messages = [*({"text": "", "file": file} for file in files), *(m for m in messages if m["text"])]
    if abilities.facts:
        messages[0]["facts"] = {"subject": reply.subject, **(reply.facts or {})}
    if reply.again:
        for message in messages:
            message["again"] = str(reply.again if abilities.links else spelled_out(reply.again))
    if answers:
        messages[0]["answers"] = answers
    if reply.buttons and buttons:
        messages[-1]["buttons"] = [(place, abilities.label(button.label)) for place, button in enumerate(reply.buttons)]
    return messages


def _poll(poll: Poll, limits: PollLimits) -> dict[str, Any]:
    return {
        "question": poll.question,
        "options": list(poll.options),
        "right": list(poll.right),
        "several": poll.several,
        "explanation": limits.explanation_of(poll),
        "settles": poll.settles,
        "action": poll.action,
        "data": poll.data,
    }


def _said_beside(reply: Reply, abilities: Abilities, texts: Texts) -> list[Markup]:
    """The lines for the buttons whose labels do not say everything."""
    return [
        texts.rich("menu.item", label=button.full or button.label)
        for button in reply.buttons
        if button.full or abilities.label(button.label) != button.label
    ]
