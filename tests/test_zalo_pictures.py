"""Pictures out on Zalo: the signed address, what becomes a picture, and what happens where none can go."""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from markupsafe import Markup
from PIL import Image

from bot.channels.base import OutgoingFile
from bot.channels.zalo import pictures
from bot.channels.zalo.pictures import LARGEST, LIFE, PictureShelf, as_picture
from bot.errors import FileNotCarried
from bot.receiver import Receiver
from bot.settings import Settings
from handlers import router
from handlers.context import Context
from handlers.conversation import Button, Drawing, FileKind, Incoming, Reply
from tests.helpers import Clock
from tests.telegram_bot import RunningBot, eventually, rows, running
from tests.waiting import PATIENCE, wait_until
from tests.zalo_bot import said_in, zalo_settings_for
from tests.zaloapi.client import TOKENS, ZaloApi

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(500)


def picture(form: str, size: tuple[int, int] = (40, 30), noise: bool = False) -> bytes:
    image = Image.effect_noise(size, 200) if noise else Image.new("RGB", size, "#c00000")
    written = io.BytesIO()
    image.save(written, form)
    return written.getvalue()


PNG, JPEG = picture("PNG"), picture("JPEG")


# What becomes a picture


def made(data: bytes) -> tuple[bytes, str]:
    served = asyncio.run(as_picture(data))
    return served.data, served.media_type


def test_png_and_jpeg_go_as_they_are() -> None:
    assert made(PNG) == (PNG, "image/png")
    assert made(JPEG) == (JPEG, "image/jpeg")


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_pictures_are_drawn_anew(form: str) -> None:
    data, kind = made(picture(form))
    drawn = Image.open(io.BytesIO(data))
    assert (kind, drawn.format, drawn.size) == ("image/jpeg", "JPEG", (40, 30))
    red, green, blue = drawn.getpixel((20, 15))  # type: ignore[misc]
    assert red > 180 and green < 20 and blue < 20


def test_what_can_be_seen_through_is_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(written, "WEBP", lossless=True)
    drawn = Image.open(io.BytesIO(made(written.getvalue())[0]))
    assert drawn.getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_that_is_too_large_becomes_smaller() -> None:
    large = picture("PNG", (3600, 2400), noise=True)
    assert len(large) > LARGEST
    data, kind = made(large)
    assert kind == "image/jpeg" and len(data) < LARGEST
    assert max(Image.open(io.BytesIO(data)).size) == pictures.LONGEST_SIDE


@pytest.mark.parametrize("data", [PDF, b"", b"PK\x03\x04", b"GIF89a", b"<svg/>", picture("WEBP")[:-20]])
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(FileNotCarried):
        made(data)


def test_what_would_be_huge_when_opened_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 40 * 30 - 1)
    with pytest.raises(FileNotCarried, match="pixels"):
        made(picture("GIF"))


# Addresses

PLACE = "https://bot.vidu.example/zalo/10001/pictures/"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(clock: Clock) -> PictureShelf:
    return PictureShelf(TOKENS[0], "/zalo/10001/pictures", "https://bot.vidu.example/", clock)


def put(shelf: PictureShelf, number: int = 7, data: bytes = PNG) -> str:
    address = asyncio.run(shelf.put(number, OutgoingFile("photo", "ảnh.png", data)))
    assert address.startswith(PLACE)
    return address.removeprefix(PLACE)


def found(shelf: PictureShelf, name: str) -> bytes | None:
    served = asyncio.run(shelf.find(name))
    return served.data if served else None


def test_an_address_leads_to_its_picture_for_a_while(shelf: PictureShelf, clock: Clock) -> None:
    name = put(shelf)
    assert name.endswith(".png") and put(shelf, 8, JPEG).endswith(".jpg")
    clock.advance(seconds=LIFE.total_seconds() - 1)
    assert found(shelf, name) == PNG
    clock.advance(seconds=1)
    assert found(shelf, name) is None
    # Sent again it has a new one; the old one is over for ever.
    assert found(shelf, put(shelf)) == PNG
    assert found(shelf, name) is None


def test_nobody_makes_an_address_but_who_knows_the_token(shelf: PictureShelf, clock: Clock) -> None:
    name = put(shelf)
    stem = name.removesuffix(".png")
    for place in range(len(stem)):
        other = "A" if stem[place] != "A" else "B"
        forged = f"{stem[:place]}{other}{stem[place + 1 :]}.png"
        # The last letter holds bits that are no part of what it stands for.
        assert found(shelf, forged) is None or place == len(stem) - 1
    strange = PictureShelf(TOKENS[1], shelf.path, "https://bot.vidu.example", clock)
    assert found(shelf, put(strange)) is None
    for wrong in ("", "7.png", stem, f"{stem}.exe", f"{stem}=.png", f"../{name}", name + "\n", "á" * 43 + ".png"):
        assert found(shelf, wrong) is None


