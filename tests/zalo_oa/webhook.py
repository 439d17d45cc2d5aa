"""How the OpenAPI calls the bot: signed over the raw body, again and later where it is not answered 200 in time."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.zalo_oa.world import APP_ID, OA_ID, OA_SECRET, Formula

HEADER = "X-ZEvent-Signature"
TIMEOUT = 2.0
RETRIES = (30.0, 300.0, 900.0, 1800.0, 3600.0)


def signature(formula: Formula, body: bytes, timestamp: str, secret: str = OA_SECRET) -> str:
    """Return what the header says of a body."""
    begin = OA_ID if formula == "oa" else APP_ID
    signed = begin.encode() + body + timestamp.encode()
    if formula == "hmac":
        return "mac=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return "mac=" + hashlib.sha256(signed + secret.encode()).hexdigest()


@dataclass(slots=True)
class Webhook:
    """Where events are posted to, and how that went.

    Attributes:
        pace: what the pauses between attempts are multiplied with.
        twice: whether each event is posted once more although it was taken.
        disabled: whether it was given up because nobody answered.
        statuses: what each attempt was answered, 0 for nothing in time.
    """

    url: str = ""
    pace: float = 0.001
    twice: bool = False
    disabled: bool = False
    statuses: list[int] = field(default_factory=list)

    def deliver(self, event: dict[str, Any], formula: Formula) -> bool:
        """Post an event until it is taken; return whether it was."""
        body = json.dumps(event, ensure_ascii=False).encode()
        signed = signature(formula, body, event["timestamp"])
        for number, pause in enumerate((*RETRIES, 0.0)):
            status = self.post(body, {HEADER: signed, "num_retry": str(number)})
            if status == 200:
                if self.twice:
                    self.post(body, {HEADER: signed, "num_retry": str(number + 1)})
                return True
            time.sleep(pause * self.pace)
        self.disabled = True
        return False

    def post(self, body: bytes, headers: dict[str, str], kind: str = "application/json") -> int:
        """Post a body once; return the status, 0 where none came in time."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            connection.request("POST", parts.path, body, {"Content-Type": kind, **headers})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        self.statuses.append(status)
        return status
