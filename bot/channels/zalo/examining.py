"""What `ungxu doctor` asks Zalo: whether the token is good, the time, and how updates come."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

from bot.channels.base import Examined, State
from bot.channels.zalo.api import UNAUTHORIZED, Rejected, ZaloApi
from bot.errors import NotSent, OutcomeUnknown

# A clock that is further off gives messages wrong times, and old ones are left alone.
MOST_SECONDS_OFF = 60.0


async def examine(
    api: ZaloApi, account: str, webhook_url: str, now: dt.datetime, *, named: bool, pictures: str
) -> AsyncIterator[Examined]:
    """Yield what was found, as states and names of texts in [doctor]; `webhook_url` is "" for polling.

    `named` says whether it is known how people call the bot; `pictures` is where Zalo fetches those that go out, "" for
    nowhere.
    """
    bot = {"account": account}
    try:
        me = await api.get_me()
        yield Examined("ok", "zalo_bot", {**bot, "name": me.account_name})
        yield _clock(api, now)
        yield await _updates(api, webhook_url, bot)
    except Rejected as error:
        if error.code == UNAUTHORIZED:
            yield Examined("failed", "zalo_token_refused", bot)
        else:
            yield Examined("failed", "zalo_broken", {**bot, "reason": str(error)})
        return
    except NotSent:
        yield Examined("failed", "zalo_unreachable", bot)
        return
    except OutcomeUnknown as error:
        yield Examined("failed", "zalo_broken", {**bot, "reason": str(error)})
        return
    yield Examined("ok", "zalo_pictures" if pictures else "zalo_no_pictures", {**bot, "url": pictures})
    if not named:
        yield Examined("warning", "zalo_no_names", bot)


def _clock(api: ZaloApi, now: dt.datetime) -> Examined:
    try:
        seconds = (now - parsedate_to_datetime(api.date)).total_seconds()
    except (TypeError, ValueError):
        return Examined("warning", "zalo_no_clock")
    state: State = "ok" if abs(seconds) <= MOST_SECONDS_OFF else "failed"
    return Examined(state, f"zalo_clock_{state}", {"seconds": round(abs(seconds))})


async def _updates(api: ZaloApi, webhook_url: str, bot: dict[str, str]) -> Examined:
    set_to = (await api.get_webhook_info()).url
    if not webhook_url:
        return Examined("warning", "zalo_webhook_left", bot) if set_to else Examined("ok", "zalo_polling", bot)
    if set_to != webhook_url:
        # It is set when the bot starts.
        return Examined("warning", "zalo_webhook_not_set", bot)
    try:
        tried = await api.test_webhook()
    except (Rejected, NotSent, OutcomeUnknown):
        # Not every bot has it, and a day has few of these.
        tried = None
    if tried is not None and not tried.ok:
        return Examined("warning", "zalo_webhook_error", {**bot, "reason": f"{tried.outcome} {tried.hint}".strip()})
    return Examined("ok", "zalo_webhook", bot)
