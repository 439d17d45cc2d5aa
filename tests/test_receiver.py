from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.channels.base import Abilities
from bot.receiver import Receiver
from handlers import router
from handlers.context import Context
from handlers.conversation import Button, Incoming, Press, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage import mailbox, questions
from storage.database import Database
from storage.errors import StorageBusy
from storage.people import Address
from tests.helpers import NOW, STAMP, locked, place, shrunk

SECRET = "chuyện riêng của Nguyễn Văn Ví Dụ"

Handle = Callable[[Incoming, Context], list[Reply]]
Make = Callable[..., Receiver]


@pytest.fixture
def make(search: Search, texts: Texts) -> Make:
    def with_handler(handle: Handle, *, buttons: bool = True, length: int = 4000) -> Receiver:
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        return Receiver(search, texts, Office(), zone, {"vidu": Abilities(buttons, length)}, handle)

    return with_handler


def event(text: str = "xin chào", key: str = "1", at: Address | None = None, press: Press | None = None) -> Incoming:
    return Incoming(key, at or place(), text, NOW, press)


def echo(event: Incoming, context: Context) -> list[Reply]:
    return [Reply(event.text)]


def outbox(database: Database) -> list[dict[str, Any]]:
    return [json.loads(row["message"]) for row in database.rows("SELECT message FROM outbox ORDER BY id")]


def inbox(database: Database) -> list[tuple[str, str, str | None]]:
    rows = database.rows("SELECT kind, outcome, error FROM inbox ORDER BY rowid")
    return [(row["kind"], row["outcome"], row["error"]) for row in rows]


