"""What the OpenAPI keeps: tokens, people with their windows, uploads, and what reached whom."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

APP_ID, APP_SECRET = "4100000000000000001", "app-secret-vi-du-0000"
OA_ID, OA_SECRET = "2200000000000000002", "oa-secret-vi-du-1111"
REDIRECT = "https://bot.vidu.example"

FREE_MESSAGES = 8
FREE_SECONDS = 48 * 3600.0
WINDOW_SECONDS = 7 * 24 * 3600.0
CODE_SECONDS = 600.0

Formula = Literal["app", "hmac", "oa"]


class OaError(Exception):
    """A refusal, as the envelope says it."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(slots=True)
class Person:
    """Somebody who may write to the account.

    Attributes:
        wrote_at: when they last wrote, None for never.
        free: how many messages without charge they can still get.
        follows: whether they follow the account.
        blocks: whether nothing can be sent to them.
    """

    wrote_at: float | None = None
    free: int = 0
    follows: bool = False
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A message that reached somebody.

    Attributes:
        kind: "text", "image" or "file".
        buttons: as they came.
        upload: what was uploaded for it.
        paid: whether it was charged.
    """

    number: int
    user: str
    kind: str
    text: str
    buttons: tuple[dict[str, Any], ...] = ()
    upload: bytes = b""
    name: str = ""
    paid: bool = False


@dataclass(slots=True)
class Refresh:
    """A refresh token: what it became, and whether that was used in its turn."""

    used: bool = False
    successor: str = ""
    issued: float = 0.0


@dataclass(slots=True)
class World:
    """Everything, behind one lock.

    Attributes:
        formula: how calls of the webhook are signed.
        life: seconds that an access token holds.
        life_as_text: whether `expires_in` is told as a text.
        forgiving: whether a used refresh token is taken again while the one it became was never used.
        revokes: whether a refresh ends earlier access tokens at once.
        balance: how many messages can be charged.
        statuses: whether refusals have a status of their own instead of 200.
    """

    formula: Formula = "app"
    life: float = 90_000.0
    life_as_text: bool = True
    forgiving: bool = False
    revokes: bool = False
    balance: int = 0
    statuses: bool = False
    offset: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)
    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    rotations: int = 0

    def now(self) -> float:
        """Return the time of the server."""
        return time.time() + self.offset

    # Tokens

    def consent(self, challenge: str) -> str:
        """Return the code that an administrator's consent gives."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = challenge, self.now() + CODE_SECONDS
        return code

    def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        """Give tokens for a code, once; raise OaError."""
        challenge, until = self.codes.pop(code, ("", 0.0))
        if self.now() > until:
            raise OaError(-14003, "Invalid code")
        if not 43 <= len(verifier) <= 128 or challenge_of(verifier) != challenge:
            raise OaError(-14005, "Invalid code verifier")
        return self._issue()[1]

    def rotate(self, token: str) -> dict[str, Any]:
        """Give new tokens for a refresh token, once; raise OaError."""
        known = self.refresh.get(token)
        if known is None:
            raise OaError(-14014, "Invalid refresh token")
        if known.used and not (self.forgiving and not self.refresh[known.successor].used):
            raise OaError(-14014, "Invalid refresh token")
        if known.used:
            del self.refresh[known.successor]
        if self.revokes:
            self.access.clear()
        known.used = True
        known.successor, answer = self._issue()
        self.rotations += 1
        return answer

    def check_access(self, token: str) -> None:
        """Raise OaError unless an access token holds."""
        if self.now() >= self.access.get(token, 0.0):
            raise OaError(-216, "Access token is invalid or expired")

    def expire_access(self) -> None:
        """Let no access token hold any more."""
        self.access.clear()

    def _issue(self) -> tuple[str, dict[str, Any]]:
        access, refresh = (f"{kind}-{secrets.token_urlsafe(40)}" for kind in ("access", "refresh"))
        self.access[access] = self.now() + self.life
        self.refresh[refresh] = Refresh(issued=self.now())
        life = str(int(self.life)) if self.life_as_text else int(self.life)
        return refresh, {"access_token": access, "refresh_token": refresh, "expires_in": life}

    # People

    def person(self, user: str) -> Person:
        """Return somebody; who was not known is now."""
        return self.people.setdefault(user, Person())

    def wrote(self, user: str) -> None:
        """Open somebody's window anew."""
        person = self.person(user)
        person.wrote_at, person.free = self.now(), FREE_MESSAGES

    # Messages

    def deliver(self, user: str, message: dict[str, Any]) -> str:
        """Let a message reach somebody; return its id. Raises OaError."""
        person = self.people.get(user)
        if person is None:
            raise OaError(-201, "user_id is invalid")
        content = self._content(message)
        if person.blocks:
            raise OaError(-217, "User has blocked the OA")
        age = float("inf") if person.wrote_at is None else self.now() - person.wrote_at
        if age >= WINDOW_SECONDS:
            raise OaError(-230, "User has not interacted with the OA in the past 7 days")
        paid = age >= FREE_SECONDS or person.free <= 0
        if paid and self.balance <= 0:
            raise OaError(-211, "Out of quota")
        if paid:
            self.balance -= 1
        else:
            person.free -= 1
        number = len(self.records) + 1
        self.records.append(Record(number, user, paid=paid, **content))
        return f"{number:020x}"

    def _content(self, message: dict[str, Any]) -> dict[str, Any]:
        """What is in a message; raise OaError where the OpenAPI would not take it."""
        text, attachment = message.get("text"), message.get("attachment")
        if set(message) - {"text", "attachment"}:
            raise OaError(-201, "message is invalid: unknown field")
        if text is not None and (not isinstance(text, str) or not 1 <= len(text.encode("utf-16-le")) // 2 <= 2000):
            raise OaError(-201, "text is invalid: 1-2000 characters")
        if attachment is None:
            if text is None:
                raise OaError(-201, "message is empty")
            return {"kind": "text", "text": text}
        if not isinstance(attachment, dict) or set(attachment) != {"type", "payload"}:
            raise OaError(-201, "attachment is invalid")
        payload = attachment["payload"]
        match attachment["type"]:
            case "file":
                if text is not None or set(payload) != {"token"} or payload["token"] not in self.files:
                    raise OaError(-201, "file is invalid")
                name, data = self.files[payload["token"]]
                return {"kind": "file", "text": "", "upload": data, "name": name}
            case "template" if payload.get("template_type") == "media":
                return {"kind": "image", "text": text or "", "upload": self._image(payload)}
            case "template" if set(payload) == {"buttons"}:
                if text is None:
                    raise OaError(-201, "text is required")
                return {"kind": "text", "text": text, "buttons": tuple(_checked(payload["buttons"]))}
        raise OaError(-201, "attachment type is not supported")

    def _image(self, payload: dict[str, Any]) -> bytes:
        elements = payload.get("elements")
        if not isinstance(elements, list) or len(elements) != 1 or elements[0].get("media_type") != "image":
            raise OaError(-201, "elements are invalid")
        image = self.images.get(elements[0].get("attachment_id", ""))
        if image is None:
            raise OaError(-201, "attachment_id is invalid")
        return image


def _checked(buttons: Any) -> list[dict[str, Any]]:
    """Buttons as they came; raise OaError where the OpenAPI would not take them."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 5:
        raise OaError(-201, "buttons are invalid: 1-5")
    for button in buttons:
        if not isinstance(button, dict) or set(button) != {"title", "type", "payload"}:
            raise OaError(-201, "button is invalid")
        title, payload = button["title"], button["payload"]
        if not isinstance(title, str) or not 1 <= len(title) <= 100:
            raise OaError(-201, "button title is invalid: 1-100 characters")
        match button["type"]:
            case "oa.query.show" | "oa.query.hide":
                good = isinstance(payload, str) and 1 <= len(payload) <= 1000
            case "oa.open.url":
                good = isinstance(payload, dict) and str(payload.get("url", "")).startswith("https://")
            case "oa.open.phone":
                good = isinstance(payload, dict) and str(payload.get("phone_code", "")).isdigit()
            case _:
                good = False
        if not good:
            raise OaError(-201, "button payload is invalid")
    return buttons


def challenge_of(verifier: str) -> str:
    """Return the PKCE challenge (S256) of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).decode().rstrip("=")
