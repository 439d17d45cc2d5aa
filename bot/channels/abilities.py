"""What a channel can do: buttons, files, polls, and how long a message may be."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.markup import length
from handlers.conversation import Poll


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


LEAST = Abilities(buttons=False, text_length=1_000)
"""What every channel can do."""
