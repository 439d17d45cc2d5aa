"""How good retrieval is on a set of documents and questions with known answers: hit@k and MRR.

A question counts as a hit at k when one of its first k ids is equal to a relevant one or lies under it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from knowledge.index import best
from knowledge.lexicon import Lexicon
from knowledge.ranking import Passage, Ranker
from knowledge.schema import LexiconEntry

DEPTHS = (1, 3, 5, 10)

_LAST_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of a measurement.

    Attributes:
        questions: how many were asked.
        hits: share of questions with a relevant id among the first k, by k.
        mrr: mean of 1/rank of the first relevant id among the first ten, 0 where there is none.
        ms_per_question: mean time to rank, in milliseconds.
    """

    questions: int
    hits: dict[int, float]
    mrr: float
    ms_per_question: float

    def as_json(self) -> dict[str, float]:
        """Return the figures under the names of the command's JSON."""
        return {
            **{f"hit@{depth}": self.hits[depth] for depth in DEPTHS},
            "mrr": self.mrr,
            "ms_per_question": self.ms_per_question,
        }


def is_hit(found: str, relevant: Iterable[str]) -> bool:
    """Tell whether an id is a relevant one or lies under it."""
    return any(found == one or found.startswith(f"{one}/") for one in relevant)


def first_hit(found: Sequence[str], relevant: Iterable[str]) -> int | None:
    """Return the rank, from 1, of the first relevant id, None where there is none."""
    wanted = tuple(relevant)
    return next((rank for rank, one in enumerate(found, 1) if is_hit(one, wanted)), None)


def as_passage(document_id: str, text: str) -> Passage:
    """Return a document of a test set as a passage: its first line is its title.

    The number at the end of an id ("91/2015/QH13@12", "luat-x/dieu-12") is its article's.
    """
    title, _, body = text.partition("\n")
    number = _LAST_NUMBER.search(document_id)
    return Passage(document_id, title, body, number=number.group(1) if number else "")


def evaluate(
    documents: Sequence[tuple[str, str]],
    questions: Sequence[tuple[str, Sequence[str]]],
    lexicon: LexiconEntry,
    *,
    step: Callable[[], None] = lambda: None,
) -> Figures:
    """Rank documents (id, text) for each question (text, relevant ids); `step` is called after each."""
    passages = [as_passage(*document) for document in documents]
    reader = Lexicon(lexicon)
    for passage in passages:
        reader.learn((passage.heading, passage.text))
    ranker = Ranker(passages, reader)
    ranker.warm_up()
    ranks: list[int | None] = []
    spent = 0.0
    for text, relevant in questions:
        begun = time.perf_counter()
        ranking = best(ranker.scores(ranker.query(text)), max(DEPTHS))
        spent += time.perf_counter() - begun
        ranks.append(first_hit([ranker.passages[position].id for position, _ in ranking], relevant))
        step()
    count = max(len(questions), 1)
    return Figures(
        questions=len(questions),
        hits={depth: sum(rank is not None and rank <= depth for rank in ranks) / count for depth in DEPTHS},
        mrr=sum(1 / rank for rank in ranks if rank) / count,
        ms_per_question=1000 * spent / count,
    )
