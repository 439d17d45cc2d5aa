from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage import mailbox
from storage.database import Database
from storage.mailbox import ANSWER, BROADCAST, REPORT, OutboxRow
from storage.people import Address, person_at
from tests.helpers import STAMP, later, place

BUTTONS = [{"label": "Xem cả Điều 4", "action": "ask.article", "data": {"id": "vd-2026/dieu-4"}}]


def put(database: Database, text: str, urgency: int = ANSWER, at: Address | None = None, now: str = STAMP) -> int:
    return mailbox.put(database, at or place(), urgency, {"text": text}, now)


def claim(
    database: Database,
    *,
    accounts: tuple[tuple[str, str], ...] = (("vidu", "bot-1"), ("vidu", "bot-2")),
    now: str = STAMP,
    until: str = later(minutes=2),
    owner: str = "a",
) -> OutboxRow | None:
    return mailbox.claim(database, owner, accounts, now, until)


def claimed(database: Database, **how: Any) -> OutboxRow:
    row = claim(database, **how)
    assert row is not None
    return row


def put_claimed(database: Database, text: str, urgency: int = ANSWER, at: Address | None = None) -> OutboxRow:
    put(database, text, urgency, at)
    return claimed(database)


def claimed_text(database: Database, **how: Any) -> str | None:
    row = claim(database, **how)
    return row.message["text"] if row else None


def stored(database: Database, row_id: int) -> dict[str, Any]:
    row = database.row("SELECT * FROM outbox WHERE id = :id", {"id": row_id})
    assert row is not None
    return dict(row)


# Events


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
    mailbox.record_event(database, "vidu", "bot-1", "1", STAMP, "text")
    assert mailbox.is_known(database, channel, account, key) is known


def test_an_event_cannot_be_recorded_twice(database: Database) -> None:
    mailbox.record_event(database, "vidu", "bot-1", "1", STAMP, "text")
    with pytest.raises(sqlite3.IntegrityError):
        mailbox.record_event(database, "vidu", "bot-1", "1", later(days=1), "text")


@pytest.mark.parametrize(("error", "outcome"), [(None, "handled"), ("ValueError", "failed")])
def test_an_event_keeps_its_outcome(database: Database, error: str | None, outcome: str) -> None:
    mailbox.record_event(database, "vidu", "bot-1", "1", STAMP, "press", error)
    row = database.row("SELECT outcome, kind, error FROM inbox")
    assert row == {"outcome": outcome, "kind": "press", "error": error}


# Claiming


def test_nothing_is_claimed_from_an_empty_outbox(database: Database) -> None:
    assert claim(database) is None
    assert mailbox.waiting(database) == 0


def test_a_claim_holds_everything_that_is_needed_to_send(database: Database) -> None:
    row_id = mailbox.put(database, place("chat-7"), REPORT, {"text": "Báo cáo ví dụ", "menu": 3}, STAMP)
    assert claim(database) == OutboxRow(
        row_id, "vidu", "bot-1", "chat-7", REPORT, {"text": "Báo cáo ví dụ", "menu": 3}, 1
    )
    row = stored(database, row_id)
    assert (row["state"], row["owner"], row["lease_until"], row["attempts"]) == ("sending", "a", later(minutes=2), 1)


def test_urgent_classes_go_first_then_the_oldest(database: Database) -> None:
    for number, urgency in enumerate([BROADCAST, REPORT, ANSWER, ANSWER, REPORT, BROADCAST]):
        put(database, f"{urgency}-{number}", urgency, place(f"chat-{number}"))
    assert [claimed_text(database) for _ in range(7)] == ["1-2", "1-3", "2-1", "2-4", "3-0", "3-5", None]


def test_a_chat_reads_in_order_with_one_message_in_flight(database: Database) -> None:
    put(database, "một")
    put(database, "hai")
    first = claimed(database)
    assert first.message == {"text": "một"}
    assert claimed_text(database) is None
    mailbox.end(database, first, "sent", STAMP)
    second = claimed(database)
    assert second.message == {"text": "hai"}
    mailbox.end(database, second, "sent", STAMP)
    assert mailbox.waiting(database) == 0


@pytest.mark.parametrize("state", ["sent", "failed", "unknown"])
def test_the_next_message_goes_on_however_the_first_one_ended(database: Database, state: str) -> None:
    first = put_claimed(database, "một")
    put(database, "hai")
    mailbox.end(database, first, state, STAMP)
    assert claimed_text(database) == "hai"


@pytest.mark.parametrize(
    ("urgency", "at"),
    [
        (ANSWER, place("chat-2")),
        (REPORT, place("chat-1")),
        (ANSWER, place("chat-1", account="bot-2")),
    ],
    ids=["another chat", "another class", "another account"],
)
def test_a_message_in_flight_does_not_hold_up(database: Database, urgency: int, at: Address) -> None:
    put(database, "đang gửi")
    claim(database)
    put(database, "đi tiếp", urgency, at)
    assert claimed_text(database) == "đi tiếp"


