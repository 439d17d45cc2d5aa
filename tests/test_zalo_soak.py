"""Half an hour of Zalo as an office lives it: busy and silent minutes, either way of reading, cut answers.

Held against the server's own books: what it was asked to carry is what the bot counted, no two polls ever waited beside
each other, everything was handled once, and the process is as large at the end as it was when it had warmed up.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.database import FILE_NAME
from tests.run_process import RECEIVING, BotProcess, process
from tests.waiting import PATIENCE
from tests.zaloapi.client import ZaloApi

# The seconds that it takes; read before the tests' own environment is made.
SECONDS = float(os.environ.get("SOAK_MINUTES", "0")) * 60
FULL_SECONDS, SHORT_SECONDS = 30 * 60.0, 12.0

PEOPLE = 40
A_SECOND = 4
# Of each stretch so much is silent, so that polls end without anything too.
STRETCH, SILENT = 8.0, 0.25
LONG = "điều 4"
TEXTS = ("điều 4 khoản 3", "share bai chua kiem chung co sao k", "1", "bcdgh klmnp", LONG, "xin chào", "số 2")

# What a process may have grown by since it warmed up, in megabytes, files and threads. In a short run it is still
# warming up, and on a machine that others use many messages are on their way at once now and then.
MOST_GROWTH, MOST_GROWTH_WHILE_SHORT = (4.0, 8, 2), (24.0, 30, 6)
# However long that takes, it is looked at so often.
LEAST_LOOKS = 12

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@dataclass
class Size:
    """What a process held, at each look: megabytes of memory, open files, threads."""

    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self, bot: BotProcess) -> None:
        place = Path(f"/proc/{bot.process.pid}")
        status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
        self.memory.append(int(status["VmRSS"].split()[0]) / 1024)
        self.threads.append(int(status["Threads"]))
        self.files.append(len(list((place / "fd").iterdir())))

    def growth(self) -> float:
        """Megabytes between the second quarter and the last, by their medians."""
        quarter = max(len(self.memory) // 4, 1)
        return statistics.median(self.memory[-quarter:]) - statistics.median(self.memory[quarter : 2 * quarter])


def test_a_long_day_leaves_nothing_behind(zalo: ZaloApi, tmp_path: Path, full_size: bool) -> None:
    seconds = SECONDS or (FULL_SECONDS if full_size else SHORT_SECONDS)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    zalo.switch(quota=10_000_000, time_scale=0.04)
    people = [zalo.person(number) for number in range(1, PEOPLE + 1)]
    size = Size()
    written = 0
    with process(zalo, tmp_path, zalo_monthly="10000000") as bot:
        bot.wait_for(RECEIVING)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds or len(size.memory) < LEAST_LOOKS:
            in_stretch = passed % STRETCH / STRETCH
            zalo.switch(
                reading="replay" if passed // STRETCH % 2 else "consume",
                idle=chance.choice(["408", "bare", "empty", "504"]),
            )
            if in_stretch < 1 - SILENT:
                for _ in range(A_SECOND):
                    _write(zalo, people[written % PEOPLE], chance)
                    written += 1
            if chance.random() < 0.05:
                # What was taken and never confirmed is counted by both sides, and goes out again.
                zalo.fault("accepted_cut", method="sendMessage")
                zalo.fault("bad_gateway", method="getUpdates")
            size.look(bot)
            time.sleep(max(1.0 - (time.monotonic() - began - passed), 0.0))
        zalo.unfault()
        zalo.switch(reading="consume")
        sent, received = _settled(zalo, tmp_path / "data", written)
        size.look(bot)
        assert bot.stop() == 0
    used, growth = zalo.usage(), size.growth()
    print(  # noqa: T201 - the figures of the proof
        f"\n{seconds / 60:.1f} minutes (seed {seed}): {written} messages in, {used.sent} out, "
        f"{len(zalo.calls('getUpdates'))} polls, {zalo.most_polling()} at a time; memory {size.memory[0]:.1f} MB at "
        f"first, {max(size.memory):.1f} at most, {size.memory[-1]:.1f} at the end, grown by {growth:+.1f} since it "
        f"warmed up; {max(size.files)} files and {max(size.threads)} threads at most; counted {sent} and {received}, "
        f"by the server {used.sent} and {used.received}"
    )
    assert zalo.most_polling() == 1
    assert (sent, received) == (used.sent, used.received) == (len(zalo.transcript(kind="message")), written)
    memory, files, threads = MOST_GROWTH if seconds >= FULL_SECONDS else MOST_GROWTH_WHILE_SHORT
    assert growth <= memory
    warm = len(size.files) // 4
    assert max(size.files[warm:]) <= max(size.files[: warm + 1]) + files
    assert max(size.threads[warm:]) <= max(size.threads[: warm + 1]) + threads


def _write(zalo: ZaloApi, person: str, chance: random.Random) -> None:
    """Let somebody write, now and then something else than words."""
    match chance.random():
        case roll if roll < 0.04:
            zalo.image(person, b"\xff\xd8\xff\xe0")
        case roll if roll < 0.06:
            zalo.sticker(person)
        case roll if roll < 0.08:
            zalo.unsupported(person)
        case _:
            zalo.say(person, chance.choice(TEXTS))


def _settled(zalo: ZaloApi, data: Path, written: int) -> tuple[int, int]:
    """Wait until everything was handled and sent; return what the bot counted as sent and received."""
    end = time.monotonic() + 5 * PATIENCE
    while True:
        with closing(sqlite3.connect(data / FILE_NAME, timeout=PATIENCE)) as database:
            (left,) = database.execute("SELECT count(*) FROM outbox WHERE ended_at IS NULL").fetchone()
            taken, failed = database.execute("SELECT count(*), sum(outcome <> 'handled') FROM inbox").fetchone()
            (states,) = database.execute("SELECT group_concat(DISTINCT state) FROM outbox").fetchone()
            counted = database.execute("SELECT sum(sent), sum(received) FROM usage").fetchone()
        if not left and taken == written:
            assert (failed, states) == (0, "sent")
            return int(counted[0]), int(counted[1])
        assert time.monotonic() < end, (left, taken, written)
        time.sleep(0.3)
