"""What the answers of a round say of its questions and of the people, as pure functions of the answers.

The definitions are Moodle's (https://docs.moodle.org/dev/Quiz_statistics_calculations, and its sources named there):

- facility: the mean score of a question, from 0 to 1;
- spread: the standard deviation of its scores (of a sample: divided by n - 1);
- discrimination: the correlation between the score of the question and that of the rest of the quiz, from -1 to 1;
- efficiency: their covariance as a share of the largest that these scores could have in any order;
- consistency: Cronbach's alpha of the round, 1 at most.

Who is counted: attempts that were finished. Who began and did not finish is told apart and counts in nothing else; a
question that was left open in an attempt that was finished is worth nothing. Where each person is asked other questions
the rest of the quiz is the mean of what that person was asked besides, and there is no consistency.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, stdev

# Moodle calls a consistency of 75 % satisfactory; below 64 % a quiz needs work.
GOOD_CONSISTENCY, POOR_CONSISTENCY = 0.75, 0.64

# With fewer answers the figures of a question say little, and with very few nothing.
FEW, VERY_FEW = 30, 10

# A difference that chance alone makes so seldom counts as one.
CHANCE = 0.05

_NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Response:
    """What somebody answered to a question.

    Attributes:
        item: the question.
        chosen: the options by their places in the question; () where he did not answer.
        score: what it is worth, from 0 to 1.
        seconds: how long it was looked at before it was answered; None where that is not known.
    """

    item: int
    chosen: tuple[int, ...] = ()
    score: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One attempt: by whom (any number that tells people apart), whether it was finished, and what was answered."""

    person: int
    finished: bool
    responses: tuple[Response, ...]

    @property
    def score(self) -> float:
        """The mean of the scores, from 0 to 1."""
        return fmean(response.score for response in self.responses) if self.responses else 0.0

    @property
    def seconds(self) -> float | None:
        """How long the whole took; None where that is not known of every answer."""
        times = [response.seconds for response in self.responses if response.chosen]
        known = [time for time in times if time is not None]
        return sum(known) if known and len(known) == len(times) else None


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """The figures of a question; None for one that these answers do not have.

    Attributes:
        count: how many finished attempts asked it.
        chosen: how often each option was chosen, by its place.
        unanswered: how often it was left open.
        seconds: the median time of an answer.
    """

    count: int
    facility: float
    spread: float | None
    discrimination: float | None
    efficiency: float | None
    chosen: Mapping[int, int]
    unanswered: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class RoundStatistics:
    """The figures of a round; None for one that these answers do not have.

    Attributes:
        begun, finished, passed: how many people.
        seconds: the median time of a whole attempt.
        consistency: Cronbach's alpha; None where people were asked different questions.
    """

    begun: int
    finished: int
    passed: int
    mean: float | None
    median: float | None
    spread: float | None
    seconds: float | None
    consistency: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rounds taken by the same people.

    Attributes:
        people: how many finished both.
        before, after: their mean scores.
        difference, spread: the mean and the standard deviation of what each of them gained.
        better, same, worse: how many of them.
        by_chance: how probable a balance of better and worse at least as uneven would be if it were a toss for each
            (the exact two-sided sign test; those with the same score are left out).
    """

    people: int
    before: float | None
    after: float | None
    difference: float | None
    spread: float | None
    better: int = 0
    same: int = 0
    worse: int = 0
    by_chance: float = 1.0

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would seldom make such a difference."""
        return self.by_chance < CHANCE


@dataclass(slots=True)
class _Item:
    scores: list[float] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    chosen: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    seconds: list[float] = field(default_factory=list)


def items(sheets: Iterable[Sheet]) -> dict[int, ItemStatistics]:
    """Return the figures of each question that a finished attempt asked."""
    found: dict[int, _Item] = {}
    for sheet in sheets:
        if not sheet.finished:
            continue
        total = math.fsum(response.score for response in sheet.responses)
        others = len(sheet.responses) - 1
        for response in sheet.responses:
            item = found.setdefault(response.item, _Item())
            item.scores.append(response.score)
            item.rests.append((total - response.score) / others if others else math.nan)
            item.chosen.update(response.chosen)
            item.unanswered += not response.chosen
            if response.chosen and response.seconds is not None:
                item.seconds.append(response.seconds)
    return {number: _figures(item) for number, item in found.items()}


def of_round(sheets: Sequence[Sheet], pass_mark: float) -> RoundStatistics:
    """Return the figures of a round; `pass_mark` is the least score to pass, from 0 to 1."""
    finished = [sheet for sheet in sheets if sheet.finished]
    scores = [sheet.score for sheet in finished]
    times = [time for sheet in finished if (time := sheet.seconds) is not None]
    return RoundStatistics(
        begun=len(sheets),
        finished=len(finished),
        passed=sum(has_passed(score, pass_mark) for score in scores),
        mean=fmean(scores) if scores else None,
        median=median(scores) if scores else None,
        spread=stdev(scores) if len(scores) > 1 else None,
        seconds=median(times) if times else None,
        consistency=_consistency(finished),
    )


