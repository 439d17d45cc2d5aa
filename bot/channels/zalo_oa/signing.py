"""Whether a call of the webhook comes from Zalo.

The header carries a hash over the raw body and a secret of the account. Sources do not agree on the rest: most hash the
app's number, the body, the timestamp and the secret one after the other; some make it an HMAC; some begin with the
account's number. Which one holds is a setting, because a wrong one refuses every event.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Literal

from pydantic import SecretStr

Formula = Literal["app", "hmac", "oa"]

HEADER = "X-ZEvent-Signature"
_PREFIX = "mac="


def is_signed(formula: Formula, app: str, secret: SecretStr, header: str, body: bytes) -> bool:
    """Tell whether the header of a call fits its raw body."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(event, dict):
        return False
    key = secret.get_secret_value().encode()
    signed = (_account(event) if formula == "oa" else app).encode() + body + str(event.get("timestamp", "")).encode()
    if formula == "hmac":
        expected = hmac.new(key, signed, hashlib.sha256).hexdigest()
    else:
        expected = hashlib.sha256(signed + key).hexdigest()
    # Compared as bytes: a text with other letters than ASCII cannot be compared in constant time.
    return hmac.compare_digest(header.encode("utf-8", "replace"), (_PREFIX + expected).encode())


def _account(event: dict[str, object]) -> str:
    """The account's number as the event tells it; a wrong one only makes the hash a wrong one."""
    recipient = event.get("recipient")
    told = event.get("oa_id") or (recipient.get("id") if isinstance(recipient, dict) else "")
    return str(told)
