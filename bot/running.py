"""`ungxu run`: every configured channel, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import logging
import math
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence

from bot import logs, metrics
from bot.app import App
from bot.channels.base import Channel, NetworkChannel, Shelving
from bot.channels.configured import configured
from bot.clock import utc_now
from bot.dispatch import OLDEST_ANSWER
from bot.errors import InputError, SettingsError
from bot.explaining import TEXTS
from bot.heartbeat import keep_beating
from bot.housekeeping import keep_tidy
from bot.settings import Settings
from bot.upkeep import plan_reseal
from bot.web import Health, make_app, serving
from handlers.plan import month
from handlers.texts import Texts, load_texts
from storage import bots, leases, outbox, usage
from storage.database import Database
from storage.errors import StorageBusy, StorageError

log = logging.getLogger(__name__)

# How long what is on its way may take to end when the bot is told to stop.
GRACE = 10.0

# Who polls an account says so this often, and is believed for so long.
LEASE_INTERVAL = 10.0
LEASE = dt.timedelta(seconds=30)

# Who has sent this share of what he may for so long is busy, not stuck.
AT_PACE, AT_PACE_FOR = 0.5, dt.timedelta(minutes=1)


def run(settings: Settings, write: Callable[[str], None]) -> None:
    """Run until a signal or an interrupt; raise the named errors of the rooms where it cannot start.

    In a terminal a few lines tell how it goes.
    """
    logs.set_up(settings.secrets)
    texts = load_texts(settings.office)
    channels = configured(settings, texts)
    if not any(channel.abilities.hears for channel in channels):
        raise InputError(TEXTS("cli.run_no_channel"))

    # The log is for whoever looks after the bot; whoever has just started it sits here.
    watched = sys.stdout is not None and sys.stdout.isatty()

    async def until_signal() -> None:
        stop = asyncio.Event()
        _on_signals(asyncio.get_running_loop(), stop)
        telling = asyncio.create_task(_tell(channels, texts, write)) if watched else None
        try:
            await run_until(stop, settings, channels)
        finally:
            if telling:
                await _cancel([telling])

    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(until_signal())
    if watched:
        write(texts("cli.run_stopped"))


async def _tell(channels: Sequence[NetworkChannel], texts: Texts, write: Callable[[str], None]) -> None:
    """Say that the bot starts and how it is stopped, and then under which name each channel receives."""
    write(texts("cli.run_starting"))
    heard = [channel for channel in channels if channel.abilities.hears]
    for introduced in asyncio.as_completed([channel.introduced() for channel in heard]):
        write(texts("cli.run_receives", bot=await introduced))


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where there is one, as on Windows there is not: a tenth more answers a second."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def run_until(stop: asyncio.Event, settings: Settings, channels: Sequence[NetworkChannel]) -> None:
    """Run until told to stop; raise the named errors of the rooms where it cannot start."""
    logs.log_loop_faults(asyncio.get_running_loop())
    app = App(settings, channels)
    try:
        await app.worker.write(app.presence.free_the_dead)
        await app.worker.write(plan_reseal, app.box, utc_now().isoformat())
        await app.worker.run(app.prepare)
        # Whatever was loaded so far stays: without this, looking through it again stops everything now and then.
        gc.collect()
        gc.freeze()
        async with contextlib.AsyncExitStack() as open_things:
            for channel in channels:
                await channel.open()
                open_things.push_async_callback(channel.close)
            port = await open_things.enter_async_context(_serving(settings, app, channels))
            log.info("started", extra={"channels": [channel.name for channel in channels], "port": port})
            await work(app, channels, stop)
    finally:
        with contextlib.suppress(StorageError):
            await app.worker.write(leases.free, app.presence.owner)
        app.close()
    log.info("stopped", extra={"sent": app.delivery.sent})


async def work(app: App, channels: Sequence[NetworkChannel], stop: asyncio.Event) -> None:
    """Receive, send and fetch until told to stop; then end in an order that loses nothing."""
    receiving = [asyncio.create_task(_receive(app, channel)) for channel in channels]
    tidying = keep_tidy(app.worker, utc_now, app.receiver.happened, app.receiver.office.retention)
    beside = [
        asyncio.create_task(app.fetcher.run()),
        asyncio.create_task(tidying),
        asyncio.create_task(keep_beating(app.worker, utc_now)),
        asyncio.create_task(app.scheduler.run()),
        asyncio.create_task(app.aside.keep_tidy(utc_now)),
    ]
    sending = asyncio.create_task(app.delivery.run())
    stopped = asyncio.create_task(_told(stop))
    tasks = [*receiving, *beside, sending]
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        log.info("stopping")
        # Nothing more comes in; what came is taken, what is on its way ends, what is left stays in the outbox.
        await _cancel([stopped, *receiving])
        await app.intake.finish()
        await _cancel(beside)
        app.delivery.stop()
        _, late = await asyncio.wait([sending], timeout=GRACE)
        if late:
            app.delivery.abort()
            await asyncio.wait([sending], timeout=GRACE)
    for task in tasks:
        # A part that ended by itself ended by a fault.
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error


async def _told(stop: asyncio.Event) -> None:
    await stop.wait()


async def _receive(app: App, channel: Channel) -> None:
    """Receive on a channel; one that polls only while no other process does."""
    if not channel.polls:
        await channel.receive(app.intake.take)
        return None
    name, owner = f"polling:{channel.name}:{channel.account}", app.presence.owner
    task: asyncio.Task[None] | None = None
    try:
        while True:
            held = await _hold(app, name, owner)
            # A busy storage tells nothing, and nobody else can take the lease then either.
            mine = task is not None if held is None else held
            if mine and task is None:
                log.info("receiving", extra={"channel": channel.name})
                task = asyncio.create_task(channel.receive(app.intake.take))
            elif not mine and task is not None:
                log.warning("another process receives now", extra={"channel": channel.name})
                await _cancel([task])
                task = None
            if task is None:
                await asyncio.sleep(LEASE_INTERVAL)
                continue
            await asyncio.wait([task], timeout=LEASE_INTERVAL)
            if task.done():
                return task.result()
    finally:
        if task is not None:
            await _cancel([task])
        with contextlib.suppress(StorageError):
            await app.worker.write(leases.release, name, owner)


async def _hold(app: App, name: str, owner: str) -> bool | None:
    now = utc_now()
    try:
        return await app.worker.write(leases.acquire, name, owner, now.isoformat(), (now + LEASE).isoformat())
    except StorageBusy:
        return None


@contextlib.asynccontextmanager
async def _serving(settings: Settings, app: App, channels: Sequence[NetworkChannel]) -> AsyncIterator[int | None]:
    if settings.address is None:
        yield None
        return
    webhooks = [channel.webhook for channel in channels if channel.webhook]
    shelves = [channel.shelf for channel in channels if isinstance(channel, Shelving) and channel.shelf]
    served = make_app(webhooks, shelves, lambda: _health(app, channels), lambda: _metrics(app, channels))
    host, port = settings.address
    try:
        async with serving(served, host, port) as found:
            yield found
    except OSError as error:
        raise SettingsError("UNGXU_LISTEN", f"{settings.listen}: {error.strerror}") from None


async def _health(app: App, channels: Sequence[NetworkChannel]) -> Health:
    troubles = [f"account:{name}" for name in app.delivery.unusable()]
    troubles += [f"receiving:{channel.name}: {channel.trouble}" for channel in channels if channel.trouble]
    try:
        oldest = OLDEST_ANSWER.total_seconds()
        old = {name for name, urgency, _, _, age in await _depths(app) if urgency == outbox.ANSWER and age > oldest}
        late = [channel for channel in channels if channel.name in old]
        if late and not await app.worker.run(_are_at_their_pace, late, utc_now()):
            troubles.append("old answers")
    except StorageError:
        return Health([*troubles, "storage"])
    return Health(troubles)


def _are_at_their_pace(database: Database, channels: Sequence[NetworkChannel], now: dt.datetime) -> bool:
    """Whether answers go out as fast as they may: then they wait because very many asked, and nothing is wrong."""
    since = (now - AT_PACE_FOR).isoformat()
    for channel in channels:
        allowed = channel.limits.rate * AT_PACE_FOR.total_seconds() if channel.limits else math.inf
        if outbox.sent_since(database, channel.name, channel.account, outbox.ANSWER, since) < AT_PACE * allowed:
            return False
    return True


async def _metrics(app: App, channels: Sequence[NetworkChannel]) -> bytes:
    return metrics.exposition(await _depths(app), await app.worker.run(_plans, channels, utc_now()))


def _plans(database: Database, channels: Sequence[NetworkChannel], now: dt.datetime) -> list[metrics.PlanUse]:
    """What the accounts that have a plan have used of it."""
    found = []
    for channel in channels:
        if channel.limits and channel.limits.monthly:
            used = usage.get(database, channel.name, channel.account, month(now))
            people = bots.people(database, channel.name, channel.account)
            account = (channel.name, channel.account, used.sent, used.received)
            found.append(metrics.PlanUse(*account, channel.limits.monthly, people))
    return found


async def _depths(app: App) -> list[metrics.Depth]:
    now = utc_now()
    return [
        (channel, urgency, state, count, (now - dt.datetime.fromisoformat(oldest)).total_seconds())
        for channel, urgency, state, count, oldest in await app.worker.run(outbox.depths)
    ]


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop at SIGINT and SIGTERM; a second one ends at once."""
    for number in (signal.SIGINT, signal.SIGTERM):

        def told(number: signal.Signals = number) -> None:
            stop.set()
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)

        try:
            loop.add_signal_handler(number, told)
        except NotImplementedError:
            # Windows: its loop has none; Ctrl+C and Ctrl+Break come as ordinary signals.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, lambda *_: loop.call_soon_threadsafe(stop.set))
