from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from markupsafe import Markup

from bot.channels.abilities import Abilities
from bot.channels.base import Channel, FileSource
from bot.channels.fitting import fit, joined
from bot.channels.markup import length, plain
from bot.channels.terminal import Terminal
from handlers.conversation import Button, File, Reply
from handlers.texts import Texts, link
from storage.people import Address
from tests.helpers import Messenger

BUTTONS = (Button("Xem cả Điều 4", "ask.article"), Button("Đúng & đủ <ý>", "ask.vote"))
WITH = Abilities(buttons=True, text_length=4096)
WITHOUT = Abilities(buttons=False, text_length=4096)
CAPTIONS = replace(WITH, caption_length=20)
FILES = (File(4, "photo", "anh.png"), File(5, "document", "đơn.pdf"))
STORED = [{"blob": 4, "kind": "photo", "name": "anh.png"}, {"blob": 5, "kind": "document", "name": "đơn.pdf"}]


def reply(text: str = "Chọn:", closing: str = "", **more: object) -> Reply:
    return replace(Reply(Markup(text), closing=Markup(closing)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", [Terminal(""), Messenger()], ids=["terminal", "tests"])
def test_a_channel_has_everything_that_one_needs(channel: Channel) -> None:
    assert channel.name and channel.account
    assert isinstance(channel.abilities, Abilities)
    assert channel.polls is False
    assert channel.limits is None
    assert channel.is_group("riêng") is False
    assert not isinstance(channel, FileSource)


# Words


@pytest.mark.parametrize("abilities", [WITH, WITHOUT])
def test_a_plain_reply_is_one_plain_message(texts: Texts, abilities: Abilities) -> None:
    assert fit(reply("<b>Chào</b> anh/chị."), abilities, texts) == [{"text": "<b>Chào</b> anh/chị."}]


@pytest.mark.parametrize("abilities", [WITH, WITHOUT])
def test_the_closing_is_a_paragraph_of_its_own(texts: Texts, abilities: Abilities) -> None:
    assert fit(reply("Chưa thấy.", "Hỏi thêm: Văn phòng."), abilities, texts) == [
        {"text": "Chưa thấy.\n\nHỏi thêm: Văn phòng."}
    ]


def test_choices_are_the_places_and_labels_of_buttons(texts: Texts) -> None:
    assert fit(reply("Chọn:", "Hết.", buttons=BUTTONS), WITH, texts) == [
        {"text": "Chọn:\n\nHết.", "buttons": [(0, "Xem cả Điều 4"), (1, "Đúng & đủ <ý>")]}
    ]


PHONE = replace(WITH, label_length=20)
TOPIC = Button("Đọc điều khoản trước khi đăng ký", "ask.provision", full="Đọc điều khoản trước khi đăng ký (Khoản 1)")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Xem cả Điều 4", "Xem cả Điều 4"),
        ("a" * 20, "a" * 20),
        ("Bảo mật tài khoản; báo ngay khi mất", "Bảo mật tài khoản …"),
        ("a" * 21, "a" * 18 + " …"),
        ("Mười tám chữ ở đây và hơn", "Mười tám chữ ở đây …"),
    ],
)
def test_a_label_is_cut_between_words_where_a_phone_would_cut_it(label: str, shown: str) -> None:
    assert PHONE.label(label) == shown
    assert WITH.label(label) == label


def test_what_a_button_cannot_say_stands_in_the_text(texts: Texts) -> None:
    (message,) = fit(reply("Trích.", "Hết.", buttons=(TOPIC, *BUTTONS)), PHONE, texts)
    assert message["text"] == f"Trích.\n\n{texts('menu.more')}\n• {TOPIC.full}\n\nHết."
    assert message["buttons"] == [(0, "Đọc điều khoản …"), (1, "Xem cả Điều 4"), (2, "Đúng & đủ <ý>")]
    (long,) = fit(reply("Trích.", buttons=(replace(TOPIC, full=""),), lead=Markup("Gồm:")), PHONE, texts)
    assert long["text"] == f"Trích.\n\nGồm:\n• {TOPIC.label}"


def test_what_introduces_the_choices_stands_right_above_short_buttons(texts: Texts) -> None:
    (message,) = fit(reply("Trích.", "Hết.", buttons=BUTTONS, lead=Markup("Gồm:")), WITH, texts)
    assert message["text"] == "Trích.\n\nHết.\n\nGồm:"


def test_a_numbered_menu_says_everything(texts: Texts) -> None:
    (message,) = fit(reply("Trích.", buttons=(TOPIC,)), WITHOUT, texts)
    assert f"1. {TOPIC.full}" in message["text"]


def test_without_buttons_the_choices_are_numbered_lines_before_the_closing(texts: Texts) -> None:
    """A label is no marked text."""
    (message,) = fit(reply("Chọn:", "Hết.", buttons=BUTTONS), WITHOUT, texts)
    lines = "1. Xem cả Điều 4\n2. Đúng &amp; đủ &lt;ý&gt;"
    assert message == {"text": f"Chọn:\n\n{lines}\n{texts('menu.hint')}\n\nHết."}


def test_the_buttons_stand_under_the_last_part_of_a_long_reply(texts: Texts) -> None:
    long = reply("Một câu. " * 20, "Hết.", buttons=BUTTONS)
    *parts, last = fit(long, replace(WITH, text_length=50), texts)
    assert parts
    assert all(message.keys() == {"text"} for message in parts)
    assert [label for _, label in last["buttons"]] == [button.label for button in BUTTONS]
    assert last["text"].endswith("Hết.")


