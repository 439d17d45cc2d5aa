"""Documents as a tree of provisions with editions; a provision's id is its path: `qd-874-2021/dieu-4/khoan-3`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import cached_property

from knowledge.errors import DocumentError, Problem
from knowledge.labels import is_numbered, joined, list_mark, own_label
from knowledge.schema import (
    DocumentEntry,
    EditionEntry,
    Level,
    NowEntry,
    ProvisionEntry,
    SourceEntry,
    Status,
    Wording,
    precedes,
)

# A provision and those under it are quoted together up to this many characters: half a phone screen.
TOGETHER = 600

_CERTAINTY = list(Wording)
_OWN_KINDS = ("nội quy", "quy chế")


class Provision:
    """A provision in its document, with its parent and those under it."""

    def __init__(self, entry: ProvisionEntry, document: Document, parent: Provision | None) -> None:
        self.entry = entry
        self.document = document
        self.parent = parent
        self.id: str = f"{parent.id if parent else document.id}/{entry.part}"
        self.editions = entry.editions or _single_edition(entry, document)
        self.children = tuple(Provision(child, document, self) for child in entry.provisions)

    def __repr__(self) -> str:
        return f"Provision({self.id!r})"

    @property
    def now(self) -> NowEntry | None:
        """What the replacing document says today, here or where the provision above says it."""
        if self.entry.now is None and self.parent is not None:
            return self.parent.now
        return self.entry.now

    @cached_property
    def label(self) -> str:
        """How the provision is named, from the smallest part up: "Khoản 3 Điều 4".

        A part whose number is not known is left out.
        """
        return joined(own_label(node.entry) for node in self._upwards())

    @cached_property
    def label_within_article(self) -> str:
        """How the provision is named where its article is already named: "Khoản 3"; may be empty."""
        above = set(self.article._upwards())
        return joined(own_label(node.entry) for node in self._upwards() if node not in above)

    @property
    def has_number(self) -> bool:
        """Whether the provision's own number is known at all."""
        return is_numbered(self.entry.part)

    @property
    def number_in_doubt(self) -> bool:
        """Whether the label shows a number that no source confirms."""
        return any(node.has_number and not node.entry.number_certain for node in self._upwards())

    @cached_property
    def article(self) -> Provision:
        """The article (or numbered item) that holds the provision, itself where it is one.

        Where the outermost part is only a cover (the decision that promulgates a code), the article under it.
        """
        chain = list(self._upwards())
        articles = [node for node in chain if node.entry.part.startswith(("dieu-", "muc-"))]
        return articles[-1] if articles else chain[-1]

    @property
    def chapter(self) -> str:
        """The number of the chapter it stands in, as in "II", or ""."""
        return (self.entry.chapter or "").partition(".")[0].strip()

    @property
    def title(self) -> str:
        """The title of the provision or of the nearest one above that has one; may be empty."""
        if self.entry.title:
            return self.entry.title
        return self.parent.title if self.parent else ""

    @property
    def lead(self) -> str:
        """The line above that introduces the provision, or "": "Giao Trung tâm Dữ liệu ...:"."""
        text = self.parent.edition().text if self.parent else None
        return text if text and text.endswith(":") else ""

    @cached_property
    def topic(self) -> str:
        """A few words on what the provision is about: its topic, its title, or its first words."""
        if self.entry.topic or self.entry.title:
            return self.entry.topic or self.entry.title or ""
        text = self.edition().text or ""
        if not text and self.children:
            return self.children[0].topic
        return text if len(text) <= 60 else text[:60].rsplit(" ", 1)[0] + " …"

    def edition(self, today: dt.date | None = None) -> EditionEntry:
        """Return the edition that holds on a day, the newest where no day is given.

        A provision without words of its own has an empty edition of wording `memory`.
        """
        if not self.editions:
            return EditionEntry(wording=Wording.MEMORY, from_=self.document.entry.date, note="-")
        if today is not None:
            day = today.isoformat()
            held = (edition for edition in reversed(self.editions) if precedes(edition.from_, day))
            return next(held, self.editions[-1])
        return self.editions[-1]

    def _upwards(self) -> Iterator[Provision]:
        """The provision and those above it, the outermost last."""
        node: Provision | None = self
        while node is not None:
            yield node
            node = node.parent

    def walk(self) -> Iterator[Provision]:
        """Yield the provision and all under it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def quote(self, today: dt.date | None = None) -> tuple[str, Wording]:
        """Return the words to show and their certainty: the weakest of the parts taken together.

        Points under a provision are part of it while the whole stays short.
        """
        nodes = list(self.walk()) if self.is_together else [self]
        shown = [(node, edition) for node in nodes if (edition := node.edition(today)).text]
        if not shown:
            return "", Wording.MEMORY
        wording = max((edition.wording for _, edition in shown), key=_CERTAINTY.index)
        marks = ["" if node is self else list_mark(node.entry) for node, _ in shown]
        lines = [f"{mark}{edition.text}" for mark, (_, edition) in zip(marks, shown, strict=True)]
        return "\n".join(lines), wording

    @cached_property
    def is_together(self) -> bool:
        """Whether the provision and all under it are one passage."""
        if not self.editions or not self.editions[-1].text:
            return False
        return sum(len(node.edition().text or "") for node in self.walk()) <= TOGETHER

    @cached_property
    def is_passage(self) -> bool:
        """Whether a question can be answered with this provision: it has words and is not part of another.

        A line that only introduces those under it ("Giao Trung tâm Dữ liệu:") counts where its file gives
        it phrasings, because then it says something by itself.
        """
        text = self.edition().text
        if not text or (text.endswith(":") and not self.is_together and not self.entry.phrasings):
            return False
        return not any(node.is_together for node in self._upwards() if node is not self)

    def source_names(self, now: NowEntry) -> str:
        """Return where a statement about today was read: names, notes, or hosts of addresses."""
        entries = (self.document.entry.sources[key] for key in now.sources)
        return "; ".join(entry.name or entry.note or entry.host for entry in entries)

    def sources(self, edition: EditionEntry) -> list[SourceEntry]:
        """Return the sources of one of its editions, those that staff can open and read first."""
        entries = [self.document.entry.sources[key] for key in edition.sources]
        return sorted(entries, key=_strangeness)


class Document:
    """A document and its provisions by id."""

    def __init__(self, entry: DocumentEntry) -> None:
        self.entry = entry
        self.id = entry.id
        self.provisions = tuple(Provision(part, self, None) for part in entry.provisions)
        self.by_id: dict[str, Provision] = {}
        for top in self.provisions:
            for provision in top.walk():
                base = provision.id.rsplit("/", 1)[0]
                for part in (provision.entry.part, *provision.entry.aliases):
                    self.by_id.setdefault(f"{base}/{part}", provision)

    def __repr__(self) -> str:
        return f"Document({self.id!r})"

    @property
    def short(self) -> str:
        """How answers name the document: "QĐ 874/QĐ-BTTTT"."""
        return self.entry.short

    @cached_property
    def general_names(self) -> tuple[str, ...]:
        """What it may be called where no other is meant: "bộ quy tắc", and for an office's rules their kind."""
        kinds = _OWN_KINDS if self.entry.level is Level.OFFICE else ()
        title = self.entry.title.lower()
        return (*self.entry.general_names, *(kind for kind in kinds if kind in title))

    @property
    def replaced(self) -> bool:
        """Whether another document has taken its place."""
        return self.entry.validity.status is Status.REPLACED

    def passages(self) -> Iterator[Provision]:
        """Yield the provisions that a question can be answered with, in reading order."""
        for top in self.provisions:
            yield from (provision for provision in top.walk() if provision.is_passage)

    def articles(self) -> list[Provision]:
        """Return the articles or numbered items at the top, without covers such as the decision."""
        return [top for top in self.provisions if top.entry.part.startswith(("dieu-", "muc-"))]

    def chapters(self) -> list[str]:
        """Return the numbers of the chapters, as in "II", in order."""
        numbers = (article.chapter for article in self.articles())
        return list(dict.fromkeys(number for number in numbers if number))

    def foreign_to(self, province: str | None) -> bool:
        """Whether the document is a letter of another province than the office's.

        An office that has not named its province belongs to none of them.
        """
        return self.entry.level is Level.PROVINCE and self.entry.province != province


