"""Waiting for what will come, however slow the machine: a test asks until it is so, and fails only after a long time.

A length of time that a test chooses says how fast the machine must be. So whoever waits for something waits `PATIENCE`
and not a guess of his own, and goes on as soon as it is there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 120.0
"""Seconds after which something does not come any more, on a machine that is a hundred times slower than usual."""


def wait_until(look: Callable[[], Found], patience: float = PATIENCE) -> Found:
    """Look again and again until there is something; return it.

    Args:
        look: returns what is false as long as there is nothing.
        patience: seconds after which it has failed.

    Raises:
        AssertionError: it did not come; it says what was found last.
    """
    end = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < end, f"waited {patience} s, there is {found!r}"
        time.sleep(0.02)
    return found


def least_work(act: Callable[[], object], turns: int = 3) -> float:
    """Return the seconds of this thread's own work that an act takes in the best of some turns.

    It says nothing by itself: another machine is ten times slower. A test compares it with that of another act.
    """
    best = math.inf
    for _ in range(turns):
        began = time.thread_time()
        act()
        best = min(best, time.thread_time() - began)
    return best
