"""Polls as they are put together for a channel, and as they are remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.channels.abilities import PollLimits
from bot.channels.fitting import fit, joined
from bot.channels.markup import length
from bot.channels.telegram import Telegram
from bot.channels.zalo import Zalo
from handlers.conversation import Button, Poll, Reply
from handlers.texts import Texts
from storage import outbox, polls
from storage.database import Database
from storage.outbox import OutboxRow
from storage.polls import SentPoll
from tests.helpers import STAMP, later, place

LIMITS = PollLimits(question=20, option=10, options=3, explanation=8, line_feeds=1)
POLL = Poll("Hỏi gì?", ("A. Một", "B. Hai"), "quiz.vote", {"place": 0}, right=(1,), explanation="Vì thế.", settles="x")
REPLY = Reply(
    Markup("Câu hỏi"), (Button("A", "a", full="A. Một"), Button("B", "b", full="B. Hai")), opening=Markup("Đúng."),
    poll=POLL,
)  # fmt: skip
SENT = SentPoll("vidu", "bot-1", place().chat, "p1", 7, "quiz.vote", {"attempt": 1})


def test_what_is_said_first_is_a_message_of_its_own_before_a_poll(texts: Texts) -> None:
    first, second = fit(REPLY, Telegram.abilities, texts)
    assert first == {"text": "Đúng."}
    assert second["poll"]["question"] == "Hỏi gì?"
    # What goes out in its place where the messenger refuses it.
    assert "• A. Một" in second["text"]
    assert second["buttons"] == [(0, "A"), (1, "B")]


def test_without_polls_all_of_it_is_one_message(texts: Texts) -> None:
    for abilities in (Zalo.abilities, replace(Telegram.abilities, polls=None)):
        (only,) = fit(REPLY, abilities, texts)
        assert "poll" not in only
        assert only["text"].startswith("Đúng.\n\nCâu hỏi")


def test_words_before_a_reply_come_before_its_opening() -> None:
    (only,) = joined([Reply(Markup("Trước.")), REPLY])
    assert only.text == "Trước.\n\nĐúng.\n\nCâu hỏi"
    assert only.opening == ""


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"question": "x" * 20}, True),
        ({"question": "x" * 21}, False),
        ({"question": "😀" * 11}, False),
        ({"question": "a\nb"}, False),
        ({"options": ("x" * 10, "y")}, True),
        ({"options": ("x" * 11, "y")}, False),
        ({"options": ("x\ny", "z")}, False),
        ({"options": ("a", "b", "c")}, True),
        ({"options": ("a", "b", "c", "d")}, False),
    ],
)
def test_what_fits_a_poll(changed: dict[str, object], fits: bool) -> None:
    assert LIMITS.admit(replace(POLL, **changed)) is fits  # type: ignore[arg-type]


@given(st.text(max_size=12))
def test_an_explanation_that_does_not_fit_is_left_out(explanation: str) -> None:
    shown = LIMITS.explanation_of(replace(POLL, explanation=explanation))
    assert shown in (explanation, "")
    assert (shown == explanation) == (length(explanation) <= 8 and explanation.count("\n") <= 1)


def test_a_poll_is_found_by_its_own_account_only(database: Database) -> None:
    polls.remember(database, SENT, "x", STAMP)
    assert polls.find(database, place(), "p1") == SENT
    assert polls.find(database, place(account="bot-2"), "p1") is None
    assert polls.find(database, place(channel="khac"), "p1") is None
    assert polls.find(database, place(), "p2") is None


def test_what_is_settled_is_told_once(database: Database) -> None:
    again = replace(SENT, poll="p2", message=8)
    for sent, settles in ((SENT, "x"), (again, "x"), (replace(SENT, poll="p3"), "y")):
        polls.remember(database, sent, settles, STAMP)
    assert sorted(polls.settle(database, "x"), key=lambda one: one.poll) == [SENT, again]
    assert polls.settle(database, "x") == []
    # A late vote is still understood.
    assert polls.find(database, place(), "p1") == SENT


def sending(database: Database, message: dict[str, Any], chat: str = "") -> OutboxRow:
    """A message that was claimed to be sent to the chat."""
    number = outbox.put(database, "vidu", "bot-1", chat or place().chat, outbox.ANSWER, message, STAMP)
    (row,) = outbox.claim(database, [number], "gửi", later(days=1))
    return row


ASKS = {"text": "Câu hỏi", "poll": {"action": "quiz.vote", "data": {"attempt": 2}}}


def test_a_name_that_was_not_heard_is_that_of_the_poll_on_its_way(database: Database) -> None:
    assert polls.find(database, place(), "p1") is None
    row = sending(database, ASKS)
    found = polls.find(database, place(), "p1")
    assert found is not None
    assert (found.message, found.data) == (row.id, {"attempt": 2})
    assert polls.find(database, place("chat-2"), "p1") is None
    # Given back, it may have arrived; its end tells its name.
    outbox.retry(database, row, later(days=1), "unknown", repeat=True)
    assert polls.find(database, place(), "p1") == found
    (again,) = outbox.claim(database, [row.id], "gửi", later(days=1))
    outbox.end(database, again, "sent", STAMP)
    assert polls.find(database, place(), "p1") is None


def test_what_is_no_poll_or_was_not_tried_has_no_name(database: Database) -> None:
    sending(database, {"text": "Chữ"})
    outbox.put(database, "vidu", "bot-1", place().chat, outbox.REPORT, ASKS, STAMP)
    assert polls.find(database, place(), "p1") is None


def test_a_poll_sent_twice_has_a_name_that_was_not_heard(database: Database) -> None:
    row = sending(database, ASKS)
    outbox.retry(database, row, STAMP, "unknown", repeat=True)
    (again,) = outbox.claim(database, [row.id], "gửi", later(days=1))
    sent = replace(SENT, poll="p2", message=row.id)
    polls.remember(database, sent, "x", STAMP)
    outbox.end(database, again, "sent", STAMP, sent_id="5")
    assert polls.find(database, place(), "p1") == sent
    # With another it could be either, and neither is guessed.
    sending(database, ASKS)
    assert polls.find(database, place(), "p1") is None
    assert polls.find(database, place(), "p2") == sent


def test_old_polls_and_those_of_a_chat_go(database: Database) -> None:
    for number in range(3):
        polls.remember(database, replace(SENT, poll=str(number)), "x", later(days=number))
    assert polls.purge(database, later(days=1), 10) == 1
    polls.forget_chat(database, "vidu", "bot-1", "chat-khac")
    assert polls.find(database, place(), "1") is not None
    polls.forget_chat(database, "vidu", "bot-1", place().chat)
    assert polls.find(database, place(), "1") is None
