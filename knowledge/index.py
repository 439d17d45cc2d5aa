"""BM25 over postings that are computed once.

The model is that of rank-bm25 (Robertson/Sparck Jones weights in the form of Trotman, Puurula and Burgess,
"Improvements to BM25 and Language Models Examined", 2014): a document d scores for a query q

    sum over the terms t of q of  idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * |d| / avgdl))

where a term that stands twice in the query counts twice. Everything but the sum is known when the
documents are, so each posting holds its finished weight and a question costs one addition a posting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Idf = Callable[[NDArray[np.int64], int], Floats]
"""From the number of documents that hold each term, and the number of documents, to a weight a term."""

# The share of rank-bm25's average idf that a term gets whose own idf would be negative.
OKAPI_EPSILON = 0.25

# An index of so few weights is kept as a table, zeros and all: a question is then one sum of its rows.
SMALL_TABLE = 1_500_000

# In a larger one, a term in more than this share of the documents is kept as a full row of weights: adding rows is
# several times faster than adding by index, and few terms are that frequent.
DENSE_SHARE = 1 / 8

# So few scores are sorted whole faster than the best of them are told apart.
FEW_SCORES = 500


def okapi_idf(frequencies: NDArray[np.int64], count: int) -> Floats:
    """Return rank-bm25's idf: log((N - n + 0.5) / (n + 0.5)), negative ones lifted to a floor.

    The floor is a quarter of the mean idf, itself negative where most terms are frequent.
    """
    idf: Floats = np.log(count - frequencies + 0.5) - np.log(frequencies + 0.5)
    if idf.size:
        idf[idf < 0] = OKAPI_EPSILON * idf.mean()
    return idf


def lucene_idf(frequencies: NDArray[np.int64], count: int) -> Floats:
    """Return Lucene's idf, log(1 + (N - n + 0.5) / (n + 0.5)), which is never negative."""
    idf: Floats = np.log1p((count - frequencies + 0.5) / (frequencies + 0.5))
    return idf


class Bm25Index:
    """Postings of a fixed sequence of tokenised documents; safe to share between threads.

    Documents are known by their position in `documents`. A collection that grows gets a new index; the
    old one goes on answering until it is replaced.
    """

    def __init__(
        self,
        documents: Iterable[Sequence[str]],
        *,
        k1: float = 1.5,
        b: float = 0.75,
        idf: Idf = lucene_idf,
    ) -> None:
        vocabulary: dict[str, int] = {}
        flat: list[int] = []
        lengths: list[int] = []
        for tokens in documents:
            flat.extend([vocabulary.setdefault(token, len(vocabulary)) for token in tokens])
            lengths.append(len(tokens))
        self._vocabulary = vocabulary
        self._count = len(lengths)

        length = np.array(lengths, dtype=np.float64)
        owner = np.repeat(np.arange(self._count, dtype=np.int64), lengths)
        # One integer for each (term, document) pair, so that sorting groups postings by term.
        pairs, frequency = np.unique(np.array(flat, dtype=np.int64) * max(self._count, 1) + owner, return_counts=True)
        term, document = np.divmod(pairs, max(self._count, 1))
        document_frequency = np.bincount(term, minlength=len(vocabulary))
        self._idf = idf(document_frequency, self._count)
        average = length.mean() if length.sum() else 1.0
        norm = k1 * (1 - b + b * length / average)
        self._weights: Floats = self._idf[term] * frequency * (k1 + 1) / (frequency + norm[document])
        self._documents = document.astype(np.intp)
        self._starts: list[int] = [0, *np.cumsum(document_frequency).tolist()]
        self._frequencies = document_frequency

    def __len__(self) -> int:
        """Return the number of documents."""
        return self._count

    def __contains__(self, term: str) -> bool:
        """Tell whether any document holds the term."""
        return term in self._vocabulary

    @cached_property
    def _table(self) -> Floats | None:
        """All weights, where they are few."""
        if not 0 < self._count * len(self._vocabulary) <= SMALL_TABLE:
            return None
        return np.array([self._row(position) for position in range(len(self._vocabulary))])

    @cached_property
    def _dense(self) -> dict[int, Floats]:
        """The full rows of the frequent terms."""
        frequent = np.flatnonzero(self._frequencies > self._count * DENSE_SHARE)
        return {int(position): self._row(int(position)) for position in frequent}

    def idf(self, term: str) -> float:
        """Return the weight of a term before length and frequency; 0 where no document holds it."""
        position = self._vocabulary.get(term)
        return 0.0 if position is None else self._idf.item(position)

    @cached_property
    def rarest(self) -> float:
        """The idf of the rarest term, which an unknown one would have at least; 0 in an empty index."""
        return float(self._idf.max()) if self._idf.size else 0.0

    def scores(self, query: Iterable[str] | Mapping[str, float]) -> Floats:
        """Return one score a document, in their order; unknown terms add nothing.

        `query` is the terms as they come, or terms with the number of times each counts.
        """
        counted = query if isinstance(query, Mapping) else Counter(query)
        if self._table is not None:
            return self._sum_of_rows(self._table, counted)
        rows: list[Floats] = []
        documents: list[NDArray[np.intp]] = []
        weights: list[Floats] = []
        for term, times in counted.items():
            position = self._vocabulary.get(term)
            if position is None:
                continue
            row = self._dense.get(position)
            if row is not None:
                rows.append(row if times == 1 else times * row)
            else:
                span = slice(self._starts[position], self._starts[position + 1])
                documents.append(self._documents[span])
                weights.append(self._weights[span] if times == 1 else times * self._weights[span])
        # One pass over all postings is faster than one call a term.
        total = np.zeros(self._count)
        if documents:
            summed = np.bincount(np.concatenate(documents), np.concatenate(weights), self._count)
            total = summed.astype(np.float64, copy=False)
        for row in rows:
            total += row
        return total

    def _sum_of_rows(self, table: Floats, counted: Mapping[str, float]) -> Floats:
        positions: list[int] = []
        counts: list[float] = []
        for term, times in counted.items():
            position = self._vocabulary.get(term)
            if position is not None:
                positions.append(position)
                counts.append(times)
        total: Floats = np.array(counts, dtype=np.float64) @ table.take(positions, axis=0)
        return total

    def top(self, query: Iterable[str], limit: int) -> list[tuple[int, float]]:
        """Return the `limit` best (document, score) pairs with a score above 0, best first.

        Equal scores keep the order of the documents.
        """
        return best(self.scores(query), limit)

    def _row(self, position: int) -> Floats:
        span = slice(self._starts[position], self._starts[position + 1])
        row = np.zeros(self._count)
        row[self._documents[span]] = self._weights[span]
        return row

    @property
    def postings(self) -> tuple[Iterable[str], NDArray[np.int64], NDArray[np.intp], Floats]:
        """Every term, in how many documents each stands, these documents term by term, and its weight in each."""
        return self._vocabulary.keys(), self._frequencies, self._documents, self._weights


