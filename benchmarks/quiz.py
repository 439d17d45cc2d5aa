"""A round of a quiz that everybody takes at once, with no limits on: no answer is lost, and nobody waits long.

People press the buttons of the messages that they really got. First everybody begins at once and answers the first
question at once: that is what the bot can do. Then answers come by chance, at a part of that rate, and plain questions
of others at the same rate before and after.
"""

from __future__ import annotations

import argparse
import datetime as dt
import heapq
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.bots import texts
from benchmarks.quiz_pieces import LIMIT, pieces
from benchmarks.tables import Table
from handlers.authorization import Actor, Scene
from handlers.people import service
from handlers.quiz import bank, results, rounds
from handlers.quiz.bank import from_json
from handlers.quiz.rounds import Rules
from storage import quiz_attempts, quiz_rounds, quizzes
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.quiz_takers import Taker, Takers

PEOPLE, QUESTIONS, UNITS = 5_000, 10, 400
QUICK, QUICK_QUESTIONS = 20, 3

FIRST_PERSON, FIRST_ASKING = 40_000_000, 60_000_000
BANK, TITLE = "Ngân hàng ví dụ", "Đợt ví dụ"

LOAD = 0.6
"""The part of the capacity at which answers come."""
SLOWER_LIMIT = 2.0

PLAIN_SECONDS = 15.0
"""How long plain questions are asked, before the answers and after them."""

THINKING = 4.0
"""Seconds that everybody takes for a question at least, on average: a chat may not get more messages a second."""

_REST = 3.0
"""Seconds after which a chat may get as many messages in a row as it ever may."""

_LOOK = 0.02
_SLOWEST = 120.0
_TOLD_EVERY = 20.0
_FAULTS_TOLD = 10


@dataclass
class Measured:
    """What was seen.

    Attributes:
        opening: seconds from the first invitation to the last.
        starts, capacity: people who begin, and answers, a second, all at once.
        rate: answers a second that came afterwards.
        waits, plain: how long the replies to answers and to plain questions took at that rate, in seconds.
        pressed: answers that were given, without those pressed twice or late; `presses` has them all.
        faults: what differs between what people did and what was counted and told, in words.
        pieces: seconds for which each thing that an administrator then asks for holds others up.
    """

    people: int
    questions: int
    opening: float = 0.0
    starts: float = 0.0
    capacity: float = 0.0
    rate: float = 0.0
    waits: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    pressed: int = 0
    presses: int = 0
    faults: list[str] = field(default_factory=list)
    pieces: dict[str, float] = field(default_factory=dict)


def run(people: int = PEOPLE, questions: int = QUESTIONS) -> Table:
    """Let a round be taken; return the table."""
    done = measure(people, questions)
    for fault in done.faults[:_FAULTS_TOLD]:
        _say(fault)
    slower = statistics.median(done.waits) / statistics.median(done.plain)
    held, longest = max((seconds, what) for what, seconds in done.pieces.items())
    rows = [
        _row("answers lost, counted twice or told wrongly", len(done.faults), 0, not done.faults),
        _row("median reply, to that of a plain question", slower, SLOWER_LIMIT, slower <= SLOWER_LIMIT),
        _row(f"longest piece of the results: {longest}, ms", held * 1000, LIMIT * 1000, held <= LIMIT),
        ["answers a second, all at once", f"{done.capacity:.0f}", "-", "-"],
        ["people who begin a second, all at once", f"{done.starts:.0f}", "-", "-"],
        ["invitations a second", f"{people / done.opening:.0f}" if done.opening else "-", "-", "-"],
        ["answers a second then", f"{done.rate:.0f}", "-", "-"],
        _times("reply to an answer, median, ms", done.waits, 50),
        _times("reply to an answer, 95th percentile, ms", done.waits, 95),
        _times("reply to a plain question, median, ms", done.plain, 50),
        _times("reply to a plain question, 95th percentile, ms", done.plain, 95),
    ]
    return Table(
        f"A round of {questions} questions for {people:,} people, no limits on",
        ("what", "measured", "limit", "kept"),
        rows,
        [
            f"{done.pressed:,} answers; {done.presses - done.pressed - people:,} presses were done twice or late beside"
            f" them. {len(done.waits):,} of the replies and {len(done.plain):,} plain questions came at {LOAD:.0%} of"
            " the rate that was possible all at once. Compared: what each person was shown and pressed, what is stored"
            " of him, what he was told at the end, and the figures of the round. The server and the people share the"
            " cores.",
            "How long each piece of the results holds others up, in ms: "
            + ", ".join(f"{what} {1000 * seconds:.1f}" for what, seconds in done.pieces.items())
            + ".",
        ],
    )


