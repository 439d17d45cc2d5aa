"""Updates that Telegram brings itself, and what else is served: real HTTP on loopback."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import webhook_secret
from bot.channels.telegram.channel import SECRET_HEADER
from bot.errors import SettingsError
from bot.settings import Settings
from storage.database import FILE_NAME, Database
from tests.botapi.client import BotApi
from tests.helpers import locked
from tests.telegram_bot import OTHER, PERSON, RunningBot, eventually, rows, running, said, settings_for
from tests.waiting import PATIENCE, wait_until

PRIVATE = {"id": PERSON, "type": "private", "first_name": "Người Ví Dụ"}


@pytest.fixture
def webhook_settings(api: BotApi, tmp_path: Path, port: int) -> Settings:
    return settings_for(
        api, tmp_path, telegram_updates="webhook", public_url=f"http://127.0.0.1:{port}/", listen=f"127.0.0.1:{port}"
    )


@pytest.fixture
def bot(webhook_settings: Settings, api: BotApi, documents_loaded_once: None) -> Iterator[RunningBot]:
    """A bot whose webhook is set."""
    with running(webhook_settings) as started:
        wait_until(lambda: api.webhook()["url"])
        yield started


def call(
    port: int,
    body: bytes | dict[str, Any],
    *,
    secret: str | None = None,
    kind: str = "application/json",
    path: str = "/telegram",
    method: str = "POST",
) -> tuple[int, bytes]:
    """Call the bot as Telegram would."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": kind, **({} if secret is None else {SECRET_HEADER: secret})}
    # Everything that writes waits for its turn where the storage is locked, each for some seconds.
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def update(number: int, text: str = "điều 4 khoản 3") -> dict[str, Any]:
    sender = {**PRIVATE, "is_bot": False}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": 1, "chat": PRIVATE, "from": sender, "text": text},
    }


def test_a_question_that_is_brought_is_answered(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "điều 4 khoản 3")
    assert "Khoản 3 Điều 4" in said(api)[0].text
    info = api.webhook()
    assert info["secret_token"] == webhook_secret(api.token)
    assert info["pending_update_count"] == 0
    assert api.token not in str(info["url"])


def test_every_update_is_handled_once_although_some_are_brought_twice(
    api: BotApi, bot: RunningBot, webhook_settings: Settings
) -> None:
    api.fault("duplicate", method="webhook", times=5)
    api.load([(person, f"điều 4 khoản {n}") for n in range(1, 6) for person in (PERSON, OTHER)])
    for person in (PERSON, OTHER):
        answers = [record.text.split(",")[0] for record in said(api, person, 5)]
        assert answers == [f"Khoản {n} Điều 4" for n in range(1, 6)]
    assert rows(webhook_settings, "SELECT count(*) AS n FROM inbox") == [{"n": 10}]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": None}, 401),
        ({"secret": ""}, 401),
        ({"secret": "wrong"}, 401),
        ({"secret": "mật"}, 401),
        ({"kind": "text/plain"}, 415),
        ({"kind": ""}, 415),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b"\xff"}, 400),
        ({"body": b"[" * 100_000}, 400),
        ({"body": b" " * (1024 * 1024 + 1)}, 413),
        ({"path": "/other"}, 404),
        ({"path": "/"}, 404),
        ({"method": "GET"}, 405),
        ({}, 200),
        ({"kind": "application/json; charset=utf-8"}, 200),
    ],
)
def test_only_what_telegram_sends_comes_in(
    api: BotApi, bot: RunningBot, port: int, webhook_settings: Settings, how: dict[str, Any], status: int
) -> None:
    options = {"secret": webhook_secret(api.token), "body": update(990), **how}
    if isinstance(options["secret"], str):
        options["secret"] = options["secret"].encode("utf-8").decode("latin-1")
    assert call(port, **options)[0] == status
    assert len(rows(webhook_settings, "SELECT * FROM inbox")) == (status == 200)


def test_what_cannot_be_stored_now_is_asked_for_again(
    api: BotApi, soon_busy: None, bot: RunningBot, port: int, webhook_settings: Settings
) -> None:
    api.user(PERSON, started=True)
    secret = webhook_secret(api.token)
    with locked(webhook_settings.data / FILE_NAME):
        assert call(port, update(991), secret=secret)[0] == 503
    assert call(port, update(991), secret=secret)[0] == 200
    assert call(port, update(991), secret=secret)[0] == 200
    assert len(said(api)) == 1


def test_the_answer_comes_after_the_commit(api: BotApi, bot: RunningBot, port: int, webhook_settings: Settings) -> None:
    secret = webhook_secret(api.token)
    answered: list[int] = []
    with locked(webhook_settings.data / FILE_NAME):
        thread = threading.Thread(target=lambda: answered.append(call(port, update(992), secret=secret)[0]))
        thread.start()
        time.sleep(0.5)
        assert answered == []
    thread.join()
    assert answered == [200]
    assert len(rows(webhook_settings, "SELECT * FROM inbox")) == 1


