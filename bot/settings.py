"""Settings from the environment and `.env`, prefixed `UNGXU_`; `.env.example` documents each."""

from __future__ import annotations

import datetime as dt
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError
from handlers.recurrence import Recurrence
from storage.database import FILE_NAME

PREFIX = "UNGXU_"
ENV_FILE = ".env"
SECRET = (
    "telegram_token",
    "zalo_tokens",
    "zalo_oa_app_secret",
    "zalo_oa_secret_key",
    "smtp_url",
    "webhook_secrets",
    "secret_keys",
)
_ADDRESS = r"^https?://[^/\s]+(/\S*)?$"

SHORTEST_SECRET = 16
"""Letters of what calls are signed with, at least."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"


FILES_OUT = "files-out"
"""The folder beside the database for files that no messenger carries."""


class Settings(BaseSettings):
    """What the bot is told from outside.

    Attributes:
        data: folder of the database.
        office: the office's own folder, or None.
        timezone: IANA name of the office's zone.
        secret_keys: keys for what is encrypted at rest, newest first, separated by commas.
        telegram_token: the bot's token, "" for no Telegram.
        telegram_api_url: base of the Bot API.
        telegram_updates: how updates come in.
        telegram_rate: messages a second that Telegram allows the bot in all.
        telegram_paid_rate: messages a second for broadcasts beside these, where the office pays for them; 0 for none.
        zalo_tokens: the tokens of bots on the Zalo Bot Platform, separated by commas, "" for no Zalo.
        zalo_names: the names of these bots as people see them, separated by commas, in the same order.
        zalo_links: the addresses that open these bots, separated by commas, in the same order; "" for Zalo's own.
        zalo_api_url: base of the Bot Platform.
        zalo_updates: how updates come in.
        zalo_rate: messages a second that go out in all, from each bot.
        zalo_monthly: messages a month in the plan of each bot, 0 for any number.
        zalo_people: people that each bot may talk to, 0 for any number.
        zalo_oa_app_id: the number of the app that acts for the Zalo Official Account, "" for no such account.
        zalo_oa_app_secret: the app's secret.
        zalo_oa_secret_key: the account's own secret, which signs its events.
        zalo_oa_api_url, zalo_oa_auth_url: base of the OpenAPI, and of its consent and tokens.
        zalo_oa_redirect_url: where the consent page leads back to, as it is registered; "" for `public_url`.
        zalo_oa_signature: how events are signed.
        zalo_oa_paid: whether messages may be sent that are charged.
        zalo_oa_file_hosts: hosts that the files of people are brought from, separated by commas.
        smtp_url: the mail server that letters go out by, with the password and the sender; "" for no letters.
        webhook_secrets: what calls of other programs are signed with, "name=secret", separated by commas.
        public_url: where messengers reach this server, https.
        listen: address and port for webhooks, files that messengers fetch, `/healthz` and `/metrics`; "" for none.
        files_out: folder of the files that no messenger carries to their readers; "" for one beside the database, "off"
            for none.
        backup_time: when a copy of the database is made each day, at the office; "off" for never.
        backups_kept: how many of the copies stay.
        health_time: day of the week and time at which administrators are told how it goes; "off" for never.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    data: Path = Path("data")
    office: Path | None = None
    timezone: str = "Asia/Ho_Chi_Minh"
    secret_keys: SecretStr = SecretStr("")
    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = Field("https://api.telegram.org", pattern=_ADDRESS)
    telegram_updates: Literal["polling", "webhook"] = "polling"
    telegram_rate: float = Field(30.0, gt=0)
    telegram_paid_rate: float = Field(0.0, ge=0)
    zalo_tokens: SecretStr = SecretStr("")
    zalo_names: str = ""
    zalo_links: str = Field("", pattern=r"^(\s*https://[^\s,]+\s*(,|$))*$")
    zalo_api_url: str = Field("https://bot-api.zaloplatforms.com", pattern=_ADDRESS)
    zalo_updates: Literal["polling", "webhook"] = "polling"
    zalo_rate: float = Field(5.0, gt=0)
    zalo_monthly: int = Field(3000, ge=0)
    zalo_people: int = Field(50, ge=0)
    zalo_oa_app_id: str = Field("", pattern=r"^\d{0,30}$")
    zalo_oa_app_secret: SecretStr = SecretStr("")
    zalo_oa_secret_key: SecretStr = SecretStr("")
    zalo_oa_api_url: str = Field("https://openapi.zalo.me", pattern=_ADDRESS)
    zalo_oa_auth_url: str = Field("https://oauth.zaloapp.com", pattern=_ADDRESS)
    zalo_oa_redirect_url: str = Field("", pattern=r"^(https?://[^/\s]+\S*)?$")
    zalo_oa_signature: Literal["app", "hmac", "oa"] = "app"
    zalo_oa_paid: bool = False
    zalo_oa_file_hosts: str = Field("zdn.vn,zadn.vn,zalo.me,zaloapp.com,dlfl.vn", pattern=r"^[\w.-]+(\s*,\s*[\w.-]+)*$")
    smtp_url: SecretStr = SecretStr("")
    webhook_secrets: SecretStr = SecretStr("")
    public_url: str = Field("", pattern=r"^(https?://[^/\s]+\S*)?$")
    listen: str = Field("", pattern=r"^(\S+:\d{1,5})?$")
    files_out: str = ""
    backup_time: str = Field("12:00", pattern=rf"^(off|{_TIME})$")
    backups_kept: int = Field(7, ge=1)
    health_time: str = Field("mon 08:00", pattern=rf"^(off|({'|'.join(_WEEKDAYS)}) {_TIME})$")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(value) from None
        return value

    @field_validator("telegram_token")
    @classmethod
    def _whole_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if token and not re.fullmatch(r"\d{3,20}:[\w-]{10,100}", token):
            raise ValueError
        return value

    @field_validator("zalo_tokens")
    @classmethod
    def _whole_tokens(cls, value: SecretStr) -> SecretStr:
        tokens = _listed(value.get_secret_value())
        bots = {token.partition(":")[0] for token in tokens if re.fullmatch(r"\d{3,25}:[^\s:/?#%&]{4,200}", token)}
        if len(bots) != len(tokens):
            raise ValueError
        return value

    @field_validator("smtp_url")
    @classmethod
    def _whole_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            # Most offices have none, and reading it brings the whole channel along.
            from bot.channels.email import read_url

            read_url(value.get_secret_value())
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _named_secrets(cls, value: SecretStr) -> SecretStr:
        pairs = [part.partition("=") for part in _listed(value.get_secret_value())]
        names = {name for name, _, secret in pairs if name and len(secret) >= SHORTEST_SECRET}
        if len(names) != len(pairs):
            raise ValueError
        return value

    @field_validator("public_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        # Messengers call nothing else; a test server on this machine does.
        if value and not re.match(r"https://|http://(127\.|localhost)", value):
            raise ValueError
        return value

    @field_validator("listen")
    @classmethod
    def _possible_port(cls, value: str) -> str:
        if value and not 0 <= int(value.rpartition(":")[2]) <= 65_535:
            raise ValueError
        return value

    @property
    def keys(self) -> list[str]:
        """The keys for what is encrypted at rest, newest first."""
        return _listed(self.secret_keys.get_secret_value())

    @property
    def bots_of_zalo(self) -> list[str]:
        """The tokens of the bots on the Zalo Bot Platform."""
        return _listed(self.zalo_tokens.get_secret_value())

    @property
    def names_in_zalo(self) -> list[str]:
        """The names of these bots as people see them."""
        return _listed(self.zalo_names)

    @property
    def links_in_zalo(self) -> list[str]:
        """The addresses that open these bots."""
        return _listed(self.zalo_links)

    @property
    def secrets_of_webhooks(self) -> dict[str, str]:
        """What the calls of each program are signed with."""
        parts = (part.partition("=") for part in _listed(self.webhook_secrets.get_secret_value()))
        return {name: secret for name, _, secret in parts}

    @property
    def secrets(self) -> list[str]:
        """Everything that must never be shown."""
        given = (self.telegram_token, self.zalo_oa_app_secret, self.zalo_oa_secret_key, self.smtp_url)
        found = [*self.keys, *self.bots_of_zalo, *(secret.get_secret_value() for secret in given), self._smtp_password]
        return [secret for secret in (*found, *self.secrets_of_webhooks.values()) if secret]

    @property
    def _smtp_password(self) -> str:
        return unquote(urlsplit(self.smtp_url.get_secret_value()).password or "")

    @property
    def oa_file_hosts(self) -> list[str]:
        """Hosts that the files of people who write to the Official Account are brought from."""
        return [host.strip() for host in self.zalo_oa_file_hosts.split(",")]

    @property
    def files_out_folder(self) -> Path | None:
        """Where files are put that no messenger carries, None for nowhere."""
        if self.files_out == "off":
            return None
        return Path(self.files_out) if self.files_out else self.data / FILES_OUT

    @property
    def address(self) -> tuple[str, int] | None:
        """Where to listen, None for nowhere."""
        host, _, port = self.listen.rpartition(":")
        return (host.strip("[]"), int(port)) if host else None

    @property
    def backup_recurs(self) -> Recurrence | None:
        """When a copy of the database is made, None for never."""
        return None if self.backup_time == "off" else Recurrence(dt.time.fromisoformat(self.backup_time))

    @property
    def health_recurs(self) -> Recurrence | None:
        """When administrators are told how it goes, None for never."""
        if self.health_time == "off":
            return None
        day, time = self.health_time.split()
        return Recurrence(dt.time.fromisoformat(time), weekday=_WEEKDAYS.index(day))

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)