class Library:
    """The documents an office applies; adding one gives a new library and leaves the old as it was."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents: dict[str, Document] = {}
        for document in documents:
            if document.id in self.documents:
                raise DocumentError(document.id, [Problem("id", "duplicate_document", document.id)])
            self.documents[document.id] = document

    def __contains__(self, provision_id: str) -> bool:
        return self.get(provision_id) is not None

    def get(self, provision_id: str) -> Provision | None:
        """Return the provision of an id or alias, None where no loaded document has it."""
        document = self.documents.get(provision_id.partition("/")[0])
        return document.by_id.get(provision_id) if document else None

    def passages(self) -> list[Provision]:
        """Return every passage of every document."""
        return [passage for document in self.documents.values() for passage in document.passages()]

    def with_document(self, document: Document) -> Library:
        """Return a library that holds the document too, in place of one of the same id."""
        return Library({**self.documents, document.id: document}.values())

    def only(self, ids: Iterable[str]) -> Library:
        """Return a library of the named documents, in the order named; unknown names raise KeyError."""
        return Library([self.documents[document_id] for document_id in ids])


def _single_edition(entry: ProvisionEntry, document: Document) -> tuple[EditionEntry, ...]:
    """The edition of a provision that is written with `text` alone: an office's own document."""
    if entry.text is None:
        return ()
    return (EditionEntry(text=entry.text, wording=entry.wording or Wording.VERBATIM, from_=document.entry.date),)


def _strangeness(source: SourceEntry) -> int:
    """0 for a Vietnamese page, 1 for a page in another language, 2 for no address."""
    if not source.url:
        return 2
    return 0 if source.host.endswith(".vn") and "/en" not in source.url.lower() else 1
