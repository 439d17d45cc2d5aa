"""BM25: the same numbers as rank-bm25, ties, edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from knowledge import index
from knowledge.index import Bm25Index, JoinedIndex, best, lucene_idf, okapi_idf

TOKENS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12)
CORPUS = st.lists(TOKENS, min_size=1, max_size=30)


@given(CORPUS, st.lists(st.sampled_from("abcdefghxyz"), max_size=8), st.sampled_from([(1.5, 0.75), (0.7, 0.3)]))
def test_scores_equal_those_of_rank_bm25(corpus: list[list[str]], query: list[str], k1_b: tuple[float, float]) -> None:
    k1, b = k1_b
    theirs = BM25Okapi(corpus, k1=k1, b=b).get_scores(query)
    ours = Bm25Index(corpus, k1=k1, b=b, idf=okapi_idf).scores(query)
    assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@settings(max_examples=30)
@given(CORPUS, TOKENS)
def test_however_an_index_keeps_its_weights_it_scores_the_same(corpus: list[list[str]], query: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        table = Bm25Index(corpus).scores(query)
        patch.setattr(index, "SMALL_TABLE", 0)
        patch.setattr(index, "DENSE_SHARE", 2.0)
        sparse = Bm25Index(corpus).scores(query)
        patch.setattr(index, "DENSE_SHARE", 0.0)
        dense = Bm25Index(corpus).scores(query)
    assert np.allclose(sparse, dense, rtol=1e-12)
    assert np.allclose(sparse, table, rtol=1e-12)


@settings(max_examples=50)
@given(st.lists(CORPUS, max_size=4), st.dictionaries(st.sampled_from("abcdefghxyz"), st.sampled_from([0.5, 1.0, 3.0])))
def test_joined_indexes_score_as_each_does(corpora: list[list[list[str]]], query: dict[str, float]) -> None:
    each = [Bm25Index(corpus, k1=1.0 + n) for n, corpus in enumerate(corpora)]
    joined = JoinedIndex(each).scores(query)
    assert len(joined) == len(each)
    assert all(np.allclose(found, own.scores(query), rtol=1e-12) for found, own in zip(joined, each, strict=True))


def test_weights_count_like_repeated_terms() -> None:
    corpus = [["a", "b"], ["b", "c"], ["c"]]
    ours = Bm25Index(corpus)
    assert np.allclose(ours.scores({"a": 2.0, "c": 0.5}), 2 * ours.scores(["a"]) + 0.5 * ours.scores(["c"]))


def test_lucene_idf_is_never_negative() -> None:
    frequencies = np.arange(1, 101)
    assert (lucene_idf(frequencies, 100) > 0).all()
    assert lucene_idf(np.array([1]), 10)[0] == pytest.approx(math.log(1 + 9.5 / 1.5))


@pytest.mark.parametrize("corpus", [[], [[]], [[], []]])
@pytest.mark.parametrize("idf", [okapi_idf, lucene_idf])
def test_an_empty_corpus_answers_nothing(corpus: list[list[str]], idf: index.Idf) -> None:
    empty = Bm25Index(corpus, idf=idf)
    assert empty.top(["a"], 3) == []
    assert empty.rarest == 0.0
    assert len(empty) == len(corpus)


def test_unknown_terms_add_nothing() -> None:
    one = Bm25Index([["a"], ["b"]])
    assert one.scores(["x"]).tolist() == [0.0, 0.0]
    assert one.idf("x") == 0.0
    assert "a" in one
    assert "x" not in one


@given(st.lists(st.integers(-2, 5), max_size=40), st.integers(0, 12))
def test_best_is_what_sorting_gives(scores: list[int], limit: int) -> None:
    expected = sorted(((n, s) for n, s in enumerate(scores) if s > 0), key=lambda pair: (-pair[1], pair[0]))
    assert best(np.array(scores, dtype=np.float64), limit) == expected[:limit]
