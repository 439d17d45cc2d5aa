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

# Of what somebody reports, so much is compared: nobody else is to wait.
_LONGEST_READ, _MOST_ADDRESSES = 600, 3


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

    Where it is one of them by its address, the others are left out. Of a long text only the beginning is read.
    """
    reported = reported[:_LONGEST_READ]
    addresses = addresses_in(reported)[:_MOST_ADDRESSES]
    name = reported
    for address in addresses:
        name = name.replace(address, " ")
    theirs, words = [_seen_at(address) for address in addresses], _words(name)
    found: list[Match] = []
    for page in pages:
        kinds = [_by_address(one, _seen_at(page.address)) for one in theirs] if page.address else []
        likest = min((kind for kind in (*kinds, _by_name(words, _words(page.name))) if kind), default=None)
        if likest:
            found.append(Match(page, likest))
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """An address as it is compared.

    Attributes:
        names: what it may be taken for: the handle on a platform; elsewhere the host, and what follows it, which may
            imitate a page of a platform.
        name: what an official page is known by, the first of those.
        ending: the first word of a host of the web.
    """

    location: Location
    names: tuple[_Name, ...]
    ending: str

    @property
    def name(self) -> _Name:
        return self.names[0]


@dataclass(frozen=True, slots=True)
class _Name:
    """A name by its letters, and as it is seen at a glance; with both the letters that it has at all, as bits."""

    lettered: str
    squeezed: str
    bits: tuple[int, int]


# Of the whole register, so that a report waits for no more than its own address.
@lru_cache(maxsize=8192)
def _seen_at(address: str) -> _Seen:
    location = locate(address)
    is_host = bool(location.host) and location.host not in _PLATFORM_OF
    names = (location.host, location.handle) if is_host else (location.handle,)
    first = _squeezed(location.host.partition(".")[0]) if is_host else ""
    return _Seen(location, tuple(_name(part) for part in names), first)


def _name(text: str) -> _Name:
    lettered, squeezed = _lettered(text), _squeezed(text)
    return _Name(lettered, squeezed, (_bits(lettered), _bits(squeezed)))


def _bits(text: str) -> int:
    return sum(1 << ord(char) for char in set(text))


def _by_address(theirs: _Seen, ours: _Seen) -> Likeness | None:
    if theirs.location.key == ours.location.key:
        return Likeness.SAME
    meant = ours.name.squeezed
    if not meant:
        return None
    if any(one.squeezed == meant for one in theirs.names):
        return Likeness.LOOK_ALIKE
    if len(meant) >= _SHORTEST_PART and any(meant in one.squeezed for one in theirs.names):
        return Likeness.EXTENDED
    # Two hosts that begin with the same word: soviduabc.mau.gov.vn and soviduabc.com.
    if len(ours.ending) >= _SHORTEST_PART and theirs.ending == ours.ending:
        return Likeness.EXTENDED
    is_number = ours.location.handle.isdigit() or theirs.location.handle.isdigit()
    if not is_number and any(_is_mistyped(one, ours.name) for one in theirs.names):
        return Likeness.MISTYPED
    return None


@dataclass(frozen=True, slots=True)
class _Words:
    """A name of a page as it is compared: its words, its numbers, and all of it as one name."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    joined: _Name


@lru_cache(maxsize=8192)
def _words(name: str) -> _Words:
    # A number is a number, and not a word that looks like one.
    seen = [word if word.isdigit() else skeleton(word) for word in re.findall(r"[^\W_]+", name)]
    words = tuple(word for word in seen if word not in _beside()) or tuple(seen)
    return _Words(words, tuple(word for word in words if word.isdigit()), _name("".join(words)))


@lru_cache(maxsize=1)
def _beside() -> frozenset[str]:
    return frozenset(map(skeleton, _BESIDE))


def _by_name(theirs: _Words, ours: _Words) -> Likeness | None:
    if not theirs.words or not ours.words:
        return None
    if theirs.words == ours.words:
        return Likeness.SAME_NAME
    if sum(map(len, ours.words)) < _SHORTEST_NAME or theirs.numbers != ours.numbers:
        return None
    count = len(ours.words)
    around = range(len(theirs.words) - count + 1) if count > 1 else ()
    is_part = any(theirs.words[start : start + count] == ours.words for start in around)
    return Likeness.NEAR_NAME if is_part or _is_mistyped(theirs.joined, ours.joined) else None


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", skeleton(name))


def _lettered(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _latin(name))


def _is_mistyped(one: _Name, other: _Name) -> bool:
    """Whether two names are a typing error apart, two where they are long; by their letters, or as they are seen."""
    return _is_near(one.lettered, other.lettered, one.bits[0] ^ other.bits[0]) or _is_near(
        one.squeezed, other.squeezed, one.bits[1] ^ other.bits[1]
    )


def _is_near(one: str, other: str, different: int) -> bool:
    """Whether so few letters are wrong; `different` are those that only one of the two has, as bits."""
    shorter = min(len(one), len(other))
    if shorter < _SHORTEST_TYPED:
        return False
    most = 2 if shorter >= _LONG else 1
    # An error takes away one letter and brings another, at most; so most names are told apart without more ado.
    return abs(len(one) - len(other)) <= most and different.bit_count() <= 2 * most and _distance(one, other) <= most


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
