"""`ungxu privacy`: what is kept about somebody who asks on paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import audit, consents, members, roles, units
from storage.database import FILE_NAME, Database
from storage.people import Address, person_at
from tests.helpers import STAMP, Ended, run_main


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An office with three people, two of one name, one of whom has left."""
    opened = Database(tmp_path / FILE_NAME)
    unit = units.create(opened, "Phòng Ví Dụ", "phong vi du", None, "2026-11-21")
    for account, name, code, state in (
        ("an", "Trần Văn Mẫu", "CB017", "joined"),
        ("binh", "Lê Thị Khác", None, "joined"),
        ("chi", "Lê Thị Khác", None, "left"),
    ):
        person = person_at(opened, Address("telegram", "bot-1", account, account), STAMP)
        folded = {"T": "tran van mau", "L": "le thi khac"}[name[0]]
        members.put(opened, person, name=name, folded=folded, position="", code=code, state=state, now=STAMP)  # type: ignore[arg-type]
        members.transfer(opened, person, unit, "2026-11-21")
    consents.give(opened, 1, "membership", STAMP)
    yield opened
    opened.close()


@pytest.fixture
def privacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_DATA", str(tmp_path))

    def run(*arguments: str, stdin: str = "") -> Ended:
        return run_main(monkeypatch, "privacy", *arguments, stdin=stdin.encode())

    return run


@pytest.mark.parametrize("who", [["CB-017"], ["cb 017"], ["trần", "văn", "mẫu"], ["Tran Van Mau"], ["--number", "1"]])
def test_what_is_kept_is_printed(database: Database, privacy, who: list[str]) -> None:
    ended = privacy("export", *who)
    assert ended.code == 0
    assert ended.out.startswith("Đang lưu về Trần Văn Mẫu\n• Trần Văn Mẫu\n• Mã cá nhân: CB017\n")
    assert "• Đơn vị: Phòng Ví Dụ, từ 21/11/2026" in ended.out
    assert [(one.actor, one.act, one.subject) for one in audit.entries(database, "", 9)] == [
        (audit.CONSOLE, "privacy.show", "person 1")
    ]


def test_it_is_printed_as_data(database: Database, privacy) -> None:
    found = json.loads(privacy("export", "CB-017", "--json").out)
    assert found["member"]["name"] == "Trần Văn Mẫu"
    assert found["units"] == [{"unit": "Phòng Ví Dụ", "first": "2026-11-21", "last": None}]
    assert found["consents"] == [{"purpose": "membership", "given": STAMP, "withdrawn": None}]
    assert found["accounts"] == [{"channel": "telegram", "chats": 1, "used": STAMP}]


@pytest.mark.parametrize("act", ["export", "delete"])
def test_of_several_of_one_name_each_is_listed(database: Database, privacy, act: str) -> None:
    ended = privacy(act, "Lê Thị Khác")
    assert ended.code == 1
    assert ended.err.splitlines()[1:] == [
        "  2  Lê Thị Khác, Phòng Ví Dụ, đã tham gia",
        "  3  Lê Thị Khác, Phòng Ví Dụ, đã thôi",
    ]
    assert len(database.rows("SELECT 1 FROM members")) == 3


@pytest.mark.parametrize("who", [["Người Lạ"], ["CB-999"], ["--number", "99"]])
def test_nobody_is_found(database: Database, privacy, who: list[str]) -> None:
    ended = privacy("export", *who)
    assert (ended.code, ended.out) == (1, "")
    assert "Không có người đó" in ended.err


def test_without_a_database_nobody_is_known_and_none_is_made(tmp_path: Path, privacy) -> None:
    assert "Không có người đó" in privacy("export", "CB-017").err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("who", [[], ["CB-017", "--number", "1"]])
def test_whose_is_said_once(database: Database, privacy, who: list[str]) -> None:
    ended = privacy("delete", *who)
    assert ended.code == 2
    assert "hoặc dùng --number" in ended.err


@pytest.mark.parametrize(("typed", "is_deleted"), [("xóa\n", True), ("XOA\n", True), ("có\n", False), ("\n", False)])
def test_it_is_asked_before_it_is_deleted(database: Database, privacy, typed: str, is_deleted: bool) -> None:
    ended = privacy("delete", "CB-017", stdin=typed)
    assert ended.code == 0
    assert "Xóa mọi dữ liệu về Trần Văn Mẫu, Phòng Ví Dụ, CB017, đã tham gia?" in ended.out
    assert ("Đã xóa dữ liệu về Trần Văn Mẫu" in ended.out) is is_deleted
    assert ("ngày đồng ý, ngày rút" in ended.out) is is_deleted
    assert (members.get(database, 1, "2026-11-21") is None) is is_deleted


def test_it_is_deleted_without_asking(database: Database, privacy) -> None:
    assert privacy("delete", "--number", "3", "--yes").code == 0
    assert [row["person_id"] for row in database.rows("SELECT person_id FROM members ORDER BY 1")] == [1, 2]
    assert [one.act for one in audit.entries(database, "", 9)] == ["privacy.erase", "privacy.show"]


def test_the_last_administrator_stays(database: Database, privacy) -> None:
    roles.give(database, 1, "administrator", None, audit.CONSOLE, STAMP)
    ended = privacy("delete", "CB-017", "--yes")
    assert ended.code == 1
    assert "Giao quyền cho người khác trước" in ended.err
    assert members.get(database, 1, "2026-11-21") is not None
