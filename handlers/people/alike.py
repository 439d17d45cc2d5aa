"""Whether two names of units may be the same name: one of them mistyped or abbreviated.

Names that only differ in accents, capitals or signs are the same name already (`directory`). A number, a numeral or a
single letter in a name is what tells units apart, and never a mistake: "Phòng 1" and "Phòng 2", "Tổ A" and "Tổ B".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from knowledge.text import folded_syllables

# Shorter names are told apart by a single letter.
_SHORTEST = 6

_NUMBERS = {"mot", "hai", "ba", "bon", "tu", "nam", "sau", "bay", "tam", "chin", "muoi"}
_NUMERALS = {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"}
# Said or left out as one likes: "Phòng Tổ chức và Cán bộ".
_IDLE = {"va"}


def alike(one: str, other: str) -> bool:
    """Return whether two names may be one, with a letter wrong, left out, put in or exchanged, or with initials."""
    words, others = _words(one), _words(other)
    if words == others:
        return True
    if _abbreviates(words, others) or _abbreviates(others, words):
        return True
    return _one_letter_off("".join(words), "".join(others)) and _telling(words) == _telling(others)


@lru_cache(maxsize=4_096)
def _words(name: str) -> tuple[str, ...]:
    # Every new name of a list is compared with all the others.
    return tuple(word for word in folded_syllables(name) if word not in _IDLE)


def _telling(words: Sequence[str]) -> list[str]:
    """What in a name tells it from others that are called alike."""
    return [word for word in words if len(word) == 1 or word.isdigit() or word in _NUMBERS or word in _NUMERALS]


def _abbreviates(short: Sequence[str], long: Sequence[str], *, first: bool = True) -> bool:
    """Whether a name is another one with initials in the place of words: "P. TCCB" for "Phòng Tổ chức cán bộ"."""
    if not short or not long:
        return not short and not long
    word, rest = short[0], short[1:]
    if word == long[0] and _abbreviates(rest, long[1:], first=False):
        return True
    # A lone letter stands for the kind of unit, "P." or "X.", and nowhere else for a word.
    if len(word) == 1 and not first:
        return False
    initials = "".join(each[0] for each in long[: len(word)])
    return word == initials and _abbreviates(rest, long[len(word) :], first=False)


def _one_letter_off(one: str, other: str) -> bool:
    """Whether two names without blanks differ by one letter, or by two neighbours that were exchanged."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _SHORTEST:
        return False
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    rest, other_rest = one[begin:], other[begin:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )
