"""The whole way beside bare echo bots: one Bot API server on loopback, one load, one run.

Each bot is a process of its own and gets the same messages from the same people, all at once in the server's queue. The
echo bots send the text back; ours searches the documents, commits to its database and answers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.questions import QUESTIONS, load_lines
from benchmarks.tables import Table, number
from knowledge.text import fold
from tests.botapi.client import BotApi

MESSAGES = 3_000
ROUNDS = 5
FEW = 60
"""Messages of a quick run."""
EACH = 3
"""Messages of each person, as many as a chat may get at once."""

WARM_UP = 42
START = 30.0
SLOWEST = 120.0

# What the event loop is asked to do again and again, to see how late it does.
HEARTBEAT = 0.004
LAGS = "lag"
WATCHED = "ungxu-watched"

_TITLES = {
    "ptb": "python-telegram-bot, echo, its own transport",
    "ptb-ours": "python-telegram-bot, echo, our transport",
    "aiogram": "aiogram, echo",
    "ungxu": "ungxu, answered questions",
}


def run(messages: int = MESSAGES, rounds: int = ROUNDS) -> Table:
    """Measure every bot `rounds` times in turn; return the table of medians."""
    rates: dict[str, list[float]] = {name: [] for name in _TITLES}
    memory: dict[str, float] = {}
    lags: list[tuple[float, float]] = []
    with BotApi.start() as api:
        for _ in range(rounds):
            for name in _TITLES:
                rate, peak, _ = _measure(api, name, messages)
                rates[name].append(rate)
                memory[name] = max(memory.get(name, 0.0), peak)
            # By itself: whoever looks at the loop so often takes time from it, which the others need not give.
            *_, lag = _measure(api, WATCHED, messages)
            lags += [lag] if lag is not None else []
    medians = {name: statistics.median(found) for name, found in rates.items()}
    rows = [
        [
            title,
            number(medians[name]),
            f"{min(rates[name]):.0f} to {max(rates[name]):.0f}",
            f"{medians['ungxu'] / medians[name]:.2f}",
            f"{memory[name]:.0f}",
        ]
        for name, title in _TITLES.items()
    ]
    return Table(
        f"The whole way: {messages} messages, {EACH} from each person, {rounds} rounds",
        ["bot", "answers/s", "rounds", "ours to it", "peak MB"],
        rows,
        [
            "Update in, answer out, from the moment the messages lie in the server's queue to the last answer. Ours: "
            "retrieval, a durable commit of what came in, one of what is claimed, one of how it ended.",
            f"The event loop of ours, asked every {HEARTBEAT * 1000:.0f} ms under the same load, was late by at most "
            f"{', '.join(f'{most:.1f}' for most, _ in lags)} ms in as many rounds, one time in a thousand by more than "
            f"{max(rare for _, rare in lags):.1f} ms. Three processes share the cores.",
        ],
    )


def texts(count: int) -> list[str]:
    """Return so many questions: those of the regression set as they are, then without accents, then again."""
    lines = [line.text for line in load_lines(QUESTIONS)]
    both = lines + [fold(line) for line in lines]
    return [both[n % len(both)] for n in range(count)]


def _measure(api: BotApi, name: str, messages: int) -> tuple[float, float, tuple[float, float] | None]:
    """One bot and one load: answers a second, peak memory in MB, and where it is ours the lags of the loop, in ms."""
    api.reset()
    with tempfile.TemporaryDirectory() as folder, _bot(api, name, Path(folder)) as process:
        _load(api, WARM_UP, first_person=10_000_000)
        began = time.monotonic()
        _load(api, messages, first_person=20_000_000, before=WARM_UP)
        records = [r for r in api.transcript() if r.kind == "message" and r.chat >= 20_000_000]
        seconds = max(record.monotonic for record in records) - began
        peak = _peak(process.pid)
        process.terminate()
        out, _ = process.communicate(timeout=SLOWEST)
        found = next((line.split() for line in out.splitlines() if line.startswith(LAGS)), None)
        lag = (float(found[1]), float(found[2])) if found else None
    return messages / seconds, peak, lag


def _load(api: BotApi, count: int, first_person: int, before: int = 0) -> None:
    """Let so many people write, and wait until each has an answer."""
    people = api.crowd(first_person, -(-count // EACH))
    api.load((people[n % len(people)], text) for n, text in enumerate(texts(count)))
    end = time.monotonic() + (SLOWEST if before else START)
    while api.counters().methods.get("sendMessage", 0) < before + count:
        if time.monotonic() > end:
            raise TimeoutError("the bot did not answer everything")
        time.sleep(0.02)


@contextmanager
def _bot(api: BotApi, name: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("UNGXU_")},
        "UNGXU_TELEGRAM_TOKEN": api.token,
        "UNGXU_TELEGRAM_API_URL": api.url,
        "UNGXU_TELEGRAM_RATE": "1000000",
        "UNGXU_DATA": str(folder / "data"),
    }
    command = [sys.executable, "-m", "benchmarks.bots", name]
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield process
        except TimeoutError:
            errors.seek(0)
            sys.stderr.write(errors.read()[-4000:])
            raise
        finally:
            process.kill()
            process.communicate()


def _peak(pid: int) -> float:
    """The most memory that a process ever held, in MB, where the system tells it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


