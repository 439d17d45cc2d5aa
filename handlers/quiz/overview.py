"""Rounds as those see them who look after some: administrators all of them, heads and contacts how theirs did."""

from __future__ import annotations

from typing import Any

from handlers.authorization import Role, may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.errors import NotAllowed
from handlers.quiz import export, gathering, results, rounds
from handlers.quiz.wording import shown_time
from storage import quiz_rounds
from storage.quiz_rounds import Round

MOST_ROUNDS, MOST_OFFERED = 5, 6


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about the rounds that there are says; nothing for any other name."""
    match name:
        case "older":
            return [_older(data["unit"], data["before"], context)]
        case "round":
            return [_shown(data.get("unit"), data["round"], context)]
        case "ask_close":
            return [_ask_close(data["round"], context)]
        case "close":
            closed = rounds.close_round(context.scene, data["round"])
            return [Reply(context.texts.rich("quiz.closed", title=closed.title))]
        case "compare":
            first, second, found = results.compare_rounds(context.scene, data["before"], data["after"])
            chart = Button(context.texts("quiz.see_compared"), "quiz.compare_chart", data)
            offered = (chart,) if found.people >= results.FEWEST_TOLD else ()
            return [Reply(results.told_comparison(first, second, found, context), offered)]
        case "compare_chart":
            return export.compared_chart(data["before"], data["after"], context)
        case "units":
            return [_by_unit(data["unit"], data["round"], context)]
        case "chart":
            return export.charts(data["unit"], data["round"], context)
        case "xlsx":
            return gathering.tables("xlsx", data["unit"], data["round"], context)
        case "csv":
            return gathering.tables("csv", data["unit"], data["round"], context)
        case _:
            return []


def show(context: Context) -> list[Reply]:
    """The newest rounds that whoever asks looks after, and a new one where he may plan it."""
    offered, texts = [], context.texts
    for unit in _units(context):
        offered += _rounds(unit, None, context)
    found = bool(offered)
    if may(context.scene, "quiz.plan_round"):
        offered.append(Button(texts("quiz.plan"), "quiz.plan"))
    return [Reply(texts.rich("quiz.rounds" if found else "quiz.no_rounds"), tuple(offered))]


def _older(unit: int | None, before: int, context: Context) -> Reply:
    return Reply(context.texts.rich("quiz.rounds"), tuple(_rounds(unit, before, context)))


def _rounds(unit: int | None, before: int | None, context: Context) -> list[Button]:
    """The newest rounds of a unit, with `before` older ones, and what leads on to those before them."""
    texts, offered = context.texts, []
    of_unit = {} if unit is None else {"unit": results.unit_name(unit, context)}
    found = results.see_unit_rounds(context.scene, unit, MOST_ROUNDS + 1, before)
    for one in found[:MOST_ROUNDS]:
        line = _line(one, context)
        full = texts("quiz.of_unit", line=line, **of_unit) if of_unit else line
        offered.append(Button(one.title, "quiz.round", {"round": one.id, "unit": unit}, full=full))
    if len(found) > MOST_ROUNDS:
        data = {"unit": unit, "before": found[MOST_ROUNDS - 1].id}
        label = texts("quiz.older")
        full = texts("quiz.of_unit", line=label, **of_unit) if of_unit else label
        offered.append(Button(label, "quiz.older", data, full=full))
    return offered


def _units(context: Context) -> list[int | None]:
    """The units that whoever asks looks after, None for all of them; NotAllowed where there are none."""
    if may(context.scene, "quiz.plan_round"):
        return [None]
    held = [one for one in context.scene.actor.roles if one.role in (Role.HEAD.value, Role.CONTACT.value)]
    found = list(dict.fromkeys(one.unit for one in held if one.unit is not None))
    if not found:
        raise NotAllowed("quiz.see_unit_rounds")
    return [*found]


def _line(found: Round, context: Context) -> str:
    opens, closes = shown_time(found.opens_at, context), shown_time(found.closes_at, context)
    return context.texts(f"quiz.state_{found.state}", number=found.id, title=found.title, opens=opens, closes=closes)


def _shown(unit: int | None, number: int, context: Context) -> Reply:
    found, texts = results.see_results(context.scene, unit, number), context.texts
    at = {"round": number, "unit": unit}
    offered = []
    if may(context.scene, "quiz.compare_rounds"):
        for before in results.see_unit_rounds(context.scene, None, 1, number):
            full = texts("quiz.compare_with", title=before.title)
            data = {"before": before.id, "after": number}
            offered.append(Button(texts("quiz.compare"), "quiz.compare", data, full=full))
    if found.whole.finished:
        names = ("units", "chart", "xlsx", "csv")
        offered += [Button(texts(f"quiz.see_{name}"), f"quiz.{name}", at) for name in names]
    if found.round.state != "closed" and may(context.scene, "quiz.close_round"):
        # Last, and asked once more: it cannot be taken back.
        offered.append(Button(texts("quiz.close"), "quiz.ask_close", {"round": number}))
    return Reply(results.told(found, context), tuple(offered))


def _ask_close(number: int, context: Context) -> Reply:
    """What closing a round now would mean, before it is done."""
    found, texts = results.see_results(context.scene, None, number), context.texts
    name = "quiz.ask_close_planned" if found.round.state == "planned" else "quiz.ask_close"
    left = found.invited - found.whole.finished
    return Reply(
        texts.rich(name, title=found.round.title, left=left),
        (
            Button(texts("quiz.keep_open"), "quiz.round", {"round": number, "unit": None}),
            Button(texts("quiz.sure_close"), "quiz.close", {"round": number}, once="close"),
        ),
    )


def _by_unit(unit: int | None, number: int, context: Context) -> Reply:
    """The units by the share that passed, each of the first with its own results behind a button."""
    by_unit = results.see_units(context.scene, unit, number)
    found = quiz_rounds.get(context.database, number)
    assert found
    offered = [
        Button(results.unit_name(one.unit, context), "quiz.round", {"round": number, "unit": one.unit})
        for one in by_unit[:MOST_OFFERED]
        if one.unit is not None and one.unit != unit
    ]
    return Reply(results.told_units(by_unit, found.title, context), tuple(offered))


COMMANDS = (
    Command(
        "dottracnghiem",
        lambda _, context: show(context),
        (
            "dot trac nghiem",
            "cac dot trac nghiem",
            "mo dot trac nghiem",
            "mo trac nghiem",
            "tao trac nghiem",
            "ket qua trac nghiem",
        ),
        offered=lambda context: may(context.scene, "quiz.see_unit_rounds"),
    ),
)
