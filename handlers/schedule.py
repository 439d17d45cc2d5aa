"""What the jobs do later: kinds of what becomes due, and what a run means that comes late.

The scheduler of the bot runs what is due; a job's package plans it with `storage.jobs` and says here, by its kind, what
is done then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from handlers.context import Context
from handlers.conversation import Reply
from handlers.recurrence import Recurrence

GRACE = dt.timedelta(minutes=10)
"""What is done so soon after its time is not late: a restart, a busy moment."""


@dataclass(frozen=True, slots=True)
class Due:
    """What has become due: the time it was planned for, UTC, and what was planned."""

    name: str
    planned: dt.datetime
    data: dict[str, Any] = field(default_factory=dict)


class Late(Enum):
    """What it means where something is done late, because nothing ran at its time."""

    ONCE = "once"
    """It is done now, and once, however often it was missed."""
    SKIPPED = "skipped"
    """It is not done any more; whoever wants to know is told."""
    ANEW = "anew"
    """When it is to be done is computed anew."""


Act = Callable[[Due, Context], list[Reply]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of what becomes due.

    What is done is plain and synchronous, inside one transaction; what is long does a part and plans the same name
    again. Each reply says where it goes.

    Attributes:
        run: does it.
        late: what a late run means.
        skipped: for `SKIPPED`: tells that it was not done.
        anew: for `ANEW`: returns the new time, UTC; None for now.
        recurs: how it recurs without anybody planning it, under the name ""; None where it is planned.
        grace: what is later than this is late.
    """

    run: Act
    late: Late = Late.ONCE
    skipped: Act | None = None
    anew: Callable[[Due, Context], dt.datetime | None] | None = None
    recurs: Recurrence | None = None
    grace: dt.timedelta = GRACE
