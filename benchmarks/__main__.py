"""`python -m benchmarks` (that is `make bench`): every table, in one run on one machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks import answers, bots, broadcasts, cold, pace, questions, quiz, rosters, scoring, sending, signals
from benchmarks.machine import fingerprint, machine_line
from benchmarks.tables import Table, write_between_markers

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"

PARTS = (
    "cold",
    "answers",
    "questions",
    "signals",
    "scoring",
    "rosters",
    "bots",
    "broadcasts",
    "sending",
    "pace",
    "quiz",
)

QUICK_EVERY = 10
"""A quick run asks every tenth question."""


def tables(part: str, options: argparse.Namespace) -> Iterator[Table]:
    """Measure a part and yield its tables."""
    quick: bool = options.quick
    every = QUICK_EVERY if quick else 1
    match part:
        case "cold":
            search = questions.load_search()
            lines = (line.text for line in questions.load_lines(questions.QUESTIONS))
            yield cold.run(1 if quick else cold.RUNS, cold.first_that_segments(search.answer, lines))
        case "answers":
            yield answers.run(questions.load_search(), every=every, builds=1 if quick else answers.BUILDS)
        case "questions":
            yield from questions.run(questions.load_search(), every=every)
        case "signals":
            yield signals.run(questions.load_search(), every=every)
            if options.documents:
                yield signals.run_public(options.documents, options.questions)
        case "scoring":
            yield from scoring.run(quick)
        case "rosters":
            yield rosters.run(*rosters.QUICK) if quick else rosters.run()
        case "bots":
            yield bots.run(bots.FEW, 1) if quick else bots.run()
        case "broadcasts":
            yield broadcasts.run(broadcasts.QUICK) if quick else broadcasts.run()
        case "sending":
            yield sending.run(sending.FEW, 1) if quick else sending.run()
        case "pace":
            yield pace.run(pace.QUICK) if quick else pace.run()
        case "quiz":
            yield quiz.run(quiz.QUICK, quiz.QUICK_QUESTIONS) if quick else quiz.run()


def main() -> None:
    """Measure speed, memory and quality, and print one table after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, only to see that everything works")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {DOCUMENT.name} as well")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts, not all")
    signals.add_public_set(parser)
    options = parser.parse_args()
    signals.check_public_set(parser, options)
    if options.quick and options.write:
        parser.error("the figures of a quick run are not worth writing down")
    for part in options.only:
        # Each part says when and where it was measured: the parts are long, and need not all be measured at once.
        before = fingerprint()
        texts = [f"{machine_line()}, files {before}"]
        print(texts[0], end="\n\n")
        for table in tables(part, options):
            texts.append(table.markdown())
            print(texts[-1], end="\n\n", flush=True)
        if fingerprint() != before:
            texts.append("**The project was changed while this was measured.**")
            print(texts[-1])
        if options.write:
            write_between_markers(DOCUMENT, part, "\n\n".join(texts))


if __name__ == "__main__":
    main()
