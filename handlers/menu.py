"""Choosing from a numbered menu with typed words, for channels without buttons and for people who type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from knowledge.text import folded_syllables

# What a label says beside its words: how many there are, whom it is about, what it is made with.
_BESIDE = re.compile(r"\s*(?:\([^()]*\)|:\s.*)$")

_NUMBER = re.compile(r"(?:so |chon )*(\d{1,2})")

# A label's first letters count from here on; fewer are more often a word of a question.
SHORTEST_INITIALS = 2

# So many lists of labels are remembered.
MOST_MENUS = 500

# So many words of the beginning of a label are enough.
FEWEST_WORDS = 2

# What people write before the letter of an option.
_BEFORE_A_LETTER = frozenset({"dap", "an", "phuong", "cau", "y", "chon", "la", "em", "toi"})

_Way = TypeVar("_Way", str, tuple[str, ...])


def numbered(text: str) -> int | None:
    """Return the number that a message consists of: "1", "1.", "số 1", "chọn 1"; None for anything else."""
    match = _NUMBER.fullmatch(" ".join(_typed(text)))
    return int(match.group(1)) if match else None


def labelled(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the label that a message consists of, with or without accents; or None.

    What stands behind its words in brackets or after a colon need not be there where no other label has the same words.
    """
    return _label(_typed(text), _ways(tuple(labels)))


def choose(text: str, labels: Sequence[str]) -> int | None:
    """Return the place, from 0, of the choice that a typed message means; None where it means none of them.

    Understood are its number, its label as in `labelled`, its label's first letters, the first of its words where no
    other label begins with them, and "đáp án B" where it is a letter.
    """
    number = numbered(text)
    if number is not None:
        return number - 1 if 1 <= number <= len(labels) else None
    typed, ways = _typed(text), _ways(tuple(labels))
    place = _label(typed, ways)
    if place is None:
        place = ways.begun.get(typed)
    if place is None and len(typed) > 1 and len(typed[-1]) == 1 and _BEFORE_A_LETTER.issuperset(typed[:-1]):
        place = ways.whole.get(typed[-1:])
    joined = "".join(typed)
    if place is None and len(joined) >= SHORTEST_INITIALS:
        place = ways.initials.get(joined)
    return place


_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ways:
    """How labels may be typed, each with the place of the label that is meant.

    Attributes:
        whole: all words of a label.
        short: those that stand before what is said beside, where no other label has the same.
        begun: the first of these, where no other label begins with them.
        initials: the first letters.
    """

    whole: Mapping[_Words, int]
    short: Mapping[_Words, int]
    begun: Mapping[_Words, int]
    initials: Mapping[str, int]


# The same menus are shown again and again, and what is typed is compared with several.
@lru_cache(maxsize=MOST_MENUS)
def _ways(labels: _Words) -> _Ways:
    whole = [tuple(folded_syllables(label)) for label in labels]
    short = [tuple(folded_syllables(_BESIDE.sub("", label))) for label in labels]
    # A single word is more often something else.
    begun = [[label[:length] for length in range(FEWEST_WORDS, len(label) + 1)] for label in short]
    return _Ways(
        whole=_first([[label] for label in whole]),
        short=_only([[label] for label in short]),
        begun=_only(begun),
        initials=_first([["".join(syllable[0] for syllable in label)] for label in whole]),
    )


def _label(typed: _Words, ways: _Ways) -> int | None:
    return ways.whole.get(typed, ways.short.get(typed))


@lru_cache(maxsize=1)
def _typed(text: str) -> _Words:
    return tuple(folded_syllables(text))


def _first(typed: Sequence[Sequence[_Way]]) -> dict[_Way, int]:
    """By each way, of those of one label after the other, the first label that has it."""
    return {way: place for place, ways in reversed(list(enumerate(typed))) for way in ways if way}


def _only(typed: Sequence[Sequence[_Way]]) -> dict[_Way, int]:
    """By each way the label that alone has it."""
    times = Counter(way for ways in typed for way in ways)
    return {way: place for way, place in _first(typed).items() if times[way] == 1}
