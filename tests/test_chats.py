from __future__ import annotations

import pytest

from storage import chats, menus, outbox
from storage.database import Database
from storage.outbox import ANSWER
from storage.people import Address, person_at
from tests.helpers import STAMP, later, place, shown_menu


def close(database: Database, reason: str = "blocked", now: str = STAMP) -> None:
    chats.close(database, "vidu", "bot-1", "chat-1", reason, now)


def test_a_chat_without_a_row_is_open(database: Database) -> None:
    assert chats.open_again(database, "vidu", "bot-1", "chat-1") is False
    assert chats.counts(database) == []


def test_a_closed_chat_says_why_until_it_is_open_again(database: Database) -> None:
    close(database)
    assert chats.counts(database) == [("blocked", 1)]
    assert chats.open_again(database, "vidu", "bot-1", "chat-1") is True
    assert chats.counts(database) == []


def test_the_last_reason_counts(database: Database) -> None:
    close(database, "blocked")
    close(database, "deactivated", later(days=1))
    assert database.rows("SELECT reason, closed_at FROM closed_chats") == [
        {"reason": "deactivated", "closed_at": later(days=1)}
    ]


@pytest.mark.parametrize(
    "other", [("vidu", "bot-1", "chat-2"), ("vidu", "bot-2", "chat-1"), ("khac", "bot-1", "chat-1")]
)
def test_other_chats_stay_as_they_are(database: Database, other: tuple[str, str, str]) -> None:
    close(database)
    assert chats.open_again(database, *other) is False
    assert chats.counts(database) == [("blocked", 1)]


def test_closed_chats_are_counted_by_reason(database: Database) -> None:
    for number, reason in enumerate(["left", "blocked", "left"]):
        chats.close(database, "vidu", "bot-1", str(number), reason, STAMP)
    assert chats.counts(database) == [("blocked", 1), ("left", 2)]


# A chat that has become another one


def move(database: Database) -> None:
    chats.move(database, "vidu", "bot-1", "cu", "moi")


def test_people_menus_and_messages_go_to_the_new_chat(database: Database) -> None:
    person = person_at(database, place("cu"), STAMP)
    menu = shown_menu(database, place("cu"), [], STAMP)
    move(database)
    assert person_at(database, place("moi"), STAMP) == person
    assert menus.get(database, menu, place("moi"), person) is not None
    assert menus.get(database, menu, place("cu"), person) is None
    assert outbox.due(database, "vidu", "bot-1", ANSWER, STAMP, 10) == [(menu, "moi")]


def test_who_wrote_in_both_keeps_the_address_in_the_new_one(database: Database) -> None:
    person = person_at(database, place("cu"), STAMP)
    assert person_at(database, place("moi"), STAMP) == person
    other = person_at(database, place("cu", sender="nguoi-khac"), STAMP)
    move(database)
    rows = database.rows("SELECT chat, sender, person_id FROM addresses ORDER BY sender")
    assert [tuple(row.values()) for row in rows] == [("moi", "nguoi-khac", other), ("moi", "nguoi-vi-du", person)]


@pytest.mark.parametrize(
    "other",
    [place("ba"), place("cu", account="bot-2"), place("cu", channel="khac")],
    ids=["chat", "account", "channel"],
)
def test_what_is_not_of_this_chat_stays(database: Database, other: Address) -> None:
    person = person_at(database, other, STAMP)
    menu = shown_menu(database, other, [], STAMP)
    move(database)
    assert menus.get(database, menu, other, person) is not None
    assert database.rows("SELECT chat FROM addresses") == [{"chat": other.chat}]
    assert database.rows("SELECT chat FROM outbox") == [{"chat": other.chat}]


def test_to_move_twice_changes_nothing_more(database: Database) -> None:
    """The messenger says it in both chats, and once more to whoever sends to the old one."""
    person_at(database, place("cu"), STAMP)
    outbox.put(database, "vidu", "bot-1", "cu", ANSWER, {"text": "x"}, STAMP)
    move(database)
    before = [database.rows(f"SELECT * FROM {table}") for table in ("addresses", "outbox")]
    move(database)
    assert [database.rows(f"SELECT * FROM {table}") for table in ("addresses", "outbox")] == before
