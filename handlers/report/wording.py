"""What is said of a report: what was understood, first aid, the warning to pass on, its state and its trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from handlers.context import Context
from handlers.first_aid import Stage, StepEntry, choose
from handlers.report.service import Seen
from handlers.report.trail import shown_number
from knowledge.schema import Certainty
from storage import members, reports, units
from storage.reports import Event, Report

LINES = Markup("\n")
PARAGRAPHS = Markup("\n\n")

MOST_EVENTS = 4
"""Of what happened so much is shown at once, the last of it."""

_LONGEST_SHOWN = 60
_LONGEST_READ = 400
"""Characters of what was said that its reporter is reminded of, and that whoever takes care of it reads."""

_ABOUT = {"own": "me", "unit": "unit", "other": "else"}


def help_first(data: dict[str, Any], context: Context) -> Markup:
    """What is to be done at once in the case of these answers, and the warning to pass on."""
    lines = [context.texts.rich("report.at_once"), *steps(_chosen("first", data, context), context)]
    # Before it is known what happened nobody can be warned of it.
    return LINES.join([*lines, warning(data, context)] if data.get("kind") else lines)


def what_then(report: Report, context: Context) -> Markup:
    """Everything else that is to be done, for the kind and platform of a report."""
    data = {"kind": report.kind, "platform": report.platform, "harm": report.harm, "whose": report.whose}
    return LINES.join([context.texts.rich("report.then"), *steps(_chosen("then", data, context), context)])


def steps(chosen: Sequence[StepEntry], context: Context) -> list[Markup]:
    """The lines of steps of first aid."""
    return [context.texts.rich("report.step", text=step.text, note=_note(step, context)) for step in chosen]


def warning(data: dict[str, Any], context: Context) -> Markup:
    """The warning that whoever reports can pass on as it is; it names nobody where nobody said whose account it is."""
    kind, whose = data.get("kind") or "lost", data.get("whose")
    texts = context.texts
    if kind == "content":
        return texts.rich("report.pass_on", warning=texts.rich("report.warn_content"))
    name = "false" if kind in ("impersonated", "unit_impersonated") else "lost"
    owner = _short(data.get("owner_name", ""))
    if whose is None:
        return texts.rich(
            "report.pass_on",
            warning=texts.rich(f"report.warn_{name}_unnamed", account=account_word(data.get("platform", ""), context)),
        )
    if whose == "other" and owner:
        of = texts.rich("report.warn_about_other", owner=owner)
    else:
        of = texts.rich(f"report.warn_about_{_ABOUT[whose]}")
    text = texts.rich(f"report.warn_{name}", account=account_word(data.get("platform", ""), context), of=of)
    return texts.rich("report.pass_on", warning=text)


def account_word(platform: str, context: Context) -> str:
    """Return "tài khoản Zalo", or "tài khoản" where the platform is not known."""
    texts = context.texts
    return texts("report.account_on", platform=texts(f"platform.{platform}")) if platform else texts("report.account")


def understood(data: dict[str, Any], context: Context, *, by_reporter: bool = True) -> Markup:
    """One line: what was understood so far; `by_reporter` says that it is read by whoever said it."""
    texts = context.texts
    said = [texts(f"kind.{data['kind']}")] if data.get("kind") else []
    if data.get("platform"):
        said.append(texts(f"platform.{data['platform']}"))
    if data.get("whose"):
        mine = data["whose"] == "own" and by_reporter
        said.append(_short(data.get("owner_name", "")) or texts("report.yours" if mine else f"whose.{data['whose']}"))
    if data.get("account") and (data.get("owner_name") or "\n") not in data["account"]:
        said.append(_short(data["account"]))
    if data.get("harm") not in (None, "unknown"):
        said.append(texts(f"harm.{data['harm']}"))
    if data.get("amount"):
        said.append(money(data["amount"], context))
    if data.get("since_said"):
        said.append(data["since_said"])
    return texts.rich("report.understood", said=", ".join(said)) if said else Markup()


def money(amount: int, context: Context) -> str:
    """A sum of money as it is written: "3.000.000 đồng"."""
    return context.texts("report.money", amount=f"{amount:,}".replace(",", "."))


def number(report: int, context: Context) -> str:
    """A report's number as it is said: "BC-12"."""
    return shown_number(report, context.scene)


