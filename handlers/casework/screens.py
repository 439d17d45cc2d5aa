"""What the responsible unit sees of reports in chat: the list of those that are open, and the card of each.

A card that is asked for is a reading, which stands in the trail; one that is shown after an act is not read again.
"""

from __future__ import annotations

from markupsafe import Markup

from handlers.authorization import may
from handlers.casework.following import standing_of
from handlers.casework.service import FOUR_WORDS
from handlers.casework.telling import reaches_reporter
from handlers.casework.warning import may_hurry, prefill
from handlers.casework.wording import about, event_name, member_name, name_of_number, shown_time, span
from handlers.context import Context
from handlers.conversation import Button, Manner, Reply
from handlers.deadlines import is_urgent
from handlers.errors import NotAllowed, NotFound
from handlers.form import Data
from handlers.people.finding import full_name
from handlers.people.screens import paged
from handlers.report import service as report_service
from handlers.report.holding import is_owner_held
from handlers.report.official_page import likenesses
from handlers.report.service import going
from handlers.report.trail import shown_since
from knowledge.text import fold
from storage import people, report_files, reports, units
from storage.reports import Event, Report
from storage.units import Unit

_LINES = Markup("\n")

# So many of the last things that happened are shown at once.
MOST_EVENTS = 12
LONGEST_SAID = 300


def list_screen(data: Data, context: Context) -> Reply:
    """The open reports of a unit and of those below it, the most urgent first."""
    unit = units.living(context.database, data["unit"])
    if unit is None:
        raise NotFound("no_such_unit")
    found = list(report_service.list_open(context.scene, unit.id))
    if unit.parent is None and any(held.unit is None for held in context.actor.roles):
        # What nobody could place is the administrators'.
        found += reports.without_unit(context.database)
    found.sort(key=lambda report: _order(report, context))
    buttons = paged(
        [Button(line(report, context), "casework.card", {"report": report.id}) for report in found],
        data.get("page", 0),
        "casework.list",
        {"unit": unit.id},
        context,
    )
    if may(context.scene, "report.enter", unit.id):
        buttons.append(Button(context.texts("casework.enter"), "casework.enter", {"unit": unit.id}))
    untaken = sum(report.taken_by is None for report in found)
    text = context.texts.rich(
        "casework.list" if found else "casework.none",
        unit=full_name(context.database, unit),
        count=len(found),
        untaken=untaken,
    )
    return Reply(text, tuple(buttons), manner=Manner.INSTEAD)


def card_screen(data: Data, context: Context) -> Reply:
    """Look at a report, which is noted; raise Refusal."""
    refuse_reporter(data["report"], context)
    report_service.read(context.scene, data["report"])
    return card(data["report"], context)


def card(number: int, context: Context) -> Reply:
    """The card of a report that the actor may reach."""
    report = found(number, context)
    texts = context.texts
    lines = [
        about(report, context),
        *_who(report, context),
        *([texts.rich("casework.said", said=_short(report.said))] if report.said else []),
        *likenesses(report, context),
        _state(report, context),
    ]
    if report.verified_at:
        lines.append(
            texts.rich(
                "casework.verified",
                by=member_name(report.verified_by, context),
                at=shown_time(report.verified_at, context),
            )
        )
    for word in FOUR_WORDS:
        if said := getattr(report, word):
            lines.append(texts.rich("casework.word", word=texts(f"casework.word_{word}"), said=_short(said)))
    if files := report_files.files(context.database, number):
        lines.append(texts.rich("casework.files", count=len(files)))
    if report.is_open:
        lines += _reached_at(report, context)
    lines.append(_time(report, context))
    return Reply(_LINES.join(line for line in lines if line), _buttons(report, context), manner=Manner.INSTEAD)


