"""A whole bot on an Official Account: real HTTP both ways, and the server's transcript of what people saw."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from bot.channels.base import Event, Outgoing, Taken
from bot.channels.configured import zalo_oa
from bot.channels.markup import length, plain
from bot.channels.zalo_oa.channel import PATIENCE as ANSWERED_WITHIN
from bot.errors import NotReady, NotSent
from bot.receiver import Receiver
from bot.settings import Settings
from bot.worker import Worker
from handlers import router
from handlers.context import Context
from handlers.conversation import Button, File, Incoming, Outcome, Reply
from handlers.texts import Texts
from storage import fetches, outbox, people, roles, windows
from storage.database import FILE_NAME, Database
from storage.outbox import BROADCAST
from storage.people import Address
from tests.helpers import locked
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import PATIENCE, wait_until
from tests.zalo_oa.account import OTHER, USER, log_in, settings_for, until_called
from tests.zalo_oa.server import MESSAGE, PROFILE, TOKEN, UPLOAD, OpenApi
from tests.zalo_oa.webhook import HEADER, TIMEOUT, signature
from tests.zalo_oa.world import APP_ID, OA_ID, Record

QUESTION, ANSWER = "điều 4 khoản 3", "Khoản 3 Điều 4"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.dispatch.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.fetcher.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.fetcher.IDLE", 0.1)


# Questions and buttons


def test_a_question_is_answered(openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings) -> None:
    assert openapi.say(USER, QUESTION)
    (record,) = openapi.wait_for(USER)
    assert record.text.startswith(ANSWER)
    assert "<" not in record.text
    assert openapi.webhook.statuses == [200]
    eventually(oa_settings, "SELECT state, sent_id FROM outbox", [{"state": "sent", "sent_id": f"{1:020x}"}])


def press_of(record: Record, place: int = 0) -> tuple[str, str]:
    """The label of a button and what it says when it is pressed."""
    return record.buttons[place]["title"], record.buttons[place]["payload"]


def test_a_button_is_looked_up_when_it_comes_back_as_words(openapi: OpenApi, oa_bot: RunningBot) -> None:
    openapi.say(USER, QUESTION)
    (record,) = openapi.wait_for(USER)
    label, payload = press_of(record)
    assert record.buttons[0]["type"] == "oa.query.show"
    assert payload.startswith(f"{label} #")
    assert openapi.press(record, 0)
    more = openapi.wait_for(USER, 2)[1]
    assert more.text != record.text
    # The words before the number are nobody's to believe.
    openapi.say(USER, "Nút khác hẳn #" + payload.rpartition("#")[2])
    assert openapi.wait_for(USER, 3)[2].text == more.text


def test_what_was_shown_to_somebody_else_is_refused(openapi: OpenApi, oa_bot: RunningBot, texts: Texts) -> None:
    openapi.say(USER, QUESTION)
    (record,) = openapi.wait_for(USER)
    openapi.press(record, 0, OTHER)
    assert [found.text for found in openapi.wait_for(OTHER)] == [texts("menu.stale")]


def test_a_button_that_never_was_is_stale(openapi: OpenApi, oa_bot: RunningBot, texts: Texts) -> None:
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER)
    for payload in ("x #999999.0", "x #1.99", "#0.0"):
        openapi.say(USER, payload)
    assert [record.text for record in openapi.wait_for(USER, 4)[1:]] == [texts("menu.stale")] * 3


def test_more_choices_than_buttons_are_numbers(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    six = tuple(Button(f"Lựa chọn {n}", "ask.vote", {"n": n}) for n in range(6))
    real = router.handle

    def handle(event: Incoming, context: Context) -> list[Reply]:
        return [Reply(Markup("Chọn:"), six)] if event.text == "sáu" else real(event, context)

    chosen: list[dict[str, Any]] = []

    class Votes:
        def act(self, name: str, data: dict[str, Any], context: Context) -> list[Reply]:
            chosen.append(data)
            return [Reply(Markup("Cảm ơn."))]

    monkeypatch.setattr(router, "JOBS", {"ask": Votes()})
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=handle))
    with running(oa_settings):
        until_called(openapi)
        openapi.say(USER, "sáu")
        (record,) = openapi.wait_for(USER)
        assert record.buttons == ()
        assert "6. Lựa chọn 5" in record.text
        openapi.say(USER, "6")
        assert openapi.wait_for(USER, 2)[1].text == "Cảm ơn."
        assert chosen == [{"n": 5}]


def test_a_long_text_comes_in_parts_that_zalo_takes(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "Một câu dài có 🙂 ở giữa. " * 200
    button = Button("Xong", "ask.vote")

    def handle(event: Incoming, context: Context) -> list[Reply]:
        return [Reply(Markup.escape(long), (button,))]

    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=handle))
    with running(oa_settings):
        until_called(openapi)
        openapi.say(USER, "a")
        parts = openapi.wait_for(USER, 3)
        assert max(length(part.text) for part in parts) < 2000
        assert " ".join(part.text for part in parts) == long.strip()
        assert [len(part.buttons) for part in parts] == [0, 0, 1]


# What comes in


def test_files_stickers_and_places_are_answered(openapi: OpenApi, oa_bot: RunningBot, texts: Texts) -> None:
    openapi.attach(USER, "image", PICTURE)
    openapi.attach(USER, "sticker", id="abc", url="https://vidu.zadn.vn/a")
    openapi.attach(USER, "location", coordinates={"latitude": "21.0", "longitude": "105.8"})
    said = [record.text for record in openapi.wait_for(USER, 3)]
    other = texts("media.other")
    assert said == [texts("report.ask_picture"), other, other]
    openapi.attach(OTHER, "audio", b"audio")
    (heard,) = openapi.wait_for(OTHER)
    assert texts("media.file") in heard.text


def test_who_unfollows_is_not_written_to_until_he_comes_back(
    openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings
) -> None:
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER)
    closed = "SELECT chat, reason FROM closed_chats"
    openapi.follow(USER, "unfollow")
    eventually(oa_settings, closed, [{"chat": USER, "reason": "blocked"}])
    openapi.follow(USER)
    eventually(oa_settings, closed, [])
    openapi.follow(USER, "unfollow")
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER, 2)
    assert rows(oa_settings, closed) == []
    kinds = [row["kind"] for row in rows(oa_settings, "SELECT kind FROM inbox ORDER BY received_at")]
    assert kinds == ["text", "blocked", "unblocked", "blocked", "text"]


def test_what_is_of_no_concern_is_taken_and_forgotten(
    openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings
) -> None:
    for name in ("user_seen_message", "user_received_message", "oa_send_text", "user_click_button", "khong_ro"):
        assert openapi.event(name, USER, {"text": "a"})
    assert openapi.webhook.statuses == [200] * 5
    assert rows(oa_settings, "SELECT * FROM inbox") == []


def test_what_cannot_be_read_is_answered_with_an_apology_and_not_asked_for_again(
    openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings, texts: Texts
) -> None:
    assert openapi.event("user_send_text", USER, {"msg_id": "m1", "text": {"a": 1}})
    (record,) = openapi.wait_for(USER)
    assert record.text == texts("trouble.apology")
    assert openapi.event("user_send_text", USER, {"msg_id": "m1", "text": {"a": 1}})
    assert [row["outcome"] for row in rows(oa_settings, "SELECT outcome FROM inbox")] == ["failed"]


def test_fields_that_are_new_or_empty_do_no_harm(openapi: OpenApi, oa_bot: RunningBot) -> None:
    openapi.event("user_send_text", USER, {"text": QUESTION, "attachments": None, "moi": {"a": []}}, user_id_by_app=5)
    openapi.event("user_send_text", USER, {"text": QUESTION}, sender={"id": int(USER)})
    assert [record.text[: len(ANSWER)] for record in openapi.wait_for(USER, 2)] == [ANSWER] * 2


def test_an_event_that_comes_twice_is_taken_once(openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings) -> None:
    openapi.webhook.twice = True
    openapi.say(USER, QUESTION)
    openapi.follow(USER)
    assert openapi.webhook.statuses == [200] * 4
    openapi.wait_for(USER)
    assert rows(oa_settings, "SELECT count(*) AS n FROM inbox") == [{"n": 2}]
    eventually(oa_settings, "SELECT DISTINCT state FROM outbox", [{"state": "sent"}])
    assert len(openapi.messages(USER)) == 1


def test_what_is_older_than_any_repetition_is_left_out(
    openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings
) -> None:
    """So that a call that somebody kept cannot be made once more when its key is forgotten."""
    openapi.world.offset = -4 * 24 * 3600.0
    assert openapi.say(USER, QUESTION)
    assert rows(oa_settings, "SELECT * FROM inbox") == []


# The door


def body_of(text: str = QUESTION, **more: Any) -> tuple[bytes, str]:
    stamp = str(int(time.time() * 1000))
    message = {"msg_id": "m-tay", "text": text}
    event = {
        "app_id": APP_ID,
        "event_name": "user_send_text",
        "timestamp": stamp,
        "sender": {"id": USER},
        "recipient": {"id": OA_ID},
        "message": message,
        **more,
    }
    return json.dumps(event).encode(), stamp


def test_only_what_zalo_signed_comes_in(openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings) -> None:
    body, stamp = body_of()
    signed = signature("app", body, stamp)
    large = b" " * (1024 * 1024 + 1)

    def post(content: bytes, header: str, kind: str = "application/json") -> int:
        return openapi.webhook.post(content, {HEADER: header}, kind)

    for header in ("", "mac=", "mac=" + "0" * 64, "mac=\xe9", signature("app", body, stamp, "khac")):
        assert post(body, header) == 401
    for content in (body + b" ", b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        assert post(content, signed) == 401
    assert post(large, signature("app", large, "")) == 413
    assert post(body, signed, "text/plain") == 415
    assert rows(oa_settings, "SELECT * FROM inbox") == []
    assert post(body, signed) == 200
    assert len(rows(oa_settings, "SELECT * FROM inbox")) == 1


@pytest.mark.parametrize("formula", ["hmac", "oa"])
def test_the_formula_is_a_setting(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, formula: Any
) -> None:
    openapi.world.formula = formula
    with running(oa_settings.model_copy(update={"zalo_oa_signature": formula})):
        until_called(openapi)
        assert openapi.say(USER, QUESTION)
        body, stamp = body_of()
        assert openapi.webhook.post(body, {HEADER: signature("app", body, stamp)}) == 401
        openapi.wait_for(USER)


@pytest.fixture
def hasty(oa_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that soon tells whoever calls to come again."""
    assert ANSWERED_WITHIN < TIMEOUT, "Zalo does not wait so long"
    monkeypatch.setattr("bot.channels.zalo_oa.channel.PATIENCE", 0.5)


