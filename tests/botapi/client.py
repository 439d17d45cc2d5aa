"""The server as a test holds it: starts it in a process of its own, plays its people, reads its transcript.

with BotApi.start() as api:
    api.user(1001)
    api.say(1001, "/start")
    ...  # a bot with api.token at api.url answers
    (answer,) = api.wait_for(1, chat=1001)
    api.press(1001, answer, "Tra cứu")
    api.fault("accepted_cut", method="sendMessage")
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.botapi.rates import Limits
from tests.botapi.records import Call, ChatMessage, Counters, Pressed, Record
from tests.waiting import PATIENCE

TOKEN = "123456:TEST-vi-du-0000000000000000000000000"
ROOT = Path(__file__).parents[2]

Json = dict[str, Any]
Wanted = int | Callable[[list[Record]], object]
Button = str | int | tuple[int, int]


class Refused(Exception):
    """The server could not do what a test ordered."""


class BotApi:
    """A running server. Its methods may be called from any thread; they block, so in a coroutine use `until`.

    Attributes:
        url: where the server is, without a slash at the end.
        token: the token of its bot.
    """

    def __init__(self, url: str, token: str, process: subprocess.Popen[str] | None = None) -> None:
        self.url = url
        self.token = token
        self._process = process
        self._address = url.removeprefix("http://")
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def start(cls, token: str = TOKEN, port: int = 0) -> Self:
        """Start a server in a process of its own; it ends with `stop`, or when this process ends in any way."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.botapi", "--child", "--port", str(port), "--token", token],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            process.kill()
            cls("", token, process).stop()
            raise Refused("the server did not start")
        return cls(url, token, process)

    def stop(self) -> None:
        """End the server and everything that was opened for it."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a bot on this server, as it is told them."""
        return {
            "UNGXU_TELEGRAM_TOKEN": self.token,
            "UNGXU_TELEGRAM_API_URL": self.url,
            "UNGXU_TELEGRAM_RATE": "1000",
        }

    @property
    def base_url(self) -> str:
        """What python-telegram-bot calls base_url."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot calls base_file_url."""
        return f"{self.url}/file/bot"

    def _order(self, order: str, /, waiting: float = 0.0, **options: Any) -> Any:
        with self._connection(waiting) as connection:
            connection.request("POST", f"/control/{order}", json.dumps(options), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            result = json.loads(answer.read())
        if answer.status != 200:
            raise Refused(result["error"])
        return result

    @contextmanager
    def _connection(self, waiting: float) -> Iterator[http.client.HTTPConnection]:
        """A connection for one order; it is kept for the next when all went well."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = http.client.HTTPConnection(self._address, timeout=60)
        if connection.sock is not None:
            connection.sock.settimeout(60 + waiting)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    # People and chats

    def user(self, id: int, first_name: str = "", username: str | None = None, started: bool = False) -> int:
        """Make a person; return the id. `started` says that they wrote to the bot before, without an update."""
        self._order("user", id=id, first_name=first_name or f"Người Ví Dụ {id}", username=username, started=started)
        return id

    def crowd(self, first_id: int, count: int, started: bool = True) -> range:
        """Make many people at once; return their ids."""
        self._order("crowd", first_id=first_id, count=count, started=started)
        return range(first_id, first_id + count)

    def group(
        self,
        id: int,
        title: str,
        *members: int,
        admins: Sequence[int] = (),
        owner: int | None = None,
        supergroup: bool = False,
        bot: str = "member",
    ) -> int:
        """Make a group (a negative id) without an update; return the id. `bot`: member, administrator or left."""
        status = dict.fromkeys(members, "member") | dict.fromkeys(admins, "administrator")
        if owner is not None:
            status[owner] = "creator"
        self._order("group", id=id, title=title, members=status, supergroup=supergroup, bot=bot)
        return id

    def member(self, group: int, user: int, status: str = "member") -> None:
        """Give a person a place in a group: member, administrator, creator or left."""
        self._order("member", chat=group, user=user, status=status)

    def block(self, user: int) -> int:
        """Let a person block the bot; return the update's id."""
        return int(self._order("block", user=user, blocked=True))

    def unblock(self, user: int) -> int:
        """Let a person take the bot back; return the update's id."""
        return int(self._order("block", user=user, blocked=False))

    def deactivate(self, user: int) -> None:
        """Delete a person's account; the bot is not told."""
        self._order("deactivate", user=user)

    def add_bot(self, group: int, by: int | None = None, admin: bool = False) -> int:
        """Add the bot to a group or make it an administrator there; return the update's id."""
        return int(self._order("bot", chat=group, status="administrator" if admin else "member", by=by))

    def remove_bot(self, group: int, by: int | None = None, left: bool = False) -> int:
        """Throw the bot out of a group (or let it be as if it left by itself); return the update's id."""
        return int(self._order("bot", chat=group, status="left" if left else "kicked", by=by))

    def upgrade(self, group: int, new_id: int | None = None) -> int:
        """Make a group a supergroup; return its new id. Both chats get their service message."""
        return int(self._order("upgrade", chat=group, new_id=new_id)["id"])

    # What people do

    def say(self, user: int, text: str, chat: int | None = None, reply_to: int | ChatMessage | None = None) -> int:
        """Let a person write, in private or in a group; return the update's id, 0 when the bot is not told."""
        reply = reply_to.id if isinstance(reply_to, ChatMessage) else reply_to
        return int(self._order("say", user=user, text=text, chat=chat, reply_to=reply)["update"])

    def load(self, says: Iterable[tuple[int, str] | tuple[int, str, int]]) -> list[int]:
        """Let many people write in one request: (user, text) or (user, text, chat); return the updates' ids."""
        rows = [[say[0], say[1], say[2] if len(say) == 3 else None] for say in says]
        updates: list[int] = self._order("load", says=rows)
        return updates

    def photo(self, user: int, content: bytes, caption: str = "", chat: int | None = None) -> int:
        """Let a person send a picture; return the update's id."""
        return self._file(user, "photo", "photo.jpg", content, caption, chat)

    def document(self, user: int, name: str, content: bytes, caption: str = "", chat: int | None = None) -> int:
        """Let a person send a file; return the update's id."""
        return self._file(user, "document", name, content, caption, chat)

    def voice(self, user: int, content: bytes = b"OggS", chat: int | None = None) -> int:
        """Let a person send a voice message; return the update's id."""
        return self._file(user, "voice", "voice.oga", content, "", chat)

    def sticker(self, user: int, content: bytes = b"RIFF", chat: int | None = None) -> int:
        """Let a person send a sticker; return the update's id."""
        return self._file(user, "sticker", "sticker.webp", content, "", chat)

    def location(self, user: int, latitude: float, longitude: float, chat: int | None = None) -> int:
        """Let a person send a place; return the update's id."""
        return self.content(user, {"location": {"latitude": latitude, "longitude": longitude}}, chat)

    def contact(self, user: int, phone_number: str, first_name: str, chat: int | None = None) -> int:
        """Let a person send a contact; return the update's id."""
        return self.content(user, {"contact": {"phone_number": phone_number, "first_name": first_name}}, chat)

    def content(self, user: int, content: Json, chat: int | None = None) -> int:
        """Let a person send anything, spelt as the Bot API spells it; return the update's id."""
        return int(self._order("content", user=user, content=content, chat=chat))

    def _file(self, user: int, kind: str, name: str, content: bytes, caption: str, chat: int | None) -> int:
        text = base64.b64encode(content).decode()
        return int(self._order("file", user=user, kind=kind, name=name, content=text, caption=caption, chat=chat))

    def edit(self, user: int, message: int | ChatMessage, text: str, chat: int | None = None) -> int:
        """Let a person change their own message; return the update's id."""
        place, number = _place(user, message, chat)
        return int(self._order("edit", user=user, chat=place, message=number, text=text))

    def press(self, user: int, message: int | Record | ChatMessage, button: Button, chat: int | None = None) -> Pressed:
        """Let a person press a button as the server keeps it now: by label, by number or by (row, column)."""
        place, number = _place(user, message, chat)
        return Pressed(**self._order("press", user=user, chat=place, message=number, button=button))

    def press_raw(self, user: int, message: int | Record | ChatMessage, data: str, chat: int | None = None) -> Pressed:
        """Let a person send callback data of their own making."""
        place, number = _place(user, message, chat)
        return Pressed(**self._order("press_raw", user=user, chat=place, message=number, data=data))

    def presses(self, presses: Iterable[tuple[int, int, str]]) -> None:
        """Let many people press buttons of their private chats in one request: (user, message, callback data)."""
        self._order("presses", presses=list(presses))

    def vote(self, user: int, poll: Record | ChatMessage, *chosen: int | str) -> int:
        """Let a person choose options of a poll, by their places or beginnings; none takes the vote back.

        Whoever it was forwarded to may vote as well. Returns the update's id.
        """
        lines = poll.text.split("\n")[1:]
        places = [
            one if isinstance(one, int) else next(at for at, line in enumerate(lines) if line.startswith(one))
            for one in chosen
        ]
        return int(self._order("vote", user=user, chat=poll.chat, message=poll.id, chosen=places))

    def erase(self, message: Record | ChatMessage) -> None:
        """Let a person delete a message; the bot is not told."""
        self._order("erase", chat=message.chat, message=message.id)

    def raw(self, update: Json, update_id: int | None = None, bare: bool = False) -> int:
        """Queue any JSON as an update; return the id it counts as.

        Args:
            update: the update; without an update_id it gets the next one.
            update_id: what it counts as in the order, when that is not what stands in it.
            bare: leave it without an update_id when it has none.
        """
        return int(self._order("raw", update=update, update_id=update_id, bare=bare))

    def again(self, update_id: int) -> None:
        """Deliver an update once more, also when it was confirmed."""
        self._order("again", update_id=update_id)

    def skip(self, count: int) -> None:
        """Leave a gap in the numbers of updates."""
        self._order("skip", count=count)

    # What is there

    def transcript(self, chat: int | None = None, kind: str | None = None, since: int = 0) -> list[Record]:
        """Return what the bot did, in order; of one chat, of one kind, from a number on."""
        records = [Record(**line) for line in self._order("transcript", chat=chat, since=since)["records"]]
        return [record for record in records if kind is None or record.kind == kind]

    def wait_for(self, wanted: Wanted = 1, chat: int | None = None, timeout: float = PATIENCE) -> list[Record]:
        """Wait until the transcript (of a chat) has so many records or satisfies a predicate; return it.

        A count counts what people see: messages, edits, photos, documents and polls. Raises TimeoutError.
        """
        end = time.monotonic() + timeout
        records: list[Record] = []
        since = 0
        while True:
            left = max(0.01, end - time.monotonic())
            answer = self._order("transcript", waiting=left, chat=chat, since=since, wait=left)
            since = answer["next"]
            records += [Record(**line) for line in answer["records"]]
            if _satisfied(wanted, records):
                return records
            if time.monotonic() >= end:
                seen = [f"{record.kind} {record.chat}: {record.text[:60]}" for record in records[-10:]]
                raise TimeoutError(f"waited {timeout} s for {wanted}; there are {len(records)} records, last {seen}")

    async def until(self, wanted: Wanted = 1, chat: int | None = None, timeout: float = PATIENCE) -> list[Record]:
        """Do what `wait_for` does, in a coroutine."""
        return await asyncio.to_thread(self.wait_for, wanted, chat, timeout)

    def tally(self, containing: str = "", kinds: Sequence[str] = ("message", "photo", "document")) -> dict[int, int]:
        """Return how many sendings each chat got whose text contains something: the oracle of a broadcast."""
        counted = self._order("tally", containing=containing, kinds=list(kinds))
        return {int(chat): count for chat, count in counted.items()}

    def messages(self, chat: int) -> list[ChatMessage]:
        """Return a chat as a person sees it now: everybody's messages, edits applied, deleted ones gone."""
        return [ChatMessage(**message) for message in self._order("messages", chat=chat)]

    def file_of(self, message: Record | ChatMessage) -> tuple[str, bytes]:
        """Return the file that a message carries: its file_id and its content."""
        found = self._order("file_of", chat=message.chat, message=message.id)
        return found["id"], base64.b64decode(found["content"])

    def calls(self, method: str | None = None, since: int = 0) -> list[Call]:
        """Return the requests of the bot, the last 50,000 at most."""
        return [Call(**call) for call in self._order("calls", method=method, since=since)]

    def queue(self) -> list[Json]:
        """Return the updates that were not confirmed."""
        updates: list[Json] = self._order("queue")
        return updates

    def counters(self) -> Counters:
        """Return how many requests came."""
        told = self._order("counters")
        told["seconds"] = {int(second): count for second, count in told["seconds"].items()}
        return Counters(**told)

    def webhook(self) -> Json:
        """Return what getWebhookInfo does, and the secret token."""
        info: Json = self._order("webhook")
        return info

    def commands(self, scope: str = "default", language: str = "") -> list[tuple[str, str]]:
        """Return the commands set for a type of scope and a language, as (command, description)."""
        for place, spoken, commands in self._order("commands")["commands"]:
            if f"('type', '{scope}')" in place and spoken == language:
                return [(command["command"], command["description"]) for command in commands]
        return []

    def description(self, short: bool = False, language: str = "") -> str:
        """Return the description of the bot, or the short one."""
        wanted = ["short_description" if short else "description", language]
        told = self._order("commands")["descriptions"]
        return next((text for field, spoken, text in told if [field, spoken] == wanted), "")

    # Faults and settings

    def fault(
        self,
        kind: str,
        *,
        method: str | None = None,
        chat: int | None = None,
        times: int | None = 1,
        after: int = 0,
        probability: float = 1.0,
        seed: int = 0,
        delay: float = 0.0,
        **details: Any,
    ) -> int:
        """Arm a fault; return its number. What there is to order stands in `faults.KINDS` and `faults.Fault`.

        Args:
            kind: the fault.
            method: the method it meets; without one every method but getUpdates.
            chat: the chat it meets.
            times: how many calls it meets; None for all until `unfault`.
            after: how many matching calls pass first.
            probability: the share of calls it meets.
            seed: what that is drawn from.
            delay: seconds before its answer goes out.
            details: seconds, migrate_to, code, description, parameters, body: see `faults.Fault`.
        """
        options = {"method": method, "chat": chat, "times": times, "after": after, "probability": probability}
        options |= {"seed": seed, "delay": delay, **details}
        return int(self._order("fault", kind=kind, options=options))

    def unfault(self, fault: int | None = None) -> None:
        """Take a fault away, or all."""
        self._order("unfault", id=fault)

    def faults(self) -> list[Json]:
        """Return the faults that are still armed: id, kind, times, hits."""
        armed: list[Json] = self._order("faults")
        return armed

    def freeze(self, seconds: float) -> None:
        """Let the server answer nothing for a while, but to this object."""
        self._order("freeze", seconds=seconds)

    def rates(self, limits: Limits | None) -> None:
        """Switch Telegram's sending limits on, or off with None."""
        self._order("rates", limits=None if limits is None else asdict(limits))

    def settings(
        self,
        *,
        query_lifetime: float | None = None,
        privacy: bool | None = None,
        clock_offset: float | None = None,
        webhook_timeout: float | None = None,
        several_right: bool | None = None,
    ) -> None:
        """Change how the server behaves; what is not given stays.

        Args:
            query_lifetime: seconds in which a press can be answered (900).
            privacy: whether the bot is only told of what is meant for it in groups (no).
            clock_offset: seconds by which the server's clock is off, in the Date header and in messages (0).
            webhook_timeout: seconds it waits for the answer to a post (10).
            several_right: whether quizzes may have several right answers, as since April 2026 (yes).
        """
        self._order(
            "settings",
            query_lifetime=query_lifetime,
            privacy=privacy,
            clock_offset=clock_offset,
            webhook_timeout=webhook_timeout,
            several_right=several_right,
        )

    def reset(self) -> None:
        """Begin anew: no people, chats, faults or limits."""
        self._order("reset")


def _place(user: int, message: int | Record | ChatMessage, chat: int | None) -> tuple[int, int]:
    """The chat and the number of a message; a bare number without a chat is one of the private chat."""
    if isinstance(message, int):
        return user if chat is None else chat, message
    return message.chat, message.id


def _satisfied(wanted: Wanted, records: list[Record]) -> bool:
    if callable(wanted):
        return bool(wanted(records))
    return sum(record.kind in ("message", "edit", "photo", "document", "poll") for record in records) >= wanted