def more_screen(data: Data, context: Context) -> Reply:
    """What else can be done with a report."""
    report = reached(data["report"], context)
    labels = (
        ("note", "tell", "describe", "correct", "hand_over", "assign", "merge", "submit", "elsewhere")
        if report.is_open
        else ("note", "describe")
    )
    papers = tuple(
        Button(context.texts(f"casework.{name}"), f"upward.{name}", {"report": report.id})
        for name in ("brief", "referral")
    )
    buttons = tuple(_button(label, report, context) for label in (*labels, "history", "files_out", "card"))
    return Reply(
        texts_of(report, "casework.more_of", context), (*buttons[:-1], *papers, buttons[-1]), manner=Manner.INSTEAD
    )


def history_screen(data: Data, context: Context) -> Reply:
    """What happened with a report, the latest last; readings and what the bot noted for itself are left out."""
    report = reached(data["report"], context)
    shown = [event for event in reports.events(context.database, report.id) if _is_shown(event)][-MOST_EVENTS:]
    lines = [texts_of(report, "casework.history_of", context), *(_event(event, context) for event in shown)]
    readers = {event.actor for event in reports.events(context.database, report.id) if event.what == "read"}
    names = ", ".join(filter(None, (member_name(person, context) for person in sorted(filter(None, readers)))))
    if names:
        lines.append(context.texts.rich("casework.readers", names=names))
    return Reply(_LINES.join(lines), (_button("card", report, context),), manner=Manner.INSTEAD)


def warning_screen(data: Data, context: Context) -> Reply:
    """The warning that a report suggests, to be copied, or sent to the unit."""
    report = reached(data["report"], context)
    warning = prefill(report, context)
    unit = units.get(context.database, warning.unit) if warning.unit is not None else None
    text = context.texts.rich("casework.warning", unit=_unit_name(unit, context), text=warning.text)
    if not may_hurry(warning, context):
        text += context.texts.rich("casework.warning_calm")
    buttons = tuple(_button(label, report, context) for label in ("warn_unit", "card"))
    return Reply(text, buttons, manner=Manner.INSTEAD)


def reached(number: int, context: Context) -> Report:
    """Return a report whose unit the actor has a role for; raise Refusal for another, as for none."""
    if not may(context.scene, "report.take", number):
        raise NotAllowed("report.take")
    return found(number, context)


def refuse_reporter(number: int, context: Context) -> None:
    """Raise NotAllowed for whoever only made a report: the card is not for him."""
    if not may(context.scene, "report.take", number):
        raise NotAllowed("report.read")


def found(number: int, context: Context) -> Report:
    """Return a report; raise NotFound."""
    report = reports.get(context.database, number)
    if report is None:
        raise NotFound("no_such_report")
    return report


def texts_of(report: Report, name: str, context: Context) -> Markup:
    """Return a text about a report that names its number."""
    return context.texts.rich(name, number=name_of_number(report, context))


def _who(report: Report, context: Context) -> list[Markup]:
    texts = context.texts
    whose = report.owner_name or texts(f"whose.{report.whose}")
    reporter = report.reporter_name or member_name(report.reporter_id, context) or texts("casework.no_name")
    source = texts(f"casework.source_{report.source}")
    lines = [
        texts.rich("casework.account_alone", account=report.account)
        if fold(report.account) == fold(whose)
        else texts.rich("casework.account", whose=whose, account=report.account or "–"),
        texts.rich(
            "casework.from",
            reporter=reporter,
            source=source,
            at=shown_time(report.received_at, context),
            contact=report.contact or "–",
        ),
    ]
    if report.since_said:
        lines.append(texts.rich("casework.since", since=shown_since(report)))
    if report.amount:
        lines.append(texts.rich("casework.amount", amount=f"{report.amount:,}".replace(",", ".")))
    return lines


def _reached_at(report: Report, context: Context) -> list[Markup]:
    """Where the reporter is told, where that is in no chat."""
    reached, contact = reaches_reporter(report, context), report.contact or context.texts("casework.no_contact")
    if is_owner_held(context.database, report):
        way = context.texts(f"casework.{'by_letter' if reached else 'by_phone'}", contact=contact)
        return [context.texts.rich("casework.owner_held", way=way)]
    return [] if reached else [context.texts.rich("casework.not_reached", contact=contact)]


