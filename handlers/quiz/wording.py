"""A quiz in words: a question on one screen, what its answer says, and how an attempt ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from handlers.ask.wording import writer_for
from handlers.context import Context
from handlers.conversation import Button
from handlers.quiz.question import LETTERS
from handlers.quiz.rounds import Asked
from knowledge.showing import cite, is_visible

PARAGRAPHS, LINES = Markup("\n\n"), Markup("\n")


def screen(asked: Asked, context: Context) -> Markup:
    """Return a question with how far one is; its options stand beside the buttons."""
    hint = [context.texts.rich("quiz.choose_several")] if asked.question.several else []
    head = context.texts.rich("quiz.progress", place=asked.place + 1, count=asked.count)
    return PARAGRAPHS.join([LINES.join([head, Markup.escape(asked.question.text)]), *hint])


def buttons(asked: Asked, context: Context) -> tuple[Button, ...]:
    """Return the options as buttons that carry letters; where several are to be chosen, a last one that ends it."""
    at = {"attempt": asked.attempt.id, "place": asked.place}
    several, marked = asked.question.several, asked.answer.marked if asked.answer else ()
    name = f"quiz {asked.attempt.id}.{asked.place}"
    shown = []
    for letter, place in zip(LETTERS, asked.order, strict=False):
        full = context.texts("quiz.option", letter=letter, text=asked.question.options[place].text)
        if several:
            label = context.texts("quiz.marked", letter=letter) if place in marked else letter
            full = context.texts("quiz.marked", letter=full) if place in marked else full
            shown.append(Button(label, "quiz.mark", {**at, "option": place}, full=full))
        else:
            shown.append(Button(letter, "quiz.answer", {**at, "option": place}, once=name, full=full))
    if several:
        shown.append(Button(context.texts("quiz.done"), "quiz.done", at))
    return tuple(shown)


def explained(asked: Asked, context: Context) -> Markup:
    """Return whether an answer was right, why, and the rule that says so."""
    assert asked.answer is not None
    score = asked.answer.score or 0.0
    name = "quiz.right" if score >= 1 else "quiz.partly" if score > 0 else "quiz.wrong"
    parts = [context.texts.rich(name, answer=right_answer(asked, context))]
    told = [asked.question.options[place].feedback for place in asked.answer.chosen or ()]
    parts += [Markup.escape(text) for text in (*told, asked.question.explanation) if text]
    return PARAGRAPHS.join([LINES.join(parts), *rules(asked, context)])


def rules(asked: Asked, context: Context) -> Iterator[Markup]:
    """Yield the rules that a question tests as they may be shown, each with whether it still holds."""
    writer = writer_for(context.texts, context.office, context.search)
    for provision in asked.question.provisions:
        found = context.search.library.get(provision)
        if found is not None and is_visible(found.document, context.units):
            citation = cite(found, context.today)
            if citation.quote:
                yield writer.rule(citation)


def right_answer(asked: Asked, context: Context) -> str:
    """Return the right options by the letters that they were shown with: "B. …"."""
    places = sorted(asked.question.right, key=asked.order.index)
    shown = [
        context.texts("quiz.option", letter=LETTERS[asked.order.index(place)], text=asked.question.options[place].text)
        for place in places
    ]
    return "; ".join(shown if asked.question.several else shown[:1])


def review(wrong: Sequence[Asked], context: Context) -> Markup:
    """Return the questions that were not answered right, each with its answer and its rule."""
    parts = []
    for asked in wrong:
        head = context.texts.rich("quiz.reviewed", place=asked.place + 1, question=asked.question.text)
        parts.append(LINES.join([head, explained(asked, context)]))
    return PARAGRAPHS.join(parts)


def shown_score(score: float, count: int, context: Context) -> Markup:
    """Return a score as points and percent: "8,5/10 (85%)"."""
    points = f"{score * count:.1f}".rstrip("0").rstrip(".").replace(".", ",")
    # Rounded down: 79.9 % is not yet the 80 % that were asked for.
    return context.texts.rich("quiz.score", points=points, count=count, percent=int(score * 100 + 1e-6))


def shown_time(stamp: str, context: Context) -> str:
    """Return a stored time as the office's clock shows it."""
    at = dt.datetime.fromisoformat(stamp).astimezone(context.zone)
    return context.texts("quiz.time", time=at.strftime("%H:%M"), day=at.strftime("%d/%m/%Y"))
