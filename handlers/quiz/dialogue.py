"""Taking a quiz: one question on each screen, what its answer says together with the next one, and the result."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from markupsafe import Markup

from handlers.authorization import may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import NOTHING, Button, Drawing, Manner, Reply
from handlers.errors import NotPossible
from handlers.quiz import overview, planning, practice, rounds
from handlers.quiz.confirmation import DRAWING, PICTURE, PRINT, confirmation_for
from handlers.quiz.rounds import Asked, Rules
from handlers.quiz.wording import (
    PARAGRAPHS,
    buttons,
    explained,
    poll,
    review,
    screen,
    settled,
    shown_score,
    shown_time,
)
from storage import quiz_attempts, quiz_rounds
from storage.quiz_attempts import Attempt
from storage.quiz_rounds import Round


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button of a quiz says."""
    match name:
        case "start":
            return _start(data["round"], context)
        case "begin":
            # The button of a broadcast, which goes to others, too, than the round is for.
            return _start(int(data["id"]), context)
        case "answer":
            return _answer(data["attempt"], data["place"], [data["option"]], context)
        case "vote":
            # One that was taken back chooses nothing; what was answered stays so.
            return _answer(data["attempt"], data["place"], _voted(data), context)
        case "mark":
            asked = rounds.mark(context.scene, data["attempt"], data["place"], data["option"])
            return [_question(asked, context, manner=Manner.INSTEAD)]
        case "done":
            return _done(data["attempt"], data["place"], context)
        case "review":
            return _review(data["attempt"], context)
        case "result":
            return [_result(data["attempt"], context)]
        case "paper":
            return [_paper(data["attempt"], data["form"], context)]
        case _:
            return (
                practice.press(name, data, context)
                or overview.act(name, data, context)
                or planning.act(name, data, context)
                or [Reply(context.texts.rich("menu.stale"))]
            )


def _show(_: str, context: Context) -> list[Reply]:
    """The rounds that whoever asks may take, goes on with, or has taken."""
    offered: list[Button] = []
    for found in quiz_rounds.rounds_for(context.database, context.person):
        taken = quiz_attempts.of_person(context.database, found.id, context.person)
        is_open = found.state == "open" and context.now.isoformat() < found.closes_at
        if is_open and (not taken or any(one.finished_at is None for one in taken)):
            label = context.texts("quiz.go_on" if taken else "quiz.start")
            until = context.texts("quiz.open_round", title=found.title, until=shown_time(found.closes_at, context))
            offered.append(Button(label, "quiz.start", {"round": found.id}, full=f"{label}: {until}"))
        elif finished := [one for one in taken if one.finished_at is not None]:
            # One that was left open when the round closed has no result.
            label = context.texts("quiz.see_result")
            full = context.texts("quiz.of_round", label=label, title=found.title)
            offered.append(Button(label, "quiz.result", {"attempt": finished[-1].id}, full=full))
    if not offered and may(context.scene, "quiz.plan_round"):
        # Who opens rounds and has none to take means those.
        return overview.show(context)
    if not offered:
        return [Reply(context.texts.rich("quiz.nothing"))]
    return [Reply(context.texts.rich("quiz.yours"), tuple(offered[:MOST_OFFERED]))]


def _start(number: int, context: Context) -> list[Reply]:
    try:
        attempt = rounds.take(context.scene, number)
    except NotPossible as refusal:
        taken = quiz_attempts.of_person(context.database, number, context.person)
        finished = [one for one in taken if one.finished_at is not None]
        if not finished or refusal.code not in ("no_more_attempts", "round_closed"):
            raise
        return [_result(finished[-1].id, context)]
    following = rounds.next_question(context.database, attempt)
    assert following is not None
    return [_question(following, context)]


def _answer(attempt: int, place: int, chosen: list[int], context: Context) -> list[Reply]:
    asked, taken, following = rounds.answer(context.scene, attempt, place, chosen)
    if not taken:
        # It was pressed twice, or late, or answered in another messenger: where one stands is told, nothing changes.
        return [Reply(context.texts.rich("quiz.answered"), manner=Manner.PASSING)]
    rules = _rules(asked.attempt, context)
    settles = settled(asked) if rules.polls else ""
    said = explained(asked, context) if rules.explain == "each" else NOTHING
    if following is None:
        return [replace(_result(attempt, context, said), settles=settles)]
    return [replace(_question(following, context, said, rules=rules), settles=settles)]


def _voted(data: dict[str, Any]) -> list[int]:
    """The options that were chosen in a poll, by their places in the question."""
    return [data["order"][place] for place in data["chosen"] if 0 <= place < len(data["order"])]


