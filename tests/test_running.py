"""`ungxu run` as a process: starting, stopping, two at once, being killed, and what it writes."""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bot.explaining import TEXTS
from storage.database import FILE_NAME
from tests.botapi.client import BotApi
from tests.helpers import one_clear_line, run_process
from tests.run_process import RECEIVING, STOPPED, BotProcess, process
from tests.telegram_bot import BOT_NAME, OTHER, PERSON, said
from tests.waiting import PATIENCE, wait_until

ANSWER = "Khoản 3 Điều 4"


def ask(api: BotApi, person: int = PERSON) -> int:
    return api.say(person, "điều 4 khoản 3")


def states(folder: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(folder / "data" / FILE_NAME, timeout=PATIENCE)) as database:
        return database.execute("SELECT state, repeats FROM outbox ORDER BY id").fetchall()


def on_their_way(folder: Path) -> list[int]:
    """How many messages each process sends now."""
    with closing(sqlite3.connect(folder / "data" / FILE_NAME, timeout=PATIENCE)) as database:
        found = database.execute("SELECT count(*) FROM outbox WHERE state = 'sending' GROUP BY owner").fetchall()
    return [count for (count,) in found]


def shown(terminal: int, last: str) -> list[str]:
    """Return the lines that a terminal shows, as soon as the last is there: it may come in parts."""
    seen = b""
    while last not in seen.decode(errors="replace"):
        assert select.select([terminal], [], [], PATIENCE)[0], seen
        seen += os.read(terminal, 10_000)
    return seen.decode().splitlines()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_what_is_on_its_way_end_and_keeps_the_rest(
    api: BotApi, tmp_path: Path, number: signal.Signals
) -> None:
    with process(api, tmp_path) as bot:
        for person in (PERSON, OTHER):
            ask(api, person)
            said(api, person)
        api.fault("slow", method="sendMessage", chat=PERSON, seconds=1.0)
        api.fault("retry_after", method="sendMessage", chat=OTHER, seconds=600)
        ask(api)
        ask(api, OTHER)
        wait_until(lambda: {call.fault for call in api.calls("sendMessage")} >= {"slow", "retry_after"})
        bot.process.send_signal(number)
        assert bot.process.wait(PATIENCE) == 0
        assert STOPPED in bot.output()
    assert len(api.transcript(PERSON, "message")) == 2
    assert [state for state, _ in states(tmp_path)] == ["sent", "sent", "sent", "waiting"]


def test_what_was_left_is_sent_by_the_next_run(api: BotApi, tmp_path: Path) -> None:
    with process(api, tmp_path) as bot:
        fault = api.fault("unauthorized", method="sendMessage", times=None)
        ask(api)
        wait_until(lambda: api.calls("sendMessage"))
        assert bot.stop() == 0
    api.unfault(fault)
    with process(api, tmp_path):
        assert ANSWER in said(api)[0].text


def test_after_a_power_cut_the_next_process_goes_on_at_once(api: BotApi, tmp_path: Path) -> None:
    """What the dead one was sending and its right to poll are free although their leases have not run out."""
    with process(api, tmp_path) as bot:
        bot.wait_for(RECEIVING)
        api.fault("accepted_silent", method="sendMessage")
        ask(api)
        api.wait_for(1, PERSON)
        bot.kill()
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)) as database:
        # However long the next process takes to start, they have not run out.
        assert database.execute("UPDATE outbox SET lease_until = '2999' WHERE state = 'sending'").rowcount == 1
        assert database.execute("UPDATE leases SET until = '2999' WHERE name LIKE 'polling:%'").rowcount == 1
    with process(api, tmp_path):
        assert [ANSWER in record.text for record in said(api, count=2)] == [True, True]
        ask(api, OTHER)
        assert ANSWER in said(api, OTHER)[0].text
        wait_until(lambda: states(tmp_path)[0] == ("sent", 1))


def test_two_processes_share_one_database_and_send_nothing_twice(api: BotApi, tmp_path: Path) -> None:
    people = api.crowd(5000, 150)
    with process(api, tmp_path) as first:
        first.wait_for(RECEIVING)
        second = BotProcess(api, tmp_path / "data", tmp_path / "second.txt")
        try:
            second.wait_for('"message": "started"')
            # So slow that there is something left for both, even where one of them stands still for some seconds.
            api.fault("slow", method="sendMessage", times=None, seconds=4.0)
            for _ in range(4):
                api.load((person, "điều 4 khoản 3") for person in people)
            wait_until(lambda: len(on_their_way(tmp_path)) == 2 and min(on_their_way(tmp_path)) > 10)
            api.unfault()
            wait_until(lambda: states(tmp_path) == [("sent", 0)] * 600)
            assert RECEIVING not in second.output()
            assert Counter(record.chat for record in api.transcript(kind="message")) == dict.fromkeys(people, 4)
            first.kill()
            ask(api)
            assert ANSWER in said(api)[0].text
            assert second.stop() == 0
            shared = first.output() + second.output()
            sent = [json.loads(line).get("sent") for line in second.output().splitlines()][-1]
            assert sent > 10, "the second process only watched"
        finally:
            second.kill()
    assert '"message": "a process is gone' in shared


