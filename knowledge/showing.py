"""What of a document may be shown, to whom, and in which words."""

from __future__ import annotations

import datetime as dt

from knowledge.documents import Document, Provision
from knowledge.finding import Citation
from knowledge.schema import EditionEntry, Wording


def cite(provision: Provision, today: dt.date | None = None) -> Citation:
    """Return a provision with what may be shown of it."""
    quote, wording = provision.quote(today)
    edition = provision.edition(today)
    summary = ""
    if not wording.quotable:
        quote, summary = "", edition.summary or ""
    return Citation(provision, edition, quote, summary, wording)


def is_visible(document: Document, units: frozenset[str]) -> bool:
    """Tell whether a document is meant for a person of these units."""
    audience = document.entry.audience
    return not audience or not units.isdisjoint(audience)


def is_showable(edition: EditionEntry) -> bool:
    """Tell whether an edition has words, and a source where they are only recalled."""
    return bool(edition.text) and (edition.wording is not Wording.MEMORY or bool(edition.sources))


def is_always_shown(provision: Provision) -> bool:
    """Tell whether a passage may be shown to everybody, in whichever of its editions."""
    return not provision.document.entry.audience and all(map(is_showable, provision.editions))
