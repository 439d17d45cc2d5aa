"""`ungxu report`: what is open and what is handed upward, as whoever works on the machine gets it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

import bot.console
from handlers.authorization import Actor, Scene
from handlers.people import service as people_service
from handlers.report import service
from storage import audit
from storage.audit import CONSOLE
from storage.database import FILE_NAME, Database
from storage.reports import Draft
from tests.conftest import NOW, TODAY
from tests.helpers import Command, one_clear_line, run_main


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """An office that calls its reports VD, on the clock of the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bot.console, "utc_now", lambda: NOW)
    office = tmp_path / "co-quan"
    office.mkdir()
    (office / "office.toml").write_text('name = "Sở Ví Dụ"\nreport_prefix = "VD"\n', encoding="utf-8")
    monkeypatch.setenv("UNGXU_OFFICE", str(office))
    return lambda *arguments: run_main(monkeypatch, "report", *arguments)


@pytest.fixture
def stored(ungxu: Command) -> Iterator[Database]:
    (Path("data")).mkdir()
    with closing(Database(Path("data") / FILE_NAME)) as database:
        yield database


@pytest.fixture
def two(stored: Database) -> Database:
    """Two reports: an urgent one about a unit, and one from the month before about the office."""
    scene = Scene(stored, Actor(CONSOLE), NOW, TODAY)
    with stored.transaction():
        top = people_service.create_unit(scene, "Sở Ví Dụ")
        unit = people_service.create_under(scene, top, "Phòng Một")
        urgent = Draft("lost", "zalo", harm="money_asked", unit_id=unit, account="0912345678", source="phone")
        service.write_down(scene, urgent, with_receipt=False)
        before = (NOW - dt.timedelta(days=31)).isoformat()
        calm = Draft("content", "facebook", "unit", unit_id=top, source="letter", received_at=before)
        service.write_down(scene, calm, with_receipt=False)
    return stored


def test_what_is_open_is_listed(ungxu: Command, two: Database) -> None:
    urgent, calm = sorted(ungxu("list").out.splitlines())
    assert urgent == (
        "KHẨN · VD-1: Mất quyền, bị hack, đang hỏi tiền; Sở Ví Dụ / Phòng Một; mới, người xử lý: chưa ai; "
        "nhận 10:00 21/11/2026"
    )
    assert calm.startswith("VD-2: Tin sai, bôi nhọ cơ quan, chưa rõ; Sở Ví Dụ; mới")
    (line,) = ungxu("list", "Phòng Một", "--json").out.splitlines()
    assert json.loads(line)["number"] == "VD-1"
    # What nobody could place is shown with the whole office, and an account is not shown at all.
    assert "0912345678" not in ungxu("list").out


def test_the_figures_of_a_period_and_its_files(ungxu: Command, two: Database) -> None:
    done = ungxu("summary", "--docx", "ky.docx", "--xlsx", "ky.xlsx", "--cases", "so.xlsx")
    assert done.out.splitlines()[:2] == [
        "Sở Ví Dụ, báo cáo từ 15/11/2026 đến 14/12/2026",
        "Tiếp nhận 1 (kỳ trước 1, từ đầu năm 2):",
    ]
    *written, draft, blank = done.out.splitlines()[-5:]
    assert written == ["Đã ghi ky.docx.", "Đã ghi ky.xlsx.", "Đã ghi so.xlsx."]
    assert draft.startswith("Dự thảo, chưa gửi đi đâu.")
    assert blank.startswith("Cơ quan chưa khai: cơ quan cấp trên; chữ viết tắt trong số văn bản; địa danh; ")
    said = "\n".join(line.text for line in Document(io.BytesIO(Path("ky.docx").read_bytes())).paragraphs)
    assert "I. TÌNH HÌNH" in said and "cơ quan tiếp nhận 1 báo cáo" in said
    assert load_workbook("ky.xlsx")["Tổng hợp"]["B4"].value == 1
    sheet = load_workbook("so.xlsx")["Sổ theo dõi"]
    assert [sheet["A4"].value, sheet["A5"].value, sheet["G4"].value] == ["VD-1", None, "0912345678"]
    # Whoever took the case list with its names stands in the trail; figures name nobody.
    assert [entry.act for entry in audit.entries(two, "", 100) if entry.act.startswith("report.")] == [
        "report.register"
    ]
    assert one_clear_line(ungxu("summary", "--docx", "ky.docx")) == "Lỗi: ky.docx đã có; chọn tên khác."


@pytest.mark.parametrize("typed", ["2026-10", "10/2026", "2026-1"])
def test_a_period_is_named_by_its_month(ungxu: Command, two: Database, typed: str) -> None:
    first = ungxu("summary", "--month", typed).out.splitlines()[0]
    assert first.endswith("từ 15/12/2025 đến 14/01/2026" if typed == "2026-1" else "từ 15/09/2026 đến 14/10/2026")


def test_a_unit_has_its_own_figures(ungxu: Command, two: Database) -> None:
    assert "Tiếp nhận 1 (kỳ trước 0, từ đầu năm 1)" in ungxu("summary", "--unit", "Phòng Một").out
    assert "Không có đơn vị" in one_clear_line(ungxu("summary", "--unit", "Phòng Không Có"))


@pytest.mark.parametrize("typed", ["2026-13", "2026-0", "tháng 11", "99999-1", ""])
def test_what_is_no_month_is_said(ungxu: Command, two: Database, typed: str) -> None:
    assert "không phải tháng" in one_clear_line(ungxu("summary", "--month", typed))


def test_where_there_is_nothing(ungxu: Command, stored: Database) -> None:
    assert "Chưa có đơn vị nào" in one_clear_line(ungxu("list"))
    with stored.transaction():
        people_service.create_unit(Scene(stored, Actor(CONSOLE), NOW, TODAY), "Sở Ví Dụ")
    assert ungxu("list").out == "Sở Ví Dụ: không có báo cáo nào đang mở.\n"
    assert ungxu("list", "--json").out == ""
    assert "không phát sinh" in ungxu("summary").out
