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

_SYLLABLE = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"[ \t\r\f\v]+")

# The five tone marks (grave, acute, tilde, hook above, dot below). They are moved to the end of a
# syllable so that "hòa" and "hoà", the two accepted placements, become one token.
_TONES = "\u0300\u0301\u0303\u0309\u0323"

_MAP_D = str.maketrans("đĐ", "dD")


def normalize(text: str) -> str:
    """Return `text` in NFC without control and invisible characters, blanks collapsed.

    Line feeds are kept. Unpaired surrogates, which no database or terminal can encode, are dropped.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = []
    for char in composed:
        category = unicodedata.category(char)
        if char == "\n" or category[0] != "C":
            kept.append(char)
        elif category == "Cc":
            kept.append(" ")
    return _SPACE.sub(" ", "".join(kept)).strip()


def fold(text: str) -> str:
    """Return `text` in lower case without diacritics: "Điều 4" becomes "dieu 4"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.lower()).translate(_MAP_D)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


# The same few thousand syllables come again and again; texts as a whole do not.
@lru_cache(maxsize=16_384)
def fold_syllable(syllable: str) -> str:
    """Return one syllable without diacritics, as `fold` does."""
    return fold(syllable)


def syllables(text: str) -> list[str]:
    """Return the syllables of `text` in lower case, accents kept, tone marks at the end.

    Single letters count ("ở", "ý", "a"); punctuation, emoji and underscores separate.
    """
    if text.isascii():
        return _SYLLABLE.findall(text.lower())
    return [_tone_last(token) for token in _SYLLABLE.findall(unicodedata.normalize("NFC", text).lower())]


def folded_syllables(text: str) -> list[str]:
    """Return the syllables of `text` without any diacritic."""
    return _SYLLABLE.findall(fold(text))


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

    The model is loaded on first use (about 0.6 s and 90 MB once), so a caller that never asks for
    words never pays for it. It costs about 0.3 ms for a sentence and grows with the length: callers cut
    long texts first.
    """
    from underthesea import word_tokenize

    found = word_tokenize(unicodedata.normalize("NFC", text))
    return ["_".join(syllables(word)) for word in found if _SYLLABLE.search(word)]


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
