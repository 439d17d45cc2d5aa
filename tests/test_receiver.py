from __future__ import annotations

import datetime as dt
import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup, escape

from bot import receiver as receiver_module
from bot.channels.abilities import Abilities
from bot.channels.base import Taken, Unreadable
from bot.channels.configured import abilities_of
from bot.flood import BURST, pause
from bot.metrics import REGISTRY
from bot.receiver import Receiver
from handlers import router
from handlers.context import Context
from handlers.conversation import Attachment, Button, Change, File, Incoming, Manner, Outcome, Press, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage import chats, menus, questions, tallies
from storage import outbox as storage_outbox
from storage.database import Database
from storage.errors import StorageBusy
from storage.menus import SPENT
from storage.outbox import ANSWER, REPORT
from storage.people import Address, person_at
from tests.helpers import NOW, STAMP, locked, place, shrunk

SECRET = "chuyện riêng của Nguyễn Văn Ví Dụ"

Handle = Callable[[Incoming, Context], list[Reply]]
Make = Callable[..., Receiver]


@pytest.fixture
def make(search: Search, texts: Texts) -> Make:
    def with_handler(handle: Handle, *, buttons: bool = True, length: int = 4000, **more: Any) -> Receiver:
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        tell = {"tell": more.pop("tell")} if "tell" in more else {}
        return Receiver(search, texts, Office(), zone, {"vidu": Abilities(buttons, length, **more)}, handle, **tell)

    return with_handler


NEW, KNOWN = Taken(new=True), Taken(new=False)


def event(
    text: str = "xin chào", key: str = "1", at: Address | None = None, press: Press | None = None, **more: Any
) -> Incoming:
    return Incoming(key, at or place(), text, NOW, press, **more)


def echo(event: Incoming, context: Context) -> list[Reply]:
    return [Reply(escape(event.text))]


def said(*texts: str) -> list[Reply]:
    return [Reply(Markup(text)) for text in texts]


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
    receiver = make(lambda e, c: said("một", "hai"))
    assert receiver.take(database, event(at=place("chat-9"))) == NEW
    rows = database.rows("SELECT channel, account, chat, class, state, due_at, created_at FROM outbox")
    assert rows == [
        {
            "channel": "vidu",
            "account": "bot-1",
            "chat": "chat-9",
            "class": ANSWER,
            "state": state,
            "due_at": STAMP,
            "created_at": STAMP,
        }
        for state in ("waiting", "queued")
    ]
    assert outbox(database) == [{"text": "một"}, {"text": "hai"}]
    assert inbox(database) == [("text", "handled", None)]


def test_the_same_event_is_handled_and_answered_once(database: Database, make: Make) -> None:
    handled: list[str] = []

    def handle(event: Incoming, context: Context) -> list[Reply]:
        handled.append(event.text)
        return echo(event, context)

    receiver = make(handle)
    assert [receiver.take(database, event()) for _ in range(3)] == [NEW, KNOWN, KNOWN]
    assert handled == ["xin chào"]
    assert outbox(database) == [{"text": "xin chào"}]


@pytest.mark.parametrize(
    "other",
    [event(key="2"), event(at=place(account="bot-2"))],
    ids=["another key", "another account"],
)
def test_another_event_is_handled_too(database: Database, make: Make, other: Incoming) -> None:
    receiver = make(echo)
    assert receiver.take(database, event()) == receiver.take(database, other) == NEW
    assert len(outbox(database)) == 2


def test_an_event_may_have_no_reply(database: Database, make: Make) -> None:
    assert make(lambda e, c: []).take(database, event()) == NEW
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
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    expected = Context(
        database,
        receiver.search,
        texts,
        Office(),
        zone,
        NOW,
        seen[0].person,
        numbered=False,
        address=place("rieng"),
        buttons=True,
        doors=receiver.doors,
        channels=frozenset(receiver.abilities),
    )
    assert replace(seen[0], tally=expected.tally, parts=expected.parts) == expected
    # The channel takes 4,000 letters in a message, one that nobody knows a thousand.
    assert [seen[0].parts(Reply(Markup("x " * 1500)), name) for name in ("vidu", "chua-co")] == [1, 3]
    assert seen[0].seal is receiver.seal
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
    assert [receiver.take(database, poison) for _ in range(2)] == [NEW, KNOWN]
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

    assert make(handle).take(database, event(SECRET)) == NEW
    assert inbox(database) == [("text", "failed", type(error).__name__)]
    assert SECRET not in caplog.text


