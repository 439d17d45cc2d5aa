"""Brings requests to the methods, meets them with faults, and keeps account of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from urllib.parse import unquote

from tests.botapi import methods, polls
from tests.botapi.control import Control
from tests.botapi.errors import ApiError, conflict, not_found, too_many_requests, unauthorized
from tests.botapi.faults import AFTER, Fault, Faults
from tests.botapi.params import Params, boolean, read_params
from tests.botapi.polling import Poller
from tests.botapi.rates import Rates
from tests.botapi.records import Call, Record
from tests.botapi.server import JSON_TYPE, Asking, Deferred, Heads
from tests.botapi.updates import Waiting
from tests.botapi.webhook import Webhook
from tests.botapi.world import World

KEPT_CALLS = 50_000
METHODS = {**methods.METHODS, **polls.METHODS}
SENDING = methods.SENDING | polls.SENDING
_WEBHOOK_METHODS = ("setWebhook", "deleteWebhook", "getWebhookInfo")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Service:
    """The whole server but its sockets."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.connections = 0
        self.open_connections = 0
        self._heads = Heads()
        self._names = {name.lower(): name for name in (*METHODS, "getUpdates", *_WEBHOOK_METHODS)}
        self._routes = {f"/bot{token}/{name}".encode(): name for name in self._names.values()}
        self.waiters: set[asyncio.Future[None]] = set()
        self._begin()
        self.control = Control(self)

    def _begin(self) -> None:
        self.world = World(self.token)
        self.faults = Faults()
        self.rates = Rates()
        self.poller = Poller(self.world.queue)
        self.webhook = Webhook(self.world.queue, self.world)
        self.poller.twice = lambda: self._duplicates("getUpdates")
        self.webhook.twice = lambda: self._duplicates("webhook")
        self.webhook.frozen = lambda: max(0.0, self.frozen_until - time.monotonic())
        self.webhook.take_method = self._take_from_webhook
        self.world.queue.added = self._added
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.by_method: Counter[str] = Counter()
        self.by_second: Counter[int] = Counter()
        self.refused = 0
        self.faulted = 0
        self.frozen_until = 0.0
        self._count = 0

    def reset(self) -> None:
        """Begin anew: no people, no messages, no faults. Whoever polls gets no updates."""
        self.webhook.stop()
        self.poller.held_until = 0.0
        self.poller.end()
        self._begin()

    def freeze(self, seconds: float) -> None:
        """Answer nothing for a while; a request whose client leaves before the end is never handled."""
        self.frozen_until = time.monotonic() + seconds
        self.poller.held_until = asyncio.get_running_loop().time() + seconds

    def _added(self, update: Waiting) -> None:
        if self.webhook.url:
            self.webhook.add(update)
        else:
            self.poller.wake()

    # Requests

    def take(self, connection: Asking, target: bytes, content_type: str, body: bytes) -> bytes | None:
        """Answer a request, at once or through `connection.defer()`."""
        name = self._routes.get(target)
        if name is not None:
            return self._request(connection, name, content_type, body, "")
        path, _, query = target.decode("latin-1").partition("?")
        if path.startswith("/control/"):
            return self.control.take(connection, path.removeprefix("/control/"), body)
        try:
            name, rest = self._named(unquote(path))
        except ApiError as error:
            call = self._counted("?", {})
            return self._refusal(call, error)
        if name == "download":
            return self._request(connection, name, "", b"", "", rest)
        return self._request(connection, name, content_type, body, query)

    def _named(self, path: str) -> tuple[str, str]:
        """The method that an address names, or `download` and the path of the file; raises ApiError."""
        download = path.startswith("/file/bot")
        if not download and not path.startswith("/bot"):
            raise not_found()
        token, _, rest = path.removeprefix("/file").removeprefix("/bot").partition("/")
        number, colon, secret = token.partition(":")
        if not number.isdigit() or not colon or not secret.replace("-", "").replace("_", "").isalnum():
            raise not_found()
        if token != self.token:
            raise unauthorized()
        if download:
            return "download", rest
        name = self._names.get(rest.lower())
        if name is None:
            raise not_found()
        return name, rest

    def _request(
        self, connection: Asking, name: str, content_type: str, body: bytes, query: str, path: str = ""
    ) -> bytes | None:
        """Handle a request to a method."""
        if self.frozen_until:
            held = self.frozen_until - time.monotonic()
            if held > 0:
                deferred = connection.defer()
                asyncio.get_running_loop().call_later(held, self._thaw, deferred, name, content_type, body, query, path)
                return None
            self.frozen_until = 0.0
        try:
            params = read_params(content_type, body, query) if name != "download" else {"file_path": path}
        except ApiError as error:
            return self._refusal(self._counted(name, {}), error)
        call = self._counted(name, params)
        if self.faults.armed:
            fault = self.faults.meeting(name, call.chat)
            if fault is not None:
                self._spoil(Exchange(self, connection.defer(), call), fault, params)
                return None
        if name == "getUpdates":
            self.poller.poll(Exchange(self, connection.defer(), call), params, bool(self.webhook.url))
            return None
        return self._answer(call, params)

    def _thaw(self, deferred: Deferred, name: str, content_type: str, body: bytes, query: str, path: str) -> None:
        if deferred.lost:
            return
        answer = self._request(_Held(deferred), name, content_type, body, query, path)
        if answer is not None:
            deferred.finish(answer)

    def _counted(self, name: str, params: Params) -> Call:
        """Write a request down."""
        now = time.monotonic()
        chat = params.get("chat_id")
        if isinstance(chat, str):
            with contextlib.suppress(ValueError):
                chat = int(chat)
        call = Call(self._count, self.world.now(), now, name, chat, params)
        self._count += 1
        self.calls.append(call)
        self.by_method[name] += 1
        self.by_second[int(now)] += 1
        return call

    def _answer(self, call: Call, params: Params) -> bytes:
        """Handle a request and return the whole answer."""
        try:
            if call.method == "download":
                return self._download(call, params)
            method = METHODS.get(call.method)
            if method is None:
                return self._about_webhook(call, params)
            if self.rates.limits is not None and call.method in SENDING and isinstance(call.chat, int):
                seconds = self.rates.retry_after(call.chat, boolean(params, "allow_paid_broadcast"), call.monotonic)
                if seconds:
                    raise too_many_requests(seconds)
            before = len(self.world.transcript)
            body = b'{"ok":true,"result":%b}' % _encode(method(self.world, params)).encode()
            if self.waiters and len(self.world.transcript) > before:
                self._tell()
        except ApiError as error:
            return self._refusal(call, error)
        call.status = 200
        call.outcome = "ok"
        return self._heads.answer(body, self.world.now())

    def _tell(self) -> None:
        """Wake who waits for the transcript."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()

    def _about_webhook(self, call: Call, params: Params) -> bytes:
        if call.method == "getWebhookInfo":
            body = _encode({"ok": True, "result": self.webhook.info()})
        else:
            told = self.webhook.set(params) if call.method == "setWebhook" else self.webhook.delete(params)
            if self.webhook.url:
                self.poller.end(conflict("terminated by setWebhook request"))
            body = _encode({"ok": True, "result": True, "description": told})
        call.status, call.outcome = 200, "ok"
        return self._heads.answer(body.encode(), self.world.now())

    def _download(self, call: Call, params: Params) -> bytes:
        file = self.world.files.by_path(params["file_path"])
        if file is None:
            raise not_found()
        call.status, call.outcome = 200, "ok"
        return self._heads.any_answer(200, file.content, "application/octet-stream", self.world.now())

    def _refusal(self, call: Call, error: ApiError) -> bytes:
        self.refused += 1
        call.status, call.description, call.outcome = error.code, error.description, "refused"
        return self.whole(error.code, _encode(error.envelope()).encode())

    def whole(self, status: int, body: bytes, content_type: str = JSON_TYPE) -> bytes:
        """Return a whole answer."""
        return self._heads.any_answer(status, body, content_type, self.world.now())

    def _take_from_webhook(self, body: bytes) -> None:
        """Handle a method that the bot put into its answer to a webhook post."""
        try:
            params = json.loads(body)
        except ValueError:
            return
        name = self._names.get(str(params.pop("method", "")).lower()) if isinstance(params, dict) else None
        if name in METHODS and not name.startswith("get"):
            self._answer(self._counted(name, params), params)

    # Faults

    def _duplicates(self, method: str) -> bool:
        return bool(self.faults.armed) and self.faults.meeting(method, None, delivery=True) is not None

    def _spoil(self, exchange: Exchange, fault: Fault, params: Params) -> None:
        """Let a fault meet a request."""
        call = exchange.call
        self.faulted += 1
        call.fault = fault.kind
        later = asyncio.get_running_loop().call_later
        if fault.kind in AFTER:
            exchange.fault = fault
            self._process(exchange, params)
        elif fault.kind == "slow":
            later(fault.seconds, self._process, exchange, params)
        elif fault.kind in ("cut", "reset"):
            call.outcome = "cut"
            later(fault.delay, exchange.deferred.cut, b"", fault.kind == "reset")
        elif fault.kind == "silent":
            call.outcome = "fault"
        else:
            status, body, content_type = fault.answer()
            call.status, call.outcome = status, "fault"
            if status != 200:
                call.description = fault.kind
            answer = self.whole(status, body, content_type)
            if fault.delay:
                later(fault.delay, exchange.deferred.finish, answer)
            else:
                exchange.deferred.finish(answer)

    def _process(self, exchange: Exchange, params: Params) -> None:
        """Handle a request whose answer goes through an exchange."""
        if exchange.call.method == "getUpdates":
            self.poller.poll(exchange, params, bool(self.webhook.url))
            return
        before = len(self.world.transcript)
        answer = self._answer(exchange.call, params)
        exchange.records = self.world.transcript[before:]
        exchange.finish(answer)


class Exchange:
    """A request that is answered later, with what went into the transcript for it."""

    def __init__(self, service: Service, deferred: Deferred, call: Call) -> None:
        self._service = service
        self.deferred = deferred
        self.call = call
        self.fault: Fault | None = None
        self.records: list[Record] = []

    @property
    def lost(self) -> bool:
        """Whether the client has gone."""
        return self.deferred.lost

    def give(self, body: bytes) -> None:
        """Answer with a result."""
        self.call.status, self.call.outcome = 200, "ok"
        self.finish(self._service.whole(200, b'{"ok":true,"result":%b}' % body))

    def refuse(self, error: ApiError) -> None:
        """Answer with a refusal."""
        self.finish(self._service._refusal(self.call, error))

    def finish(self, answer: bytes) -> None:
        """Send the answer, or let its fault happen."""
        fault = self.fault
        if fault is None:
            self._send(answer)
            return
        self._mark("fault")
        match fault.kind:
            case "accepted_late":
                asyncio.get_running_loop().call_later(fault.seconds, self._send, answer)
            case "accepted_cut" | "accepted_reset" | "accepted_truncated":
                self._mark("cut")
                last = answer[: -max(1, len(answer) // 4)] if fault.kind == "accepted_truncated" else b""
                reset = fault.kind == "accepted_reset"
                asyncio.get_running_loop().call_later(fault.delay, self.deferred.cut, last, reset)

    def _send(self, answer: bytes) -> None:
        if not self.deferred.finish(answer):
            self._mark("cut")

    def _mark(self, outcome: str) -> None:
        self.call.outcome = outcome
        for record in self.records:
            record.answered = outcome


class _Held:
    """Stands for a connection while a request that was held back is handled: its place is kept already."""

    def __init__(self, deferred: Deferred) -> None:
        self._deferred = deferred

    def defer(self) -> Deferred:
        return self._deferred
