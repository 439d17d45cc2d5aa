from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import outbox
from storage.database import Database
from storage.outbox import ANSWER, BROADCAST, CLASSES, REPORT, OutboxRow
from storage.people import Address
from tests.helpers import STAMP, later, place

ACCOUNTS = (("vidu", "bot-1"), ("vidu", "bot-2"), ("khac", "bot-1"))


def put(
    database: Database, text: str, urgency: int = ANSWER, at: Address | None = None, now: str = STAMP, **more: Any
) -> int:
    to = at or place()
    return outbox.put(database, to.channel, to.account, to.chat, urgency, {"text": text}, now, **more)


def due(database: Database, now: str = STAMP, limit: int = 100) -> list[tuple[int, str]]:
    """What may be sent now, as a sender would find it: the most urgent class first."""
    return [
        found
        for urgency in CLASSES
        for account in ACCOUNTS
        for found in outbox.due(database, *account, urgency, now, limit)
    ]


def claim(
    database: Database, now: str = STAMP, until: str = later(minutes=2), owner: str = "a", limit: int = 100
) -> list[OutboxRow]:
    return outbox.claim(database, [row_id for row_id, _ in due(database, now, limit)], owner, until)


def texts(rows: Sequence[OutboxRow]) -> list[str]:
    return [row.message["text"] for row in rows]


def put_claimed(database: Database, text: str, urgency: int = ANSWER, at: Address | None = None) -> OutboxRow:
    (row,) = outbox.claim(database, [put(database, text, urgency, at)], "a", later(minutes=2))
    return row


def stored(database: Database, row_id: int) -> dict[str, Any]:
    row = database.row("SELECT * FROM outbox WHERE id = :id", {"id": row_id})
    assert row is not None
    return dict(row)


def states(database: Database) -> list[str]:
    return [row["state"] for row in database.rows("SELECT state FROM outbox ORDER BY id")]


# Lines


def test_nothing_is_due_in_an_empty_outbox(database: Database) -> None:
    assert due(database) == []
    assert outbox.claim(database, [], "a", later(minutes=2)) == []
    assert outbox.unfinished(database) == 0
    assert outbox.depths(database) == []


def test_the_first_of_a_line_waits_and_those_behind_it_are_queued(database: Database) -> None:
    for text in ("một", "hai", "ba"):
        put(database, text)
    assert states(database) == ["waiting", "queued", "queued"]
    assert [chat for _, chat in due(database)] == ["chat-1"]


@pytest.mark.parametrize(
    ("urgency", "at"),
    [
        (ANSWER, place("chat-2")),
        (REPORT, place("chat-1")),
        (ANSWER, place("chat-1", account="bot-2")),
        (ANSWER, place("chat-1", channel="khac")),
    ],
    ids=["another chat", "another class", "another account", "another channel"],
)
def test_another_line_is_not_held_up(database: Database, urgency: int, at: Address) -> None:
    put_claimed(database, "đang gửi")
    put(database, "sau nó")
    put(database, "đi tiếp", urgency, at)
    assert texts(claim(database)) == ["đi tiếp"]


def test_urgent_classes_and_older_messages_come_first(database: Database) -> None:
    for number, urgency in enumerate([BROADCAST, REPORT, ANSWER, ANSWER, REPORT, BROADCAST]):
        put(database, f"{urgency}-{number}", urgency, place(f"chat-{number}"))
    assert texts(claim(database)) == ["1-2", "1-3", "2-1", "2-4", "3-0", "3-5"]


def test_no_more_is_found_than_was_asked_for(database: Database) -> None:
    for number in range(5):
        put(database, str(number), at=place(f"chat-{number}"))
    assert [chat for _, chat in due(database, limit=2)] == ["chat-0", "chat-1"]


def test_a_chat_reads_in_order_with_one_message_in_flight(database: Database) -> None:
    for text in ("một", "hai", "ba"):
        put(database, text)
    read = []
    for _ in range(3):
        (row,) = claim(database)
        assert claim(database) == []
        read.append(row.message["text"])
        assert outbox.end(database, row, "sent", STAMP)
    assert read == ["một", "hai", "ba"]
    assert outbox.unfinished(database) == 0


