"""What may go out now, and how what went out ended: the part of delivery that runs on the storage thread, in turns.

A turn is one transaction. It records how messages ended since the last one and claims those that may go out now: by
class, by chat and by the pace of the account. A claim is committed before the first byte of its message leaves.

How a message ended is told by its error alone. NotSent: it is tried again. OutcomeUnknown: answers and reports go out
again (at least once), broadcasts do not (at most once). Refused: it has failed.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot import metrics
from bot.channels.base import Channel
from bot.clock import Clock
from bot.errors import AccountUnusable, Moved, NotSent, Refused, Unreachable
from bot.plan import runs_short
from bot.presence import Presence
from bot.rate_limit import Pace
from handlers.conversation import Outcome
from handlers.plan import month
from storage import chats, leases, outbox, usage
from storage.database import Database
from storage.outbox import ANSWER, BROADCAST, CLASSES, REPORT, OutboxRow

log = logging.getLogger(__name__)

# How long a claim holds: longer than its message may be on its way.
LEASE = dt.timedelta(seconds=60)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
LONGEST_ANSWER_PAUSE = 60.0
"""Seconds between two attempts; they double, with up to a quarter more by chance. Somebody waits for an answer."""

FAILING_CHATS = 3
"""So many chats that fail one after the other mean that it is not the chats."""

OLDEST_ANSWER = dt.timedelta(minutes=2)
"""An answer that has waited longer means that something is wrong."""

GIVE_UP = {ANSWER: dt.timedelta(hours=24), REPORT: dt.timedelta(days=7), BROADCAST: dt.timedelta(hours=24)}
"""How long a message is tried that cannot be sent, by its class."""

MOST_MOVES = 5
"""How often a message follows a chat that has become another."""

MOST_REPEATS = 5
REPEATED_FOR = {ANSWER: dt.timedelta(hours=1), REPORT: GIVE_UP[REPORT]}
"""A message whose outcome was unknown goes out again so often, and then until it is so old: a server that is broken for
some minutes costs no answer."""

MOST_IN_A_TURN = 64

MOST_BROADCASTS = 32
"""So many broadcasts are on their way at most: what a kill makes unknown is no more."""

# How long until the outbox is looked at again when nothing says that it should be.
IDLE = 0.5
# How long to wait for an account that is refused.
UNUSABLE_PAUSE = 60.0
# How often claims that ran out are looked for.
EXPIRY_INTERVAL = 5.0
# A clock that is so many seconds off from one look to the next was set, and did not just drift.
CLOCK_JUMP = 5.0

Happened = Callable[[Database, Sequence[Outcome], dt.datetime], None]


@dataclass(frozen=True, slots=True)
class End:
    """How sending a message ended: `error` None where it arrived."""

    row: OutboxRow
    sent_id: str | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a turn: the messages to send now, and the seconds until the next if nothing happens before."""

    claimed: list[OutboxRow]
    wait: float


