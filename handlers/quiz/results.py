"""What came of a round: the answers as the statistics want them, and the figures in words for whoever planned it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from handlers.authorization import Scene, act
from handlers.context import Context
from handlers.errors import NotFound
from handlers.quiz.bank import from_json
from handlers.quiz.question import LETTERS, Question
from handlers.quiz.rounds import Rules
from handlers.quiz.statistics import (
    Comparison,
    ItemStatistics,
    Response,
    RoundStatistics,
    Sheet,
    compare,
    difficulty_of,
    doubts_of,
    items,
    of_round,
    sureness_of,
)
from storage import quiz_rounds, quizzes
from storage.database import Database
from storage.quiz_rounds import Answer, Attempt, Round

LINES, PARAGRAPHS = Markup("\n"), Markup("\n\n")

# So many questions are told in one message, the hardest first.
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Results:
    """A round with its figures; questions by number, each with its own.

    Attributes:
        invited: how many people it was for.
    """

    round: Round
    invited: int
    whole: RoundStatistics
    questions: Mapping[int, tuple[Question, ItemStatistics]]


@act("quiz.see_results", recorded=False)
def see_results(scene: Scene, number: int) -> Results:
    """Return what came of a round so far; the first attempt of each person counts. Raises NotFound."""
    found = _round(scene.database, number)
    sheets = sheets_of(scene.database, number)
    figures = items(sheets)
    questions = {}
    for question in figures:
        stored = quizzes.question(scene.database, question)
        assert stored is not None
        questions[question] = (from_json(stored.content), figures[question])
    whole = of_round(sheets, Rules.of(found).pass_mark / 100)
    return Results(found, len(quiz_rounds.people_of(scene.database, number)), whole, questions)


@act("quiz.compare_rounds", recorded=False)
def compare_rounds(scene: Scene, before: int, after: int) -> tuple[Round, Round, Comparison]:
    """Return two rounds compared for the people who finished both; raise NotFound."""
    first, second = _round(scene.database, before), _round(scene.database, after)
    return first, second, compare(sheets_of(scene.database, before), sheets_of(scene.database, after))


def sheets_of(database: Database, number: int) -> list[Sheet]:
    """Return the first attempt of each person at a round; somebody of whom nothing is kept has a number of his own."""
    answers: dict[int, dict[int, Answer]] = {}
    for answer in quiz_rounds.answers(database, number):
        answers.setdefault(answer.attempt, {})[answer.place] = answer
    first = [attempt for attempt in quiz_rounds.attempts(database, number) if attempt.number == 1]
    return [_sheet(attempt, answers.get(attempt.id, {})) for attempt in first]


def _sheet(attempt: Attempt, answers: Mapping[int, Answer]) -> Sheet:
    responses = []
    for place, (question, _) in enumerate(attempt.questions):
        answer = answers.get(place)
        if answer is None or answer.chosen is None or answer.answered_at is None:
            responses.append(Response(question))
            continue
        seconds = _time(answer.answered_at) - _time(answer.shown_at)
        responses.append(Response(question, answer.chosen, answer.score or 0.0, seconds.total_seconds()))
    person = -attempt.id if attempt.person is None else attempt.person
    return Sheet(person, attempt.finished_at is not None, tuple(responses))


# In words


def told(results: Results, context: Context) -> Markup:
    """Return the figures of a round in words: how many, how well, what is not understood, and how sure that is."""
    whole, texts = results.whole, context.texts
    lines = [
        texts.rich("quiz.results", title=results.round.title),
        texts.rich("quiz.results_people", invited=results.invited, begun=whole.begun, finished=whole.finished),
    ]
    if whole.mean is None or whole.median is None:
        return LINES.join([*lines, texts.rich("quiz.results_none")])
    lines.append(texts.rich("quiz.results_passed", passed=whole.passed, share=_percent(whole.passed / whole.finished)))
    spread = texts("quiz.results_spread", spread=_percent(whole.spread)) if whole.spread is not None else ""
    lines.append(texts.rich("quiz.results_mean", mean=_percent(whole.mean), spread=spread))
    if whole.seconds is not None:
        lines.append(texts.rich("quiz.results_time", time=_minutes(whole.seconds, context)))
    parts = [LINES.join(lines)]
    if (sureness := sureness_of(whole.finished)) != "enough":
        parts.append(texts.rich(f"quiz.sure_{sureness}", count=whole.finished))
    hardest = sorted(results.questions.values(), key=lambda one: one[1].facility)[:MOST_TOLD]
    parts.append(texts.rich("quiz.results_hardest"))
    parts += [told_question(question, figures, context) for question, figures in hardest]
    return PARAGRAPHS.join(parts)


def told_question(question: Question, figures: ItemStatistics, context: Context) -> Markup:
    """Return how a question went: how many got it right, which wrong answer drew most, and what to look at."""
    texts = context.texts
    lines = [
        Markup.escape(question.text),
        texts.rich(f"quiz.went_{difficulty_of(figures)}", facility=_percent(figures.facility), count=figures.count),
    ]
    wrong = [(count, place) for place, count in figures.chosen.items() if place not in question.right]
    if wrong:
        count, place = max(wrong)
        option = texts("quiz.option", letter=LETTERS[place], text=question.options[place].text)
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
            "quiz.compared_means", people=found.people, before=_percent(found.before), after=_percent(found.after)
        ),
        texts.rich("quiz.compared_people", better=found.better, same=found.same, worse=found.worse),
        texts.rich("quiz.compared_clear" if found.is_clear else "quiz.compared_unclear"),
    ]
    if (sureness := sureness_of(found.people)) != "enough":
        lines.append(texts.rich(f"quiz.sure_{sureness}", count=found.people))
    return LINES.join(lines)


def _percent(share: float) -> str:
    return f"{round(share * 100)}%"


def _minutes(seconds: float, context: Context) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return context.texts("quiz.minutes", minutes=minutes, seconds=rest)


def _time(stamp: str) -> dt.datetime:
    return dt.datetime.fromisoformat(stamp)


def _round(database: Database, number: int) -> Round:
    found = quiz_rounds.get(database, number)
    if found is None:
        raise NotFound("no_such_round")
    return found
