from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from bot import delivery as delivery_module
from bot import dispatch, metrics
from bot.channels.abilities import Abilities
from bot.channels.base import Outgoing, OutgoingFile
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.dispatch import (
    EXPIRY_INTERVAL,
    GIVE_UP,
    LEASE,
    LONGEST_ANSWER_PAUSE,
    MOST_BROADCASTS,
    MOST_IN_A_TURN,
    MOST_MOVES,
    MOST_REPEATS,
    REPEATED_FOR,
    UNUSABLE_PAUSE,
)
from bot.errors import (
    AccountUnusable,
    FileForgotten,
    Moved,
    NotSent,
    OutcomeUnknown,
    Refused,
    TransportError,
    Unreachable,
)
from bot.files import Box, FileStore, make_box, new_key
from bot.rate_limit import Limits
from bot.receiver import Receiver
from bot.worker import Worker
from handlers.context import Context
from handlers.conversation import Outcome, Reply
from handlers.office import Office
from handlers.texts import Texts
from knowledge.search import Search
from storage import blobs, chats, inbox, outbox
from storage.database import Database
from storage.errors import StorageBusy
from storage.outbox import ANSWER, BROADCAST, CLASSES, REPORT
from tests.helpers import NOW, STAMP, Clock, Messenger, Slow, locked, place
from tests.waiting import PATIENCE

ALL = pytest.mark.parametrize("urgency", CLASSES, ids=["answer", "report", "broadcast"])
AT_LEAST_ONCE = pytest.mark.parametrize("urgency", [ANSWER, REPORT], ids=["answer", "report"])
CONCERN = {"job": "vidu", "number": 7}

# So that nothing but the chat or the account itself holds a message up.
WIDE = Limits(chat_rate=100, chat_burst=100, rate=1000, burst=1000, reserve=0)


class Post:
    """A worker, a channel, a clock, and the delivery between them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.worker = Worker(path)
        self.clock = Clock()
        self.told: list[tuple[dict[str, Any], str, str]] = []
        self.use(Messenger())

    def use(self, channel: Messenger, **more: Any) -> None:
        """Send on this channel from now on."""
        self.channel = channel
        self.delivery = self.another(channel, **more)

    def another(self, channel: Messenger, worker: Worker | None = None, **more: Any) -> Delivery:
        """Another sender on the same database, as a second process would have."""
        more = {"happened": self._happened, "clock": self.clock, "monotonic": self.clock.monotonic, **more}
        return Delivery(worker or self.worker, [channel], **more)

    def drain(self) -> int:
        return asyncio.run(self.delivery.drain())

    def put(self, text: str, urgency: int = ANSWER, chat: str = "chat-1", **more: Any) -> int:
        keywords = {name: more.pop(name) for name in ("edits", "concern") if name in more}
        now = self.clock.now.isoformat()
        message = {"text": text, **more}
        return self.ask(lambda database: outbox.put(database, "vidu", "bot-1", chat, urgency, message, now, **keywords))

    def ask(self, act: Any, *args: Any) -> Any:
        return asyncio.run(self.worker.write(act, *args))

    def row(self, row_id: int) -> dict[str, Any]:
        return dict(self.ask(Database.row, "SELECT * FROM outbox WHERE id = :id", {"id": row_id}))

    def states(self) -> list[str]:
        return [row["state"] for row in self.ask(Database.rows, "SELECT state FROM outbox ORDER BY id")]

    def pause(self, row_id: int) -> float:
        """The seconds that a message waits from now on."""
        return (dt.datetime.fromisoformat(self.row(row_id)["due_at"]) - self.clock.now).total_seconds()

    def claim_and_die(self, urgency: int = ANSWER, **more: Any) -> int:
        """A message that another sender claimed and never ended."""
        row_id = self.put("một", urgency, **more)
        assert self.ask(outbox.claim, [row_id], "nguoi-gui-da-chet", (self.clock.now + LEASE).isoformat())
        return row_id

    def _happened(self, database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> None:
        assert at == self.clock.now
        self.told += [(outcome.concern, outcome.state, outcome.reason) for outcome in outcomes]


def pictured(text: str = "Mã") -> dict[str, Any]:
    """A message with something that is drawn when it is sent."""
    return {"text": text, "file": {"drawing": "vidu", "data": {"so": 7}, "kind": "photo", "name": "ve.png"}}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    opened = Post(tmp_path / "ungxu.db")
    yield opened
    opened.worker.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(delivery_module, "BUSY_PAUSE", 0.01)


def texts_of(said: list[tuple[str, str]]) -> list[str]:
    return [text for _, text in said]


def made_box() -> Box:
    box = make_box([new_key()])
    assert box is not None
    return box


def run(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run what must not take long."""
    asyncio.run(asyncio.wait_for(act(), PATIENCE))


def counted(name: str, **labels: str) -> float:
    """What a counter stands at."""
    registry: CollectorRegistry = metrics.REGISTRY
    return registry.get_sample_value(name, labels) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not condition():
        await asyncio.sleep(0.001)


def test_the_usual_clock_shows_utc() -> None:
    assert utc_now().tzinfo is dt.UTC


def test_nothing_waits(post: Post) -> None:
    assert post.drain() == 0


def test_messages_are_sent_in_order_and_erased(post: Post) -> None:
    rows = [post.put(text) for text in ("một", "hai", "ba")]
    assert post.drain() == 3
    assert post.channel.arrived == [("chat-1", "một"), ("chat-1", "hai"), ("chat-1", "ba")]
    for row_id, name in zip(rows, ["m1", "m2", "m3"], strict=True):
        row = post.row(row_id)
        assert (row["state"], row["message"], row["attempts"], row["ended_at"]) == ("sent", None, 1, STAMP)
        assert row["sent_id"] == name
    assert post.drain() == 0
    assert post.delivery.sent == 3


def test_a_message_is_carried_as_it_was_stored(post: Post) -> None:
    post.put("Chọn:", buttons=[[0, "Đúng ý tôi"], [2, "Khó hiểu"]], menu=7, answers="t5")
    post.put("Thông báo", BROADCAST)
    post.drain()
    assert post.channel.carried == [
        Outgoing("Chọn:", menu=7, buttons=[(0, "Đúng ý tôi"), (2, "Khó hiểu")], answers="t5"),
        Outgoing("Thông báo", menu=2, buttons=[]),
    ]


def test_a_change_names_the_message_that_is_changed(post: Post) -> None:
    first = post.put("Chọn:", menu=7, buttons=[[0, "a"]])
    post.put(None, menu=7, buttons=[], edits=first)  # type: ignore[arg-type]
    post.drain()
    assert post.channel.carried[1] == Outgoing(None, menu=7, buttons=[], edits="m1")


