from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.channels.base import Event, Outgoing, Taken
from bot.channels.terminal import Terminal, wrapped
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.errors import Refused
from bot.receiver import Receiver
from bot.settings import Settings
from handlers.conversation import Incoming
from handlers.texts import Texts
from knowledge.search import Search
from storage import outbox, people
from storage.database import FILE_NAME, Database
from storage.errors import StorageBusy
from storage.people import Address
from storage.questions import counted
from tests.helpers import Ended, run_process
from tests.waiting import PATIENCE

GREETING = "Chào anh/chị. Đây là trợ lý tự động"
RULE = "Khoản 3 Điều 4, QĐ 874/QĐ-BTTTT"


class Typist(io.StringIO):
    """Somebody at a terminal, not a pipe."""

    def isatty(self) -> bool:
        return True


def heard(monkeypatch: pytest.MonkeyPatch, stdin: io.TextIOBase) -> list[Incoming]:
    """Let a terminal read an input to its end and return the events it brought in."""
    monkeypatch.setattr(sys, "stdin", stdin)
    events: list[Incoming] = []

    async def take(event: Event) -> Taken:
        assert isinstance(event, Incoming)
        events.append(event)
        return Taken(new=True)

    asyncio.run(asyncio.wait_for(Terminal("Anh/chị: ").receive(take), PATIENCE))
    return events


# A process of its own


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    lines = ["mất nick zalo phải báo ai?".encode(), b"2", b"\xff\xfe\x00\x9d", "điều 4 khoản 3".encode()]
    folder = tmp_path_factory.mktemp("terminal")
    return run_process("chat", cwd=folder, stdin=b"\n".join(lines), env={"UNGXU_DATA": str(folder / "du-lieu")})


def test_the_end_of_the_input_ends_the_conversation_well(conversation: Ended, texts: Texts) -> None:
    assert (conversation.code, conversation.err) == (0, "")
    assert conversation.out.endswith(texts("cli.chat_end") + "\n")


def test_a_question_is_answered_with_the_rule_and_a_number_chooses(conversation: Ended) -> None:
    said = conversation.out.split("\n\n\n")
    assert said[0].strip().startswith(GREETING)
    assert said[1].startswith("Anh/chị báo, hỏi")
    assert RULE in said[1]
    assert "2. Xem cả Điều 4" in said[1]
    assert said[2].startswith("Điều 4, QĐ 874/QĐ-BTTTT")


def test_letters_that_are_no_utf8_get_an_answer_and_the_next_line_too(conversation: Ended) -> None:
    *_, unreadable, last = conversation.out.split("\n\n\n")
    assert len(conversation.out.split("\n\n\n")) == 5
    assert unreadable.strip()
    assert last.startswith(RULE)


def test_a_word_ends_the_conversation_and_the_rest_is_not_read(tmp_path: Path) -> None:
    ended = run_process("chat", cwd=tmp_path, stdin="thoát\nmất nick zalo phải báo ai?\n".encode())
    assert ended.code == 0
    assert GREETING in ended.out
    assert RULE not in ended.out
    assert (tmp_path / "data" / "ungxu.db").exists()


