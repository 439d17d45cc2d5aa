"""Rounds of a quiz: planning, taking and closing them, and what came of an attempt.

An attempt draws and shuffles its questions once, when it begins, and is kept as it was drawn. Answers are taken one
after the other and each once, so that what is pressed twice, late or in another messenger changes nothing.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from handlers.authorization import Reach, Scene, act
from handlers.errors import NotFound, NotPossible
from handlers.people.reading import folded, read_name
from handlers.quiz.bank import from_json
from handlers.quiz.counting import count
from handlers.quiz.question import Question
from handlers.quiz.statistics import has_passed
from storage import jobs, quiz_attempts, quiz_people, quiz_rounds, quizzes
from storage.database import Database
from storage.quiz_attempts import Answer, Attempt
from storage.quiz_rounds import Round

OPENING, REMINDING, CLOSING, TELLING = "quiz.open", "quiz.remind", "quiz.close", "quiz.tell"
"""The kinds of what becomes due; each is named by the number of its round."""

SHORTEST, LONGEST = dt.timedelta(minutes=10), dt.timedelta(days=92)
MOST_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """How a round is taken.

    Attributes:
        topics: what the questions are about; empty for all topics of the bank.
        draw: how many questions each person is asked, drawn for him; 0 for all.
        shuffle: whether questions and options stand in another order for each person.
        pass_mark: the least share to pass, in percent.
        attempts: how often it may be taken; the first counts.
        explain: whether a question is explained after its answer, or all at the end.
        by_name: whether heads and contacts see how it went for each person of theirs; people are told so before.
        polls: whether messengers that have polls ask in them, where a question fits.
        any_hour: whether people are told of it also while the office is closed.
        audience: whom it is for, as in a broadcast (`handlers.broadcast.audience`); None for everybody.
    """

    topics: tuple[str, ...] = ()
    draw: int = 10
    shuffle: bool = True
    pass_mark: int = 80
    attempts: int = 1
    explain: Literal["each", "end"] = "each"
    by_name: bool = False
    polls: bool = False
    any_hour: bool = False
    audience: dict[str, Any] | None = None

    @staticmethod
    def of(quiz: Round) -> Rules:
        """Return the rules of a round."""
        return Rules(**{**quiz.settings, "topics": tuple(quiz.settings["topics"])})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it stands in an attempt.

    Attributes:
        place: its place there, from 0.
        order: the options by their places in the question, in the order in which they are shown.
        answer: what was answered to it, None where it was not shown yet.
    """

    attempt: Attempt
    place: int
    number: int
    question: Question
    order: tuple[int, ...]
    answer: Answer | None

    @property
    def count(self) -> int:
        """How many questions the attempt has."""
        return len(self.attempt.questions)

    @property
    def marked(self) -> tuple[int, ...]:
        """The options that are marked so far."""
        return self.answer.marked if self.answer else ()

    @property
    def chosen(self) -> tuple[int, ...] | None:
        """The options that were chosen, None before."""
        return self.answer.chosen if self.answer else None

    @property
    def score(self) -> float | None:
        """What the answer is worth, from 0 to 1."""
        return self.answer.score if self.answer else None


# Planning


@act("quiz.plan_round")
def plan_round(scene: Scene, title: str, bank: str, rules: Rules, opens_at: dt.datetime, closes_at: dt.datetime) -> int:
    """Plan a round with the questions that a bank has now; return its number. Raises NotFound and NotPossible."""
    found = quizzes.find_bank(scene.database, folded(bank))
    if found is None:
        raise NotFound("no_such_bank")
    if not SHORTEST <= closes_at - max(opens_at, scene.now) <= LONGEST:
        raise NotPossible("round_times")
    if not (0 <= rules.pass_mark <= 100 and 1 <= rules.attempts <= MOST_ATTEMPTS and rules.draw >= 0):
        raise NotPossible("round_rules")
    questions = [
        one.id
        for one in quizzes.questions_of(scene.database, found.id)
        if not rules.topics or one.topic in rules.topics
    ]
    if not questions or rules.draw > len(questions):
        raise NotPossible("too_few_questions", count=len(questions))
    number = quiz_rounds.create(
        scene.database,
        found.id,
        read_name(title),
        asdict(rules),
        questions,
        opens_at.isoformat(),
        closes_at.isoformat(),
        scene.actor.person,
        scene.stamp,
    )
    _plan(scene, OPENING, number, opens_at)
    _plan(scene, CLOSING, number, closes_at)
    return number


