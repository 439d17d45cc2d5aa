"""Calls of another program, against a real one: what is sent and signed, and how each end is told."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from bot.channels.base import Examined, Outgoing
from bot.channels.configured import abilities_of
from bot.channels.fitting import fit
from bot.channels.webhook import Caller
from bot.channels.webhook.calling import CONNECT_TIMEOUT, LOOK_UP_TIMEOUT, READ_TIMEOUT, Calls, is_public
from bot.clock import utc_now
from bot.delivery import SEND_TIMEOUT, Delivery
from bot.errors import NotSent, OutcomeUnknown, Refused, TransportError
from bot.rate_limit import Limits
from bot.worker import Worker
from handlers.conversation import Button, Reply
from handlers.outward import Target, call_to
from handlers.texts import Texts
from storage import outbox
from storage.database import Database
from storage.outbox import REPORT
from tests.mail_server import make_certificate
from tests.ports import reserved_port
from tests.waiting import PATIENCE, wait_until
from tests.web_receiver import Receiver

SECRET = "bí mật ví dụ"
FAST = Limits(chat_rate=1000, chat_burst=1000, rate=1000, burst=1000, reserve=0)
FACTS = {"subject": "BC-7", "report": {"kind": "lost"}}
KEY = Outgoing("", number=7, written="2026-11-20").key


def caller(url: str, *, private: bool = True, context: ssl.SSLContext | None = None, read: float = PATIENCE) -> Caller:
    targets = {"he-thong": (Target(url, private), SECRET)}
    return Caller(targets, limits=FAST, calls=Calls(context, read_timeout=read), clock=utc_now)


def message(text: str = "Có báo cáo <b>mới</b>.", **more: Any) -> Outgoing:
    return Outgoing(text, **{"number": 7, "written": "2026-11-20", "facts": FACTS, **more})


def send(channel: Caller, sent: Outgoing | None = None, to: str = "he-thong") -> str | None:
    async def run() -> str | None:
        await channel.open()
        try:
            return await channel.send(to, sent or message())
        finally:
            await channel.close()

    return asyncio.run(run())


# What is sent


def test_a_call_says_what_happened_and_is_signed_with_its_time(receiver: Receiver) -> None:
    assert send(caller(receiver.url)) == KEY
    (call,) = receiver.calls
    assert (call.method, call.path) == ("POST", "/nhan")
    assert call.headers["Content-Type"] == "application/json; charset=utf-8"
    assert call.headers["Idempotency-Key"] == KEY
    assert call.headers["Host"] == f"127.0.0.1:{receiver.port}"
    said = call.json
    assert (said["version"], said["key"], said["repeat"]) == (1, KEY, False)
    assert (said["text"], said["subject"], said["report"]) == ("Có báo cáo mới.", "BC-7", {"kind": "lost"})
    # As whoever receives it would check it, from the page for administrators.
    timestamp = call.headers["X-Ungxu-Timestamp"]
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(call.headers["X-Ungxu-Signature"], f"sha256={expected}")
    assert abs(int(timestamp) - time.time()) < PATIENCE
    assert dt.datetime.fromisoformat(said["sent_at"]).timestamp() == pytest.approx(int(timestamp), abs=1)
    assert "X-Ungxu-Repeat" not in call.headers


def test_a_repeat_has_the_same_key_and_says_that_it_is_one(receiver: Receiver) -> None:
    send(caller(receiver.url))
    send(caller(receiver.url), message(repeat=True))
    first, again = receiver.calls
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert (again.headers["X-Ungxu-Repeat"], again.json["repeat"]) == ("yes", True)


def test_a_reply_brings_its_facts_and_no_choices(texts: Texts) -> None:
    reply = Reply(Markup("Có báo cáo"), (Button("Nhận xử lý", "report.take"),), subject="BC-7", facts={"so": 7})
    (stored,) = fit(reply, abilities_of("webhook"), texts)
    assert stored == {"text": "Có báo cáo", "facts": {"subject": "BC-7", "so": 7}}


# How it ended

ENDS: list[tuple[dict[str, Any], type[TransportError], str, int]] = [
    # (fault, what it is told as, why, calls that were taken all the same)
    ({"status": 301, "headers": (("Location", "/khac"),)}, Refused, "HTTP 301", 1),
    ({"status": 307, "headers": (("Location", "http://127.0.0.1:1/"),)}, Refused, "HTTP 307", 1),
    ({"status": 400}, Refused, "HTTP 400", 1),
    ({"status": 401}, Refused, "HTTP 401", 1),
    ({"status": 404}, Refused, "HTTP 404", 1),
    ({"status": 410}, Refused, "HTTP 410", 1),
    ({"status": 408}, NotSent, "HTTP 408", 1),
    ({"status": 425}, NotSent, "HTTP 425", 1),
    ({"status": 429}, NotSent, "HTTP 429", 1),
    ({"status": 500}, OutcomeUnknown, "HTTP 500", 1),
    ({"status": 502}, OutcomeUnknown, "HTTP 502", 1),
    ({"status": 503}, OutcomeUnknown, "HTTP 503", 1),
    ({"cut": "before"}, OutcomeUnknown, "", 0),
    ({"cut": "after"}, OutcomeUnknown, "", 1),
    ({"seconds": 2 * PATIENCE}, OutcomeUnknown, "ReadTimeout", 1),
]


@pytest.mark.parametrize(("fault", "kind", "why", "taken"), ENDS, ids=[str(next(iter(f.values()))) for f, *_ in ENDS])
def test_an_end_is_told_as_what_it_is(
    receiver: Receiver, fault: dict[str, Any], kind: type[TransportError], why: str, taken: int
) -> None:
    receiver.fault(**fault)
    with pytest.raises(TransportError) as caught:
        send(caller(receiver.url, read=1.0 if why == "ReadTimeout" else PATIENCE))
    assert type(caught.value) is kind
    assert str(caught.value) == why or not why
    assert "127.0.0.1" not in str(caught.value)
    wait_until(lambda: [call.method for call in receiver.calls] == ["POST"] * taken)
    assert send(caller(receiver.url)) == KEY


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), ("99999", 3600.0), ("soon", None), ("", None), (100.0, 100.0), (-3600.0, 0.0)],
)
def test_whoever_wants_to_be_left_alone_is(receiver: Receiver, told: str | float, seconds: float | None) -> None:
    """Told in seconds, or as a date."""
    if isinstance(told, float):
        told = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=told), usegmt=True)
    receiver.fault(status=429, headers=(("Retry-After", told),))
    with pytest.raises(NotSent) as caught:
        send(caller(receiver.url))
    found = caught.value.retry_after
    assert found == (seconds if seconds is None else pytest.approx(seconds, abs=30))


def test_nobody_there_is_not_sent(receiver: Receiver) -> None:
    receiver.close()
    try:
        with pytest.raises(NotSent, match="ConnectError"):
            send(caller(receiver.url))
    finally:
        receiver.open()


def test_a_name_that_stands_for_nothing_is_not_sent() -> None:
    with pytest.raises(NotSent, match="name not found"):
        send(caller("https://khong-co.invalid/nhan"))


def test_a_program_that_is_not_named_any_more_is_refused(receiver: Receiver) -> None:
    with pytest.raises(Refused, match="no such destination"):
        send(caller(receiver.url), to="khac")
    assert receiver.calls == []


def test_delivery_waits_longer_than_a_call_may_take() -> None:
    assert LOOK_UP_TIMEOUT + CONNECT_TIMEOUT + READ_TIMEOUT < SEND_TIMEOUT


# Where a call may go


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"])
def test_nothing_inside_is_called_that_the_office_did_not_name_as_inside(receiver: Receiver, name: str) -> None:
    with pytest.raises(NotSent, match="private address"):
        send(caller(receiver.url.replace("127.0.0.1", name), private=False))
    assert receiver.calls == []


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("khong phai", False),
    ],
)
def test_what_is_public(number: str, public: bool) -> None:
    assert is_public(number) is public


# Encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return make_certificate(tmp_path_factory.mktemp("chung-thu"))


@pytest.fixture
def encrypted(certificate: tuple[ssl.SSLContext, Path]) -> Iterator[Receiver]:
    with reserved_port() as port:
        started = Receiver(port, certificate[0])
        started.open()
        yield started
        started.close()


def test_a_certificate_is_checked_against_the_name_in_the_address(
    encrypted: Receiver, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    named = encrypted.url.replace("127.0.0.1", "localhost")
    assert send(caller(named, context=trusting)) == KEY
    assert encrypted.calls[0].headers["Host"] == f"localhost:{encrypted.port}"


def test_a_certificate_that_nobody_trusts_gets_nothing(encrypted: Receiver) -> None:
    with pytest.raises(NotSent, match="certificate"):
        send(caller(encrypted.url))
    assert encrypted.calls == []


# Through the outbox


def test_after_an_unknown_end_a_call_is_made_again_and_marked(receiver: Receiver, tmp_path: Path) -> None:
    receiver.fault(cut="after")
    receiver.fault(status=429)
    receiver.fault(status=500)
    worker = Worker(tmp_path / "ungxu.db")
    to = call_to("he-thong")
    channel = caller(receiver.url)

    async def run() -> Any:
        stored = {"text": "Có báo cáo", "facts": {"so": 7}, "again": "(lần nữa)"}
        put: Callable[[Database], int] = lambda database: outbox.put(  # noqa: E731
            database, to.channel, to.account, to.chat, REPORT, stored, utc_now().isoformat()
        )
        row = await worker.write(put)
        await channel.open()
        delivery = Delivery(worker, [channel])
        for _ in range(4):
            await worker.write(outbox.hasten, to.channel, to.account, utc_now().isoformat())
            await delivery.drain()
        await channel.close()
        return await worker.run(lambda database: database.row("SELECT * FROM outbox WHERE id = :id", {"id": row}))

    try:
        row = asyncio.run(run())
    finally:
        worker.close()
    assert (row["state"], row["attempts"], row["repeats"]) == ("sent", 4, 2)
    assert [call.json["repeat"] for call in receiver.calls] == [False, True, True, True]
    assert len({call.headers["Idempotency-Key"] for call in receiver.calls}) == 1
    assert receiver.calls[1].json["text"] == "(lần nữa)\n\nCó báo cáo"
    assert json.loads(receiver.calls[0].body)["so"] == 7


# What doctor sees


def test_doctor_reaches_out_and_tells_nothing(receiver: Receiver, texts: Texts) -> None:
    targets = {
        "he-thong": (Target(receiver.url, private=True), SECRET),
        "ben-trong": (Target(receiver.url), SECRET),
        "khong-co": (Target("https://khong-co.invalid/mat-khau"), SECRET),
    }
    channel = Caller(targets, calls=Calls(), clock=utc_now)

    async def look() -> list[Examined]:
        await channel.open()
        try:
            return [found async for found in channel.examine(())]
        finally:
            await channel.close()

    found = asyncio.run(look())
    assert [(one.state, one.name) for one in found] == [
        ("ok", "webhook_reached"),
        ("failed", "webhook_private"),
        ("failed", "webhook_unreachable"),
    ]
    assert [(call.method, call.body) for call in receiver.calls] == [("HEAD", b"")]
    for one in found:
        said = texts(f"doctor.{one.name}", **one.values)
        assert one.values["name"] in said and "mat-khau" not in said
