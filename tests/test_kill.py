"""Killed at random moments under load and started again: what came in and what went out, against the transcript.

Every person asks in turn for a provision and for something that is not in the documents. Each answer shows which
question it answers; each question without an answer is counted in the database, which is the change that must happen
exactly once.
"""

from __future__ import annotations

import random
import sqlite3
import string
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.run_process import STARTED, BotProcess
from tests.waiting import PATIENCE

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

PEOPLE = 400
FIRST_PERSON = 100_000
A_SECOND = 60
"""Messages a second, in all: below what one person may send, and what one chat may get."""

NOT_FOUND = "Các văn bản tôi đang có chưa nói tới việc này."


@dataclass
class Load:
    """People who write at a steady pace until told to stop; `asked` is what each wrote, `nonsense` each such text."""

    api: BotApi
    seed: int
    asked: dict[int, list[str]] = field(default_factory=dict)
    nonsense: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        chance = random.Random(self.seed)
        people = list(self.api.crowd(FIRST_PERSON, PEOPLE))
        turn = 0
        while not self.stopped.is_set():
            # Everybody in turn, so that nobody writes faster than a person does.
            group = [people[(turn + n) % PEOPLE] for n in range(A_SECOND // 4)]
            turn += len(group)
            self.api.load([(person, self._next(person, chance)) for person in group])
            self.stopped.wait(0.25)

    def _next(self, person: int, chance: random.Random) -> str:
        texts = self.asked.setdefault(person, [])
        if len(texts) % 2:
            text = "".join(chance.choices("bcdghklmnpqrstvx", k=14))
            self.nonsense.append(text)
        else:
            text = f"điều 4 khoản {len(texts) // 2 % 8 + 1}"
        texts.append(text)
        return text

    @property
    def total(self) -> int:
        return sum(map(len, self.asked.values()))


def expected(text: str) -> str:
    """What the answer to a text begins with."""
    return f"Khoản {text[-1]} Điều 4" if text[-1] in string.digits else NOT_FOUND


class Writing(Protocol):
    """People who write until they are stopped; `total` is how many messages they have written."""

    stopped: threading.Event

    @property
    def total(self) -> int: ...

    def run(self) -> None: ...


def live_through_kills(api: BotApi, data: Path, load: Writing, kills: int, chance: random.Random) -> None:
    """Kill a bot so many times while people write; the last one does what is left, and stops when it is told to."""
    # So slow that at each moment some messages are on their way; what is on its way at a kill does arrive.
    api.fault("slow", method="sendMessage", times=None, seconds=0.15)
    writing = threading.Thread(target=load.run)
    writing.start()
    try:
        for number in range(kills):
            bot = BotProcess(api, data, data.with_name(f"log-{number}.txt"))
            bot.live(chance)
            bot.kill()
    finally:
        load.stopped.set()
        writing.join()
    api.unfault()
    bot = BotProcess(api, data, data.with_name("last.txt"))
    try:
        # Everything may have been done before the last kill: a process that is told to stop must have started.
        bot.wait_for(STARTED)
        wait_until_done(api, data, load.total)
        assert bot.stop() == 0
    finally:
        bot.kill()


def test_nothing_is_lost_or_done_twice(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    kills = 200 if full_size else 6
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    load = Load(api, seed)
    data = tmp_path / "data"
    live_through_kills(api, data, load, kills, chance)
    repeated = _check(api, data, load)
    print(  # noqa: T201 - the figures of the proof
        f"\n{kills} kills (seed {seed}), {load.total} updates from {len(load.asked)} people: all handled once, "
        f"all answered in order; {repeated[0]} answers were seen twice, {repeated[1]} repeats were counted"
    )


def wait_until_done(api: BotApi, data: Path, total: int) -> None:
    """Wait until so many updates were taken and everything that was to be sent has ended."""
    end = time.monotonic() + 5 * PATIENCE
    while True:
        with closing(sqlite3.connect(data / FILE_NAME, timeout=PATIENCE)) as database:
            (taken,) = database.execute("SELECT count(*) FROM inbox").fetchone()
            (left,) = database.execute("SELECT count(*) FROM outbox WHERE ended_at IS NULL").fetchone()
        if taken == total and not left and not api.queue():
            return
        assert time.monotonic() < end, (taken, total, left)
        time.sleep(0.2)


def _check(api: BotApi, data: Path, load: Load) -> tuple[int, int]:
    """Compare what people saw with what they wrote; return how many answers came again, and how many were counted."""
    with closing(sqlite3.connect(data / FILE_NAME)) as database:
        assert database.execute("SELECT DISTINCT outcome FROM inbox").fetchall() == [("handled",)]
        assert database.execute("SELECT DISTINCT state FROM outbox").fetchall() == [("sent",)]
        asked = database.execute("SELECT text, asked FROM questions").fetchall()
        counted = dict(database.execute("SELECT chat, sum(repeats) FROM outbox GROUP BY chat"))
    # State changes: each question without an answer was counted, and counted once.
    assert sorted(asked) == sorted((text, 1) for text in load.nonsense)
    again = 0
    seen: dict[int, list[str]] = {}
    for record in api.transcript(kind="message"):
        seen.setdefault(record.chat, []).append(record.text)
    for person, texts in load.asked.items():
        answers = iter(seen[person])
        extra = 0
        last = ""
        for text in texts:
            answer = next(answers)
            while last and answer.startswith(last) and not answer.startswith(expected(text)):
                extra += 1
                answer = next(answers)
            assert answer.startswith(expected(text)), (person, text, answer)
            last = expected(text)
        extra += sum(1 for _ in answers)
        assert extra <= counted[str(person)], (person, extra, counted[str(person)])
        again += extra
    return again, sum(counted.values())
