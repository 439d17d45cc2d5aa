from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsError
from bot.files import FileStore, make_box, new_key
from bot.worker import Worker
from storage import blobs
from storage.blobs import PART_SIZE
from storage.database import Database
from tests.helpers import STAMP

KEY, OTHER = new_key(), new_key()
DATA = bytes(range(256)) * 5000


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    opened = Worker(tmp_path / "ungxu.db")
    yield opened
    opened.close()


def store(worker: Worker, *keys: str) -> FileStore:
    box = make_box(keys)
    assert box is not None
    return FileStore(worker, box, lambda: STAMP)


def written(worker: Worker, files: FileStore, data: bytes) -> int:
    """Store a file and let it be there for others."""
    blob = asyncio.run(files.write(data, "image/png"))
    asyncio.run(worker.write(blobs.complete, blob))
    return blob


def test_a_file_is_there_for_others_only_when_somebody_says_so(worker: Worker) -> None:
    files = store(worker, KEY)
    blob = asyncio.run(files.write(DATA, "image/png"))
    assert asyncio.run(files.read(blob)) is None
    asyncio.run(worker.write(blobs.complete, blob))
    assert asyncio.run(files.read(blob)) == DATA


def ask(worker: Worker, act: Any, *args: Any) -> Any:
    return asyncio.run(worker.write(act, *args))


# Keys


def test_without_keys_there_is_no_box() -> None:
    assert make_box([]) is None


@pytest.mark.parametrize(
    "key",
    ["", "x", "bí mật", KEY[:-4], "A" + KEY, "a" * 44, f" {KEY}"],
    ids=["empty", "x", "letters", "short", "long", "a", "space"],
)
def test_a_bad_key_is_named_but_not_shown(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_box([KEY, key])
    assert str(caught.value) == "UNGXU_SECRET_KEYS: ***"
    assert caught.value.__context__ is None


def test_a_new_key_can_be_used_and_is_another_each_time() -> None:
    assert make_box([new_key()])
    assert new_key() != new_key()


# Files


@pytest.mark.parametrize("data", [b"", b"x", DATA], ids=len)
def test_a_file_is_read_as_it_was_written(worker: Worker, data: bytes) -> None:
    files = store(worker, KEY)
    blob = written(worker, files, data)
    assert asyncio.run(files.read(blob)) == data
    known = ask(worker, blobs.get, blob)
    assert (known.media_type, known.size) == ("image/png", len(data))


def test_no_part_is_larger_than_a_part_may_be(worker: Worker) -> None:
    blob = written(worker, store(worker, KEY), DATA)
    rows = ask(worker, Database.rows, "SELECT number, length(data) AS size FROM blob_parts ORDER BY number")
    assert [row["number"] for row in rows] == list(range(ask(worker, blobs.get, blob).parts))
    assert len(rows) > 2
    assert max(row["size"] for row in rows) <= PART_SIZE


def test_nothing_of_a_file_stands_readable_in_the_database(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "ungxu.db")
    blob = written(worker, store(worker, KEY), b"bang chung vi du")
    assert blob
    worker.close()
    assert b"bang chung" not in (tmp_path / "ungxu.db").read_bytes()


def test_a_file_written_with_an_older_key_is_read_while_that_is_kept(worker: Worker) -> None:
    old = written(worker, store(worker, KEY), b"cu")
    new = written(worker, store(worker, OTHER, KEY), b"moi")
    assert asyncio.run(store(worker, OTHER, KEY).read(old)) == b"cu"
    assert asyncio.run(store(worker, OTHER).read(old)) is None
    # The first key is the one that encrypts.
    assert asyncio.run(store(worker, OTHER).read(new)) == b"moi"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE blob_parts SET data = zeroblob(length(data)) WHERE number = 1",
        "DELETE FROM blob_parts WHERE number = 2",
        "UPDATE blob_parts SET number = 9 - number",
        "UPDATE blob_parts SET data = (SELECT data FROM blob_parts WHERE number = 0) WHERE number = 1",
        "UPDATE blob_parts SET data = zeroblob(3) WHERE number = 1",
        "UPDATE blobs SET parts = parts - 1",
        "UPDATE blobs SET parts = 0",
        "UPDATE blobs SET complete = 0",
        "DELETE FROM blobs",
    ],
)
def test_a_file_that_was_harmed_is_not_there(worker: Worker, harm: str) -> None:
    files = store(worker, KEY)
    blob = written(worker, files, DATA)
    ask(worker, Database.run, harm)
    assert asyncio.run(files.read(blob)) is None


@pytest.mark.parametrize("number", [0, 2])
def test_a_part_of_another_file_is_not_taken_for_one_of_this(worker: Worker, number: int) -> None:
    """Nor is a whole file that was put in the place of another."""
    files = store(worker, KEY)
    first, second = written(worker, files, DATA), written(worker, files, DATA[::-1])
    exchange = f"UPDATE blob_parts SET blob_id = {first} + {second} - blob_id, number = number + 10"
    ask(worker, Database.run, f"{exchange} WHERE number = {number}")
    ask(worker, Database.run, "UPDATE blob_parts SET number = number - 10 WHERE number >= 10")
    assert [asyncio.run(files.read(blob)) for blob in (first, second)] == [None, None]
    ask(worker, Database.run, f"{exchange} WHERE number <> {number}")
    ask(worker, Database.run, "UPDATE blob_parts SET number = number - 10 WHERE number >= 10")
    assert [asyncio.run(files.read(blob)) for blob in (first, second)] == [None, None]


def test_the_same_file_looks_different_each_time(worker: Worker) -> None:
    files = store(worker, KEY)
    for _ in range(2):
        written(worker, files, DATA)
    parts = ask(worker, Database.rows, "SELECT data FROM blob_parts")
    assert len({bytes(row["data"]) for row in parts}) == len(parts) == 6


def test_others_may_write_between_two_parts(worker: Worker) -> None:
    """A large file does not hold up the answers."""
    done: list[str] = []

    async def both() -> None:
        async def file() -> None:
            await store(worker, KEY).write(DATA * 4, "image/png")
            done.append("tệp")

        async def answer() -> None:
            while not await worker.run(Database.rows, "SELECT 1 FROM blob_parts"):
                await asyncio.sleep(0)
            await worker.write(Database.run, "INSERT INTO people (created_at) VALUES ('x')")
            done.append("câu trả lời")

        await asyncio.gather(file(), answer())

    asyncio.run(both())
    assert done == ["câu trả lời", "tệp"]
