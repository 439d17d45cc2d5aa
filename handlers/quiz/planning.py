"""A round as an administrator plans it in chat, step by step."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from handlers import form
from handlers.broadcast import audience, timing
from handlers.broadcast.wording import duration
from handlers.context import Context
from handlers.conversation import Reply
from handlers.errors import NotFound, NotPossible
from handlers.form import Data, Done, Form, Step
from handlers.menu import numbered
from handlers.people.changing import read_day
from handlers.people.reading import folded, read_name
from handlers.plan import foresee, in_words
from handlers.quiz import bank, rounds
from handlers.quiz.rounds import Rules
from handlers.quiz.schedule import meant, message, told_at
from handlers.quiz.wording import LINES, shown_time
from storage import quiz_people, quizzes
from storage.people import Address
from storage.quiz_people import ANNOUNCED

NAME = "quiz_round"
"""The form that plans a round, by name."""

# Where only a day is typed a round opens when the office begins to work, and closes when it ends.
OPENS, CLOSES = dt.time(8), dt.time(17)

_NOW = {"ngay", "ngay bay gio", "bay gio", "luon"}
_ALL = {"tat ca", "het", "toan bo"}
_CHANGE = {"doi", "doi cach lam", "cach lam", "sua"}
_EXPLAIN = {"sau tung cau": "each", "tung cau": "each", "khi lam xong": "end", "cuoi bai": "end", "lam xong": "end"}
_NUMBER = re.compile(r"\d{1,3}(?=$| |%)")

PASS_MARKS = (60, 80, 100)

LONG_WAIT = 8.0
"""Seconds for a question from which on whoever plans a round is told of them."""


def act(name: str, data: dict[str, Any], context: Context) -> list[Reply]:
    """Begin to plan a round; nothing for any other name."""
    return _begin(context) if name == "plan" else []


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
    buttons = [
        form.choice(context.texts("quiz.so_many_questions", count=count), str(count), NAME, "count")
        for count in (5, 10, 15)
        if count < most
    ]
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
    data["opens"] = opening("" if folded(typed) in _NOW else typed, context).isoformat()
    return "closes"


def _ask_closes(_: Data, context: Context) -> Reply:
    days = [context.today + dt.timedelta(days=days) for days in (1, 3, 7)]
    buttons = [form.choice(f"{day:%d/%m}", f"{day:%d/%m/%Y}", NAME, "closes") for day in days]
    return Reply(context.texts.rich("quiz.ask_closes"), tuple(buttons))


def _take_closes(typed: str, data: Data, context: Context) -> str | Done:
    at = closing(typed, context)
    if not rounds.SHORTEST <= at - dt.datetime.fromisoformat(data["opens"]) <= rounds.LONGEST:
        raise NotPossible("round_times")
    data["closes"] = at.isoformat()
    return "audience"


def _ask_audience(_: Data, context: Context) -> Reply:
    everybody = form.choice(context.texts("quiz.everybody"), "ca co quan", NAME, "audience")
    return Reply(context.texts.rich("quiz.ask_audience"), (everybody,))


def _take_audience(typed: str, data: Data, context: Context) -> str | Done:
    meant_now = audience.read(typed, context)
    selection = audience.SELECTIONS[meant_now["kind"]](context.database, meant_now)
    opens_now = dt.datetime.fromisoformat(data["opens"]) <= context.now
    if opens_now and not quiz_people.survey(context.database, selection, context.today.isoformat()):
        # For one that opens later there may be people by then.
        raise NotPossible("nobody_to_ask")
    data["audience"] = meant_now
    return "confirm"


# How it is taken: asked only where it is to be otherwise than usual


def _ask_pass_mark(_: Data, context: Context) -> Reply:
    buttons = tuple(form.choice(f"{share}%", str(share), NAME, "pass_mark") for share in PASS_MARKS)
    return Reply(context.texts.rich("quiz.ask_pass_mark"), buttons)


def _take_pass_mark(typed: str, data: Data, _: Context) -> str | Done:
    data["pass_mark"] = _whole_number(typed, 0, 100)
    return "attempts"


def _ask_attempts(_: Data, context: Context) -> Reply:
    texts = context.texts
    buttons = tuple(form.choice(texts("quiz.times", count=count), str(count), NAME, "attempts") for count in (1, 2, 3))
    return Reply(texts.rich("quiz.ask_attempts", most=rounds.MOST_ATTEMPTS), buttons)


def _take_attempts(typed: str, data: Data, _: Context) -> str | Done:
    data["attempts"] = _whole_number(typed, 1, rounds.MOST_ATTEMPTS)
    return "explain"


def _ask_explain(_: Data, context: Context) -> Reply:
    return Reply(
        context.texts.rich("quiz.ask_explain"),
        (
            form.choice(context.texts("quiz.explain_each"), "sau tung cau", NAME, "explain"),
            form.choice(context.texts("quiz.explain_end"), "khi lam xong", NAME, "explain"),
        ),
    )


def _take_explain(typed: str, data: Data, _: Context) -> str | Done:
    words = folded(typed)
    if words not in _EXPLAIN:
        raise NotFound("no_such_choice")
    data["explain"] = _EXPLAIN[words]
    return "by_name"


def _yes_or_no(name: str, after: str) -> Step:
    """The step that asks whether a rule of this name holds, and goes on to another."""

    def ask(_: Data, context: Context) -> Reply:
        no = form.choice(context.texts(f"quiz.no_{name}"), "khong", NAME, name)
        yes = form.choice(context.texts(f"quiz.yes_{name}"), "co", NAME, name)
        return Reply(context.texts.rich(f"quiz.ask_{name}"), (no, yes))

    def take(typed: str, data: Data, _: Context) -> str | Done:
        agreed = form.yes_or_no(typed)
        if agreed is None:
            raise NotFound("yes_or_no")
        data[name] = agreed
        return after

    return Step(ask, take)


def _whole_number(typed: str, least: int, most: int) -> int:
    match = _NUMBER.match(folded(typed))
    if match is None or not least <= int(match.group()) <= most:
        raise NotPossible("number_between", least=least, most=most)
    return int(match.group())


def _ask_confirm(data: Data, context: Context) -> Reply:
    plan = told_plan(data["title"], data["bank"], _rules(data), data["opens"], data["closes"], context)
    return Reply(
        LINES.join([plan, context.texts.rich("quiz.ask_confirm")]),
        (
            form.choice(context.texts("quiz.yes"), "co", NAME, "confirm"),
            form.choice(context.texts("quiz.change_rules"), "doi", NAME, "confirm"),
            form.choice(context.texts("quiz.no"), "khong", NAME, "confirm"),
        ),
    )


def _takes(found: Mapping[tuple[str, str] | None, int], context: Context) -> list[Markup]:
    """How long the invitations take, and a question when all are at it at once, at the pace of the slowest account."""
    opening = question = 0.0
    for line in context.lines:
        people = found.get((line.channel, line.account), 0)
        opening = max(opening, people / line.rate if line.rate else 0.0)
        question = max(question, people / line.answers if line.answers else 0.0)
    if question < LONG_WAIT:
        return []
    return [context.texts.rich("quiz.takes", opening=duration(opening, context), question=duration(question, context))]


def told_plan(title: str, bank_name: str, rules: Rules, opens: str, closes: str, context: Context) -> Markup:
    """Return everything that was chosen, with how many people and messages it means, before anything is sent."""
    found = quiz_people.survey(context.database, meant(context.database, rules), context.today.isoformat())
    reached = [Address(*account, "", "") for account, number in found.items() if account for _ in range(number)]
    first = message(title, rules.draw, closes, rules, 0, ANNOUNCED, context)
    used = foresee(context, reached, first)
    # Twice each question, sent and answered; beside the announcement a reminder, the beginning and the result.
    messages = sum(use.adds for use in used) * (2 * rules.draw + 4)
    quota = [in_words(used, context), context.texts.rich("quiz.quota", messages=messages)] if used else []
    named = [context.texts("quiz.is_by_name" if rules.by_name else "quiz.is_not_by_name")]
    named += [context.texts("quiz.is_in_polls")] if rules.polls else []
    named += [context.texts("quiz.is_at_any_hour")] if rules.any_hour else []
    text = context.texts.rich(
        "quiz.confirm",
        title=title,
        bank=bank_name,
        count=rules.draw,
        opens=shown_time(opens, context),
        closes=shown_time(closes, context),
        people=sum(found.values()),
        unreached=found.get(None, 0),
        whom=audience.said(rules.audience or audience.EVERYBODY, context),
        pass_mark=rules.pass_mark,
        attempts=rules.attempts,
        explain=context.texts(f"quiz.explained_{rules.explain}"),
        by_name=" ".join(named),
    )
    return LINES.join([text, *patience(opens, closes, rules, context), *_takes(found, context), *quota])


def patience(opens: str, closes: str, rules: Rules, context: Context) -> list[Markup]:
    """Say when the invitations go out where that is not when a round opens, or no time of work."""
    opens_at, closes_at = dt.datetime.fromisoformat(opens), dt.datetime.fromisoformat(closes)
    at = told_at(opens_at, closes_at, rules, context)
    if at is None:
        return [context.texts.rich("quiz.never_working")]
    return (
        [context.texts.rich("quiz.announced_then", time=shown_time(at.isoformat(), context))] if at > opens_at else []
    )


def _take_confirm(typed: str, data: Data, context: Context) -> str | Done:
    if folded(typed) in _CHANGE:
        return "pass_mark"
    agreed = form.yes_or_no(typed)
    if agreed is None:
        raise NotFound("yes_or_no")
    if not agreed:
        return Done([Reply(context.texts.rich("quiz.not_planned"))])
    opens, closes = (dt.datetime.fromisoformat(data[name]) for name in ("opens", "closes"))
    rounds.plan_round(context.scene, data["title"], data["bank"], _rules(data), opens, closes)
    planned = context.texts.rich("quiz.planned", title=data["title"], opens=shown_time(data["opens"], context))
    return Done([Reply(LINES.join([planned, *patience(data["opens"], data["closes"], _rules(data), context)]))])


def _rules(data: Data) -> Rules:
    names = ("pass_mark", "attempts", "explain", "by_name", "polls", "any_hour")
    chosen = {name: data[name] for name in names if name in data}
    return replace(Rules(), topics=tuple(data["topics"]), draw=data["count"], audience=data["audience"], **chosen)


def opening(typed: str, context: Context) -> dt.datetime:
    """Return when a round opens for a day or a time that was typed, "" for now. Raises NotPossible."""
    return max(_at(typed, OPENS, context), context.now) if typed else context.now


def closing(typed: str, context: Context) -> dt.datetime:
    """Return when a round closes for a day or a time that was typed. Raises NotPossible."""
    return _at(typed, CLOSES, context)


def _at(typed: str, time: dt.time, context: Context) -> dt.datetime:
    """The time that was typed, UTC, on a day without one at `time`."""
    try:
        day = read_day(typed, context.today)
    except NotPossible as no_day:
        try:
            found = timing.read(typed, context.now, context.zone, time)
        except NotPossible as refusal:
            raise refusal if refusal.code == "time_is_over" else no_day from None
        if found.at is None or found.repeats:
            raise no_day from None
        return found.at
    return dt.datetime.combine(day, time, context.zone).astimezone(dt.UTC)


PLAN: Form = {
    "title": Step(_ask_title, _take_title, digressions="never"),
    "bank": Step(_ask_bank, _take_bank),
    "topics": Step(_ask_topics, _take_topics),
    "count": Step(_ask_count, _take_count),
    "opens": Step(_ask_opens, _take_opens),
    "closes": Step(_ask_closes, _take_closes),
    "audience": Step(_ask_audience, _take_audience),
    "pass_mark": Step(_ask_pass_mark, _take_pass_mark),
    "attempts": Step(_ask_attempts, _take_attempts),
    "explain": Step(_ask_explain, _take_explain),
    "by_name": _yes_or_no("by_name", "polls"),
    "polls": _yes_or_no("polls", "any_hour"),
    "any_hour": _yes_or_no("any_hour", "confirm"),
    "confirm": Step(_ask_confirm, _take_confirm),
}

FORMS = {NAME: PLAN}
