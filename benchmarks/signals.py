"""What each ranking signal adds: hit@1 with all of them, without each, and with each alone.

`python -m benchmarks.signals` measures on the project's questions, and with `--documents F --questions F` on a
set of other texts as well (JSON Lines {"id", "text"} and {"text", "relevant": [ids]}).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.questions import (
    QUESTIONS,
    TYPED,
    UNACCENTED,
    Kind,
    Line,
    load_lines,
    load_search,
    measure,
    without_accents,
)
from benchmarks.tables import MISSING, Table, share
from knowledge.evaluate import as_passage, is_hit
from knowledge.index import Bm25Index, Floats, JoinedIndex, best
from knowledge.lexicon import BUILT_IN as LEXICON
from knowledge.lexicon import Lexicon
from knowledge.loading import load_lexicon
from knowledge.ranking import Ranker
from knowledge.search import Search

# The signals as docs/retrieval.md names them, and where a ranker keeps the index of each; two are joined, and known by
# their places.
SIGNALS = {"text": "_text", "phrasings": "_joined", "everything": "_joined", "words": "_words"}
JOINED = {"everything": 0, "phrasings": 1}

Hits = Callable[[bool], tuple[int, int]]
"""From whether accents are removed to the number of hits and of questions."""


class Silent:
    """An index that scores nothing; all else it answers like the index it stands for."""

    def __init__(self, index: Bm25Index) -> None:
        self._index = index

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def scores(self, query: Iterable[str] | Mapping[str, float]) -> Floats:
        """Return 0 for every document."""
        return np.zeros(len(self._index))


class PartlySilent:
    """Joined indexes of which some score nothing."""

    def __init__(self, joined: JoinedIndex, places: Collection[int]) -> None:
        self._joined = joined
        self._places = places

    def scores(self, query: Mapping[str, float]) -> list[Floats]:
        """Return the scores of each, 0 for every document of those that are silent."""
        scores = self._joined.scores(query)
        for place in self._places:
            scores[place] = np.zeros_like(scores[place])
        return scores


@contextmanager
def silenced(ranker: Ranker, signals: Collection[str]) -> Iterator[None]:
    """Switch signals of a ranker off, and on again at the end."""
    attributes = [SIGNALS[signal] for signal in signals]
    places = {JOINED[signal] for signal in signals if signal in JOINED}
    kept = {attribute: getattr(ranker, attribute) for attribute in attributes}
    try:
        for attribute, index in kept.items():
            setattr(ranker, attribute, PartlySilent(index, places) if attribute == "_joined" else Silent(index))
        yield
    finally:
        for attribute, index in kept.items():
            setattr(ranker, attribute, index)


def present(ranker: Ranker) -> list[str]:
    """Return the signals that a ranker has: without phrasings only text and words remain."""
    return [signal for signal in SIGNALS if signal not in JOINED or ranker.bags]


def run(search: Search, *, every: int = 1) -> Table:
    """Measure on every n-th rule line of the project's questions, as people get the answers."""
    lines = [line for line in load_lines(QUESTIONS) if line.kind is Kind.RULE][::every]

    def hits(strip_accents: bool) -> tuple[int, int]:
        total = measure(search, lines, strip_accents).total
        return total.hits_at_1, total.rules

    return _table(
        f"What each signal adds: {len(lines)} rule lines of {QUESTIONS.name}",
        search.ranker,
        hits,
        "hit@1 of the whole answer. A line that is declined is no hit, so a signal also counts for telling "
        "rules from other questions.",
    )


def run_public(documents: Path, questions: Path) -> Table:
    """Measure the ranking alone on a set of other texts."""
    passages = [as_passage(entry["id"], entry["text"]) for entry in _rows(documents)]
    lexicon = Lexicon(load_lexicon(LEXICON))
    for passage in passages:
        lexicon.learn((passage.heading, passage.text))
    ranker = Ranker(passages, lexicon)
    lines = [Line(entry["text"], Kind.RULE, tuple(entry["relevant"])) for entry in _rows(questions)]

    def hits(strip_accents: bool) -> tuple[int, int]:
        return sum(_is_first(ranker, line, strip_accents) for line in lines), len(lines)

    return _table(
        f"What each signal adds: {len(lines)} questions of {questions.name}",
        ranker,
        hits,
        f"hit@1 of the ranking over {len(passages)} documents of {documents.name}.",
    )


def _is_first(ranker: Ranker, line: Line, strip_accents: bool) -> bool:
    asked = without_accents(line.text) if strip_accents else line.text
    found = best(ranker.scores(ranker.query(asked)), 1)
    return bool(found) and is_hit(ranker.passages[found[0][0]].id, line.relevant)


def _table(title: str, ranker: Ranker, hits: Hits, note: str) -> Table:
    signals = present(ranker)
    # The words are asked only where other signals leave two passages close, so they cannot stand alone.
    alone = [signal for signal in signals if signal != "words"]
    variants: dict[str, Collection[str]] = {"all signals": ()}
    variants |= {f"without {signal}": (signal,) for signal in signals}
    if len(alone) > 1:
        variants |= {f"{signal} alone": [other for other in signals if other != signal] for signal in alone}
    rows = []
    whole: tuple[int, int] | None = None
    for name, off in variants.items():
        if len(off) == len(signals):
            continue
        with silenced(ranker, off):
            (typed, count), (plain, _) = hits(False), hits(True)
        whole = whole or (typed, plain)
        difference = (f"{typed - whole[0]:+d}", f"{plain - whole[1]:+d}") if off else (MISSING, MISSING)
        rows.append((name, share(typed, count), difference[0], share(plain, count), difference[1]))
    missing = [signal for signal in SIGNALS if signal not in signals]
    if missing:
        note += f" Signals that this ranker does not have: {', '.join(missing)}."
    return Table(title, ("signals", TYPED, "lines", UNACCENTED, "lines"), rows, notes=[note])


def _rows(path: Path) -> Sequence[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def main() -> None:
    """Print what each ranking signal adds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=main.__doc__)
    add_public_set(parser)
    options = parser.parse_args()
    check_public_set(parser, options)
    print(run(load_search()).markdown(), end="\n\n")
    if options.documents:
        print(run_public(options.documents, options.questions).markdown())


def add_public_set(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a set of other texts."""
    parser.add_argument("--documents", type=Path, help='texts to rank, JSON Lines {"id", "text"}')
    parser.add_argument("--questions", type=Path, help='questions on them, JSON Lines {"text", "relevant"}')


def check_public_set(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where only one of the two files was named."""
    if (options.documents is None) != (options.questions is None):
        parser.error("--documents and --questions belong together")


if __name__ == "__main__":
    main()
