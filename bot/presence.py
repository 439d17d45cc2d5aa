"""Which processes work on a database now, so that what a dead one held is free at once.

Each process locks a file of its own beside the database for as long as it lives; the system takes the lock away when it
dies, however it dies. A lease in the database still bounds every claim: nothing rests on the locks alone.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

from storage import fetches, jobs, leases, outbox
from storage.database import Database

log = logging.getLogger(__name__)

FOLDER = "processes"


class Presence:
    """This process among those of one database. `owner` is its name in claims and leases."""

    def __init__(self, data: Path) -> None:
        """Lock a file in the folder of the data."""
        self._folder = data / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.owner = uuid.uuid4().hex
        self._lock = FileLock(self._path(self.owner), thread_local=False)
        self._lock.acquire()

    def free_the_dead(self, database: Database) -> None:
        """Free the claims and leases of processes that are gone. Run inside a transaction."""
        subjects = (outbox, fetches, jobs, leases)
        for owner in {owner for subject in subjects for owner in subject.owners(database)}:
            if owner != self.owner and self._is_dead(owner):
                log.warning("a process is gone, what it held is free")
                for subject in subjects:
                    subject.free(database, owner)

    def close(self) -> None:
        """Give the lock back and take the file away."""
        self._lock.release()
        self._path(self.owner).unlink(missing_ok=True)

    def _is_dead(self, owner: str) -> bool:
        return not _is_alive(self._path(owner))

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"


def somebody_works(data: Path) -> bool:
    """Tell whether any process works on the database of a folder now."""
    return any(_is_alive(path) for path in (data / FOLDER).glob("*.lock"))


def _is_alive(path: Path) -> bool:
    """Tell whether a process holds a lock; the file of a dead one is taken away."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            pass
    except (Timeout, OSError):
        return True
    with contextlib.suppress(OSError):
        path.unlink()
    return False
