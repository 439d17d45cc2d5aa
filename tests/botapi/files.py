"""The files that the bot and its users sent."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from tests.botapi.errors import bad_request

LARGEST_DOWNLOAD = 20 * 1024 * 1024
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
WRONG_FILE = "wrong file_id or the file is temporarily unavailable"


@dataclass(slots=True)
class File:
    """A stored file."""

    id: str
    unique_id: str
    path: str
    name: str
    content_type: str
    content: bytes

    def json(self) -> dict[str, Any]:
        """Return what every kind of file has in common."""
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}


class Files:
    """Files by id and by path."""

    def __init__(self) -> None:
        self._by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}

    def add(self, kind: str, name: str, content_type: str, content: bytes) -> File:
        """Keep a file of a kind (photo, document, voice, sticker) and return it."""
        number = len(self._by_id)
        digest = hashlib.sha256(b"%d/" % number + content).digest()
        suffix = PurePath(name).suffix or {"photo": ".jpg", "voice": ".oga", "sticker": ".webp"}.get(kind, "")
        file = File(
            id="AgAC" + base64.urlsafe_b64encode(digest).decode().rstrip("="),
            unique_id="AQAD" + base64.urlsafe_b64encode(digest[:9]).decode(),
            path=f"{kind}s/file_{number}{suffix}",
            name=name,
            content_type=content_type or "application/octet-stream",
            content=content,
        )
        self._by_id[file.id] = self._by_path[file.path] = file
        return file

    def by_id(self, file_id: str) -> File:
        """Return a file; raise ApiError when there is none or it is too big to be fetched."""
        file = self._by_id.get(file_id)
        if file is None:
            raise bad_request(WRONG_FILE)
        return file

    def by_path(self, path: str) -> File | None:
        """Return the file at a path of `getFile`."""
        return self._by_path.get(path)


def is_image(content: bytes) -> bool:
    """Whether a content starts as a picture does."""
    return content.startswith(_IMAGES)


def content(file: File, kind: str) -> dict[str, Any]:
    """Return a file as the content of a message of a kind."""
    match kind:
        case "photo":
            sizes = (("s", 90, 67), ("x", 800, 600))
            return {
                "photo": [
                    {**file.json(), "file_unique_id": file.unique_id + mark, "width": width, "height": height}
                    for mark, width, height in sizes
                ]
            }
        case "document":
            return {"document": {**file.json(), "file_name": file.name, "mime_type": file.content_type}}
        case "voice":
            return {"voice": {**file.json(), "duration": 3, "mime_type": "audio/ogg"}}
        case "sticker":
            shape = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
            return {"sticker": {**file.json(), **shape, "emoji": "🙂", "set_name": "ViDu"}}
        case _:
            raise ValueError(kind)
