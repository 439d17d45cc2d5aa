from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from bot.channels.markup import length, plain, runs, seen, spelled_out, split_text
from handlers.texts import TAGS, link
from tests.waiting import least_work

# Words, white space of every kind, and what stands between sentences.
SPACES = [" ", "  ", "\n", "\n\n", "\t", "\u00a0", ". ", "? ", "… "]
PIECES = [*SPACES, "a", "là", "nghiêng", "x" * 25, "🙂", "<b>", "&", "&lt;"]
TEXT = st.lists(st.sampled_from(PIECES)).map("".join).map(escape)


def marked(depth: int = 0) -> st.SearchStrategy[Markup]:
    """Text as the catalogue makes it: tags inside each other, every one of them closed."""
    if depth == 3:
        return TEXT
    inside = st.deferred(lambda: marked(depth + 1))
    tagged = st.builds(lambda tag, text: Markup(f"<{tag}>{text}</{tag}>"), st.sampled_from(TAGS), inside)
    return st.lists(st.one_of(TEXT, tagged), max_size=4).map(lambda parts: Markup("").join(parts))


TAG = re.compile(rf"<(/?)({'|'.join(TAGS)})>")


def balanced(text: str) -> bool:
    opened: list[str] = []
    for closing, tag in TAG.findall(text):
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            return False
    return not opened


def well_formed(text: str) -> bool:
    """What a strict reader takes: known tags in their order, and no other sign of theirs."""
    rest = re.sub(r"&(?:lt|gt|amp|#34|#39);", "", TAG.sub("", text))
    return balanced(text) and not re.search("[<>&]", rest)


