"""Where a message that asks several things at once is parted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.ask.several import parts
from handlers.context import Context
from knowledge.finding import Outcome
from knowledge.search import Search
from knowledge.text import fold, folded_syllables
from storage.people import Address
from tests.conftest import TODAY
from tests.conversations import Conversation, whole
from tests.test_report_reading import QUESTIONS

pytestmark = pytest.mark.every_channel

PHOTO, RUMOUR = "đăng ảnh đồng nghiệp được không", "chia sẻ tin chưa kiểm chứng có sao không"


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(
    "message",
    [
        "{0}? {1}?",
        "{0}\n{1}",
        "{0}; {1}",
        "{0} và {1}",
        "{0} ạ, và {1} vậy",
        "{0}, còn {1}",
        "{0}, thế còn {1}",
        "{0} với lại {1}",
        "{0}. Ngoài ra {1}",
        "1) {0} 2) {1}",
        "1. {0}\n2. {1}",
        "câu 1: {0} câu 2: {1}",
    ],
)
def test_two_questions_are_two(message: str, plain: bool) -> None:
    said = message.format(PHOTO, RUMOUR)
    found = [" ".join(folded_syllables(part)) for part in parts(fold(said) if plain else said)]
    assert len(found) == 2
    assert found[0].startswith(fold(PHOTO))
    assert found[1].startswith(fold(RUMOUR))


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(
    "said",
    [
        "đăng ảnh và video cuộc họp được không",
        "cán bộ và công chức được đăng gì",
        "Điều 7 quy định cho những ai và gồm những nội dung nào",
        "874 hết hạn chưa ad, còn xài được không",
        "quảng bá văn hóa, con người Việt Nam có được khuyến khích không",
        "bài viết tố cán bộ nhận tiền của dân phải báo ai",
        "1. điều 4 nói gì",
        "mục 1. b nói gì",
        "em đi họp và thấy bài nói xấu cơ quan thì làm gì",
        "được không và vì sao không",
    ],
)
def test_a_question_with_such_words_in_it_is_one(said: str, plain: bool) -> None:
    assert len(parts(fold(said) if plain else said)) == 1


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
def test_no_question_that_staff_ask_is_answered_in_two_for_such_words(search: Search, plain: bool) -> None:
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        asked = fold(text) if plain else text
        if len(parted := parts(asked)) < 2 or "?" in asked.rstrip("? ") or "\n" in asked:
            continue
        found = [search.answer(part, today=TODAY) for part in parted]
        assert len({one.citations[0].provision.id for one in found if one.outcome is Outcome.ANSWERED}) < 2, asked


@given(st.text(max_size=80))
def test_nothing_is_added(said: str) -> None:
    assert sum(map(len, parts(said))) <= len(said)


def test_both_are_answered(context: Context) -> None:
    an = Conversation(context, Address("vidu", "bot-1", "chat-an", "an"))
    (reply,) = an.say("đặt biệt danh trên facebook được không, còn share bài chưa kiểm chứng có sao không")
    assert "Khoản 4 Điều 4" in whole(reply)
    assert "Khoản 2 Điều 4" in whole(reply)
