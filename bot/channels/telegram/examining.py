"""What `ungxu doctor` asks Telegram: whether the token is good, how updates come, rights in groups, and the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from email.utils import parsedate_to_datetime

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.base import Examined, State
from bot.channels.telegram.transport import AiohttpRequest, RequestNotSent

# A clock that is further off gives messages wrong times, and certificates may seem to be from tomorrow.
MOST_SECONDS_OFF = 60.0

# More groups are not looked at one by one.
MOST_GROUPS = 20


async def examine(
    bot: Bot, request: AiohttpRequest, webhook_url: str, groups: Sequence[str], now: dt.datetime
) -> AsyncIterator[Examined]:
    """Yield what was found, as states and names of texts in [doctor]; `webhook_url` is "" for polling."""
    try:
        me = await bot.get_me()
    except InvalidToken:
        yield Examined("failed", "telegram_token_refused")
        return
    except TelegramError as error:
        yield _unreachable(error)
        return
    yield Examined("ok", "telegram_bot", {"name": f"@{me.username}"})
    if not me.can_join_groups:
        yield Examined("warning", "telegram_no_groups")
    yield _clock(request, now)
    try:
        yield await _updates(bot, webhook_url)
        for group in groups[:MOST_GROUPS]:
            yield await _group(bot, me.id, group)
    except TelegramError as error:
        yield _unreachable(error)


def _unreachable(error: TelegramError) -> Examined:
    if isinstance(error, RequestNotSent):
        return Examined("failed", "telegram_unreachable")
    return Examined("failed", "telegram_broken", {"reason": type(error).__name__})


def _clock(request: AiohttpRequest, now: dt.datetime) -> Examined:
    try:
        seconds = (now - parsedate_to_datetime(request.date)).total_seconds()
    except (TypeError, ValueError):
        return Examined("warning", "telegram_no_clock")
    state: State = "ok" if abs(seconds) <= MOST_SECONDS_OFF else "failed"
    return Examined(state, f"telegram_clock_{state}", {"seconds": round(abs(seconds))})


async def _updates(bot: Bot, webhook_url: str) -> Examined:
    info = await bot.get_webhook_info()
    waiting = {"count": info.pending_update_count}
    if not webhook_url:
        if info.url:
            return Examined("warning", "telegram_webhook_left", waiting)
        return Examined("ok", "telegram_polling", waiting)
    if info.url != webhook_url:
        # It is set when the bot starts.
        return Examined("warning", "telegram_webhook_not_set", waiting)
    if info.last_error_message:
        return Examined("warning", "telegram_webhook_error", {**waiting, "reason": info.last_error_message})
    return Examined("ok", "telegram_webhook", waiting)


async def _group(bot: Bot, bot_id: int, group: str) -> Examined:
    try:
        chat = await bot.get_chat(int(group))
        member = await bot.get_chat_member(int(group), bot_id)
    except (InvalidToken, Conflict):
        raise
    except TelegramError as error:
        return Examined("failed", "telegram_group_unreachable", {"group": group, "reason": error.message})
    silent = member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED) or (
        member.status == ChatMemberStatus.RESTRICTED and not getattr(member, "can_send_messages", True)
    )
    state: State = "failed" if silent else "ok"
    return Examined(state, f"telegram_group_{state}", {"group": chat.title or group})
