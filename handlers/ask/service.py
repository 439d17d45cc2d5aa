"""Every act of the job: answering, noting what was not answered, taking votes, listing both.

Nothing here says who asked: a question is kept masked, folded together with its like, with a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, get_args

from handlers.masking import mask
from knowledge.search import Finding, Search
from knowledge.text import folded_syllables
from storage import questions
from storage.database import Database

Vote = Literal["helpful", "wrong", "off_topic", "unclear"]
VOTES: tuple[Vote, ...] = get_args(Vote)

# Longer questions are kept shortened: what matters for the documents stands at the beginning.
KEPT_LENGTH = 300
# Masking reads a little more, so that a secret at the edge is not cut in two and missed.
READ_LENGTH = 600


def answer(search: Search, question: str, today: dt.date, units: frozenset[str] = frozenset()) -> Finding:
    """Return what the documents say to a question of a person of these units."""
    return search.answer(question, today=today, units=units)


def note_declined(database: Database, finding: Finding, today: dt.date) -> None:
    """Count a question that got no answer, with the provisions that were named as nearest."""
    _count(database, "asked", finding.question, finding.outcome.value, shown_ids(finding), today)


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
