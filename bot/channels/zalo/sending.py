"""Messages in Zalo's form, and Zalo's refusals in ours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.channels.base import Outgoing, OutgoingFile
from bot.channels.fitting import ROOM_FOR_WORDS
from bot.channels.markup import runs, spelled_out
from bot.channels.zalo import api as codes
from bot.channels.zalo.api import Rejected, Style, ZaloApi
from bot.channels.zalo.pictures import PictureShelf
from bot.errors import AccountUnusable, FileNotCarried, NotSent, OutcomeUnknown, Refused, Unreachable
from bot.logs import MASK

log = logging.getLogger(__name__)

TEXT_LENGTH = 1900
"""UTF-16 units of a message. Zalo takes 2,000, and does not tell of what."""

CAPTION_LENGTH = TEXT_LENGTH - ROOM_FOR_WORDS
"""The same under a picture, which may yet turn out not to be carried."""

# Whether a refusal as too many means this second or this month nobody knows: the pause grows.
FIRST_QUOTA_PAUSE, LONGEST_QUOTA_PAUSE = 5.0, 3600.0

_STYLES = {"b": "b", "i": "i"}


class Sender:
    """Sends for one bot; pictures where there is a shelf that Zalo can fetch them from."""

    def __init__(
        self, api: ZaloApi, monotonic: Callable[[], float] = time.monotonic, *, shelf: PictureShelf | None = None
    ) -> None:
        self._api = api
        self._shelf = shelf
        self._monotonic = monotonic
        self._styled = True
        self._quota_pause = 0.0
        self._quota_until = 0.0

    async def carry(self, chat: str, message: Outgoing) -> str | None:
        """Send a message; return its id, None where it says nothing. Raises a TransportError."""
        text, found = runs(spelled_out(message.text or ""))
        if message.file is not None:
            with named_errors(self._pause):
                sent = await self._picture(chat, message.number, message.file, text.strip())
            self._quota_pause = 0.0
            return sent
        if not text.strip():
            return None
        styles = [
            Style(start, length, styled)
            for start, length, tags in found
            if (styled := tuple(sorted(_STYLES[tag] for tag in tags if tag in _STYLES)))
        ]
        with named_errors(self._pause):
            sent = await self._styled_or_plain(chat, text, styles if self._styled else [])
        self._quota_pause = 0.0
        return sent

    async def _picture(self, chat: str, number: int, file: OutgoingFile, caption: str) -> str:
        """Send a file as a picture with words under it, which have no styles; raise FileNotCarried for any other."""
        if self._shelf is None:
            raise FileNotCarried("no public address")
        address = await self._shelf.put(number, file)
        try:
            return await self._api.send_photo(chat, address, caption)
        except Rejected as error:
            if error.code == codes.BAD_REQUEST:
                # Most likely it cannot be fetched; should it be the chat, the words will tell.
                raise FileNotCarried(f"refused ({error.code})") from None
            said = error.description.replace(address, MASK).replace(address.rpartition("/")[2], MASK)
            raise Rejected(error.code, said, error.retry_after) from None

    async def _styled_or_plain(self, chat: str, text: str, styles: list[Style]) -> str:
        """Send a text with its styles; where they are refused, the same words without them."""
        try:
            return await self._api.send_message(chat, text, styles=styles)
        except Rejected as error:
            if not styles or error.code != codes.BAD_REQUEST:
                raise
        sent = await self._api.send_message(chat, text)
        log.warning("zalo: styles are refused, texts go out without them")
        self._styled = False
        return sent

    def _pause(self, told: float | None) -> float:
        """The seconds to leave Zalo alone after a refusal as too many: what it told, or longer each time."""
        if told is not None:
            return told
        now = self._monotonic()
        if now >= self._quota_until:
            # Messages that were refused together are one refusal.
            longer = min(self._quota_pause * 2, LONGEST_QUOTA_PAUSE)
            self._quota_pause = longer or FIRST_QUOTA_PAUSE
            self._quota_until = now + self._quota_pause
            log.warning("zalo: no more messages are taken, waiting %.0f s", self._quota_pause)
        return max(self._quota_until - now, 1.0)


@contextmanager
def named_errors(pause: Callable[[float | None], float] = lambda told: told or FIRST_QUOTA_PAUSE) -> Iterator[None]:
    """Raise Zalo's refusals as ours; `pause` says how long to wait after one as too many."""
    try:
        yield
    except Rejected as error:
        match error.code:
            case codes.UNAUTHORIZED:
                raise AccountUnusable("token refused") from None
            case codes.QUOTA:
                raise NotSent("quota", pause(error.retry_after)) from None
            case codes.GONE:
                raise Unreachable("gone") from None
            case codes.NOT_FOUND if any(word in error.description.lower() for word in ("chat", "user")):
                raise Unreachable("gone") from None
            case codes.INTERNAL | codes.TIMEOUT:
                # Its own trouble, or a gateway's: it may have sent the message before.
                raise OutcomeUnknown(f"server error ({error.code})") from None
            case code if 400 <= code < 500:
                raise Refused(str(error)) from None
            case code:
                raise OutcomeUnknown(f"server error ({code})") from None