def _listed(written: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in written.split(",") if part.strip()]


def load_settings() -> Settings:
    """Read the settings; raise SettingsError naming the first one that cannot be used."""
    settings, faults = usable_settings()
    if faults:
        raise faults[0]
    return settings


def usable_settings() -> tuple[Settings, list[SettingsError]]:
    """Read the settings, with the default in place of each that cannot be used; return what is wrong with these."""
    try:
        return _usable(ENV_FILE)
    except (UnicodeDecodeError, OSError) as error:
        settings, faults = _usable(None)
        return settings, [SettingsError(ENV_FILE, str(error)), *faults]


def _usable(file: str | None) -> tuple[Settings, list[SettingsError]]:
    """The settings of the environment and a file, as `usable_settings` returns them."""
    try:
        return Settings(_env_file=file), []
    except ValidationError as error:
        faults = {str(fault["loc"][0]): fault["input"] for fault in error.errors(include_url=False)}
        defaults = {name: Settings.model_fields[name].default for name in faults}
        faulty = [_unusable(name, given) for name, given in faults.items()]
        return Settings(_env_file=file, **defaults), faulty


def _unusable(name: str, given: object) -> SettingsError:
    # What was meant to be a secret is one also where it is wrong.
    return SettingsError(variable(name), "***" if name in SECRET else str(given))


def check_setting(name: str, value: str) -> None:
    """Raise SettingsError for a value that a setting cannot have."""
    try:
        Settings(_env_file=None, **{name: value})  # type: ignore[arg-type]
    except ValidationError as error:
        # Others may be wrong in the environment.
        if any(fault["loc"][0] == name for fault in error.errors()):
            raise _unusable(name, value) from None


def unknown_settings() -> dict[str, str]:
    """Return the variables that are named like settings and are none, with the setting that each is nearest to or "".

    They stand in the environment or in `.env`, which must be readable.
    """
    known = {variable(name): name for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(ENV_FILE, encoding="utf-8-sig"))}
    unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
    # Compared without what all have in common.
    near = {name: get_close_matches(name.removeprefix(PREFIX).lower(), known.values(), 1) for name in unknown}
    return {name: variable(found[0]) if found else "" for name, found in near.items()}


def variable(field: str) -> str:
    """Return the name by which a setting is given."""
    return PREFIX + field.upper()


def database_path(settings: Settings) -> Path:
    """Return where the database file stands."""
    return settings.data / FILE_NAME
