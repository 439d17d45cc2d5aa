"""Whom a broadcast goes to: one row a person, frozen when sending starts, with how it ended and whether he knows of it.

The rows are written in parts by the range of the people's numbers, each part by one statement, so that no transaction
takes long. How many there are of each kind is kept as sums, changed with the rows, so that nobody has to count them.

A row is `waiting` until its message is put into the outbox (`queued`), and then `sent`, `failed` or `unknown`. It is
`skipped` from the beginning where nobody can or may be written to; its reason says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.database import Database, Row
from storage.people import Address

REACHABLE = ""
NOT_JOINED, OPTED_OUT, HELD, BLOCKED, NO_CHAT = "not_joined", "opted_out", "held", "blocked", "no_chat"
FORGOTTEN, MERGED = "forgotten", "merged"
"""Why somebody is left out."""

ENDS = ("sent", "failed", "unknown")

_PERSON = "broadcast_id = :broadcast AND person_id = :person"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which members are meant: a condition on the member `m`, with `m.person_id` and the unit of today, `m.unit_id`."""

    where: str = "1 = 1"
    values: Mapping[str, Any] = field(default_factory=dict)

    def and_(self, other: Selection) -> Selection:
        """Return those whom both mean; their parameters have different names."""
        return Selection(f"({self.where}) AND ({other.where})", {**self.values, **other.values})


EVERYBODY = Selection()


def in_units(units: Iterable[int], name: str = "unit") -> Selection:
    """Select those who belong to some units today; `name` is the beginning of the names of its parameters."""
    values = {f"{name}{number}": unit for number, unit in enumerate(units)}
    return Selection(f"m.unit_id IN ({_places(values)})", values)


def named(people: Iterable[int]) -> Selection:
    """Select some people."""
    values = {f"named{number}": person for number, person in enumerate(people)}
    return Selection(f"m.person_id IN ({_places(values)})", values)


def with_roles(roles: Iterable[str]) -> Selection:
    """Select those who have been given one of some roles."""
    values = {f"role{number}": role for number, role in enumerate(roles)}
    return Selection(
        f"m.person_id IN (SELECT o.person_id FROM roles o WHERE o.taken_at IS NULL AND o.role IN ({_places(values)}))",
        values,
    )


def not_informed_by(broadcast: int) -> Selection:
    """Select those who were to get an earlier broadcast and are not known to know of it."""
    return Selection(
        "EXISTS (SELECT 1 FROM recipients e WHERE e.broadcast_id = :earlier AND e.person_id = m.person_id"
        " AND e.informed_at IS NULL)",
        {"earlier": broadcast},
    )


# Freezing


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


# Sending


@dataclass(frozen=True, slots=True)
class Next:
    """Somebody whose turn it is; `address` is None where he cannot be written to any more."""

    person: int
    address: Address | None


def take(database: Database, broadcast: int, channel: str, account: str, limit: int) -> Sequence[Next]:
    """Queue the next `limit` people of an account who wait, in the order of their numbers; return them.

    Those who cannot be written to any more have failed.
    """
    rows = database.rows(
        "SELECT r.person_id, r.chat, a.sender FROM recipients r LEFT JOIN addresses a ON a.channel = r.channel"
        " AND a.account = r.account AND a.chat = r.chat AND a.person_id = r.person_id AND a.held_at IS NULL"
        f" AND a.in_group = 0 AND NOT EXISTS ({_closed('a')})"
        " WHERE r.broadcast_id = :broadcast AND r.state = 'waiting'"
        " AND r.channel = :channel AND r.account = :account ORDER BY r.person_id LIMIT :limit",
        {"broadcast": broadcast, "channel": channel, "account": account, "limit": limit},
    )
    found = []
    moved: dict[tuple[str, str], int] = {}
    for row in rows:
        state, reason = ("queued", "") if row["sender"] else ("failed", "gone")
        database.run(
            f"UPDATE recipients SET state = :state, reason = :reason WHERE {_PERSON}",
            {"broadcast": broadcast, "person": row["person_id"], "state": state, "reason": reason},
        )
        moved[state, reason] = moved.get((state, reason), 0) + 1
        address = Address(channel, account, row["chat"], row["sender"]) if row["sender"] else None
        found.append(Next(row["person_id"], address))
    if not rows:
        # Nobody waits, whatever the sum says.
        database.run(
            "UPDATE broadcast_sums SET people = 0 WHERE broadcast_id = :broadcast AND channel = :channel"
            " AND account = :account AND state = 'waiting'",
            {"broadcast": broadcast, "channel": channel, "account": account},
        )
    for (state, reason), people in moved.items():
        _shift(database, broadcast, (channel, account), ("waiting", ""), (state, reason), people)
    return found


