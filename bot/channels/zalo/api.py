"""The Zalo Bot Platform, as far as it is documented: each method, typed, on httpx.

How a call ended is decided by the body before the status, since refusals come with either; what is no envelope at all
is judged by the status. Nothing of an address gets into an error: it holds the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from bot.errors import NotSent, OutcomeUnknown
from bot.logs import Redactor

Json = dict[str, Any]

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
# The longest silence while a poll waits, beside what it asked for.
POLL_SLACK = 15.0
# Zalo fetches a picture itself before it answers.
PHOTO_TIMEOUT = 150.0

CONNECTIONS = 16

BAD_REQUEST, UNAUTHORIZED, INTERNAL, NOT_FOUND, TIMEOUT, GONE, QUOTA = 400, 401, 403, 404, 408, 410, 429
"""Error codes. 403 is what the documentation calls an internal error: it passes."""

GATEWAY_TIMEOUT = 504

# Nothing was written for these: no connection, or none to be had in time.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Rejected(Exception):
    """Zalo itself said no.

    `code` is its error code, 0 where it told none; `retry_after` how many seconds it wants to be left alone, None where
    it did not say.
    """

    def __init__(self, code: int, description: str, retry_after: float | None = None) -> None:
        self.code = code
        self.description = description
        self.retry_after = retry_after
        super().__init__(f"{code} {description}".strip())


class Late(OutcomeUnknown):
    """The request left and no answer came in time."""


class Broken(OutcomeUnknown):
    """Something answered that is not Zalo's: a gateway, behind which the call may have been carried out."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"not Zalo ({status})")


