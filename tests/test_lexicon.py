"""How staff write, and what it is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexicon import Lexicon
from knowledge.schema import LexiconEntry
from knowledge.search import Search


@pytest.fixture(scope="module")
def lexicon(search: Search) -> Lexicon:
    return search.ranker.lexicon


@pytest.fixture
def small() -> Lexicon:
    return Lexicon(
        LexiconEntry(
            stop=("anh em có không",),
            showing=("nói gì",),
            attitudes={"permission": ("được không",)},
            abbreviations={"tk": "tài khoản", "phê búc": "facebook", "đc": "được"},
            concepts={"sell": ("bán", "rao bán"), "photo": ("ảnh",)},
        )
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tk fb", "tai khoan facebook"),
        ("phê búc", "facebook"),
        ("phe buc", "facebook"),
        ("hok đc", "khong duoc"),
        ("mxh cq", "mang xa hoi co quan"),
        ("share stt", "chia se bai dang"),
    ],
)
def test_abbreviations_are_written_out(lexicon: Lexicon, typed: str, meant: str) -> None:
    assert " ".join(lexicon.read(typed).folded) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("khoarn", "khoan"),
        ("tafi khoarn", "tai khoan"),
        ("khoong", "khong"),
        ("taikhoan", "tai khoan"),
        ("facebooc", "facebook"),
        ("afcebook", "facebook"),
        ("oogle", "google"),
        ("ivber", "viber"),
        ("facebbook", "facebook"),
        ("facebooka", "facebook"),
    ],
)
def test_what_is_no_syllable_is_mended(lexicon: Lexicon, typed: str, meant: str) -> None:
    assert " ".join(lexicon.read(typed, mend=True).folded) == meant


def test_a_vietnamese_word_is_never_mended_into_another(lexicon: Lexicon) -> None:
    for word in ("thoi tiet", "phở", "nghiêng ngả", "khuya", "quýt"):
        folded = lexicon.read(word).folded
        assert lexicon.read(word, mend=True).folded == folded


@pytest.mark.parametrize("token", ["aeiou" * 200, "facebook" * 125, "s" * 1000])
def test_a_token_as_long_as_a_question_is_left_as_it_is(lexicon: Lexicon, token: str) -> None:
    assert lexicon.read(token, mend=True).folded == (token,)


def test_only_questions_are_mended(lexicon: Lexicon) -> None:
    assert lexicon.read("khoarn").folded == ("khoarn",)


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("nick bị hack rồi", "lost"),
        ("nick bi hack roi", "lost"),
        ("có người giả mạo sếp", "impersonated"),
        ("hong bien co quan", "unverified"),
        ("bóc phốt đồng nghiệp", "insult"),
    ],
)
def test_concepts_are_found_with_and_without_accents(lexicon: Lexicon, text: str, concept: str) -> None:
    assert concept in lexicon.read(text).concepts


def test_a_single_syllable_without_accents_must_be_clear(small: Lexicon) -> None:
    small.learn(["bán", "bạn bạn bạn bạn"])
    assert "sell" in small.read("bán hàng").concepts
    assert "sell" not in small.read("ban hang").concepts
    assert "sell" in small.read("rao ban").concepts


def test_hook_and_tilde_count_as_one(lexicon: Lexicon) -> None:
    assert "insult" in lexicon.read("chữi nhau").concepts


def test_stop_words_are_told_by_their_accents(small: Lexicon) -> None:
    small.learn(["ảnh ảnh ảnh"])
    assert small.read("anh có ảnh").content() == ["anh"]
    assert small.read("anh").content() == ["anh"], "without accents anh is more often ảnh here"
    assert small.read("co").content() == []


def test_attitudes_and_showing_are_told(small: Lexicon) -> None:
    assert small.read("bán đc không").attitudes == {"permission"}
    assert small.only_shows(small.read("nói gì"))
    assert not small.only_shows(small.read("bán gì"))


@given(st.text(max_size=120))
def test_any_text_is_read(text: str) -> None:
    entry = LexiconEntry(
        stop=("a",), showing=(), attitudes={}, abbreviations={"tk": "tài khoản"}, concepts={"x": ("b",)}
    )
    reading = Lexicon(entry).read(text, mend=True)
    assert len(reading.syllables) == len(reading.folded) == len(reading.stop)
