"""What an administrator does with rounds in chat: plan one step by step, see what came of it, compare, close early."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from handlers import form
from handlers.authorization import may
from handlers.command import Command
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.errors import NotFound, NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.menu import numbered
from handlers.people.changing import read_day
from handlers.people.finding import find_unit
from handlers.people.service import folded, read_name
from handlers.plan import foresee, in_words
from handlers.quiz import bank, results, rounds
from handlers.quiz.rounds import Rules
from handlers.quiz.schedule import audience_of, message
from handlers.quiz.wording import shown_time
from storage import people, quizzes
from storage.quiz_rounds import ANNOUNCED, Round

NAME = "quiz_round"
"""The form that plans a round, by name."""

MOST_ROUNDS = 5

# Where only a day is typed a round opens when the office begins to work, and closes when it ends.
OPENS, CLOSES = dt.time(8), dt.time(17)

_NOW = {"ngay", "ngay bay gio", "bay gio", "luon"}
_ALL = {"tat ca", "het", "toan bo"}
_EVERYBODY = {"tat ca", "ca co quan", "toan co quan", "moi nguoi", "toan the"}


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Do what a button about rounds says; nothing for any other name."""
    match name:
        case "plan":
            return _begin(context)
        case "round":
            return [_shown(data["round"], context)]
        case "close":
            closed = rounds.close_round(context.scene, data["round"])
            return [Reply(context.texts.rich("quiz.closed", title=closed.title))]
        case "compare":
            first, second, found = results.compare_rounds(context.scene, data["before"], data["after"])
            return [Reply(results.told_comparison(first, second, found, context))]
        case _:
            return []


def _rounds(_: str, context: Context) -> list[Reply]:
    """The newest rounds, and a new one."""
    found = rounds.see_rounds(context.scene, MOST_ROUNDS)
    buttons = [Button(one.title, "quiz.round", {"round": one.id}, full=_line(one, context)) for one in found]
    buttons.append(Button(context.texts("quiz.plan"), "quiz.plan"))
    return [Reply(context.texts.rich("quiz.rounds" if found else "quiz.no_rounds"), tuple(buttons))]


def _line(found: Round, context: Context) -> str:
    opens, closes = shown_time(found.opens_at, context), shown_time(found.closes_at, context)
    return context.texts(f"quiz.state_{found.state}", title=found.title, opens=opens, closes=closes)


def _shown(number: int, context: Context) -> Reply:
    found = results.see_results(context.scene, number)
    offered = []
    if found.round.state != "closed":
        offered.append(Button(context.texts("quiz.close"), "quiz.close", {"round": number}, once="close"))
    before = [one for one in rounds.see_rounds(context.scene, 2 * MOST_ROUNDS) if one.id < number]
    if before:
        label = context.texts("quiz.compare")
        full = context.texts("quiz.compare_with", title=before[0].title)
        offered.append(Button(label, "quiz.compare", {"before": before[0].id, "after": number}, full=full))
    return Reply(results.told(found, context), tuple(offered))


# Planning


def _begin(context: Context) -> list[Reply]:
    if not bank.list_banks(context.scene):
        # An office that has no questions of its own begins with those that come with the program.
        bank.replace_bank(context.scene, context.texts("quiz.built_in"), bank.built_in())
    return form.begin(NAME, PLAN, {}, context)


def _ask_title(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("quiz.ask_title"))


def _take_title(typed: str, data: Data, _: Context) -> str | Done:
    data["title"] = read_name(typed)
    return "bank"


def _ask_bank(_: Data, context: Context) -> Reply:
    buttons = [form.choice(one.name, one.name, NAME, "bank") for one in bank.list_banks(context.scene) if one.questions]
    return Reply(context.texts.rich("quiz.ask_bank"), tuple(buttons))


def _take_bank(typed: str, data: Data, context: Context) -> str | Done:
    found = quizzes.find_bank(context.database, folded(typed))
    if found is None:
        raise NotFound("no_such_bank")
    data["bank"] = found.name
    return "topics"


def _ask_topics(data: Data, context: Context) -> Reply:
    topics = _topics(data, context)
    buttons = [form.choice(context.texts("quiz.all_topics"), "tat ca", NAME, "topics")]
    buttons += [form.choice(topic, topic, NAME, "topics") for topic in topics]
    return Reply(context.texts.rich("quiz.ask_topics"), tuple(buttons))


def _take_topics(typed: str, data: Data, context: Context) -> str | Done:
    known = {folded(topic): topic for topic in _topics(data, context)}
    if folded(typed) in _ALL or folded(typed) == folded(context.texts("quiz.all_topics")):
        data["topics"] = []
        return "count"
    whole = [known[folded(typed)]] if folded(typed) in known else None
    named = whole or [known.get(folded(part), "") for part in typed.split(";")]
    if not all(named):
        raise NotFound("no_such_topic")
    data["topics"] = named
    return "count"


def _topics(data: Data, context: Context) -> list[str]:
    _, questions = bank.read_bank(context.scene, data["bank"])
    return list(dict.fromkeys(question.topic for question in questions if question.topic))


def _available(data: Data, context: Context) -> int:
    _, questions = bank.read_bank(context.scene, data["bank"])
    return sum(not data["topics"] or question.topic in data["topics"] for question in questions)


