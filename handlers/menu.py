"""Choosing from a numbered menu with typed words, for channels without buttons and for people who type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from knowledge.text import folded_syllables

# What a label says beside its words: how many there are, whom it is about, what it is made with.
_BESIDE = re.compile(r"\s*(?:\([^()]*\)|:\s.*)$")

_NUMBER = re.compile(r"(?:so |chon )*(\d{1,2})")

# A label's first letters count from here on; fewer are more often a word of a question.
SHORTEST_INITIALS = 2

# The same labels are shown again and again.
MOST_LABELS = 2_000

# So many words of the beginning of a label are enough.
FEWEST_WORDS = 2

# What people write before the letter of an option.
_BEFORE_A_LETTER = frozenset({"dap", "an", "phuong", "cau", "y", "chon", "la", "em", "toi"})


def numbered(text: str) -> int | None:
    """Return the number that a message consists of: "1", "1.", "số 1", "chọn 1"; None for anything else."""
    match = _NUMBER.fullmatch(" ".join(_typed(text)))
    return int(match.group(1)) if match else None


def labelled(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the label that a message consists of, with or without accents; or None.

    What stands behind its words in brackets or after a colon need not be there where no other label has the same words.
    """
    typed = _typed(text)
    place = _same(typed, list(map(_folded, labels)))
    short = _short(labels)
    return _same(typed, short) if place is None and short.count(typed) == 1 else place


def choose(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the choice that a typed message means; None where it means none of them.

    Understood are its number, its label as in `labelled`, its label's first letters, the first of its words where no
    other label begins with them, and "đáp án B" where it is a letter.
    """
    number = numbered(text)
    if number is not None:
        return number - 1 if 1 <= number <= len(labels) else None
    place = labelled(text, labels)
    typed = _typed(text)
    if place is None:
        place = _begun(typed, _short(labels))
    if place is None and len(typed) > 1 and len(typed[-1]) == 1 and _BEFORE_A_LETTER.issuperset(typed[:-1]):
        place = _same(typed[-1:], list(map(_folded, labels)))
    joined = "".join(typed)
    if place is not None or len(joined) < SHORTEST_INITIALS:
        return place
    initials = ["".join(syllable[0] for syllable in label) for label in map(_folded, labels)]
    return initials.index(joined) if joined in initials else None


def _short(labels: Sequence[str]) -> list[list[str]]:
    return list(map(_folded_short, labels))


@lru_cache(maxsize=1)
def _typed(text: str) -> list[str]:
    """What was typed is compared with one menu after the other."""
    return folded_syllables(text)


@lru_cache(maxsize=MOST_LABELS)
def _folded(label: str) -> list[str]:
    return folded_syllables(label)


@lru_cache(maxsize=MOST_LABELS)
def _folded_short(label: str) -> list[str]:
    return folded_syllables(_BESIDE.sub("", label))


def _begun(typed: list[str], folded: list[list[str]]) -> int | None:
    """The place of the only label that begins with what was typed; a single word is more often something else."""
    begun = [place for place, label in enumerate(folded) if label[: len(typed)] == typed]
    return begun[0] if len(begun) == 1 and len(typed) >= FEWEST_WORDS else None


def _same(typed: list[str], folded: list[list[str]]) -> int | None:
    return folded.index(typed) if typed and typed in folded else None