def test_what_is_not_committed_in_time_is_asked_for_again_and_taken_once(
    openapi: OpenApi, hasty: None, oa_bot: RunningBot, oa_settings: Settings
) -> None:
    with locked(oa_settings.data / FILE_NAME):
        openapi.world.wrote(USER)
        body, stamp = body_of()
        header = {HEADER: signature("app", body, stamp)}
        assert openapi.webhook.post(body, header) == 503
    openapi.wait_for(USER)
    wait_until(lambda: openapi.webhook.post(body, header) == 200)
    assert rows(oa_settings, "SELECT count(*) AS n FROM inbox") == [{"n": 1}]
    assert len(openapi.messages(USER)) == 1


def test_the_answer_comes_after_the_commit(openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings) -> None:
    with locked(oa_settings.data / FILE_NAME):
        thread = threading.Thread(target=lambda: openapi.say(USER, QUESTION))
        thread.start()
        time.sleep(0.6)
        assert openapi.webhook.statuses == []
    thread.join()
    assert openapi.webhook.statuses == [200]
    assert len(rows(oa_settings, "SELECT * FROM inbox")) == 1


# Windows


def write_later(settings: Settings, hours: float, sent: int = 0, urgency: int = outbox.REPORT) -> None:
    """Put a message into the outbox of somebody who wrote so many hours ago and got so many messages since."""
    database = Database(settings.data / FILE_NAME)
    now = dt.datetime.now(dt.UTC)
    with database.transaction():
        wrote = (now - dt.timedelta(hours=hours)).isoformat()
        values = {"wrote": wrote, "sent": sent, "chat": USER}
        database.run("UPDATE windows SET wrote_at = :wrote, sent = :sent WHERE chat = :chat", values)
        outbox.put(database, "zalo_oa", APP_ID, USER, urgency, {"text": "Nhắc việc"}, now.isoformat())
    database.close()


