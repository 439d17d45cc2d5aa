"""Telegram's limits on how fast a bot may send; off until a test switches them on."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    """A bucket of tokens that fills at a rate."""

    capacity: float
    rate: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """How long it takes until there is a token."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate


@dataclass(slots=True, frozen=True)
class Limits:
    """What a bot may send.

    Attributes:
        chat: messages a second in one private chat.
        chat_burst: how many in a row pass there.
        group: messages a minute in one group.
        account: messages a second in all.
        paid: messages a second in all when they are paid for.
        halts: whether a bot that went beyond the account's limit is refused everything until its time is over.
    """

    chat: float = 1.0
    chat_burst: float = 5.0
    group: float = 20.0
    account: float = 30.0
    paid: float = 1000.0
    halts: bool = False


class Rates:
    """Counts what the bot sends against limits; without any, everything passes."""

    def __init__(self) -> None:
        self.limits: Limits | None = None
        self._buckets: dict[object, _Bucket] = {}
        self._halted_until = 0.0

    def set(self, limits: Limits | None) -> None:
        """Switch limits on, or off with None."""
        self.limits = limits
        self._buckets.clear()
        self._halted_until = 0.0

    def retry_after(self, chat: int, paid: bool, now: float) -> int:
        """Count a message; return 0, or how many seconds the bot must wait instead."""
        limits = self.limits
        if limits is None:
            return 0
        if now < self._halted_until:
            return math.ceil(self._halted_until - now)
        whole = ("paid", limits.paid, limits.paid) if paid else ("account", limits.account, limits.account)
        one = (chat, limits.group, limits.group / 60) if chat < 0 else (chat, limits.chat_burst, limits.chat)
        buckets = [self._bucket(key, capacity, rate, now) for key, capacity, rate in (whole, one)]
        waits = [bucket.wait(now) for bucket in buckets]
        if not any(waits):
            for bucket in buckets:
                bucket.tokens -= 1
            return 0
        seconds = max(1, math.ceil(max(waits)))
        if limits.halts and waits[0]:
            self._halted_until = now + seconds
        return seconds

    def _bucket(self, key: object, capacity: float, rate: float, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(capacity, rate, capacity, now)
        return bucket
