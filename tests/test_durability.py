"""Commits that survive a power cut are those that were synced: counted at the door of the system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

PROGRAM = """
import sys
from pathlib import Path
from storage import inbox
from storage.database import Database
database = Database(Path(sys.argv[1]))
if len(sys.argv) > 2:
    database.run(sys.argv[2])
print("begin", flush=True)
for number in range(100):
    with database.transaction():
        inbox.record(database, "vidu", "bot-1", str(number), "2026-11-21T00:00:00+00:00", "text")
print("end", flush=True)
"""

STRACE = ("strace", "-f", "-e", "trace=fdatasync,fsync,write", "-o")


def syncs(folder: Path, *more: str) -> int:
    """Count the syncs of a hundred commits."""
    trace = folder / "trace"
    done = subprocess.run(
        [*STRACE, str(trace), sys.executable, "-c", PROGRAM, str(folder / "ungxu.db"), *more],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    calls = trace.read_text()
    between = calls[calls.index('"begin') : calls.index('"end')]
    return len(re.findall(r"f(?:data)?sync\(", between))


@pytest.mark.skipif(shutil.which("strace") is None and "CI" not in os.environ, reason="strace is not installed")
def test_every_commit_is_synced(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "normal").mkdir()
    assert syncs(tmp_path / "full") >= 100
    # The count can tell: with the usual setting of WAL most commits are not.
    assert syncs(tmp_path / "normal", "PRAGMA synchronous=NORMAL") < 20
