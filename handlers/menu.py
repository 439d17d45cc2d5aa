"""Choosing from a numbered menu with typed words, for channels without buttons and for people who type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.text import folded_syllables

# What a label says beside its words: how many there are, or whom it is about.
_BESIDE = re.compile(r"\s*(?:\(\d+\)|:\s.*)$")

_NUMBER = re.compile(r"(?:so |chon )*(\d{1,2})")

# A label's first letters count from here on; fewer are more often a word of a question.
SHORTEST_INITIALS = 2

# So many words of the beginning of a label are enough.
FEWEST_WORDS = 2


def numbered(text: str) -> int | None:
    """Return the number that a message consists of: "1", "1.", "số 1", "chọn 1"; None for anything else."""
    match = _NUMBER.fullmatch(" ".join(folded_syllables(text)))
    return int(match.group(1)) if match else None


def labelled(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the label that a message consists of, with or without accents; or None."""
    return _same(folded_syllables(text), list(map(folded_syllables, labels)))


def choose(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the choice that a typed message means; None where it means none of them.

    Understood are its number, its label, its label's first letters, and where no other label has the same, its words
    without the count or the name behind them ("chờ xác nhận" for "Chờ xác nhận (3)") or the first of its words.
    """
    number = numbered(text)
    if number is not None:
        return number - 1 if 1 <= number <= len(labels) else None
    typed, folded = folded_syllables(text), list(map(folded_syllables, labels))
    place = _same(typed, folded)
    joined = "".join(typed)
    if place is None:
        short = [folded_syllables(_BESIDE.sub("", label)) for label in labels]
        place = _same(typed, short) if short.count(typed) == 1 else _begun(typed, short)
    if place is not None or len(joined) < SHORTEST_INITIALS:
        return place
    initials = ["".join(syllable[0] for syllable in label) for label in folded]
    return initials.index(joined) if joined in initials else None


def _begun(typed: list[str], folded: list[list[str]]) -> int | None:
    """The place of the only label that begins with what was typed; a single word is more often something else."""
    begun = [place for place, label in enumerate(folded) if label[: len(typed)] == typed]
    return begun[0] if len(begun) == 1 and len(typed) >= FEWEST_WORDS else None


def _same(typed: list[str], folded: list[list[str]]) -> int | None:
    return folded.index(typed) if typed and typed in folded else None
