"""Item statistics against an independent computation with numpy and scipy, on random answers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from handlers.quiz.statistics import (
    BANDS,
    ItemStatistics,
    Response,
    Sheet,
    compare,
    count,
    difficulty_of,
    doubts_of,
    has_passed,
    in_percent,
    items,
    of_round,
    rounded_down,
    sureness_of,
)

Scores = NDArray[np.float64]


def sheets_of(scores: Scores, finished: NDArray[np.bool_], seconds: Scores | None = None) -> list[Sheet]:
    """A sheet for each row; a score of nan is a question that was left open."""
    return [
        Sheet(
            person,
            bool(finished[person]),
            tuple(
                Response(
                    item,
                    () if math.isnan(score) else (0 if score == 1 else 1,),
                    0.0 if math.isnan(score) else float(score),
                    None if seconds is None else float(seconds[person, item]),
                )
                for item, score in enumerate(row)
            ),
        )
        for person, row in enumerate(scores)
    ]


def random_scores(seed: int, people: int, questions: int) -> tuple[Scores, NDArray[np.bool_], Scores]:
    rng = np.random.default_rng(seed)
    skill = rng.normal(size=(people, 1))
    scores = (skill + rng.normal(size=(people, questions)) > rng.normal(size=questions)).astype(float)
    scores[rng.random(scores.shape) < 0.15] = 0.5
    scores[rng.random(scores.shape) < 0.1] = np.nan
    return scores, rng.random(people) < 0.8, rng.gamma(2.0, 10.0, size=scores.shape)


def same(mine: float | None, theirs: float) -> bool:
    """None where numpy has no number either: nothing varies."""
    return mine is None if math.isnan(theirs) else mine == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 80), st.integers(2, 12))
def test_the_figures_are_those_of_numpy_and_scipy(seed: int, people: int, questions: int) -> None:
    raw, finished, seconds = random_scores(seed, people, questions)
    sheets = sheets_of(raw, finished, seconds)
    done = np.nan_to_num(raw[finished])
    found = items(count(sheets, 0.5))
    assert found.keys() == (set(range(questions)) if len(done) else set())
    for item, figures in found.items():
        column = done[:, item]
        rest = done.sum(axis=1) - column
        assert figures.count == len(done)
        assert figures.facility == pytest.approx(column.mean())
        answered = ~np.isnan(raw[finished][:, item])
        assert figures.unanswered == int((~answered).sum())
        times = seconds[finished][:, item][answered]
        assert same(figures.seconds, float(np.median(times)) if len(times) else math.nan)
        if len(done) < 2:
            assert (figures.spread, figures.discrimination, figures.efficiency) == (None, None, None)
            continue
        assert same(figures.spread, float(np.std(column, ddof=1)))
        varies = column.std() > 0 and rest.std() > 0
        assert same(figures.discrimination, float(stats.pearsonr(column, rest).statistic) if varies else math.nan)
        largest = np.cov(np.sort(column), np.sort(rest))[0, 1]
        ratio = float(np.cov(column, rest)[0, 1] / largest) if varies else math.nan
        assert same(figures.efficiency, ratio)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 80), st.integers(2, 12), st.sampled_from([0.5, 0.8, 1.0]))
def test_the_figures_of_a_round_are_those_of_numpy(seed: int, people: int, questions: int, mark: float) -> None:
    raw, finished, _ = random_scores(seed, people, questions)
    found = of_round(count(sheets_of(raw, finished), mark))
    done = np.nan_to_num(raw[finished])
    totals = done.sum(axis=1)
    assert (found.begun, found.finished) == (people, len(done))
    assert found.passed == int((totals / questions >= mark - 1e-6).sum())
    assert found.seconds is None
    if not len(done):
        assert (found.mean, found.median, found.spread, found.consistency) == (None, None, None, None)
        return
    assert found.mean == pytest.approx(done.mean())
    assert found.median == pytest.approx(np.median(totals / questions))
    assert same(found.spread, float(np.std(totals / questions, ddof=1)) if len(done) > 1 else math.nan)
    alpha = math.nan
    if len(done) > 1 and totals.var() > 1e-12:
        alpha = float(questions / (questions - 1) * (1 - done.var(axis=0, ddof=1).sum() / totals.var(ddof=1)))
    assert same(found.consistency, alpha)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.floats(0.0, 0.6))
def test_two_rounds_are_compared_as_scipy_does(seed: int, people: int, gain: float) -> None:
    rng = np.random.default_rng(seed)
    first = np.round(rng.random((people, 1)), 1)
    second = np.clip(np.round(first + rng.normal(gain, 0.3, size=first.shape), 1), 0, 1)
    both = rng.random(people) < 0.7
    # Some finished only one of the two, some are in only one of the lists.
    before, after = sheets_of(first, np.ones(people, dtype=bool)), sheets_of(second, both)[: people - 1]
    taken = np.flatnonzero(both[: people - 1])
    found = compare(Counter((before[place].score, after[place].score) for place in taken))
    assert found.people == len(taken)
    if not len(taken):
        assert found.difference is None
        return
    gains = (second - first)[taken, 0]
    assert found.difference == pytest.approx(gains.mean())
    assert found.before == pytest.approx(first[taken].mean())
    assert found.after == pytest.approx(second[taken].mean())
    better, worse = int((gains > 1e-12).sum()), int((gains < -1e-12).sum())
    assert (found.better, found.same, found.worse) == (better, len(taken) - better - worse, worse)
    expected = stats.binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert found.by_chance == pytest.approx(expected)
    assert found.is_clear is (found.by_chance < 0.05)
    # Of gains that are the same but for rounding scipy has no figure that means anything.
    if len(taken) > 1 and gains.std() > 1e-9 and found.spread:
        assert found.difference / (found.spread / math.sqrt(len(taken))) == pytest.approx(
            stats.ttest_rel(second[taken, 0], first[taken, 0]).statistic
        )


def test_people_who_were_asked_different_questions() -> None:
    rng = np.random.default_rng(7)
    drawn = [sorted(rng.choice(8, size=4, replace=False)) for _ in range(60)]
    scores = [(rng.random(4) < 0.6).astype(float) for _ in drawn]
    sheets = [
        Sheet(person, True, tuple(Response(int(item), (0,), float(score)) for item, score in zip(*one, strict=True)))
        for person, one in enumerate(zip(drawn, scores, strict=True))
    ]
    for item, figures in items(count(sheets, 0.5)).items():
        own = [
            (s[list(d).index(item)], (s.sum() - s[list(d).index(item)]) / 3)
            for d, s in zip(drawn, scores, strict=True)
            if item in d
        ]
        column, rest = (np.array(values) for values in zip(*own, strict=True))
        assert figures.count == len(column)
        assert figures.discrimination == pytest.approx(stats.pearsonr(column, rest).statistic)
    assert of_round(count(sheets, 0.5)).consistency is None


def test_who_did_not_finish_counts_only_as_having_begun() -> None:
    done = Sheet(1, True, (Response(1, (0,), 1.0, 5.0), Response(2, (), 0.0)))
    begun = Sheet(2, False, (Response(1, (1,), 0.0, 9.0),))
    found = items(count([done, begun], 0.5))
    assert found[1] == ItemStatistics(1, 1.0, None, None, None, {0: 1}, 0, 5.0)
    assert found[2].unanswered == 1
    whole = of_round(count([done, begun], 0.5))
    assert (whole.begun, whole.finished, whole.passed, whole.mean, whole.seconds) == (2, 1, 1, 0.5, 5.0)


def test_how_often_each_option_was_chosen() -> None:
    answers = [(0,), (1,), (1, 2), (), (1,)]
    sheets = [Sheet(person, True, (Response(1, chosen),)) for person, chosen in enumerate(answers)]
    figures = items(count(sheets, 0.5))[1]
    assert figures.chosen == {0: 1, 1: 3, 2: 1}
    assert figures.unanswered == 1
    assert figures.discrimination is None


def test_nobody_at_all() -> None:
    assert items(count([], 0.8)) == {}
    assert of_round(count([], 0.8)).finished == 0
    assert compare({}).people == 0


def test_three_thirds_are_the_whole() -> None:
    assert has_passed(0.9999999, 1.0)
    assert not has_passed(0.79, 0.8)


@pytest.mark.parametrize(("facility", "word"), [(0.95, "nearly_all"), (0.6, "most"), (0.4, "half"), (0.1, "few")])
def test_how_a_question_went(facility: float, word: str) -> None:
    assert difficulty_of(ItemStatistics(40, facility, None, None, None, {}, 0, None)) == word


@pytest.mark.parametrize(
    ("count", "facility", "discrimination", "chosen", "doubts"),
    [
        (40, 0.5, -0.1, {0: 20, 1: 20}, ["backwards"]),
        (40, 0.5, 0.1, {0: 20, 1: 20}, ["no_help"]),
        (40, 0.95, 0.1, {0: 38, 1: 2}, []),
        (40, 0.3, 0.4, {0: 12, 1: 28}, ["rather_wrong"]),
        (40, 0.5, None, {0: 20, 1: 20}, []),
        (9, 0.1, -0.9, {0: 1, 1: 8}, []),
    ],
)
def test_what_to_look_at(
    count: int, facility: float, discrimination: float | None, chosen: dict[int, int], doubts: list[str]
) -> None:
    assert doubts_of(ItemStatistics(count, facility, 0.5, discrimination, None, chosen, 0, None), {0}) == doubts


@pytest.mark.parametrize(
    ("count", "word"), [(0, "very_few"), (9, "very_few"), (10, "few"), (29, "few"), (30, "enough")]
)
def test_how_far_the_figures_can_be_trusted(count: int, word: str) -> None:
    assert sureness_of(count) == word


@given(st.integers(1, 40).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))), st.integers(0, 100))
def test_what_is_shown_has_reached_the_pass_mark_only_where_it_was_passed(parts: tuple[int, int], mark: int) -> None:
    # Added up as a round does, with the thirds of files in which three are the whole.
    right, count = parts
    for score in (
        right / count,
        sum([1.0] * right) / count,
        round(right / count, 9),
        min(right / count * 0.9999999, 1),
    ):
        assert (in_percent(score) >= mark) == has_passed(score, mark / 100)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(79.96, 0, 79), (79.96, 1, 79.9), (26.666, 1, 26.6), (2.9999999, 0, 3), (100.0, 1, 100.0), (0.0, 0, 0)],
)
def test_no_value_is_shown_as_more_than_it_is(value: float, digits: int, shown: float) -> None:
    assert rounded_down(value, digits) == shown


@given(st.dictionaries(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.integers(1, 9), min_size=1, max_size=9))
def test_everybody_stands_in_one_band_before_and_after(pairs: dict[tuple[float, float], int]) -> None:
    found = compare(pairs)
    assert [sum(side) for side in zip(*found.bands, strict=True)] == [found.people, found.people]
    assert len(found.bands) == BANDS