def tags_of_letters(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each character that is no white space, with the tags that it stands in."""
    found: list[tuple[str, tuple[str, ...]]] = []
    opened: list[str] = []
    for match in re.finditer(rf"{TAG.pattern}|&(?:\w+|#\d+);|.", text, re.DOTALL):
        closing, tag = match.groups()
        if tag:
            opened.pop() if closing else opened.append(tag)
        elif plain(match.group()).strip():
            found.append((plain(match.group()), tuple(opened)))
    return found


# Plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        ("<b>Điều 4</b>, <code>a</code>", "Điều 4, a"),
        ("1 &lt; 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("&lt;b&gt;", "<b>"),
        ("&amp;lt;", "&lt;"),
        ("&#34;&#39;", "\"'"),
        ("<u>a</u>", "<u>a</u>"),
    ],
)
def test_marked_text_is_read_without_its_tags(text: str, read: str) -> None:
    assert plain(text) == read


@given(st.text())
def test_what_was_escaped_is_read_as_it_was_written(text: str) -> None:
    assert plain(escape(text)) == text


# Length


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_length_is_counted_in_units_of_utf_16(text: str) -> None:
    assert length(text) == len(text.encode("utf-16-le")) // 2


# Splitting


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, [""]),
        (" " * 20, 10, [""]),
        ("<b>" + " " * 20 + "</b>", 10, [""]),
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
        ("🙂" * 5, 4, ["🙂🙂", "🙂🙂", "🙂"]),
        ("<b>một hai</b> ba", 7, ["<b>một hai</b>", "ba"]),
        ("<b>một hai ba</b> bốn", 7, ["<b>một hai</b>", "<b>ba</b> bốn"]),
        ("<b>một <i>hai ba</i></b> bốn", 8, ["<b>một <i>hai</i></b>", "<b><i>ba</i></b> bốn"]),
        ("1 &lt; 2 và 3 &gt; 2", 8, ["1 &lt; 2 và", "3 &gt; 2"]),
        ("&amp;" * 5, 2, ["&amp;&amp;", "&amp;&amp;", "&amp;"]),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert split_text("<b>" + "a" * 5 + "</b> &amp;", 7) == ["<b>aaaaa</b> &amp;"]


@example(Markup("<b>" + " " * 30 + "</b>"), 5)
@example(Markup("a<b> </b><i>" + "b" * 30 + "</i>"), 5)
@settings(deadline=None, max_examples=300)
@given(marked(), st.integers(2, 40))
def test_parts_are_well_formed_short_enough_and_lose_nothing_but_white_space(text: Markup, limit: int) -> None:
    parts = split_text(text, limit)
    assert parts
    assert all(well_formed(part) for part in parts)
    assert all(length(plain(part)) <= limit for part in parts)
    assert "".join("".join(map(plain, parts)).split()) == "".join(plain(text).split())
    assert plain("".join(parts)) == "".join(map(plain, parts))
    # Every letter stands in the tags in which it stood.
    assert [letter for part in parts for letter in tags_of_letters(part)] == tags_of_letters(text)


@settings(deadline=None)
@given(st.text(max_size=200).map(escape), st.integers(2, 40))
def test_any_text_at_all_can_be_split(text: Markup, limit: int) -> None:
    parts = split_text(text, limit)
    assert all(well_formed(part) and length(plain(part)) <= limit for part in parts)
    assert "".join("".join(map(plain, parts)).split()) == "".join(plain(text).split())


@settings(deadline=None)
@given(marked(), st.integers(5, 40))
def test_words_that_fit_easily_stay_whole(text: Markup, limit: int) -> None:
    short = Counter(word for word in plain(text).split() if length(word) <= limit // 2)
    kept = Counter(word for part in split_text(text, limit) for word in plain(part).split())
    assert not short - kept


@example(Markup("aaaaaaaaaa "), 10)
@example(Markup(" " * 11 + "a"), 10)
@settings(deadline=None)
@given(marked().filter(lambda text: bool(plain(text).strip())), st.integers(5, 40))
def test_no_part_is_empty(text: Markup, limit: int) -> None:
    """A messenger refuses an empty message, and the buttons would stand under it."""
    assert all(plain(part).strip() for part in split_text(text, limit))


@pytest.mark.alone
def test_a_long_text_is_cut_as_fast_as_short_ones() -> None:
    short = Markup("<b>một</b> hai &amp; ") * 1_000
    parts = split_text(short * 20, 4096)
    assert 40 < len(parts) < 60
    assert all(well_formed(part) for part in parts)
    long = least_work(lambda: split_text(short * 20, 4096))
    assert long < 5 * least_work(lambda: [split_text(short, 4096) for _ in range(20)])


# Links

LINKED = Markup("Nguồn: {}.").format(link('https://vidu.vn/bài?a=1&b="2"', "vidu.vn"))


def test_a_link_is_seen_by_its_name_and_spelled_out_as_its_address() -> None:
    assert seen(LINKED) == "Nguồn: vidu.vn."
    assert plain(LINKED) == 'Nguồn: https://vidu.vn/bài?a=1&b="2".'
    assert plain(spelled_out(f"<b>{LINKED}</b>")) == plain(LINKED)
    assert "<a" not in spelled_out(LINKED)
    assert "<b>" in spelled_out(f"<b>{LINKED}</b>")


def test_a_text_is_measured_by_what_is_seen_of_its_links() -> None:
    assert split_text(LINKED, len("Nguồn: vidu.vn.")) == [LINKED]


def test_a_link_that_is_cut_leads_to_the_same_place_in_both_parts() -> None:
    cut = Markup("<b>{}</b>").format(link("https://vidu.vn/1", "một hai ba"))
    assert split_text(cut, 6) == [
        '<b><a href="https://vidu.vn/1">một</a></b>',
        '<b><a href="https://vidu.vn/1">hai ba</a></b>',
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "tg://user?id=1", "vidu.vn", "<b>"])
def test_only_addresses_of_the_web_are_linked_to(address: str) -> None:
    assert link(address, "x") == escape(address)


def test_a_nameless_link_shows_its_address() -> None:
    assert seen(link("https:///x", "")) == "https:///x"


def test_the_stretches_that_have_a_tag() -> None:
    text, found = runs("🙂 <b>đậm <i>và</i></b> &lt;<i>nghiêng</i><i> nữa</i>")
    assert text == "🙂 đậm và <nghiêng nữa"
    assert found == [(3, 4, {"b"}), (7, 2, {"b", "i"}), (11, 11, {"i"})]


@given(marked())
def test_stretches_are_apart_and_the_text_is_what_is_seen(written: Markup) -> None:
    text, found = runs(written)
    assert text == seen(written)
    place = 0
    for start, size, tags in found:
        assert start >= place and size > 0 and tags
        place = start + size
    assert place <= length(text)
