from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot import worker as worker_module
from bot.worker import Worker
from storage.database import Database
from storage.errors import StorageBusy, StorageError, StorageUnusable
from tests.helpers import locked
from tests.waiting import PATIENCE


@pytest.fixture
def worker(tmp_path: Path):
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def test_everything_runs_on_one_thread_of_its_own(worker: Worker) -> None:
    async def several() -> set[str]:
        names = await asyncio.gather(*(worker.run(lambda database: threading.current_thread().name) for _ in range(5)))
        return set(names)

    (name,) = asyncio.run(several())
    assert name != threading.current_thread().name


def test_an_act_gets_the_database_and_its_arguments_and_gives_its_result(worker: Worker) -> None:
    def act(database: Database, at: str, *, times: int) -> int:
        for _ in range(times):
            database.run("INSERT INTO people (created_at) VALUES (:at)", {"at": at})
        return len(database.rows("SELECT * FROM people WHERE created_at = :at", {"at": at}))

    assert asyncio.run(worker.run(act, "2026-11-21", times=3)) == 3


def test_acts_run_one_after_another(worker: Worker) -> None:
    running: list[str] = []

    def act(database: Database, name: str) -> list[str]:
        running.append(name)
        seen = list(running)
        running.remove(name)
        return seen

    async def several() -> list[list[str]]:
        return await asyncio.gather(*(worker.run(act, str(n)) for n in range(20)))

    assert asyncio.run(several()) == [[str(n)] for n in range(20)]


def test_what_an_act_raises_reaches_the_caller_and_the_next_one_works(worker: Worker) -> None:
    def act(database: Database) -> None:
        with database.transaction():
            database.run("INSERT INTO people (created_at) VALUES ('x')")
            raise LookupError("ví dụ")

    with pytest.raises(LookupError):
        asyncio.run(worker.run(act))
    assert asyncio.run(worker.run(lambda database: database.rows("SELECT * FROM people"))) == []


def test_a_database_that_cannot_be_opened_is_told_at_once_and_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "ungxu.db").write_text("không phải cơ sở dữ liệu" * 100, encoding="utf-8")
    before = set(threading.enumerate())
    with pytest.raises(StorageUnusable):
        Worker(tmp_path / "ungxu.db")
    with pytest.raises(StorageError):
        Worker(tmp_path / "ungxu.db" / "thu-muc" / "ungxu.db")
    assert set(threading.enumerate()) <= before


def test_closing_folds_the_log_into_the_file_and_ends_the_thread(tmp_path: Path) -> None:
    # Those of earlier tests may end at any time.
    before = set(threading.enumerate())
    worker = Worker(tmp_path / "ungxu.db")
    assert len(set(threading.enumerate()) - before) == 1
    worker.close()
    assert set(threading.enumerate()) <= before
    assert [path.name for path in tmp_path.iterdir()] == ["ungxu.db"]


def test_a_write_is_a_transaction_of_its_own(worker: Worker) -> None:
    def act(database: Database, at: str, *, fail: bool) -> int:
        number = database.insert("INSERT INTO people (created_at) VALUES (:at)", {"at": at})
        if fail:
            raise LookupError("ví dụ")
        return number

    assert asyncio.run(worker.write(act, "một", fail=False)) == 1
    with pytest.raises(LookupError):
        asyncio.run(worker.write(act, "hai", fail=True))
    assert asyncio.run(worker.run(Database.rows, "SELECT created_at FROM people")) == [{"created_at": "một"}]


def test_a_computation_holds_up_nothing_that_needs_the_database(worker: Worker) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def compute(text: str, *, more: str) -> tuple[str, str]:
        begun.set()
        assert go_on.wait(PATIENCE)
        return text + more, threading.current_thread().name

    async def both() -> tuple[str, str]:
        computing = asyncio.create_task(worker.compute(compute, "a", more="b"))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        name = await asyncio.wait_for(worker.run(lambda database: threading.current_thread().name), PATIENCE)
        go_on.set()
        result, thread = await computing
        assert len({name, thread, threading.current_thread().name}) == 3
        return result, thread

    assert asyncio.run(both())[0] == "ab"


