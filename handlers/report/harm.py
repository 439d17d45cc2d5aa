"""What a sentence says of the harm that was done, and how much money it names."""

from __future__ import annotations

import re

from handlers.report.contacts import TELEPHONE
from handlers.report.since import DATE
from knowledge.text import fold
from storage.reports import Harm

_AMOUNT = re.compile(
    r"(?<![\w.,/])(?P<whole>\d{1,3}(?:[.,]\d{3})+|\d{1,15}(?:[.,]\d{1,2})?)\s?"
    r"(?P<unit>trieu|tr|cu|chai|ty|ti|nghin|ngan|k|dong|vnd|d)?(?P<rest>\d{1,3})?(?!\w)"
)
_UNITS = {
    "trieu": 10**6,
    "tr": 10**6,
    "cu": 10**6,
    "chai": 10**6,
    "ty": 10**9,
    "ti": 10**9,
    "nghin": 10**3,
    "ngan": 10**3,
    "k": 10**3,
}
_LEAST_AMOUNT = 10_000
# Nobody has lost more, and no database can count without end.
_MOST_AMOUNT = 10**15

NO_HARM = re.compile(
    r"\b(?:chua (?:ai )?(?:mat|chuyen|thiet hai|bi gi|sao)|khong (?:mat (?:gi|tien|dong|xu)|ai mat|thiet hai|sao))\b"
)
"""That nothing was lost so far, in a folded text."""
_THREAT = re.compile(r"\b(?:doa|de doa|tong tien|tung (?:anh|clip|video|hinh)|doi tien chuoc)\b")
_MONEY_GONE = re.compile(
    r"\b(?:da chuyen|lo chuyen|chuyen (?:khoan )?(?:cho no|mat|roi|het)|mat tien|"
    r"mat (?:het )?\d+(?!\d| ?(?:tieng|gio|phut|giay|ngay|hom|tuan|thang|nam|nguoi|lan|buoi|cai)\b)|bi lua (?:mat )?\d|"
    r"chuyen (?:khoan |tien |mat |nham )*\d|chuyen tien roi|bi tru tien|"
    r"chuyen (?:\w+ ){0,3}cho (?:\w+ )?(?:nick gia|trang gia|lua dao|ke gian)|mat (?:het )?(?:\w+ )?tien\b|lua mat)"
)
_MONEY_ASKED = re.compile(
    r"\b(?:muon tien|vay tien|hoi tien|xin tien|hoi vay|hoi muon|(?:di|dang|nhan|xin|tin) vay|"
    r"nho chuyen|nho ck|chuyen khoan|chuyen tien|"
    r"nap the|mua the|nop tien|lua tien|(?<!bao cao )(?<!to cao )lua dao|ck)\b"
    # Without accents "muốn lấy lại" and "sao vậy" are written as what is borrowed is.
    r"|\bmuon\b(?! (?:lay|biet|hoi|bao|xoa|doi|dung|chet|song|bi|nho|duoc|dc|gui|khoa|tim|xem|vao|kiem|ket|giup|co|"
    r"thoi|khoi|noi|nghi|mo|khoi phuc|dang nhap|to cao|trinh)\b)"
    r"|(?<!\bnhu )(?<!\bsao )(?<!\bgi )(?<!\bthe )(?<!\bday )\bvay\b"
    r"(?!\W*(?:(?:a|ah|ha|nhi|ad|bot|anh|chi|em|ban|oi|troi|shop)\b\W*)*$)(?! (?:la|thi|co|phai|lam|gio|nen|ma|sao)\b)"
)
# With accents these are no words of money.
_NO_LOAN = re.compile(r"(?i)\b(?:muốn|vậy|váy|vây)\b")
_LEAK = re.compile(
    r"\b(?:lo (?:du lieu|thong tin|tai lieu|danh sach|so dien thoai)|lay (?:du lieu|danh ba|tai lieu))\b"
)


def harm_in(said: str, amount: int | None) -> Harm | None:
    """Return the harm that a text tells of, with `amount` the sum that it names; None where it tells of none."""
    folded = " ".join(fold(_NO_LOAN.sub(" ", said)).split())
    if NO_HARM.search(folded):
        return "money_asked" if _MONEY_ASKED.search(NO_HARM.sub("", folded)) else "none"
    if _THREAT.search(folded):
        return "threatened"
    if _MONEY_GONE.search(folded):
        return "money_lost"
    if _MONEY_ASKED.search(folded):
        return "money_asked"
    if _LEAK.search(folded):
        return "leaked"
    return "money_lost" if amount and re.search(r"\bmat\b", folded) else None


def amount_in(folded: str) -> int | None:
    """Return the largest sum of money that a folded text names, in đồng; None where it names none."""
    plain = DATE.sub(" ", TELEPHONE.sub(" ", folded))
    sums = [found for match in _AMOUNT.finditer(plain) if (found := _money(match))]
    return max(sums, default=None)


def _money(match: re.Match[str]) -> int | None:
    unit, rest = match["unit"] or "", match["rest"]
    whole = match["whole"]
    factor = _UNITS.get(unit, 1)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", whole):
        value = int(re.sub(r"\D", "", whole)) * factor
    elif factor == 1:
        # A bare number is money only where it says so, or is as long and as round as money is.
        round_sum = len(whole) >= 6 and whole.endswith("000")
        value = int(whole) if whole.isdigit() and (unit or round_sum) else 0
    else:
        value = round(float(whole.replace(",", ".")) * factor)
        # "3tr5" is three and a half, "2tr350" two million three hundred and fifty thousand.
        value += int(rest) * factor // 10 ** len(rest) if rest else 0
    return value if _LEAST_AMOUNT <= value <= _MOST_AMOUNT else None
