"""What becomes due of a round: it opens for everybody it is for, reminds who has not finished, and closes.

Many people are taken a part at a time, and the rest is planned again at once, so that nobody else waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.broadcast import audience
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.quiz import rounds
from handlers.quiz.rounds import CLOSING, OPENING, REMINDING, TELLING, Rules
from handlers.quiz.wording import LINES, shown_time
from handlers.schedule import Due, Kind
from storage import jobs, people, quiz_people, quiz_rounds
from storage.database import Database
from storage.outbox import BROADCAST
from storage.quiz_people import ANNOUNCED, REMINDED
from storage.quiz_rounds import Round
from storage.recipients import Selection

# People taken in one transaction.
ADDED_AT_ONCE, TOLD_AT_ONCE = 500, 50


def meant(database: Database, rules: Rules) -> Selection:
    """Return whom a round is for, as a selection of members."""
    chosen = rules.audience or audience.EVERYBODY
    return audience.SELECTIONS[chosen["kind"]](database, chosen)


def _open(due: Due, context: Context) -> list[Reply]:
    found = quiz_rounds.get(context.database, due.data["round"])
    if found is None or found.state != "planned":
        return []
    selection, day = meant(context.database, Rules.of(found)), context.today.isoformat()
    last = quiz_people.add_selected(context.database, found.id, selection, day, due.data.get("after", 0), ADDED_AT_ONCE)
    if last is not None:
        _again(context, OPENING, str(found.id), {"round": found.id, "after": last})
        return []
    quiz_rounds.set_state(context.database, found.id, "open")
    return _tell(Due(f"{found.id}.{ANNOUNCED}", due.planned, {"round": found.id, "told": ANNOUNCED}), context)


def _remind(due: Due, context: Context) -> list[Reply]:
    number = due.data["round"]
    return _tell(Due(f"{number}.{REMINDED}", due.planned, {"round": number, "told": REMINDED}), context)


def _tell(due: Due, context: Context) -> list[Reply]:
    found, told = quiz_rounds.get(context.database, due.data["round"]), due.data["told"]
    if found is None or found.state != "open" or context.now.isoformat() >= found.closes_at:
        return []
    some = quiz_people.to_tell(context.database, found.id, told, TOLD_AT_ONCE)
    for person in some:
        quiz_people.note_told(context.database, found.id, person, told)
    if len(some) == TOLD_AT_ONCE:
        _again(context, TELLING, due.name, due.data)
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
    reached = [to for person in some if (to := people.reached_at(context.database, person))]
    return [replace(reply, to=to) for to in reached]


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


def _again(context: Context, kind: str, name: str, data: dict[str, int]) -> None:
    now = context.now.isoformat()
    jobs.plan(context.database, kind, name, now, now, data)


KINDS = {OPENING: Kind(_open), REMINDING: Kind(_remind), CLOSING: Kind(_close), TELLING: Kind(_tell)}
"""All of them are done late rather than not at all; what is over by then does nothing."""
