"""Faults to order: which calls they meet, and what these get instead of a good answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.zaloapi.errors import ApiError, bad_request, quota, unauthorized

# What happens to a call that is not taken at all.
BEFORE = {"cut", "reset", "silent", "slow"}
# What happens to the answer of a call that was taken: the bot cannot know it.
AFTER = {
    "accepted_silent",
    "accepted_late",
    "accepted_cut",
    "accepted_reset",
    "accepted_truncated",
    "accepted_bad_gateway",
}
# Answers that refuse; `code`, `description`, `seconds` and `body` fill some of them.
ANSWERS = {"internal", "quota", "unauthorized", "bad_gateway", "gateway_timeout", "not_json", "page", "error"}
KINDS = BEFORE | AFTER | ANSWERS

PAGE = b"<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


@dataclass(slots=True)
class Fault:
    """A fault and the calls it waits for.

    Attributes:
        id: its number, to take it away again.
        kind: one of KINDS.
        method: the method it meets; None for all but getUpdates, `download` for files.
        chat: the chat it meets; None for all.
        bot: the account it meets; None for all.
        times: how many calls it still meets; None for all.
        after: how many matching calls pass first.
        seconds: of slow and accepted_late how long it takes; of quota the Retry-After, 0 for none.
        code, description: of error what it says, with the address that a call holds for "{photo}"; of page the status.
        as_status: whether an error comes with its own HTTP status; None as the switch says.
        body: of not_json what is sent.
        hits: how many calls it met.
    """

    id: int
    kind: str
    method: str | None = None
    chat: str | None = None
    bot: str | None = None
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    code: int | str = 400
    description: str = "Bad Request"
    as_status: bool | None = None
    body: str = "<!doctype html>"
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")

    def meets(self, method: str, chat: str, bot: str) -> bool:
        """Whether it meets a call; counts it."""
        if self.times == 0 or (self.chat not in (None, chat)) or (self.bot not in (None, bot)):
            return False
        if method != self.method and (self.method is not None or method == "getUpdates"):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True

    def answer(self, as_status: bool) -> tuple[int, bytes, str]:
        """Return the status, the body and the content type of an answer that refuses."""
        match self.kind:
            case "bad_gateway" | "accepted_bad_gateway":
                return 502, PAGE, "text/html"
            case "gateway_timeout":
                return 504, PAGE, "text/html"
            case "page":
                return int(self.code), PAGE, "text/html"
            case "not_json":
                return 200, self.body.encode(), "application/json"
        error = self.error()
        as_status = as_status if self.as_status is None else self.as_status
        body = {**error.envelope(), "error_code": self.code} if self.kind == "error" else error.envelope()
        return error.code if as_status else 200, json.dumps(body).encode(), "application/json"

    def error(self) -> ApiError:
        """Return the refusal."""
        match self.kind:
            case "internal":
                return ApiError(403, "Internal server error")
            case "quota":
                return quota()
            case "unauthorized":
                return unauthorized()
            case "error":
                return ApiError(int(self.code), self.description)
            case _:
                return bad_request(self.kind)


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

    def meeting(self, method: str, chat: str, bot: str) -> Fault | None:
        """Return the fault that a call meets."""
        return next((fault for fault in self.armed if fault.meets(method, chat, bot)), None)
