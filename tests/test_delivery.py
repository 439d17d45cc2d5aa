from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import LEASE, LONGEST_PAUSE, MOST_ATTEMPTS, Delivery, utc_now
from bot.errors import NotSent, OutcomeUnknown, Refused
from bot.worker import Worker
from storage import mailbox
from storage.database import Database
from storage.mailbox import ANSWER, BROADCAST, REPORT
from tests.helpers import NOW, STAMP, Clock, Messenger, place

CLASSES = pytest.mark.parametrize("urgency", [ANSWER, REPORT, BROADCAST], ids=["answer", "report", "broadcast"])


class Post:
    """A worker, a channel, a clock, and the delivery between them."""

    def __init__(self, path: Path) -> None:
        self.worker = Worker(path)
        self.channel = Messenger()
        self.clock = Clock()
        self.delivery = self.another(self.channel)

    def another(self, channel: Messenger) -> Delivery:
        """Another sender on the same database, as a second process would have."""
        return Delivery(self.worker, [channel], self.clock)

    def drain(self) -> int:
        return asyncio.run(self.delivery.drain())

    def put(self, text: str, urgency: int = ANSWER, chat: str = "chat-1", **message: Any) -> int:
        return self.ask(mailbox.put, place(chat), urgency, {"text": text, **message}, self.clock.now.isoformat())

    def ask(self, act: Any, *args: Any) -> Any:
        return asyncio.run(self.worker.run(act, *args))

    def row(self, row_id: int) -> dict[str, Any]:
        return dict(self.ask(Database.row, "SELECT * FROM outbox WHERE id = :id", {"id": row_id}))

    def pause(self, row_id: int) -> dt.timedelta:
        """How long a message waits from now on."""
        return dt.datetime.fromisoformat(self.row(row_id)["due_at"]) - self.clock.now

    def claim_and_die(self, urgency: int = ANSWER) -> int:
        """A message that another sender claimed and never ended."""
        row_id = self.put("một", urgency)
        until = (self.clock.now + LEASE).isoformat()
        assert self.ask(mailbox.claim, "nguoi-gui-da-chet", [("vidu", "bot-1")], self.clock.now.isoformat(), until)
        return row_id


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    opened = Post(tmp_path / "ungxu.db")
    yield opened
    opened.worker.close()


def test_the_usual_clock_shows_utc() -> None:
    assert utc_now().tzinfo is dt.UTC


def test_nothing_waits(post: Post) -> None:
    assert post.drain() == 0


def test_messages_are_sent_in_order_and_erased(post: Post) -> None:
    rows = [post.put(text) for text in ("một", "hai", "ba")]
    assert post.drain() == 3
    assert post.channel.arrived == [("chat-1", "một"), ("chat-1", "hai"), ("chat-1", "ba")]
    for row_id in rows:
        row = post.row(row_id)
        assert (row["state"], row["message"], row["attempts"], row["ended_at"]) == ("sent", None, 1, STAMP)
    assert post.drain() == 0


def test_a_message_is_carried_as_it_was_stored(post: Post) -> None:
    seen: list[dict[str, Any]] = []

    class Curious(Messenger):
        async def send(self, chat: str, message: dict[str, Any]) -> None:
            seen.append(message)

    post.delivery = post.another(Curious())
    post.put("Chọn:", buttons=["Đúng ý tôi"], menu=7)
    post.drain()
    assert seen == [{"text": "Chọn:", "buttons": ["Đúng ý tôi"], "menu": 7}]


def test_a_claim_is_committed_before_the_first_byte_leaves(post: Post, tmp_path: Path) -> None:
    """Another connection sees the claim while the channel sends."""
    seen: list[tuple[str, int, str]] = []

    class Curious(Messenger):
        async def send(self, chat: str, message: dict[str, Any]) -> None:
            other = Database(tmp_path / "ungxu.db")
            seen.extend(
                (r["state"], r["attempts"], r["lease_until"])
                for r in other.rows("SELECT state, attempts, lease_until FROM outbox")
            )
            other.close()

    post.delivery = post.another(Curious())
    post.put("một")
    post.drain()
    assert seen == [("sending", 1, (NOW + LEASE).isoformat())]


def test_urgent_classes_are_sent_first(post: Post) -> None:
    post.put("thông báo", BROADCAST, "chat-1")
    post.put("báo cáo", REPORT, "chat-2")
    post.put("trả lời", ANSWER, "chat-3")
    post.drain()
    assert [text for _, text in post.channel.arrived] == ["trả lời", "báo cáo", "thông báo"]