def ends(settings: Settings, count: int, state: str, error: str | None) -> None:
    """Wait until so many messages ended, the last of them so."""
    last = "SELECT state, error FROM outbox WHERE class = 2 ORDER BY id DESC LIMIT 1"
    ended = "SELECT count(*) AS count FROM outbox WHERE class = 2 AND ended_at IS NOT NULL"
    eventually(settings, f"SELECT * FROM ({last}), ({ended})", [{"state": state, "error": error, "count": count}])


@pytest.fixture
def known(openapi: OpenApi, oa_bot: RunningBot) -> None:
    """Somebody who has just got an answer."""
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER)


def test_what_is_free_goes_out_and_nothing_else(openapi: OpenApi, known: None, oa_settings: Settings) -> None:
    # Hours since somebody wrote, messages since, and whether another goes out.
    cases = [(1, 0, True), (1, 7, True), (1, 8, False), (47.9, 0, True), (48, 0, False), (24 * 7, 0, False)]
    for number, (hours, count, goes) in enumerate(cases, 1):
        write_later(oa_settings, hours, count)
        ends(oa_settings, number, *(("sent", None) if goes else ("failed", "window closed")))
    # What is refused here is not even asked for there.
    assert len(openapi.messages(USER)) == openapi.count(MESSAGE) == 1 + 3
    assert not any(record.paid for record in openapi.messages(USER))