def test_no_token_and_no_question_is_ever_written(api: BotApi, tmp_path: Path) -> None:
    secret = api.token.partition(":")[2]
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    with process(api, tmp_path, secret_keys=key, listen="127.0.0.1:0") as bot:
        bot.wait_for(RECEIVING)
        for kind in ("server_error", "bad_gateway", "not_json", "cut", "accepted_cut", "unauthorized"):
            api.fault(kind, method="sendMessage")
        # Once: each further one in a row doubles the pause, and it would be minutes until anything comes in.
        api.fault("cut", method="getUpdates")
        api.raw({"message": {"message_id": "hỏng", "text": "chuyện riêng"}})
        api.say(PERSON, "chuyện riêng của Người Ví Dụ")
        # What cannot be read, a poll that was cut off and a sending that was refused have been told.
        wait_until(lambda: len(api.calls("sendMessage")) > 2 and bot.output().count("\n") > 4)
        assert bot.stop() == 0
        written = bot.output()
    assert written.count("\n") > 4
    for word in (secret, key, "chuyện riêng", "Người Ví Dụ"):
        assert word not in written
    for line in written.splitlines():
        assert {"time", "level", "logger", "message"} <= json.loads(line).keys()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no terminal to be had for a test")
def test_who_starts_it_in_a_terminal_is_told_its_name_and_how_to_stop_it(api: BotApi, tmp_path: Path) -> None:
    terminal, window = os.openpty()
    try:
        with process(api, tmp_path, window) as bot:
            ask(api)
            said(api)
            assert bot.stop() == 0
        printed = shown(terminal, TEXTS("cli.run_stopped"))
    finally:
        os.close(terminal)
        os.close(window)
    told = [
        TEXTS("cli.run_starting"),
        TEXTS("cli.run_receives", bot=f"Telegram @{BOT_NAME}"),
        TEXTS("cli.run_stopped"),
    ]
    assert printed == told
    assert [line for line in bot.output().splitlines() if not json.loads(line)] == []


def test_where_nobody_watches_only_the_log_is_written(api: BotApi, tmp_path: Path) -> None:
    with process(api, tmp_path) as bot:
        bot.wait_for(RECEIVING)
        assert bot.stop() == 0
        assert all(json.loads(line) for line in bot.output().splitlines())


def test_a_token_that_is_refused_at_the_start_is_said_and_waited_for(api: BotApi, tmp_path: Path) -> None:
    wrong = "999999:TEST-sai-1111111111111111111111111111"
    with process(api, tmp_path, telegram_token=wrong) as bot:
        bot.wait_for("the token is refused")
        assert bot.process.poll() is None
        assert wrong.partition(":")[2] not in bot.output()


TOKEN = "123456:" + "x" * 30
ONLY_TOKEN = {"UNGXU_TELEGRAM_TOKEN": TOKEN}


@pytest.mark.parametrize(
    ("settings", "said_of_it"),
    [
        ({}, "UNGXU_ZALO_TOKENS, UNGXU_ZALO_OA_APP_ID, UNGXU_TELEGRAM_TOKEN"),
        ({"UNGXU_TELEGRAM_TOKEN": "bi-mat-gia"}, "UNGXU_TELEGRAM_TOKEN"),
        ({**ONLY_TOKEN, "UNGXU_SECRET_KEYS": "bi-mat-gia"}, "UNGXU_SECRET_KEYS"),
        ({**ONLY_TOKEN, "UNGXU_TELEGRAM_API_URL": "telegram"}, "UNGXU_TELEGRAM_API_URL"),
        ({**ONLY_TOKEN, "UNGXU_LISTEN": "8080"}, "UNGXU_LISTEN"),
        ({**ONLY_TOKEN, "UNGXU_TELEGRAM_RATE": "0"}, "UNGXU_TELEGRAM_RATE"),
        ({**ONLY_TOKEN, "UNGXU_TELEGRAM_UPDATES": "push"}, "UNGXU_TELEGRAM_UPDATES"),
        ({**ONLY_TOKEN, "UNGXU_TELEGRAM_UPDATES": "webhook"}, "UNGXU_PUBLIC_URL"),
    ],
)
def test_settings_that_cannot_be_used_are_one_clear_line(
    tmp_path: Path, settings: dict[str, str], said_of_it: str
) -> None:
    line = one_clear_line(run_process("run", cwd=tmp_path, env=settings))
    assert said_of_it in line
    assert "bi-mat-gia" not in line
    assert TOKEN not in line


def test_a_new_key_can_be_used(tmp_path: Path, api: BotApi) -> None:
    ended = run_process("new-key", cwd=tmp_path)
    assert ended.code == 0
    with process(api, tmp_path, secret_keys=ended.out.strip()):
        ask(api)
        assert ANSWER in said(api)[0].text