class Dispatch:
    """The turns of one sender. The loop waits for each, so that one thread at a time touches what is kept here.

    `sent` is how many messages arrived.
    """

    def __init__(
        self,
        channels: Mapping[tuple[str, str], Channel],
        *,
        owner: str,
        happened: Happened | None,
        presence: Presence | None,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        """Prepare for channels by their name and account.

        `owner` is the name of this sender in claims; `happened` is told of the ends that a job asked for.
        """
        self._channels = channels
        self._owner = owner
        self._happened = happened
        self._presence = presence
        self._clock = clock
        self._monotonic = monotonic
        self._paces = {key: Pace(channel.limits, monotonic()) for key, channel in channels.items() if channel.limits}
        self._unusable_until: dict[tuple[str, str], float] = {}
        self._expiry_at = 0.0
        self._clock_offset = clock().timestamp() - monotonic()
        self._failing: dict[tuple[str, str], set[str]] = {account: set() for account in channels}
        self._moves: dict[int, int] = {}
        self._short: set[tuple[str, str]] = set()
        self.sent = 0

    def turn(
        self,
        database: Database,
        ends: Sequence[End],
        free: int,
        free_beside: int,
        free_broadcasts: int = MOST_BROADCASTS,
    ) -> Turn:
        """Record how messages ended, and claim at most `free` others.

        Of them at most `free_beside` are no answers, and at most `free_broadcasts` broadcasts.
        """
        now = self._monotonic()
        if not ends and now < self._expiry_at and not self._something_due(database, now):
            return Turn([], self._until_next(now))
        with database.transaction():
            self._settle_arrived(database, [end for end in ends if end.error is None])
            for end in ends:
                if end.error is not None:
                    self._settle(database, end.row, end.error)
            if now >= self._expiry_at:
                if self._presence:
                    self._presence.free_the_dead(database)
                self._follow_clock(database, now)
                self._settle_expired(database)
                self._share_pace(database, now)
                self._look_at_plans(database)
                self._expiry_at = now + EXPIRY_INTERVAL
            return self._claim(database, free, free_beside, free_broadcasts, now)

    def unusable(self) -> list[str]:
        """Return the channels whose account was refused lately."""
        now = self._monotonic()
        # The loop asks, also during a turn.
        return sorted({channel for (channel, _), until in list(self._unusable_until.items()) if until > now})

    def _something_due(self, database: Database, now: float) -> bool:
        stamp = self._clock().isoformat()
        return any(
            outbox.due(database, *account, urgency, stamp, 1)
            for account in self._usable(now)
            for urgency in CLASSES
            if self._room(account, urgency, now)
        )

    def _usable(self, now: float) -> list[tuple[str, str]]:
        return [account for account in self._channels if now >= self._unusable_until.get(account, 0.0)]

    def _room(self, account: tuple[str, str], urgency: int, now: float) -> int:
        pace = self._paces.get(account)
        if urgency == BROADCAST and account in self._short:
            return 0
        return MOST_IN_A_TURN if pace is None else pace.room(urgency, now)

    def _until_next(self, now: float) -> float:
        """How long nothing can be due that is not known of: until a class that has no room may have some."""
        waits = [
            pace.wait(urgency, now)
            for pace in self._paces.values()
            for urgency in CLASSES
            if not pace.room(urgency, now)
        ]
        return min([IDLE, *(max(wait, 0.001) for wait in waits)])

    def _claim(self, database: Database, free: int, free_beside: int, free_broadcasts: int, now: float) -> Turn:
        claimed: list[OutboxRow] = []
        wait = self._until_next(now)
        until = (self._clock() + LEASE).isoformat()
        for urgency in CLASSES:
            for account in self._usable(now):
                room = min(self._room(account, urgency, now), MOST_IN_A_TURN, free - len(claimed))
                if urgency != ANSWER:
                    room = min(room, free_beside)
                if urgency == BROADCAST:
                    room = min(room, free_broadcasts)
                if room <= 0:
                    continue
                ids, pause = self._choose(database, account, urgency, room, now)
                wait = min(wait, pause)
                rows = outbox.claim(database, ids, self._owner, until)
                free_beside -= len(rows) if urgency != ANSWER else 0
                free_broadcasts -= len(rows) if urgency == BROADCAST else 0
                claimed += rows
        return Turn(claimed, 0.0 if claimed and len(claimed) < free else wait)

    def _choose(
        self, database: Database, account: tuple[str, str], urgency: int, room: int, now: float
    ) -> tuple[list[int], float]:
        """Choose the messages of a class that may go out; those whose chat may not have one yet wait until it may."""
        pace, channel = self._paces.get(account), self._channels[account]
        clock = self._clock()
        ids: list[int] = []
        pause = IDLE
        found = outbox.due(database, *account, urgency, clock.isoformat(), room)
        for row_id, chat in found:
            if pace is None:
                ids.append(row_id)
                continue
            group = channel.is_group(chat)
            wait = pace.chat_wait(chat, group, now)
            if wait > 0:
                outbox.defer(database, row_id, (clock + dt.timedelta(seconds=wait)).isoformat())
                pause = min(pause, wait)
            else:
                pace.sent(chat, group, urgency, now)
                ids.append(row_id)
        # Behind those that wait others may stand that need not.
        return ids, 0.0 if len(ids) < len(found) == room else pause

    def _settle_arrived(self, database: Database, ends: Sequence[End]) -> None:
        now = self._clock()
        self._use_plan(database, [end.row for end in ends])
        ended = outbox.arrive(database, [(end.row, end.sent_id) for end in ends], now.isoformat())
        known = [end.row for end in ends if self._ended(end.row, "sent", now, known=end.row.id in ended)]
        self._tell(database, known, "sent")
        for account in {(end.row.channel, end.row.account) for end in ends}:
            if len(self._failing[account]) >= FAILING_CHATS:
                # It works again: what failed meanwhile need not wait for its pause to end.
                outbox.hasten(database, *account, now.isoformat())
            self._failing[account].clear()
            self._unusable_until.pop(account, None)

    def _settle(self, database: Database, row: OutboxRow, error: Exception) -> None:
        account = (row.channel, row.account)
        if isinstance(error, Moved) and self._moves.get(row.id, 0) < MOST_MOVES:
            chats.move(database, row.channel, row.account, row.chat, error.chat)
            if self._give_back(database, row, 0.0, str(error)):
                self._moves[row.id] = self._moves.get(row.id, 0) + 1
        elif isinstance(error, Unreachable):
            self._end(database, row, "failed", str(error))
            self._close(database, row, str(error))
        elif isinstance(error, Refused):
            self._end(database, row, "failed", str(error))
        elif isinstance(error, NotSent):
            if isinstance(error, AccountUnusable):
                if account not in self._unusable_until:
                    log.error("account of %s refused: %s", row.channel, error)
                self._unusable_until[account] = self._monotonic() + UNUSABLE_PAUSE
            elif error.retry_after is not None and account in self._paces:
                metrics.count(metrics.REFUSALS, row.channel)
                group = self._channels[account].is_group(row.chat)
                self._paces[account].refused(row.chat, group, error.retry_after, self._monotonic())
            else:
                self._failing[account].add(row.chat)
            self._again(database, row, error)
        else:
            self._failing[account].add(row.chat)
            self._unknown(database, row, str(error), _back_off(row.repeats + 1))

    def _follow_clock(self, database: Database, now: float) -> None:
        """Notice when the clock of the system is set; set back, it would let messages wait until it is there again."""
        offset = self._clock().timestamp() - now
        jump, self._clock_offset = offset - self._clock_offset, offset
        if abs(jump) < CLOCK_JUMP:
            return
        log.warning("the clock was set by %+.0f s", jump)
        if jump < 0:
            # Too early is no harm: what chats and the account may get is held by the monotonic clock.
            for account in self._channels:
                outbox.hasten(database, *account, self._clock().isoformat())

    def _settle_expired(self, database: Database) -> None:
        # What this process sends ends here, however late the clock says it is.
        rows = outbox.expired(database, self._clock().isoformat(), MOST_IN_A_TURN, but=self._owner)
        for row in rows:
            # Enough time has passed.
            self._unknown(database, row, "lease", 0.0)
        if rows:
            log.warning("claims ran out: %d", len(rows))

    def _unknown(self, database: Database, row: OutboxRow, error: str, seconds: float) -> None:
        """Send a message again after so many seconds, where it may be sent twice."""
        self._use_plan(database, [row])
        age = self._clock() - dt.datetime.fromisoformat(row.created_at)
        if row.urgency == BROADCAST or (row.repeats >= MOST_REPEATS and age > REPEATED_FOR[row.urgency]):
            self._end(database, row, "unknown", error)
            return
        if self._give_back(database, row, seconds, error, repeat=True):
            metrics.count(metrics.REPEATS, row.channel, metrics.CLASS_NAMES[row.urgency])

    def _again(self, database: Database, row: OutboxRow, error: NotSent) -> None:
        """Give a message back that did not leave; one that was tried for too long has failed."""
        seconds = error.retry_after
        reason = str(error) if seconds is None else outbox.TOLD_TO_WAIT
        if self._clock() - dt.datetime.fromisoformat(row.created_at) > GIVE_UP[row.urgency]:
            self._end(database, row, "failed", reason)
            return
        if seconds is None:
            seconds = _back_off(row.attempt, LONGEST_ANSWER_PAUSE if row.urgency == ANSWER else LONGEST_PAUSE)
        self._give_back(database, row, seconds, reason)

    def _give_back(
        self, database: Database, row: OutboxRow, seconds: float, error: str, *, repeat: bool = False
    ) -> bool:
        """Let a message be sent again after so many seconds; False where it is another sender's by now."""
        due = self._clock() + dt.timedelta(seconds=seconds)
        if outbox.retry(database, row, due.isoformat(), error, repeat=repeat):
            return True
        log.warning("a claim ran out before its message was given back")
        return False

    def _end(self, database: Database, row: OutboxRow, state: str, error: str) -> None:
        now = self._clock()
        if self._ended(row, state, now, known=outbox.end(database, row, state, now.isoformat(), error)):
            self._tell(database, [row], state, error)

    def _ended(self, row: OutboxRow, state: str, now: dt.datetime, *, known: bool) -> bool:
        """Count how a message ended, where that is recorded; return whether it is."""
        if known:
            self._moves.pop(row.id, None)
            self._count(row, state, now)
        else:
            log.warning("a claim ran out before its message ended as %s", state)
        return known

    def _count(self, row: OutboxRow, state: str, now: dt.datetime) -> None:
        metrics.count(metrics.DELIVERIES, row.channel, metrics.CLASS_NAMES[row.urgency], state)
        if state == "sent":
            self.sent += 1
            if row.urgency == ANSWER:
                metrics.ANSWER_SECONDS.observe((now - dt.datetime.fromisoformat(row.created_at)).total_seconds())

    def _tell(self, database: Database, rows: Sequence[OutboxRow], state: str, error: str = "") -> None:
        outcomes = [Outcome(row.concern, state, error) for row in rows if row.concern]
        if outcomes and self._happened:
            self._happened(database, outcomes, self._clock())

    def _close(self, database: Database, row: OutboxRow, reason: str) -> None:
        """Nobody can be reached in a chat: what waits for it has failed too."""
        now = self._clock().isoformat()
        chats.close(database, row.channel, row.account, row.chat, reason, now)
        for other in outbox.give_up(database, row.channel, row.account, row.chat, now, reason, MOST_IN_A_TURN):
            self._count(other, "failed", self._clock())
            self._tell(database, [other], "failed", reason)

    def _use_plan(self, database: Database, rows: Sequence[OutboxRow]) -> None:
        """Count messages that arrived, or may have."""
        for account, sent in Counter((row.channel, row.account) for row in rows).items():
            channel = self._channels.get(account)
            if channel and channel.abilities.counted:
                usage.count(database, *account, month(self._clock()), sent=sent)

    def _look_at_plans(self, database: Database) -> None:
        """Find the accounts whose plan runs short."""
        self._short = {
            account
            for account, channel in self._channels.items()
            if channel.limits and runs_short(database, account, channel.limits, self._clock())
        }

    def _share_pace(self, database: Database, now: float) -> None:
        """Divide the account's rate among the processes that send for it."""
        clock = self._clock()
        for account, pace in self._paces.items():
            prefix = f"delivery:{account[0]}:{account[1]}:"
            until = clock + dt.timedelta(seconds=3 * EXPIRY_INTERVAL)
            leases.acquire(database, prefix + self._owner, self._owner, clock.isoformat(), until.isoformat())
            share = 1.0 / max(leases.alive(database, prefix, clock.isoformat()), 1)
            if share != pace.share:
                pace.divide(share, now)


def _back_off(attempt: int, longest: float = LONGEST_PAUSE) -> float:
    """The seconds before the attempt after this one; a part by chance, so that many do not come back at once."""
    pause = min(FIRST_PAUSE * 2.0 ** min(attempt - 1, 30), longest)
    return pause * random.uniform(1.0, 1.25)  # noqa: S311 - no secret
