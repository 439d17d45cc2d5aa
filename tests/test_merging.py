"""Two people become one: nothing of the one who goes is lost, and nothing names him any more, in whichever table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from storage import approvals, audit, consents, members, people, quiz_attempts, quiz_rounds, quizzes, roles, units
from storage.audit import CONSOLE
from storage.database import Database
from storage.members import State
from storage.merging import ENDED, MOVED, ONE_EACH, merge
from tests.conftest import TODAY
from tests.helpers import STAMP, later, place

DAY = TODAY.isoformat()

# What names a person, whether the schema says so or not.
NAMING = re.compile(r"(person|actor|listed|substitute)_id|\w+_by")

# What a row of a table must say for the table to take it.
VALID: dict[str, dict[str, Any]] = {
    "members": {"state": "joined"},
    "roles": {"role": "contact"},
    "approvals": {"state": "waiting", "data": "{}"},
    "imports": {"state": "done"},
    "fetches": {"state": "lost"},
    "reports": {"kind": "lost", "whose": "own", "harm": "none", "source": "bot", "state": "new"},
    "report_events": {"audience": "internal"},
    "report_files": {"state": "lost"},
    "report_attempts": {"what": "report"},
    "quiz_rounds": {"state": "open"},
    "broadcasts": {"state": "done"},
    "recipients": {"broadcast_id": 1, "state": "sent"},
}


def naming_columns(database: Database) -> list[tuple[str, str]]:
    """Every column of every table that names a person."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = []
    for table in tables:
        keys = {key["from"] for key in database.rows(f"PRAGMA foreign_key_list({table})") if key["table"] == "people"}
        columns = [row["name"] for row in database.rows(f"PRAGMA table_info({table})")]
        found += [(table, column) for column in columns if column in keys or NAMING.fullmatch(column)]
    return found


