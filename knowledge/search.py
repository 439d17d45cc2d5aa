"""The answer to a question as data: provisions with their words, or an honest no.

The wording of a reply is not made here. What is decided here is which provision answers, what else may apply,
and whether there is an answer at all: retrieval always finds something, so an answer needs a passage that
holds enough of what was asked (docs/retrieval.md tells how the limits were found).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from knowledge.background import Background
from knowledge.courtesy import without_courtesy
from knowledge.documents import Document, Library, Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.index import Floats, best
from knowledge.lexicon import Lexicon
from knowledge.ranking import Passage, Query, Ranker
from knowledge.references import DocumentNames, Reference, find_reference, missing_part, resolve
from knowledge.schema import FactEntry, IntentEntry, Level
from knowledge.scope import Scope
from knowledge.showing import cite, is_always_shown, is_showable, is_visible
from knowledge.text import fold, folded_syllables, normalize, syllables

ALTERNATIVES = 2

# A provision that repeats or applies another shares its phrasings, a little weaker, so that the original
# stands first and the letter beside it.
APPLIED_SHARE = 0.8

# How much the office's own rules are preferred: they say in particular what the code leaves to them.
OWN_RULE = 1.5
# How much a document or an article that the question names is preferred.
NAMED_DOCUMENT = 2.0
NAMED_ARTICLE = 1.2

# Small talk that may stand around a question.
COURTESIES = ("greeting", "thanks")
# So many words with a topic beside a greeting are what is meant, whether or not there is an answer to it.
LONG_ENOUGH = 3
# Particles alone: "vâng", "dạ ạ". Each of them is in every question, and so in none.
ASSENT = "ok"
_ASSENTS = frozenset("dạ da vâng vang ạ a ừ u ừm um uh ờ".split())  # noqa: SIM905 - as in the lexicon
# "Thế còn quay video" asks about something that was said before.
FOLLOW_UP = "follow-up"
_FOLLOWS = re.compile(r"(?:(?:da|vang|a|u|ok|em|anh|chi) )*(?:the|vay|roi|con) (?:con|neu|thi) ")

# "NĐ 174/2026/NĐ-CP", "Luật An ninh mạng 116/2025/QH15", "QĐ 423/QĐ-BVHTTDL", but no date.
_DOCUMENT_NUMBER = re.compile(r"\b(\d{2,4})/(?:\d{4}/)?[A-ZĐ]")
# What somebody types who taps a key, or answers a menu that is not there.
_TOO_SHORT = re.compile(r"[^\W\d_]|\d{1,2}")


class Search:
    """Answers questions from a library; made anew when the library changes."""

    def __init__(self, library: Library, background: Background) -> None:
        self.library = library
        self.background = background
        self._names = DocumentNames(library)
        self._provisions = library.passages()
        # A fact whose provision is not among the documents of this office has nothing to stand beside.
        self._facts = [fact for fact in background.facts if all(basis in library for basis in fact.basis)]
        passages = [
            *map(_passage, self._provisions),
            *(Passage(f"fact:{fact.id}", "", fact.text, fact.phrasings) for fact in self._facts),
        ]
        lexicon = Lexicon(background.lexicon)
        for passage in passages:
            lexicon.learn((passage.heading, passage.text, *passage.phrasings))
        for intent in background.intents:
            lexicon.learn(intent.phrasings)
        self.ranker = Ranker(passages, lexicon)
        self._scope = Scope(self.ranker, background.intents)
        position = {provision.id: n for n, provision in enumerate(self._provisions)}
        self._applied = [
            (position[provision.id], position[target])
            for provision in self._provisions
            for target in provision.entry.applies
            if target in position
        ]
        self._position = position
        self._own_rules = np.array([p.document.entry.level is Level.OFFICE for p in self._provisions], dtype=np.bool_)
        # All others are shown to everybody on every day.
        self._sometimes_shown = [n for n, provision in enumerate(self._provisions) if not is_always_shown(provision)]
        talk = (intent.phrasings for intent in background.intents if intent.kind == "small-talk")
        self._short_talk = {fold(phrasing) for phrasings in talk for phrasing in phrasings}
        self.has_audiences = any(document.entry.audience for document in library.documents.values())
        """Whether any document is for some units only, so that it matters who asks."""
        # Documents that are not loaded but are spoken of: "nghị định 15/2020" has an answer.
        spoken = [fact.text for fact in self._facts]
        spoken += [by.short for document in library.documents.values() if (by := document.entry.validity.by)]
        self._mentioned = {number for text in spoken for number in _DOCUMENT_NUMBER.findall(text)}
        self._replacing = {
            number: document
            for document in reversed(library.documents.values())
            if (by := document.entry.validity.by)
            for number in _DOCUMENT_NUMBER.findall(by.short)
        }
        """By a number of what replaced it, the first document of ours that was replaced."""

    def with_document(self, document: Document) -> Search:
        """Return a search that knows the document too; this one goes on answering until it is replaced."""
        return Search(self.library.with_document(document), self.background)

    def answer(self, question: str, *, today: dt.date | None = None, units: frozenset[str] = frozenset()) -> Finding:
        """Answer a question with what the documents say for a person of the given units on a day."""
        question = normalize(question)
        if self._says_nothing(question):
            return Finding(question, Outcome.EMPTY)
        if _ASSENTS.issuperset(syllables(question)):
            return Finding(question, Outcome.SMALL_TALK, intent=ASSENT)
        asked = without_courtesy(question)
        query = self.ranker.query(asked)
        if asked != question and len(query.reading.content()) >= LONG_ENOUGH:
            return replace(self._found(asked, query, today, units), question=question)
        if asked == question:
            return self._found(question, query, today, units)
        finding = self._found(question, self.ranker.query(question), today, units)
        if finding.intent in COURTESIES:
            behind = self._found(asked, query, today, units)
            if behind.outcome in (Outcome.ANSWERED, Outcome.REFUSED):
                return replace(behind, question=question)
        return finding

    def _found(self, question: str, query: Query, today: dt.date | None, units: frozenset[str]) -> Finding:
        if _follows(query):
            return Finding(question, Outcome.SMALL_TALK, intent=FOLLOW_UP)
        reference = self._reference(query)
        finding = self._by_reference(question, query, reference, today, units)
        if finding is None:
            finding = self._by_topic(question, query, reference, today, units)
            # A number beside "mục" may be a level ("mức 2") in a question that has nothing to do with documents.
            if finding.outcome.declined and reference.parts and (reference.documents or "dieu" in reference.parts[0]):
                finding = self._shown(question, query, reference, today, units) or finding
        return finding

    def warm_up(self) -> None:
        """Load what is otherwise loaded by the first question that needs it: word segmentation, under a second."""
        self.ranker.warm_up()

    def show(self, provision: Provision, today: dt.date | None = None) -> Finding:
        """Return a provision that somebody chose from a list as an answer of its own."""
        return Finding("", Outcome.ANSWERED, citations=(cite(provision, today),))

    def article(self, provision: Provision, today: dt.date | None = None) -> list[Citation]:
        """Return every showable passage of the article that holds a provision, in reading order."""
        return [cite(part, today) for part in self.article_parts(provision, today)]

    def article_parts(self, provision: Provision, today: dt.date | None = None) -> Iterator[Provision]:
        """Yield the provisions that `article` cites."""
        return (part for part in provision.article.walk() if self._showable(part, today))

    def _says_nothing(self, question: str) -> bool:
        """Whether a message is no question: no words, or a letter or a small number that is no small talk."""
        said = folded_syllables(question)
        if len(said) > 1:
            return False
        return not said or (_TOO_SHORT.fullmatch(said[0]) is not None and said[0] not in self._short_talk)

    def _reference(self, query: Query) -> Reference:
        """The reference as typed; a document's name may be abbreviated or mistyped, so as it was read, too."""
        typed = find_reference(query.text, self._names)
        as_read = " ".join(query.reading.folded)
        if typed.documents or not self._names.any_in(as_read):
            return typed
        read = find_reference(as_read, self._names)
        return read if read.documents and bool(read.parts) >= bool(typed.parts) else typed

    def _by_reference(
        self, question: str, query: Query, reference: Reference, today: dt.date | None, units: frozenset[str]
    ) -> Finding | None:
        """The answer where a question points at a provision; None where its topic has to be looked for."""
        if reference.unknown_document and reference.unknown_document not in self._mentioned:
            missing_document = reference.unknown_name or reference.unknown_document
            return Finding(question, Outcome.NO_SUCH_DOCUMENT, missing=missing_document)
        if reference.unknown_document:
            return None
        if reference.clause and self.ranker.lexicon.only_shows(self.ranker.query(reference.rest).reading):
            return Finding(question, Outcome.INCOMPLETE, missing=reference.clause)
        if not reference.parts:
            return self._contents(question, reference, units)
        missing = missing_part(reference, self.library)
        if missing:
            document, part, within = missing
            return Finding(question, Outcome.NO_SUCH_PROVISION, document=document, missing=part, within=within)
        only_shows = self.ranker.lexicon.only_shows(self.ranker.query(reference.rest).reading)
        if len(reference.parts) == 1 and not only_shows:
            # "công chức có phải theo điều 4 không" asks something about article 4 rather than to see it.
            return None
        return self._shown(question, query, reference, today, units)

    def _contents(self, question: str, reference: Reference, units: frozenset[str]) -> Finding | None:
        """The articles of a document or chapter that is named alone; None for a question about something in it."""
        if not reference.chapter and (not reference.documents or reference.by_general_name):
            return None
        if not self.ranker.lexicon.only_shows(self.ranker.query(reference.rest).reading):
            return None
        documents = [
            document
            for document in self.library.documents.values()
            if is_visible(document, units) and document.id in (reference.documents or self.library.documents)
        ]
        if reference.chapter:
            documents = [document for document in documents if document.chapters()]
        if not documents:
            return None
        document = documents[0]
        label = f"Chương {reference.chapter}" if reference.chapter else ""
        if reference.chapter and reference.chapter not in document.chapters():
            return Finding(question, Outcome.NO_SUCH_PROVISION, document=document, missing=label)
        articles = [a for a in document.articles() if not reference.chapter or a.chapter == reference.chapter]
        return Finding(question, Outcome.CONTENTS, document=document, missing=label, nearest=tuple(articles))

    def _shown(
        self, question: str, query: Query, reference: Reference, today: dt.date | None, units: frozenset[str]
    ) -> Finding | None:
        """What a reference points at, as an answer; None where nothing is there for this person."""
        provisions = [p for p in resolve(reference, self.library) if is_visible(p.document, units)]
        if not provisions:
            return None
        parts = [p for p in self._passages_of(provisions[0]) if self._showable(p, today)]
        if not parts:
            document, label = provisions[0].document, provisions[0].label
            return Finding(question, Outcome.NO_WORDING, document=document, missing=label)
        others = [p for provision in provisions[1:] for p in self._passages_of(provision)]
        return self._answered(question, query, reference, parts, others, today)

    def _by_topic(
        self, question: str, query: Query, reference: Reference, today: dt.date | None, units: frozenset[str]
    ) -> Finding:
        """The answer by what a question is about, or the reason why there is none."""
        named = bool(reference.documents) and not reference.by_general_name
        topic = self.ranker.query(reference.rest) if named and not reference.parts else query
        scores = self._with_applied(self.ranker.scores(topic))
        self._adjust(scores, reference, today, units)
        highest = int(scores.argmax()) if scores.size else None
        top = highest if highest is not None and scores[highest] > 0 else None
        ranked = best(scores[: len(self._provisions)], 1 + ALTERNATIVES)
        nearest = [
            self._provisions[position]
            for position, _ in ranked
            if named or reference.parts or self._scope.shares_topic(topic, position)
        ]
        rival = self._scope.rival(topic, top, named=named, hidden=scores <= 0)
        if rival is not None and rival.kind == "refusal" and top is not None and _is_victim(query):
            rival = None
        if rival is not None:
            return self._by_intent(question, rival, reference, nearest, today)
        if plain := [fact for fact in self._facts_beside(query) if fact.plain]:
            return self._answered(question, query, reference, self._existing(plain[0].basis), nearest, today)
        if top is None or not self._scope.covers(topic, top):
            return self._declined(question, reference, nearest)
        # What is far behind the best is not worth a look.
        near = [self._provisions[position] for position, score in ranked if score > 0.5 * ranked[0][1]]
        if top < len(self._provisions):
            return self._answered(question, query, reference, near[:1], near[1:], today)
        fact = self._facts[top - len(self._provisions)]
        basis = self._existing(fact.basis)
        finding = self._answered(question, query, reference, basis, near, today)
        if fact.plain:
            return finding
        return replace(finding, facts=(fact, *(other for other in finding.facts if other.id != fact.id)))

    def _by_intent(
        self,
        question: str,
        intent: IntentEntry,
        reference: Reference,
        nearest: Sequence[Provision],
        today: dt.date | None,
    ) -> Finding:
        basis = tuple(self._existing(intent.basis))
        if intent.kind == "small-talk":
            cited = tuple(cite(provision, today) for provision in basis)
            return Finding(question, Outcome.SMALL_TALK, intent=intent.id, citations=cited)
        if intent.kind == "refusal":
            return Finding(question, Outcome.REFUSED, intent=intent.id, nearest=basis)
        return self._declined(question, reference, nearest)

    def _existing(self, ids: Iterable[str]) -> list[Provision]:
        """The provisions of these ids that this office's documents have."""
        found = (self.library.get(name) for name in ids)
        return [provision for provision in found if provision and is_visible(provision.document, frozenset())]

    def _declined(self, question: str, reference: Reference, nearest: Sequence[Provision]) -> Finding:
        missing = reference.unknown_name
        outcome = Outcome.NO_SUCH_DOCUMENT if missing else Outcome.NOT_FOUND
        return Finding(question, outcome, nearest=tuple(nearest), missing=missing)

    def _answered(
        self,
        question: str,
        query: Query,
        reference: Reference,
        provisions: Sequence[Provision],
        others: Sequence[Provision],
        today: dt.date | None,
    ) -> Finding:
        concepts = set(query.reading.concepts)
        citations = tuple(cite(provision, today) for provision in provisions)
        previous = None
        replaces = self._replaced_by(reference)
        if "correction" in concepts and len(citations) == 1 and len(provisions[0].editions) > 1:
            held = provisions[0].editions.index(citations[0].edition)
            previous = provisions[0].editions[held - 1] if held else None
        return Finding(
            question,
            Outcome.ANSWERED,
            citations=citations,
            alternatives=() if replaces else tuple(p for p in others if p not in provisions)[:ALTERNATIVES],
            facts=self._facts_beside(query),
            suggestions=("report",) if _is_incident(concepts) else (),
            missing=reference.unknown_name,
            asks_validity="validity" in concepts,
            previous=previous,
            replaces=replaces,
            attitudes=query.reading.attitudes,
        )

    def _facts_beside(self, query: Query) -> tuple[FactEntry, ...]:
        """The facts that a question calls for by what it speaks of, whichever provision answers it."""
        concepts = set(query.reading.concepts)
        called = [
            fact
            for fact in self._facts
            if not concepts.isdisjoint(fact.triggers) and (fact.said is None or _has_said(query, fact.said))
        ]
        # What answers in a word stands first: of many facts only some are shown at once.
        return tuple(sorted(called, key=lambda fact: fact.plain is None))

    def _replaced_by(self, reference: Reference) -> Document | None:
        """The document that was replaced by the one that is asked for, where that is all that is asked."""
        number = reference.unknown_document or reference.rest
        if number != reference.rest and not self.ranker.lexicon.only_shows(self.ranker.query(reference.rest).reading):
            return None
        return self._replacing.get(number)

    def _with_applied(self, scores: Floats) -> Floats:
        # Few numbers are taken faster one by one from a list.
        own = scores.tolist()
        shared = own.copy()
        for position, target in self._applied:
            shared[position] = max(shared[position], APPLIED_SHARE * own[target])
        return np.array(shared)

    def _adjust(self, scores: Floats, reference: Reference, today: dt.date | None, units: frozenset[str]) -> None:
        """Hide what may not be shown, and raise what the question names."""
        for position in self._sometimes_shown:
            provision = self._provisions[position]
            if not is_visible(provision.document, units) or not self._showable(provision, today):
                scores[position] = 0.0
        scores[: len(self._provisions)][self._own_rules] *= OWN_RULE
        named = () if reference.by_general_name else reference.documents
        articles = {provision.id for provision in resolve(reference, self.library)} if reference.parts else set()
        if not named and not articles:
            return
        for position, provision in enumerate(self._provisions):
            if provision.document.id in named:
                scores[position] *= NAMED_DOCUMENT
            if provision.article.id in articles:
                scores[position] *= NAMED_ARTICLE

    def _showable(self, provision: Provision, today: dt.date | None) -> bool:
        """Whether anything of a passage may be shown: words recalled without any source may not."""
        return provision.id in self._position and is_showable(provision.edition(today))

    def _passages_of(self, provision: Provision) -> list[Provision]:
        """The passages at or under a provision, or the one that it is a part of."""
        under = [part for part in provision.walk() if part.id in self._position]
        node: Provision | None = provision
        while not under and node is not None:
            under = [node] if node.id in self._position else []
            node = node.parent
        return under