def end(database: Database, broadcast: int, person: int, state: str, reason: str, now: str) -> bool:
    """Note how the message to somebody ended; return False where none of his was under way."""
    row = database.row(
        f"UPDATE recipients SET state = :state, reason = :reason, ended_at = :now WHERE {_PERSON}"
        " AND state = 'queued' RETURNING channel, account",
        {"broadcast": broadcast, "person": person, "state": state, "reason": reason, "now": now},
    )
    if row:
        _shift(database, broadcast, (row["channel"], row["account"]), ("queued", ""), (state, reason), 1)
    return row is not None


def give_back(database: Database, broadcast: int, person: int) -> None:
    """Let somebody wait again whose message was taken out of the outbox before it left."""
    row = database.row(
        f"UPDATE recipients SET state = 'waiting' WHERE {_PERSON} AND state = 'queued' RETURNING channel, account",
        {"broadcast": broadcast, "person": person},
    )
    if row:
        _shift(database, broadcast, (row["channel"], row["account"]), ("queued", ""), ("waiting", ""), 1)


def drop(database: Database, broadcast: int, reason: str, after: int, limit: int) -> int | None:
    """Skip whoever still waits among the next `limit` rows after a person, for a reason.

    Returns the last of those rows, None where there are no more.
    """
    return _turn(database, broadcast, ("waiting",), "skipped", reason, after, limit)


def try_again(database: Database, broadcast: int, after: int, limit: int) -> int | None:
    """Let whoever failed among the next `limit` rows after a person wait again; an `unknown` end stays what it is.

    Returns the last of those rows, None where there are no more.
    """
    return _turn(database, broadcast, ("failed",), "waiting", "", after, limit)


def doubt(database: Database) -> None:
    """Take whoever waits for one who may have got it: the copy that was put back does not know what went out since.

    Broadcasts never go out twice.
    """
    going = "(SELECT id FROM broadcasts WHERE state IN ('freezing', 'running', 'paused'))"
    open_ = f"state IN ('waiting', 'queued') AND broadcast_id IN {going}"
    database.run(f"UPDATE recipients SET state = 'unknown', reason = 'restored' WHERE {open_}")
    database.run(
        "INSERT INTO broadcast_sums (broadcast_id, channel, account, state, reason, people)"
        " SELECT broadcast_id, channel, account, 'unknown', 'restored', sum(people) FROM broadcast_sums"
        f" WHERE {open_} GROUP BY broadcast_id, channel, account"
        " ON CONFLICT (broadcast_id, channel, account, state, reason)"
        " DO UPDATE SET people = broadcast_sums.people + excluded.people"
    )
    database.run(f"DELETE FROM broadcast_sums WHERE {open_}")


# Looking


@dataclass(frozen=True, slots=True)
class Sum:
    """How many people of an account are in a state, for a reason."""

    channel: str
    account: str
    state: str
    reason: str
    people: int