def test_a_claim_is_committed_before_the_first_byte_leaves(post: Post, tmp_path: Path) -> None:
    """Another connection sees the claim while the channel sends."""
    seen: list[tuple[str, int, str]] = []

    class Curious(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            other = Database(tmp_path / "ungxu.db")
            seen.extend(
                (r["state"], r["attempts"], r["lease_until"])
                for r in other.rows("SELECT state, attempts, lease_until FROM outbox")
            )
            other.close()
            return None

    post.use(Curious())
    post.put("một")
    post.drain()
    assert seen == [("sending", 1, (NOW + LEASE).isoformat())]


def test_nothing_is_on_its_way_for_longer_than_its_claim_holds() -> None:
    assert LEASE.total_seconds() > delivery_module.SEND_TIMEOUT + EXPIRY_INTERVAL


# Order


def test_urgent_classes_are_sent_first(post: Post) -> None:
    post.put("thông báo", BROADCAST, "chat-1")
    post.put("báo cáo", REPORT, "chat-2")
    post.put("trả lời", ANSWER, "chat-3")
    post.drain()
    assert texts_of(post.channel.tried) == ["trả lời", "báo cáo", "thông báo"]


def test_where_not_all_can_go_the_urgent_ones_do(post: Post) -> None:
    post.use(Messenger(limits=Limits(rate=1, burst=1, reserve=0)))
    for urgency, name in ((BROADCAST, "thông báo"), (REPORT, "báo cáo"), (ANSWER, "trả lời")):
        for number in (1, 2):
            post.put(f"{name} {number}", urgency, f"{name}-{number}")
    for _ in range(6):
        assert post.drain() == 1
        post.clock.advance(seconds=1)
    assert texts_of(post.channel.tried) == [
        "trả lời 1",
        "trả lời 2",
        "báo cáo 1",
        "báo cáo 2",
        "thông báo 1",
        "thông báo 2",
    ]


def test_of_one_chat_and_class_one_message_is_on_its_way(post: Post) -> None:
    """Another class of the chat and other chats have theirs beside it."""
    flying: Counter[tuple[str, int]] = Counter()
    most: Counter[tuple[str, int]] = Counter()
    together = 0

    class Counting(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            nonlocal together
            line = chat, int((message.text or "")[0])
            flying[line] += 1
            most[line] = max(most[line], flying[line])
            together = max(together, flying.total())
            await asyncio.sleep(0.001)
            flying[line] -= 1
            return await super().send(chat, message)

    post.use(Counting())
    for number, chat, urgency in itertools.product(range(4), ("chat-1", "chat-2"), CLASSES):
        post.put(f"{urgency} {number}", urgency, chat)
    assert post.drain() == 24
    assert set(most.values()) == {1}
    assert together == 6
    for chat, urgency in itertools.product(("chat-1", "chat-2"), CLASSES):
        line = [text for to, text in post.channel.arrived if to == chat and text.startswith(str(urgency))]
        assert line == [f"{urgency} {number}" for number in range(4)]


def test_only_so_many_are_on_their_way_at_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "MOST_IN_FLIGHT", 3)
    flying = most = 0

    class Counting(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0.001)
            flying -= 1
            return None

    post.use(Counting())
    for number in range(10):
        post.put("x", chat=f"chat-{number}")
    assert post.drain() == 10
    assert most == 3


def test_only_channels_that_are_served_are_sent_on(post: Post) -> None:
    post.put("một")
    post.use(Messenger("khac"))
    assert post.drain() == 0
    assert post.channel.tried == []


def test_two_accounts_of_one_messenger_each_send_their_own(post: Post) -> None:
    """An answer must not leave through another account of the same messenger."""
    post.put("gửi bằng bot-1")
    other = Messenger()
    other.account = "bot-2"
    post.use(other)
    assert post.drain() == 0
    assert other.tried == []


# Refused


@ALL
def test_a_refused_message_has_failed_and_is_not_tried_again(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency)
    post.channel.ends = [Refused("Bad Request: message is too long")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("failed", "Bad Request: message is too long", None)
    post.clock.advance(days=1)
    assert post.drain() == 0
    assert len(post.channel.tried) == 1


def test_what_follows_a_refused_message_is_sent(post: Post) -> None:
    post.put("một")
    post.put("hai")
    post.channel.ends = [Refused("x")]
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "hai")]
    assert post.ask(chats.counts) == []


# A chat where nobody can be reached


def test_an_unreachable_chat_is_closed_and_what_waits_for_it_ends(post: Post) -> None:
    for urgency in CLASSES:
        post.put("một", urgency)
        post.put("hai", urgency, concern={**CONCERN, "class": urgency})
    elsewhere = post.put("nơi khác", chat="chat-2")
    post.channel.ends = [Unreachable("blocked"), None, None, None]
    post.drain()
    assert post.ask(chats.counts) == [("blocked", 1)]
    # The first report and broadcast were on their way already.
    assert post.states() == ["failed", "failed", "sent", "failed", "sent", "failed", "sent"]
    assert post.row(elsewhere)["state"] == "sent"
    assert post.row(2)["error"] == "blocked"
    assert [(told[0]["class"], *told[1:]) for told in post.told] == [(u, "failed", "blocked") for u in CLASSES]
    assert len(post.channel.tried) == 4


def test_however_many_wait_for_an_unreachable_chat_none_stands_still(post: Post) -> None:
    """And who opens the chat again is answered."""
    for number in range(2 * MOST_IN_A_TURN + 10):
        post.put(str(number))
    post.channel.ends = [Unreachable("blocked")] * 10
    assert post.drain() == 0
    assert set(post.states()) == {"failed"}
    post.channel.ends = []
    post.ask(chats.open_again, "vidu", "bot-1", "chat-1")
    post.put("chào lại")
    assert post.drain() == 1


# A chat that has become another one


def test_two_chats_that_each_say_they_are_the_other_are_not_followed_for_ever(post: Post) -> None:
    row_id = post.put("một")
    post.channel.ends = [Moved("chat-2" if number % 2 else "chat-1") for number in range(1, 20)]
    assert post.drain() == 0
    assert (post.row(row_id)["state"], post.row(row_id)["error"]) == ("failed", "moved")
    assert len(post.channel.tried) == MOST_MOVES + 1


def test_a_message_for_a_chat_that_moved_goes_to_the_new_one(post: Post) -> None:
    rows = [post.put(text, chat="nhom-cu") for text in ("một", "hai", "ba")]
    post.put("báo cáo", REPORT, "nhom-cu")
    post.channel.ends = [Moved("nhom-moi")]
    assert post.drain() == 4
    assert [said for said in post.channel.arrived if said[1] != "báo cáo"] == [
        ("nhom-moi", "một"),
        ("nhom-moi", "hai"),
        ("nhom-moi", "ba"),
    ]
    assert [post.row(row_id)["repeats"] for row_id in rows] == [0, 0, 0]
    assert post.row(rows[0])["state"] == "sent"


def test_the_old_and_the_new_chat_are_then_one_line(post: Post) -> None:
    post.put("1", chat="nhom-cu")
    post.put("3", chat="nhom-cu")
    post.channel.ends = [Moved("nhom-moi")]
    post.put("4", REPORT, chat="nhom-moi")
    assert post.drain() == 3
    assert Counter(post.channel.arrived) == {("nhom-moi", "1"): 1, ("nhom-moi", "3"): 1, ("nhom-moi", "4"): 1}
    assert [said for said in texts_of(post.channel.arrived) if said != "4"] == ["1", "3"]


# Not sent


@ALL
def test_a_message_that_did_not_leave_is_sent_later(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency)
    post.channel.ends = [NotSent("ConnectError")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"], row["repeats"]) == ("waiting", "ConnectError", 0)
    assert post.drain() == 0
    post.clock.advance(seconds=1.26)
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "một")]
    assert post.row(row_id)["attempts"] == 2


