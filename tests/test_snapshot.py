"""Copies of the database: whole, taken while others write, and looked over before they are trusted."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from storage import outbox, snapshot
from storage.database import BACKUPS, Database
from storage.errors import StorageBusy, StorageUnusable
from storage.migrations import known_migrations
from storage.outbox import ANSWER
from tests.helpers import STAMP
from tests.waiting import PATIENCE, wait_until


def people(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM people").fetchone()
    return int(count)


def add_people(database: Database, count: int = 1) -> None:
    with database.transaction():
        for _ in range(count):
            database.run("INSERT INTO people (created_at) VALUES (:now)", {"now": STAMP})


@pytest.fixture
def file(database: Database, tmp_path: Path) -> Path:
    add_people(database, 3)
    return tmp_path / "ungxu.db"


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
    target = tmp_path / "noi khac?#" / "ungxu-1.db"
    snapshot.take(file, target, STAMP)
    return target


def test_a_copy_is_whole_and_tells_what_it_is(copy: Path) -> None:
    assert snapshot.examine(copy) == snapshot.Snapshot(STAMP, frozenset(known_migrations()), 3, 0)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_only_its_owner_may_read_it(copy: Path) -> None:
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700


def test_what_another_process_is_just_writing_neither_waits_nor_is_in_it(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO people (created_at) VALUES ('x')")
        snapshot.take(file, tmp_path / "copy.db", STAMP)
        other.execute("COMMIT")
    assert (people(tmp_path / "copy.db"), people(file)) == (3, 4)


class Slow(threading.Event):
    """What a copy asks again and again whether it is to stop: it is held up each time until somebody has written."""

    def __init__(self, written: list[int]) -> None:
        super().__init__()
        self.written = written
        self.asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        before = len(self.written)
        wait_until(lambda: len(self.written) > before)
        return False


def test_writers_get_through_while_a_copy_is_taken(
    database: Database, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that began anew with each of their commits would never end."""
    monkeypatch.setattr(snapshot, "_ASK", 500)
    database.run("CREATE TABLE much (data BLOB)")
    with database.transaction():
        for _ in range(60):
            database.run("INSERT INTO much VALUES (randomblob(500000))")
    written: list[int] = []
    ended = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as other:
            while not ended.is_set():
                other.execute("INSERT INTO people (created_at) VALUES ('x')")
                written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_until(lambda: written)
        before = len(written)
        slow = Slow(written)
        snapshot.take(file, tmp_path / "copy.db", STAMP, slow)
        assert slow.asked > 1
    finally:
        ended.set()
        writer.join()
    assert people(tmp_path / "copy.db") >= 3 + before


def test_deleted_text_is_not_in_a_copy(database: Database, file: Path, tmp_path: Path) -> None:
    number = outbox.put(database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "chuyen rieng"}, STAMP)
    database.run("DELETE FROM outbox WHERE id = :id", {"id": number})
    snapshot.take(file, tmp_path / "copy.db", STAMP)
    assert b"chuyen rieng" not in (tmp_path / "copy.db").read_bytes()


def test_a_copy_that_is_stopped_leaves_nothing(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                           " WHERE i < 100000) SELECT i FROM n")  # fmt: skip
        connection.commit()
    stop = threading.Event()
    stop.set()
    with pytest.raises(StorageBusy, match="interrupted"):
        snapshot.take(file, tmp_path / "sao" / "copy.db", STAMP, stop)
    assert list((tmp_path / "sao").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_said(file: Path, tmp_path: Path) -> None:
    (tmp_path / "tep").touch()
    with pytest.raises(StorageBusy):
        snapshot.take(file, tmp_path / "tep" / "copy.db", STAMP)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageBusy):
        snapshot.take(tmp_path / "khong co.db", tmp_path / "copy.db", STAMP)
    assert list(tmp_path.iterdir()) == []


def harm(file: Path) -> None:
    """Write over what stands in the pages of the tables."""
    data = bytearray(file.read_bytes())
    data[8192:16384] = b"\xff" * 8192
    file.write_bytes(bytes(data))


def test_a_damaged_database_makes_no_copy(database: Database, file: Path, tmp_path: Path) -> None:
    database.close()
    harm(file)
    with pytest.raises(StorageUnusable):
        snapshot.take(file, tmp_path / "copy.db", STAMP)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DROP TABLE _sqlite_migrations", "another program"),
        ("UPDATE _sqlite_migrations SET name = 'x' || name", "another program"),
        ("UPDATE _sqlite_migrations SET name = 'm9999_later' WHERE name LIKE 'm0002%'", "newer version .m9999_later"),
    ],
)
def test_a_copy_of_something_else_is_named(copy: Path, change: str, message: str) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(change)
        connection.commit()
    with pytest.raises(StorageUnusable, match=message):
        snapshot.examine(copy)


@pytest.mark.parametrize("data", [b"", b"khong phai co so du lieu" * 1000])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.db").write_bytes(data)
    with pytest.raises(StorageUnusable):
        snapshot.examine(tmp_path / "x.db")
    with pytest.raises(StorageUnusable):
        snapshot.examine(tmp_path / "khong co.db")


def test_a_damaged_copy_is_named(copy: Path) -> None:
    harm(copy)
    with pytest.raises(StorageUnusable):
        snapshot.examine(copy)


def test_what_is_put_back_is_a_database_like_any_other(copy: Path, tmp_path: Path) -> None:
    target = tmp_path / "lai" / "ungxu.db"
    snapshot.put_back(copy, target)
    database = Database(target, back_up=False)
    assert database.check() == "ok"
    assert database.row("SELECT count(*) AS n FROM sqlite_master WHERE name = 'copied'") == {"n": 0}
    add_people(database)
    database.close()
    assert people(target) == 4
    assert snapshot.examine(copy).people == 3


