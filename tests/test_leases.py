from __future__ import annotations

from storage import leases
from storage.database import Database
from tests.helpers import STAMP, later


def acquire(database: Database, owner: str, seconds: float = 0, name: str = "polling:vidu:bot-1") -> bool:
    """Try to get a lease for half a minute at a time after NOW."""
    return leases.acquire(database, name, owner, later(seconds=seconds), later(seconds=seconds + 30))


def test_a_lease_has_one_owner_until_it_runs_out(database: Database) -> None:
    assert acquire(database, "a")
    assert not acquire(database, "b", 10)
    assert not acquire(database, "b", 30)
    assert acquire(database, "b", 30.001)
    assert not acquire(database, "a", 31)


def test_an_owner_prolongs_its_lease(database: Database) -> None:
    assert acquire(database, "a")
    assert acquire(database, "a", 20)
    assert not acquire(database, "b", 40)
    assert acquire(database, "b", 51)


def test_a_lease_that_is_given_back_is_free_at_once(database: Database) -> None:
    acquire(database, "a")
    leases.release(database, "polling:vidu:bot-1", "a")
    assert acquire(database, "b", 1)


def test_nobody_gives_back_what_is_another_s(database: Database) -> None:
    acquire(database, "a")
    leases.release(database, "polling:vidu:bot-1", "b")
    leases.release(database, "polling:vidu:bot-2", "a")
    assert not acquire(database, "b", 1)


def test_leases_of_other_names_are_others(database: Database) -> None:
    assert acquire(database, "a")
    assert acquire(database, "b", name="polling:vidu:bot-2")


def test_those_that_have_not_run_out_are_counted_by_the_beginning_of_their_name(database: Database) -> None:
    acquire(database, "a", 0, "delivery:vidu:bot_1:a")
    acquire(database, "b", 20, "delivery:vidu:bot_1:b")
    # A sign that stands for any letter in SQL's LIKE stands for itself here.
    acquire(database, "c", 20, "delivery:vidu:botX1:c")
    assert leases.alive(database, "delivery:vidu:bot_1:", later(seconds=30)) == 2
    assert leases.alive(database, "delivery:vidu:bot_1:", later(seconds=31)) == 1
    assert leases.alive(database, "delivery:vidu:bot_1:", later(seconds=51)) == 0
    assert leases.alive(database, "delivery:", STAMP) == 3


def test_who_is_gone_holds_nothing(database: Database) -> None:
    acquire(database, "a")
    acquire(database, "a", name="delivery:vidu:bot-1:a")
    acquire(database, "b", name="delivery:vidu:bot-1:b")
    assert sorted(leases.owners(database)) == ["a", "b"]
    leases.free(database, "a")
    assert leases.owners(database) == ["b"]
    assert acquire(database, "b", 1)