# Acts that share a commit


def add(database: Database, name: str) -> str:
    with database.transaction():
        database.run("INSERT INTO people (created_at) VALUES (:name)", {"name": name})
    return name


def names(worker: Worker) -> list[str]:
    rows = asyncio.run(worker.run(lambda database: database.rows("SELECT created_at FROM people ORDER BY id")))
    return [row["created_at"] for row in rows]


def sharing(worker: Worker, *acts: Callable[[Database], object]) -> tuple[list[object], list[str]]:
    """Let acts come together; return what came of them, and the statements that began and ended transactions."""
    seen: list[str] = []
    asyncio.run(worker.run(lambda database: database._connection.set_trace_callback(seen.append)))
    held = threading.Event()

    async def together() -> list[object]:
        # The thread is busy until all have come.
        first = asyncio.create_task(worker.run(lambda _: held.wait(PATIENCE)))
        await asyncio.sleep(0)
        others = [asyncio.create_task(worker.share(act)) for act in acts]
        await asyncio.sleep(0)
        held.set()
        await first
        return await asyncio.gather(*others, return_exceptions=True)

    ended = asyncio.run(together())
    asyncio.run(worker.run(lambda database: database._connection.set_trace_callback(None)))
    return ended, [sql for sql in seen if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK")) and "part" not in sql]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that waits for all that came, on a machine of any speed."""
    monkeypatch.setattr(worker_module, "SHARED_SECONDS", PATIENCE)


@pytest.mark.usefixtures("unhurried")
def test_what_comes_together_is_committed_together(worker: Worker) -> None:
    ended, statements = sharing(worker, *(partial(add, name=str(n)) for n in range(5)))
    assert ended == names(worker) == ["0", "1", "2", "3", "4"]
    assert statements == ["BEGIN IMMEDIATE", "COMMIT"]


def test_what_only_looks_begins_nothing(worker: Worker) -> None:
    ended, statements = sharing(worker, lambda database: len(database.rows("SELECT * FROM people")))
    assert (ended, statements) == ([0], [])


def test_what_comes_too_late_has_a_commit_of_its_own(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "SHARED_SECONDS", 0.0)
    ended, statements = sharing(worker, *(partial(add, name=str(n)) for n in range(2)))
    assert ended == names(worker) == ["0", "1"]
    assert statements == ["BEGIN IMMEDIATE", "COMMIT"] * 2


def test_an_act_that_raises_is_undone_by_itself(worker: Worker) -> None:
    error = LookupError("ví dụ")

    def fail(database: Database) -> None:
        with database.transaction():
            database.run("INSERT INTO people (created_at) VALUES ('undone')")
            raise error

    ended, _ = sharing(worker, partial(add, name="before"), fail, partial(add, name="after"))
    assert ended == ["before", error, "after"]
    assert names(worker) == ["before", "after"]


@pytest.mark.usefixtures("unhurried")
def test_a_storage_that_is_busy_undoes_them_all_and_each_hears_of_it(worker: Worker) -> None:
    error = StorageBusy("ví dụ")

    def fail(database: Database) -> None:
        with database.transaction():
            raise error

    ended, statements = sharing(worker, partial(add, name="0"), fail)
    assert (ended, statements) == ([error, error], ["BEGIN IMMEDIATE", "ROLLBACK"])
    assert names(worker) == []
    assert asyncio.run(worker.share(add, "again")) == "again"
    assert names(worker) == ["again"]


def test_where_nothing_can_be_committed_each_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)
    worker = Worker(tmp_path / "ungxu.db")
    with locked(tmp_path / "ungxu.db"):
        ended, _ = sharing(worker, partial(add, name="0"), partial(add, name="1"))
    # Whoever came first meets the lock; who comes after may come too late for his commit, and meets it himself.
    assert [type(end) for end in ended] == [StorageBusy] * 2
    assert names(worker) == []
    worker.close()