def _passage(provision: Provision) -> Passage:
    text, _ = provision.quote()
    heading = f"{provision.title}\n{provision.topic}\n{provision.lead}"
    phrasings = provision.entry.phrasings or tuple(text.split(". "))
    return Passage(provision.id, heading, text, (*phrasings, provision.topic))


def _follows(query: Query) -> bool:
    """Whether a question is short and begins as one that goes on from what was said before."""
    begins = _FOLLOWS.match(" ".join(query.reading.folded))
    if begins is None:
        return False
    behind = len(begins.group().split())
    return query.reading.stop[behind:].count(False) < LONG_ENOUGH


def _has_said(query: Query, word: str) -> bool:
    """Whether a syllable was typed: as it is written, or without accents. "Mất" is no "mật"."""
    return not {fold(word), *syllables(word)}.isdisjoint(query.reading.syllables)


def _is_incident(concepts: set[str]) -> bool:
    """Whether a message says that an account was lost or impersonated, or that somebody is cheated or threatened."""
    where = {"account", "platform", "agency_page", "scam"}
    return bool(concepts & {"lost", "impersonated"} and concepts & where) or bool(concepts & {"cheated", "threatened"})


def _is_victim(query: Query) -> bool:
    """Whether somebody asks for help with what was done to them: "nick bị hack, lấy lại giúp em"."""
    return "suffered" in query.reading.attitudes
