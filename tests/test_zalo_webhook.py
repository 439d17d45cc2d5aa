"""Updates that Zalo brings itself: real HTTP on loopback."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import webhook_secret
from bot.channels.zalo.channel import LARGEST_BODY, SECRET_HEADER
from bot.errors import SettingsError
from bot.settings import Settings
from storage.database import FILE_NAME
from tests.helpers import locked
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import PATIENCE, wait_until
from tests.zalo_bot import met_before, said_in, zalo_settings_for
from tests.zaloapi.client import TOKENS, ZaloApi

PATH = "/zalo/10001"
INBOX = "SELECT count(*) AS n FROM inbox"


@pytest.fixture
def hooked(zalo: ZaloApi, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a bot that is called; both sides take their time on a slow machine."""
    monkeypatch.setattr("bot.channels.zalo.channel.PATIENCE", PATIENCE)
    zalo.switch(loopback_webhooks=True, push_timeout=PATIENCE)
    listening = {"public_url": f"http://127.0.0.1:{port}/", "listen": f"127.0.0.1:{port}"}
    return met_before(zalo_settings_for(zalo, tmp_path, zalo_updates="webhook", zalo_people=0, **listening))


@pytest.fixture
def hasty(hooked: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that soon tells whoever calls to come again."""
    monkeypatch.setattr("bot.channels.zalo.channel.PATIENCE", 0.5)


@pytest.fixture
def bot(hooked: Settings, zalo: ZaloApi, documents_loaded_once: None) -> Iterator[RunningBot]:
    with running(hooked) as started:
        wait_for_webhook(zalo)
        yield started


def wait_for_webhook(zalo: ZaloApi, bot: str = "") -> None:
    wait_until(lambda: zalo.webhook(bot)["url"])


def call(
    port: int, body: bytes | dict[str, Any], *, secret: str | None = None, kind: str | None = "application/json"
) -> int:
    """Call the bot as Zalo would."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**({"Content-Type": kind} if kind else {}), **({SECRET_HEADER: secret} if secret is not None else {})}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("POST", PATH, content, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def update(zalo: ZaloApi, key: str) -> dict[str, Any]:
    person = zalo.person(1)
    message = {
        "message_id": key,
        "date": int(time.time() * 1000),
        "from": {"id": person},
        "chat": {"id": person, "chat_type": "PRIVATE"},
        "text": "điều 4 khoản 3",
    }
    return {"event_name": "message.text.received", "message": message}


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("probe", ["empty", "update", "none"])
def test_a_question_that_is_brought_is_answered(
    zalo: ZaloApi,
    person: str,
    hooked: Settings,
    documents_loaded_once: None,
    caplog: pytest.LogCaptureFixture,
    wrapped: bool,
    probe: str,
) -> None:
    zalo.switch(wrapped=wrapped, probe=probe)
    with running(hooked):
        wait_for_webhook(zalo)
        zalo.say(person, "điều 4 khoản 3")
        assert "Khoản 3 Điều 4" in said_in(zalo, person)[0].text
        assert zalo.webhook()["secret"] == webhook_secret(zalo.token)
        assert "vi-du-mot" not in zalo.webhook()["url"]
        wait_until(lambda: zalo.webhook()["answers"] == [200])
    assert "cannot be called" not in caplog.text
    assert zalo.calls("getUpdates") == []


def test_every_update_is_handled_once_although_each_is_brought_twice(
    zalo: ZaloApi, person: str, other: str, bot: RunningBot, hooked: Settings
) -> None:
    zalo.switch(duplicates=True)
    zalo.load([(somebody, f"điều 4 khoản {number}") for number in range(1, 4) for somebody in (person, other)])
    for somebody in (person, other):
        answers = [record.text.split(",")[0] for record in said_in(zalo, somebody, 3)]
        assert answers == [f"Khoản {number} Điều 4" for number in range(1, 4)]
    assert rows(hooked, INBOX) == [{"n": 6}]
    wait_until(lambda: len(zalo.webhook()["answers"]) == 12)
    assert rows(hooked, INBOX) == [{"n": 6}]


@pytest.mark.parametrize("secret", ["wrong", "none"])
def test_without_the_secret_nothing_comes_in(zalo: ZaloApi, person: str, bot: RunningBot, secret: str) -> None:
    zalo.switch(secret=secret)
    zalo.say(person, "điều 4 khoản 3")
    wait_until(lambda: zalo.webhook()["answers"])
    assert zalo.webhook()["answers"] == [401]
    assert zalo.transcript() == []


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": None}, 401),
        ({"secret": ""}, 401),
        ({"secret": "mật"}, 401),
        ({"secret": None, "body": b"", "kind": None}, 200),
        ({"body": b"", "kind": None}, 200),
        ({"secret": None, "body": b" "}, 401),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b"\xff"}, 400),
        ({"body": b" " * (LARGEST_BODY + 1)}, 413),
        ({"body": b'{"event_name": "webhook.test"}'}, 200),
    ],
)
def test_only_what_zalo_sends_comes_in(
    zalo: ZaloApi, bot: RunningBot, port: int, hooked: Settings, how: dict[str, Any], status: int
) -> None:
    options = {"secret": webhook_secret(zalo.token), "body": update(zalo, "a"), **how}
    if isinstance(options["secret"], str):
        options["secret"] = options["secret"].encode().decode("latin-1")
    assert call(port, **options) == status
    assert rows(hooked, INBOX) == [{"n": 0}]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "text/plain", None])
