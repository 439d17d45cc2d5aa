from __future__ import annotations

import pytest

from storage import menus
from storage.database import Database
from storage.menus import SPENT, Menu
from storage.people import person_at
from tests.helpers import STAMP, later, place, shown_menu

BUTTONS = [
    {"label": "Xem cả Điều 4", "action": "ask.article", "data": {"id": "vd-2026/dieu-4"}, "once": ""},
    {"label": "Đúng ý tôi", "action": "ask.vote", "data": {"vote": "helpful"}, "once": "vote"},
    {"label": "Chưa đúng", "action": "ask.vote", "data": {"vote": "not_helpful"}, "once": "vote"},
]


@pytest.fixture
def person(database: Database) -> int:
    return person_at(database, place(), STAMP)


def test_a_menu_is_given_to_the_one_who_saw_it_where_it_was_shown(database: Database, person: int) -> None:
    number = shown_menu(database, place(), BUTTONS, STAMP)
    assert menus.get(database, number, place(), person) == Menu(number, BUTTONS)
    assert menus.latest(database, place(), person, STAMP) == Menu(number, BUTTONS)


def test_a_menu_is_kept_from_everybody_else(database: Database, person: int) -> None:
    other = person_at(database, place(sender="nguoi-khac"), STAMP)
    number = shown_menu(database, place(), BUTTONS, STAMP)
    for at, who in [
        (place(), other),
        (place("chat-2"), person),
        (place(account="bot-2"), person),
        (place(channel="khac"), person),
    ]:
        assert menus.get(database, number, at, who) is None
        assert menus.latest(database, at, who, STAMP) is None
    assert menus.get(database, number + 1, place(), person) is None


def test_what_was_shown_to_a_chat_is_everybody_s_there(database: Database, person: int) -> None:
    itself = place(sender=place().chat)
    number = shown_menu(database, itself, BUTTONS, STAMP)
    assert menus.get(database, number, place(), person) == Menu(number, BUTTONS)
    assert menus.latest(database, place(), person, STAMP) is None
    assert menus.get(database, number, place("chat-2"), person) is None


def test_a_chat_knows_its_menus_whoever_they_belong_to(database: Database, person: int) -> None:
    number = shown_menu(database, place(), BUTTONS, STAMP)
    assert menus.is_in_chat(database, number, place(sender="nguoi-khac"))
    for elsewhere in (place("chat-2"), place(account="bot-2"), place(channel="khac")):
        assert not menus.is_in_chat(database, number, elsewhere)
    assert not menus.is_in_chat(database, number + 1, place())


def test_the_newest_menu_counts_and_an_old_one_no_more(database: Database, person: int) -> None:
    shown_menu(database, place(), [], STAMP)
    newest = shown_menu(database, place(), BUTTONS, later(hours=1))
    for since in (STAMP, later(hours=1)):
        found = menus.latest(database, place(), person, since)
        assert found is not None and found.id == newest
    assert menus.latest(database, place(), person, later(hours=2)) is None


def test_the_number_of_a_menu_is_never_given_twice(database: Database, person: int) -> None:
    """A button that was shown long ago carries it, and must not lead into a new menu."""
    old = shown_menu(database, place(), BUTTONS)
    assert menus.purge(database, later(days=1), 10) == 1
    database.run("DELETE FROM outbox")
    assert shown_menu(database, place(), BUTTONS) > old
    assert menus.get(database, old, place(), person) is None


def test_spent_buttons_keep_their_places_and_the_others_stay_as_they_are(database: Database, person: int) -> None:
    number = shown_menu(database, place(), BUTTONS, STAMP)
    other = shown_menu(database, place(), BUTTONS, STAMP)
    found = menus.get(database, number, place(), person)
    assert found is not None
    menus.spend(database, found, {1, 2})
    spent = menus.get(database, number, place(), person)
    assert spent is not None
    assert spent.buttons == [BUTTONS[0], {**BUTTONS[1], SPENT: True}, {**BUTTONS[2], SPENT: True}]
    assert menus.get(database, other, place(), person) == Menu(other, BUTTONS)


def test_a_purge_deletes_old_menus_in_parts(database: Database, person: int) -> None:
    numbers = [shown_menu(database, place(), BUTTONS, later(days=day)) for day in range(5)]
    assert [menus.purge(database, later(days=3), 2) for _ in range(3)] == [2, 1, 0]
    assert [menus.is_in_chat(database, number, place()) for number in numbers] == [False] * 3 + [True] * 2
