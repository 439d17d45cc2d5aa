from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.base import Abilities, fit, split_text
from handlers.conversation import Button, Reply
from handlers.texts import Texts

BUTTONS = (Button("Xem cả Điều 4", "ask.article"), Button("Đúng ý tôi", "ask.vote"))
WITH = Abilities(buttons=True, text_length=4096)
WITHOUT = Abilities(buttons=False, text_length=4096)

# Words, white space of every kind, and what stands between sentences.
TEXT = st.lists(
    st.sampled_from([" ", "  ", "\n", "\n\n", "\t", "\u00a0", ". ", "? ", "… ", "a", "là", "nghiêng", "x" * 25, "🙂"])
).map("".join)


# A reply on a channel


@pytest.mark.parametrize("abilities", [WITH, WITHOUT])
def test_a_plain_reply_is_one_plain_message(texts: Texts, abilities: Abilities) -> None:
    assert fit(Reply("Chào anh/chị."), abilities, texts) == [{"text": "Chào anh/chị."}]


@pytest.mark.parametrize("abilities", [WITH, WITHOUT])
def test_the_closing_is_a_paragraph_of_its_own(texts: Texts, abilities: Abilities) -> None:
    assert fit(Reply("Chưa thấy.", (), "Hỏi thêm: Văn phòng."), abilities, texts) == [
        {"text": "Chưa thấy.\n\nHỏi thêm: Văn phòng."}
    ]


def test_choices_are_the_labels_of_buttons(texts: Texts) -> None:
    assert fit(Reply("Chọn:", BUTTONS, "Hết."), WITH, texts) == [
        {"text": "Chọn:\n\nHết.", "buttons": ["Xem cả Điều 4", "Đúng ý tôi"]}
    ]


def test_without_buttons_the_choices_are_numbered_lines_before_the_closing(texts: Texts) -> None:
    assert fit(Reply("Chọn:", BUTTONS, "Hết."), WITHOUT, texts) == [
        {"text": f"Chọn:\n\n1. Xem cả Điều 4\n2. Đúng ý tôi\n{texts('menu.hint')}\n\nHết."}
    ]


def test_the_buttons_stand_under_the_last_part_of_a_long_reply(texts: Texts) -> None:
    reply = Reply("Một câu. " * 20, BUTTONS, "Hết.")
    *parts, last = fit(reply, Abilities(buttons=True, text_length=50), texts)
    assert parts
    assert all("buttons" not in message for message in parts)
    assert last["buttons"] == ["Xem cả Điều 4", "Đúng ý tôi"]
    assert last["text"].endswith("Hết.")


def test_no_message_is_longer_than_the_channel_allows(texts: Texts) -> None:
    for abilities in (Abilities(True, 40), Abilities(False, 40)):
        messages = fit(Reply("Một câu dài hơn. " * 20, BUTTONS, "Hết."), abilities, texts)
        assert max(len(message["text"]) for message in messages) <= 40


# Splitting


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, [""]),
        ("vừa đủ mười", 11, ["vừa đủ mười"]),
        ("đoạn một. Tiếp.\n\nđoạn hai", 22, ["đoạn một. Tiếp.", "đoạn hai"]),
        ("dòng một. Tiếp.\ndòng hai", 22, ["dòng một. Tiếp.", "dòng hai"]),
        ("Câu một. Câu hai. Câu ba.", 20, ["Câu một. Câu hai.", "Câu ba."]),
        ("Câu một? Câu hai! Câu ba… Bốn", 26, ["Câu một? Câu hai! Câu ba…", "Bốn"]),
        ("một hai ba bốn", 10, ["một hai ba", "bốn"]),
        ("một hai ba bốn", 9, ["một hai", "ba bốn"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
        ("một xin " + "y" * 20, 10, ["một xin", "y" * 10, "y" * 10]),
        ("một\n\nhai ba bốn năm sáu", 18, ["một\n\nhai ba bốn", "năm sáu"]),
    ],
    ids=[
        "nothing",
        "just fits",
        "paragraphs",
        "lines",
        "sentences",
        "ends of sentences",
        "words",
        "inside a word would be",
        "a word too long",
        "a word too long after a short one",
        "a paragraph that ends too early",
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


@settings(deadline=None)
@given(TEXT, st.integers(1, 40))
def test_every_part_fits_and_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 40))
def test_any_text_at_all_can_be_split(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@settings(deadline=None)
@given(TEXT, st.integers(5, 40))
def test_words_that_fit_easily_stay_whole(text: str, limit: int) -> None:
    short = Counter(word for word in text.split() if len(word) <= limit // 2)
    kept = Counter(word for part in split_text(text, limit) for word in part.split())
    assert not short - kept


@example("aaaaaaaaaa ", 10)
@example(" " * 11 + "a", 10)
@settings(deadline=None)
@given(TEXT.filter(str.strip), st.integers(5, 40))
def test_no_part_is_empty(text: str, limit: int) -> None:
    """A messenger refuses an empty message, and the buttons would stand under it."""
    assert all(part.strip() for part in split_text(text, limit))
