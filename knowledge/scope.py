"""Whether a question is one for the documents at all.

Retrieval always finds something. A question belongs to the documents when the passage found holds enough of
what was asked, and when no outside topic, request or small talk comes too near to it. These stand in one index with the
passages, so that common words weigh little and the scores can be compared. The limits are explained, with the figures
they were chosen by, in docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.index import Bm25Index
from knowledge.ranking import Query, Ranker
from knowledge.schema import IntentEntry

SCOPE_K1, SCOPE_B = 1.5, 0.5

# A passage must hold at least this share of the question's weight.
ENOUGH_COVERAGE = 0.32
# The nearest intent may score at most this share of the best passage. The share grows with what the passage
# covers; "có được không" speaks for a question about a rule, "giúp em" for a request. Begun with a logistic
# regression on the regression set, then set by hand.
NEAR_INTENT = 0.58
NEAR_INTENT_COVERAGE = 0.25
NEAR_INTENT_PERMISSION = 0.20
NEAR_INTENT_FAVOUR = -0.35
# A question that names one of the documents is meant for it, however it sounds.
NAMED_DOCUMENT = 2.0

DISTRESS = "distress"
"""The intent of whoever may hurt himself."""
_OF_ONESELF = frozenset({"toi", "em", "minh", "tui", "chau"})


class Scope:
    """The passages of a ranker beside everything that no passage answers."""

    def __init__(self, ranker: Ranker, intents: Sequence[IntentEntry]) -> None:
        self._intents = tuple(intents)
        self._passages = len(ranker.passages)
        bags = [*ranker.bags, *(_bag(ranker, intent) for intent in intents)]
        self._index = Bm25Index(bags, k1=SCOPE_K1, b=SCOPE_B)
        self._place = ranker.join(self._index)
        self._no_refusal = np.array([intent.kind != "refusal" for intent in intents], dtype=np.float64)
        self._terms = [frozenset(bag) for bag in ranker.bags]
        self._meant = [(place, intent.attitude) for place, intent in enumerate(intents) if intent.attitude]
        self._distress = next((intent for intent in intents if intent.id == DISTRESS), None)

    def rival(
        self, query: Query, position: int | None, *, named: bool, hidden: NDArray[np.bool_] | None = None
    ) -> IntentEntry | None:
        """Return the intent that a question belongs to rather than to the passage at a position.

        `position` is None where no passage was found; `named` says that the question names a document; `hidden` marks
        the passages that are not to be seen by whoever asks.
        """
        if self._distress and _despairs(query):
            return self._distress
        scores = query.scores[self._place]
        attitudes = query.reading.attitudes
        # "bị dọa tung ảnh", "báo tin giả ở đâu" use the words of what is refused and ask for none of it.
        rivals = scores[self._passages :] * (1.0 if "request" in attitudes else self._no_refusal)
        for place, attitude in self._meant:
            if attitude not in attitudes:
                rivals[place] = 0.0
        nearest = int(rivals.argmax()) if rivals.size else 0
        if not rivals.size or not rivals[nearest] > 0:
            return None
        intent = self._intents[nearest]
        if position is None:
            return intent
        limit = NEAR_INTENT + NEAR_INTENT_COVERAGE * self.coverage(query, position)
        if "permission" in attitudes:
            limit += NEAR_INTENT_PERMISSION
        elif "favour" in attitudes:
            limit += NEAR_INTENT_FAVOUR
        passages = scores[: self._passages]
        if hidden is not None:
            passages = np.where(hidden, 0.0, passages)
        best = passages.max() * (NAMED_DOCUMENT if named else 1.0)
        return intent if rivals[nearest] >= limit * best else None

    def covers(self, query: Query, position: int) -> bool:
        """Tell whether a passage holds enough of what was asked to be an answer."""
        return self.coverage(query, position) >= ENOUGH_COVERAGE

    def shares_topic(self, query: Query, position: int) -> bool:
        """Tell whether a passage is about anything that a question is about, so that it is worth a look at all."""
        return not self._terms[position].isdisjoint(f"#{name}" for name in query.reading.concepts)

    def coverage(self, query: Query, position: int) -> float:
        """Return the share of the question's weight that a passage holds, from 0 to 1.

        Only words that carry a topic count; those that nothing here holds weigh as much as the rarest known one.
        """
        total = found = 0.0
        terms = self._terms[position]
        for term in query.content:
            weight = self._index.idf(term) or self._index.rarest
            total += weight
            if term in terms:
                found += weight
        return found / total if total else 0.0


def _despairs(query: Query) -> bool:
    """Whether somebody despairs of himself, whatever else he tells: "bị chửi quá em chán sống"."""
    attitudes = query.reading.attitudes
    if "despair" not in attitudes or "permission" in attitudes:
        return False
    return not _OF_ONESELF.isdisjoint(query.reading.folded)


def _bag(ranker: Ranker, intent: IntentEntry) -> list[str]:
    return [term for phrasing in intent.phrasings for term in ranker.lexicon.read(phrasing).terms()]
