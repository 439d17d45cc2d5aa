"""Half-finished conversations: which form somebody is filling in, at which step, with what was said so far.

One for each person in each chat. It outlives a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Database
from storage.people import Address
from storage.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A form that is being filled in: its name, the step that is asked now, and the answers so far as plain JSON."""

    form: str
    step: str
    data: dict[str, Any]


def keep(database: Database, address: Address, person: int, dialogue: Dialogue, now: str) -> None:
    """Keep where a conversation stands; what was kept of this chat before is replaced."""
    database.run(
        "INSERT INTO dialogues (person_id, channel, account, chat, form, step, data, updated_at)"
        " VALUES (:person, :channel, :account, :chat, :form, :step, :data, :now)"
        " ON CONFLICT (person_id, channel, account, chat) DO UPDATE SET form = excluded.form, step = excluded.step,"
        " data = excluded.data, updated_at = excluded.updated_at",
        {
            **address.values(),
            "person": person,
            "form": dialogue.form,
            "step": dialogue.step,
            "data": to_json(dialogue.data),
            "now": now,
        },
    )


def current(database: Database, address: Address, person: int, since: str) -> Dialogue | None:
    """Return the conversation that somebody is in, where it went on since a time."""
    row = database.row(
        "SELECT form, step, data FROM dialogues WHERE person_id = :person AND channel = :channel"
        " AND account = :account AND chat = :chat AND updated_at >= :since",
        {**address.values(), "person": person, "since": since},
    )
    return Dialogue(row["form"], row["step"], from_json(row["data"])) if row else None


def end(database: Database, address: Address, person: int) -> bool:
    """Forget the conversation that somebody is in; return whether there was one."""
    return bool(
        database.run(
            "DELETE FROM dialogues WHERE person_id = :person AND channel = :channel AND account = :account"
            " AND chat = :chat",
            {**address.values(), "person": person},
        )
    )


def of(database: Database, person: int) -> Sequence[tuple[str, str]]:
    """Return (form, when it went on last) of everything that somebody has not finished."""
    rows = database.rows(
        "SELECT form, updated_at FROM dialogues WHERE person_id = :person ORDER BY updated_at", {"person": person}
    )
    return [(row["form"], row["updated_at"]) for row in rows]


def end_all(database: Database, person: int) -> None:
    """Forget every conversation of somebody, in whichever chat."""
    database.run("DELETE FROM dialogues WHERE person_id = :person", {"person": person})


def purge(database: Database, before: str, limit: int) -> int:
    """Delete up to `limit` conversations that did not go on since a time; return how many."""
    return database.run(
        "DELETE FROM dialogues WHERE rowid IN (SELECT rowid FROM dialogues WHERE updated_at < :before LIMIT :limit)",
        {"before": before, "limit": limit},
    )
