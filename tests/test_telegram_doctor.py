"""`ungxu doctor` asks Telegram: a real server on loopback in every state that it should notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.doctor import examine
from bot.files import new_key
from bot.settings import Settings
from tests.botapi.client import BotApi
from tests.telegram_bot import GROUP, PERSON, RunningBot, eventually, said, settings_for
from tests.waiting import wait_until


def lines(settings: Settings) -> tuple[bool, str]:
    """Whether all is well, and what was printed."""
    printed: list[str] = []
    good = examine(settings, printed.append)
    return good, "\n".join(printed)


@pytest.fixture
def checked(api: BotApi, tmp_path: Path) -> Any:
    def run(**more: Any) -> tuple[bool, str]:
        return lines(settings_for(api, tmp_path, **more))

    return run


def test_a_bot_that_can_work(checked: Any) -> None:
    good, printed = checked(secret_keys=new_key())
    assert good
    assert "tốt    Telegram: kết nối được, bot là @vidu_bot" in printed
    assert "tốt    Đồng hồ khớp với máy chủ Telegram" in printed
    assert "tốt    Telegram: tự hỏi tin mới; còn 0 tin chưa lấy" in printed
    assert "tốt    Khóa mã hóa tệp: có" in printed


def test_a_token_that_is_refused(checked: Any) -> None:
    good, printed = checked(telegram_token="999999:TEST-sai-1111111111111111111111111111")
    assert not good
    assert "hỏng   Telegram: token không được chấp nhận" in printed
    assert "TEST-sai" not in printed


def test_a_server_that_cannot_be_reached(checked: Any) -> None:
    good, printed = checked(telegram_api_url="http://127.0.0.1:9")
    assert not good
    assert "hỏng   Telegram: không kết nối được máy chủ" in printed


def test_a_server_that_breaks_in_between(api: BotApi, checked: Any) -> None:
    api.fault("bad_gateway", method="getWebhookInfo")
    good, printed = checked()
    assert not good
    assert "tốt    Telegram: kết nối được" in printed
    assert "hỏng   Telegram: máy chủ trả lời không đúng (NetworkError)" in printed


@pytest.mark.parametrize(("seconds", "state"), [(30, "tốt"), (-30, "tốt"), (300, "hỏng"), (-300, "hỏng")])
def test_the_clock_is_held_against_the_servers(api: BotApi, checked: Any, seconds: int, state: str) -> None:
    api.settings(clock_offset=float(seconds))
    try:
        good, printed = checked()
    finally:
        api.settings(clock_offset=0.0)
    assert good is (state == "tốt")
    clock = next(line for line in printed.splitlines() if "Đồng hồ" in line and "Telegram" in line)
    assert clock.startswith(state)


def test_updates_that_wait_are_counted(api: BotApi, checked: Any) -> None:
    api.load([(PERSON, "một"), (PERSON, "hai")])
    assert "còn 2 tin chưa lấy" in checked()[1]


def test_a_webhook_that_is_not_set_yet_or_left_over(api: BotApi, checked: Any, bot_with_webhook: str) -> None:
    assert "chú ý  Telegram: còn webhook cũ" in checked()[1]
    address = {"telegram_updates": "webhook", "listen": "127.0.0.1:0"}
    assert "tốt    Telegram: webhook đã đặt" in checked(**address, public_url=bot_with_webhook)[1]
    assert "chú ý  Telegram: webhook chưa đặt" in checked(**address, public_url="https://khac.example")[1]


@pytest.fixture
def bot_with_webhook(api: BotApi) -> str:
    """A webhook that nobody listens at."""
    import asyncio

    from telegram import Bot

    async def set_webhook() -> None:
        async with Bot(api.token, base_url=api.base_url, base_file_url=api.base_file_url) as bot:
            await bot.set_webhook("http://127.0.0.1:9/telegram")

    asyncio.run(set_webhook())
    return "http://127.0.0.1:9"


def test_a_webhook_that_cannot_be_called(api: BotApi, checked: Any, bot_with_webhook: str) -> None:
    api.say(PERSON, "một")
    wait_until(lambda: api.webhook().get("last_error_message"))
    printed = checked(telegram_updates="webhook", listen="127.0.0.1:0", public_url=bot_with_webhook)[1]
    assert "chú ý  Telegram: gọi webhook không được" in printed


def test_the_groups_are_looked_at_one_by_one(api: BotApi, bot: RunningBot, telegram_settings: Settings) -> None:
    for number, title in ((GROUP, "Nhóm Ví Dụ"), (GROUP - 1, "Nhóm Khác"), (GROUP - 2, "Nhóm Cũ")):
        api.group(number, title, PERSON)
        api.say(PERSON, "/trogiup", number)
        said(api, number)
    bot.stop()
    api.group(GROUP - 1, "Nhóm Khác", PERSON, bot="left")
    api.fault("chat_not_found", method="getChat", chat=GROUP - 2)
    good, printed = lines(telegram_settings)
    assert not good
    assert "tốt    Nhóm “Nhóm Ví Dụ”: gửi tin được" in printed
    assert f"Nhóm {GROUP - 2}: không hỏi được (Chat not found)" in printed
    assert "hỏng   Nhóm" in printed


def test_what_waits_too_long_is_said(
    api: BotApi, bot: RunningBot, telegram_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime as dt

    api.fault("retry_after", method="sendMessage", times=None, seconds=600)
    api.say(PERSON, "điều 4 khoản 3")
    eventually(telegram_settings, "SELECT state, attempts FROM outbox", [{"state": "waiting", "attempts": 1}])
    assert "tốt    Hàng chờ gửi: 1 tin; 0 nơi không gửi tới được" in lines(telegram_settings)[1]
    monkeypatch.setattr("bot.doctor.OLDEST_ANSWER", dt.timedelta())
    assert "chú ý  Hàng chờ gửi: 1 tin, tin cũ nhất đã chờ " in lines(telegram_settings)[1]


def test_a_damaged_database_does_not_hide_the_rest(api: BotApi, checked: Any, tmp_path: Path) -> None:
    (tmp_path / "ungxu.db").write_bytes(b"no database at all" * 100)
    good, printed = checked()
    assert not good
    assert "hỏng   Cơ sở dữ liệu" in printed
    assert "tốt    Telegram: kết nối được" in printed
    assert "Ổ đĩa" in printed
