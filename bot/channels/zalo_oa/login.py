"""`ungxu zalo-oa login`: an administrator of the account agrees in a browser, and the tokens of that are kept.

The code that comes back is useless to whoever else sees it: it is only exchanged together with a verifier (PKCE) that
never leaves this process.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from bot.channels.configured import zalo_oa
from bot.channels.zalo_oa.api import TokensRefused
from bot.channels.zalo_oa.channel import ZaloOa
from bot.clock import utc_now
from bot.errors import InputError, SettingsError, TransportError
from bot.settings import Settings, database_path
from handlers.texts import Texts, load_texts
from storage.database import Database

# As long as the standard (RFC 7636) asks for at least: 32 random bytes.
_VERIFIER_SIZE = 32


def login(settings: Settings, write: Callable[[str], None], read: Callable[[], str]) -> None:
    """Print the consent address, read the code or the whole address that it leads to, and keep the tokens.

    Raises InputError, SettingsError or StorageError.
    """
    texts = load_texts(settings.office)
    channel = zalo_oa(settings)
    if channel is None:
        raise SettingsError("UNGXU_ZALO_OA_APP_ID", "")
    redirect_url = settings.zalo_oa_redirect_url or settings.public_url
    if not redirect_url:
        raise SettingsError("UNGXU_ZALO_OA_REDIRECT_URL", "")
    # Before anybody is asked to agree: a database that cannot be used would waste the consent.
    database = Database(database_path(settings))
    try:
        verifier, state = secrets.token_urlsafe(_VERIFIER_SIZE), secrets.token_urlsafe(16)
        write(texts("cli.zalo_oa_agree", url=channel.api.permission_url(redirect_url, challenge(verifier), state)))
        code = code_in(read(), state, texts)
        name = asyncio.run(_exchange(channel, code, verifier, database, texts))
    finally:
        database.close()
    write(texts("cli.zalo_oa_ready", name=name))


def challenge(verifier: str) -> str:
    """Return the PKCE challenge (S256) of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def code_in(pasted: str, state: str, texts: Texts) -> str:
    """Return the code in what was pasted: the code itself, or the address that the consent page led to.

    Raises InputError where there is none, or where the address belongs to another consent.
    """
    pasted = pasted.strip()
    if "://" not in pasted:
        if not pasted or any(sign in pasted for sign in " \t?&="):
            raise InputError(texts("cli.zalo_oa_no_code"))
        return pasted
    asked = parse_qs(urlsplit(pasted).query)
    code = asked.get("code", [""])[0]
    if not code:
        raise InputError(texts("cli.zalo_oa_no_code"))
    if not hmac.compare_digest(asked.get("state", [""])[0].encode(), state.encode()):
        raise InputError(texts("cli.zalo_oa_other_consent"))
    return code


async def _exchange(channel: ZaloOa, code: str, verifier: str, database: Database, texts: Texts) -> str:
    """Keep the tokens for a code; return what the account is called, "" where Zalo does not tell."""
    await channel.open()
    try:
        asked = utc_now()
        try:
            tokens = await channel.api.exchange(code, verifier)
        except TokensRefused as error:
            raise InputError(texts("cli.zalo_oa_code_refused", reason=error)) from None
        except TransportError as error:
            raise InputError(texts("cli.zalo_oa_unreachable", reason=error)) from None
        with database.transaction():
            channel.vault.start_over(database, tokens, asked)
        return await _name(channel, tokens.access)
    finally:
        await channel.close()


async def _name(channel: ZaloOa, access: SecretStr) -> str:
    try:
        return await channel.api.name(access)
    except TransportError:
        # The tokens are there all the same.
        return ""
