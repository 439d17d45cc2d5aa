"""Whether the questions of a bank can be asked: what they cite must exist and may be quoted (rule 13 of the design)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.quiz.question import Fault, Question
from knowledge.documents import Library, Provision
from knowledge.showing import cite
from knowledge.text import fold

# A right answer that is so much longer than every other is found without knowing anything.
STANDS_OUT = 1.5

ALIKE = frozenset({"same_question", "same_name"})
"""The faults of a question that would be taken for another."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found: with one fault the questions are not taken; notes are worth knowing.

    Attributes:
        uncovered: ids of the provisions that may be quoted and that no question tests.
    """

    faults: Sequence[Fault]
    notes: Sequence[Fault]
    uncovered: Sequence[str]


def check(questions: Sequence[Question], library: Library) -> Check:
    """Check questions against the documents that an office applies.

    The faults are `unknown_provision`, `not_quotable`, `same_question` and `same_name`; the notes are `replaced`,
    `no_provision`, `no_explanation` and `stands_out`.
    """
    cited = {provision for question in questions for provision in question.provisions}
    uncovered = [one.id for one in quotable(library) if one.id not in cited]
    return Check([*_faults(questions, library)], [*_notes(questions, library)], uncovered)


def without_repeats(questions: Sequence[Question], *, also_alike: bool = False) -> tuple[list[Question], list[Fault]]:
    """Return questions, each once, and those that were left out: `repeated` of another in everything.

    `also_alike` leaves out what would be a fault, too: `same_question` and `same_name`.
    """
    once = list(dict.fromkeys(questions))
    lines = {question: question.line for question in reversed(questions)}
    repeated = [
        Fault(question.line, "repeated", {"line": lines[question]})
        for question in questions
        if question.line != lines[question]
    ]
    alike = {fault.line: fault for fault in _alike(once)} if also_alike else {}
    kept = [question for question in once if question.line not in alike]
    return kept, sorted([*repeated, *alike.values()], key=lambda fault: fault.line)


def quotable(library: Library) -> list[Provision]:
    """Return the passages whose words may be quoted, in the order of the documents."""
    return [passage for passage in library.passages() if _may_be_quoted(passage)]


def replaced_by(question: Question, library: Library) -> str:
    """Return the short name of what replaced a document that a question cites, "" where all of them hold."""
    for provision in question.provisions:
        document = library.documents.get(provision.partition("/")[0])
        if document and document.entry.validity.by:
            return document.entry.validity.by.short
    return ""


def _faults(questions: Sequence[Question], library: Library) -> Iterator[Fault]:
    yield from _alike(questions)
    for question in questions:
        for provision in question.provisions:
            found = library.get(provision)
            if found is None:
                yield Fault(question.line, "unknown_provision", {"provision": provision})
            elif not _may_be_quoted(found):
                yield Fault(question.line, "not_quotable", {"provision": provision})


def _alike(questions: Sequence[Question]) -> Iterator[Fault]:
    """Yield the questions that would be taken for another when the bank is read again."""
    names: dict[str, int] = {}
    asked: dict[str, int] = {}
    for question in questions:
        key = fold(question.text)
        if key in asked:
            yield Fault(question.line, "same_question", {"line": asked[key]})
        asked.setdefault(key, question.line)
        if question.name and question.name in names:
            yield Fault(question.line, "same_name", {"name": question.name, "line": names[question.name]})
        names.setdefault(question.name, question.line)


def _notes(questions: Sequence[Question], library: Library) -> Iterator[Fault]:
    for question in questions:
        if by := replaced_by(question, library):
            yield Fault(question.line, "replaced", {"by": by})
        if not question.provisions:
            yield Fault(question.line, "no_provision")
        if not question.explanation:
            yield Fault(question.line, "no_explanation")
        others = [len(option.text) for option in question.options if not option.right]
        right = [len(option.text) for option in question.options if option.right]
        if not question.is_statement and others and min(right) > STANDS_OUT * max(others):
            yield Fault(question.line, "stands_out")


def _may_be_quoted(provision: Provision) -> bool:
    """Whether there are words, and they may stand in quotation marks."""
    return bool(cite(provision).quote)
