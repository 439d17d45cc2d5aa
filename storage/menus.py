"""The choices that people were shown, so that a press or a typed number is looked up here and not believed.

A menu is a list of buttons as plain JSON. It belongs to the person it was shown to, in the chat it was shown in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.people import Address
from storage.stored_json import from_json, to_json

SPENT = "spent"
"""The field that a button has once its choice was taken and may not be taken again."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The buttons of a message.

    Attributes:
        id: its number, which is that of the message in the outbox that shows it.
        buttons: as they were stored, in the order they were shown.
    """

    id: int
    buttons: list[dict[str, Any]]


def remember(database: Database, message: int, address: Address, buttons: list[dict[str, Any]], now: str) -> bool:
    """Keep the buttons of a message, given by its number in the outbox, for the person at the address it is shown at.

    Returns False, and keeps nothing, where nobody is known there.
    """
    return bool(
        database.run(
            "INSERT INTO menus (id, channel, account, chat, person_id, buttons, created_at)"
            " SELECT :message, channel, account, chat, person_id, :buttons, :now FROM addresses"
            " WHERE channel = :channel AND account = :account AND chat = :chat AND sender = :sender",
            {**address.values(), "message": message, "buttons": to_json(buttons), "now": now},
        )
    )


def latest(database: Database, address: Address, person: int, since: str) -> Menu | None:
    """Return the newest menu shown to a person in a chat since a time."""
    return next(iter(newest(database, address, person, since, 1)), None)


def newest(database: Database, address: Address, person: int, since: str, limit: int) -> list[Menu]:
    """Return up to `limit` menus shown to a person in a chat since a time, the newest first."""
    rows = database.rows(
        "SELECT id, buttons FROM menus WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND person_id = :person AND created_at >= :since ORDER BY id DESC LIMIT :limit",
        {**address.values(), "person": person, "since": since, "limit": limit},
    )
    return [_menu(row) for row in rows]


def get(database: Database, menu_id: int, address: Address, person: int) -> Menu | None:
    """Return a menu that was shown to this person in this chat; None for anybody else's.

    What was shown to the chat itself, because somebody asked unnamed, is everybody's there.
    """
    row = database.row(
        "SELECT id, buttons FROM menus WHERE id = :id AND channel = :channel AND account = :account"
        " AND chat = :chat AND (person_id = :person OR person_id IN (SELECT person_id FROM addresses"
        " WHERE channel = :channel AND account = :account AND chat = :chat AND sender = :chat))",
        {**address.values(), "id": menu_id, "person": person},
    )
    return _menu(row) if row else None


def is_in_chat(database: Database, menu_id: int, address: Address) -> bool:
    """Tell whether a menu was shown in this chat, to whomever."""
    values = {**address.values(), "id": menu_id}
    return (
        database.row(
            "SELECT 1 AS one FROM menus WHERE id = :id AND channel = :channel AND account = :account AND chat = :chat",
            values,
        )
        is not None
    )


def spend(database: Database, menu: Menu, places: Collection[int]) -> None:
    """Mark the buttons at these places as taken."""
    buttons = [{**button, SPENT: True} if place in places else button for place, button in enumerate(menu.buttons)]
    database.run(
        "UPDATE menus SET buttons = :buttons WHERE id = :id",
        {"id": menu.id, "buttons": to_json(buttons)},
    )


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` menus that were shown before a time; return how many."""
    return database.run(
        "DELETE FROM menus WHERE id IN (SELECT id FROM menus WHERE created_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def _menu(row: Row) -> Menu:
    return Menu(int(row["id"]), from_json(row["buttons"]))
