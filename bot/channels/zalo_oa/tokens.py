"""Keeping the account open: the access token renewed in time, the refresh token never lost by us.

A refresh token is good once. What is about to be done with it is committed before it leaves, and what it became in one
transaction with its end (`storage/oa_tokens.py` draws the states), so that at each moment a process may die:

- before the request left, or while nobody can tell: the same token is tried again, by this process or the next;
- after Zalo used it up and before the answer was kept: it is refused when it is tried again, unless Zalo forgives
  that. Nothing on this side can bring the lost pair back, so the administrators are told at once; the access token
  goes on until its end, and it is renewed early so that this is hours;
- after the answer was kept: the new pair is there.

One process at a time renews, by a lease; should two ever do (a lease that ran out under a machine that stood still),
both answers are kept, the newest is used, and the other is tried where that one is refused. A refused token is kept and
tried again now and then as long as there is no other: it may have been a wrong secret in the settings.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from bot.channels.zalo_oa.api import OpenApi, Tokens, TokensRefused
from bot.clock import Clock
from bot.errors import AccountUnusable, NotSent, TransportError
from bot.files import Box
from bot.worker import BUSY_PAUSE, Worker
from storage import leases, oa_tokens
from storage.database import Database
from storage.errors import StorageBusy, StorageError
from storage.oa_tokens import SealedPair

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
"""How long a process may renew alone: longer than a request."""

REQUEST_TIMEOUT = 20.0

# How long another process is waited for that renews, and how often is looked.
WAIT = 25.0
WAIT_PAUSE = 0.5

# An access token with less time left is not used any more: it may be over when it arrives.
MARGIN = dt.timedelta(seconds=60)
# So much of its life before its end it is renewed, within bounds.
SHARE = 4
LEAST_AHEAD, MOST_AHEAD = dt.timedelta(minutes=5), dt.timedelta(hours=6)

# A refused token is not tried again sooner.
REFUSED_PAUSE = dt.timedelta(minutes=10)

# How often is looked whether it is time, and the pauses where renewing fails.
LOOK = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

Alert = Callable[[Database, str], None]
"""Tells administrators something, by the name of its text, inside a transaction."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tokens, opened."""

    number: int
    access: SecretStr
    refresh: SecretStr
    received_at: dt.datetime
    until: dt.datetime
    refused_at: dt.datetime | None

    def holds(self, now: dt.datetime) -> bool:
        """Tell whether the access token can be used."""
        return self.until - MARGIN > now

    def due_at(self) -> dt.datetime:
        """Return from when on it is to be renewed."""
        ahead = (self.until - self.received_at) / SHARE
        return self.until - min(max(ahead, LEAST_AHEAD), MOST_AHEAD)


