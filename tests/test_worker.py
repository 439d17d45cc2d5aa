from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from bot.worker import Worker
from storage.database import Database
from storage.errors import StorageError, StorageUnusable


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
    before = threading.active_count()
    with pytest.raises(StorageUnusable):
        Worker(tmp_path / "ungxu.db")
    with pytest.raises(StorageError):
        Worker(tmp_path / "ungxu.db" / "thu-muc" / "ungxu.db")
    assert threading.active_count() == before


def test_closing_folds_the_log_into_the_file_and_ends_the_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    worker = Worker(tmp_path / "ungxu.db")
    assert threading.active_count() == before + 1
    worker.close()
    assert threading.active_count() == before
    assert [path.name for path in tmp_path.iterdir()] == ["ungxu.db"]


def test_a_write_is_a_transaction_of_its_own(worker: Worker) -> None:
    def act(database: Database, at: str, *, fail: bool) -> int:
        number = database.insert("INSERT INTO people (created_at) VALUES (:at) RETURNING id", {"at": at})
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
        assert go_on.wait(10)
        return text + more, threading.current_thread().name

    async def both() -> tuple[str, str]:
        computing = asyncio.create_task(worker.compute(compute, "a", more="b"))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        name = await asyncio.wait_for(worker.run(lambda database: threading.current_thread().name), 5)
        go_on.set()
        result, thread = await computing
        assert len({name, thread, threading.current_thread().name}) == 3
        return result, thread

    assert asyncio.run(both())[0] == "ab"
