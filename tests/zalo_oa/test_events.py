"""Events as Zalo sends them, as events of a conversation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.channels.abilities import Abilities
from bot.channels.base import Outgoing, OutgoingFile, Unreadable
from bot.channels.fitting import fit
from bot.channels.zalo_oa import ZaloOa
from bot.channels.zalo_oa.events import payload, read, written_at
from bot.channels.zalo_oa.sending import compose
from handlers.conversation import Attachment, Button, Change, File, Incoming, Press, Reply
from handlers.texts import Texts
from tests.conftest import NOW
from tests.helpers import Clock
from tests.zalo_oa.account import USER

STAMP = str(int(NOW.timestamp() * 1000))


def event(name: str = "user_send_text", **message: Any) -> dict[str, Any]:
    """An event of somebody who sends something."""
    return {
        "app_id": "4100",
        "user_id_by_app": "55",
        "event_name": name,
        "sender": {"id": USER},
        "recipient": {"id": "2200"},
        "timestamp": STAMP,
        "message": {"msg_id": "96d3cdf3af150460909", **message},
    }


def attached(kind: str, **told: Any) -> dict[str, Any]:
    return event(f"user_send_{kind}", attachments=[{"type": kind, "payload": told}])


def incoming(raw: dict[str, Any]) -> Incoming:
    found = read(raw, "bot", NOW)
    assert isinstance(found, Incoming)
    return found


def test_a_text() -> None:
    found = incoming(event(text="Xin chào"))
    assert (found.key, found.message, found.text) == ("96d3cdf3af150460909", "96d3cdf3af150460909", "Xin chào")
    assert found.address.values() == {"channel": "zalo_oa", "account": "bot", "chat": USER, "sender": USER}
    assert (found.sent, found.at, found.group, found.kind) == (NOW, NOW, False, "text")


@pytest.mark.parametrize(
    ("raw", "attachment"),
    [
        (attached("image", url="https://x.zdn.vn/a.jpg", thumbnail="t"), Attachment("photo", "https://x.zdn.vn/a.jpg")),
        (attached("gif", url="u"), Attachment("photo", "u")),
        (attached("file", url="u", name="mẫu.pdf", size="512"), Attachment("document", "u", "mẫu.pdf", 512)),
        (attached("file", url="u", name=None, size=512), Attachment("document", "u", "", 512)),
        (attached("file", url="u", size="lớn"), Attachment("document", "u")),
        (attached("audio", url="u"), Attachment("voice", "u")),
        (attached("video", url="u"), Attachment("video", "u")),
    ],
)
def test_what_can_be_fetched(raw: dict[str, Any], attachment: Attachment) -> None:
    assert incoming(raw).attachments == (attachment,)
    assert incoming(raw).kind == "file"


@pytest.mark.parametrize(
    ("raw", "other"),
    [
        (attached("sticker", id="1", url="u"), "sticker"),
        (attached("location", coordinates={"latitude": "1"}), "location"),
        (attached("business_card"), "business_card"),
        (attached("image"), "image"),
        (event("user_send_moi"), "moi"),
    ],
)
def test_what_is_neither_words_nor_a_file(raw: dict[str, Any], other: str) -> None:
    found = incoming(raw)
    assert (found.attachments, found.other, found.kind) == ((), other, other)


@pytest.mark.parametrize(("name", "change"), [("follow", Change.UNBLOCKED), ("unfollow", Change.BLOCKED)])
@pytest.mark.parametrize("party", ["follower", "sender"])
def test_who_follows_and_who_does_not_any_more(name: str, change: Change, party: str) -> None:
    raw = {"event_name": name, "oa_id": "2200", party: {"id": USER}, "timestamp": STAMP}
    found = incoming(raw)
    assert (found.change, found.address.chat, found.key) == (change, USER, f"{name}:{USER}:{STAMP}")
    assert written_at(found, NOW) is None


@given(st.text(min_size=1, max_size=100), st.integers(0, 10**17), st.integers(0, 9999))
def test_a_button_says_where_to_look(label: str, menu: int, place: int) -> None:
    found = incoming(event(text=payload(label, menu, place)))
    assert (found.press, found.text, found.kind) == (Press(menu, place), "", "press")


@pytest.mark.parametrize("text", ["#1", "#1.", "a#1.2", "#1.2 a", "# 1.2", "#1.23456", "điều 4 khoản 3", "số #"])
def test_what_only_looks_like_a_button_is_text(text: str) -> None:
    assert incoming(event(text=text)).text == text


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"event_name": "user_send_text"},
        {"event_name": "user_send_text", "timestamp": "mai", "sender": {"id": USER}},
        {**event(text="a"), "sender": "ai"},
        {**event(text="a"), "message": []},
        event(text=["a"]),
        event(attachments="a"),
        {**event(text="a"), "timestamp": "9" * 30},
    ],
)
def test_what_cannot_be_read_is_said_so(raw: dict[str, Any]) -> None:
    found = read(raw, "bot", NOW)
    assert isinstance(found, Unreadable)
    assert found.address.channel == "zalo_oa"
    assert written_at(found, NOW) == (NOW if found.address.chat else None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(event(), json_values)))
def test_nothing_is_raised_whatever_comes(raw: dict[str, Any]) -> None:
    read(raw, "bot", NOW)


def test_nobody_wrote_later_than_now() -> None:
    late = Clock()
    late.advance(hours=-1)
    found = incoming(event(text="a"))
    assert written_at(found, late()) == late()
    assert written_at(found, NOW) == NOW


# Going out


async def _no_upload(kind: str, file: OutgoingFile) -> str:
    return f"{kind}:{file.name}"


def composed(message: Outgoing) -> dict[str, Any]:
    found: dict[str, Any] = {}
    made = compose(message, _no_upload)
    try:
        made.send(None)
    except StopIteration as end:
        found = end.value
    return found


def test_marks_are_taken_out() -> None:
    assert composed(Outgoing("<b>Chào</b> &amp; hỏi")) == {"text": "Chào & hỏi"}


def test_buttons_write_back_where_to_look() -> None:
    message = composed(Outgoing("Chọn:", menu=7, buttons=[(0, "Một"), (2, "Ba")]))
    assert [button["payload"] for button in message["attachment"]["payload"]["buttons"]] == ["Một #7.0", "Ba #7.2"]


def test_a_picture_may_have_words_and_a_file_has_none() -> None:
    picture = composed(Outgoing("Ảnh", file=OutgoingFile("photo", "a.png", b"")))
    assert picture["text"] == "Ảnh"
    assert picture["attachment"]["payload"]["elements"][0]["attachment_id"] == "image:a.png"
    assert "text" not in composed(Outgoing("", file=OutgoingFile("photo", "a.png", b"")))
    file = composed(Outgoing("", file=OutgoingFile("document", "a.pdf", b"")))
    assert file == {"attachment": {"type": "file", "payload": {"token": "file:a.pdf"}}}


ONE_FILE = (File(4, "document", "a.pdf"),)
BUTTON = Button("Xong", "vidu.done")


def test_files_go_out_alone(texts: Texts) -> None:
    alone = {"text": "", "file": {"blob": 4, "kind": "document", "name": "a.pdf"}}
    abilities = ZaloOa.abilities
    assert fit(Reply(Markup("Tệp"), files=ONE_FILE), abilities, texts) == [alone, {"text": "Tệp"}]
    assert fit(Reply(Markup(""), files=ONE_FILE), abilities, texts) == [alone]
    assert fit(Reply(Markup(""), (BUTTON,), files=ONE_FILE), abilities, texts) == [
        alone,
        {"text": texts("menu.more"), "buttons": [(0, "Xong")]},
    ]


@pytest.mark.parametrize(("most", "count", "buttons"), [(0, 9, True), (5, 5, True), (5, 6, False)])
def test_more_choices_than_a_message_can_carry_are_numbered(texts: Texts, most: int, count: int, buttons: bool) -> None:
    abilities = Abilities(buttons=True, text_length=1000, most_buttons=most)
    (message,) = fit(Reply(Markup("Chọn:"), (BUTTON,) * count), abilities, texts)
    assert ("buttons" in message) is buttons
    assert (f"{count}. Xong" in message["text"]) is not buttons
    assert abilities.numbers is bool(most)
