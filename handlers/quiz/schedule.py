"""What becomes due of a round: it opens for everybody it is for, reminds who has not finished, and closes.

It opens and closes at any hour. People are told of it when the office works, unless its rules say otherwise; a round
that is over by then is announced at once, and nobody is reminded of it. Many people are taken a part at a time, and the
rest is planned again at once, so that nobody else waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from handlers.broadcast import audience, timing
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.quiz import rounds
from handlers.quiz.rounds import CLOSING, OPENING, REMINDING, SHORTEST, TELLING, Rules
from handlers.quiz.wording import LINES, shown_time
from handlers.schedule import Due, Kind
from storage import broadcasts, jobs, people, quiz_people, quiz_rounds
from storage.database import Database
from storage.outbox import BROADCAST
from storage.people import Address
from storage.quiz_people import ANNOUNCED, REMINDED
from storage.quiz_rounds import Round
from storage.selections import Selection

# People taken in one transaction.
ADDED_AT_ONCE, TOLD_AT_ONCE = 500, 50

# So long before a round closes those who have not finished are reminded.
REMINDER = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)


def meant(database: Database, rules: Rules) -> Selection:
    """Return whom a round is for, as a selection of members."""
    chosen = rules.audience or audience.EVERYBODY
    return audience.SELECTIONS[chosen["kind"]](database, chosen)


def told_at(moment: dt.datetime, closes_at: dt.datetime, rules: Rules, context: Context) -> dt.datetime | None:
    """Return when people are told what they could be told of a round at a moment, UTC: when the office works.

    That is at once where any hour will do, and None where the round is over by then.
    """
    opens = moment if rules.any_hour else timing.opens(moment, context)
    return opens if opens == moment or opens + SHORTEST <= closes_at else None


def reminded_at(announced: dt.datetime, closes_at: dt.datetime, rules: Rules, context: Context) -> dt.datetime | None:
    """Return when those who have not finished a round are reminded, UTC: a day before it closes, or half-way.

    Where the office does not work from then until it closes, they are reminded in the last hour of work before; None
    where there is none since it was announced.
    """
    at = max(closes_at - REMINDER, announced + (closes_at - announced) / 2)
    while at > announced:
        if told := told_at(at, closes_at, rules, context):
            return told
        at -= _HOUR
    return None


def _open(due: Due, context: Context) -> list[Reply]:
    found = quiz_rounds.get(context.database, due.data["round"])
    if found is None or found.state != "planned":
        return []
    selection, day = meant(context.database, Rules.of(found)), context.today.isoformat()
    last = quiz_people.add_selected(context.database, found.id, selection, day, due.data.get("after", 0), ADDED_AT_ONCE)
    if last is not None:
        _plan(OPENING, str(found.id), context.now, {"round": found.id, "after": last}, context)
        return []
    quiz_rounds.set_state(context.database, found.id, "open")
    closes_at, rules = dt.datetime.fromisoformat(found.closes_at), Rules.of(found)
    announced = told_at(context.now, closes_at, rules, context) or context.now
    if at := reminded_at(announced, closes_at, rules, context):
        _plan(REMINDING, str(found.id), at, {"round": found.id}, context)
    return _tell(Due(f"{found.id}.{ANNOUNCED}", due.planned, {"round": found.id, "told": ANNOUNCED}), context)


def _remind(due: Due, context: Context) -> list[Reply]:
    number = due.data["round"]
    return _tell(Due(f"{number}.{REMINDED}", due.planned, {"round": number, "told": REMINDED}), context)


def _tell(due: Due, context: Context) -> list[Reply]:
    found, told = quiz_rounds.get(context.database, due.data["round"]), due.data["told"]
    if found is None or found.state != "open" or context.now.isoformat() >= found.closes_at:
        return []
    at = told_at(context.now, dt.datetime.fromisoformat(found.closes_at), Rules.of(found), context)
    if at and at > context.now:
        _plan(TELLING, due.name, at, due.data, context)
        return []
    if at is None and told == REMINDED:
        return []
    some = quiz_people.to_tell(context.database, found.id, told, TOLD_AT_ONCE)
    for person in some:
        quiz_people.note_told(context.database, found.id, person, told)
    if len(some) == TOLD_AT_ONCE:
        _plan(TELLING, due.name, context.now, due.data, context)
    return _messages(found, some, told, context)


def _close(due: Due, context: Context) -> list[Reply]:
    found = quiz_rounds.get(context.database, due.data["round"])
    if found is not None and found.state != "closed":
        rounds.close(context.database, found.id)
    return []


def _messages(found: Round, some: Sequence[int], told: int, context: Context) -> list[Reply]:
    rules = Rules.of(found)
    count = rules.draw or len(quiz_rounds.questions_of(context.database, found.id))
    reply = message(found.title, count, found.closes_at, rules, found.id, told, context)
    reached = [to for person in some if (to := _reached(person, context))]
    return [replace(reply, to=to) for to in reached]


def _reached(person: int, context: Context) -> Address | None:
    """Where somebody is told of a round: nowhere if he wants no broadcasts, or another may read what he gets."""
    if broadcasts.opted_out_since(context.database, person) or people.has_held(context.database, person):
        return None
    return people.reached_at(context.database, person)


def message(title: str, count: int, closes_at: str, rules: Rules, number: int, told: int, context: Context) -> Reply:
    """Return what a person is told of a round: that it is open, or that he has not finished it."""
    text = context.texts.rich(
        "quiz.announced" if told == ANNOUNCED else "quiz.reminded",
        title=title,
        count=count,
        until=shown_time(closes_at, context),
        pass_mark=rules.pass_mark,
    )
    button = Button(context.texts("quiz.start"), "quiz.start", {"round": number})
    if rules.by_name:
        # Whoever takes it knows before who will see how it went.
        text = LINES.join([text, context.texts.rich("quiz.told_by_name")])
    return Reply(text, (button,), urgency=BROADCAST)


def _plan(kind: str, name: str, at: dt.datetime, data: dict[str, int], context: Context) -> None:
    jobs.plan(context.database, kind, name, at.isoformat(), context.now.isoformat(), data)


KINDS = {OPENING: Kind(_open), REMINDING: Kind(_remind), CLOSING: Kind(_close), TELLING: Kind(_tell)}
"""All of them are done late rather than not at all; what is over by then does nothing."""
