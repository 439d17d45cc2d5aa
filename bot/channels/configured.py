"""The channels that the settings name."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from bot.channels.abilities import LEAST, Abilities
from bot.channels.base import NetworkChannel
from bot.channels.email import Email, read_url
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.channels.webhook import Caller
from bot.channels.zalo import Zalo
from bot.channels.zalo_oa import ZaloOa
from bot.clock import utc_now
from bot.errors import SettingsError
from bot.files import make_box
from bot.rate_limit import Limits
from bot.settings import Settings, variable
from handlers.destinations import load_routing
from handlers.texts import Texts


def configured(settings: Settings, texts: Texts) -> list[NetworkChannel]:
    """Return a channel for each messenger that is set up; raise SettingsError for one that is set up by half."""
    channels: list[NetworkChannel | None] = [
        telegram(settings, texts),
        *zalo(settings),
        zalo_oa(settings),
        email(settings, texts),
        caller(settings),
    ]
    return [channel for channel in channels if channel]


def abilities_of(name: str) -> Abilities:
    """Return what a channel can do, served here or not; what every one can where it is not known."""
    known = {channel.name: channel.abilities for channel in (Telegram, Terminal, Zalo, ZaloOa, Email, Caller)}
    return known.get(name, LEAST)


def lacking(settings: Settings) -> list[SettingsError]:
    """Return what is not set and is needed by a messenger that is, or by a destination of reports.

    Raises RoutingError.
    """
    needed: list[str] = []
    if settings.telegram_token.get_secret_value() and settings.telegram_updates == "webhook":
        needed += ["public_url", "listen"]
    if settings.bots_of_zalo and settings.zalo_updates == "webhook":
        needed += ["public_url", "listen"]
    if settings.zalo_oa_app_id:
        # Tokens that change are kept in the database, and nowhere as they are.
        needed += ["zalo_oa_app_secret", "zalo_oa_secret_key", "secret_keys", "listen"]
    routing = load_routing(settings.office)
    if routing.mails:
        needed += ["smtp_url"]
    if routing.targets.keys() - settings.secrets_of_webhooks.keys():
        needed += ["webhook_secrets"]
    missing = [name for name in needed if name == "webhook_secrets" or not _given(settings, name)]
    return [SettingsError(variable(name), "") for name in dict.fromkeys(missing)]


def _given(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


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
            serves=settings.address is not None,
            names=settings.names_in_zalo,
            title=_at(number, settings.names_in_zalo, settings.bots_of_zalo),
            link=_at(number, settings.links_in_zalo, settings.bots_of_zalo),
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
        for number, token in enumerate(settings.bots_of_zalo)
    ]


def _at(number: int, told: Sequence[str], bots: Sequence[str]) -> str:
    """What is told of a bot, where it is told of each."""
    return told[number] if len(told) == len(bots) else ""


def zalo_oa(settings: Settings) -> ZaloOa | None:
    """Return the channel of the Official Account as it is set up, None where it is not; raise SettingsError."""
    if not settings.zalo_oa_app_id:
        return None
    for fault in lacking(settings):
        raise fault
    box = make_box(settings.keys)
    assert box is not None
    return ZaloOa(
        settings.zalo_oa_app_id,
        settings.zalo_oa_app_secret,
        settings.zalo_oa_secret_key,
        box,
        api_url=settings.zalo_oa_api_url,
        auth_url=settings.zalo_oa_auth_url,
        formula=settings.zalo_oa_signature,
        paid=settings.zalo_oa_paid,
        file_hosts=settings.oa_file_hosts,
        public_url=settings.public_url,
        clock=utc_now,
    )


def email(settings: Settings, texts: Texts) -> Email | None:
    """Return the channel of letters as it is set up, None where it is not."""
    url = settings.smtp_url.get_secret_value()
    return Email(read_url(url), texts, clock=utc_now) if url else None


def caller(settings: Settings) -> Caller | None:
    """Return the channel of calls to the programs that the office names, None where it names none."""
    targets = load_routing(settings.office).targets
    if not targets:
        return None
    for fault in lacking(settings):
        raise fault
    secrets = settings.secrets_of_webhooks
    return Caller({name: (target, secrets[name]) for name, target in targets.items()}, clock=utc_now)
