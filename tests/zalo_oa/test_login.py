"""`ungxu zalo-oa login`, and what `ungxu doctor` and the settings say of an account."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.channels.configured import configured
from bot.channels.zalo_oa.login import challenge, code_in, login
from bot.clock import utc_now
from bot.doctor import examine
from bot.errors import InputError, SettingsError
from bot.files import new_key
from bot.settings import Settings
from handlers.texts import Texts
from storage import outbox
from storage.database import FILE_NAME, Database
from storage.errors import StorageBusy
from tests.helpers import locked, one_clear_line, run_main
from tests.run_process import ROOT
from tests.waiting import PATIENCE
from tests.zalo_oa.account import KEY, is_good, log_in, pairs, settings_for
from tests.zalo_oa.server import PROFILE, TOKEN, OpenApi
from tests.zalo_oa.world import APP_ID, APP_SECRET, OA_SECRET, REDIRECT, challenge_of


def address_in(printed: str) -> str:
    found = re.search(r"http\S+", printed)
    assert found
    return found.group()


class Window:
    """Whoever sits at the window: what was printed, and what is typed then."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.printed: list[str] = []
        self.answer = answer

    def read(self) -> str:
        return self.answer(address_in(self.printed[0])) + "\n"


def logged_in(settings: Settings, answer: Callable[[str], str]) -> Window:
    window = Window(answer)
    login(settings, window.printed.append, window.read)
    return window


# The command


@pytest.mark.parametrize("whole", [True, False], ids=["address", "code"])
def test_agreeing_gives_tokens(openapi: OpenApi, tmp_path: Path, texts: Texts, whole: bool) -> None:
    def answer(url: str) -> str:
        led = openapi.agree(url)
        return f"  {led} " if whole else parse_qs(urlsplit(led).query)["code"][0]

    window = logged_in(settings_for(openapi, tmp_path), answer)
    (pair,) = pairs(tmp_path)
    assert is_good(openapi, pair.refresh)
    assert pair.holds(utc_now() + dt.timedelta(hours=24))
    assert window.printed[1:] == [texts("cli.zalo_oa_ready", name="OA Ví Dụ")]
    for token in (pair.access, pair.refresh):
        assert token.get_secret_value() not in "\n".join(window.printed)


def test_the_public_address_is_led_to_by_default(openapi: OpenApi, tmp_path: Path) -> None:
    logged_in(settings_for(openapi, tmp_path, zalo_oa_redirect_url="", public_url=REDIRECT), openapi.agree)
    assert len(pairs(tmp_path)) == 1
    with pytest.raises(SettingsError, match="UNGXU_ZALO_OA_REDIRECT_URL"):
        logged_in(settings_for(openapi, tmp_path, zalo_oa_redirect_url=""), openapi.agree)


def test_agreeing_again_replaces_what_was_there(openapi: OpenApi, tmp_path: Path) -> None:
    log_in(openapi, tmp_path)
    (before,) = pairs(tmp_path)
    logged_in(settings_for(openapi, tmp_path), openapi.agree)
    (after,) = pairs(tmp_path)
    assert after.number > before.number


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda _: "", "cli.zalo_oa_no_code"),
        (lambda _: "hai chữ", "cli.zalo_oa_no_code"),
        (lambda _: "https://bot.vidu.example?oa_id=1", "cli.zalo_oa_no_code"),
        (lambda _: "https://bot.vidu.example?code=abc", "cli.zalo_oa_other_consent"),
        (lambda _: "https://bot.vidu.example?code=abc&state=khác", "cli.zalo_oa_other_consent"),
    ],
)
def test_what_is_no_code_is_said_so(
    openapi: OpenApi, tmp_path: Path, texts: Texts, answer: Callable[[str], str], text: str
) -> None:
    with pytest.raises(InputError) as caught:
        logged_in(settings_for(openapi, tmp_path), answer)
    assert str(caught.value) == texts(text)
    assert openapi.count(TOKEN) == 0


def test_a_code_that_is_refused_changes_nothing(openapi: OpenApi, tmp_path: Path) -> None:
    log_in(openapi, tmp_path)
    before = pairs(tmp_path)
    with pytest.raises(InputError, match="-14003 Invalid code"):
        logged_in(settings_for(openapi, tmp_path), lambda _: "khong-co")
    openapi.fault("bad_gateway", TOKEN)
    with pytest.raises(InputError, match="502"):
        logged_in(settings_for(openapi, tmp_path), openapi.agree)
    assert pairs(tmp_path) == before


