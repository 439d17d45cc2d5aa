"""Files, encrypted before they come here, in parts small enough that none holds up a transaction.

A file is begun, its parts are put, each in a transaction of its own, and it is complete with the last one. What was
begun and never completed is purged.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from storage.database import Database

PART_SIZE = 512 * 1024
"""Bytes of one part."""

PARTS_AT_ONCE = 4
"""Parts that one transaction deletes."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a file without reading it.

    Attributes:
        media_type: what it was found to be, such as "image/jpeg".
        size: bytes before it was encrypted.
        parts: how many parts it has.
    """

    id: int
    media_type: str
    size: int
    parts: int


def begin(database: Database, media_type: str, size: int, parts: int, now: str) -> int:
    """Begin a file; return its number."""
    return database.insert(
        "INSERT INTO blobs (media_type, size, parts, created_at) VALUES (:type, :size, :parts, :now)",
        {"type": media_type, "size": size, "parts": parts, "now": now},
    )


def put_part(database: Database, blob_id: int, number: int, data: bytes, key: str | None = None) -> None:
    """Store the part of this number, from 0; `key` is the name of the key that it was encrypted with."""
    database.run(
        "INSERT INTO blob_parts (blob_id, number, data, sealed_with) VALUES (:blob, :number, :data, :key)",
        {"blob": blob_id, "number": number, "data": data, "key": key},
    )


def complete(database: Database, blob_id: int) -> None:
    """Note that all parts of a file are stored."""
    database.run("UPDATE blobs SET complete = 1 WHERE id = :id", {"id": blob_id})


def get(database: Database, blob_id: int) -> Blob | None:
    """Return what is known of a complete file; None where there is none."""
    row = database.row("SELECT id, media_type, size, parts FROM blobs WHERE id = :id AND complete = 1", {"id": blob_id})
    return Blob(**row) if row else None


def part(database: Database, blob_id: int, number: int) -> bytes:
    """Return a part of a file; raise LookupError where there is none."""
    row = database.row(
        "SELECT data FROM blob_parts WHERE blob_id = :blob AND number = :number",
        {"blob": blob_id, "number": number},
    )
    if row is None:
        raise LookupError(f"part {number} of file {blob_id}")
    return bytes(row["data"])


def next_part_of_others(database: Database, key: str, after: tuple[int, int]) -> tuple[int, int, int] | None:
    """Return (file, number, parts of the file) of the next part that another key than this encrypted.

    `after` is the file and number of the part before it, to begin with (0, -1).
    """
    row = database.row(
        "SELECT p.blob_id, p.number, b.parts FROM blob_parts p JOIN blobs b ON b.id = p.blob_id"
        " WHERE (p.sealed_with IS NULL OR p.sealed_with <> :key)"
        " AND (p.blob_id > :blob OR (p.blob_id = :blob AND p.number > :number)) ORDER BY p.blob_id, p.number LIMIT 1",
        {"key": key, "blob": after[0], "number": after[1]},
    )
    return (row["blob_id"], row["number"], row["parts"]) if row else None


def replace_part(database: Database, blob_id: int, number: int, data: bytes, key: str) -> bool:
    """Store a part as another key encrypts it; False where its file is gone meanwhile."""
    return bool(
        database.run(
            "UPDATE blob_parts SET data = :data, sealed_with = :key WHERE blob_id = :blob AND number = :number",
            {"blob": blob_id, "number": number, "data": data, "key": key},
        )
    )


def parts_by_key(database: Database) -> dict[str | None, int]:
    """Return how many parts each key encrypted; None stands for those whose key was not noted."""
    rows = database.rows("SELECT sealed_with, count(*) AS n FROM blob_parts GROUP BY sealed_with")
    return {row["sealed_with"]: row["n"] for row in rows}


def sealed_otherwise(database: Database, keys: Collection[str]) -> int:
    """Return how many files have a part that none of these keys encrypted."""
    names = {f"key{number}": key for number, key in enumerate(keys)}
    row = database.row(
        "SELECT count(DISTINCT blob_id) AS n FROM blob_parts WHERE sealed_with IS NOT NULL"
        f" AND sealed_with NOT IN ({', '.join(f':{name}' for name in names)})",
        names,
    )
    return int(row["n"]) if row else 0


def delete(database: Database, blob_id: int) -> None:
    """Delete a file with all its parts."""
    database.run("DELETE FROM blobs WHERE id = :id", {"id": blob_id})


def expire(database: Database, blob_id: int) -> None:
    """Let nobody read a file any more; its parts go the next time that old rows are deleted."""
    database.run("UPDATE blobs SET complete = 0, created_at = '' WHERE id = :id", {"id": blob_id})


def purge(database: Database, before: str, limit: int) -> int:
    """Let up to `limit` files expire that were stored before a time; return how many.

    Those of reports stay, and those of broadcasts that are still to go out, which name them in their content.
    """
    return database.run(
        "UPDATE blobs SET complete = 0 WHERE id IN"
        " (SELECT b.id FROM blobs b WHERE b.complete = 1 AND b.created_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM report_files f WHERE f.blob_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM broadcasts c WHERE c.state NOT IN ('done', 'cancelled')"
        """ AND c.content LIKE '%"blob":' || b.id || ',%') LIMIT :limit)""",
        {"before": before, "limit": limit},
    )


def purge_incomplete(database: Database, before: str, limit: int) -> int:
    """Delete a little of what was begun before a time and never completed; return `limit` while there is more.

    A file goes part by part, since deleted text is overwritten and a large one would hold up others.
    """
    parts = database.run(
        "DELETE FROM blob_parts WHERE rowid IN (SELECT p.rowid FROM blob_parts p JOIN blobs b ON b.id = p.blob_id"
        " WHERE b.complete = 0 AND b.created_at < :before LIMIT :few)",
        {"before": before, "few": PARTS_AT_ONCE},
    )
    if parts:
        return limit
    return database.run(
        "DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE complete = 0 AND created_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
