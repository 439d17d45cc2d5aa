"""A quiz in words: a question on one screen, what its answer says, and how an attempt ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from markupsafe import Markup

from handlers.ask.wording import writer_for
from handlers.context import Context
from handlers.conversation import Button, Poll
from handlers.quiz.question import FULL, LETTERS, Question
from handlers.quiz.rounds import Asked, Rules
from handlers.quiz.statistics import in_percent, rounded_down
from knowledge.showing import cite, is_visible

PARAGRAPHS, LINES = Markup("\n\n"), Markup("\n")


class Shown(Protocol):
    """A question as it is shown to somebody: its options in their order, those marked, and what was answered to it."""

    @property
    def question(self) -> Question:
        """Return what is asked."""
        ...

    @property
    def order(self) -> tuple[int, ...]:
        """Return the options by their places, as they are shown."""
        ...

    @property
    def marked(self) -> tuple[int, ...]:
        """Return the options that are marked so far."""
        ...

    @property
    def chosen(self) -> tuple[int, ...] | None:
        """Return the options that were chosen, None before."""
        ...

    @property
    def score(self) -> float | None:
        """Return what the answer is worth, from 0 to 1."""
        ...


def screen(asked: Asked, context: Context) -> Markup:
    """Return a question with how far one is; its options stand beside the buttons."""
    return question_text(asked, context.texts.rich("quiz.progress", place=asked.place + 1, count=asked.count), context)


def question_text(shown: Shown, head: Markup, context: Context) -> Markup:
    """Return a question under a line of its own."""
    hint = [context.texts.rich("quiz.choose_several")] if shown.question.several else []
    return PARAGRAPHS.join([LINES.join([head, Markup.escape(shown.question.text)]), *hint])


def buttons(asked: Asked, context: Context) -> tuple[Button, ...]:
    """Return the options of a question of an attempt as buttons."""
    return option_buttons(asked, "quiz.", {"attempt": asked.attempt.id, "place": asked.place}, context)


def option_buttons(shown: Shown, prefix: str, at: dict[str, Any], context: Context) -> tuple[Button, ...]:
    """Return the options as buttons that carry letters; where several are to be chosen, a last one that ends it.

    What they do is called `prefix` and "answer", "mark" or "done"; `at` says of which question they are.
    """
    several = shown.question.several
    name = f"{prefix} {'.'.join(map(str, at.values()))}"
    found = []
    for letter, place in zip(LETTERS, shown.order, strict=False):
        full = option_line(shown.question, letter, place, context)
        if several:
            is_marked = place in shown.marked
            label = context.texts("quiz.marked", letter=letter) if is_marked else letter
            full = context.texts("quiz.marked", letter=full) if is_marked else full
            found.append(Button(label, f"{prefix}mark", {**at, "option": place}, full=full))
        else:
            found.append(Button(letter, f"{prefix}answer", {**at, "option": place}, once=name, full=full))
    if several:
        found.append(Button(context.texts("quiz.done"), f"{prefix}done", at))
    return tuple(found)


def option_line(question: Question, letter: str, place: int, context: Context) -> str:
    """Return an option with its letter: "B. …"."""
    text = question.options[place].text
    if question.is_statement:
        text = context.texts("quiz.statement_false" if place else "quiz.statement_true")
    return context.texts("quiz.option", letter=letter, text=text)


def poll(asked: Asked, rules: Rules, context: Context) -> Poll | None:
    """Return a question of an attempt as a poll; None where a poll would not ask the same.

    A poll knows no answers that are right in part, and where only one may be chosen, one that is right. What is right
    is not shown where it is to be explained at the end.
    """
    question, texts = asked.question, context.texts
    in_part = not question.several and any(0 < option.credit < FULL for option in question.options)
    if in_part or (not question.several and len(question.right) != 1):
        return None
    at_once = rules.explain == "each"
    shown = zip(LETTERS, asked.order, strict=False)
    name = "quiz.poll_several" if question.several else "quiz.poll_question"
    return Poll(
        texts(name, place=asked.place + 1, count=asked.count, question=question.text),
        tuple(option_line(question, letter, place, context) for letter, place in shown),
        "quiz.vote",
        {"attempt": asked.attempt.id, "place": asked.place, "order": list(asked.order)},
        right=tuple(sorted(asked.order.index(place) for place in question.right)) if at_once else (),
        several=question.several,
        explanation=question.explanation,
        settles=settled(asked),
    )


def settled(asked: Asked) -> str:
    """Return the name of what polls of a question of an attempt ask."""
    return f"quiz.{asked.attempt.id}.{asked.place}"


def explained(asked: Shown, context: Context, quoted: set[str] | None = None) -> Markup:
    """Return whether an answer was right, why, and the rule that says so.

    Of the rules those in `quoted` are left out, and what is quoted is added there.
    """
    score = asked.score or 0.0
    name = "quiz.right" if score >= 1 else "quiz.partly" if score > 0 else "quiz.wrong"
    parts = [context.texts.rich(name, answer=right_answer(asked, context))]
    told = [asked.question.options[place].feedback for place in asked.chosen or ()]
    parts += [Markup.escape(text) for text in (*told, asked.question.explanation) if text]
    return PARAGRAPHS.join([LINES.join(parts), *rules(asked, context, quoted)])


def rules(asked: Shown, context: Context, quoted: set[str] | None = None) -> Iterator[Markup]:
    """Yield the rules that a question tests as they may be shown, each with whether it still holds."""
    before = set() if quoted is None else quoted
    writer = writer_for(context.texts, context.office, context.search)
    for provision in asked.question.provisions:
        found = context.search.library.get(provision)
        if found is None or provision in before:
            continue
        before.add(provision)
        if is_visible(found.document, context.units):
            citation = cite(found, context.today)
            if citation.quote:
                yield writer.rule(citation)


def right_answer(asked: Shown, context: Context) -> str:
    """Return the right options by the letters that they were shown with: "B. …"."""
    places = sorted(asked.question.right, key=asked.order.index)
    shown = [option_line(asked.question, LETTERS[asked.order.index(place)], place, context) for place in places]
    return "; ".join(shown if asked.question.several else shown[:1])


def review(wrong: Sequence[Asked], context: Context) -> Markup:
    """Return the questions that were not answered right, each with its answer and its rule, which is quoted once."""
    parts = []
    quoted: set[str] = set()
    for asked in wrong:
        head = context.texts.rich("quiz.reviewed", place=asked.place + 1, question=asked.question.text)
        parts.append(LINES.join([head, explained(asked, context, quoted)]))
    return PARAGRAPHS.join(parts)


def shown_score(score: float, count: int, context: Context) -> Markup:
    """Return a score as points and percent: "8,5/10 (85%)"."""
    points = f"{rounded_down(score * count, 1):.1f}".rstrip("0").rstrip(".").replace(".", ",")
    return context.texts.rich("quiz.score", points=points, count=count, percent=in_percent(score))


def percent(share: float) -> str:
    """Return a share as it is shown: "85%"."""
    return f"{in_percent(share)}%"


def shown_time(stamp: str, context: Context) -> str:
    """Return a stored time as the office's clock shows it."""
    at = dt.datetime.fromisoformat(stamp).astimezone(context.zone)
    return context.texts("quiz.time", time=at.strftime("%H:%M"), day=at.strftime("%d/%m/%Y"))