@pytest.mark.parametrize("state", ["sent", "failed", "unknown"])
def test_the_next_message_goes_on_however_the_first_one_ended(database: Database, state: str) -> None:
    first = put_claimed(database, "một")
    put(database, "hai")
    outbox.end(database, first, state, STAMP)
    assert texts(claim(database)) == ["hai"]


def test_a_message_that_is_given_back_holds_up_its_own_line_only(database: Database) -> None:
    row = put_claimed(database, "một")
    put(database, "hai")
    put(database, "chỗ khác", at=place("chat-2"))
    outbox.retry(database, row, later(minutes=1), "NotSent")
    assert texts(claim(database)) == ["chỗ khác"]
    assert texts(claim(database, now=later(minutes=1))) == ["một"]


# Claims


def test_a_claim_holds_everything_that_is_needed_to_send(database: Database) -> None:
    first = put_claimed(database, "trước", REPORT, place("chat-7"))
    outbox.end(database, first, "sent", STAMP, sent_id="m7")
    row_id = outbox.put(
        database,
        "vidu",
        "bot-1",
        "chat-7",
        REPORT,
        {"text": "Báo cáo ví dụ", "menu": 3},
        STAMP,
        edits=first.id,
        concern={"job": "report", "id": 4},
    )
    assert claim(database) == [
        OutboxRow(
            id=row_id,
            channel="vidu",
            account="bot-1",
            chat="chat-7",
            urgency=REPORT,
            message={"text": "Báo cáo ví dụ", "menu": 3},
            attempt=1,
            repeats=0,
            created_at=STAMP,
            edits="m7",
            concern={"job": "report", "id": 4},
        )
    ]
    row = stored(database, row_id)
    assert (row["state"], row["owner"], row["lease_until"], row["attempts"]) == ("sending", "a", later(minutes=2), 1)


def test_a_message_is_claimed_once(database: Database) -> None:
    """The second sender found it before the first one claimed it."""
    row_id = put(database, "một")
    assert len(outbox.claim(database, [row_id], "a", later(minutes=2))) == 1
    assert outbox.claim(database, [row_id], "b", later(minutes=9)) == []
    assert stored(database, row_id)["owner"] == "a"


@pytest.mark.parametrize("gone", ["purged", "without a name"])
def test_the_edited_message_may_not_be_known_any_more(database: Database, gone: str) -> None:
    first = put_claimed(database, "một")
    outbox.end(database, first, "sent", STAMP)
    put(database, "hai", edits=first.id)
    if gone == "purged":
        assert outbox.purge(database, later(days=1), 10) == 1
    (row,) = claim(database)
    assert row.edits == ""


def test_a_message_that_edits_nothing_says_so(database: Database) -> None:
    assert (put_claimed(database, "một").edits, put_claimed(database, "hai", REPORT).concern) == (None, None)


def test_a_message_that_waits_may_be_put_off_and_was_not_tried(database: Database) -> None:
    row_id = put(database, "một")
    outbox.defer(database, row_id, later(seconds=5))
    assert due(database, later(seconds=4)) == []
    (row,) = claim(database, now=later(seconds=5))
    assert (row.id, row.attempt) == (row_id, 1)
    outbox.defer(database, row_id, later(days=1))
    assert stored(database, row_id)["due_at"] == later(seconds=5)


# The end of a message


@pytest.mark.parametrize(
    ("state", "error", "name"), [("sent", None, "m1"), ("failed", "Forbidden", None), ("unknown", "Timeout", None)]
)
def test_the_text_is_erased_at_the_end(database: Database, state: str, error: str | None, name: str | None) -> None:
    row_id = put(database, "chuyện riêng", concern={"job": "vidu"})
    (claimed,) = claim(database)
    assert outbox.end(database, claimed, state, later(seconds=1), error, name) is True
    row = stored(database, row_id)
    assert (row["state"], row["error"], row["ended_at"], row["sent_id"]) == (state, error, later(seconds=1), name)
    assert (row["message"], row["concern"], row["owner"], row["lease_until"]) == (None, None, None, None)


def test_an_erased_text_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    database = Database(tmp_path / "ungxu.db")
    outbox.end(database, put_claimed(database, "chuyen rieng cua Nguoi Vi Du"), "sent", STAMP)
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ungxu.db"]
    assert b"chuyen rieng" not in (tmp_path / "ungxu.db").read_bytes()


