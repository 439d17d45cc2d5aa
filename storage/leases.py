"""Leases: what only one process may do at a time, such as polling an account, for as long as it says it is alive."""

from __future__ import annotations

from storage.database import Database


def acquire(database: Database, name: str, owner: str, now: str, until: str) -> bool:
    """Take or prolong a lease; return False while another owner's has not run out."""
    return bool(
        database.run(
            "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)"
            " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until"
            " WHERE leases.owner = excluded.owner OR leases.until < :now",
            {"name": name, "owner": owner, "now": now, "until": until},
        )
    )


def release(database: Database, name: str, owner: str) -> None:
    """Give back a lease, so that another process need not wait for it to run out."""
    database.run("DELETE FROM leases WHERE name = :name AND owner = :owner", {"name": name, "owner": owner})


def free(database: Database, owner: str) -> None:
    """Give back all leases of an owner: its process is gone."""
    database.run("DELETE FROM leases WHERE owner = :owner", {"owner": owner})


def owners(database: Database) -> list[str]:
    """Return who holds leases."""
    return [row["owner"] for row in database.rows("SELECT DISTINCT owner FROM leases")]


def alive(database: Database, prefix: str, now: str) -> int:
    """Return how many leases whose name begins with a prefix have not run out."""
    row = database.row(
        "SELECT count(*) AS n FROM leases WHERE substr(name, 1, :length) = :prefix AND until >= :now",
        {"prefix": prefix, "length": len(prefix), "now": now},
    )
    return int(row["n"]) if row else 0
