"""Vietnamese text: normal form, folding, syllables, bigrams, words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import (
    bigrams,
    fold,
    folded_syllables,
    has_diacritics,
    normalize,
    syllables,
    with_bigrams,
    words,
)

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=200)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Điều 4", "dieu 4"),
        ("ĐẮK NÔNG", "dak nong"),
        ("mạng xã hội", "mang xa hoi"),
        ("khong dau", "khong dau"),
        ("ở ý", "o y"),
        ("", ""),
    ],
)
def test_fold_takes_diacritics_and_case_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY_TEXT)
def test_fold_is_the_same_twice_and_for_decomposed_text(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(ANY_TEXT | st.text("ăâđêôơưĐạảẵ ßøΩйд日\u0307\u0328"))
def test_fold_takes_every_mark_away(text: str) -> None:
    folded = fold(text)
    assert "đ" not in folded
    assert not any(map(unicodedata.combining, folded))


def test_fold_keeps_the_letters_of_other_scripts() -> None:
    assert fold("Ørsted, Ёлка và 日本") == "ørsted, елка va 日本"


def test_decomposed_text_gives_the_same_syllables() -> None:
    text = "Cán bộ, công chức ở xã"
    assert syllables(unicodedata.normalize("NFD", text)) == syllables(text)


def test_both_placements_of_a_tone_mark_are_one_syllable() -> None:
    assert syllables("hòa thủy") == syllables("hoà thuỷ")


def test_single_letters_are_syllables_and_punctuation_is_not() -> None:
    assert folded_syllables("ở, ý_kiến; 👍 a!") == ["o", "y", "kien", "a"]


def test_bigrams_join_neighbours() -> None:
    assert bigrams(["mạng", "xã", "hội"]) == ["mạng_xã", "xã_hội"]
    assert with_bigrams(["mạng"]) == ["mạng"]
    assert with_bigrams([]) == []


@pytest.mark.parametrize(("text", "expected"), [("có dấu", True), ("khong dau", False), ("đ", True), ("日本", False)])
def test_diacritics_are_noticed(text: str, expected: bool) -> None:
    assert has_diacritics(text) is expected


@given(ANY_TEXT)
def test_normalize_gives_composed_text_that_can_be_stored(text: str) -> None:
    normal = normalize(text)
    normal.encode("utf-8")
    assert normal == unicodedata.normalize("NFC", normal)
    assert not any(unicodedata.category(char)[0] == "C" and char != "\n" for char in normal)
    assert normalize(normal) == normal


def test_normalize_keeps_lines_and_drops_what_cannot_be_seen() -> None:
    assert normalize("  mạng\u200b xã\x00hội\t\tviệt\nnam ") == "mạng xã hội việt\nnam"


def test_words_are_joined_syllables() -> None:
    found = words("Sử dụng mạng xã hội.")
    assert "_".join(syllables("sử dụng")) in found
    assert "_".join(syllables("xã hội")) in found
    assert words("… ?!") == []
