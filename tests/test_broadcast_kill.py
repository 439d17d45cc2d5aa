"""A broadcast whose bot is killed at random moments, paused and resumed: what everybody got, in the transcript."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.dispatch import MOST_BROADCASTS
from handlers.authorization import Actor, Scene
from handlers.broadcast import service
from handlers.errors import Refusal
from handlers.people import service as office
from storage import broadcasts
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.broadcasting import CONTENT, EVERYBODY, put
from tests.run_process import STARTED, BotProcess
from tests.waiting import PATIENCE

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

FIRST_PERSON = 200_000
WORDS = "Bật xác thực hai bước."

BLOCKED_EVERY = 50
LONGEST_LIFE = 1.2
LONGEST_PAUSE = 0.3

# What a message takes. With it no machine, however fast, reaches everybody before the last kill: it sends 53 in a
# second, and there are people for 3.4 seconds between one event and the next.
SECONDS_A_MESSAGE = 0.6
PEOPLE_PER_EVENT = 180


def act(data: Path, does: Callable[[Scene], object]) -> None:
    """Do something as a command on the machine does, beside the bot."""
    database = Database(data / FILE_NAME)
    now = dt.datetime.now(dt.UTC)
    try:
        with database.transaction():
            does(Scene(database, Actor(CONSOLE), now, now.date()))
    finally:
        database.close()


def test_nobody_gets_it_twice_and_nobody_is_forgotten(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    kills, pauses = (100, 50) if full_size else (5, 3)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    data, log = tmp_path / "data", tmp_path / "log.txt"
    log.touch()
    crowd = api.crowd(FIRST_PERSON, (kills + pauses) * PEOPLE_PER_EVENT)
    for user in crowd[::BLOCKED_EVERY]:
        api.block(user)
    people: dict[int, int] = {}
    act(data, lambda scene: _fill(scene, api, list(crowd), people))
    api.fault("slow", method="sendMessage", times=None, seconds=SECONDS_A_MESSAGE)
    events = ["kill"] * kills + ["pause"] * pauses
    chance.shuffle(events)
    bot = BotProcess(api, data, log)
    unknown: list[int] = []
    try:
        for event in events:
            bot.wait_for(STARTED)
            time.sleep(chance.uniform(0.0, LONGEST_LIFE))
            if event == "kill":
                bot.kill()
                unknown.append(_sending(data))
                log.write_text("")
                bot = BotProcess(api, data, log)
            else:
                act(data, lambda scene: _try(lambda: service.pause(scene, None, 1)))
                time.sleep(chance.uniform(0.0, LONGEST_PAUSE))
                act(data, lambda scene: _try(lambda: service.resume(scene, None, 1)))
        left = _left(data)
        api.unfault()
        bot.wait_for(STARTED)
        _wait_until_done(data)
        assert bot.stop() == 0
    finally:
        bot.kill()
    states = _states(data)
    received = Counter(record.chat for record in api.transcript(kind="message") if WORDS in record.text)
    assert received.keys() <= people.keys()
    assert max(received.values()) == 1
    ends = Counter(states[person] for person in people.values())
    # Whoever had blocked the bot before the list was written is left out; the others are on their way like anybody.
    blocked = set(crowd[::BLOCKED_EVERY])
    for chat, person in people.items():
        assert states[person] in (("skipped", "failed", "unknown") if chat in blocked else ("sent", "unknown")), chat
        assert chat not in blocked or not received[chat]
        if states[person] != "unknown":
            assert received[chat] == (states[person] == "sent"), (chat, states[person])
    # Each kill makes those unknown that were on their way, and no others.
    assert max(unknown) <= MOST_BROADCASTS
    assert ends["unknown"] <= sum(unknown)
    assert left, "the broadcast was over before the last kill"
    print(  # noqa: T201 - the figures of the proof
        f"\n{kills} kills and {pauses} pauses (seed {seed}), {len(people)} people: nobody twice, nobody forgotten; "
        f"{ends['sent']} sent, {ends['failed']} failed, {ends['unknown']} unknown of {sum(unknown)} on their way"
    )


def _fill(scene: Scene, api: BotApi, crowd: list[int], people: dict[int, int]) -> None:
    """Let everybody be a member, and a broadcast to all of them go."""
    unit = office.create_unit(scene, "Sở Ví Dụ")
    account = api.token.split(":")[0]
    for user in crowd:
        person = person_at(scene.database, Address("telegram", account, str(user), str(user)), scene.stamp)
        put(scene.database, person, f"Người {user}", unit, scene.stamp)
        people[user] = person
    number = service.write(scene, None, {**CONTENT, "text": WORDS}, EVERYBODY)
    service.make_urgent(scene, None, number, True)
    service.send(scene, None, number, WORDS)


def _try(does: Callable[[], object]) -> None:
    """Do what is refused where the broadcast is not so far, or over."""
    try:
        does()
    except Refusal:
        return


def _ask(data: Path, sql: str) -> list[tuple[object, ...]]:
    database = Database(data / FILE_NAME)
    try:
        return [tuple(row.values()) for row in database.rows(sql)]
    finally:
        database.close()


def _sending(data: Path) -> int:
    return len(_ask(data, "SELECT id FROM outbox WHERE state = 'sending' AND class = 3 AND lease_until > ''"))


def _left(data: Path) -> int:
    return len(_ask(data, "SELECT 1 FROM recipients WHERE state IN ('waiting', 'queued')"))


def _states(data: Path) -> dict[object, object]:
    return {person: state for person, state in _ask(data, "SELECT person_id, state FROM recipients")}  # noqa: C416 - typed


def _wait_until_done(data: Path) -> None:
    end = time.monotonic() + 5 * PATIENCE
    while True:
        database = Database(data / FILE_NAME)
        try:
            found = broadcasts.get(database, 1)
        finally:
            database.close()
        assert found is not None
        if found.state == "done":
            return
        assert time.monotonic() < end, found
        time.sleep(0.2)
