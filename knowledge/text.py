"""Vietnamese text as the index sees it: normal form, folding, syllables, bigrams, words.

Every function takes text as people type it and returns new values; nothing here knows what a
document or a question is. Texts are compared in NFC: a decomposed "ộ" (as some phones send it) falls
apart into separate tokens otherwise.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from knowledge.segmentation import load_tokenizer

_SYLLABLE = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"  +")

# What somebody has just said is read by one job after the other, each time in the same forms.
_LATELY = 32

# The five tone marks (grave, acute, tilde, hook above, dot below). They are moved to the end of a
# syllable so that "hòa" and "hoà", the two accepted placements, become one token.
_TONES = "\u0300\u0301\u0303\u0309\u0323"

# The marks above and below Vietnamese letters: the tones, circumflex, breve and horn.
_MARKS = re.compile("[\u0300-\u0303\u0306\u0309\u031b\u0323]")


@lru_cache(maxsize=_LATELY)
def normalize(text: str) -> str:
    """Return `text` in NFC without control and invisible characters, blanks collapsed.

    Line feeds are kept. Unpaired surrogates, which no database or terminal can encode, are dropped.
    """
    composed = unicodedata.normalize("NFC", text)
    # What has nothing to take out, nearly every text, is told at once.
    if not composed.replace("\n", " ").isprintable():
        composed = "".join(map(_visible, composed))
    if "  " in composed:
        composed = _SPACE.sub(" ", composed)
    return composed.strip()


@lru_cache(maxsize=_LATELY)
def fold(text: str) -> str:
    """Return `text` in lower case without diacritics: "Điều 4" becomes "dieu 4"."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFD", text.lower())).replace("đ", "d")
    if plain.isascii():
        return plain
    # Marks of other languages go, letters of other scripts stay.
    return "".join(char for char in plain if not unicodedata.combining(char))


# The same few thousand syllables come again and again; texts as a whole do not.
@lru_cache(maxsize=16_384)
def fold_syllable(syllable: str) -> str:
    """Return one syllable without diacritics, as `fold` does."""
    return fold(syllable)


def syllables(text: str) -> list[str]:
    """Return the syllables of `text` in lower case, accents kept, tone marks at the end.

    Single letters count ("ở", "ý", "a"); punctuation, emoji and underscores separate.
    """
    return list(_syllables(text))


@lru_cache(maxsize=_LATELY)
def _syllables(text: str) -> tuple[str, ...]:
    if text.isascii():
        return tuple(_SYLLABLE.findall(text.lower()))
    return tuple(map(_tone_last, _SYLLABLE.findall(unicodedata.normalize("NFC", text).lower())))


def folded_syllables(text: str) -> list[str]:
    """Return the syllables of `text` without any diacritic."""
    return list(_folded_syllables(text))


@lru_cache(maxsize=_LATELY)
def _folded_syllables(text: str) -> tuple[str, ...]:
    return tuple(_SYLLABLE.findall(fold(text)))


def bigrams(tokens: Sequence[str]) -> list[str]:
    """Return adjacent pairs joined by "_": ["mạng", "xã", "hội"] gives ["mạng_xã", "xã_hội"]."""
    return [f"{left}_{right}" for left, right in itertools.pairwise(tokens)]


def with_bigrams(tokens: Sequence[str]) -> list[str]:
    """Return the tokens followed by their bigrams: the terms that are indexed."""
    return [*tokens, *bigrams(tokens)]


def has_diacritics(text: str) -> bool:
    """Tell whether `text` carries Vietnamese diacritics (or đ) at all."""
    return not text.isascii() and fold(text) != unicodedata.normalize("NFC", text).lower()


def words(text: str) -> list[str]:
    """Return the words that underthesea's CRF model finds, lower case, syllables joined by "_".

    The model is loaded on first use (about 0.7 s and 40 MB once), so a caller that never asks for
    words never pays for it. It costs about 0.3 ms for a sentence and grows with the length: callers cut
    long texts first.
    """
    found = load_tokenizer()(unicodedata.normalize("NFC", text))
    return ["_".join(syllables(word)) for word in found if _SYLLABLE.search(word)]


def _visible(char: str) -> str:
    """Return a character, a blank for a control character, and nothing for what cannot be seen or stored."""
    category = unicodedata.category(char)
    if char == "\n" or category[0] != "C":
        return char
    return " " if category == "Cc" else ""


@lru_cache(maxsize=16_384)
def _tone_last(syllable: str) -> str:
    if syllable.isascii():
        return syllable
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = "".join(char for char in decomposed if char in _TONES)
    if not tones:
        return syllable
    letters = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", letters) + tones