@pytest.mark.skipif(os.name != "posix", reason="a console of Windows has no signals")
def test_ctrl_c_ends_the_conversation_quietly(interruptible: None, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        while "Cần người giải đáp" not in process.stdout.readline().decode():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read().strip() == b""


# Reading


def test_each_line_is_an_event_after_a_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    events = heard(monkeypatch, io.StringIO("một\n\nhai"))
    assert [event.text for event in events] == ["/start", "một", "", "hai"]
    assert len({event.key for event in events}) == 4
    assert {event.address.channel for event in events} == {"terminal"}
    assert all(event.at.utcoffset() is not None and not event.at.utcoffset() for event in events)


def test_the_keys_of_two_conversations_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (heard(monkeypatch, io.StringIO("một\n")) for _ in range(2))
    known = {(event.address.account, event.key) for event in first}
    assert known.isdisjoint((event.address.account, event.key) for event in second)


@pytest.mark.parametrize(
    "word",
    ["thoát", "Thoát ", "THOAT", unicodedata.normalize("NFD", "thoát"), "/thoat", "exit", "/exit", "quit", " /quit"],
)
def test_several_words_end_it(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    events = heard(monkeypatch, io.StringIO(f"một\n{word}\nhai\n"))
    assert [event.text for event in events] == ["/start", "một"]


def test_a_question_about_leaving_is_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    events = heard(monkeypatch, io.StringIO("thoát nhóm zalo cơ quan được không\n"))
    assert [event.text for event in events][1:] == ["thoát nhóm zalo cơ quan được không"]


def test_a_line_that_cannot_be_decoded_is_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody told the stream to put a sign in its place."""
    events = heard(monkeypatch, io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8"))
    assert [event.text for event in events] == ["/start", ""]


class Broken(io.StringIO):
    """Standard input that cannot be read any more: the window was closed, or it was never open for reading."""

    def readline(self, size: int = -1) -> str:
        raise OSError(5, "Input/output error")


def test_an_input_that_breaks_ends_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [event.text for event in heard(monkeypatch, Broken())] == ["/start"]


def test_the_prompt_is_for_people_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    heard(monkeypatch, io.StringIO("một\n"))
    assert capsys.readouterr().out == ""
    heard(monkeypatch, Typist("một\n"))
    assert capsys.readouterr().out == "Anh/chị: " * 2


# Printing


def test_a_message_is_printed_with_room_around_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    asyncio.run(Terminal("").send("local", Outgoing("Một câu dài hơn bốn mươi cột thì xuống dòng.", menu=1)))
    assert capsys.readouterr().out == "\nMột câu dài hơn bốn mươi cột thì xuống\ndòng.\n\n"


def test_a_message_is_printed_without_its_tags(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("")
    assert asyncio.run(terminal.send("local", Outgoing("<b>Điều 4</b>: 1 &lt; 2 &amp; “x”"))) is None
    assert capsys.readouterr().out == "\nĐiều 4: 1 < 2 & “x”\n\n"


class Closed(io.StringIO):
    """Standard output whose reader went away."""

    def write(self, text: str) -> int:
        if text:
            raise BrokenPipeError
        return 0


def test_a_reader_that_went_away_is_gone_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(Refused):
        asyncio.run(Terminal("").send("local", Outgoing("một")))


def hold(monkeypatch: pytest.MonkeyPatch, search: Search, data: Path, said: str, stdout: io.StringIO) -> str:
    """Hold a whole conversation in this process and return what was printed."""
    monkeypatch.setattr("bot.app.load_search", lambda folder, office: search)
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    monkeypatch.setattr(sys, "stdout", stdout)
    terminal = Terminal("")
    app = App(Settings(data=data), [terminal])
    try:
        asyncio.run(app.converse(terminal))
    finally:
        app.close()
    return stdout.getvalue()


def test_a_new_conversation_has_its_own_menus(monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path) -> None:
    """Another window may be open on the same data: a number means the menu shown in this one."""
    assert RULE in hold(monkeypatch, search, tmp_path, "mất nick zalo phải báo ai?\n", io.StringIO())
    assert "Gõ câu hỏi bằng chữ" in hold(monkeypatch, search, tmp_path, "1\n", io.StringIO())


def test_nobody_is_reached_in_a_window_that_is_closed(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path
) -> None:
    long_ago, now = "2026-01-01T00:00:00+00:00", utc_now().isoformat()
    database = Database(tmp_path / FILE_NAME)
    killed, held, another = (Address("terminal", name, "local", "local") for name in ("killed", "held", "another"))
    for address, at in ((killed, long_ago), (held, long_ago), (another, now)):
        people.person_at(database, address, at)
    people.hold(database, people.person_at(database, held, now), 1, now)
    person = people.person_at(database, Address("vidu", "bot-1", "chat-1", "an"), long_ago)
    hold(monkeypatch, search, tmp_path, "điều 4 khoản 3\n", io.StringIO())
    left = {row["account"] for row in database.rows("SELECT account FROM addresses WHERE channel = 'terminal'")}
    assert left == {"held", "another"}
    assert people.reached_at(database, person) == Address("vidu", "bot-1", "chat-1", "an")
    database.close()


def test_a_conversation_that_was_killed_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path
) -> None:
    dead = Terminal("")
    database = Database(tmp_path / FILE_NAME)
    now, until = "2026-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
    row = outbox.put(database, dead.name, dead.account, "local", outbox.ANSWER, {"text": "CŨ"}, now)
    assert outbox.claim(database, [row], "dead", until)
    database.close()
    printed = hold(monkeypatch, search, tmp_path, "điều 4 khoản 3\n", io.StringIO())
    assert RULE in printed
    assert "CŨ" not in printed


def test_what_is_older_than_needed_is_deleted_when_a_conversation_begins(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path
) -> None:
    hold(monkeypatch, search, tmp_path, "mất nick zalo phải báo ai?\nthủ tục xin cấp hộ chiếu\n", io.StringIO())
    database = Database(tmp_path / FILE_NAME)
    tables = {"inbox": "received_at", "menus": "created_at", "outbox": "ended_at"}
    before = {table: len(database.rows(f"SELECT * FROM {table}")) for table in tables}
    assert min(before.values()) > 0
    for table, column in tables.items():
        database.run(f"UPDATE {table} SET {column} = '2026-01-01T00:00:00+00:00'")
    hold(monkeypatch, search, tmp_path, "", io.StringIO())
    assert {table: len(database.rows(f"SELECT * FROM {table}")) for table in tables} == {
        "inbox": 1,
        "menus": 0,
        "outbox": 1,
    }
    assert len(counted(database, 10)) == 1
    database.close()


def test_a_conversation_does_not_show_what_an_earlier_one_could_not_print(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path, texts: Texts
) -> None:
    """`ungxu chat | head -1`, then `ungxu chat`: the greeting and the answers are those of the new one."""
    hold(monkeypatch, search, tmp_path, "thủ tục xin cấp hộ chiếu phổ thông\n", Closed())
    printed = hold(monkeypatch, search, tmp_path, "điều 4 khoản 3\n", io.StringIO())
    assert printed.startswith("\n" + GREETING)
    assert printed.count(GREETING) == 1
    assert RULE in printed
    assert texts("decline.not_found") not in printed.replace("\n", " ")


@pytest.mark.parametrize("part", ["receiver", "delivery"])
@pytest.mark.parametrize(("times", "answered"), [(3, True), (4, False)])
def test_a_storage_that_is_busy_for_a_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, search: Search, tmp_path: Path, part: str, times: int, answered: bool
) -> None:
    monkeypatch.setattr("bot.app.BUSY_PAUSES", (0.001,) * 3)
    faults = [StorageBusy("ví dụ")] * times
    if part == "receiver":
        act = Receiver.take

        def take(receiver: Receiver, database: Database, event: Event) -> Taken:
            if faults and event.key == "1":
                raise faults.pop()
            return act(receiver, database, event)

        monkeypatch.setattr(Receiver, "take", take)
    else:
        drain = Delivery.drain

        async def drained(delivery: Delivery) -> int:
            if faults and delivery.sent == 1:
                raise faults.pop()
            return await drain(delivery)

        monkeypatch.setattr(Delivery, "drain", drained)
    printed = io.StringIO()
    if answered:
        hold(monkeypatch, search, tmp_path, "điều 4 khoản 3\n", printed)
    else:
        with pytest.raises(StorageBusy):
            hold(monkeypatch, search, tmp_path, "điều 4 khoản 3\n", printed)
    assert printed.getvalue().count(RULE) == int(answered)


# Wrapping


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("ngắn", "ngắn"),
        ("một hai ba bốn năm sáu", "một hai ba bốn năm\nsáu"),
        ("một\n\nhai", "một\n\nhai"),
        ("• một hai ba bốn năm sáu", "• một hai ba bốn năm\n  sáu"),
        ("12. một hai ba bốn năm", "12. một hai ba bốn\n    năm"),
        ("x" * 30 + " a", "x" * 30 + "\na"),
        ("QĐ 874/QĐ-BTTTT của Bộ TT-TT", "QĐ 874/QĐ-BTTTT của\nBộ TT-TT"),
    ],
)
def test_lines_break_between_words_and_lists_hang(text: str, expected: str) -> None:
    assert wrapped(text, 20) == expected


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=0x1EF9, categories=["L", "N", "P"]), min_size=1)
PROSE = st.lists(st.one_of(WORD, st.sampled_from(["• ", "1. ", "\n", "\n\n", "nghiêng", "x" * 60]))).map(" ".join)


@settings(deadline=None)
@given(PROSE)
def test_no_line_is_wider_than_forty_columns_unless_a_word_is(text: str) -> None:
    printed = wrapped(text, 40)
    for line in printed.split("\n"):
        # A word under a list mark stands a few columns in.
        assert len(line) <= 40 or any(len(word) > 40 - len("12. ") for word in line.split())
    assert printed.split() == text.split()


@pytest.mark.parametrize(("columns", "widest"), [("30", 30), ("60", 60), ("200", 88), ("5", 20)])
def test_the_window_decides_up_to_a_width_that_reads_well(
    monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    longest = max(len(line) for line in wrapped("a " * 300).split("\n"))
    assert widest - 1 <= longest <= widest
