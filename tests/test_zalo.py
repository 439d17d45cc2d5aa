"""The whole way through Zalo: a real server on loopback, a whole bot, and what people see."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Event, Taken
from bot.channels.markup import length
from bot.channels.zalo import Zalo
from bot.channels.zalo.api import ZaloApi as Api
from bot.channels.zalo.channel import LINK
from bot.clock import utc_now
from bot.settings import Settings
from handlers.conversation import Door
from storage.database import FILE_NAME
from tests.helpers import locked
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import PATIENCE, wait_until
from tests.zalo_bot import BOT_NAME, said_in, zalo_settings_for
from tests.zaloapi.client import TOKENS, ZaloApi

RULE = "share bai chua kiem chung co sao k"
INBOX = "SELECT count(*) AS n FROM inbox"

# Private chats


def test_a_question_is_answered_with_the_rule(zalo: ZaloApi, person: str, zalo_bot: RunningBot) -> None:
    zalo.say(person, RULE)
    (answer,) = said_in(zalo, person)
    assert answer.text.startswith("Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT\n“Chia sẻ những thông tin")
    assert answer.styled[0] == ["Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT", ["b"]]
    assert answer.parse_mode is None
    assert "<" not in answer.text
    assert "Đúng ý tôi" in answer.text and answer.text.endswith("Gõ số để chọn.")


def test_a_source_is_written_out(zalo: ZaloApi, person: str, zalo_bot: RunningBot) -> None:
    zalo.say(person, "khoản 1 điều 5")
    assert "Nguồn: https://cpdanluat.thuvienphapluat.vn/can-bo" in said_in(zalo, person)[0].text


@pytest.mark.parametrize("typed", ["{number}", "{number}.", "số {number}", "Đúng ý tôi", "dung y toi", "dyt"])
def test_a_choice_is_typed(
    zalo: ZaloApi, person: str, zalo_bot: RunningBot, zalo_settings: Settings, typed: str
) -> None:
    zalo.say(person, RULE)
    (answer,) = said_in(zalo, person)
    line = next(line for line in answer.text.splitlines() if line.endswith(". Đúng ý tôi"))
    zalo.say(person, typed.format(number=line.partition(".")[0]))
    assert said_in(zalo, person, 2)[-1].text == "Cảm ơn anh/chị đã cho biết."
    assert rows(zalo_settings, "SELECT helpful FROM questions") == [{"helpful": 1}]


def test_what_is_written_is_shown_as_it_is_written(
    zalo: ZaloApi, person: str, tmp_path: Path, documents_loaded_once: None
) -> None:
    (tmp_path / "office.toml").write_text('name = "Sở <b>Ví</b> *Dụ* & [Mẫu](x) \\\\_ {red}"', encoding="utf-8")
    with running(zalo_settings_for(zalo, tmp_path / "data", office=tmp_path)):
        zalo.say(person, "/start")
        (hello,) = said_in(zalo, person)
    assert "của Sở <b>Ví</b> *Dụ* & [Mẫu](x) \\_ {red}" in hello.text


def test_a_long_article_comes_in_as_few_parts_as_it_fits_into(zalo: ZaloApi, person: str, zalo_bot: RunningBot) -> None:
    zalo.say(person, "điều 4")
    zalo.say(person, "điều 1")
    zalo.wait_for(lambda seen: any(record.text.startswith("Điều 1,") for record in seen), person)
    parts = zalo.transcript(person, "message")
    assert all(length(part.text) <= 2000 for part in parts)
    for before, after in pairwise(parts[:-1]):
        assert length(before.text) + 2 + length(after.text.split("\n")[0]) > 1900
    assert sum("Gõ số để chọn." in part.text for part in parts) == 2


def test_a_picture_with_a_question_under_it_gets_the_answer_to_the_question(
    zalo: ZaloApi, person: str, zalo_bot: RunningBot
) -> None:
    zalo.image(person, b"\xff\xd8\xff\xe0", RULE)
    assert said_in(zalo, person)[0].text.startswith("Khoản 4 Điều 4")


@pytest.mark.parametrize("field", ["photo_url", "photo"])
def test_an_album_is_answered_once(
    zalo: ZaloApi,
    person: str,
    other: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
) -> None:
    monkeypatch.setattr("bot.channels.zalo.updates.ALBUM_SECONDS", PATIENCE)
    zalo.switch(photo_field=field)
    for _ in range(4):
        zalo.image(person, b"\xff\xd8\xff\xe0")
    zalo.say(other, "điều 4 khoản 3")
    said_in(zalo, other)
    (answer,) = said_in(zalo, person)
    assert "Ảnh, tệp này để làm gì ạ?" in answer.text
    assert rows(zalo_settings, "SELECT kind, count(*) AS n FROM inbox GROUP BY kind") == [
        {"kind": "file", "n": 4},
        {"kind": "text", "n": 1},
    ]


@pytest.mark.parametrize(
    ("send", "part"), [("voice", "tin thoại"), ("sticker", "chỉ đọc được chữ"), ("unsupported", "chụp màn hình giúp")]
)
def test_what_cannot_be_read_gets_a_friendly_word(
    zalo: ZaloApi, person: str, zalo_bot: RunningBot, send: str, part: str
) -> None:
    getattr(zalo, send)(person)
    assert part in said_in(zalo, person)[0].text


def test_fields_that_nobody_knows_are_no_trouble(zalo: ZaloApi, person: str, zalo_bot: RunningBot) -> None:
    zalo.switch(extra_fields=True)
    zalo.say(person, "điều 4 khoản 3")
    assert said_in(zalo, person)[0].text.startswith("Khoản 3 Điều 4")


def test_somebody_who_has_to_wait_sees_that_the_bot_is_typing(
    zalo: ZaloApi,
    person: str,
    soon_busy: None,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused once, the sign is shown again where the storage is still busy."""
    monkeypatch.setattr("bot.channels.zalo.channel.TYPING_AGAIN", 0.2)
    zalo.say(person, "điều 4 khoản 2")
    said_in(zalo, person)
    assert zalo.transcript(person, "action") == []
    zalo.fault("error", method="sendChatAction", code=410)
    with locked(zalo_settings.data / FILE_NAME), monkeypatch.context() as quick:
        quick.setattr("bot.channels.zalo.channel.TYPING_AFTER", 0.1)
        zalo.say(person, "điều 4 khoản 3")
        zalo.wait_for(lambda seen: any(record.kind == "action" for record in seen), person)
    assert "Khoản 3 Điều 4" in said_in(zalo, person, 2)[-1].text
    zalo.say(person, "điều 4 khoản 2")
    said_in(zalo, person, 3)
    quiet = len(zalo.transcript(person, "action"))
    # Long enough for a few signs more.
    time.sleep(1)
    assert len(zalo.transcript(person, "action")) == quiet


