"""Files that no channel carries: where they are put, under which names, for how long, and what their reader is told."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from bot import aside as aside_module
from bot.aside import KEPT, Aside, tidy
from bot.channels.abilities import LEAST, Abilities
from bot.channels.base import Outgoing, OutgoingFile
from bot.channels.fitting import ROOM_FOR_WORDS, fit
from bot.channels.markup import length, seen
from bot.channels.terminal import Terminal
from bot.delivery import Delivery
from bot.errors import FileNotCarried, Refused
from bot.settings import Settings
from bot.worker import Worker
from handlers.conversation import Button, File, Reply
from handlers.texts import Texts
from storage import outbox
from storage.outbox import ANSWER, OutboxRow
from tests.conftest import NOW
from tests.helpers import STAMP, Messenger
from tests.waiting import PATIENCE

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DATA = b"du lieu"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tep gui ra"


@pytest.fixture
def aside(folder: Path, texts: Texts) -> Aside:
    return Aside(folder, "tep gui ra", texts, ZONE)


def row(number: int = 12, created_at: str = STAMP) -> OutboxRow:
    return OutboxRow(number, "vidu", "bot-1", "chat-1", ANSWER, {}, 1, created_at=created_at)


def put(aside: Aside, name: str, number: int = 12, created_at: str = STAMP) -> Markup:
    return asyncio.run(aside.put(row(number, created_at), OutgoingFile("document", name, DATA)))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("phieu.xlsx", "20261121-12-phieu.xlsx"),
        ("Danh sách & mẫu (1).docx", "20261121-12-Danh-sách-mẫu-1-.docx"),
        ("../../etc/passwd", "20261121-12-etc-passwd"),
        ("C:\\a\\b.pdf", "20261121-12-C-a-b.pdf"),
        ("", "20261121-12-document"),
        ("...", "20261121-12-document"),
        ("x" * 300 + ".pdf", "20261121-12-" + "x" * 76 + ".pdf"),
    ],
)
def test_a_file_has_a_name_that_every_system_can_write(aside: Aside, folder: Path, name: str, kept: str) -> None:
    words = put(aside, name)
    (file,) = folder.iterdir()
    assert (file.name, file.read_bytes()) == (kept, DATA)
    assert f"<code>{kept}</code> trong thư mục <code>tep gui ra</code>" in words
    assert "30 ngày" in words


def test_the_day_in_a_name_is_that_of_the_office(aside: Aside, folder: Path) -> None:
    put(aside, "a.pdf", created_at="2026-11-21T17:30:00+00:00")
    assert [file.name for file in folder.iterdir()] == ["20261122-12-a.pdf"]


def test_the_same_message_puts_the_same_file_aside(aside: Aside, folder: Path) -> None:
    assert put(aside, "a.pdf") == put(aside, "a.pdf")
    put(aside, "a.pdf", number=13)
    assert sorted(file.name for file in folder.iterdir()) == ["20261121-12-a.pdf", "20261121-13-a.pdf"]


def test_a_file_is_not_for_everybody_on_the_machine(aside: Aside, folder: Path) -> None:
    put(aside, "a.pdf")
    assert folder.stat().st_mode & 0o007 == 0
    assert next(folder.iterdir()).stat().st_mode & 0o007 == 0


def test_half_a_file_is_nowhere(aside: Aside, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(aside_module.os, "fsync", full)
    assert "chưa để được" in put(aside, "a.pdf")
    assert list(folder.iterdir()) == []


def test_what_lies_there_for_too_long_is_deleted_and_nothing_else(aside: Aside, folder: Path) -> None:
    assert tidy(folder, NOW) == 0
    put(aside, "cu.pdf")
    put(aside, "moi.pdf", number=13)
    (folder / "ban-sao.pdf").write_bytes(DATA)
    old = (NOW - KEPT - dt.timedelta(seconds=1)).timestamp()
    for name in ("20261121-12-cu.pdf", "ban-sao.pdf"):
        os.utime(folder / name, (old, old))
    os.utime(folder / "20261121-13-moi.pdf", (old + 2, old + 2))
    assert tidy(folder, NOW) == 1
    assert sorted(file.name for file in folder.iterdir()) == ["20261121-13-moi.pdf", "ban-sao.pdf"]


def test_the_folder_is_tidied_as_long_as_the_bot_runs(
    aside: Aside, folder: Path, texts: Texts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(aside_module, "INTERVAL", 0.01)

    async def work() -> None:
        keeping = asyncio.create_task(aside.keep_tidy(lambda: NOW))
        none = asyncio.create_task(Aside(None, "", texts, ZONE).keep_tidy(lambda: NOW))
        for name in ("20261121-12-a.pdf", "20261121-13-b.pdf"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(DATA)
            os.utime(folder / name, (0, 0))
            while (folder / name).exists():
                await asyncio.sleep(0.01)
        # What cannot be deleted is told, and tried again.
        (folder / "20261121-14-c").mkdir()
        os.utime(folder / "20261121-14-c", (0, 0))
        while "cannot be tidied" not in caplog.text:
            await asyncio.sleep(0.01)
        assert not keeping.done() and not none.done()
        keeping.cancel()
        none.cancel()
        await asyncio.gather(keeping, none, return_exceptions=True)

    asyncio.run(asyncio.wait_for(work(), PATIENCE))


# What is written to a channel that carries no files


def test_a_channel_without_files_is_written_to_as_if_it_had_some(aside: Aside, texts: Texts) -> None:
    plain = Abilities(buttons=False, text_length=1900)
    assert aside.widened(plain).caption_length == 1900 - ROOM_FOR_WORDS
    carrying = Abilities(buttons=True, text_length=4096, caption_length=1024)
    assert aside.widened(carrying) == carrying
    assert Aside(None, "", texts, ZONE).widened(plain) == plain


def test_what_is_kept_encrypted_lies_only_where_the_office_chose(texts: Texts, folder: Path) -> None:
    sealed = OutgoingFile("document", "a.pdf", DATA, sealed=True)
    for chosen in (False, True):
        words = asyncio.run(Aside(folder, "tep", texts, ZONE, chosen=chosen).put(row(), sealed))
        assert ("không gửi được qua kênh này" in words) != chosen
        assert folder.exists() == chosen


@pytest.mark.parametrize("size", [1, 1380, 1400, 1401, 1899, 5000])
def test_what_is_said_of_a_file_fits_into_its_message(aside: Aside, texts: Texts, size: int) -> None:
    abilities = aside.widened(Abilities(buttons=False, text_length=1900))
    reply = Reply(Markup("a" * size), (Button("Xong", "vidu.done"),), files=(File(1, "document", "đ" * 200),))
    said = "".join([*(seen(put(aside, "đ" * 300 + ".docx", number=10**12))), "\n\n"])
    for message in fit(reply, abilities, texts):
        room = length(said) if "file" in message else 0
        assert length(seen(message["text"])) + room <= 1900


def test_the_least_of_all_channels_and_the_terminal_have_room(aside: Aside, texts: Texts) -> None:
    for abilities in (LEAST, Terminal.abilities):
        assert aside.widened(abilities).files


# Delivery


class Choosy(Messenger):
    """A channel that carries pictures and nothing else."""

    async def send(self, chat: str, message: Outgoing) -> str | None:
        if message.file and message.file.kind != "photo":
            raise FileNotCarried("no picture")
        return await super().send(chat, message)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def written(worker: Worker, kind: str, text: str = "<b>Đây</b> &amp; đó") -> int:
    file = {"drawing": "vidu", "data": {}, "kind": kind, "name": "a.png"}
    message = {"text": text, "file": file}
    return asyncio.run(worker.write(outbox.put, "vidu", "bot-1", "chat-1", ANSWER, message, STAMP))


def sender(worker: Worker, channel: Messenger, aside: Aside | None) -> Delivery:
    return Delivery(worker, [channel], aside=aside, draw=lambda name, data: DATA)


def test_only_what_a_channel_does_not_carry_is_put_aside(worker: Worker, aside: Aside, folder: Path) -> None:
    channel = Choosy(abilities=Abilities(buttons=True, text_length=100, caption_length=50))
    written(worker, "photo")
    number = written(worker, "document")
    assert asyncio.run(sender(worker, channel, aside).drain()) == 2
    picture, words = channel.carried
    assert picture.file is not None and picture.text == "<b>Đây</b> &amp; đó"
    assert words.file is None
    assert (words.text or "").startswith("<b>Đây</b> &amp; đó\n\nTệp không gửi được qua đây.")
    assert [file.name for file in folder.iterdir()] == [f"20261121-{number}-a.png"]


def test_a_channel_without_files_is_not_asked(worker: Worker, aside: Aside, folder: Path) -> None:
    channel = Messenger()
    written(worker, "photo", text="")
    assert asyncio.run(sender(worker, channel, aside).drain()) == 1
    (words,) = channel.carried
    assert (words.text or "").startswith("Tệp không gửi được qua đây.")
    assert len(list(folder.iterdir())) == 1


def test_a_refusal_of_the_message_itself_puts_nothing_aside(worker: Worker, aside: Aside, folder: Path) -> None:
    channel = Messenger(abilities=Abilities(buttons=True, text_length=100, caption_length=50))
    channel.ends = [Refused("chat")]
    written(worker, "photo")
    assert asyncio.run(sender(worker, channel, aside).drain()) == 0
    assert len(channel.tried) == 1
    assert not folder.exists()


def test_only_what_is_on_its_way_is_handed_out(worker: Worker, aside: Aside) -> None:
    number = written(worker, "photo")
    plain = asyncio.run(worker.write(outbox.put, "vidu", "bot-1", "chat-2", ANSWER, {"text": "x"}, STAMP))
    one = sender(worker, Messenger(), aside)

    async def out(account: str = "bot-1", of: int = number) -> OutgoingFile | None:
        return await one.file_on_its_way("vidu", account, of)

    assert asyncio.run(out()) is None
    asyncio.run(worker.write(outbox.claim, [number, plain], "ai", STAMP))
    assert asyncio.run(out()) == OutgoingFile("photo", "a.png", DATA)
    assert asyncio.run(out("bot-2")) is None
    assert asyncio.run(out(of=plain)) is None
    assert asyncio.run(out(of=99)) is None


# The setting


@pytest.mark.parametrize(
    ("given", "path"), [("", Path("data/files-out")), ("/srv/tep", Path("/srv/tep")), ("off", None)]
)
def test_where_the_folder_is(given: str, path: Path | None) -> None:
    assert Settings(_env_file=None, files_out=given).files_out_folder == path
