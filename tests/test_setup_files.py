"""Changing `.env` and `office.toml`, and replacing a file: what is asked for changes, nothing else does."""

from __future__ import annotations

import errno
import os
import tomllib
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.env_file import read_env, with_values
from bot.errors import InputError
from bot.office_file import FIELDS, with_office
from bot.replacing import replace
from handlers.office import Office

OFFICE = Office(name="Sở Ví Dụ", phone="0000 000 000", documents=("qd-874-2021",))

# No line breaks, and nothing that is filled in when it is read.
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40).filter(
    lambda value: "${" not in value
)


def read(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=StringIO(text, newline="")))


@given(VALUES, VALUES)
def test_whatever_is_written_is_read_back(first: str, second: str) -> None:
    text = with_values("", {"UNGXU_DATA": first, "UNGXU_OFFICE": second})
    assert read(text) == {"UNGXU_DATA": first, "UNGXU_OFFICE": second}
    assert with_values(text, {"UNGXU_DATA": first, "UNGXU_OFFICE": second}) == text
    assert read(with_values(text, {"UNGXU_DATA": second})) == {"UNGXU_DATA": second, "UNGXU_OFFICE": second}


@pytest.mark.parametrize("value", [r"C:\ung-xu\data", "/srv/dữ liệu/ung xu", "a#b", "", "abc="])
def test_what_an_administrator_reads_is_not_quoted_without_need(value: str) -> None:
    assert with_values("", {"UNGXU_DATA": value}) == f"UNGXU_DATA={value}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# ghi chú\nKHAC='1 # 2'\n\nUNGXU_DATA=cu\n", "# ghi chú\nKHAC='1 # 2'\n\nUNGXU_DATA=moi\n"),
        ("UNGXU_DATA=cu  # ở đây\nX=1\n", "UNGXU_DATA=moi  # ở đây\nX=1\n"),
        ("UNGXU_DATA='c # u' # ở đây\n", "UNGXU_DATA=moi # ở đây\n"),
        ("export UNGXU_DATA=cu\n", "export UNGXU_DATA=moi\n"),
        ("ungxu_data = cu\n", "ungxu_data=moi\n"),
        ('UNGXU_DATA="dòng 1\ndòng 2"\nX=1\n', "UNGXU_DATA=moi\nX=1\n"),
        ("UNGXU_DATA=cu\nX=1\nUNGXU_DATA=cu hơn\n", "UNGXU_DATA=moi\nX=1\n"),
        ("X=1\n# Thư mục\n#UNGXU_DATA=data\n\nY=2\n", "X=1\n# Thư mục\n#UNGXU_DATA=data\nUNGXU_DATA=moi\n\nY=2\n"),
        ("X=1", "X=1\nUNGXU_DATA=moi\n"),
        ("X=1\r\n#UNGXU_DATA=data\r\nY=2\r\n", "X=1\r\n#UNGXU_DATA=data\r\nUNGXU_DATA=moi\r\nY=2\r\n"),
        ("không phải cài đặt ' gì\nX=1\n", "không phải cài đặt ' gì\nX=1\nUNGXU_DATA=moi\n"),
    ],
)
def test_the_other_lines_stay(before: str, after: str) -> None:
    assert with_values(before, {"UNGXU_DATA": "moi"}) == after
    assert read(after)["UNGXU_DATA" if "UNGXU_DATA" in read(after) else "ungxu_data"] == "moi"


def test_the_example_takes_every_value_at_its_place() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text(encoding="utf-8")
    text = with_values(example, {"UNGXU_OFFICE": "/srv/co-quan", "UNGXU_DATA": "/srv/data"})
    assert "#UNGXU_DATA=data\nUNGXU_DATA=/srv/data\n" in text
    assert "#UNGXU_OFFICE=\nUNGXU_OFFICE=/srv/co-quan\n" in text
    assert [
        line for line in text.splitlines() if line not in ("UNGXU_DATA=/srv/data", "UNGXU_OFFICE=/srv/co-quan")
    ] == (example.splitlines())


def test_a_file_of_notepad_is_read_as_it_is(tmp_path: Path) -> None:
    assert read_env(tmp_path / ".env") == ""
    (tmp_path / ".env").write_bytes("X=dữ liệu\r\n".encode("utf-8-sig"))
    assert read_env(tmp_path / ".env") == "X=dữ liệu\r\n"