# Groups


@pytest.fixture
def group(zalo: ZaloApi, person: str, other: str) -> str:
    return zalo.group(1, person, other)


@pytest.mark.parametrize("mention", [f"@{BOT_NAME} ", f"@{BOT_NAME.upper()}   ", "@Bot Ứng Xử\u00a0", ""])
def test_in_a_group_the_name_is_no_part_of_the_question(
    zalo: ZaloApi, group: str, person: str, zalo_bot: RunningBot, mention: str
) -> None:
    zalo.say(person, f"{mention}điều 4 khoản 2", group, reply=True)
    assert said_in(zalo, group)[0].text.startswith("Khoản 2 Điều 4")


def test_in_a_group_a_menu_belongs_to_who_asked(
    zalo: ZaloApi, group: str, person: str, other: str, zalo_bot: RunningBot, zalo_settings: Settings
) -> None:
    zalo.say(person, f"@{BOT_NAME} {RULE}", group)
    (answer,) = said_in(zalo, group)
    number = next(line for line in answer.text.splitlines() if line.endswith(". Đúng ý tôi")).partition(".")[0]
    zalo.say(other, number, group, reply=True)
    said_in(zalo, group, 2)
    assert rows(zalo_settings, "SELECT * FROM questions WHERE helpful > 0") == []
    zalo.say(person, f"@{BOT_NAME} {number}", group)
    assert said_in(zalo, group, 3)[-1].text == "Cảm ơn anh/chị đã cho biết."


def test_in_a_group_what_does_not_come_through_is_left_alone(
    zalo: ZaloApi, group: str, person: str, zalo_bot: RunningBot
) -> None:
    zalo.unsupported(person, group, reply=True)
    zalo.image(person, b"", f"@{BOT_NAME} điều 4 khoản 2", group)
    (answer,) = said_in(zalo, group)
    assert answer.text.startswith("Khoản 2 Điều 4")


def test_without_a_known_name_the_first_word_of_it_is_taken_out(
    zalo: ZaloApi, group: str, person: str, tmp_path: Path, documents_loaded_once: None
) -> None:
    with running(zalo_settings_for(zalo, tmp_path, zalo_names="")):
        zalo.say(person, f"@{BOT_NAME} khoản 2 điều 4", group)
        assert "Khoản 2 Điều 4" in said_in(zalo, group)[0].text


