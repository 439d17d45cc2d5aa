"""A conversation in the terminal: the first channel, without token or network."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import shutil
import sys
import textwrap
import threading
import uuid

from bot.channels.abilities import Abilities
from bot.channels.base import Outgoing, Take
from bot.channels.markup import plain
from bot.errors import Refused
from bot.rate_limit import Limits
from handlers.conversation import Incoming
from knowledge.text import fold
from storage.people import Address

# A line this wide is read comfortably even where the window is wider.
WIDEST = 88

_LIST_MARK = re.compile(r"• |\d+\. ")
_END_WORDS = {"thoat", "exit", "quit", "/thoat", "/exit", "/quit"}


class Terminal:
    """Reads lines from standard input and prints replies."""

    name = "terminal"
    abilities = Abilities(buttons=False, text_length=20_000)
    limits: Limits | None = None
    polls = False

    def __init__(self, prompt: str) -> None:
        # An account of its own for each conversation: another window, or one that was killed, never gets or holds up
        # what is meant for this one.
        self.account = uuid.uuid4().hex
        self._prompt = prompt if is_interactive() else ""
        self._address = Address(self.name, self.account, "local", "local")

    async def receive(self, take: Take) -> None:
        """Bring in a greeting and then each line, until the input ends or says so."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        turn = threading.Semaphore(0)

        def read() -> None:
            # A thread of its own that dies with the process: one of the loop's pool would keep it waiting for
            # a last line after Ctrl+C. It holds the input for as long, or Python would close it under a read that still
            # waits there, and abort.
            held = sys.stdin
            while held is sys.stdin:
                turn.acquire()
                try:
                    line = input(self._prompt)
                except UnicodeDecodeError:
                    line = ""
                except (EOFError, KeyboardInterrupt, OSError, RuntimeError, ValueError):
                    # The end, however it comes: RuntimeError and ValueError are a missing and a closed input.
                    loop.call_soon_threadsafe(lines.put_nowait, None)
                    return
                loop.call_soon_threadsafe(lines.put_nowait, line)

        await take(self._event("0", "/start"))
        threading.Thread(target=read, daemon=True).start()
        number = 0
        while True:
            turn.release()
            line = await lines.get()
            if line is None or fold(line).strip() in _END_WORDS:
                return
            number += 1
            await take(self._event(str(number), line))

    async def send(self, chat: str, message: Outgoing) -> str | None:
        """Print a message, wrapped to the width of the window."""
        try:
            print("\n" + wrapped(plain(message.text or "")) + "\n", flush=True)  # noqa: T201
        except (OSError, ValueError) as error:
            # The window or the pipe is gone, for this conversation and for good.
            raise Refused(type(error).__name__) from None
        return None

    def is_group(self, chat: str) -> bool:
        """One person sits at a terminal."""
        return False

    def _event(self, key: str, text: str) -> Incoming:
        return Incoming(key, self._address, text, dt.datetime.now(dt.UTC))


def is_interactive() -> bool:
    """Tell whether somebody sits at the standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def wrapped(text: str, width: int | None = None) -> str:
    """Return a text wrapped between words to a width, by default the window's, at most 88 columns."""
    width = width or min(shutil.get_terminal_size().columns, WIDEST)
    lines = []
    for line in text.split("\n"):
        mark = _LIST_MARK.match(line)
        indent = " " * len(mark.group()) if mark else ""
        lines += textwrap.wrap(
            line, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)