@act("quiz.close_round")
def close_round(scene: Scene, number: int) -> Round:
    """Close a round now, before its time; return it."""
    found = _round(scene.database, number)
    if found.state == "closed":
        raise NotPossible("round_closed", title=found.title)
    close(scene.database, number)
    return found


def close(database: Database, number: int) -> None:
    """Let nobody take a round any more, and let nothing more become due for it."""
    quiz_rounds.set_state(database, number, "closed")
    for kind in (OPENING, REMINDING, CLOSING):
        jobs.drop(database, kind, str(number))
    for told in (quiz_people.ANNOUNCED, quiz_people.REMINDED):
        jobs.drop(database, TELLING, f"{number}.{told}")


# Taking


@act("quiz.take", staff=Reach.SELF, administrator=Reach.SELF)
def take(scene: Scene, number: int) -> Attempt:
    """Return the attempt at a round that the actor goes on with, or a new one; raise NotFound or NotPossible."""
    found, person = _round(scene.database, number), scene.actor.person
    is_invited, unit = quiz_people.unit_of(scene.database, number, person)
    if found.state == "planned":
        # Nobody is invited yet, also of those for whom it will be.
        raise NotPossible("round_not_open", title=found.title)
    if not is_invited:
        raise NotFound("no_such_round")
    _refuse_closed(scene, found)
    before = quiz_attempts.of_person(scene.database, number, person)
    # Of two people who are one, each may have begun one.
    if left := next((one for one in before if one.finished_at is None), None):
        return left
    rules = Rules.of(found)
    if len(before) >= rules.attempts:
        raise NotPossible("no_more_attempts", title=found.title)
    drawn = _draw(scene.database, found, rules, person, len(before) + 1)
    begun = quiz_attempts.begin(scene.database, number, person, unit, len(before) + 1, drawn, scene.stamp)
    count(scene.database, begun)
    return _attempt(scene.database, begun)


@act("quiz.answer", staff=Reach.SELF, administrator=Reach.SELF)
def answer(scene: Scene, number: int, place: int, chosen: Sequence[int]) -> tuple[Asked, bool, Asked | None]:
    """Answer a question of one's own attempt; return it, whether this answer was taken, and the question after it.

    Only the question that is to be answered next is taken; without that no question comes after it. Raises NotFound,
    and NotPossible once the round is closed.
    """
    attempt = _own(scene, number)
    found = _round(scene.database, attempt.round)
    answers = _answers(scene.database, attempt)
    asked = _asked(scene.database, attempt, place, answers)
    if attempt.finished_at or asked.chosen is not None:
        return asked, False, None
    _refuse_closed(scene, found)
    if _next_place(attempt, answers) != place or not set(chosen) <= set(asked.order) or not chosen:
        return asked, False, None
    score, given = asked.question.score(set(chosen)), tuple(sorted(chosen))
    if asked.answer is None or not quiz_attempts.answer(scene.database, attempt.id, place, given, score, scene.stamp):
        # It was never shown.
        return asked, False, None
    answers[place] = replace(asked.answer, chosen=given, score=score, answered_at=scene.stamp)
    following = _next_place(attempt, answers)
    if following is None:
        whole = sum(one.score or 0.0 for one in answers.values()) / len(attempt.questions)
        passed = has_passed(whole, Rules.of(found).pass_mark / 100)
        quiz_attempts.finish(scene.database, attempt.id, whole, passed, scene.stamp)
        count(scene.database, attempt.id)
    after = None if following is None else _asked(scene.database, attempt, following, answers)
    return replace(asked, answer=answers[place]), True, after


@act("quiz.mark", staff=Reach.SELF, administrator=Reach.SELF)
def mark(scene: Scene, number: int, place: int, option: int) -> Asked:
    """Mark an option of a question of which several are to be chosen, or take its mark away; return the question."""
    attempt = _own(scene, number)
    _refuse_closed(scene, _round(scene.database, attempt.round))
    asked = asked_at(scene.database, attempt, place)
    if asked.answer is None or asked.answer.chosen is not None or option not in asked.order:
        return asked
    marked = tuple(sorted({*asked.answer.marked} ^ {option}))
    quiz_attempts.mark(scene.database, attempt.id, place, marked)
    return replace(asked, answer=replace(asked.answer, marked=marked))