# Coming in


@pytest.mark.parametrize(("reading", "as_status"), [("consume", False), ("replay", True), ("drop", True)])
def test_every_message_is_handled_once_however_the_service_gives_them(
    zalo: ZaloApi,
    person: str,
    other: str,
    zalo_bot: RunningBot,
    zalo_settings: Settings,
    reading: str,
    as_status: bool,
) -> None:
    zalo.say(person, "xin chào")
    said_in(zalo, person)
    zalo.switch(reading=reading, errors_as_status=as_status, grace=PATIENCE)
    for number in range(1, 4):
        for somebody in (person, other):
            zalo.say(somebody, f"điều 4 khoản {number}")
    for somebody, before in ((person, 1), (other, 0)):
        answers = [record.text.split(",")[0] for record in said_in(zalo, somebody, 3 + before)]
        assert answers[before:] == [f"Khoản {number} Điều 4" for number in range(1, 4)]
    # Long enough for polls that bring again what was brought before.
    time.sleep(2.2)
    assert len(zalo.transcript(kind="message")) == 7
    assert rows(zalo_settings, INBOX) == [{"n": 7}]
    assert zalo.most_polling() == 1


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When a bot began each of its polls: what a server measures has the way there in it."""
    times: list[float] = []
    ask = Api.get_updates

    async def get_updates(api: Api, seconds: int) -> list[Mapping[str, Any]]:
        times.append(time.monotonic())
        return await ask(api, seconds)

    monkeypatch.setattr(Api, "get_updates", get_updates)
    return times


@pytest.mark.parametrize("reading", ["consume", "replay"])
@pytest.mark.parametrize("idle", ["408", "bare", "empty"])
def test_polls_that_bring_nothing_new_begin_a_second_apart(
    zalo: ZaloApi, person: str, begun: list[float], zalo_bot: RunningBot, reading: str, idle: str
) -> None:
    zalo.switch(reading=reading, idle=idle, time_scale=0.001)
    zalo.say(person, "điều 4 khoản 3")
    said_in(zalo, person)
    # The poll that brought it is followed at once by the next.
    since = len(begun) + 1
    wait_until(lambda: len(begun) >= since + 4)
    # A poll that is held up just as it begins seems to be followed sooner.
    assert statistics.median_low(after - before for before, after in pairwise(begun[since:])) > 0.95


@pytest.mark.alone
def test_what_was_handled_in_an_earlier_run_is_passed_quickly_once(
    zalo: ZaloApi,
    person: str,
    other: str,
    begun: list[float],
    zalo_settings: Settings,
    documents_loaded_once: None,
) -> None:
    """One message may wait behind many that come again; those that this run has seen come at the slow pace."""
    zalo.switch(reading="replay")
    keys = [zalo.say(person, "xin chào") for _ in range(6)]
    with running(zalo_settings):
        said_in(zalo, person, 6)
    begun.clear()
    with running(zalo_settings):
        wait_until(lambda: len(begun) >= len(keys) + 5)
    pauses = [after - before for before, after in pairwise(begun)]
    quick, slow = pauses[: len(keys)], pauses[len(keys) :]
    # A poll that is held up just as it begins seems to be followed sooner.
    assert statistics.median_low(quick) > 0.09 and statistics.median_low(slow) > 0.95
    assert statistics.median(quick) < statistics.median(slow)
    assert len(zalo.transcript(person, "message")) == 6


def test_an_idle_poll_is_no_trouble(zalo: ZaloApi, zalo_bot: RunningBot, caplog: pytest.LogCaptureFixture) -> None:
    zalo.switch(time_scale=0.01)
    wait_until(lambda: sum(call.outcome != "open" for call in zalo.calls("getUpdates")) > 2)
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize(("days", "kept", "answers"), [(28.9, 30, 1), (29.1, 30, 0), (5.9, 7, 1), (6.1, 7, 0)])
def test_what_is_older_than_its_key_is_kept_is_left_alone(
    zalo: ZaloApi,
    person: str,
    other: str,
    tmp_path: Path,
    documents_loaded_once: None,
    days: float,
    kept: int,
    answers: int,
) -> None:
    (tmp_path / "office.toml").write_text(f"[retention]\nevents = {kept}", encoding="utf-8")
    zalo.say(person, "xin chào")
    message = {"message_id": "cu", "from": {"id": person}, "chat": {"id": person, "chat_type": "PRIVATE"}, "text": "a"}
    old = (time.time() - days * 86400) * 1000
    zalo.raw({"event_name": "message.text.received", "message": {**message, "date": old}}, "cu")
    zalo.say(other, "điều 4 khoản 3")
    settings = zalo_settings_for(zalo, tmp_path / "data", office=tmp_path)
    with running(settings):
        said_in(zalo, other)
        eventually(settings, "SELECT DISTINCT state FROM outbox", [{"state": "sent"}])
    assert len(zalo.transcript(person)) == 1 + answers


def test_an_update_that_cannot_be_read_stops_nobody(
    zalo: ZaloApi, person: str, other: str, zalo_bot: RunningBot, zalo_settings: Settings
) -> None:
    zalo.say(person, "xin chào")
    said_in(zalo, person)
    zalo.switch(reading="replay")
    private = {"id": person, "chat_type": "PRIVATE"}
    broken = {"message_id": "hong", "from": {"id": person}, "chat": private, "date": "gestern", "text": ["x"]}
    zalo.raw({"event_name": "message.text.received", "message": broken}, "a")
    zalo.raw({"event_name": "message.text.received", "message": 5}, "b")
    zalo.raw({"event_name": "message.text.received"}, "c")
    zalo.raw({"event_name": "user.follow", "message": broken}, "d")
    zalo.raw({"message": broken}, "e")
    zalo.say(other, "điều 4 khoản 3")
    assert said_in(zalo, other)[0].text.startswith("Khoản 3 Điều 4")
    assert said_in(zalo, person, 2)[-1].text.startswith("Xin lỗi anh/chị")
    # All of them were given, and the first ones again.
    wait_until(lambda: sum(update.given for update in zalo.updates()) > 2 * len(zalo.updates()))
    failed = rows(zalo_settings, "SELECT kind, outcome FROM inbox WHERE outcome = 'failed'")
    assert failed == [{"kind": "unreadable", "outcome": "failed"}] * 3


def test_another_bot_is_not_answered(zalo: ZaloApi, person: str, other: str, zalo_bot: RunningBot) -> None:
    sender = {"id": person, "is_bot": True}
    message = {"message_id": "b", "from": sender, "chat": {"id": person}, "date": time.time() * 1000, "text": "chào"}
    zalo.raw({"event_name": "message.text.received", "message": message}, "b")
    zalo.say(other, "điều 4 khoản 3")
    said_in(zalo, other)
    assert zalo.transcript(person) == []


# Several bots


def test_several_bots_of_one_office(
    zalo: ZaloApi, person: str, other: str, tmp_path: Path, documents_loaded_once: None
) -> None:
    first, second = (token.partition(":")[0] for token in TOKENS)
    settings = zalo_settings_for(zalo, tmp_path, zalo_tokens=" , ".join(TOKENS))
    with running(settings):
        zalo.say(person, "điều 4 khoản 2", bot=first)
        zalo.say(other, "điều 4 khoản 3", bot=second)
        answers = [said_in(zalo, person)[0], said_in(zalo, other)[0]]
        assert [(record.bot, record.text.split("\n\n")[1][:14]) for record in answers] == [
            (first, "Khoản 2 Điều 4"),
            (second, "Khoản 3 Điều 4"),
        ]
        leases = "SELECT name FROM leases WHERE name LIKE 'polling:%' ORDER BY name"
        eventually(settings, leases, [{"name": f"polling:zalo:{account}"} for account in (first, second)])
    assert (zalo.most_polling(first), zalo.most_polling(second)) == (1, 1)


@pytest.mark.parametrize(
    ("title", "link", "shown"),
    [
        (BOT_NAME, "", Door(f"Zalo {BOT_NAME}", LINK + "1459000000000000000", brings=False)),
        ("", "https://zalo.vidu.example/bot", Door("Zalo 10001", "https://zalo.vidu.example/bot", brings=False)),
    ],
)
def test_how_people_find_a_bot(zalo: ZaloApi, title: str, link: str, shown: Door) -> None:
    async def introduce() -> str:
        channel = Zalo(zalo.token, api_url=zalo.url, title=title, link=link, clock=utc_now)
        await channel.open()
        receiving = asyncio.create_task(channel.receive(nobody))
        try:
            name = await asyncio.wait_for(channel.introduced(), PATIENCE)
            assert channel.door("ABCDEF") == shown
            return name
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
            await channel.close()

    async def nobody(_: Event) -> Taken:
        return Taken(new=False)

    assert asyncio.run(introduce()) == shown.name
