"""Everything that is kept of a report as one Word file, to be taken elsewhere before the report is deleted."""

from __future__ import annotations

import io
from typing import Any

from handlers.casework.service import FOUR_WORDS
from handlers.casework.wording import event_name, member_name, name_of_number, platform_name, shown_time
from handlers.context import Context
from handlers.conversation import Drawing, File
from handlers.report.service import Seen
from handlers.report.trail import shown_since
from storage import blobs, units
from storage.reports import Report

DRAWING = "dossier"
"""The name of the file among the drawings."""

_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
}


def dossier(seen: Seen, context: Context) -> Drawing:
    """Return the file about a report: what was reported, what it came to, and the whole trail."""
    number = name_of_number(seen.report, context)
    data = {
        "title": context.texts("casework.dossier", number=number),
        "facts": _facts(seen.report, context),
        "heading": context.texts("casework.dossier_trail"),
        "trail": [
            [
                shown_time(event.at, context, year=True),
                member_name(event.actor, context) or context.texts("casework.by_bot"),
                event_name(event, context) + (f": {event.note}" if event.note else ""),
            ]
            for event in seen.events
        ],
        "columns": [context.texts(f"casework.dossier_{name}") for name in ("at", "by", "what")],
    }
    return Drawing(DRAWING, data, "document", f"{number}.docx")


def evidence(seen: Seen, context: Context) -> list[File]:
    """Return the files of a report that are kept, each with a name by its place."""
    found: list[File] = []
    for place, one in enumerate(seen.files, start=1):
        blob = blobs.get(context.database, one.blob) if one.blob is not None else None
        if one.blob is not None and blob:
            name = f"{name_of_number(seen.report, context)}-{place}{_ENDINGS.get(blob.media_type, '')}"
            found.append(File(one.blob, "photo" if blob.media_type.startswith("image/") else "document", name))
    return found


def draw(data: dict[str, Any]) -> bytes:
    """Make the file that a reply carries."""
    # Loaded here: nothing else of a conversation needs it.
    from docx import Document

    document = Document()
    document.add_heading(data["title"], level=1)
    facts = document.add_table(rows=0, cols=2)
    facts.style = "Table Grid"
    for label, value in data["facts"]:
        cells = facts.add_row().cells
        cells[0].text, cells[1].text = label, value
    document.add_heading(data["heading"], level=2)
    trail = document.add_table(rows=1, cols=3)
    trail.style = "Table Grid"
    for cell, text in zip(trail.rows[0].cells, data["columns"], strict=True):
        cell.text = text
    for row in data["trail"]:
        for cell, text in zip(trail.add_row().cells, row, strict=True):
            cell.text = text
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _facts(report: Report, context: Context) -> list[tuple[str, str]]:
    texts = context.texts
    unit = units.get(context.database, report.unit_id) if report.unit_id is not None else None
    said = {
        "kind": texts(f"kind.{report.kind}"),
        "harm": texts(f"harm.{report.harm}"),
        "unit": unit.name if unit else "",
        "platform": platform_name(report.platform, context.texts) if report.platform else "",
        "account": report.account,
        "owner": report.owner_name,
        "since": shown_since(report),
        "amount": f"{report.amount:,}".replace(",", ".") if report.amount else "",
        "said": report.said,
        "source": texts(f"casework.source_{report.source}"),
        "received": shown_time(report.received_at, context, year=True),
        "reporter": report.reporter_name or member_name(report.reporter_id, context),
        "contact": report.contact,
        "taken": member_name(report.taken_by, context),
        "verified": member_name(report.verified_by, context),
        "closed": shown_time(report.closed_at, context, year=True) if report.closed_at else "",
        "hold": report.hold_reason,
    }
    facts = [(texts(f"casework.fact_{name}"), value) for name, value in said.items()]
    words = [(texts(f"casework.word_{word}"), getattr(report, word)) for word in FOUR_WORDS]
    return [(label, value) for label, value in (*facts, *words) if value]
