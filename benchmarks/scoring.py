"""How long one question takes to score, and how often the right passage comes first, in four systems.

Every system gets the same questions. Rounds are interleaved (each system once, then all again), so that a
machine that is busy for a moment slows all of them; a question's time is its best round, and the median
over the questions is printed. The garbage collector is off while a round or a build runs, as in `timeit`.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress

from benchmarks.synthetic import Collection, make_collection
from benchmarks.systems import SYSTEMS, Engine, ScoringEngine, System, deviation
from benchmarks.tables import MISSING, Table, number, share

BEST = 10
"""How many passages are asked for."""

COMPARED = 40
"""For how many questions the scores are compared."""

MILLISECONDS = 1e-6
"""From nanoseconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done at one size.

    Attributes:
        passages: how many there are.
        questions: how many are asked for the share of right answers.
        timed: how many of these are timed.
        rounds: how often each of them is timed.
        builds: how often each index is built; the best time counts.
        bigrams: whether bigrams are indexed beside the syllables.
    """

    passages: int
    questions: int
    timed: int
    rounds: int
    builds: int
    bigrams: bool = False


# rank_bm25 takes about 0.2 s a question at 100,000 passages, hence fewer questions there.
FULL = (
    Plan(2_000, questions=500, timed=200, rounds=5, builds=5),
    Plan(2_000, questions=500, timed=200, rounds=5, builds=5, bigrams=True),
    Plan(20_000, questions=300, timed=100, rounds=5, builds=4),
    Plan(100_000, questions=100, timed=40, rounds=5, builds=3),
)
QUICK = (
    Plan(300, questions=20, timed=10, rounds=2, builds=1),
    Plan(300, questions=20, timed=10, rounds=2, builds=1, bigrams=True),
    Plan(1_000, questions=20, timed=10, rounds=2, builds=1),
)


@dataclass
class Measured:
    """One system at one size; times in milliseconds, None where the system cannot do it.

    Attributes:
        build: the best time to build the index.
        all_ms, best_ms: for each timed question, the best time to score all passages and to find the best.
        right: how many questions had their own passage first, of `asked`.
        deviation: the largest difference to the scores of ours, as a share of the best score of a question.
    """

    build: float = float("inf")
    all_ms: list[float] | None = None
    best_ms: list[float] = field(default_factory=list)
    right: int = 0
    asked: int = 0
    deviation: float | None = None


@dataclass(frozen=True)
class Size:
    """The figures of all systems over one collection."""

    plan: Plan
    collection: Collection
    systems: dict[str, Measured]


def run(quick: bool) -> Iterator[Table]:
    """Measure every size and yield a table of times for each, then one of the right answers."""
    sizes = []
    for plan in QUICK if quick else FULL:
        sizes.append(measure(plan))
        yield _times(sizes[-1])
    yield _quality(sizes)


def measure(plan: Plan) -> Size:
    """Measure all systems at one size."""
    collection = make_collection(plan.passages, plan.questions)
    if plan.bigrams:
        collection = collection.with_bigrams()
    measured = {system.name: Measured() for system in SYSTEMS}
    with _progress(collection.name, len(SYSTEMS) * (plan.builds + plan.rounds + 1)) as advance:
        engines: dict[str, Engine] = {}
        for _ in range(plan.builds):
            for system in SYSTEMS:
                engines.pop(system.name, None)
                took, engines[system.name] = _timed_build(system, collection)
                measured[system.name].build = min(took, measured[system.name].build)
                advance()
        timed = [question.terms for question in collection.questions[: plan.timed]]
        for _ in range(plan.rounds):
            for system in SYSTEMS:
                _time_round(engines[system.name], timed, measured[system.name])
                advance()
        for system in SYSTEMS:
            _check(system, engines, collection, measured[system.name])
            advance()
    return Size(plan, collection, measured)


def _timed_build(system: System, collection: Collection) -> tuple[float, Engine]:
    with _without_collector():
        start = time.perf_counter_ns()
        engine = system.build(collection.passages)
        return (time.perf_counter_ns() - start) * MILLISECONDS, engine


def _time_round(engine: Engine, questions: list[list[str]], measured: Measured) -> None:
    with _without_collector():
        if isinstance(engine, ScoringEngine):
            took = [_time(engine.scores, question) for question in questions]
            measured.all_ms = _best_of(measured.all_ms or took, took)
        took = [_time(engine.top, question, BEST) for question in questions]
        measured.best_ms = _best_of(measured.best_ms or took, took)


def _time(act: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter_ns()
    act(*arguments)
    return (time.perf_counter_ns() - start) * MILLISECONDS


def _best_of(one: Iterable[float], other: Iterable[float]) -> list[float]:
    return [min(pair) for pair in zip(one, other, strict=True)]


def _check(system: System, engines: dict[str, Engine], collection: Collection, measured: Measured) -> None:
    """Count the right answers and compare the scores with those of ours."""
    engine, rival = engines[system.name], engines[system.rival]
    for question in collection.questions:
        measured.asked += 1
        measured.right += engine.first(question.terms, BEST) == question.source
    if engine is not rival and isinstance(engine, ScoringEngine) and isinstance(rival, ScoringEngine):
        measured.deviation = max(
            deviation(engine.scores(question.terms), rival.scores(question.terms), system.scale)
            for question in collection.questions[:COMPARED]
        )


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _progress(name: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on the error output that is drawn between measurements only, not by a thread of its own."""
    console = Console(stderr=True)
    with Progress(console=console, auto_refresh=False, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{name} passages", total=steps)
        bar.refresh()

        def advance() -> None:
            bar.advance(task)
            bar.refresh()

        yield advance


def _times(size: Size) -> Table:
    collection, plan = size.collection, size.plan
    rows = []
    for system in SYSTEMS:
        own, rival = size.systems[system.name], size.systems[system.rival]
        is_rival = own is rival
        rows.append(
            (
                system.name,
                *_median_and_ratio(own.all_ms, rival.all_ms, is_rival),
                *_median_and_ratio(own.best_ms, rival.best_ms, is_rival),
                number(own.build / 1000),
            )
        )
    tokens = statistics.fmean(len(passage) for passage in collection.passages)
    terms = statistics.fmean(len(question.terms) for question in collection.questions)
    return Table(
        f"Scoring {collection.name} passages",
        ("system", "all scores, ms", "to ours", f"best {BEST}, ms", "to ours", "index built in s"),
        rows,
        notes=[
            f"{len(own.best_ms)} questions of {terms:.1f} terms on average, {tokens:.0f} terms a passage; median over "
            f"the questions, best of {plan.rounds} rounds; index: best of {plan.builds}."
        ],
    )


def _median_and_ratio(own: list[float] | None, rival: list[float] | None, is_rival: bool) -> tuple[str, str]:
    if not own or not rival:
        return MISSING, MISSING
    median = statistics.median(own)
    return number(median), MISSING if is_rival else f"{median / statistics.median(rival):.2f}"


def _quality(sizes: list[Size]) -> Table:
    rows = []
    for system in SYSTEMS:
        measured = [size.systems[system.name] for size in sizes]
        deviations = [one.deviation for one in measured if one.deviation is not None]
        rows.append(
            (
                system.name,
                *(share(one.right, one.asked) for one in measured),
                f"{max(deviations):.0e}" if deviations else MISSING,
            )
        )
    counts = ", ".join(str(len(size.collection.questions)) for size in sizes)
    return Table(
        "Share of questions whose own passage comes first",
        ("system", *(size.collection.name for size in sizes), "scores differ by"),
        rows,
        notes=[
            f"{counts} questions, the same for all systems. The last column is the largest difference to the scores "
            f"of ours with the same idf in up to {COMPARED} questions, as a share of the question's best score (bm25s "
            "keeps 32 bits)."
        ],
    )
