"""Killed at random moments while many people take a round: each answer is taken once, and all is told and counted so.

Half of the people press buttons, half type letters. When it is killed is counted in messages that went out and not in
seconds, so that it happens in the middle of the work on any machine.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import quiz
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.quiz_takers import Takers
from tests.run_process import STARTED, BotProcess

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

THINKING = 2.2
"""Seconds that everybody takes for an answer at least, so that nobody writes faster than a person does."""

STUCK = 180.0
"""Seconds without anything new after which something is lost."""

_LOOK = 0.05


class Answering:
    """The people: they answer when they have a question before them and have thought, whether the bot runs or not."""

    def __init__(self, api: BotApi, takers: Takers) -> None:
        self._api, self._takers = api, takers
        self._thinking_since: dict[int, float] = {}

    @property
    def sent(self) -> int:
        """How many messages the server was given."""
        return self._api.counters().methods.get("sendMessage", 0)

    def until(self, is_over: Callable[[], bool]) -> None:
        """Let people answer until something is so, or everybody has finished."""
        takers = self._takers
        before, since = -1, time.monotonic()
        while not is_over() and takers.finished < len(takers.all):
            takers.look()
            now = time.monotonic()
            if takers.seen != before:
                before, since = takers.seen, now
            assert now - since < STUCK, [taker for taker in takers.all.values() if taker.told is None]
            ready = [taker for taker in takers.ready if now - self._thinking_since.get(taker.chat, 0.0) > THINKING]
            self._thinking_since |= dict.fromkeys((taker.chat for taker in ready), now)
            takers.answer(ready)
            time.sleep(_LOOK)


def test_no_answer_is_lost_or_taken_twice(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    kills, people, questions = (100, 60, 60) if full_size else (4, 12, 3)
    # So that there is something left to do at the last of them.
    most = people * (questions + 1) // kills // 2
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    chats = api.crowd(quiz.FIRST_PERSON, people)
    takers = Takers(api, chats, chance, careless=0.05, typing=set(chats[::2]))
    data, log = tmp_path / "data", tmp_path / "log.txt"
    data.mkdir()
    quiz.prepare(data, list(chats), questions, api.token.partition(":")[0])
    bot = BotProcess(api, data, log)
    try:
        # An invitation goes out at most once, so that a kill may cost it.
        quiz.until(takers, lambda: takers.invited, people, "are invited")
        assert bot.stop() == 0
    finally:
        bot.kill()
    # So slow that at each moment some messages are on their way.
    api.fault("slow", method="sendMessage", times=None, seconds=0.1)
    takers.begin(takers.all.values())
    everybody = Answering(api, takers)
    in_the_middle = 0
    for _ in range(kills):
        wanted = everybody.sent + chance.randint(0, most)
        bot = BotProcess(api, data, log)
        try:
            everybody.until(lambda: everybody.sent >= wanted)  # noqa: B023 - called at once
            time.sleep(chance.uniform(0.0, 0.2))
        finally:
            bot.kill()
        in_the_middle += takers.finished < people
    api.unfault()
    bot = BotProcess(api, data, tmp_path / "last.txt")
    try:
        everybody.until(lambda: False)
        bot.wait_for(STARTED)
        assert bot.stop() == 0
    finally:
        bot.kill()
    with closing(Database(data / FILE_NAME)) as database:
        assert list(quiz.faults(database, takers)) == [], seed
        (found,) = database.rows(
            "SELECT (SELECT count(*) FROM quiz_attempts) AS attempts, (SELECT sum(repeats) FROM outbox) AS repeats"
        )
    assert found["attempts"] == people
    # Before the first kill no more can have gone out than what was waited for and one message for each.
    assert in_the_middle
    print(  # noqa: T201 - the figures of the proof
        f"\n{kills} kills, {in_the_middle} while people answered: {people * questions} answers,"
        f" {found['repeats']} messages sent again"
    )
