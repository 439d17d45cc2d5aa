"""Takes events: each exactly once, what it changed and what is to be sent committed together with its key.

Several events may share one commit. An event whose handler raises is undone, recorded as failed with one apology and
never tried again; so is one that a channel could not read. A storage that is busy is not the event's fault: StorageBusy
goes to the caller, nothing is committed, and the caller keeps the events.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from bot.backlog import BUSY, LONG, Backlog
from bot.channels.abilities import LEAST, Abilities
from bot.channels.base import Event, Taken, Unreadable
from bot.channels.fitting import fit, joined
from bot.flood import FloodGuard, Verdict, pause
from bot.logs import place
from bot.metrics import EVENTS, QUESTIONS, count
from handlers import router
from handlers.broadcast.wording import duration
from handlers.context import Context, day_at
from handlers.conversation import NOTHING, Change, Door, Incoming, Line, Manner, Outcome, Reply, Vote
from handlers.destinations import Routing
from handlers.first_aid import Steps, load_first_aid
from handlers.office import Office
from handlers.plan import month
from handlers.sealing import Seal
from handlers.texts import Texts
from knowledge.search import Search
from storage import boards, chats, inbox, menus, outbox, polls, tallies, usage
from storage.database import Database
from storage.errors import StorageError
from storage.menus import SPENT, Menu
from storage.people import Address, heard_from, is_shared, known_at, person_at

log = logging.getLogger(__name__)

Part = Callable[[], AbstractContextManager[None]]
"""What an event is taken in, so that what it changed can be undone by itself."""

Handle = Callable[[Incoming, Context], list[Reply]]
Tell = Callable[[Sequence[Outcome], Context], list[Reply]]

# Events share a commit until this many seconds are used: no transaction holds up others for long.
GROUP_SECONDS = 0.025

# Keys are deleted hourly; by so much an event is taken for old before its key is.
A_DAY = dt.timedelta(days=1)


_SAID = attrgetter(*(part.name for part in fields(Reply) if part.name not in ("to", "concern")))
"""What a reply says, to whomever it goes."""


class _HandlerRaised(Exception):
    """A handler raised, and what it changed cannot be undone by itself."""


@dataclass
class Receiver:
    """What every event meets on its way in. `search` may be replaced while the bot runs.

    `abilities` are those of the channels of this process, `elsewhere` tells those of any other: a reply may go to
    somebody whom another process serves. `doors` returns where the bot is found, with links that bring a code. `lines`
    are the accounts that messages go out on, with their pace.
    """

    search: Search
    texts: Texts
    office: Office
    zone: ZoneInfo
    abilities: dict[str, Abilities]
    handle: Handle = router.handle
    tell: Tell = router.tell
    doors: Callable[[str], Sequence[Door]] = lambda _: ()
    flood: FloodGuard = field(default_factory=FloodGuard)
    seal: Seal = field(default_factory=Seal)
    first_aid: Steps = field(default_factory=load_first_aid)
    elsewhere: Callable[[str], Abilities] = lambda _: LEAST
    routing: Routing = field(default_factory=Routing)
    lines: Sequence[Line] = ()
    _backlog: Backlog = field(init=False)
    _fitted: tuple[object, Abilities, list[dict[str, Any]]] | None = None
    """What was fitted last: a broadcast is the same for all."""
    _tallied: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was counted, by day and name, and is written down once before the commit."""

    def __post_init__(self) -> None:
        """Look at the accounts of the lines."""
        self._backlog = Backlog(self.lines)

    def take(self, database: Database, event: Event) -> Taken:
        """Handle one event and commit. Raises StorageError."""
        return self.take_some(database, [event])[0]

    def take_some(self, database: Database, events: Sequence[Event]) -> list[Taken]:
        """Handle the first of some events and as many more as there is time for, and commit them together.

        Returns what became of those that were handled, at least one. Raises StorageError.
        """
        try:
            try:
                return self._take_group(database, events, part=nullcontext)
            except _HandlerRaised:
                # Hardly ever: so that all others need no savepoint, the group is taken again, each event in its own.
                self.undone(database, events)
                return self._take_group(database, events, part=database.savepoint)
        except StorageError:
            self.undone(database, events)
            raise

    def _take_group(self, database: Database, events: Sequence[Event], part: Part) -> list[Taken]:
        """Take events in one transaction, each as a part of it; raise _HandlerRaised where such parts are none."""
        taken: list[Taken] = []
        self._tallied.clear()
        began = time.monotonic()
        with database.transaction():
            for event in events:
                taken.append(self._take(database, event, part))
                if time.monotonic() - began > GROUP_SECONDS:
                    break
            self._count(events, taken)
            self._write_tallies(database)
        return taken

    def _count(self, events: Sequence[Event], taken: Sequence[Taken]) -> None:
        """Count what was handled, and how questions ended, for whoever watches the bot."""
        for event, result in zip(events, taken, strict=False):
            if result.new:
                count(EVENTS, event.address.channel, "failed" if result.failed else "handled")

    def undone(self, _: Database, events: Sequence[Event]) -> None:
        """Forget events that were not committed: they come again, and nobody may be taken for a flood by that."""
        for event in events:
            self.flood.forget(event.address)

    def perform(self, database: Database, act: Callable[[Context], list[Reply]], at: dt.datetime) -> None:
        """Do what nobody's event asked for, inside a transaction; what it raises comes out as it is."""
        self._tallied.clear()
        for reply in act(self._context(database, at, 0)):
            assert reply.to is not None
            self._put(database, reply, reply.to, at)
        self._write_tallies(database)

    def happened(self, database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> None:
        """Tell jobs how things ended, inside the transaction that records the ends."""
        groups: dict[tuple[str, int], list[Outcome]] = {}
        for outcome in outcomes:
            groups.setdefault((str(outcome.concern.get("job")), outcome.person), []).append(outcome)
        for group in groups.values():
            if not self._told(database, group, at) and len(group) > 1:
                # What one of them stumbles over is no reason to leave out the others.
                for outcome in group:
                    self._told(database, [outcome], at)

    def _told(self, database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> bool:
        """Tell a job how things ended; return False where it raised, and everything of it is undone."""
        self._tallied.clear()
        try:
            with database.savepoint():
                context = self._context(database, at, outcomes[0].person)
                for reply in self.tell(outcomes, context):
                    assert reply.to is not None
                    self._put(database, reply, reply.to, at)
                self._write_tallies(database)
        except StorageError:
            raise
        except Exception as error:
            log.error("outcome failed: %s at %s", type(error).__name__, place(error))
            return False
        return True

    def _take(self, database: Database, event: Event, part: Part) -> Taken:
        kind = event.kind if isinstance(event, Incoming) else "unreadable"
        channel, account = event.address.channel, event.address.account
        if self._is_forgotten(event) or not inbox.record(database, channel, account, event.key, _utc(event.at), kind):
            return Taken(new=False)
        if (abilities := self.abilities.get(channel)) and abilities.counted:
            usage.count(database, channel, account, month(event.at), received=1)
        if isinstance(event, Unreadable):
            log.error("event unreadable: %s", event.error)
            self._fail(database, event, event.error)
            return Taken(new=True, failed=True)
        before = dict(self._tallied)
        try:
            with part():
                notice = self._handle(database, event)
        except StorageError:
            raise
        except Exception as error:
            if part is nullcontext:
                raise _HandlerRaised from error
            # What was written is no business of the log: the place tells where to look.
            log.error("event failed: %s at %s", type(error).__name__, place(error))
            self._tallied = Counter(before)
            self._fail(database, event, type(error).__name__)
            return Taken(new=True, failed=True)
        return Taken(new=True, notice=notice)

    def _is_forgotten(self, event: Event) -> bool:
        """Tell whether an event is so old that its key may be deleted, where such ones come again."""
        abilities = self.abilities.get(event.address.channel)
        if not isinstance(event, Incoming) or event.sent is None or abilities is None or not abilities.repeats:
            return False
        return event.sent < self.office.retention.since("events", event.at) + A_DAY

    def _handle(self, database: Database, event: Incoming) -> str:
        """Do everything that an event asks for; return the passing notice."""
        address, now = event.address, _utc(event.at)
        if event.vote and not _is_asked(database, event.vote, address):
            return ""
        self._follow_chat(database, event)
        verdict = self._judge(event)
        if verdict is not Verdict.HEAR:
            inbox.amend(database, address.channel, address.account, event.key, kind="flood")
        if verdict is Verdict.DROP:
            return ""
        # Where nobody said anything, nobody is met.
        if event.vote:
            # A vote comes from wherever a poll was forwarded to: the chat need not be open again.
            person = person_at(database, address, now)
        else:
            person = 0 if event.change else heard_from(database, address, now, in_group=event.group)
        if verdict is Verdict.WARN:
            warning = Reply(self.texts.rich("trouble.too_fast", seconds=pause()))
            self._put(database, warning, address, event.at, answers=event.message if event.group else "")
            return ""
        pressed = self._pressed(database, event, person)
        context = self._context(database, event.at, person, address)
        replies = self.handle(event, context)
        return self._answer(event, context, replies, pressed)

    def _judge(self, event: Incoming) -> Verdict:
        """What happens to a chat, and the further pictures of an album, are never too much."""
        if event.change or event.follows:
            return Verdict.HEAR
        return self.flood.judge(event.address, event.at, event.sent)

    def _answer(self, event: Incoming, context: Context, replies: Sequence[Reply], pressed: Menu | None) -> str:
        """Put replies into the outbox, those to a press in the place where they belong; return the passing notice."""
        database = context.database
        wait = self._backlog.seconds(database, event.address, event.at) if event.press else 0.0
        abilities = self.abilities[event.address.channel]
        shown_in = pressed.id if pressed and abilities.edits else None
        notices = []
        for reply in joined(replies) if abilities.counted else replies:
            if reply.manner is Manner.PASSING and event.press and abilities.notices:
                notices.append(str(reply.text))
            elif reply.manner is Manner.INSTEAD and shown_in is not None:
                self._put(database, reply, event.address, event.at, edits=shown_in)
                shown_in = None
            else:
                answers = event.message if event.group else ""
                self._put(database, reply, reply.to or event.address, event.at, answers=answers)
        self._close_polls(database, event, replies)
        if pressed and shown_in is not None and wait < BUSY:
            # Where very many wait, the tidying would be what they wait for; what was taken cannot be taken again.
            self._refresh(database, event, context.person, pressed, shown_in)
        if wait >= LONG and abilities.notices and replies and not notices:
            notices.append(self.texts("trouble.many", time=duration(wait, context)))
        return "\n".join(notices)

    def _close_polls(self, database: Database, event: Incoming, replies: Sequence[Reply]) -> None:
        """Close the polls that ask what is settled now, but for that which settled it: a vote stands."""
        for poll in [poll for reply in replies if reply.settles for poll in polls.settle(database, reply.settles)]:
            if event.vote and poll.poll == event.vote.poll:
                continue
            outbox.put(
                database,
                poll.channel,
                poll.account,
                poll.chat,
                outbox.ANSWER,
                {"text": None, "closes": True},
                _utc(event.at),
                edits=poll.message,
            )

    def _refresh(self, database: Database, event: Incoming, person: int, pressed: Menu, shown_in: int) -> None:
        """Take the buttons whose choice was taken away from under the message."""
        now = menus.get(database, pressed.id, event.address, person)
        if now is None or now.buttons == pressed.buttons:
            return
        address = event.address
        shown = self.abilities[address.channel].label
        left = [(place, shown(button["label"])) for place, button in enumerate(now.buttons) if not button.get(SPENT)]
        outbox.put(
            database,
            address.channel,
            address.account,
            address.chat,
            outbox.ANSWER,
            {"text": None, "menu": now.id, "buttons": left},
            _utc(event.at),
            edits=shown_in,
        )

    def _pressed(self, database: Database, event: Incoming, person: int) -> Menu | None:
        return menus.get(database, event.press.menu, event.address, person) if event.press else None

    def _follow_chat(self, database: Database, event: Incoming) -> None:
        """Keep in mind whether somebody can be reached in the chat, and where it is now."""
        channel, account, chat = event.address.channel, event.address.account, event.address.chat
        if event.change in (Change.BLOCKED, Change.LEFT):
            reason = "blocked" if event.change is Change.BLOCKED else "left"
            chats.close(database, channel, account, chat, reason, _utc(event.at))
        elif event.change is Change.MOVED:
            chats.move(database, channel, account, chat, event.moved_to)
        elif event.change:
            chats.open_again(database, channel, account, chat)

    def _fail(self, database: Database, event: Event, error: str) -> None:
        inbox.amend(database, event.address.channel, event.address.account, event.key, error=error)
        if not event.address.chat or (isinstance(event, Incoming) and event.change):
            return
        # The event is over, whatever becomes of the apology.
        try:
            with database.savepoint():
                answers = event.message if isinstance(event, Incoming) and event.group else ""
                apology = Reply(self.texts.rich("trouble.apology"))
                self._put(database, apology, event.address, event.at, answers=answers)
        except StorageError:
            raise
        except Exception as fault:
            log.error("no apology: %s at %s", type(fault).__name__, place(fault))

    def _context(self, database: Database, at: dt.datetime, person: int, address: Address | None = None) -> Context:
        abilities = self.abilities.get(address.channel) if address else None
        return Context(
            database,
            self.search,
            self.texts,
            self.office,
            self.zone,
            at,
            person,
            partial(self._tally, at),
            numbered=abilities is None or abilities.numbers,
            buttons=abilities is not None and abilities.buttons,
            address=address,
            channels=frozenset(self.abilities),
            doors=self.doors,
            parts=self._parts,
            starts=abilities is None or abilities.starts,
            seal=self.seal,
            first_aid=self.first_aid,
            routing=self.routing,
            lines=self.lines,
        )

    def _parts(self, reply: Reply, channel: str) -> int:
        """In how many messages a reply goes out on a channel."""
        return len(fit(reply, self.abilities.get(channel) or self.elsewhere(channel), self.texts))

    def _tally(self, at: dt.datetime, outcome: str) -> None:
        self._tallied[day_at(at, self.zone).isoformat(), outcome] += 1

    def _write_tallies(self, database: Database) -> None:
        for (day, name), times in self._tallied.items():
            tallies.count(database, day, name, times)
            count(QUESTIONS, name, times=times)
        self._tallied.clear()

    def _put(
        self,
        database: Database,
        reply: Reply,
        to: Address,
        at: dt.datetime,
        *,
        edits: int | None = None,
        answers: str = "",
    ) -> None:
        """Put a reply into the outbox, with its menu; only the last of its messages tells how it ended."""
        now = _utc(at)
        abilities = self._abilities_on(to.channel)
        if reply.board and abilities.edits and edits is None:
            edits = boards.find(database, reply.board, to)
        if reply.passing_board and edits is None and not self._begins_board(database, reply, to, abilities):
            return
        shown_as = self._abilities_on(reply.as_on) if reply.as_on else abilities
        if shown_as.buttons and not abilities.buttons:
            # What cannot be shown here at all cannot be shown as it is there either.
            shown_as = abilities
        if reply.buttons and not abilities.shows_buttons(len(reply.buttons)) and _is_for_all(database, to):
            # A number that is typed there means a menu of whoever types it.
            reply = replace(reply, buttons=(), lead=NOTHING)
        if reply.poll and (not abilities.polls or is_shared(database, to)):
            # A vote does not tell where it was cast.
            reply = replace(reply, poll=None)
        messages = self._fit(reply, shown_as, answers)
        is_kept = reply.menu and abilities.shows_buttons(len(reply.buttons))
        if is_kept:
            messages[-1]["menu"] = reply.menu
        concern = reply.concern and {**reply.concern, **({"parts": len(messages)} if len(messages) > 1 else {})}
        for number, message in enumerate(messages, 1):
            last = number == len(messages)
            row = outbox.put(
                database,
                to.channel,
                to.account,
                to.chat,
                reply.urgency,
                message,
                now,
                edits=edits if number == 1 else None,
                concern=concern if last else None,
            )
            if reply.board and number == 1 and edits is None:
                boards.remember(database, reply.board, to, row)
        if reply.buttons and not is_kept and abilities.hears:
            # Sent to somebody else than who wrote, it is his menu; and who wrote may have become a member just now.
            buttons = [button.as_json() for button in reply.buttons]
            if not menus.remember(database, row, to, buttons, now):
                person_at(database, to, now)
                menus.remember(database, row, to, buttons, now)

    def _fit(self, reply: Reply, abilities: Abilities, answers: str) -> list[dict[str, Any]]:
        if answers or reply.urgency != outbox.BROADCAST:
            return fit(reply, abilities, self.texts, answers)
        said = _SAID(reply)
        if self._fitted is None or self._fitted[0] != said or self._fitted[1] is not abilities:
            self._fitted = said, abilities, fit(reply, abilities, self.texts)
        return [message.copy() for message in self._fitted[2]]

    def _abilities_on(self, channel: str) -> Abilities:
        return self.abilities.get(channel) or self.elsewhere(channel)

    def _begins_board(self, database: Database, reply: Reply, to: Address, abilities: Abilities) -> bool:
        """Whether a reply is the first of its board; where messages cannot be changed, the first stays the only one."""
        return abilities.edits or boards.find(database, reply.board, to) is None


def _is_asked(database: Database, vote: Vote, address: Address) -> bool:
    """Whether a vote is of somebody who was asked; others vote where a poll was forwarded to, and are nobody here."""
    found = polls.find(database, address, vote.poll)
    return found.chat == address.chat if found else known_at(database, address) is not None


def _is_for_all(database: Database, to: Address) -> bool:
    """Whether a message goes to a group itself, and to nobody in it."""
    return to.sender == to.chat and is_shared(database, to)


# What happens to one event happens at one time.
@lru_cache(maxsize=8)
def _utc(at: dt.datetime) -> str:
    # Times are compared as text, so all must stand in one zone.
    return at.astimezone(dt.UTC).isoformat()
