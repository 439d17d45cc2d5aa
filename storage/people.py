"""People and the addresses they write from.

An address is (channel, account, chat, sender). A person has one or more; everything that belongs to somebody
belongs to the person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from storage import chats
from storage.database import Database

_HOUR = len("2026-01-01T00")
"""So much of a time is compared: that an address was used is written down once an hour, not with every message."""

OPEN = (
    "a.in_group = 0 AND NOT EXISTS (SELECT 1 FROM closed_chats c"
    " WHERE c.channel = a.channel AND c.account = a.account AND c.chat = a.chat)"
)
"""That an address `a` stands for a private chat that is not closed."""

REACHED = (
    f"{OPEN} AND NOT EXISTS (SELECT 1 FROM homes h"
    " WHERE h.person_id = a.person_id AND h.channel = a.channel AND h.account <> a.account)"
)
"""The same, and that of several bots of a messenger it is with the one that the person talks to (`storage.bots`)."""

_NOT_HELD = {"held_at": None, "held_by": None}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message comes from: the channel, the bot's own account in it, the chat, and who wrote.

    Where somebody writes in the name of a group, unnamed, the sender is the chat itself.
    """

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


def heard_from(database: Database, address: Address, now: str, *, in_group: bool = False) -> int:
    """Return the id of the person who writes from an address, as `person_at` does; a closed chat is open again."""
    person, is_closed = _person_at(database, address, now, in_group)
    if is_closed:
        chats.open_again(database, address.channel, address.account, address.chat)
    return person


def person_at(database: Database, address: Address, now: str, *, in_group: bool = False) -> int:
    """Return the id of the person at an address; a new address gets a new person.

    `in_group` says that others read the chat too, so that nothing for this person alone is sent there.
    """
    return _person_at(database, address, now, in_group)[0]


def _person_at(database: Database, address: Address, now: str, in_group: bool) -> tuple[int, bool]:
    """The person at an address, and whether its chat is closed; one statement where both are as they were."""
    values = {**address.values(), "now": now, "in_group": int(in_group)}
    known = database.row(
        "SELECT person_id, used_at, EXISTS (SELECT 1 FROM closed_chats c WHERE c.channel = a.channel"
        " AND c.account = a.account AND c.chat = a.chat) AS is_closed FROM addresses a WHERE channel = :channel"
        " AND account = :account AND chat = :chat AND sender = :sender",
        values,
    )
    if known:
        if known["used_at"] is None or known["used_at"][:_HOUR] != now[:_HOUR]:
            database.run(
                "UPDATE addresses SET used_at = :now WHERE channel = :channel AND account = :account"
                " AND chat = :chat AND sender = :sender",
                values,
            )
        return int(known["person_id"]), bool(known["is_closed"])
    # The same account writing in another chat (a group and in private) is the same person.
    elsewhere = database.row(
        "SELECT person_id, held_at, held_by FROM addresses WHERE channel = :channel AND account = :account"
        " AND sender = :sender ORDER BY person_id LIMIT 1",
        values,
    )
    person = int(elsewhere["person_id"]) if elsewhere else create(database, now)
    held = {"held_at": elsewhere["held_at"], "held_by": elsewhere["held_by"]} if elsewhere else _NOT_HELD
    database.run(
        "INSERT INTO addresses (channel, account, chat, sender, person_id, in_group, used_at, held_at, held_by)"
        " VALUES (:channel, :account, :chat, :sender, :person, :in_group, :now, :held_at, :held_by)",
        {**values, **held, "person": person},
    )
    # In a group that was closed others may have written before.
    return person, True


def known_at(database: Database, address: Address) -> int | None:
    """Return the id of the person at an address; None for one that nobody wrote from."""
    row = database.row(
        "SELECT person_id FROM addresses WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND sender = :sender",
        address.values(),
    )
    return int(row["person_id"]) if row else None


def create(database: Database, now: str) -> int:
    """Return a new person who has no address yet."""
    return database.insert("INSERT INTO people (created_at) VALUES (:now)", {"now": now})


def reached_at(database: Database, person: int) -> Address | None:
    """Return where somebody is written to: the private chat used last of those that are neither held nor closed."""
    return next(iter(all_reached_at(database, person)), None)


def all_reached_at(database: Database, person: int) -> Sequence[Address]:
    """Return every private chat where somebody can be written to, the one used last first.

    Of several bots in one messenger only that which he talks to writes to him (`storage.bots`).
    """
    rows = database.rows(
        "SELECT channel, account, chat, sender FROM addresses a"
        f" WHERE person_id = :person AND held_at IS NULL AND {REACHED} ORDER BY used_at DESC",
        {"person": person},
    )
    return [Address(**row) for row in rows]


def addresses_of(database: Database, person: int) -> Sequence[Address]:
    """Return every address of somebody, the one used last first."""
    rows = database.rows(
        "SELECT channel, account, chat, sender FROM addresses WHERE person_id = :person ORDER BY used_at DESC",
        {"person": person},
    )
    return [Address(**row) for row in rows]


