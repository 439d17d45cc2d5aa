"""Everything that Zalo and the network do wrong, one after the other; the transcript tells what people saw."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from bot.channels.base import Outgoing
from bot.channels.zalo.api import Rejected, ZaloApi
from bot.channels.zalo.sending import LONGEST_QUOTA_PAUSE, Sender
from bot.clock import utc_now
from bot.errors import AccountUnusable, NotSent, OutcomeUnknown, Refused, TransportError, Unreachable
from bot.settings import Settings
from storage import outbox
from storage.database import FILE_NAME, Database
from tests.helpers import locked
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import wait_until
from tests.zalo_bot import said_in
from tests.zaloapi.client import ZaloApi as Server

ANSWER = "Khoản 3 Điều 4"
ENDS = "SELECT state, attempts, repeats FROM outbox"
FIRST_PAUSE, UNUSABLE_PAUSE = 0.05, 0.2
# How long a bot waits for an answer that does not come.
SILENCE = 0.5


def ask(zalo: Server, person: str) -> str:
    return zalo.say(person, "điều 4 khoản 3")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that grow as they do, from a twentieth of a second."""
    monkeypatch.setattr("bot.dispatch.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.dispatch.UNUSABLE_PAUSE", UNUSABLE_PAUSE)
    monkeypatch.setattr("bot.channels.zalo.channel.FIRST_PAUSE", FIRST_PAUSE)
    monkeypatch.setattr("bot.channels.zalo.channel.UNUSABLE_PAUSE", 0.2)
    monkeypatch.setattr("bot.channels.zalo.channel.BUSY_PAUSE", 0.1)
    monkeypatch.setattr("bot.channels.zalo.channel.FLOOR", 0.1)
    monkeypatch.setattr("bot.channels.zalo.sending.FIRST_QUOTA_PAUSE", 0.2)


def impatient(monkeypatch: pytest.MonkeyPatch, method: str, wait: str, begin: Callable[[], bool]) -> None:
    """Let a bot wait no longer than `SILENCE` in those calls that begin with something true, and in no others.

    Args:
        monkeypatch: takes it back after the test.
        method: the method of the client that calls.
        wait: the constant of its module that says how long it waits.
        begin: called as each call begins.
    """
    real: Callable[..., Awaitable[object]] = getattr(ZaloApi, method)

    async def call(api: ZaloApi, *arguments: object, **more: object) -> object:
        if not begin():
            return await real(api, *arguments, **more)
        with monkeypatch.context() as patch:
            patch.setattr(f"bot.channels.zalo.api.{wait}", SILENCE)
            return await real(api, *arguments, **more)

    monkeypatch.setattr(ZaloApi, method, call)


# Sending


@pytest.mark.parametrize("as_status", [False, True])
@pytest.mark.parametrize("seconds", [0, 1])
def test_more_than_the_plan_allows_waits(
    zalo: Server, person: str, zalo_bot: RunningBot, zalo_settings: Settings, as_status: bool, seconds: int
) -> None:
    zalo.fault("quota", method="sendMessage", times=2, seconds=seconds, as_status=as_status)
    began = time.monotonic()
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person)[0].text
    assert time.monotonic() - began >= (2 * seconds or 0.6)
    eventually(zalo_settings, ENDS, [{"state": "sent", "attempts": 3, "repeats": 0}])


@pytest.mark.parametrize("kind", ["internal", "bad_gateway", "gateway_timeout", "not_json", "cut", "reset"])
def test_a_broken_answer_means_that_the_answer_goes_out_again(
    zalo: Server, person: str, zalo_bot: RunningBot, zalo_settings: Settings, kind: str
) -> None:
    zalo.fault(kind, method="sendMessage", times=2)
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person)[0].text
    eventually(zalo_settings, ENDS, [{"state": "sent", "attempts": 3, "repeats": 2}])


