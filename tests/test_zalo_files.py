"""Files that people send through Zalo: brought from where Zalo keeps them and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.zalo import Zalo
from bot.clock import utc_now
from bot.errors import FileRefused, NotSent, OutcomeUnknown, Refused
from bot.files import new_key
from bot.receiver import Receiver
from bot.settings import Settings
from handlers import router
from tests.telegram_bot import RunningBot, rows, running
from tests.test_telegram_files import PICTURE, keep, told
from tests.zalo_bot import said_in, zalo_settings_for
from tests.zaloapi.client import ZaloApi


@pytest.fixture(autouse=True)
def job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "LISTENERS", {"vidu": told})
    monkeypatch.setattr("bot.fetcher.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.fetcher.IDLE", 0.1)


@pytest.fixture
def with_key(zalo: ZaloApi, tmp_path: Path) -> Settings:
    return zalo_settings_for(zalo, tmp_path, secret_keys=new_key())


@pytest.fixture
def bot(with_key: Settings, documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningBot]:
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=keep))
    with running(with_key) as started:
        yield started


def test_a_picture_is_brought_and_kept(zalo: ZaloApi, person: str, bot: RunningBot, with_key: Settings) -> None:
    zalo.image(person, PICTURE, "bằng chứng")
    received, back = said_in(zalo, person, 2)
    assert received.text == "Đã nhận."
    assert back.text.startswith("Đây là tệp.") and "không gửi được qua kênh này" in back.text
    assert rows(with_key, "SELECT media_type, size FROM blobs") == [{"media_type": "image/png", "size": len(PICTURE)}]
    assert rows(with_key, "SELECT state, source FROM fetches") == [{"state": "stored", "source": None}]


def test_a_file_that_stands_elsewhere_is_not_brought(
    zalo: ZaloApi, person: str, bot: RunningBot, with_key: Settings
) -> None:
    zalo.image(person, url="http://127.0.0.1:9/anh.jpg")
    assert said_in(zalo, person, 2)[-1].text == "refused: not allowed"
    assert zalo.calls("download") == []


@pytest.mark.parametrize("kind", ["bad_gateway", "cut"])
def test_a_file_that_cannot_be_brought_at_once_is_brought_later(
    zalo: ZaloApi, person: str, bot: RunningBot, with_key: Settings, kind: str
) -> None:
    zalo.fault(kind, method="download", times=2)
    zalo.image(person, PICTURE)
    said_in(zalo, person, 2)
    assert rows(with_key, "SELECT state, attempts FROM fetches") == [{"state": "stored", "attempts": 3}]


def test_a_file_that_is_gone_is_lost_and_the_job_is_told(zalo: ZaloApi, person: str, bot: RunningBot) -> None:
    zalo.image(person, url=f"{zalo.url}/media/khong-con.jpg")
    assert said_in(zalo, person, 2)[-1].text.startswith("lost: ")


def fetch(zalo: ZaloApi, address: str, largest: int = 1000, api_url: str = "") -> bytes:
    async def work() -> bytes:
        channel = Zalo(zalo.token, api_url=api_url or zalo.url, clock=utc_now)
        await channel.open()
        try:
            return await channel.fetch({"ref": address, "size": 0}, largest)
        finally:
            await channel.close()

    return asyncio.run(work())


@pytest.mark.parametrize(
    "address",
    [
        "http://photo-stal-1.zdn.vn/x.jpg",
        "https://zdn.vn.vidu.example/x.jpg",
        "https://vidu-zdn.vn/x.jpg",
        "https://photo.zdn.vn:8443/x.jpg",
        "https://ai:mat@photo.zdn.vn/x.jpg",
        "https://127.0.0.1\\@photo.zdn.vn/x.jpg",
        "https://127.0.0.1/x.jpg",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//photo.zdn.vn/x.jpg",
        "x" * 70_000,
        "",
    ],
)
def test_addresses_that_are_not_zalos(zalo: ZaloApi, address: str) -> None:
    with pytest.raises(FileRefused, match="not allowed"):
        fetch(zalo, address)


@pytest.mark.parametrize(
    "address", ["https://photo-stal-1.zdn.vn/x.jpg", "https://zalo-api.zadn.vn/x", "https://A.ZDN.VN:443/x"]
)
def test_addresses_that_are(address: str) -> None:
    assert Zalo("10001:x", api_url="https://bot-api.zaloplatforms.com", clock=utc_now)._is_zalos(address)


def test_files_on_this_machine_are_brought_in_tests_only(zalo: ZaloApi) -> None:
    with pytest.raises(FileRefused):
        fetch(zalo, f"{zalo.url}/media/x", api_url="https://bot-api.zaloplatforms.com")


def test_a_file_that_is_too_large(zalo: ZaloApi, person: str) -> None:
    zalo.image(person, b"x" * 1001)
    address = zalo.updates()[0].body["message"]["photo_url"]
    with pytest.raises(FileRefused, match="too large"):
        fetch(zalo, address)
    assert len(fetch(zalo, address, 1001)) == 1001
    for status, kind in ((404, Refused), (403, OutcomeUnknown), (429, NotSent)):
        zalo.fault("page", method="download", code=status)
        with pytest.raises(kind):
            fetch(zalo, address, 1001)