def test_what_is_charged_goes_out_where_the_office_pays(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None
) -> None:
    openapi.world.balance = 10
    with running(oa_settings.model_copy(update={"zalo_oa_paid": True})):
        until_called(openapi)
        openapi.say(USER, QUESTION)
        openapi.wait_for(USER)
        cases = [(1, 8, True), (72, 0, True), (167.9, 20, True), (168, 0, False), (500, 0, False)]
        for number, (hours, count, goes) in enumerate(cases, 1):
            with openapi.world.lock:
                person = openapi.world.person(USER)
                person.wrote_at, person.free = openapi.world.now() - hours * 3600, 8 - min(count, 8)
            write_later(oa_settings, hours, count)
            ends(oa_settings, number, *(("sent", None) if goes else ("failed", "window closed")))
    assert [record.paid for record in openapi.messages(USER)] == [False, True, True, True]


def test_who_writes_again_opens_the_window_again(openapi: OpenApi, known: None, oa_settings: Settings) -> None:
    write_later(oa_settings, 100)
    ends(oa_settings, 1, "failed", "window closed")
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER, 2)
    (window,) = rows(oa_settings, "SELECT sent FROM windows")
    assert window["sent"] == 1


def test_a_message_that_did_not_leave_is_not_counted(
    openapi: OpenApi, oa_bot: RunningBot, oa_settings: Settings
) -> None:
    openapi.fault("filtered", MESSAGE, times=3)
    openapi.fault("accepted_cut", MESSAGE, after=0)
    openapi.say(USER, QUESTION)
    eventually(oa_settings, "SELECT state, repeats FROM outbox", [{"state": "sent", "repeats": 1}])
    # One that may have arrived, and the one that surely has.
    assert rows(oa_settings, "SELECT sent FROM windows") == [{"sent": 2}]
    assert len(openapi.messages(USER)) == 2


def test_zalo_may_know_better(openapi: OpenApi, known: None, oa_settings: Settings) -> None:
    openapi.fault("error", MESSAGE, code=-230, message="User has not interacted")
    write_later(oa_settings, 1)
    ends(oa_settings, 1, "failed", "window closed")
    assert rows(oa_settings, "SELECT * FROM closed_chats") == []


def make_administrator(settings: Settings, *addresses: Address) -> None:
    database = Database(settings.data / FILE_NAME)
    now = dt.datetime.now(dt.UTC).isoformat()
    with database.transaction():
        person = people.person_at(database, addresses[0], now)
        for address in addresses[1:]:
            database.run(
                "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
                " VALUES (:channel, :account, :chat, :sender, :person, '')",
                {**address.values(), "person": person},
            )
        roles.give(database, person, "administrator", None, person, now)
    database.close()