def _done(attempt: int, place: int, context: Context) -> list[Reply]:
    _, own, asked = rounds.own_result(context.scene, attempt)
    answer = asked[place].answer
    if answer is None or not (answer.marked or answer.chosen):
        return [Reply(context.texts.rich("quiz.nothing_marked"), manner=Manner.PASSING)]
    return _answer(own.id, place, list(answer.marked), context)


def _question(
    asked: Asked,
    context: Context,
    said: Markup = NOTHING,
    manner: Manner = Manner.NEW,
    rules: Rules | None = None,
) -> Reply:
    """A question after what is said of the one before; one that is marked already stays on buttons."""
    shown = rounds.show(context.database, asked, context.now.isoformat())
    rules = rules or _rules(asked.attempt, context)
    if rules.polls and manner is Manner.NEW and (asks := poll(shown, rules, context)):
        lead = context.texts.rich("quiz.options")
        return Reply(screen(shown, context), buttons(shown, context), lead=lead, opening=said, poll=asks)
    text = PARAGRAPHS.join(filter(None, [said, screen(shown, context)]))
    return Reply(text, buttons(shown, context), lead=context.texts.rich("quiz.options"), manner=manner)


def _result(number: int, context: Context, said: Markup = NOTHING) -> Reply:
    """How an attempt ended; what was wrong with its rule, where that was not told after each question."""
    found, attempt, asked = rounds.own_result(context.scene, number)
    if attempt.finished_at is None or attempt.score is None:
        raise NotPossible("round_closed", title=found.title)
    wrong = [one for one in asked if one.answer and (one.answer.score or 0) < 1]
    rules = Rules.of(found)
    text = context.texts.rich(
        "quiz.passed" if attempt.passed else "quiz.failed",
        title=found.title,
        score=shown_score(attempt.score, len(asked), context),
        pass_mark=rules.pass_mark,
    )
    parts = [said, text]
    if wrong and rules.explain == "end":
        parts.append(review(wrong, context))
    elif wrong:
        parts.append(context.texts.rich("quiz.wrong_ones", places=", ".join(str(one.place + 1) for one in wrong)))
    return Reply(PARAGRAPHS.join(filter(None, parts)), _after(found, attempt, wrong, rules, context))


def _after(found: Round, attempt: Attempt, wrong: list[Asked], rules: Rules, context: Context) -> tuple[Button, ...]:
    at = {"attempt": attempt.id}
    offered = []
    if wrong and rules.explain == "each":
        offered.append(Button(context.texts("quiz.review"), "quiz.review", at))
    if rounds.may_retry(context.scene, found, context.person):
        offered.append(Button(context.texts("quiz.retry"), "quiz.start", {"round": found.id}))
    offered.append(Button(context.texts("quiz.paper"), "quiz.paper", {**at, "form": PICTURE}))
    if wrong:
        offered.append(Button(context.texts("quiz.practise"), "quiz.practise"))
    return tuple(offered)


def _review(number: int, context: Context) -> list[Reply]:
    _, _, asked = rounds.own_result(context.scene, number)
    wrong = [one for one in asked if one.answer and one.answer.chosen is not None and (one.answer.score or 0) < 1]
    if not wrong:
        return [Reply(context.texts.rich("quiz.all_right"))]
    return [Reply(review(wrong, context))]


def _paper(number: int, form: str, context: Context) -> Reply:
    """The confirmation of a result, as a picture to look at or a PDF to be printed."""
    found, attempt, asked = rounds.own_result(context.scene, number)
    if attempt.finished_at is None:
        raise NotPossible("round_closed", title=found.title)
    data = asdict(confirmation_for(found, attempt, len(asked), form, context))
    kind, name = ("photo", f"{FILE_NAME}.png") if form == PICTURE else ("document", f"{FILE_NAME}.pdf")
    also = Button(context.texts("quiz.paper_print"), "quiz.paper", {"attempt": number, "form": PRINT})
    return Reply(
        context.texts.rich("quiz.paper_said", title=found.title),
        (also,) if form == PICTURE else (),
        files=(Drawing(DRAWING, data, "photo" if kind == "photo" else "document", name),),
    )


def _rules(attempt: Attempt, context: Context) -> Rules:
    found = quiz_rounds.get(context.database, attempt.round)
    assert found is not None
    return Rules.of(found)


MOST_OFFERED = 6
FILE_NAME = "giay-xac-nhan-ket-qua"

COMMANDS = (
    Command(
        "tracnghiem",
        _show,
        (
            "trac nghiem",
            "lam trac nghiem",
            "lam bai trac nghiem",
            "bai trac nghiem",
            "thi trac nghiem",
            "lam bai",
            "lam bai thi",
            "lam quiz",
            "quiz",
        ),
        offered=lambda context: bool(quiz_rounds.rounds_for(context.database, context.person)),
    ),
    *practice.COMMANDS,
    *overview.COMMANDS,
)
