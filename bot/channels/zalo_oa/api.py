"""The OpenAPI of Zalo Official Accounts over HTTP: tokens, messages, uploads, files; its refusals as ours.

An answer is judged by its body before its status, since both are seen: an envelope says what became of a request,
anything else comes from something between. Tokens travel in headers and bodies only and are kept as secrets, so that
neither an address nor an exception shows one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import SecretStr

from bot.errors import AccountUnusable, FileRefused, NotSent, OutcomeUnknown, Refused, Unreachable, WindowClosed
from handlers.conversation import Refusal

Json = dict[str, Any]
Upload = Literal["image", "file"]

PERMISSION = "/v4/oa/permission"
TOKEN = "/v4/oa/access_token"  # noqa: S105 - the name of a path
PROFILE = "/v2.0/oa/getoa"
MESSAGE = "/v3.0/oa/message/cs"
UPLOAD = "/v2.0/oa/upload/"

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0

# How long an access token is trusted whose life was not told: the shortest that any guide names.
UNTOLD_LIFE = 3600.0

# Where nobody said how long, so many seconds.
RATE_PAUSE = 60.0

# Nothing was written for these: no connection, or none to be had in time.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)

# What the codes of refusals mean. -216 is documented; the others are from general knowledge and were not tried live:
# one that is not known is a refusal for good, with its code and words.
_ACCESS = {-216, -124}
_WINDOW = {-230, -232}
_QUOTA = {-211, -218}
_UNREACHABLE = {-217: "blocked", -213: "gone", -227: "deactivated"}
_RATE = {-32}
_LATER = {-200}


class AccessRefused(AccountUnusable):
    """The access token does not hold (any more); nothing was done."""


class TokensRefused(Refused):
    """No tokens were given for a code or a refresh token; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the OpenAPI gives: the token that opens it, for so many seconds, and the one that renews both, once."""

    access: SecretStr
    refresh: SecretStr
    seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Who an account is: its number, and its name as people see it; "" for what was not told."""

    id: str
    name: str