@pytest.mark.parametrize(("repeat", "repeats"), [(False, 0), (True, 1)])
def test_a_message_that_is_given_back_keeps_its_text_and_counts_its_attempts(
    database: Database, repeat: bool, repeats: int
) -> None:
    first = put_claimed(database, "một")
    assert outbox.retry(database, first, later(seconds=1), "ConnectError", repeat=repeat) is True
    row = stored(database, first.id)
    assert (row["state"], row["due_at"], row["error"]) == ("waiting", later(seconds=1), "ConnectError")
    assert (row["owner"], row["lease_until"]) == (None, None)
    (again,) = claim(database, now=later(seconds=1))
    assert (again.id, again.attempt, again.repeats, again.message) == (first.id, 2, repeats, {"text": "một"})


def test_those_that_arrived_together_end_together_and_their_lines_go_on(database: Database) -> None:
    others = place(chat="chat-2")
    first, second = put_claimed(database, "một"), put_claimed(database, "hai", REPORT)
    third = put_claimed(database, "ba", at=others)
    lost = put_claimed(database, "bốn", at=place(chat="chat-3"))
    behind = [put(database, "năm"), put(database, "sáu", at=others), put(database, "bảy", at=others)]
    outbox.retry(database, lost, STAMP, "lease", repeat=True)
    outbox.claim(database, [lost.id], "b", later(minutes=5))
    arrived = [(third, "m3"), (first, "m1"), (lost, "m4"), (second, None)]
    assert outbox.arrive(database, arrived, later(seconds=1)) == {first.id, second.id, third.id}
    ends = [(stored(database, row.id)["state"], stored(database, row.id)["sent_id"]) for row, _ in arrived]
    assert ends == [("sent", "m3"), ("sent", "m1"), ("sending", None), ("sent", None)]
    gone = stored(database, third.id)
    assert (gone["ended_at"], gone["message"], gone["owner"]) == (later(seconds=1), None, None)
    assert [stored(database, number)["state"] for number in behind] == ["waiting", "waiting", "queued"]
    assert outbox.arrive(database, [], STAMP) == set()
    assert outbox.arrive(database, arrived, later(seconds=2)) == set()


def given_back(database: Database, claimed: OutboxRow) -> None:
    outbox.retry(database, claimed, STAMP, "ConnectError")


def ended(database: Database, claimed: OutboxRow) -> None:
    outbox.end(database, claimed, "sent", STAMP)


def claimed_by_another(database: Database, claimed: OutboxRow) -> None:
    (found,) = outbox.expired(database, later(minutes=3), 10)
    outbox.retry(database, found, STAMP, "lease", repeat=True)
    (again,) = claim(database, now=later(minutes=3), until=later(minutes=5), owner="b")
    assert again.attempt == claimed.attempt + 1


@pytest.mark.parametrize("happened", [given_back, ended, claimed_by_another])
def test_a_claim_that_is_over_can_neither_end_nor_give_back(database: Database, happened: Any) -> None:
    claimed = put_claimed(database, "một")
    put(database, "hai")
    happened(database, claimed)
    before = database.rows("SELECT * FROM outbox ORDER BY id")
    assert outbox.end(database, claimed, "failed", later(seconds=1), "x") is False
    assert outbox.retry(database, claimed, later(seconds=1), "x") is False
    assert database.rows("SELECT * FROM outbox ORDER BY id") == before


def test_claims_that_ran_out_are_found_with_their_content(database: Database) -> None:
    first = put_claimed(database, "một")
    second = put_claimed(database, "hai", BROADCAST)
    put(database, "ba", REPORT)
    assert outbox.expired(database, later(minutes=2), 10) == []
    assert outbox.expired(database, later(minutes=2, seconds=1), 10) == [first, second]
    assert outbox.expired(database, later(minutes=2, seconds=1), 1) == [first]