class JoinedIndex:
    """Several indexes that are asked the same: one look-up a term and one pass over the postings of all."""

    def __init__(self, indexes: Sequence[Bm25Index]) -> None:
        self._bounds = list(accumulate(map(len, indexes), initial=0))
        vocabulary: dict[str, int] = {}
        owners: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        documents: list[NDArray[np.intp]] = [np.zeros(0, dtype=np.intp)]
        weights: list[Floats] = [np.zeros(0)]
        for first, index in zip(self._bounds, indexes, strict=False):
            terms, frequencies, own, weight = index.postings
            positions = [vocabulary.setdefault(term, len(vocabulary)) for term in terms]
            owners.append(np.repeat(np.array(positions, dtype=np.int64), frequencies))
            documents.append(own + first)
            weights.append(weight)
        owner = np.concatenate(owners)
        # Stable, so that the postings of a term stay in the order of the indexes.
        order = np.argsort(owner, kind="stable")
        self._documents = np.concatenate(documents)[order]
        self._weights = np.concatenate(weights)[order]
        ends = np.cumsum(np.bincount(owner, minlength=len(vocabulary))).tolist()
        self._spans = dict(zip(vocabulary, map(slice, [0, *ends], ends), strict=True))

    def scores(self, query: Mapping[str, float]) -> list[Floats]:
        """Return the scores of each index, in their order, as each would give them.

        `query` is terms with the number of times each counts.
        """
        documents: list[NDArray[np.intp]] = []
        weights: list[Floats] = []
        for term, times in query.items():
            span = self._spans.get(term)
            if span is not None:
                documents.append(self._documents[span])
                weights.append(self._weights[span] if times == 1 else times * self._weights[span])
        if not documents:
            return [np.zeros(end - start) for start, end in pairwise(self._bounds)]
        summed = np.bincount(np.concatenate(documents), np.concatenate(weights), self._bounds[-1])
        total = summed.astype(np.float64, copy=False)
        return [total[start:end] for start, end in pairwise(self._bounds)]


def best(scores: Floats, limit: int) -> list[tuple[int, float]]:
    """Return the `limit` highest positive scores as (position, score), best first, ties by position."""
    if scores.size <= FEW_SCORES:
        order = (-scores).argsort(kind="stable")[: max(limit, 0)]
        pairs = zip(order.tolist(), scores[order].tolist(), strict=True)
        return [(position, score) for position, score in pairs if score > 0]
    # Most passages share no term with a question: only those that do are looked at.
    candidates = np.flatnonzero(scores > 0)
    if limit <= 0 or not candidates.size:
        return []
    if limit < candidates.size:
        # argpartition alone would pick any of the equal scores at the edge; all of them take part, so that the
        # lowest position wins.
        values = scores[candidates]
        edge = np.partition(values, values.size - limit)[values.size - limit]
        candidates = candidates[values >= edge]
    order = np.argsort(-scores[candidates], kind="stable")[:limit]
    return [(int(position), float(scores[position])) for position in candidates[order]]