def met(database: Database, person: int) -> str | None:
    """Return when somebody was met first; None for nobody."""
    row = database.row("SELECT created_at FROM people WHERE id = :person", {"person": person})
    return row["created_at"] if row else None


def forget_windows(database: Database, channel: str, account: str, before: str) -> int:
    """Delete the addresses of an account that is over, and those of its channel not used since a time.

    Return how many. An address that is held stays.
    """
    return database.run(
        "DELETE FROM addresses WHERE channel = :channel AND held_at IS NULL"
        " AND (account = :account OR coalesce(used_at, '') < :before)",
        {"channel": channel, "account": account, "before": before},
    )


def accounts_of(database: Database, person: int) -> Sequence[tuple[str, int, str | None]]:
    """Return (channel, in how many chats, when used last or None) of every account of somebody."""
    rows = database.rows(
        "SELECT channel, count(*) AS n, max(used_at) AS used_at FROM addresses WHERE person_id = :person"
        " GROUP BY channel, account, sender ORDER BY channel",
        {"person": person},
    )
    return [(row["channel"], row["n"], row["used_at"]) for row in rows]


def is_shared(database: Database, address: Address) -> bool:
    """Tell whether others read the chat of an address too."""
    row = database.row(
        "SELECT 1 AS one FROM addresses WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND (in_group = 1 OR sender <> :sender)",
        address.values(),
    )
    return row is not None


def linked(database: Database, person: int) -> Sequence[tuple[str, str, str, str | None]]:
    """Return (channel, account, sender, when used last or None) of every account that somebody writes from."""
    rows = database.rows(
        "SELECT channel, account, sender, max(used_at) AS used_at FROM addresses WHERE person_id = :person"
        " GROUP BY channel, account, sender ORDER BY channel, account, sender",
        {"person": person},
    )
    return [(row["channel"], row["account"], row["sender"], row["used_at"]) for row in rows]


def detach(database: Database, person: int, channel: str, account: str, sender: str, now: str) -> Sequence[Address]:
    """Let one account of somebody be that of a new person, of whom nothing is known; return its private chats.

    What he was shown there and was about to do there is forgotten.
    """
    values = {"person": person, "channel": channel, "account": account, "sender": sender}
    mine = "person_id = :person AND channel = :channel AND account = :account AND sender = :sender"
    rows = database.rows(f"SELECT channel, account, chat, sender, in_group FROM addresses WHERE {mine}", values)
    if not rows:
        return []
    database.run(
        f"UPDATE addresses SET person_id = :stranger WHERE {mine}", {**values, "stranger": create(database, now)}
    )
    for row in rows:
        for table in ("menus", "dialogues"):
            database.run(
                f"DELETE FROM {table} WHERE person_id = :person AND channel = :channel AND account = :account"
                " AND chat = :chat",
                {**values, "chat": row["chat"]},
            )
    return [Address(channel, account, row["chat"], sender) for row in rows if not row["in_group"]]


def part(database: Database, person: int, now: str) -> None:
    """Let whoever writes from the addresses of somebody be a new person, of whom nothing is known."""
    if addresses_of(database, person):
        stranger = {"person": person, "stranger": create(database, now)}
        for table in ("addresses", "fetches", "report_files"):
            database.run(f"UPDATE {table} SET person_id = :stranger WHERE person_id = :person", stranger)


def hold(database: Database, person: int, by: int, now: str, channels: Collection[str] = ()) -> int:
    """Trust the addresses of somebody no more, or only those in some channels: who writes there may be another.

    Returns how many were trusted.
    """
    places = {f"channel{number}": channel for number, channel in enumerate(channels)}
    only = f" AND channel IN ({', '.join(f':{place}' for place in places)})" if places else ""
    return database.run(
        f"UPDATE addresses SET held_at = :now, held_by = :by WHERE person_id = :person AND held_at IS NULL{only}",
        {"person": person, "by": by, "now": now, **places},
    )


def restore(database: Database, person: int) -> int:
    """Trust the addresses of somebody again; return how many were held."""
    return database.run(
        "UPDATE addresses SET held_at = NULL, held_by = NULL WHERE person_id = :person AND held_at IS NOT NULL",
        {"person": person},
    )


def is_held(database: Database, address: Address) -> bool:
    """Tell whether whoever writes at an address is not to be trusted."""
    row = database.row(
        "SELECT 1 AS one FROM addresses WHERE channel = :channel AND account = :account AND chat = :chat"
        " AND sender = :sender AND held_at IS NOT NULL",
        address.values(),
    )
    return row is not None


def has_held(database: Database, person: int) -> bool:
    """Tell whether any address of somebody is held."""
    values = {"person": person}
    return (
        database.row("SELECT 1 AS one FROM addresses WHERE person_id = :person AND held_at IS NOT NULL", values)
        is not None
    )
