from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from handlers.conversation import File
from storage import blobs, broadcasts
from storage.blobs import Blob
from storage.database import Database
from tests.helpers import STAMP, later


def stored(database: Database, parts: tuple[bytes, ...] = (b"mot", b"hai"), now: str = STAMP) -> int:
    blob = blobs.begin(database, "image/png", 6, len(parts), now)
    for number, part in enumerate(parts):
        blobs.put_part(database, blob, number, part)
    blobs.complete(database, blob)
    return blob


def test_a_complete_file_is_read_part_by_part(database: Database) -> None:
    blob = stored(database)
    assert blobs.get(database, blob) == Blob(blob, "image/png", 6, 2)
    assert [blobs.part(database, blob, number) for number in range(2)] == [b"mot", b"hai"]


def test_a_file_that_is_not_complete_is_not_there(database: Database) -> None:
    blob = blobs.begin(database, "image/png", 6, 2, STAMP)
    blobs.put_part(database, blob, 0, b"mot")
    assert blobs.get(database, blob) is None
    assert blobs.get(database, blob + 1) is None


def test_a_part_that_is_missing_is_named(database: Database) -> None:
    blob = stored(database)
    with pytest.raises(LookupError, match=f"part 2 of file {blob}"):
        blobs.part(database, blob, 2)


def test_a_part_belongs_to_a_file_and_stands_there_once(database: Database) -> None:
    blob = stored(database)
    with pytest.raises(sqlite3.IntegrityError):
        blobs.put_part(database, blob, 0, b"x")
    with pytest.raises(sqlite3.IntegrityError):
        blobs.put_part(database, blob + 1, 0, b"x")


def test_a_deleted_file_takes_its_parts_along_and_no_others(database: Database) -> None:
    gone, kept = stored(database), stored(database)
    blobs.delete(database, gone)
    assert blobs.get(database, gone) is None
    assert database.rows("SELECT DISTINCT blob_id FROM blob_parts") == [{"blob_id": kept}]


def test_a_deleted_file_is_not_in_the_database_file_any_more(database: Database, tmp_path: Path) -> None:
    blob = stored(database, (b"bang chung vi du" * 10,))
    database.fold_log()
    assert b"bang chung vi du" in (tmp_path / "ungxu.db").read_bytes()
    blobs.delete(database, blob)
    database.fold_log()
    assert b"bang chung vi du" not in (tmp_path / "ungxu.db").read_bytes()


def test_only_what_was_begun_long_ago_and_never_completed_is_purged(database: Database) -> None:
    old = [blobs.begin(database, "image/png", 6, 2, STAMP) for _ in range(3)]
    blobs.put_part(database, old[0], 0, b"mot")
    new = blobs.begin(database, "image/png", 6, 2, later(days=2))
    complete = stored(database)
    assert blobs.purge_incomplete(database, later(days=1), 2) == 2, "its parts first"
    assert [blobs.purge_incomplete(database, later(days=1), 2) for _ in range(3)] == [2, 1, 0]
    assert [row["id"] for row in database.rows("SELECT id FROM blobs ORDER BY id")] == [new, complete]
    assert database.rows("SELECT DISTINCT blob_id FROM blob_parts") == [{"blob_id": complete}]


def test_the_file_of_a_broadcast_stays_as_long_as_it_goes_out(database: Database) -> None:
    # A number that begins like another is another one.
    files = [stored(database) for _ in range(11)]
    content = {"text": '"blob":2,', "file": File(files[0], "photo", "anh.jpg").as_json()}
    number = broadcasts.create(database, None, content, {"kind": "all"}, 1, STAMP)
    broadcasts.plan(database, number, later(days=9), 1, {"day": 5})
    assert blobs.purge(database, later(days=1), 99) == 10
    assert [blob for blob in files if blobs.get(database, blob)] == files[:1]
    broadcasts.move(database, number, "done", later(days=1))
    assert blobs.purge(database, later(days=1), 99) == 1
