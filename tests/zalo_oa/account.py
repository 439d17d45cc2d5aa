"""An account for tests: its settings on the test server, its tokens in a database."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.channels.zalo_oa.api import OpenApi as Client
from bot.channels.zalo_oa.api import Tokens
from bot.channels.zalo_oa.tokens import Pair, TokenVault
from bot.clock import utc_now
from bot.files import make_box
from bot.settings import Settings
from storage.database import FILE_NAME, Database
from tests.waiting import PATIENCE
from tests.zalo_oa.server import OpenApi
from tests.zalo_oa.webhook import HEADER, signature
from tests.zalo_oa.world import APP_ID, APP_SECRET, OA_ID, OA_SECRET, REDIRECT

# Made up, of the right size.
KEY = "a2V5LXZpLWR1LTAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="

USER, OTHER = "7700000000000000001", "7700000000000000002"


def settings_for(api: OpenApi, data: Path, port: int = 0, **more: Any) -> Settings:
    """Return the settings of an account on a server; names without their prefix."""
    values = {
        "data": data,
        "zalo_oa_app_id": APP_ID,
        "zalo_oa_app_secret": APP_SECRET,
        "zalo_oa_secret_key": OA_SECRET,
        "zalo_oa_api_url": api.url,
        "zalo_oa_auth_url": api.url,
        "zalo_oa_redirect_url": REDIRECT,
        "zalo_oa_file_hosts": "127.0.0.1",
        "secret_keys": KEY,
        "listen": f"127.0.0.1:{port}",
        **more,
    }
    return Settings(_env_file=None, **values)


def client(url: str, **more: Any) -> Client:
    """Return the client of the OpenAPI at an address."""
    values = {"api_url": url, "auth_url": url, "file_hosts": ["127.0.0.1"], **more}
    return Client(APP_ID, SecretStr(APP_SECRET), **values)


def vault(key: str = KEY) -> TokenVault:
    """Return what opens the tokens of the account, with keys that are separated by commas."""
    box = make_box(key.split(","))
    assert box is not None
    return TokenVault(APP_ID, box)


def log_in(api: OpenApi, data: Path, seconds: float = 90_000.0, since: dt.datetime | None = None) -> None:
    """Keep tokens in a database as `ungxu zalo-oa login` does."""
    given = api.tokens()
    tokens = Tokens(SecretStr(given["access_token"]), SecretStr(given["refresh_token"]), seconds)
    database = Database(data / FILE_NAME)
    with database.transaction():
        vault().start_over(database, tokens, since or utc_now())
    database.close()


def until_called(api: OpenApi) -> None:
    """Wait until the bot takes what it is called with."""
    end = time.monotonic() + PATIENCE
    probe = json.dumps({"event_name": "user_seen_message", "timestamp": "0", "recipient": {"id": OA_ID}}).encode()
    while api.webhook.post(probe, {HEADER: signature(api.world.formula, probe, "0")}) != 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    api.webhook.statuses.clear()


def pairs(data: Path) -> list[Pair]:
    """Return the pairs of tokens in a database."""
    database = Database(data / FILE_NAME)
    try:
        return vault().pairs(database)
    finally:
        database.close()


def is_good(api: OpenApi, token: SecretStr) -> bool:
    """Tell whether a refresh token can still be used."""
    known = api.world.refresh.get(token.get_secret_value())
    return known is not None and not known.used
