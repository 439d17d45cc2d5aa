"""`python -m tests.zalo_oa.rotating DATA URL [STEP]`: a process that renews the tokens, and dies at a step.

It prints "begun" as soon as it runs, and "done" when the tokens are renewed or an administrator was told.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.channels.zalo_oa import tokens
from bot.channels.zalo_oa.api import OpenApi
from bot.channels.zalo_oa.tokens import TokenKeeper
from bot.clock import utc_now
from bot.errors import AccountUnusable, NotSent
from bot.presence import Presence
from bot.worker import Worker
from storage import leases, oa_tokens
from storage.database import FILE_NAME, Database
from tests.zalo_oa.account import client, vault

STEPS: dict[str, tuple[Any, str, bool]] = {
    "before it is noted": (TokenKeeper, "_begin", False),
    "while it is noted": (oa_tokens, "begin", True),
    "before it leaves": (OpenApi, "refresh", False),
    "before the answer is kept": (OpenApi, "refresh", True),
    "while the answer is kept": (oa_tokens, "succeed", True),
    "after the answer is kept": (leases, "release", False),
}
"""What is about to be called, or (True) was called just now and has not returned yet."""


def die() -> None:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(step: str) -> None:
    """Put the end of this process into its way."""
    owner, name, after = STEPS[step]
    real: Callable[..., Any] = getattr(owner, name)

    async def asked(*args: Any) -> Any:
        if after:
            await real(*args)
        die()

    def called(*args: Any) -> Any:
        if after:
            real(*args)
        die()

    setattr(owner, name, asked if asyncio.iscoroutinefunction(real) else called)


def alert(database: Database, text: str) -> None:
    """Note what administrators are told."""
    database.run("INSERT INTO alerts (name, day) VALUES (:text, '') ON CONFLICT DO NOTHING", {"text": text})


async def renew(data: Path, url: str) -> None:
    """Renew, again and again where it could not be done yet."""
    worker, presence, api = Worker(data / FILE_NAME), Presence(data), client(url)
    await api.open()
    keeper = TokenKeeper(api, vault(), worker, presence.owner, alert=alert, note=lambda _: None, clock=utc_now)
    while True:
        await worker.write(presence.free_the_dead)
        try:
            await keeper.renew()
        except NotSent as error:
            if isinstance(error, AccountUnusable):
                break
            await asyncio.sleep(0.1)
        else:
            break
    await api.close()
    worker.close()
    presence.close()


def main() -> None:
    data, url, *step = sys.argv[1:]
    tokens.WAIT = 1.0
    tokens.WAIT_PAUSE = 0.05
    for one in step:
        die_at(one)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    asyncio.run(renew(Path(data), url))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
