"""What Zalo sends, in each form that was documented or seen, as events."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Unreadable
from bot.channels.zalo.updates import LARGEST_ALBUM, UpdateReader
from handlers.conversation import Attachment, Incoming
from storage.people import Address
from tests.conftest import NOW

PERSON, GROUP = "aa11bb22cc33dd44ee55", "ff00ff00ff00ff00ff00"
SENT = int(NOW.timestamp() * 1000) - 1234


def update(kind: str = "text", *, group: bool = False, **more: Any) -> dict[str, Any]:
    chat = {"id": GROUP, "chat_type": "GROUP"} if group else {"id": PERSON, "chat_type": "PRIVATE"}
    sender = {"id": PERSON, "display_name": "Người Ví Dụ", "is_bot": False}
    message = {"message_id": "0a1b2c3d4e5f60718293", "date": SENT, "from": sender, "chat": chat, **more}
    return {"event_name": f"message.{kind}.received", "message": message}


def reader(*names: str) -> UpdateReader:
    return UpdateReader("zalo", "10001", names)


def read(raw: dict[str, Any], *names: str) -> Incoming:
    event = reader(*names).read(raw, NOW)
    assert isinstance(event, Incoming)
    return event


def test_a_text() -> None:
    event = read(update(text="xin chào"))
    assert event == Incoming(
        "0a1b2c3d4e5f60718293",
        Address("zalo", "10001", PERSON, PERSON),
        "xin chào",
        NOW,
        message="0a1b2c3d4e5f60718293",
        sent=NOW - dt.timedelta(seconds=1.234),
    )


def test_with_an_envelope_and_without_it_is_the_same() -> None:
    raw = update(text="xin chào")
    assert read({"ok": True, "result": raw}) == read(raw)


@pytest.mark.parametrize(
    ("kind", "more", "attachments", "other"),
    [
        ("image", {"photo_url": "https://a.zdn.vn/x"}, (Attachment("photo", "https://a.zdn.vn/x"),), ""),
        ("image", {"photo": "https://a.zdn.vn/x", "caption": None}, (Attachment("photo", "https://a.zdn.vn/x"),), ""),
        ("image", {"caption": ""}, (), "image"),
        ("voice", {"voice_url": "https://a.zdn.vn/x.aac"}, (Attachment("voice", "https://a.zdn.vn/x.aac"),), ""),
        ("sticker", {"sticker": "ab", "url": "https://zalo-api.zadn.vn/x"}, (), "sticker"),
        ("unsupported", {}, (), "unsupported"),
        ("something_new", {}, (), "something_new"),
        ("text", {"text": None}, (), ""),
    ],
)
def test_other_messages(kind: str, more: dict[str, Any], attachments: tuple[Attachment, ...], other: str) -> None:
    event = read(update(kind, **more))
    assert (event.attachments, event.other, event.text) == (attachments, other, "")


@pytest.mark.parametrize("date", [SENT // 1000, SENT / 1000, str(SENT)])
def test_a_time_in_seconds_is_understood_too(date: Any) -> None:
    sent = read(update(text="a", date=date)).sent
    assert sent is not None and abs((NOW - sent).total_seconds() - 1.234) < 1


def test_a_time_that_is_none_is_not_believed() -> None:
    assert read(update(text="a", date=1e300)).sent is None


def test_numbers_for_ids_are_no_trouble() -> None:
    event = read(update(text="a", message_id=5, **{"from": {"id": 7}}, chat={"id": 7}))
    assert (event.key, event.address.chat, event.group) == ("5", "7", False)


def test_without_a_kind_a_chat_with_another_name_than_the_sender_is_a_group() -> None:
    assert read(update(text="a", chat={"id": GROUP})).group


# Groups


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("@Bot Ứng Xử điều 4", "điều 4"),
        ("@bot ứng xử\u00a0 điều 4", "điều 4"),
        ("@Bot  Ứng\u00a0Xử, điều 4", ", điều 4"),
        ("điều 4 @Bot Ứng Xử", "điều 4"),
        ("@Bot Ứng Xử", ""),
        ("@Bot Ứng Xử /trogiup", "/trogiup"),
        ("@Bot Khác điều 4", "Khác điều 4"),
        ("điều 4", "điều 4"),
        ("@Bot U\u031b\u0301ng Xu\u031b\u0309 điều 4", "điều 4"),
    ],
)
def test_the_name_of_the_bot_is_taken_out(said: str, text: str) -> None:
    assert read(update(text=said, group=True), "Bot Mẫu", "Bot Ứng Xử").text == text


def test_in_private_a_name_is_part_of_what_is_said() -> None:
    assert read(update(text="@Bot Ứng Xử điều 4"), "Bot Ứng Xử").text == "@Bot Ứng Xử điều 4"


def test_a_caption_has_the_name_too() -> None:
    event = read(update("image", caption="@Bot X xem giúp", photo_url="https://a.zdn.vn/x", group=True), "Bot X")
    assert (event.text, len(event.attachments), event.group, event.address.chat) == ("xem giúp", 1, True, GROUP)


def test_groups_are_remembered() -> None:
    one = reader()
    one.read(update(text="a", group=True), NOW)
    assert (GROUP in one.groups, PERSON in one.groups) == (True, False)
    for number in range(1100):
        one.read(update(text="a", chat={"id": f"g{number}", "chat_type": "GROUP"}), NOW)
    assert len(one.groups) == 1000


def test_what_does_not_come_through_is_answered_in_private_only() -> None:
    assert reader().read(update("unsupported", group=True), NOW) is None


# Albums


def picture(number: int, seconds: float, **more: Any) -> dict[str, Any]:
    return update("image", message_id=f"m{number}", date=SENT + seconds * 1000, photo_url="https://a.zdn.vn/x", **more)


def test_pictures_right_behind_each_other_are_one_message() -> None:
    one = reader()
    raws = [picture(1, 0), picture(2, 1), picture(3, 3), picture(4, 20), picture(5, 21, caption="xem"), picture(4, 20)]
    events = [one.read(raw, NOW) for raw in raws]
    assert [isinstance(event, Incoming) and event.follows for event in events] == [
        *(False, True, True),
        *(False, False, False),
    ]


def test_an_album_has_an_end() -> None:
    one = reader()
    events = [one.read(picture(number, 0), NOW) for number in range(LARGEST_ALBUM + 1)]
    assert [isinstance(event, Incoming) and event.follows for event in events].count(False) == 2


# What is not for the bot, or cannot be read


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"ok": True},
        {"ok": True, "result": []},
        {"event_name": "user.follow", "message": {}},
        {"event_name": None},
        {"event_name": "webhook.test", "message": {}},
        update(text="a", **{"from": {"id": "b", "is_bot": True}}),
    ],
)
def test_what_is_nothing_to_the_bot(raw: dict[str, Any]) -> None:
    assert reader().read(raw, NOW) is None


def test_what_cannot_be_read_has_the_same_key_when_it_comes_again() -> None:
    broken = update(text=["a"])
    first, second = (reader().read(broken, NOW) for _ in range(2))
    assert isinstance(first, Unreadable)
    assert first == second
    assert (first.key, first.address.chat) == ("0a1b2c3d4e5f60718293", PERSON)
    nameless = {"event_name": "message.text.received", "message": {"x": 1}}
    keys = [event.key for event in (reader().read(nameless, NOW) for _ in range(2)) if isinstance(event, Unreadable)]
    assert len(keys) == 2 and keys[0] == keys[1] and keys[0].startswith("sha256:")


def test_what_cannot_be_read_is_apologised_for_in_private_only() -> None:
    event = reader().read(update(text=["a"], group=True), NOW)
    assert isinstance(event, Unreadable) and event.address.chat == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["message_id", "id", "from", "chat", "chat_type", "date", "text", "photo_url", "result"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=15,
)


@given(JSON, st.sampled_from(["text", "image", "unsupported"]), st.booleans())
def test_nothing_that_comes_is_too_much(message: Any, kind: str, wrapped: bool) -> None:
    raw = {"event_name": f"message.{kind}.received", "message": message}
    found = reader("Bot X").read({"ok": True, "result": raw} if wrapped else raw, NOW)
    assert found is None or (found.key and found.address.channel == "zalo")
