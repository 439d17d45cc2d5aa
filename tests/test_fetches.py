from __future__ import annotations

from typing import Any

import pytest

from storage import blobs, fetches
from storage.database import Database
from storage.fetches import Fetch
from storage.people import Address, person_at
from tests.helpers import STAMP, later, place

SOURCE = {"kind": "photo", "ref": "AgAD-vi-du", "name": "", "size": 1000}
CONCERN = {"job": "report", "draft": 3}


@pytest.fixture
def person(database: Database) -> int:
    return person_at(database, place(), STAMP)


def put(database: Database, person: int, now: str = STAMP, at: Address | None = None) -> int:
    return fetches.put(database, at or place(), person, SOURCE, CONCERN, now)


def claim(
    database: Database, now: str = STAMP, until: str = later(minutes=3), account: str = "bot-1", owner: str = "a"
) -> Fetch | None:
    return fetches.claim(database, "vidu", account, owner, now, until)


def claimed(database: Database, **how: Any) -> Fetch:
    fetch = claim(database, **how)
    assert fetch is not None
    return fetch


def stored(database: Database, row_id: int) -> dict[str, Any]:
    row = database.row("SELECT * FROM fetches WHERE id = :id", {"id": row_id})
    assert row is not None
    return dict(row)


def test_nothing_is_to_be_brought(database: Database) -> None:
    assert claim(database) is None
    assert fetches.unfinished(database) == 0


def test_a_claim_holds_everything_that_is_needed_to_fetch(database: Database, person: int) -> None:
    number = put(database, person)
    assert claim(database) == Fetch(number, place(), person, SOURCE, CONCERN, 1)
    row = stored(database, number)
    assert (row["state"], row["owner"], row["lease_until"]) == ("fetching", "a", later(minutes=3))
    assert claim(database) is None


def test_the_files_of_an_account_come_in_order(database: Database, person: int) -> None:
    second, first = put(database, person, later(seconds=2)), put(database, person, later(seconds=1))
    other = put(database, person, at=place(account="bot-2"))
    now = later(seconds=3)
    assert [claimed(database, now=now).id for _ in range(2)] == [first, second]
    assert claim(database, now=now) is None
    assert claimed(database, now=now, account="bot-2").id == other


def test_what_is_due_later_is_not_claimed(database: Database, person: int) -> None:
    put(database, person, later(seconds=1))
    assert claim(database) is None
    assert claim(database, now=later(seconds=1)) is not None


def test_a_claim_that_ran_out_is_another_s(database: Database, person: int) -> None:
    put(database, person)
    first = claimed(database)
    assert claim(database, now=later(minutes=3), owner="b") is None
    second = claimed(database, now=later(minutes=3, seconds=1), owner="b", until=later(minutes=9))
    assert (second.id, second.attempt) == (first.id, 2)
    before = stored(database, first.id)
    assert not fetches.end(database, first, "stored", STAMP)
    assert not fetches.retry(database, first, STAMP, "x")
    assert stored(database, first.id) == before
    assert fetches.end(database, second, "lost", STAMP)


def test_the_claims_of_who_is_gone_are_another_s_at_once(database: Database, person: int) -> None:
    first, second = put(database, person), put(database, person)
    for owner in ("chet", "song"):
        claimed(database, owner=owner)
    assert sorted(fetches.owners(database)) == ["chet", "song"]
    fetches.free(database, "chet")
    again = claimed(database, owner="song")
    assert (again.id, again.attempt) == (first, 2)
    assert claim(database) is None
    assert stored(database, second)["attempts"] == 1
    assert fetches.owners(database) == ["song"]


def test_a_file_that_is_given_back_is_brought_later(database: Database, person: int) -> None:
    put(database, person)
    assert fetches.retry(database, claimed(database), later(seconds=2), "NotSent")
    assert claim(database, now=later(seconds=1)) is None
    again = claimed(database, now=later(seconds=2))
    assert (again.attempt, again.source, again.concern) == (2, SOURCE, CONCERN)
    assert stored(database, again.id)["reason"] == "NotSent"


@pytest.mark.parametrize(("state", "reason"), [("stored", ""), ("refused", "too large"), ("lost", "gone")])
def test_what_the_messenger_calls_a_file_is_erased_at_the_end(
    database: Database, person: int, state: str, reason: str
) -> None:
    number = put(database, person)
    blob = blobs.begin(database, "image/png", 1, 1, STAMP) if state == "stored" else None
    assert fetches.end(database, claimed(database), state, later(seconds=1), reason, blob)
    row = stored(database, number)
    assert (row["state"], row["reason"], row["ended_at"], row["blob_id"]) == (state, reason, later(seconds=1), blob)
    assert (row["source"], row["concern"], row["owner"], row["lease_until"]) == (None, "{}", None, None)
    assert claim(database, now=later(days=1)) is None
    assert fetches.unfinished(database) == 0


def test_a_purge_deletes_what_ended_in_parts_and_leaves_the_files(database: Database, person: int) -> None:
    blob = blobs.begin(database, "image/png", 1, 1, STAMP)
    blobs.complete(database, blob)
    for day in range(4):
        put(database, person)
        fetches.end(database, claimed(database), "stored", later(days=day), "", blob)
    put(database, person)
    assert [fetches.purge(database, later(days=3), 2) for _ in range(3)] == [2, 1, 0]
    rows = database.rows("SELECT state FROM fetches ORDER BY id")
    assert [row["state"] for row in rows] == ["stored", "waiting"]
    assert blobs.get(database, blob) is not None


def test_a_file_that_was_deleted_leaves_its_row_without_it(database: Database, person: int) -> None:
    number = put(database, person)
    blob = blobs.begin(database, "image/png", 1, 1, STAMP)
    fetches.end(database, claimed(database), "stored", STAMP, "", blob)
    blobs.delete(database, blob)
    assert stored(database, number)["blob_id"] is None
