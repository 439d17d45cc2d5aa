"""Everything that Telegram and the network do wrong, one after the other; the transcript tells what people saw."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import pairwise

import pytest
from aiohttp import web

from bot.channels.base import Outgoing
from bot.channels.telegram import Telegram
from bot.channels.telegram.updates import UpdateReader
from bot.clock import utc_now
from bot.errors import NotSent
from bot.settings import Settings
from handlers.conversation import Incoming
from handlers.texts import load_texts
from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.helpers import locked
from tests.telegram_bot import OTHER, PERSON, RunningBot, eventually, rows, running, said
from tests.waiting import wait_until

ANSWER = "Khoản 3 Điều 4"
ENDS = "SELECT state, attempts, repeats FROM outbox"
UNUSABLE_PAUSE = 0.2


def ask(api: BotApi, person: int = PERSON) -> int:
    return api.say(person, "điều 4 khoản 3")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that grow as they do, from a twentieth of a second."""
    monkeypatch.setattr("bot.dispatch.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.channels.telegram.channel.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.channels.telegram.channel.CONFLICT_PAUSE", 0.1)
    monkeypatch.setattr("bot.channels.telegram.channel.UNUSABLE_PAUSE", 0.2)
    monkeypatch.setattr("bot.channels.telegram.channel.BUSY_PAUSE", 0.1)
    monkeypatch.setattr("bot.dispatch.UNUSABLE_PAUSE", UNUSABLE_PAUSE)


# The request did not get through, or was answered with a refusal that passes


@pytest.mark.parametrize("times", [1, 2])
def test_too_many_requests_wait_as_long_as_they_are_told(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, times: int
) -> None:
    api.fault("retry_after", method="sendMessage", chat=PERSON, times=times, seconds=2)
    began = time.monotonic()
    ask(api)
    (mine,) = said(api)
    assert ANSWER in mine.text
    assert mine.monotonic - began >= 2 * times
    eventually(telegram_settings, ENDS, [{"state": "sent", "attempts": times + 1, "repeats": 0}])


