"""The four systems that are compared, behind one form: build from passages, score all, find the best.

All are given the same terms. Parameters are k1 = 1.5 and b = 0.75, except that FTS5 has its own that cannot be
changed (1.2 and 0.75). `scores` and `top` return what the library returns, so that nothing but it is timed.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import bm25s
import numpy as np
from rank_bm25 import BM25Okapi

from knowledge.index import Bm25Index, Floats, Idf, lucene_idf, okapi_idf

K1, B = 1.5, 0.75

Passages = Sequence[list[str]]


class Engine(Protocol):
    """An index that finds the best passages."""

    def top(self, query: list[str], limit: int) -> object:
        """Return the best passages in the library's own form."""

    def first(self, query: list[str], limit: int) -> int:
        """Return the position of the first of the best passages, -1 where nothing is found."""


@runtime_checkable
class ScoringEngine(Engine, Protocol):
    """An index that also gives every passage a score."""

    def scores(self, query: list[str]) -> object:
        """Return an array of one score a passage."""


class Ours:
    """knowledge.index."""

    def __init__(self, passages: Passages, idf: Idf) -> None:
        self._index = Bm25Index(passages, k1=K1, b=B, idf=idf)

    def scores(self, query: list[str]) -> Floats:
        """Return one score a passage."""
        return self._index.scores(query)

    def top(self, query: list[str], limit: int) -> list[tuple[int, float]]:
        """Return pairs of position and score."""
        return self._index.top(query, limit)

    def first(self, query: list[str], limit: int) -> int:
        """Return the position of the best passage."""
        found = self.top(query, limit)
        return found[0][0] if found else -1


class RankBm25:
    """rank_bm25.BM25Okapi, which goes through every passage for every term of the question."""

    def __init__(self, passages: Passages) -> None:
        self._index = BM25Okapi(passages, k1=K1, b=B)
        self._positions = range(len(passages))

    def scores(self, query: list[str]) -> object:
        """Return an array of one score a passage."""
        return self._index.get_scores(query)

    def top(self, query: list[str], limit: int) -> object:
        """Return positions."""
        return self._index.get_top_n(query, self._positions, n=limit)

    def first(self, query: list[str], limit: int) -> int:
        """Return the position of the best passage."""
        return int(self._index.get_top_n(query, self._positions, n=limit)[0])


class Bm25s:
    """bm25s with its default numpy backend and float32 scores; one question a call, no threads."""

    def __init__(self, passages: Passages) -> None:
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numpy")
        self._index.index(passages, show_progress=False)

    def scores(self, query: list[str]) -> object:
        """Return an array of one score a passage."""
        return self._index.get_scores(query)

    def top(self, query: list[str], limit: int) -> object:
        """Return documents and scores, each with one row."""
        return self._index.retrieve([query], k=limit, show_progress=False)

    def first(self, query: list[str], limit: int) -> int:
        """Return the position of the best passage."""
        return int(self._index.retrieve([query], k=limit, show_progress=False).documents[0, 0])


class Fts5:
    """SQLite's full-text index in memory; it takes texts apart itself, accents and "_" kept.

    Results are ordered by `rank`, which is bm25() in the form that SQLite documents as the faster one.
    """

    def __init__(self, passages: Passages) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE passages USING fts5"
            "(text, content='', tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")"
        )
        with self._connection:
            self._connection.executemany(
                "INSERT INTO passages (rowid, text) VALUES (?, ?)",
                ((position, " ".join(passage)) for position, passage in enumerate(passages)),
            )
            self._connection.execute("INSERT INTO passages (passages) VALUES ('optimize')")

    def top(self, query: list[str], limit: int) -> list[tuple[int]]:
        """Return rows of one position each."""
        match = " OR ".join(f'"{term}"' for term in query)
        return self._connection.execute(
            "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?", (match, limit)
        ).fetchall()

    def first(self, query: list[str], limit: int) -> int:
        """Return the position of the best passage."""
        found = self.top(query, limit)
        return found[0][0] if found else -1


@dataclass(frozen=True, slots=True)
class System:
    """A system by name.

    Attributes:
        rival: the name of ours with the same idf, that its times and scores are compared with.
        scale: what its scores are to be multiplied with to be equal to ours.
    """

    name: str
    build: Callable[[Passages], Engine]
    rival: str
    scale: float = 1.0


LUCENE, OKAPI = "ours, Lucene idf", "ours, Okapi idf"

SYSTEMS = (
    System(LUCENE, lambda passages: Ours(passages, lucene_idf), rival=LUCENE),
    System(OKAPI, lambda passages: Ours(passages, okapi_idf), rival=OKAPI),
    System("rank_bm25 (BM25Okapi)", RankBm25, rival=OKAPI),
    # Lucene leaves the constant factor k1 + 1 out, which changes no order.
    System("bm25s (lucene)", Bm25s, rival=LUCENE, scale=K1 + 1),
    System("SQLite FTS5", Fts5, rival=LUCENE),
)


def deviation(scores: object, others: object, scale: float) -> float:
    """Return the largest difference between two lists of scores as a share of the best score."""
    left, right = np.asarray(scores, dtype=np.float64) * scale, np.asarray(others, dtype=np.float64)
    return float(np.abs(left - right).max() / np.abs(right).max())
