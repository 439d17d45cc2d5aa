"""The sheet that invites into a unit: one A4 page as a picture or as PDF, to be printed and pinned to a board."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from handlers.conversation import Door

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Form = Literal["png", "pdf"]

# Everything is measured in millimetres, but letters, which are measured in points.
WIDTH, HEIGHT = 210.0, 297.0
MARGIN, TOP, FRAME = 22.0, 18.0, 10.0
INCH = 25.4
POINT = INCH / 72
# Sharp enough on paper, and no larger than a messenger shows a picture.
DOTS_PER_INCH = 150

ROOM = WIDTH - 2 * MARGIN

SMALLEST = 8.0
LINE = 1.35
"""The height of a line, in heights of its letters."""

# How large the QR codes are that stand in a row, by their number; more are not shown.
QR_SIZES = {1: 76.0, 2: 62.0, 3: 48.0}
QR_GAP = 11.0
# The white around a QR code without which it is not read, in its modules.
QUIET = 4

LEAST_GAP, LARGEST_GAP = 3.0, 17.0

# The name of a unit: on so many lines, as long as its letters are no smaller.
NAME_SIZE = 36.0
NAME_LINES = ((1, 26.0), (2, 21.0), (3, 17.0), (4, 8.0))

INK, GREY, PALE = "#111111", "#4a4a4a", "#f1f1f1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the page, from its top to its bottom.

    Attributes:
        office, introduced: whose bot it is, and the document that introduces it.
        unit, title: what one is invited into.
        doors: where the bot is found, each with the link that opens it with the code.
        steps: how to join, in the order in which it is done.
        code_label, code, valid: what is typed where nothing can be scanned, and until when.
        contact, warning: whom to ask, and what the bot never asks for.
    """

    office: str
    introduced: str
    unit: str
    title: str
    doors: tuple[Door, ...]
    steps: tuple[str, ...]
    code_label: str
    code: str
    valid: str
    contact: tuple[str, ...]
    warning: str