@pytest.mark.parametrize(
    "kind",
    ["accepted_cut", "accepted_reset", "accepted_silent", "accepted_truncated", "accepted_bad_gateway"],
)
def test_an_answer_that_arrived_without_our_knowing_is_repeated_and_counted(
    zalo: Server,
    person: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    zalo.fault(kind, method="sendMessage")
    silent = [kind == "accepted_silent"]
    impatient(monkeypatch, "send_message", "READ_TIMEOUT", lambda: bool(silent) and silent.pop())
    ask(zalo, person)
    assert [ANSWER in record.text for record in said_in(zalo, person, 2)] == [True, True]
    eventually(zalo_settings, ENDS, [{"state": "sent", "attempts": 2, "repeats": 1}])


@pytest.mark.parametrize("kind", ["accepted_cut", "accepted_silent", "internal"])
def test_a_broadcast_is_never_sent_twice(
    zalo: Server,
    person: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    zalo.say(person, "xin chào")
    eventually(zalo_settings, "SELECT state FROM outbox", [{"state": "sent"}])
    monkeypatch.setattr("bot.channels.zalo.api.READ_TIMEOUT", SILENCE)
    zalo.fault(kind, method="sendMessage")
    database = Database(zalo_settings.data / FILE_NAME)
    with database.transaction():
        account, now = zalo.token.partition(":")[0], utc_now().isoformat()
        outbox.put(database, "zalo", account, person, outbox.BROADCAST, {"text": "Thông báo"}, now)
    database.close()
    eventually(
        zalo_settings,
        "SELECT state, attempts FROM outbox WHERE class = 3",
        [{"state": "unknown", "attempts": 1}],
    )
    # It may have been given up before the server has read it.
    wait_until(lambda: len(zalo.calls("sendMessage")) == 2)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_page_of_a_filter_is_no_refusal_of_zalos(
    zalo: Server, person: str, zalo_bot: RunningBot, zalo_settings: Settings, status: int
) -> None:
    zalo.fault("page", method="sendMessage", code=status)
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person)[0].text
    eventually(zalo_settings, ENDS, [{"state": "sent", "attempts": 2, "repeats": 0}])


def test_styles_that_are_refused_are_left_out_from_then_on(zalo: Server, person: str, zalo_bot: RunningBot) -> None:
    zalo.fault("error", method="sendMessage", code=400, description="text_styles is invalid")
    ask(zalo, person)
    ask(zalo, person)
    first, second = said_in(zalo, person, 2)
    assert [record.text.startswith(ANSWER) for record in (first, second)] == [True, True]
    assert first.styled == second.styled == []
    assert len(zalo.calls("sendMessage")) == 3


@pytest.mark.parametrize(
    ("code", "description", "reason", "closed"),
    [
        (400, "Bad Request", "400 Bad Request", []),
        ("404", "Not Found", "404 Not Found", []),
        (404, "chat not found", "gone", [{"reason": "gone"}]),
        (410, "Gone", "gone", [{"reason": "gone"}]),
    ],
)
def test_what_cannot_succeed_is_not_tried_again(
    zalo: Server,
    person: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    code: int | str,
    description: str,
    reason: str,
    closed: list[dict[str, str]],
) -> None:
    zalo.fault("error", method="sendMessage", times=None, code=code, description=description, as_status=False)
    ask(zalo, person)
    ended = "SELECT state, attempts, error FROM outbox"
    eventually(zalo_settings, ended, [{"state": "failed", "attempts": 1, "error": reason}])
    assert rows(zalo_settings, "SELECT reason FROM closed_chats") == closed


def test_a_message_that_is_refused_does_not_hold_up_the_next(
    zalo: Server, person: str, zalo_bot: RunningBot, zalo_settings: Settings
) -> None:
    # Once with its styles and once without.
    zalo.fault("error", method="sendMessage", times=2)
    ask(zalo, person)
    zalo.say(person, "điều 4 khoản 2")
    assert said_in(zalo, person)[0].text.startswith("Khoản 2 Điều 4")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, AccountUnusable),
        (400, Refused),
        (404, Refused),
        (410, Unreachable),
        (418, Refused),
        (429, NotSent),
        (403, OutcomeUnknown),
        (408, OutcomeUnknown),
        (500, OutcomeUnknown),
        (0, OutcomeUnknown),
        (-201, OutcomeUnknown),
    ],
)
def test_refusals_have_our_names(zalo: Server, person: str, code: int, kind: type[TransportError]) -> None:
    zalo.say(person, "chào")
    zalo.fault("error", method="sendMessage", times=2, code=code, as_status=False)

    async def send() -> None:
        async with ZaloApi(zalo.token, zalo.url) as api:
            await Sender(api).carry(person, Outgoing("<b>một</b>"))

    with pytest.raises(TransportError) as caught:
        asyncio.run(send())
    assert type(caught.value) is kind


class Refusing:
    """A platform that refuses as it is told to."""

    def __init__(self, errors: list[Exception | None]) -> None:
        self.errors = errors
        self.sent: list[str] = []

    async def send_message(self, chat: str, text: str, **more: object) -> str:
        if error := self.errors.pop(0):
            raise error
        self.sent.append(text)
        return "m"


