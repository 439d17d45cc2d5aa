"""Charts of results, as pictures: a bar for each unit or question with the share in it, and two rounds side by side."""

from __future__ import annotations

import io
from typing import Any

DRAWING, COMPARISON = "quiz_chart", "quiz_comparison"
"""The names of the charts among the drawings: of one round, and of two."""

MOST_BARS = 40

_DARK, _PALE, _LIGHT = "#2f6f9f", "#a9b8c2", "#d5dde3"
_HALF_A_BAR = 0.19
_DPI = 150
_LONGEST_NAME, _LONGEST_TITLE = 38, 80


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


def draw_comparison(data: dict[str, Any]) -> bytes:
    """Return a picture (PNG) of how many people had which score in two rounds.

    `data` holds `title`, `names` of the two, what the `axes` are called, and `bands` of [label, people before, people
    after].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    labels, *rounds = zip(*data["bands"], strict=True)
    figure = Figure(figsize=(8, 5), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for people, name, colour, side in zip(rounds, data["names"], (_PALE, _DARK), (-1, 1), strict=True):
        places = [place + side * _HALF_A_BAR for place in range(len(labels))]
        bars = axes.bar(places, people, 2 * _HALF_A_BAR, color=colour, label=_shortened(name, _LONGEST_TITLE))
        axes.bar_label(bars, [str(count) if count else "" for count in people], fontsize=9)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlabel(data["axes"][0])
    axes.set_ylabel(data["axes"][1])
    axes.set_ylim(0, 1.15 * max(count for people in rounds for count in people))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(data["title"], parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=1, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    made = io.BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()


def _shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
