"""Which passages answer a question best: several BM25 signals over the same passages.

What each signal is for, with figures, stands in docs/retrieval.md:

- text: folded syllables and bigrams of heading and text, with two things that legal texts have and bags of
  words lose: which term a sentence defines, and which article it is;
- phrasings: the ways in which people ask for a passage, each on its own; the mean of the best few counts;
- everything: text and phrasings as one bag, which rewards a passage that several phrasings point to;
- words: underthesea's segmentation, asked only where the first two places are close and the question
  carries accents (without them segmentation fails, and loading it takes most of a second).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, pairwise

import numpy as np

from knowledge.index import Bm25Index, Floats, JoinedIndex, best
from knowledge.lexicon import Lexicon, Reading
from knowledge.text import bigrams, fold, has_diacritics, words

# Only the beginning of a question is read: segmentation of 20,000 characters holds the interpreter for 0.2 s.
QUESTION_LENGTH = 1_000

# Segmentation costs about 0.02 ms for each word and each sign, so a text of nothing but signs is ranked without it. No
# natural text of that length has more than 300.
MOST_SEGMENTED = 350
_SEGMENTED = re.compile(r"\w+|[^\w\s]")

# Chosen on the regression set and the public sets; `make bench` prints what each signal adds.
TEXT_K1, TEXT_B = 0.7, 0.75
PHRASING_K1, PHRASING_B = 1.2, 0.5
EVERYTHING_K1, EVERYTHING_B = 2.5, 0.7
BEST_PHRASINGS = 6
PHRASING_WEIGHT = 1.6
TEXT_WEIGHT = 0.6
WORDS_WEIGHT = 0.3
NEAR_TIE = 0.05

# A definition or an article number that matches weighs like several ordinary terms.
DEFINITION_WEIGHT = 5.0
ARTICLE_WEIGHT = 3.0
# What a question is about counts more than the words it is said with.
CONCEPT_WEIGHT = 1.5
# The name of a law in "theo Bộ luật Dân sự 2015, ..." says where to look, not what for.
LAW_NAME_WEIGHT = 0.4

_LAW_NAME = re.compile(
    r"(?:(?:theo|tai|trong|cua|boi) )?(?:quy dinh (?:cua|tai|trong) )?"
    r"(?:bo luat|luat|nghi dinh|thong tu|phap lenh|quyet dinh)(?: [a-z]+){0,4}?(?: nam)?(?: so)? \d{4}(?: quy dinh)?"
)
_ASKED_DEFINITION = (
    re.compile(r"(?:dinh nghia|khai niem)(?: cua| ve)? (.+)"),
    re.compile(r"^(?:the nao la|vay|thi)? ?(.+?) (?:la gi|duoc hieu|nghia la gi|duoc dinh nghia)"),
)
# Without one of these none of them is there.
_SAID_OF_DEFINITIONS = ("dinh nghia", "khai niem", "la gi", "duoc hieu")
_GIVEN_DEFINITION = re.compile(r"^(?:\d+[a-z]? |[a-z] )?([\w ]{2,60}?) (?:la|duoc hieu la|bao gom|gom) ")
_ASKED_ARTICLE = re.compile(r"\bdieu (\d+)\b")
_ITEM = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that can be found.

    Attributes:
        id: its name.
        heading: the titles it stands under.
        text: its words.
        phrasings: ways to ask for it.
        number: the number of its article, or "".
    """

    id: str
    heading: str
    text: str
    phrasings: tuple[str, ...] = ()
    number: str = ""


@dataclass(frozen=True)
class Query:
    """A question ready to be scored."""

    text: str
    reading: Reading
    weights: dict[str, float]
    joined: JoinedIndex

    @cached_property
    def scores(self) -> list[Floats]:
        """What each index gives that a ranker asks with these terms, in the order they were joined."""
        return self.joined.scores(self.terms)

    @cached_property
    def terms(self) -> dict[str, float]:
        """The terms of the question as phrasings are indexed, with the times each counts."""
        counted: dict[str, float] = {}
        for term in self.reading.terms():
            counted[term] = counted.get(term, 0.0) + (CONCEPT_WEIGHT if term[0] == "#" else 1.0)
        return counted

    @cached_property
    def content(self) -> dict[str, None]:
        """The folded syllables that carry a topic, once each, in their order."""
        return dict.fromkeys(self.reading.content())


