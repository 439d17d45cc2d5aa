"""Every act of the job: answering, noting what was not answered, taking votes, listing both.

Nothing here says who asked: a question is kept masked, folded together with its like, with a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, get_args

from handlers.masking import mask
from knowledge.documents import Provision
from knowledge.finding import Citation, Finding, Outcome
from knowledge.schema import FactEntry
from knowledge.search import Search
from knowledge.text import folded_syllables
from storage import questions
from storage.database import Database

Vote = Literal["helpful", "wrong", "off_topic", "unclear"]
VOTES: tuple[Vote, ...] = get_args(Vote)

_OPEN = (Outcome.NOT_FOUND, Outcome.NO_SUCH_PROVISION, Outcome.NO_SUCH_DOCUMENT, Outcome.NO_WORDING)

# Longer questions are kept shortened: what matters for the documents stands at the beginning.
KEPT_LENGTH = 300
# Masking reads a little more, so that a secret at the edge is not cut in two and missed.
READ_LENGTH = 600


def answer(search: Search, question: str, today: dt.date, units: frozenset[str] = frozenset()) -> Finding:
    """Return what the documents say to a question of a person of these units."""
    return search.answer(question, today=today, units=units)


def ask(
    database: Database, search: Search, question: str, today: dt.date, units: frozenset[str] = frozenset()
) -> tuple[Finding, bool]:
    """Answer a question in a conversation; return the finding, and whether the question was noted as open.

    Noted are the questions that the documents should perhaps answer one day: no requests that are refused.
    """
    finding = answer(search, question, today, units)
    noted = finding.outcome in _OPEN and _may_be_answered(question)
    if noted:
        _count(database, "asked", finding.question, finding.outcome.value, shown_ids(finding), today)
    return finding, noted


def _may_be_answered(question: str) -> bool:
    """Whether the documents could answer a question one day: "1+1=?" has no word."""
    return any(len(syllable) > 1 and syllable.isalpha() for syllable in folded_syllables(question))


def show(search: Search, provision_id: str, today: dt.date) -> Finding | None:
    """Return a provision that was chosen from a list as an answer; None where it is gone."""
    provision = search.library.get(provision_id)
    return search.show(provision, today) if provision else None


def article(search: Search, provision_id: str, today: dt.date) -> tuple[Provision, list[Citation]] | None:
    """Return the article that holds a provision with everything of it that may be shown; None where it is gone."""
    provision = search.library.get(provision_id)
    return (provision.article, search.article(provision, today)) if provision else None


def facts(search: Search, ids: Sequence[str]) -> list[FactEntry]:
    """Return the facts of these ids, in their order; those that are gone are left out."""
    known = {fact.id: fact for fact in search.background.facts}
    return [known[name] for name in ids if name in known]


def vote(database: Database, choice: Vote, question: str, outcome: str, shown: Sequence[str], today: dt.date) -> None:
    """Count a vote on an answer; `question` is masked again, `shown` are the ids that were shown."""
    _count(database, choice, question, outcome, shown, today)


def counted(database: Database, limit: int) -> list[questions.QuestionCount]:
    """Return the questions that need attention most, with their counts."""
    return questions.counted(database, limit)


def kept_text(question: str) -> str:
    """Return a question as it may be kept: masked and shortened."""
    return mask(question[:READ_LENGTH])[:KEPT_LENGTH]


def shown_ids(finding: Finding) -> list[str]:
    """Return the ids of the provisions that a reply to the finding shows or names, best first."""
    if finding.citations:
        return [citation.provision.id for citation in finding.citations]
    return [provision.id for provision in finding.nearest]


def _count(
    database: Database,
    column: questions.Column,
    question: str,
    outcome: str,
    shown: Sequence[str],
    today: dt.date,
) -> None:
    text = kept_text(question)
    questions.count(
        database,
        column,
        folded=" ".join(folded_syllables(text)),
        text=text,
        outcome=outcome,
        shown=shown,
        day=today.isoformat(),
    )