def test_a_new_office_is_written_with_what_each_line_means() -> None:
    whole = OFFICE.model_copy(
        update={
            "introduced_by": 'Công văn "1"',
            "contact": "Văn phòng",
            "hours": "sáng",
            "province": "Mẫu",
            "parent": "Ủy ban nhân dân tỉnh Mẫu",
            "symbol": "SVD",
            "place": "Mẫu",
            "signer": "Giám đốc",
        }
    )
    text = with_office("", Office(), whole)
    assert Office.model_validate(tomllib.loads(text)) == whole
    assert text.count("\n\n# ") == len(FIELDS)
    said_little = with_office("", Office(), Office(name="Sở Ví Dụ"))
    assert tomllib.loads(said_little) == {"name": "Sở Ví Dụ"}


def test_what_an_office_wrote_itself_stays() -> None:
    own = (
        "# của Sở\nname = 'Sở Ví Dụ' # tên\nphone = \"0000 000 000\"\n"
        'documents = [\n  "qd-874-2021", # chính\n]\napprovals = ["unit.merge"]\n'
    )
    before = Office.model_validate(tomllib.loads(own))
    assert with_office(own, before, before) == own
    text = with_office(own, before, before.model_copy(update={"name": "Sở Mẫu", "hours": "sáng"}))
    assert text == own.replace("'Sở Ví Dụ'", '"Sở Mẫu"').replace("]\napp", ']\nhours = "sáng"\napp')
    text = with_office(own, before, before.model_copy(update={"documents": (), "phone": ""}))
    assert tomllib.loads(text) == {"name": "Sở Ví Dụ", "approvals": ["unit.merge"]}
    assert text.startswith("# của Sở\nname = 'Sở Ví Dụ' # tên\n")


@pytest.mark.parametrize(
    ("own", "written"),
    [
        ("name = 'A'", "name = 'A'\nphone = \"1\"\n"),
        ("name = 'A' # tên\r\n", "name = 'A' # tên\r\nphone = \"1\"\r\n"),
        ("name = 'A'\n\n# cuối tệp\n[khac]\nx = 1\n", "name = 'A'\nphone = \"1\"\n\n# cuối tệp\n[khac]\nx = 1\n"),
        ("# chưa ghi\n", '# chưa ghi\nphone = "1"\n'),
    ],
)
def test_what_is_new_stands_with_the_fields_that_are_there(own: str, written: str) -> None:
    assert with_office(own, Office(name="A"), Office(name="A", phone="1")) == written


def test_a_file_is_replaced_whole_and_the_former_kept(tmp_path: Path) -> None:
    path = tmp_path / "tep"
    assert not replace(path, "một\r\n")
    assert replace(path, "hai")
    assert replace(path, "ba")
    assert (path.read_bytes(), (tmp_path / "tep.bak").read_bytes()) == (b"ba", b"hai")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["tep", "tep.bak"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_private_file_and_its_copy_are_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("cũ")
    path.chmod(0o644)
    # One that a power cut left.
    (tmp_path / ".env.new").write_text("dở")
    replace(path, "mới", private=True)
    assert [file.stat().st_mode & 0o777 for file in (path, tmp_path / ".env.bak")] == [0o600, 0o600]
    other = tmp_path / "office.toml"
    other.write_text("cũ")
    other.chmod(0o640)
    replace(other, "mới")
    assert other.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "that").write_text("cũ")
    (tmp_path / "link").symlink_to(tmp_path / "that")
    replace(tmp_path / "link", "mới")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "that").read_text() == "mới"


def test_where_nothing_can_be_written_the_former_stays(tmp_path: Path) -> None:
    path = tmp_path / "tep"
    path.write_text("cũ")
    # A folder stands where the new file is to be prepared.
    (tmp_path / "tep.new").mkdir()
    with pytest.raises(InputError, match="tep: không ghi được"):
        replace(path, "mới")
    assert path.read_text() == "cũ"


def test_a_full_disk_leaves_the_former_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tep"
    path.write_text("cũ")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        replace(path, "mới")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("tep", "cũ")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_goes_on_belonging_to_whom_it_belonged(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("cũ")
    os.chown(path, 12345, 12345)
    replace(path, "mới", private=True)
    assert [file.stat().st_uid for file in (path, tmp_path / ".env.bak")] == [12345, 12345]
