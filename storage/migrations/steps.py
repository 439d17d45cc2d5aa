"""What the steps of the schema are made with."""

from __future__ import annotations

from sqlite_utils import Database


def create(database: Database, statements: str) -> None:
    """Run statements that have a semicolon between them."""
    # Not executescript: it commits first, and a migration is one transaction.
    for statement in filter(None, map(str.strip, statements.split(";"))):
        database.execute(statement)
