"""Killed at random moments while many people answer: each answer is taken once, and none is lost.

Everybody types the letters of his answers one after the other; what each has answered at the end is what he typed,
whenever the bot was killed.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from contextlib import closing
from pathlib import Path

from handlers.authorization import Actor, Scene
from handlers.people import service
from handlers.quiz import bank, rounds
from handlers.quiz.question import Option, Question
from handlers.quiz.rounds import Rules
from storage import members, quiz_rounds
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.run_process import STARTED, BotProcess

PEOPLE, FIRST_PERSON = 60, 300_000
PAUSE = 3.0
"""Seconds between two messages of a person, so that nobody writes faster than a person does."""
LONGEST_LIFE = 4.0

Answers = dict[int, list[int]]


def prepare(data: Path, account: str, questions: int) -> None:
    """An office with a round that is open for everybody, before the bot runs for the first time."""
    now = dt.datetime.now(dt.UTC)
    data.mkdir(parents=True)
    with closing(Database(data / FILE_NAME)) as database, database.transaction():
        scene = Scene(database, Actor(CONSOLE), now, now.date())
        unit = service.create_unit(scene, "Sở Ví Dụ")
        options = (Option("x", 100.0), Option("y"), Option("z"), Option("t"))
        bank.replace_bank(
            scene, "Ngân hàng", [Question(f"Câu thứ {n}?", options, name=f"c{n}") for n in range(questions)]
        )
        rules = Rules(draw=0, shuffle=False)
        number = rounds.plan_round(scene, "Đợt một", "Ngân hàng", rules, now, now + dt.timedelta(days=1))
        quiz_rounds.set_state(database, number, "open")
        for chat in range(FIRST_PERSON, FIRST_PERSON + PEOPLE):
            person = person_at(database, Address("telegram", account, str(chat), str(chat)), now.isoformat())
            members.put(
                database, person, name=f"Người {chat}", folded=f"nguoi {chat}", position="", code=None, state="joined",
                now=now.isoformat(),
            )  # fmt: skip
            members.transfer(database, person, unit, now.date().isoformat())
            quiz_rounds.add_person(database, number, person, unit)


def write(api: BotApi, answers: Answers, questions: int) -> None:
    """Let everybody begin and answer, a message each in every pause."""
    for turn in range(questions + 2):
        begun = time.monotonic()
        if turn < 2:
            api.load([(person, ("trắc nghiệm", "làm bài")[turn]) for person in answers])
        else:
            api.load([(person, "ABCD"[chosen[turn - 2]]) for person, chosen in answers.items()])
        time.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))


def taken(data: Path) -> dict[int, tuple[bool, list[int]]]:
    """Whether everybody has finished, and what he answered."""
    with closing(Database(data / FILE_NAME)) as database:
        chats = {row["person_id"]: int(row["chat"]) for row in database.rows("SELECT person_id, chat FROM addresses")}
        answers = quiz_rounds.answers(database, 1)
        found = {}
        for attempt in quiz_rounds.attempts(database, 1):
            own = [one.chosen[0] for one in answers if one.attempt == attempt.id and one.chosen]
            assert attempt.person is not None
            assert chats[attempt.person] not in found, "begun twice"
            found[chats[attempt.person]] = (attempt.finished_at is not None, own)
        return found


def test_no_answer_is_lost_or_taken_twice(api: BotApi, tmp_path: Path, full_size: bool) -> None:
    kills, questions = (100, 60) if full_size else (4, 4)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    answers = {person: chance.choices(range(4), k=questions) for person in api.crowd(FIRST_PERSON, PEOPLE)}
    data, log = tmp_path / "data", tmp_path / "log.txt"
    log.touch()
    prepare(data, api.token.partition(":")[0], questions)
    # So slow that at each moment some messages are on their way.
    api.fault("slow", method="sendMessage", times=None, seconds=0.1)
    writing = threading.Thread(target=write, args=(api, answers, questions))
    writing.start()
    try:
        for _ in range(kills):
            bot = BotProcess(api, data, log)
            time.sleep(chance.uniform(0.0, LONGEST_LIFE))
            bot.kill()
    finally:
        writing.join()
    api.unfault()
    bot = BotProcess(api, data, tmp_path / "last.txt")
    try:
        bot.wait_for(STARTED)
        end = time.monotonic() + 120
        wanted = {person: (True, chosen) for person, chosen in answers.items()}
        while (found := taken(data)) != wanted:
            assert time.monotonic() < end, (
                seed,
                {p: (found.get(p), wanted[p]) for p in wanted if found.get(p) != wanted[p]},
            )
            time.sleep(0.5)
        assert bot.stop() == 0
    finally:
        bot.kill()
