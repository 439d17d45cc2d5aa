"""The urgent warning to a unit that a report suggests, ready to be looked over and sent.

This is where the broadcast job takes over: `prefill` has everything that it needs to begin one.
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.casework.wording import name_of_number, platform_name
from handlers.context import Context
from storage import units
from storage.reports import Report


@dataclass(frozen=True, slots=True)
class Warning:
    """A warning to be sent at any hour, of which nothing was sent yet.

    Attributes:
        report: the report it comes from.
        unit: the unit whose members are to get it; None for the whole office.
        text: what it says; it names neither the reporter nor any number or address that was typed.
    """

    report: int
    unit: int | None
    text: str


def prefill(report: Report, context: Context) -> Warning:
    """Return the warning that a report suggests."""
    texts = context.texts
    unit = units.living(context.database, report.unit_id) if report.unit_id is not None else None
    named = report.owner_name or (unit.name if report.whose == "unit" and unit else "")
    platform = texts("casework.warning_platform", platform=platform_name(report, context)) if report.platform else ""
    text = texts(
        f"casework.warning_{report.kind}",
        whose=texts("casework.warning_of", name=named) if named else "",
        platform=platform,
        office=context.office.name or texts("people.office"),
        contact=", ".join(filter(None, (context.office.contact, context.office.phone))) or texts("contact.nobody"),
        number=name_of_number(report, context),
    )
    return Warning(report.id, unit.id if unit else None, " ".join(text.split(" ")).strip())
