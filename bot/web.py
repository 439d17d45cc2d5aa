"""What is served on `UNGXU_LISTEN`: webhooks, files on their way out, `/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.base import Shelf, Webhook
from bot.errors import NotReady
from storage.errors import StorageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot works: what does not, by name."""

    troubles: list[str]


def make_app(
    webhooks: Sequence[Webhook],
    shelves: Sequence[Shelf],
    health: Callable[[], Awaitable[Health]],
    metrics: Callable[[], Awaitable[bytes]],
) -> Starlette:
    """Return the application."""

    async def healthz(_: Request) -> Response:
        troubles = (await health()).troubles
        return JSONResponse({"ok": not troubles, "troubles": troubles}, status_code=503 if troubles else 200)

    async def show_metrics(_: Request) -> Response:
        return Response(await metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    routes = [Route(webhook.path, _endpoint(webhook), methods=["POST"]) for webhook in webhooks]
    routes += [Route(f"{shelf.path}/{{name}}", _fetched(shelf), methods=["GET"]) for shelf in shelves]
    return Starlette(routes=[*routes, Route("/healthz", healthz), Route("/metrics", show_metrics)])


# What is fetched is for the messenger alone: nothing on the way keeps it, finds it, or takes it for something else.
_UNKEPT = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


def _fetched(shelf: Shelf) -> Callable[[Request], Awaitable[Response]]:
    async def fetched(request: Request) -> Response:
        try:
            found = await shelf.find(request.path_params["name"])
        except StorageError:
            return Response(status_code=503, headers=_UNKEPT)
        if found is None:
            return Response(status_code=404, headers=_UNKEPT)
        return Response(found.data, media_type=found.media_type, headers=_UNKEPT)

    return fetched


def _endpoint(webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
    async def called(request: Request) -> Response:
        given = request.headers.get(webhook.header, "")
        # Compared as bytes: a text with other letters than ASCII cannot be compared in constant time.
        if webhook.admits is None and not hmac.compare_digest(given.encode(), webhook.secret.encode()):
            # Who only looks whether anybody answers may not have been told the secret.
            empty = webhook.probed and await _body(request, 0) is not None
            return Response(status_code=200 if empty else 401)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if webhook.json_only and kind != "application/json":
            return Response(status_code=415)
        body = await _body(request, webhook.largest)
        if body is None:
            return Response(status_code=413)
        if webhook.probed and not body:
            return Response(status_code=200)
        if webhook.admits is not None and not webhook.admits(given, body):
            return Response(status_code=401)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if not isinstance(update, dict):
            return Response(status_code=400)
        try:
            await _in_time(webhook.take(update), webhook.patience)
        except (StorageError, NotReady, TimeoutError) as error:
            log.warning("an update waits: %s", type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    return called


async def _in_time(taking: Coroutine[Any, Any, None], patience: float | None) -> None:
    """Wait so long for an update to be taken; raise TimeoutError, and it is taken all the same."""
    task = asyncio.create_task(taking)
    # When it comes again, that is known. Until then somebody must hold it, and look at how it ended.
    _taking.add(task)
    task.add_done_callback(_taken)
    if not (await asyncio.wait([task], timeout=patience))[0]:
        raise TimeoutError
    task.result()


_taking: set[asyncio.Task[None]] = set()


def _taken(task: asyncio.Task[None]) -> None:
    _taking.discard(task)
    if not task.cancelled():
        task.exception()


async def _body(request: Request, largest: int) -> bytes | None:
    """Read a body; None for one that is too large, and no more of it is read."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            return None
    return bytes(body)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the bot."""
        yield


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """Hold an address and a port while the block runs; yield the socket. Raises OSError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if os.name != "nt":
            # There it would let two processes have the same port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener


@contextlib.asynccontextmanager
async def serving(app: Starlette, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application while the block runs; yield the port. Raises OSError where it cannot be had."""
    with bound(host, port) as listener:
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task