def test_health_and_figures_are_shown(api: BotApi, bot: RunningBot, port: int, webhook_settings: Settings) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    api.say(PERSON, "giá vàng hôm nay bao nhiêu")
    said(api, count=2)
    eventually(webhook_settings, "SELECT DISTINCT state FROM outbox", [{"state": "sent"}])
    assert call(port, b"", path="/healthz", method="GET") == (200, b'{"ok":true,"troubles":[]}')
    status, figures = call(port, b"", path="/metrics", method="GET")
    assert status == 200
    text = figures.decode()
    for name in (
        'ungxu_events_total{channel="telegram",outcome="handled"}',
        'ungxu_deliveries_total{channel="telegram",class="answer",outcome="sent"}',
        'ungxu_questions_total{outcome="answered"}',
        'ungxu_questions_total{outcome="not found"}',
        "ungxu_answer_seconds_count",
        f'ungxu_account_up{{account="{api.token.partition(":")[0]}",channel="telegram"}} 1.0',
    ):
        assert name in text
    assert api.token.partition(":")[2] not in text


def test_what_waits_is_shown_and_makes_the_bot_ill(
    api: BotApi, bot: RunningBot, port: int, webhook_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.running.OLDEST_ANSWER", dt.timedelta(seconds=0.1))
    api.fault("unauthorized", method="sendMessage", times=None)
    api.say(PERSON, "điều 4 khoản 3")
    eventually(webhook_settings, "SELECT state, error FROM outbox", [{"state": "waiting", "error": "InvalidToken"}])
    time.sleep(0.2)
    status, body = call(port, b"", path="/healthz", method="GET")
    assert (status, json.loads(body)) == (503, {"ok": False, "troubles": ["account:telegram", "old answers"]})
    figures = call(port, b"", path="/metrics", method="GET")[1].decode()
    assert 'ungxu_queue_messages{channel="telegram",class="answer",state="waiting"} 1.0' in figures
    assert 'ungxu_queue_oldest_seconds{channel="telegram",class="answer"}' in figures


def test_what_waits_because_very_many_asked_is_no_illness(
    api: BotApi, bot: RunningBot, port: int, webhook_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.running.OLDEST_ANSWER", dt.timedelta(seconds=0.1))
    monkeypatch.setattr("bot.running.AT_PACE", 0.0005)
    api.fault("retry_after", method="sendMessage", times=None, seconds=300)
    api.say(PERSON, "điều 4 khoản 3")
    eventually(webhook_settings, "SELECT state, error FROM outbox", [{"state": "waiting", "error": "retry_after"}])
    time.sleep(0.2)
    assert call(port, b"", path="/healthz", method="GET")[0] == 503
    # Of 1,000 a second, for a minute.
    values = {"account": api.token.partition(":")[0], "now": dt.datetime.now(dt.UTC).isoformat(), "last": 30}
    with closing(Database(webhook_settings.data / FILE_NAME)) as database, database.transaction():
        database.run(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) INSERT INTO outbox"
            " (channel, account, chat, class, state, due_at, created_at, ended_at)"
            " SELECT 'telegram', :account, i, 1, 'sent', :now, :now, :now FROM n",
            values,
        )
    assert call(port, b"", path="/healthz", method="GET") == (200, b'{"ok":true,"troubles":[]}')


@pytest.mark.parametrize(("missing", "name"), [("public_url", "UNGXU_PUBLIC_URL"), ("listen", "UNGXU_LISTEN")])
def test_a_webhook_needs_to_be_reached(
    api: BotApi, tmp_path: Path, documents_loaded_once: None, missing: str, name: str
) -> None:
    both = {"public_url": "http://127.0.0.1:1", "listen": "127.0.0.1:0", missing: ""}
    with (
        pytest.raises(SettingsError) as caught,
        running(settings_for(api, tmp_path, telegram_updates="webhook", **both)),
    ):
        pass
    assert caught.value.name == name


def test_an_address_that_is_taken_is_a_clear_error(
    api: BotApi, tmp_path: Path, documents_loaded_once: None, port: int
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        settings = settings_for(api, tmp_path, listen=f"127.0.0.1:{port}")
        with pytest.raises(SettingsError, match="UNGXU_LISTEN"), running(settings) as bot:
            wait_until(lambda: bot.error)


def test_a_bot_that_hears_nothing_is_ill(
    api: BotApi, tmp_path: Path, documents_loaded_once: None, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.channel.UNUSABLE_PAUSE", 0.2)
    fault = api.fault("unauthorized", method="getUpdates", times=None)
    with running(settings_for(api, tmp_path, listen=f"127.0.0.1:{port}")):
        wait_until(lambda: api.calls("getUpdates"))

        def health() -> tuple[int, bytes]:
            return call(port, b"", path="/healthz", method="GET")

        wait_until(lambda: health()[0] == 503)
        assert json.loads(health()[1])["troubles"] == ["receiving:telegram: the token is refused"]
        api.unfault(fault)
        wait_until(lambda: health()[0] == 200)
