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
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from handlers.quiz import frequencies

# Moodle calls a consistency of 75 % satisfactory; below 64 % a quiz needs work.
GOOD_CONSISTENCY, POOR_CONSISTENCY = 0.75, 0.64

# With fewer answers the figures of a question say little, and with very few nothing.
FEW, VERY_FEW = 30, 10

# A difference that chance alone makes so seldom counts as one.
CHANCE = 0.05

BANDS = 5
"""Into so many parts the scale is divided to show how scores lie on it."""

# What three thirds may lack of the whole.
_TOLERANCE = 1e-6


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
class Summary:
    """The figures of a round, or of a unit in it, for which sums over the people are enough; see `RoundStatistics`."""

    begun: int
    finished: int
    passed: int
    mean: float | None
    spread: float | None
    seconds: float | None


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
        bands: how many people, before and after, had a score in each fifth of the scale, the lowest first.
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
    bands: tuple[tuple[int, int], ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would seldom make such a difference."""
        return self.by_chance < CHANCE


@dataclass(slots=True)
class ItemCounts:
    """All that the figures of a question are made of: how many finished attempts had what.

    Attributes:
        scores: by the score and the mean of the rest of the quiz, None where it has only this question.
        chosen: by the option; of one attempt there may be several.
        unanswered: how many left it open.
        seconds: by how long it was looked at, where that is known.
    """

    scores: Counter[tuple[float, float | None]] = field(default_factory=Counter)
    chosen: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    seconds: Counter[float] = field(default_factory=Counter)


@dataclass(slots=True)
class RoundCounts:
    """All that the figures of a round are made of: how many attempts had what.

    Attributes:
        begun: how many there are at all; everything else is of those that were finished.
        scores: by the score.
        passed: how many reached the pass mark.
        seconds: by how long the whole took, where that is known.
        items: by the question.
    """

    begun: int = 0
    scores: Counter[float] = field(default_factory=Counter)
    passed: int = 0
    seconds: Counter[float] = field(default_factory=Counter)
    items: dict[int, ItemCounts] = field(default_factory=dict)


def count(sheets: Iterable[Sheet], pass_mark: float) -> RoundCounts:
    """Count attempts; `pass_mark` is the least score to pass, from 0 to 1."""
    counts = RoundCounts()
    for sheet in sheets:
        counts.begun += 1
        if not sheet.finished:
            continue
        counts.scores[sheet.score] += 1
        counts.passed += has_passed(sheet.score, pass_mark)
        if (whole := sheet.seconds) is not None:
            counts.seconds[whole] += 1
        for response, rest in zip(sheet.responses, rests_of(sheet), strict=True):
            if response.item not in counts.items:
                counts.items[response.item] = ItemCounts()
            item = counts.items[response.item]
            item.scores[response.score, rest] += 1
            item.chosen.update(response.chosen)
            item.unanswered += not response.chosen
            if response.chosen and response.seconds is not None:
                item.seconds[response.seconds] += 1
    return counts


def rests_of(sheet: Sheet) -> list[float | None]:
    """Return for each question of an attempt the mean score of all others, None where there is no other."""
    total, others = math.fsum(response.score for response in sheet.responses), len(sheet.responses) - 1
    return [(total - response.score) / others if others else None for response in sheet.responses]


def items(counts: RoundCounts) -> dict[int, ItemStatistics]:
    """Return the figures of each question that a finished attempt asked."""
    return {number: _figures(item) for number, item in counts.items.items()}


def of_round(counts: RoundCounts) -> RoundStatistics:
    """Return the figures of a round."""
    finished = counts.scores.total()
    return RoundStatistics(
        begun=counts.begun,
        finished=finished,
        passed=counts.passed,
        mean=frequencies.mean(counts.scores) if finished else None,
        median=frequencies.median(counts.scores) if finished else None,
        spread=frequencies.spread(counts.scores),
        seconds=frequencies.median(counts.seconds) if counts.seconds else None,
        consistency=_consistency(counts),
    )


def summary(begun: int, finished: int, passed: int, total: float, squares: float, seconds: float | None) -> Summary:
    """Return the figures that come from the sums of the scores and of their squares, and from a median time."""
    if not finished:
        return Summary(begun, 0, 0, None, None, None)
    mean = total / finished
    # Scores are from 0 to 1: what is lost of their squares is not seen.
    spread = math.sqrt(max(squares - finished * mean * mean, 0.0) / (finished - 1)) if finished > 1 else None
    return Summary(begun, finished, passed, mean, spread, seconds)


def compare(pairs: Mapping[tuple[float, float], int]) -> Comparison:
    """Compare two rounds for the people who finished both: how many had which score before and after."""
    people = sum(pairs.values())
    if not people:
        return Comparison(0, None, None, None, None)
    before, after, gains = Counter[float](), Counter[float](), Counter[float]()
    for (first, second), number in pairs.items():
        before[first] += number
        after[second] += number
        gains[second - first] += number
    better, worse = (sum(n for gain, n in gains.items() if sign * gain > frequencies.NO_SPREAD) for sign in (1, -1))
    return Comparison(
        people=people,
        before=frequencies.mean(before),
        after=frequencies.mean(after),
        difference=frequencies.mean(gains),
        spread=frequencies.spread(gains),
        better=better,
        same=people - better - worse,
        worse=worse,
        by_chance=_sign_test(better, worse),
        bands=tuple(zip(_bands(before), _bands(after), strict=True)),
    )


def _bands(scores: Counter[float]) -> list[int]:
    """How many people had a score in each part of the scale; the whole belongs to the last."""
    found = [0] * BANDS
    for score, number in scores.items():
        found[min(in_percent(score) * BANDS // 100, BANDS - 1)] += number
    return found


def has_passed(score: float, pass_mark: float) -> bool:
    """Tell whether a score reaches the pass mark; a third three times is the whole."""
    return score >= pass_mark - _TOLERANCE


def in_percent(share: float) -> int:
    """Return a share in whole percent, as it is shown everywhere.

    It is rounded down: a score that is shown as 80 % has reached 80 % (`has_passed`), and 79.9 % has not.
    """
    return int(rounded_down(100 * share))


def rounded_down(value: float, digits: int = 0) -> float:
    """Return a value with so many decimals, none of them more than there is; a third three times is the whole."""
    scale: int = 10**digits
    return math.floor((value + 100 * _TOLERANCE) * scale) / scale


def _figures(item: ItemCounts) -> ItemStatistics:
    scores = Counter[float]()
    pairs = Counter[tuple[float, float]]()
    for (score, rest), number in item.scores.items():
        scores[score] += number
        if rest is not None:
            pairs[score, rest] += number
    has_rest = pairs.total() == scores.total()
    return ItemStatistics(
        count=scores.total(),
        facility=frequencies.mean(scores),
        spread=frequencies.spread(scores),
        discrimination=frequencies.correlation(pairs) if has_rest else None,
        efficiency=frequencies.efficiency(pairs) if has_rest else None,
        chosen=dict(sorted(item.chosen.items())),
        unanswered=item.unanswered,
        seconds=frequencies.median(item.seconds) if item.seconds else None,
    )


def _consistency(counts: RoundCounts) -> float | None:
    """Cronbach's alpha where everybody was asked the same questions."""
    finished, asked = counts.scores.total(), len(counts.items)
    columns = [Counter[float]() for _ in counts.items]
    for column, item in zip(columns, counts.items.values(), strict=True):
        for (score, _), number in item.scores.items():
            column[score] += number
    if finished < 2 or asked < 2 or any(column.total() != finished for column in columns):
        return None
    # A score is the mean of its questions; alpha is about their sum.
    whole = frequencies.variance(counts.scores) * asked**2
    if whole <= frequencies.NO_SPREAD:
        return None
    return asked / (asked - 1) * (1 - math.fsum(map(frequencies.variance, columns)) / whole)


def _sign_test(better: int, worse: int) -> float:
    """The exact two-sided sign test: twice the smaller tail of a binomial distribution with a chance of a half.

    By logarithms, from the middle outwards, until what is left is too small to change the sum.
    """
    tosses, fewer = better + worse, min(better, worse)
    tail = 0.0
    for heads in range(fewer, -1, -1):
        ways = math.lgamma(tosses + 1) - math.lgamma(heads + 1) - math.lgamma(tosses - heads + 1)
        part = math.exp(ways - tosses * math.log(2))
        tail += part
        if part < tail * frequencies.NO_SPREAD:
            break
    return min(1.0, 2 * tail)


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
