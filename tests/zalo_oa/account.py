"""An account for tests."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from bot.channels.zalo_oa.api import OpenApi as Client
from tests.zalo_oa.world import APP_ID, APP_SECRET

USER, OTHER = "7700000000000000001", "7700000000000000002"


def client(url: str, **more: Any) -> Client:
    """Return the client of the OpenAPI at an address."""
    values = {"api_url": url, "auth_url": url, "file_hosts": ["127.0.0.1"], **more}
    return Client(APP_ID, SecretStr(APP_SECRET), **values)