def test_the_claims_of_who_is_gone_run_out_at_once(database: Database) -> None:
    for number, owner in enumerate(["chet", "song", "chet"]):
        row_id = put(database, str(number), at=place(f"chat-{number}"))
        (row,) = outbox.claim(database, [row_id], owner, later(minutes=2))
    outbox.end(database, row, "sent", STAMP)
    put(database, "chờ", at=place("chat-9"))
    assert sorted(outbox.owners(database)) == ["chet", "song"]
    outbox.free(database, "chet")
    assert texts(outbox.expired(database, STAMP, 10)) == ["0"]
    assert states(database) == ["sending", "sending", "sent", "waiting"]


# Chats that cannot be reached


def test_everything_that_waits_for_a_chat_is_given_up(database: Database) -> None:
    flying = put_claimed(database, "đang gửi", REPORT)
    put(database, "chờ", concern={"job": "vidu"})
    put(database, "chờ sau")
    put(database, "chờ báo cáo", REPORT)
    put(database, "nơi khác", at=place("chat-2"))
    put(database, "bot khác", at=place(account="bot-2"))
    given_up = outbox.give_up(database, "vidu", "bot-1", "chat-1", later(seconds=1), "blocked", 10)
    assert texts(given_up) == ["chờ", "chờ sau", "chờ báo cáo"]
    assert [row.concern for row in given_up] == [{"job": "vidu"}, None, None]
    assert states(database) == ["sending", "failed", "failed", "failed", "waiting", "waiting"]
    row = stored(database, given_up[0].id)
    assert (row["error"], row["ended_at"], row["message"], row["concern"]) == ("blocked", later(seconds=1), None, None)
    assert outbox.end(database, flying, "failed", STAMP)
    put(database, "về sau")
    assert states(database)[-1] == "waiting"


def test_a_line_that_is_given_up_in_parts_does_not_stand_still(database: Database) -> None:
    """What is left must come up again, or nobody in this chat is ever written to any more."""
    for number in range(5):
        put(database, str(number))
    assert len(outbox.give_up(database, "vidu", "bot-1", "chat-1", STAMP, "blocked", 3)) == 3
    assert texts(claim(database)) == ["3"]


# Chats that moved


def test_a_chat_that_moved_takes_its_line_along(database: Database) -> None:
    flying = put_claimed(database, "một", at=place("cu"))
    put(database, "hai", at=place("cu"))
    put(database, "báo cáo", REPORT, place("cu"))
    put(database, "ở lại", at=place("cu", account="bot-2"))
    outbox.move(database, "vidu", "bot-1", "cu", "moi")
    put(database, "ba", at=place("moi"))
    assert [chat for _, chat in due(database)] == ["cu", "moi"]
    outbox.end(database, flying, "sent", STAMP)
    rows = claim(database)
    assert [(row.chat, row.message["text"]) for row in rows] == [
        ("moi", "hai"),
        ("cu", "ở lại"),
        ("moi", "báo cáo"),
    ]
    outbox.end(database, rows[0], "sent", STAMP)
    assert texts(claim(database)) == ["ba"]


def test_two_lines_become_one_in_the_order_they_were_written(database: Database) -> None:
    put(database, "1", at=place("moi"))
    put(database, "2", at=place("cu"))
    put(database, "3", at=place("moi"))
    put(database, "4", at=place("cu"))
    outbox.move(database, "vidu", "bot-1", "cu", "moi")
    read = []
    for _ in range(4):
        (row,) = claim(database)
        read.append(row.message["text"])
        outbox.end(database, row, "sent", STAMP)
    assert read == ["1", "2", "3", "4"]


def test_what_has_ended_stays_where_it_was(database: Database) -> None:
    row = put_claimed(database, "một", at=place("cu"))
    outbox.end(database, row, "sent", STAMP)
    outbox.move(database, "vidu", "bot-1", "cu", "moi")
    assert stored(database, row.id)["chat"] == "cu"


# Any order of things