def test_only_channels_that_are_served_are_sent_on(post: Post) -> None:
    post.put("một")
    other = Messenger("khac")
    post.delivery = post.another(other)
    assert post.drain() == 0
    assert other.tried == []


# Refused


@CLASSES
def test_a_refused_message_has_failed_and_is_not_tried_again(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency)
    post.channel.ends = [Refused("Forbidden: bot was blocked")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("failed", "Forbidden: bot was blocked", None)
    post.clock.advance(days=1)
    assert post.drain() == 0
    assert len(post.channel.tried) == 1


def test_what_follows_a_refused_message_is_sent(post: Post) -> None:
    post.put("một")
    post.put("hai")
    post.channel.ends = [Refused("x")]
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "hai")]


# Not sent


@CLASSES
def test_a_message_that_did_not_leave_is_sent_later(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency)
    post.channel.ends = [NotSent("ConnectError")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"]) == ("waiting", "ConnectError")
    assert post.drain() == 0
    post.clock.advance(seconds=1)
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "một")]
    assert post.row(row_id)["attempts"] == 2


def test_the_pauses_grow_to_a_limit_and_the_attempts_end(post: Post) -> None:
    row_id = post.put("một")
    post.channel.ends = [NotSent(f"lần {n}") for n in range(1, 30)]
    pauses = []
    for _ in range(MOST_ATTEMPTS - 1):
        post.drain()
        pauses.append(post.pause(row_id))
        post.clock.now += pauses[-1]
    post.drain()
    assert [pause.total_seconds() for pause in pauses] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]
    assert max(pauses) == LONGEST_PAUSE
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"], row["attempts"]) == ("failed", "lần 12", None, 12)
    post.clock.advance(days=1)
    post.drain()
    assert len(post.channel.tried) == MOST_ATTEMPTS


def test_a_chat_keeps_its_order_while_a_message_waits_and_others_go_on(post: Post) -> None:
    post.put("một")
    post.put("hai")
    post.put("chỗ khác", chat="chat-2")
    post.channel.ends = [NotSent("ConnectError")]
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-2", "chỗ khác")]
    post.clock.advance(seconds=1)
    assert post.drain() == 2
    assert post.channel.arrived[1:] == [("chat-1", "một"), ("chat-1", "hai")]


# Unknown


@pytest.mark.parametrize("urgency", [ANSWER, REPORT], ids=["answer", "report"])
def test_answers_and_reports_are_sent_again_after_an_unknown_outcome(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency)
    post.channel.ends = [OutcomeUnknown("ReadTimeout")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"]) == ("waiting", "ReadTimeout")
    post.clock.advance(seconds=1)
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "một")]


def test_a_broadcast_with_an_unknown_outcome_is_not_sent_again(post: Post) -> None:
    row_id = post.put("một", BROADCAST)
    post.put("hai", BROADCAST)
    post.channel.ends = [OutcomeUnknown("ReadTimeout")]
    assert post.drain() == 1
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("unknown", "ReadTimeout", None)
    post.clock.advance(days=1)
    assert post.drain() == 0
    assert [text for _, text in post.channel.tried] == ["một", "hai"]


def test_an_answer_whose_last_attempt_is_unknown_ends_as_unknown(post: Post) -> None:
    """It may have arrived, so to say that it failed is not honest."""
    row_id = post.put("một")
    post.channel.ends = [OutcomeUnknown("ReadTimeout")] * MOST_ATTEMPTS
    for _ in range(MOST_ATTEMPTS):
        post.drain()
        post.clock.advance(hours=1)
    row = post.row(row_id)
    assert (row["attempts"], row["state"], row["message"]) == (MOST_ATTEMPTS, "unknown", None)


# Claims that ran out