def test_a_message_that_is_due_later_holds_up_its_own_chat_only(database: Database) -> None:
    row = put_claimed(database, "một")
    put(database, "hai")
    put(database, "chỗ khác", at=place("chat-2"))
    mailbox.retry(database, row, later(minutes=1), "NotSent")
    assert claimed_text(database) == "chỗ khác"
    assert claimed_text(database) is None
    assert claimed_text(database, now=later(minutes=1)) == "một"


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ((), []),
        ((("la", "bot-1"),), []),
        ((("khac", "bot-1"), ("la", "bot-1")), ["hai"]),
        ((("vidu", "bot-2"),), ["ba"]),
        ((("khac", "bot-2"), ("vidu", "bot-1")), ["một"]),
        ((("vidu", "bot-1"), ("khac", "bot-1"), ("vidu", "bot-2")), ["một", "hai", "ba"]),
    ],
)
def test_only_the_accounts_that_are_served_are_claimed(
    database: Database, accounts: tuple[tuple[str, str], ...], expected: list[str]
) -> None:
    put(database, "một", at=place())
    put(database, "hai", at=place(channel="khac"))
    put(database, "ba", at=place(account="bot-2"))
    texts = [claimed_text(database, accounts=accounts) for _ in range(4)]
    assert texts == expected + [None] * (4 - len(expected))


# The end of a message


@pytest.mark.parametrize(("state", "error"), [("sent", None), ("failed", "Forbidden"), ("unknown", "Timeout")])
def test_the_text_is_erased_at_the_end(database: Database, state: str, error: str | None) -> None:
    claim = put_claimed(database, "chuyện riêng")
    assert mailbox.end(database, claim, state, later(seconds=1), error) is True
    row = stored(database, claim.id)
    assert (row["state"], row["error"], row["ended_at"]) == (state, error, later(seconds=1))
    assert (row["message"], row["owner"], row["lease_until"]) == (None, None, None)


def test_an_erased_text_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    database = Database(tmp_path / "ungxu.db")
    mailbox.end(database, put_claimed(database, "chuyen rieng cua Nguoi Vi Du"), "sent", STAMP)
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ungxu.db"]
    assert b"chuyen rieng" not in (tmp_path / "ungxu.db").read_bytes()


def test_a_message_that_is_given_back_keeps_its_text_and_counts_its_attempts(database: Database) -> None:
    first = put_claimed(database, "một")
    assert mailbox.retry(database, first, later(seconds=1), "ConnectError") is True
    row = stored(database, first.id)
    assert (row["state"], row["due_at"], row["error"]) == ("waiting", later(seconds=1), "ConnectError")
    assert (row["owner"], row["lease_until"]) == (None, None)
    again = claimed(database, now=later(seconds=1))
    assert (again.id, again.attempt, again.message) == (first.id, 2, {"text": "một"})


def given_back(database: Database, claim: OutboxRow) -> None:
    mailbox.retry(database, claim, STAMP, "ConnectError")


def ended(database: Database, claim: OutboxRow) -> None:
    mailbox.end(database, claim, "sent", STAMP)


def claimed_by_another(database: Database, claim: OutboxRow) -> None:
    mailbox.release_expired(database, later(minutes=3), 12)
    assert claimed(database, now=later(minutes=3), until=later(minutes=5), owner="b").attempt == claim.attempt + 1


@pytest.mark.parametrize("happened", [given_back, ended, claimed_by_another])
def test_a_claim_that_is_over_can_neither_end_nor_give_back(database: Database, happened: Any) -> None:
    claim = put_claimed(database, "một")
    happened(database, claim)
    row = stored(database, claim.id)
    assert mailbox.end(database, claim, "failed", later(seconds=1), "x") is False
    assert mailbox.retry(database, claim, later(seconds=1), "x") is False
    assert stored(database, claim.id) == row


@pytest.mark.parametrize(
    ("urgency", "released", "state"),
    [(ANSWER, (1, 0), "waiting"), (REPORT, (1, 0), "waiting"), (BROADCAST, (0, 1), "unknown")],
)
def test_an_expired_claim_ends_by_its_class(
    database: Database, urgency: int, released: tuple[int, int], state: str
) -> None:
    row_id = put_claimed(database, "một", urgency).id
    assert mailbox.release_expired(database, later(minutes=2), 12) == (0, 0)
    assert mailbox.release_expired(database, later(minutes=2, seconds=1), 12) == released
    row = stored(database, row_id)
    assert (row["state"], row["error"], row["owner"], row["lease_until"]) == (state, "lease", None, None)
    assert (row["message"] is None) is (state == "unknown")
    assert mailbox.release_expired(database, later(minutes=9), 12) == (0, 0)