@act("quiz.own_result", staff=Reach.SELF, administrator=Reach.SELF)
def own_result(scene: Scene, number: int) -> tuple[Round, Attempt, list[Asked]]:
    """Return the round, one's own attempt at it, and its questions with their answers; raise NotFound."""
    attempt = _own(scene, number)
    answers = _answers(scene.database, attempt)
    stored = quizzes.some_questions(scene.database, [number for number, _ in attempt.questions])
    questions = [
        Asked(attempt, place, number, from_json(stored[number].content), order, answers.get(place))
        for place, (number, order) in enumerate(attempt.questions)
    ]
    return _round(scene.database, attempt.round), attempt, questions


def show(database: Database, asked: Asked, now: str) -> Asked:
    """Note that a question is shown now; return it so."""
    if asked.answer is not None:
        return asked
    quiz_attempts.show(database, asked.attempt.id, asked.place, asked.number, now)
    return replace(asked, answer=Answer(asked.attempt.id, asked.place, asked.number, now))


def next_question(database: Database, attempt: Attempt) -> Asked | None:
    """Return the question that is to be answered next, None where all are answered."""
    answers = _answers(database, attempt)
    place = _next_place(attempt, answers)
    return None if place is None else _asked(database, attempt, place, answers)


def asked_at(database: Database, attempt: Attempt, place: int) -> Asked:
    """Return the question at a place of an attempt; raise NotFound where it has none there."""
    return _asked(database, attempt, place, _answers(database, attempt))


def may_retry(scene: Scene, found: Round, person: int) -> bool:
    """Tell whether somebody may take a round once more."""
    is_open = found.state == "open" and scene.stamp < found.closes_at
    return is_open and len(quiz_attempts.of_person(scene.database, found.id, person)) < Rules.of(found).attempts


def _draw(
    database: Database, found: Round, rules: Rules, person: int, attempt: int
) -> list[tuple[int, tuple[int, ...]]]:
    """The questions of an attempt, each with the order of its options: the same whenever it is drawn again."""
    seeded = random.Random(f"{found.id}.{person}.{attempt}")  # noqa: S311 - an order, no secret
    numbers = list(quiz_rounds.questions_of(database, found.id))
    asked = rules.draw or len(numbers)
    if rules.shuffle:
        numbers = seeded.sample(numbers, asked)
    elif asked < len(numbers):
        numbers = sorted(seeded.sample(numbers, asked))
    drawn = []
    stored = quizzes.some_questions(database, numbers)
    for number in numbers:
        question = from_json(stored[number].content)
        order = list(range(len(question.options)))
        if rules.shuffle and not question.keeps_order:
            seeded.shuffle(order)
        drawn.append((number, tuple(order)))
    return drawn


def _plan(scene: Scene, kind: str, number: int, at: dt.datetime) -> None:
    jobs.plan(scene.database, kind, str(number), at.isoformat(), scene.stamp, {"round": number})


def _round(database: Database, number: int) -> Round:
    found = quiz_rounds.get(database, number)
    if found is None:
        raise NotFound("no_such_round")
    return found


def _attempt(database: Database, number: int) -> Attempt:
    found = quiz_attempts.get(database, number)
    if found is None:
        raise NotFound("no_such_round")
    return found


def _answers(database: Database, attempt: Attempt) -> dict[int, Answer]:
    """The questions of an attempt that were shown, by their places."""
    return {one.place: one for one in quiz_attempts.answers_of(database, attempt.id)}


def _next_place(attempt: Attempt, answers: Mapping[int, Answer]) -> int | None:
    """The place of the question that is to be answered next, None where all are answered."""
    answered = {place for place, one in answers.items() if one.chosen is not None}
    return next((place for place in range(len(attempt.questions)) if place not in answered), None)


def _asked(database: Database, attempt: Attempt, place: int, answers: Mapping[int, Answer]) -> Asked:
    """The question at a place of an attempt; NotFound where it has none there."""
    if not 0 <= place < len(attempt.questions):
        raise NotFound("no_such_round")
    number, order = attempt.questions[place]
    stored = quizzes.question(database, number)
    assert stored is not None
    return Asked(attempt, place, number, from_json(stored.content), order, answers.get(place))


def _own(scene: Scene, number: int) -> Attempt:
    found = _attempt(scene.database, number)
    if found.person != scene.actor.person:
        raise NotFound("no_such_round")
    return found


def _refuse_closed(scene: Scene, found: Round) -> None:
    # By the clock, too: the job that closes it may come late.
    if found.state != "open" or scene.stamp >= found.closes_at:
        raise NotPossible("round_closed", title=found.title)