@pytest.mark.parametrize("urgency", [ANSWER, REPORT], ids=["answer", "report"])
def test_the_claim_of_a_dead_sender_is_sent_again(post: Post, urgency: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    row_id = post.claim_and_die(urgency)
    post.clock.now += LEASE
    assert post.drain() == 0
    assert caplog.text == ""
    post.clock.advance(seconds=1)
    assert post.drain() == 1
    row = post.row(row_id)
    assert (row["state"], row["attempts"], row["message"]) == ("sent", 2, None)
    assert "1 sent again, 0 unknown" in caplog.text


def test_the_broadcast_of_a_dead_sender_stays_unknown(post: Post) -> None:
    row_id = post.claim_and_die(BROADCAST)
    post.clock.advance(hours=1)
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("unknown", "lease", None)
    assert post.channel.tried == []


def test_a_message_that_kills_its_sender_is_tried_a_limited_number_of_times(post: Post) -> None:
    row_id = post.put("một")
    for _ in range(MOST_ATTEMPTS):
        until = (post.clock.now + LEASE).isoformat()
        assert post.ask(mailbox.claim, "chet", [("vidu", "bot-1")], post.clock.now.isoformat(), until)
        post.clock.advance(hours=1)
        post.ask(mailbox.release_expired, post.clock.now.isoformat(), MOST_ATTEMPTS)
    post.drain()
    assert post.row(row_id)["attempts"] == MOST_ATTEMPTS
    assert post.channel.tried == []


def test_a_sender_that_lost_its_claim_leaves_the_row_to_the_new_one(post: Post) -> None:
    """The first sender is slow; its claim runs out, another sends the message, then the first one gives it back."""
    row_id = post.put("một")
    late, quick = Slow(), Slow()
    first, second = post.another(late), post.another(quick)

    async def both() -> None:
        slow_task = asyncio.create_task(first.drain())
        await late.begun.wait()
        post.clock.now += LEASE + dt.timedelta(seconds=1)
        quick_task = asyncio.create_task(second.drain())
        await quick.begun.wait()
        late.ends = [NotSent("ConnectTimeout")]
        late.go_on.set()
        await slow_task
        quick.go_on.set()
        await quick_task
        post.clock.advance(hours=1)
        await second.drain()

    asyncio.run(both())
    assert quick.arrived == [("chat-1", "một")]
    assert post.row(row_id)["state"] == "sent"


def test_a_sender_that_is_too_late_says_so(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """It has sent the message all the same, and another will send it again: a repeat, not a loss."""
    row_id = post.put("một")

    class Late(Messenger):
        async def send(self, chat: str, message: dict[str, Any]) -> None:
            post.clock.now += LEASE + dt.timedelta(seconds=1)
            await post.worker.run(mailbox.release_expired, post.clock.now.isoformat(), MOST_ATTEMPTS)
            post.delivery = post.another(post.channel)
            await post.delivery.drain()

    post.delivery = post.another(Late())
    post.drain()
    assert post.channel.arrived == [("chat-1", "một")]
    assert (post.row(row_id)["state"], post.row(row_id)["attempts"]) == ("sent", 2)
    assert "a claim ran out before its message ended as sent" in caplog.text


class Slow(Messenger):
    """A channel whose first message is on its way until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def send(self, chat: str, message: dict[str, Any]) -> None:
        self.begun.set()
        await self.go_on.wait()
        await super().send(chat, message)


# Anything else


def test_a_channel_that_breaks_does_not_hold_up_other_chats(post: Post) -> None:
    post.put("hỏng")
    post.put("lành", chat="chat-2")
    post.channel.ends = [KeyError("ví dụ")]
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-2", "lành")]


@pytest.mark.parametrize(
    ("urgency", "state"),
    [(ANSWER, "waiting"), (REPORT, "waiting"), (BROADCAST, "unknown")],
    ids=["answer", "report", "broadcast"],
)
def test_what_left_through_a_channel_that_breaks_is_unknown(
    post: Post, urgency: int, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    row_id = post.put("chuyện riêng", urgency)
    post.channel.ends = [KeyError("chuyện riêng")]
    post.drain()
    row = post.row(row_id)
    assert (row["state"], row["error"]) == (state, "KeyError")
    assert "vidu" in caplog.text
    assert "riêng" not in caplog.text


def test_two_accounts_of_one_messenger_each_send_their_own(post: Post) -> None:
    """An answer must not leave through another account of the same messenger."""
    post.put("gửi bằng bot-1")
    other = Messenger()
    other.account = "bot-2"
    post.delivery = post.another(other)
    assert post.drain() == 0
    assert other.tried == []


def test_nothing_of_a_message_reaches_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for end in (Refused("x"), NotSent("x"), OutcomeUnknown("x"), None):
        post.channel.ends = [end]
        post.put("chuyện riêng của Ví Dụ")
        post.drain()
        post.clock.advance(hours=1)
    assert "riêng" not in caplog.text
