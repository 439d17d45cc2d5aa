"""What `ungxu doctor` looks at of an Official Account: its tokens, whether Zalo takes them, and where events come."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

from bot.channels.base import Examined
from bot.channels.zalo_oa.api import AccessRefused, OpenApi
from bot.channels.zalo_oa.events import CHANNEL
from bot.channels.zalo_oa.tokens import TokenVault
from bot.errors import WINDOW_CLOSED, NotSent, TransportError
from bot.worker import Worker
from storage import outbox

# A refresh token holds three months: one that is so old says that the bot has not run for long.
OLD = dt.timedelta(days=75)


async def examine(
    api: OpenApi, vault: TokenVault, worker: Worker | None, webhook_url: str, now: dt.datetime
) -> AsyncIterator[Examined]:
    """Yield what was found, as states and names of texts in [doctor]; `worker` is None without a database."""
    if webhook_url:
        yield Examined("ok", "zalo_oa_webhook", {"url": webhook_url})
    else:
        yield Examined("warning", "zalo_oa_no_public_url")
    pairs = await worker.run(vault.pairs) if worker else []
    if worker is None or not pairs:
        unreadable = worker is not None and await worker.run(vault.unreadable)
        yield Examined("failed", "zalo_oa_unreadable" if unreadable else "zalo_oa_no_tokens")
        return
    newest = pairs[0]
    if all(pair.refused_at for pair in pairs):
        yield Examined("failed", "zalo_oa_refused")
    elif now - newest.received_at > OLD:
        yield Examined("warning", "zalo_oa_old", {"days": (now - newest.received_at).days})
    if not newest.holds(now):
        yield Examined("warning", "zalo_oa_access_over")
    else:
        try:
            name = await api.name(newest.access)
        except AccessRefused:
            yield Examined("warning", "zalo_oa_access_refused")
        except NotSent:
            yield Examined("failed", "zalo_oa_unreachable")
        except TransportError as error:
            yield Examined("failed", "zalo_oa_broken", {"reason": str(error)})
        else:
            yield Examined("ok", "zalo_oa_account", {"name": name})
    count = await worker.run(outbox.failed, CHANNEL, api.app_id, WINDOW_CLOSED)
    if count:
        yield Examined("warning", "zalo_oa_window", {"count": count})
