from __future__ import annotations

import multiprocessing
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from storage import outbox
from storage.database import Database
from storage.errors import StorageBusy, StorageUnusable
from storage.migrations import known_migrations, migrations
from storage.outbox import ANSWER
from tests.helpers import locked, open_together, read_then_write, shrunk
from tests.waiting import PATIENCE

NOBODY = 65534


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that this process may not write to, even where the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Database(folder / "ungxu.db").close()
        (folder / "ungxu.db").chmod(0o444)
        folder.chmod(0o555)
        root = os.name == "posix" and os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        try:
            if os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                pytest.skip("this system has no read-only folders")
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def people(database: Database) -> int:
    row = database.row("SELECT count(*) AS n FROM people")
    assert row is not None
    return int(row["n"])


def add_person(database: Database, created_at: str = "2026-11-21") -> None:
    database.run("INSERT INTO people (created_at) VALUES (:at)", {"at": created_at})


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)],
)
def test_the_file_is_opened_as_promised(database: Database, pragma: str, value: object) -> None:
    assert database.row(f"PRAGMA {pragma}") == {pragma: value}


def test_a_new_folder_is_made_for_a_new_file(tmp_path: Path) -> None:
    Database(tmp_path / "sau" / "hơn" / "ungxu.db").close()
    assert (tmp_path / "sau" / "hơn" / "ungxu.db").exists()


def test_migrations_run_once(tmp_path: Path) -> None:
    applied = []
    for _ in range(2):
        database = Database(tmp_path / "ungxu.db")
        applied.append(database.rows("SELECT name, applied_at FROM _sqlite_migrations"))
        database.close()
    assert applied[0] == applied[1]
    assert len(applied[0]) == len({row["name"] for row in applied[0]}) > 0


def test_two_processes_may_create_the_file_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    meet = context.Barrier(2)
    path = tmp_path / "ungxu.db"
    processes = [context.Process(target=open_together, args=(str(path), meet)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0, 0]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT name) FROM _sqlite_migrations").fetchone() == (
            len(known_migrations()),
            len(known_migrations()),
        )


def test_opening_waits_for_a_process_that_is_just_creating_the_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ungxu.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.1, other.execute, ["COMMIT"])
        timer.start()
        try:
            Database(tmp_path / "ungxu.db").close()
        finally:
            timer.join()


def test_two_processes_that_read_and_then_write_never_fail(database: Database, tmp_path: Path) -> None:
    database.run("CREATE TABLE counter (value INTEGER)")
    database.run("INSERT INTO counter VALUES (0)")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=read_then_write, args=(str(tmp_path / "ungxu.db"), 200)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0, 0]
    assert database.row("SELECT value FROM counter") == {"value": 400}


def test_a_transaction_commits_whole(database: Database, tmp_path: Path) -> None:
    with database.transaction():
        add_person(database)
        add_person(database)
    other = Database(tmp_path / "ungxu.db")
    assert people(other) == 2
    other.close()


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), sqlite3.IntegrityError("x")])
def test_a_transaction_that_raises_is_rolled_back_whole_and_the_error_is_kept(
    database: Database, error: BaseException
) -> None:
    with pytest.raises(type(error)), database.transaction():
        add_person(database)
        add_person(database)
        raise error
    assert people(database) == 0
    with database.transaction():
        add_person(database)
    assert people(database) == 1


