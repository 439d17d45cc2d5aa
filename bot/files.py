"""Files at rest: encrypted with the office's keys and kept in the database, in parts.

Each part is encrypted by itself with AES-256-GCM, so that a large file holds up nobody: the event loop is never more
than some milliseconds away. What is authenticated with a part is its place (which file, which part, of how many), so
that none can be exchanged or left out unnoticed. A stored part is a random nonce, the encrypted bytes and the tag.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import SettingsError
from bot.worker import Worker
from storage import blobs
from storage.blobs import PART_SIZE

_KEY_SIZE = 32
# As the standard (NIST SP 800-38D) recommends them.
_NONCE_SIZE, _TAG_SIZE = 12, 16
# Bytes of a file in one part.
_PIECE_SIZE = PART_SIZE - _NONCE_SIZE - _TAG_SIZE


class Box:
    """Encrypts with the first of some keys, and decrypts with whichever fits.

    `names` are those of the keys, in their order: a name tells two keys apart and nothing of either.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(key) for key in keys]
        self.names = [_name(key) for key in keys]

    def seal(self, piece: bytes, place: bytes) -> bytes:
        """Encrypt a piece for its place."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._ciphers[0].encrypt(nonce, piece, place)

    def open(self, sealed: bytes, place: bytes) -> bytes | None:
        """Decrypt a piece; None where it was changed, belongs to another place, or its key is not there."""
        if len(sealed) < _NONCE_SIZE + _TAG_SIZE:
            return None
        nonce, encrypted = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, encrypted, place)
            except InvalidTag:
                continue
        return None


def make_box(keys: Sequence[str]) -> Box | None:
    """Return what encrypts and decrypts with these keys, None without keys; raise SettingsError for a bad one."""
    return Box([_key(key) for key in keys]) if keys else None


def new_key() -> str:
    """Return a new key."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_SIZE)).decode()


def _key(written: str) -> bytes:
    try:
        key = base64.b64decode(written, altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_SIZE:
        # The key itself is never shown.
        raise SettingsError("UNGXU_SECRET_KEYS", "***")
    return key


def _name(key: bytes) -> str:
    return hashlib.sha256(b"ungxu key " + key).hexdigest()[:12]


class FileStore:
    """Reads and writes files, each part in a transaction of its own."""

    def __init__(self, worker: Worker, box: Box, now: Callable[[], str]) -> None:
        self._worker = worker
        self._box = box
        self._now = now

    async def write(self, data: bytes, media_type: str) -> int:
        """Store a file; return its number. It is there for others once `blobs.complete` was called for it."""
        # An empty file has a part too, so that it cannot be taken for one that was emptied.
        starts = range(0, max(len(data), 1), _PIECE_SIZE)
        blob = await self._worker.write(blobs.begin, media_type, len(data), len(starts), self._now())
        for number, start in enumerate(starts):
            place = _place(blob, number, len(starts))
            part = await self._worker.compute(self._box.seal, data[start : start + _PIECE_SIZE], place)
            await self._worker.write(blobs.put_part, blob, number, part, self._box.names[0])
        return blob

    async def read(self, blob_id: int) -> bytes | None:
        """Return a file; None where it is gone, not complete, harmed, or was encrypted with a key that is not there."""
        blob = await self._worker.run(blobs.get, blob_id)
        if blob is None:
            return None
        pieces: list[bytes] = []
        for number in range(blob.parts):
            try:
                part = await self._worker.run(blobs.part, blob_id, number)
            except LookupError:
                return None
            piece = await self._worker.compute(self._box.open, part, _place(blob_id, number, blob.parts))
            if piece is None:
                return None
            pieces.append(piece)
        return b"".join(pieces) if pieces else None


async def reseal(worker: Worker, box: Box) -> tuple[int, int]:
    """Encrypt with the newest key what an older one encrypted, part by part, while others read and write.

    Returns (parts that were, parts that none of the keys opens); those stay as they are.
    """
    done = closed = 0
    after = (0, -1)
    while found := await worker.run(blobs.next_part_of_others, box.names[0], after):
        blob, number, parts = found
        after = (blob, number)
        try:
            sealed = await worker.run(blobs.part, blob, number)
        except LookupError:
            continue
        place = _place(blob, number, parts)
        piece = await worker.compute(box.open, sealed, place)
        if piece is None:
            closed += 1
            continue
        again = await worker.compute(box.seal, piece, place)
        done += await worker.write(blobs.replace_part, blob, number, again, box.names[0])
    return done, closed


def _place(blob_id: int, number: int, parts: int) -> bytes:
    return f"file {blob_id}, part {number} of {parts}".encode()
