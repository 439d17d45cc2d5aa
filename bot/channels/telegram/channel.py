"""The channel: what the bot is in Telegram, how updates come in, and what is done beside answering."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from telegram import Bot, BotCommand
from telegram.constants import ChatAction
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from bot import metrics
from bot.channels.abilities import Abilities, PollLimits
from bot.channels.base import Examined, Outgoing, Take, Taken, Webhook, webhook_secret
from bot.channels.telegram.api import Api
from bot.channels.telegram.examining import examine
from bot.channels.telegram.sending import A_ROW, CAPTION_LENGTH, TEXT_LENGTH, carry, named_errors, notice, retry_seconds
from bot.channels.telegram.transport import AiohttpRequest
from bot.channels.telegram.updates import ALLOWED_UPDATES, UpdateReader
from bot.clock import Clock
from bot.errors import FileRefused, NotReady
from bot.rate_limit import Limits
from handlers.conversation import Door, Refusal
from handlers.texts import Texts
from storage.errors import StorageError

log = logging.getLogger(__name__)

Updates = Literal["polling", "webhook"]
Result = TypeVar("Result")


# One update after the other is asked for; what is asked for at once is what Telegram gives at most.
BATCH = 100
READ_AT_ONCE = 10
POLL_SECONDS = 25
# The server may be a little later than it was told.
POLL_SLACK = 10.0

CONNECTIONS = 64
READ_TIMEOUT = 15.0

# https://core.telegram.org/bots/api#sendpoll
POLLS = PollLimits(question=300, option=100, options=12, explanation=200, line_feeds=2)

# Where Telegram calls when it is asked to, and what it then carries.
PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# Another process polls, or the token was revoked: nothing will change within seconds.
CONFLICT_PAUSE = 10.0
UNUSABLE_PAUSE = 60.0
BUSY_PAUSE = 1.0

# An answer that takes longer shows that the bot is typing; Telegram shows it for five seconds.
TYPING_AFTER = 0.7
TYPING_AGAIN = 4.5
# Where very many wait, the signs would be what they wait for.
MOST_TYPING = 20


# What the messenger offers to everybody when a stroke is typed; the bot's own menu knows who may do what.
COMMAND_MENU = ("start", "menu", "thamgia", "dulieu", "trogiup")


class Telegram:
    """A bot in Telegram. Open it inside the event loop with `open`, and close it."""

    name = "telegram"
    abilities = Abilities(
        buttons=True,
        text_length=TEXT_LENGTH,
        edits=True,
        notices=True,
        caption_length=CAPTION_LENGTH,
        label_length=A_ROW,
        links=True,
        keeps_files=True,
        polls=POLLS,
    )

    def __init__(
        self,
        token: str,
        texts: Texts,
        *,
        api_url: str,
        updates: Updates = "polling",
        public_url: str = "",
        limits: Limits | None = None,
        clock: Clock,
    ) -> None:
        """Prepare a bot; nothing is asked of Telegram yet. `public_url` is where it can reach the webhook."""
        self.account = token.partition(":")[0]
        self.limits: Limits | None = limits or Limits()
        self.polls = updates == "polling"
        self.webhook = None if self.polls else Webhook(PATH, SECRET_HEADER, webhook_secret(token), self._receive_raw)
        self._texts = texts
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._polling = AiohttpRequest(1, POLL_SECONDS + POLL_SLACK)
        self._requests = (AiohttpRequest(CONNECTIONS, READ_TIMEOUT), self._polling)
        self._bot = Bot(
            token,
            base_url=f"{api_url.rstrip('/')}/bot",
            base_file_url=f"{api_url.rstrip('/')}/file/bot",
            request=self._requests[0],
            get_updates_request=self._polling,
        )
        self._api = Api(self._requests[0], self._bot.base_url)
        self._reader = UpdateReader(self.name, self.account, int(self.account))
        self._beside: set[asyncio.Task[None]] = set()
        self._take: Take | None = None
        self._introduced = asyncio.Event()
        self.trouble = ""

    async def open(self) -> None:
        """Open the connections."""
        for request in self._requests:
            await request.initialize()

    async def close(self) -> None:
        """End what is done beside answering, and close the connections."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        for request in self._requests:
            await request.shutdown()

    async def introduced(self) -> str:
        """Wait until Telegram has told who the bot is; return "Telegram @its_name"."""
        await self._introduced.wait()
        return f"Telegram @{self._reader.username}"

    def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Ask Telegram about the bot, its updates, the groups among some chats, and the time."""
        groups = [chat for chat in chats if self.is_group(chat)]
        webhook_url = self._public_url + self.webhook.path if self.webhook else ""
        return examine(self._bot, self._requests[0], webhook_url, groups, self._clock())

    def is_group(self, chat: str) -> bool:
        """Groups and channels have negative numbers."""
        return chat.startswith("-")

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Send or change a message; return its number."""
        return await carry(self._api, chat, message)

    def door(self, code: str) -> Door | None:
        """Return the bot's name and a link that starts it with a code; None before Telegram has told the name."""
        return door(self._reader.username, code) if self._reader.username else None

    async def ask_name(self) -> None:
        """Ask Telegram who the bot is; raise a TransportError."""
        async with named_errors():
            self._reader.username = (await self._bot.get_me()).username or ""

    async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
        """Bring a file; FileRefused where it is too large, Refused where it is not to be had any more."""
        async with named_errors(), _too_large():
            file = await self._bot.get_file(source["ref"])
            if (file.file_size or 0) > largest:
                raise FileRefused(Refusal.TOO_LARGE)
            return bytes(await file.download_as_bytearray())

    # Coming in

    async def receive(self, take: Take) -> None:
        """Bring updates in until cancelled: poll, or wait for the webhook to be called."""
        self._take = take
        await self._persist(self._introduce)
        log.info("telegram: @%s receives", self._reader.username)
        self._introduced.set()
        metrics.UP.labels(self.name, self.account).set(1)
        if self.polls:
            await self._poll(take)
        else:
            await asyncio.Event().wait()

    async def _receive_raw(self, raw: Mapping[str, Any]) -> None:
        """Take an update that the webhook brought; return after its commit. Raises StorageError or NotReady."""
        if self._take is None:
            # The bot does not know its own name yet; Telegram will come again.
            raise NotReady("not introduced yet")
        event = self._reader.read(raw, self._clock())
        if event is None:
            return
        chats = [event.address.chat]
        with self._typing(lambda: chats):
            taken = await self._take(event)
        self._answer_press(raw, taken)

    async def _introduce(self) -> None:
        """Learn who the bot is, set its commands, and have updates sent the way that was chosen."""
        me = await self._bot.get_me()
        self._reader.username = me.username or ""
        if self.webhook is None:
            # Only unset, never with the updates that wait.
            await self._bot.delete_webhook(drop_pending_updates=False)
        else:
            await self._bot.set_webhook(
                self._public_url + self.webhook.path,
                secret_token=self.webhook.secret,
                allowed_updates=ALLOWED_UPDATES,
                max_connections=CONNECTIONS,
            )
        self._do_beside(self._set_commands())

    async def _set_commands(self) -> None:
        try:
            await self._bot.set_my_commands([BotCommand(name, self._texts(f"command.{name}")) for name in COMMAND_MENU])
        except TelegramError as error:
            log.warning("the command menu was not set: %s", error.message)

    async def _poll(self, take: Take) -> None:
        """Ask for updates, one batch after the other; each is confirmed only after all of it is committed."""
        offset: int | None = None

        async def ask() -> Sequence[Mapping[str, Any]]:
            # Not `get_updates` of the library: it reads all or none.
            # After a trouble the first answer should come at once, to tell that it is over.
            seconds = 0 if self.trouble else POLL_SECONDS
            asked = {"timeout": seconds, "limit": BATCH, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
            if offset is not None:
                asked["offset"] = offset
            found = await self._polling.post(f"{self._bot.base_url}/getUpdates?{urlencode(asked)}")
            return [update for update in found if _has_number(update)] if isinstance(found, list) else []

        while True:
            updates = await self._persist(ask)
            if updates and await self._take_batch(updates, take):
                offset = updates[-1]["update_id"] + 1

    async def _take_batch(self, updates: Sequence[Mapping[str, Any]], take: Take) -> bool:
        """Take a batch in its order; return whether all of it is committed.

        What was committed is known when the batch comes again.
        """
        taking: list[tuple[Mapping[str, Any], str, asyncio.Future[Taken]]] = []
        for number, update in enumerate(updates, 1):
            if event := self._reader.read(update, self._clock()):
                taking.append((update, event.address.chat, asyncio.ensure_future(take(event))))
            if number % READ_AT_ONCE == 0:
                # The loop stays free while a full batch is read.
                await asyncio.sleep(0)
        with self._typing(lambda: [chat for _, chat, taken in taking if not taken.done()]):
            ends = await asyncio.gather(*(taken for _, _, taken in taking), return_exceptions=True)
        for (update, _, _), end in zip(taking, ends, strict=True):
            if isinstance(end, Taken):
                self._answer_press(update, end)
        failed = [end for end in ends if isinstance(end, BaseException)]
        if not failed:
            return True
        for error in failed:
            if not isinstance(error, StorageError):
                raise error
        log.warning("storage busy, %d updates wait", len(failed))
        await asyncio.sleep(BUSY_PAUSE)
        return False

    async def _persist(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do an act until it succeeds, waiting longer and longer."""
        pause = FIRST_PAUSE
        while True:
            try:
                result = await act()
            except RetryAfter as error:
                wait = retry_seconds(error)
            except Conflict:
                wait = CONFLICT_PAUSE
                self._note("another process receives for this bot")
            except InvalidToken:
                wait = UNUSABLE_PAUSE
                self._note("the token is refused")
            except BadRequest as error:
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
                self._note(f"refused: {error.message}")
            except TelegramError as error:
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
                self._note(f"the server does not answer as it should ({type(error).__name__})")
            else:
                self._note("")
                return result
            await asyncio.sleep(wait)

    def _note(self, trouble: str) -> None:
        """Keep in mind what is wrong, and say it when it changes."""
        if trouble == self.trouble:
            return
        if trouble:
            log.warning("telegram: %s", trouble)
        else:
            log.info("telegram: receives again")
        self.trouble = trouble
        metrics.UP.labels(self.name, self.account).set(0 if trouble else 1)

    # Beside answering: never stored, and no harm where it fails

    def _do_beside(self, act: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(act)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    def _answer_press(self, update: Mapping[str, Any], taken: Taken) -> None:
        """End the waiting sign of a button, with what there is to say in passing."""
        query = update.get("callback_query")
        if not isinstance(query, dict) or not isinstance(query.get("id"), str):
            return
        query_id = query["id"]

        async def answer() -> None:
            try:
                await self._bot.answer_callback_query(query_id, text=notice(taken.notice) if taken.notice else None)
            except TelegramError as error:
                # Too old, or answered before a restart: the sign just ends.
                log.info("a press was not answered: %s", type(error).__name__)

        self._do_beside(answer())

    @contextmanager
    def _typing(self, chats: Callable[[], list[str]]) -> Iterator[None]:
        """Show in chats, those of the moment when it begins, that the bot is typing while the block takes long."""
        shown: list[asyncio.Task[None]] = []

        def begin() -> None:
            shown.extend(self._do_beside(self._show_typing(chat)) for chat in chats()[:MOST_TYPING] if chat)

        timer = asyncio.get_running_loop().call_later(TYPING_AFTER, begin)
        try:
            yield
        finally:
            timer.cancel()
            for task in shown:
                task.cancel()

    async def _show_typing(self, chat: str) -> None:
        while True:
            try:
                await self._bot.send_chat_action(int(chat), ChatAction.TYPING)
            except TelegramError:
                return
            await asyncio.sleep(TYPING_AGAIN)


@asynccontextmanager
async def _too_large() -> AsyncIterator[None]:
    """Name Telegram's own limit as ours is named."""
    try:
        yield
    except BadRequest as error:
        if "too big" in error.message.lower():
            raise FileRefused(Refusal.TOO_LARGE) from None
        raise


def _has_number(update: object) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)


def door(username: str, code: str) -> Door:
    """Return how people find a bot of this name, with a link that starts it with a code."""
    return Door(f"Telegram @{username}", f"https://t.me/{username}?{urlencode({'start': code})}")