def test_what_the_body_is_called_does_not_matter(
    zalo: ZaloApi, bot: RunningBot, port: int, hooked: Settings, kind: str | None
) -> None:
    assert call(port, update(zalo, "a"), secret=webhook_secret(zalo.token), kind=kind) == 200
    assert rows(hooked, INBOX) == [{"n": 1}]


def test_the_answer_comes_after_the_commit(zalo: ZaloApi, bot: RunningBot, port: int, hooked: Settings) -> None:
    secret = webhook_secret(zalo.token)
    answered: list[int] = []
    with locked(hooked.data / FILE_NAME):
        thread = threading.Thread(target=lambda: answered.append(call(port, update(zalo, "a"), secret=secret)))
        thread.start()
        time.sleep(0.5)
        assert answered == []
    thread.join()
    assert answered == [200]
    assert rows(hooked, INBOX) == [{"n": 1}]


def test_a_commit_that_takes_long_is_not_waited_for_and_still_counts_once(
    zalo: ZaloApi, person: str, hasty: None, bot: RunningBot, hooked: Settings
) -> None:
    zalo.switch(push_retries=1_000, push_pause=0.3)
    with locked(hooked.data / FILE_NAME):
        zalo.say(person, "điều 4 khoản 3")
        # The storage is locked as long as that takes.
        wait_until(lambda: zalo.webhook()["answers"])
    assert "Khoản 3 Điều 4" in said_in(zalo, person)[0].text
    wait_until(lambda: zalo.webhook()["answers"][-1] == 200)
    assert zalo.webhook()["answers"][0] == 503
    assert rows(hooked, INBOX) == [{"n": 1}]
    assert len(zalo.transcript(person, "message")) == 1


def test_a_storage_that_stays_locked_asks_to_come_again_and_needs_nobody_to(
    zalo: ZaloApi,
    person: str,
    hasty: None,
    soon_busy: None,
    bot: RunningBot,
    hooked: Settings,
    port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = webhook_secret(zalo.token)
    zalo.say(person, "xin chào")
    said_in(zalo, person)
    with locked(hooked.data / FILE_NAME):
        assert call(port, update(zalo, "a"), secret=secret) == 503
        # Longer than SQLite itself waits.
        wait_until(lambda: "storage busy, an update waits" in caplog.text)
    assert said_in(zalo, person, 2)[-1].text.startswith("Khoản 3 Điều 4")
    wait_until(lambda: call(port, update(zalo, "a"), secret=secret) == 200)
    assert rows(hooked, INBOX) == [{"n": 2}]
    assert len(zalo.transcript(person, "message")) == 2


def test_several_bots_have_a_door_each(
    zalo: ZaloApi, person: str, hooked: Settings, tmp_path: Path, documents_loaded_once: None
) -> None:
    second = TOKENS[1].partition(":")[0]
    more = {"public_url": hooked.public_url, "listen": hooked.listen, "zalo_updates": "webhook"}
    with running(zalo_settings_for(zalo, tmp_path, zalo_tokens=",".join(TOKENS), **more)):
        wait_for_webhook(zalo)
        wait_for_webhook(zalo, second)
        assert zalo.webhook(second)["url"].endswith(f"/zalo/{second}")
        assert zalo.webhook(second)["secret"] != zalo.webhook()["secret"]
        zalo.say(person, "điều 4 khoản 3", bot=second)
        assert said_in(zalo, person)[0].bot == second


def test_a_webhook_that_cannot_be_called_is_told(
    zalo: ZaloApi, hooked: Settings, documents_loaded_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = hooked.model_copy(update={"public_url": "http://127.0.0.1:9"})
    with running(elsewhere):
        wait_for_webhook(zalo)
        wait_until(lambda: "the webhook cannot be called: webhook.err.conn" in caplog.text)


def test_polling_takes_a_webhook_away(
    zalo: ZaloApi, person: str, bot: RunningBot, tmp_path: Path, documents_loaded_once: None
) -> None:
    bot.stop()
    settings = zalo_settings_for(zalo, tmp_path)
    with running(settings):
        wait_until(lambda: not zalo.webhook()["url"])
        zalo.say(person, "điều 4 khoản 3")
        assert "Khoản 3 Điều 4" in said_in(zalo, person)[0].text
        eventually(settings, "SELECT state FROM outbox", [{"state": "sent"}])


@pytest.mark.parametrize(("missing", "name"), [("public_url", "UNGXU_PUBLIC_URL"), ("listen", "UNGXU_LISTEN")])
def test_a_webhook_needs_to_be_reached(
    zalo: ZaloApi, tmp_path: Path, documents_loaded_once: None, missing: str, name: str
) -> None:
    both = {"public_url": "http://127.0.0.1:1", "listen": "127.0.0.1:0", missing: ""}
    with (
        pytest.raises(SettingsError) as caught,
        running(zalo_settings_for(zalo, tmp_path, zalo_updates="webhook", **both)),
    ):
        pass
    assert caught.value.name == name
