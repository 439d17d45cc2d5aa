"""What follows from what happened with a report, so that nothing is forgotten.

A job of its own looks at a report whenever its trail grows, and again when something is due (`storage.reports`). All it
knows is the trail, so that a restart changes nothing: who is told what is written there too. It tells the reporter what
the office did and the office what the reporter added, alerts at any hour where a case is urgent, reminds, and turns to
the next level while nobody does anything. Once a report is handled, closed or deleted it is silent; before a closed one
is deleted it says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from handlers.casework.telling import told_to_office, told_to_reporter
from handlers.casework.wording import about, card_buttons, name_of_number, span
from handlers.context import Context
from handlers.conversation import Reply
from handlers.deadlines import Clock, Standing, clock_of, is_urgent, standing, time_to_answer, time_to_resolve
from handlers.report.forwarding import ALREADY_ALERTED
from handlers.report.levels import Level, alerted, levels, responsible
from handlers.report.official_page import likenesses, recognised
from handlers.report.service import going
from handlers.schedule import Due, Kind
from handlers.working_time import WorkingTime
from storage import jobs, people, reports
from storage.outbox import REPORT
from storage.reports import FOLLOWING, Event, Report, What

# Once everybody was told, they are told again.
AGAIN = dt.timedelta(days=1)
AGAIN_WORKING = dt.timedelta(hours=8)

ALERTED: What = "alerted"
REMINDED: What = "reminded"
REMINDED_OF_EXPIRY: What = "expiry_told"


def follow(due: Due, context: Context) -> list[Reply]:
    """Do what is due with a report, and plan when to look at it again."""
    number = int(due.name)
    report = reports.get(context.database, number)
    if report is None:
        return []
    report = recognised(report, context)
    _measure(report, context)
    _let_joined_go_along(report, context)
    replies = [*told_to_reporter(report, context), *told_to_office(report, context)]
    if report.is_open:
        said, next_time = _pursue(report, context)
    else:
        said, next_time = _before_deletion(report, context)
    # Written down last: each event of the trail has planned this job anew.
    if next_time is None:
        jobs.drop(context.database, FOLLOWING, due.name)
    else:
        at = max(next_time, context.now).isoformat()
        jobs.plan(context.database, FOLLOWING, due.name, at, context.now.isoformat())
    return [*replies, *said]


KINDS = {FOLLOWING: Kind(follow)}


def standing_of(report: Report, context: Context) -> Standing:
    """Return how an open report stands now."""
    events = reports.events(context.database, report.id)
    return standing(report, events, _working(context), context.office.deadlines, context.now)


def _pursue(report: Report, context: Context) -> tuple[list[Reply], dt.datetime | None]:
    """Alert, remind and escalate as far as it is time for; return that with the time of what comes next."""
    replies: list[Reply] = []
    if is_urgent(report) and reports.latest(context.database, report.id, ALERTED) is None:
        replies += _alert(report, context)
    events = reports.events(context.database, report.id)
    stands = standing(report, events, _working(context), context.office.deadlines, context.now)
    if stands.due is None or stands.remind is None:
        return replies, None
    first = _done(events, stands)
    reached: list[Level] = []
    for count, (at, level) in enumerate(_steps(report, stands, context)):
        if at > context.now:
            if reached:
                replies += _remind(report, reached, count - 1, stands, context)
            return replies, at
        if count >= first:
            reached.append(level)
    raise AssertionError("there is always another step")


def _steps(report: Report, stands: Standing, context: Context) -> Iterator[tuple[dt.datetime, Level]]:
    """When which level is told: a reminder to the first, at the end of the time too, then one by one, then again."""
    assert stands.due is not None
    assert stands.remind is not None
    clock, limits = clock_of(report, _working(context)), context.office.deadlines
    step = dt.timedelta(minutes=limits.urgent_step_minutes) if is_urgent(report) else None
    found = levels(report, context)
    yield stands.remind, found[0]
    at = stands.due
    yield at, found[0]
    for level in found[1:]:
        at = clock.add(at, step or dt.timedelta(hours=limits.step_hours))
        yield at, level
    everybody = Level(found[-1].name, tuple(dict.fromkeys(person for level in found for person in level.people)))
    while True:
        at = _later(clock, at)
        yield at, everybody


def _later(clock: Clock, at: dt.datetime) -> dt.datetime:
    return clock.add(at, AGAIN if clock.working is None else AGAIN_WORKING)


def _done(events: Sequence[Event], stands: Standing) -> int:
    """How many steps of this phase were done since it was begun anew."""
    done = 0
    for event in events:
        if event.what in ("reopened", "parted", "handed_over"):
            done = 0
        elif event.what == REMINDED and event.data["phase"] == stands.phase:
            done = int(event.data["step"]) + 1
    return done


def _remind(report: Report, reached: Sequence[Level], step: int, stands: Standing, context: Context) -> list[Reply]:
    """Tell the levels that were reached, where several were missed each person once."""
    assert stands.due is not None
    persons = list(dict.fromkeys(person for level in reached for person in level.people))
    level = reached[-1].name
    data = {"phase": stands.phase, "step": step, "level": level, "people": persons}
    reports.record(context.database, report.id, context.now.isoformat(), None, REMINDED, data=data)
    text = context.texts.rich(
        f"casework.{'late' if stands.is_late else 'soon'}_{stands.phase}",
        report=about(report, context),
        time=span(abs(stands.due - context.now), context),
        level=context.texts(f"casework.level_{level}"),
    )
    return _to(persons, Reply(text, card_buttons(report, context), urgency=REPORT), context)


def _alert(report: Report, context: Context) -> list[Reply]:
    """Tell whoever is on duty, the contact and the head at once, but for those whose card of the report said it."""
    found = alerted(report, context)
    reports.record(context.database, report.id, context.now.isoformat(), None, ALERTED, data={"people": list(found)})
    forwarded = reports.latest(context.database, report.id, "forwarded")
    known = forwarded.data.get(ALREADY_ALERTED, []) if forwarded else []
    lines = [
        context.texts.rich("casework.alert", report=about(report, context)),
        context.texts.rich("report.urgent_how", contact=report.contact or "–"),
        *likenesses(report, context),
    ]
    text = Reply(Markup("\n").join(lines), card_buttons(report, context), urgency=REPORT)
    return _to([person for person in found if person not in known], text, context)


def _before_deletion(report: Report, context: Context) -> tuple[list[Reply], dt.datetime | None]:
    """Say to the responsible that a closed report will be deleted; return that with when it is time to."""
    days = going(context.scene, report)
    if days is None or report.held_at is not None:
        return [], None
    remind, last = days
    told = reports.latest(context.database, report.id, REMINDED_OF_EXPIRY)
    # One that was told of before its time was made longer is told of again.
    if told and told.data["last"] == last.isoformat():
        return [], None
    # In the morning of that day, or of the next one that is worked.
    at = _working(context).add(dt.datetime.combine(remind, dt.time(), context.zone), dt.timedelta(minutes=1))
    if at > context.now:
        return [], at
    reports.record(
        context.database,
        report.id,
        context.now.isoformat(),
        None,
        REMINDED_OF_EXPIRY,
        data={"last": last.isoformat()},
    )
    text = context.texts.rich("casework.expires", report=name_of_number(report, context), day=f"{last:%d/%m/%Y}")
    return _to(responsible(report, context), Reply(text, card_buttons(report, context), urgency=REPORT), context), None


def _measure(report: Report, context: Context) -> None:
    """Keep how long a report has taken, which nobody can compute any more when its trail is gone."""
    events, working = reports.events(context.database, report.id), _working(context)
    answered, resolved = time_to_answer(report, events, working), time_to_resolve(report, events, working)
    took = {
        "answered_after": None if answered is None else round(answered.total_seconds()),
        "resolved_after": None if resolved is None else round(resolved.total_seconds()),
    }
    if took != {name: getattr(report, name) for name in took}:
        reports.change(context.database, report.id, **took)


def _let_joined_go_along(report: Report, context: Context) -> None:
    """A report that was joined to another is kept as long as that one."""
    for number in reports.merged_into(context.database, report.id):
        joined = reports.get(context.database, number)
        if joined and joined.kept_from != report.kept_from:
            reports.change(context.database, number, kept_from=report.kept_from)


def _to(persons: Sequence[int], reply: Reply, context: Context) -> list[Reply]:
    reached = [to for person in persons if (to := people.reached_at(context.database, person))]
    return [replace(reply, to=to) for to in dict.fromkeys(reached)]


def _working(context: Context) -> WorkingTime:
    return context.office.calendar.working_time(context.zone)
