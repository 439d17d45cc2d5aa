"""Files at rest: encrypted with the office's keys and kept in the database, in parts.

The encryption is Fernet (AES-128-CBC and HMAC-SHA256, https://github.com/fernet/spec) over the whole file, so that no
part can be exchanged or left out unnoticed. Of several keys the first one encrypts and all decrypt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import SettingsError
from bot.worker import Worker
from storage import blobs
from storage.blobs import PART_SIZE


def make_box(keys: Sequence[str]) -> MultiFernet | None:
    """Return what encrypts and decrypts with these keys, None without keys; raise SettingsError for a bad one."""
    try:
        return MultiFernet([Fernet(key) for key in keys]) if keys else None
    except ValueError:
        # The key itself is never shown.
        raise SettingsError("UNGXU_SECRET_KEYS", "***") from None


def new_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode()


class FileStore:
    """Reads and writes files, each part in a transaction of its own."""

    def __init__(self, worker: Worker, box: MultiFernet, now: Callable[[], str]) -> None:
        self._worker = worker
        self._box = box
        self._now = now

    async def write(self, data: bytes, media_type: str) -> int:
        """Store a file; return its number. It is there for others once `blobs.complete` was called for it."""
        token = await self._worker.compute(self._box.encrypt, data)
        parts = [token[start : start + PART_SIZE] for start in range(0, len(token), PART_SIZE)]
        blob = await self._worker.write(blobs.begin, media_type, len(data), len(parts), self._now())
        for number, part in enumerate(parts):
            await self._worker.write(blobs.put_part, blob, number, part)
        return blob

    async def read(self, blob_id: int) -> bytes | None:
        """Return a file; None where it is gone, not complete, or was encrypted with a key that is not there."""
        blob = await self._worker.run(blobs.get, blob_id)
        if blob is None:
            return None
        try:
            parts = [await self._worker.run(blobs.part, blob_id, number) for number in range(blob.parts)]
            return await self._worker.compute(self._box.decrypt, b"".join(parts))
        except (LookupError, InvalidToken):
            return None
