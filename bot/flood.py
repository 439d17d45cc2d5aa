"""Flood control: one person who sends too much is asked once to wait, and then not heard until he has."""

from __future__ import annotations

import datetime as dt
import math
from collections import OrderedDict
from enum import Enum

from bot.rate_limit import TokenBucket
from storage.people import Address

# A person between two tasks never sends so many at once; a stuck key or a script does.
BURST = 20
RATE = 0.5

# After so many messages can be sent again at once, the next flood is asked about anew.
CALM = 5

MOST_PEOPLE = 10_000


class Verdict(Enum):
    """What to do with a message."""

    HEAR = "hear"
    WARN = "warn"
    DROP = "drop"


class FloodGuard:
    """Counts what each sender sends, by the time it was sent, so that what piled up while the bot was off is heard."""

    def __init__(self) -> None:
        self._senders: OrderedDict[tuple[str, str, str], tuple[TokenBucket, bool]] = OrderedDict()
        self._ahead = math.inf

    def judge(self, address: Address, at: dt.datetime, sent: dt.datetime | None = None) -> Verdict:
        """Say what to do with a message that came at a time and was sent at another, where that is known."""
        sender = (address.channel, address.account, address.sender)
        if sent is not None:
            # How far this machine's clock is ahead of the messenger's: a press has the one, a message the other.
            self._ahead = min(self._ahead, at.timestamp() - sent.timestamp())
        now = sent.timestamp() if sent else at.timestamp() - (self._ahead if self._ahead < math.inf else 0.0)
        known = self._senders.pop(sender) if sender in self._senders else None
        bucket, warned = known or (TokenBucket(RATE, BURST, now), False)
        available = bucket.available(now)
        warned = warned and available < CALM
        verdict = Verdict.HEAR
        if warned or available < 1:
            verdict = Verdict.DROP if warned else Verdict.WARN
            warned = True
        else:
            bucket.take(now)
        self._senders[sender] = bucket, warned
        if len(self._senders) > MOST_PEOPLE:
            self._senders.popitem(last=False)
        return verdict

    def forget(self, address: Address) -> None:
        """Begin anew with a sender: what was counted comes once more."""
        self._senders.pop((address.channel, address.account, address.sender), None)


def pause() -> int:
    """Return how many seconds somebody who was asked to wait should wait."""
    return int(CALM / RATE)
