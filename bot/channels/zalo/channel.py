"""The channel: what the bot is in Zalo, how updates come in, and what is done beside answering."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, TypeVar

import httpx

from bot import metrics
from bot.channels.abilities import Abilities
from bot.channels.base import Examined, Outgoing, Shelf, Take, Webhook, webhook_secret
from bot.channels.zalo.api import (
    BAD_REQUEST,
    GATEWAY_TIMEOUT,
    QUOTA,
    TIMEOUT,
    UNAUTHORIZED,
    Broken,
    Late,
    Rejected,
    ZaloApi,
)
from bot.channels.zalo.examining import examine
from bot.channels.zalo.pictures import PictureShelf
from bot.channels.zalo.sending import CAPTION_LENGTH, TEXT_LENGTH, Sender, named_errors
from bot.channels.zalo.updates import UpdateReader, update_key
from bot.clock import Clock
from bot.errors import FileRefused, NotReady, NotSent, OutcomeUnknown
from bot.rate_limit import Limits
from handlers.conversation import Door, Refusal
from storage.errors import StorageError

log = logging.getLogger(__name__)

Updates = Literal["polling", "webhook"]
Result = TypeVar("Result")

# One update is asked for after the other, and the next only when the last is committed.
POLL_SECONDS = 25
# After a trouble the first answer should come soon, to tell that it is over.
SHORT_POLL_SECONDS = 5
# Seconds between the beginnings of two polls of which the first brought nothing new.
FLOOR = 1.0
# The same where what came is known from an earlier run: one message may wait behind many that were handled.
CATCHING_UP = 0.1
MOST_SEEN = 10_000
# A gateway that ends a poll after so long has waited for an update; sooner, it is broken.
HELD = 5.0

# Where Zalo calls when it is asked to, followed by the account, and what it then carries.
PATH = "/zalo"
SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
LARGEST_BODY = 256 * 1024
PATIENCE = 1.5

# What opens a bot, before the number that Zalo knows it by. It leads into a chat with it and brings no code.
LINK = "https://bot.zaloplatforms.com/bots/"

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# The token was revoked: nothing will change within seconds.
UNUSABLE_PAUSE = 60.0
BUSY_PAUSE = 1.0

# An answer that takes longer shows that the bot is typing; Zalo shows it for about five seconds.
TYPING_AFTER = 0.7
TYPING_AGAIN = 4.0

# Where the files stand that people send.
MEDIA_HOSTS = (".zdn.vn", ".zadn.vn")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Zalo:
    """A bot on the Zalo Bot Platform. Open it inside the event loop with `open`, and close it."""

    name = "zalo"
    abilities = Abilities(buttons=False, text_length=TEXT_LENGTH, repeats=True, counted=True, starts=False)

    def __init__(
        self,
        token: str,
        *,
        api_url: str,
        updates: Updates = "polling",
        public_url: str = "",
        serves: bool = False,
        names: Sequence[str] = (),
        title: str = "",
        link: str = "",
        limits: Limits | None = None,
        clock: Clock,
    ) -> None:
        """Prepare a bot; nothing is asked of Zalo yet.

        `public_url` is where it can reach the webhook and, where this process `serves` anything there, the pictures
        that go out. `names` are those of the office's bots as people see them, which Zalo does not tell; `title` is
        this one's, "" where that is not known, and `link` what opens it, "" for the one that Zalo gives every bot.
        """
        self.account = token.partition(":")[0]
        self.limits: Limits | None = limits or Limits()
        self.polls = updates == "polling"
        self.webhook = None
        if not self.polls:
            self.webhook = Webhook(
                f"{PATH}/{self.account}",
                SECRET_HEADER,
                webhook_secret(token),
                self._receive_raw,
                largest=LARGEST_BODY,
                patience=PATIENCE,
                json_only=False,
                probed=True,
            )
        self._public_url = public_url.rstrip("/")
        self._title = title
        self._link = link
        self._clock = clock
        self._own_host = _loopback(api_url)
        self._api = ZaloApi(token, api_url)
        shelf = None
        if public_url and serves:
            shelf = PictureShelf(token, f"{PATH}/{self.account}/pictures", public_url, clock)
            self.abilities = replace(self.abilities, caption_length=CAPTION_LENGTH, only_pictures=True)
        self.shelf: Shelf | None = shelf
        self._sender = Sender(self._api, shelf=shelf)
        self._reader = UpdateReader(self.name, self.account, tuple(names))
        self._take: Take | None = None
        self._introduced = asyncio.Event()
        self._silences = 0
        self._seen: dict[str, None] = {}
        self.trouble = ""

    async def open(self) -> None:
        """Open the connections."""
        await self._api.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def introduced(self) -> str:
        """Wait until Zalo has taken the token; return "Zalo" and the bot's name or, of several bots, its account."""
        await self._introduced.wait()
        return self._name

    def door(self, _: str) -> Door:
        """Return the bot's name, or its account, and its link; Zalo has none that brings a code."""
        return Door(self._name, self._link, brings=False)

    async def ask_name(self) -> None:
        """Ask Zalo for the number that stands in the bot's link; raise a TransportError."""
        if not self._link:
            with named_errors():
                self._link = LINK + (await self._api.get_me()).id

    def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Ask Zalo about the bot, the time, and its updates; of chats it tells nothing."""
        named = bool(self._title)
        pictures = self._public_url + self.shelf.path if self.shelf else ""
        return examine(self._api, self.account, self._webhook_url, self._clock(), named=named, pictures=pictures)

    def is_group(self, chat: str) -> bool:
        """A chat does not tell by its name what it is; groups that were heard of are known."""
        return chat in self._reader.groups

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Send a message; return its id."""
        return await self._sender.carry(chat, message)

    async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
        """Bring a file; FileRefused where it is too large or stands elsewhere, Refused where it is gone."""
        if not self._is_zalos(source["ref"]):
            raise FileRefused(Refusal.NOT_ALLOWED)
        with named_errors():
            content = await self._api.download(source["ref"], largest)
        if content is None:
            raise FileRefused(Refusal.TOO_LARGE)
        return content

    @property
    def _name(self) -> str:
        return f"Zalo {self._title or self.account}"

    @property
    def _webhook_url(self) -> str:
        return self._public_url + self.webhook.path if self.webhook else ""

    def _is_zalos(self, address: str) -> bool:
        """Tell whether a file stands where Zalo keeps them: anybody could name any address."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return False
        if url.userinfo:
            return False
        if self._own_host and (url.scheme, url.netloc) == ("http", self._own_host):
            return True
        return url.scheme == "https" and url.port in (None, 443) and url.host.endswith(MEDIA_HOSTS)

    # Coming in

    async def receive(self, take: Take) -> None:
        """Bring updates in until cancelled: poll, or wait for the webhook to be called."""
        self._take = take
        await self._persist(self._introduce)
        log.info("zalo: %s receives", self.account)
        self._introduced.set()
        metrics.UP.labels(self.name, self.account).set(1)
        if self.polls:
            await self._poll(take)
        else:
            await asyncio.Event().wait()

    async def _receive_raw(self, raw: Mapping[str, Any]) -> None:
        """Take an update that the webhook brought; return after its commit. Raises NotReady.

        It is held until then, also where Zalo was told meanwhile to come again: nobody knows whether it does.
        """
        if self._take is None:
            raise NotReady("not receiving yet")
        await self._take_surely(raw, self._take)

    async def _introduce(self) -> None:
        """See that the token is good, and have updates come the way that was chosen."""
        me = await self._api.get_me()
        self._link = self._link or LINK + me.id
        if self.webhook is None:
            await self._api.delete_webhook()
            return
        tried = (await self._api.set_webhook(self._webhook_url, self.webhook.secret)).verification
        if tried is not None and not tried.ok:
            # It is set all the same, and calls may come through later.
            log.warning("zalo: the webhook cannot be called: %s", tried.outcome)

    async def _poll(self, take: Take) -> None:
        """Ask for one update after the other; the next is asked for only when the last is committed."""
        while True:
            began = time.monotonic()
            pause = FLOOR
            for update in await self._persist(self._ask):
                if await self._take_surely(update, take):
                    pause = 0.0
                elif not self._was_seen(update):
                    pause = min(pause, CATCHING_UP)
            # What brings nothing, or the same again, may be answered at once for ever.
            await asyncio.sleep(pause - (time.monotonic() - began))

    async def _ask(self) -> list[Mapping[str, Any]]:
        began = time.monotonic()
        try:
            found = await self._api.get_updates(SHORT_POLL_SECONDS if self.trouble else POLL_SECONDS)
        except Late:
            self._silences += 1
            if self._silences > 1:
                raise
            return []
        except Broken as error:
            if error.status in (TIMEOUT, GATEWAY_TIMEOUT) and time.monotonic() - began >= HELD:
                return []
            raise
        except Rejected as error:
            if error.code == BAD_REQUEST:
                # What is asked for never changes: a webhook was set beside us.
                await self._api.delete_webhook()
            raise
        self._silences = 0
        return found

    async def _take_surely(self, update: Mapping[str, Any], take: Take) -> bool:
        """Take an update, however long that takes: Zalo may not give it again. Return whether it was new."""
        event = self._reader.read(update, self._clock())
        if event is None:
            return False
        while True:
            try:
                with self._typing(event.address.chat):
                    return (await take(event)).new
            except StorageError:
                log.warning("storage busy, an update waits")
                await asyncio.sleep(BUSY_PAUSE)

    def _was_seen(self, update: Mapping[str, Any]) -> bool:
        """Tell whether this run was given an update that is not new before; remember it."""
        key = update_key(update)
        seen = key in self._seen
        self._seen[key] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        return seen

    async def _persist(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do an act until it succeeds, waiting longer and longer."""
        pause = FIRST_PAUSE
        while True:
            try:
                result = await act()
            except Rejected as error:
                if error.code == UNAUTHORIZED:
                    wait = UNUSABLE_PAUSE
                    self._note("the token is refused")
                else:
                    wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
                    wait = max(wait, error.retry_after or 0.0) if error.code == QUOTA else wait
                    self._note(f"refused: {error}")
            except (NotSent, OutcomeUnknown) as error:
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
                self._note(f"the server does not answer as it should ({type(error).__name__})")
            else:
                self._note("")
                return result
            await asyncio.sleep(wait * random.uniform(0.8, 1.0))  # noqa: S311 - no secret

    def _note(self, trouble: str) -> None:
        """Keep in mind what is wrong, and say it when it changes."""
        if trouble == self.trouble:
            return
        if trouble:
            log.warning("zalo: %s: %s", self.account, trouble)
        else:
            log.info("zalo: %s receives again", self.account)
        self.trouble = trouble
        metrics.UP.labels(self.name, self.account).set(0 if trouble else 1)

    # Beside answering: never stored, and no harm where it fails

    @contextmanager
    def _typing(self, chat: str) -> Iterator[None]:
        """Show in a chat that the bot is typing while the block takes long."""
        showing = asyncio.create_task(self._show_typing(chat)) if chat else None
        try:
            yield
        finally:
            if showing:
                showing.cancel()

    async def _show_typing(self, chat: str) -> None:
        await asyncio.sleep(TYPING_AFTER)
        while True:
            try:
                await self._api.send_chat_action(chat)
            except (Rejected, NotSent, OutcomeUnknown):
                return
            await asyncio.sleep(TYPING_AGAIN)


def _loopback(api_url: str) -> bytes:
    """The host and port of a server on this machine, b"" for any other: only tests have files there."""
    url = httpx.URL(api_url)
    return url.netloc if url.host in LOOPBACK else b""
