"""The time, as everything that runs is told it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]

# The program is younger than any clock that shows less.
EARLIEST_YEAR = 2026


def utc_now() -> dt.datetime:
    """Return the time, UTC."""
    return dt.datetime.now(dt.UTC)


def is_plausible(now: dt.datetime) -> bool:
    """Tell whether a clock may be right; a machine without a battery begins long ago until the network tells it."""
    return now.year >= EARLIEST_YEAR
