"""The platforms that an account is on, by the names that people type."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.text import fold

# Names of platforms without accents, with how they are typed.
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "zalo": ("zalo", "zlo", "zl", "dalo", "jalo"),
    "facebook": ("facebook", "fb", "face", "fbook", "facebok", "fanpage", "messenger", "mess"),
    "telegram": ("telegram", "tele", "telegam", "tlg"),
    "tiktok": ("tiktok", "tik", "toptop", "tictoc", "titok"),
    "youtube": ("youtube", "ytb", "yt", "utube"),
    "instagram": ("instagram", "insta", "ig"),
    "email": ("email", "gmail", "mail", "thu dien tu"),
}
BY_NAME = {fold(name): platform for platform, names in _PLATFORMS.items() for name in names}
"""Platforms by every name, folded, that is typed for them."""
# So long must a name be to be known with one letter wrong.
_LONG_NAME = 7


def platform_in(folded: str) -> str:
    """Return the first platform that a folded text names, by its name in the database; "" for none."""
    if "thu dien tu" in folded:
        return "email"
    words = re.findall(r"[a-z0-9]+", folded)
    named = [BY_NAME[word] for word in words if word in BY_NAME]
    return next(iter(named), "") or next(filter(None, map(_mistyped, words)), "")


def is_platform(word: str) -> bool:
    """Tell whether a folded word names a platform, with one letter wrong in a long name."""
    return word in BY_NAME or bool(_mistyped(word))


def _mistyped(word: str) -> str:
    """The platform whose long name a word is with one letter wrong, "" for none."""
    if len(word) < _LONG_NAME - 1:
        return ""
    return next((to for name, to in BY_NAME.items() if len(name) >= _LONG_NAME and _nearly(word, name)), "")


def _nearly(word: str, name: str) -> bool:
    """Whether a word is a name with one letter wrong, missing, too many, or two in the wrong order."""
    if abs(len(word) - len(name)) > 1 or word[:1] != name[0]:
        return False
    place = next((n for n, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), len(name))
    rest, right = word[place:], name[place:]
    swapped = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == right
    return swapped or right in (rest[1:], rest) or right[1:] in (rest, rest[1:])