def test_no_message_is_longer_than_the_channel_allows(texts: Texts) -> None:
    for abilities in (Abilities(True, 40), Abilities(False, 40)):
        messages = fit(reply("<b>Một câu dài hơn 🙂.</b> " * 20, "Hết.", buttons=BUTTONS), abilities, texts)
        assert max(length(plain(message["text"])) for message in messages) <= 40


def test_the_first_part_points_at_what_it_answers(texts: Texts) -> None:
    first, *others = fit(reply("Một câu. " * 20), replace(WITH, text_length=50), texts, answers="t5")
    assert first["answers"] == "t5"
    assert others
    assert all("answers" not in message for message in others)


def test_a_link_is_written_out_where_there_are_none(texts: Texts) -> None:
    source = Reply(Markup("Nguồn: {}").format(link("https://vidu.vn/bai-1", "vidu.vn")))
    assert fit(source, WITH, texts) == [{"text": "Nguồn: https://vidu.vn/bai-1"}]
    assert fit(source, replace(WITH, links=True), texts) == [{"text": str(source.text)}]


# Files


def test_a_file_carries_a_short_text(texts: Texts) -> None:
    assert fit(reply("<b>Ảnh</b> một", files=FILES[:1]), CAPTIONS, texts) == [
        {"text": "<b>Ảnh</b> một", "file": STORED[0]}
    ]


def test_a_text_that_is_too_long_for_a_file_comes_after_it(texts: Texts) -> None:
    text = "🙂" * 11
    assert fit(reply(text, files=FILES[:1], buttons=BUTTONS), CAPTIONS, texts, "t5") == [
        {"text": "", "file": STORED[0], "answers": "t5"},
        {"text": text, "buttons": [(0, "Xem cả Điều 4"), (1, "Đúng & đủ <ý>")]},
    ]


def test_several_files_have_a_message_each(texts: Texts) -> None:
    """So that none is sent twice for the sake of another."""
    assert fit(reply("Hai tệp", files=FILES), CAPTIONS, texts) == [
        {"text": "", "file": STORED[0]},
        {"text": "", "file": STORED[1]},
        {"text": "Hai tệp"},
    ]


def test_files_may_come_without_a_text(texts: Texts) -> None:
    assert fit(reply("", files=FILES), CAPTIONS, texts) == [
        {"text": "", "file": STORED[0]},
        {"text": "", "file": STORED[1]},
    ]
    (last,) = fit(reply("", files=FILES[:1], buttons=BUTTONS), CAPTIONS, texts)
    assert (last["file"], len(last["buttons"])) == (STORED[0], len(BUTTONS))


def test_a_channel_without_files_says_so(texts: Texts) -> None:
    assert fit(reply("Ảnh", files=FILES), WITH, texts) == [{"text": f"Ảnh\n\n{texts('media.not_here')}"}]


# Where messages are counted


def test_words_before_a_reply_are_said_in_its_message() -> None:
    words = reply("Một", "hết một"), reply("Hai", "hết hai", lead=Markup("Chọn:"), buttons=BUTTONS)
    (one,) = joined(words)
    assert (one.text, one.closing, one.buttons) == ("Một\n\nhết một\n\nHai", "hết hai", BUTTONS)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"buttons": BUTTONS}, {}),
        ({"files": FILES}, {}),
        ({"concern": {"job": "vidu"}}, {}),
        ({"urgency": 2}, {}),
        ({}, {"to": Address("vidu", "1", "chat", "ai")}),
    ],
)
def test_what_is_for_another_or_has_choices_of_its_own_stays_apart(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    replies = [reply("Một", **first), reply("Hai", **second)]
    assert joined(replies) == replies
    assert joined([]) == []


# Letters, and what other programs read


LETTERS = Abilities(buttons=False, text_length=4096, hears=False, letters=True)
PROGRAMS = Abilities(buttons=False, text_length=4096, hears=False, facts=True)


def test_where_nobody_answers_no_choices_are_offered(texts: Texts) -> None:
    told = reply("Có báo cáo.", "Hết.", buttons=BUTTONS, lead=Markup("Gồm:"))
    assert fit(told, LETTERS, texts) == [{"text": "Có báo cáo.\n\nHết.", "subject": "", "files": []}]
    assert fit(told, PROGRAMS, texts) == [{"text": "Có báo cáo.\n\nHết.", "facts": {"subject": ""}}]


def test_a_letter_is_one_message_with_all_files_and_a_program_gets_the_facts(texts: Texts) -> None:
    told = reply("Có báo cáo.", files=FILES, subject="BC-7", facts={"number": 7})
    assert fit(told, LETTERS, texts) == [{"text": "Có báo cáo.", "subject": "BC-7", "files": STORED}]
    (message,) = fit(told, PROGRAMS, texts)
    assert message["facts"] == {"subject": "BC-7", "number": 7}
    assert "facts" not in fit(told, WITH, texts)[0]


def test_what_a_repeat_begins_with_finds_room_in_each_part(texts: Texts) -> None:
    again = Markup("<b>Gửi lại</b>")
    messages = fit(reply("Một câu dài hơn. " * 20, again=again), replace(WITH, text_length=50), texts)
    assert len(messages) > 5
    for message in messages:
        assert message["again"] == str(again)
        assert length(plain(f"{again}\n\n{message['text']}")) <= 50
