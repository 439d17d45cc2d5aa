"""What came of a round: its figures for all or a unit, by unit and by person, and in words for whoever may see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.authorization import Reach, Scene, act
from handlers.context import Context
from handlers.errors import NotFound, NotPossible
from handlers.quiz import counting
from handlers.quiz.bank import from_json
from handlers.quiz.question import LETTERS, Question
from handlers.quiz.rounds import Rules
from handlers.quiz.statistics import (
    Comparison,
    ItemStatistics,
    RoundStatistics,
    Summary,
    compare,
    difficulty_of,
    doubts_of,
    items,
    of_round,
    summary,
    sureness_of,
)
from handlers.quiz.wording import option_line, percent, shown_time
from storage import quiz_attempts, quiz_counts, quiz_people, quiz_rounds, quizzes, units
from storage.database import Database
from storage.quiz_attempts import PersonResult
from storage.quiz_counts import NO_UNIT, WHOLE, UnitSum
from storage.quiz_rounds import Round

LINES, PARAGRAPHS = Markup("\n"), Markup("\n\n")

_NOBODY = UnitSum(0, 0.0, 0.0, 0.0)

# Of fewer people who finished, what each answered could be read from the figures of the questions.
FEWEST_TOLD = 3

# So many questions and units are told in one message, the hardest and the best first.
MOST_TOLD = 5
UNITS_TOLD = 12
MOST_LISTED = 10_000
"""People of one list: more are read unit by unit."""


@dataclass(frozen=True, slots=True)
class Results:
    """A round with its figures; questions by number, each with its own.

    Attributes:
        unit: whose results they are, with everything below it; None for all people.
        invited: how many people it was for.
    """

    round: Round
    unit: int | None
    invited: int
    whole: RoundStatistics
    questions: Mapping[int, tuple[Question, ItemStatistics]]


@dataclass(frozen=True, slots=True)
class UnitResult:
    """How a round went in one unit, without those below it; `unit` is None for people of no unit."""

    unit: int | None
    invited: int
    figures: Summary

    @property
    def share(self) -> float:
        """The share of those it was for who passed."""
        return self.figures.passed / self.invited if self.invited else 0.0


@act("quiz.see_results", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def see_results(scene: Scene, unit: int | None, number: int, *, times: bool = False) -> Results:
    """Return what came of a round so far in a unit and those below it, or with None in all.

    The first attempt of each person counts. How long each question took is told only with `times`. Raises NotFound,
    also for a round that was for nobody of the unit.
    """
    found, within = _round_in(scene.database, unit, number)
    invited = _invited(scene.database, number, within)
    if within is not None and set(_invited(scene.database, number, None)) <= set(within):
        # Everybody belongs to it: what was counted of all need not be added up.
        within = None
    places = [WHOLE] if within is None else within
    # How long each question took has too many values to be read one by one.
    counts = counting.read(quiz_counts.of_units(scene.database, number, places, without=counting.TIME))
    seconds = quiz_counts.medians(scene.database, number, places, counting.TIME) if times else {}
    figures = {question: replace(one, seconds=seconds.get(question)) for question, one in items(counts).items()}
    stored = quizzes.some_questions(scene.database, figures)
    questions = {number: (from_json(stored[number].content), one) for number, one in figures.items()}
    return Results(found, unit, sum(invited.values()), of_round(counts), questions)


@act("quiz.see_units", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def see_units(scene: Scene, unit: int | None, number: int, *, times: bool = False) -> list[UnitResult]:
    """Return how a round went in each unit, of those below a unit or with None of all, by the share that passed.

    How long it took is told only with `times`.
    """
    _, within = _round_in(scene.database, unit, number)
    sums = quiz_counts.sums_by_unit(scene.database, number)
    seconds = quiz_counts.medians_by_unit(scene.database, number, counting.TIME) if times else {}
    found = []
    for unit_, count in _invited(scene.database, number, within).items():
        place = NO_UNIT if unit_ is None else unit_
        begun, scores = sums.get((place, counting.BEGUN), _NOBODY), sums.get((place, counting.SCORE), _NOBODY)
        figures = summary(
            begun.people, scores.people, round(scores.others), scores.values, scores.squares, seconds.get(place)
        )
        found.append(UnitResult(unit_, count, figures))
    return sorted(found, key=lambda one: (-one.share, -one.invited, one.unit or 0))


@act("quiz.see_people", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def see_people(
    scene: Scene, unit: int | None, number: int, after: int = 0, limit: int = MOST_LISTED
) -> list[PersonResult]:
    """Return how a round went for up to `limit` people after one, of a unit and those below it, or with None of all.

    Raises NotFound, and NotPossible where the round does not say that persons are named.
    """
    found, within = _round_in(scene.database, unit, number)
    if not Rules.of(found).by_name:
        raise NotPossible("round_not_by_name", title=found.title)
    return quiz_attempts.person_results(scene.database, number, within, after, limit)


@act("quiz.compare_rounds", recorded=False)
def compare_rounds(scene: Scene, before: int, after: int) -> tuple[Round, Round, Comparison]:
    """Return two rounds compared for the people who finished both; raise NotFound."""
    first, second = _round(scene.database, before), _round(scene.database, after)
    return first, second, compare(quiz_attempts.paired_scores(scene.database, before, after))


@act("quiz.see_unit_rounds", target="unit", contact=Reach.UNIT, head=Reach.UNIT, recorded=False)
def see_unit_rounds(scene: Scene, unit: int | None, limit: int, before: int | None = None) -> Sequence[Round]:
    """Return up to `limit` rounds that were opened for people of a unit or those below it, the newest first.

    With `before` those of lower numbers.
    """
    if unit is None:
        return quiz_rounds.newest(scene.database, limit, before)
    return quiz_rounds.newest_for(scene.database, units.covered(scene.database, unit), limit, before)


def _invited(database: Database, number: int, within: Collection[int] | None) -> dict[int | None, int]:
    counts = quiz_people.count(database, number)
    return {unit: people for unit, people in counts.items() if within is None or unit in within}


def _round_in(database: Database, unit: int | None, number: int) -> tuple[Round, Collection[int] | None]:
    """A round, and the units that are meant by one: None for all; NotFound where it was for nobody there."""
    found = _round(database, number)
    within = None if unit is None else units.covered(database, unit)
    if within is not None and not _invited(database, number, within):
        raise NotFound("no_such_round")
    return found, within


# In words


def told(results: Results, context: Context) -> Markup:
    """Return the figures of a round in words: how many, how well, what is not understood, and how sure that is."""
    whole, texts = results.whole, context.texts
    of_unit = [texts.rich("quiz.results_unit", unit=unit_name(results.unit, context))] if results.unit else []
    title = texts.rich("quiz.results", title=results.round.title)
    if results.round.state == "planned":
        opens, closes = (shown_time(at, context) for at in (results.round.opens_at, results.round.closes_at))
        return LINES.join([title, texts.rich("quiz.results_planned", opens=opens, closes=closes)])
    lines = [
        title,
        *of_unit,
        texts.rich("quiz.results_people", invited=results.invited, begun=whole.begun, finished=whole.finished),
    ]
    if whole.mean is None or whole.median is None:
        return LINES.join([*lines, texts.rich("quiz.results_none")])
    lines.append(texts.rich("quiz.results_passed", passed=whole.passed, share=percent(whole.passed / whole.finished)))
    spread = texts("quiz.results_spread", spread=percent(whole.spread)) if whole.spread is not None else ""
    lines.append(texts.rich("quiz.results_mean", mean=percent(whole.mean), spread=spread))
    if whole.seconds is not None:
        lines.append(texts.rich("quiz.results_time", time=_minutes(whole.seconds, context)))
    parts = [LINES.join(lines)]
    if (sureness := sureness_of(whole.finished)) != "enough":
        parts.append(texts.rich(f"quiz.sure_{sureness}", count=whole.finished))
    if whole.finished < FEWEST_TOLD:
        return PARAGRAPHS.join(parts)
    hardest = sorted(results.questions.values(), key=lambda one: one[1].facility)[:MOST_TOLD]
    parts.append(texts.rich("quiz.results_hardest"))
    parts += [told_question(question, figures, context) for question, figures in hardest]
    return PARAGRAPHS.join(parts)


def told_units(found: Sequence[UnitResult], title: str, context: Context) -> Markup:
    """Return the units by the share that passed, the best first."""
    texts = context.texts
    lines = [texts.rich("quiz.units", title=title)]
    for one in found[:UNITS_TOLD]:
        name, share = unit_name(one.unit, context), percent(one.share)
        lines.append(
            texts.rich("quiz.unit_passed", unit=name, passed=one.figures.passed, invited=one.invited, share=share)
        )
    if len(found) > UNITS_TOLD:
        lines.append(texts.rich("quiz.more_units", count=len(found) - UNITS_TOLD))
    return LINES.join(lines)


def told_question(question: Question, figures: ItemStatistics, context: Context) -> Markup:
    """Return how a question went: how many got it right, which wrong answer drew most, and what to look at."""
    texts = context.texts
    lines = [
        Markup.escape(question.text),
        texts.rich(f"quiz.went_{difficulty_of(figures)}", facility=percent(figures.facility), count=figures.count),
    ]
    wrong = [(count, place) for place, count in figures.chosen.items() if place not in question.right]
    if wrong:
        count, place = max(wrong)
        option = option_line(question, LETTERS[place], place, context)
        lines.append(texts.rich("quiz.drew_most", option=option, count=count))
    lines += [texts.rich(f"quiz.doubt_{doubt}") for doubt in doubts_of(figures, question.right)]
    return LINES.join(lines)


def told_comparison(first: Round, second: Round, found: Comparison, context: Context) -> Markup:
    """Return in words whether it got better for the people who took both rounds."""
    texts = context.texts
    title = texts.rich("quiz.compared", before=first.title, after=second.title)
    if found.before is None or found.after is None:
        return LINES.join([title, texts.rich("quiz.compared_nobody")])
    lines = [
        title,
        texts.rich(
            "quiz.compared_means", people=found.people, before=percent(found.before), after=percent(found.after)
        ),
        texts.rich("quiz.compared_people", better=found.better, same=found.same, worse=found.worse),
        texts.rich("quiz.compared_clear" if found.is_clear else "quiz.compared_unclear"),
    ]
    if (sureness := sureness_of(found.people)) != "enough":
        lines.append(texts.rich(f"quiz.sure_{sureness}", count=found.people))
    return LINES.join(lines)


def unit_names(context: Context) -> Callable[[int | None], str]:
    """Return what tells what a unit is called today, for many of them."""
    known = {unit.id: unit.name for unit in units.all_open(context.database)}
    return lambda unit: known.get(unit or 0) or unit_name(unit, context)


def unit_name(unit: int | None, context: Context) -> str:
    """Return what a unit is called today."""
    found = units.living(context.database, unit) if unit is not None else None
    return found.name if found else context.texts("quiz.no_unit")


def _minutes(seconds: float, context: Context) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return context.texts("quiz.only_seconds", seconds=rest)
    return context.texts("quiz.minutes", minutes=minutes, seconds=rest)


def _round(database: Database, number: int) -> Round:
    found = quiz_rounds.get(database, number)
    if found is None:
        raise NotFound("no_such_round")
    return found
