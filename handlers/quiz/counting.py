"""Counting a round while it is taken: what somebody's first attempt adds to the figures when he begins and finishes it.

So results are read from counts and never from all answers, and asking for them takes as long for five people as for
five thousand. What was counted wrongly, because two people turned out to be one, is put right every night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from handlers.context import Context
from handlers.conversation import Reply
from handlers.quiz.statistics import ItemCounts, Response, RoundCounts, Sheet, rests_of
from handlers.recurrence import Recurrence
from handlers.schedule import Due, Kind
from storage import jobs, quiz_attempts, quiz_counts
from storage.database import Database
from storage.quiz_attempts import Attempt
from storage.quiz_counts import ALL_COUNTED, BEGUN_COUNTED, NO_UNIT, NOTHING_COUNTED, WHOLE, Count

COUNTING = "quiz.count"
"""The kind of what puts the counts right."""

NIGHT = dt.time(2, 30)
COUNTED_AT_ONCE = 25

BEGUN, SCORE, TIME, OPTION = "begun", "score", "time", "option"
"""What is counted: attempts; their scores, with whether they passed, or of a question with the mean of the rest; how
long it took; which options were chosen."""

# A rest of no other question, where a mean would stand.
_NO_REST = -1.0

# Times are kept in steps, finer where they are short, so that there are few of them: (up to, step) in seconds.
_STEPS = ((60, 1), (600, 5), (3_600, 30), (21_600, 300))


def count(database: Database, attempt: int) -> None:
    """Let an attempt be counted as it is now: as begun or finished where it is the first of somebody, else not."""
    found = quiz_attempts.get(database, attempt)
    if found is None:
        return
    meant = NOTHING_COUNTED if found.number > 1 else ALL_COUNTED if found.finished_at else BEGUN_COUNTED
    known = quiz_counts.counted(database, attempt)
    if meant == known:
        return
    sign = 1 if meant > known else -1
    lower, higher = sorted((known, meant))
    if lower == NOTHING_COUNTED:
        quiz_counts.add(database, found.round, _begun(found), sign)
    if higher == ALL_COUNTED:
        quiz_counts.add(database, found.round, _finished(database, found), sign)
    quiz_counts.set_counted(database, attempt, meant)


def read(counts: Sequence[Count]) -> RoundCounts:
    """Return what was counted as the statistics want it."""
    found = RoundCounts()
    for one in counts:
        item = found.items.get(one.question)
        if item is None and one.question != WHOLE:
            item = found.items[one.question] = ItemCounts()
        match one.measure:
            case "begun":
                found.begun += one.people
            case "score" if item is None:
                found.scores[one.value] += one.people
                found.passed += one.people if one.other else 0
            case "score" if item is not None:
                item.scores[one.value, None if one.other == _NO_REST else one.other] += one.people
            case "time":
                (found if item is None else item).seconds[one.value] += one.people
            case "option" if item is not None:
                item.chosen[int(one.value)] += one.people
    return found


def sheet_of(database: Database, attempt: Attempt) -> Sheet:
    """Return an attempt as the statistics want it; somebody of whom nothing is kept has a number of his own."""
    answers = {one.place: one for one in quiz_attempts.answers_of(database, attempt.id)}
    responses = []
    for place, (question, _) in enumerate(attempt.questions):
        answer = answers.get(place)
        if answer is None or answer.chosen is None or answer.answered_at is None:
            responses.append(Response(question))
            continue
        seconds = dt.datetime.fromisoformat(answer.answered_at) - dt.datetime.fromisoformat(answer.shown_at)
        responses.append(Response(question, answer.chosen, answer.score or 0.0, seconds.total_seconds()))
    person = -attempt.id if attempt.person is None else attempt.person
    return Sheet(person, attempt.finished_at is not None, tuple(responses))


def in_steps(seconds: float) -> float:
    """Return a time as it is kept: in full seconds up to a minute, coarser beyond, at most six hours."""
    for most, step in _STEPS:
        if seconds <= most:
            return float(round(seconds / step) * step)
    return float(_STEPS[-1][0])


def _begun(attempt: Attempt) -> Iterator[Count]:
    for unit in _places(attempt):
        yield Count(unit, WHOLE, BEGUN, 0.0, 0.0)


def _finished(database: Database, attempt: Attempt) -> Iterator[Count]:
    """Everything that a finished attempt is counted as: for all people, and for his unit without what nobody reads."""
    sheet = sheet_of(database, attempt)
    for unit in _places(attempt):
        yield Count(unit, WHOLE, SCORE, round(sheet.score, 9), float(bool(attempt.passed)))
        if sheet.seconds is not None:
            yield Count(unit, WHOLE, TIME, in_steps(sheet.seconds), 0.0)
        for response, rest in zip(sheet.responses, rests_of(sheet), strict=True):
            # Whether a question tells who knows more is seen among all people, hardly within a unit.
            other = _NO_REST if rest is None or unit != WHOLE else round(rest, 9)
            yield Count(unit, response.item, SCORE, round(response.score, 9), other)
            for option in response.chosen:
                yield Count(unit, response.item, OPTION, float(option), 0.0)
            if unit == WHOLE and response.seconds is not None:
                yield Count(unit, response.item, TIME, in_steps(response.seconds), 0.0)


def _places(attempt: Attempt) -> tuple[int, int]:
    return WHOLE, NO_UNIT if attempt.unit is None else attempt.unit


def _put_right(_: Due, context: Context) -> list[Reply]:
    wrong = quiz_counts.miscounted(context.database, COUNTED_AT_ONCE)
    for attempt in wrong:
        count(context.database, attempt)
    if len(wrong) == COUNTED_AT_ONCE:
        now = context.now.isoformat()
        jobs.plan(context.database, COUNTING, "more", now, now)
    return []


KINDS = {COUNTING: Kind(_put_right, recurs=Recurrence(NIGHT))}
