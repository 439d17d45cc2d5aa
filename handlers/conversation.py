"""The words of a conversation: what comes in, what goes out. No channel is named in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Literal

from markupsafe import Markup

from storage.outbox import ANSWER
from storage.people import Address

NOTHING = Markup()

UNSUPPORTED = "unsupported"
"""What the messenger only says of a message: that there is one, which it does not bring."""

FileKind = Literal["photo", "document", "video", "voice"]


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed: the number of its menu and its place in it, from 0."""

    menu: int
    place: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, not fetched yet.

    Attributes:
        kind: how it was sent.
        ref: what the channel needs to fetch it.
        name: the name the sender's device gave it, "" where it gave none; never to be trusted.
        size: bytes as the channel says, 0 where it does not.
    """

    kind: FileKind
    ref: str
    name: str = ""
    size: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored until it is fetched."""
        return {"kind": self.kind, "ref": self.ref, "name": self.name, "size": self.size}


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody chose in a poll: what the channel calls the poll, and the options by their places, from 0.

    There are no options where a vote was taken back.
    """

    poll: str
    options: tuple[int, ...]


class Change(Enum):
    """What happened to a chat, rather than in it."""

    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event from a channel.

    Attributes:
        key: what the channel calls the event, unique within its account; the same event has the same key.
        address: where it comes from and where answers go.
        text: what was written, as it came; empty for a press.
        press: the button that was pressed, where the channel has buttons.
        vote: what was chosen in a poll, where the channel has polls.
        at: when it was received, UTC.
        attachments: files that came with it.
        other: what it is where it is neither text nor file: "sticker", "location", "contact", or UNSUPPORTED.
        change: what happened to the chat, where nobody said anything.
        moved_to: the chat that this one has become, for MOVED.
        group: whether others read the chat too.
        message: what the channel calls the message, so that an answer can point at it; "" where it has no name.
        sent: when it was written, where the channel tells it; `at` may be later.
        follows: whether it is a further part of the message before, such as the second picture of an album.
    """

    key: str
    address: Address
    text: str
    at: dt.datetime
    press: Press | None = None
    attachments: tuple[Attachment, ...] = ()
    other: str = ""
    change: Change | None = None
    moved_to: str = ""
    group: bool = False
    message: str = ""
    sent: dt.datetime | None = None
    follows: bool = False
    vote: Vote | None = None

    @property
    def kind(self) -> str:
        """What the event is, for the record that keeps no content."""
        if self.change:
            return self.change.value
        if self.press:
            return "press"
        if self.vote:
            return "vote"
        return self.other or ("file" if self.attachments else "text")


class Refusal(StrEnum):
    """Why a file that somebody sent is not kept."""

    TOO_LARGE = "too large"
    NOT_ALLOWED = "not allowed"
    NO_KEY = "no key"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How something ended that a job asked to be told of: a message sent, or a file fetched.

    Attributes:
        concern: what the job wanted to be reminded of; "job" in it names the job.
        state: "sent", "failed", "unknown" of a message; "stored", "refused", "lost" of a file.
        reason: why, where it did not go well; of a file that was refused, a `Refusal`.
        blob: the number of the stored file.
        person: who sent the file.
    """

    concern: dict[str, Any]
    state: str
    reason: str = ""
    blob: int | None = None
    person: int = 0


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message.

    Attributes:
        label: the words on it; a channel may show less of them.
        action: the name of the act, "ask.article"; its first part is the job that takes it.
        data: what the act needs, plain JSON.
        once: a name shared by the choices of which only one can be taken, and only once; "" for one that can always be.
        full: all that it stands for, where the label does not say it: read beside the buttons, or in the numbered menu.
    """

    label: str
    action: str
    data: dict[str, Any] = field(default_factory=dict)
    once: str = ""
    full: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the button as it is stored."""
        stored = {"label": self.label, "action": self.action, "data": self.data, "once": self.once}
        return {**stored, "full": self.full} if self.full else stored

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Button:
        """Return the button that was stored."""
        return Button(stored["label"], stored["action"], stored["data"], stored.get("once", ""), stored.get("full", ""))


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with its options as a messenger itself asks it, in plain words.

    Attributes:
        right: the right options by their places, from 0, shown after a vote; empty where they are not to be shown.
        several: whether more than one option may be chosen.
        explanation: what is shown beside the right options; left out where a messenger has no room for it.
        action, data: what a vote does, as of a button; the places that were chosen come to the data as "chosen".
        settles: a name for what is asked: once a reply settles it, nobody is to vote any more.
    """

    question: str
    options: tuple[str, ...]
    action: str
    data: dict[str, Any]
    right: tuple[int, ...] = ()
    several: bool = False
    explanation: str = ""
    settles: str = ""


