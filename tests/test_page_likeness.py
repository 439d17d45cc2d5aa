"""Whether a reported page is one of the office's own: same, look-alike, extended, mistyped, or another's."""

from __future__ import annotations

import itertools

import pytest
from confusable_homoglyphs import confusables
from hypothesis import given
from hypothesis import strategies as st

from handlers.pages.likeness import Likeness, addresses_in, locate, matches, skeleton
from knowledge.text import fold
from storage.pages import Page
from tests.waiting import least_work

FACEBOOK = Page(1, "facebook", "Sở Ví Dụ tỉnh Mẫu", "https://www.facebook.com/soviduthu", id=1)
WEB = Page(1, "website", "Cổng thông tin Sở Ví Dụ", "https://vidu-mauthu.mau.gov.vn", id=2)
ZALO = Page(2, "zalo", "Phòng Một", "https://zalo.me/0000000001", id=3)
REGISTER = [FACEBOOK, WEB, ZALO]


def kinds(reported: str) -> dict[int, Likeness]:
    return {match.page.id: match.likeness for match in matches(reported, REGISTER)}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("https://www.facebook.com/SoViDuThu/", "facebook/soviduthu"),
        ("HTTPS://WWW.FACEBOOK.COM/SOVIDUTHU", "facebook/soviduthu"),
        ("m.facebook.com/soviduthu?ref=share", "facebook/soviduthu"),
        ("fb.com/soviduthu/posts/123", "facebook/soviduthu"),
        ("https://vi-vn.facebook.com/soviduthu", "facebook/soviduthu"),
        ("facebook.com/profile.php?id=1000001", "facebook/1000001"),
        ("https://www.facebook.com/people/So-Vi-Du/1000001/", "facebook/1000001"),
        ("https://www.facebook.com/pages/So-Vi-Du/1000001", "facebook/1000001"),
        ("https://youtube.com/@soviduthu", "youtube/soviduthu"),
        ("https://www.youtube.com/c/soviduthu/videos", "youtube/soviduthu"),
        ("tiktok.com/@soviduthu", "tiktok/soviduthu"),
        ("https://t.me/s/soviduthu", "telegram/soviduthu"),
        ("oa.zalo.me/123", "zalo/123"),
        ("HTTPS://SOVIDU.MAU.GOV.VN/tin-tuc?id=1", "sovidu.mau.gov.vn"),
        ("http://ten@sovidu.mau.gov.vn:8080/", "sovidu.mau.gov.vn"),
        ("facebook.com/s%E1%BB%9F.vi.du", "facebook/sở.vi.du"),
        ("@soviduthu", "/soviduthu"),
    ],
)
def test_an_address_is_the_same_however_it_is_typed(typed: str, key: str) -> None:
    assert locate(typed).key == key


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        # The page itself.
        ("https://m.facebook.com/soviduthu/?ref=1", {1: Likeness.SAME}),
        ("trang facebook.com/soviduthu bị mất", {1: Likeness.SAME}),
        ("https://vidu-mauthu.mau.gov.vn/lien-he", {2: Likeness.SAME}),
        # Letters of other scripts, digits for letters, signs.
        ("facebook.com/s\u043eviduthu", {1: Likeness.LOOK_ALIKE}),
        ("facebook.com/sov\u0456duthu", {1: Likeness.LOOK_ALIKE}),
        ("facebook.com/s0viduthu", {1: Likeness.LOOK_ALIKE}),
        ("facebook.com/SOV1DUTHU", {1: Likeness.LOOK_ALIKE}),
        ("facebook.com/so.vi.du.thu", {1: Likeness.LOOK_ALIKE}),
        ("facebook.com/\uff53\uff4f\uff56\uff49duthu", {1: Likeness.LOOK_ALIKE}),
        ("tiktok.com/@soviduthu", {1: Likeness.LOOK_ALIKE}),
        ("faceb00k.com/soviduthu", {1: Likeness.LOOK_ALIKE}),
        ("https://vidu-mauthu-mau.gov.vn", {2: Likeness.LOOK_ALIKE}),
        ("http://xn--vid-mauthu-fsh.mau.gov.vn", {2: Likeness.LOOK_ALIKE}),
        # Something added, another ending.
        ("facebook.com/soviduthu.hotro", {1: Likeness.EXTENDED}),
        ("facebook.com/hotrosoviduthu2026", {1: Likeness.EXTENDED}),
        ("https://vidu-mauthu.mau.gov.vn.dichvu.xyz/dang-nhap", {2: Likeness.EXTENDED}),
        ("https://vidu-mauthu.com", {2: Likeness.EXTENDED}),
        # Typing errors.
        ("facebook.com/sovidutuh", {1: Likeness.MISTYPED}),
        ("facebook.com/soviduhu", {1: Likeness.MISTYPED}),
        ("https://vidu-mauthu.mau.gov.vm", {2: Likeness.EXTENDED}),
        ("https://vidu-mathu.mau.gov.vn", {2: Likeness.MISTYPED}),
        # Names.
        ("So Vi Du tinh Mau", {1: Likeness.SAME_NAME}),
        ("fanpage SỞ VÍ DỤ TỈNH MẪU official", {1: Likeness.SAME_NAME}),
        ("S\u1edf V\u00ed D\u1ee5 t\u1ec9nh M\u0430u", {1: Likeness.SAME_NAME}),
        ("Sở Ví Dụ tỉnh Mẫu - hỗ trợ người dân", {1: Likeness.NEAR_NAME}),
        ("Sở Ví Du tinhr Mẫu", {1: Likeness.NEAR_NAME}),
        # Others.
        ("Sở Khác tỉnh Mẫu", {}),
        ("Phòng Hai", {}),
        ("facebook.com/truonghocvidu", {}),
        ("https://baochi.vn/tin/so-vi-du", {}),
        ("zalo.me/0000000002", {}),
        ("", {}),
    ],
)
def test_a_reported_page_is_compared_with_the_register(reported: str, expected: dict[int, Likeness]) -> None:
    assert kinds(reported) == expected