def test_the_pause_after_a_refusal_as_too_many_grows_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.zalo.sending.FIRST_QUOTA_PAUSE", 5.0)
    now = [1000.0]
    platform = Refusing([Rejected(429, "")] * 14)
    sender = Sender(platform, lambda: now[0])  # type: ignore[arg-type]

    async def pause() -> float:
        with pytest.raises(NotSent) as caught:
            await sender.carry("a", Outgoing("một"))
        assert caught.value.retry_after is not None
        return caught.value.retry_after

    async def work() -> None:
        pauses = []
        for _ in range(5):
            pauses.append(await pause())
            now[0] += pauses[-1]
        assert pauses == [5.0, 10.0, 20.0, 40.0, 80.0]
        together = [await pause(), await pause()]
        assert together[0] == together[1]
        for _ in range(7):
            now[0] += LONGEST_QUOTA_PAUSE
            last = await pause()
        assert last == LONGEST_QUOTA_PAUSE
        now[0] += LONGEST_QUOTA_PAUSE
        platform.errors = [None, Rejected(429, "")]
        await sender.carry("a", Outgoing("một"))
        assert await pause() == 5.0

    asyncio.run(work())


def test_a_message_without_words_is_not_sent() -> None:
    platform = Refusing([])

    async def work() -> None:
        sender = Sender(platform)  # type: ignore[arg-type]
        assert await sender.carry("a", Outgoing(None)) is None
        assert await sender.carry("a", Outgoing(" \n")) is None

    asyncio.run(work())
    assert platform.sent == []


# The account


def test_a_token_that_is_revoked_stops_everything_and_loses_nothing(
    zalo: Server, person: str, other: str, zalo_bot: RunningBot, zalo_settings: Settings
) -> None:
    fault = zalo.fault("unauthorized", method="sendMessage", times=None)
    ask(zalo, person)
    ask(zalo, other)
    wait_until(lambda: len(zalo.calls("sendMessage")) >= 6)
    assert {row["state"] for row in rows(zalo_settings, ENDS)} <= {"waiting", "sending"}
    for somebody in (person, other):
        times = [call.monotonic for call in zalo.calls("sendMessage") if call.chat == somebody]
        assert all(after - before >= UNUSABLE_PAUSE for before, after in pairwise(times))
    zalo.unfault(fault)
    assert ANSWER in said_in(zalo, person)[0].text
    assert ANSWER in said_in(zalo, other)[0].text


# Polling


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("internal", {}),
        ("bad_gateway", {}),
        ("gateway_timeout", {}),
        ("not_json", {"body": '{"ok": true, "result": {"message": {"text": "chuyện riêng"'}),
        ("page", {"code": 403}),
        ("cut", {}),
        ("reset", {}),
        ("unauthorized", {}),
        ("quota", {"seconds": 1}),
        ("error", {"code": 500}),
    ],
)
def test_a_poll_that_fails_is_tried_again_and_told(
    zalo: Server,
    person: str,
    zalo_bot: RunningBot,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    options: dict[str, object],
) -> None:
    zalo.say(person, "xin chào")
    said_in(zalo, person)
    zalo.fault(kind, method="getUpdates", times=3, **options)
    zalo.switch(time_scale=0.01)
    ask(zalo, person)
    ask(zalo, person)
    said_in(zalo, person, 3)
    wait_until(lambda: "zalo: 10001" in caplog.text)
    zalo.say(person, "xin chào")
    said_in(zalo, person, 4)
    assert "chuyện riêng" not in caplog.text and "vi-du-mot" not in caplog.text
    assert zalo.most_polling() == 1


def test_a_server_that_is_broken_is_asked_ever_more_seldom(zalo: Server, person: str, zalo_bot: RunningBot) -> None:
    zalo.switch(time_scale=0.01)
    wait_until(lambda: zalo.calls("getUpdates"))
    zalo.fault("bad_gateway", method="getUpdates", times=None)

    def refused() -> list[float]:
        return [call.monotonic for call in zalo.calls("getUpdates") if call.status == 502]

    wait_until(lambda: len(refused()) >= 7)
    pauses = [after - before for before, after in pairwise(refused())]
    # Each is twice the one before, less a fifth at most; the way there and back only makes it longer.
    assert all(pause >= 0.8 * FIRST_PAUSE * 2**number for number, pause in enumerate(pauses))
    zalo.unfault()
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person)[0].text


def test_a_server_that_hangs_once_is_no_trouble_and_twice_is(
    zalo: Server, person: str, zalo_bot: RunningBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.channels.zalo.channel.POLL_SECONDS", 0)
    monkeypatch.setattr("bot.channels.zalo.channel.SHORT_POLL_SECONDS", 0)
    zalo.say(person, "xin chào")
    said_in(zalo, person)

    hanging: list[None] = []

    def hangs() -> bool:
        """Whether a poll that begins is to stay without an answer: then it meets the fault, and no other does."""
        if not hanging:
            return False
        zalo.fault("silent", method="getUpdates")
        hanging.pop()
        return True

    impatient(monkeypatch, "get_updates", "POLL_SLACK", hangs)
    hanging.append(None)
    wait_until(lambda: not hanging)
    zalo.say(person, "xin chào")
    said_in(zalo, person, 2)
    assert "does not answer as it should" not in caplog.text
    hanging.extend([None] * 2)
    wait_until(lambda: not hanging)
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person, 3)[-1].text
    assert "does not answer as it should (Late)" in caplog.text


