"""Passages and questions drawn at random, so that any size can be measured without any document.

The passages have what decides the speed of an index: few words that stand nearly everywhere and many that
are rare (Zipf), words of one or two syllables that come back as the same pairs, and a few words that each
passage repeats because it is about them. They mean nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.text import with_bigrams

SEED = 874

SYLLABLES = 6_000
WORDS = 20_000
ONE_SYLLABLE = 0.25
"""The share of words of one syllable; the others have two."""

# Zipf-Mandelbrot: rank r is drawn with a weight of 1 / (r + SHIFT) ** exponent. With these three the most frequent
# syllables stand in as many passages as they do in passages of 80 syllables of Vietnamese laws.
WORD_EXPONENT = 1.0
SYLLABLE_EXPONENT = 0.7
SHIFT = 2.7

PASSAGE_WORDS = 45
"""The median number of words in a passage, which makes about 80 syllables."""
SPREAD = 0.35
"""The standard deviation of the logarithm of the number of words."""
SHORTEST, LONGEST = 12, 200

TOPIC_WORDS = 6
TOPIC_SHARE = 0.3
"""The share of a passage's words that are drawn from the few it is about."""

COMMON = 200
"""The most frequent words: they are nobody's topic and are not asked for."""

SHORTEST_QUESTION, LONGEST_QUESTION = 6, 8
"""How many syllables a question has."""

_ONSETS = "- b c ch d đ g gi h k kh l m n ng nh ph qu r s t th tr v x"
_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăt âm ân âng âp ât âu ây e em en eo ep ê êch ên ênh êt
    i ia iên iêng iêm iêt iêu im in inh iu o oa oai oan oang oc oi om on ong ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn
    u ua uân uc ui um un ung uôc uôi uôn uông uy uyên ư ưa ưc ưng ươc ươi ươm ươn ương ưu
"""
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_MARKED = "ăâêôơư"

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """Terms that were taken out of one passage, and the position of that passage."""

    terms: list[str]
    source: int


@dataclass(frozen=True)
class Collection:
    """Passages as lists of terms, and questions of which each has exactly one right answer."""

    name: str
    passages: list[list[str]]
    questions: list[Question]

    def with_bigrams(self) -> Collection:
        """Return the collection with bigrams beside the syllables, as the text of documents is indexed."""
        return Collection(
            f"{self.name} with bigrams",
            [with_bigrams(passage) for passage in self.passages],
            [Question(with_bigrams(question.terms), question.source) for question in self.questions],
        )


def make_collection(passages: int, questions: int, seed: int = SEED) -> Collection:
    """Draw a collection; equal arguments give equal collections."""
    random = np.random.default_rng([seed, passages])
    words = _words(random)
    drawn = _passages(random, passages)
    texts = [[syllable for word in passage for syllable in words[word]] for passage in drawn]
    # A question may fall out again because two passages hold all its terms, so more are drawn.
    sources = random.choice(passages, size=min(passages, 2 * questions), replace=False).tolist()
    asked = [Question(_question(random, drawn[source], words), source) for source in sources]
    return Collection(f"{passages:,}", texts, _unmistakable(asked, texts)[:questions])


def _words(random: np.random.Generator) -> list[tuple[str, ...]]:
    """The vocabulary, most frequent first, each word as its syllables."""
    pool = sorted(set(_all_syllables()))
    syllables = [pool[n] for n in random.permutation(len(pool))[:SYLLABLES]]
    picked = random.choice(SYLLABLES, size=(WORDS, 2), p=_zipf(SYLLABLES, SYLLABLE_EXPONENT))
    single = random.random(WORDS) < ONE_SYLLABLE
    return [
        (syllables[first],) if alone else (syllables[first], syllables[second])
        for (first, second), alone in zip(picked.tolist(), single.tolist(), strict=True)
    ]


def _all_syllables() -> Iterable[str]:
    for onset in _ONSETS.split():
        for rime in _RIMES.split():
            # The tone stands on the last of ă â ê ô ơ ư, else on the first vowel.
            after = 1 + max((n for n, letter in enumerate(rime) if letter in _MARKED), default=0)
            for tone in _TONES:
                spelt = f"{onset.strip('-')}{rime[:after]}{tone}{rime[after:]}"
                yield unicodedata.normalize("NFC", spelt)


def _zipf(count: int, exponent: float) -> NDArray[np.float64]:
    weights = 1.0 / (np.arange(1, count + 1) + SHIFT) ** exponent
    return np.asarray(weights / weights.sum())


def _passages(random: np.random.Generator, count: int) -> list[list[int]]:
    """Each passage as the ranks of its words."""
    lengths = random.lognormal(np.log(PASSAGE_WORDS), SPREAD, count).astype(np.int64)
    lengths = lengths.clip(SHORTEST, LONGEST)
    total = int(lengths.sum())
    weights = _zipf(WORDS, WORD_EXPONENT)
    ranks = random.choice(WORDS, size=total, p=weights)
    topical = weights[COMMON:]
    topics = COMMON + random.choice(WORDS - COMMON, size=(count, TOPIC_WORDS), p=topical / topical.sum())
    owner = np.repeat(np.arange(count), lengths)
    topic = topics[owner, random.integers(TOPIC_WORDS, size=total)]
    ranks = np.where(random.random(total) < TOPIC_SHARE, topic, ranks)
    return [part.tolist() for part in np.split(ranks, np.cumsum(lengths)[:-1])]


def _question(random: np.random.Generator, passage: Sequence[int], words: Sequence[tuple[str, ...]]) -> list[str]:
    """Different syllables of a few of the passage's less common words, in the order of the passage.

    Fewer than the least number where the passage does not have them.
    """
    informative = list(dict.fromkeys(word for word in passage if word >= COMMON))
    wanted = int(random.integers(SHORTEST_QUESTION, LONGEST_QUESTION, endpoint=True))
    chosen: set[int] = set()
    size = 0
    for position in random.permutation(len(informative)).tolist():
        length = len(words[informative[position]])
        if size + length <= wanted:
            chosen.add(position)
            size += length
    terms = (syllable for position in sorted(chosen) for syllable in words[informative[position]])
    return list(dict.fromkeys(terms))


def _unmistakable(questions: Sequence[Question], passages: Sequence[Sequence[str]]) -> list[Question]:
    """Return the questions that are long enough and whose terms only their own passage holds together."""
    asked = {term for question in questions for term in question.terms}
    holders: dict[str, set[int]] = {term: set() for term in asked}
    for position, passage in enumerate(passages):
        for term in asked.intersection(passage):
            holders[term].add(position)
    return [
        question
        for question in questions
        if len(question.terms) >= SHORTEST_QUESTION
        and set.intersection(*(holders[term] for term in question.terms)) == {question.source}
    ]
