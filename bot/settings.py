"""Settings from the environment and `.env`, prefixed `UNGXU_`; `.env.example` documents each."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError


class Settings(BaseSettings):
    """What the bot is told from outside.

    Attributes:
        data: folder of the database.
        office: the office's own folder, or None.
        timezone: IANA name of the office's zone.
    """

    model_config = SettingsConfigDict(
        env_prefix="UNGXU_", env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    data: Path = Path("data")
    office: Path | None = None
    timezone: str = "Asia/Ho_Chi_Minh"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(value) from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)


def load_settings() -> Settings:
    """Read the settings; raise SettingsError naming the first one that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = "UNGXU_" + "_".join(map(str, fault["loc"])).upper()
        raise SettingsError(name, str(fault["input"])) from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsError(".env", str(error)) from None
