"""Writing the list of whom a broadcast goes to, and counting beforehand how long it will be.

Both go through the members in parts by the range of their numbers, each part by one statement, so that no transaction
takes long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.database import Database
from storage.recipients import BLOCKED, HELD, NO_CHAT, NOT_JOINED, OPTED_OUT, Selection, closed


def survey(database: Database, broadcast: int, selection: Selection, day: str, after: int, limit: int) -> int | None:
    """Add to the sums whoever is meant among the next `limit` members after a person; write no list.

    Returns the last of them, None where there are no more.
    """
    last = _last_of(database, after, limit)
    if last is not None:
        _add(database, f"({_meant(selection)})", {**_range(broadcast, day, after, last), **selection.values})
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
    database.run(
        "INSERT INTO recipients (broadcast_id, person_id, unit_id, channel, account, chat, state, reason)"
        f" SELECT :broadcast, person_id, unit_id, channel, account, chat, state, reason FROM ({_meant(selection)})"
        " WHERE 1 = 1 ON CONFLICT DO NOTHING",
        {**values, **selection.values},
    )
    _add(
        database,
        "(SELECT * FROM recipients WHERE broadcast_id = :broadcast AND person_id > :after AND person_id <= :last)",
        values,
    )
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


def _meant(selection: Selection) -> str:
    """The people of a range whom a selection means, with where each is written to, or why he is not."""
    # Nobody belongs to two units on the same day: a join takes less time than a query for each.
    members = (
        "SELECT p.person_id, p.state, s.unit_id FROM members p LEFT JOIN memberships s ON s.person_id = p.person_id"
        " AND s.from_day <= :day AND (s.until_day IS NULL OR s.until_day > :day)"
        " WHERE p.person_id > :after AND p.person_id <= :last AND p.state IN ('joined', 'listed')"
    )
    # The private chat used last of those that are open: there is none that is better.
    best = (
        "a.person_id = m.person_id AND a.in_group = 0 AND NOT EXISTS (SELECT 1 FROM addresses b"
        " WHERE b.person_id = a.person_id AND b.in_group = 0"
        " AND (coalesce(b.used_at, ''), b.channel, b.account, b.chat)"
        f" > (coalesce(a.used_at, ''), a.channel, a.account, a.chat) AND NOT EXISTS ({closed('b')})"
        f" AND NOT EXISTS ({_left('b')})) AND NOT EXISTS ({closed('a')}) AND NOT EXISTS ({_left('a')})"
    )
    # Where an address of somebody is held, nobody knows who reads the others.
    reason = (
        f"CASE WHEN m.state <> 'joined' THEN '{NOT_JOINED}'"
        f" WHEN EXISTS (SELECT 1 FROM opt_outs o WHERE o.person_id = m.person_id) THEN '{OPTED_OUT}'"
        " WHEN EXISTS (SELECT 1 FROM addresses h WHERE h.person_id = m.person_id AND h.held_at IS NOT NULL)"
        f" THEN '{HELD}' WHEN a.chat IS NOT NULL THEN ''"
        " WHEN EXISTS (SELECT 1 FROM addresses h WHERE h.person_id = m.person_id AND h.in_group = 0)"
        f" THEN '{BLOCKED}' ELSE '{NO_CHAT}' END"
    )
    # Materialized, or else the reason would be looked up anew for each column that depends on it.
    return (
        f"WITH found AS MATERIALIZED (SELECT m.person_id, m.unit_id, coalesce(a.channel, '') AS channel,"
        f" coalesce(a.account, '') AS account, coalesce(a.chat, '') AS chat, {reason} AS reason FROM ({members}) m"
        f" LEFT JOIN addresses a ON {best} WHERE {selection.where})"
        " SELECT person_id, unit_id, channel, account, chat, CASE WHEN reason = '' THEN 'waiting' ELSE 'skipped' END"
        " AS state, reason FROM found"
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


def _left(address: str) -> str:
    """The query for whether somebody talks to another bot of a messenger than that of an address (`storage.bots`)."""
    return (
        f"SELECT 1 FROM homes g WHERE g.person_id = {address}.person_id AND g.channel = {address}.channel"
        f" AND g.account <> {address}.account"
    )
