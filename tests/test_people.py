from __future__ import annotations

import pytest

from storage import chats
from storage.database import Database
from storage.people import Address, chats_of, person_at
from tests.helpers import STAMP, later, place


def test_a_person_is_known_again(database: Database) -> None:
    first = person_at(database, place(), STAMP)
    assert person_at(database, place(), later(days=30)) == first
    assert database.rows("SELECT created_at FROM people") == [{"created_at": STAMP}]


def test_the_same_sender_in_another_chat_is_the_same_person(database: Database) -> None:
    private = person_at(database, place("rieng"), STAMP)
    assert person_at(database, place("nhom"), STAMP) == private
    assert person_at(database, place("nhom"), STAMP) == private
    assert len(database.rows("SELECT chat FROM addresses WHERE person_id = :id", {"id": private})) == 2


@pytest.mark.parametrize(
    "other",
    [place(sender="nguoi-khac"), place(account="bot-2"), place(channel="khac")],
    ids=["another sender", "another account", "another channel"],
)
def test_somebody_else_is_another_person(database: Database, other: Address) -> None:
    assert person_at(database, place(), STAMP) != person_at(database, other, STAMP)


def test_two_addresses_that_belong_to_two_people_stay_apart(database: Database) -> None:
    """The first of them decides for a third chat, and always the same one."""
    first = person_at(database, place("chat-1"), STAMP)
    second = person_at(database, place("chat-2", sender="nguoi-khac"), STAMP)
    database.run("UPDATE addresses SET sender = 'nguoi-vi-du' WHERE person_id = :id", {"id": second})
    assert person_at(database, place("chat-1"), STAMP) == first
    assert person_at(database, place("chat-2"), STAMP) == second
    assert person_at(database, place("chat-3"), STAMP) == first


def test_the_chats_where_somebody_can_be_reached_are_named(database: Database) -> None:
    for at in (place("b"), place("a"), place("a", sender="nguoi-khac"), place("đóng"), place("c", account="bot-2")):
        person_at(database, at, STAMP)
    chats.close(database, "vidu", "bot-1", "đóng", "blocked", STAMP)
    chats.close(database, "vidu", "bot-2", "a", "blocked", STAMP)
    assert chats_of(database, "vidu", "bot-1") == ["a", "b"]
    assert chats_of(database, "khac", "bot-1") == []
