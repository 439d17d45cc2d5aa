"""Making two people one, in every table: what belonged to the first belongs to the second, and the first is gone.

What somebody did by a role is his too: it stands under the number that stays.
"""

from __future__ import annotations

from storage import approvals, recipients
from storage.database import Database

MOVED = (
    ("addresses", "person_id"),
    ("addresses", "held_by"),
    ("menus", "person_id"),
    ("fetches", "person_id"),
    ("roles", "person_id"),
    ("roles", "given_by"),
    ("roles", "taken_by"),
    ("absences", "substitute_id"),
    ("invitations", "created_by"),
    ("join_requests", "person_id"),
    ("join_requests", "listed_id"),
    ("join_requests", "decided_by"),
    ("claims", "used_by"),
    ("consents", "person_id"),
    ("approvals", "asked_by"),
    ("approvals", "decided_by"),
    ("audit", "actor_id"),
    ("imports", "started_by"),
    ("import_rows", "person_id"),
    ("reports", "reporter_id"),
    ("reports", "owner_id"),
    ("reports", "taken_by"),
    ("reports", "verified_by"),
    ("reports", "held_by"),
    ("report_events", "actor_id"),
    ("report_files", "person_id"),
    ("report_attempts", "person_id"),
    ("quiz_rounds", "created_by"),
    ("quiz_attempts", "person_id"),
    ("broadcasts", "created_by"),
    ("broadcasts", "sent_by"),
    ("recipients", "informed_by"),
)
"""The columns that name a person, of whom there may be many rows."""

ONE_EACH = (
    ("members", ()),
    ("absences", ()),
    ("opt_outs", ()),
    ("homes", ("channel",)),
    ("dialogues", ("channel", "account", "chat")),
    ("import_leavers", ("import_id",)),
    ("quiz_people", ("round_id",)),
    ("quiz_practice", ("question_id",)),
)
"""The tables with one row for each person, or for each of what else is named: that of the person who stays, stays."""

ENDED = ("link_codes", "link_tries")
"""The tables of what is over when two people have become one."""


def merge(database: Database, person: int, into: int) -> None:
    """Let everything that belongs to a person belong to another; the first is gone."""
    values = {"person": person, "into": into}
    _merge_memberships(database, values)
    _complete_member(database, values)
    for table, columns in ONE_EACH:
        same = "".join(f" AND o.{column} = {table}.{column}" for column in columns)
        database.run(
            f"DELETE FROM {table} WHERE person_id = :person"
            f" AND EXISTS (SELECT 1 FROM {table} o WHERE o.person_id = :into{same})",
            values,
        )
        database.run(f"UPDATE {table} SET person_id = :into WHERE person_id = :person", values)
    for table in ENDED:
        database.run(f"DELETE FROM {table} WHERE person_id = :person", values)
    _drop_doubles(database, values)
    _append_attempts(database, values)
    recipients.merge(database, person, into)
    for table, column in MOVED:
        database.run(f"UPDATE {table} SET {column} = :into WHERE {column} = :person", values)
    database.run("UPDATE absences SET substitute_id = NULL WHERE substitute_id = person_id")
    approvals.rename(database, person, into)
    subjects = {"before": f"person {person}", "after": f"person {into}"}
    database.run("UPDATE audit SET subject = :after WHERE subject = :before", subjects)
    database.run("DELETE FROM people WHERE id = :person", values)


def _merge_memberships(database: Database, values: dict[str, int]) -> None:
    """Keep the units of who stays; those of the other count only where he has none."""
    database.run(
        "DELETE FROM memberships WHERE person_id = :person"
        " AND EXISTS (SELECT 1 FROM memberships o WHERE o.person_id = :into)",
        values,
    )
    database.run("UPDATE memberships SET person_id = :into WHERE person_id = :person", values)


def _complete_member(database: Database, values: dict[str, int]) -> None:
    """Take over what is known of the one and not of the other: a code, a position."""
    other = database.row("SELECT position, code FROM members WHERE person_id = :person", values)
    if other is None or database.row("SELECT 1 AS one FROM members WHERE person_id = :into", values) is None:
        return
    database.run("DELETE FROM members WHERE person_id = :person", values)
    database.run(
        "UPDATE members SET code = coalesce(code, :code),"
        " position = CASE position WHEN '' THEN :position ELSE position END WHERE person_id = :into",
        {**values, "code": other["code"], "position": other["position"]},
    )


def _append_attempts(database: Database, values: dict[str, int]) -> None:
    """Count the quizzes that the one has taken after those of who stays: whose first attempt it is stays the first."""
    database.run(
        "UPDATE quiz_attempts SET person_id = :into, number = number + (SELECT coalesce(max(o.number), 0)"
        " FROM quiz_attempts o WHERE o.round_id = quiz_attempts.round_id AND o.person_id = :into)"
        " WHERE person_id = :person",
        values,
    )


def _drop_doubles(database: Database, values: dict[str, int]) -> None:
    """Delete what both have now, the same role or the same consent, of the one who goes."""
    database.run(
        "DELETE FROM roles WHERE person_id = :person AND taken_at IS NULL AND EXISTS (SELECT 1 FROM roles o"
        " WHERE o.person_id = :into AND o.taken_at IS NULL AND o.role = roles.role"
        " AND coalesce(o.unit_id, 0) = coalesce(roles.unit_id, 0))",
        values,
    )
    database.run(
        "DELETE FROM consents WHERE person_id = :person AND withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM consents o"
        " WHERE o.person_id = :into AND o.withdrawn_at IS NULL AND o.purpose = consents.purpose)",
        values,
    )
