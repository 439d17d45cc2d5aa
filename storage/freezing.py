"""Writing the list of whom a broadcast goes to, and counting beforehand how long it will be.

Both go through the members in parts by the range of their numbers, each part by few statements, so that no transaction
takes long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.database import Database
from storage.recipients import BLOCKED, HELD, NO_CHAT, NOT_JOINED, OPTED_OUT
from storage.selections import Selection

# Nobody belongs to two units on the same day: a join takes less time than a query for each.
_MEMBERS = (
    "(SELECT p.person_id, p.state, s.unit_id FROM members p LEFT JOIN memberships s ON s.person_id = p.person_id"
    " AND s.from_day <= :day AND (s.until_day IS NULL OR s.until_day > :day)"
    " WHERE p.person_id > :after AND p.person_id <= :last AND p.state IN ('joined', 'listed')) m"
)

# The order in which the chats of somebody stand in their index: what is read in it need not be sorted.
_USED_LAST_FIRST = "a.used_at DESC, a.channel DESC, a.account DESC, a.chat DESC"

_WRITTEN = "recipients WHERE broadcast_id = :broadcast AND person_id > :after AND person_id <= :last"


def survey(database: Database, broadcast: int, selection: Selection, day: str, after: int, limit: int) -> int | None:
    """Add to the sums whoever is meant among the next `limit` members after a person; write no list.

    Returns the last of them, None where there are no more.
    """
    last = _last_of(database, after, limit)
    if last is None:
        return None
    values = {**_range(broadcast, day, after, last), **selection.values}
    order = f"row_number() OVER (PARTITION BY m.person_id ORDER BY {_USED_LAST_FIRST})"
    chats = f"SELECT a.channel, a.account, 'waiting' AS state, '' AS reason, {order} AS place {_reached(selection)}"
    _add(database, f"(SELECT * FROM ({chats}) WHERE place = 1)", values)
    _add(database, f"({_left_out(selection, f'SELECT m.person_id {_reached(selection)}')})", values)
    return last


def freeze(database: Database, broadcast: int, selection: Selection, day: str, after: int, limit: int) -> int | None:
    """Write the rows of whoever is meant among the next `limit` members after a person, and add them to the sums.

    Somebody with several chats is written to in the one he used last. Returns the last of them, None where there are no
    more.
    """
    last = _last_of(database, after, limit)
    if last is None:
        return None
    values = _range(broadcast, day, after, last)
    found = {**values, **selection.values}
    into = "INSERT INTO recipients (broadcast_id, person_id, unit_id, channel, account, chat, state, reason)"
    # Of several chats the one used last comes first; the others find a row there.
    database.run(
        f"{into} SELECT :broadcast, m.person_id, m.unit_id, a.channel, a.account, a.chat, 'waiting', ''"
        f" {_reached(selection)} ORDER BY m.person_id, {_USED_LAST_FIRST} ON CONFLICT DO NOTHING",
        found,
    )
    database.run(
        f"{into} SELECT :broadcast, person_id, unit_id, channel, account, '', state, reason"
        f" FROM ({_left_out(selection, f'SELECT person_id FROM {_WRITTEN}')})",
        found,
    )
    _add(database, f"(SELECT * FROM {_WRITTEN})", values)
    return last


def forget_sums(database: Database, broadcast: int) -> None:
    """Begin to count anew."""
    database.run("DELETE FROM broadcast_sums WHERE broadcast_id = :broadcast", {"broadcast": broadcast})


def _range(broadcast: int, day: str, after: int, last: int) -> dict[str, Any]:
    return {"broadcast": broadcast, "day": day, "after": after, "last": last}


def _last_of(database: Database, after: int, limit: int) -> int | None:
    # To step over so many costs less than to look at them; the last part is shorter.
    row = database.row(
        "SELECT person_id AS last FROM members WHERE person_id > :after ORDER BY person_id LIMIT 1 OFFSET :others",
        {"after": after, "others": limit - 1},
    ) or database.row("SELECT max(person_id) AS last FROM members WHERE person_id > :after", {"after": after})
    return row["last"] if row else None


def _reached(selection: Selection) -> str:
    """From where the people of a range `m` are taken who are meant and can be written to, each with every chat `a`."""
    # Joins, which are opened once: a query inside is opened anew for each row, and takes twice as long.
    return (
        f"FROM {_MEMBERS} JOIN addresses a ON a.person_id = m.person_id AND a.in_group = 0"
        " LEFT JOIN closed_chats c ON c.channel = a.channel AND c.account = a.account AND c.chat = a.chat"
        # Somebody who talks to another bot of the messenger than that of this chat (`storage.bots`).
        " LEFT JOIN homes g ON g.person_id = a.person_id AND g.channel = a.channel AND g.account <> a.account"
        " LEFT JOIN opt_outs o ON o.person_id = m.person_id"
        # Where an address of somebody is held, nobody knows who reads the others.
        " LEFT JOIN addresses h ON h.person_id = m.person_id AND h.held_at IS NOT NULL"
        " WHERE m.state = 'joined' AND c.chat IS NULL AND g.person_id IS NULL AND o.person_id IS NULL"
        f" AND h.person_id IS NULL AND ({selection.where})"
    )


def _left_out(selection: Selection, reached: str) -> str:
    """The query for the people of a range who are meant and not among those that are reached, with why not."""
    reason = (
        f"CASE WHEN m.state <> 'joined' THEN '{NOT_JOINED}'"
        f" WHEN EXISTS (SELECT 1 FROM opt_outs o WHERE o.person_id = m.person_id) THEN '{OPTED_OUT}'"
        " WHEN EXISTS (SELECT 1 FROM addresses h WHERE h.person_id = m.person_id AND h.held_at IS NOT NULL)"
        f" THEN '{HELD}'"
        " WHEN EXISTS (SELECT 1 FROM addresses h WHERE h.person_id = m.person_id AND h.in_group = 0)"
        f" THEN '{BLOCKED}' ELSE '{NO_CHAT}' END"
    )
    return (
        "SELECT m.person_id, m.unit_id, '' AS channel, '' AS account, 'skipped' AS state,"
        f" {reason} AS reason FROM {_MEMBERS} WHERE m.person_id NOT IN ({reached}) AND ({selection.where})"
    )


def _add(database: Database, rows: str, values: Mapping[str, Any]) -> None:
    database.run(
        "INSERT INTO broadcast_sums (broadcast_id, channel, account, state, reason, people)"
        f" SELECT :broadcast, channel, account, state, reason, count(*) FROM {rows} WHERE 1 = 1"
        " GROUP BY channel, account, state, reason"
        " ON CONFLICT (broadcast_id, channel, account, state, reason)"
        " DO UPDATE SET people = broadcast_sums.people + excluded.people",
        values,
    )
