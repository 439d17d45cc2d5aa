from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.logs import MASK, Redactor, log_loop_faults, set_up
from tests.helpers import logging_kept
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
# Made up; they only look like what they stand for.
TOKEN = "123456789:" + "AAvidu-_vidu" * 3
STRANGE_TOKEN = "987654321:" + "BBkhac-_khac" * 3
KEY = "a-key-for-the-tests-only-0000000000000000000="
SECRETS = [KEY, TOKEN]
ADDRESS = f"https://api.telegram.org/bot{TOKEN}/sendMessage"

FORMATS = pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where a set-up log goes; what the program had before is put back."""
    with logging_kept():
        yield io.StringIO()


def raise_with(text: str) -> None:
    raise LookupError(text)


def in_message(log: logging.Logger) -> None:
    log.info(f"asking {ADDRESS}")


def in_arguments(log: logging.Logger) -> None:
    log.info("asking %s with %r", ADDRESS, {"key": KEY, "url": ADDRESS})


def in_an_exception(log: logging.Logger) -> None:
    try:
        raise_with(ADDRESS)
    except LookupError:
        log.exception("failed")


def in_a_chained_exception(log: logging.Logger) -> None:
    try:
        try:
            raise_with(ADDRESS)
        except LookupError as error:
            raise ValueError(KEY) from error
    except ValueError:
        log.exception("failed")


def in_a_context(log: logging.Logger) -> None:
    try:
        try:
            raise_with(ADDRESS)
        except LookupError:
            raise_with("quiet")
    except LookupError:
        log.exception("failed")


def in_a_group(log: logging.Logger) -> None:
    log.error("failed", exc_info=ExceptionGroup("group", [LookupError(ADDRESS), ValueError(KEY)]))


def in_the_stack(log: logging.Logger) -> None:
    # The source of the line that is shown holds it.
    exec(compile(f"log.info('stack', stack_info=True)  # {TOKEN}", "x", "exec"), {"log": log})
    log.info(f"stack {TOKEN}", stack_info=True)


def in_an_extra_field(log: logging.Logger) -> None:
    log.info("asking %s", "x", extra={"url": ADDRESS, "nested": {"keys": [KEY]}})


def in_what_cannot_be_formatted(log: logging.Logger) -> None:
    log.info("%d requests", ADDRESS)


def in_what_cannot_be_written_at_all(log: logging.Logger) -> None:
    class Broken:
        def __str__(self) -> str:
            raise LookupError(ADDRESS)

    log.info("%s", Broken())


def in_a_warning(log: logging.Logger) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"unclosed {ADDRESS}", ResourceWarning, stacklevel=1)


def in_the_name_of_a_logger(log: logging.Logger) -> None:
    logging.getLogger(f"vidu.{TOKEN}").error("x")


def somebody_else_s(log: logging.Logger) -> None:
    log.info("https://api.telegram.org/bot%s/getMe and %s", STRANGE_TOKEN, STRANGE_TOKEN)


PLACES = [
    in_message,
    in_arguments,
    in_an_exception,
    in_a_chained_exception,
    in_a_context,
    in_a_group,
    in_the_stack,
    in_an_extra_field,
    in_what_cannot_be_formatted,
    in_what_cannot_be_written_at_all,
    in_a_warning,
    in_the_name_of_a_logger,
    somebody_else_s,
]


@FORMATS
@pytest.mark.parametrize("write", PLACES)
def test_no_secret_is_in_the_log_wherever_it_came_from(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str], write: Callable[[logging.Logger], None], as_json: bool
) -> None:
    set_up(SECRETS, stream, as_json=as_json)
    write(logging.getLogger("vidu"))
    written = stream.getvalue()
    printed = capsys.readouterr()
    assert written
    for secret in (TOKEN, KEY, STRANGE_TOKEN, TOKEN.partition(":")[2], STRANGE_TOKEN.partition(":")[2]):
        assert secret not in written + printed.out + printed.err
    # Text for people has no extra fields, and of what cannot be formatted nothing is written.
    shows_it = as_json or write is not in_an_extra_field
    if shows_it and write not in (in_what_cannot_be_formatted, in_what_cannot_be_written_at_all):
        assert MASK in written
    if as_json:
        assert all(isinstance(json.loads(line), dict) for line in written.splitlines())


@FORMATS
def test_what_is_no_secret_is_told(stream: io.StringIO, as_json: bool) -> None:
    set_up(SECRETS, stream, as_json=as_json)
    log = logging.getLogger("vidu")
    log.info("câu trả lời %d", 7, extra={"channel": "telegram"})
    try:
        raise_with("ví dụ")
    except LookupError:
        log.exception("hỏng")
    log.debug("không ai cần")
    written = stream.getvalue()
    assert "câu trả lời 7" in written
    assert "LookupError: ví dụ" in written
    assert "không ai cần" not in written
    if as_json:
        first, second = map(json.loads, written.splitlines())
        assert (first["level"], first["logger"], first["message"]) == ("INFO", "vidu", "câu trả lời 7")
        assert first["channel"] == "telegram"
        assert first["time"]
        assert "raise_with" in second["exc_info"]


@FORMATS
def test_a_line_that_cannot_be_formatted_says_so(stream: io.StringIO, as_json: bool) -> None:
    set_up(SECRETS, stream, as_json=as_json)
    in_what_cannot_be_formatted(logging.getLogger("vidu"))
    assert "vidu" in stream.getvalue()
    assert "cannot be logged: TypeError" in stream.getvalue()


@pytest.mark.parametrize("watching", [True, False])
def test_a_person_reads_text_and_a_machine_json(stream: io.StringIO, watching: bool) -> None:
    stream.isatty = lambda: watching  # type: ignore[method-assign]
    set_up([], stream)
    logging.getLogger("vidu").info("xin chào")
    assert stream.getvalue().startswith("{") is not watching


def test_it_goes_to_standard_error_by_itself_and_only_there(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up([])
    set_up([])
    logging.getLogger("vidu").info("xin chào")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("xin chào") == 1


@pytest.mark.parametrize("name", ["httpx", "httpcore", "aiohttp", "telegram", "uvicorn"])
def test_who_logs_every_request_is_quiet(stream: io.StringIO, name: str) -> None:
    set_up([], stream)
    logging.getLogger(f"{name}.client").info("GET /")
    assert stream.getvalue() == ""
    logging.getLogger(f"{name}.client").warning("hỏng")
    assert "hỏng" in stream.getvalue()


# What nobody catches


PROGRAM = """
import asyncio, sys, threading
from bot.logs import log_loop_faults, set_up

