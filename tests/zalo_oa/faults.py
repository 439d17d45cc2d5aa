"""Faults to order: which calls they meet, and what these get instead of a good answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

# What happens to a call that is not taken at all.
BEFORE = {"cut", "silent"}
# What happens to a call that is answered well all the same.
SLOW = {"late"}
# What happens to the answer of a call that was taken: the bot cannot know it.
AFTER = {"accepted_cut", "accepted_silent", "accepted_html"}
# Answers that refuse.
ANSWERS = {"server_error", "bad_gateway", "html", "filtered", "too_many", "error"}

PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
STATUSES = {"server_error": 500, "bad_gateway": 502, "html": 200, "filtered": 403, "too_many": 429}


@dataclass(slots=True)
class Fault:
    """A fault and the calls it waits for.

    Attributes:
        path: what the path of a call ends in.
        times: how many calls it still meets; None for all.
        after: how many such calls pass first.
        code, message: of error what the envelope says.
        met: set as soon as a call is met.
        release: what a silent call waits for before its connection is cut, and a late one before it is taken.
    """

    kind: str
    path: str
    times: int | None = 1
    after: int = 0
    code: int = -200
    message: str = "Send message failed"
    met: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        if self.kind not in BEFORE | SLOW | AFTER | ANSWERS:
            raise ValueError(f"no such fault: {self.kind}")

    def meets(self, path: str) -> bool:
        """Whether it meets a call; counts it."""
        if self.times == 0 or not path.endswith(self.path):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
