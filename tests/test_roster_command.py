"""`ungxu roster template` and `import`, from the file to what is said."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import bot.roster
from benchmarks import rosters
from bot.settings import Settings
from handlers import spreadsheet
from handlers.people import roster, roster_plan
from storage import members, units
from storage.database import FILE_NAME, Database
from storage.errors import StorageBusy
from tests.conftest import NOW
from tests.helpers import Command, locked, one_clear_line, run_main
from tests.spreadsheets import HEADING, workbook
from tests.waiting import PATIENCE

PEOPLE = [
    ["CB01", "Trần Ví Dụ", "kế toán", "Sở Ví Dụ / Phòng Một"],
    ["CB02", "Lê Ví Dụ", "", "Sở Ví Dụ / Phòng Hai"],
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *arguments: run_main(monkeypatch, "roster", *arguments)


def put(name: str, *people: list[Any]) -> str:
    Path(name).write_bytes(workbook({"DS": [HEADING, *people]}))
    return name


def everybody() -> list[tuple[str | None, str, str]]:
    with closing(Database(Path("data") / FILE_NAME)) as database:
        return [(member.code, member.name, member.state) for member in members.everybody(database, NOW.isoformat())]


# The template


@pytest.mark.parametrize("name", ["mau.xlsx", "mau.csv", "MAU.XLSX"])
def test_a_template_is_written_once(ungxu: Command, name: str) -> None:
    ended = ungxu("template", name)
    assert (ended.code, ended.err) == (0, "")
    assert f"ungxu roster import {name} --check" in ended.out
    written = Path(name).read_bytes()
    assert one_clear_line(ungxu("template", name)) == f"Lỗi: {name} đã có; chọn tên khác."
    assert Path(name).read_bytes() == written
    assert one_clear_line(ungxu("import", name)) == f"{name}: dưới dòng tiêu đề không có ai"
    assert not Path("data").exists() or everybody() == []


def test_the_template_lists_the_units_there_are(ungxu: Command) -> None:
    assert ungxu("import", put("ds.xlsx", *PEOPLE), "--create-units").code == 0
    ungxu("template", "mau.xlsx")
    book = openpyxl.load_workbook("mau.xlsx")
    assert book.sheetnames == ["Danh sách", "Hướng dẫn", "Đơn vị"]
    paths = [cell.value for cell in book["Đơn vị"]["A"]]
    assert paths == ["Sở Ví Dụ", "Sở Ví Dụ / Phòng Hai", "Sở Ví Dụ / Phòng Một"]
    assert book["Danh sách"]["A6"].number_format == "@"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mau.xls", "Lỗi: mau.xls: tên tệp phải kết thúc bằng .xlsx hoặc .csv."),
        ("khong-co/mau.csv", "khong-co/mau.csv: không ghi được (No such file or directory)"),
    ],
)
def test_a_template_that_cannot_be_written(ungxu: Command, name: str, said: str) -> None:
    assert one_clear_line(ungxu("template", name)).removeprefix("Lỗi: ") == said.removeprefix("Lỗi: ")


# The import


def test_a_list_from_the_check_to_the_second_time(ungxu: Command) -> None:
    put("ds.xlsx", *PEOPLE)
    ended = ungxu("import", "ds.xlsx", "--check")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "ds.xlsx, trang “DS”: 2 người; các cột A “Mã cá nhân”, B “Họ và tên”, C “Chức vụ”, D “Đơn vị”.",
        "dòng 2, cột D “Đơn vị”: không có đơn vị “Sở Ví Dụ / Phòng Một”",
        "dòng 3, cột D “Đơn vị”: không có đơn vị “Sở Ví Dụ / Phòng Hai”",
        "Có 2 dòng sai; chưa ghi gì. Sửa tệp rồi chạy lại.",
        "Đơn vị chưa có mà ghi đúng thì thêm --create-units để lập.",
    ]
    ended = ungxu("import", "ds.xlsx", "--check", "--create-units")
    assert ended.code == 0
    assert ended.out.splitlines()[1:] == [
        "Đơn vị sẽ lập:",
        "  Sở Ví Dụ",
        "  Sở Ví Dụ / Phòng Một",
        "  Sở Ví Dụ / Phòng Hai",
        "Chưa ghi gì. Sẽ thêm 2, sửa 0, chuyển đơn vị 0, trở lại 0, cho nghỉ 0, giữ nguyên 0 người.",
    ]
    assert everybody() == []

    ended = ungxu("import", "ds.xlsx", "--create-units")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1] == "Đơn vị đã lập:"
    assert ended.out.splitlines()[-1].startswith("Xong. Thêm 2,")
    assert everybody() == [("CB01", "Trần Ví Dụ", "listed"), ("CB02", "Lê Ví Dụ", "listed")]

    ended = ungxu("import", "ds.xlsx")
    assert ended.out.splitlines()[1:] == ["Danh sách không đổi (2 người); không ghi gì."]


def test_what_changes_is_named(ungxu: Command) -> None:
    ungxu("import", put("ds.xlsx", *PEOPLE, ["CB03", "Võ Ví Dụ", "", "Sở Ví Dụ"]), "--create-units")
    put("moi.xlsx", ["CB01", "Đỗ Ví Dụ", "", "Sở Ví Dụ / Phòng Hai"])
    ended = ungxu("import", "moi.xlsx")
    assert ended.out.splitlines()[1:] == [
        "Đổi sang tên khác:",
        "  Trần Ví Dụ → Đỗ Ví Dụ (dòng 2)",
        "Không còn trong danh sách (vẫn giữ; thêm --leave-missing để cho nghỉ):",
        "  Lê Ví Dụ, CB02, Sở Ví Dụ / Phòng Hai",
        "  Võ Ví Dụ, CB03, Sở Ví Dụ",
        "Xong. Thêm 0, sửa 1, chuyển đơn vị 1, trở lại 0, cho nghỉ 0, giữ nguyên 0 người.",
    ]
    assert [state for _, _, state in everybody()] == ["listed"] * 3
    assert "sẽ cho nghỉ:" in ungxu("import", "moi.xlsx", "--leave-missing", "--check").out
    ended = ungxu("import", "moi.xlsx", "--leave-missing")
    assert "Không còn trong danh sách, đã cho nghỉ:\n  Lê Ví Dụ, CB02" in ended.out
    assert ended.out.splitlines()[-1].endswith("cho nghỉ 2, giữ nguyên 1 người.")
    assert [state for _, _, state in everybody()] == ["listed", "left", "left"]
    ended = ungxu("import", "ds.xlsx")
    assert "trở lại 2" in ended.out.splitlines()[-1]


def test_many_names_are_counted(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.roster, "MOST_NAMES", 2)
    ungxu("import", put("ds.xlsx", *([f"CB{n}", "A Ví Dụ", "", "Sở Ví Dụ"] for n in range(9))), "--create-units")
    ended = ungxu("import", put("moi.xlsx", ["CB0", "A Ví Dụ", "", "Sở Ví Dụ"]))
    assert "  A Ví Dụ, CB2, Sở Ví Dụ\n  … và 6 dòng nữa\n" in ended.out


def test_one_of_several_sheets(ungxu: Command) -> None:
    Path("ds.xlsx").write_bytes(workbook({"Cũ": [HEADING, PEOPLE[0]], "Mới": [HEADING, PEOPLE[1]]}))
    said = "ds.xlsx: nhiều trang cùng có danh sách: Cũ, Mới; chọn một trang bằng --sheet"
    assert one_clear_line(ungxu("import", "ds.xlsx")) == said
    assert ungxu("import", "ds.xlsx", "--sheet", "Mới", "--create-units").code == 0
    assert [code for code, _, _ in everybody()] == ["CB02"]


def test_a_csv_file(ungxu: Command) -> None:
    Path("ds.csv").write_text("Họ tên;Phòng ban\nTrần Ví Dụ;Sở Ví Dụ\n", encoding="utf-16")
    ended = ungxu("import", "ds.csv", "--create-units")
    assert ended.out.splitlines()[0] == "ds.csv: 1 người; các cột A “Họ tên”, B “Phòng ban”."
    assert everybody() == [(None, "Trần Ví Dụ", "listed")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "không đọc được (No such file or directory)"),
        (b"", "tệp không có gì"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "tệp Excel kiểu cũ (.xls)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "tệp đặt mật khẩu"),
        (b"%PDF-1.7\n\0", "không phải bảng tính Excel (.xlsx) hay CSV"),
        (b"<html><table>", "không phải tệp Excel mà là trang web"),
        (b"PK\x03\x04", "không mở được: mở bằng Excel, lưu lại thành .xlsx"),
        (b"a;b\n", "không thấy dòng tiêu đề có cột “Họ và tên” và cột “Đơn vị”"),
    ],
)
def test_a_file_that_is_no_list_is_told_in_one_line(ungxu: Command, content: bytes | None, said: str) -> None:
    if content is not None:
        Path("ds.xlsx").write_bytes(content)
    assert one_clear_line(ungxu("import", "ds.xlsx")).startswith(f"ds.xlsx: {said}")


def test_a_file_of_50_mb_is_not_even_read(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("ds.xlsx").open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(spreadsheet, "read", None)
    assert one_clear_line(ungxu("import", "ds.xlsx")).startswith("ds.xlsx: tệp quá lớn (hơn 20 MB")


# Beside others, and after a crash


def cut_off(monkeypatch: pytest.MonkeyPatch, ungxu: Command, name: str, after: int) -> None:
    """Import a list and stop after so many people were written down."""
    write, written = roster._put, [0]

    def stop(*arguments: Any) -> None:
        written[0] += 1
        if written[0] > after:
            raise KeyboardInterrupt
        write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(roster, "_put", stop)
        assert ungxu("import", name, "--create-units").code == 130


def test_an_import_that_was_cut_off_is_finished_first(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [[f"CB{n:03}", f"Người Ví Dụ {n}", "", f"Phòng {n % 7}"] for n in range(100)]
    put("ds.xlsx", *many)
    cut_off(monkeypatch, ungxu, "ds.xlsx", after=50)
    done = len(everybody())
    assert 0 < done <= 50
    ended = ungxu("import", "ds.xlsx", "--check")
    assert ended.out.startswith("Lần nhập trước bị ngắt, chưa xong; lần nhập tới sẽ làm nốt.")
    assert len(everybody()) == done
    # Whatever is imported next, and even where it cannot be read.
    ended = ungxu("import", "khong-co.xlsx")
    assert ended.out == f"Lần nhập trước bị ngắt; làm nốt {100 - done} việc còn lại.\n"
    assert [code for code, _, _ in everybody()] == [code for code, *_ in many]
    assert ungxu("import", "ds.xlsx").out.splitlines()[-1] == "Danh sách không đổi (100 người); không ghi gì."


def test_a_fault_leaves_nothing_behind(ungxu: Command) -> None:
    ungxu("import", put("ds.xlsx", ["CB01", "", "", "Sở Ví Dụ"], *PEOPLE), "--create-units")
    with closing(Database(Path("data") / FILE_NAME)) as database:
        assert units.all_open(database) == []
        assert database.rows("SELECT * FROM import_rows") == []
        assert [row["state"] for row in database.rows("SELECT state FROM imports")] == ["refused"]


def test_a_busy_storage_is_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    refused = [True, True]
    begin = Database.transaction

    def busy(database: Database) -> Any:
        if refused:
            refused.pop()
            raise StorageBusy("locked")
        return begin(database)

    with closing(Database(here / FILE_NAME)) as database:
        monkeypatch.setattr(bot.roster.time, "sleep", pauses.append)
        monkeypatch.setattr(Database, "transaction", busy)
        bot.roster.resume(Settings(data=here), database, lambda _: None)
    assert pauses[:2] == [0.2, 1.0]


def test_a_storage_that_stays_busy_is_told_and_nothing_is_lost(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    put("ds.xlsx", *PEOPLE)
    ungxu("import", "ds.xlsx")
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(bot.roster, "BUSY_PAUSES", (0.01,))
    with locked(Path("data") / FILE_NAME):
        assert one_clear_line(ungxu("import", "ds.xlsx")).startswith("Cơ sở dữ liệu đang bận")
    assert ungxu("import", "ds.xlsx", "--create-units").code == 0


def test_an_import_beside_another_is_refused(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    put("ds.xlsx", *PEOPLE)
    check = roster_plan.check

    def overtaken(scene: Any, *arguments: Any, **options: Any) -> Any:
        roster.begin(scene)
        return check(scene, *arguments, **options)

    monkeypatch.setattr(roster_plan, "check", overtaken)
    ended = ungxu("import", "ds.xlsx", "--create-units")
    assert ended.err.startswith("Vừa có lần nhập danh sách khác bắt đầu nên lần này dừng; chưa ghi gì.")
    assert everybody() == []


def test_a_killed_import_is_finished(here: Path) -> None:
    content, _ = rosters.make_list(4_000, 40)
    (here / "ds.xlsx").write_bytes(content)
    command = [sys.executable, "-m", "bot", "roster", "import", "ds.xlsx", "--create-units"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    Database(here / "data" / FILE_NAME).close()
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process,
        closing(sqlite3.connect(here / "data" / FILE_NAME, timeout=PATIENCE, isolation_level=None)) as other,
    ):
        # As long as this looks, and until it is dead, nothing is written.
        other.execute("BEGIN IMMEDIATE")
        while not other.execute("SELECT count(*) FROM members").fetchone()[0]:
            assert process.poll() is None
            other.execute("ROLLBACK")
            time.sleep(0.005)
            other.execute("BEGIN IMMEDIATE")
        process.kill()
        process.wait()
    done = len(everybody())
    assert 0 < done < 4_000
    finished = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert finished.stdout.decode().startswith("Lần nhập trước bị ngắt; làm nốt")
    assert finished.stdout.decode().endswith("Danh sách không đổi (4000 người); không ghi gì.\n")
    assert len({code for code, _, _ in everybody()}) == len(everybody()) == 4_000


@pytest.mark.alone
def test_a_large_list_in_time_while_others_write(here: Path, full_size: bool) -> None:
    people, units_of_it = (rosters.PEOPLE, rosters.UNITS) if full_size else (2_000, 40)
    done = rosters.measure(here, people, units_of_it, rosters.WRONG)
    assert done.told
    assert done.unchanged
    # Never a large transaction, and whoever else writes gets his turn: a busy machine may stretch one or the other.
    longest = sorted(done.transactions)[len(done.transactions) * 9 // 10]
    assert longest < done.first / 10
    assert len(done.transactions) > people / 100
    assert len(done.waits) > 20
    assert max(done.waits) < done.first / 2
    if full_size:
        assert done.first < rosters.FIRST_LIMIT
        assert done.again < rosters.AGAIN_LIMIT
        assert longest < rosters.TRANSACTION_LIMIT
        assert max(done.waits) < 2
    # The figures of the proof.
    print(f"\n{people} people: {done.first:.1f} s, again {done.again:.1f} s, waited {max(done.waits) * 1000:.0f} ms")  # noqa: T201
