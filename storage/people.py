"""People and the addresses they write from.

An address is (channel, account, chat, sender). A person has one or more; everything that belongs to somebody
belongs to the person.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message comes from: the channel, the bot's own account in it, the chat, and who wrote."""

    channel: str
    account: str
    chat: str
    sender: str

    def values(self) -> dict[str, str]:
        """Return the address as named parameters of a statement."""
        return {"channel": self.channel, "account": self.account, "chat": self.chat, "sender": self.sender}


def chats_of(database: Database, channel: str, account: str) -> list[str]:
    """Return the chats of an account in which somebody wrote and can be reached."""
    rows = database.rows(
        "SELECT DISTINCT chat FROM addresses a WHERE channel = :channel AND account = :account AND NOT EXISTS"
        " (SELECT 1 FROM closed_chats c WHERE c.channel = a.channel AND c.account = a.account AND c.chat = a.chat)"
        " ORDER BY chat",
        {"channel": channel, "account": account},
    )
    return [row["chat"] for row in rows]


def person_at(database: Database, address: Address, now: str) -> int:
    """Return the id of the person at an address; a new address gets a new person."""
    values = {**address.values(), "now": now}
    known = database.row(
        "SELECT person_id FROM addresses WHERE channel = :channel AND account = :account"
        " AND chat = :chat AND sender = :sender",
        values,
    )
    if known:
        return int(known["person_id"])
    # The same account writing in another chat (a group and in private) is the same person.
    elsewhere = database.row(
        "SELECT person_id FROM addresses WHERE channel = :channel AND account = :account"
        " AND sender = :sender ORDER BY person_id LIMIT 1",
        values,
    )
    if elsewhere:
        person = int(elsewhere["person_id"])
    else:
        created = database.row("INSERT INTO people (created_at) VALUES (:now) RETURNING id", values)
        assert created is not None
        person = int(created["id"])
    database.run(
        "INSERT INTO addresses (channel, account, chat, sender, person_id)"
        " VALUES (:channel, :account, :chat, :sender, :person)",
        {**values, "person": person},
    )
    return person
