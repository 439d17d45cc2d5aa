"""What is stored as JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.stored_json import from_json, to_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(PLAIN)
def test_what_is_written_is_read_again(data: Any) -> None:
    assert from_json(to_json(data)) == data


def test_it_is_written_without_blanks_and_with_its_accents() -> None:
    assert to_json({"tên": ["Sở Ví Dụ", 1.5], "7": None}) == '{"tên":["Sở Ví Dụ",1.5],"7":null}'


def test_numbers_as_keys_become_text() -> None:
    assert to_json({7: "bảy"}) == '{"7":"bảy"}'


@pytest.mark.parametrize("data", [2**64, "\ud83d", object()], ids=["too large", "half a pair", "an object"])
def test_what_json_cannot_hold_is_refused(data: object) -> None:
    with pytest.raises(TypeError):
        to_json(data)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError):
        from_json("{")
