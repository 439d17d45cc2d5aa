"""What goes of a person in whichever table: all at once where he wants it, who he was some time after he has left.

A person is a number. Acts, roles and consents keep the number when everything else is gone; it is never given to
anybody else.
"""

from __future__ import annotations

from storage import (
    approvals,
    boards,
    destinations,
    fetches,
    members,
    outbox,
    people,
    polls,
    quiz_attempts,
    quiz_people,
    recipients,
    reports,
)
from storage.database import Database

PEOPLE_AT_ONCE = 50
"""People whom one transaction forgets: each touches many tables."""

_BELONGING = (
    *("menus", "dialogues", "absences", "join_requests", "opt_outs", "link_codes", "link_tries", "homes"),
    "quiz_practice",
)

# While any of these names a person he is needed.
_NEEDED = (
    ("members", "person_id"),
    ("addresses", "person_id"),
    ("memberships", "person_id"),
    ("roles", "person_id"),
    ("consents", "person_id"),
    ("menus", "person_id"),
    ("fetches", "person_id"),
    ("dialogues", "person_id"),
    ("absences", "person_id"),
    ("absences", "substitute_id"),
    ("join_requests", "person_id"),
    ("join_requests", "listed_id"),
    ("link_codes", "person_id"),
    ("link_tries", "person_id"),
    ("homes", "person_id"),
    ("reports", "reporter_id"),
    ("reports", "owner_id"),
    ("report_files", "person_id"),
    ("report_attempts", "person_id"),
    ("quiz_people", "person_id"),
    ("quiz_attempts", "person_id"),
    ("quiz_practice", "person_id"),
    ("opt_outs", "person_id"),
)
_UNNEEDED = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{column} = p.id)" for table, column in _NEEDED)


def erase(database: Database, person: int) -> None:
    """Delete everything of a person but what stands under his number alone; roles and consents are ended before."""
    _forget_who(database, person)
    values = {"person": person}
    for address in people.addresses_of(database, person):
        if not people.is_shared(database, address):
            outbox.forget_chat(database, address.channel, address.account, address.chat)
            destinations.forget_chat(database, address)
            boards.forget_chat(database, address.channel, address.account, address.chat)
            polls.forget_chat(database, address.channel, address.account, address.chat)
            for table in ("closed_chats", "led_away"):
                database.run(
                    f"DELETE FROM {table} WHERE channel = :channel AND account = :account AND chat = :chat",
                    address.values(),
                )
    fetches.forget(database, person)
    database.run("DELETE FROM addresses WHERE person_id = :person", values)
    database.run(f"DELETE FROM people AS p WHERE p.id = :person AND {_UNNEEDED}", values)


def purge_left(database: Database, before: str, limit: int) -> int:
    """Make up to `limit` people anonymous who left before a time; return how many, or `limit` where there may be more.

    Whoever of them still writes is a stranger from then on: his addresses belong to a new person.
    """
    most = min(limit, PEOPLE_AT_ONCE)
    left = database.rows(
        "SELECT person_id, since FROM members WHERE state = 'left' AND since < :before ORDER BY since LIMIT :limit",
        {"before": before, "limit": most},
    )
    for row in left:
        person = int(row["person_id"])
        values = {"person": person, "since": row["since"]}
        database.run(
            "UPDATE consents SET withdrawn_at = :since WHERE person_id = :person AND withdrawn_at IS NULL", values
        )
        _forget_who(database, person)
        people.part(database, person, row["since"])
    return limit if len(left) == most else len(left)


def purge_strangers(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` addresses of people who are no members and did not write since a time; return how many.

    One that is held stays held.
    """
    return database.run(
        "DELETE FROM addresses WHERE rowid IN (SELECT a.rowid FROM addresses a JOIN people p ON p.id = a.person_id"
        " WHERE a.held_at IS NULL AND coalesce(a.used_at, p.created_at) < :before"
        " AND NOT EXISTS (SELECT 1 FROM members m WHERE m.person_id = a.person_id) LIMIT :limit)",
        {"before": before, "limit": limit},
    )


def purge_closed(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` of the chats that were closed before a time, and of who wrote there; return how many.

    The private chat of a member stays: he may come back. So does an address that is held.
    """
    closed = (
        "EXISTS (SELECT 1 FROM closed_chats c WHERE c.channel = a.channel AND c.account = a.account"
        " AND c.chat = a.chat AND c.closed_at < :before)"
    )
    values = {"before": before, "limit": limit}
    writers = database.run(
        f"DELETE FROM addresses WHERE rowid IN (SELECT a.rowid FROM addresses a WHERE a.held_at IS NULL AND {closed}"
        " AND (a.in_group = 1 OR NOT EXISTS (SELECT 1 FROM members m WHERE m.person_id = a.person_id)) LIMIT :limit)",
        values,
    )
    if writers == limit:
        return limit
    return database.run(
        "DELETE FROM closed_chats WHERE rowid IN (SELECT c.rowid FROM closed_chats c WHERE c.closed_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.channel = c.channel AND a.account = c.account"
        " AND a.chat = c.chat) LIMIT :limit)",
        values,
    )


def purge_people(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` people met before a time of whom nothing is left; return how many, or `limit` as above."""
    most = min(limit, PEOPLE_AT_ONCE)
    deleted = database.run(
        "DELETE FROM people WHERE id IN"
        f" (SELECT p.id FROM people p WHERE p.created_at < :before AND {_UNNEEDED} LIMIT :limit)",
        {"before": before, "limit": most},
    )
    return limit if deleted == most else deleted


def _forget_who(database: Database, person: int) -> None:
    """Delete who somebody is and what he was about to do; where others' rows name him, they name nobody."""
    values = {"person": person}
    approvals.forget(database, person)
    reports.forget(database, person)
    quiz_people.forget(database, person)
    quiz_attempts.forget(database, person)
    for table in _BELONGING:
        database.run(f"DELETE FROM {table} WHERE person_id = :person", values)
    database.run("UPDATE absences SET substitute_id = NULL WHERE substitute_id = :person", values)
    database.run("UPDATE join_requests SET listed_id = NULL WHERE listed_id = :person", values)
    recipients.forget(database, person)
    members.forget(database, person)
