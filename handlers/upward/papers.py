"""The papers themselves: a period's report, a brief of one case, a referral, and the tables that go with them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from handlers.authorization import Scene
from handlers.casework.wording import platform_name
from handlers.office import Office
from handlers.official_document import Heading, OfficialDocument, Paragraph, Table
from handlers.report.trail import name_of, shown_number, shown_since
from handlers.texts import Texts
from handlers.upward.figures import Figures
from handlers.upward.period import Period
from handlers.upward.service import Summary
from handlers.workbook import Page
from storage import units
from storage.reports import KINDS, Event, Report
from storage.units import Unit

# What is told of a case upward; who read it and what was noted for the office alone is not.
_TOLD = ("taken", "verified", "told", "resolved", "elsewhere", "reopened", "account_held")

_SHARES = (1.0, 6.0, 2.0, 2.0, 2.4)
_NUMBERS = frozenset({0, 2, 3, 4})


def day(date: dt.date) -> str:
    """Return a day as it is written: 05/11/2026."""
    return f"{date:%d/%m/%Y}"


def spoken(time: dt.timedelta | None, texts: Texts) -> str:
    """Return a length of working time in minutes or hours, whichever says it shorter."""
    if time is None:
        return texts("upward.no_time")
    minutes = round(time.total_seconds() / 60)
    if minutes < 60:
        return texts("upward.time_minutes", count=minutes)
    return texts("upward.time_hours", count=round(minutes / 60))


def left_blank(office: Office, unit: Unit | None, texts: Texts) -> str:
    """Return in words what the papers of an office leave blank because it has not said it, "" for nothing.

    `unit` is the one whose paper it is; None, and the unit at the top, for the office itself.
    """
    fields = ("symbol", "place") if unit and unit.parent is not None else ("parent", "symbol", "place", "signer")
    return "; ".join(texts(f"paper.field_{name}") for name in fields if not getattr(office, name))


def summary_paper(summary: Summary, scene: Scene, texts: Texts) -> OfficialDocument:
    """Return a period's report as a draft."""
    now, before, year = summary.now, summary.before, summary.year
    body: list[Heading | Paragraph | Table] = [Heading(texts("upward.situation"))]
    if now.received:
        compared = {"received": now.received, "before": before.received, "year": year.received}
        body.append(Paragraph(texts("upward.received", **compared)))
        body += [Table(head, rows, _SHARES, _NUMBERS) for head, rows in _tables(summary, scene, texts)]
        if now.money:
            body.append(Paragraph(texts("upward.money", amount=grouped(now.money))))
    else:
        body.append(Paragraph(texts("upward.nothing", before=before.received, year=year.received)))
    body += [Heading(texts("upward.results")), Paragraph(texts("upward.outcome", **_outcome(now, texts)))]
    body += [Heading(texts("upward.difficulties")), Paragraph(texts("upward.to_fill_in"))]
    body += [Heading(texts("upward.proposals")), Paragraph(texts("upward.to_fill_in"))]
    body.append(Paragraph(texts("upward.ending", office=_office(summary, scene))))
    so_far = summary.period.last > scene.day
    name = "upward.subject_so_far" if so_far else "upward.subject"
    subject = texts(name, **_between(summary.period), **({"day": day(scene.day)} if so_far else {}))
    return _paper("report", subject, body, scene, texts, "" if summary.unit.parent is None else summary.unit.name)


def brief_paper(
    report: Report, events: Sequence[Event], scene: Scene, zone: ZoneInfo, texts: Texts
) -> OfficialDocument:
    """Return a brief of one case as a draft."""
    case = _case(report, scene, zone, texts)
    words = [
        (texts(f"casework.word_{name}"), value or texts("upward.to_fill_in"))
        for name, value in (
            ("severity", report.severity),
            ("course", report.course or report.said),
            ("intent", report.intent),
            ("methods", report.methods),
        )
    ]
    done = [
        texts("upward.done", at=_moment(event.at, zone), what=texts(f"upward.done_{event.what}"), note=event.note)
        for event in events
        if event.what in _TOLD
    ]
    body: list[Heading | Paragraph | Table] = [
        Heading(texts("upward.case")),
        *(Paragraph(f"{name}: {value}") for name, value in case),
        Heading(texts("upward.judged")),
        *(Paragraph(f"{name}: {value}") for name, value in words),
        Heading(texts("upward.measures")),
        *(Paragraph(line.rstrip(": ")) for line in done or [texts("upward.to_fill_in")]),
        Heading(texts("upward.proposals")),
        Paragraph(texts("upward.to_fill_in")),
    ]
    subject = texts("upward.brief_subject", kind=kind_of(report, texts).lower(), number=shown_number(report.id, scene))
    return _paper("brief", subject, body, scene, texts)


