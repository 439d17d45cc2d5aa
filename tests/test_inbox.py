from __future__ import annotations

import sqlite3

import pytest

from storage import inbox
from storage.database import Database
from tests.helpers import STAMP, later


@pytest.mark.parametrize(
    ("channel", "account", "key", "known"),
    [
        ("vidu", "bot-1", "1", True),
        ("vidu", "bot-1", "2", False),
        ("vidu", "bot-2", "1", False),
        ("khac", "bot-1", "1", False),
    ],
)
def test_an_event_is_known_by_channel_account_and_key(
    database: Database, channel: str, account: str, key: str, known: bool
) -> None:
    inbox.record(database, "vidu", "bot-1", "1", STAMP, "text")
    assert inbox.is_known(database, channel, account, key) is known


def test_an_event_cannot_be_recorded_twice(database: Database) -> None:
    inbox.record(database, "vidu", "bot-1", "1", STAMP, "text")
    with pytest.raises(sqlite3.IntegrityError):
        inbox.record(database, "vidu", "bot-1", "1", later(days=1), "text")


@pytest.mark.parametrize(("error", "outcome"), [(None, "handled"), ("ValueError", "failed")])
def test_an_event_keeps_its_outcome(database: Database, error: str | None, outcome: str) -> None:
    inbox.record(database, "vidu", "bot-1", "1", STAMP, "press", error)
    row = database.row("SELECT outcome, kind, error FROM inbox")
    assert row == {"outcome": outcome, "kind": "press", "error": error}


def test_a_purge_deletes_old_keys_in_parts(database: Database) -> None:
    for number in range(5):
        inbox.record(database, "vidu", "bot-1", str(number), later(days=number), "text")
    assert [inbox.purge(database, later(days=3), 2) for _ in range(3)] == [2, 1, 0]
    assert [inbox.is_known(database, "vidu", "bot-1", str(number)) for number in range(5)] == [False] * 3 + [True] * 2
