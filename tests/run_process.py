"""`ungxu run` as a process of its own, as a service manager would start it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
STARTED = '"message": "started"'
RECEIVING = '"message": "receiving"'
STOPPED = '"message": "stopped"'

KILLED_STARTING = 0.2
LONGEST_START, LONGEST_WORK = 2.0, 1.5
"""Seconds."""


class Messenger(Protocol):
    """A server that a bot is run against."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a bot on it."""


class BotProcess:
    """A process with everything it writes in one file, which several may share one after the other.

    `stdout` takes what it prints elsewhere, so that the file holds the log alone.
    """

    def __init__(self, api: Messenger, data: Path, log: Path, stdout: int | None = None, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")}
        environment |= {
            "UNGXU_DATA": str(data),
            **api.environment,
            **{f"UNGXU_{name.upper()}": value for name, value in settings.items()},
        }
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=data.parent,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=out,
            )

    def live(self, chance: random.Random) -> None:
        """Let the process run for a random while: now and then it is still starting then, mostly it is at work.

        The log must be its own.
        """
        if chance.random() < KILLED_STARTING:
            time.sleep(chance.uniform(0.0, LONGEST_START))
        else:
            self.wait_for(STARTED)
            time.sleep(chance.uniform(0.0, LONGEST_WORK))

    def wait_for(self, text: str) -> None:
        """Wait until the process has written something."""
        end = time.monotonic() + PATIENCE
        while text not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < end, self.output()
            time.sleep(0.05)

    def output(self) -> str:
        """Return all that was written."""
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def process(api: Messenger, folder: Path, stdout: int | None = None, **settings: str) -> Iterator[BotProcess]:
    """Run a bot for the length of a block."""
    started = BotProcess(api, folder / "data", folder / "log.txt", stdout, **settings)
    try:
        started.wait_for(STARTED)
        yield started
    finally:
        started.kill()
