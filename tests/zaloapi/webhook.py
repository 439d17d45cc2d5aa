"""Calling the bot: the probe when a webhook is set, and each update as it comes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.zaloapi.errors import bad_request, not_found
from tests.zaloapi.records import Update
from tests.zaloapi.world import Bot, Hook, World, in_envelope

Json = dict[str, Any]

HEADER = "X-Bot-Api-Secret-Token"
AGENT = "Java/17.0.12"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BLOCKED = (*LOOPBACK, "192.168.", "10.", "bot-api.zaloplatforms.com", "zalo.me")


class Webhooks:
    """The webhooks of all bots: set, told of, called."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: deque[tuple[Bot, Update]] = deque()
        self._calling: asyncio.Task[None] | None = None
        self.answers: list[int] = []

    async def set(self, bot: Bot, params: Json) -> Json:
        """Begin to call; the address is kept even where the probe fails. Raises ApiError."""
        url, secret = params.get("url"), params.get("secret_token")
        if not isinstance(url, str) or not self._may_call(url):
            raise bad_request("url is invalid")
        if not isinstance(secret, str) or not 8 <= len(secret) <= 256:
            raise bad_request("secret_token must be between 8 and 256 characters")
        bot.hook = Hook(url, secret, int(time.time() * 1000))
        result: Json = {"url": url, "updated_at": bot.hook.updated_at}
        outcome = await self._probe(bot.hook)
        if self._world.switches.verification:
            result["verification"] = outcome
        return result

    def delete(self, bot: Bot) -> Json:
        """Stop to call."""
        if bot.hook is None and self._world.switches.delete_none == "400":
            raise bad_request("Webhook is not set")
        bot.hook = None
        return {"url": "", "updated_at": int(time.time() * 1000)}

    def info(self, bot: Bot) -> Json:
        """Return where a bot is called."""
        if bot.hook is None:
            if self._world.switches.no_webhook == "404":
                raise not_found()
            return {"url": "", "updated_at": int(time.time() * 1000)}
        return {"url": bot.hook.url, "updated_at": bot.hook.updated_at}

    async def test(self, bot: Bot) -> Json:
        """Call the webhook to see how it answers."""
        if bot.hook is None:
            raise not_found()
        return {"url": bot.hook.url, **await self._probe(bot.hook)}

    def add(self, bot: Bot, update: Update) -> None:
        """Call with an update after those before it."""
        self._waiting.append((bot, update))
        if self._calling is None or self._calling.done():
            self._calling = asyncio.get_running_loop().create_task(self._call_all())

    def stop(self) -> None:
        """Call nobody any more."""
        self._waiting.clear()
        if self._calling is not None:
            self._calling.cancel()

    def _may_call(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if self._world.switches.loopback_webhooks:
            # It never leaves the machine.
            return host in LOOPBACK
        return parts.scheme == "https" and bool(host) and not host.startswith(_BLOCKED)

    async def _probe(self, hook: Hook) -> Json:
        if self._world.switches.probe == "none":
            return {"ok": True, "outcome": "webhook.ok", "status_code": 200, "latency_ms": 1, "hint": ""}
        if urlsplit(hook.url).hostname not in LOOPBACK:
            return {"ok": False, "outcome": "webhook.err.dns", "status_code": 0, "latency_ms": 1, "hint": "DNS"}
        began = time.monotonic()
        body, headers = b"", {"User-Agent": AGENT}
        if self._world.switches.probe == "update":
            body = json.dumps({"event_name": "webhook.test", "message": {}}).encode()
            headers |= {"Content-Type": "application/json", HEADER: hook.secret}
        status = await self._post(hook.url, body, headers)
        match status:
            case 0:
                outcome = "webhook.err.conn"
            case 403 | 404:
                outcome = f"webhook.http.{status}"
            case _:
                outcome = "webhook.ok" if 200 <= status < 300 else f"webhook.http.{'5xx' if status >= 500 else 'other'}"
        told = {"ok": outcome == "webhook.ok", "outcome": outcome, "status_code": status}
        return {**told, "latency_ms": int((time.monotonic() - began) * 1000), "hint": f"Java: {status}"}

    async def _call_all(self) -> None:
        while self._waiting:
            bot, update = self._waiting.popleft()
            switches = self._world.switches
            await asyncio.sleep(switches.push_delay)
            for _ in range(2 if switches.duplicates else 1):
                for attempt in range(switches.push_retries + 1):
                    if attempt:
                        await asyncio.sleep(switches.push_pause)
                    if 200 <= await self._bring(bot, update) < 300:
                        break

    async def _bring(self, bot: Bot, update: Update) -> int:
        if bot.hook is None:
            return 0
        switches = self._world.switches
        body = in_envelope(update.body) if switches.wrapped else update.body
        headers = {"User-Agent": AGENT, "Content-Type": "application/json"}
        if switches.secret != "none":
            headers[HEADER] = bot.hook.secret if switches.secret == "right" else "another-secret"
        update.given += 1
        status = await self._post(bot.hook.url, json.dumps(body).encode(), headers)
        self.answers.append(status)
        return status

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Return the status of the answer, 0 for none."""
        timeout = aiohttp.ClientTimeout(total=self._world.switches.push_timeout)
        # What the body is the headers say, or nothing does.
        kept = aiohttp.ClientSession(timeout=timeout, skip_auto_headers=("Content-Type",))
        try:
            async with kept as session, session.post(url, data=body, headers=headers, ssl=False) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0
