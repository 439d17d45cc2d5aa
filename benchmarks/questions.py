"""How well questions are answered: `python -m benchmarks.questions` (that is `make eval`).

A set is a file of JSON Lines: {"text", "kind": "rule" | "out_of_scope" | "small_talk", "register",
"relevant": [ids]}. What is measured is what a person gets: the finding of Search.answer, with its
decision whether to answer at all. A rule line is a hit when an id that was found is equal to a relevant
one or lies under it; hit@3 reads citations, then alternatives.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchmarks.tables import Table, share
from knowledge.background import load_background
from knowledge.evaluate import first_hit
from knowledge.finding import Finding, Outcome
from knowledge.loading import BUILT_IN, load_library
from knowledge.search import Search

QUESTIONS = Path(__file__).parent.parent / "tests" / "questions.jsonl"

TYPED, UNACCENTED = "as typed", "no accents"


class Kind(StrEnum):
    """What a line is, and so what should happen to it."""

    RULE = "rule"
    OUT_OF_SCOPE = "out_of_scope"
    SMALL_TALK = "small_talk"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a set; `register` is how it is written, "" where the set does not say."""

    text: str
    kind: Kind
    relevant: tuple[str, ...] = ()
    register: str = ""


@dataclass(slots=True)
class Tally:
    """Counts of lines.

    Attributes:
        rules: rule lines, of which `hits_at_1` and `hits_at_3` found a relevant provision and `declined`
            were not answered at all.
        outside: lines out of scope, of which `outside_answered` were answered all the same.
        small_talk: lines of small talk, of which `recognised` were taken as such.
    """

    rules: int = 0
    hits_at_1: int = 0
    hits_at_3: int = 0
    declined: int = 0
    outside: int = 0
    outside_answered: int = 0
    small_talk: int = 0
    recognised: int = 0

    def count(self, line: Line, finding: Finding) -> None:
        """Add one line and what was found for it."""
        answered = finding.outcome is Outcome.ANSWERED
        if line.kind is Kind.RULE:
            rank = first_hit(found_ids(finding), line.relevant)
            self.rules += 1
            self.hits_at_1 += rank == 1
            self.hits_at_3 += rank is not None and rank <= 3
            self.declined += not answered
        elif line.kind is Kind.OUT_OF_SCOPE:
            self.outside += 1
            self.outside_answered += answered
        else:
            self.small_talk += 1
            self.recognised += finding.outcome is Outcome.SMALL_TALK

    @property
    def hit_at_1(self) -> float:
        """The share of rule lines whose first id is relevant, 0 of none."""
        return self.hits_at_1 / self.rules if self.rules else 0.0

    @property
    def hit_at_3(self) -> float:
        """The share of rule lines with a relevant id among the first three, 0 of none."""
        return self.hits_at_3 / self.rules if self.rules else 0.0


