"""A broadcast with no limits on: messages a second beside bare send loops, one server on loopback, one run.

The loops send as many at once as a broadcast does, and keep nothing. Ours takes each from its list, commits that it
goes out before it leaves, and then how it ended.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import datetime as dt
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.tables import Table, number
from bot.dispatch import MOST_BROADCASTS
from handlers.authorization import Actor, Scene
from handlers.broadcast import service
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi

MESSAGES = 20_000
ROUNDS = 3
FEW = 200
"""Messages of a quick run."""

FIRST_PERSON = 30_000_000
WORDS = "Anh/chị bật xác thực hai bước cho mọi tài khoản mạng xã hội."

SHARE_LIMIT, RATE_LIMIT = 0.5, 1_000.0
"""Of the rate of a bare loop on our transport, and messages a second: what Telegram lets be paid for at most."""

SLOWEST = 600.0
_PROFILED = 12

_TITLES = {
    "ptb": "python-telegram-bot, send loop, its own transport",
    "ptb-ours": "python-telegram-bot, send loop, our transport",
    "aiogram": "aiogram, send loop",
    "ungxu": "ungxu, a broadcast",
}


def run(messages: int = MESSAGES, rounds: int = ROUNDS) -> Table:
    """Measure every sender `rounds` times in turn; return the table of medians."""
    rates: dict[str, list[float]] = {name: [] for name in _TITLES}
    with BotApi.start() as api:
        for _ in range(rounds):
            for name in _TITLES:
                rates[name].append(_measure(api, name, messages))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    rows = [
        [
            title,
            number(medians[name]),
            f"{min(rates[name]):.0f} to {max(rates[name]):.0f}",
            f"{medians['ungxu'] / medians[name]:.2f}",
        ]
        for name, title in _TITLES.items()
    ]
    share = medians["ungxu"] / medians["ptb-ours"]
    kept = "kept" if share >= SHARE_LIMIT and medians["ungxu"] >= RATE_LIMIT else "NOT KEPT"
    return Table(
        f"A broadcast with no limits on: {messages} messages, {rounds} rounds",
        ["sender", "messages/s", "rounds", "ours to it"],
        rows,
        [
            f"From the first message that reached the server to the last, {MOST_BROADCASTS} at once. The limits are"
            f" {SHARE_LIMIT} of the loop on our transport and {RATE_LIMIT:,.0f}/s: {kept}. The server shares the cores."
        ],
    )


def _measure(api: BotApi, name: str, messages: int, profile: str = "") -> float:
    """Messages a second of one sender; ours may print where the time of one of its threads went."""
    api.reset()
    people = api.crowd(FIRST_PERSON, messages)
    with tempfile.TemporaryDirectory() as folder:
        if name == "ungxu":
            prepare(Path(folder), list(people), api.token.split(":")[0])
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("UNGXU_")},
            "UNGXU_TELEGRAM_TOKEN": api.token,
            "UNGXU_TELEGRAM_API_URL": api.url,
            "UNGXU_TELEGRAM_RATE": "1000000",
            "UNGXU_DATA": folder,
        }
        command = [sys.executable, "-m", "benchmarks.sending", name, "--messages", str(messages)]
        command += ["--profile", profile] if profile else []
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + SLOWEST
            while True:
                # A loop ends when it has sent everything, which the server has counted by then.
                has_ended = process.poll() is not None
                if api.counters().methods.get("sendMessage", 0) >= messages:
                    break
                if has_ended or time.monotonic() > end:
                    raise TimeoutError(f"{name} did not send everything")
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait()
    records = api.transcript(kind="message")
    # Everybody once, or the rate is one of something else.
    assert {record.chat for record in records} == set(people)
    assert len(records) == messages
    times = [record.monotonic for record in records]
    return messages / (max(times) - min(times))


def prepare(folder: Path, people: list[int], account: str) -> None:
    """Let people be members who are reached on Telegram, and a broadcast to all of them go."""
    database = Database(folder / FILE_NAME)
    now = dt.datetime.now(dt.UTC)
    rows = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
    values = {"last": len(people) - 1, "now": now.isoformat(), "first": people[0], "account": account}
    with database.transaction():
        for statement in (
            "INSERT INTO people (id, created_at) {n} SELECT i + 1, :now FROM n",
            "INSERT INTO members (person_id, name, folded, state, since)"
            " {n} SELECT i + 1, 'Nguyễn Văn Ví Dụ', 'nguyen van vi du', 'joined', :now FROM n",
            "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
            " {n} SELECT 'telegram', :account, :first + i, :first + i, i + 1, :now FROM n",
        ):
            database.run(statement.replace("{n}", rows), values)
        scene = Scene(database, Actor(CONSOLE), now, now.date())
        broadcast = service.write(scene, None, {"text": WORDS}, {"kind": "all"})
        service.make_urgent(scene, None, broadcast, True)
        service.send(scene, None, broadcast, WORDS)
    database.close()


# The senders


def _loop(connect: Callable[[], Awaitable[Callable[[int], Awaitable[object]]]], messages: int) -> None:
    """Send to everybody, as many at once as a broadcast does."""

    async def work() -> None:
        send = await connect()
        people = iter(range(FIRST_PERSON, FIRST_PERSON + messages))

        async def one() -> None:
            for person in people:
                await send(person)

        await asyncio.gather(*(one() for _ in range(MOST_BROADCASTS)))

    asyncio.run(work())


def loop_with_ptb(token: str, url: str, messages: int, *, ours: bool) -> None:
    """A loop of python-telegram-bot's `send_message`."""
    from telegram import Bot
    from telegram.request import HTTPXRequest

    from bot.channels.telegram.transport import AiohttpRequest

    async def connect() -> Callable[[int], Awaitable[object]]:
        request = AiohttpRequest(256, 15.0) if ours else HTTPXRequest(connection_pool_size=256)
        bot = Bot(token, base_url=f"{url}/bot", request=request)
        await bot.initialize()
        return lambda person: bot.send_message(person, WORDS)

    _loop(connect, messages)


