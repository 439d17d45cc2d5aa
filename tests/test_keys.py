"""`ungxu keys`: a new key in front, and which of the old ones are needed no more."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.explaining import TEXTS
from bot.files import FileStore, make_box, new_key, reseal
from bot.settings import load_settings
from bot.worker import Worker
from storage import blobs
from storage.blobs import PART_SIZE
from storage.database import Database
from tests.helpers import STAMP, Ended, one_clear_line, run_main

Run = Callable[..., Ended]
OLD, OLDER = new_key(), new_key()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_main(monkeypatch, "keys", *arguments)


@pytest.fixture
def env(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def store(path: Path, *keys: str, data: bytes = b"anh vi du") -> int:
    """Store a file as a bot with these keys does."""
    worker = Worker(path)
    box = make_box(keys)
    assert box
    blob = asyncio.run(FileStore(worker, box, lambda: STAMP).write(data, "image/png"))
    asyncio.run(worker.write(blobs.complete, blob))
    worker.close()
    return blob


# A new key


def test_a_new_key_is_shown_in_front_of_the_others(run: Run, env: Path) -> None:
    env.write_text(f"UNGXU_SECRET_KEYS={OLD}, {OLDER}\n")
    before = env.read_bytes()
    ended = run("rotate")
    (line,) = [line for line in ended.out.splitlines() if line.startswith("UNGXU_SECRET_KEYS=")]
    new, *others = line.partition("=")[2].split(",")
    assert others == [OLD, OLDER]
    assert make_box([new])
    assert new not in others
    assert TEXTS("cli.keys_next") in ended.out
    assert env.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "UNGXU_DATA=x",
        "# chú thích\nUNGXU_SECRET_KEYS={keys}\nUNGXU_DATA=x\n",
        "UNGXU_DATA=x\nexport UNGXU_SECRET_KEYS = '{keys}'\n",
        "\ufeffungxu_secret_keys={keys}\r\nUNGXU_DATA=x\r\n",
        "#UNGXU_SECRET_KEYS=\nUNGXU_DATA=x\n",
    ],
    ids=["without", "in the middle", "quoted", "notepad", "comment"],
)
def test_a_new_key_is_written_into_the_file_and_nothing_else_changes(run: Run, env: Path, text: str) -> None:
    env.write_bytes(text.format(keys=f"{OLD},{OLDER}").encode())
    known = load_settings().keys
    ended = run("rotate", "--write")
    assert ended.code == 0, ended.err
    settings = load_settings()
    assert (settings.keys[1:], len(settings.keys)) == (known, len(known) + 1)
    assert settings.data == Path("x")
    assert settings.keys[0] not in ended.out
    if os.name == "posix":
        assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_a_new_file_is_for_its_owner_alone(run: Run, env: Path) -> None:
    assert run("rotate", "--write").code == 0
    assert len(load_settings().keys) == 1
    if os.name == "posix":
        assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_what_would_have_no_effect_is_not_written(run: Run, env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGXU_SECRET_KEYS", OLD)
    assert TEXTS("cli.keys_in_environment") in one_clear_line(run("rotate", "--write"))
    assert not env.exists()
    assert f",{OLD}\n" in run("rotate").out


def test_a_file_that_cannot_be_written_is_said(run: Run, env: Path) -> None:
    (env.parent / ".env.new").mkdir()
    assert ".env" in one_clear_line(run("rotate", "--write"))


def test_a_bad_key_is_said_before_another_is_put_in_front(run: Run, env: Path) -> None:
    env.write_text("UNGXU_SECRET_KEYS=hong\n")
    assert "UNGXU_SECRET_KEYS" in one_clear_line(run("rotate", "--write"))
    assert env.read_text() == "UNGXU_SECRET_KEYS=hong\n"


# Encrypting anew


def test_what_an_older_key_encrypted_is_encrypted_with_the_newest(tmp_path: Path) -> None:
    path, new = tmp_path / "ungxu.db", new_key()
    data = os.urandom(PART_SIZE * 2)
    first, second, third = store(path, OLDER, data=data), store(path, OLD, OLDER), store(path, new, OLD)
    worker, box = Worker(path), make_box([new, OLD, OLDER])
    assert box
    # As versions stored it that did not note the key.
    asyncio.run(worker.write(Database.run, "UPDATE blob_parts SET sealed_with = NULL WHERE blob_id = 2"))
    assert asyncio.run(reseal(worker, box)) == (4, 0)
    assert asyncio.run(reseal(worker, box)) == (0, 0)
    only = make_box([new])
    assert only
    files = FileStore(worker, only, lambda: STAMP)
    assert [asyncio.run(files.read(blob)) for blob in (first, second, third)] == [data, b"anh vi du", b"anh vi du"]
    assert asyncio.run(worker.run(blobs.parts_by_key)) == {only.names[0]: 5}
    worker.close()


def test_what_no_key_opens_stays_and_is_counted(tmp_path: Path) -> None:
    path, new = tmp_path / "ungxu.db", new_key()
    lost, kept = store(path, OLDER), store(path, OLD)
    worker, box = Worker(path), make_box([new, OLD])
    assert box
    assert asyncio.run(reseal(worker, box)) == (1, 1)
    again = make_box([new, OLDER])
    assert again
    assert asyncio.run(reseal(worker, again)) == (1, 0)
    assert asyncio.run(FileStore(worker, again, lambda: STAMP).read(lost)) == b"anh vi du"
    assert asyncio.run(FileStore(worker, again, lambda: STAMP).read(kept)) == b"anh vi du"
    worker.close()


def test_a_file_that_is_deleted_meanwhile_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ungxu.db"
    blob, other = store(path, OLD), store(path, OLD)
    worker, box = Worker(path), make_box([new_key(), OLD])
    assert box
    found = blobs.next_part_of_others

    def gone(database: Database, key: str, after: tuple[int, int]) -> tuple[int, int, int] | None:
        part = found(database, key, after)
        blobs.delete(database, blob)
        return part

    monkeypatch.setattr(blobs, "next_part_of_others", gone)
    assert asyncio.run(reseal(worker, box)) == (1, 0)
    assert not asyncio.run(worker.run(blobs.replace_part, blob, 0, b"x", "x"))
    assert asyncio.run(FileStore(worker, box, lambda: STAMP).read(other)) == b"anh vi du"
    worker.close()


# Which may go


def test_it_is_told_which_keys_are_needed_no_more(run: Run, env: Path, tmp_path: Path) -> None:
    new, path = new_key(), tmp_path / "data" / "ungxu.db"
    env.write_text(f"UNGXU_SECRET_KEYS={new},{OLD},{OLDER}\n")
    assert [line.partition(":")[2].split(";")[0] for line in run("status").out.splitlines()] == [
        " 0 phần tệp",
        " không tệp nào cần",
        " không tệp nào cần",
    ]
    store(path, new)
    store(path, OLD)
    store(path, new_key())
    out = run("status").out.splitlines()
    ends = [key.rstrip("=")[-5:] for key in (new, OLD, OLDER)]
    assert out == [
        TEXTS("cli.key_newest", end=ends[0], count=1),
        TEXTS("cli.key_in_use", number=2, end=ends[1], count=1),
        TEXTS("cli.key_free", number=3, end=ends[2], time="30 ngày"),
        TEXTS("cli.key_unknown", count=1),
    ]
    assert not any(key in "\n".join(out) for key in (new, OLD, OLDER))


def test_where_it_is_not_known_no_key_may_go(run: Run, env: Path, tmp_path: Path) -> None:
    path = tmp_path / "data" / "ungxu.db"
    env.write_text(f"UNGXU_SECRET_KEYS={OLD},{OLDER}\n")
    store(path, OLDER)
    database = Database(path)
    database.run("UPDATE blob_parts SET sealed_with = NULL")
    database.close()
    out = run("status").out
    assert TEXTS("cli.key_in_use", number=2, end=OLDER.rstrip("=")[-5:], count=0) in out
    assert TEXTS("cli.key_unnoted", count=1) in out


def test_without_keys_it_is_said_how_to_get_one(run: Run) -> None:
    assert TEXTS("cli.keys_none") in one_clear_line(run("status"))
