"""`python -m benchmarks` (that is `make bench`): every table, in one run on one machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks import answers, bots, broadcasts, cold, pace, questions, rosters, scoring, sending, signals
from benchmarks.machine import fingerprint, machine_line
from benchmarks.tables import Table, write_between_markers

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"

QUICK_EVERY = 10
"""A quick run asks every tenth question."""


def tables(options: argparse.Namespace) -> Iterator[Table]:
    """Measure and yield one table after the other."""
    quick: bool = options.quick
    every = QUICK_EVERY if quick else 1
    search = questions.load_search()
    with_words = cold.first_that_segments(
        search.answer, (line.text for line in questions.load_lines(questions.QUESTIONS))
    )
    yield cold.run(1 if quick else cold.RUNS, with_words)
    yield answers.run(search, every=every, builds=1 if quick else answers.BUILDS)
    yield from questions.run(search, every=every)
    yield signals.run(search, every=every)
    if options.documents:
        yield signals.run_public(options.documents, options.questions)
    yield from scoring.run(quick)
    yield rosters.run(*rosters.QUICK) if quick else rosters.run()
    yield bots.run(bots.FEW, 1) if quick else bots.run()
    yield broadcasts.run(broadcasts.QUICK) if quick else broadcasts.run()
    yield sending.run(sending.FEW, 1) if quick else sending.run()
    yield pace.run(pace.QUICK) if quick else pace.run()


def main() -> None:
    """Measure speed, memory and quality, and print one table after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, only to see that everything works")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {DOCUMENT.name} as well")
    signals.add_public_set(parser)
    options = parser.parse_args()
    signals.check_public_set(parser, options)
    if options.quick and options.write:
        parser.error("the figures of a quick run are not worth writing down")
    before = fingerprint()
    parts = [f"{machine_line()}, files {before}"]
    print(parts[0], end="\n\n")
    for table in tables(options):
        parts.append(table.markdown())
        print(parts[-1], end="\n\n", flush=True)
    if fingerprint() != before:
        parts.append("**The project was changed while this was measured.**")
        print(parts[-1])
    if options.write:
        write_between_markers(DOCUMENT, "\n\n".join(parts))


if __name__ == "__main__":
    main()
