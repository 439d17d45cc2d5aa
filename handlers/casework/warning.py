"""The urgent warning to a unit that a report suggests, and the draft of a broadcast that it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.authorization import may
from handlers.broadcast import audience, service
from handlers.broadcast.content import Content, confirming
from handlers.casework.wording import name_of_number, platform_name
from handlers.context import Context
from handlers.report.trail import record
from storage import broadcasts, reports, units
from storage.broadcasts import Broadcast
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
    platform = (
        texts("casework.warning_platform", platform=platform_name(report.platform, texts)) if report.platform else ""
    )
    text = texts(
        f"casework.warning_{report.kind}",
        whose=texts("casework.warning_of", name=named) if named else "",
        platform=platform,
        office=context.office.name or texts("people.office"),
        contact=", ".join(filter(None, (context.office.contact, context.office.phone))) or texts("contact.nobody"),
        number=name_of_number(report, context),
    )
    return Warning(report.id, unit.id if unit else None, " ".join(text.split(" ")).strip())


def may_hurry(warning: Warning, context: Context) -> bool:
    """Tell whether the actor may have a warning sent at any hour."""
    return may(context.scene, "broadcast.urgent", warning.unit)


def opened(report: Report, context: Context) -> Broadcast:
    """Return the broadcast that the warning of a report became, or where there is none keep it as a draft to its unit.

    So who asks for it twice sees what became of it, and warns nobody a second time unawares. It is urgent where the
    actor may make it so; for others it waits for working hours until somebody does who may.
    """
    warning, scene = prefill(report, context), context.scene
    content = Content(warning.text, buttons=(confirming(context),))
    if (kept := _kept(warning, context)) is not None:
        return kept
    number = service.write(scene, warning.unit, content.as_json(), audience.EVERYBODY)
    record(scene, report.id, "warned", data={"broadcast": number})
    if may_hurry(warning, context):
        service.make_urgent(scene, warning.unit, number, True)
    return service.show(scene, warning.unit, number)


def _kept(warning: Warning, context: Context) -> Broadcast | None:
    """The newest broadcast that came of a warning, unless it was deleted or cancelled, or was another unit's."""
    event = reports.latest(context.database, warning.report, "warned")
    found = broadcasts.get(context.database, event.data["broadcast"]) if event else None
    if found is None or found.state == "cancelled" or found.unit != warning.unit:
        return None
    return service.show(context.scene, found.unit, found.id)
