from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BotError, SettingsError
from bot.settings import load_settings, unknown_settings, usable_settings
from handlers.recurrence import Recurrence


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where `.env` is looked for."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert (settings.data, settings.office, settings.timezone) == (Path("data"), None, "Asia/Ho_Chi_Minh")
    assert settings.zone == ZoneInfo("Asia/Ho_Chi_Minh")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGXU_DATA", "/srv/vi-du")
    monkeypatch.setenv("UNGXU_OFFICE", "co quan")
    monkeypatch.setenv("UNGXU_TIMEZONE", "Asia/Bangkok")
    settings = load_settings()
    assert (settings.data, settings.office) == (Path("/srv/vi-du"), Path("co quan"))
    assert settings.zone == ZoneInfo("Asia/Bangkok")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_file_is_read(here: Path, encoding: str) -> None:
    """With the mark, too, that Notepad puts before the first letter."""
    (here / ".env").write_text("UNGXU_DATA=dữ liệu\n# ghi chú\nUNGXU_OFFICE='Sở Ví Dụ'\n", encoding=encoding)
    settings = load_settings()
    assert (settings.data, settings.office) == (Path("dữ liệu"), Path("Sở Ví Dụ"))


def test_the_environment_comes_before_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("UNGXU_DATA=tu-tep\nUNGXU_TIMEZONE=Asia/Bangkok\n")
    monkeypatch.setenv("UNGXU_DATA", "tu-moi-truong")
    settings = load_settings()
    assert (settings.data, settings.timezone) == (Path("tu-moi-truong"), "Asia/Bangkok")


def test_an_empty_value_is_no_value(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("UNGXU_TIMEZONE=\nUNGXU_OFFICE=\n")
    monkeypatch.setenv("UNGXU_DATA", "")
    settings = load_settings()
    assert (settings.data, settings.office, settings.timezone) == (Path("data"), None, "Asia/Ho_Chi_Minh")


@pytest.mark.parametrize("value", ["Asia/Khong-Co", "Asia", "../../etc/passwd", "/etc/passwd", "giờ Hà Nội"])
@pytest.mark.parametrize("source", ["environment", "file"])
def test_a_time_zone_that_does_not_exist_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, value: str, source: str
) -> None:
    if source == "environment":
        monkeypatch.setenv("UNGXU_TIMEZONE", value)
    else:
        (here / ".env").write_text(f"UNGXU_TIMEZONE={value}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.name == "UNGXU_TIMEZONE"
    assert value in caught.value.message
    assert str(caught.value).startswith("UNGXU_TIMEZONE: ")


def test_names_of_other_programs_and_later_versions_are_ignored(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("UNGXU_SAU_NAY=1\nDATA=khac\nTIMEZONE=khac\n")
    monkeypatch.setenv("UNGXU_CHUA_CO", "1")
    assert load_settings().data == Path("data")


def test_what_is_named_like_a_setting_and_is_none_is_told_with_what_was_meant(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / ".env").write_text("UNGXU_TELEGRAM_TOKN=1\nUNGXU_DATA=x\nDATA=khac\n", encoding="utf-8-sig")
    monkeypatch.setenv("UNGXU_LISTN", "1")
    monkeypatch.setenv("UNGXU_ZZZ", "1")
    assert unknown_settings() == {
        "UNGXU_LISTN": "UNGXU_LISTEN",
        "UNGXU_TELEGRAM_TOKN": "UNGXU_TELEGRAM_TOKEN",
        "UNGXU_ZZZ": "",
    }


def test_all_that_cannot_be_used_is_told_and_the_rest_is_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("UNGXU_TELEGRAM_RATE=-1\nUNGXU_DATA=dữ liệu\n", encoding="utf-8")
    monkeypatch.setenv("UNGXU_TELEGRAM_TOKEN", "bí mật")
    settings, faults = usable_settings()
    assert {fault.name: fault.message for fault in faults} == {
        "UNGXU_TELEGRAM_TOKEN": "***",
        "UNGXU_TELEGRAM_RATE": "-1",
    }
    assert (settings.data, settings.telegram_rate) == (Path("dữ liệu"), 30.0)
    assert settings.telegram_token.get_secret_value() == ""


def test_beside_a_file_that_cannot_be_read_the_environment_still_holds(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / ".env").write_bytes(b"UNGXU_DATA=d\xfb li\xeau\n")
    monkeypatch.setenv("UNGXU_DATA", "/srv/vi-du")
    monkeypatch.setenv("UNGXU_TIMEZONE", "Asia/Khong-Co")
    settings, faults = usable_settings()
    assert [fault.name for fault in faults] == [".env", "UNGXU_TIMEZONE"]
    assert settings.data == Path("/srv/vi-du")


def test_a_file_that_is_not_utf8_is_named(here: Path) -> None:
    (here / ".env").write_bytes(b"UNGXU_DATA=d\xfb li\xeau\n")
    with pytest.raises(BotError) as caught:
        load_settings()
    assert str(caught.value).startswith(".env: ")


def test_times_of_the_office_are_read_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGXU_BACKUP_TIME", "23:59")
    monkeypatch.setenv("UNGXU_HEALTH_TIME", "sun 00:30")
    settings = load_settings()
    assert settings.backup_recurs == Recurrence(dt.time(23, 59))
    assert settings.health_recurs == Recurrence(dt.time(0, 30), weekday=6)
    for name in ("BACKUP", "HEALTH"):
        monkeypatch.setenv(f"UNGXU_{name}_TIME", "off")
    settings = load_settings()
    assert (settings.backup_recurs, settings.health_recurs) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("UNGXU_BACKUP_TIME", value) for value in ("24:00", "8:00", "12:60", "trưa", "mon 08:00")),
        *(("UNGXU_HEALTH_TIME", value) for value in ("08:00", "thứ hai 08:00", "mon 8:00", "mon", "t2 08:00")),
        ("UNGXU_BACKUPS_KEPT", "0"),
    ],
)
def test_times_that_are_none_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.name, caught.value.message) == (name, value)


@pytest.mark.parametrize(
    "value", ["x", "123456:", "123456:a b", "123456:abc-xyz,123456:khac-khac", "123456:abc-xyz,xin chào", "12:/../x"]
)
def test_a_token_of_zalo_that_is_none_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("UNGXU_ZALO_TOKENS", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert (caught.value.name, caught.value.message) == ("UNGXU_ZALO_TOKENS", "***")


def test_several_bots_of_zalo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGXU_ZALO_TOKENS", " 123456:abc-xyz ,, 123457:abc-xyz")
    monkeypatch.setenv("UNGXU_ZALO_NAMES", "Bot Ví Dụ, Bot Ứng Xử")
    settings = load_settings()
    assert settings.bots_of_zalo == ["123456:abc-xyz", "123457:abc-xyz"]
    assert settings.names_in_zalo == ["Bot Ví Dụ", "Bot Ứng Xử"]
    assert set(settings.secrets) == {"123456:abc-xyz", "123457:abc-xyz"}
