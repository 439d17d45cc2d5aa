"""A process that renews the tokens is killed at every step of it; the next goes on with what is there.

What the server does with a token that was used and whose answer was lost is its own affair: where it forgives, nothing
is lost; where it does not, the administrators are told, and the old access token goes on until its end.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.database import FILE_NAME, Database
from tests.run_process import ROOT
from tests.waiting import PATIENCE
from tests.zalo_oa.account import is_good, log_in, pairs
from tests.zalo_oa.rotating import STEPS
from tests.zalo_oa.server import TOKEN, OpenApi

pytestmark = pytest.mark.flaky(reruns=0)  # what is lost once is lost

# Due at once, and good for some minutes all the same.
SECONDS = 300.0

ASKED = {"before the request is taken": "silent", "after the request is taken": "accepted_silent"}
"""Steps on the other side, with the fault that waits there."""

LOST = {"after the request is taken", "before the answer is kept", "while the answer is kept"}
"""After these the token is used up and what it became is nowhere."""


@pytest.fixture
def data(openapi: OpenApi, tmp_path: Path) -> Path:
    log_in(openapi, tmp_path, SECONDS)
    return tmp_path


def start(data: Path, api: OpenApi, *step: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.zalo_oa.rotating", str(data), api.url, *step],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    said = process.communicate(timeout=PATIENCE)[0].decode()
    return process.returncode, said


def killed_at(step: str, data: Path, api: OpenApi) -> None:
    """Let a process come to a step and die there."""
    if step in STEPS:
        assert ended(start(data, api, step)) == (-9, "begun\n")
        return
    fault = api.fault(ASKED[step], TOKEN)
    process = start(data, api)
    assert fault.met.wait(PATIENCE)
    process.kill()
    ended(process)
    fault.release.set()


def alerts(data: Path) -> list[str]:
    database = Database(data / FILE_NAME)
    try:
        return [row["name"] for row in database.rows("SELECT name FROM alerts")]
    finally:
        database.close()


@pytest.mark.parametrize(
    ("step", "forgiving"), [*((step, False) for step in (*STEPS, *ASKED)), *((step, True) for step in sorted(LOST))]
)
def test_what_can_be_kept_is_kept(openapi: OpenApi, data: Path, step: str, forgiving: bool) -> None:
    openapi.world.forgiving = forgiving
    (before,) = pairs(data)
    killed_at(step, data, openapi)
    after = pairs(data)
    # At no moment is there nothing: the old pair or the new one.
    assert len(after) == 1
    assert ended(start(data, openapi)) == (0, "begun\ndone\n")
    (pair,) = pairs(data)
    if step in LOST and not forgiving:
        assert pair.number == before.number
        assert pair.refused_at is not None
        assert pair.access == before.access
        assert alerts(data) == ["alert.zalo_oa_refused"]
        return
    assert pair.number > before.number
    assert is_good(openapi, pair.refresh)
    assert alerts(data) == []
    # Nothing was asked for that was not needed.
    assert openapi.world.rotations == (2 if step in LOST else 1)


@pytest.mark.parametrize("step", ["before it leaves", "after the answer is kept", *ASKED])
def test_the_other_of_two_processes_goes_on(openapi: OpenApi, data: Path, step: str) -> None:
    openapi.world.forgiving = True
    fault = openapi.fault(ASKED[step], TOKEN) if step in ASKED else None
    first = start(data, openapi, *([step] if step in STEPS else []))
    if fault:
        assert fault.met.wait(PATIENCE)
        # The second waits for the first, which renews.
        second = start(data, openapi)
        assert second.stdout is not None
        assert second.stdout.readline() == b"begun\n"
        first.kill()
        fault.release.set()
    else:
        second = start(data, openapi)
    ended(first)
    assert ended(second)[0] == 0
    (pair,) = pairs(data)
    assert is_good(openapi, pair.refresh)
    assert openapi.world.rotations <= 2
    assert alerts(data) == []


def test_many_processes_renew_once(openapi: OpenApi, data: Path) -> None:
    fault = openapi.fault("late", TOKEN)
    together = [start(data, openapi) for _ in range(3)]
    for process in together:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
    assert fault.met.wait(PATIENCE)
    # Long enough for the others to ask, too, if nothing held them.
    time.sleep(1.5)
    fault.release.set()
    assert [ended(process)[0] for process in together] == [0] * 3
    (pair,) = pairs(data)
    assert is_good(openapi, pair.refresh)
    assert (openapi.world.rotations, openapi.count(TOKEN)) == (1, 1)
