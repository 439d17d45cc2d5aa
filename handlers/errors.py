"""What can be wrong with the words and the office that the handlers are given, and what an act may be refused for.

HandlerError
├── TextError       a text of the catalogue that cannot be used
├── OfficeError     an office folder that cannot be taken as it is
└── RoutingError    a `routing.toml` with everything that is wrong in it

Refusal             an act that a service does not do, for a reason that whoever asked is told
├── NotAllowed      his roles do not reach so far
├── NotFound        there is no such unit, person or code
├── NotPossible     it cannot be done as things stand
└── NeedsApproval   the head has been asked first
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.errors import Problem


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


class RoutingError(HandlerError):
    """A `routing.toml` that cannot be used: `problems` are all of its faults, each with its place."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(file, first.place, first.code, first.value)


class Refusal(Exception):
    """The root of all refusals: `code` names the reason in the catalogue, "refused.<code>", with its values."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(code)


class NotAllowed(Refusal):
    """Nobody whose roles reach so far."""

    def __init__(self, act: str) -> None:
        self.act = act
        super().__init__("not_allowed")


class NotFound(Refusal):
    """What the act is to be done to does not exist."""


class NotPossible(Refusal):
    """The act cannot be done as things stand; nothing was changed."""


class NeedsApproval(Refusal):
    """The act was put before the head of the unit; `number` is that of the approval that waits."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__("needs_approval", number=number)
