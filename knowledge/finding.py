"""What is found for a question, as data: how it ended, what is cited, what else may apply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowledge.documents import Document, Provision
from knowledge.schema import EditionEntry, FactEntry, Wording


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    NO_SUCH_PROVISION = "no such provision"
    NO_SUCH_DOCUMENT = "no such document"
    NO_WORDING = "no wording"
    INCOMPLETE = "incomplete"
    CONTENTS = "contents"
    SMALL_TALK = "small talk"
    EMPTY = "empty"

    @property
    def declined(self) -> bool:
        """Whether the documents gave no answer to something that was a question."""
        return self not in (
            Outcome.ANSWERED,
            Outcome.CONTENTS,
            Outcome.INCOMPLETE,
            Outcome.SMALL_TALK,
            Outcome.EMPTY,
        )


@dataclass(frozen=True, slots=True)
class Citation:
    """A provision in the edition that holds, with the words that may be shown.

    `quote` is empty where the wording may not be quoted; `summary` then says the point.
    """

    provision: Provision
    edition: EditionEntry
    quote: str
    summary: str
    wording: Wording

    @property
    def document(self) -> Document:
        """The document it stands in."""
        return self.provision.document


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for a question.

    Attributes:
        citations: what answers it, best first; empty unless answered, or small talk that a rule belongs to.
        alternatives: what else may apply, at most two.
        nearest: where it was declined, the provisions that came closest; for contents, the articles.
        facts: sourced statements about the law around the documents.
        suggestions: names of jobs that can help further: "report".
        intent: which kind of small talk or refusal it is.
        document, missing: the document that was asked for and the part or number it does not have; an answer may name
            a document that is spoken of but not loaded.
        within: where a clause is missing, the article that should hold it.
        asks_validity: whether the question is whether a document holds.
        previous: the edition before the one cited, where the question asks what was changed.
        attitudes: how an answered question was meant, as the lexicon names it: "permission", "whom".
        replaces: where a document is asked for that is known only as what replaced one of ours, that one.
    """

    question: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    alternatives: tuple[Provision, ...] = ()
    nearest: tuple[Provision, ...] = ()
    facts: tuple[FactEntry, ...] = ()
    suggestions: tuple[str, ...] = ()
    intent: str = ""
    document: Document | None = None
    missing: str = ""
    within: Provision | None = None
    asks_validity: bool = False
    previous: EditionEntry | None = None
    replaces: Document | None = None
    attitudes: frozenset[str] = frozenset()
