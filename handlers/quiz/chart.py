"""Charts of a round's results, as pictures: one bar for each unit or question, with the share in it."""

from __future__ import annotations

import io
from typing import Any

DRAWING = "quiz_chart"
"""The name of the charts among the drawings."""

MOST_BARS = 40

_DARK, _LIGHT = "#2f6f9f", "#d5dde3"
_DPI = 150
_LONGEST_NAME = 38


def draw(data: dict[str, Any]) -> bytes:
    """Return a picture (PNG): `title` and `bars` of [name, share from 0 to 1, what stands behind it], first on top."""
    # Loaded here: it takes a second, and few ask for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    bars = list(reversed(data["bars"]))
    figure = Figure(figsize=(8, 1.6 + 0.42 * len(bars)), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = range(len(bars))
    axes.barh(places, [1.0] * len(bars), color=_LIGHT)
    axes.barh(places, [share for _, share, _ in bars], color=_DARK)
    for place, (_, _, behind) in zip(places, bars, strict=True):
        axes.text(1.01, place, behind, va="center", fontsize=9, parse_math=False)
    axes.set_yticks(list(places), [_shortened(name) for name, _, _ in bars])
    for label in axes.get_yticklabels():
        # A dollar sign in a name is only a letter.
        label.set_parse_math(False)
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.set_title(data["title"], parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    made = io.BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
