"""The confirmation of a result: one A4 page, as a picture or as PDF. It bears no emblem and no seal.

What it says is the office's own: who took which round when, and how it ended. Whoever gets it can compare it with the
list that the office keeps, by the number on it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.context import Context
from handlers.people.sheet import DOTS_PER_INCH, FRAME, GREY, HEIGHT, INCH, INK, MARGIN, WIDTH, balanced, write
from handlers.quiz.wording import shown_score, shown_time
from storage import members, units
from storage.quiz_attempts import Attempt
from storage.quiz_rounds import Round

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWING = "quiz_confirmation"
"""The name of the page among the drawings."""

PICTURE, PRINT = "png", "pdf"

_LINE = 1.5
_POINT = INCH / 72


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What stands on the page, from its top to its bottom; `lines` are (what, its value)."""

    form: str
    office: str
    title: str
    name: str
    lines: tuple[tuple[str, str], ...]
    result: str
    foot: str


def confirmation_for(found: Round, attempt: Attempt, count: int, form: str, context: Context) -> Confirmation:
    """Return what is said of somebody's finished attempt."""
    texts = context.texts
    assert attempt.person is not None
    assert attempt.score is not None
    assert attempt.finished_at is not None
    member = members.get(context.database, attempt.person, context.today.isoformat())
    unit = units.get(context.database, attempt.unit) if attempt.unit is not None else None
    lines = [
        (texts("quiz.paper_position"), member.position if member else ""),
        (texts("quiz.paper_unit"), unit.name if unit else ""),
        (texts("quiz.paper_round"), found.title),
        (texts("quiz.paper_finished"), shown_time(attempt.finished_at, context)),
        (texts("quiz.paper_score"), str(shown_score(attempt.score, count, context))),
        (texts("quiz.paper_attempt"), str(attempt.number)),
    ]
    return Confirmation(
        form=form,
        office=context.office.name,
        title=texts("quiz.paper_title"),
        name=member.name if member else "",
        lines=tuple((what, value) for what, value in lines if value),
        result=texts("quiz.paper_passed" if attempt.passed else "quiz.paper_failed"),
        foot=texts("quiz.paper_foot", number=attempt.id, at=shown_time(context.now.isoformat(), context)),
    )


def draw(data: dict[str, Any]) -> bytes:
    """Draw the page that a reply carries; `data` is a Confirmation as plain JSON."""
    # Loaded when the first page is drawn: it takes a second.
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    page = Confirmation(**{**data, "lines": tuple((what, value) for what, value in data["lines"])})
    figure = Figure(figsize=(WIDTH / INCH, HEIGHT / INCH), facecolor="white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(HEIGHT, 0)
    axes.add_patch(Rectangle((FRAME, FRAME), WIDTH - 2 * FRAME, HEIGHT - 2 * FRAME, fill=False, edgecolor=INK))
    y = _centred(axes, 30.0, page.office.upper(), 14, bold=True)
    y = _centred(axes, y + 22, page.title.upper(), 22, bold=True)
    y = _centred(axes, y + 14, page.name, 20, bold=True) + 12
    for what, value in page.lines:
        y = _row(axes, y, what, value) + 3
    _centred(axes, y + 16, page.result, 20, bold=True)
    _centred(axes, HEIGHT - 34, page.foot, 10, color=GREY)
    made = io.BytesIO()
    # So that the letters of a PDF are letters, to be found and copied.
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(made, format=page.form, dpi=DOTS_PER_INCH, metadata={"Title": page.title})
    return made.getvalue()


def _centred(axes: Axes, y: float, text: str, size: float, *, bold: bool = False, color: str = INK) -> float:
    """Write words in the middle of the page, in as many lines as they need; return where they end."""
    for line in balanced(text, size, bold) if text else []:
        write(axes, WIDTH / 2, y, line, size, bold=bold, color=color)
        y += size * _POINT * _LINE
    return y


def _row(axes: Axes, y: float, what: str, value: str) -> float:
    """Write a name at the left and its value beside it; return where they end."""
    size = 13.0
    write(axes, MARGIN + 6, y, what, size, color=GREY, align="left")
    for line in balanced(value, size, False, WIDTH / 2 - 6):
        write(axes, WIDTH / 2 - 16, y, line, size, align="left")
        y += size * _POINT * _LINE
    return y
