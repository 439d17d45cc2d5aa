"""Menus, masking, texts and the office's file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.channels.markup import plain
from handlers import router
from handlers.context import Context
from handlers.conversation import Attachment, Button, Outcome, Reply
from handlers.errors import OfficeError, TextError
from handlers.masking import mask
from handlers.menu import choose, numbered
from handlers.office import Office, load_office
from handlers.texts import CATALOGUE, TAGS, Texts, load_texts

LABELS = ["Xem cả Điều 4", "Báo mất, giả mạo tài khoản", "Đúng ý tôi"]


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
    assert choose(typed, LABELS) == place


def test_of_two_choices_that_read_alike_the_first_is_meant() -> None:
    assert choose("điều 4", ["Điều 4", "DIEU 4"]) == 0
    assert choose("xc", ["Xem cả", "Xin chào"]) == 0


def test_what_stands_behind_the_words_of_a_choice_need_not_be_typed() -> None:
    labels = ["Chờ xác nhận (3)", "Đúng: Trần Văn Mẫu", "Báo cáo (1)", "Báo cáo (2)", "Sổ theo dõi (Excel)"]
    typed = ("cho xac nhan", "đúng", "bao cao", "chờ xác nhận 3", "so theo doi")
    assert [choose(one, labels) for one in typed] == [0, 1, None, 0, 4]


def test_the_first_words_of_a_choice_are_enough_where_only_one_begins_so() -> None:
    labels = ["Đã xác minh với chủ tài khoản", "Đã xử lý xong", "Đã xử lý một phần"]
    assert [choose(one, labels) for one in ("da xac minh", "đã xử lý", "đã xử lý xong rồi", "đã")] == [
        0,
        None,
        None,
        None,
    ]


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
        ('[talk]\nthanks = "<b>Cảm ơn"\n', "bad_tag <b>"),
        ('[talk]\nthanks = "Cảm ơn</b>"\n', "bad_tag </b>"),
        ('[talk]\nthanks = "<b><i>Cảm ơn</b></i>"\n', "bad_tag </b>"),
        ('[talk]\nthanks = "<u>Cảm ơn</u>"\n', "bad_tag <u>"),
        ("[talk]\nthanks = \"<a href='x'>Cảm ơn</a>\"\n", "bad_tag <a href"),
        ('[talk]\nthanks = "<B>Cảm ơn</B>"\n', "bad_tag <B>"),
        ('[talk]\nthanks = "1 < 2"\n', "bad_tag < 2"),
        ('[talk]\nthanks = "<b >Cảm ơn</b>"\n', "bad_tag <b >"),
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


# Marked texts


def made(text: str) -> Texts:
    return Texts({"a.b": text})


@pytest.mark.parametrize(
    "value", ["<b>x</b>", "&", "a & b < c > d", "\"'", "&lt;b&gt;", "&amp;", "{x}", "<", "</code>"]
)
def test_a_value_is_escaped_and_reads_as_it_was_written(value: str) -> None:
    text = made("<b>{value}</b>: {value}").rich("a.b", value=value)
    assert plain(text) == f"{value}: {value}"
    assert re.findall(r"<[^>]*>", text) == ["<b>", "</b>"]


def test_a_marked_value_keeps_its_marks() -> None:
    text = made("{who} và {what}").rich("a.b", who=Markup("<i>A &amp; B</i>"), what="<i>")
    assert text == "<i>A &amp; B</i> và &lt;i&gt;"


@pytest.mark.parametrize(
    ("written", "marked"),
    [
        ("A & B", "A &amp; B"),
        ("A &amp; B", "A &amp; B"),
        ("&lt;b&gt; &#39;", "&lt;b&gt; &#39;"),
        ("R&D; x", "R&amp;D; x"),
        ("&nbsp;", "&amp;nbsp;"),
        ("&&", "&amp;&amp;"),
        ("{{a & b}}", "{a &amp; b}"),
    ],
)
def test_an_ampersand_in_the_catalogue_is_only_a_letter(written: str, marked: str) -> None:
    assert made(written).rich("a.b") == marked


def test_the_same_text_is_plain_where_no_person_converses() -> None:
    assert made("A & {value}")("a.b", value="<b>") == "A & <b>"


def test_a_marked_text_that_is_asked_for_wrongly_is_an_error() -> None:
    for wrong in ({}, {"khác": 1}):
        with pytest.raises(TextError):
            made("{value}").rich("a.b", **wrong)
    with pytest.raises(TextError):
        made("{value}").rich("a.c")


CATALOGUE_TEXTS = load_texts()
WITH_PLACES = [
    (name, fields)
    for name in CATALOGUE_TEXTS.names
    if (fields := sorted({f for _, f, form, _ in Formatter().parse(CATALOGUE_TEXTS._texts[name]) if f and not form}))
    and not re.search(r"\{\w+[:!]", CATALOGUE_TEXTS._texts[name])
]


@pytest.mark.parametrize(("name", "fields"), WITH_PLACES, ids=[name for name, _ in WITH_PLACES])
def test_every_place_of_the_catalogue_escapes(name: str, fields: list[str]) -> None:
    values = {field: f"<b>{field}</b> & </code> &lt;" for field in fields}
    text = CATALOGUE_TEXTS.rich(name, **values)
    empty = CATALOGUE_TEXTS.rich(name, **dict.fromkeys(fields, ""))
    assert re.findall(r"<[^>]*>", text) == re.findall(r"<[^>]*>", empty)
    for value in values.values():
        assert value in plain(text)


TAG_OF_A_VALUE = re.compile(rf"</?(?:{'|'.join(TAGS)})>")


@given(st.sampled_from(WITH_PLACES), st.data())
def test_no_value_can_set_a_tag(text: tuple[str, list[str]], data: st.DataObject) -> None:
    name, fields = text
    piece = st.sampled_from(["<b>", "</b>", "<code>", "&lt;", "&", ";", "<", ">", "{", "}", "x", "amp;", '"', "'"])
    written = st.one_of(st.text(max_size=20), st.lists(piece, max_size=8).map("".join))
    values = {field: data.draw(written) for field in fields}
    rich = CATALOGUE_TEXTS.rich(name, **values)
    empty = CATALOGUE_TEXTS.rich(name, **dict.fromkeys(fields, ""))
    assert TAG_OF_A_VALUE.findall(rich) == TAG_OF_A_VALUE.findall(empty)
    assert not re.search(r"[<>]", TAG_OF_A_VALUE.sub("", rich))
    assert all(value in plain(rich) for value in values.values())


def test_an_office_may_set_tags_too(tmp_path: Path) -> None:
    (tmp_path / "texts.toml").write_text('[talk]\nthanks = "<b>Cảm ơn</b> A&B."\n', encoding="utf-8")
    assert load_texts(tmp_path).rich("talk.thanks") == "<b>Cảm ơn</b> A&amp;B."


def test_what_is_no_conversation_carries_no_tags() -> None:
    """Commands print these as they are."""
    texts = CATALOGUE_TEXTS._texts
    assert CATALOGUE.exists()
    for name in texts:
        if name.split(".")[0] in ("cli", "problem", "doctor", "button", "command"):
            assert not TAG_OF_A_VALUE.search(texts[name]), name


# Words of a conversation


def test_a_button_is_stored_and_comes_back() -> None:
    button = Button("Đúng", "ask.vote", {"vote": "helpful"}, once="vote")
    assert Button.from_json(button.as_json()) == button
    # As the first version stored them.
    assert Button.from_json({"label": "x", "action": "a.b", "data": {}}) == Button("x", "a.b")


def test_an_attachment_is_plain_data() -> None:
    assert Attachment("photo", "AgAD", "a.png", 7).as_json() == {
        "kind": "photo",
        "ref": "AgAD",
        "name": "a.png",
        "size": 7,
    }


# Ends that jobs are told of


def test_the_job_that_a_concern_names_is_told(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Outcome] = []

    def listen(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        heard.extend(outcomes)
        return [Reply(Markup("Xong."))]

    monkeypatch.setattr(router, "LISTENERS", {"vidu": listen})
    outcome = Outcome({"job": "vidu", "number": 3}, "sent")
    assert router.tell([outcome], context) == [Reply(Markup("Xong."))]
    assert heard == [outcome]


@pytest.mark.parametrize("concern", [{}, {"job": "khac"}, {"job": None}, {"job": ["vidu"]}])
def test_nobody_is_told_of_what_no_job_asked(
    context: Context, monkeypatch: pytest.MonkeyPatch, concern: dict[str, object]
) -> None:
    def listen(outcomes: Sequence[Outcome], context: Context) -> list[Reply]:
        raise AssertionError

    monkeypatch.setattr(router, "LISTENERS", {"vidu": listen})
    assert router.tell([Outcome(concern, "sent")], context) == []


# The office's file


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
        ("[retention]\naudit = 364\n", "retention.audit days 365-3650"),
        ("[retention]\nleft_members = 366\n", "retention.left_members days 0-365"),
        ("[retention]\nevents = 'lâu'\n", "retention.events days 7-90"),
        ("[retention]\nevnts = 30\n", "retention.evnts extra_forbidden"),
    ],
)
def test_a_wrong_office_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "office.toml").write_text(content, encoding="utf-8")
    with pytest.raises(OfficeError, match=reason):
        load_office(tmp_path)


def test_an_office_says_how_long_it_keeps_things(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text("[retention]\nquestions = 90\n", encoding="utf-8")
    keep = load_office(tmp_path).retention
    assert (keep.questions, keep.audit) == (90, 730)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OfficeError, match="no_such_folder"):
        load_office(tmp_path / "none")