def test_the_pauses_grow_to_a_limit_until_it_is_given_up(post: Post) -> None:
    row_id = post.put("một", concern=CONCERN)
    pauses = []
    while True:
        post.channel.ends = [NotSent("ConnectError")]
        post.drain()
        if post.row(row_id)["ended_at"]:
            break
        pauses.append(post.pause(row_id))
        post.clock.advance(seconds=pauses[-1])
    for number, pause in enumerate(pauses):
        least = min(2.0 ** min(number, 20), LONGEST_ANSWER_PAUSE)
        assert least <= pause <= 1.25 * least
    assert pauses[-1] >= LONGEST_ANSWER_PAUSE
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"], row["repeats"]) == ("failed", "ConnectError", None, 0)
    tried_for = dt.datetime.fromisoformat(row["ended_at"]) - NOW
    assert GIVE_UP[ANSWER] < tried_for <= GIVE_UP[ANSWER] + dt.timedelta(seconds=1.25 * LONGEST_ANSWER_PAUSE)
    assert post.told == [(CONCERN, "failed", "ConnectError")]
    tried = len(post.channel.tried)
    post.clock.advance(days=1)
    post.drain()
    assert len(post.channel.tried) == tried == len(pauses) + 1


def test_many_that_failed_together_do_not_come_back_together(post: Post) -> None:
    rows = [post.put("x", chat=f"chat-{number}") for number in range(20)]
    post.channel.ends = [NotSent("ConnectError")] * 20
    post.drain()
    assert len({post.row(row_id)["due_at"] for row_id in rows}) > 15


def test_a_chat_keeps_its_order_while_a_message_waits_and_others_go_on(post: Post) -> None:
    post.put("một")
    post.put("hai")
    post.put("chỗ khác", chat="chat-2")
    post.channel.ends = [NotSent("ConnectError")]
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-2", "chỗ khác")]
    post.clock.advance(seconds=2)
    assert post.drain() == 2
    assert post.channel.arrived[1:] == [("chat-1", "một"), ("chat-1", "hai")]


# Asked to be left alone


@pytest.mark.parametrize("limits", [WIDE, None], ids=["with a pace", "without"])
def test_a_chat_is_left_alone_for_as_long_as_it_asks_and_others_go_on(post: Post, limits: Limits | None) -> None:
    post.use(Messenger(limits=limits))
    post.put("một")
    post.put("hai")
    post.channel.ends = [NotSent("Too Many Requests", retry_after=30)]
    assert post.drain() == 0
    post.put("chỗ khác", chat="chat-2")
    assert post.drain() == 1
    post.clock.advance(seconds=29.9)
    assert post.drain() == 0
    post.clock.advance(seconds=0.1)
    assert post.drain() == 2
    assert texts_of(post.channel.tried) == ["một", "chỗ khác", "một", "hai"]


def test_a_chat_that_asks_to_be_left_alone_gets_nothing_of_another_class_either(post: Post) -> None:
    post.use(Messenger(limits=WIDE))
    post.put("một")
    post.channel.ends = [NotSent("Too Many Requests", retry_after=30)]
    post.drain()
    report = post.put("báo cáo", REPORT)
    assert post.drain() == 0
    assert (post.row(report)["attempts"], post.pause(report)) == (0, 30)
    post.clock.advance(seconds=30)
    assert post.drain() == 2


def test_three_refused_chats_stop_broadcasts_then_reports_and_answers_probe(post: Post) -> None:
    post.use(Messenger(limits=WIDE))

    def refuse(*names: str) -> None:
        """Let chats be refused, all within five seconds."""
        for name in names:
            post.put("x", ANSWER, f"bị-{name}")
            post.channel.ends = [NotSent("Too Many Requests", retry_after=60)]
            post.drain()
            post.clock.advance(seconds=1)

    def arrives(urgency: int, chat: str) -> bool:
        post.put("x", urgency, chat)
        return post.drain() == 1

    refuse("a", "b")
    assert arrives(BROADCAST, "chat-1")
    refuse("c")
    assert not arrives(BROADCAST, "chat-2")
    assert arrives(REPORT, "chat-2")
    refuse("d", "e", "f")
    assert not arrives(REPORT, "chat-3")
    for number in range(20):
        post.put("câu trả lời", ANSWER, f"hỏi-{number}")
    begun, before = post.clock.now, len(post.channel.arrived)
    for _ in range(100):
        post.drain()
        post.clock.advance(seconds=0.1)
    probed = len(post.channel.arrived) - before
    assert 9 <= probed <= 11
    assert {text for _, text in post.channel.arrived[before:]} == {"câu trả lời"}
    post.clock.now = begun + dt.timedelta(seconds=61)
    post.drain()
    assert set(post.states()) == {"sent"}


def test_three_refused_chats_far_apart_stop_nothing(post: Post) -> None:
    post.use(Messenger(limits=WIDE))
    for number in range(5):
        post.put("x", ANSWER, f"bị-{number}")
        post.channel.ends = [NotSent("Too Many Requests", retry_after=60)]
        post.drain()
        post.clock.advance(seconds=3)
    post.put("x", BROADCAST)
    assert post.drain() == 1


# An account that cannot be used


