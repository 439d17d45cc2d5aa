"""A finding in words: the text of a reply, the same for every channel, the command line and the JSON answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from markupsafe import Markup

from handlers.masking import tells_secret
from handlers.office import Office
from handlers.texts import Texts, link
from knowledge.documents import Document, Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.references import UNNAMED
from knowledge.schema import Certainty, FactEntry, Level, SourceEntry, Wording
from knowledge.search import Search

_LINES = Markup("\n")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes replies in an office's words."""

    texts: Texts
    office: Office
    search: Search
    _written: dict[tuple[str, str, Wording], tuple[Markup, tuple[Markup, ...]]] = field(default_factory=dict)
    """The words of single provisions with their validity: the same few dozen answer most questions."""

    def reply(self, finding: Finding, *, noted: bool = False) -> Markup:
        """Return the whole reply to a finding as one text; `noted` says that the question was kept."""
        others = finding.alternatives or finding.nearest
        listed = [self._listed(provision) for provision in others]
        if finding.alternatives:
            listed.insert(0, self.texts.rich("answer.alternatives"))
        elif lead := self.lead(finding):
            listed.insert(0, lead)
        return _paragraphs([self.body(finding), _LINES.join(listed), self.closing(finding, noted=noted)])

    def body(self, finding: Finding) -> Markup:
        """Return what a reply says before it lists other provisions."""
        if not tells_secret(finding.question):
            return self._body(finding)
        told = self.texts.rich("answer.told_secret")
        return told if finding.outcome is Outcome.NOT_FOUND else _paragraphs([told, self._body(finding)])

    def _body(self, finding: Finding) -> Markup:
        if finding.outcome is Outcome.ANSWERED:
            first = list(self._first(finding))
            return self.in_short(finding) if first else _paragraphs(self._answer(finding))
        if finding.outcome is Outcome.SMALL_TALK:
            talk = self.texts.rich(f"talk.{finding.intent}", contact=self.contact(), whom=self.whom())
            return _paragraphs([talk, *map(self.rule, finding.citations)])
        if finding.outcome is Outcome.EMPTY:
            return self.texts.rich("empty.body")
        if finding.outcome is Outcome.INCOMPLETE:
            return self.texts.rich("empty.incomplete", missing=_inside(finding.missing))
        if finding.outcome is Outcome.CONTENTS and finding.document:
            what = f"{finding.missing}, {finding.document.short}" if finding.missing else finding.document.short
            validity = self._document_validity(finding.document)
            return _paragraphs(
                [*validity, self.texts.rich("answer.contents", what=what, title=finding.document.entry.title)]
            )
        return self._reason(finding)

    def lead(self, finding: Finding) -> Markup:
        """Return what stands before the provisions that a reply offers instead of an answer, or as its contents."""
        if finding.outcome is Outcome.CONTENTS:
            return self.texts.rich("answer.contents_lead")
        return self.texts.rich("decline.nearest") if finding.outcome.declined and finding.nearest else Markup()

    def closing(self, finding: Finding, *, noted: bool = False) -> Markup:
        """Return what a reply that declines ends with: whether the question was kept, and whom to ask."""
        if not finding.outcome.declined:
            return Markup()
        return _LINES.join([*([self.texts.rich("decline.noted")] if noted else []), self.contact()])

    def article(self, citations: Sequence[Citation]) -> Markup:
        """Return the text of an article: every passage given, what is to be noted of all of them, their validity."""
        first = citations[0].provision
        noted = self._noted_of_all(citations)
        summed_up = False
        heading = self.texts.rich("answer.article", label=first.article.label, document=first.document.short)
        title = first.article.title
        lines = [heading + "\n" + title if title else heading]
        for citation in citations:
            own = citation.provision.label_within_article
            words = [self._said(citation, again=summed_up)]
            words += [note for note in self._notes(citation) if note not in noted]
            lines.append((Markup.escape(f"{own}: ") if own else Markup()) + _LINES.join(words))
            summed_up = summed_up or not citation.quote
        lines.append(_LINES.join(noted))
        lines += self._validity(citations)
        return _paragraphs(lines)

    def rule(self, citation: Citation) -> Markup:
        """Return a single provision as it may be shown, and whether its document still holds."""
        words, _ = self._single(citation)
        return _LINES.join([words, *islice(self._document_validity(citation.document), 1)])

    def further(self, facts: Sequence[FactEntry]) -> Markup:
        """Return facts of the law around the documents by themselves."""
        return _paragraphs(self._facts(facts))

    def no_wording(self, provision: Provision) -> Markup:
        """Return the text for a provision none of whose words may be shown."""
        reason = self.texts.rich(
            "decline.no_wording", document=provision.document.short, missing=_inside(provision.label)
        )
        return _paragraphs([reason, self.contact()])

    def contact(self) -> Markup:
        """Return the line that says whom to ask, when and how."""
        return self.texts.rich("contact.line", who=self.who())

    def who(self) -> Markup:
        """Return the office's contact with phone and hours, as part of a sentence."""
        office = self.office
        return self.texts.rich(
            "contact.who",
            contact=office.contact or self.texts.rich("contact.nobody"),
            phone=self.texts.rich("contact.phone", phone=office.phone) if office.phone else "",
            hours=self.texts.rich("contact.hours", hours=office.hours) if office.hours else "",
        )

    def whom(self) -> Markup:
        """Return whom to tell or ask, and which of it the office has not said."""
        parts = [self.texts.rich("contact.first", who=self.who())]
        if not self.office.contact:
            parts.append(self.texts.rich("contact.no_contact"))
        if not self.office.phone:
            parts.append(self.texts.rich("contact.no_phone"))
        return Markup(" ").join(parts)

    def _first(self, finding: Finding) -> Iterator[Markup]:
        """What is said before the rule: the answer in a word, and whom to turn to, where that is what was asked."""
        for fact in finding.facts:
            if fact.plain:
                yield Markup.escape(fact.plain)
        if "whom" in finding.attitudes:
            yield self.whom()
            if "report" in finding.suggestions:
                yield self.texts.rich("contact.urgent")

    def in_short(self, finding: Finding) -> Markup:
        """Return an answer without all that is known around its rule."""
        return _paragraphs([*self._first(finding), *self._in_short(finding)])

    def _in_short(self, finding: Finding) -> Iterator[Markup]:
        if len(finding.citations) > 1 or finding.replaces or finding.missing or finding.asks_validity:
            yield from self._answer(finding)
            return
        yield self.rule(finding.citations[0])
        yield from self._facts(finding.facts)

    def _answer(self, finding: Finding) -> Iterator[Markup]:
        first = finding.citations[0]
        if finding.replaces:
            yield from self._successor(finding.replaces)
            return
        if finding.missing:
            yield self.texts.rich("answer.no_full_text", number=finding.missing)
            yield from self._facts(finding.facts, "answer.known")
        if finding.asks_validity:
            yield from self._validity(finding.citations)
        if len(finding.citations) > 1:
            yield self.article(finding.citations)
        else:
            words, validity = self._single(first)
            yield words
            if finding.previous and finding.previous.text:
                until = self.texts.rich("answer.previous_until", date=_date(finding.previous.to or ""))
                yield self.texts.rich("answer.previous", period=until, quote=finding.previous.text)
            if not finding.asks_validity:
                yield from validity
        if not finding.missing:
            yield from self._facts(finding.facts)

    def _reason(self, finding: Finding) -> Markup:
        if finding.outcome is Outcome.REFUSED:
            return self.texts.rich(f"refusal.{finding.intent}")
        if finding.outcome is Outcome.NO_SUCH_DOCUMENT:
            if finding.missing == UNNAMED:
                return self.texts.rich("decline.no_such_law")
            return self.texts.rich("decline.no_such_document", number=finding.missing)
        if finding.document is not None:
            document = finding.document
            missing = _inside(finding.missing)
            if finding.outcome is Outcome.NO_WORDING:
                return self.texts.rich("decline.no_wording", document=document.short, missing=missing)
            have = self._have(document, finding.within, finding.missing)
            return self.texts.rich("decline.no_such_provision", document=document.short, missing=missing, have=have)
        return self.texts.rich("decline.not_found")

    def _have(self, document: Document, within: Provision | None, missing: str) -> Markup:
        """What a document, or the provision that should hold what was asked for, does have."""
        if within is not None:
            clauses = [child for child in within.children if child.entry.part.startswith("khoan-")]
            if clauses and missing.startswith("Khoản"):
                return self.texts.rich("decline.have_clauses", label=within.label, count=len(clauses))
            return Markup()
        if missing.startswith("Chương"):
            return self.texts.rich("decline.have_chapters", count=len(document.chapters()))
        articles = document.articles()
        name = "have_articles" if articles[0].entry.part.startswith("dieu-") else "have_items"
        last = articles[-1].entry.part.partition("-")[2]
        return self.texts.rich(f"decline.{name}", count=len(articles), last=last)

    def _single(self, citation: Citation) -> tuple[Markup, tuple[Markup, ...]]:
        key = citation.provision.id, citation.quote or citation.summary, citation.wording
        if key not in self._written:
            words = self._heading(citation) + "\n" + self._words(citation)
            self._written[key] = words, tuple(self._validity([citation]))
        return self._written[key]

    def _heading(self, citation: Citation) -> Markup:
        provision = citation.provision
        return self.texts.rich("answer.heading", label=provision.label, document=citation.document.short)

    def _words(self, citation: Citation) -> Markup:
        """The words of a provision as its wording allows: quoted, quoted with a note, or summed up."""
        return _LINES.join([self._said(citation), *self._notes(citation)])

    def _said(self, citation: Citation, *, again: bool = False) -> Markup:
        """The words alone; `again` says that why they are summed up was told before."""
        if citation.quote:
            return self.texts.rich("answer.quote", quote=citation.quote)
        return self.texts.rich("answer.summary_again" if again else "answer.summary", summary=citation.summary)

    def _notes(self, citation: Citation) -> list[Markup]:
        """What stands under the words: where they come from, and whether their number is certain."""
        doubt = citation.provision.number_in_doubt
        return [*self._origin(citation), *([self.texts.rich("answer.number_in_doubt")] if doubt else [])]

    def _origin(self, citation: Citation) -> list[Markup]:
        if citation.quote:
            near = citation.wording is Wording.NEAR_VERBATIM
            return [self.texts.rich("answer.not_compared")] if near else []
        sources = citation.provision.sources(citation.edition)
        return [self.texts.rich("answer.source", source=_source(sources[0]))] if sources else []

    def _noted_of_all(self, citations: Sequence[Citation]) -> list[Markup]:
        """The notes that hold of everything that is quoted, of everything that is summed up, or of both."""
        alike = [[c for c in citations if c.quote], [c for c in citations if not c.quote]]
        origins = [[self._origin(citation) for citation in some] for some in alike if len(some) > 1]
        noted = [note for each in origins if each.count(each[0]) == len(each) for note in each[0]]
        if len(citations) > 1 and all(citation.provision.number_in_doubt for citation in citations):
            noted.append(self.texts.rich("answer.number_in_doubt"))
        return noted

    def _validity(self, citations: Sequence[Citation]) -> Iterator[Markup]:
        """Whether what was quoted holds today, what the new document says, and who the named units are now."""
        document = citations[0].document
        lines = list(self._document_validity(document))
        if document.replaced:
            lines[1:1] = self._now(citations)
        named = [citation.quote for citation in citations]
        if document.entry.level is not Level.NATIONAL:
            named.append(document.entry.issuer)
        for entry in self.search.background.successors_in(named):
            name = "answer.successor" if entry.certainty is Certainty.HIGH else "answer.successor_medium"
            lines.append(self.texts.rich(name, name=entry.name, now=entry.now))
        if lines:
            yield _LINES.join(lines)

    def _document_validity(self, document: Document) -> Iterator[Markup]:
        validity = document.entry.validity
        if validity.by:
            by = validity.by
            yield self.texts.rich("answer.replaced", document=document.short, by=by.short, date=_date(by.date))
        elif validity.note:
            yield self.texts.rich("answer.validity_note", note=validity.note)
        if document.foreign_to(self.office.province):
            yield self.texts.rich("answer.foreign")

    def _now(self, citations: Sequence[Citation]) -> list[Markup]:
        """What the new document says on the same matters, each once, with where that was read."""
        said = {now.summary: (now, c.provision) for c in citations if (now := c.provision.now)}
        if not said:
            by = citations[0].document.entry.validity.by
            return [self.texts.rich("answer.now_unknown", by=by.short if by else "")]
        lines = [
            self.texts.rich("answer.now" if now.certainty is Certainty.HIGH else "answer.now_medium", summary=summary)
            for summary, (now, _) in said.items()
        ]
        sources = dict.fromkeys(provision.source_names(now) for now, provision in said.values())
        return [*lines, self.texts.rich("answer.now_sources", sources="; ".join(sources))]

    def _successor(self, replaced: Document) -> Iterator[Markup]:
        """What is known of the document that replaced one of ours, and where its text can be found."""
        by, checked = replaced.entry.validity.by, replaced.entry.validity.checked
        assert by is not None
        names = {"by": by.short, "title": by.title, "date": _date(by.date), "document": replaced.short}
        yield self.texts.rich("answer.successor_document", **names)
        under = (provision for article in replaced.articles() for provision in article.walk() if provision.entry.now)
        said = {now.summary: (now, provision) for provision in under if (now := provision.entry.now)}
        points = [
            self.texts.rich("answer.point" if now.certainty is Certainty.HIGH else "answer.point_medium", text=summary)
            for summary, (now, _) in said.items()
        ]
        if points:
            sources = dict.fromkeys(provision.source_names(now) for now, provision in said.values())
            read = self.texts.rich("answer.points_sources", sources="; ".join(sources), checked=_date(checked))
            yield _LINES.join([self.texts.rich("answer.known"), *points, read])
        yield self.texts.rich("answer.full_text_where", by=by.short, who=self.who())

    def _facts(self, facts: Sequence[FactEntry], lead: str = "answer.facts") -> Iterator[Markup]:
        if facts:
            yield _LINES.join([self.texts.rich(lead), *map(self._fact, facts)])

    def _fact(self, fact: FactEntry) -> Markup:
        name = "answer.fact" if fact.certainty is Certainty.HIGH else "answer.fact_medium"
        sources = "; ".join(fact.sources)
        return self.texts.rich(name, text=fact.text, sources=sources, checked=_date(fact.checked))

    def _listed(self, provision: Provision) -> Markup:
        return self.texts.rich(
            "answer.alternative",
            label=provision.label,
            document=provision.document.short,
            topic=provision.topic,
        )


@lru_cache(maxsize=4)
def writer_for(texts: Texts, office: Office, search: Search) -> Writer:
    """Return the writer of an office, which remembers what it has written before."""
    return Writer(texts, office, search)


def _paragraphs(parts: Iterable[Markup]) -> Markup:
    return Markup("\n\n").join(part for part in parts if part)


def _source(source: SourceEntry) -> Markup:
    """A source as it is named: its name, and the host of its address, which leads to the page; or its note."""
    if not source.url:
        return Markup.escape(source.name or source.note)
    page = link(source.url, source.host)
    return Markup("{}: {}").format(source.name, page) if source.name else page


def _inside(label: str) -> str:
    """Return a label as it stands inside a sentence: "khoản 9 Điều 4", but "Điều 12"."""
    return label if label.startswith(("Điều", "Chương", "Phụ lục")) else label[:1].lower() + label[1:]


def _date(partial: str) -> str:
    """Return a partial ISO date as it is written in Vietnam: 05/3/2026, 3/2026, 2026."""
    year, *rest = partial.split("-")
    if not rest:
        return year
    month = str(int(rest[0])) if int(rest[0]) > 2 else rest[0]
    return "/".join([*rest[1:], month, year])