def draw(sheet: Sheet, form: Form = "png") -> bytes:
    """Return the sheet as a file."""
    # Loaded when the first sheet is drawn: it takes a second.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / INCH, HEIGHT / INCH), facecolor="white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(HEIGHT, 0)
    _Page(axes).fill(sheet)
    made = io.BytesIO()
    # So that the letters of a PDF are letters, to be found and copied.
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(made, format=form, dpi=DOTS_PER_INCH, metadata={"Title": sheet.unit})
    return made.getvalue()


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of the page: how high it is, and what draws it from a height on."""

    height: float
    draw: Callable[[float], None]


class _Page:
    """A page that is filled from its top to its bottom."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes

    def fill(self, sheet: Sheet) -> None:
        """Draw everything, with what is left of the height shared among the gaps."""
        top = [
            self._text(sheet.office.upper(), 15, bold=True, lines=2),
            self._text(sheet.introduced, 10.5, color=GREY, lines=2),
        ]
        middle = [
            self._name(sheet.unit),
            self._text(sheet.title, 16),
            *([self._doors(sheet.doors[: max(QR_SIZES)])] if sheet.doors else []),
            self._steps(sheet.steps, 13.5),
            self._code(sheet),
        ]
        bottom = [self._text(line, 11.5, lines=2) for line in sheet.contact]
        bottom.append(self._text(sheet.warning, 10.5, color=GREY, lines=2))

        self._frame()
        y = self._stack(top, TOP, 1.5) + 4
        end = HEIGHT - TOP - sum(block.height for block in bottom) - 1.0 * (len(bottom) - 1)
        self._rule(y)
        self._rule(end - 4)
        self._stack(bottom, end, 1.0)
        free = (end - 4) - y - sum(block.height for block in middle)
        gap = min(max(free / (len(middle) + 1), LEAST_GAP), LARGEST_GAP)
        self._stack(middle, y + (free - gap * (len(middle) - 1)) / 2, gap)

    def _stack(self, blocks: Sequence[_Block], y: float, gap: float) -> float:
        """Draw blocks one under the other; return where the last one ends."""
        drawn = [block for block in blocks if block.height]
        for block in drawn:
            block.draw(y)
            y += block.height + gap
        return y - gap if drawn else y

    def _name(self, name: str) -> _Block:
        """The name of the unit, as large as it can be read best."""
        for lines, smallest in NAME_LINES:
            size = _fitting(name, NAME_SIZE, lines, smallest)
            if size is not None:
                break
        return self._text(name, size or smallest, bold=True, lines=lines)

    def _text(self, text: str, size: float, *, bold: bool = False, color: str = INK, lines: int = 1) -> _Block:
        """Words in the middle of the page, smaller where they would need more lines."""
        if not text:
            return _Block(0.0, lambda _: None)
        size = _fitting(text, size, lines, SMALLEST, bold) or SMALLEST
        wrapped = balanced(text, size, bold)
        step = size * POINT * LINE

        def draw(y: float) -> None:
            for number, line in enumerate(wrapped):
                write(self._axes, WIDTH / 2, y + (number + 0.5) * step, line, size, bold=bold, color=color)

        return _Block(step * len(wrapped), draw)

    def _steps(self, steps: Sequence[str], size: float) -> _Block:
        """Numbered lines, beginning at the left."""
        left, indent = MARGIN + 4, 9.0
        step = size * POINT * LINE
        wrapped = [_wrap(text, size, ROOM - 8 - indent, False) for text in steps]
        between = 1.6

        def draw(y: float) -> None:
            for number, lines in enumerate(wrapped, 1):
                write(self._axes, left, y + step / 2, f"{number}.", size, bold=True, align="left")
                for line in lines:
                    write(self._axes, left + indent, y + step / 2, line, size, align="left")
                    y += step
                y += between

        return _Block(step * sum(map(len, wrapped)) + between * (len(wrapped) - 1), draw)

    def _doors(self, doors: Sequence[Door]) -> _Block:
        """The QR codes beside each other, each with the name of its messenger."""
        size = QR_SIZES[len(doors)]
        caption = min(_fitting(door.name, 13.0, 1, 6.0, True, size + QR_GAP - 3) or 6.0 for door in doors)
        left = (WIDTH - size * len(doors) - QR_GAP * (len(doors) - 1)) / 2

        def draw(y: float) -> None:
            for number, door in enumerate(doors):
                x = left + number * (size + QR_GAP)
                self._qr(door.link, x, y, size)
                write(self._axes, x + size / 2, y + size + caption * POINT / 2, door.name, caption, bold=True)

        return _Block(size + caption * POINT * LINE, draw)

    def _code(self, sheet: Sheet) -> _Block:
        """The code in a box, with what it is above it and until when it is valid below it."""
        size, label = 46.0, 12.5
        box = size * POINT * 1.5
        width = _width(sheet.code, size, True) + 20
        above = below = label * POINT * 1.7

        def draw(y: float) -> None:
            from matplotlib.patches import FancyBboxPatch

            write(self._axes, WIDTH / 2, y + above / 2 - 0.6, sheet.code_label, label)
            self._axes.add_patch(
                FancyBboxPatch(
                    ((WIDTH - width) / 2, y + above),
                    width,
                    box,
                    boxstyle="round,pad=0,rounding_size=3",
                    facecolor=PALE,
                    edgecolor=INK,
                    linewidth=1.4,
                )
            )
            write(self._axes, WIDTH / 2, y + above + box / 2, sheet.code, size, bold=True)
            write(self._axes, WIDTH / 2, y + above + box + below / 2 + 0.8, sheet.valid, label)

        return _Block(above + box + below, draw)

    def _qr(self, link: str, x: float, y: float, size: float) -> None:
        """A QR code with the white around it, as one shape, so that its modules have no seams."""
        import segno
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        matrix = segno.make_qr(link, error="m").matrix
        module = size / (len(matrix) + 2 * QUIET)
        squares = [
            Path(_square(x + (QUIET + column) * module, y + (QUIET + row) * module, module))
            for row, line in enumerate(matrix)
            for column, dark in enumerate(line)
            if dark
        ]
        shape = Path.make_compound_path(*squares)
        self._axes.add_patch(PathPatch(shape, facecolor="black", linewidth=0, antialiased=False))

    def _frame(self) -> None:
        from matplotlib.patches import Rectangle

        corner, size = (FRAME, FRAME), (WIDTH - 2 * FRAME, HEIGHT - 2 * FRAME)
        self._axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=INK, linewidth=1.2))

    def _rule(self, y: float) -> None:
        self._axes.plot([MARGIN, WIDTH - MARGIN], [y, y], color=GREY, linewidth=0.8)


def _square(x: float, y: float, size: float) -> list[tuple[float, float]]:
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]


def _fitting(
    text: str, size: float, lines: int, smallest: float, bold: bool = True, room: float = ROOM
) -> float | None:
    """Return the largest size, from one down to the smallest, at which a text needs no more lines; None for none."""
    while size >= smallest:
        if len(_wrap(text, size, room, bold)) <= lines:
            return size
        size -= 0.5
    return None


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    color: str = INK,
    align: Literal["left", "center"] = "center",
) -> None:
    """Write a line on a page, its middle at a height; lengths are those of the page, the size is in points."""
    axes.text(
        x,
        y,
        text,
        fontsize=size,
        fontweight="bold" if bold else "normal",
        color=color,
        ha=align,
        va="center_baseline",
        # A dollar sign in a name is only a letter.
        parse_math=False,
    )


def balanced(text: str, size: float, bold: bool, most: float = ROOM) -> list[str]:
    """Return a text in as few lines as there is room for, about as long as each other."""
    lines = _wrap(text, size, most, bold)
    room = most
    while len(lines) > 1 and len(shorter := _wrap(text, size, room, bold)) == len(lines):
        lines = shorter
        room -= 2
    return lines


def _wrap(text: str, size: float, room: float, bold: bool) -> list[str]:
    """Return a text in lines for which there is room; a word that is longer is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size, bold) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and _width(lines[-1] + letter, size, bold) > room:
                lines.append("")
            lines[-1] += letter
    return lines


def _width(text: str, size: float, bold: bool) -> float:
    return _relative_width(text, bold) * size * POINT


@lru_cache(maxsize=4096)
def _relative_width(text: str, bold: bool) -> float:
    """How wide a text is, in heights of its letters."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    height = 100.0
    look = FontProperties(size=height, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, look, False)
    return float(width) / height