@dataclass(frozen=True, slots=True)
class Me:
    """Who a bot is. Its name as people see it is not told."""

    id: str
    account_name: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How a call of the webhook went that Zalo made to try it."""

    ok: bool
    outcome: str
    hint: str


@dataclass(frozen=True, slots=True)
class WebhookState:
    """Where Zalo calls, "" for nowhere, and how trying it went, None where Zalo does not tell."""

    url: str
    verification: Verification | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """A stretch of a text in UTF-16 units, and the codes of its style."""

    start: int
    length: int
    codes: tuple[str, ...]

    def as_json(self) -> Json:
        """Return it as Zalo reads it."""
        return {"start": self.start, "len": self.length, "st": list(self.codes)}


class ZaloApi:
    """The platform for one bot. Open it inside the event loop with `open`, and close it.

    Every method raises Rejected, NotSent (nothing left this machine) or OutcomeUnknown (it left, and no answer of
    Zalo's came).
    """

    def __init__(self, token: str, base_url: str) -> None:
        self._base_url = f"{base_url.rstrip('/')}/bot{token}"
        self._redact = Redactor([token])
        self._client: httpx.AsyncClient | None = None
        self.date = ""
        """What the server said of the time in its last answer."""

    async def open(self) -> None:
        """Open the pool of connections, in the running event loop."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=_timeout(READ_TIMEOUT),
                limits=httpx.Limits(max_connections=CONNECTIONS),
                follow_redirects=False,
                trust_env=False,
            )

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def get_me(self) -> Me:
        """Return who the bot is."""
        found = _mapping(await self._call("getMe"))
        return Me(_text(found, "id"), _text(found, "account_name"))

    async def get_updates(self, seconds: int) -> list[Mapping[str, Any]]:
        """Wait so long for an update; return it, or [] where none came.

        Zalo gives one at a time, and may give the same one again. Late and Broken are raised like anywhere else:
        whether they mean that nothing came, who polls knows better.
        """
        try:
            found = await self._call("getUpdates", {"timeout": seconds}, seconds + POLL_SLACK)
        except Rejected as error:
            if error.code in (TIMEOUT, GATEWAY_TIMEOUT) or "timeout" in error.description.lower():
                return []
            raise
        several = found if isinstance(found, list) else [found]
        return [update for update in several if isinstance(update, dict) and update]

    async def set_webhook(self, url: str, secret: str) -> WebhookState:
        """Have updates brought to an address, with a secret of 8 to 256 characters."""
        found = _mapping(await self._call("setWebhook", {"url": url, "secret_token": secret}))
        return WebhookState(_text(found, "url") or url, _verification(found.get("verification")))

    async def delete_webhook(self) -> None:
        """Have updates kept until they are asked for; that there is no webhook is fine."""
        try:
            await self._call("deleteWebhook")
        except Rejected as error:
            if error.code not in (BAD_REQUEST, NOT_FOUND):
                raise

    async def get_webhook_info(self) -> WebhookState:
        """Return where updates are brought."""
        try:
            found = _mapping(await self._call("getWebhookInfo"))
        except Rejected as error:
            if error.code == NOT_FOUND:
                return WebhookState("")
            raise
        return WebhookState(_text(found, "url"))

    async def test_webhook(self) -> Verification | None:
        """Have the webhook called; return how that went, None where it is not told. A day has few of these."""
        return _verification(await self._call("testWebhook"))

    async def send_message(
        self, chat: str, text: str, *, styles: Sequence[Style] = (), parse_mode: str | None = None
    ) -> str:
        """Send a text of at most 2,000 UTF-16 units; return the id of the message.

        Where a `parse_mode` ("markdown" or "html") is given, Zalo reads the marks in the text and no styles.
        """
        values: Json = {"chat_id": chat, "text": text}
        if parse_mode is not None:
            values["parse_mode"] = parse_mode
        if styles:
            values["text_styles"] = [style.as_json() for style in styles]
        return _message_id(await self._call("sendMessage", values))

    async def send_photo(self, chat: str, photo: str, caption: str = "") -> str:
        """Send the picture at a public address; return the id of the message."""
        values = {"chat_id": chat, "photo": photo, **({"caption": caption} if caption else {})}
        return _message_id(await self._call("sendPhoto", values, PHOTO_TIMEOUT))

    async def send_sticker(self, chat: str, sticker: str) -> str:
        """Send a sticker of Zalo's by its id; return the id of the message."""
        return _message_id(await self._call("sendSticker", {"chat_id": chat, "sticker": sticker}))

    async def send_voice(self, chat: str, address: str) -> str:
        """Send the sound at a public address that ends in .aac; return the id of the message.

        Only private chats get it, whatever is answered for a group.
        """
        return _message_id(await self._call("sendVoice", {"chat_id": chat, "voice_url": address}))

    async def send_chat_action(self, chat: str, action: str = "typing") -> None:
        """Show for some seconds that the bot is typing."""
        await self._call("sendChatAction", {"chat_id": chat, "action": action})

    async def download(self, url: str, largest: int) -> bytes | None:
        """Return what stands at an address, None where it is more than `largest` bytes.

        Rejected has the status of an answer that is none. The token is not sent.
        """
        content = bytearray()
        try:
            async with self._opened.stream("GET", url) as response:
                if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                    raise Broken(response.status_code)
                if response.status_code != httpx.codes.OK:
                    raise Rejected(response.status_code, "")
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > largest:
                        return None
        except _NOT_SENT as error:
            raise NotSent(type(error).__name__) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        return bytes(content)

    @property
    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            raise NotSent("not open")
        return self._client

    async def _call(self, method: str, values: Json | None = None, read_timeout: float | None = None) -> object:
        """Call a method; return its result, None where there is none."""
        try:
            response = await self._opened.post(
                f"{self._base_url}/{method}", json=values or {}, timeout=_timeout(read_timeout or READ_TIMEOUT)
            )
        except _NOT_SENT as error:
            raise NotSent(type(error).__name__) from None
        except httpx.ReadTimeout as error:
            raise Late(type(error).__name__) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        self.date = response.headers.get("Date", "")
        return self._result(response)

    def _result(self, response: httpx.Response) -> object:
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and isinstance(body.get("ok"), bool):
            if body["ok"]:
                return body.get("result")
            description = self._redact(str(body.get("description") or ""))
            raise Rejected(_code(body, response.status_code), description, _retry_after(response))
        if isinstance(body, dict) and "event_name" in body:
            # An update without its envelope.
            return body
        status = response.status_code
        if status == QUOTA:
            raise Rejected(QUOTA, "", _retry_after(response))
        if httpx.codes.MULTIPLE_CHOICES <= status < httpx.codes.INTERNAL_SERVER_ERROR and status != TIMEOUT:
            # A filter or a proxy on the way, or a wrong address; no bot ever heard of it.
            raise NotSent(f"not Zalo ({status})")
        raise Broken(status)


def _timeout(read: float) -> httpx.Timeout:
    return httpx.Timeout(read, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)


def _code(body: Mapping[str, Any], status: int) -> int:
    """The error code of a refusal, a number or its digits; without one, the status that it came with."""
    try:
        return int(body.get("error_code") or body.get("errorCode") or 0) or (status if status >= BAD_REQUEST else 0)
    except (TypeError, ValueError):
        return status if status >= BAD_REQUEST else 0


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(float(response.headers["Retry-After"]), 0.0)
    except (KeyError, ValueError):
        return None


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _message_id(found: object) -> str:
    # However it is worded: it was sent.
    return _text(_mapping(found), "message_id")


def _verification(found: object) -> Verification | None:
    if not isinstance(found, dict) or not isinstance(found.get("ok"), bool):
        return None
    return Verification(found["ok"], _text(found, "outcome"), _text(found, "hint"))
