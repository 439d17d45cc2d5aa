"""What can be wrong with the data that the bot is given.

KnowledgeError
├── DocumentError     a document file that cannot be taken as it is
├── DataError         a file of the lexicon, facts, intents or successors
├── UnreadableFile    a file that is not what its name says
└── NothingToSplit    a text in which no provision was found
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file: where it stands, what kind it is, and the value or name concerned.

    `place` is a path inside the file ("provisions.dieu-4.khoan-3.editions.1"), empty for the whole
    file. `code` names the fault for the catalogue of texts ("unknown_field", "duplicate_id" ...).
    """

    place: str
    code: str
    value: str = ""


class KnowledgeError(Exception):
    """The root of everything that this room raises."""


class _FileError(KnowledgeError):
    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        shown = "; ".join(f"{p.place or '(file)'}: {p.code} {p.value}".rstrip() for p in problems)
        super().__init__(f"{file}: {shown}")


class DocumentError(_FileError):
    """A document file with its faults, each with its place."""


class DataError(_FileError):
    """A data file of this room (lexicon, facts, intents, successors) with its faults."""


class UnreadableFile(KnowledgeError):
    """A file whose content cannot be read: wrong encoding, not a Word file, damaged."""

    def __init__(self, file: str, code: str, value: str = "") -> None:
        self.file = file
        self.code = code
        self.value = value
        super().__init__(f"{file}: {code} {value}".rstrip())


class NothingToSplit(KnowledgeError):
    """A text without any article, numbered item or dash that a document could be made of."""
