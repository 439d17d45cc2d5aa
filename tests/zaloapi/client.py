"""The server as a test holds it: starts it in a process of its own, plays its people, reads its transcript.

with ZaloApi.start() as zalo:
    person = zalo.person(1)
    zalo.say(person, "xin chào")
    ...  # a bot with zalo.token at zalo.url answers
    (answer,) = zalo.wait_for(1, person)
    zalo.fault("accepted_cut", method="sendMessage")
    zalo.switch(reading="replay")
"""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.waiting import PATIENCE
from tests.zaloapi.records import Call, Record, Update, Usage

TOKENS = ("10001:vi-du-mot-0000000000", "10002:vi-du-hai-1111111111")
ROOT = Path(__file__).parents[2]

Json = dict[str, Any]
Wanted = int | Callable[[list[Record]], object]


def person_id(number: int) -> str:
    """Return the id of a person."""
    return f"{number:020x}"


class Refused(Exception):
    """The server could not do what a test ordered."""


class ZaloApi:
    """A running server. Its methods may be called from any thread; they block.

    Attributes:
        url: where the server is, without a slash at the end.
        tokens: the tokens of its bots; `token` is the first. Where a method takes a `bot`, it is the account, "" the
            first.
    """

    def __init__(self, url: str, tokens: tuple[str, ...], process: subprocess.Popen[str]) -> None:
        self.url = url
        self.tokens = tokens
        self.token = tokens[0]
        self._process = process
        self._address = url.removeprefix("http://")
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def start(cls, tokens: tuple[str, ...] = TOKENS) -> Self:
        """Start a server in a process of its own; it ends with `stop`, or when this process ends in any way."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.zaloapi", "--child", "--port", "0", "--tokens", ",".join(tokens)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return cls(process.stdout.readline().strip(), tokens, process)

    def stop(self) -> None:
        """End the server and everything that was opened for it."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a bot on this server, as it is told them."""
        return {"UNGXU_ZALO_TOKENS": self.token, "UNGXU_ZALO_API_URL": self.url, "UNGXU_ZALO_RATE": "1000"}

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

    def person(self, number: int, name: str = "") -> str:
        """Make a person; return the id, which is that of their private chat too."""
        id = person_id(number)
        self._order("person", id=id, name=name or f"Người Ví Dụ {number}")
        return id

    def group(self, number: int, *members: str, name: str = "Nhóm Ví Dụ") -> str:
        """Make a group; return its id."""
        id = f"ff{number:018x}"
        self._order("group", id=id, name=name, members=members)
        return id

    # What people do; each returns the id of the message, "" where the bot is not told

    def say(self, sender: str, text: str, chat: str = "", *, reply: bool = False, bot: str = "") -> str:
        """Let a person write; in a group the bot is only told of its name, or of a `reply` to it."""
        return str(self._order("say", sender=sender, text=text, chat=chat or sender, reply=reply, bot=bot))

    def load(self, says: Iterable[tuple[str, str]], bot: str = "") -> list[str]:
        """Let many people write in one request: (person, text)."""
        keys: list[str] = self._order("load", says=[list(say) for say in says], bot=bot)
        return keys

    def image(
        self, sender: str, content: bytes = b"", caption: str = "", chat: str = "", *, url: str = "", bot: str = ""
    ) -> str:
        """Let a person send a picture, by its content or by an address that it is said to have."""
        given = base64.b64encode(content).decode()
        order = {"sender": sender, "content": given, "caption": caption, "chat": chat or sender, "url": url}
        return str(self._order("image", **order, bot=bot))

    def voice(self, sender: str, content: bytes = b"\xff\xf1", chat: str = "", *, reply: bool = False) -> str:
        """Let a person send a voice message."""
        given = base64.b64encode(content).decode()
        return str(self._order("voice", sender=sender, content=given, chat=chat or sender, reply=reply, bot=""))

    def sticker(self, sender: str, chat: str = "", *, reply: bool = False) -> str:
        """Let a person send a sticker."""
        return str(self._order("sticker", sender=sender, chat=chat or sender, reply=reply, bot=""))

    def unsupported(self, sender: str, chat: str = "", *, reply: bool = False) -> str:
        """Let a person send what the service does not bring: a file, a contact, a link."""
        return str(self._order("unsupported", sender=sender, chat=chat or sender, reply=reply, bot=""))

    def raw(self, body: Json, key: str = "raw", bot: str = "") -> None:
        """Bring any JSON as an update."""
        self._order("raw", body=body, key=key, bot=bot)

    def again(self, key: str, bot: str = "") -> None:
        """Bring an update once more."""
        self._order("again", key=key, bot=bot)

    # What is there

    def transcript(self, chat: str | None = None, kind: str | None = None) -> list[Record]:
        """Return what bots did, in order; in one chat, of one kind."""
        records = [Record(**line) for line in self._order("transcript", chat=chat)["records"]]
        return [record for record in records if kind is None or record.kind == kind]

    def wait_for(self, wanted: Wanted = 1, chat: str | None = None, timeout: float = PATIENCE) -> list[Record]:
        """Wait until the transcript (of a chat) has so many messages or satisfies a predicate; return it."""
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

    def picture(self, message_id: str) -> tuple[str, bytes] | None:
        """Return media type and content of a picture that was fetched for a message; None where it was not (yet)."""
        found = self._order("picture", message_id=message_id)
        return (found[0], base64.b64decode(found[1])) if found else None

    def calls(self, method: str | None = None, since: int = 0) -> list[Call]:
        """Return the requests of bots."""
        return [Call(**call) for call in self._order("calls", method=method, since=since)]

    def updates(self) -> list[Update]:
        """Return everything that people did, with how often it was handed out."""
        return [Update(**update) for update in self._order("updates")]

    def waiting(self, bot: str = "") -> list[str]:
        """Return the ids of the messages that wait for a bot."""
        keys: list[str] = self._order("waiting", bot=bot)
        return keys

    def usage(self, bot: str = "") -> Usage:
        """Return what a bot has used of its plan."""
        return Usage(**self._order("usage", bot=bot))

    def webhook(self, bot: str = "") -> Json:
        """Return address and secret of a webhook, "" for none, and the status of each answer to a call."""
        told: Json = self._order("webhook", bot=bot)
        return told

    def most_polling(self, bot: str = "") -> int:
        """Return how many polls of a bot waited beside each other at most."""
        return int(self._order("most_polling", bot=bot))

    # Faults and switches

    def fault(self, kind: str, **options: Any) -> int:
        """Arm a fault; return its number. What there is to order stands in `faults.KINDS` and `faults.Fault`."""
        return int(self._order("fault", kind=kind, options=options))

    def unfault(self, fault: int | None = None) -> None:
        """Take a fault away, or all."""
        self._order("unfault", id=fault)

    def switch(self, **switches: Any) -> None:
        """Change how the service behaves, see `world.Switches`."""
        self._order("switch", switches=switches)

    def used(self, sent: int, received: int = 0, bot: str = "") -> None:
        """Say how much of its plan a bot has used."""
        self._order("used", sent=sent, received=received, bot=bot)

    def reset(self) -> None:
        """Begin anew: no people, chats or faults, every switch as at first."""
        self._order("reset")


def _satisfied(wanted: Wanted, records: list[Record]) -> bool:
    if callable(wanted):
        return bool(wanted(records))
    return sum(record.kind != "action" for record in records) >= wanted