def test_a_claim_that_expired_too_often_stays_unknown(database: Database) -> None:
    row_id = put(database, "một")
    for attempt, released in [(1, (1, 0)), (2, (1, 0)), (3, (0, 1))]:
        assert claimed(database).attempt == attempt
        assert mailbox.release_expired(database, later(minutes=3), 3) == released
        database.run("UPDATE outbox SET due_at = :now", {"now": STAMP})
    row = stored(database, row_id)
    assert (row["state"], row["message"], row["ended_at"]) == ("unknown", None, later(minutes=3))


def test_only_messages_that_are_not_at_their_end_are_waiting(database: Database) -> None:
    for chat in ("chat-1", "chat-2", "chat-3"):
        put(database, chat, at=place(chat))
    first = claimed(database)
    assert mailbox.waiting(database) == 3
    mailbox.end(database, first, "sent", STAMP)
    assert mailbox.waiting(database) == 2


# Menus


@pytest.fixture
def person(database: Database) -> int:
    return person_at(database, place(), STAMP)


def test_a_menu_is_given_to_the_one_who_saw_it_where_it_was_shown(database: Database, person: int) -> None:
    number = mailbox.remember_menu(database, place(), person, BUTTONS, STAMP)
    assert mailbox.menu(database, number, place(), person) == BUTTONS
    assert mailbox.latest_menu(database, place(), person, STAMP) == (number, BUTTONS)


def test_a_menu_is_kept_from_everybody_else(database: Database, person: int) -> None:
    other = person_at(database, place(sender="nguoi-khac"), STAMP)
    number = mailbox.remember_menu(database, place(), person, BUTTONS, STAMP)
    for at, who in [
        (place(), other),
        (place("chat-2"), person),
        (place(account="bot-2"), person),
        (place(channel="khac"), person),
    ]:
        assert mailbox.menu(database, number, at, who) is None
        assert mailbox.latest_menu(database, at, who, STAMP) is None
    assert mailbox.menu(database, number + 1, place(), person) is None


def test_the_newest_menu_counts_and_an_old_one_no_more(database: Database, person: int) -> None:
    mailbox.remember_menu(database, place(), person, [], STAMP)
    newest = mailbox.remember_menu(database, place(), person, BUTTONS, later(hours=1))
    assert mailbox.latest_menu(database, place(), person, STAMP) == (newest, BUTTONS)
    assert mailbox.latest_menu(database, place(), person, later(hours=1)) == (newest, BUTTONS)
    assert mailbox.latest_menu(database, place(), person, later(hours=2)) is None


def test_a_menu_can_be_forgotten(database: Database, person: int) -> None:
    number = mailbox.remember_menu(database, place(), person, BUTTONS, STAMP)
    mailbox.forget_menu(database, number)
    assert mailbox.menu(database, number, place(), person) is None


# Purge


def test_what_nobody_can_get_any_more_ends_without_its_text(database: Database) -> None:
    old = put(database, "chuyện riêng")
    put(database, "chỗ khác", at=place(channel="khac"))
    new = put(database, "mới", at=place("chat-2"), now=later(days=2))
    assert mailbox.abandon(database, "vidu", later(days=1), later(days=3)) == 1
    assert (stored(database, old)["state"], stored(database, old)["message"]) == ("failed", None)
    assert stored(database, new)["state"] == "waiting"


def test_a_purge_deletes_what_is_old_and_ended_and_nothing_else(database: Database, person: int) -> None:
    for day in (0, 10):
        now = later(days=day)
        mailbox.record_event(database, "vidu", "bot-1", f"event-{day}", now, "text")
        mailbox.remember_menu(database, place(), person, BUTTONS, now)
        put(database, "đã gửi", at=place(f"sent-{day}"), now=now)
        mailbox.end(database, claimed(database, now=now), "sent", now)
    put(database, "chưa gửi")
    put(database, "đang gửi", REPORT)
    claim(database)
    before = later(days=5)
    assert mailbox.purge(database, before, before, before) == 3
    assert mailbox.purge(database, before, before, before) == 0
    assert not mailbox.is_known(database, "vidu", "bot-1", "event-0")
    assert mailbox.is_known(database, "vidu", "bot-1", "event-10")
    assert mailbox.waiting(database) == 2
    assert sorted(row["state"] for row in database.rows("SELECT state FROM outbox")) == ["sending", "sent", "waiting"]


@pytest.mark.parametrize(("events", "menus", "messages"), [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_a_purge_has_a_time_for_each_kind(
    database: Database, person: int, events: int, menus: int, messages: int
) -> None:
    mailbox.record_event(database, "vidu", "bot-1", "1", STAMP, "text")
    mailbox.remember_menu(database, place(), person, BUTTONS, STAMP)
    mailbox.end(database, put_claimed(database, "một"), "sent", STAMP)
    assert mailbox.purge(database, later(days=events), later(days=menus), later(days=messages)) == 1
