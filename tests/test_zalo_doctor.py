"""`ungxu doctor` asks Zalo: a real server on loopback in every state that it should notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo.api import ZaloApi
from bot.doctor import examine
from tests.zalo_bot import zalo_settings_for
from tests.zaloapi.client import TOKENS
from tests.zaloapi.client import ZaloApi as Server

Checked = Callable[..., tuple[bool, str]]


@pytest.fixture
def checked(zalo: Server, tmp_path: Path) -> Checked:
    def run(**more: Any) -> tuple[bool, str]:
        printed: list[str] = []
        good = examine(zalo_settings_for(zalo, tmp_path, **more), printed.append)
        assert "vi-du-mot" not in "".join(printed)
        return good, "\n".join(printed)

    return run


def test_a_bot_that_can_work(checked: Checked) -> None:
    good, printed = checked()
    assert good
    assert "tốt    Zalo: bot 10001 kết nối được, tên tài khoản là bot.0000" in printed
    assert "tốt    Đồng hồ khớp với máy chủ Zalo" in printed
    assert "tốt    Zalo: bot 10001 tự hỏi tin mới" in printed
    assert "tốt    Zalo: bot 10001 không gửi được ảnh" in printed
    assert "UNGXU_ZALO_NAMES" not in printed


def test_a_bot_that_can_send_pictures(checked: Checked) -> None:
    place = {"public_url": "https://bot.vidu.example/", "listen": "127.0.0.1:0"}
    assert (
        "tốt    Zalo: bot 10001 gửi được ảnh; Zalo tải ảnh ở https://bot.vidu.example/zalo/10001/pictures/…"
        in (checked(**place)[1])
    )
    # Nobody answers there where nothing is listened to.
    assert "không gửi được ảnh" in checked(public_url=place["public_url"])[1]


def test_several_bots_one_of_which_is_refused(checked: Checked) -> None:
    good, printed = checked(zalo_tokens=f"{TOKENS[0]},{TOKENS[1]},10003:vi-du-ba-22222")
    assert not good
    assert "tốt    Zalo: bot 10002 kết nối được" in printed
    assert "hỏng   Zalo: token của bot 10003 không được chấp nhận" in printed
    assert "vi-du-ba" not in printed


def test_a_name_that_is_not_known(checked: Checked) -> None:
    assert "chú ý  Zalo: chưa ghi tên hiển thị của bot (UNGXU_ZALO_NAMES)" in checked(zalo_names="")[1]


def test_a_server_that_cannot_be_reached(checked: Checked) -> None:
    good, printed = checked(zalo_api_url="http://127.0.0.1:9")
    assert not good
    assert "hỏng   Zalo: bot 10001 không kết nối được máy chủ" in printed


@pytest.mark.parametrize(
    ("kind", "reason"), [("bad_gateway", "not Zalo (502)"), ("internal", "403 Internal server error")]
)
def test_a_server_that_breaks_in_between(zalo: Server, checked: Checked, kind: str, reason: str) -> None:
    zalo.fault(kind, method="getWebhookInfo")
    good, printed = checked()
    assert not good
    assert "tốt    Zalo: bot 10001 kết nối được" in printed
    assert f"hỏng   Zalo: máy chủ trả lời bot 10001 không đúng ({reason})" in printed


@pytest.mark.parametrize(("seconds", "state"), [(30, "tốt"), (-30, "tốt"), (300, "hỏng"), (-300, "hỏng")])
def test_the_clock_is_held_against_the_servers(zalo: Server, checked: Checked, seconds: int, state: str) -> None:
    zalo.switch(clock_offset=seconds)
    good, printed = checked()
    assert good is (state == "tốt")
    clock = next(line for line in printed.splitlines() if "Đồng hồ" in line and "Zalo" in line)
    assert clock.startswith(state)


def test_a_webhook_that_is_not_set_yet_or_left_over_or_not_reached(zalo: Server, checked: Checked) -> None:
    async def set_webhook() -> None:
        async with ZaloApi(zalo.token, zalo.url) as api:
            await api.set_webhook("http://127.0.0.1:9/zalo/10001", "12345678")

    more = {"zalo_updates": "webhook", "listen": "127.0.0.1:0", "public_url": "http://127.0.0.1:9"}
    assert "chú ý  Zalo: webhook của bot 10001 chưa đặt" in checked(**more)[1]
    zalo.switch(loopback_webhooks=True)
    asyncio.run(set_webhook())
    assert "chú ý  Zalo: bot 10001 còn webhook cũ" in checked()[1]
    assert "chú ý  Zalo: gọi webhook của bot 10001 không được (webhook.err.conn" in checked(**more)[1]
    zalo.switch(probe="none")
    assert "tốt    Zalo: bot 10001 đã đặt webhook" in checked(**more)[1]
    zalo.fault("error", method="testWebhook", code=426)
    assert "tốt    Zalo: bot 10001 đã đặt webhook" in checked(**more)[1]


def test_a_setting_of_zalo_that_cannot_be_used_does_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from bot.settings import usable_settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_ZALO_TOKENS", "bi-mat-sai")
    settings, faults = usable_settings()
    printed: list[str] = []
    assert not examine(settings, printed.append, faults)
    assert any("UNGXU_ZALO_TOKENS" in line and "Zalo Bot Creator" in line for line in printed)
    assert not any("bi-mat-sai" in line or "Chưa cài đặt kênh" in line for line in printed)