TOKEN = sys.argv[1]
set_up([TOKEN], as_json=sys.argv[2] == "True")

def fail(what):
    raise LookupError(f"{what} https://api.telegram.org/bot{TOKEN}/getUpdates")

class Dying:
    def __del__(self):
        fail("dying")

async def main():
    loop = asyncio.get_running_loop()
    log_loop_faults(loop)
    loop.call_soon(fail, "called")
    loop.call_exception_handler({"message": f"no exception {TOKEN}"})
    forgotten = asyncio.create_task(asyncio.to_thread(fail, "forgotten"))
    while not forgotten.done():
        await asyncio.sleep(0.01)
    del forgotten

asyncio.run(main())
thread = threading.Thread(target=fail, args=["thread"])
thread.start()
thread.join()
Dying()
fail("main")
"""


@FORMATS
def test_what_nobody_catches_is_logged_without_secrets(tmp_path: Path, as_json: bool) -> None:
    """In the event loop, in a forgotten task, in a thread, in a finalizer and in the main program."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program), TOKEN, str(as_json)],
        env={"PYTHONPATH": str(ROOT), "PATH": "", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    for what in ("called", "forgotten", "thread", "dying", "main"):
        assert f"{what} https://api.telegram.org/bot{MASK}/getUpdates" in done.stderr, what
    assert f"no exception {MASK}" in done.stderr
    assert TOKEN not in done.stderr
    assert TOKEN.partition(":")[2] not in done.stderr
    if as_json:
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["message"] for line in lines].count("uncaught") == 3


def test_an_interrupt_without_an_exception_is_nothing_to_log(stream: io.StringIO) -> None:
    set_up([], stream)
    logs._uncaught(KeyboardInterrupt, None, None)
    assert stream.getvalue() == ""


def test_a_fault_of_the_loop_is_told_with_its_place(stream: io.StringIO) -> None:
    set_up([], stream, as_json=False)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        log_loop_faults(loop)
        loop.call_soon(raise_with, "ví dụ")
        await asyncio.sleep(0)

    asyncio.run(main())
    assert "ERROR asyncio" in stream.getvalue()
    assert "in raise_with" in stream.getvalue()
    # Not what it was doing: that holds whatever somebody wrote.
    assert "<Handle" not in stream.getvalue()


# The redactor


@given(st.text(), st.text())
def test_a_secret_is_found_wherever_it_stands(before: str, after: str) -> None:
    redact = Redactor(SECRETS)
    for secret in (TOKEN, KEY):
        assert secret not in redact(before + secret + after)


@given(
    st.from_regex(r"[0-9]{6,20}:[A-Za-z0-9_-]{30,60}", fullmatch=True),
    st.sampled_from(["", "bot", "/", "=", "é", "a_"]),
)
def test_whatever_looks_like_a_token_is_found(token: str, before: str) -> None:
    assert token.partition(":")[2][:30] not in Redactor([])(f"{before}{token}/x")


def test_a_secret_that_is_part_of_another_does_not_save_its_rest() -> None:
    assert Redactor(["vidu", "vidu-dai-hon"])("x vidu-dai-hon y") == f"x {MASK} y"


def test_an_empty_secret_is_none() -> None:
    assert Redactor([""])("xin chào") == "xin chào"


@pytest.mark.parametrize("text", ["", "2026-11-21T03:00:00+00:00", "12:30", "qd-874-2021/dieu-4", "1234567:ngắn"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor(SECRETS)(text) == text