def sums(database: Database, broadcast: int) -> Sequence[Sum]:
    """Return how many people of a broadcast are in which state, none of 0."""
    rows = database.rows(
        "SELECT channel, account, state, reason, people FROM broadcast_sums WHERE broadcast_id = :broadcast"
        " AND people > 0 ORDER BY channel, account, state, reason",
        {"broadcast": broadcast},
    )
    return [Sum(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a broadcast goes to; times are UTC.

    Attributes:
        informed_at, informed_how: when and how he is known to know of it: "press", "meeting", "phone"; None, "".
    """

    person: int
    name: str
    position: str
    unit: int | None
    state: str
    reason: str
    ended_at: str | None
    informed_at: str | None
    informed_how: str


def get(database: Database, broadcast: int, person: int) -> Recipient | None:
    """Return somebody a broadcast goes to; None for anybody else."""
    row = database.row(
        f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.person_id = :person",
        {"broadcast": broadcast, "person": person},
    )
    return _recipient(row) if row else None


def some(
    database: Database, broadcast: int, units: Iterable[int] | None, after: int, limit: int, *, uninformed: bool = False
) -> Sequence[Recipient]:
    """Return the next `limit` recipients after a person, by number; of some units, or with None of all."""
    values = {} if units is None else {f"unit{number}": unit for number, unit in enumerate(units)}
    within = "" if units is None else f" AND r.unit_id IN ({_places(values)})"
    if uninformed:
        within += " AND r.informed_at IS NULL"
    rows = database.rows(
        f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.person_id > :after{within} ORDER BY r.person_id"
        " LIMIT :limit",
        {"broadcast": broadcast, "after": after, "limit": limit, **values},
    )
    return [_recipient(row) for row in rows]


@dataclass(frozen=True, slots=True)
class UnitSum:
    """A unit's people of a broadcast: all, those whom it reached, and those who are known to know of it."""

    unit: int | None
    people: int
    sent: int
    informed: int


def by_unit(database: Database, broadcast: int) -> Sequence[UnitSum]:
    """Return the sums of each unit."""
    rows = database.rows(
        "SELECT unit_id AS unit, count(*) AS people, sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END) AS sent,"
        " sum(CASE WHEN informed_at IS NULL THEN 0 ELSE 1 END) AS informed FROM recipients"
        " WHERE broadcast_id = :broadcast GROUP BY unit_id ORDER BY unit_id",
        {"broadcast": broadcast},
    )
    return [UnitSum(**row) for row in rows]


def inform(database: Database, broadcast: int, person: int, how: str, by: int, now: str) -> bool:
    """Note that somebody knows of a broadcast; return False where that was noted before, or it is not for him."""
    return bool(
        database.run(
            f"UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by WHERE {_PERSON}"
            " AND informed_at IS NULL",
            {"broadcast": broadcast, "person": person, "how": how, "by": by, "now": now},
        )
    )


def uninform(database: Database, broadcast: int, person: int) -> bool:
    """Take back that somebody was informed at a meeting or by phone; what he confirmed himself stays."""
    return bool(
        database.run(
            f"UPDATE recipients SET informed_at = NULL, informed_how = NULL, informed_by = NULL WHERE {_PERSON}"
            " AND informed_how <> 'press'",
            {"broadcast": broadcast, "person": person},
        )
    )


def inform_unit(database: Database, broadcast: int, units: Iterable[int], how: str, by: int, now: str) -> int:
    """Note that everybody of some units knows what a broadcast says; return of how many that was not noted before."""
    values = {f"unit{number}": unit for number, unit in enumerate(units)}
    return database.run(
        "UPDATE recipients SET informed_at = :now, informed_how = :how, informed_by = :by"
        f" WHERE broadcast_id = :broadcast AND unit_id IN ({_places(values)}) AND informed_at IS NULL",
        {"broadcast": broadcast, "how": how, "by": by, "now": now, **values},
    )


def newest_for(database: Database, person: int) -> int | None:
    """Return the newest broadcast that somebody got and has not confirmed."""
    row = database.row(
        "SELECT max(b.id) AS number FROM broadcasts b JOIN recipients r ON r.broadcast_id = b.id"
        " AND r.person_id = :person WHERE r.informed_at IS NULL AND r.state IN ('queued', 'sent', 'unknown')",
        {"person": person},
    )
    return row["number"] if row else None


def count_of(database: Database, person: int) -> int:
    """Return in how many lists somebody stands."""
    row = database.row(
        "SELECT count(*) AS n FROM broadcasts b JOIN recipients r ON r.broadcast_id = b.id AND r.person_id = :person",
        {"person": person},
    )
    return int(row["n"]) if row else 0


def forget(database: Database, person: int) -> None:
    """Take somebody off every list; of whom there were, the sums still tell how many."""
    for row in database.rows("SELECT id FROM broadcasts"):
        _delete(database, row["id"], person)


def merge(database: Database, person: int, into: int) -> None:
    """Let one person stand in the place of another on every list, and get nothing that the other got."""
    for row in database.rows("SELECT id FROM broadcasts"):
        number = row["id"]
        # How a message ends that is under way is told of the number that is gone.
        end(database, number, person, "unknown", MERGED, "")
        old, new = (_of(database, number, one) for one in (person, into))
        if old and new:
            if new["state"] == "waiting" and old["state"] in ("sent", "unknown"):
                values = {"broadcast": number, "person": into, "reason": MERGED}
                database.run(f"UPDATE recipients SET state = 'skipped', reason = :reason WHERE {_PERSON}", values)
                account = (new["channel"], new["account"])
                _shift(database, number, account, ("waiting", ""), ("skipped", MERGED), 1)
            if old["informed_at"]:
                inform(database, number, into, old["informed_how"], old["informed_by"], old["informed_at"])
            _delete(database, number, person)
        elif old:
            values = {"broadcast": number, "person": person, "into": into}
            database.run(f"UPDATE recipients SET person_id = :into WHERE {_PERSON}", values)


def _of(database: Database, broadcast: int, person: int) -> Row | None:
    return database.row(f"SELECT * FROM recipients WHERE {_PERSON}", {"broadcast": broadcast, "person": person})


def _delete(database: Database, broadcast: int, person: int) -> None:
    row = database.row(
        f"DELETE FROM recipients WHERE {_PERSON} RETURNING channel, account, state",
        {"broadcast": broadcast, "person": person},
    )
    if row and row["state"] in ("waiting", "queued"):
        account = (row["channel"], row["account"])
        _shift(database, broadcast, account, (row["state"], ""), ("skipped", FORGOTTEN), 1)


_RECIPIENT = (
    "SELECT r.person_id, coalesce(m.name, '') AS name, coalesce(m.position, '') AS position, r.unit_id, r.state,"
    " r.reason, r.ended_at, r.informed_at, coalesce(r.informed_how, '') AS informed_how FROM recipients r"
    " LEFT JOIN members m ON m.person_id = r.person_id"
)


def _recipient(row: Row) -> Recipient:
    return Recipient(
        person=row["person_id"],
        name=row["name"],
        position=row["position"],
        unit=row["unit_id"],
        state=row["state"],
        reason=row["reason"],
        ended_at=row["ended_at"],
        informed_at=row["informed_at"],
        informed_how=row["informed_how"],
    )


def _closed(address: str) -> str:
    """The query for whether the chat of an address is closed."""
    of = " AND ".join(f"c.{part} = {address}.{part}" for part in ("channel", "account", "chat"))
    return f"SELECT 1 FROM closed_chats c WHERE {of}"


def _left(address: str) -> str:
    """The query for whether somebody talks to another bot of a messenger than that of an address (`storage.bots`)."""
    return (
        f"SELECT 1 FROM homes g WHERE g.person_id = {address}.person_id AND g.channel = {address}.channel"
        f" AND g.account <> {address}.account"
    )


def _places(values: Mapping[str, Any]) -> str:
    return ", ".join(f":{name}" for name in values) or "NULL"


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
        f" > (coalesce(a.used_at, ''), a.channel, a.account, a.chat) AND NOT EXISTS ({_closed('b')})"
        f" AND NOT EXISTS ({_left('b')})) AND NOT EXISTS ({_closed('a')}) AND NOT EXISTS ({_left('a')})"
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


def _turn(
    database: Database, broadcast: int, old: Sequence[str], new: str, reason: str, after: int, limit: int
) -> int | None:
    """Give some of the next rows another state, and move them from sum to sum."""
    row = database.row(
        "SELECT max(person_id) AS last FROM (SELECT person_id FROM recipients WHERE broadcast_id = :broadcast"
        " AND person_id > :after ORDER BY person_id LIMIT :limit)",
        {"broadcast": broadcast, "after": after, "limit": limit},
    )
    last = row["last"] if row else None
    if last is None:
        return None
    states = {f"old{number}": state for number, state in enumerate(old)}
    values = {"broadcast": broadcast, "after": after, "last": last, **states}
    these = f"broadcast_id = :broadcast AND person_id > :after AND person_id <= :last AND state IN ({_places(states)})"
    counted = database.rows(
        f"SELECT channel, account, state, reason, count(*) AS people FROM recipients WHERE {these}"
        " GROUP BY channel, account, state, reason",
        values,
    )
    database.run(
        f"UPDATE recipients SET state = :new, reason = :reason WHERE {these}", {**values, "new": new, "reason": reason}
    )
    for found in counted:
        account = (found["channel"], found["account"])
        _shift(database, broadcast, account, (found["state"], found["reason"]), (new, reason), found["people"])
    return int(last)


def _shift(
    database: Database, broadcast: int, account: tuple[str, str], old: tuple[str, str], new: tuple[str, str], count: int
) -> None:
    """Move so many people from one sum to another."""
    for (state, reason), people in ((old, -count), (new, count)):
        database.run(
            "INSERT INTO broadcast_sums (broadcast_id, channel, account, state, reason, people)"
            " VALUES (:broadcast, :channel, :account, :state, :reason, :people)"
            " ON CONFLICT (broadcast_id, channel, account, state, reason)"
            " DO UPDATE SET people = broadcast_sums.people + excluded.people",
            {
                "broadcast": broadcast,
                "channel": account[0],
                "account": account[1],
                "state": state,
                "reason": reason,
                "people": people,
            },
        )
