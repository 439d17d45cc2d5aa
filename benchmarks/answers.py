"""How long a whole answer takes inside a running bot, from the question to the words of the reply."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.questions import QUESTIONS, TYPED, UNACCENTED, load_lines, load_search, without_accents
from benchmarks.tables import Table, number
from handlers.ask.wording import Writer
from handlers.office import load_office
from handlers.texts import load_texts
from knowledge.search import Search

ROUNDS = 3
"""How often each question is asked; the median of its times counts."""
BUILDS = 5
"""How often everything is loaded anew; the median counts."""

MILLISECONDS = 1e-6
"""From nanoseconds."""


def run(search: Search, *, every: int = 1, builds: int = BUILDS) -> Table:
    """Time answers to every n-th line of the questions, and the loading of all that answers need."""
    search.ranker.warm_up()
    writer = Writer(load_texts(), load_office(None), search)
    typed = [line.text for line in load_lines(QUESTIONS)[::every]]
    plain = [without_accents(text) for text in typed]
    rows = [
        _row(f"cited and found, {TYPED}", _each(search.answer, typed)),
        _row(f"cited and found, {UNACCENTED}", _each(search.answer, plain)),
        _row(f"with the words of the reply, {TYPED}", _each(lambda text: writer.reply(search.answer(text)), typed)),
        _row("documents read and search built", [_time(load_search) for _ in range(builds)]),
    ]
    return Table(
        "A whole answer in a running bot",
        ("what", "count", "median, ms", "95th percentile, ms"),
        rows,
        notes=[
            f"{len(typed)} lines of {QUESTIONS.name}, each asked {ROUNDS} times in a warm process (its median counts). "
            "Word segmentation is loaded before; it takes part only where accents are typed and the first two "
            "passages are close."
        ],
    )


def _each(act: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """For each text the median of its times in ms."""
    rounds = [[_time(act, text) for text in texts] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def _time(act: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter_ns()
    act(*arguments)
    return (time.perf_counter_ns() - start) * MILLISECONDS


def _row(name: str, times: Sequence[float]) -> tuple[str, ...]:
    late = float(np.percentile(times, 95))
    return name, str(len(times)), number(statistics.median(times)), number(late)