ACTS = ("put", "put", "put", "send", "end", "retry", "expire", "give up", "move", "abandon")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5)), max_size=25))
def test_no_line_ever_stands_still_or_has_two_first_messages(
    database: Database, acts: Sequence[tuple[str, int]]
) -> None:
    """Whatever happens to a line, one of its open messages, and while no chat moves only one, can be or is sent."""
    database.run("DELETE FROM outbox")
    seconds = itertools.count()
    moved = False
    for act, number in acts:
        now = later(seconds=next(seconds))
        chat, urgency = f"chat-{number % 2}", CLASSES[number // 2]
        flying = database.rows("SELECT id, attempts FROM outbox WHERE state = 'sending' ORDER BY id")
        claimed = None
        if flying:
            chosen = flying[number % len(flying)]
            claimed = OutboxRow(chosen["id"], "vidu", "bot-1", "?", ANSWER, {}, chosen["attempts"])
        if act == "put":
            put(database, "x", urgency, place(chat), now)
        elif act == "send":
            outbox.claim(database, [row_id for row_id, _ in due(database, now)][: number + 1], "a", now)
        elif act == "end" and claimed:
            assert outbox.end(database, claimed, "sent", now)
        elif act == "retry" and claimed:
            assert outbox.retry(database, claimed, now, "x")
        elif act == "expire":
            for row in outbox.expired(database, now, number):
                assert outbox.end(database, row, "unknown", now)
        elif act == "give up":
            outbox.give_up(database, "vidu", "bot-1", chat, now, "blocked", number)
        elif act == "move":
            moved = True
            outbox.move(database, "vidu", "bot-1", chat, f"chat-{1 - number % 2}")
        elif act == "abandon":
            outbox.abandon(database, "vidu", later(seconds=number), now)
        lines = database.rows(
            "SELECT chat, class, sum(state <> 'queued') AS first, count(*) AS n, min(id) AS oldest,"
            " min(CASE WHEN state <> 'queued' THEN id END) AS leader"
            " FROM outbox WHERE ended_at IS NULL GROUP BY channel, account, chat, class"
        )
        for line in lines:
            assert line["first"] >= 1, (act, line)
            if not moved:
                assert (line["first"], line["leader"]) == (1, line["oldest"]), (act, line)


# What is left


def test_only_messages_that_are_not_at_their_end_are_unfinished(database: Database) -> None:
    for chat in ("chat-1", "chat-2", "chat-3"):
        put(database, chat, at=place(chat))
    put(database, "hàng sau", at=place("chat-3"))
    first, *_ = claim(database)
    assert outbox.unfinished(database) == 4
    outbox.end(database, first, "sent", STAMP)
    assert outbox.unfinished(database) == 3


def test_the_depths_tell_class_state_number_and_age(database: Database) -> None:
    put_claimed(database, "đang gửi")
    put(database, "chờ", now=later(seconds=1))
    put(database, "chờ sau", now=later(seconds=2))
    put(database, "thông báo", BROADCAST, now=later(seconds=3))
    outbox.end(database, put_claimed(database, "xong", REPORT), "sent", STAMP)
    assert outbox.depths(database) == [
        ("vidu", ANSWER, "queued", 2, later(seconds=1)),
        ("vidu", ANSWER, "sending", 1, STAMP),
        ("vidu", BROADCAST, "waiting", 1, later(seconds=3)),
    ]


def test_what_nobody_can_get_any_more_ends_without_its_text(database: Database) -> None:
    old = put(database, "chuyện riêng")
    put(database, "chỗ khác", at=place(channel="khac"))
    new = put(database, "mới", at=place("chat-2"), now=later(days=2))
    assert outbox.abandon(database, "vidu", later(days=1), later(days=3)) == 1
    row = stored(database, old)
    assert (row["state"], row["message"], row["ended_at"]) == ("failed", None, later(days=3))
    assert stored(database, new)["state"] == "waiting"
    assert outbox.unfinished(database) == 2


def test_a_purge_deletes_what_is_old_and_ended_in_parts_and_nothing_else(database: Database) -> None:
    for day in range(5):
        put(database, "đã gửi", at=place(f"chat-{day}"))
        (row,) = claim(database)
        outbox.end(database, row, "sent", later(days=day))
    put_claimed(database, "đang gửi")
    put(database, "chờ")
    assert [outbox.purge(database, later(days=3), 2) for _ in range(3)] == [2, 1, 0]
    assert states(database) == ["sent", "sent", "sending", "queued"]


def test_letters_are_stored_as_they_are(database: Database) -> None:
    row_id = put(database, "Điều 4 🙂")
    assert "Điều 4 🙂" in stored(database, row_id)["message"]
    assert json.loads(stored(database, row_id)["message"]) == {"text": "Điều 4 🙂"}
