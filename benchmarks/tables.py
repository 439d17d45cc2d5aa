"""Tables as Markdown that also reads well in a terminal, and the place in a document where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


def markers(part: str) -> tuple[str, str]:
    """Return the lines between which the figures of a part stand in a document."""
    return f"<!-- {part}: written by `python -m benchmarks --write --only {part}` -->", f"<!-- {part}: end -->"


def write_between_markers(path: Path, part: str, text: str) -> None:
    """Replace what stands between the two marker lines of a part; raise ValueError without them."""
    first, last = markers(part)
    before, begin, rest = path.read_text(encoding="utf-8").partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{path}: the lines {first} and {last} are missing")
    path.write_text(f"{before}{first}\n\n{text.strip()}\n\n{last}{after}", encoding="utf-8", newline="\n")