@dataclass(frozen=True, slots=True)
class Miss:
    """A line that did not end as it should; `asked` is its text as it was put."""

    line: Line
    asked: str
    outcome: Outcome
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts over a whole set and by register, and the lines that were missed.

    A rule line is missed when its first id is not relevant.
    """

    total: Tally = field(default_factory=Tally)
    registers: dict[str, Tally] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)


def measure(search: Search, lines: Sequence[Line], strip_accents: bool) -> Figures:
    """Ask every line, as typed or with every accent removed."""
    figures = Figures()
    for line in lines:
        asked = without_accents(line.text) if strip_accents else line.text
        finding = search.answer(asked)
        figures.total.count(line, finding)
        figures.registers.setdefault(line.register, Tally()).count(line, finding)
        if _is_missed(line, finding):
            figures.misses.append(Miss(line, asked, finding.outcome, found_ids(finding)))
    return figures


def found_ids(finding: Finding) -> tuple[str, ...]:
    """Return the ids of what was cited, then of the alternatives."""
    cited = (citation.provision for citation in finding.citations)
    return tuple(provision.id for provision in (*cited, *finding.alternatives))


def without_accents(text: str) -> str:
    """Return a text as a keyboard without Vietnamese gives it; capitals and punctuation stay."""
    decomposed = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    kept = (char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", "".join(kept))


def load_lines(path: Path) -> list[Line]:
    """Read a set; raise ValueError with the number of a line that is not of the form."""
    lines = []
    for number, raw in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not raw.strip():
            continue
        try:
            entry = json.loads(raw)
            lines.append(
                Line(
                    text=entry["text"],
                    kind=Kind(entry["kind"]),
                    relevant=tuple(entry.get("relevant", ())),
                    register=entry.get("register", ""),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: {error!r}") from None
    return lines


def load_search() -> Search:
    """Return a search over the documents that come with the bot."""
    return Search(load_library(BUILT_IN), load_background())


def tables(figures: dict[str, Figures], name: str) -> list[Table]:
    """Return the counts of measurements by the way of typing ("as typed"), overall and by register."""
    overall = [_row((typing,), one.total) for typing, one in figures.items()]
    by_register = [
        _row((register or "-", typing), one.registers[register])
        for register in dict.fromkeys(register for one in figures.values() for register in one.registers)
        for typing, one in figures.items()
        if register in one.registers
    ]
    return [
        Table(
            f"Answers to {name}",
            ("typing", *_COUNTS),
            overall,
            notes=["A rule line counts as declined when it got no answer; it is then no hit either."],
        ),
        Table(f"Answers to {name}, by register", ("register", "typing", *_COUNTS), by_register, names=2),
    ]


def run(search: Search, path: Path = QUESTIONS, *, every: int = 1) -> list[Table]:
    """Measure every n-th line of a set in both ways of typing and return the tables."""
    lines = load_lines(path)[::every]
    return tables(_both(search, lines), f"{len(lines)} lines of {path.name}")


_COUNTS = (
    "rule lines",
    "hit@1",
    "hit@3",
    "declined",
    "out of scope",
    "answered",
    "small talk",
    "recognised",
)


def _row(names: tuple[str, ...], tally: Tally) -> tuple[str, ...]:
    return (
        *names,
        str(tally.rules),
        share(tally.hits_at_1, tally.rules),
        share(tally.hits_at_3, tally.rules),
        str(tally.declined),
        str(tally.outside),
        str(tally.outside_answered),
        str(tally.small_talk),
        str(tally.recognised),
    )


def _both(search: Search, lines: Sequence[Line]) -> dict[str, Figures]:
    return {TYPED: measure(search, lines, False), UNACCENTED: measure(search, lines, True)}


def _is_missed(line: Line, finding: Finding) -> bool:
    if line.kind is Kind.RULE:
        return first_hit(found_ids(finding)[:1], line.relevant) is None
    if line.kind is Kind.OUT_OF_SCOPE:
        return finding.outcome is Outcome.ANSWERED
    return finding.outcome is not Outcome.SMALL_TALK


def _describe(miss: Miss) -> str:
    line = miss.line
    return "\n".join(
        filter(
            None,
            (
                f"{line.kind}, {line.register or '-'}: {miss.asked}",
                f"    {miss.outcome}: {', '.join(miss.found)}" if miss.found else f"    {miss.outcome}",
                f"    relevant: {', '.join(line.relevant)}" if line.relevant else "",
            ),
        )
    )


def main() -> None:
    """Print the figures of a set, and the lines that were missed where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=main.__doc__)
    parser.add_argument("--file", type=Path, default=QUESTIONS, help="another set (JSON Lines of the same form)")
    parser.add_argument("--misses", action="store_true", help="print every line that was missed")
    options = parser.parse_args()
    try:
        lines = load_lines(options.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    figures = _both(load_search(), lines)
    for table in tables(figures, f"{len(lines)} lines of {options.file.name}"):
        print(table.markdown(), end="\n\n")
    if options.misses:
        for typing, one in figures.items():
            print("\n".join([f"### Missed, {typing}: {len(one.misses)}", "", *map(_describe, one.misses)]), end="\n\n")


if __name__ == "__main__":
    main()
