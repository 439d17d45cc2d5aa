"""A line of a file as it was typed, and how it was marked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was typed, in NFC.

    Attributes:
        marks: how each of its letters is marked in Word: "bold", "italic", "underline", "highlight", "color" (any but
            black); empty for a line of a text file.
    """

    text: str
    marks: tuple[frozenset[str], ...] = ()

    def part(self, start: int, end: int) -> Line:
        """Return a part of the line."""
        return Line(self.text[start:end], self.marks[start:end])