class TokenVault:
    """Reads and writes the tokens of an app, sealed with the office's keys."""

    def __init__(self, app: str, box: Box) -> None:
        self.app = app
        self._box = box

    def pairs(self, database: Database) -> list[Pair]:
        """Return those that can be opened, the newest first."""
        return [pair for pair in map(self._opened, oa_tokens.pairs(database, self.app)) if pair]

    def unreadable(self, database: Database) -> bool:
        """Tell whether there are tokens, and none can be opened with the keys that are there."""
        return bool(oa_tokens.pairs(database, self.app)) and not self.pairs(database)

    def reseal(self, database: Database) -> None:
        """Seal with the newest key what an older one sealed: the older may be taken away then."""
        for pair in self.pairs(database):
            access, refresh = self._boxed(pair.access, pair.refresh)
            oa_tokens.reseal(database, pair.number, access, refresh)

    def start_over(self, database: Database, tokens: Tokens, now: dt.datetime) -> None:
        """Keep the tokens of a consent, and forget all before."""
        oa_tokens.start_over(database, self.app, *self._sealed(tokens, now), now.isoformat())

    def succeed(self, database: Database, number: int, tokens: Tokens, asked: dt.datetime, now: dt.datetime) -> bool:
        """Keep the tokens that a pair became; `asked` is since when they can hold at the earliest."""
        return oa_tokens.succeed(database, number, self.app, *self._sealed(tokens, asked), now.isoformat())

    def _sealed(self, tokens: Tokens, since: dt.datetime) -> tuple[bytes, bytes, str]:
        until = since + dt.timedelta(seconds=tokens.seconds)
        return *self._boxed(tokens.access, tokens.refresh), until.isoformat()

    def _boxed(self, access: SecretStr, refresh: SecretStr) -> tuple[bytes, bytes]:
        return (
            self._box.seal(access.get_secret_value().encode(), self._place("access")),
            self._box.seal(refresh.get_secret_value().encode(), self._place("refresh")),
        )

    def _opened(self, sealed: SealedPair) -> Pair | None:
        access = self._box.open(sealed.access, self._place("access"))
        refresh = self._box.open(sealed.refresh, self._place("refresh"))
        if access is None or refresh is None:
            return None
        return Pair(
            number=sealed.number,
            access=SecretStr(access.decode()),
            refresh=SecretStr(refresh.decode()),
            received_at=dt.datetime.fromisoformat(sealed.received_at),
            until=dt.datetime.fromisoformat(sealed.access_until),
            refused_at=dt.datetime.fromisoformat(sealed.refused_at) if sealed.refused_at else None,
        )

    def _place(self, kind: str) -> bytes:
        return f"zalo oa {self.app}, {kind}".encode()


