from __future__ import annotations

from typing import Any

import pytest

from storage import jobs
from storage.database import Database
from storage.jobs import Job
from tests.helpers import STAMP, later

KINDS = ["vidu.mot", "vidu.hai"]
DAILY = {"at": "08:00"}


def plan(database: Database, name: str = "x", at: str = STAMP, kind: str = "vidu.mot", **more: Any) -> None:
    jobs.plan(database, kind, name, at, STAMP, **more)


def claim(database: Database, owner: str = "a", now: str = STAMP) -> Job | None:
    return jobs.claim(database, KINDS, owner, now, later(minutes=2))


def claimed(database: Database, owner: str = "a", now: str = STAMP) -> Job:
    job = claim(database, owner, now)
    assert job is not None
    return job


def test_what_was_due_first_is_claimed_first(database: Database) -> None:
    plan(database, "sau", later(minutes=1))
    plan(database, "truoc", data={"số": 1})
    plan(database, "mai", later(days=1))
    plan(database, "la", kind="la.khac")
    assert [claimed(database, now=later(minutes=1)).name for _ in range(2)] == ["truoc", "sau"]
    assert claim(database, now=later(minutes=1)) is None


def test_a_claimed_job_is_known_whole(database: Database) -> None:
    plan(database, data={"số": 1}, recurrence=DAILY)
    assert claimed(database) == Job(1, "vidu.mot", "x", {"số": 1}, DAILY, STAMP, 1, "a")


def test_a_job_is_claimed_by_one_until_the_claim_runs_out(database: Database) -> None:
    plan(database)
    first = claimed(database)
    assert claim(database, "b", later(minutes=2)) is None
    second = claimed(database, "b", later(minutes=3))
    assert second.attempt == 2
    assert not jobs.holds(database, first)
    assert [jobs.finish(database, first), jobs.retry(database, first, STAMP, "x")] == [False, False]
    assert jobs.holds(database, second)
    assert jobs.finish(database, second)
    assert claim(database, now=later(days=1)) is None


def test_a_claim_may_be_prolonged(database: Database) -> None:
    plan(database)
    jobs.prolong(database, claimed(database), later(hours=3))
    assert claim(database, "b", later(hours=2)) is None
    assert claim(database, "b", later(hours=4))


def test_a_job_of_a_dead_owner_is_free_at_once(database: Database) -> None:
    plan(database)
    claimed(database)
    assert jobs.owners(database) == ["a"]
    jobs.free(database, "b")
    assert claim(database, "c") is None
    jobs.free(database, "a")
    assert claimed(database, "c").owner == "c"


def test_what_failed_comes_again_later_with_its_reason(database: Database) -> None:
    plan(database)
    assert jobs.retry(database, claimed(database), later(minutes=5), "ValueError")
    assert jobs.failing(database) == ["vidu.mot"]
    assert claim(database, now=later(minutes=4)) is None
    again = claimed(database, now=later(minutes=5))
    assert (again.attempt, again.planned_at) == (2, STAMP)
    assert jobs.plan_next(database, again, later(days=1))
    assert jobs.failing(database) == []
    assert claimed(database, now=later(days=1)).attempt == 1


def test_what_was_not_tried_does_not_count(database: Database) -> None:
    plan(database)
    assert jobs.give_back(database, claimed(database))
    assert claimed(database).attempt == 1


def test_planned_again_it_is_the_same_job_at_another_time(database: Database) -> None:
    plan(database)
    job = claimed(database)
    plan(database, at=later(hours=1), data={"phần": 2})
    assert not jobs.finish(database, job), "it goes on"
    again = claimed(database, now=later(hours=1))
    assert (again.id, again.data, again.planned_at, again.attempt) == (job.id, {"phần": 2}, later(hours=1), 1)


def test_what_recurs_alike_keeps_the_time_that_was_missed(database: Database) -> None:
    jobs.keep(database, "vidu.mot", "", STAMP, STAMP, DAILY)
    jobs.keep(database, "vidu.mot", "", later(days=3), later(days=2), DAILY)
    assert jobs.recurring(database) == [(1, DAILY, STAMP)]
    jobs.keep(database, "vidu.mot", "", later(days=3), later(days=2), {"at": "09:00"})
    assert jobs.recurring(database) == [(1, {"at": "09:00"}, later(days=3))]
    assert [jobs.drop(database, "vidu.mot", "") for _ in range(2)] == [True, False]


def test_only_what_nobody_does_just_now_is_moved(database: Database) -> None:
    plan(database, recurrence=DAILY)
    plan(database, "hai", recurrence=DAILY)
    claimed(database)
    assert [number for number, _, _ in jobs.recurring(database)] == [2]
    for number in (1, 2):
        jobs.move(database, number, later(hours=1))
    rows = database.rows("SELECT planned_at, due_at FROM jobs ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [(STAMP, STAMP), (later(hours=1), later(hours=1))]


@pytest.mark.parametrize(("due", "hastened"), [(later(minutes=60), 0), (later(minutes=61), 1)])
def test_what_failed_does_not_wait_longer_than_it_may(database: Database, due: str, hastened: int) -> None:
    plan(database)
    plan(database, "xa", later(days=9))
    jobs.retry(database, claimed(database), due, "ValueError")
    assert jobs.hasten(database, later(minutes=60), STAMP) == hastened
    assert (claim(database) is not None) is bool(hastened)