def test_an_account_that_is_refused_pauses_and_loses_nothing(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    rows = [post.put("x", urgency, f"chat-{urgency}") for urgency in CLASSES]
    post.channel.ends = [AccountUnusable("Unauthorized")] * 3
    assert post.drain() == 0
    assert post.delivery.unusable() == ["vidu"]
    assert caplog.text.count("account of vidu refused: Unauthorized") == 1
    post.clock.advance(seconds=UNUSABLE_PAUSE - 1)
    assert post.drain() == 0
    assert len(post.channel.tried) == 3
    assert [post.row(row_id)["state"] for row_id in rows] == ["waiting"] * 3
    post.clock.advance(seconds=1)
    assert post.delivery.unusable() == []
    assert post.drain() == 3


def test_another_account_goes_on_meanwhile(post: Post) -> None:
    other = Messenger("khac")
    delivery = Delivery(post.worker, [post.channel, other], clock=post.clock, monotonic=post.clock.monotonic)
    post.put("một")
    post.channel.ends = [AccountUnusable("Unauthorized")]
    assert asyncio.run(delivery.drain()) == 0
    post.ask(outbox.put, "khac", "bot-1", "chat-1", ANSWER, {"text": "hai"}, STAMP)
    assert asyncio.run(delivery.drain()) == 1
    assert delivery.unusable() == ["vidu"]


# Unknown


@AT_LEAST_ONCE
def test_answers_and_reports_are_sent_again_after_an_unknown_outcome(post: Post, urgency: int) -> None:
    row_id = post.put("một", urgency, concern=CONCERN)
    post.channel.ends = [OutcomeUnknown("ReadTimeout")]
    assert post.drain() == 0
    row = post.row(row_id)
    assert (row["state"], row["error"], row["repeats"]) == ("waiting", "ReadTimeout", 1)
    assert 1 <= post.pause(row_id) <= 1.25
    post.clock.advance(seconds=1.25)
    assert post.drain() == 1
    assert post.channel.arrived == [("chat-1", "một")]
    assert post.row(row_id)["repeats"] == 1
    assert post.told == [(CONCERN, "sent", "")]


def test_a_broadcast_with_an_unknown_outcome_is_not_sent_again(post: Post) -> None:
    row_id = post.put("một", BROADCAST, concern=CONCERN)
    post.put("hai", BROADCAST)
    post.channel.ends = [OutcomeUnknown("ReadTimeout")]
    assert post.drain() == 1
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("unknown", "ReadTimeout", None)
    assert post.told == [(CONCERN, "unknown", "ReadTimeout")]
    post.clock.advance(days=1)
    assert post.drain() == 0
    assert texts_of(post.channel.tried) == ["một", "hai"]


@AT_LEAST_ONCE
def test_a_message_that_stays_unknown_ends_so_after_a_number_of_repeats(post: Post, urgency: int) -> None:
    """It may have arrived, so to say that it failed is not honest; and nobody wants it a hundred times."""
    row_id = post.put("một", urgency, concern=CONCERN)
    post.channel.ends = [OutcomeUnknown("ReadTimeout")] * 100
    step = REPEATED_FOR[urgency] / (MOST_REPEATS + 2)
    for _ in range(2 * MOST_REPEATS):
        post.drain()
        post.clock.now += step
    row = post.row(row_id)
    assert (row["attempts"], row["repeats"], row["state"]) == (MOST_REPEATS + 4, MOST_REPEATS + 3, "unknown")
    assert row["message"] is None
    assert post.told == [(CONCERN, "unknown", "ReadTimeout")]


def test_what_did_not_leave_does_not_count_as_a_repeat(post: Post) -> None:
    row_id = post.put("một")
    post.channel.ends = [NotSent("x")] * (MOST_REPEATS + 3) + [OutcomeUnknown("x")]
    for _ in range(MOST_REPEATS + 5):
        post.drain()
        post.clock.advance(hours=1)
    assert (post.row(row_id)["state"], post.row(row_id)["repeats"]) == ("sent", 1)


def test_a_message_that_takes_too_long_is_unknown(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "SEND_TIMEOUT", 0.01)
    post.use(Slow())
    answer, broadcast = post.put("một"), post.put("hai", BROADCAST)
    assert post.drain() == 0
    assert (post.row(answer)["state"], post.row(answer)["error"]) == ("waiting", "TimeoutError")
    assert (post.row(broadcast)["state"], post.row(broadcast)["error"]) == ("unknown", "TimeoutError")


# Claims that ran out


@AT_LEAST_ONCE
def test_the_claim_of_a_dead_sender_is_sent_again(post: Post, urgency: int, caplog: pytest.LogCaptureFixture) -> None:
    row_id = post.claim_and_die(urgency)
    post.clock.now += LEASE
    assert post.drain() == 0
    assert caplog.text == ""
    post.clock.advance(seconds=EXPIRY_INTERVAL)
    assert post.drain() == 1
    row = post.row(row_id)
    assert (row["state"], row["attempts"], row["repeats"], row["message"]) == ("sent", 2, 1, None)
    assert "claims ran out: 1" in caplog.text


def test_the_broadcast_of_a_dead_sender_stays_unknown(post: Post) -> None:
    row_id = post.claim_and_die(BROADCAST, concern=CONCERN)
    post.put("hai", BROADCAST)
    post.clock.advance(hours=1)
    assert post.drain() == 1
    row = post.row(row_id)
    assert (row["state"], row["error"], row["message"]) == ("unknown", "lease", None)
    assert texts_of(post.channel.tried) == ["hai"]
    assert post.told == [(CONCERN, "unknown", "lease")]


def test_a_message_that_kills_its_sender_is_tried_a_limited_number_of_times(post: Post) -> None:
    row_id = post.claim_and_die(concern=CONCERN)
    for _ in range(MOST_REPEATS):
        post.clock.advance(hours=1)
        # A sender that is only begun: it claims, and dies.
        asyncio.run(post.another(Slow())._take_turn())
    assert (post.row(row_id)["state"], post.row(row_id)["repeats"]) == ("sending", MOST_REPEATS)
    assert post.told == []
    post.clock.advance(hours=1)
    post.drain()
    assert (post.row(row_id)["state"], post.row(row_id)["attempts"]) == ("unknown", MOST_REPEATS + 1)
    assert post.channel.tried == []
    assert post.told == [(CONCERN, "unknown", "lease")]


def test_a_sender_that_lost_its_claim_leaves_the_row_to_the_new_one(post: Post) -> None:
    """The first sender is slow; its claim runs out, another sends the message, then the first one gives it back."""
    row_id = post.put("một", concern=CONCERN)
    late, quick = Slow(), Slow()
    first, second = post.another(late), post.another(quick)

    async def both() -> None:
        slow_task = asyncio.create_task(first.drain())
        await late.begun.wait()
        post.clock.now += LEASE + dt.timedelta(seconds=EXPIRY_INTERVAL)
        quick_task = asyncio.create_task(second.drain())
        await quick.begun.wait()
        late.ends = [NotSent("ConnectTimeout")]
        late.go_on.set()
        await slow_task
        quick.go_on.set()
        await quick_task
        post.clock.advance(hours=1)
        await second.drain()

    run(both)
    assert quick.arrived == [("chat-1", "một")]
    assert post.row(row_id)["state"] == "sent"
    assert post.told == [(CONCERN, "sent", "")]


def test_a_sender_that_is_too_late_says_so(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """It has sent the message all the same, and another sends it again: a repeat, not a loss. It is told once."""
    row_id = post.put("một", concern=CONCERN)
    other = Messenger()

    class Late(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            post.clock.now += LEASE + dt.timedelta(seconds=1)
            await post.another(other).drain()
            return "muộn"

    post.use(Late())
    assert post.drain() == 0
    assert other.arrived == [("chat-1", "một")]
    row = post.row(row_id)
    assert (row["state"], row["attempts"], row["sent_id"]) == ("sent", 2, "m1")
    assert "a claim ran out before its message ended as sent" in caplog.text
    assert post.told == [(CONCERN, "sent", "")]


@pytest.mark.parametrize(
    "end", [OutcomeUnknown("x"), NotSent("x"), Moved("nhom-moi")], ids=lambda end: type(end).__name__
)
def test_what_is_given_back_too_late_is_no_further_repeat(
    post: Post, caplog: pytest.LogCaptureFixture, end: TransportError
) -> None:
    """Another has found the claim that ran out, and has counted it."""
    row_id = post.put("một", concern=CONCERN)
    other = Messenger()
    before = counted("ungxu_repeats_total", channel="vidu", **{"class": "answer"})

    class Late(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            post.clock.now += LEASE + dt.timedelta(seconds=1)
            await post.another(other).drain()
            raise end

    post.use(Late())
    assert post.drain() == 0
    assert other.arrived == [("chat-1", "một")]
    assert (post.row(row_id)["state"], post.row(row_id)["repeats"]) == ("sent", 1)
    assert counted("ungxu_repeats_total", channel="vidu", **{"class": "answer"}) - before == 1
    assert "a claim ran out before its message was given back" in caplog.text
    assert post.told == [(CONCERN, "sent", "")]


# Two senders on one database


def test_two_processes_never_send_a_message_twice(post: Post) -> None:
    """Two workers on one file: every message once, each line in order with one in flight, by whichever is free."""
    chats_and_classes = [(f"chat-{number}", CLASSES[number % 3]) for number in range(150)]

    def fill(database: Database) -> None:
        for text, (chat, urgency) in itertools.product(("một", "hai", "ba"), chats_and_classes):
            outbox.put(database, "vidu", "bot-1", chat, urgency, {"text": text}, STAMP)

    post.ask(fill)
    flying: set[str] = set()
    read: defaultdict[str, list[str]] = defaultdict(list)
    begun: set[Careful] = set()

    class Careful(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            begun.add(self)
            assert chat not in flying
            flying.add(chat)
            # Whoever is quicker leaves something to the other.
            await until(lambda: len(begun) == 2)
            await asyncio.sleep(0.02)
            flying.remove(chat)
            read[chat].append(message.text or "")
            return await super().send(chat, message)

    async def both() -> None:
        begun = [asyncio.create_task(delivery.run()) for delivery in deliveries]
        await until(lambda: sum(delivery.sent for delivery in deliveries) == 3 * len(chats_and_classes))
        for delivery in deliveries:
            delivery.stop()
        await asyncio.gather(*begun)

    workers = [Worker(post.path) for _ in range(2)]
    channels = [Careful(), Careful()]
    deliveries = [post.another(channel, worker) for channel, worker in zip(channels, workers, strict=True)]
    try:
        run(both)
    finally:
        for worker in workers:
            worker.close()
    assert read == {chat: ["một", "hai", "ba"] for chat, _ in chats_and_classes}
    assert all(channel.arrived for channel in channels)
    assert set(post.states()) == {"sent"}


def test_two_processes_share_the_pace_of_an_account(post: Post) -> None:
    limits = replace(WIDE, rate=10, burst=10)
    for number in range(100):
        post.put("x", chat=f"chat-{number}")
    channels = [Messenger(limits=limits) for _ in range(2)]
    first, second = (post.another(channel) for channel in channels)

    def drained(*deliveries: Delivery) -> list[int]:
        return [asyncio.run(delivery.drain()) for delivery in deliveries]

    post.clock.advance(seconds=EXPIRY_INTERVAL)
    assert sum(drained(second, first)) <= 20
    # From now on both know of each other.
    post.clock.advance(seconds=EXPIRY_INTERVAL)
    drained(first, second)
    for _ in range(3):
        post.clock.advance(seconds=1)
        assert drained(first, second) == [5, 5]
    # The second one is gone, and some time later all is the first one's again.
    post.clock.advance(seconds=4 * EXPIRY_INTERVAL)
    assert drained(first) == [10]
    post.clock.advance(seconds=0.5)
    assert drained(first) == [5]
    assert sum(len(channel.arrived) for channel in channels) == len({chat for c in channels for chat, _ in c.arrived})


# A storage that is busy


@pytest.mark.usefixtures("impatient")
def test_a_busy_storage_forgets_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The message arrives while another process holds the database; its end is recorded when that is over."""
    post = Post(tmp_path / "ungxu.db")
    slow = Slow()
    post.use(slow)
    rows = [post.put("một", concern=CONCERN), post.put("hai", BROADCAST)]

    async def lock_and_go_on() -> None:
        running = asyncio.create_task(post.delivery.run())
        await until(lambda: len(post.delivery._flights) == 2)
        with locked(post.path):
            slow.go_on.set()
            await until(lambda: caplog.text.count("storage busy, delivery waits") >= 3)
            assert len(slow.arrived) == 2
        await until(lambda: post.delivery.sent == 2)
        post.delivery.stop()
        await running

    run(lock_and_go_on)
    assert [post.row(row_id)["state"] for row_id in rows] == ["sent", "sent"]
    assert len(slow.tried) == 2
    assert post.told == [(CONCERN, "sent", "")]
    post.worker.close()


def test_a_busy_storage_reaches_whoever_drains_and_nothing_is_lost(post: Post) -> None:
    """What a listener wrote is undone with the end, so that it is told once in what stays."""
    row_id = post.put("một", concern=CONCERN)
    busy = iter([True, False])

    def happened(database: Database, outcomes: Sequence[Outcome], at: dt.datetime) -> None:
        (outcome,) = outcomes
        inbox.record(database, "vidu", "bot-1", str(outcome.concern["number"]), at.isoformat(), outcome.state)
        if next(busy):
            raise StorageBusy("ví dụ")

    post.use(Messenger(), happened=happened)
    with pytest.raises(StorageBusy):
        post.drain()
    assert post.row(row_id)["state"] == "sending"
    assert post.drain() == 1
    assert post.row(row_id)["state"] == "sent"
    assert len(post.channel.tried) == 1
    assert post.ask(Database.rows, "SELECT event_key, kind FROM inbox") == [{"event_key": "7", "kind": "sent"}]


# Running and stopping


def test_it_sends_until_it_is_stopped(post: Post) -> None:
    async def send_twice() -> None:
        running = asyncio.create_task(post.delivery.run())
        for number in (1, 2):
            await post.worker.write(outbox.put, "vidu", "bot-1", "chat-1", ANSWER, {"text": str(number)}, STAMP)
            post.delivery.wake()
            await until(lambda number=number: post.delivery.sent == number)  # type: ignore[misc]
        post.delivery.stop()
        await running

    run(send_twice)
    assert texts_of(post.channel.arrived) == ["1", "2"]


def test_it_finds_by_itself_what_nobody_told_it_of(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "IDLE", 0.01)

    async def send() -> None:
        running = asyncio.create_task(post.delivery.run())
        await asyncio.sleep(0.03)
        await post.worker.write(outbox.put, "vidu", "bot-1", "chat-1", ANSWER, {"text": "một"}, STAMP)
        await until(lambda: post.delivery.sent == 1)
        post.delivery.stop()
        await running

    run(send)


def test_when_it_is_stopped_what_is_on_its_way_ends_and_nothing_more_begins(post: Post) -> None:
    slow = Slow()
    post.use(slow)
    post.put("một")
    waiting = post.put("hai")

    async def stop() -> None:
        running = asyncio.create_task(post.delivery.run())
        await slow.begun.wait()
        post.delivery.stop()
        await asyncio.sleep(0.01)
        assert not running.done()
        slow.go_on.set()
        await running

    run(stop)
    assert slow.tried == [("chat-1", "một")]
    assert post.states() == ["sent", "waiting"]
    assert post.row(waiting)["attempts"] == 0


def test_what_is_cut_off_on_its_way_is_unknown(post: Post) -> None:
    post.use(Slow())
    answer, broadcast = post.put("một"), post.put("hai", BROADCAST, concern=CONCERN)

    async def cut_off() -> None:
        running = asyncio.create_task(post.delivery.run())
        await until(lambda: len(post.delivery._flights) == 2)
        await asyncio.sleep(0.01)
        post.delivery.stop()
        post.delivery.abort()
        await running

    run(cut_off)
    row = post.row(answer)
    assert (row["state"], row["error"], row["repeats"]) == ("waiting", "CancelledError", 1)
    assert (post.row(broadcast)["state"], post.row(broadcast)["error"]) == ("unknown", "CancelledError")
    assert post.told == [(CONCERN, "unknown", "CancelledError")]


# The pace


def test_a_chat_gets_a_few_at_once_and_then_one_a_second(post: Post) -> None:
    post.use(Messenger(limits=Limits(chat_rate=1, chat_burst=3)))
    for number in range(6):
        post.put(str(number))
    post.put("chỗ khác", chat="chat-2")
    assert post.drain() == 4
    assert post.drain() == 0
    for _ in range(3):
        post.clock.advance(seconds=0.9)
        assert post.drain() == 0
        post.clock.advance(seconds=0.1)
        assert post.drain() == 1
    assert [text for chat, text in post.channel.arrived if chat == "chat-1"] == [str(number) for number in range(6)]


def test_a_group_gets_so_many_a_minute(post: Post) -> None:
    post.use(Messenger(limits=replace(WIDE, group_count=4, group_seconds=60)))
    for number in range(6):
        post.put(str(number), chat="nhom-1")
    assert post.drain() == 4
    post.clock.advance(seconds=59.9)
    assert post.drain() == 0
    post.clock.advance(seconds=0.1)
    assert post.drain() == 2


def test_some_room_is_kept_for_answers(post: Post) -> None:
    post.use(Messenger(limits=replace(WIDE, rate=1, burst=10, reserve=4)))
    for number in range(10):
        post.put("x", BROADCAST, f"chat-{number}")
    assert post.drain() == 6
    for number in range(5):
        post.put("x", ANSWER, f"hỏi-{number}")
    assert post.drain() == 4


def test_it_sleeps_until_a_class_has_room_again(post: Post) -> None:
    post.use(Messenger(limits=replace(WIDE, rate=10, burst=1)))
    for number in range(3):
        post.put("x", chat=f"chat-{number}")
    post.drain()
    turn = asyncio.run(post.delivery._take_turn())
    assert turn.claimed == []
    assert turn.wait == pytest.approx(0.1)


def test_chats_that_must_wait_do_not_hide_those_that_need_not(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as many as there is room for are looked at in a turn; those behind them must not wait for these."""
    monkeypatch.setattr(dispatch, "IDLE", 2 * PATIENCE)
    post.use(Messenger(limits=Limits(rate=1000, burst=3, reserve=0)))
    for number in range(10):
        chat = f"bận-{number}"
        post.delivery._dispatch._paces["vidu", "bot-1"].refused(chat, False, 300, post.clock.monotonic())
        post.clock.advance(seconds=6)
        post.put("x", chat=chat)
    post.put("x", chat="rảnh")

    async def send() -> None:
        running = asyncio.create_task(post.delivery.run())
        await until(lambda: post.delivery.sent == 1)
        post.delivery.stop()
        await running

    run(send)
    assert post.channel.arrived == [("rảnh", "x")]


# Files


def test_a_file_is_carried_with_its_message(post: Post) -> None:
    store = FileStore(post.worker, made_box(), lambda: STAMP)
    blob = asyncio.run(store.write(b"du lieu" * 1000, "image/png"))
    post.ask(blobs.complete, blob)
    post.use(Messenger(), files=store)
    post.put("Ảnh", file={"blob": blob, "kind": "photo", "name": "anh.png"})
    assert post.drain() == 1
    assert post.channel.carried == [
        Outgoing("Ảnh", menu=1, buttons=[], file=OutgoingFile("photo", "anh.png", b"du lieu" * 1000))
    ]


class Keeping(Messenger):
    """A channel whose messenger keeps files until it loses them."""

    def __init__(self) -> None:
        super().__init__(abilities=Abilities(buttons=True, text_length=100, caption_length=100, keeps_files=True))
        self.has: set[str] = set()

    async def send(self, chat: str, message: Outgoing) -> str | None:
        file = message.file
        if file and file.known and file.known not in self.has:
            raise FileForgotten("wrong file")
        sent = await super().send(chat, message)
        if file and file.keep:
            await asyncio.sleep(0)
            name = f"tep-{len(self.carried)}"
            self.has.add(name)
            await file.keep(name)
        return sent

    def carried_as(self) -> list[bytes | str]:
        """What came with each message: a file, or the name of one."""
        return [message.file.known or message.file.data for message in self.carried if message.file]


@pytest.fixture
def keeping(post: Post) -> Keeping:
    """A channel to which files of broadcasts go, the first of which is stored."""
    store = FileStore(post.worker, made_box(), lambda: STAMP)
    blob = asyncio.run(store.write(b"anh", "image/png"))
    post.ask(blobs.complete, blob)
    channel = Keeping()
    post.use(channel, files=store)
    return channel


PICTURE = {"blob": 1, "kind": "photo", "name": "anh.png"}


def test_a_file_of_a_broadcast_is_uploaded_once_however_many_get_it(post: Post, keeping: Keeping) -> None:
    for number in range(20):
        post.put("Ảnh", BROADCAST, chat=f"chat-{number}", file=PICTURE)
    assert post.drain() == 20
    assert keeping.carried_as() == [b"anh", *["tep-1"] * 19]


def test_a_file_that_the_messenger_has_lost_is_uploaded_again(post: Post, keeping: Keeping) -> None:
    post.put("Ảnh", BROADCAST, file=PICTURE)
    assert post.drain() == 1
    keeping.has.clear()
    post.put("Ảnh", BROADCAST, chat="chat-2", file=PICTURE)
    post.put("Ảnh", BROADCAST, chat="chat-3", file=PICTURE)
    assert post.drain() == 2
    assert b"anh" in keeping.carried_as()[1:]
    post.put("Ảnh", BROADCAST, chat="chat-4", file=PICTURE)
    assert post.drain() == 1
    assert keeping.carried_as()[-1] in keeping.has


def test_only_files_of_broadcasts_are_named(post: Post, keeping: Keeping) -> None:
    for urgency in (ANSWER, REPORT, ANSWER):
        post.put("Ảnh", urgency, file=PICTURE)
    assert post.drain() == 3
    assert keeping.carried_as() == [b"anh"] * 3


@pytest.mark.parametrize("with_store", [True, False])
def test_a_file_that_is_gone_is_told_honestly(post: Post, with_store: bool) -> None:
    store = FileStore(post.worker, made_box(), lambda: STAMP)
    post.use(Messenger(), files=store if with_store else None)
    row_id = post.put("", file={"blob": 99, "kind": "photo", "name": "anh.png"}, concern=CONCERN)
    assert post.drain() == 0
    assert (post.row(row_id)["state"], post.row(row_id)["error"]) == ("failed", "file gone")
    assert post.channel.tried == []
    assert post.told == [(CONCERN, "failed", "file gone")]


def test_a_letter_brings_its_subject_and_all_files_that_can_be_made(post: Post) -> None:
    def draw(name: str, data: dict[str, Any]) -> bytes:
        if name == "hong":
            raise ValueError
        return b"ve"

    store = FileStore(post.worker, made_box(), lambda: STAMP)
    blob = asyncio.run(store.write(b"du lieu", "image/png"))
    post.ask(blobs.complete, blob)
    post.use(Messenger(), files=store, draw=draw)
    files = [
        {"blob": blob, "kind": "photo", "name": "anh.png"},
        {"drawing": "hong", "data": {}, "kind": "document", "name": "hong.docx"},
        {"drawing": "vidu", "data": {}, "kind": "document", "name": "ve.docx"},
    ]
    post.put("Thư", REPORT, subject="Về việc ví dụ", facts={"so": 7}, files=files)
    assert post.drain() == 1
    (carried,) = post.channel.carried
    assert (carried.text, carried.subject, carried.facts) == ("Thư", "Về việc ví dụ", {"so": 7})
    assert [(file.name, file.data) for file in carried.files] == [("anh.png", b"du lieu"), ("ve.docx", b"ve")]


def test_a_repeat_has_the_same_name_and_says_what_it_is(post: Post) -> None:
    post.channel.ends = [NotSent("đứt"), OutcomeUnknown("mất")]
    post.put("Báo cáo", REPORT, again="(Gửi lại)")
    for _ in range(3):
        post.drain()
        post.clock.advance(seconds=10)
    post.put("Khác", REPORT, chat="chat-2")
    post.drain()
    carried = [one for one in post.channel.carried if "Báo cáo" in (one.text or "")]
    assert [(one.text, one.repeat) for one in carried] == [
        ("Báo cáo", False),
        ("Báo cáo", False),
        ("(Gửi lại)\n\nBáo cáo", True),
    ]
    assert len({one.key for one in carried}) == 1
    assert len({one.key for one in post.channel.carried}) == 2


def test_a_drawing_is_made_beside_the_storage_when_it_is_sent(post: Post) -> None:
    def draw(name: str, data: dict[str, Any]) -> bytes:
        return f"{name} {data['so']} {threading.current_thread().name}".encode()

    post.use(Messenger(), draw=draw)
    row_id = post.put(**pictured())
    assert post.drain() == 1
    (carried,) = post.channel.carried
    assert carried.text == "Mã"
    assert carried.file is not None
    assert (carried.file.kind, carried.file.name) == ("photo", "ve.png")
    assert carried.file.data.startswith(b"vidu 7 computing")
    assert post.row(row_id)["message"] is None


@pytest.mark.parametrize(("text", "state", "arrived"), [("Mã", "sent", [("chat-1", "Mã")]), ("", "failed", [])])
def test_where_nothing_can_be_drawn_the_words_go_alone(
    post: Post, text: str, state: str, arrived: list[tuple[str, str]]
) -> None:
    def broken(name: str, data: dict[str, Any]) -> bytes:
        raise ZeroDivisionError

    post.use(Messenger(), draw=broken)
    row_id = post.put(**pictured(text))
    post.drain()
    assert post.row(row_id)["state"] == state
    assert post.channel.arrived == arrived
    assert all(carried.file is None for carried in post.channel.carried)


def test_a_file_that_cannot_be_read_just_now_is_sent_later(post: Post) -> None:
    class Busy(FileStore):
        async def read(self, blob_id: int) -> bytes | None:
            raise StorageBusy("ví dụ")

    box = made_box()
    post.use(Messenger(), files=Busy(post.worker, box, lambda: STAMP))
    row_id = post.put("", BROADCAST, file={"blob": 1, "kind": "photo", "name": "anh.png"})
    post.drain()
    assert post.row(row_id)["state"] == "waiting"
    assert post.channel.tried == []


# Whoever wants to know


@pytest.mark.parametrize(
    ("urgency", "end", "told"),
    [
        (ANSWER, None, ("sent", "")),
        (REPORT, Refused("quá dài"), ("failed", "quá dài")),
        (BROADCAST, OutcomeUnknown("mất"), ("unknown", "mất")),
        (REPORT, Unreachable("left"), ("failed", "left")),
        (REPORT, NotSent("x"), ("sent", "")),
        (REPORT, OutcomeUnknown("x"), ("sent", "")),
        (REPORT, Moved("chat-9"), ("sent", "")),
        (REPORT, AccountUnusable("x"), ("sent", "")),
    ],
)
def test_the_end_is_told_once(post: Post, urgency: int, end: TransportError | None, told: tuple[str, str]) -> None:
    post.put("một", urgency, concern=CONCERN)
    post.put("không ai hỏi", urgency, "chat-2")
    post.channel.ends = [end]
    for _ in range(4):
        post.drain()
        post.clock.advance(hours=1)
    assert post.told == [(CONCERN, *told)]


def test_without_anybody_to_tell_it_sends_all_the_same(post: Post) -> None:
    post.use(Messenger(), happened=None)
    post.put("một", concern=CONCERN)
    assert post.drain() == 1


@pytest.mark.parametrize("error", [LookupError("chuyện riêng"), AssertionError("chuyện riêng")])
def test_a_listener_that_raises_harms_nothing(
    post: Post, search: Search, texts: Texts, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """Its own changes are undone; the ends, the other messages and the log's silence on contents stay."""
    heard: list[str] = []

    def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        heard.extend(outcome.state for outcome in outcomes)
        inbox.record(context.database, "vidu", "bot-1", outcomes[0].state, STAMP, "x")
        raise error

    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    receiver = Receiver(search, texts, Office(), zone, {"vidu": Abilities(True, 100)}, tell=tell)
    post.use(Messenger(), happened=receiver.happened)
    post.put("một", concern=CONCERN)
    post.put("hai", concern=CONCERN)
    post.put("ba", chat="chat-2")
    assert post.drain() == 3
    assert heard == ["sent", "sent"]
    assert set(post.states()) == {"sent"}
    assert post.ask(Database.rows, "SELECT * FROM inbox") == []
    assert f"outcome failed: {type(error).__name__}" in caplog.text
    assert "riêng" not in caplog.text


def test_what_a_listener_writes_is_sent(post: Post, search: Search, texts: Texts) -> None:
    def tell(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        return [Reply(context.texts.rich("menu.spent"), to=place("truong-phong"), urgency=REPORT)]

    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    receiver = Receiver(search, texts, Office(), zone, {"vidu": Abilities(True, 100)}, tell=tell)
    post.use(Messenger(), happened=receiver.happened)
    post.put("một", concern=CONCERN)
    assert post.drain() == 2
    assert post.channel.arrived == [("chat-1", "một"), ("truong-phong", texts("menu.spent"))]


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


def test_nothing_of_a_message_reaches_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ends = [Refused("x"), NotSent("x"), OutcomeUnknown("x"), Unreachable("x"), Moved("y"), AccountUnusable("x"), None]
    for end in ends:
        post.channel.ends = [end]
        post.put("chuyện riêng của Ví Dụ")
        post.drain()
        post.clock.advance(hours=1)
    assert "riêng" not in caplog.text


def test_what_is_delivered_is_counted(post: Post) -> None:
    def figures() -> list[float]:
        return [
            counted("ungxu_deliveries_total", channel="vidu", **{"class": "answer", "outcome": "sent"}),
            counted("ungxu_deliveries_total", channel="vidu", **{"class": "broadcast", "outcome": "unknown"}),
            counted("ungxu_repeats_total", channel="vidu", **{"class": "answer"}),
            counted("ungxu_rate_refusals_total", channel="vidu"),
            counted("ungxu_answer_seconds_count"),
            counted("ungxu_answer_seconds_sum"),
        ]

    before = figures()
    post.use(Messenger(limits=WIDE))
    post.put("một")
    post.put("hai", BROADCAST)
    post.channel.ends = [OutcomeUnknown("x"), OutcomeUnknown("x"), NotSent("x", retry_after=5)]
    for _ in range(3):
        post.drain()
        post.clock.advance(seconds=10)
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [1, 1, 1, 1, 1, 20]


# The clock of the system


def test_a_clock_that_is_set_back_lets_nobody_wait(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    passed = [100.0]
    post.use(Messenger(), monotonic=lambda: passed[0])
    post.put("một")
    post.channel.ends = [NotSent("ConnectError")]
    assert post.drain() == 0
    post.clock.now -= dt.timedelta(hours=2)
    passed[0] += EXPIRY_INTERVAL
    assert post.drain() == 1
    assert "the clock was set by -7205 s" in caplog.text


def test_a_clock_that_is_set_forward_ends_nothing_that_is_on_its_way(post: Post) -> None:
    class Slow(Messenger):
        async def send(self, chat: str, message: Outgoing) -> str | None:
            post.clock.advance(hours=3)
            # The next turn looks for claims that ran out.
            post.delivery._dispatch._expiry_at = 0.0
            await asyncio.sleep(0.05)
            return await super().send(chat, message)

    post.use(Slow())
    row_id = post.put("một", BROADCAST)
    post.put("hai", chat="chat-2")

    async def send() -> None:
        task = asyncio.create_task(post.delivery.run())
        await until(lambda: post.delivery.sent == 2)
        post.delivery.stop()
        await task

    run(send)
    assert (post.row(row_id)["state"], post.row(row_id)["repeats"]) == ("sent", 0)
    assert len(post.channel.arrived) == 2


@pytest.mark.parametrize(("rate", "paid"), [(0.0, [False, False]), (50.0, [False, True])])
def test_only_broadcasts_are_paid_for_and_only_where_the_office_pays(post: Post, rate: float, paid: list[bool]) -> None:
    channel = Messenger()
    channel.limits = replace(WIDE, paid_rate=rate)
    post.use(channel)
    post.put("trả lời")
    post.put("thông báo", BROADCAST, "chat-2")
    assert post.drain() == 2
    assert [message.paid for message in channel.carried] == paid


# What is broken for everybody


def test_an_outage_of_some_minutes_costs_no_answer(post: Post) -> None:
    row_id = post.put("một")
    post.channel.ends = [OutcomeUnknown("server error")] * 9
    for _ in range(60):
        post.drain()
        post.clock.advance(seconds=60)
    assert post.row(row_id)["state"] == "sent"


def test_when_it_works_again_nobody_waits_for_his_pause_to_end(post: Post) -> None:
    for chat in range(4):
        post.put(str(chat), chat=f"chat-{chat}")
    for _ in range(6):
        post.channel.ends = [NotSent("ConnectError")] * 4
        post.drain()
        post.clock.advance(seconds=40)
    post.channel.ends = []
    post.clock.advance(seconds=20)
    post.put("mới", chat="chat-9")
    assert post.drain() == 5


def test_when_it_works_again_a_chat_that_asked_to_be_left_alone_still_is(post: Post) -> None:
    for chat in range(4):
        post.put(str(chat), chat=f"chat-{chat}")
    post.channel.ends = [NotSent("ConnectError")] * 3 + [NotSent("Too Many Requests", retry_after=60)]
    post.drain()
    post.put("mới", chat="chat-9")
    assert post.drain() == 4
    assert texts_of(post.channel.arrived) == ["mới", "0", "1", "2"]


def test_one_chat_that_fails_hastens_nobody(post: Post) -> None:
    post.put("hỏng", chat="chat-1")
    post.put("bị hẹn", chat="chat-2")
    post.channel.ends = [NotSent("ConnectError"), NotSent("Too Many Requests", 60.0)]
    post.drain()
    post.put("mới", chat="chat-3")
    assert post.drain() == 1
    assert post.states() == ["waiting", "waiting", "sent"]


def test_a_message_follows_its_chat_however_often_it_was_tried(post: Post) -> None:
    row_id = post.put("một")
    for _ in range(MOST_MOVES + 3):
        post.channel.ends = [NotSent("ConnectError")]
        post.drain()
        post.clock.advance(minutes=6)
    post.channel.ends = [Moved("nhom-moi")]
    assert post.drain() == 1
    assert post.channel.arrived == [("nhom-moi", "một")]
    assert post.row(row_id)["state"] == "sent"


def test_broadcasts_leave_room_for_answers(post: Post) -> None:
    """However many of them hang."""

    class Hanging(Messenger):
        hanging = 0

        async def send(self, chat: str, message: Outgoing) -> str | None:
            if chat.startswith("nhieu"):
                self.hanging += 1
                await asyncio.sleep(3600)
            return await super().send(chat, message)

    channel = Hanging()
    channel.limits = WIDE
    post.use(channel)
    for number in range(100):
        post.put("thông báo", BROADCAST, f"nhieu-{number}")

    async def send() -> None:
        task = asyncio.create_task(post.delivery.run())
        await until(lambda: channel.hanging == MOST_BROADCASTS)
        await asyncio.sleep(0.3)
        assert len(post.delivery._flights) == MOST_BROADCASTS
        await post.worker.write(outbox.put, "vidu", "bot-1", "mot-nguoi", ANSWER, {"text": "trả lời"}, STAMP)
        post.delivery.wake()
        await until(lambda: bool(post.channel.arrived))
        assert post.channel.arrived == [("mot-nguoi", "trả lời")]
        post.delivery.stop()
        post.delivery.abort()
        await task

    run(send)


def test_what_cannot_be_put_together_has_failed_and_not_vanished(post: Post) -> None:
    class Broken:
        async def read(self, blob: int) -> bytes:
            raise KeyError(blob)

    post.use(Messenger(), files=Broken())
    row_id = post.put("Ảnh", BROADCAST, file={"blob": 1, "kind": "photo", "name": "a.png"})
    assert post.drain() == 0
    assert (post.row(row_id)["state"], post.row(row_id)["error"]) == ("failed", "KeyError")


def test_what_is_cut_off_before_it_left_waits_for_the_next_run(post: Post) -> None:
    class SlowFiles:
        asked = False

        async def read(self, blob: int) -> bytes:
            self.asked = True
            await asyncio.sleep(3600)
            raise AssertionError

    files = SlowFiles()
    post.use(Messenger(), files=files)
    row_id = post.put("Ảnh", BROADCAST, file={"blob": 1, "kind": "photo", "name": "a.png"})

    async def send() -> None:
        task = asyncio.create_task(post.delivery.run())
        await until(lambda: files.asked)
        post.delivery.stop()
        post.delivery.abort()
        await task

    run(send)
    assert (post.row(row_id)["state"], post.row(row_id)["repeats"]) == ("waiting", 0)


def test_each_time_that_an_account_is_refused_is_said(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        post.put("một")
        post.channel.ends = [AccountUnusable("InvalidToken")]
        post.drain()
        post.clock.advance(minutes=5)
        assert post.drain() == 1
    assert caplog.text.count("account of vidu refused") == 2
