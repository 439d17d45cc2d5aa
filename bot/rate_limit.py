"""How fast an account may send: per chat, per group, in all, with a reserve for answers, and after a refusal.

Times are seconds of the monotonic clock. The figures are the messenger's; what it says itself (retry_after) comes
first.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from storage.outbox import ANSWER, BROADCAST, REPORT

# Three different chats refused within this many seconds mean that the account is too fast, not the chats.
REFUSAL_WINDOW = 5.0
REFUSALS = 3

# While the account is refused, answers go out this many a second, to find out when it is over.
PROBE_RATE = 1.0

# Chats are forgotten beyond this number, the one that was used longest ago first.
MOST_CHATS = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a messenger allows an account.

    Attributes:
        chat_rate, chat_burst: messages a second to one chat, and how many at once.
        group_count, group_seconds: messages to one group in any such time.
        rate, burst: messages a second in all, and how many at once.
        reserve: how many of the burst are kept for answers.
        paid_rate: messages a second for broadcasts beside all others, where the office pays for them; 0 for none.
        monthly: messages a month in the account's plan, 0 for any number.
        people: people that the account may talk to, 0 for any number.
    """

    chat_rate: float = 1.0
    chat_burst: int = 3
    group_count: int = 20
    group_seconds: float = 60.0
    rate: float = 30.0
    burst: int = 30
    reserve: int = 5
    paid_rate: float = 0.0
    monthly: int = 0
    people: int = 0


class TokenBucket:
    """Tokens that come back at a rate up to a burst."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def available(self, now: float) -> float:
        """Return how many tokens there are."""
        return min(self._burst, self._tokens + max(now - self._at, 0.0) * self._rate)

    def take(self, now: float, count: float = 1.0) -> None:
        """Take tokens; there may then be fewer than none."""
        self._tokens = self.available(now) - count
        # A time before the last one, as of messages that come out of order, must not count twice.
        self._at = max(self._at, now)

    def change(self, rate: float, burst: float, now: float) -> None:
        """Let tokens come back at another rate up to another burst; the bucket stays as full as it is."""
        self._tokens = self.available(now) / self._burst * burst
        self._rate, self._burst = rate, burst
        self._at = max(self._at, now)

    def wait(self, now: float, count: float = 1.0) -> float:
        """Return the seconds until there are so many tokens, 0 where there are."""
        return max(count - self.available(now), 0.0) / self._rate


class Window:
    """At most so many in any stretch of time."""

    def __init__(self, count: int, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=count)

    def take(self, now: float) -> None:
        """Note one."""
        self._times.append(now)

    def wait(self, now: float) -> float:
        """Return the seconds until another is allowed, 0 where it is."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return max(self._times[0] + self._seconds - now, 0.0)


@dataclass(slots=True)
class _Chat:
    bucket: TokenBucket
    window: Window | None
    refused_until: float = 0.0


@dataclass(slots=True)
class Pace:
    """How fast one account may send now.

    `share` is the part of the account's rate that this process has, where several send for it.
    """

    limits: Limits
    now: float
    share: float = 1.0
    _chats: OrderedDict[str, _Chat] = field(default_factory=OrderedDict)
    _refusals: deque[tuple[float, str, float]] = field(default_factory=deque)
    _stopped_until: dict[int, float] = field(default_factory=dict)
    _reserve: float = field(init=False)
    _account: TokenBucket = field(init=False)
    _paid: TokenBucket | None = field(init=False)
    _probe: TokenBucket = field(init=False)

    def __post_init__(self) -> None:
        limits = self.limits
        self._account = TokenBucket(limits.rate, limits.burst, self.now)
        self._paid = TokenBucket(limits.paid_rate, max(limits.paid_rate, 1.0), self.now) if limits.paid_rate else None
        self._probe = TokenBucket(PROBE_RATE, 1, self.now)
        self.divide(self.share, self.now)

    def divide(self, share: float, now: float) -> None:
        """Take a part of the account's rate, where other processes send for it too; what was sent stays counted."""
        self.share = share
        limits = self.limits
        burst, paid = max(limits.burst * share, 1.0), limits.paid_rate * share
        # Whatever is kept for answers, one message of the others must find room, however slow the account is.
        self._reserve = min(limits.reserve * share, burst - 1.0)
        self._account.change(limits.rate * share, burst, now)
        if self._paid:
            self._paid.change(paid, max(paid, 1.0), now)

    def room(self, urgency: int, now: float) -> int:
        """Return how many messages of a class may go out now."""
        if now < self._stopped_until.get(urgency, 0.0):
            return 0
        if self._is_probing(now):
            return int(self._probe.available(now)) if urgency == ANSWER else 0
        if urgency == BROADCAST and self._paid:
            return int(self._paid.available(now))
        kept = 0 if urgency == ANSWER else self._reserve
        return max(int(self._account.available(now) - kept), 0)

    def wait(self, urgency: int, now: float) -> float:
        """Return the seconds until a message of a class may go out, 0 where it may."""
        stopped = max(self._stopped_until.get(urgency, 0.0) - now, 0.0)
        if stopped:
            return stopped
        if self._is_probing(now):
            return self._probe.wait(now)
        if urgency == BROADCAST and self._paid:
            return self._paid.wait(now)
        kept = 0 if urgency == ANSWER else self._reserve
        return self._account.wait(now, kept + 1)

    def chat_wait(self, chat: str, group: bool, now: float) -> float:
        """Return the seconds until a chat may get a message, 0 where it may."""
        known = self._chat(chat, group, now)
        return max(
            known.bucket.wait(now), known.window.wait(now) if known.window else 0.0, known.refused_until - now, 0.0
        )

    def sent(self, chat: str, group: bool, urgency: int, now: float) -> None:
        """Note that a message goes out."""
        known = self._chat(chat, group, now)
        known.bucket.take(now)
        if known.window:
            known.window.take(now)
        if self._is_probing(now):
            self._probe.take(now)
        if urgency == BROADCAST and self._paid:
            self._paid.take(now)
        else:
            self._account.take(now)

    def refused(self, chat: str, group: bool, seconds: float, now: float) -> None:
        """Note that a chat was refused for so long; several chats in a short time stop whole classes.

        First broadcasts stop, and when it goes on, reports; answers then go out one a second.
        """
        self._chat(chat, group, now).refused_until = now + seconds
        self._refusals.append((now, chat, now + seconds))
        while self._refusals and self._refusals[0][0] < now - REFUSAL_WINDOW:
            self._refusals.popleft()
        if len({other for _, other, _ in self._refusals}) < REFUSALS:
            return
        until = max(until for _, _, until in self._refusals)
        if now >= self._stopped_until.get(BROADCAST, 0.0):
            self._stopped_until[BROADCAST] = until
        else:
            self._stopped_until[BROADCAST] = self._stopped_until[REPORT] = until
        self._refusals.clear()

    def _is_probing(self, now: float) -> bool:
        return now < self._stopped_until.get(REPORT, 0.0)

    def _chat(self, chat: str, group: bool, now: float) -> _Chat:
        known = self._chats.get(chat)
        if known is None:
            limits = self.limits
            window = Window(limits.group_count, limits.group_seconds) if group else None
            known = self._chats[chat] = _Chat(TokenBucket(limits.chat_rate, limits.chat_burst, now), window)
            if len(self._chats) > MOST_CHATS:
                self._chats.popitem(last=False)
        else:
            self._chats.move_to_end(chat)
        return known
