"""Nothing that is stored says which question somebody asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from handlers.context import Context
from handlers.sealing import Seal
from storage import questions
from storage.database import Database
from storage.people import Address
from tests.conversations import Conversation, hold, read

pytestmark = pytest.mark.every_channel

# Each with a word that stands in no text of the bot.
ANSWERED = "đăng ảnh đồng nghiệp tên Zyxw lên facebook có sao không"
UNANSWERED = "lương cơ sở của Zyxw là bao nhiêu"

PERSONAL = {"person_id", "actor_id", "chat", "sender", "asked_by"}


def what_is_stored(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [str(dict(row)) for row in database.rows(f"SELECT * FROM {table}")] for table in tables}


def columns(database: Database, table: str) -> set[str]:
    return {row["name"] for row in database.rows(f"PRAGMA table_info({table})")}


@pytest.fixture
def an(context: Context) -> Conversation:
    return Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))


@pytest.mark.parametrize("question", [ANSWERED, UNANSWERED])
@pytest.mark.parametrize("vote", ["", "Đúng ý tôi", "Chưa đúng"])
def test_a_question_stands_beside_nobody(an: Conversation, question: str, vote: str) -> None:
    (reply,) = an.say(question)
    if vote in [button.label for button in reply.buttons]:
        an.say(vote)
    stored = what_is_stored(an.context.database)
    holding = {table for table, rows in stored.items() if any("zyxw" in row.casefold() for row in rows)}
    assert holding <= {"questions"}
    assert not columns(an.context.database, "questions") & PERSONAL
    # The menu and the person are there: it was looked in the right place.
    assert stored["addresses"]
    assert bool(stored["menus"]) is bool(reply.buttons)
    assert reply.buttons or question == UNANSWERED


def test_a_vote_is_counted_with_its_question(an: Conversation) -> None:
    an.say(ANSWERED)
    hold(an, [("chưa đúng", "Chưa đúng ở đâu"), ("khó hiểu", "Cảm ơn")])
    (counted,) = questions.counted(an.context.database, 10)
    assert (counted.text, counted.unclear) == (ANSWERED, 1)


@pytest.mark.parametrize("vote", ["đúng ý tôi", "chưa đúng"])
def test_after_a_restart_an_answer_is_not_voted_on(an: Conversation, vote: str) -> None:
    an.say(ANSWERED)
    an.context = replace(an.context, seal=Seal(), now=an.context.now + dt.timedelta(minutes=1))
    (reply,) = an.say(vote)
    assert "đã cũ" in read(reply)
    assert questions.counted(an.context.database, 10) == []


def test_what_is_sealed_is_read_by_the_same_program_only() -> None:
    seal = Seal()
    sealed = seal.close({"question": "Zyxw"})
    assert seal.open(sealed) == {"question": "Zyxw"}
    assert Seal().open(sealed) is None
    assert "Zyxw" not in sealed