class OpenApi:
    """The OpenAPI for one app. Open it inside the event loop with `open`, and close it."""

    def __init__(
        self, app_id: str, app_secret: SecretStr, *, api_url: str, auth_url: str, file_hosts: Collection[str] = ()
    ) -> None:
        """`file_hosts` are those that the files of people may be brought from, with all below them."""
        self.app_id = app_id
        self._app_secret = app_secret
        self._api_url = api_url.rstrip("/")
        self._auth_url = auth_url.rstrip("/")
        self._file_hosts = tuple(file_hosts)
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Open the pool of connections, in the running event loop."""
        if self._client is None:
            timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
            # The surroundings may name a proxy; a server of the office talks to Zalo itself.
            self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # Tokens

    def permission_url(self, redirect_url: str, challenge: str, state: str) -> str:
        """Return the page on which an administrator of the account agrees."""
        asked = {"app_id": self.app_id, "redirect_uri": redirect_url, "code_challenge": challenge, "state": state}
        return f"{self._auth_url}{PERMISSION}?{urlencode(asked)}"

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """Return the tokens for the code of a consent; raise a TransportError, TokensRefused where it is not good."""
        return await self._tokens({"grant_type": "authorization_code", "code": code, "code_verifier": verifier})

    async def refresh(self, token: SecretStr) -> Tokens:
        """Return the tokens that one becomes; raise a TransportError.

        After TokensRefused it is as it was, or was used before; after OutcomeUnknown it may be used up.
        """
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": token.get_secret_value()})

    async def _tokens(self, asked: Mapping[str, str]) -> Tokens:
        answer = await self._ask(
            "POST",
            self._auth_url + TOKEN,
            {"secret_key": self._app_secret.get_secret_value()},
            data={"app_id": self.app_id, **asked},
        )
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh:
            return Tokens(SecretStr(access), SecretStr(refresh), _seconds(answer.get("expires_in")))
        code = _code(answer)
        if code:
            reason = answer.get("error_name") or answer.get("message") or ""
            raise TokensRefused(_reason(code, reason, [*asked.values()]))
        raise OutcomeUnknown("an answer without tokens")

    # The account

    async def name(self, access: SecretStr) -> str:
        """Return the name of the account; raise a TransportError."""
        return (await self.profile(access)).name

    async def profile(self, access: SecretStr) -> Profile:
        """Return who the account is; raise a TransportError."""
        data = await self._call("GET", PROFILE, access)
        return Profile(str(data.get("oa_id") or ""), str(data.get("name") or ""))

    async def send(self, access: SecretStr, user: str, message: Mapping[str, Any]) -> str:
        """Send a consultation message; return its id. Raises a TransportError."""
        data = await self._call("POST", MESSAGE, access, json={"recipient": {"user_id": user}, "message": message})
        return str(data.get("message_id") or "")

    async def upload(self, access: SecretStr, kind: Upload, name: str, data: bytes) -> str:
        """Upload a file; return what messages call it. Raises NotSent or Refused: nobody has got anything yet."""
        try:
            found = await self._call("POST", UPLOAD + kind, access, files={"file": (name, data)})
        except OutcomeUnknown as error:
            raise NotSent(str(error)) from None
        key = found.get("token" if kind == "file" else "attachment_id")
        if not isinstance(key, str) or not key:
            raise NotSent("an answer without the uploaded file")
        return key

    async def download(self, url: str, largest: int) -> bytes:
        """Bring a file that somebody sent; FileRefused where it has more bytes than `largest`.

        Raises Refused where it is not to be had, or lies where no file of Zalo's does: what an event names is not
        fetched from anywhere.
        """
        host = urlsplit(url).hostname or ""
        if not any(host == one or host.endswith(f".{one}") for one in self._file_hosts):
            raise Refused("not a host of Zalo's files")
        content = bytearray()
        async with _named_errors(), self._opened().stream("GET", url) as response:
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise NotSent(f"server error ({response.status_code})")
            if response.status_code != HTTPStatus.OK:
                raise Refused(f"status {response.status_code}")
            async for part in response.aiter_bytes():
                content += part
                if len(content) > largest:
                    raise FileRefused(Refusal.TOO_LARGE)
        return bytes(content)

    async def _call(
        self,
        method: str,
        path: str,
        access: SecretStr,
        *,
        json: Json | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Json:
        token = access.get_secret_value()
        answer = await self._ask(method, self._api_url + path, {"access_token": token}, json=json, files=files)
        if "error" not in answer:
            raise OutcomeUnknown("an answer without its error")
        code = _code(answer)
        if code:
            raise _refusal(code, _reason(code, answer.get("message"), [token]))
        data = answer.get("data")
        return data if isinstance(data, dict) else {}

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        json: Json | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Json:
        """Ask, and return the object that the answer is; raise NotSent or OutcomeUnknown where it is none."""
        async with _named_errors():
            response = await self._opened().request(method, url, headers=headers, json=json, data=data, files=files)
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return answer
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotSent("too many requests", _pause(response.headers.get("Retry-After", "")))
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            # A filter or a proxy on the way; Zalo never heard of it.
            raise NotSent(f"not Zalo ({status})")
        # What stood behind the gateway may have done what was asked.
        raise OutcomeUnknown(f"not an answer of Zalo's ({status})")

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            raise NotSent("not open")
        return self._client


@asynccontextmanager
async def _named_errors() -> AsyncIterator[None]:
    """Raise the errors of the network as ours; what they say may hold an address, so only their kind is kept."""
    try:
        yield
    except _NOT_SENT as error:
        raise NotSent(type(error).__name__) from None
    except httpx.HTTPError as error:
        raise OutcomeUnknown(type(error).__name__) from None


def _refusal(code: int, reason: str) -> Exception:
    """The error that a code of the OpenAPI stands for."""
    if code in _ACCESS:
        return AccessRefused(reason)
    if code in _WINDOW or code in _QUOTA:
        return WindowClosed()
    if code in _UNREACHABLE:
        return Unreachable(_UNREACHABLE[code])
    if code in _RATE:
        return NotSent(reason, RATE_PAUSE)
    if code in _LATER:
        return NotSent(reason)
    return Refused(reason)


def _code(answer: Mapping[str, Any]) -> int:
    """The code of an envelope, which is a number or a text; one that is neither is no good sign."""
    try:
        return int(answer.get("error", 0))
    except (TypeError, ValueError):
        return -1


def _reason(code: int, said: object, secrets: Collection[str]) -> str:
    words = said if isinstance(said, str) else ""
    for secret in secrets:
        # Whatever was sent may be told back.
        words = words.replace(secret, "***")
    return f"{code} {words[:200]}".strip()


def _seconds(told: object) -> float:
    try:
        seconds = float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return UNTOLD_LIFE
    # Not a number, and a life that is none, are as good as untold.
    return seconds if 0 < seconds < float("inf") else UNTOLD_LIFE


def _pause(told: str) -> float:
    return float(told) if told.isdigit() else RATE_PAUSE
