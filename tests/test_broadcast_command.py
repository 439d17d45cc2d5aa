"""`ungxu broadcast`: a reminder from a file, watched and steered on the machine while a bot sends it."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from PIL import Image

from bot.files import new_key
from handlers.authorization import Actor, Scene
from handlers.people import service as office
from storage import broadcasts
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.botapi.client import BotApi
from tests.broadcasting import put
from tests.helpers import Ended, one_clear_line, run_main
from tests.telegram_bot import OTHER, PERSON, RunningBot, rows

REMINDER = """
Căn cứ: Công văn số 1/SVD ngày 02/01/2026
Gửi cho: Phòng Một
Nút: đã đọc; điều 4 khoản 3
Khẩn: có

*Bảo vệ tài khoản*
- Bật xác thực hai bước.
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An office with two people who can be reached on Telegram, one of them in Phòng Một."""
    fill(tmp_path)
    return tmp_path


def fill(folder: Path) -> None:
    database = Database(folder / FILE_NAME)
    now = dt.datetime.now(dt.UTC)
    with database.transaction():
        scene = Scene(database, Actor(CONSOLE), now, now.date())
        top = office.create_unit(scene, "Sở Ví Dụ")
        one = office.create_under(scene, top, "Phòng Một")
        for user, unit in ((PERSON, one), (OTHER, top)):
            person = person_at(database, Address("telegram", "123456", str(user), str(user)), scene.stamp)
            put(database, person, f"Người {user}", unit, scene.stamp)
    database.close()


def command(monkeypatch: pytest.MonkeyPatch, data: Path, *arguments: str, stdin: str = "", **settings: str) -> Ended:
    with monkeypatch.context() as patch:
        for name, value in {"data": str(data), **settings}.items():
            patch.setenv(f"UNGXU_{name.upper()}", value)
        return run_main(monkeypatch, "broadcast", *arguments, stdin=stdin.encode())


def written(data: Path, text: str = REMINDER) -> str:
    (data / "nhac.txt").write_text(text.lstrip(), encoding="utf-8")
    return str(data / "nhac.txt")


def newest(data: Path) -> broadcasts.Broadcast:
    database = Database(data / FILE_NAME)
    try:
        return next(iter(broadcasts.newest(database, None, ("draft", "planned", "freezing", "running", "paused"), 1)))
    finally:
        database.close()


def test_a_file_says_everything_of_a_broadcast(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    ended = command(monkeypatch, data, "send", written(data), stdin="1\n")
    assert ended.code == 0, ended.err
    assert "Sẽ gửi tới 1 người: Telegram 1." in ended.out
    assert "đang lập danh sách" in ended.out
    found = newest(data)
    assert (found.state, found.urgent, found.unit) == ("freezing", True, None)
    assert found.content["text"] == "*Bảo vệ tài khoản*\n- Bật xác thực hai bước."
    assert found.content["basis"] == "Công văn số 1/SVD ngày 02/01/2026"
    assert [one["kind"] for one in found.content["buttons"]] == ["confirm", "provision"]


def test_another_number_sends_nothing(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    ended = command(monkeypatch, data, "send", written(data), stdin="7\n")
    assert "còn là bản nháp" in ended.out
    assert newest(data).state == "draft"


def test_a_draft_is_only_kept_and_a_time_is_planned(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    assert "bản nháp thông báo số 1" in command(monkeypatch, data, "send", written(data), "--draft").out
    planned = written(data, f"Lúc: hằng tháng ngày 5 lúc 9h\n\n{REMINDER.strip().splitlines()[-1]}")
    ended = command(monkeypatch, data, "send", planned, "--yes", "--unit", "Phòng Một")
    assert "gửi định kỳ hằng tháng, ngày 5 lúc 09:00" in ended.out
    listed = command(monkeypatch, data, "list").out
    assert "Số 1: Bảo vệ tài khoản" in listed
    assert "Số 2: " in listed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Gửi cho: Phòng Không Có\n\nx", "Không có đơn vị đó."),
        ("Căn cứ: x\n", "Anh/chị gõ lời thông báo giúp."),
        ("Lúc: lúc nào đó\n\nx", "hằng tháng ngày 5"),
        ("Gửi cho: quản trị\n\nx", "Không có ai nhận được"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, data: Path, text: str, told: str
) -> None:
    ended = command(monkeypatch, data, "send", written(data, text), "--yes")
    assert ended.code == 1
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_a_file_that_is_not_there_or_no_text(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    one_clear_line(command(monkeypatch, data, "send", str(data / "khong-co.txt")))
    (data / "anh.txt").write_bytes(b"\xff\xfe\x00\x01\xd8")
    assert "không phải tệp văn bản" in one_clear_line(command(monkeypatch, data, "send", str(data / "anh.txt")))


def test_a_picture_is_kept_encrypted(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")
    (data / "poster.png").write_bytes(picture.getvalue())
    text = "Tệp: poster.png\n\nXem tranh."
    assert "UNGXU_SECRET_KEYS" in command(monkeypatch, data, "send", written(data, text), "--draft").err
    ended = command(monkeypatch, data, "send", written(data, text), "--draft", secret_keys=new_key())
    assert ended.code == 0, ended.err
    assert newest(data).content["file"]["kind"] == "photo"


def test_it_is_sent_watched_confirmed_and_listed(api: BotApi, bot: RunningBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bot that runs beside."""
    data = bot.settings.data
    api.say(PERSON, "/start")
    api.wait_for(1, PERSON)
    account = rows(bot.settings, "SELECT account FROM addresses")[0]["account"]
    assert account == "123456"
    fill(data)
    ended = command(monkeypatch, data, "send", written(data), "--yes", "--watch")
    assert ended.code == 0, ended.err
    assert "Đã gửi: 1/1. Còn: 0." in ended.out
    (record,) = [found for found in api.transcript(PERSON) if "Bật xác thực" in found.text]
    assert "Căn cứ: Công văn số 1/SVD" in record.text
    api.press(PERSON, record, "Đã đọc và hiểu")
    assert "Đã nắm: 1/1 người (100%)" in command(monkeypatch, data, "results", "1").out
    assert command(monkeypatch, data, "results", "1", "--output", str(data / "ds.docx")).code == 0
    table = Document(str(data / "ds.docx")).tables[0]
    assert table.rows[1].cells[5].text == "Xác nhận qua trợ lý"
    assert (
        command(monkeypatch, data, "results", "1", "--unit", "Phòng Một", "--output", str(data / "ds.xlsx")).code == 0
    )
    assert load_workbook(data / "ds.xlsx").worksheets[0].max_row > 5
    assert ".docx" in one_clear_line(command(monkeypatch, data, "results", "1", "--output", "ds.pdf"))
    assert "Không có thông báo đó" in one_clear_line(command(monkeypatch, data, "results", "9"))
    assert "Không có ai để gửi lại" in one_clear_line(command(monkeypatch, data, "retry", "1"))


def test_it_is_steered_from_the_machine(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    command(monkeypatch, data, "send", written(data), "--yes")
    assert "chờ ít giây" in one_clear_line(command(monkeypatch, data, "pause", "1"))
    database = Database(data / FILE_NAME)
    with database.transaction():
        broadcasts.move(database, 1, "running", "x")
    database.close()
    assert "tạm dừng" in command(monkeypatch, data, "pause", "1").out
    assert "tạm dừng" in command(monkeypatch, data, "watch", "1").out
    assert "đang gửi" in command(monkeypatch, data, "resume", "1").out
    assert "đã dừng hẳn" in command(monkeypatch, data, "cancel", "1").out