def loop_with_aiogram(token: str, url: str, messages: int) -> None:
    """A loop of aiogram's `send_message`."""
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    async def connect() -> Callable[[int], Awaitable[object]]:
        bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url), limit=256))
        return lambda person: bot.send_message(person, WORDS)

    _loop(connect, messages)


def ungxu(profile: str) -> None:
    """`ungxu run`; with "storage" or "loop" it prints at its end where the time of that thread went."""
    from bot import running, worker
    from bot.settings import load_settings

    settings = load_settings()
    if not profile:
        running.run(settings, print)
        return
    profiler = cProfile.Profile()
    if profile == "storage":
        share = worker.Worker.share

        async def profiled(self: worker.Worker, act: Callable[..., object], *args: object, **more: object) -> object:
            return await share(self, lambda database: profiler.runcall(act, database, *args, **more))

        worker.Worker.share = profiled  # type: ignore[assignment, method-assign]
        running.run(settings, print)
    else:
        profiler.runcall(running.run, settings, print)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(_PROFILED)


def main() -> None:
    """Run one of the senders, or without a name measure them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sending", description=main.__doc__)
    parser.add_argument("sender", nargs="?", choices=_TITLES)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", choices=("storage", "loop"), help="where the time of this thread of ours goes")
    options = parser.parse_args()
    if options.profile and not options.sender:
        with BotApi.start() as api:
            print(f"{_measure(api, 'ungxu', options.messages, options.profile):.0f} messages/s with the profile on")
        return
    if not options.sender:
        print(run(options.messages, options.rounds).markdown())
        return
    token, url = os.environ["UNGXU_TELEGRAM_TOKEN"], os.environ["UNGXU_TELEGRAM_API_URL"]
    if options.sender == "ungxu":
        ungxu(options.profile or "")
    elif options.sender == "aiogram":
        loop_with_aiogram(token, url, options.messages)
    else:
        loop_with_ptb(token, url, options.messages, ours=options.sender == "ptb-ours")


if __name__ == "__main__":
    main()
