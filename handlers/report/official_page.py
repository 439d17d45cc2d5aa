"""The official pages that a report is about, or that what was reported is like (`handlers.pages`)."""

from __future__ import annotations

from markupsafe import Markup

from handlers.context import Context
from handlers.pages import service
from handlers.pages.dialogue import warnings
from handlers.pages.likeness import Likeness
from storage import reports
from storage.reports import Report, What

RECOGNISED: What = "recognised"
"""What stands in the trail where a report turned out to be about an official page."""


def recognised(report: Report, context: Context) -> Report:
    """A report about an official page is about a unit's own, whatever its reporter said; return it as it is then."""
    if report.whose == "unit" or not report.account or not report.is_open:
        return report
    same = [match.page for match in service.like(context.database, report.account) if match.likeness is Likeness.SAME]
    if not same:
        return report
    reports.change(context.database, report.id, whose="unit")
    now, page = context.now.isoformat(), same[0]
    reports.record(context.database, report.id, now, None, RECOGNISED, page.name, data={"page": page.id})
    return reports.get(context.database, report.id) or report


def likenesses(report: Report, context: Context) -> list[Markup]:
    """Return a line for each official page that what was reported is like, the likest first."""
    # The name of whoever reports his own account is no page's.
    said = report.account if report.whose == "own" else f"{report.account} {report.owner_name}"
    return warnings(said, context)
