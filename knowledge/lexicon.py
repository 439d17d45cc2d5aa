"""How staff write, and what it stands for: abbreviations, typos, synonyms, words that carry no topic.

The lists stand in `lexicon.yaml`. A `Reading` is what one text turns into: the same steps are taken for a
question and for the texts it is compared with, so that "nick bi hack" and "tài khoản bị mất quyền kiểm
soát" meet in the concepts they share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Generic, TypeVar

from knowledge.schema import LexiconEntry
from knowledge.text import bigrams, fold_syllable, syllables

BUILT_IN = Path(__file__).parent / "lexicon.yaml"

# The share of a folded syllable's uses that must belong to one accented form before a syllable without
# accents is read as that form: "ban" may be bán, bạn or bản and says nothing alone.
CLEAR_SHARE = 0.75

# A number with fewer digits says nothing by itself: "1", "55 tuổi". Longer ones name documents and years.
SHORTEST_NUMBER = 3

# Shorter syllables have too many neighbours one letter away.
SHORTEST_TYPO = 4

# Onset and rime of a Vietnamese syllable without diacritics. A token of this shape is a word, known or not, and
# is never "corrected" into another.
_VIETNAMESE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnprstvx])?"
    r"(?:[aeiouy]|[aeo]o|[aeiou]a|[aou]i|[aeo]u|iu|[au]y|oe|ue|uo|uya|oai|oay|oeo|uay|uoi|uou|ieu|yeu|uyu"
    r"|(?:[aeiouy]|oa|oe|ie|ye|uo|ua|ue|uy|uye|oo)(?:ch|ng|nh|[cmnpt]))"
)
# Marks of the Telex and VNI keyboards that stay in the text when the keyboard was off: "khoarn", "bij".
_TELEX_TONE = re.compile(r"(?<=[aeiouy])([a-z]*?)[sfrxj]$")
_TELEX_INNER_TONE = re.compile(r"(?<=[aeiouyw])[sfrxj](?=[aeiouycmnpgt])")
_TELEX_TONE_KEYS = ("s", "f", "r", "x", "j")
_TELEX_SHAPE = ((re.compile(r"dd"), "d"), (re.compile(r"([aeo])\1"), r"\1"), (re.compile(r"w"), ""))

_HOOK, _TILDE = "\u0309", "\u0303"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading:
    """One text after abbreviations are written out and typos mended.

    Attributes:
        syllables: lower case, accents as typed, tone marks last.
        folded: the same without diacritics.
        stop: for each syllable, whether it carries no topic.
        concepts: the names of the concepts the text holds, once each, in order.
        attitudes: how it is meant: "permission", "favour".
    """

    syllables: tuple[str, ...]
    folded: tuple[str, ...]
    stop: tuple[bool, ...]
    concepts: tuple[str, ...]
    attitudes: frozenset[str] = frozenset()

    def content(self) -> list[str]:
        """Return the folded syllables that carry a topic."""
        return [token for token, stop in zip(self.folded, self.stop, strict=True) if not stop]

    def terms(self) -> list[str]:
        """Return what is indexed: folded syllables, their bigrams, and concepts as "#name".

        Words without a topic stay in: taking them out made ranking no better (docs/retrieval.md).
        """
        return [*self.folded, *bigrams(self.folded), *(f"#{name}" for name in self.concepts)]


class Lexicon:
    """The lists of one lexicon file, ready to read texts."""

    def __init__(self, entry: LexiconEntry) -> None:
        self._stop = {token for line in entry.stop for token in syllables(line)}
        self._abbreviations: _Phrases[list[str]] = _Phrases()
        for short, long in entry.abbreviations.items():
            self._abbreviations.add(short, syllables(long))
        self._concepts: _Phrases[str] = _Phrases()
        for name, variants in entry.concepts.items():
            for variant in variants:
                self._concepts.add(variant, name)
        self._attitudes: _Phrases[str] = _Phrases()
        for name, variants in entry.attitudes.items():
            for variant in variants:
                self._attitudes.add(variant, name)
        self._showing = {fold_syllable(token) for line in entry.showing for token in syllables(line)}
        self._forms: dict[str, Counter[str]] = {}
        self._beginnings: set[str] = set()
        self._usual_stops: frozenset[str] | None = None
        self.learn(entry.stop)
        self.learn(entry.abbreviations.values())
        self.learn(variant for variants in entry.concepts.values() for variant in variants)
        self.learn(variant for variants in entry.attitudes.values() for variant in variants)

    def learn(self, texts: Iterable[str]) -> None:
        """Take the words of accented texts as known: typos are mended towards them.

        How often each accented form stands behind a folded one is learnt too.
        """
        for text in texts:
            for syllable in syllables(text):
                folded = fold_syllable(syllable)
                if folded not in self._forms:
                    self._forms[folded] = Counter()
                    self._beginnings.update(accumulate(folded, initial=""))
                self._forms[folded][syllable] += 1
        self._usual_stops = None

    def knows(self, folded: str) -> bool:
        """Tell whether a folded syllable stands in any text or list that was learnt."""
        return folded in self._forms

    def read(self, text: str, *, mend: bool = False) -> Reading:
        """Read a text; with `mend`, tokens that are no Vietnamese syllable are mended (for questions)."""
        typed = syllables(text)
        tokens, folded = self._write_out(typed, list(map(fold_syllable, typed)))
        if mend:
            # Hardly ever is a word not known.
            if not self._forms.keys() >= set(folded):
                tokens = [each for token in tokens for each in self._mended(token)]
            # Where nothing was changed nothing is new that may be written out.
            if tokens != typed:
                tokens, folded = self._write_out(tokens, list(map(fold_syllable, tokens)))
        return Reading(
            syllables=tuple(tokens),
            folded=tuple(folded),
            stop=tuple(self._stops(tokens)),
            concepts=tuple(dict.fromkeys(self._found(self._concepts, tokens, folded))),
            attitudes=frozenset(self._found(self._attitudes, tokens, folded)),
        )

    def only_shows(self, reading: Reading) -> bool:
        """Whether a reading says nothing but that something is to be shown: "nói gì", "nội dung là gì"."""
        return all(stop or token in self._showing for token, stop in zip(reading.folded, reading.stop, strict=True))

    def _stops(self, tokens: Sequence[str]) -> Iterator[bool]:
        """For each token of a text, whether it carries no topic."""
        # Without any accents "anh" may be "ảnh": it counts as a stop word where it usually is one.
        stop = self._usually_stop() if all(map(str.isascii, tokens)) else self._stop
        for token in tokens:
            yield token in stop or (len(token) < SHORTEST_NUMBER and token.isdigit())

    def _usually_stop(self) -> frozenset[str]:
        """The folded syllables that most often stand for a stop word."""
        if self._usual_stops is None:
            self._usual_stops = frozenset(
                folded
                for folded, forms in self._forms.items()
                if sum(n for form, n in forms.items() if form in self._stop) * 2 > forms.total()
            )
        return self._usual_stops

    def _write_out(self, tokens: list[str], folded: list[str]) -> tuple[list[str], list[str]]:
        """Return tokens with abbreviations written out, and what they are folded."""
        if self._abbreviations.beginnings.isdisjoint(folded):
            return tokens, folded
        written: list[str] = []
        position = 0
        while position < len(tokens):
            begins = folded[position] in self._abbreviations.beginnings
            for phrase, values in self._abbreviations.at(folded, position) if begins else ():
                typed = tuple(tokens[position : position + len(phrase)])
                if phrase == typed or (len(phrase) > 1 and all(token.isascii() for token in typed)):
                    written.extend(values[0])
                    position += len(phrase)
                    break
            else:
                written.append(tokens[position])
                position += 1
        return written, list(map(fold_syllable, written))

    def _found(self, phrases: _Phrases[str], tokens: Sequence[str], folded: Sequence[str]) -> Iterator[str]:
        for position, first in enumerate(folded):
            if first not in phrases.beginnings:
                continue
            for phrase, names in phrases.at(folded, position):
                if len(phrase) > 1 or self._is_form(tokens[position], phrase[0]):
                    yield from names

    def _is_form(self, typed: str, meant: str) -> bool:
        """Whether one typed syllable is the accented one that is meant.

        Without accents it is where hardly any other word is written so; hook and tilde are exchanged in
        half the country, so they count as one.
        """
        if typed.isascii() and not meant.isascii():
            forms = self._forms.get(typed)
            return forms is not None and forms[meant] >= CLEAR_SHARE * forms.total()
        return typed.replace(_HOOK, _TILDE) == meant.replace(_HOOK, _TILDE)

    def _mended(self, token: str) -> list[str]:
        plain = fold_syllable(token)
        if plain in self._forms or len(plain) < SHORTEST_TYPO or not plain.isalpha():
            return [token]
        decoded = _without_telex(plain)
        if decoded != plain and decoded in self._forms:
            return [decoded]
        if _VIETNAMESE.fullmatch(plain):
            return [token]
        near = [neighbour for neighbour in self._neighbours(plain) if neighbour in self._forms]
        if near:
            return [max(near, key=lambda neighbour: self._forms[neighbour].total())]
        for cut in range(2, len(plain) - 1):
            parts = [plain[:cut], plain[cut:]]
            if all(part in self._forms and _VIETNAMESE.fullmatch(part) for part in parts):
                return parts
        return [token]

    def _neighbours(self, token: str) -> Iterator[str]:
        """Yield what is one deletion, exchange of neighbours, replacement or insertion away and may be known.

        Left out is what begins as no known syllable does.
        """
        letters = "abcdeghiklmnopqrstuvxy"
        for cut in range(len(token) + 1):
            left, right = token[:cut], token[cut:]
            if left not in self._beginnings:
                return
            if right:
                yield left + right[1:]
            if len(right) > 1:
                yield left + right[1] + right[0] + right[2:]
            for letter in letters:
                if right:
                    yield left + letter + right[1:]
                yield left + letter + right


class _Phrases(Generic[Value]):
    """Phrases of one or more syllables with values, found by their folded form."""

    def __init__(self) -> None:
        self._by_folded: dict[tuple[str, ...], dict[tuple[str, ...], list[Value]]] = {}
        self._lengths: dict[tuple[str, ...], list[int]] = {}
        """By the one or two folded syllables that phrases begin with: how many they have, the longest first."""
        self.beginnings: set[str] = set()
        """The folded syllables that phrases begin with."""

    def add(self, phrase: str, value: Value) -> None:
        written = tuple(syllables(phrase))
        key = tuple(fold_syllable(token) for token in written)
        self._by_folded.setdefault(key, {}).setdefault(written, []).append(value)
        if key:
            lengths = {len(key), *self._lengths.get(key[:2], ())}
            self._lengths[key[:2]] = sorted(lengths, reverse=True)
            self.beginnings.add(key[0])

    def at(self, folded: Sequence[str], position: int) -> list[tuple[tuple[str, ...], list[Value]]]:
        """Return the phrases as written that begin at a position, the longest first, with their values."""
        found: list[tuple[tuple[str, ...], list[Value]]] = []
        two = tuple(folded[position : position + 2])
        # Most words that a phrase begins with are followed by another word than there: two tell nearly all apart.
        for length in (*self._lengths.get(two, ()), *(self._lengths.get(two[:1], ()) if len(two) > 1 else ())):
            written = self._by_folded.get(tuple(folded[position : position + length]))
            if written and position + length <= len(folded):
                found.extend(written.items())
        return found


def _without_telex(token: str) -> str:
    """Return a folded token as Telex would have read it: "taif" and "tafi" give "tai", "khoarn" "khoan"."""
    token = _TELEX_INNER_TONE.sub("", token)
    # To find that a token does not end so takes the pattern a time that grows with the square of its length.
    if token.endswith(_TELEX_TONE_KEYS):
        token = _TELEX_TONE.sub(r"\1", token)
    for shape, plain in _TELEX_SHAPE:
        token = shape.sub(plain, token)
    return token
