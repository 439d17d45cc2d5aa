"""Fetching the pictures that bots send, as the service does before anybody sees one."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from tests.waiting import PATIENCE
from tests.zaloapi.errors import NOT_FETCHED, bad_request
from tests.zaloapi.webhook import AGENT, LOOPBACK
from tests.zaloapi.world import World

TIMEOUT = PATIENCE
_PICTURES = ("image/png", "image/jpeg")


async def fetch(world: World, address: str) -> tuple[str, bytes]:
    """Return media type and content of a picture; raise ApiError where it is not to be had.

    Nothing leaves the machine: what stands elsewhere is believed, unless its host is one that refuses.
    """
    host = urlsplit(address).hostname or ""
    if host in world.switches.photo_hosts:
        raise bad_request(NOT_FETCHED)
    if host not in LOOPBACK:
        return "", b""
    try:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        kept = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": AGENT})
        async with kept as session, session.get(address, allow_redirects=False) as answer:
            content = await answer.read()
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise bad_request(NOT_FETCHED) from None
    if answer.status != 200 or answer.content_type not in _PICTURES:
        raise bad_request(NOT_FETCHED)
    return answer.content_type, content
