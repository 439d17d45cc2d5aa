"""What is understood of the sentences in which people tell that an account is lost or imitated."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.report.contacts import telephone
from handlers.report.reading import read
from handlers.report.since import since_when
from handlers.report.telling import is_told
from knowledge.text import fold
from tests.waiting import least_work

TODAY = dt.date(2026, 11, 22)
QUESTIONS = Path(__file__).parent / "questions.jsonl"

SENTENCES = [
    ("zalo kế toán bị hack, đang nhắn mượn tiền", "lost", "zalo", "other", "money_asked"),
    ("Zalo của chị kế toán bị hack", "lost", "zalo", "other", None),
    ("tôi bị mất nick facebook hôm qua", "lost", "facebook", "own", None),
    ("fb mất r hu hu", "lost", "facebook", None, None),
    ("nick zalo em bị chiếm, mất 20 triệu rồi", "lost", "zalo", "own", "money_lost"),
    ("không đăng nhập được facebook của tôi nữa", "lost", "facebook", "own", None),
    ("tài khoản zalo anh Hai bị cướp", "lost", "zalo", "other", None),
    ("facebok của em bị hach", "lost", "facebook", "own", None),
    ("telegarm chị Ví Dụ bị hack", "lost", "telegram", "other", None),
    ("fanpage của Sở bị chiếm quyền", "lost", "facebook", "unit", None),
    ("trang facebook cơ quan bị mất quyền quản trị", "lost", "facebook", "unit", None),
    ("có người giả mạo tôi trên facebook", "impersonated", "facebook", "own", None),
    ("nó lấy ảnh chị Ví Dụ lập nick zalo vay tiền", "impersonated", "zalo", "other", "money_asked"),
    ("có kẻ mạo danh giám đốc Sở gọi zalo đòi chuyển tiền", "impersonated", "zalo", "other", "money_asked"),
    ("có trang giả mạo phường mình trên facebook", "unit_impersonated", "facebook", "unit", None),
    ("fanpage giả của Sở Ví Dụ đăng tuyển dụng", "unit_impersonated", "facebook", "unit", None),
    ("nick zalo của em bị lợi dụng để bán hàng", "abused", "zalo", "own", None),
    ("facebook tôi bị ghép mặt vào clip, nó dọa tung", "abused", "facebook", "own", "threatened"),
    ("có bài đăng tin sai về sở mình trên facebook", "content", "facebook", "unit", None),
    ("zalo cô Ví Dụ bị hack, chưa ai mất tiền", "lost", "zalo", "other", "none"),
    ("zalo anh Ví Dụ đang nhắn mượn tiền mọi người", "lost", "zalo", "other", "money_asked"),
    ("nick fb của chị Mẫu hỏi vay tiền cả phòng", "lost", "facebook", "other", "money_asked"),
    ("zalo sếp tự nhiên đi xin tiền", "lost", "zalo", "other", "money_asked"),
]


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(("said", "kind", "platform", "whose", "harm"), SENTENCES)
def test_what_happened_is_understood(
    said: str, kind: str, platform: str, whose: str | None, harm: str | None, plain: bool
) -> None:
    typed = fold(said) if plain else said
    reading = read(typed, TODAY)
    assert (reading.kind, reading.platform, reading.whose, reading.harm) == (kind, platform, whose, harm)
    assert is_told(typed, reading)


POLITE = """
dạ zalo em bị hack rồi ạ
chi oi zalo ke toan bi hack a, dang nhan muon tien
chị ơi zalo kế toán bị hack ạ, đang nhắn mượn tiền
zalo anh Ví Dụ cán bộ tư pháp bị hack đang mượn tiền mọi người
zalo chị Ví Dụ công chức địa chính bị hack
zalo của chị Mẫu viên chức bị hack
zalo của cán bộ xã bị hack, đang mượn tiền
fb của người dân bị hack gửi link vào nhóm xã
zalo em bị hack nên nhắn tin lung tung
zalo chị Ví Dụ bị hack từ khi chiều
zalo sếp bị hack sau khi bấm link lạ
zalo bị hack rồi ai giúp với
ai cứu em với, zalo bị chiếm rồi
fb em mất rồi, ai biết giúp với
em bị hack zalo không ai vào được nữa ạ
anh ơi facebook em không vào được ạ
phát hiện zalo anh Ví Dụ bị hack
cách đây 2 ngày facebook em bị hack
""".strip().splitlines()


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", POLITE)
def test_a_polite_or_an_ordinary_word_makes_no_question_of_what_is_told(said: str, plain: bool) -> None:
    typed = fold(said) if plain else said
    assert is_told(typed, read(typed, TODAY))


ASKED = """
khi bị hack thì phải làm gì theo quy định
khi bị hack zalo
khi cán bộ bị hack tài khoản
cán bộ bị hack nick có bị phạt ko
cán bộ bị mất tài khoản facebook có nên báo không
viên chức bị giả mạo facebook
cán bộ để lộ mật khẩu tài khoản cơ quan
cán bộ lập nick giả
zalo bị hack thì nên báo ai
nên làm gì khi zalo bị hack
tài khoản bị hack phải báo ai ạ
mất tài khoản facebook báo ai hả
bị hack zalo thì sao ạ
zalo bị hack có bị kỷ luật không ạ
mất nick facebook có bị sao không vậy anh
cách lấy lại nick bị hack
phát hiện trang giả mạo sở thì báo cáo giám đốc
""".strip().splitlines()


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize("said", ASKED)
def test_what_is_asked_of_a_rule_is_no_report(said: str, plain: bool) -> None:
    typed = fold(said) if plain else said
    assert not is_told(typed, read(typed, TODAY))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("zalo ke toan bi hack", "ke toan"),
        ("Zalo của chị Trần Ví Dụ phòng Một đang nhắn mượn tiền, bị hack rồi", "chị Trần Ví Dụ phòng Một"),
        ("báo cáo nick zalo anh Hai bị hack", "anh Hai"),
        ("alo, chị kế toán bị hack facebook", "chị kế toán"),
        ("hôm qua zalo thầy Ví Dụ bị hack", "thầy Ví Dụ"),
        ("giả mạo bác Năm trên zalo", "bác Năm"),
        ("nick gia mao chu tich xa xin tien ung ho", "chu tich xa"),
        ("có nick giả mạo chủ tịch xã đòi tiền ủng hộ", "chủ tịch xã"),
        ("nick giả mạo đồng chí bí thư", "đồng chí bí thư"),
        ("nick gia mao dong chi bi thu nhan tin tren zalo", "dong chi bi thu"),
        ("có người giả danh bí thư xã nhắn tin trên zalo", "bí thư xã"),
        ("zalo bi thu xa bi hack", "bi thu xa"),
        ("zalo bí thư xã bị hack", "bí thư xã"),
        ("chi oi zalo ke toan bi hack a", "ke toan"),
    ],
)
def test_whose_account_it_is_stays_as_it_was_typed(said: str, name: str) -> None:
    assert read(said, TODAY).owner_name == name


def test_questions_about_rules_are_no_reports() -> None:
    """Of the questions that staff ask, hardly one is taken for a report; each of these lines once was a surprise."""
    asked = [json.loads(line)["text"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    taken = [text for text in asked if is_told(text, read(text, TODAY))]
    assert len(asked) > 100
    assert len(taken) <= len(asked) // 100, taken


@pytest.mark.parametrize(
    "said",
    [
        "đồng nghiệp mượn tiền trên zalo có vi phạm không",
        "chị em nhắn nhau mượn tiền qua zalo được không",
        "anh chị nhắn zalo cho tôi số tài khoản để chuyển tiền",
        "thầy cô nhắn phụ huynh chuyển tiền qua zalo",
        "anh Ví Dụ đang hỏi mượn tiền",
    ],
)
def test_money_that_no_lost_account_asks_for_is_no_report(said: str) -> None:
    assert not is_told(said, read(said, TODAY))


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("mất 3tr", 3_000_000),
        ("3tr5", 3_500_000),
        ("2tr350", 2_350_000),
        ("3,5 triệu", 3_500_000),
        ("500k", 500_000),
        ("1 tỷ", 1_000_000_000),
        ("5 củ", 5_000_000),
        ("20.000.000 đồng", 20_000_000),
        ("300000", 300_000),
        ("chuyển 2tr rồi 5tr", 5_000_000),
        ("gọi 0912.345.678", None),
        ("ngày 15/11/2026", None),
        ("5 người", None),
        ("dieu 4", None),
        ("50 nghìn", 50_000),
        ("mất 7 nghìn", None),
        ("mất 999.999.999.999.999.999.999.999 đồng", None),
        ("mất 999999999999999 tỷ", None),
        (f"mất {'9' * 400} triệu", None),
        (f"mất {'9' * 400}tr rồi 5tr", 5_000_000),
    ],
)
def test_sums_are_read_as_they_are_typed(said: str, amount: int | None) -> None:
    assert read(said, TODAY).amount == amount


@pytest.mark.parametrize(
    ("said", "day", "phrase"),
    [
        ("bị từ hôm qua", TODAY - dt.timedelta(days=1), "hôm qua"),
        ("hom qua", TODAY - dt.timedelta(days=1), "hom qua"),
        ("tối qua lúc 9 giờ", TODAY - dt.timedelta(days=1), "tối qua"),
        ("sáng nay", TODAY, "sáng nay"),
        ("cách đây 3 ngày", TODAY - dt.timedelta(days=3), "cách đây 3 ngày"),
        ("2 tuần trước", TODAY - dt.timedelta(days=14), "2 tuần trước"),
        ("từ 15/11", dt.date(2026, 11, 15), "15/11"),
        ("ngày 30/12", dt.date(2025, 12, 30), "ngày 30/12"),
        ("05/12/2025", dt.date(2025, 12, 5), "05/12/2025"),
        ("thứ bảy", dt.date(2026, 11, 21), "thứ bảy"),
        ("hôm trước", None, "hôm trước"),
        ("31/02", None, "31/02"),
        ("05/12/2027", None, "05/12/2027"),
        ("không nhớ", None, ""),
    ],
)
def test_times_are_understood_or_kept_as_typed(said: str, day: dt.date | None, phrase: str) -> None:
    assert since_when(said, TODAY) == (day, phrase)


@pytest.mark.parametrize(
    ("said", "account", "contact"),
    [
        ("zalo chị Ví Dụ 0912.345.678 bị hack", "0912.345.678", ""),
        ("zalo bị hack, gọi tôi 0987 654 321", "", "0987 654 321"),
        ("nick 0912345678 bị hack, sđt của em 0987654321", "0912345678", "0987654321"),
        ("https://facebook.com/vi.du giả mạo", "https://facebook.com/vi.du", ""),
        ("telegram @vidu_88 bị hack", "@vidu_88", ""),
        ("bị hack", "", ""),
    ],
)
def test_numbers_links_and_names_of_accounts(said: str, account: str, contact: str) -> None:
    reading = read(said, TODAY)
    assert (reading.account, reading.contact) == (account, contact)


@pytest.mark.parametrize(("said", "found"), [("+84912345678", "+84912345678"), ("0912 345 678", "0912 345 678")])
def test_telephone_numbers(said: str, found: str) -> None:
    assert telephone(f"gọi {said} nhé") == found
    assert telephone("số 1234567890") == ""


@pytest.mark.alone
@pytest.mark.parametrize("word", ["cua ", "nick ", "so ", "1 ", "1.", "@", "giả mạo ", "trang của sở ", "mất zalo "])
def test_a_long_text_holds_up_nobody(word: str) -> None:
    """What a person may send at once takes no longer than its parts by themselves, which are read in a moment."""
    text = (word * 4_000)[:4_000]
    parts = [text[:100]] * 40
    whole = least_work(lambda: is_told(text, read(text, TODAY)))
    assert whole < 5 * least_work(lambda: [is_told(part, read(part, TODAY)) for part in parts])


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    reading = read(text, TODAY)
    assert reading.amount is None or reading.amount > 0
    assert reading.since_day is None or reading.since_day <= TODAY
    is_told(text, reading)


@pytest.mark.parametrize("plain", [False, True], ids=["with accents", "without"])
@pytest.mark.parametrize(
    ("said", "harm"),
    [
        ("Báo cáo lừa đảo", None),
        ("tố cáo lừa đảo", None),
        ("nick chị Ví Dụ đang lừa đảo", "money_asked"),
        ("sao zalo em ko vào được nữa vậy", None),
        ("sao zalo em ko vào được nữa vậy ad", None),
        ("zalo em bị hack em muốn lấy lại", None),
        ("zalo em bị hack, mất 2 tiếng rồi", None),
        ("zalo em bị hack, không mất tiền", "none"),
        ("zalo chị Ví Dụ bị hack đang hỏi vay", "money_asked"),
        ("nick anh Ví Dụ bị hack nhắn vay khắp nơi", "money_asked"),
        ("zalo chị Ví Dụ bị hack đi mượn khắp phòng", "money_asked"),
        ("zalo em bị hack, mất 2 triệu rồi", "money_lost"),
    ],
)
def test_harm_is_not_read_out_of_words_that_only_look_like_it(said: str, harm: str | None, plain: bool) -> None:
    assert read(fold(said) if plain else said, TODAY).harm == harm