# The bots


def echo_with_ptb(token: str, url: str, *, ours: bool) -> None:
    """An echo bot as python-telegram-bot's guide writes it, with many updates at once."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    from bot.channels.telegram.transport import AiohttpRequest

    async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message and update.message.text:
            await update.message.reply_text(update.message.text)

    builder = Application.builder().token(token).base_url(f"{url}/bot").concurrent_updates(256)
    if ours:
        builder = builder.request(AiohttpRequest(256, 15.0)).get_updates_request(AiohttpRequest(1, 35.0))
    else:
        builder = builder.connection_pool_size(256)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


def echo_with_aiogram(token: str, url: str) -> None:
    """An echo bot as aiogram's guide writes it."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    async def work() -> None:
        bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url), limit=256))
        dispatcher = Dispatcher()

        @dispatcher.message()
        async def echo(message: Message) -> None:
            await message.answer(message.text or "")

        await dispatcher.start_polling(bot)

    asyncio.run(work())


def ungxu() -> None:
    """`ungxu run`."""
    from bot import running
    from bot.settings import load_settings

    running.run(load_settings(), print)


def ungxu_watched() -> None:
    """`ungxu run`, with somebody who looks how late its event loop is."""
    from bot import running
    from bot.settings import load_settings

    lags: list[float] = []
    work = running.work

    async def watched(*args: object) -> None:
        async def watch() -> None:
            while True:
                due = time.monotonic() + HEARTBEAT
                await asyncio.sleep(HEARTBEAT)
                lags.append(time.monotonic() - due)

        watching = asyncio.create_task(watch())
        try:
            await work(*args)  # type: ignore[arg-type]
        finally:
            watching.cancel()

    running.work = watched  # type: ignore[assignment]
    running.run(load_settings(), print)
    lags.sort()
    print(LAGS, 1000 * lags[-1], 1000 * lags[int(len(lags) * 0.999)])


_BOTS: dict[str, Callable[[str, str], None]] = {
    "ptb": lambda token, url: echo_with_ptb(token, url, ours=False),
    "ptb-ours": lambda token, url: echo_with_ptb(token, url, ours=True),
    "aiogram": echo_with_aiogram,
    "ungxu": lambda token, url: ungxu(),
    WATCHED: lambda token, url: ungxu_watched(),
}


def main() -> None:
    """Run one of the bots, or without a name measure them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bots", description=main.__doc__)
    parser.add_argument("bot", nargs="?", choices=_BOTS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if options.bot:
        _BOTS[options.bot](os.environ["UNGXU_TELEGRAM_TOKEN"], os.environ["UNGXU_TELEGRAM_API_URL"])
    else:
        print(run(options.messages, options.rounds).markdown())


if __name__ == "__main__":
    main()
