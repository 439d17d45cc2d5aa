"""The channels that the settings name."""

from __future__ import annotations

from bot.channels.base import NetworkChannel
from bot.channels.telegram import Telegram
from bot.clock import utc_now
from bot.errors import SettingsError
from bot.rate_limit import Limits
from bot.settings import Settings
from handlers.texts import Texts


def configured(settings: Settings, texts: Texts) -> list[NetworkChannel]:
    """Return a channel for each messenger that is set up; raise SettingsError for one that is set up by half."""
    channel = telegram(settings, texts)
    return [channel] if channel else []


def telegram(settings: Settings, texts: Texts) -> Telegram | None:
    """Return the Telegram channel as it is set up, None where it is not; raise SettingsError."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    if settings.telegram_updates == "webhook":
        for name, value in (("UNGXU_PUBLIC_URL", settings.public_url), ("UNGXU_LISTEN", settings.listen)):
            if not value:
                raise SettingsError(name, "")
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