def _ask_count(data: Data, context: Context) -> Reply:
    most = _available(data, context)
    buttons = [form.choice(str(count), f"{count} câu", NAME, "count") for count in (5, 10, 15) if count < most]
    buttons.append(form.choice(context.texts("quiz.all_questions", count=most), "tat ca", NAME, "count"))
    return Reply(context.texts.rich("quiz.ask_count", most=most), tuple(buttons))


def _take_count(typed: str, data: Data, context: Context) -> str | Done:
    most = _available(data, context)
    words = folded(typed).removesuffix("cau").strip()
    count = most if words in _ALL or words.startswith("tat ca") else numbered(words) or 0
    if not 1 <= count <= most:
        raise NotPossible("too_few_questions", count=most)
    data["count"] = count
    return "opens"


def _ask_opens(_: Data, context: Context) -> Reply:
    return Reply(context.texts.rich("quiz.ask_opens"), (form.choice(context.texts("quiz.now"), "ngay", NAME, "opens"),))


def _take_opens(typed: str, data: Data, context: Context) -> str | Done:
    at = context.now
    if folded(typed) not in _NOW:
        at = _at(read_day(typed, context.today), OPENS, context)
    data["opens"] = max(at, context.now).isoformat()
    return "closes"


def _ask_closes(_: Data, context: Context) -> Reply:
    days = [context.today + dt.timedelta(days=days) for days in (1, 3, 7)]
    buttons = [form.choice(f"{day:%d/%m}", f"{day:%d/%m/%Y}", NAME, "closes") for day in days]
    return Reply(context.texts.rich("quiz.ask_closes"), tuple(buttons))


def _take_closes(typed: str, data: Data, context: Context) -> str | Done:
    at = _at(read_day(typed, context.today), CLOSES, context)
    if not rounds.SHORTEST <= at - dt.datetime.fromisoformat(data["opens"]) <= rounds.LONGEST:
        raise NotPossible("round_times")
    data["closes"] = at.isoformat()
    return "audience"


def _ask_audience(_: Data, context: Context) -> Reply:
    everybody = form.choice(context.texts("quiz.everybody"), "ca co quan", NAME, "audience")
    return Reply(context.texts.rich("quiz.ask_audience"), (everybody,))


def _take_audience(typed: str, data: Data, context: Context) -> str | Done:
    if folded(typed) in _EVERYBODY:
        data["audience"] = {"kind": "all"}
        return "confirm"
    found = [find_unit(context.database, part.strip()).id for part in typed.split(";") if part.strip()]
    if not found:
        raise NotFound("no_such_unit")
    data["audience"] = {"kind": "units", "units": found, "below": True}
    return "confirm"


def _ask_confirm(data: Data, context: Context) -> Reply:
    """Everything that was chosen, with how many people and messages it means, before anything is sent."""
    invited = audience_of(context, _rules(data))
    reached = [to for person, _ in invited if (to := people.reached_at(context.database, person))]
    first = message(data["title"], data["count"], data["closes"], _rules(data), 0, ANNOUNCED, context)
    used = foresee(context, reached, first)
    # Twice each question, sent and answered; beside the announcement a reminder, the beginning and the result.
    messages = sum(use.adds for use in used) * (2 * data["count"] + 4)
    quota = [in_words(used, context), context.texts.rich("quiz.quota", messages=messages)] if used else []
    text = context.texts.rich(
        "quiz.confirm",
        title=data["title"],
        bank=data["bank"],
        count=data["count"],
        opens=shown_time(data["opens"], context),
        closes=shown_time(data["closes"], context),
        people=len(invited),
        unreached=len(invited) - len(reached),
        pass_mark=_rules(data).pass_mark,
    )
    return Reply(
        results.LINES.join([text, *quota]),
        (
            form.choice(context.texts("quiz.yes"), "co", NAME, "confirm"),
            form.choice(context.texts("quiz.no"), "khong", NAME, "confirm"),
        ),
    )


def _take_confirm(typed: str, data: Data, context: Context) -> str | Done:
    agreed = form.yes_or_no(typed)
    if agreed is None:
        raise NotFound("yes_or_no")
    if not agreed:
        return Done([Reply(context.texts.rich("quiz.not_planned"))])
    opens, closes = (dt.datetime.fromisoformat(data[name]) for name in ("opens", "closes"))
    rounds.plan_round(context.scene, data["title"], data["bank"], _rules(data), opens, closes)
    return Done(
        [Reply(context.texts.rich("quiz.planned", title=data["title"], opens=shown_time(data["opens"], context)))]
    )


def _rules(data: Data) -> Rules:
    return replace(Rules(), topics=tuple(data["topics"]), draw=data["count"], audience=data["audience"])


def _at(day: dt.date, time: dt.time, context: Context) -> dt.datetime:
    return dt.datetime.combine(day, time, context.zone).astimezone(dt.UTC)


PLAN: Form = {
    "title": Step(_ask_title, _take_title),
    "bank": Step(_ask_bank, _take_bank),
    "topics": Step(_ask_topics, _take_topics),
    "count": Step(_ask_count, _take_count),
    "opens": Step(_ask_opens, _take_opens),
    "closes": Step(_ask_closes, _take_closes),
    "audience": Step(_ask_audience, _take_audience),
    "confirm": Step(_ask_confirm, _take_confirm),
}

FORMS = {NAME: PLAN}

COMMANDS = (
    Command(
        "dottracnghiem",
        _rounds,
        ("dot trac nghiem", "cac dot trac nghiem", "mo dot trac nghiem"),
        offered=lambda context: may(context.scene, "quiz.plan_round"),
    ),
)