def compare(before: Iterable[Sheet], after: Iterable[Sheet]) -> Comparison:
    """Compare two rounds for the people who finished both."""
    first, second = ({sheet.person: sheet.score for sheet in sheets if sheet.finished} for sheets in (before, after))
    people = sorted(first.keys() & second.keys())
    if not people:
        return Comparison(0, None, None, None, None)
    gains = [second[person] - first[person] for person in people]
    better, worse = (sum(sign * gain > _NO_SPREAD for gain in gains) for sign in (1, -1))
    return Comparison(
        people=len(people),
        before=fmean(first[person] for person in people),
        after=fmean(second[person] for person in people),
        difference=fmean(gains),
        spread=stdev(gains) if len(gains) > 1 else None,
        better=better,
        same=len(people) - better - worse,
        worse=worse,
        by_chance=_sign_test(better, worse),
    )


def has_passed(score: float, pass_mark: float) -> bool:
    """Tell whether a score reaches the pass mark; a third three times is the whole."""
    return score >= pass_mark - 1e-6


def _figures(item: _Item) -> ItemStatistics:
    scores, rests = item.scores, item.rests
    has_rest = not any(map(math.isnan, rests))
    return ItemStatistics(
        count=len(scores),
        facility=fmean(scores),
        spread=stdev(scores) if len(scores) > 1 else None,
        discrimination=_correlation(scores, rests) if has_rest else None,
        efficiency=_efficiency(scores, rests) if has_rest else None,
        chosen=dict(sorted(item.chosen.items())),
        unanswered=item.unanswered,
        seconds=median(item.seconds) if item.seconds else None,
    )


def _covariance(left: Sequence[float], right: Sequence[float]) -> float:
    mean_left, mean_right = fmean(left), fmean(right)
    return math.fsum((x - mean_left) * (y - mean_right) for x, y in zip(left, right, strict=True)) / (len(left) - 1)


def _correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    if len(left) < 2:
        return None
    spreads = _covariance(left, left) * _covariance(right, right)
    return _covariance(left, right) / math.sqrt(spreads) if spreads > _NO_SPREAD**2 else None


def _efficiency(scores: Sequence[float], rests: Sequence[float]) -> float | None:
    if len(scores) < 2:
        return None
    largest = _covariance(sorted(scores), sorted(rests))
    return _covariance(scores, rests) / largest if largest > _NO_SPREAD else None


def _consistency(sheets: Sequence[Sheet]) -> float | None:
    """Cronbach's alpha where everybody was asked the same questions."""
    asked = {frozenset(response.item for response in sheet.responses) for sheet in sheets}
    if len(sheets) < 2 or len(asked) != 1 or len(numbers := asked.pop()) < 2:
        return None
    rows = [{response.item: response.score for response in sheet.responses} for sheet in sheets]
    totals = [math.fsum(row.values()) for row in rows]
    whole = _covariance(totals, totals)
    if whole <= _NO_SPREAD:
        return None
    single = math.fsum(_covariance(column, column) for number in numbers if (column := [row[number] for row in rows]))
    return len(numbers) / (len(numbers) - 1) * (1 - single / whole)


def _sign_test(better: int, worse: int) -> float:
    """The exact two-sided sign test: twice the smaller tail of a binomial distribution with a chance of a half."""
    tosses, fewer = better + worse, min(better, worse)
    tail = sum(math.comb(tosses, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << tosses))


# In codes for the words


def difficulty_of(figures: ItemStatistics) -> str:
    """Return how a question went: "nearly_all" right, "most", "half" or "few"."""
    shares = (("nearly_all", 0.9), ("most", 0.6), ("half", 0.35))
    return next((name for name, least in shares if figures.facility >= least), "few")


def doubts_of(figures: ItemStatistics, right: Collection[int]) -> list[str]:
    """Return what an administrator should look at in a question; nothing while there are very few answers.

    "backwards": who did well elsewhere got it wrong; "no_help": it does not tell who knows more (Moodle: below 20 %);
    "rather_wrong": a wrong option was chosen more often than each right one.
    """
    if figures.count < VERY_FEW:
        return []
    found = []
    if figures.discrimination is not None and figures.discrimination < 0:
        found.append("backwards")
    elif figures.discrimination is not None and figures.discrimination < 0.2 and figures.facility < 0.9:
        found.append("no_help")
    wrong = [count for place, count in figures.chosen.items() if place not in right]
    if wrong and max(wrong) > max((figures.chosen.get(place, 0) for place in right), default=0):
        found.append("rather_wrong")
    return found


def sureness_of(count: int) -> str:
    """Return how far figures of so many answers can be trusted: "very_few", "few" or "enough"."""
    return "very_few" if count < VERY_FEW else "few" if count < FEW else "enough"