class Ranker:
    """An index over a fixed sequence of passages; safe to share between threads."""

    def __init__(self, passages: Sequence[Passage], lexicon: Lexicon) -> None:
        """Index the passages; `lexicon` must have learnt their texts."""
        self.passages = tuple(passages)
        self.lexicon = lexicon
        self._text = Bm25Index(map(self._text_terms, self.passages), k1=TEXT_K1, b=TEXT_B)
        self._indexes: list[Bm25Index] = []
        self.bags: list[list[str]] = []
        """Everything that is said of each passage; empty where there are no phrasings."""
        if any(passage.phrasings for passage in self.passages):
            views = [[lexicon.read(view).terms() for view in passage.phrasings] for passage in self.passages]
            self._views = Bm25Index(chain.from_iterable(views), k1=PHRASING_K1, b=PHRASING_B)
            # Where the best few of each passage stand once its phrasings are sorted; -1, one past all of them, where it
            # has fewer.
            bounds = np.array([0, *accumulate(map(len, views))])
            self._own = [slice(start, end) for start, end in pairwise(bounds.tolist())]
            places = bounds[1:, np.newaxis] + np.arange(-BEST_PHRASINGS, 0)
            self._best_few = np.where(places >= bounds[:-1, np.newaxis], places, -1)
            self.bags = [
                lexicon.read(f"{passage.heading}\n{passage.text}").terms() + list(chain.from_iterable(own))
                for passage, own in zip(self.passages, views, strict=True)
            ]
            self._everything = Bm25Index(self.bags, k1=EVERYTHING_K1, b=EVERYTHING_B)
            self._indexes += [self._everything, self._views]
        self._joined = JoinedIndex(self._indexes)

    def join(self, index: Bm25Index) -> int:
        """Have an index asked with the terms of every question from now on; return its place in `Query.scores`."""
        self._indexes.append(index)
        self._joined = JoinedIndex(self._indexes)
        return len(self._indexes) - 1

    def query(self, question: str) -> Query:
        """Prepare a question; only its first 1,000 characters are read."""
        text = question[:QUESTION_LENGTH]
        reading = self.lexicon.read(text, mend=True)
        return Query(text, reading, _weights(reading.folded), self._joined)

    def scores(self, query: Query) -> Floats:
        """Return one score a passage, comparable within one question only."""
        total = self._text.scores(query.weights)
        if self.bags:
            everything, views = query.scores[:2]
            total = TEXT_WEIGHT * total + everything + PHRASING_WEIGHT * self._best_phrasings(views)
        if has_diacritics(query.text) and len(_SEGMENTED.findall(query.text)) <= MOST_SEGMENTED:
            first = best(total, 2)
            if len(first) == 2 and first[1][1] > (1 - NEAR_TIE) * first[0][1]:
                total = total + WORDS_WEIGHT * self._words.scores(words(query.text))
        return total

    def _best_phrasings(self, views: Floats) -> Floats:
        """For each passage the mean score of the few phrasings that are nearest to the question, from those of all."""
        scores = np.zeros(views.size + 1)
        scores[:-1] = views
        for own in self._own:
            scores[own].sort()
        nearest: Floats = np.add.reduce(scores.take(self._best_few), axis=1) / BEST_PHRASINGS
        return nearest

    def warm_up(self) -> None:
        """Load and index what is otherwise prepared at the first close decision."""
        self._words  # noqa: B018

    @cached_property
    def _words(self) -> Bm25Index:
        return Bm25Index([words(f"{p.heading}\n{p.text}") for p in self.passages], k1=TEXT_K1, b=TEXT_B)

    def _text_terms(self, passage: Passage) -> list[str]:
        folded = self.lexicon.read(f"{passage.heading}\n{passage.text}").folded
        terms = [*folded, *bigrams(folded), *_definitions(passage.text)]
        if passage.number:
            terms.append(f"={passage.number}")
        return terms


def _weights(folded: Sequence[str]) -> dict[str, float]:
    """The terms of a question for the text signal, with their weights."""
    joined = " ".join(folded)
    weights: dict[str, float] = {}
    for term in (*folded, *bigrams(folded)):
        weights[term] = weights.get(term, 0.0) + 1.0
    # Most questions have none of the words: `in` tells so many times faster than a pattern.
    law = _LAW_NAME.search(joined) if _DIGIT.search(joined) else None
    if law:
        name = law.group().split()
        for term in (*name, *bigrams(name)):
            weights[term] -= 1.0 - LAW_NAME_WEIGHT
        joined = " ".join(_LAW_NAME.sub(" ", joined).split())
    for pattern in _ASKED_DEFINITION if any(said in joined for said in _SAID_OF_DEFINITIONS) else ():
        asked = pattern.search(joined)
        if asked:
            weights["".join(("!", "_".join(asked.group(1).split())))] = DEFINITION_WEIGHT
            break
    for number in _ASKED_ARTICLE.findall(joined) if "dieu " in joined else ():
        weights[f"={number}"] = ARTICLE_WEIGHT
    return weights


def _definitions(text: str) -> Iterable[str]:
    """Terms that a text defines: a line that begins "1. Người lao động là ..."."""
    for line in text.split("\n"):
        match = _GIVEN_DEFINITION.match(" ".join(_ITEM.findall(fold(line[:120]))) + " ")
        if match:
            yield f"!{'_'.join(match.group(1).split())}"
