"""What a broadcast says: its words with simple marks, its căn cứ, one file, and up to three buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from markupsafe import Markup, escape

from handlers.context import Context
from handlers.conversation import Button, File, Reply
from handlers.errors import NotPossible
from knowledge.text import normalize

LONGEST_TEXT = 1_500
LONGEST_WITH_FILE = 800
"""Characters that go out as one message on every messenger; beside a file fewer do."""
LONGEST_BASIS = 200
MOST_BUTTONS = 3
LONGEST_LABEL = 30

CONFIRM, PROVISION = "confirm", "provision"

STANDING_MENUS = 10**15
"""A menu of this number and more is that of a broadcast, the same for everybody who got it: none is kept for each."""

ACTIONS: dict[str, str] = {PROVISION: "ask.provision"}
"""What a button of a kind does, beside confirming; a job that can be begun from a broadcast puts its own here."""

CHOICES: list[Callable[[str, Context], Choice | None]] = []
"""How a button of another job is typed, folded; None for what is none of it."""

_INLINE = (
    (re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*"), "b"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), "i"),
    (re.compile(r"`([^`\n]+)`"), "code"),
)
_BULLET = re.compile(r"^[-*•]\s+")
_QUOTE = re.compile(r"^(?:&gt;|>)\s?")


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a broadcast: its label, its kind, and what it leads to ("" for confirming)."""

    label: str
    kind: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a broadcast says.

    Attributes:
        text: the words as they were typed, with their marks.
        basis: the document it is based on, "" for none.
        buttons: at most three.
        file: the blob, how it is shown and its name; None for none.
    """

    text: str
    basis: str = ""
    buttons: Sequence[Choice] = ()
    file: File | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        stored: dict[str, Any] = {
            "text": self.text,
            "basis": self.basis,
            "buttons": [asdict(choice) for choice in self.buttons],
        }
        return {**stored, "file": self.file.as_json()} if self.file else stored

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Content:
        """Return what was stored."""
        return Content(
            stored.get("text", ""),
            stored.get("basis", ""),
            tuple(Choice(**choice) for choice in stored.get("buttons", ())),
            File(**stored["file"]) if stored.get("file") else None,
        )


def checked(content: Content) -> Content:
    """Return content as it is kept; raise NotPossible for what cannot go out."""
    text = "\n".join(" ".join(line.split()) for line in normalize(content.text).strip().splitlines())
    text = re.sub(r"\n{3,}", "\n\n", text)
    if not any(char.isalnum() for char in text):
        raise NotPossible("no_words")
    longest = LONGEST_WITH_FILE if content.file else LONGEST_TEXT
    if len(text) > longest:
        raise NotPossible("words_too_long", count=len(text), longest=longest)
    if len(content.buttons) > MOST_BUTTONS:
        raise NotPossible("too_many_buttons", most=MOST_BUTTONS)
    basis = " ".join(normalize(content.basis).split())[:LONGEST_BASIS]
    return replace(content, text=text, basis=basis)


def marked(text: str) -> Markup:
    """Return words with their marks as tags: *bold*, _italic_, `to copy`, "- " for a point, "> " for a quotation."""
    lines = []
    for line in text.splitlines():
        bullet, quote = _BULLET.match(line), _QUOTE.match(line)
        rest = line[(bullet or quote).end() :] if (bullet or quote) else line  # type: ignore[union-attr]
        said = _inline(rest)
        if quote:
            said = Markup("<blockquote>{}</blockquote>").format(said)
        lines.append(Markup("• ") + said if bullet else said)
    return Markup("\n").join(lines)


def message(number: int, content: Content, context: Context) -> Reply:
    """Return what everybody gets of a broadcast, wherever it goes."""
    texts = context.texts
    parts = [marked(content.text)]
    if content.basis:
        parts.append(texts.rich("broadcast.basis", basis=content.basis))
    if context.office.name:
        parts.append(texts.rich("broadcast.from", office=context.office.name))
    return Reply(
        Markup("\n\n").join(parts),
        tuple(button(number, choice) for choice in content.buttons),
        files=(content.file,) if content.file else (),
        menu=STANDING_MENUS + number if number else 0,
    )


def button(number: int, choice: Choice) -> Button:
    """Return a button of a broadcast."""
    if choice.kind == CONFIRM:
        return Button(choice.label, "broadcast.confirm", {"broadcast": number})
    return Button(choice.label, ACTIONS[choice.kind], {"id": choice.target})


def confirming(context: Context) -> Choice:
    """Return the button with which people say that they have read and understood."""
    return Choice(context.texts("broadcast.confirm_button"), CONFIRM)


def _inline(line: str) -> Markup:
    said = str(escape(line))
    for pattern, tag in _INLINE:
        said = pattern.sub(rf"<{tag}>\1</{tag}>", said)
    # Marks that cross each other would leave tags that do.
    return Markup(said) if _is_nested(said) else escape(line)  # noqa: S704 - escaped above


def _is_nested(said: str) -> bool:
    opened: list[str] = []
    for closing, tag in re.findall(r"<(/?)(\w+)>", said):
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            return False
    return not opened