def test_administrators_hear_of_closed_windows_once_a_day(
    openapi: OpenApi, known: None, oa_settings: Settings, texts: Texts
) -> None:
    make_administrator(oa_settings, Address("zalo_oa", APP_ID, OTHER, OTHER))
    openapi.say(OTHER, QUESTION)
    openapi.wait_for(OTHER)
    for count in (1, 2, 3):
        write_later(oa_settings, 100)
        failed = f"SELECT count(*) AS n FROM outbox WHERE chat = '{USER}' AND state = 'failed'"
        eventually(oa_settings, failed, [{"n": count}])
    told = openapi.wait_for(OTHER, 2)[1]
    assert told.text == plain(texts.rich("alert.zalo_oa_window"))
    time.sleep(0.6)
    assert len(openapi.messages(OTHER)) == 2
    database = Database(oa_settings.data / FILE_NAME)
    database.run("UPDATE alerts SET day = '2026-01-01'")
    database.close()
    write_later(oa_settings, 100)
    assert openapi.wait_for(OTHER, 3)[2].text == told.text


def test_the_job_that_wrote_is_told(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Outcome] = []

    def listen(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        told.extend(outcomes)
        return []

    monkeypatch.setattr(router, "LISTENERS", {"vidu": listen})
    with running(oa_settings):
        until_called(openapi)
        database = Database(oa_settings.data / FILE_NAME)
        now = dt.datetime.now(dt.UTC).isoformat()
        with database.transaction():
            concern = {"job": "vidu"}
            outbox.put(database, "zalo_oa", APP_ID, USER, outbox.REPORT, {"text": "a"}, now, concern=concern)
        database.close()
        ends(oa_settings, 1, "failed", "window closed")
    assert [(outcome.state, outcome.reason) for outcome in told] == [("failed", "window closed")]


# Tokens, from the side of the messages


def test_an_access_token_that_zalo_ended_costs_nobody_an_answer(
    openapi: OpenApi, oa_settings: Settings, oa_bot: RunningBot
) -> None:
    openapi.say(USER, QUESTION)
    openapi.wait_for(USER)
    database = Database(oa_settings.data / FILE_NAME)
    database.run("UPDATE oa_tokens SET received_at = '2026-01-01T00:00:00+00:00'")
    database.close()
    openapi.world.expire_access()
    openapi.say(USER, QUESTION)
    assert len(openapi.wait_for(USER, 2)) == 2
    eventually(oa_settings, "SELECT DISTINCT state, repeats FROM outbox", [{"state": "sent", "repeats": 0}])
    assert openapi.world.rotations == 1


def test_without_consent_answers_wait_for_it(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dispatch.UNUSABLE_PAUSE", 0.1)
    database = Database(oa_settings.data / FILE_NAME)
    database.run("DELETE FROM oa_tokens")
    database.close()
    with running(oa_settings):
        until_called(openapi)
        openapi.say(USER, QUESTION)
        eventually(
            oa_settings, "SELECT state, error FROM outbox", [{"state": "waiting", "error": "nobody has agreed yet"}]
        )
        log_in(openapi, oa_settings.data)
        openapi.wait_for(USER)


def test_administrators_are_told_that_the_account_is_lost(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, texts: Texts
) -> None:
    """Not in a window of a terminal that is closed: it waits until the account can be used again."""
    make_administrator(
        oa_settings, Address("zalo_oa", APP_ID, OTHER, OTHER), Address("terminal", "x", "local", "local")
    )
    openapi.world.refresh.clear()
    database = Database(oa_settings.data / FILE_NAME)
    windows.opened(database, "zalo_oa", APP_ID, OTHER, dt.datetime.now(dt.UTC).isoformat())
    database.run("UPDATE oa_tokens SET access_until = '2026-01-01T00:00:00+00:00'")
    database.close()
    with running(oa_settings):
        until_called(openapi)
        state = "SELECT chat, state, error FROM outbox"
        eventually(oa_settings, state, [{"chat": OTHER, "state": "waiting", "error": "the refresh token is refused"}])
        (alert,) = rows(oa_settings, "SELECT message FROM outbox")
    assert json.loads(alert["message"]) == {"text": texts.rich("alert.zalo_oa_refused")}
    assert openapi.count(TOKEN) == 1


# Files


def keep(event: Incoming, context: Context) -> list[Reply]:
    """A job that keeps every file, and answers when it is there."""
    for attachment in event.attachments:
        concern = {"job": "vidu", "to": event.address.values()}
        fetches.put(
            context.database, event.address, context.person, attachment.as_json(), concern, context.now.isoformat()
        )
    return [Reply(Markup("Đã nhận."))]


def told(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
    """Send a stored file back with a button; say why another was not stored."""
    (outcome,) = outcomes
    to = Address(**outcome.concern["to"])
    if outcome.blob is None:
        return [Reply(Markup.escape(f"{outcome.state}: {outcome.reason}"), to=to)]
    row = context.database.row("SELECT media_type FROM blobs WHERE id = :id", {"id": outcome.blob})
    assert row is not None
    picture = row["media_type"].startswith("image/")
    file = File(outcome.blob, "photo" if picture else "document", "vi-du.png" if picture else "vi-du.pdf")
    return [Reply(Markup("<b>Đây</b> là tệp."), (Button("Xong", "vidu.done"),), files=(file,), to=to)]


@pytest.fixture
def file_replies(documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that gives back the files that it gets."""
    monkeypatch.setattr(router, "LISTENERS", {"vidu": told})
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=keep))


@pytest.fixture
def file_bot(openapi: OpenApi, oa_settings: Settings, file_replies: None) -> Iterator[RunningBot]:
    with running(oa_settings) as started:
        until_called(openapi)
        yield started


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [("image", PICTURE, ""), ("file", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(500), "mẫu.pdf")],
)
def test_a_file_is_kept_and_comes_back_as_it_was(
    openapi: OpenApi, file_bot: RunningBot, oa_settings: Settings, kind: str, content: bytes, name: str
) -> None:
    openapi.attach(USER, kind, content, name=name)
    received, back, words = openapi.wait_for(USER, 3)
    assert received.text == "Đã nhận."
    assert (back.kind, back.upload, back.text) == (kind, content, "")
    assert (words.text, [button["title"] for button in words.buttons]) == ("Đây là tệp.", ["Xong"])
    assert rows(oa_settings, "SELECT state, source FROM fetches") == [{"state": "stored", "source": None}]


@pytest.mark.parametrize("chosen", [True, False])
def test_a_file_that_zalo_does_not_take_is_put_where_the_office_chose(
    openapi: OpenApi, oa_settings: Settings, file_replies: None, tmp_path: Path, chosen: bool
) -> None:
    """What people sent is kept encrypted; in the clear it lies only where the office said so."""
    folder = tmp_path / "tep"
    video = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(500)
    with running(oa_settings.model_copy(update={"files_out": str(folder) if chosen else ""})):
        until_called(openapi)
        openapi.attach(USER, "video", video, name="quay.mp4")
        _, aside, words = openapi.wait_for(USER, 3)
    if chosen:
        (file,) = folder.iterdir()
        assert (aside.kind, file.read_bytes()) == ("text", video)
        assert file.name in aside.text
    else:
        assert aside.text == "(Tệp kèm theo không gửi được qua kênh này.)"
        assert list((oa_settings.data / "files-out").glob("*")) == []
    assert (words.text, [button["title"] for button in words.buttons]) == ("Đây là tệp.", ["Xong"])


def test_an_upload_that_was_cut_is_done_again_and_seen_once(openapi: OpenApi, file_bot: RunningBot) -> None:
    openapi.fault("accepted_cut", UPLOAD + "image")
    openapi.attach(USER, "image", PICTURE)
    assert [record.kind for record in openapi.wait_for(USER, 3)] == ["text", "image", "text"]
    assert openapi.count(UPLOAD + "image") == 2


def test_a_picture_of_a_broadcast_is_uploaded_once_and_again_where_it_is_gone(
    openapi: OpenApi, file_bot: RunningBot, oa_settings: Settings
) -> None:
    openapi.attach(USER, "image", PICTURE)
    openapi.wait_for(USER, 3)
    picture = {"blob": 1, "kind": "photo", "name": "vi-du.png"}

    def broadcast(seen: int) -> bytes:
        database = Database(oa_settings.data / FILE_NAME)
        now = dt.datetime.now(dt.UTC).isoformat()
        with database.transaction():
            outbox.put(database, "zalo_oa", APP_ID, USER, BROADCAST, {"text": "Nhắc.", "file": picture}, now)
        database.close()
        return openapi.wait_for(USER, seen)[seen - 1].upload

    before = openapi.count(UPLOAD + "image")
    assert [broadcast(4), broadcast(5)] == [PICTURE] * 2
    assert openapi.count(UPLOAD + "image") == before + 1
    database = Database(oa_settings.data / FILE_NAME)
    database.run("UPDATE uploads SET name = 'khong-co'")
    database.close()
    assert broadcast(6) == PICTURE
    assert openapi.count(UPLOAD + "image") == before + 2


def test_a_file_that_is_too_large_is_refused(
    openapi: OpenApi, file_bot: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.fetcher.LARGEST_FILE", 1000)
    openapi.attach(USER, "image", PICTURE)
    assert openapi.wait_for(USER, 2)[1].text == "refused: too large"
    # What the event says of the size is not believed.
    openapi.attach(USER, "image", PICTURE, size="5")
    assert openapi.wait_for(USER, 4)[3].text == "refused: too large"


def test_a_file_from_elsewhere_is_not_fetched(openapi: OpenApi, file_bot: RunningBot) -> None:
    openapi.attach(USER, "image", url="http://169.254.169.254/latest")
    assert openapi.wait_for(USER, 2)[1].text == "lost: not a host of Zalo's files"


# Beside the running bot


def test_what_the_bot_is_called_is_told_who_has_started_it(
    openapi: OpenApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as Zalo tells, and until then it is asked again."""
    monkeypatch.setattr("bot.channels.zalo_oa.channel.FIRST_PAUSE", 0.05)
    log_in(openapi, tmp_path)
    openapi.fault("server_error", PROFILE, times=2)

    async def work() -> str:
        worker = Worker(tmp_path / FILE_NAME)
        channel = zalo_oa(settings_for(openapi, tmp_path))
        assert channel is not None
        channel.remember(worker, "toi", lambda *_: None)
        await channel.open()
        receiving = asyncio.create_task(channel.receive(nobody))
        try:
            return await asyncio.wait_for(channel.introduced(), PATIENCE)
        finally:
            receiving.cancel()
            await channel.close()
            worker.close()

    assert asyncio.run(work()) == "Zalo OA OA Ví Dụ"
    assert openapi.count(PROFILE) == 3


async def nobody(event: Event) -> Taken:
    raise AssertionError(event)


def test_before_it_receives_zalo_is_asked_to_come_again(openapi: OpenApi, tmp_path: Path) -> None:
    channel = zalo_oa(settings_for(openapi, tmp_path))
    assert channel is not None and channel.webhook is not None
    with pytest.raises(NotReady):
        asyncio.run(channel.webhook.take(json.loads(body_of()[0])))
    with pytest.raises(NotReady):
        asyncio.run(channel.send(USER, Outgoing("Chào")))


def test_buttons_cannot_be_changed_and_nothing_is_sent_for_that(openapi: OpenApi, tmp_path: Path) -> None:
    channel = zalo_oa(settings_for(openapi, tmp_path))
    assert channel is not None
    assert asyncio.run(channel.send(USER, Outgoing(None, buttons=[(0, "Xong")], edits="1"))) is None
    assert openapi.calls == []


def test_where_the_storage_is_busy_nothing_leaves(
    openapi: OpenApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 50)
    log_in(openapi, tmp_path)

    async def work() -> None:
        worker = Worker(tmp_path / FILE_NAME)
        channel = zalo_oa(settings_for(openapi, tmp_path))
        assert channel is not None
        channel.remember(worker, "toi", lambda *_: None)
        with locked(tmp_path / FILE_NAME), pytest.raises(NotSent, match="StorageBusy"):
            await channel.send(USER, Outgoing("Chào"))
        worker.close()

    asyncio.run(work())
    assert openapi.calls == []


# Logs


def test_no_secret_and_nothing_that_was_said_is_logged(
    openapi: OpenApi, oa_settings: Settings, documents_loaded_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), running(oa_settings):
        until_called(openapi)
        openapi.say(USER, QUESTION)
        openapi.wait_for(USER)
        openapi.world.expire_access()
        openapi.fault("error", MESSAGE, code=-201, message="bad")
        openapi.say(USER, QUESTION)
        eventually(oa_settings, "SELECT count(*) AS n FROM outbox WHERE ended_at IS NULL", [{"n": 0}])
        # It is asked beside all else.
        wait_until(lambda: "OA Ví Dụ receives" in caplog.text)
    for word in (*openapi.world.refresh, *oa_settings.secrets, QUESTION, USER):
        assert word not in caplog.text
