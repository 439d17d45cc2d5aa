"""The channels that the settings name."""

from __future__ import annotations

from bot.channels.base import LEAST, Abilities, NetworkChannel
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.clock import utc_now
from bot.errors import SettingsError
from bot.rate_limit import Limits
from bot.settings import Settings, variable
from handlers.texts import Texts


def configured(settings: Settings, texts: Texts) -> list[NetworkChannel]:
    """Return a channel for each messenger that is set up; raise SettingsError for one that is set up by half."""
    channel = telegram(settings, texts)
    return [channel] if channel else []


def abilities_of(name: str) -> Abilities:
    """Return what a channel can do, served here or not; what every one can where it is not known."""
    known = {channel.name: channel.abilities for channel in (Telegram, Terminal)}
    return known.get(name, LEAST)


def lacking(settings: Settings) -> list[SettingsError]:
    """Return what is not set and is needed by a messenger that is."""
    if not settings.telegram_token.get_secret_value() or settings.telegram_updates != "webhook":
        return []
    needed = {"public_url": settings.public_url, "listen": settings.listen}
    return [SettingsError(variable(name), "") for name, value in needed.items() if not value]


def telegram(settings: Settings, texts: Texts) -> Telegram | None:
    """Return the Telegram channel as it is set up, None where it is not; raise SettingsError."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    for fault in lacking(settings):
        raise fault
    return Telegram(
        token,
        texts,
        api_url=settings.telegram_api_url,
        updates=settings.telegram_updates,
        public_url=settings.public_url,
        limits=Limits(
            rate=settings.telegram_rate,
            burst=max(int(settings.telegram_rate), 1),
            paid_rate=settings.telegram_paid_rate,
        ),
        clock=utc_now,
    )
