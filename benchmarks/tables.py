"""Tables as Markdown that also reads well in a terminal, and the place in a document where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- benchmarks: begin (written by `python -m benchmarks --write`) -->"
END = "<!-- benchmarks: end -->"

MISSING = "-"
"""Stands where nothing could be measured."""


@dataclass(frozen=True)
class Table:
    """A table with a title, and with notes below that its figures cannot be read without.

    The first `names` columns are set to the left, the others to the right.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    names: int = 1

    def markdown(self) -> str:
        """Return the table with its title as a heading of the third level, columns aligned."""
        widths = [max(len(cell) for cell in column) for column in zip(self.header, *self.rows, strict=True)]
        rule = [
            "-" * width if position < self.names else "-" * (width - 1) + ":" for position, width in enumerate(widths)
        ]
        lines = [f"### {self.title}", ""]
        if self.rows:
            lines += [self._line(row, widths) for row in (self.header, rule, *self.rows)]
        for note in self.notes:
            lines += ["", note] if lines[-1] else [note]
        return "\n".join(lines)

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = [
            cell.ljust(width) if position < self.names else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"


def number(value: float) -> str:
    """Return a positive measured value with three figures and no exponent: 0.0123, 1.23, 1230."""
    if value <= 0:
        return "0"
    for limit, decimals in ((0.001, 6), (0.01, 5), (0.1, 4), (1, 3), (10, 2), (100, 1)):
        if value < limit:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"


def share(part: int, whole: int) -> str:
    """Return a share with three decimals, "-" of nothing."""
    return f"{part / whole:.3f}" if whole else MISSING


def write_between_markers(path: Path, text: str) -> None:
    """Replace what stands between the two marker lines of a document; raise ValueError without them."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path}: the lines {BEGIN} and {END} are missing")
    path.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8", newline="\n")