def test_a_broken_rule_of_the_schema_rolls_back_what_went_before(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.transaction():
        add_person(database)
        database.run(
            "INSERT INTO addresses (channel, account, chat, sender, person_id)"
            " VALUES ('vidu', 'bot-1', 'chat-1', 'a', 99)"
        )
    assert people(database) == 0


# A part of a transaction


def test_a_savepoint_that_raises_undoes_only_what_it_did(database: Database) -> None:
    with database.transaction():
        add_person(database, "trước")
        with pytest.raises(LookupError), database.savepoint():
            add_person(database, "trong")
            raise LookupError("ví dụ")
        add_person(database, "sau")
    assert [row["created_at"] for row in database.rows("SELECT created_at FROM people")] == ["trước", "sau"]


def test_savepoints_stand_inside_each_other(database: Database) -> None:
    with database.transaction(), database.savepoint():
        add_person(database, "ngoài")
        with pytest.raises(LookupError), database.savepoint():
            add_person(database, "trong")
            raise LookupError("ví dụ")
        with database.savepoint():
            add_person(database, "giữ")
    assert [row["created_at"] for row in database.rows("SELECT created_at FROM people")] == ["ngoài", "giữ"]


def test_what_a_savepoint_kept_goes_with_its_transaction(database: Database) -> None:
    with pytest.raises(LookupError), database.transaction():
        with database.savepoint():
            add_person(database)
        raise LookupError("ví dụ")
    assert people(database) == 0


def test_a_full_disk_inside_a_savepoint_is_busy_and_everything_is_rolled_back(database: Database) -> None:
    """SQLite rolls the whole transaction back by itself then; there is no savepoint left to go back to."""
    with shrunk(database), pytest.raises(StorageBusy), database.transaction():
        add_person(database)
        with database.savepoint():
            for _ in range(100):
                add_person(database, "x" * 1000)
    assert people(database) == 0
    with database.transaction(), database.savepoint():
        add_person(database)
    assert people(database) == 1


def test_an_insert_tells_the_number_it_was_given(database: Database) -> None:
    sql = "INSERT INTO people (created_at) VALUES (:at)"
    assert [database.insert(sql, {"at": "x"}) for _ in range(2)] == [1, 2]


# Files of the version before


OLD_ROWS = [
    # chat, class, state, ended_at; as the first version could leave them.
    ("a", 1, "sent", "2026-11-21"),
    ("a", 1, "sending", None),
    ("a", 1, "waiting", None),
    ("a", 1, "waiting", None),
    ("a", 2, "waiting", None),
    ("a", 2, "waiting", None),
    ("b", 1, "failed", "2026-11-21"),
    ("b", 1, "waiting", None),
    ("b", 3, "unknown", "2026-11-21"),
]
NEW_STATES = ["sent", "sending", "queued", "queued", "waiting", "queued", "failed", "waiting", "unknown"]


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A database as the first version made it, with messages in every state."""
    path = tmp_path / "ungxu.db"
    old = sqlite_utils.Database(path)
    migrations.apply(old, stop_before="m0002_messengers")
    old.execute("INSERT INTO people (created_at) VALUES ('2026-11-20')")
    old.execute("INSERT INTO addresses VALUES ('terminal', 'x', 'a', 'local', 1)")
    old.execute("INSERT INTO inbox VALUES ('terminal', 'x', '1', '2026-11-20', 'handled', 'text', NULL)")
    old.execute(
        "INSERT INTO menus (channel, account, chat, person_id, buttons, created_at)"
        " VALUES ('terminal', 'x', 'a', 1, '[]', '2026-11-20')"
    )
    old.execute(
        "INSERT INTO questions (folded, text, outcome, shown, asked, first_day, last_day)"
        " VALUES ('x', 'x', 'not found', '[]', 3, '2026-11-20', '2026-11-20')"
    )
    for chat, urgency, state, ended_at in OLD_ROWS:
        old.execute(
            "INSERT INTO outbox (channel, account, chat, class, message, state, attempts, owner, lease_until, due_at,"
            " created_at, ended_at, error) VALUES ('terminal', 'x', ?, ?, ?, ?, 2, ?, ?, '2026-11-20', '2026-11-20',"
            " ?, 'x')",
            [
                chat,
                urgency,
                None if ended_at else '{"text": "x"}',
                state,
                "dead" if state == "sending" else None,
                "2026-11-20" if state == "sending" else None,
                ended_at,
            ],
        )
    old.conn.commit()
    old.close()
    return path


NEW_COLUMNS: dict[str, dict[str, Any]] = {
    "outbox": {"repeats": 0, "edits": None, "sent_id": None, "concern": None},
    "addresses": {"in_group": 0, "used_at": None, "held_at": None, "held_by": None},
}


def all_rows(path: Path, tables: list[str]) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables}


def test_a_file_of_the_first_version_keeps_everything_and_gets_its_lines(old_file: Path) -> None:
    tables = ["people", "addresses", "inbox", "questions", "outbox"]
    before = all_rows(old_file, tables)
    assert [row["state"] for row in before["outbox"]] == [state for _, _, state, _ in OLD_ROWS]
    Database(old_file).close()
    after = all_rows(old_file, tables)
    for table in tables:
        expected = [{**row, **NEW_COLUMNS.get(table, {})} for row in before[table]]
        if table == "outbox":
            expected = [{**row, "state": state} for row, state in zip(expected, NEW_STATES, strict=True)]
        assert after[table] == expected, table


def test_what_an_old_file_holds_back_is_sent_in_order(old_file: Path) -> None:
    database = Database(old_file)
    sent = []
    for row in outbox.expired(database, "2026-11-22", 10):
        outbox.end(database, row, "unknown", "2026-11-22")
    for _ in range(4):
        found = [row_id for c in (1, 2) for row_id, _ in outbox.due(database, "terminal", "x", c, "2026-11-22", 10)]
        for row in outbox.claim(database, found, "a", "2026-11-23"):
            sent.append(row.id)
            outbox.end(database, row, "sent", "2026-11-22")
    assert sent == [3, 8, 5, 4, 6]
    assert outbox.unfinished(database) == 0
    # Numbers go on where they were.
    assert outbox.put(database, "terminal", "x", "a", ANSWER, {"text": "x"}, "2026-11-22") == len(OLD_ROWS) + 1
    assert database.check() == "ok"
    assert database.rows("PRAGMA foreign_key_check") == []
    database.close()


@pytest.mark.parametrize("fails_at", ["CREATE TABLE leases", "DROP TABLE outbox"])
def test_a_step_that_fails_leaves_the_old_file_as_it_was(
    old_file: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    before = all_rows(old_file, ["outbox", "_sqlite_migrations"])
    from storage.migrations import steps as module

    def create(tables: Any, statements: str) -> None:
        for statement in filter(None, map(str.strip, statements.split(";"))):
            if statement.startswith(fails_at):
                raise MemoryError
            tables.execute(statement)

    with monkeypatch.context() as patch:
        patch.setattr(module, "create", create)
        with pytest.raises(MemoryError):
            Database(old_file)
    assert all_rows(old_file, ["outbox", "_sqlite_migrations"]) == before
    Database(old_file).close()


# Rows


def test_a_row_that_is_not_there_is_none(database: Database) -> None:
    assert database.row("SELECT * FROM people") is None
    assert database.rows("SELECT * FROM people") == []


def test_run_tells_how_many_rows_it_changed(database: Database) -> None:
    for _ in range(3):
        add_person(database)
    assert database.run("DELETE FROM people WHERE id > 1") == 2


def test_a_write_waits_for_another_process(database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ungxu.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.05, other.execute, ["COMMIT"])
        timer.start()
        with database.transaction():
            add_person(database)
        timer.join()
    assert people(database) == 1


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_busy_and_unchanged(tmp_path: Path) -> None:
    database = Database(tmp_path / "ungxu.db")
    with locked(tmp_path / "ungxu.db"):
        with pytest.raises(StorageBusy), database.transaction():
            add_person(database)
        with pytest.raises(StorageBusy):
            add_person(database)
    assert people(database) == 0
    with database.transaction():
        add_person(database)
    assert people(database) == 1
    database.close()


@pytest.mark.usefixtures("impatient")
def test_opening_a_locked_database_is_busy(tmp_path: Path) -> None:
    Database(tmp_path / "ungxu.db").close()
    with locked(tmp_path / "ungxu.db"), pytest.raises(StorageBusy):
        Database(tmp_path / "ungxu.db")


def test_reading_goes_on_while_another_process_writes(database: Database, tmp_path: Path) -> None:
    add_person(database)
    with locked(tmp_path / "ungxu.db"):
        assert people(database) == 1


def test_a_full_disk_is_busy_and_everything_is_rolled_back(database: Database) -> None:
    add_person(database)
    with shrunk(database), pytest.raises(StorageBusy), database.transaction():
        for _ in range(100):
            add_person(database, "x" * 1000)
    assert people(database) == 1
    with database.transaction():
        add_person(database)
    assert people(database) == 2


def test_a_disk_that_fills_up_at_the_commit_is_busy_and_rolled_back(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    database = Database(tmp_path / "ungxu.db")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        with pytest.raises(StorageBusy), database.transaction():
            for _ in range(300):
                add_person(database, "x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert people(database) == 0
    with database.transaction():
        add_person(database)
    assert people(database) == 1
    database.close()


def test_a_file_that_is_no_database_is_unusable_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ungxu.db"
    path.write_text("Đây là một tệp chữ, không phải cơ sở dữ liệu.\n" * 100, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(StorageUnusable):
        Database(path)
    assert path.read_bytes() == before


def test_a_damaged_file_is_named_by_its_check(tmp_path: Path) -> None:
    path = tmp_path / "ungxu.db"
    database = Database(path)
    with database.transaction():
        for _ in range(500):
            add_person(database, "x" * 100)
    assert database.check() == "ok"
    database.close()
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xab" * 4096
    path.write_bytes(content)
    damaged = Database(path)
    assert damaged.check() != "ok"
    damaged.close()


def test_a_database_of_a_newer_version_is_unusable(tmp_path: Path) -> None:
    database = Database(tmp_path / "ungxu.db")
    database.run("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('ungxu', 'm9999_x', 'x')")
    database.close()
    with pytest.raises(StorageUnusable):
        Database(tmp_path / "ungxu.db")


def test_a_database_of_another_program_is_unusable(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ungxu.db")) as other:
        other.execute("CREATE TABLE people (name TEXT)")
        other.commit()
    with pytest.raises(StorageUnusable):
        Database(tmp_path / "ungxu.db")


def test_text_that_is_not_utf8_in_the_file_is_a_named_error(database: Database) -> None:
    with pytest.raises(StorageUnusable):
        database.rows("SELECT CAST(x'ff' AS TEXT) AS text")


def test_a_folder_that_is_a_file_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "tep").write_text("x")
    with pytest.raises(StorageUnusable):
        Database(tmp_path / "tep" / "ungxu.db")


@pytest.mark.parametrize("name", ["ungxu.db", "moi.db", "thu-muc/moi.db"])
def test_a_read_only_folder_is_told_at_once(read_only_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """To wait for another process is no use there."""
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", int(2_000 * PATIENCE))
    begun = time.monotonic()
    with pytest.raises(StorageBusy):
        Database(read_only_folder / name)
    assert time.monotonic() - begun < PATIENCE


def test_a_fault_in_the_block_is_not_taken_for_a_fault_of_the_storage(database: Database) -> None:
    """A handler that raises TimeoutError or FileNotFoundError has nothing to do with the disk."""
    with pytest.raises(TimeoutError), database.transaction():
        raise TimeoutError("ví dụ")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO people (created_at) VALUES (:at)", sqlite3.ProgrammingError),
        ("INSERT INTO khong_co VALUES (1)", sqlite3.OperationalError),
        ("INSERT INTO people (created_at) VALUES (NULL)", sqlite3.IntegrityError),
    ],
    ids=["a missing value", "no such table", "a broken rule"],
)
def test_a_wrong_statement_is_a_fault_of_the_program(database: Database, sql: str, error: type[Exception]) -> None:
    with pytest.raises(error), database.transaction():
        add_person(database)
        database.run(sql, {})
    assert people(database) == 0


def test_deleted_text_is_in_neither_file_once_the_log_is_folded(tmp_path: Path) -> None:
    path = tmp_path / "vidu.db"
    secret = b"vi-du-bi-mat"
    with closing(Database(path)) as database:
        with database.transaction():
            database.run("INSERT INTO people (created_at) VALUES (:text)", {"text": secret.decode()})
        with database.transaction():
            database.run("DELETE FROM people")
        log = path.with_name(path.name + "-wal")
        assert secret in log.read_bytes()
        database.fold_log()
        assert secret not in log.read_bytes()
        assert secret not in path.read_bytes()
