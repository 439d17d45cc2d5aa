"""Faults to order: which calls they meet, and what these get instead of a good answer."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.errors import (
    NOT_MODIFIED,
    OTHER_POLLER,
    ApiError,
    bad_request,
    conflict,
    forbidden,
    migrated,
    too_many_requests,
    unauthorized,
)

# What happens to a call that is not taken at all.
BEFORE = {"cut", "reset", "silent", "slow"}
# What happens to the answer of a call that was taken: the bot cannot know it.
AFTER = {"accepted_silent", "accepted_late", "accepted_cut", "accepted_reset", "accepted_truncated"}
# Answers that refuse, by name; `seconds`, `migrate_to`, `code`, `description` and `parameters` fill some of them.
ANSWERS = {
    "retry_after",
    "blocked",
    "deactivated",
    "cannot_initiate",
    "chat_not_found",
    "cant_parse",
    "not_modified",
    "too_long",
    "migrated",
    "conflict",
    "unauthorized",
    "server_error",
    "bad_gateway",
    "not_json",
    "error",
}
# What goes wrong with the delivery of updates.
DELIVERY = {"duplicate"}
KINDS = BEFORE | AFTER | ANSWERS | DELIVERY

_BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(slots=True)
class Fault:
    """A fault and the calls it waits for.

    Attributes:
        id: its number, to take it away again.
        kind: one of KINDS.
        method: the method it meets; None for all (but not getUpdates, unless named), `download` for files.
        chat: the chat it meets; None for all.
        times: how many calls it still meets; None for all.
        after: how many matching calls pass first.
        probability: the share of matching calls it meets, drawn from `seed`.
        delay: seconds before its answer goes out.
        seconds: of retry_after what it says, of slow and accepted_late how long it takes.
        migrate_to: of migrated the new chat.
        code: of error the status.
        description: of error what it says.
        parameters: of error its parameters.
        body: of not_json what is sent.
        hits: how many calls it met.
    """

    id: int
    kind: str
    method: str | None = None
    chat: int | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    delay: float = 0.0
    seconds: float = 1.0
    migrate_to: int = -1_000_000_000_001
    code: int = 400
    description: str = "Bad Request: fault"
    parameters: dict[str, Any] | None = None
    body: str = "<!doctype html>"
    hits: int = 0
    _draw: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        self._draw = random.Random(self.seed)

    def meets(self, method: str, chat: int | str | None) -> bool:
        """Whether it meets a call; counts it."""
        if self.times == 0 or (self.chat is not None and self.chat != chat):
            return False
        if method != self.method and (
            self.method is not None or (method == "getUpdates" and self.kind not in DELIVERY)
        ):
            return False
        if self.probability < 1.0 and self._draw.random() >= self.probability:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True

    def answer(self) -> tuple[int, bytes, str]:
        """Return the status, the body and the content type of an answer that refuses."""
        if self.kind == "bad_gateway":
            return 502, _BAD_GATEWAY, "text/html"
        if self.kind == "not_json":
            return 200, self.body.encode(), "application/json"
        error = self.error()
        return error.code, json.dumps(error.envelope()).encode(), "application/json"

    def error(self) -> ApiError:
        """Return the refusal in Telegram's words."""
        match self.kind:
            case "retry_after":
                return too_many_requests(int(self.seconds))
            case "blocked":
                return forbidden("bot was blocked by the user")
            case "deactivated":
                return forbidden("user is deactivated")
            case "cannot_initiate":
                return forbidden("bot can't initiate conversation with a user")
            case "chat_not_found":
                return bad_request("chat not found")
            case "cant_parse":
                return bad_request('can\'t parse entities: Unsupported start tag "x" at byte offset 0')
            case "not_modified":
                return bad_request(NOT_MODIFIED)
            case "too_long":
                return bad_request("message is too long")
            case "migrated":
                return migrated(self.migrate_to)
            case "conflict":
                return conflict(OTHER_POLLER)
            case "unauthorized":
                return unauthorized()
            case "server_error":
                return ApiError(500, "Internal Server Error")
            case "error":
                return ApiError(self.code, self.description, self.parameters)
            case _:
                raise ValueError(self.kind)


class Faults:
    """All faults that were ordered, in order; the first that meets a call has it."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self._last = 0

    def order(self, kind: str, options: dict[str, Any]) -> Fault:
        """Arm a fault; raise ValueError or TypeError when there is none such."""
        self._last += 1
        fault = Fault(self._last, kind, **options)
        self.armed.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> None:
        """Take a fault away, or all."""
        self.armed = [fault for fault in self.armed if fault_id is not None and fault.id != fault_id]

    def meeting(self, method: str, chat: int | str | None, delivery: bool = False) -> Fault | None:
        """Return the fault that a call meets, or the delivery of updates by `getUpdates` or `webhook`."""
        for fault in self.armed:
            if (fault.kind in DELIVERY) == delivery and fault.meets(method, chat):
                if fault.times == 0:
                    self.armed.remove(fault)
                return fault
        return None
