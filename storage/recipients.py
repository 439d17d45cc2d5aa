"""Whom a broadcast goes to: one row a person, frozen when sending starts, with how it ended and whether he knows of it.

The rows are written by `storage.freezing`; who knows of it is noted by `storage.informing`. How many there are of each
kind is kept as sums, changed with the rows, so that nobody has to count them.

A row is `waiting` until its message is put into the outbox (`queued`), and then `sent`, `failed` or `unknown`. It is
`skipped` from the beginning where nobody can or may be written to; its reason says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Row
from storage.informing import inform, last_of, recount, recount_sent
from storage.people import OPEN, REACHED, Address
from storage.selections import places
from storage.stored_json import to_json

REACHABLE = ""
NOT_JOINED, OPTED_OUT, HELD, BLOCKED, NO_CHAT = "not_joined", "opted_out", "held", "blocked", "no_chat"
FORGOTTEN, MERGED, DEPARTED = "forgotten", "merged", "departed"
"""Why somebody is left out."""

ENDS = ("sent", "failed", "unknown")

_PERSON = "broadcast_id = :broadcast AND person_id = :person"
_PEOPLE = "broadcast_id = :broadcast AND person_id IN (SELECT value FROM json_each(:people))"

# People among whom some are looked for to be offered by name.
_MOST_LOOKED_AT = 10_000


# Sending


@dataclass(frozen=True, slots=True)
class Next:
    """Somebody whose turn it is; `address` is None where he cannot be written to any more."""

    person: int
    address: Address | None


def take(database: Database, broadcast: int, channel: str, account: str, limit: int) -> Sequence[Next]:
    """Queue the next `limit` people of an account who wait, in the order of their numbers; return them.

    Those who cannot be written to any more have failed; who has left the office or wants none since is skipped.
    """
    rows = database.rows(
        "SELECT r.person_id, r.chat, a.sender, CASE"
        f" WHEN coalesce(m.state, '') <> 'joined' THEN '{DEPARTED}'"
        f" WHEN o.person_id IS NOT NULL THEN '{OPTED_OUT}'"
        " WHEN EXISTS (SELECT 1 FROM addresses h WHERE h.person_id = r.person_id AND h.held_at IS NOT NULL)"
        f" THEN '{HELD}' WHEN a.sender IS NULL THEN 'gone' ELSE '' END AS reason"
        " FROM recipients r LEFT JOIN addresses a ON a.channel = r.channel"
        " AND a.account = r.account AND a.chat = r.chat AND a.person_id = r.person_id"
        f" AND {OPEN}"
        " LEFT JOIN members m ON m.person_id = r.person_id LEFT JOIN opt_outs o ON o.person_id = r.person_id"
        " WHERE r.broadcast_id = :broadcast AND r.state = 'waiting'"
        " AND r.channel = :channel AND r.account = :account ORDER BY r.person_id LIMIT :limit",
        {"broadcast": broadcast, "channel": channel, "account": account, "limit": limit},
    )
    found = []
    moved: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        reason = row["reason"]
        state = "queued" if not reason else "skipped" if reason in (DEPARTED, OPTED_OUT) else "failed"
        moved.setdefault((state, reason), []).append(row["person_id"])
        address = None if reason else Address(channel, account, row["chat"], row["sender"])
        found.append(Next(row["person_id"], address))
    if not rows:
        # Nobody waits, whatever the sum says.
        database.run(
            "UPDATE broadcast_sums SET people = 0 WHERE broadcast_id = :broadcast AND channel = :channel"
            " AND account = :account AND state = 'waiting'",
            {"broadcast": broadcast, "channel": channel, "account": account},
        )
    for (state, reason), people in moved.items():
        database.run(
            f"UPDATE recipients SET state = :state, reason = :reason WHERE {_PEOPLE}",
            {"broadcast": broadcast, "people": to_json(people), "state": state, "reason": reason},
        )
        _shift(database, broadcast, (channel, account), ("waiting", ""), (state, reason), len(people))
    return found


def end(database: Database, broadcast: int, people: Sequence[int], state: str, reason: str, now: str) -> int:
    """Note how the messages to some people ended; return how many of them were under way."""
    rows = database.rows(
        f"UPDATE recipients SET state = :state, reason = :reason, ended_at = :now WHERE {_PEOPLE}"
        " AND state = 'queued' RETURNING person_id, channel, account, unit_id",
        {"broadcast": broadcast, "people": to_json(people), "state": state, "reason": reason, "now": now},
    )
    if state == "sent":
        recount_sent(database, broadcast, [(row["person_id"], row["unit_id"]) for row in rows])
    for account, ended in Counter((row["channel"], row["account"]) for row in rows).items():
        _shift(database, broadcast, account, ("queued", ""), (state, reason), ended)
    return len(rows)


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
    last = last_of(database, broadcast, after, limit)
    if last is not None:
        _turn(database, broadcast, "waiting", ("skipped", reason), after, last)
    return last


def try_again(database: Database, broadcast: int, after: int, limit: int) -> int | None:
    """Let whoever failed among the next `limit` rows after a person wait again; an `unknown` end stays what it is.

    Whoever is written to elsewhere by now gets it there. Returns the last of those rows, None where there are no more.
    """
    last = last_of(database, broadcast, after, limit)
    if last is not None:
        _follow(database, broadcast, after, last)
        _turn(database, broadcast, "failed", ("waiting", ""), after, last)
    return last


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
        informed_by: who noted it, himself where he confirmed it; None where nobody did.
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
    informed_by: int | None = None


def get(database: Database, broadcast: int, person: int) -> Recipient | None:
    """Return somebody a broadcast goes to; None for anybody else."""
    row = database.row(
        f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.person_id = :person",
        {"broadcast": broadcast, "person": person},
    )
    return _recipient(row) if row else None


def some(database: Database, broadcast: int, after: int, limit: int) -> Sequence[Recipient]:
    """Return the next `limit` recipients after a person, by number."""
    rows = database.rows(
        f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.person_id > :after ORDER BY r.person_id LIMIT :limit",
        {"broadcast": broadcast, "after": after, "limit": limit},
    )
    return [_recipient(row) for row in rows]


def all_of(database: Database, broadcast: int, units: Iterable[int], people: int) -> Sequence[Recipient]:
    """Return the recipients of some units by number; `people` is how many they are.

    They are looked for among those who belong to the units or did. Only where that does not find them all, as where
    the history of somebody is lost, the whole list is read.
    """
    values = {f"unit{number}": unit for number, unit in enumerate(units)}
    listed = places(values)
    of_units = f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.unit_id IN ({listed})"
    belonged = f"SELECT s.person_id FROM memberships s WHERE s.unit_id IN ({listed})"
    values["broadcast"] = broadcast
    rows = database.rows(f"{of_units} AND r.person_id IN ({belonged}) ORDER BY r.person_id", values)
    if len(rows) != people:
        rows = database.rows(f"{of_units} ORDER BY r.person_id", values)
    return [_recipient(row) for row in rows]


def uninformed(database: Database, broadcast: int, units: Iterable[int] | None, limit: int) -> Sequence[Recipient]:
    """Return up to `limit` people, of some units or with None of all, who are not known to know of a broadcast.

    Of many only the first ones are looked at: it may return fewer than there are.
    """
    if units is None:
        values: dict[str, Any] = {}
        those = "SELECT f.person_id FROM recipients f WHERE f.broadcast_id = :broadcast ORDER BY 1 LIMIT :most"
        within = ""
    else:
        values = {f"unit{number}": unit for number, unit in enumerate(units)}
        those = f"SELECT s.person_id FROM memberships s WHERE s.unit_id IN ({places(values)}) LIMIT :most"
        within = f" AND r.unit_id IN ({places(values)})"
    rows = database.rows(
        f"{_RECIPIENT} WHERE r.broadcast_id = :broadcast AND r.person_id IN ({those}){within}"
        " AND r.informed_at IS NULL ORDER BY r.person_id LIMIT :limit",
        {**values, "broadcast": broadcast, "most": _MOST_LOOKED_AT, "limit": limit},
    )
    return [_recipient(row) for row in rows]


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
        end(database, number, [person], "unknown", MERGED, "")
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
            _recount(database, number, person, old, -1)
            database.run(f"UPDATE recipients SET person_id = :into WHERE {_PERSON}", values)
            _recount(database, number, into, old, 1)


def _of(database: Database, broadcast: int, person: int) -> Row | None:
    return database.row(f"SELECT * FROM recipients WHERE {_PERSON}", {"broadcast": broadcast, "person": person})


def _recount(database: Database, broadcast: int, person: int, row: Row, times: int) -> None:
    """Add a row of the list to the sums of its unit, or with -1 take it out of them."""
    sent, informed = int(row["state"] == "sent"), int(row["informed_at"] is not None)
    recount(database, broadcast, person, row["unit_id"], people=times, sent=times * sent, informed=times * informed)


def _delete(database: Database, broadcast: int, person: int) -> None:
    row = database.row(
        f"DELETE FROM recipients WHERE {_PERSON} RETURNING channel, account, unit_id, state, informed_at",
        {"broadcast": broadcast, "person": person},
    )
    if row:
        _recount(database, broadcast, person, row, -1)
    if row and row["state"] in ("waiting", "queued"):
        account = (row["channel"], row["account"])
        _shift(database, broadcast, account, (row["state"], ""), ("skipped", FORGOTTEN), 1)


_RECIPIENT = (
    "SELECT r.person_id, coalesce(m.name, '') AS name, coalesce(m.position, '') AS position, r.unit_id, r.state,"
    " r.reason, r.ended_at, r.informed_at, coalesce(r.informed_how, '') AS informed_how, r.informed_by"
    " FROM recipients r"
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
        informed_by=row["informed_by"],
    )


def _turn(database: Database, broadcast: int, old: str, new: tuple[str, str], after: int, last: int) -> None:
    """Give those of some rows that are in a state another one, for a reason, and move them from sum to sum."""
    values = {"broadcast": broadcast, "after": after, "last": last, "old": old}
    these = "broadcast_id = :broadcast AND person_id > :after AND person_id <= :last AND state = :old"
    counted = database.rows(
        f"SELECT channel, account, reason, count(*) AS people FROM recipients WHERE {these}"
        " GROUP BY channel, account, reason",
        values,
    )
    database.run(
        f"UPDATE recipients SET state = :new, reason = :reason WHERE {these}",
        {**values, "new": new[0], "reason": new[1]},
    )
    for found in counted:
        account = (found["channel"], found["account"])
        _shift(database, broadcast, account, (old, found["reason"]), new, found["people"])


def _follow(database: Database, broadcast: int, after: int, last: int) -> None:
    """Note of whoever failed among some rows in which chat he is written to by now, and move him from sum to sum."""
    rows = database.rows(
        "SELECT r.person_id, r.channel AS old_channel, r.account AS old_account, r.chat AS old_chat, r.reason,"
        " a.channel, a.account, a.chat FROM recipients r JOIN addresses a ON a.person_id = r.person_id"
        f" AND {REACHED}"
        " WHERE r.broadcast_id = :broadcast AND r.person_id > :after AND r.person_id <= :last AND r.state = 'failed'"
        " ORDER BY r.person_id, a.used_at",
        {"broadcast": broadcast, "after": after, "last": last},
    )
    # Of several chats the one used last stays.
    used = {row["person_id"]: row for row in rows}.values()
    moved = [row for row in used if any(row[part] != row[f"old_{part}"] for part in ("channel", "account", "chat"))]
    database.run(
        "UPDATE recipients SET channel = json_extract(n.value, '$.channel'),"
        " account = json_extract(n.value, '$.account'), chat = json_extract(n.value, '$.chat')"
        " FROM json_each(:moved) n"
        " WHERE broadcast_id = :broadcast AND person_id = json_extract(n.value, '$.person_id')",
        {"broadcast": broadcast, "moved": to_json(moved)},
    )
    change = Counter((row["channel"], row["account"], row["reason"]) for row in moved)
    change.subtract((row["old_channel"], row["old_account"], row["reason"]) for row in moved)
    for (channel, account, reason), people in change.items():
        _add(database, broadcast, (channel, account), ("failed", reason), people)


def _shift(
    database: Database, broadcast: int, account: tuple[str, str], old: tuple[str, str], new: tuple[str, str], count: int
) -> None:
    """Move so many people from one sum to another."""
    _add(database, broadcast, account, old, -count)
    _add(database, broadcast, account, new, count)


def _add(database: Database, broadcast: int, account: tuple[str, str], state: tuple[str, str], people: int) -> None:
    """Add so many people of an account, or take them away, where they are counted with a state for a reason."""
    database.run(
        "INSERT INTO broadcast_sums (broadcast_id, channel, account, state, reason, people)"
        " VALUES (:broadcast, :channel, :account, :state, :reason, :people)"
        " ON CONFLICT (broadcast_id, channel, account, state, reason)"
        " DO UPDATE SET people = broadcast_sums.people + excluded.people",
        {
            "broadcast": broadcast,
            "channel": account[0],
            "account": account[1],
            "state": state[0],
            "reason": state[1],
            "people": people,
        },
    )