def measure(people: int, questions: int, profile: str = "", seed: int = 1) -> Measured:
    """Let a round be taken; return what was seen."""
    done = Measured(people, questions)
    with BotApi.start() as api, tempfile.TemporaryDirectory() as folder:
        takers = Takers(api, api.crowd(FIRST_PERSON, people), random.Random(seed))
        asking = api.crowd(FIRST_ASKING, max(people // 4, 10))
        prepare(Path(folder), list(takers.all), questions, api.token.partition(":")[0])
        with running_bot(api, Path(folder), profile):
            _take(api, takers, asking, done, seed)
        done.pressed = sum(len(taker.answers) for taker in takers.all.values())
        done.presses = takers.presses
        with closing(Database(Path(folder) / FILE_NAME)) as database:
            done.faults = list(faults(database, takers))
            done.pieces = pieces(database, 1, dt.datetime.now(dt.UTC))
    return done


def prepare(folder: Path, people: Sequence[int], questions: int, account: str) -> None:
    """Let people be members of an office who are reached on Telegram, and a round for all of them open now."""
    now = dt.datetime.now(dt.UTC)
    rows = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
    values = {
        "last": len(people) - 1,
        "now": now.isoformat(),
        "day": now.date().isoformat(),
        "first": people[0],
        "account": account,
    }
    with closing(Database(folder / FILE_NAME)) as database, database.transaction():
        scene = Scene(database, Actor(CONSOLE), now, now.date())
        top = service.create_unit(scene, "Sở Ví Dụ")
        units = [service.create_under(scene, top, f"Phòng Ví Dụ {number}") for number in range(1, UNITS + 1)]
        for statement in (
            "INSERT INTO people (id, created_at) {n} SELECT i + 1, :now FROM n",
            "INSERT INTO members (person_id, name, folded, state, since)"
            " {n} SELECT i + 1, 'Nguyễn Văn Ví Dụ', 'nguyen van vi du', 'joined', :now FROM n",
            "INSERT INTO memberships (person_id, unit_id, from_day) {n} SELECT i + 1, :unit + i % :units, :day FROM n",
            "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
            " {n} SELECT 'telegram', :account, :first + i, :first + i, i + 1, :now FROM n",
        ):
            database.run(statement.replace("{n}", rows), {**values, "unit": units[0], "units": UNITS})
        bank.replace_bank(scene, BANK, bank.built_in())
        rounds.plan_round(
            scene, TITLE, BANK, Rules(draw=questions, by_name=True, any_hour=True), now, now + dt.timedelta(days=7)
        )


def faults(database: Database, takers: Takers) -> Iterator[str]:
    """Yield what differs between what people were shown and pressed, and what was stored, told and counted."""
    asked = {
        one.id: from_json(one.content)
        for number in quiz_rounds.questions_of(database, 1)
        if (one := quizzes.question(database, number))
    }
    texts_of = {question.text: question for question in asked.values()}
    chats = {row["person_id"]: int(row["chat"]) for row in database.rows("SELECT person_id, chat FROM addresses")}
    stored: dict[int, list[tuple[str, str]]] = {}
    of_attempt = {one.id: chats[one.person] for one in quiz_attempts.of_round(database, 1) if one.person in chats}
    for answer in quiz_attempts.answers(database, 1):
        question = asked[answer.question]
        chosen = "; ".join(question.options[place].text for place in answer.chosen or ())
        stored.setdefault(of_attempt[answer.attempt], []).append((question.text, chosen))
    tally: Counter[tuple[str, str]] = Counter()
    passed = 0
    mark = 0.8 - 1e-6
    for chat, taker in takers.all.items():
        tally.update(taker.answers)
        if stored.get(chat) != taker.answers:
            yield f"{chat}: pressed {taker.answers}, stored {stored.get(chat)}"
        points = 0.0
        for text, chosen in taker.answers:
            question = texts_of[text]
            points += question.score([[option.text for option in question.options].index(chosen)])
        share = points / len(taker.answers)
        passed += share >= mark
        if taker.told is None or taker.told[0] != (share >= mark) or abs(taker.told[1] - points) > 0.051:
            yield f"{chat}: has {points} points, was told {taker.told}"
    now = dt.datetime.now(dt.UTC)
    scene = Scene(database, Actor(CONSOLE), now, now.date())
    whole = results.see_results(scene, None, 1)
    if (whole.whole.begun, whole.whole.finished, whole.whole.passed) != (len(takers.all), len(takers.all), passed):
        yield f"counted {whole.whole}, but {len(takers.all)} took it and {passed} passed"
    counted = Counter(
        {
            (question.text, question.options[place].text): count
            for question, figures in whole.questions.values()
            for place, count in figures.chosen.items()
        }
    )
    if counted != tally:
        yield f"the figures of the questions differ: {counted - tally} too many, {tally - counted} too few"
    by_unit = results.see_units(scene, None, 1)
    if sum(one.figures.finished for one in by_unit) != len(takers.all):
        yield "the units together are not the whole"


# The course of it


def _take(api: BotApi, takers: Takers, asking: Sequence[int], done: Measured, seed: int) -> None:
    chance = random.Random(seed)
    until(takers, lambda: takers.invited, done.people, "are invited")
    told = [record.monotonic for record in api.transcript(kind="message")]
    done.opening = max(told) - min(told)
    done.starts = _all_at_once(takers, takers.begin)
    done.capacity = _all_at_once(takers, takers.answer)
    done.rate = min(LOAD * done.capacity, done.people / THINKING)
    _say(f"{done.starts:.0f} begin a second, {done.capacity:.0f} answer; now {done.rate:.0f} a second")
    done.plain = _ask(api, takers, asking, done.rate, chance)
    done.waits = _answer_by_chance(takers, done.rate, chance)
    done.plain += _ask(api, takers, asking, done.rate, chance)


def _all_at_once(takers: Takers, act: Callable[[list[Taker]], None]) -> float:
    """Let everybody do something at once; return how many replies a second came."""
    time.sleep(_REST)
    everybody = list(takers.all.values())
    began = time.monotonic()
    act(everybody)
    until(takers, lambda: len(everybody) - takers.waiting, len(everybody), "have a reply")
    return len(everybody) / (time.monotonic() - began)


def _answer_by_chance(takers: Takers, rate: float, chance: random.Random) -> list[float]:
    """Let answers come at a rate, each of anybody who has a question before him; return what was waited."""
    waits: list[float] = []
    due = told = time.monotonic()
    quiet = time.monotonic()
    while takers.finished < len(takers.all):
        now = time.monotonic()
        found = takers.look()
        waits += found
        quiet = now if found else quiet
        if now - quiet > _SLOWEST:
            raise TimeoutError(f"{takers.waiting} wait for a reply")
        number = 0
        while due <= now:
            due += chance.expovariate(rate)
            number += 1
        # Who has answered least goes first, so that all come to the end together and the rate is held until then.
        takers.answer(heapq.nsmallest(number, takers.ready, key=lambda taker: len(taker.answers)))
        if now - told > _TOLD_EVERY:
            told = now
            _say(f"{takers.finished} of {len(takers.all)} have finished, {len(waits)} replies")
        time.sleep(_LOOK)
    return waits


def _ask(api: BotApi, takers: Takers, people: Sequence[int], rate: float, chance: random.Random) -> list[float]:
    """Let others ask plain questions at a rate; return how long each answer took."""
    count = max(min(int(rate * PLAIN_SECONDS), len(takers.all)), 10)
    said = texts(count)
    since: dict[int, float] = {}
    waits: list[float] = []
    takers.look()
    seen = takers.seen
    asked, due = 0, time.monotonic()
    quiet = time.monotonic()
    while asked < count or since:
        now = time.monotonic()
        for record in api.transcript(since=seen):
            seen = record.number + 1
            if record.kind == "message" and record.chat in since:
                waits.append(record.monotonic - since.pop(record.chat))
                quiet = now
        if now - quiet > _SLOWEST:
            raise TimeoutError(f"{len(since)} questions were not answered")
        says = []
        free = [person for person in people if person not in since]
        while due <= now and asked < count and free:
            due += chance.expovariate(rate)
            person = free.pop(chance.randrange(len(free)))
            says.append((person, said[asked]))
            asked += 1
        if says:
            since |= dict.fromkeys((person for person, _ in says), time.monotonic())
            api.load(says)
        time.sleep(_LOOK)
    return waits


def until(takers: Takers, count: Callable[[], int], wanted: int, what: str) -> None:
    """Read what the bot sends until so many people are so far."""
    before, since = -1, time.monotonic()
    while (now := count()) < wanted:
        if now != before:
            before, since = now, time.monotonic()
        if time.monotonic() - since > _SLOWEST:
            raise TimeoutError(f"only {now} of {wanted} {what}")
        time.sleep(_LOOK)
        takers.look()
    _say(f"{wanted} {what}")


@contextmanager
def running_bot(api: BotApi, folder: Path, profile: str) -> Iterator[None]:
    """Run a bot with no limit on its pace; with "storage" or "loop" it prints at its end where the time went."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("UNGXU_")},
        "UNGXU_TELEGRAM_TOKEN": api.token,
        "UNGXU_TELEGRAM_API_URL": api.url,
        "UNGXU_TELEGRAM_RATE": "1000000",
        "UNGXU_DATA": str(folder),
    }
    command = [sys.executable, "-m", "benchmarks.sending", "ungxu", *(["--profile", profile] if profile else [])]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _say(text: str) -> None:
    """Tell how far it is, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def _row(what: str, measured: float, limit: float, kept: bool) -> list[str]:
    return [what, f"{measured:.2f}".removesuffix(".00"), f"{limit:g}", "yes" if kept else "NO"]


def _times(what: str, waits: Sequence[float], part: int) -> list[str]:
    return [what, f"{1000 * float(np.percentile(waits, part)):.0f}", "-", "-"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiz", description=main.__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--profile", choices=("storage", "loop"), help="where the time of this thread of ours goes")
    options = parser.parse_args()
    if options.profile:
        done = measure(options.people, options.questions, options.profile)
        print(f"{done.capacity:.0f} answers/s with the profile on")
        return
    print(run(options.people, options.questions).markdown())


if __name__ == "__main__":
    main()
