"""What only the running program can read again: sealed with a key that stands nowhere but in its memory.

So something can be kept beside a person for a short while without the database, or a copy of it, telling what it is.
After a restart it is as good as gone.
"""

from __future__ import annotations

import json
from typing import Any

from storage.database import to_json


class Seal:
    """A key made anew with each start."""

    def __init__(self) -> None:
        # Loaded here, because a command that seals nothing must not wait for it.
        from cryptography.fernet import Fernet

        self._box = Fernet(Fernet.generate_key())

    def close(self, data: dict[str, Any]) -> str:
        """Return plain JSON as a text that nobody else can read."""
        return self._box.encrypt(to_json(data).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any] | None:
        """Return what was sealed; None where that was before the last start."""
        from cryptography.fernet import InvalidToken

        try:
            opened: dict[str, Any] = json.loads(self._box.decrypt(sealed.encode()))
        except InvalidToken:
            return None
        return opened
