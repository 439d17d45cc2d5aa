"""Pictures on their way out: Zalo takes addresses only, and fetches what stands there itself.

An address holds the number of a message in the outbox, until when it leads there, and a signature of both with a key
made of the bot's token. So only what is sent has one, nobody can guess another, and nothing is listed. It is no secret
from Zalo, but from everybody else: whoever has it sees the picture, so it is never written to a log.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import io
import re
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.channels.base import OutgoingFile, Served
from bot.clock import Clock
from bot.errors import FileNotCarried

LIFE = dt.timedelta(minutes=10)
"""How long an address leads to its picture. Zalo was seen to take up to 150 s; whether it comes again nobody knows."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a picture that is sent as it is. Zalo tells no limit; this is below every one that was seen."""

# Bytes of the pictures that are held after they were sent: the oldest make room.
MOST_HELD = 32 * 1024 * 1024

# What is made smaller gets so many pixels on its longer side; what has more than these in all is not even opened.
LONGEST_SIDE = 2560
MOST_PIXELS = 50_000_000

_STARTS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg"}
# What is turned into one of these; anything else is no picture to Zalo.
_OTHERS = ("WEBP", "GIF", "BMP", "TIFF", "PNG", "JPEG")

_SIGNED = struct.Struct(">QQ")
_MAC = 16
_NAME = re.compile(r"([A-Za-z0-9_-]{43})\.(?:png|jpg)")

Find = Callable[[int], Awaitable[OutgoingFile | None]]
"""Finds the file of a message that is being sent, by its number in the outbox."""


@dataclass(frozen=True, slots=True)
class Held:
    """A picture and until when it is held."""

    picture: Served
    until: dt.datetime


class PictureShelf:
    """Where the pictures of one bot stand for Zalo to fetch.

    Attributes:
        path: below it each has a name.
        elsewhere: finds what another process sends and Zalo asks this one for; None where there is no other.
    """

    def __init__(self, token: str, path: str, public_url: str, clock: Clock) -> None:
        """`public_url` is where this server is reached, with `path` below it."""
        self.path = path
        self.elsewhere: Find | None = None
        self._base = public_url.rstrip("/") + path
        self._key = hmac.new(token.encode(), b"ungxu pictures", hashlib.sha256).digest()
        self._clock = clock
        self._held: dict[int, Held] = {}

    async def put(self, number: int, file: OutgoingFile) -> str:
        """Hold the picture of a message for a while; return its address. Raises FileNotCarried for no picture."""
        picture = await as_picture(file.data)
        until = self._clock() + LIFE
        self._held.pop(number, None)
        self._held[number] = Held(picture, until)
        self._make_room()
        return f"{self._base}/{self._name(number, int(until.timestamp()))}{_ENDINGS[picture.media_type]}"

    async def find(self, name: str) -> Served | None:
        """Return the picture that bears a name; None for a name that is not ours, or not any more."""
        number = self._number(name)
        if number is None:
            return None
        self._make_room()
        if held := self._held.get(number):
            return held.picture
        file = await self.elsewhere(number) if self.elsewhere else None
        try:
            return await as_picture(file.data) if file else None
        except FileNotCarried:
            return None

    def _name(self, number: int, until: int) -> str:
        signed = _SIGNED.pack(number, until)
        return base64.urlsafe_b64encode(signed + self._mac(signed)).decode().rstrip("=")

    def _number(self, name: str) -> int | None:
        """The number of the message in a name that was signed here and still holds."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        given = base64.urlsafe_b64decode(found[1] + "=")
        signed, mac = given[: _SIGNED.size], given[_SIGNED.size :]
        if not hmac.compare_digest(mac, self._mac(signed)):
            return None
        number, until = _SIGNED.unpack(signed)
        return int(number) if until > self._clock().timestamp() else None

    def _mac(self, signed: bytes) -> bytes:
        return hmac.new(self._key, signed, hashlib.sha256).digest()[:_MAC]

    def _make_room(self) -> None:
        now = self._clock()
        for number in [number for number, held in self._held.items() if held.until <= now]:
            del self._held[number]
        while len(self._held) > 1 and sum(len(held.picture.data) for held in self._held.values()) > MOST_HELD:
            del self._held[next(iter(self._held))]


async def as_picture(data: bytes) -> Served:
    """Return a picture as Zalo takes it, PNG or JPEG; what is another kind, or too large, is drawn anew.

    Raises FileNotCarried for what is no picture.
    """
    kind = next((kind for start, kind in _STARTS.items() if data.startswith(start)), "")
    if kind and len(data) <= LARGEST:
        return Served(data, kind)
    return await asyncio.to_thread(_redrawn, data)


def _redrawn(data: bytes) -> Served:
    # Loaded here, because hardly any picture needs it.
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=_OTHERS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise FileNotCarried("too many pixels")
            # Of several pictures, the first.
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            whole = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise FileNotCarried("no picture") from None
    page = Image.new("RGB", whole.size, "white")
    page.paste(whole, mask=whole)
    written = io.BytesIO()
    page.save(written, "JPEG", quality=88)
    return Served(written.getvalue(), "image/jpeg")
