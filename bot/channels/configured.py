"""The channels that the settings name."""

from __future__ import annotations

from bot.channels.base import LEAST, Abilities, NetworkChannel
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.channels.zalo import Zalo
from bot.clock import utc_now
from bot.errors import SettingsError
from bot.rate_limit import Limits
from bot.settings import Settings, variable
from handlers.texts import Texts


def configured(settings: Settings, texts: Texts) -> list[NetworkChannel]:
    """Return a channel for each messenger that is set up; raise SettingsError for one that is set up by half."""
    channel = telegram(settings, texts)
    return [*([channel] if channel else []), *zalo(settings)]


def abilities_of(name: str) -> Abilities:
    """Return what a channel can do, served here or not; what every one can where it is not known."""
    known = {channel.name: channel.abilities for channel in (Telegram, Terminal, Zalo)}
    return known.get(name, LEAST)


def lacking(settings: Settings) -> list[SettingsError]:
    """Return what is not set and is needed by a messenger that is."""
    called = (
        (settings.telegram_token.get_secret_value() and settings.telegram_updates == "webhook"),
        (settings.bots_of_zalo and settings.zalo_updates == "webhook"),
    )
    if not any(called):
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


def zalo(settings: Settings) -> list[Zalo]:
    """Return a channel for each bot on the Zalo Bot Platform; raise SettingsError."""
    if not settings.bots_of_zalo:
        return []
    for fault in lacking(settings):
        raise fault
    burst = max(int(settings.zalo_rate), 1)
    return [
        Zalo(
            token,
            api_url=settings.zalo_api_url,
            updates=settings.zalo_updates,
            public_url=settings.public_url,
            names=settings.names_in_zalo,
            limits=Limits(
                chat_burst=2,
                rate=settings.zalo_rate,
                burst=burst,
                reserve=min(burst - 1, 2),
                monthly=settings.zalo_monthly,
                people=settings.zalo_people,
            ),
            clock=utc_now,
        )
        for token in settings.bots_of_zalo
    ]