def test_tokens_are_kept_although_the_account_does_not_tell_its_name(openapi: OpenApi, tmp_path: Path) -> None:
    openapi.fault("server_error", PROFILE)
    logged_in(settings_for(openapi, tmp_path), openapi.agree)
    assert len(pairs(tmp_path)) == 1


def test_nobody_is_asked_to_agree_in_vain(openapi: OpenApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(openapi, tmp_path)
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 50)
    with locked(tmp_path / FILE_NAME), pytest.raises(StorageBusy):
        logged_in(settings_for(openapi, tmp_path), openapi.agree)
    for missing in ("zalo_oa_app_id", "zalo_oa_app_secret", "secret_keys"):
        with pytest.raises(SettingsError, match=f"UNGXU_{missing.upper()}"):
            logged_in(settings_for(openapi, tmp_path, **{missing: ""}), openapi.agree)


def test_the_challenge_is_that_of_the_standard() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_code_may_hold_what_codes_hold(texts: Texts) -> None:
    assert code_in("aB-_.~9\n", "s", texts) == "aB-_.~9"


def environment(api: OpenApi, data: Path, **more: str) -> dict[str, str]:
    return {
        "UNGXU_DATA": str(data),
        "UNGXU_ZALO_OA_APP_ID": APP_ID,
        "UNGXU_ZALO_OA_APP_SECRET": APP_SECRET,
        "UNGXU_ZALO_OA_SECRET_KEY": OA_SECRET,
        "UNGXU_ZALO_OA_API_URL": api.url,
        "UNGXU_ZALO_OA_AUTH_URL": api.url,
        "UNGXU_ZALO_OA_REDIRECT_URL": REDIRECT,
        "UNGXU_SECRET_KEYS": KEY,
        "UNGXU_LISTEN": "127.0.0.1:0",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def test_the_command_in_a_process_of_its_own(openapi: OpenApi, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "zalo-oa", "login"],
        cwd=tmp_path,
        env={**clean, **environment(openapi, tmp_path / "data")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout and process.stdin
        printed = ""
        while "dán vào đây" not in printed:
            line = process.stdout.readline()
            assert line
            printed += line
        process.stdin.write(openapi.agree(address_in(printed)) + "\n")
        process.stdin.close()
        assert "OA Ví Dụ" in process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert len(pairs(tmp_path / "data")) == 1


def test_a_command_without_its_settings_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = one_clear_line(run_main(monkeypatch, "zalo-oa", "login"))
    assert "UNGXU_ZALO_OA_APP_ID" in line


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"UNGXU_ZALO_OA_APP_ID": "abc"}, "UNGXU_ZALO_OA_APP_ID"),
        ({"UNGXU_ZALO_OA_APP_SECRET": ""}, "UNGXU_ZALO_OA_APP_SECRET"),
        ({"UNGXU_ZALO_OA_SECRET_KEY": ""}, "UNGXU_ZALO_OA_SECRET_KEY"),
        ({"UNGXU_ZALO_OA_SIGNATURE": "sha1"}, "UNGXU_ZALO_OA_SIGNATURE"),
        ({"UNGXU_ZALO_OA_PAID": "có"}, "UNGXU_ZALO_OA_PAID"),
        ({"UNGXU_LISTEN": ""}, "UNGXU_LISTEN"),
        ({"UNGXU_SECRET_KEYS": ""}, "UNGXU_SECRET_KEYS"),
    ],
)
def test_what_is_set_up_by_half_is_one_clear_line(
    openapi: OpenApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for setting, value in {**environment(openapi, tmp_path / "data"), **changed}.items():
        monkeypatch.setenv(setting, value)
    # What the tests log goes on going where it goes.
    monkeypatch.setattr("bot.logs.set_up", lambda _: None)
    line = one_clear_line(run_main(monkeypatch, "run"))
    assert name in line
    assert APP_SECRET not in line
    assert OA_SECRET not in line


def test_both_messengers_may_be_set_up(openapi: OpenApi, tmp_path: Path, texts: Texts) -> None:
    settings = settings_for(openapi, tmp_path, telegram_token="123456:" + "x" * 30)
    assert [channel.name for channel in configured(settings, texts)] == ["telegram", "zalo_oa"]
    assert {APP_SECRET, OA_SECRET, KEY} < set(settings.secrets)


# The doctor


@pytest.fixture
def checked(openapi: OpenApi, tmp_path: Path) -> Callable[..., tuple[bool, str]]:
    def run(**more: Any) -> tuple[bool, str]:
        printed: list[str] = []
        good = examine(settings_for(openapi, tmp_path, **more), printed.append)
        return good, "\n".join(printed)

    return run


def change(data: Path, sql: str) -> None:
    database = Database(data / FILE_NAME)
    database.run(sql)
    database.close()


def test_an_account_that_can_work(openapi: OpenApi, tmp_path: Path, checked: Callable[..., tuple[bool, str]]) -> None:
    log_in(openapi, tmp_path)
    good, printed = checked(public_url="https://bot.vidu.example/")
    assert good
    assert "tốt    Zalo OA: kết nối được, tài khoản là OA Ví Dụ" in printed
    assert "tốt    Zalo OA: webhook cần khai ở developers.zalo.me là https://bot.vidu.example/zalo-oa" in printed
    assert "chú ý  Zalo OA: chưa đặt UNGXU_PUBLIC_URL" in checked()[1]
    assert openapi.count(TOKEN) == 0


def test_an_account_that_nobody_agreed_to(checked: Callable[..., tuple[bool, str]], tmp_path: Path) -> None:
    for _ in range(2):
        good, printed = checked()
        assert not good
        assert "hỏng   Zalo OA: chưa được đồng ý cho dùng" in printed
        # Without a database, and with an empty one.
        Database(tmp_path / FILE_NAME).close()


@pytest.mark.parametrize(
    ("sql", "line", "is_good"),
    [
        ("UPDATE oa_tokens SET refused_at = '2026-11-21T00:00:00+00:00'", "hỏng   Zalo OA: mã làm mới không", False),
        ("UPDATE oa_tokens SET received_at = '2026-01-01T00:00:00+00:00'", "chú ý  Zalo OA: mã làm mới đã", True),
        ("UPDATE oa_tokens SET access_until = '2026-01-01T00:00:00+00:00'", "chú ý  Zalo OA: mã truy cập hết", True),
    ],
)
def test_tokens_that_need_somebody(
    openapi: OpenApi,
    tmp_path: Path,
    checked: Callable[..., tuple[bool, str]],
    sql: str,
    line: str,
    is_good: bool,
) -> None:
    log_in(openapi, tmp_path)
    change(tmp_path, sql)
    good, printed = checked()
    assert good is is_good
    assert line in printed
    # The doctor renews nothing.
    assert openapi.count(TOKEN) == 0


def test_tokens_of_another_key(openapi: OpenApi, tmp_path: Path, checked: Callable[..., tuple[bool, str]]) -> None:
    log_in(openapi, tmp_path)
    good, printed = checked(secret_keys=new_key())
    assert not good
    assert "hỏng   Zalo OA: không mở được mã đã lưu" in printed
    good, printed = checked(secret_keys="khong-phai-khoa")
    assert not good
    assert "UNGXU_SECRET_KEYS" in printed
    assert "Zalo OA" not in printed


def test_a_server_that_does_not_answer_well(
    openapi: OpenApi, tmp_path: Path, checked: Callable[..., tuple[bool, str]]
) -> None:
    log_in(openapi, tmp_path)
    assert "hỏng   Zalo OA: không kết nối được" in checked(zalo_oa_api_url="http://127.0.0.1:9")[1]
    openapi.fault("bad_gateway", PROFILE)
    assert "hỏng   Zalo OA: máy chủ trả lời không đúng" in checked()[1]
    openapi.world.expire_access()
    assert "chú ý  Zalo OA: mã truy cập không được nhận" in checked()[1]


def test_messages_that_came_too_late_are_counted(
    openapi: OpenApi, tmp_path: Path, checked: Callable[..., tuple[bool, str]]
) -> None:
    log_in(openapi, tmp_path)
    database = Database(tmp_path / FILE_NAME)
    now = utc_now().isoformat()
    for chat, error in (("a", "window closed"), ("b", "window closed"), ("c", "blocked")):
        number = outbox.put(database, "zalo_oa", APP_ID, chat, outbox.REPORT, {"text": "a"}, now)
        (row,) = outbox.claim(database, [number], "toi", now)
        outbox.end(database, row, "failed", now, error)
    database.close()
    assert "chú ý  Zalo OA: 2 tin trong 30 ngày qua không gửi được" in checked()[1]


@pytest.mark.parametrize("missing", ["zalo_oa_app_secret", "zalo_oa_secret_key", "secret_keys", "listen"])
def test_what_is_missing_is_said(checked: Callable[..., tuple[bool, str]], missing: str) -> None:
    good, printed = checked(**{missing: ""})
    assert not good
    assert f"Chưa đặt UNGXU_{missing.upper()}" in printed
