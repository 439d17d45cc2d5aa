"""What one question costs from nothing: a new process, everything loaded, one answer, the end."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.tables import MISSING, Table

QUESTION = "share bài chưa kiểm chứng có sao ko?"
COMMAND = (sys.executable, "-m", "bot", "ask")

SEGMENTATION = "underthesea"
"""The module whose import tells that words were segmented."""

RUNS = 5
SECONDS_LIMIT = 2.0
MEGABYTES_LIMIT = 180
"""In units of 1,000,000 bytes."""

TIMEOUT = 120
"""Seconds after which a run that hangs is given up."""

_ROOT = Path(__file__).parent.parent

# Runs the command and prints seconds and peak memory. A process of its own, because on Linux the peak of a child
# begins with what its parent held when it was started; this one holds hardly more than Python itself.
_LAUNCHER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
if hasattr(os, "wait4"):
    _, status, usage = os.wait4(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
else:
    code, peak = child.wait(), None
took = time.perf_counter() - begun
print(json.dumps({"seconds": took, "bytes": peak, "code": code}), file=sys.stderr)
"""


class ColdRunFailedError(Exception):
    """The command did not answer; the message says how it ended."""


def run(runs: int = RUNS, with_words: str | None = None) -> Table:
    """Measure the command with the usual question, and with one that needs word segmentation.

    Where the command fails, the table says so instead of giving figures.
    """
    title = "One question in a cold process"
    questions = {"": QUESTION} | ({", with word segmentation": with_words} if with_words else {})
    rows = []
    notes = [
        f"{runs} runs of each, one after another. The time is judged by its median, memory by its worst run; "
        "1 MB is 1,000,000 bytes.",
    ]
    for what, question in questions.items():
        shown = f'`ungxu ask "{question}"`'
        try:
            measured = [_run_once(question) for _ in range(runs)]
        except ColdRunFailedError as error:
            notes.append(f"{shown} FAILED, so nothing was measured: {error}")
            continue
        rows += _rows(what, measured)
        notes.append(f"{what.removeprefix(', ').capitalize() or 'Without it'}: {shown}.")
    return Table(title, ("what", "median", "worst", "limit", "kept"), rows, notes)


def first_that_segments(answer: Callable[[str], object], texts: Iterable[str]) -> str | None:
    """Return the first question whose answer makes the process load word segmentation.

    None where none does, or where it was loaded before.
    """
    if SEGMENTATION in sys.modules:
        return None
    for text in texts:
        answer(text)
        if SEGMENTATION in sys.modules:
            return text
    return None


def _rows(what: str, measured: Sequence[tuple[float, int | None]]) -> list[tuple[str, ...]]:
    seconds = [took for took, _ in measured]
    peaks = [peak / 1e6 for _, peak in measured if peak is not None]
    median = statistics.median(seconds)
    time = (f"{median:.2f}", f"{max(seconds):.2f}", f"{SECONDS_LIMIT:.1f}", _verdict(median <= SECONDS_LIMIT))
    memory = (MISSING, MISSING, str(MEGABYTES_LIMIT), "not measured here")
    if peaks:
        kept = _verdict(max(peaks) <= MEGABYTES_LIMIT)
        memory = (f"{statistics.median(peaks):.0f}", f"{max(peaks):.0f}", str(MEGABYTES_LIMIT), kept)
    return [(f"wall time{what}, s", *time), (f"peak resident memory{what}, MB", *memory)]


def _verdict(is_kept: bool) -> str:
    return "yes" if is_kept else "NO"


def _run_once(question: str) -> tuple[float, int | None]:
    """Return wall time in seconds and peak memory in bytes (None where the system does not tell it)."""
    # Away from the settings and the data of whoever measures.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
    environment["PYTHONPATH"] = str(_ROOT)
    with tempfile.TemporaryDirectory() as folder:
        environment["UNGXU_DATA"] = folder
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, *COMMAND, question],
                cwd=folder,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ColdRunFailedError(f"no answer within {TIMEOUT} s") from None
    said = done.stderr.strip().splitlines()
    if done.returncode or not said:
        raise ColdRunFailedError(said[-1] if said else f"launcher ended with {done.returncode}")
    result = json.loads(said[-1])
    if result["code"]:
        raise ColdRunFailedError(f"exit code {result['code']}: {said[-2] if len(said) > 1 else 'no message'}")
    if not done.stdout.strip():
        raise ColdRunFailedError("it ended well but printed nothing")
    return result["seconds"], result["bytes"]