def referral_paper(
    report: Report, events: Sequence[Event], scene: Scene, zone: ZoneInfo, texts: Texts
) -> OfficialDocument:
    """Return a note that passes a case on to the body it is for, as a draft."""
    office = scene.office.name or _unit_name(report, scene)
    asked = next((event.note for event in reversed(events) if event.what == "elsewhere" and event.note), "")
    body: list[Heading | Paragraph | Table] = [
        Paragraph(texts("upward.dear")),
        Paragraph(texts("upward.passed_on", office=office, number=shown_number(report.id, scene))),
        *(Paragraph(f"{name}: {value}") for name, value in _case(report, scene, zone, texts)),
        Paragraph(f"{texts('casework.word_course')}: {report.course or report.said or texts('upward.to_fill_in')}"),
        *([Paragraph(texts("upward.reason", reason=asked))] if asked else []),
        Paragraph(texts("upward.ask_to_settle", office=office)),
    ]
    subject = texts("upward.referral_subject", kind=kind_of(report, texts).lower())
    return _paper("referral", subject, body, scene, texts)


def summary_pages(summary: Summary, scene: Scene, texts: Texts) -> list[Page]:
    """Return the figures of a period as sheets of a workbook."""
    title = texts("upward.table_title", unit=summary.unit.name, **_between(summary.period))
    if summary.period.last > scene.day:
        title += texts("upward.so_far", day=day(scene.day))
    head = _head("measure", texts)
    figures = (summary.now, summary.before, summary.year)
    rows: list[list[str | int]] = [[texts(f"upward.row_{name}"), *map(value, figures)] for name, value in _rows(texts)]
    pages = [Page(texts("upward.page_all"), title, head[1:], rows)]
    for (columns, cells), name in zip(_tables(summary, scene, texts), ("kinds", "platforms", "units"), strict=True):
        numbers: list[list[str | int]] = [[row[1], *map(int, row[2:])] for row in cells]
        pages.append(Page(texts(f"upward.page_{name}"), title, columns[1:], numbers))
    return pages


def register_pages(
    found: Sequence[Report], period: Period, unit: str, scene: Scene, zone: ZoneInfo, texts: Texts
) -> list[Page]:
    """Return the case list (sổ theo dõi) as a sheet of a workbook. Who reported is not in it."""
    columns = (
        ("number", lambda report: shown_number(report.id, scene)),
        ("received_at", lambda report: _moment(report.received_at, zone)),
        ("source", lambda report: texts(f"casework.source_{report.source}")),
        ("kind", lambda report: kind_of(report, texts)),
        ("platform", lambda report: _platform(report.platform, texts)),
        ("owner", lambda report: report.owner_name),
        ("account", lambda report: report.account),
        ("unit", lambda report: _unit_name(report, scene)),
        ("harm", lambda report: harm_of(report, texts)),
        ("state", lambda report: texts(f"report.state_{report.state}")),
        ("taken_by", lambda report: name_of(scene, report.taken_by)),
        ("answered_at", lambda report: _moment(report.answered_at, zone)),
        ("verified_at", lambda report: _moment(report.verified_at, zone)),
        ("closed_at", lambda report: _moment(report.closed_at, zone)),
    )
    head = [texts(f"upward.column_{name}") for name, _ in columns]
    rows = [[value(report) for _, value in columns] for report in found]
    title = texts("upward.register_title", unit=unit, **_between(period))
    return [Page(texts("upward.register_page"), title, head, rows)]


def kind_of(report: Report, texts: Texts) -> str:
    """Return what happened, as papers call it."""
    return texts(f"upward.kind_{report.kind}")


def harm_of(report: Report, texts: Texts) -> str:
    """Return what harm was done, with the money that went."""
    harm = texts(f"upward.harm_{report.harm}")
    return texts("upward.harm_amount", harm=harm, amount=grouped(report.amount)) if report.amount else harm


def _platform(platform: str, texts: Texts) -> str:
    return platform_name(platform, texts) or texts("upward.no_platform")


def grouped(amount: int) -> str:
    """Return a number with points between its thousands, as money is written."""
    return f"{amount:,}".replace(",", ".")