class TokenKeeper:
    """Gives access tokens and renews them, for one process among several."""

    def __init__(
        self,
        api: OpenApi,
        vault: TokenVault,
        worker: Worker,
        owner: str,
        *,
        alert: Alert,
        note: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """`owner` is the name of this process in leases; `note` is told what is wrong, "" where nothing is."""
        self._api = api
        self._vault = vault
        self._worker = worker
        self._owner = owner
        self._lease = f"oa tokens:{vault.app}"
        self._alert = alert
        self._note = note
        self._clock = clock
        self._renewal: asyncio.Task[None] | None = None
        self._finishing = False

    async def access(self) -> Pair:
        """Return a pair whose access token holds, renewed where none does.

        Raises NotSent, AccountUnusable where an administrator must agree (again), or StorageError.
        """
        pair = await self._holding()
        if pair is None:
            await self.renew()
            pair = await self._holding()
        if pair is None:
            raise NotSent("no access token")
        return pair

    async def end_access(self, pair: Pair) -> None:
        """Note that an access token was refused; raise AccountUnusable where it is too new to be renewed for that."""
        if self._clock() - pair.received_at < MARGIN:
            raise AccountUnusable("a new access token is refused")
        await self._worker.write(oa_tokens.end_access, pair.number, self._clock().isoformat())

    async def renew(self) -> None:
        """Renew where it is time; return when it is done, by this process or another. Raises as `access` does."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(_heard)
        # Whoever waits may be cancelled; an answer that is on its way must still be kept.
        await asyncio.shield(self._renewal)

    async def keep(self) -> None:
        """Renew in time until cancelled."""
        with contextlib.suppress(StorageBusy):
            # Where it cannot be done now, the next pair has the newest key.
            await self._worker.write(self._vault.reseal)
        pause = FIRST_PAUSE
        while True:
            try:
                wait = await self._worker.run(self._seconds_until_due)
                if wait <= 0:
                    await self.renew()
                    wait = 0.0
            except AccountUnusable:
                wait = LOOK
            except (TransportError, StorageBusy) as error:
                log.warning("zalo_oa: the tokens are not renewed yet: %s", error)
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
                with contextlib.suppress(StorageError):
                    if await self._holding() is None:
                        self._note("the tokens cannot be renewed")
            else:
                pause = FIRST_PAUSE
                self._note("")
            # Another process may renew, and an administrator may agree, at any time.
            await asyncio.sleep(min(max(wait, FIRST_PAUSE), LOOK))

    async def finish(self) -> None:
        """Return when nothing is on its way any more."""
        self._finishing = True
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _holding(self) -> Pair | None:
        now = self._clock()
        pairs = await self._worker.run(self._vault.pairs)
        return next((pair for pair in pairs if pair.holds(now)), None)

    def _seconds_until_due(self, database: Database) -> float:
        pairs = self._vault.pairs(database)
        return (pairs[0].due_at() - self._clock()).total_seconds() if pairs else 0.0

    async def _renew(self) -> None:
        give_up = time.monotonic() + WAIT
        try:
            while True:
                pair = await self._worker.write(self._begin)
                if pair is not None:
                    if await self._use(pair):
                        return
                    continue
                if await self._worker.run(self._seconds_until_due) > 0:
                    return
                if time.monotonic() > give_up or self._finishing:
                    raise NotSent("another process renews the tokens")
                await asyncio.sleep(WAIT_PAUSE)
        except AccountUnusable as error:
            self._note(str(error))
            raise
        finally:
            with contextlib.suppress(StorageError):
                await self._worker.write(leases.release, self._lease, self._owner)

    def _begin(self, database: Database) -> Pair | None:
        """Choose the pair whose refresh token leaves next, and note it; None while another process renews or has.

        Raises AccountUnusable where there is none to try.
        """
        now = self._clock()
        if not leases.acquire(database, self._lease, self._owner, now.isoformat(), (now + LEASE).isoformat()):
            return None
        pairs = self._vault.pairs(database)
        if pairs and pairs[0].due_at() > now:
            return None
        pair = _next_to_try(pairs, now)
        if pair is None:
            if pairs:
                raise AccountUnusable("the refresh token is refused")
            if self._vault.unreadable(database):
                raise AccountUnusable("the tokens cannot be read with these keys")
            raise AccountUnusable("nobody has agreed yet")
        oa_tokens.begin(database, pair.number, now.isoformat())
        return pair

    async def _use(self, pair: Pair) -> bool:
        """Use a refresh token; return whether it gave a new pair, which is kept then."""
        asked = self._clock()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                tokens = await self._api.refresh(pair.refresh)
        except TokensRefused as error:
            log.error("zalo_oa: a refresh token is refused: %s", error)
            await self._surely(lambda database: self._refused(database, pair))
            return False
        except (TransportError, TimeoutError) as error:
            raise NotSent(f"tokens: {str(error) or type(error).__name__}") from None
        await self._surely(lambda database: self._succeeded(database, pair, tokens, asked))
        log.info("zalo_oa: the tokens are renewed")
        return True

    async def _surely(self, act: Callable[[Database], None]) -> None:
        """Write, however long the storage is busy: what was learned is nowhere else."""
        while True:
            try:
                await self._worker.write(act)
            except StorageBusy:
                log.warning("storage busy, tokens wait to be kept")
                await asyncio.sleep(BUSY_PAUSE)
            else:
                return

    def _succeeded(self, database: Database, pair: Pair, tokens: Tokens, asked: dt.datetime) -> None:
        if not self._vault.succeed(database, pair.number, tokens, asked, self._clock()):
            log.warning("zalo_oa: somebody has agreed anew meanwhile")

    def _refused(self, database: Database, pair: Pair) -> None:
        now = self._clock()
        if not oa_tokens.refuse(database, pair.number, now.isoformat()):
            return
        if all(other.refused_at for other in self._vault.pairs(database)):
            self._alert(database, "alert.zalo_oa_refused")


def _next_to_try(pairs: Sequence[Pair], now: dt.datetime) -> Pair | None:
    """The newest that was not refused, or else the newest whose refusal is some time ago."""
    good = [pair for pair in pairs if pair.refused_at is None]
    old = [pair for pair in pairs if pair.refused_at and now - pair.refused_at >= REFUSED_PAUSE]
    return next(iter([*good, *old]), None)


def _heard(renewal: asyncio.Task[None]) -> None:
    """Look at how it ended, so that it is not told as a fault where nobody waits for it any more."""
    if not renewal.cancelled():
        renewal.exception()