def screen(seen: Seen, context: Context) -> Markup:
    """A report as whoever may see it sees it: where it stands, who took it and when, and what happened last."""
    report, texts = seen.report, context.texts
    # Of one that was merged only where the other stands: what that one says is somebody else's.
    stands = report
    while stands.merged_into is not None and (into := reports.get(context.database, stands.merged_into)):
        stands = into
    lines = [
        texts.rich("report.title", number=number(report.id, context), kind=texts(f"kind.{report.kind}")),
        texts.rich("report.stands", state=texts(f"report.state_{stands.state}"), taken=_taken(stands, context)),
    ]
    by_reporter = report.reporter_id in (None, context.person)
    data = {name: getattr(report, name) for name in ("platform", "whose", "owner_name", "account", "harm", "amount")}
    lines.append(understood({**data, "since_said": report.since_said}, context, by_reporter=by_reporter))
    if seen.files:
        stored = sum(one.state == "stored" for one in seen.files)
        lines.append(texts.rich("report.files", count=len(seen.files), stored=stored))
    shown = seen.events[-MOST_EVENTS:]
    if shown:
        lines += [Markup(), *(event_line(event, context, by_reporter=by_reporter) for event in shown)]
    return LINES.join(lines)


def event_line(event: Event, context: Context, *, by_reporter: bool = True) -> Markup:
    """One thing that happened: when, what, and what was said."""
    note = _short(event.note, _LONGEST_SHOWN if by_reporter else _LONGEST_READ)
    name = f"report.event_{event.what}"
    texts = context.texts
    return texts.rich(
        "report.event",
        at=when(event.at, context),
        what=texts(name if name in texts else "report.event_other"),
        note=texts.rich("report.noted", note=note) if note else "",
    )


def summary(report: Report, context: Context) -> str:
    """A report in a few words, as it stands in a list."""
    texts = context.texts
    return texts(
        "report.in_list",
        number=number(report.id, context),
        kind=texts(f"kind.{report.kind}"),
        state=texts(f"report.state_{report.state}"),
    )


def when(stamp: str, context: Context) -> str:
    """A time as it is stored, as the office shows it: "22:15 21/11"."""
    at = dt.datetime.fromisoformat(stamp).astimezone(context.zone)
    return at.strftime("%H:%M %d/%m")


def unit_name(unit: int | None, context: Context) -> str:
    """The name of the unit that a report concerns, today."""
    found = units.living(context.database, unit) if unit is not None else None
    return found.name if found else context.texts("report.no_unit")


def _short(said: str, longest: int = _LONGEST_SHOWN) -> str:
    """Typed words in one line, so that a screen stays one: the beginning, where they are many."""
    line = " ".join(said.split())
    return line if len(line) <= longest else line[:longest].rstrip() + "…"


def _taken(report: Report, context: Context) -> Markup:
    if report.taken_by is None or report.taken_at is None:
        return Markup()
    member = members.get(context.database, report.taken_by, context.today.isoformat())
    name = member.name if member else context.texts("report.somebody")
    return context.texts.rich("report.taken_by", name=name, at=when(report.taken_at, context))


def _chosen(stage: Stage, data: dict[str, Any], context: Context) -> Sequence[StepEntry]:
    return choose(
        context.first_aid,
        stage,
        data.get("kind"),
        data.get("platform", ""),
        data.get("harm") or "unknown",
        data.get("whose") or "own",
    )


def _note(step: StepEntry, context: Context) -> Markup:
    return context.texts.rich("report.check_first") if step.certainty is Certainty.MEDIUM else Markup()
