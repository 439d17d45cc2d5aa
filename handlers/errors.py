"""What can be wrong with the words and the office that the handlers are given.

HandlerError
├── TextError       a text of the catalogue that cannot be used
└── OfficeError     an office folder that cannot be taken as it is
"""

from __future__ import annotations


class HandlerError(Exception):
    """The root of everything that this room raises: a file, a place in it, the kind of fault, and what it is about.

    `code` names the fault for the catalogue of texts, as in `knowledge.errors.Problem`.
    """

    def __init__(self, file: str, place: str, code: str, value: str = "") -> None:
        self.file = file
        self.place = place
        self.code = code
        self.value = value
        super().__init__(" ".join(filter(None, (f"{file}:", place, code, value))))


class TextError(HandlerError):
    """A text that is missing, malformed, or names what it cannot have."""


class OfficeError(HandlerError):
    """An `office.toml` with an unknown field, a wrong value, or a document that does not exist."""
