"""A broadcast with Telegram's limits on, while staff go on asking: how much of the allowed pace is used, and who waits.

The server refuses what is too fast, as Telegram does. The same questions are asked of the same bot without a broadcast.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sending import FIRST_PERSON, WORDS, prepare
from benchmarks.tables import Table
from tests.botapi.client import BotApi
from tests.botapi.rates import Limits

RECIPIENTS = 20_000
QUICK = 450

STAFF = 20
FIRST_STAFF = 50_000_000
ASKED_EVERY = 0.5
"""Seconds from one question to the next."""
QUESTIONS = [f"điều 4 khoản {number}" for number in range(1, 9)]
QUIET_QUESTIONS = 50
"""What somebody asks first is left out: he is met only then."""

PACE_LIMIT, SLOWER_LIMIT = 0.98, 1.2
_START = 30.0
_LAST_ANSWER = 5.0
"""Seconds that the last question is given."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen at the server.

    Attributes:
        rate: messages a second in all, from the end of the burst to the last message of the broadcast.
        refused: messages that were answered with anything but success.
        unanswered: questions that nothing came to.
        median: how long questions waited, in seconds.
    """

    rate: float
    refused: int
    unanswered: int
    median: float


def run(recipients: int = RECIPIENTS) -> Table:
    """Measure a quiet bot and one that sends; return the table."""
    with BotApi.start() as api:
        quiet = _quiet(api)
        busy = _busy(api, recipients)
    allowed = Limits().account
    share, slower = busy.rate / allowed, busy.median / quiet
    rows = [
        _row("part of the allowed pace that was used", share, PACE_LIMIT, share >= PACE_LIMIT),
        _row("messages that were refused as too fast", busy.refused, 0, busy.refused == 0),
        _row("questions that were not answered", busy.unanswered, 0, busy.unanswered == 0),
        _row("median answer, to that of a quiet bot", slower, SLOWER_LIMIT, slower <= SLOWER_LIMIT),
    ]
    return Table(
        f"A broadcast to {recipients:,} people with Telegram's limits on",
        ("what", "measured", "limit", "kept"),
        rows,
        [
            f"{allowed:.0f} messages a second in all; somebody asks every {ASKED_EVERY} s. Median answer of the quiet"
            f" bot {quiet * 1000:.0f} ms, beside the broadcast {busy.median * 1000:.0f} ms."
        ],
    )


def _quiet(api: BotApi) -> float:
    api.reset()
    api.rates(Limits())
    with tempfile.TemporaryDirectory() as folder, _bot(api, Path(folder)) as check:
        asked = _ask_until(api, lambda count: count >= QUIET_QUESTIONS, check)
        time.sleep(_LAST_ANSWER)
        return statistics.median(_waits(api, asked))


def _busy(api: BotApi, recipients: int) -> Measured:
    api.reset()
    api.rates(Limits())
    people = api.crowd(FIRST_PERSON, recipients)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), list(people), api.token.split(":")[0])
        with _bot(api, Path(folder)) as check:
            # All that was sent since the server is there, or what the bot sends before it is asked would be missed.
            asked = _ask_until(
                api, lambda count: api.counters().methods.get("sendMessage", 0) >= recipients + count, check
            )
            time.sleep(_LAST_ANSWER)
            records = sorted(api.transcript(kind="message"), key=lambda record: record.monotonic)
            # The burst that the limits allow at the beginning is no pace.
            burst = int(Limits().account)
            told = [record.monotonic for record in records]
            last = max(index for index, record in enumerate(records) if WORDS in record.text)
            rate = (last - burst) / (told[last] - told[burst])
            refused = len(api.calls("sendMessage")) - len(records)
            waits = list(_waits(api, asked))
            met = min(len(asked), STAFF)
            return Measured(rate, refused, len(asked) - met - len(waits), statistics.median(waits))


def _ask_until(api: BotApi, is_over: Callable[[int], bool], check: Callable[[], None]) -> list[tuple[int, float]]:
    """Let staff ask in turn, as long as `check` raises nothing; return who asked when."""
    staff = api.crowd(FIRST_STAFF, STAFF)
    asked: list[tuple[int, float]] = []
    for number in itertools.count():
        check()
        if is_over(number):
            return asked
        person = staff[number % STAFF]
        asked.append((person, time.monotonic()))
        api.load([(person, QUESTIONS[number % len(QUESTIONS)])])
        time.sleep(max(asked[0][1] + (number + 1) * ASKED_EVERY - time.monotonic(), 0.0))
    return asked


def _waits(api: BotApi, asked: list[tuple[int, float]]) -> Iterator[float]:
    """How long each question waited that was answered, but for the first one of each person."""
    answers: dict[int, list[float]] = {}
    for record in api.transcript(kind="message"):
        if record.chat >= FIRST_STAFF:
            answers.setdefault(record.chat, []).append(record.monotonic)
    turns: dict[int, int] = {}
    for person, at in asked:
        turn = turns.get(person, 0)
        turns[person] = turn + 1
        if 0 < turn < len(answers.get(person, ())):
            yield answers[person][turn] - at


@contextmanager
def _bot(api: BotApi, folder: Path) -> Iterator[Callable[[], None]]:
    """Run the bot; what is yielded raises RuntimeError once it has ended by itself."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("UNGXU_")},
        "UNGXU_TELEGRAM_TOKEN": api.token,
        "UNGXU_TELEGRAM_API_URL": api.url,
        "UNGXU_DATA": str(folder),
    }
    process = subprocess.Popen([sys.executable, "-m", "bot", "run"], env=environment, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _START
        while not api.counters().methods.get("getUpdates", 0):
            if time.monotonic() > end:
                raise TimeoutError("the bot did not start")
            time.sleep(0.05)

        def check() -> None:
            if process.poll() is not None:
                raise RuntimeError(f"the bot ended with {process.returncode}")

        yield check
    finally:
        process.terminate()
        process.wait()


def _row(what: str, measured: float, limit: float, kept: bool) -> list[str]:
    return [what, f"{measured:.2f}", f"{limit:g}", "yes" if kept else "NO"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pace", description=main.__doc__)
    parser.add_argument("--recipients", type=int, default=RECIPIENTS)
    print(run(parser.parse_args().recipients).markdown())


if __name__ == "__main__":
    main()