def test_who_must_wait_holds_up_nobody_else(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    api.fault("retry_after", method="sendMessage", chat=PERSON, seconds=3600)
    ask(api)
    eventually(telegram_settings, ENDS, [{"state": "waiting", "attempts": 1, "repeats": 0}])
    ask(api, OTHER)
    assert ANSWER in said(api, OTHER)[0].text
    assert api.transcript(PERSON, "message") == []


def test_too_many_requests_while_another_message_is_on_its_way(api: BotApi, bot: RunningBot) -> None:
    api.fault("slow", method="sendMessage", chat=OTHER, seconds=0.3)
    api.fault("retry_after", method="sendMessage", chat=PERSON, seconds=1)
    ask(api, OTHER)
    ask(api)
    assert ANSWER in said(api, OTHER)[0].text
    assert ANSWER in said(api)[0].text
    assert Counter(record.chat for record in api.transcript(kind="message")) == {PERSON: 1, OTHER: 1}


@pytest.mark.parametrize("kind", ["server_error", "bad_gateway", "not_json", "cut", "reset"])
def test_a_broken_answer_means_that_the_answer_goes_out_again(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, kind: str
) -> None:
    api.fault(kind, method="sendMessage", times=2)
    ask(api)
    assert ANSWER in said(api)[0].text
    eventually(telegram_settings, ENDS, [{"state": "sent", "attempts": 3, "repeats": 2}])


@pytest.mark.parametrize("kind", ["accepted_cut", "accepted_reset", "accepted_truncated"])
def test_an_answer_that_arrived_without_our_knowing_is_repeated_and_counted(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, kind: str
) -> None:
    api.fault(kind, method="sendMessage")
    ask(api)
    assert [ANSWER in record.text for record in said(api, count=2)] == [True, True]
    eventually(telegram_settings, ENDS, [{"state": "sent", "attempts": 2, "repeats": 1}])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that does not wait long for an answer; on a slow machine some come too late that were to come."""
    monkeypatch.setattr("bot.channels.telegram.channel.READ_TIMEOUT", 0.5)


def test_an_answer_after_which_nothing_is_heard_is_repeated_and_counted(
    impatient: None, telegram_settings: Settings, api: BotApi, documents_loaded_once: None
) -> None:
    api.fault("accepted_silent", method="sendMessage")
    with running(telegram_settings):
        ask(api)
        # Every time but the last was a repeat, as often as it was.
        eventually(
            telegram_settings, "SELECT state, attempts - repeats AS sent FROM outbox", [{"state": "sent", "sent": 1}]
        )
    (row,) = rows(telegram_settings, "SELECT attempts FROM outbox")
    assert row["attempts"] > 1
    assert [ANSWER in record.text for record in said(api, count=row["attempts"])] == [True] * row["attempts"]


def test_a_server_that_is_not_there_loses_nothing(
    impatient: None, telegram_settings: Settings, api: BotApi, documents_loaded_once: None
) -> None:
    """Nobody listens at first; then the server is there."""
    api.freeze(1.5)
    ask(api)
    with running(telegram_settings):
        assert ANSWER in said(api)[0].text


# The message itself is refused


def test_marks_that_are_refused_are_left_out(api: BotApi, bot: RunningBot) -> None:
    api.fault("cant_parse", method="sendMessage")
    ask(api)
    (answer,) = said(api)
    assert answer.text.startswith(ANSWER)
    assert (answer.parse_mode, answer.entities) == (None, [])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("blocked", "blocked"),
        ("deactivated", "deactivated"),
        ("cannot_initiate", "gone"),
        ("chat_not_found", "gone"),
    ],
)
def test_what_cannot_succeed_is_not_tried_again(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, kind: str, reason: str
) -> None:
    api.fault(kind, method="sendMessage", times=None)
    ask(api)
    eventually(
        telegram_settings,
        "SELECT state, attempts, error FROM outbox",
        [{"state": "failed", "attempts": 1, "error": reason}],
    )
    assert rows(telegram_settings, "SELECT reason FROM closed_chats") == [{"reason": reason}]
    assert len(api.calls("sendMessage")) == 1


def test_a_message_that_is_refused_does_not_hold_up_the_next(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.fault("too_long", method="sendMessage")
    ask(api)
    api.say(PERSON, "điều 4 khoản 2")
    assert said(api)[0].text.startswith("Khoản 2 Điều 4")
    assert rows(telegram_settings, "SELECT count(*) AS n FROM closed_chats") == [{"n": 0}]


def test_a_chat_that_has_moved_gets_its_message_where_it_is_now(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.fault("migrated", method="sendMessage", chat=PERSON, migrate_to=OTHER)
    api.say(OTHER, "xin chào")
    said(api, OTHER)
    ask(api)
    assert ANSWER in said(api, OTHER, 2)[-1].text
    assert api.transcript(PERSON, "message") == []


def test_an_unchanged_edit_is_as_good_as_a_changed_one(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.fault("not_modified", method="editMessageReplyMarkup")
    api.press(PERSON, answer, "Đúng ý tôi")
    eventually(telegram_settings, "SELECT state FROM outbox ORDER BY id", [{"state": "sent"}, {"state": "sent"}])


def test_an_edit_of_a_message_that_is_gone_comes_as_a_new_one(api: BotApi, bot: RunningBot) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.press(PERSON, answer, "Chưa đúng")
    why = next(record for record in said(api, count=3) if record.text.startswith("Chưa đúng ở đâu"))
    api.erase(why)
    api.press(PERSON, why, "Khó hiểu")
    seen = api.wait_for(lambda seen: any("để sửa" in r.text for r in seen), PERSON)
    thanks = next(record for record in seen if "để sửa" in record.text)
    assert (thanks.kind, thanks.message_id != why.message_id) == ("message", True)


def test_a_press_that_is_too_old_to_be_answered_still_counts(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    api.say(PERSON, "share bai chua kiem chung co sao k")
    (answer,) = said(api)
    api.settings(query_lifetime=0.0)
    try:
        api.press(PERSON, answer, "Đúng ý tôi")
        eventually(telegram_settings, "SELECT helpful FROM questions", [{"helpful": 1}])
        api.say(PERSON, "điều 4 khoản 2")
        api.wait_for(lambda seen: any(r.text.startswith("Khoản 2 Điều 4") for r in seen), PERSON)
    finally:
        api.settings(query_lifetime=900.0)


# The account


def test_a_token_that_is_revoked_stops_everything_and_loses_nothing(
    api: BotApi, bot: RunningBot, telegram_settings: Settings
) -> None:
    fault = api.fault("unauthorized", method="sendMessage", times=None)
    ask(api)
    ask(api, OTHER)
    wait_until(lambda: len(api.calls("sendMessage")) >= 6)
    assert {row["state"] for row in rows(telegram_settings, ENDS)} <= {"waiting", "sending"}
    for person in (PERSON, OTHER):
        times = [call.monotonic for call in api.calls("sendMessage") if call.chat == person]
        assert all(after - before >= UNUSABLE_PAUSE for before, after in pairwise(times))
    api.unfault(fault)
    assert ANSWER in said(api)[0].text
    assert ANSWER in said(api, OTHER)[0].text


def test_a_second_poller_is_waited_for(api: BotApi, bot: RunningBot) -> None:
    api.fault("conflict", method="getUpdates", times=3)
    ask(api)
    assert ANSWER in said(api)[0].text


# What comes in


def test_the_same_update_twice_is_handled_once(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    update = api.say(PERSON, "bao nhiêu tiền một con gà")
    said(api)
    api.again(update)
    api.fault("duplicate", method="getUpdates")
    api.say(PERSON, "điều 4 khoản 2")
    api.wait_for(lambda seen: any(r.text.startswith("Khoản 2 Điều 4") for r in seen), PERSON)
    assert rows(telegram_settings, "SELECT asked FROM questions") == [{"asked": 1}]
    assert len(api.transcript(PERSON, "message")) == 2


def test_an_update_that_cannot_be_read_stops_nobody(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    private = {"id": PERSON, "type": "private", "first_name": "Người Ví Dụ"}
    api.user(PERSON, started=True)
    api.raw({"message": {"message_id": "x", "date": "gestern", "chat": private}})
    api.raw({"message": {"message_id": 7}})
    api.raw({"callback_query": 7})
    api.raw({"something_new": {"chat": private}})
    ask(api, OTHER)
    assert ANSWER in said(api, OTHER)[0].text
    (apology,) = said(api)
    assert apology.text.startswith("Xin lỗi anh/chị")
    failed = rows(telegram_settings, "SELECT kind FROM inbox WHERE outcome = 'failed'")
    assert failed == [{"kind": "unreadable"}] * 3


def test_half_a_pair_of_an_emoji_is_read_over(api: BotApi, bot: RunningBot) -> None:
    private = {"id": PERSON, "type": "private", "first_name": "Người Ví Dụ"}
    sender = {"id": PERSON, "is_bot": False, "first_name": "Người Ví Dụ"}
    api.user(PERSON, started=True)
    api.raw({"message": {"message_id": 7, "date": 0, "chat": private, "from": sender, "text": "\ud83d điều 4 khoản 2"}})
    ask(api, OTHER)
    assert ANSWER in said(api, OTHER)[0].text
    assert said(api)[0].text.startswith("Khoản 2 Điều 4")


def test_update_numbers_that_begin_anew_are_no_trouble(api: BotApi, bot: RunningBot) -> None:
    """After a week without updates Telegram goes on with any number."""
    ask(api)
    said(api)
    api.skip(5_000_000)
    ask(api, OTHER)
    assert ANSWER in said(api, OTHER)[0].text


def test_a_storage_that_is_locked_keeps_the_update_at_the_source(
    api: BotApi, soon_busy: None, bot: RunningBot, telegram_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    ask(api)
    said(api)
    with locked(telegram_settings.data / FILE_NAME):
        ask(api)
        # Longer than SQLite itself waits.
        wait_until(lambda: "updates wait" in caplog.text)
        waiting = len(api.queue())
    assert waiting == 1
    assert [ANSWER in record.text for record in said(api, count=2)] == [True, True]


# Something between the bot and Telegram


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_page_of_a_filter_is_no_refusal_of_telegrams(status: int) -> None:
    """Web filters and proxies answer with a page of their own; Telegram never heard of the message."""

    async def send() -> None:
        async def blocked(_: web.Request) -> web.Response:
            return web.Response(status=status, text="<html>Trang bị chặn</html>", content_type="text/html")

        app = web.Application()
        app.router.add_post("/{rest:.*}", blocked)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        channel = Telegram("123456:" + "x" * 30, load_texts(), api_url=f"http://127.0.0.1:{port}", clock=utc_now)
        await channel.open()
        try:
            await channel.send("1", Outgoing("một"))
        finally:
            await channel.close()
            await runner.cleanup()

    with pytest.raises(NotSent, match=f"not Telegram \\({status}\\)") as caught:
        asyncio.run(send())
    assert type(caught.value) is NotSent


def test_an_answer_that_cannot_be_read_is_not_written_into_the_log(
    api: BotApi, bot: RunningBot, caplog: pytest.LogCaptureFixture
) -> None:
    api.fault("not_json", method="getUpdates", body='{"ok": true, "result": [{"message": {"text": "chuyện riêng"')
    ask(api)
    assert ANSWER in said(api)[0].text
    # It may be the poll after the one that brought the question.
    wait_until(lambda: "does not answer as it should" in caplog.text)
    assert "chuyện riêng" not in caplog.text


def test_a_command_menu_that_is_refused_does_not_make_the_bot_deaf(
    api: BotApi, telegram_settings: Settings, documents_loaded_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    api.fault("error", method="setMyCommands", times=None, description="Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    with running(telegram_settings):
        ask(api)
        assert ANSWER in said(api)[0].text
        wait_until(lambda: "the command menu was not set" in caplog.text)


def test_what_belongs_to_an_album_is_read_the_same_way_again(api: BotApi, bot: RunningBot) -> None:
    """Its first picture is answered, the others are not, whichever of them comes twice."""
    sender = {"id": PERSON, "is_bot": False, "first_name": "Người Ví Dụ"}
    chat = {"id": PERSON, "type": "private", "first_name": "Người Ví Dụ"}
    api.user(PERSON, started=True)
    for number in (50, 51, 52):
        photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
        message = {"message_id": number, "date": 1, "chat": chat, "from": sender, "photo": photo}
        api.raw({"message": {**message, "media_group_id": "al"}})
    api.say(OTHER, "điều 4 khoản 3")
    said(api, OTHER)
    assert len(said(api)) == 1
    reader = UpdateReader("telegram", "1", 1)
    raws = [{"update_id": n, "message": {**message, "message_id": n, "media_group_id": "x"}} for n in (1, 2, 1, 2)]
    read = [reader.read(raw, utc_now()) for raw in raws]
    assert [isinstance(event, Incoming) and event.follows for event in read] == [False, True, False, True]


def test_a_live_location_is_answered_once(api: BotApi, bot: RunningBot) -> None:
    chat = {"id": PERSON, "type": "private", "first_name": "Người Ví Dụ"}
    sender = {"id": PERSON, "is_bot": False, "first_name": "Người Ví Dụ"}
    api.location(PERSON, 11.9, 108.4)
    said(api)
    message = {"message_id": 1, "date": 1, "edit_date": 2, "chat": chat, "from": sender, "location": {}}
    for _ in range(3):
        api.raw({"edited_message": message})
    ask(api, OTHER)
    said(api, OTHER)
    assert len(said(api)) == 1
