"""How long an answer waits for its turn where very many write at once: by what waits before it and the account's pace.

Whoever pressed a button is told so in passing, which costs no message; and what only tidies up is left out meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.conversation import Line
from storage import outbox
from storage.database import Database
from storage.people import Address

BUSY, LONG = 2.0, 8.0
"""Seconds to wait from which on what only tidies up is left out, and from which on people are told."""

# What waits is counted once in so long, and what comes in between is added: counting thousands for each of thousands
# would be what they wait for.
COUNTED_EVERY = dt.timedelta(seconds=1)


@dataclass
class Backlog:
    """What waits on some accounts."""

    lines: Sequence[Line] = ()
    _counted: dict[tuple[str, str], tuple[dt.datetime, int]] = field(default_factory=dict)

    def seconds(self, database: Database, address: Address, at: dt.datetime) -> float:
        """Return for about how long the answer to an address waits that is written next; 0 where no pace is known."""
        account = address.channel, address.account
        rate = next((line.answers for line in self.lines if (line.channel, line.account) == account), 0.0)
        if not rate:
            return 0.0
        when, waiting = self._counted.get(account, (None, 0))
        if when is None or not dt.timedelta() <= at - when < COUNTED_EVERY:
            when, waiting = at, outbox.waiting(database, *account, outbox.ANSWER)
        self._counted[account] = when, waiting + 1
        return waiting / rate