def test_of_what_was_sent_only_the_newest_is_held(shelf: PictureShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_HELD", 2 * len(PNG))
    names = [put(shelf, number) for number in range(4)]
    assert [found(shelf, name) for name in names] == [None, None, PNG, PNG]


def test_what_another_process_sends_is_found_while_it_does(shelf: PictureShelf, clock: Clock) -> None:
    other = PictureShelf(TOKENS[0], shelf.path, "https://bot.vidu.example", clock)
    name, document = put(other), put(other, 9)
    sending: dict[int, OutgoingFile] = {
        7: OutgoingFile("photo", "ảnh.png", PNG),
        9: OutgoingFile("document", "mẫu.pdf", PDF),
    }

    async def elsewhere(number: int) -> OutgoingFile | None:
        return sending.get(number)

    shelf.elsewhere = elsewhere
    assert found(shelf, name) == PNG
    assert found(shelf, document) is None
    sending.clear()
    assert found(shelf, name) is None


# The whole way

FILES: dict[str, tuple[bytes, FileKind, str]] = {
    "anh": (PNG, "photo", "moi-tham-gia.png"),
    "gif": (picture("GIF"), "document", "so-do.gif"),
    "pdf": (PDF, "document", "Danh sách & mẫu.pdf"),
}


def answer(event: Incoming, context: Context) -> list[Reply]:
    if event.text not in FILES:
        return [Reply(Markup("Vâng."))]
    _, kind, name = FILES[event.text]
    file = Drawing("vidu", {"name": event.text}, kind, name)
    return [Reply(Markup("<b>Đây</b> là tệp."), (Button("Xong", "vidu.done"),), files=(file,))]


def draw(data: dict[str, Any]) -> bytes:
    return FILES[data["name"]][0]


@pytest.fixture
def carrying(documents_loaded_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that answers with files."""
    monkeypatch.setattr(router, "DRAWINGS", {"vidu": draw})
    monkeypatch.setattr("bot.app.Receiver", lambda **how: Receiver(**how, handle=answer))


@pytest.fixture
def public(zalo: ZaloApi, tmp_path: Path, port: int) -> Settings:
    return zalo_settings_for(zalo, tmp_path / "data", public_url=f"http://127.0.0.1:{port}", listen=f"127.0.0.1:{port}")


@pytest.fixture
def public_bot(public: Settings, carrying: None) -> Iterator[RunningBot]:
    with running(public) as started:
        yield started


Fetch = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def fetch(port: int) -> Fetch:
    def run(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            connection.request(method, path)
            got = connection.getresponse()
            return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()

    return run


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_picture_and_its_words_are_one_message(
    zalo: ZaloApi, person: str, public_bot: RunningBot, public: Settings, when: str
) -> None:
    zalo.switch(photos=when)
    zalo.say(person, "anh")
    (sent,) = said_in(zalo, person)
    assert (sent.kind, sent.text) == ("photo", "Đây là tệp.\n\n1. Xong\nGõ số để chọn.")
    assert sent.photo.startswith(f"{public.public_url}/zalo/10001/pictures/")
    eventually(public, "SELECT state, message FROM outbox", [{"state": "sent", "message": None}])
    assert wait_until(lambda: zalo.picture(sent.message_id)) == ("image/png", PNG)
    assert zalo.usage().sent == 1
    assert list((public.data / "files-out").glob("*")) == []


def test_a_picture_of_another_kind_is_drawn_anew(zalo: ZaloApi, person: str, public_bot: RunningBot) -> None:
    zalo.say(person, "gif")
    (sent,) = said_in(zalo, person)
    fetched = zalo.picture(sent.message_id)
    assert fetched is not None and fetched[0] == "image/jpeg"
    assert Image.open(io.BytesIO(fetched[1])).size == (40, 30)


def test_only_what_was_sent_is_served_and_nobody_keeps_it(
    zalo: ZaloApi, person: str, public_bot: RunningBot, fetch: Fetch
) -> None:
    zalo.say(person, "anh")
    path = urlsplit(said_in(zalo, person)[0].photo).path
    status, headers, content = fetch(path)
    assert (status, headers["content-type"], content) == (200, "image/png", PNG)
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert "noindex" in headers["x-robots-tag"]
    assert fetch(path, "HEAD")[0::2] == (200, b"")
    folder, _, name = path.rpartition("/")
    signed = base64.urlsafe_b64decode(name.removesuffix(".png") + "=")
    forged = base64.urlsafe_b64encode(bytes(7) + b"\x02" + signed[8:]).decode().rstrip("=")
    for wrong in (folder, f"{folder}/", f"{folder}/{forged}.png", f"/zalo/10002/pictures/{name}", f"{path}/x"):
        assert fetch(wrong)[0] == 404, wrong
    assert "cache-control" in fetch(f"{folder}/{forged}.png")[1]
    assert fetch(path, "POST")[0] == 405


def test_an_address_gets_into_no_log(
    zalo: ZaloApi, person: str, public_bot: RunningBot, fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    zalo.fault("error", method="sendPhoto", code=500, description=f"cannot fetch {public_bot.settings.public_url}")
    zalo.say(person, "anh")
    name = urlsplit(said_in(zalo, person)[0].photo).path.rpartition("/")[2]
    assert fetch(f"/zalo/10001/pictures/{name}")[0] == 200
    told = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "sendPhoto" in told
    assert name not in told


def test_what_zalo_says_of_an_address_is_masked(zalo: ZaloApi, person: str, public: Settings, carrying: None) -> None:
    """The reason of a failure is kept, without the address that it names."""
    zalo.fault("error", method="sendPhoto", code=418, description="no picture at {photo}", times=None)
    with running(public):
        zalo.say(person, "anh")
        eventually(public, "SELECT state, error FROM outbox", [{"state": "failed", "error": "418 no picture at ***"}])


def test_a_picture_whose_answer_was_lost_is_sent_again(zalo: ZaloApi, person: str, public_bot: RunningBot) -> None:
    zalo.fault("accepted_cut", method="sendPhoto")
    zalo.say(person, "anh")
    said_in(zalo, person, 2)
    records = zalo.transcript(person)
    assert [record.answered for record in records] == ["cut", "ok"]
    assert all(zalo.picture(record.message_id) == ("image/png", PNG) for record in records)


@pytest.mark.parametrize("name", ["anh", "pdf"])
def test_without_a_public_address_a_file_is_put_aside(
    zalo: ZaloApi, person: str, tmp_path: Path, carrying: None, name: str
) -> None:
    settings = zalo_settings_for(zalo, tmp_path / "data")
    with running(settings):
        zalo.say(person, name)
        (sent,) = said_in(zalo, person)
    (file,) = (tmp_path / "data" / "files-out").iterdir()
    assert file.read_bytes() == FILES[name][0]
    assert file.stat().st_mode & 0o007 == 0
    assert file.name.endswith("moi-tham-gia.png" if name == "anh" else "Danh-sách-mẫu.pdf")
    assert sent.text.startswith("Đây là tệp.\n\n1. Xong\nGõ số để chọn.\n\nTệp không gửi được qua đây.")
    assert f"tệp {file.name} trong thư mục files-out" in sent.text
    assert sent.styled[0] == ["Đây", ["b"]]


def test_what_is_no_picture_is_put_into_the_folder_that_is_named(
    zalo: ZaloApi, person: str, public: Settings, tmp_path: Path, carrying: None
) -> None:
    folder = tmp_path / "Tệp gửi ra"
    with running(public.model_copy(update={"files_out": str(folder)})):
        zalo.say(person, "pdf")
        (sent,) = said_in(zalo, person)
    (file,) = folder.iterdir()
    assert (sent.kind, file.read_bytes()) == ("message", PDF)
    assert f"tệp {file.name} trong thư mục {folder}" in sent.text


@pytest.mark.parametrize("why", ["host", "broken"])
def test_a_picture_that_zalo_cannot_fetch_is_put_aside(
    zalo: ZaloApi, person: str, public_bot: RunningBot, public: Settings, why: str
) -> None:
    if why == "host":
        zalo.switch(photo_hosts=["127.0.0.1"])
    else:
        zalo.fault("error", method="sendPhoto", code=400, description="The photo URL is invalid")
    zalo.say(person, "anh")
    (sent,) = said_in(zalo, person)
    (file,) = (public.data / "files-out").iterdir()
    assert (sent.kind, file.read_bytes()) == ("message", PNG)
    assert file.name in sent.text and "1. Xong" in sent.text
    eventually(public, "SELECT state FROM outbox", [{"state": "sent"}])


def test_a_message_that_is_sent_again_puts_one_file_aside(
    zalo: ZaloApi, person: str, tmp_path: Path, carrying: None
) -> None:
    settings = zalo_settings_for(zalo, tmp_path / "data")
    zalo.fault("accepted_cut", method="sendMessage")
    with running(settings):
        zalo.say(person, "pdf")
        first, second = said_in(zalo, person, 2)
    assert first.text == second.text
    assert len(list((tmp_path / "data" / "files-out").iterdir())) == 1


def test_an_office_may_want_no_folder(zalo: ZaloApi, person: str, tmp_path: Path, carrying: None) -> None:
    with running(zalo_settings_for(zalo, tmp_path / "data", files_out="off")):
        zalo.say(person, "pdf")
        assert "(Tệp kèm theo không gửi được qua kênh này.)" in said_in(zalo, person)[0].text
    assert not (tmp_path / "data" / "files-out").exists()


def test_a_folder_that_cannot_be_written_to_costs_no_answer(
    zalo: ZaloApi, person: str, tmp_path: Path, carrying: None, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "day").write_text("một tệp, không phải thư mục")
    settings = zalo_settings_for(zalo, tmp_path / "data", files_out=str(tmp_path / "day"))
    with running(settings):
        zalo.say(person, "anh")
        (sent,) = said_in(zalo, person)
    assert sent.text.startswith("Đây là tệp.")
    assert "Anh/chị báo người quản trị giúp." in sent.text
    assert "a file cannot be put aside" in caplog.text
    assert rows(settings, "SELECT state FROM outbox") == [{"state": "sent"}]
