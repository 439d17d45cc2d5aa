"""Whether a page that somebody reports is one of the office's own, or only looks like it.

Addresses and names are compared by what a reader sees: letters of other scripts that look like Latin ones (the
confusables of Unicode, UTS #39), digits in the place of letters, accents, signs, added words and typing errors.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from knowledge.text import fold, normalize
from storage.pages import Page

PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "facebook": ("facebook.com", "fb.com", "fb.me"),
    "zalo": ("zalo.me",),
    "youtube": ("youtube.com", "youtu.be"),
    "tiktok": ("tiktok.com",),
    "instagram": ("instagram.com",),
    "telegram": ("t.me", "telegram.me"),
    "x": ("x.com", "twitter.com"),
    "threads": ("threads.net", "threads.com"),
    "website": (),
    "other": (),
}
"""Where pages are, each with the hosts that belong to it."""

_PLATFORM_OF = {host: platform for platform, hosts in PLATFORMS.items() for host in hosts}
_MIRRORS = re.compile(r"^(?:www|m|mobile|web|touch|mbasic|oa|[a-z]{2}-[a-z]{2})\.")
_ADDRESS = re.compile(r"(?:https?://)?(?:[^\s/@:<>()“”\"]+\.)+[^\W\d_]{2,}(?::\d+)?(?:/[^\s<>“”\"]*)?|@[\w.]{3,}")
# What stands before the name of a page in its path.
_SHELVES = {"pages", "people", "pg", "p", "channel", "c", "user", "s", "groups"}
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ID = re.compile(r"profile\.php\?(?:.*&)?id=(\d+)")

# Words that a name may have or not have without being another one.
_BESIDE = {"fanpage", "page", "trang", "official", "chinh", "thuc", "website", "oa", "kenh", "cong", "thong", "tin"}
# Seen at a glance, these are the same.
_GLANCES = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("3", "e"))

# Shorter names are part of others too often, or one letter away from them.
_SHORTEST_PART, _SHORTEST_TYPED, _LONG = 6, 5, 9
_SHORTEST_NAME = 8


class Likeness(IntEnum):
    """How a page that is reported is like one of the register, the nearest first."""

    SAME = 1
    """It is that page: by its address."""
    LOOK_ALIKE = 2
    """Its address reads the same: other letters or signs, or the same on another platform."""
    EXTENDED = 3
    """Its address is that of the page with something added."""
    MISTYPED = 4
    """Its address is a letter or two away."""
    SAME_NAME = 5
    """It has the same name."""
    NEAR_NAME = 6
    """Its name is that of the page with something added, or a letter or two away."""


@dataclass(frozen=True, slots=True)
class Location:
    """An address taken apart: the host, "" for a bare "@name", and what the page is called there.

    On a platform the handle is the page's name; elsewhere it is what stands first behind the host, mostly "". Its
    capitals stay: some letters look like others only so.
    """

    host: str
    handle: str

    @property
    def platform(self) -> str:
        """The platform of the host, "website" for any other."""
        return _PLATFORM_OF.get(self.host, "website")

    @property
    def key(self) -> str:
        """The address as it is compared and kept."""
        if self.host in _PLATFORM_OF or not self.host:
            return f"{self.platform if self.host else ''}/{self.handle.lower()}"
        return self.host


@dataclass(frozen=True, slots=True)
class Match:
    """A page of the register that a reported one is like."""

    page: Page
    likeness: Likeness


def locate(address: str) -> Location:
    """Take an address apart, in whichever of the usual ways it was typed."""
    rest = re.sub(r"^[a-z]+://", "", normalize(address).strip(), flags=re.IGNORECASE)
    if rest.startswith("@"):
        return Location("", rest.strip("@/"))
    host, _, path = rest.partition("/")
    host = _unpunycoded(host.lower().rpartition("@")[2].partition(":")[0].rstrip("."))
    while (bare := _MIRRORS.sub("", host)) != host and "." in bare:
        host = bare
    path = _ESCAPED.sub(lambda found: bytes.fromhex(found.group().replace("%", "")).decode(errors="replace"), path)
    if number := _ID.search(path):
        return Location(host, number.group(1))
    parts = [part.strip("@") for part in path.partition("?")[0].partition("#")[0].split("/") if part]
    if len(parts) > 1 and parts[0].lower() in _SHELVES:
        # Behind the name its number may stand, which is what stays.
        parts = [parts[-1]] if parts[-1].isdigit() else parts[1:]
    return Location(host, parts[0] if parts else "")


def addresses_in(text: str) -> list[str]:
    """Return the addresses that stand in a text, as they are typed."""
    return [found.rstrip(".,;!?)") for found in _ADDRESS.findall(text)]


def matches(reported: str, pages: Sequence[Page]) -> list[Match]:
    """Return the pages that what somebody reports is like, the likest first; `reported` is a name, an address or both.

    Where it is one of them by its address, the others are left out.
    """
    addresses = addresses_in(reported)
    name = reported
    for address in addresses:
        name = name.replace(address, " ")
    found: list[Match] = []
    for page in pages:
        kinds = [kind for address in addresses if page.address and (kind := _by_address(address, page.address))]
        by_name = _by_name(name, page.name)
        if kinds or by_name:
            found.append(Match(page, min(kind for kind in (*kinds, by_name) if kind)))
    found.sort(key=lambda match: (match.likeness, match.page.id))
    same = [match for match in found if match.likeness is Likeness.SAME]
    return same or found


def skeleton(text: str) -> str:
    """Return a text as it is seen at a glance: Latin letters without accents, in lower case, for comparing only."""
    plain = _latin(text)
    for seen, meant in _GLANCES:
        plain = plain.replace(seen, meant)
    return plain


def _latin(text: str) -> str:
    return "".join(_plain(char) for char in unicodedata.normalize("NFC", text)).lower()


def _by_address(reported: str, own: str) -> Likeness | None:
    theirs, ours = locate(reported), locate(own)
    if theirs.key == ours.key:
        return Likeness.SAME
    # Elsewhere than on a platform the host is the name; what follows it may imitate a page of a platform.
    seen = {squeezed for part in _names(theirs) if (squeezed := _squeezed(part))}
    own_name = ours.handle if ours.host in _PLATFORM_OF or not ours.host else ours.host
    meant = _squeezed(own_name)
    if not meant:
        return None
    if meant in seen:
        return Likeness.LOOK_ALIKE
    if len(meant) >= _SHORTEST_PART and any(meant in one for one in seen):
        return Likeness.EXTENDED
    if _is_other_ending(theirs, ours):
        return Likeness.EXTENDED
    is_number = ours.handle.isdigit() or theirs.handle.isdigit()
    if not is_number and any(_is_mistyped(one, own_name) for one in _names(theirs)):
        return Likeness.MISTYPED
    return None


def _names(location: Location) -> list[str]:
    return [location.handle] if location.host in _PLATFORM_OF else [location.host, location.handle]


def _is_other_ending(theirs: Location, ours: Location) -> bool:
    """Whether two hosts of the web begin with the same word: soviduabc.mau.gov.vn and soviduabc.com."""
    if "website" not in (theirs.platform, ours.platform) or theirs.platform != ours.platform:
        return False
    first = _squeezed(ours.host.partition(".")[0])
    return len(first) >= _SHORTEST_PART and _squeezed(theirs.host.partition(".")[0]) == first


def _by_name(reported: str, own: str) -> Likeness | None:
    theirs, ours = _words(reported), _words(own)
    if not theirs or not ours:
        return None
    if theirs == ours:
        return Likeness.SAME_NAME
    joined, meant = "".join(theirs), "".join(ours)
    if len(meant) < _SHORTEST_NAME or _numbers(theirs) != _numbers(ours):
        return None
    around = range(len(theirs) - len(ours) + 1)
    is_part = len(ours) > 1 and any(theirs[start : start + len(ours)] == ours for start in around)
    return Likeness.NEAR_NAME if is_part or _is_mistyped(joined, meant) else None


def _words(name: str) -> list[str]:
    words = re.findall(r"[^\W_]+", " ".join(unicodedata.normalize("NFKC", name).split()))
    # A number is a number, and not a word that looks like one.
    seen = [word if word.isdigit() else skeleton(word) for word in words]
    beside = {skeleton(word) for word in _BESIDE}
    return [word for word in seen if word not in beside] or seen


def _numbers(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.isdigit()]


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", skeleton(name))


def _lettered(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _latin(name))


def _is_mistyped(one: str, other: str) -> bool:
    """Whether two names are a typing error apart, two where they are long; by their letters, or as they are seen."""
    return any(_is_near(bare(one), bare(other)) for bare in (_lettered, _squeezed))


def _is_near(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _SHORTEST_TYPED:
        return False
    most = 2 if shorter >= _LONG else 1
    return abs(len(one) - len(other)) <= most and _distance(one, other) <= most


def _distance(one: str, other: str) -> int:
    """How many letters are added, left out, changed or swapped with the next one (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """The Latin letters that a character looks like; itself where there are none."""
    if char.isascii() or (folded := fold(char)).isascii():
        return char if char.isascii() else folded
    # Loaded here: its table is large, and most addresses need nothing of it.
    from confusable_homoglyphs import confusables

    for found in confusables.is_confusable(char, greedy=True) or ():
        for like in found["homoglyphs"]:
            if str(like["c"]).isascii():
                return str(like["c"])
    # Wide, circled and such letters are others, dressed up.
    undressed = unicodedata.normalize("NFKC", char)
    return folded if undressed in (char, folded) else "".join(map(_plain, undressed))


def _unpunycoded(host: str) -> str:
    """A host as it is shown: the letters that stand behind "xn--"."""
    labels = []
    for label in host.split("."):
        try:
            labels.append(label.encode("ascii").decode("idna") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)