def test_a_wrong_statement_in_a_handler_is_the_fault_of_the_event(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        context.database.run("INSERT INTO people (created_at) VALUES (:at)", {})
        return []

    assert make(handle).take(database, event()) == NEW
    assert inbox(database) == [("text", "failed", "ProgrammingError")]


def test_what_the_handler_wrote_before_it_raised_is_rolled_back(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        questions.count(
            context.database, "asked", folded="x", text=SECRET, outcome="not found", shown=[], day="2026-11-21"
        )
        storage_outbox.put(context.database, "vidu", "bot-1", "chat-1", REPORT, {"text": SECRET}, STAMP)
        menus.remember(context.database, 99, event.address, [], STAMP)
        raise LookupError(SECRET)

    make(handle).take(database, event(SECRET))
    assert questions.counted(database, 10) == []
    assert database.rows("SELECT * FROM menus") == []
    assert len(outbox(database)) == 1
    assert SECRET not in everything(database)


def test_a_reply_that_cannot_be_stored_is_the_fault_of_the_event(database: Database, make: Make, texts: Texts) -> None:
    """A letter that no encoding has stands in the second reply; the first one is not sent either."""
    make(lambda e, c: said("một", "\ud800")).take(database, event())
    assert outbox(database) == [{"text": texts("trouble.apology")}]


def test_a_stop_of_the_program_is_no_fault_of_the_event(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(handle).take(database, event())
    assert inbox(database) == []
    assert make(echo).take(database, event()) == NEW


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
    assert receiver.take(database, event(SECRET)) == NEW
    assert len(inbox(database)) == len(outbox(database)) == 1
    database.close()


def test_a_full_storage_goes_to_the_caller_and_the_event_can_be_taken_again(database: Database, make: Make) -> None:
    receiver = make(lambda e, c: said(*["x" * 3000] * 20))
    with shrunk(database), pytest.raises(StorageBusy):
        receiver.take(database, event())
    assert inbox(database) == []
    assert receiver.take(database, event()) == NEW
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
    assert receiver.take(database, poor) == NEW


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
LONG = Reply(Markup(" ").join(f"Câu thứ {n}." for n in range(60)), ACTIONS, Markup("Hết."))


def test_a_long_reply_is_split_and_the_menu_belongs_to_its_last_part(database: Database, make: Make) -> None:
    make(lambda e, c: [LONG], length=200).take(database, event())
    *parts, last = outbox(database)
    assert len(parts) >= 3
    assert all(len(message["text"]) <= 200 for message in [*parts, last])
    assert all(message.keys() == {"text"} for message in parts)
    assert last["buttons"] == [[0, "Xem cả Điều 4"], [1, "Đúng ý tôi"]]
    (menu,) = database.rows("SELECT id, buttons FROM menus")
    assert menu["id"] == len(parts) + 1
    assert json.loads(menu["buttons"]) == [button.as_json() for button in ACTIONS]


def test_a_channel_without_buttons_gets_a_numbered_menu_that_is_remembered(
    database: Database, make: Make, texts: Texts
) -> None:
    make(lambda e, c: [Reply(Markup("Chọn:"), ACTIONS)], buttons=False).take(database, event())
    (message,) = outbox(database)
    assert message["text"] == f"Chọn:\n\n1. Xem cả Điều 4\n2. Đúng ý tôi\n{texts('menu.hint')}"
    assert "buttons" not in message
    found = menus.get(database, 1, place(), 1)
    assert found is not None
    assert found.buttons == [button.as_json() for button in ACTIONS]


def test_a_reply_without_choices_leaves_the_older_menu(database: Database, make: Make) -> None:
    replies = iter([[Reply(Markup("Chọn:"), ACTIONS)], said("Không có gì.")])
    receiver = make(lambda e, c: next(replies))
    receiver.take(database, event(key="1"))
    receiver.take(database, event(key="2"))
    assert len(database.rows("SELECT * FROM menus")) == 1


def test_a_real_conversation_goes_through(database: Database, make: Make) -> None:
    receiver = make(router.handle, buttons=False)
    receiver.take(database, event("mất nick zalo phải báo ai?", "1"))
    receiver.take(database, event("2", "2"))
    first, second = outbox(database)
    assert "Khoản 3 Điều 4" in first["text"]
    assert second["text"].startswith("<b>Điều 4")


# To somebody whom another process serves


def test_a_reply_to_another_channel_waits_there_in_the_form_of_that_channel(database: Database, make: Make) -> None:
    there = place("chat-9", "nguoi-khac", "khac", "bot-9")
    receiver = make(lambda e, c: [replace(LONG, to=there, urgency=REPORT)])
    receiver.elsewhere = {"khac": Abilities(True, 200)}.__getitem__
    receiver.take(database, event())
    messages = outbox(database)
    assert len(messages) >= 3
    assert messages[-1]["buttons"] == [[0, "Xem cả Điều 4"], [1, "Đúng ý tôi"]]
    assert {row["channel"] for row in database.rows("SELECT channel FROM outbox")} == {"khac"}
    (menu,) = database.rows("SELECT channel, chat, person_id FROM menus")
    assert (menu["channel"], menu["chat"]) == ("khac", "chat-9")
    assert menu["person_id"] == person_at(database, there, STAMP)


def test_a_reply_to_a_channel_that_nobody_knows_waits_in_a_form_that_all_can_carry(
    database: Database, make: Make, texts: Texts
) -> None:
    files = (File(1, "photo", "anh.png"),)
    make(lambda e, c: [replace(LONG, to=place(channel="moi"), files=files)]).take(database, event())
    *_, last = outbox(database)
    assert last["text"].endswith(f"2. Đúng ý tôi\n{texts('menu.hint')}\n\n{texts('media.not_here')}\n\nHết.")
    assert all(message.keys() == {"text"} for message in outbox(database))


@pytest.mark.parametrize(("name", "buttons"), [("telegram", True), ("terminal", False), ("chua-co", False)])
def test_what_the_channels_of_the_bot_can_do_is_known_without_serving_them(name: str, buttons: bool) -> None:
    assert abilities_of(name).buttons is buttons


# What nobody's event asked for


def test_what_is_done_without_an_event_may_write_to_anybody(database: Database, make: Make) -> None:
    make(echo).perform(database, lambda context: [Reply(Markup(f"Người {context.person}."), to=place("chat-7"))], NOW)
    assert [message["text"] for message in outbox(database)] == ["Người 0."]


def test_what_becomes_of_questions_is_counted_by_the_day_of_the_office(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        context.tally(event.text)
        return []

    receiver = make(handle)
    # At midnight in Vietnam it is still yesterday in UTC.
    for number, (text, hour) in enumerate([("answered", 16), ("answered", 17), ("not found", 17), ("answered", 18)]):
        receiver.take(database, replace(event(text, str(number)), at=NOW.replace(hour=hour)))
    assert tallies.since(database, "2026-11-22") == {"answered": 2, "not found": 1}
    assert tallies.since(database, "2026-11-21") == {"answered": 3, "not found": 1}


# Several events in one commit


def test_events_share_a_commit_in_their_order(database: Database, make: Make) -> None:
    events = [event(str(number), str(number)) for number in range(10)]
    assert make(echo).take_some(database, [*events, events[0]]) == [NEW] * 10 + [KNOWN]
    assert [message["text"] for message in outbox(database)] == [str(number) for number in range(10)]
    assert [row["state"] for row in database.rows("SELECT state FROM outbox ORDER BY id")] == ["waiting"] + [
        "queued"
    ] * 9


def test_a_poison_event_harms_no_neighbour(database: Database, make: Make, texts: Texts) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        replies = echo(event, context)
        menus.remember(context.database, 99 + int(event.key), event.address, [], STAMP)
        if event.text == SECRET:
            raise LookupError(SECRET)
        return replies

    events = [event("một", "1"), event(SECRET, "2"), event("ba", "3")]
    assert make(handle).take_some(database, events) == [NEW] * 3
    assert inbox(database) == [("text", "handled", None), ("text", "failed", "LookupError"), ("text", "handled", None)]
    assert [message["text"] for message in outbox(database)] == ["một", texts("trouble.apology"), "ba"]
    assert len(database.rows("SELECT * FROM menus")) == 2


@pytest.mark.parametrize("place_of_fault", [0, 1, 2])
def test_a_storage_that_is_busy_takes_none_of_a_group(
    database: Database, make: Make, place_of_fault: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is just now, they are one group.
    monkeypatch.setattr("bot.receiver.GROUP_SECONDS", math.inf)
    faults = iter([number == place_of_fault for number in range(3)] + [False] * 3)

    def handle(event: Incoming, context: Context) -> list[Reply]:
        if next(faults):
            raise StorageBusy("ví dụ")
        return echo(event, context)

    events = [event(str(number), str(number)) for number in range(3)]
    receiver = make(handle)
    with pytest.raises(StorageBusy):
        receiver.take_some(database, events)
    assert (inbox(database), outbox(database)) == ([], [])
    faults = iter([False] * 3)
    assert receiver.take_some(database, events) == [NEW] * 3


def test_a_disk_that_fills_up_takes_none_of_a_group(database: Database, make: Make) -> None:
    receiver = make(lambda e, c: said("x" * 3000))
    events = [event(str(number), str(number)) for number in range(20)]
    with shrunk(database), pytest.raises(StorageBusy):
        receiver.take_some(database, events)
    assert (inbox(database), outbox(database)) == ([], [])
    taken: list[Taken] = []
    while len(taken) < len(events):
        taken += receiver.take_some(database, events[len(taken) :])
    assert taken == [NEW] * 20


def test_a_group_ends_when_its_time_is_used(database: Database, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no transaction holds up others for long; the rest comes with the next one."""
    monkeypatch.setattr(receiver_module, "GROUP_SECONDS", -1.0)
    events = [event(str(number), str(number)) for number in range(3)]
    receiver = make(echo)
    assert receiver.take_some(database, events) == [NEW]
    assert len(inbox(database)) == 1
    assert receiver.take_some(database, events[1:]) == [NEW]
    assert [message["text"] for message in outbox(database)] == ["0", "1"]


# An event that a channel cannot read


@pytest.mark.parametrize("chat", ["chat-1", ""])
def test_what_cannot_be_read_is_over_with_an_apology_where_one_can_go(
    database: Database, make: Make, texts: Texts, chat: str, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = Unreadable("1", place(chat), NOW, "KeyError")
    receiver = make(echo)
    assert [receiver.take(database, unreadable) for _ in range(2)] == [NEW, KNOWN]
    assert inbox(database) == [("unreadable", "failed", "KeyError")]
    assert outbox(database) == ([{"text": texts("trouble.apology")}] if chat else [])
    assert caplog.text.count("event unreadable: KeyError") == 1


def test_an_apology_that_cannot_be_written_is_no_trouble(
    database: Database, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = make(broken)
    receiver.texts = Texts({})
    assert receiver.take(database, event(SECRET)) == NEW
    assert inbox(database) == [("text", "failed", "LookupError")]
    assert "no apology: TextError" in caplog.text
    assert outbox(database) == []


def test_a_storage_that_is_busy_at_the_apology_keeps_the_event(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: Any, **more: Any) -> int:
        raise StorageBusy("ví dụ")

    receiver = make(broken)
    with monkeypatch.context() as patch:
        patch.setattr(storage_outbox, "put", busy)
        with pytest.raises(StorageBusy):
            receiver.take(database, event(SECRET))
    assert inbox(database) == []
    assert receiver.take(database, event(SECRET)) == NEW


# What happens to a chat


@pytest.mark.parametrize(("change", "reason"), [(Change.BLOCKED, "blocked"), (Change.LEFT, "left")])
def test_a_chat_that_is_closed_is_remembered_and_who_writes_again_opens_it(
    database: Database, make: Make, change: Change, reason: str
) -> None:
    receiver = make(router.handle)
    receiver.take(database, event("", "1", change=change))
    assert chats.counts(database) == [(reason, 1)]
    assert outbox(database) == []
    assert inbox(database) == [(change.value, "handled", None)]
    receiver.take(database, event("chào bạn", "2"))
    assert chats.counts(database) == []
    assert len(outbox(database)) == 1


@pytest.mark.parametrize("change", [Change.UNBLOCKED, Change.JOINED])
def test_a_chat_is_opened_by_a_change_too(database: Database, make: Make, change: Change) -> None:
    chats.close(database, "vidu", "bot-1", "chat-1", "blocked", STAMP)
    make(lambda e, c: []).take(database, event("", change=change))
    assert chats.counts(database) == []


def test_a_chat_that_moved_takes_what_waits_along(database: Database, make: Make) -> None:
    receiver = make(router.handle)
    receiver.take(database, event("chào bạn", "1", place("cu")))
    receiver.take(database, event("", "2", place("cu"), change=Change.MOVED, moved_to="moi"))
    assert database.rows("SELECT chat FROM outbox") == [{"chat": "moi"}]


def test_a_change_that_cannot_be_handled_gets_no_apology(database: Database, make: Make) -> None:
    make(broken).take(database, event("", change=Change.BLOCKED))
    assert inbox(database) == [("blocked", "failed", "LookupError")]
    assert outbox(database) == []


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "text"),
        ({"press": Press(1, 0)}, "press"),
        ({"attachments": (Attachment("photo", "x"),)}, "file"),
        ({"other": "sticker"}, "sticker"),
    ],
)
def test_the_record_tells_the_kind_of_an_event(database: Database, make: Make, more: Any, kind: str) -> None:
    make(lambda e, c: []).take(database, event("", **more))
    assert inbox(database) == [(kind, "handled", None)]


# Too much


def take_many(receiver: Receiver, database: Database, count: int, first: int = 0, **more: Any) -> None:
    for number in range(first, first + count):
        receiver.take(database, event("x", str(number), **more))


def test_a_flood_is_asked_once_to_wait_and_then_not_heard(database: Database, make: Make, texts: Texts) -> None:
    receiver = make(echo)
    take_many(receiver, database, BURST + 10)
    sent = [message["text"] for message in outbox(database)]
    assert sent == ["x"] * BURST + [texts("trouble.too_fast", seconds=pause())]
    assert [kind for kind, _, _ in inbox(database)] == ["text"] * BURST + ["flood"] * 10


def test_a_change_of_the_chat_is_no_flood(database: Database, make: Make) -> None:
    receiver = make(echo)
    take_many(receiver, database, BURST + 3)
    receiver.take(database, event("", "zu", change=Change.BLOCKED))
    assert chats.counts(database) == [("blocked", 1)]
    assert inbox(database)[-1] == ("blocked", "handled", None)


def test_what_piled_up_while_the_bot_was_off_is_heard(database: Database, make: Make) -> None:
    """It is judged by when it was written, not by when it came."""
    receiver = make(echo)
    for number in range(3 * BURST):
        receiver.take(database, event("x", str(number), sent=NOW - dt.timedelta(minutes=200 - number)))
    assert len(outbox(database)) == 3 * BURST


def test_nobody_is_taken_for_a_flood_because_the_disk_was_full(database: Database, make: Make) -> None:
    """The channel brings the same event again and again until there is room."""
    receiver = make(lambda e, c: said("x" * 20_000), length=100_000)
    for _ in range(2 * BURST):
        with shrunk(database), pytest.raises(StorageBusy):
            receiver.take(database, event())
    assert receiver.take(database, event()) == NEW
    assert inbox(database) == [("text", "handled", None)]
    assert len(outbox(database)[0]["text"]) == 20_000


# Replies to a press


VOTES = (
    Button("Xem cả Điều 4", "ask.article", {"id": "qd-874-2021/dieu-4"}),
    Button("Đúng", "ask.vote", {"vote": "helpful"}, once="vote"),
    Button("Sai", "ask.vote", {"vote": "wrong"}, once="vote"),
)


def shown(database: Database, receiver: Receiver) -> int:
    """Show a menu as if it were the answer to a question, and return its number."""
    receiver.handle = lambda e, c: [Reply(Markup("Chọn:"), VOTES)]
    receiver.take(database, event("hỏi", "0"))
    (row,) = database.rows("SELECT id FROM menus")
    return int(row["id"])


def edits(database: Database) -> list[int | None]:
    return [row["edits"] for row in database.rows("SELECT edits FROM outbox ORDER BY id")]


def pressing(database: Database, receiver: Receiver, *replies: Reply, **more: Any) -> Taken:
    """Press the first button of a menu that gets these replies."""
    menu = shown(database, receiver)
    receiver.handle = lambda e, c: list(replies)
    return receiver.take(database, event("", "1", press=Press(menu, 0), **more))


def test_a_passing_reply_is_a_notice_where_the_channel_has_them(database: Database, make: Make) -> None:
    reply = Reply(Markup("Cảm ơn."), manner=Manner.PASSING)
    assert pressing(database, make(echo, notices=True), reply, reply) == Taken(new=True, notice="Cảm ơn.\nCảm ơn.")
    assert len(outbox(database)) == 1


def test_a_passing_reply_is_a_message_where_it_has_none_or_nobody_pressed(database: Database, make: Make) -> None:
    reply = Reply(Markup("Cảm ơn."), manner=Manner.PASSING)
    assert pressing(database, make(echo), reply) == NEW
    assert outbox(database)[1] == {"text": "Cảm ơn."}
    receiver = make(lambda e, c: [reply], notices=True)
    assert receiver.take(database, event("đúng ý tôi", "2")) == NEW
    assert outbox(database)[2] == {"text": "Cảm ơn."}


def test_a_reply_takes_the_place_of_the_message_that_was_pressed(database: Database, make: Make) -> None:
    replies = [Reply(Markup("Đã ghi."), manner=Manner.INSTEAD), Reply(Markup("Và nữa."), manner=Manner.INSTEAD)]
    pressing(database, make(echo, edits=True), *replies, group=True, message="t9")
    assert outbox(database)[1:] == [{"text": "Đã ghi."}, {"text": "Và nữa.", "answers": "t9"}]
    assert edits(database) == [None, 1, None]


def test_of_a_long_reply_only_the_first_part_takes_its_place(database: Database, make: Make) -> None:
    pressing(database, make(echo, edits=True, length=10), Reply(Markup("một hai ba bốn"), manner=Manner.INSTEAD))
    assert edits(database) == [None, 1, None]


def test_a_reply_is_a_new_message_where_none_can_be_replaced(database: Database, make: Make) -> None:
    receiver = make(echo)
    menu = shown(database, receiver)
    receiver.handle = lambda e, c: [Reply(Markup("Đã ghi."), manner=Manner.INSTEAD)]
    receiver.take(database, event("", "1", press=Press(menu, 0)))
    assert edits(database) == [None, None]


def test_buttons_that_are_spent_disappear_from_under_their_message(database: Database, make: Make) -> None:
    receiver = make(echo, edits=True)
    menu = shown(database, receiver)

    def vote(event: Incoming, context: Context) -> list[Reply]:
        found = menus.get(context.database, menu, event.address, context.person)
        assert found is not None
        menus.spend(context.database, found, {1, 2})
        return said("Cảm ơn.")

    receiver.handle = vote
    receiver.take(database, event("", "1", press=Press(menu, 1)))
    assert outbox(database)[1:] == [
        {"text": "Cảm ơn."},
        {"text": None, "menu": menu, "buttons": [[0, "Xem cả Điều 4"]]},
    ]
    assert edits(database) == [None, None, 1]
    receiver.handle = lambda e, c: []
    receiver.take(database, event("", "2", press=Press(menu, 0)))
    assert len(outbox(database)) == 3


def test_a_vote_from_beginning_to_end(database: Database, make: Make, texts: Texts) -> None:
    """With the real handlers on a channel that can do everything."""
    receiver = make(router.handle, edits=True, notices=True, label_length=20)
    receiver.take(database, event("share bài chưa kiểm chứng", "1"))
    (message,) = outbox(database)
    helpful = next(place for place, label in message["buttons"] if label == texts("button.helpful"))
    press = Press(1, helpful)
    assert receiver.take(database, event("", "2", press=press)) == Taken(True, texts("vote.thanks"))
    assert receiver.take(database, event("", "3", press=press)) == Taken(True, texts("menu.spent"))
    assert receiver.take(database, event("", "4", place(sender="nguoi-khac"), press)) == Taken(
        True, texts("menu.not_yours")
    )
    first, changed = outbox(database)
    assert changed["text"] is None
    assert max(len(label) for _, label in first["buttons"]) <= 20
    assert {label for _, label in first["buttons"]} - {label for _, label in changed["buttons"]} == {
        texts("button.helpful"),
        texts("button.not_helpful"),
    }
    (menu,) = database.rows("SELECT buttons FROM menus")
    assert [button.get(SPENT, False) for button in json.loads(menu["buttons"])].count(True) == 2


# Where replies go


def test_in_a_group_an_answer_points_at_the_question(database: Database, make: Make) -> None:
    receiver = make(echo)
    receiver.take(database, event("nhóm", "1", group=True, message="t5"))
    receiver.take(database, event("riêng", "2", message="t6"))
    assert outbox(database) == [{"text": "nhóm", "answers": "t5"}, {"text": "riêng"}]


def test_a_reply_may_go_to_somebody_else_with_a_menu_of_his_own(database: Database, make: Make) -> None:
    head = place("truong-phong", "truong-phong")
    receiver = make(lambda e, c: [Reply(Markup("Có báo cáo."), ACTIONS, to=head, urgency=REPORT)])
    receiver.take(database, event())
    assert database.rows("SELECT chat, class FROM outbox") == [{"chat": "truong-phong", "class": REPORT}]
    owner = person_at(database, head, STAMP)
    assert menus.latest(database, head, owner, STAMP) is not None
    assert owner != person_at(database, place(), STAMP)


def test_only_the_last_part_of_a_reply_tells_how_it_ended(database: Database, make: Make) -> None:
    make(lambda e, c: [replace(LONG, concern={"job": "vidu"})], length=100).take(database, event())
    concerns = [row["concern"] for row in database.rows("SELECT concern FROM outbox ORDER BY id")]
    assert len(concerns) > 3
    parts = len(concerns)
    assert concerns == [None] * (parts - 1) + [f'{{"job":"vidu","parts":{parts}}}']


def test_files_go_out_with_a_reply(database: Database, make: Make) -> None:
    reply = Reply(Markup("Ảnh"), files=(File(4, "photo", "anh.png"),))
    make(lambda e, c: [reply], caption_length=100).take(database, event())
    assert outbox(database) == [{"text": "Ảnh", "file": {"blob": 4, "kind": "photo", "name": "anh.png"}}]


# The end of what was sent


def test_a_job_is_told_of_an_end_with_the_world_of_that_moment(database: Database, make: Make) -> None:
    seen: list[tuple[Outcome, Context]] = []

    def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        seen.extend((outcome, context) for outcome in outcomes)
        return [Reply(Markup("Xong."), ACTIONS, to=place("chat-9"), urgency=REPORT)]

    outcome = Outcome({"job": "vidu"}, "stored", blob=3, person=5)
    later = NOW + dt.timedelta(hours=1)
    with database.transaction():
        make(echo, tell=tell).happened(database, [outcome], later)
    assert [(told, context.person, context.now) for told, context in seen] == [(outcome, 5, later)]
    assert database.rows("SELECT chat, class, created_at FROM outbox") == [
        {"chat": "chat-9", "class": REPORT, "created_at": later.isoformat()}
    ]
    assert menus.latest(database, place("chat-9"), person_at(database, place("chat-9"), STAMP), STAMP) is not None


def test_a_job_is_told_together_of_what_ended_together_and_stumbles_over_one_alone(
    database: Database, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[list[int]] = []

    def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        numbers = [outcome.concern["number"] for outcome in outcomes]
        heard.append(numbers)
        for number in numbers:
            tallies.count(context.database, outcomes[0].concern["job"], str(number), 1)
        if 2 in numbers:
            raise LookupError(SECRET)
        return []

    ends = [Outcome({"job": "vidu", "number": number}, "sent") for number in (1, 2, 3)]
    other = Outcome({"job": "khac", "number": 4}, "sent")
    with database.transaction():
        make(echo, tell=tell).happened(database, [*ends, other], NOW)
    assert heard == [[1, 2, 3], [1], [2], [3], [4]]
    assert [(row["day"], row["name"]) for row in database.rows("SELECT * FROM tallies ORDER BY name")] == [
        ("vidu", "1"),
        ("vidu", "3"),
        ("khac", "4"),
    ]
    assert "outcome failed: LookupError" in caplog.text
    assert SECRET not in caplog.text


def test_a_reply_to_an_end_that_goes_nowhere_is_undone_and_logged(
    database: Database, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    replies = [Reply(Markup(SECRET), to=place()), Reply(Markup(SECRET))]
    with database.transaction():
        make(echo, tell=lambda o, c: replies).happened(database, [Outcome({"job": "vidu"}, "sent")], NOW)
    assert outbox(database) == []
    assert "outcome failed: AssertionError at bot.receiver:" in caplog.text
    assert SECRET not in caplog.text


def test_a_storage_that_is_busy_while_a_job_is_told_goes_to_the_caller(database: Database, make: Make) -> None:
    def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        raise StorageBusy("ví dụ")

    with pytest.raises(StorageBusy), database.transaction():
        make(echo, tell=tell).happened(database, [Outcome({"job": "vidu"}, "sent")], NOW)


# Figures


def test_events_and_questions_are_counted_without_who_asked(database: Database, make: Make) -> None:
    def figures() -> list[float]:
        return [
            REGISTRY.get_sample_value(name, labels) or 0.0
            for name, labels in [
                ("ungxu_events_total", {"channel": "vidu", "outcome": "handled"}),
                ("ungxu_events_total", {"channel": "vidu", "outcome": "failed"}),
                ("ungxu_questions_total", {"outcome": "answered"}),
            ]
        ]

    before = figures()
    make(router.handle).take(database, event("khoản 4 điều 4", "1"))
    make(broken).take(database, event(SECRET, "2"))
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [1, 1, 1]


def test_the_place_of_an_error_that_was_never_raised_is_not_known() -> None:
    assert receiver_module.place(ValueError("x")) == "?"


def test_a_group_of_events_is_counted_together_without_those_that_failed(database: Database, make: Make) -> None:
    def handle(event: Incoming, context: Context) -> list[Reply]:
        context.tally(event.text)
        if event.key == "2":
            raise LookupError
        return []

    events = [event(text, str(number)) for number, text in enumerate(["answered", "not found", "answered"])]
    assert len(make(handle).take_some(database, events)) == 3
    assert tallies.since(database, "2026-11-21") == {"answered": 1, "not found": 1}