class Manner(Enum):
    """How a reply to a press is shown, where the channel can; where it cannot, it is a new message."""

    NEW = "new"
    INSTEAD = "instead"
    """In the place of the message whose button was pressed."""
    PASSING = "passing"
    """For a moment, without a message of its own."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way to the bot: what people know it by in a messenger, and the link that opens it there.

    Attributes:
        link: "" where none is known.
        brings: whether the link brings the code along; where not, people type it.
        channel, account: the bot's own.
        people, monthly: how many people it may talk to, and messages of a month, in its plan; 0 for any number.
    """

    name: str
    link: str
    brings: bool = True
    channel: str = ""
    account: str = ""
    people: int = 0
    monthly: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """An account that messages go out on, and its pace.

    Attributes:
        rate: messages a second that many people together may get; 0 for any number.
        monthly: messages a month in its plan, 0 for any number.
        answers: messages a second that may answer those who write; 0 for any number.
        files: which files go out with a message: any, only pictures, or none.
    """

    channel: str
    account: str
    rate: float = 0.0
    monthly: int = 0
    answers: float = 0.0
    files: Literal["any", "pictures", "none"] = "any"

    def carries(self, kind: FileKind) -> bool:
        """Whether a file that is shown like this goes out there."""
        return self.files == "any" or (self.files == "pictures" and kind == "photo")


@dataclass(frozen=True, slots=True)
class File:
    """A stored file that goes out with a reply: its blob, how it is shown, and the name it is given."""

    blob: int
    kind: FileKind
    name: str

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored until it is sent."""
        return {"blob": self.blob, "kind": self.kind, "name": self.name}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file that goes out with a reply and is made when it is sent: it would hold up the event's transaction.

    Attributes:
        drawing: who draws it, by the name in `DRAWINGS` of the router.
        data: everything that is to be seen in it, plain JSON; it is kept no longer than the text of the message.
        kind: how it is shown.
        name: the name it is given.
    """

    drawing: str
    data: dict[str, Any]
    kind: FileKind
    name: str

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored until it is sent."""
        return {"drawing": self.drawing, "data": self.data, "kind": self.kind, "name": self.name}


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send: its text, the choices it offers, and what it ends with.

    Attributes:
        text: with the few tags of `handlers.texts`; plain text is escaped first.
        opening: what comes before the text, in the same message; before a poll in one of its own.
        poll: the text and its choices as a poll, where the channel has polls and this one fits.
        settles: the name of what polls asked and is settled with this; "" for nothing.
        lead: what introduces the choices where they are listed.
        to: where it goes; None for where the event came from.
        urgency: its class in the outbox.
        concern: where given, the job named in it is told how the message ended, with an Outcome.
        subject: what it is about in a few words, for channels that carry letters.
        letter: what it ends with where it is a letter, in place of the closing.
        facts: what it says as plain JSON, for channels that other programs read.
        again: what it begins with where it goes out again and an earlier attempt may have arrived.
        menu: the number of a menu that somebody else keeps, where its choices are shown as buttons; 0 for one's own.
        board: a name: the reply takes the place of the last one of this name in the chat, where messages can be
            changed; "" for none.
        passing_board: of a board, whether it is left out where messages cannot be changed.
        as_on: the channel that it is shown as, for whoever wants to see that; "" for the one it goes out on.
    """

    text: Markup
    buttons: tuple[Button, ...] = ()
    closing: Markup = NOTHING
    lead: Markup = NOTHING
    manner: Manner = Manner.NEW
    files: tuple[File | Drawing, ...] = ()
    to: Address | None = None
    urgency: int = ANSWER
    concern: dict[str, Any] | None = None
    subject: str = ""
    letter: Markup = NOTHING
    facts: dict[str, Any] | None = None
    again: Markup = NOTHING
    menu: int = 0
    board: str = ""
    passing_board: bool = False
    as_on: str = ""
    opening: Markup = NOTHING
    poll: Poll | None = None
    settles: str = ""
