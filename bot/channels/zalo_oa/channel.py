"""The channel: what an Official Account is, how events come in, and when somebody may be written to."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import SecretStr

from bot import metrics
from bot.channels.abilities import Abilities
from bot.channels.base import Examined, Outgoing, OutgoingFile, Take, Webhook
from bot.channels.zalo_oa import events
from bot.channels.zalo_oa.api import AccessRefused, OpenApi, Profile, Upload
from bot.channels.zalo_oa.examining import examine
from bot.channels.zalo_oa.sending import LABEL_LENGTH, MOST_BUTTONS, TEXT_LENGTH, compose
from bot.channels.zalo_oa.signing import HEADER, Formula, is_signed
from bot.channels.zalo_oa.tokens import TokenKeeper, TokenVault
from bot.clock import Clock
from bot.dispatch import Happened
from bot.errors import (
    FileForgotten,
    FileNotCarried,
    NotReady,
    NotSent,
    Refused,
    TransportError,
    Unreachable,
    WindowClosed,
)
from bot.files import Box
from bot.rate_limit import Limits
from bot.worker import Worker
from handlers import alert
from handlers.conversation import Door, Incoming, Outcome
from storage import windows
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

Result = TypeVar("Result")

PATH = "/zalo-oa"
# Zalo waits two seconds for an answer.
PATIENCE = 1.5

# For so long after somebody wrote messages are free, so many of them; then they are charged; then there are none.
FREE = dt.timedelta(hours=48)
FREE_MESSAGES = 8
WINDOW = dt.timedelta(days=7)
# What is sent at the last moment may arrive after it.
MARGIN = dt.timedelta(minutes=1)

# What is older than any repetition is nothing that Zalo brings: somebody who has seen it once sends it again. The keys
# of events are kept for longer than that.
OLDEST_EVENT = dt.timedelta(days=3)

# What opens an account, before its number.
LINK = "https://zalo.me/"

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


class ZaloOa:
    """An Official Account. Give it what it remembers with, open it inside the event loop, and close it."""

    name = events.CHANNEL
    abilities = Abilities(
        buttons=True,
        text_length=TEXT_LENGTH,
        label_length=LABEL_LENGTH,
        most_buttons=MOST_BUTTONS,
        lone_files=True,
        keeps_files=True,
        starts=False,
    )
    polls = False

    def __init__(
        self,
        app_id: str,
        app_secret: SecretStr,
        secret_key: SecretStr,
        box: Box,
        *,
        api_url: str,
        auth_url: str,
        formula: Formula = "app",
        paid: bool = False,
        file_hosts: Collection[str] = (),
        public_url: str = "",
        limits: Limits | None = None,
        clock: Clock,
    ) -> None:
        """Prepare an account; nothing is asked of Zalo yet.

        `secret_key` is the account's own, which signs events; `paid` lets messages go out that are charged.
        """
        self.account = app_id
        self.limits: Limits | None = limits or Limits()
        self.trouble = ""
        self.webhook: Webhook | None = Webhook(
            PATH,
            HEADER,
            secret="",
            take=self._receive_raw,
            admits=lambda header, body: is_signed(formula, app_id, secret_key, header, body),
            patience=PATIENCE,
        )
        self.api = OpenApi(app_id, app_secret, api_url=api_url, auth_url=auth_url, file_hosts=file_hosts)
        self.vault = TokenVault(app_id, box)
        self._paid = paid
        self._webhook_url = public_url.rstrip("/") + PATH if public_url else ""
        self._clock = clock
        self._worker: Worker | None = None
        self._keeper: TokenKeeper | None = None
        self._happened: Happened | None = None
        self._take: Take | None = None
        self._title, self._number = "", ""
        self._introduced = asyncio.Event()

    def remember(self, worker: Worker, owner: str, happened: Happened) -> None:
        """Keep tokens and windows with a worker."""
        self._worker = worker
        self._happened = happened
        self._keeper = TokenKeeper(
            self.api, self.vault, worker, owner, alert=self._alert, note=self._note, clock=self._clock
        )

    async def open(self) -> None:
        """Open the connections."""
        await self.api.open()

    async def close(self) -> None:
        """Wait for an answer with tokens that may be on its way, and close the connections."""
        if self._keeper:
            await self._keeper.finish()
        await self.api.close()

    async def introduced(self) -> str:
        """Wait until Zalo has told what the account is called; return "Zalo OA its name"."""
        await self._introduced.wait()
        return f"Zalo OA {self._title}"

    def door(self, _: str) -> Door | None:
        """Return the account's name and the address that opens it, which brings no code; None before both are known."""
        return Door(f"Zalo OA {self._title}", LINK + self._number, brings=False) if self._number else None

    async def ask_name(self) -> None:
        """Ask Zalo who the account is, where there is an access token that holds; raise a TransportError.

        Nothing is renewed for that.
        """
        pairs = await self._remembering().run(self.vault.pairs)
        if pairs and pairs[0].holds(self._clock()):
            self._know(await self.api.profile(pairs[0].access))

    def examine(self, chats: Sequence[str]) -> AsyncIterator[Examined]:
        """Look at the tokens, and ask Zalo about the account; nothing is renewed for that."""
        return examine(self.api, self.vault, self._worker, self._webhook_url, self._clock())

    def is_group(self, chat: str) -> bool:
        """Everybody talks to the account alone."""
        return False

    # Going out

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Send a message; return its id. WindowClosed where the person has not written for too long."""
        if message.text is None:
            # Only buttons to change, and no message can be changed.
            return None
        try:
            await self._book(chat)
            try:
                return await self._carry(chat, message)
            except (NotSent, Refused):
                # Where it cannot be taken back, one message less than there is goes out without charge.
                with contextlib.suppress(StorageError):
                    await self._remembering().write(windows.give_back, self.name, self.account, chat)
                raise
        except WindowClosed:
            with contextlib.suppress(StorageError):
                await self._remembering().write(self._alert, "alert.zalo_oa_window")
            raise

    async def fetch(self, source: Mapping[str, Any], largest: int) -> bytes:
        """Bring a file; FileRefused where it is too large, Refused where it is not to be had any more."""
        return await self.api.download(source["ref"], largest)

    async def _carry(self, chat: str, message: Outgoing) -> str:
        async def upload(kind: Upload, file: OutgoingFile) -> str:
            if file.known:
                return file.known
            try:
                key = await self._with_access(lambda access: self.api.upload(access, kind, file.name, file.data))
            except (WindowClosed, Unreachable):
                raise
            except Refused as error:
                # Not every kind and size is taken, and which are is not known for certain.
                raise FileNotCarried(str(error)) from None
            # The token of a file is good for one message; how long the number of a picture is, is not known.
            if file.keep and kind == "image":
                await file.keep(key)
            return key

        composed = await compose(message, upload)
        try:
            return await self._with_access(lambda access: self.api.send(access, chat, composed))
        except (WindowClosed, Unreachable):
            raise
        except Refused as error:
            if message.file and message.file.known:
                raise FileForgotten(str(error)) from None
            raise

    async def _with_access(self, act: Callable[[SecretStr], Awaitable[Result]]) -> Result:
        """Do an act with an access token; where it is refused, nothing was done, so that it is done with a new one."""
        keeper = self._keeping()
        try:
            pair = await keeper.access()
            try:
                return await act(pair.access)
            except AccessRefused:
                log.warning("zalo_oa: an access token is refused before its end")
                await keeper.end_access(pair)
            return await act((await keeper.access()).access)
        except StorageError as error:
            raise NotSent(type(error).__name__) from None

    async def _book(self, chat: str) -> None:
        """Count a message before it goes out; raise WindowClosed where it may not, NotSent where nobody can tell."""
        try:
            booked = await self._remembering().write(self._counted, chat)
        except StorageError as error:
            raise NotSent(type(error).__name__) from None
        if not booked:
            raise WindowClosed

    def _counted(self, database: Database, chat: str) -> bool:
        window = windows.get(database, self.name, self.account, chat)
        if window is None:
            return False
        age = self._clock() - dt.datetime.fromisoformat(window.wrote_at) + MARGIN
        free = age < FREE and window.sent < FREE_MESSAGES
        if age >= WINDOW or not (free or self._paid):
            return False
        windows.count(database, self.name, self.account, chat)
        return True

    # Coming in

    async def receive(self, take: Take) -> None:
        """Take what the webhook brings, and keep the tokens, until cancelled."""
        self._take = take
        introducing = asyncio.create_task(self._introduce())
        try:
            await self._keeping().keep()
        finally:
            introducing.cancel()
            await asyncio.gather(introducing, return_exceptions=True)

    async def _receive_raw(self, raw: Mapping[str, Any]) -> None:
        """Take an event that the webhook brought; return after its commit. Raises StorageError or NotReady."""
        if self._take is None:
            raise NotReady("not receiving yet")
        now = self._clock()
        event = events.read(raw, self.account, now)
        if event is None:
            return
        if isinstance(event, Incoming) and event.sent and now - event.sent > OLDEST_EVENT:
            log.warning("zalo_oa: an event of %s is left out", event.sent.date())
            return
        if wrote_at := events.written_at(event, now):
            # Before the answer can go out. Told again it changes nothing, so it need not be one commit with it.
            stamp = wrote_at.astimezone(dt.UTC).isoformat()
            await self._remembering().write(windows.opened, self.name, self.account, event.address.chat, stamp)
        await self._take(event)

    async def _introduce(self) -> None:
        """Learn what the account is called, for whoever has just started the bot."""
        pause = FIRST_PAUSE
        while True:
            try:
                self._know(await self._with_access(self.api.profile))
            except TransportError as error:
                log.info("zalo_oa: the account is not known yet: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                log.info("zalo_oa: %s receives", self._title)
                self._introduced.set()
                return

    def _know(self, profile: Profile) -> None:
        self._title, self._number = profile.name, profile.id

    def _note(self, trouble: str) -> None:
        """Keep in mind what is wrong, and say it when it changes."""
        metrics.UP.labels(self.name, self.account).set(0 if trouble else 1)
        if trouble == self.trouble:
            return
        if trouble:
            log.error("zalo_oa: %s", trouble)
        else:
            log.info("zalo_oa: all is well again")
        self.trouble = trouble

    def _alert(self, database: Database, text: str) -> None:
        """Tell administrators, inside a transaction; once a day, and where they can be reached otherwise, there."""
        assert self._happened is not None
        self._happened(database, [Outcome(alert.concern(text, self.name), "failed")], self._clock())

    def _remembering(self) -> Worker:
        if self._worker is None:
            raise NotReady("nothing to remember with")
        return self._worker

    def _keeping(self) -> TokenKeeper:
        if self._keeper is None:
            raise NotReady("nothing to remember with")
        return self._keeper
