"""Practice: one question at a time on what somebody gets wrong, and each again after some days, later each time.

A question that was answered right comes again after a longer while each time, as in a box of cards by Sebastian Leitner
("So lernt man lernen", 1972); one that was answered wrong comes again the next day.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from handlers.authorization import Reach, Role, Scene, act
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import NOTHING, Button, Manner, Reply
from handlers.errors import NotFound
from handlers.quiz.bank import from_json
from handlers.quiz.question import Question
from handlers.quiz.wording import PARAGRAPHS, explained, option_buttons, question_text
from storage import quiz_practice, quizzes
from storage.quiz_practice import Card

DAYS_APART = (3, 7, 16, 35, 90)
"""So many days later a question comes again that was answered right once, twice, …; the last holds for ever."""

AFTER_WRONG = 1
"""So many days later one comes again that was answered wrong."""

MOST_A_DAY = 10


@dataclass(frozen=True, slots=True)
class Practised:
    """A question as somebody practises it.

    Attributes:
        order: the options by their places in the question, in the order in which they are shown.
        chosen: what was answered just now, None before.
        again_in: in how many days it comes again; 0 before it is answered.
    """

    card: Card
    question: Question
    order: tuple[int, ...]
    chosen: tuple[int, ...] | None = None
    again_in: int = 0

    @property
    def marked(self) -> tuple[int, ...]:
        """The options that are marked so far."""
        return self.card.marked

    @property
    def score(self) -> float | None:
        """What the answer is worth, from 0 to 1."""
        return None if self.chosen is None else self.question.score(set(self.chosen))


@act("quiz.practise", staff=Reach.SELF, administrator=Reach.SELF)
def practise(scene: Scene) -> Practised | None:
    """Return the question that the actor practises next; None where there is none today."""
    person = scene.actor.person
    if quiz_practice.answered_on(scene.database, person, scene.today) >= MOST_A_DAY:
        return None
    number = quiz_practice.due(scene.database, person, scene.today) or quiz_practice.fresh(scene.database, person)
    if number is None:
        return None
    quiz_practice.ask(scene.database, person, number, scene.today, scene.stamp)
    return _shown(scene, number)


@act("quiz.mark_practice", staff=Reach.SELF, administrator=Reach.SELF)
def mark(scene: Scene, number: int, option: int) -> Practised:
    """Mark an option where several are to be chosen, or take its mark away; return the question. Raises NotFound."""
    shown = _shown(scene, number)
    if option in shown.order:
        quiz_practice.mark(scene.database, scene.actor.person, number, sorted({*shown.marked} ^ {option}))
    return _shown(scene, number)


@act("quiz.answer_practice", staff=Reach.SELF, administrator=Reach.SELF)
def answer(scene: Scene, number: int, times: int, chosen: Sequence[int]) -> Practised | None:
    """Answer a question for the `times`-th time, from 0; return it with its answer, None where that was not taken."""
    shown = _shown(scene, number)
    if not chosen or not set(chosen) <= set(shown.order) or shown.card.times != times:
        return None
    score = shown.question.score(set(chosen))
    level = shown.card.level + 1 if score >= 1 else 0
    days = DAYS_APART[min(level, len(DAYS_APART)) - 1] if level else AFTER_WRONG
    due_on = (scene.day + dt.timedelta(days=days)).isoformat()
    if not quiz_practice.answer(scene.database, scene.actor.person, number, score, level, due_on, scene.today):
        return None
    return Practised(shown.card, shown.question, shown.order, tuple(sorted(chosen)), days)


def _shown(scene: Scene, number: int) -> Practised:
    card = quiz_practice.card(scene.database, scene.actor.person, number)
    stored = quizzes.question(scene.database, number)
    if card is None or stored is None:
        raise NotFound("no_such_question")
    question = from_json(stored.content)
    order = list(range(len(question.options)))
    if not question.keeps_order:
        random.Random(f"{card.person}.{number}.{card.times}").shuffle(order)  # noqa: S311 - an order, no secret
    return Practised(card, question, tuple(order))


# In chat


def press(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button of practice says; nothing for any other name."""
    match name:
        case "practise":
            return _next(context)
        case "practice_answer":
            return _answered(data["question"], data["times"], [data["option"]], context)
        case "practice_mark":
            shown = mark(context.scene, data["question"], data["option"])
            return [_question(shown, context, manner=Manner.INSTEAD)]
        case "practice_done":
            card = quiz_practice.card(context.database, context.person, data["question"])
            if card is not None and card.times == data["times"] and not card.marked:
                return [Reply(context.texts.rich("quiz.nothing_marked"), manner=Manner.PASSING)]
            return _answered(data["question"], data["times"], list(card.marked) if card else [], context)
        case _:
            return []


def _next(context: Context, said: Markup = NOTHING) -> list[Reply]:
    shown = practise(context.scene)
    if shown is not None:
        return [_question(shown, context, said)]
    texts = context.texts
    if quiz_practice.answered_on(context.database, context.person, context.today.isoformat()) >= MOST_A_DAY:
        end = texts.rich("quiz.practice_enough", count=MOST_A_DAY)
    else:
        day = quiz_practice.next_day(context.database, context.person)
        again = dt.date.fromisoformat(day).strftime("%d/%m") if day and day > context.today.isoformat() else ""
        end = texts.rich("quiz.practice_again_on", day=again) if again else texts.rich("quiz.practice_none")
    return [Reply(PARAGRAPHS.join(filter(None, [said, end])))]


def _answered(number: int, times: int, chosen: list[int], context: Context) -> list[Reply]:
    done = answer(context.scene, number, times, chosen)
    if done is None:
        # It was pressed twice, or late: nothing changes.
        return [Reply(context.texts.rich("quiz.practice_answered"), manner=Manner.PASSING)]
    again = context.texts.rich("quiz.practice_in_days", days=done.again_in)
    return _next(context, PARAGRAPHS.join([explained(done, context), again]))


def _question(shown: Practised, context: Context, said: Markup = NOTHING, manner: Manner = Manner.NEW) -> Reply:
    texts, card = context.texts, shown.card
    head = texts.rich("quiz.practice_head", topic=shown.question.topic or texts("quiz.practice_any"))
    at = {"question": card.question, "times": card.times}
    buttons: tuple[Button, ...] = option_buttons(shown, "quiz.practice_", at, context)
    text = PARAGRAPHS.join(filter(None, [said, question_text(shown, head, context)]))
    return Reply(text, buttons, lead=texts.rich("quiz.options"), manner=manner)


COMMANDS = (
    Command(
        "luyentap",
        lambda _, context: _next(context),
        ("luyen tap", "on tap", "luyen tap trac nghiem"),
        offered=lambda context: context.scene.actor.has(Role.STAFF),
    ),
)
