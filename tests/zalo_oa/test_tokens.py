"""Tokens: kept sealed, renewed in time, never used in vain, and what happens where Zalo says no."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.channels.zalo_oa import tokens as module
from bot.channels.zalo_oa.api import Tokens
from bot.channels.zalo_oa.tokens import TokenKeeper
from bot.errors import AccountUnusable, NotSent
from bot.files import new_key
from bot.worker import Worker
from storage import leases, oa_tokens
from storage.database import FILE_NAME, Database
from tests.conftest import NOW
from tests.helpers import Clock, locked
from tests.waiting import PATIENCE
from tests.zalo_oa.account import KEY, client, is_good, log_in, pairs, vault
from tests.zalo_oa.server import TOKEN, OpenApi

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data(openapi: OpenApi, tmp_path: Path) -> Path:
    log_in(openapi, tmp_path, since=NOW)
    return tmp_path


class Bench:
    """A keeper with everything it needs; `alerts` and `notes` are what it told."""

    def __init__(self, api: OpenApi, data: Path, clock: Clock, owner: str, key: str) -> None:
        self.api = client(api.url)
        self.worker = Worker(data / FILE_NAME)
        self.alerts: list[str] = []
        self.notes: list[str] = []
        self.keeper = TokenKeeper(
            self.api,
            vault(key),
            self.worker,
            owner,
            alert=lambda _, text: self.alerts.append(text),
            note=self.notes.append,
            clock=clock,
        )


@asynccontextmanager
async def bench(api: OpenApi, data: Path, clock: Clock, owner: str = "toi", key: str = KEY) -> AsyncIterator[Bench]:
    made = Bench(api, data, clock, owner, key)
    await made.api.open()
    try:
        yield made
    finally:
        await made.keeper.finish()
        await made.api.close()
        made.worker.close()


Act = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def run(openapi: OpenApi, data: Path, clock: Clock) -> Callable[[Act], Bench]:
    """Do something with a keeper, and return what it was done with."""

    def running(act: Act) -> Bench:
        async def work() -> Bench:
            async with bench(openapi, data, clock) as made:
                await act(made)
                return made

        return asyncio.run(work())

    return running


async def access(made: Bench) -> None:
    await made.keeper.access()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", PATIENCE)
    monkeypatch.setattr(module, "WAIT_PAUSE", 0.02)
    monkeypatch.setattr(module, "BUSY_PAUSE", 0.05)


# At rest


def test_nothing_in_the_file_is_a_token(openapi: OpenApi, data: Path) -> None:
    (pair,) = pairs(data)
    content = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    for token in (pair.access, pair.refresh):
        assert token.get_secret_value().encode() not in content
        assert token.get_secret_value() not in repr(pair)


def test_tokens_cannot_be_opened_with_another_key(data: Path) -> None:
    database = Database(data / FILE_NAME)
    assert vault(new_key()).pairs(database) == []
    assert vault(new_key()).unreadable(database)
    assert not vault().unreadable(database)
    # Nor one in the place of the other.
    database.run("UPDATE oa_tokens SET access = refresh")
    assert vault().pairs(database) == []
    database.close()


def test_tokens_are_sealed_with_the_newest_key_when_the_bot_starts(
    openapi: OpenApi, data: Path, clock: Clock, looking: None
) -> None:
    before, newest = pairs(data), new_key()

    async def work() -> None:
        async with bench(openapi, data, clock, key=f"{newest},{KEY}") as made:
            keeping = asyncio.create_task(made.keeper.keep())
            await until(lambda: made.notes)
            keeping.cancel()

    asyncio.run(work())
    assert pairs(data) == []
    database = Database(data / FILE_NAME)
    assert vault(newest).pairs(database) == before
    database.close()


def test_a_pair_that_became_another_is_erased_with_it(data: Path, openapi: OpenApi) -> None:
    database = Database(data / FILE_NAME)
    (pair,) = vault().pairs(database)
    new = Tokens(SecretStr("a2"), SecretStr("r2"), 60.0)
    with database.transaction():
        assert vault().succeed(database, pair.number, new, NOW, NOW)
    rows = database.rows("SELECT access, refresh, spent_at FROM oa_tokens ORDER BY id")
    assert rows[0] == {"access": None, "refresh": None, "spent_at": NOW.isoformat()}
    (kept,) = vault().pairs(database)
    assert (kept.access.get_secret_value(), kept.refresh.get_secret_value()) == ("a2", "r2")
    assert kept.until == NOW + dt.timedelta(seconds=60)
    assert not oa_tokens.refuse(database, pair.number, NOW.isoformat())
    assert oa_tokens.purge(database, (NOW + dt.timedelta(days=1)).isoformat(), 10) == 1
    assert len(vault().pairs(database)) == 1
    database.close()


def test_a_new_consent_comes_before_what_is_still_on_its_way(data: Path, openapi: OpenApi) -> None:
    (old,) = pairs(data)
    log_in(openapi, data)
    (new,) = pairs(data)
    database = Database(data / FILE_NAME)
    late = Tokens(SecretStr("a2"), SecretStr("r2"), 60.0)
    with database.transaction():
        assert not vault().succeed(database, old.number, late, NOW, NOW)
    assert vault().pairs(database) == [new]
    database.close()


# In time


def test_an_access_token_is_used_as_long_as_it_holds(run: Callable[[Act], Bench], openapi: OpenApi, data: Path) -> None:
    (before,) = pairs(data)

    async def act(made: Bench) -> None:
        assert await made.keeper.access() == before
        assert await made.keeper.access() == before

    run(act)
    assert openapi.count(TOKEN) == 0


@pytest.mark.parametrize(
    ("life", "hours_left", "due"),
    [(25 * HOUR, 6.1, False), (25 * HOUR, 5.9, True), (HOUR, 0.26, False), (HOUR, 0.24, True), (600, 0.07, True)],
)
def test_it_is_renewed_early_by_its_life(
    openapi: OpenApi, data: Path, clock: Clock, life: float, hours_left: float, due: bool
) -> None:
    log_in(openapi, data, life, since=NOW)
    (pair,) = pairs(data)
    clock.advance(seconds=life - hours_left * HOUR)
    assert (pair.due_at() <= clock()) is due


def test_what_is_over_is_renewed_before_it_is_given(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    (before,) = pairs(data)
    clock.advance(seconds=90_000 - 59)

    async def act(made: Bench) -> None:
        pair = await made.keeper.access()
        assert pair.access.get_secret_value() in openapi.world.access
        assert pair.number > before.number
        assert pair.until == clock() + dt.timedelta(seconds=90_000)

    run(act)
    assert openapi.count(TOKEN) == 1


@pytest.mark.parametrize("as_text", [True, False])
def test_the_life_that_is_told_is_trusted(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock, as_text: bool
) -> None:
    openapi.world.life, openapi.world.life_as_text = 3600, as_text
    clock.advance(days=2)
    run(access)
    assert pairs(data)[0].until == clock() + dt.timedelta(hours=1)


def test_several_who_need_it_ask_once(run: Callable[[Act], Bench], openapi: OpenApi, clock: Clock) -> None:
    clock.advance(days=2)

    async def act(made: Bench) -> None:
        found = await asyncio.gather(*(made.keeper.access() for _ in range(5)))
        assert len({pair.number for pair in found}) == 1

    run(act)
    assert openapi.count(TOKEN) == 1


def test_who_waits_may_leave_and_the_answer_is_kept(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    clock.advance(days=2)

    async def act(made: Bench) -> None:
        waiting = asyncio.create_task(made.keeper.access())
        while not openapi.count(TOKEN):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    run(act)
    (pair,) = pairs(data)
    assert is_good(openapi, pair.refresh)


def test_an_answer_is_kept_however_long_the_storage_is_busy(
    run: Callable[[Act], Bench],
    openapi: OpenApi,
    data: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 50)
    clock.advance(days=2)

    async def act(made: Bench) -> None:
        real, lock = made.api.refresh, ExitStack()

        async def then_locked(token: SecretStr) -> Tokens:
            found = await real(token)
            lock.enter_context(locked(data / FILE_NAME))
            return found

        monkeypatch.setattr(made.api, "refresh", then_locked)
        asking = asyncio.create_task(made.keeper.access())
        await until(lambda: "tokens wait to be kept" in caplog.text)
        lock.close()
        assert (await asking).holds(clock())

    run(act)
    assert is_good(openapi, pairs(data)[0].refresh)


# Between processes


def test_while_another_renews_it_is_waited_for(openapi: OpenApi, data: Path, clock: Clock) -> None:
    clock.advance(days=2)

    async def work() -> None:
        async with bench(openapi, data, clock, "toi") as mine, bench(openapi, data, clock, "kia") as other:
            found = await asyncio.gather(mine.keeper.access(), other.keeper.access())
            assert found[0].number == found[1].number

    asyncio.run(work())
    assert openapi.count(TOKEN) == 1


def test_another_that_does_not_end_is_not_waited_for_without_end(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT", 0.5)
    clock.advance(days=2)
    database = Database(data / FILE_NAME)
    lease = f"oa tokens:{vault().app}"
    until = (clock() + dt.timedelta(seconds=60)).isoformat()
    with database.transaction():
        assert leases.acquire(database, lease, "kia", clock().isoformat(), until)

    async def act(made: Bench) -> None:
        with pytest.raises(NotSent, match="another process"):
            await made.keeper.access()
        clock.advance(seconds=61)
        await made.keeper.access()

    run(act)
    assert database.rows("SELECT * FROM leases") == []
    database.close()


def test_two_that_both_got_a_pair_keep_both_and_use_the_newest(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    """A lease that ran out under a machine that stood still, and a server that forgave it."""
    (first,) = pairs(data)
    database = Database(data / FILE_NAME)
    answers = [openapi.tokens() for _ in range(2)]
    for answer in answers:
        given = Tokens(SecretStr(answer["access_token"]), SecretStr(answer["refresh_token"]), 90_000)
        with database.transaction():
            assert vault().succeed(database, first.number, given, NOW, NOW)
    database.close()
    newest, other = pairs(data)
    # The server knows only the older of the two any more.
    del openapi.world.refresh[newest.refresh.get_secret_value()]
    clock.advance(days=2)
    made = run(access)
    assert made.alerts == []
    left = pairs(data)
    assert [pair.number for pair in left] == [left[0].number, newest.number]
    assert left[0].number > newest.number > other.number
    assert is_good(openapi, left[0].refresh)
    assert left[1].refused_at is not None


# What goes wrong


@pytest.mark.parametrize(
    "kind", ["cut", "server_error", "bad_gateway", "html", "filtered", "too_many", "accepted_cut", "accepted_html"]
)
def test_where_nobody_can_tell_the_same_token_is_tried_again(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock, kind: str
) -> None:
    openapi.world.forgiving = True
    clock.advance(days=2)
    (before,) = pairs(data)
    openapi.fault(kind, TOKEN)

    async def act(made: Bench) -> None:
        with pytest.raises(NotSent) as caught:
            await made.keeper.access()
        assert not isinstance(caught.value, AccountUnusable)
        assert pairs(data) == [before]
        await made.keeper.access()

    assert run(act).alerts == []
    assert is_good(openapi, pairs(data)[0].refresh)


def test_a_server_that_is_silent_is_not_waited_for_without_end(
    run: Callable[[Act], Bench], openapi: OpenApi, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REQUEST_TIMEOUT", 0.2)
    clock.advance(days=2)
    openapi.fault("silent", TOKEN)

    async def act(made: Bench) -> None:
        with pytest.raises(NotSent, match="tokens: TimeoutError"):
            await made.keeper.access()

    run(act)


def test_a_token_that_is_refused_is_told_kept_and_tried_again_later(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    clock.advance(days=2)
    # Such as by a wrong secret in the settings.
    openapi.fault("error", TOKEN, code=-14004, message="Invalid secret key")

    async def act(made: Bench) -> None:
        for _ in range(3):
            with pytest.raises(AccountUnusable, match="refused"):
                await made.keeper.access()
        assert (made.alerts, made.notes[-1]) == (["alert.zalo_oa_refused"], "the refresh token is refused")
        assert openapi.count(TOKEN) == 1
        clock.advance(minutes=11)
        await made.keeper.access()

    run(act)
    (pair,) = pairs(data)
    assert is_good(openapi, pair.refresh)
    assert pair.refused_at is None


def test_a_lost_answer_leaves_the_old_access_token_to_use(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    clock.advance(hours=20)
    openapi.fault("accepted_cut", TOKEN)
    (before,) = pairs(data)

    async def act(made: Bench) -> None:
        with pytest.raises(NotSent):
            await made.keeper.renew()
        with pytest.raises(AccountUnusable):
            await made.keeper.renew()
        assert (await made.keeper.access()).access == before.access
        clock.advance(hours=5)
        with pytest.raises(AccountUnusable):
            await made.keeper.access()
        # An administrator agrees again, and all is well without a restart.
        log_in(openapi, data, since=clock())
        assert (await made.keeper.access()).holds(clock())

    # Tried again after some hours, it is told again; administrators hear it once a day.
    assert run(act).alerts == ["alert.zalo_oa_refused"] * 2


def test_without_consent_nothing_is_asked(openapi: OpenApi, tmp_path: Path, clock: Clock) -> None:
    async def work() -> None:
        async with bench(openapi, tmp_path, clock) as made:
            with pytest.raises(AccountUnusable, match="nobody has agreed"):
                await made.keeper.access()

    asyncio.run(work())
    assert openapi.calls == []


def test_with_another_key_it_is_said_that_nothing_can_be_read(openapi: OpenApi, data: Path, clock: Clock) -> None:
    async def work() -> None:
        async with bench(openapi, data, clock, key=new_key()) as made:
            with pytest.raises(AccountUnusable, match="cannot be read"):
                await made.keeper.access()

    asyncio.run(work())


def test_an_access_token_that_zalo_ended_is_renewed_once(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock
) -> None:
    clock.advance(hours=1)

    async def act(made: Bench) -> None:
        pair = await made.keeper.access()
        await made.keeper.end_access(pair)
        new = await made.keeper.access()
        assert new.number > pair.number
        with pytest.raises(AccountUnusable, match="a new access token"):
            await made.keeper.end_access(new)

    run(act)
    assert openapi.count(TOKEN) == 1


# The loop


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "LOOK", 0.05)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    yield


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():
            await asyncio.sleep(0.02)


def test_tokens_are_kept_fresh_without_anybody_asking(
    run: Callable[[Act], Bench], openapi: OpenApi, data: Path, clock: Clock, looking: None
) -> None:
    async def act(made: Bench) -> None:
        keeping = asyncio.create_task(made.keeper.keep())
        await until(lambda: made.notes)
        assert openapi.count(TOKEN) == 0
        for rotations in (1, 2):
            clock.advance(hours=20)
            # Not what the server counts: the new pair counts its hours from when it is kept.
            await until(lambda kept=rotations + 1: pairs(data)[0].number >= kept)
            assert openapi.world.rotations == rotations
        keeping.cancel()

    made = run(act)
    assert set(made.notes) == {""}
    assert is_good(openapi, pairs(data)[0].refresh)


def test_the_loop_says_what_is_wrong_and_when_it_is_over(
    run: Callable[[Act], Bench],
    openapi: OpenApi,
    data: Path,
    clock: Clock,
    looking: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def act(made: Bench) -> None:
        keeping = asyncio.create_task(made.keeper.keep())
        clock.advance(hours=20)
        fault = openapi.fault("server_error", TOKEN, times=None)
        await until(lambda: openapi.count(TOKEN) > 1)
        # The old one still holds: nothing is wrong yet.
        assert "the tokens cannot be renewed" not in made.notes
        clock.advance(hours=5)
        await until(lambda: "the tokens cannot be renewed" in made.notes)
        fault.times = 0
        await until(lambda: made.notes[-1] == "")
        openapi.world.refresh.clear()
        clock.advance(hours=20)
        await until(lambda: made.notes[-1] == "the refresh token is refused")
        log_in(openapi, data, since=clock())
        await until(lambda: made.notes[-1] == "")
        keeping.cancel()

    with caplog.at_level(logging.INFO):
        run(act)
    for token in (*openapi.world.access, *openapi.world.refresh):
        assert token not in caplog.text