def test_names_that_differ_by_a_number_are_others() -> None:
    pages = [Page(1, "facebook", "Trường Tiểu học Ví Dụ 1", id=1)]
    assert matches("Trường Tiểu học Ví Dụ 2", pages) == []
    assert matches("truong tieu hoc vi du 1", pages)[0].likeness is Likeness.SAME_NAME


def test_the_likest_comes_first() -> None:
    found = matches("Sở Ví Dụ tỉnh Mẫu facebook.com/soviduthu1 va vidu-mauthu.mau.gov.vn.xyz.com", REGISTER)
    assert [(match.page.id, match.likeness) for match in found] == [
        (1, Likeness.EXTENDED),
        (2, Likeness.EXTENDED),
    ]


def test_addresses_are_found_in_what_people_type() -> None:
    typed = "no lap trang https://facebook.com/sovidu123, kenh @sovidu.gia (xem sovidu-gia.com). Goi 0912.345.678"
    assert addresses_in(typed) == ["https://facebook.com/sovidu123", "@sovidu.gia", "sovidu-gia.com"]


LETTERS = "abcdefghklmnopqrstuvwxyz"
LIKE = {
    letter: [
        one["c"]
        for found in confusables.is_confusable(letter, greedy=True, preferred_aliases=[]) or []
        for one in found["homoglyphs"]
        # One letter for one, in a script that people type: mathematical letters become Latin ones before.
        if len(one["c"]) == 1 and not one["c"].isascii() and one["c"].isalpha()
    ]
    for letter in LETTERS
}


@given(data=st.data(), handle=st.text(LETTERS, min_size=6, max_size=20))
def test_letters_that_look_the_same_never_hide_a_page(data: st.DataObject, handle: str) -> None:
    place = data.draw(st.integers(0, len(handle) - 1))
    choices = LIKE[handle[place]]
    if not choices:
        return
    changed = handle[:place] + data.draw(st.sampled_from(choices)) + handle[place + 1 :]
    page = Page(1, "facebook", "Tên khác hẳn", f"facebook.com/{handle}", id=1)
    found = matches(f"facebook.com/{changed}", [page])
    assert [match.likeness <= Likeness.LOOK_ALIKE for match in found] == [True], (handle, changed)


@given(handle=st.text(LETTERS, min_size=8, max_size=20), place=st.integers(0, 7), letter=st.sampled_from(LETTERS))
def test_one_wrong_letter_never_hides_a_page(handle: str, place: int, letter: str) -> None:
    page = Page(1, "facebook", "Tên khác hẳn", f"facebook.com/{handle}", id=1)
    for changed in (handle[:place] + handle[place + 1 :], handle[:place] + letter + handle[place + 1 :]):
        assert matches(f"facebook.com/{changed}", [page]), (handle, changed)


@given(text=st.text(max_size=200))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    matches(text, REGISTER)
    skeleton(text)
    locate(text)


@pytest.mark.alone
def test_a_large_register_holds_nobody_up() -> None:
    """A register of 500 pages much alike takes as long as its parts, and as some dozens of readings of their names.

    Folding a name takes a microsecond or two, so that is less than the fifty milliseconds of a transaction.
    """
    pages = [
        Page(1, "facebook", f"Phòng Ví Dụ {number} tỉnh Mẫu", f"facebook.com/phongvidu{number}x{number % 7}", id=number)
        for number in range(1, 501)
    ]
    turns = itertools.count()

    def report(register: list[Page]) -> object:
        # Another address each time, so that nothing of it is known.
        return matches(f"trang facebook.com/phongvidv{next(turns)}20 giả Phòng Ví Dụ 7 tỉnh Mẫu", register)

    assert report(pages)
    whole = least_work(lambda: report(pages))
    assert whole < 3 * least_work(lambda: [report(pages[place : place + 50]) for place in range(0, 500, 50)])
    assert whole < 200 * least_work(lambda: [fold(page.name) for page in pages])