def _paper(
    name: Literal["report", "brief", "referral"],
    subject: str,
    body: Sequence[Heading | Paragraph | Table],
    scene: Scene,
    texts: Texts,
    unit: str = "",
) -> OfficialDocument:
    """Return the draft of a paper of the office; with a unit, of that unit to the office."""
    office, blank = scene.office, texts("paper.blank")
    parent, issuer, signer = (office.name, unit, "") if unit else (office.parent, office.name, office.signer)
    to = texts("paper.as_above") if name == "referral" else parent or blank
    return OfficialDocument(
        parent=parent,
        office=issuer or blank,
        state=texts("paper.state"),
        motto=texts("paper.motto"),
        number=texts(f"paper.number_{name}", symbol=office.symbol or blank),
        place_and_date=texts("paper.place_and_date", place=office.place or blank, year=scene.day.year),
        kind=texts(f"upward.name_{name}"),
        subject=subject,
        body=body,
        recipients_title=texts("paper.recipients"),
        recipients=(to, texts("paper.file")),
        signer=(signer or texts("paper.signer"),),
    )


def _tables(summary: Summary, scene: Scene, texts: Texts) -> list[tuple[Sequence[str], list[tuple[str, ...]]]]:
    """The figures by kind, platform and unit, each with its head: every kind, of the others those there are."""
    figures = (summary.now, summary.before, summary.year)

    def table(
        column: str, keys: Sequence[str], label: Callable[[str], str], counts: Callable[[Figures], Counter[str]]
    ) -> tuple[Sequence[str], list[tuple[str, ...]]]:
        rows = [(str(n), label(key), *(str(counts(each)[key]) for each in figures)) for n, key in enumerate(keys, 1)]
        return _head(column, texts), rows

    def there_are(counts: Callable[[Figures], Counter[str]]) -> list[str]:
        """Those that occur at all, the most frequent first."""
        return sorted(counts(summary.year) | counts(summary.before), key=lambda key: (-counts(summary.now)[key], key))

    platforms, places = there_are(lambda each: each.platforms), there_are(lambda each: each.units)
    return [
        table("kind", KINDS, lambda key: texts(f"upward.kind_{key}"), lambda each: each.kinds),
        table("platform", platforms, lambda key: _platform(key, texts), lambda each: each.platforms),
        table("unit", places, lambda key: _named(key, scene, texts), lambda each: each.units),
    ]


def _head(column: str, texts: Texts) -> tuple[str, ...]:
    return tuple(texts(f"upward.head_{name}") for name in ("place", column, "now", "before", "year"))


def _rows(texts: Texts) -> list[tuple[str, Callable[[Figures], str | int]]]:
    return [
        ("received", lambda each: each.received),
        ("resolved", lambda each: each.resolved),
        ("elsewhere", lambda each: each.elsewhere),
        ("open", lambda each: each.open),
        ("money", lambda each: each.money),
        ("first_answer", lambda each: spoken(each.first_answer, texts)),
        ("resolution", lambda each: spoken(each.resolution, texts)),
    ]


def _outcome(figures: Figures, texts: Texts) -> dict[str, str | int]:
    return {
        "resolved": figures.resolved,
        "elsewhere": figures.elsewhere,
        "open": figures.open,
        "first_answer": spoken(figures.first_answer, texts),
        "resolution": spoken(figures.resolution, texts),
    }


def _case(report: Report, scene: Scene, zone: ZoneInfo, texts: Texts) -> list[tuple[str, str]]:
    """What a case is about, line by line; who reported it is not told."""
    values = {
        "number": shown_number(report.id, scene),
        "received_at": _moment(report.received_at, zone),
        "kind": kind_of(report, texts),
        "platform": _platform(report.platform, texts),
        "owner": report.owner_name,
        "account": report.account,
        "unit": _unit_name(report, scene),
        "since": shown_since(report),
        "harm": harm_of(report, texts),
    }
    return [(texts(f"upward.column_{name}"), value) for name, value in values.items() if value]


def _between(period: Period) -> dict[str, str]:
    return {"first": day(period.first), "last": day(period.last)}


def _office(summary: Summary, scene: Scene) -> str:
    return summary.unit.name if summary.unit.parent is not None else scene.office.name or summary.unit.name


def _unit_name(report: Report, scene: Scene) -> str:
    unit = units.get(scene.database, report.unit_id) if report.unit_id is not None else None
    return unit.name if unit else scene.office.name


def _named(key: str, scene: Scene, texts: Texts) -> str:
    unit = units.get(scene.database, int(key)) if key else None
    return unit.name if unit else texts("upward.no_unit")


def _moment(stamp: str | None, zone: ZoneInfo) -> str:
    return f"{dt.datetime.fromisoformat(stamp).astimezone(zone):%H:%M %d/%m/%Y}" if stamp else ""