def put_row(database: Database, table: str, column: str, person: int, number: int) -> None:
    """Put a row whose values mean nothing, but for the person in one column."""
    values: dict[str, Any] = {}
    for field in database.rows(f"PRAGMA table_info({table})"):
        name = field["name"]
        if name == "id":
            continue
        other = number if field["type"] == "INTEGER" else f"x{number}"
        values[name] = None if NAMING.fullmatch(name) and not field["notnull"] and not field["pk"] else other
    values |= {**VALID.get(table, {}), column: person}
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    database.run(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


@pytest.fixture
def both(database: Database) -> tuple[int, int]:
    """Who goes and who stays."""
    stays = people.person_at(database, place("zalo"), STAMP)
    goes = people.person_at(database, place("telegram", sender="khac"), STAMP)
    return goes, stays


def test_every_column_that_names_a_person_has_its_rule(database: Database) -> None:
    ruled = {*MOVED, *((table, "person_id") for table, _ in ONE_EACH), *((table, "person_id") for table in ENDED)}
    ruled |= {("memberships", "person_id"), ("recipients", "person_id")}
    assert set(naming_columns(database)) == ruled
    database.run("CREATE TABLE new (read_by INTEGER)")
    assert set(naming_columns(database)) - ruled == {("new", "read_by")}


def test_nothing_names_who_has_gone(database: Database, both: tuple[int, int]) -> None:
    goes, stays = both
    database.rows("PRAGMA foreign_keys=OFF")
    columns = naming_columns(database)
    for number, (table, column) in enumerate(columns, 100):
        put_row(database, table, column, goes, number)
    for table, column in columns:
        assert database.row(f"SELECT 1 AS one FROM {table} WHERE {column} = :person", {"person": goes}), table
    with database.transaction():
        merge(database, goes, stays)
    for table, column in columns:
        named = f"SELECT 1 AS one FROM {table} WHERE {column} = :person"
        assert database.row(named, {"person": goes}) is None, (table, column)
        assert (table in ENDED) == (database.row(named, {"person": stays}) is None), (table, column)
    assert people.met(database, goes) is None
    people_left = [row for row in database.rows("PRAGMA foreign_key_check") if row["parent"] == "people"]
    assert {row["table"] for row in people_left} <= {table for table, _ in columns}


def test_what_both_have_is_there_once(database: Database, both: tuple[int, int]) -> None:
    """Every table that takes a person once, or once for each of something else."""
    goes, stays = both
    database.rows("PRAGMA foreign_keys=OFF")
    for table, columns in ONE_EACH:
        put_row(database, table, "person_id", stays, 1)
        put_row(database, table, "person_id", goes, 2)
        for column in columns:
            database.run(f"UPDATE {table} SET {column} = 1")
    with database.transaction():
        merge(database, goes, stays)
    for table, _ in ONE_EACH:
        assert [row["person_id"] for row in database.rows(f"SELECT person_id FROM {table}")] == [stays], table


def member(database: Database, person: int, unit: int, state: State = "joined", **known: Any) -> None:
    values = {"name": "Trần Văn Mẫu", "folded": "tran van mau", "position": "", "code": None, **known}
    members.put(database, person, **values, state=state, now=STAMP)
    members.transfer(database, person, unit, DAY)


def test_what_is_known_of_the_one_completes_the_other(database: Database, both: tuple[int, int]) -> None:
    goes, stays = both
    unit = units.create(database, "Phòng Ví Dụ", "phong vi du", None, DAY)
    member(database, stays, unit, position="kế toán")
    member(database, goes, unit, "listed", position="văn thư", code="VIDU-01")
    with database.transaction():
        merge(database, goes, stays)
    (found,) = members.everybody(database, DAY)
    assert (found.person, found.state, found.position, found.code) == (stays, "joined", "kế toán", "VIDU-01")
    assert members.history(database, stays) == [(unit, DAY, None)]


def test_roles_consents_and_acts_are_those_of_who_stays(database: Database, both: tuple[int, int]) -> None:
    goes, stays = both
    first, second = (units.create(database, name, name, None, DAY) for name in ("mot", "hai"))
    for person in both:
        roles.give(database, person, "contact", first, CONSOLE, STAMP)
        consents.give(database, person, "membership", later(hours=person))
    roles.give(database, goes, "head", second, goes, STAMP)
    roles.give(database, goes, "administrator", None, CONSOLE, STAMP)
    roles.take(database, goes, "administrator", None, CONSOLE, STAMP)
    roles.be_absent(database, goes, "2999-01-01", stays)
    audit.record(database, STAMP, goes, "unit.close", f"person {goes}")
    approvals.ask(database, "role.take", {"person": goes, "role": "head", "unit": second}, second, goes, STAMP)
    with database.transaction():
        merge(database, goes, stays)
    assert sorted((held.role, held.unit or 0) for held in roles.of(database, stays, DAY)) == [
        ("contact", first),
        ("head", second),
    ]
    assert len(roles.history(database, stays)) == 3
    assert consents.of(database, stays) == [("membership", later(hours=stays), None)]
    # Nobody stands in for himself.
    assert roles.absence(database, stays, DAY) == ("2999-01-01", None)
    (entry,) = audit.entries(database, STAMP, 5)
    assert (entry.actor, entry.subject) == (stays, f"person {stays}")
    (asked,) = approvals.waiting(database)
    assert (asked.asked_by, asked.data["person"]) == (stays, stays)


def test_quizzes_that_both_have_taken_are_all_kept(database: Database, both: tuple[int, int]) -> None:
    goes, stays = both
    bank = quizzes.create_bank(database, "x", "x", STAMP)
    rounds = [quiz_rounds.create(database, bank, "Đợt", {}, [], STAMP, later(days=1), CONSOLE, STAMP) for _ in range(2)]
    for person, number, attempt in ((stays, 0, 1), (goes, 0, 1), (goes, 0, 2), (goes, 1, 1)):
        quiz_attempts.begin(database, rounds[number], person, None, attempt, [], STAMP)
    first = [one.id for one in quiz_attempts.of_person(database, rounds[0], stays)]
    with database.transaction():
        merge(database, goes, stays)
    kept = quiz_attempts.of_person(database, rounds[0], stays)
    assert [one.id for one in kept][:1] == first
    assert len(kept) == 3
    assert len({one.number for one in kept}) == 3
    assert [one.number for one in quiz_attempts.of_person(database, rounds[1], stays)] == [1]
