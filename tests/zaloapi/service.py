"""Brings requests to the methods, meets them with faults, and keeps account of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Coroutine
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from tests.botapi.errors import ApiError as Unreadable
from tests.botapi.params import read_params
from tests.botapi.server import Asking, Deferred
from tests.zaloapi.control import Control
from tests.zaloapi.errors import WEBHOOK_SET, ApiError, bad_request, not_found, unauthorized
from tests.zaloapi.faults import AFTER, PAGE, Fault, Faults
from tests.zaloapi.methods import SENDING, act, get_me, photo_of, send
from tests.zaloapi.photos import fetch
from tests.zaloapi.polling import Poller
from tests.zaloapi.records import Call, Record, Update
from tests.zaloapi.webhook import Webhooks
from tests.zaloapi.world import Bot, World, in_envelope

Json = dict[str, Any]

DEFAULT_POLL = 30
FETCHED_AFTER = 0.3
JSON_TYPE = "application/json"
_OK = b'{"ok":true}'


class Service:
    """The whole server but its sockets."""

    def __init__(self, tokens: list[str], url: str) -> None:
        self.tokens = tokens
        self.url = url
        self.connections = 0
        self.open_connections = 0
        self.waiters: set[asyncio.Future[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin()
        self.control = Control(self)

    def _begin(self) -> None:
        self.world = World(self.tokens, self.url)
        self.faults = Faults()
        self.poller = Poller(self.world)
        self.webhooks = Webhooks(self.world)
        self.world.added = self._added
        self.world.wrote = self._wrote
        self.calls: list[Call] = []

    def reset(self) -> None:
        """Begin anew: no people, no messages, no faults. Whoever polls gets nothing."""
        self.webhooks.stop()
        self.poller.end_all()
        self._begin()

    def _added(self, bot: Bot, update: Update) -> None:
        if bot.hook:
            self.webhooks.add(bot, update)
        else:
            self.poller.added(bot, update)

    def _wrote(self) -> None:
        for waiter in list(self.waiters):
            if not waiter.done():
                waiter.set_result(None)

    # Requests

    def take(self, connection: Asking, target: bytes, content_type: str, body: bytes) -> bytes | None:
        """Answer a request, at once or through `connection.defer()`."""
        path, _, query = target.decode("latin-1").partition("?")
        if path.startswith("/control/"):
            return self.control.take(connection, path.removeprefix("/control/"), body)
        path = unquote(path)
        exchange = Exchange(self, connection.defer(), Call(len(self.calls), time.monotonic(), "", "", "", {}))
        self.calls.append(exchange.call)
        if path.startswith("/media/"):
            exchange.call.method, exchange.call.params = "download", {"path": path}
            self._meet(exchange, None)
            return None
        if not path.startswith("/bot") or ":" not in path:
            # Not even a token: something before the service answers.
            exchange.page(404)
            return None
        token, _, method = path.removeprefix("/bot").partition("/")
        exchange.call.method = method
        bot = self.world.bots.get(token)
        try:
            if bot is None:
                raise unauthorized()
            exchange.call.bot = bot.account
            try:
                exchange.call.params = read_params(content_type, body, query)
            except Unreadable as error:
                raise bad_request(error.description) from None
        except ApiError as error:
            exchange.refuse(error)
            return None
        exchange.call.chat = str(exchange.call.params.get("chat_id", ""))
        self._meet(exchange, bot)
        return None

    def _meet(self, exchange: Exchange, bot: Bot | None) -> None:
        """Handle a request, or let its fault happen."""
        call = exchange.call
        fault = self.faults.meeting(call.method, call.chat, call.bot)
        if fault is None:
            self._process(exchange, bot)
        elif fault.kind in AFTER:
            exchange.fault = fault
            self._process(exchange, bot)
        elif fault.kind == "slow":
            asyncio.get_running_loop().call_later(fault.seconds, self._process, exchange, bot)
        elif fault.kind in ("cut", "reset"):
            call.outcome = "cut"
            exchange.deferred.cut(b"", fault.kind == "reset")
        elif fault.kind == "silent":
            call.outcome = "fault"
        else:
            status, body, kind = fault.answer(self.world.switches.errors_as_status)
            call.outcome = "fault"
            # What was sent may be told back.
            body = body.replace(b"{photo}", str(call.params.get("photo", "")).encode())
            exchange.send(status, body, kind, retry_after=fault.seconds)

    def _process(self, exchange: Exchange, bot: Bot | None) -> None:
        if exchange.deferred.lost:
            exchange.call.outcome = "cut"
            return
        if bot is None:
            self._download(exchange)
            return
        before = len(self.world.transcript)
        try:
            self._answer(exchange, bot)
        except ApiError as error:
            exchange.refuse(error)
        exchange.records = self.world.transcript[before:]

    def _download(self, exchange: Exchange) -> None:
        content = self.world.files.get(exchange.call.params["path"].removeprefix("/media/"))
        if content is None:
            exchange.page(404)
        else:
            exchange.finish(200, content, "application/octet-stream")

    def _answer(self, exchange: Exchange, bot: Bot) -> None:
        params = exchange.call.params
        match exchange.call.method:
            case "getMe":
                exchange.give(get_me(bot))
            case "getUpdates":
                if bot.hook:
                    raise bad_request(WEBHOOK_SET)
                self.poller.poll(bot, exchange.as_asker(), _seconds(params))
            case "setWebhook":
                self._later(exchange, self.webhooks.set(bot, params))
            case "testWebhook":
                self._later(exchange, self.webhooks.test(bot))
            case "deleteWebhook":
                exchange.give(self.webhooks.delete(bot))
            case "getWebhookInfo":
                exchange.give(self.webhooks.info(bot))
            case "sendChatAction":
                act(self.world, bot, params)
                exchange.finish(200, _OK, JSON_TYPE)
            case "sendPhoto":
                self._later(exchange, self._send_photo(exchange, bot))
            case method if method in SENDING:
                exchange.give(send(self.world, bot, method, params))
            case _:
                # Names are told apart by the case of their letters too.
                raise not_found()

    async def _send_photo(self, exchange: Exchange, bot: Bot) -> Json:
        """Send a picture, which is fetched from where it stands."""
        params, when = exchange.call.params, self.world.switches.photos
        address = photo_of(params)
        if when == "before":
            fetched = await fetch(self.world, address)
        before = len(self.world.transcript)
        result = send(self.world, bot, "sendPhoto", params)
        exchange.records = self.world.transcript[before:]
        if when == "before":
            self.world.pictures[result["message_id"]] = fetched
        elif when == "after":
            task = asyncio.get_running_loop().create_task(self._fetch_later(result["message_id"], address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return result

    async def _fetch_later(self, message_id: str, address: str) -> None:
        await asyncio.sleep(FETCHED_AFTER)
        with contextlib.suppress(ApiError):
            self.world.pictures[message_id] = await fetch(self.world, address)

    def _later(self, exchange: Exchange, act: Coroutine[Any, Any, Json]) -> None:
        async def answer() -> None:
            try:
                exchange.give(await act)
            except ApiError as error:
                exchange.refuse(error)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def whole(self, status: int, body: bytes, kind: str = JSON_TYPE, retry_after: float = 0.0) -> bytes:
        """Return a whole answer."""
        more = f"Retry-After: {retry_after:g}\r\n" if retry_after else ""
        date = formatdate(time.time() + self.world.switches.clock_offset, usegmt=True)
        return (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nDate: {date}\r\nContent-Type: {kind}\r\n{more}"
            f"Connection: keep-alive\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Exchange:
    """A request and what becomes of its answer."""

    def __init__(self, service: Service, deferred: Deferred, call: Call) -> None:
        self._service = service
        self.deferred = deferred
        self.call = call
        self.fault: Fault | None = None
        self.records: list[Record] = []

    def give(self, result: Any) -> None:
        """Answer with a result."""
        self.finish(200, json.dumps(in_envelope(result)).encode(), JSON_TYPE)

    def refuse(self, error: ApiError) -> None:
        """Answer with a refusal."""
        self.call.code, self.call.outcome = error.code, "refused"
        status = error.code if self._service.world.switches.errors_as_status else 200
        self.finish(status, json.dumps(error.envelope()).encode(), JSON_TYPE)

    def page(self, status: int) -> None:
        """Answer with a page, as what stands before the service does."""
        self.call.outcome = "refused"
        self.finish(status, PAGE, "text/html")

    def finish(self, status: int, body: bytes, kind: str) -> None:
        """Send an answer, or let its fault happen; nobody notes before what was done."""
        if self.fault is None:
            if self.call.outcome == "open":
                self.call.outcome = "ok"
            self.send(status, body, kind)
            return
        # The records of the call are known in a moment.
        asyncio.get_running_loop().call_soon(self._spoil, self.fault, status, body, kind)

    def send(self, status: int, body: bytes, kind: str, retry_after: float = 0.0) -> bool:
        """Send a whole answer; return whether there still was somebody to send it to."""
        self.call.status = status
        arrived = self.deferred.finish(self._service.whole(status, body, kind, retry_after))
        if not arrived:
            self._mark("cut")
        return arrived

    def as_asker(self) -> AsAsker:
        """Return it as the poller knows it."""
        return AsAsker(self)

    def _spoil(self, fault: Fault, status: int, body: bytes, kind: str) -> None:
        self._mark("fault")
        whole = self._service.whole(status, body, kind)
        match fault.kind:
            case "accepted_late":
                asyncio.get_running_loop().call_later(fault.seconds, self.send, status, body, kind)
            case "accepted_bad_gateway":
                self.send(*fault.answer(True))
            case "accepted_cut" | "accepted_reset":
                self._mark("cut")
                self.deferred.cut(b"", fault.kind == "accepted_reset")
            case "accepted_truncated":
                self._mark("cut")
                self.deferred.cut(whole[: -max(1, len(body) // 4)])

    def _mark(self, outcome: str) -> None:
        self.call.outcome = outcome
        for record in self.records:
            record.answered = outcome


class AsAsker:
    """A poll that waits."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def lost(self) -> bool:
        """Whether whoever asked has gone."""
        return self._exchange.deferred.lost

    def give(self, update: Update | None) -> bool:
        """Answer with an update, or with an ok that says nothing."""
        if update is not None:
            answer = json.dumps(in_envelope(update.body)).encode()
        else:
            idle = self._exchange._service.world.switches.idle
            answer = b'{"ok":true,"result":{}}' if idle == "empty" else _OK
        self._exchange.call.outcome = "ok"
        return self._exchange.send(200, answer, JSON_TYPE)

    def refuse(self, error: ApiError, page: bool = False) -> None:
        """Answer with a refusal, or with a page of a gateway."""
        if page:
            self._exchange.page(504)
        else:
            self._exchange.refuse(error)


def _seconds(params: Json) -> float:
    try:
        return int(params.get("timeout", DEFAULT_POLL))
    except (TypeError, ValueError):
        raise bad_request("timeout is invalid") from None
