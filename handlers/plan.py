"""What a messenger's plan allows a bot in a month, and what a sending to many will use of it.

Months are those of the plans: they begin at midnight in Vietnam, where such plans are sold.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handlers.context import Context
from handlers.conversation import Reply
from storage import usage
from storage.people import Address

ZONE = dt.timezone(dt.timedelta(hours=7))

SHORT_AT = 80
"""Per cent of the messages of a month from which on broadcasts wait: the rest is for answers and reports."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a sending will use of the plan of one bot.

    Attributes:
        name: the bot as people know it.
        adds: messages that will be sent from it.
        used: messages that it has sent and received this month.
        monthly: messages of its plan.
    """

    name: str
    adds: int
    used: int
    monthly: int

    @property
    def room(self) -> int:
        """How many messages may still be sent to many this month."""
        return max(-(-self.monthly * SHORT_AT // 100) - self.used, 0)

    @property
    def waits(self) -> int:
        """How many messages of the sending will wait for the next month."""
        return max(self.adds - self.room, 0)


def month(at: dt.datetime) -> str:
    """Return the first day of the month of a time, as plans have it: "2026-11-01"."""
    return at.astimezone(ZONE).strftime("%Y-%m-01")


def foresee(context: Context, to: Iterable[Address], reply: Reply) -> Sequence[Foreseen]:
    """Return what a reply that is sent to some addresses will use, by bot.

    Only of bots whose messenger counts messages; nothing is sent or written down.
    """
    adds = Counter((address.channel, address.account) for address in to)
    found = []
    for door in context.doors(""):
        account = (door.channel, door.account)
        if door.monthly and adds[account]:
            used = usage.get(context.database, *account, month(context.now)).messages
            messages = adds[account] * context.parts(reply, door.channel)
            found.append(Foreseen(door.name, messages, used, door.monthly))
    return found


def in_words(foreseen: Sequence[Foreseen], context: Context) -> Markup:
    """Return it in words, one line for each bot; empty where nothing is counted."""
    lines = []
    for use in foreseen:
        values = {"name": use.name, "adds": use.adds, "room": use.room, "monthly": use.monthly, "waits": use.waits}
        lines.append(context.texts.rich("plan.waits" if use.waits else "plan.uses", **values))
    return Markup("\n").join(lines)
