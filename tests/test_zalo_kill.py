"""Killed at random moments under load and started again, under each way that Zalo may give updates.

What the service still offers is handled exactly once. Where reading removes an update, only what a killed process had
just been given may be missing; where what comes while nobody polls is lost, that too; where updates are given again
and again, nothing.
"""

from __future__ import annotations

import random
import sqlite3
import string
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.database import FILE_NAME
from tests.run_process import RECEIVING, BotProcess
from tests.waiting import PATIENCE, wait_until
from tests.zalo_bot import met_before, zalo_settings_for
from tests.zaloapi.client import ZaloApi

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

PEOPLE = 100
A_SECOND = 8
# Starting takes a second or two.
SHORTEST_LIFE, LONGEST_LIFE = 0.5, 5.0
NOT_FOUND = "Các văn bản tôi đang có chưa nói tới việc này."
KEYS = "SELECT event_key FROM inbox"


@dataclass
class Load:
    """People who write at a steady pace until told to stop; `asked` is who wrote what, by the id of the message."""

    zalo: ZaloApi
    seed: int
    asked: dict[str, tuple[str, str]] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        chance = random.Random(self.seed)
        people = [self.zalo.person(number) for number in range(1, PEOPLE + 1)]
        turn = 0
        while not self.stopped.is_set():
            says = []
            for _ in range(A_SECOND // 4):
                known = turn // PEOPLE % 2 == 0
                text = f"điều 4 khoản {turn % 8 + 1}" if known else "".join(chance.choices("bcdghklmnpqrstvx", k=14))
                says.append((people[turn % PEOPLE], text))
                turn += 1
            self.asked |= dict(zip(self.zalo.load(says), says, strict=True))
            self.stopped.wait(0.25)


def expected(text: str) -> str:
    """What the answer to a text begins with."""
    return f"Khoản {text[-1]} Điều 4" if text[-1] in string.digits else NOT_FOUND


@pytest.mark.parametrize("reading", ["consume", "replay", "drop"])
def test_what_the_service_offers_is_handled_once(zalo: ZaloApi, tmp_path: Path, full_size: bool, reading: str) -> None:
    kills = 67 if full_size else 2
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    zalo.switch(reading=reading, quota=1_000_000, most_users=1_000)
    load = Load(zalo, seed)
    writing = threading.Thread(target=load.run)
    data, log = tmp_path / "data", tmp_path / "log.txt"
    log.touch()
    met_before(zalo_settings_for(zalo, data), PEOPLE)
    # So slow that at each moment some messages are on their way; what is on its way at a kill does arrive.
    zalo.fault("slow", method="sendMessage", times=None, seconds=0.15)
    writing.start()
    bots: list[BotProcess] = []
    try:
        for _ in range(kills):
            bots.append(BotProcess(zalo, data, log))
            time.sleep(chance.uniform(SHORTEST_LIFE, LONGEST_LIFE))
            bots[-1].kill()
        bots.append(BotProcess(zalo, data, tmp_path / "last.txt"))
        bots[-1].wait_for(RECEIVING)
        # However short the lives before were, something is heard.
        wait_until(lambda: _taken(data))
        load.stopped.set()
        writing.join()
        _wait_until_done(zalo, data)
        assert bots[-1].stop() == 0
    finally:
        load.stopped.set()
        writing.join()
        bots[-1].kill()
    lost, repeated = _check(zalo, data, load)
    # The server ends the polls of the dead before it takes others.
    assert zalo.most_polling() == 1
    assert len(lost["given"]) <= (0 if reading == "replay" else kills), lost
    assert reading == "drop" or not lost["dropped"]
    print(  # noqa: T201 - the figures of the proof
        f"\n{reading}: {kills} kills (seed {seed}), {len(load.asked)} updates, {len(lost['dropped'])} lost by the "
        f"service, {len(lost['given'])} given to a process that was killed, all others handled once; {repeated} "
        "answers were seen twice"
    )


def _taken(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / FILE_NAME, timeout=PATIENCE)) as database:
        return {key for (key,) in database.execute(KEYS)}


def _wait_until_done(zalo: ZaloApi, data: Path) -> None:
    """Wait until the service has nothing that was not handled, and everything is sent."""
    wait_until(lambda: not set(zalo.waiting()) - _taken(data), 5 * PATIENCE)
    polls = len(zalo.calls("getUpdates"))

    def asks_again() -> bool:
        """Whether what it was given is committed: before that it does not ask for more."""
        calls = zalo.calls("getUpdates")
        return calls[-1].outcome == "open" or len(calls) > polls

    wait_until(asks_again)
    wait_until(lambda: not _left(data), 5 * PATIENCE)


def _left(data: Path) -> int:
    with closing(sqlite3.connect(data / FILE_NAME, timeout=PATIENCE)) as database:
        return int(database.execute("SELECT count(*) FROM outbox WHERE ended_at IS NULL").fetchone()[0])


def _check(zalo: ZaloApi, data: Path, load: Load) -> tuple[dict[str, list[str]], int]:
    """Compare what people saw with what they wrote; return what was never handled, and how many answers came again."""
    with closing(sqlite3.connect(data / FILE_NAME)) as database:
        keys = [key for (key,) in database.execute(KEYS)]
        assert database.execute("SELECT DISTINCT outcome FROM inbox").fetchall() == [("handled",)]
        assert database.execute("SELECT DISTINCT state FROM outbox").fetchall() == [("sent",)]
        asked = database.execute("SELECT text, asked FROM questions").fetchall()
        counted = dict(database.execute("SELECT chat, sum(repeats) FROM outbox GROUP BY chat"))
    handled = set(keys)
    assert len(keys) == len(handled) and handled <= load.asked.keys()
    lost: dict[str, list[str]] = {"dropped": [], "given": []}
    for update in zalo.updates():
        if update.key not in handled:
            assert update.dropped or update.given, update
            lost["dropped" if update.dropped else "given"].append(update.key)
    # State changes: each question without an answer was counted, and counted once.
    said = {key: load.asked[key] for key in handled}
    nonsense = [text for _, text in said.values() if text[-1] not in string.digits]
    assert sorted(asked) == sorted((text, 1) for text in nonsense)
    wanted: dict[str, Counter[str]] = {}
    for person, text in said.values():
        wanted.setdefault(person, Counter())[expected(text)] += 1
    seen: dict[str, Counter[str]] = {}
    for record in zalo.transcript(kind="message"):
        known = NOT_FOUND if record.text.startswith(NOT_FOUND) else record.text[: len("Khoản 1 Điều 4")]
        seen.setdefault(record.chat, Counter())[known] += 1
    again = 0
    for person in wanted.keys() | seen.keys():
        answers, questions = seen.get(person, Counter()), wanted.get(person, Counter())
        assert questions <= answers, (person, questions, answers)
        extra = (answers - questions).total()
        assert extra <= counted.get(person, 0), (person, extra, counted.get(person))
        again += extra
    return lost, again
