"""What a messenger's plan allows an account in a month, and what is done when it runs short.

Broadcasts stop first, so that there is room for answers and reports; administrators are told at two shares of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import Literal

from bot.channels.base import Channel
from bot.rate_limit import Limits
from handlers.conversation import Line
from handlers.plan import SHORT_AT, month
from storage import jobs, usage
from storage.database import Database
from storage.usage import Usage

log = logging.getLogger(__name__)

TOLD_AT = (80, 95)
"""Per cent of the messages of a month at which administrators are told."""

RUNS_SHORT = "upkeep.plan"


def line_of(channel: Channel, *, aside: bool = False) -> Line:
    """Return what whoever plans to send to many has to know of an account.

    With `aside` a file that does not go out lies where its message says.
    """
    limits, abilities = channel.limits, channel.abilities
    files: Literal["any", "pictures", "none"] = "pictures" if abilities.only_pictures else "any"
    line = Line(channel.name, channel.account, files="any" if aside else files if abilities.files else "none")
    if limits is None:
        return line
    return replace(line, rate=limits.paid_rate or limits.rate, monthly=limits.monthly, answers=limits.rate)


def share(used: Usage, limits: Limits) -> int:
    """Return how much of a month's messages is used, in per cent."""
    return used.messages * 100 // limits.monthly if limits.monthly else 0


def runs_short(database: Database, account: tuple[str, str], limits: Limits, at: dt.datetime) -> bool:
    """Tell whether broadcasts of an account must wait; plan to tell administrators where a share was reached."""
    if not limits.monthly:
        return False
    now = month(at)
    used = usage.get(database, *account, now)
    reached = max((level for level in TOLD_AT if share(used, limits) >= level), default=0)
    if reached > used.told and usage.tell(database, *account, now, reached):
        log.warning("%s %s has used %d%% of the messages of its month", *account, share(used, limits))
        channel, name = account
        data = {"channel": channel, "account": name, "used": used.messages, "monthly": limits.monthly}
        jobs.plan(database, RUNS_SHORT, f"{channel} {name}", at.isoformat(), at.isoformat(), data)
    return share(used, limits) >= SHORT_AT
