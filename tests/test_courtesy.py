"""What is left of a message without its greetings and thanks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.courtesy import without_courtesy
from knowledge.text import normalize


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("dạ em chào anh chị ạ", ""),
        ("cam on em nhieu nha!", ""),
        ("Em chào anh, cho em hỏi đăng ảnh họp được không ạ, em cảm ơn anh ạ", "đăng ảnh họp được không ạ"),
        ("em muon hoi la dang anh hop dc ko", "dang anh hop dc ko"),
        ("xin chào a/c, nick bị hack báo ai", "nick bị hack báo ai"),
        ("muốn đăng bài phải hỏi ai", "muốn đăng bài phải hỏi ai"),
        ("muốn hỏi ai thì gọi số nào", "muốn hỏi ai thì gọi số nào"),
        ("chụp hình buổi chào cờ đăng story", "chụp hình buổi chào cờ đăng story"),
        ("soạn giả thư cảm ơn của dân", "soạn giả thư cảm ơn của dân"),
    ],
)
def test_what_is_left(said: str, left: str) -> None:
    assert without_courtesy(said) == left


@given(st.text(max_size=60))
def test_nothing_is_added(said: str) -> None:
    said = normalize(said)
    assert len(without_courtesy(said)) <= max(len(said), len(said.casefold()))
