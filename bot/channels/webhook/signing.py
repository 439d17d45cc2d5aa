"""What is sent to another program, and the signature by which it knows whose it is and that it is whole.

The signature is the HMAC-SHA256 (RFC 2104) of the time in seconds, a dot and the body, with the secret that both sides
know, in hexadecimal. Whoever takes a call compares it in constant time, refuses times that are minutes away, so that
nobody sends an old call again, and takes each key once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json

from bot.channels.base import Outgoing
from bot.channels.markup import plain

KEY = "Idempotency-Key"
TIMESTAMP = "X-Ungxu-Timestamp"
SIGNATURE = "X-Ungxu-Signature"
REPEAT = "X-Ungxu-Repeat"

VERSION = 1
"""Of the form of the body: new fields may come without a new one."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what the header for the signature holds."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def body_of(message: Outgoing, now: dt.datetime) -> bytes:
    """Return a message as JSON in UTF-8: its key, whether it is a repeat, when it leaves, its words and its facts."""
    said = {
        "version": VERSION,
        "key": message.key,
        "repeat": message.repeat,
        "sent_at": now.isoformat(timespec="seconds"),
        "text": plain(message.text or ""),
        **(message.facts or {}),
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(message: Outgoing, secret: str, body: bytes, now: dt.datetime) -> dict[str, str]:
    """Return the headers of a call with this body."""
    timestamp = str(int(now.timestamp()))
    marked = {REPEAT: "yes"} if message.repeat else {}
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "ungxu",
        KEY: message.key,
        TIMESTAMP: timestamp,
        SIGNATURE: signature(secret, timestamp, body),
        **marked,
    }
