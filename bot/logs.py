"""Logs: one line an event, JSON where no person is watching, and no secret in any of them.

Secrets get into logs through addresses: a bot's token is part of every address of its messenger, and libraries log
addresses and put them into exceptions. So the finished line is what is cleaned, after everything that goes into it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote

from pythonjsonlogger.json import JsonFormatter

MASK = "***"

# A token of a messenger's, whoever's it is, also as it stands in addresses.
_TOKEN = re.compile(r"(?<!\d)\d{6,20}(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE)


class Redactor:
    """Takes known secrets, and what looks like a token, out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        given = [secret for secret in secrets if secret]
        quoted = [quote(secret, safe="") for secret in given]
        forms = {*given, *quoted, *(form.replace("%3A", "%3a") for form in quoted)}
        # The longest first, where one is part of another.
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text with each secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return _TOKEN.sub(MASK, text)


class _Redacting(logging.Formatter):
    """Formats with another formatter and cleans the line, traceback included."""

    def __init__(self, inner: logging.Formatter, redact: Redactor) -> None:
        super().__init__()
        self._inner = inner
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        try:
            line = self._inner.format(record)
        except Exception as error:
            # The handler would print what it was given, as it is.
            fault = (type(error).__name__,)
            broken = logging.LogRecord(record.name, record.levelno, "", 0, "cannot be logged: %s", fault, None)
            line = self._inner.format(broken)
        return self._redact(line)


def set_up(secrets: Iterable[str], stream: TextIO | None = None, *, as_json: bool | None = None) -> None:
    """Log to a stream, by default standard error; JSON unless somebody is watching.

    What nobody catches, in threads and in the event loop too, is logged the same way.
    """
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    inner: logging.Formatter = (
        JsonFormatter(
            form, rename_fields={"asctime": "time", "levelname": "level", "name": "logger"}, json_ensure_ascii=False
        )
        if as_json
        else logging.Formatter(form)
    )
    inner.converter = time.gmtime
    inner.default_time_format, inner.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting(inner, Redactor(secrets)))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # They log every request, with its address.
    for noisy in ("httpx", "httpcore", "aiohttp", "telegram", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def log_loop_faults(loop: asyncio.AbstractEventLoop) -> None:
    """Log what an event loop would print."""

    def fault(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        logging.getLogger("asyncio").error(context["message"], exc_info=error)

    loop.set_exception_handler(fault)


def place(error: BaseException) -> str:
    """Return where an exception was raised, as "module:line": what it says may be what somebody wrote."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return "?"
    return f"{traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}"


def _uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    if error is not None:
        logging.getLogger("ungxu").critical("uncaught", exc_info=(kind, error, traceback))