def everything(database: Database) -> str:
    """All that is stored, except the messages that wait to be sent."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [dict(row) for table in tables if table != "outbox" for row in database.rows(f"SELECT * FROM {table}")]
    return json.dumps(rows, ensure_ascii=False)


def broken(event: Incoming, context: Context) -> list[Reply]:
    if event.text != "xin chào":
        raise LookupError(event.text)
    return echo(event, context)


# One event, one transaction


def test_an_event_is_answered_where_it_came_from(database: Database, make: Make) -> None:
    receiver = make(lambda e, c: [Reply("một"), Reply("hai")])
    assert receiver.take(database, event(at=place("chat-9"))) is True
    rows = database.rows("SELECT channel, account, chat, class, state, due_at, created_at FROM outbox")
    assert (
        rows
        == [
            {
                "channel": "vidu",
                "account": "bot-1",
                "chat": "chat-9",
                "class": mailbox.ANSWER,
                "state": "waiting",
                "due_at": STAMP,
                "created_at": STAMP,
            }
        ]
        * 2
    )
    assert outbox(database) == [{"text": "một"}, {"text": "hai"}]
    assert inbox(database) == [("text", "handled", None)]


def test_the_same_event_is_handled_and_answered_once(database: Database, make: Make) -> None:
    handled: list[str] = []

    def handle(event: Incoming, context: Context) -> list[Reply]:
        handled.append(event.text)
        return echo(event, context)

    receiver = make(handle)
    assert [receiver.take(database, event()) for _ in range(3)] == [True, False, False]
    assert handled == ["xin chào"]
    assert outbox(database) == [{"text": "xin chào"}]


@pytest.mark.parametrize(
    "other",
    [event(key="2"), event(at=place(account="bot-2"))],
    ids=["another key", "another account"],
)
def test_another_event_is_handled_too(database: Database, make: Make, other: Incoming) -> None:
    receiver = make(echo)
    assert receiver.take(database, event()) and receiver.take(database, other)
    assert len(outbox(database)) == 2


def test_an_event_may_have_no_reply(database: Database, make: Make) -> None:
    assert make(lambda e, c: []).take(database, event())
    assert outbox(database) == []
    assert inbox(database) == [("text", "handled", None)]


def test_the_handler_is_given_the_world_of_the_event(database: Database, make: Make, texts: Texts) -> None:
    seen: list[Context] = []

    def handle(event: Incoming, context: Context) -> list[Reply]:
        seen.append(context)
        return []

    receiver = make(handle)
    receiver.take(database, event(key="1", at=place("rieng")))
    receiver.take(database, event(key="2", at=place("nhom")))
    receiver.take(database, event(key="3", at=place("nhom", sender="nguoi-khac")))
    assert seen[0] == Context(
        database, receiver.search, texts, Office(), ZoneInfo("Asia/Ho_Chi_Minh"), NOW, seen[0].person
    )
    assert seen[0].person == seen[1].person != seen[2].person


def test_the_search_may_be_replaced_while_the_bot_runs(database: Database, make: Make, search: Search) -> None:
    seen: list[Search] = []

    def handle(event: Incoming, context: Context) -> list[Reply]:
        seen.append(context.search)
        return []

    receiver = make(handle)
    other = Search(search.library.only(["cv-6389-2021"]), search.background)
    receiver.take(database, event(key="1"))
    receiver.search = other
    receiver.take(database, event(key="2"))
    assert seen[0] is search and seen[1] is other


# Poison events


@pytest.mark.parametrize(("press", "kind"), [(None, "text"), (Press(1, 0), "press")])
def test_an_event_whose_handler_raises_is_recorded_as_failed_with_one_apology(
    database: Database, make: Make, texts: Texts, press: Press | None, kind: str
) -> None:
    receiver = make(broken)
    poison = event(SECRET, press=press)
    assert [receiver.take(database, poison) for _ in range(2)] == [True, False]
    assert inbox(database) == [(kind, "failed", "LookupError")]
    assert outbox(database) == [{"text": texts("trouble.apology")}]


def test_the_next_event_works_after_a_poison_event(database: Database, make: Make, texts: Texts) -> None:
    receiver = make(broken)
    receiver.take(database, event(SECRET, "1"))
    receiver.take(database, event("xin chào", "2"))
    assert [message["text"] for message in outbox(database)] == [texts("trouble.apology"), "xin chào"]
    assert [outcome for _, outcome, _ in inbox(database)] == ["failed", "handled"]


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        RecursionError(SECRET),
        UnicodeEncodeError("utf-8", SECRET, 0, 1, "x"),
        TimeoutError(SECRET),
        FileNotFoundError(2, "No such file", SECRET),
        AssertionError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_handler_raises_is_the_fault_of_the_event(
    database: Database, make: Make, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        raise error

    assert make(handle).take(database, event(SECRET)) is True
    assert inbox(database) == [("text", "failed", type(error).__name__)]
    assert SECRET not in caplog.text


def test_a_wrong_statement_in_a_handler_is_the_fault_of_the_event(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        context.database.run("INSERT INTO people (created_at) VALUES (:at)", {})
        return []

    assert make(handle).take(database, event()) is True
    assert inbox(database) == [("text", "failed", "ProgrammingError")]


def test_what_the_handler_wrote_before_it_raised_is_rolled_back(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        questions.count(
            context.database, "asked", folded="x", text=SECRET, outcome="not found", shown=[], day="2026-11-21"
        )
        mailbox.put(context.database, event.address, mailbox.REPORT, {"text": SECRET}, STAMP)
        mailbox.remember_menu(context.database, event.address, context.person, [], STAMP)
        raise LookupError(SECRET)

    make(handle).take(database, event(SECRET))
    assert questions.counted(database, 10) == []
    assert database.rows("SELECT * FROM menus") == []
    assert len(outbox(database)) == 1
    assert SECRET not in everything(database)


def test_an_event_that_another_process_took_meanwhile_gets_no_apology(
    database: Database, make: Make, tmp_path: Path
) -> None:
    """The other one handles it well, just before this one records its failure."""
    other = Database(tmp_path / "ungxu.db")

    class Meanwhile(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            make(echo).take(other, event(SECRET))

    log, meanwhile = logging.getLogger("bot.receiver"), Meanwhile()
    log.addHandler(meanwhile)
    try:
        make(broken).take(database, event(SECRET))
    finally:
        log.removeHandler(meanwhile)
        other.close()
    assert inbox(database) == [("text", "handled", None)]
    assert outbox(database) == [{"text": SECRET}]


def test_a_reply_that_cannot_be_stored_is_the_fault_of_the_event(database: Database, make: Make, texts: Texts) -> None:
    """A letter that no encoding has stands in the second reply; the first one is not sent either."""
    make(lambda e, c: [Reply("một"), Reply("\ud800")]).take(database, event())
    assert outbox(database) == [{"text": texts("trouble.apology")}]


def test_a_stop_of_the_program_is_no_fault_of_the_event(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(handle).take(database, event())
    assert inbox(database) == []
    assert make(echo).take(database, event()) is True


# A storage that is busy is not the event's fault


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)


@pytest.mark.parametrize("handle", [echo, broken], ids=["a good event", "a poison event"])
def test_a_locked_storage_goes_to_the_caller_and_the_event_can_be_taken_again(
    tmp_path: Path, make: Make, impatient: None, handle: Handle
) -> None:
    database = Database(tmp_path / "ungxu.db")
    receiver = make(handle)
    with locked(tmp_path / "ungxu.db"), pytest.raises(StorageBusy):
        receiver.take(database, event(SECRET))
    assert inbox(database) == []
    assert outbox(database) == []
    assert receiver.take(database, event(SECRET)) is True
    assert len(inbox(database)) == len(outbox(database)) == 1
    database.close()


def test_a_full_storage_goes_to_the_caller_and_the_event_can_be_taken_again(database: Database, make: Make) -> None:
    receiver = make(lambda e, c: [Reply("x" * 3000) for _ in range(20)])
    with shrunk(database), pytest.raises(StorageBusy):
        receiver.take(database, event())
    assert inbox(database) == []
    assert receiver.take(database, event()) is True
    assert len(outbox(database)) == 20


@pytest.mark.parametrize("handle", [echo, broken], ids=["a good event", "a poison event"])
def test_a_storage_that_is_full_at_the_first_write_goes_to_the_caller(
    database: Database, make: Make, handle: Handle
) -> None:
    """The inbox itself has no room for the event."""
    receiver = make(handle)
    poor = event(SECRET, key="1" * 9000)
    with shrunk(database, spare_pages=0), pytest.raises(StorageBusy):
        receiver.take(database, poor)
    assert inbox(database) == []
    assert receiver.take(database, poor) is True


def test_a_storage_that_a_handler_found_busy_goes_to_the_caller(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        raise StorageBusy("ví dụ")

    with pytest.raises(StorageBusy):
        make(handle).take(database, event())
    assert inbox(database) == []


# What is kept and logged


@pytest.mark.parametrize("handle", [echo, broken], ids=["handled", "failed"])
def test_nothing_of_a_message_reaches_the_log_or_the_inbox(
    database: Database, make: Make, caplog: pytest.LogCaptureFixture, handle: Handle
) -> None:
    caplog.set_level(logging.DEBUG)
    make(handle).take(database, event(SECRET))
    for word in SECRET.split():
        assert word not in caplog.text
        assert word not in everything(database)


def test_the_log_says_what_failed_and_where(database: Database, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    make(broken).take(database, event(SECRET))
    (record,) = caplog.records
    line = broken.__code__.co_firstlineno + 2
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"event failed: LookupError at {__name__}:{line}"
    assert record.exc_info is None


# Long replies and menus


ACTIONS = (Button("Xem cả Điều 4", "ask.article", {"id": "vd-2026/dieu-4"}), Button("Đúng ý tôi", "ask.vote"))
LONG = Reply(" ".join(f"Câu thứ {n}." for n in range(60)), ACTIONS, "Hết.")


def test_a_long_reply_is_split_and_the_menu_belongs_to_its_last_part(database: Database, make: Make) -> None:
    make(lambda e, c: [LONG], length=200).take(database, event())
    *parts, last = outbox(database)
    assert len(parts) >= 3
    assert all(len(message["text"]) <= 200 for message in [*parts, last])
    assert all(message.keys() == {"text"} for message in parts)
    assert last["buttons"] == ["Xem cả Điều 4", "Đúng ý tôi"]
    (menu,) = database.rows("SELECT id, buttons FROM menus")
    assert last["menu"] == menu["id"]
    assert json.loads(menu["buttons"]) == [button.as_json() for button in ACTIONS]


def test_a_channel_without_buttons_gets_a_numbered_menu_that_is_remembered(
    database: Database, make: Make, texts: Texts
) -> None:
    make(lambda e, c: [Reply("Chọn:", ACTIONS)], buttons=False).take(database, event())
    (message,) = outbox(database)
    assert message["text"] == f"Chọn:\n\n1. Xem cả Điều 4\n2. Đúng ý tôi\n{texts('menu.hint')}"
    assert "buttons" not in message
    found = mailbox.menu(database, message["menu"], place(), 1)
    assert found == [button.as_json() for button in ACTIONS]


def test_a_reply_without_choices_leaves_the_older_menu(database: Database, make: Make) -> None:
    replies = iter([[Reply("Chọn:", ACTIONS)], [Reply("Không có gì.")]])
    receiver = make(lambda e, c: next(replies))
    receiver.take(database, event(key="1"))
    receiver.take(database, event(key="2"))
    assert "menu" not in outbox(database)[1]
    assert len(database.rows("SELECT * FROM menus")) == 1


def test_a_real_conversation_goes_through(database: Database, make: Make) -> None:
    receiver = make(router.handle, buttons=False)
    receiver.take(database, event("mất nick zalo phải báo ai?", "1"))
    receiver.take(database, event("2", "2"))
    first, second = outbox(database)
    assert "Khoản 3 Điều 4" in first["text"]
    assert second["text"].startswith("Điều 4")
