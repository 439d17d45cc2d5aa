"""Telling administrators that something needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers import alert
from handlers.context import Context
from handlers.conversation import Outcome
from storage import alerts, people, roles
from storage.database import Database
from storage.people import Address
from tests.helpers import STAMP, later

TEXT = "alert.zalo_oa_refused"


def test_an_alert_is_the_first_of_its_name_once_a_day(database: Database) -> None:
    days = [("a", "2026-11-21"), ("a", "2026-11-21"), ("b", "2026-11-21"), ("a", "2026-11-22"), ("a", "2026-11-22")]
    assert [alerts.first_on(database, *day) for day in days] == [True, False, True, True, False]


def administrator(context: Context, *places: tuple[str, str]) -> int:
    """An administrator who wrote at these (channel, chat), one after the other."""
    person = people.create(context.database, STAMP)
    for number, (channel, chat) in enumerate(places):
        values = Address(channel, "bot", chat, chat).values()
        context.database.run(
            "INSERT INTO addresses (channel, account, chat, sender, person_id, used_at)"
            " VALUES (:channel, :account, :chat, :sender, :person, :used)",
            {**values, "person": person, "used": later(hours=number)},
        )
    roles.give(context.database, person, "administrator", None, person, STAMP)
    return person


def told(context: Context, rather_not: str = "zalo_oa") -> list[str]:
    here = replace(context, channels=frozenset({"zalo_oa", "telegram"}))
    replies = alert.tell(Outcome(alert.concern(TEXT, rather_not), "failed"), here)
    assert all(reply.text == context.texts.rich(TEXT) for reply in replies)
    return [reply.to.chat for reply in replies if reply.to]


@pytest.mark.parametrize(
    ("places", "chat"),
    [
        ([("telegram", "t"), ("zalo_oa", "z")], "t"),
        ([("zalo_oa", "z"), ("telegram", "t")], "t"),
        ([("telegram", "t1"), ("telegram", "t2")], "t2"),
        ([("zalo_oa", "z"), ("terminal", "local")], "z"),
    ],
)
def test_an_administrator_is_told_where_it_can_arrive(context: Context, places: Any, chat: str) -> None:
    administrator(context, *places)
    assert told(context) == [chat]


def test_nothing_is_told_twice_a_day(context: Context) -> None:
    administrator(context, ("telegram", "a"))
    administrator(context, ("telegram", "b"))
    assert told(context) == ["a", "b"]
    assert told(context) == []


def test_what_nobody_could_be_told_is_not_taken_as_told(context: Context) -> None:
    assert told(context) == []
    administrator(context, ("terminal", "local"))
    assert told(context) == []
    administrator(context, ("telegram", "a"))
    assert told(context) == ["a"]
