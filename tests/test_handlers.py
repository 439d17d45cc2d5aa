"""Menus, masking, texts and the office's file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.conversation import Button
from handlers.errors import OfficeError, TextError
from handlers.masking import mask
from handlers.menu import choose, numbered
from handlers.office import Office, load_office
from handlers.texts import load_texts

BUTTONS = [Button("Xem cả Điều 4", "a"), Button("Báo mất, giả mạo tài khoản", "b"), Button("Đúng ý tôi", "c")]


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("1", 0),
        (" 2. ", 1),
        ("số 3", 2),
        ("so 3", 2),
        ("chọn 1", 0),
        ("Xem cả Điều 4", 0),
        ("xem ca dieu 4", 0),
        ("ĐÚNG Ý TÔI!", 2),
        ("dyt", 2),
        ("đ y t", 2),
        ("4", None),
        ("0", None),
        ("d", None),
        ("đúng rồi", None),
        ("", None),
        ("bị hack", None),
    ],
)
def test_a_choice_is_understood_in_the_ways_people_type_it(typed: str, place: int | None) -> None:
    assert choose(typed, BUTTONS) == (None if place is None else BUTTONS[place])


@pytest.mark.parametrize(("typed", "number"), [("7", 7), ("số 12", 12), ("điều 4", None), ("123", None), ("1 2", None)])
def test_only_a_number_alone_is_one(typed: str, number: int | None) -> None:
    assert numbered(typed) == number


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mật khẩu là hunter2", "hunter2"),
        ("mk: abc123!", "abc123!"),
        ("mã OTP là 482913", "482913"),
        ("cccd 012345678901", "012345678901"),
        ("gọi 0912.345.678 giúp", "345"),
        ("tk 1903 4567 8901 23", "4567"),
        ("thư a.b@vidu.example nhé", "a.b@vidu.example"),
        ("xem https://vidu.example/x?y=1 đi", "vidu.example"),
        ("mật khẩu là: Abc123", "Abc123"),
        ("mật khẩu của tôi: xyz", "xyz"),
        ("mật khẩu fb của tôi là hoa123", "hoa123"),
        ("mật khẩu Abc123 bị lộ", "Abc123"),
        ("mã pin 1234 có sao không", "1234"),
        ("matkhau: abc", "abc"),
        ("gọi 0912345678/0987654321", "0987654321"),
        ("số 0912,345,678", "345"),
        ("trang facebook.com/vidu.a", "vidu.a"),
        ("nick @vidu_a nhắn", "vidu_a"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize("text", ["điều 4 khoản 3", "quyết định 874", "nghị định 15/2020", "05/3/2026", "mất mật khẩu"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=100))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_an_office_replaces_single_texts(tmp_path: Path) -> None:
    (tmp_path / "texts.toml").write_text('[talk]\nthanks = "Không có chi."\n', encoding="utf-8")
    texts = load_texts(tmp_path)
    assert texts("talk.thanks", contact="") == "Không có chi."
    assert texts("talk.goodbye", contact="") == load_texts()("talk.goodbye", contact="")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[talk]\nhallo = "x"\n', "unknown_text"),
        ('[answer]\nquote = "{text}"\n', "unknown_placeholder"),
        ('[answer]\nquote = "{quote:>99999999}"\n', "unknown_placeholder"),
        ('[answer]\nquote = "{quote.__class__}"\n', "unknown_placeholder"),
        ('[talk]\nthanks = " "\n', "empty_text"),
        ('[answer]\nquote = "{quote"\n', "answer.quote"),
        ("[talk]\nthanks = 3\n", "string_type"),
        ('thanks = "x"\n', "not_section"),
        ("[talk\n", "texts.toml"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "texts.toml").write_text(content, encoding="utf-8")
    with pytest.raises(TextError, match=reason):
        load_texts(tmp_path)


def test_a_text_that_is_asked_for_wrongly_is_an_error() -> None:
    texts = load_texts()
    with pytest.raises(TextError):
        texts("no.such")
    with pytest.raises(TextError):
        texts("answer.quote")


def test_an_office_without_a_file_said_nothing(tmp_path: Path) -> None:
    assert load_office(None) == load_office(tmp_path) == Office()


def test_an_office_is_read(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(
        'name = " Sở Ví Dụ "\nphone = "0000"\ndocuments = ["qd-874-2021"]\nprovince = "Mẫu"\n', encoding="utf-8"
    )
    office = load_office(tmp_path)
    assert (office.name, office.phone, office.documents, office.province) == (
        "Sở Ví Dụ",
        "0000",
        ("qd-874-2021",),
        "Mẫu",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("nmae = 'x'\n", "nmae"),
        ("name = 3\n", "name"),
        ("name\n", "office.toml"),
        ("report_prefix = '1'\n", "report_prefix"),
    ],
)
def test_a_wrong_office_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "office.toml").write_text(content, encoding="utf-8")
    with pytest.raises(OfficeError, match=reason):
        load_office(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OfficeError, match="no_such_folder"):
        load_office(tmp_path / "none")
