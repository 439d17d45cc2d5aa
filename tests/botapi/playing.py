"""A person at the terminal plays a user: lines typed are messages, `:a` presses the button [a]."""

from __future__ import annotations

import asyncio
import itertools
import string
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.botapi.acting import Acting
from tests.botapi.records import Button, Record, buttons_of
from tests.botapi.world import User

if TYPE_CHECKING:
    from tests.botapi.service import Service

ME = 1001
_HELP = "Type what the user writes; :a presses the button [a]; :quit ends."
_LABELS = string.ascii_lowercase + string.ascii_uppercase


class Player:
    """The user, and what they see of the bot."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._acting = Acting(service.world)
        self._buttons: dict[str, tuple[int, Button]] = {}
        self._labels = itertools.cycle(_LABELS)
        self._shown = 0
        service.world.add_user(User(ME, "Người Ví Dụ 1"))

    def typed(self, line: str) -> str:
        """Do what a line says; return what there is to tell the person about it."""
        try:
            if line.startswith(":") and line[1:] in self._buttons:
                message_id, button = self._buttons[line[1:]]
                if button.callback_data is not None:
                    self._acting.press(ME, ME, message_id, [button.row, button.column])
                elif button.url is None:
                    self._acting.say(ME, button.label)
                else:
                    return button.url
            elif line.startswith(":"):
                return "There is no such button."
            elif line.strip():
                self._acting.say(ME, line)
        except (ValueError, KeyError) as error:
            return str(error)
        return ""

    def news(self) -> str:
        """Return what the bot did since the last look, as text."""
        lines = self._service.world.transcript[self._shown :]
        self._shown += len(lines)
        return "".join(self._told(line) for line in lines if line.chat == ME)

    def _told(self, line: Record) -> str:
        match line.kind:
            case "action":
                return f"({line.text} …)\n"
            case "answer":
                return f"({line.text})\n" if line.text else ""
            case "delete":
                return f"(message {line.message_id} was deleted)\n"
        head = {"edit": f"message {line.message_id} now: ", "photo": "[photo] ", "document": f"[{line.name}] "}
        told = "\n" + head.get(line.kind, "") + line.text + "\n"
        for button in buttons_of(line.markup):
            # Letters go on from message to message, so that an older message keeps its own for a while.
            label = next(self._labels)
            self._buttons[label] = (line.message_id, button)
            told += f"  [{label}] {button.label}\n"
        return told


async def play(service: Service) -> None:
    """Read lines and show what the bot does, until the input ends."""
    loop = asyncio.get_running_loop()
    player = Player(service)
    # A bot that knows the updates of the last game must not take these for them.
    service.world.queue.skip(int(time.time()) % 500_000_000)
    sys.stdout.write(f"{_HELP}\n")
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        while line := sys.stdin.readline():
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, ":quit")

    # A thread that nobody waits for: it may stand in readline when the person presses Ctrl-C.
    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = (await asyncio.wait_for(lines.get(), 0.1)).rstrip("\n")
        except TimeoutError:
            line = ""
        if line.strip() == ":quit":
            return
        if told := player.typed(line):
            sys.stdout.write(f"{told}\n")
        sys.stdout.write(player.news())
        sys.stdout.flush()