def test_a_file_that_was_copied_by_hand_can_be_put_back_with_its_log(
    database: Database, file: Path, tmp_path: Path
) -> None:
    """As the guide told before there was a command: the folder, with the log in it."""
    other = tmp_path / "tay"
    other.mkdir()
    for path in tmp_path.glob("ungxu.db*"):
        (other / path.name).write_bytes(path.read_bytes())
    assert (other / "ungxu.db-wal").stat().st_size
    assert snapshot.examine(other / "ungxu.db") == snapshot.Snapshot("", frozenset(known_migrations()), 3, 0)
    snapshot.put_back(other / "ungxu.db", tmp_path / "lai.db")
    assert people(tmp_path / "lai.db") == 3


def test_nothing_is_left_of_what_cannot_be_put_back(copy: Path, tmp_path: Path) -> None:
    harm(copy)
    with pytest.raises(StorageUnusable):
        snapshot.put_back(copy, tmp_path / "lai" / "ungxu.db")
    assert list((tmp_path / "lai").iterdir()) == []


@pytest.mark.parametrize("given", [0, 2])
def test_numbers_that_may_have_been_given_since_are_left_out(copy: Path, given: int) -> None:
    database = Database(copy)
    for _ in range(given):
        outbox.put(database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, STAMP)
    database.close()
    snapshot.skip_numbers(copy, "outbox", 1000)
    database = Database(copy)
    assert outbox.put(database, "vidu", "bot-1", "chat-1", ANSWER, {"text": "x"}, STAMP) == given + 1001
    database.close()


def test_a_database_is_kept_under_another_name_while_its_own_is_given_away(
    database: Database, file: Path, copy: Path, tmp_path: Path
) -> None:
    database.close()
    aside = tmp_path / "cu" / "ungxu-1.db"
    snapshot.set_aside(file, aside)
    assert people(file) == people(aside) == 3
    snapshot.put_back(copy, tmp_path / "moi.db")
    with closing(sqlite3.connect(tmp_path / "moi.db")) as connection:
        connection.execute("DELETE FROM people")
        connection.commit()
    snapshot.rename(tmp_path / "moi.db", file)
    assert (people(file), people(aside)) == (0, 3)


@pytest.mark.parametrize("links", [True, False])
def test_a_damaged_database_is_kept_with_its_log(
    database: Database, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """So that the log of one is never taken for that of another."""
    if not links:

        def refused(self: Path, target: Path) -> None:
            raise OSError

        monkeypatch.setattr(Path, "hardlink_to", refused)
    other = tmp_path / "khac"
    other.mkdir()
    (other / "ungxu.db").write_bytes(b"hong" * 1000)
    (other / "ungxu.db-wal").write_bytes(b"nhat ky hong" * 1000)
    snapshot.set_aside(other / "ungxu.db", tmp_path / "cu.db")
    assert [path.name for path in other.iterdir()] == ["ungxu.db"]
    assert (tmp_path / "cu.db").read_bytes() == b"hong" * 1000


def test_names_stand_in_the_order_of_their_times() -> None:
    at = dt.datetime(2026, 11, 21, 9, 5, 7, tzinfo=dt.UTC)
    assert snapshot.file_name(at) == "ungxu-20261121-090507.db"
    assert snapshot.file_name(at, "before-m0003") == "ungxu-20261121-090507-before-m0003.db"


# Before a migration


def make_older(path: Path) -> None:
    """Make the file of a version that did not know the last step."""
    with closing(sqlite3.connect(path)) as connection:
        last = max(known_migrations())
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (last,))
        connection.commit()


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that lacks the last step of the schema; applying it changes nothing more."""
    path = tmp_path / "ungxu.db"
    database = Database(path)
    add_people(database, 2)
    database.close()
    make_older(path)
    monkeypatch.setattr("storage.migrations.steps.create", lambda database, statements: None)
    return path


def test_an_older_file_is_copied_before_it_is_migrated(older: Path) -> None:
    Database(older).close()
    Database(older).close()
    (copy,) = (older.parent / BACKUPS).iterdir()
    last = max(known_migrations())
    assert copy.name.endswith(f"-before-{last}.db")
    found = snapshot.examine(copy)
    assert found.people == 2
    assert found.migrations == known_migrations() - {last}


def test_a_new_file_and_one_that_is_not_to_be_copied_are_not(older: Path, tmp_path: Path) -> None:
    Database(tmp_path / "moi" / "ungxu.db").close()
    Database(older, back_up=False).close()
    assert not list(tmp_path.glob(f"**/{BACKUPS}"))


def test_without_a_copy_nothing_is_migrated(older: Path) -> None:
    (older.parent / BACKUPS).touch()
    with pytest.raises(StorageBusy):
        Database(older)
    with closing(sqlite3.connect(older)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
    assert count == len(known_migrations()) - 1


def test_nobody_can_write_between_the_copy_and_the_migration(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = snapshot.take
    refused = []

    def take(source: Path, target: Path, now: str) -> None:
        taken(source, target, now)
        with closing(sqlite3.connect(source, timeout=0)) as other:
            try:
                other.execute("INSERT INTO people (created_at) VALUES ('x')")
            except sqlite3.OperationalError as error:
                refused.append(str(error))

    monkeypatch.setattr(snapshot, "take", take)
    Database(older).close()
    assert refused == ["database is locked"]
