from __future__ import annotations

import pytest

from storage import inbox
from storage.database import Database
from tests.helpers import STAMP, later


@pytest.mark.parametrize(
    ("channel", "account", "key", "new"),
    [
        ("vidu", "bot-1", "1", False),
        ("vidu", "bot-1", "2", True),
        ("vidu", "bot-2", "1", True),
        ("khac", "bot-1", "1", True),
    ],
)
def test_an_event_is_known_by_channel_account_and_key(
    database: Database, channel: str, account: str, key: str, new: bool
) -> None:
    assert inbox.record(database, "vidu", "bot-1", "1", STAMP, "text")
    assert inbox.record(database, channel, account, key, STAMP, "text") is new


def test_an_event_that_comes_again_changes_nothing(database: Database) -> None:
    inbox.record(database, "vidu", "bot-1", "1", STAMP, "text")
    inbox.record(database, "vidu", "bot-1", "1", later(days=1), "press")
    assert database.rows("SELECT kind, received_at FROM inbox") == [{"kind": "text", "received_at": STAMP}]


@pytest.mark.parametrize(
    ("kind", "error", "expected"),
    [
        (None, "ValueError", {"outcome": "failed", "kind": "press", "error": "ValueError"}),
        ("flood", None, {"outcome": "handled", "kind": "flood", "error": None}),
        ("flood", "ValueError", {"outcome": "failed", "kind": "flood", "error": "ValueError"}),
    ],
)
def test_what_is_recorded_is_amended(
    database: Database, kind: str | None, error: str | None, expected: dict[str, str | None]
) -> None:
    inbox.record(database, "vidu", "bot-1", "1", STAMP, "press")
    inbox.record(database, "vidu", "bot-1", "2", STAMP, "text")
    assert database.row("SELECT outcome, kind, error FROM inbox") == {
        "outcome": "handled",
        "kind": "press",
        "error": None,
    }
    inbox.amend(database, "vidu", "bot-1", "1", kind=kind, error=error)
    assert database.rows("SELECT outcome, kind, error FROM inbox ORDER BY event_key") == [
        expected,
        {"outcome": "handled", "kind": "text", "error": None},
    ]


def test_a_purge_deletes_old_keys_in_parts(database: Database) -> None:
    for number in range(5):
        inbox.record(database, "vidu", "bot-1", str(number), later(days=number), "text")
    assert [inbox.purge(database, later(days=3), 2) for _ in range(3)] == [2, 1, 0]
    assert [row["event_key"] for row in database.rows("SELECT event_key FROM inbox ORDER BY event_key")] == ["3", "4"]