def test_a_gateway_that_ends_a_poll_in_its_own_time_is_no_trouble(
    zalo: Server, person: str, zalo_bot: RunningBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.channels.zalo.channel.HELD", 0.2)
    zalo.switch(idle="504", time_scale=0.02)
    zalo.say(person, "xin chào")
    said_in(zalo, person)
    wait_until(lambda: sum(call.status == 504 for call in zalo.calls("getUpdates")) > 2)
    assert "does not answer as it should" not in caplog.text
    ask(zalo, person)
    assert ANSWER in said_in(zalo, person, 2)[-1].text


def test_a_webhook_that_somebody_left_is_taken_away(
    zalo: Server, person: str, zalo_settings: Settings, documents_loaded_once: None
) -> None:
    def set_webhook() -> None:
        async def work() -> None:
            async with ZaloApi(zalo.token, zalo.url) as api:
                await api.set_webhook("https://vidu.example/zalo", "12345678")

        asyncio.run(work())

    set_webhook()
    zalo.switch(time_scale=0.01)
    with running(zalo_settings):
        ask(zalo, person)
        # Until it is taken away the server brings what people write to nobody.
        wait_until(lambda: not zalo.webhook()["url"])
        ask(zalo, person)
        said_in(zalo, person)
        set_webhook()
        wait_until(lambda: not zalo.webhook()["url"])
        ask(zalo, person)
        assert ANSWER in said_in(zalo, person, 2)[-1].text


@pytest.mark.parametrize("reading", ["consume", "replay"])
def test_a_storage_that_is_locked_loses_no_update(
    zalo: Server,
    person: str,
    soon_busy: None,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    caplog: pytest.LogCaptureFixture,
    reading: str,
) -> None:
    """It was read, so that the service may have forgotten it; nothing more is asked for until it is committed."""
    zalo.switch(reading=reading)
    ask(zalo, person)
    said_in(zalo, person)
    with locked(zalo_settings.data / FILE_NAME):
        zalo.say(person, "điều 4 khoản 2")
        zalo.say(person, "điều 4 khoản 1")
        # Longer than SQLite itself waits.
        wait_until(lambda: "an update waits" in caplog.text)
        given = [update.given for update in zalo.updates()]
    assert given[2] == 0
    answers = [record.text[:14] for record in said_in(zalo, person, 3)]
    assert answers == ["Khoản 3 Điều 4", "Khoản 2 Điều 4", "Khoản 1 Điều 4"]
    assert rows(zalo_settings, "SELECT count(*) AS n FROM inbox") == [{"n": 3}]


def test_a_server_that_is_not_there_loses_nothing(
    zalo: Server, person: str, zalo_settings: Settings, documents_loaded_once: None
) -> None:
    zalo.fault("cut", method="getMe", times=3)
    ask(zalo, person)
    with running(zalo_settings):
        assert ANSWER in said_in(zalo, person)[0].text


@pytest.mark.parametrize("change", [lambda zalo, key: zalo.again(key), lambda zalo, key: zalo.switch(reading="replay")])
def test_the_same_update_twice_is_handled_once(
    zalo: Server,
    person: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    change: Callable[[Server, str], None],
) -> None:
    key = zalo.say(person, "bao nhiêu tiền một con gà")
    said_in(zalo, person)
    change(zalo, key)
    zalo.say(person, "điều 4 khoản 2")
    zalo.wait_for(lambda seen: any(r.text.startswith("Khoản 2 Điều 4") for r in seen), person)
    wait_until(lambda: any(update.given > 1 for update in zalo.updates()))
    zalo.say(person, "xin chào")
    zalo.wait_for(3, person)
    assert rows(zalo_settings, "SELECT asked FROM questions") == [{"asked": 1}]
    assert Counter(record.kind for record in zalo.transcript(person)) == {"message": 3}


def test_two_processes_poll_one_after_the_other(
    zalo: Server, person: str, zalo_bot: RunningBot, zalo_settings: Settings
) -> None:
    zalo.switch(time_scale=0.01)
    ask(zalo, person)
    said_in(zalo, person)
    with running(zalo_settings):
        # Long enough for a poll of the second, and a few of the first.
        time.sleep(1)
        ask(zalo, person)
        said_in(zalo, person, 2)
        assert zalo.most_polling() == 1
        zalo_bot.stop()
    assert len(zalo.transcript(person, "message")) == 2