def _state(report: Report, context: Context) -> Markup:
    texts = context.texts
    by = member_name(report.taken_by, context)
    if report.state == "merged":
        other = reports.get(context.database, report.merged_into) if report.merged_into else None
        return texts.rich("casework.state_merged", into=name_of_number(other, context) if other else "")
    if report.state == "waiting" and not by:
        return texts.rich("casework.state_asked_untaken")
    at = shown_time(report.taken_at, context) if report.taken_at else ""
    return texts.rich(f"casework.state_{report.state}", by=by or texts("casework.nobody"), at=at)


def _time(report: Report, context: Context) -> Markup:
    """What is due: the answer, the end, or the deletion."""
    texts = context.texts
    if report.is_open:
        stands = standing_of(report, context)
        if stands.due is None:
            return texts.rich("casework.time_waits")
        left = span(abs(stands.due - context.now), context)
        name = f"casework.time_{'late' if stands.is_late else 'left'}_{stands.phase}"
        return texts.rich(name, time=left, at=shown_time(stands.due.isoformat(), context))
    if report.held_at:
        return texts.rich("casework.time_held", reason=report.hold_reason)
    days = going(context.scene, report)
    return texts.rich("casework.time_goes", day=f"{days[1]:%d/%m/%Y}") if days else Markup()


def _buttons(report: Report, context: Context) -> tuple[Button, ...]:
    if not may(context.scene, "report.take", report.id):
        return ()
    labels: list[str]
    if report.state == "merged":
        labels = ["unmerge", "history"]
    elif report.is_open:
        labels = [
            *(["take"] if report.taken_by is None else []),
            *(["ask"] if reaches_reporter(report, context) else []),
            *(["verify"] if report.verified_at is None else []),
            *(["answer_for"] if report.state == "waiting" else []),
            *(["restore"] if _can_restore(report, context) else []),
            "warn",
            "resolve",
            "more",
        ]
    else:
        labels = ["reopen", "export", "extend", "release" if report.held_at else "hold", "more"]
    return tuple(_button(label, report, context) for label in labels)


def _can_restore(report: Report, context: Context) -> bool:
    """Whether the account of a report is held, and the actor may trust it again."""
    owner = report.owner_id
    return (
        owner is not None and people.has_held(context.database, owner) and may(context.scene, "address.restore", owner)
    )


def _button(label: str, report: Report, context: Context) -> Button:
    return Button(context.texts(f"casework.{label}"), f"casework.{label}", {"report": report.id})


def line(report: Report, context: Context) -> str:
    """Return a report in a line of a list: whether it is urgent, its number, its kind, who has it."""
    texts = context.texts
    taken = texts("casework.line_taken", by=member_name(report.taken_by, context)) if report.taken_by else ""
    return texts(
        "casework.line",
        urgent=texts("casework.line_urgent") if is_urgent(report) else "",
        number=name_of_number(report, context),
        kind=texts(f"kind.{report.kind}"),
        state=taken or texts("casework.line_untaken"),
    )


def _order(report: Report, context: Context) -> tuple[bool, bool, str, int]:
    """Urgent ones first, then what is due first; what waits for the reporter last."""
    stands = standing_of(report, context)
    return (not is_urgent(report), stands.due is None, stands.due.isoformat() if stands.due else "", report.id)


def _is_shown(event: Event) -> bool:
    return event.what not in ("read", "informed")


def _event(event: Event, context: Context) -> Markup:
    level = event.data.get("level")
    beside = f" ({context.texts(f'casework.level_{level}')})" if level else ""
    return context.texts.rich(
        "casework.event",
        at=shown_time(event.at, context),
        by=member_name(event.actor, context) or context.texts("casework.by_bot"),
        what=event_name(event, context),
        note=f": {_short(event.note)}" if event.note else beside,
    )


def _short(said: str) -> str:
    return said if len(said) <= LONGEST_SAID else said[:LONGEST_SAID].rstrip() + "…"


def _unit_name(unit: Unit | None, context: Context) -> str:
    return unit.name if unit else context.office.name or context.texts("people.office")
