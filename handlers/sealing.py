"""What only the running program can read again: sealed with a key that stands nowhere but in its memory.

So something can be kept beside a person for a short while without the database, or a copy of it, telling what it is.
After a restart it is as good as gone.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from storage.stored_json import from_json, to_json

# Bytes; as long as AES-GCM is made for.
_NONCE = 12


class Seal:
    """A key made anew with each start."""

    def __init__(self) -> None:
        # Loaded here, because a command that seals nothing must not wait for it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._box = AESGCM(AESGCM.generate_key(256))

    def close(self, data: dict[str, Any]) -> str:
        """Return plain JSON as a text that nobody else can read."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._box.encrypt(nonce, to_json(data).encode(), None)).decode()

    def open(self, sealed: str) -> dict[str, Any] | None:
        """Return what was sealed; None where that was before the last start."""
        from cryptography.exceptions import InvalidTag

        try:
            whole = base64.b64decode(sealed)
            opened: dict[str, Any] = from_json(self._box.decrypt(whole[:_NONCE], whole[_NONCE:], None))
        except (InvalidTag, ValueError):
            return None
        return opened
