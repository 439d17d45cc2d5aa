"""What a sentence says of an account that was lost or imitated: what happened, where, whose, which harm, since when.

People write as they speak, without accents, in a hurry: "zalo ke toan bi hack dang nhan muon tien". What is not
understood is left open and kept as it was typed; nothing is guessed that somebody would have to take back.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from handlers.report.contacts import TELEPHONE, addresses
from handlers.report.harm import amount_in, harm_in
from handlers.report.platforms import BY_NAME, is_platform, platform_in
from handlers.report.since import since_when
from knowledge.text import fold, normalize
from storage.reports import Harm, Kind, Whose

# One part of the bot after the other reads the same message.
_LATELY = 8

LONGEST_NAME = 8
"""Words of a name that are taken over at most."""

LONGEST_READ = 600
"""So many characters are read: what happened stands at the beginning, and nobody else is to wait."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood; the fields are those of `storage.reports.Draft`, None or "" for what was not said."""

    kind: Kind | None = None
    platform: str = ""
    whose: Whose | None = None
    owner_name: str = ""
    account: str = ""
    harm: Harm | None = None
    amount: int | None = None
    since_day: dt.date | None = None
    since_said: str = ""
    contact: str = ""


_TITLE = (
    r"(?:anh|chi|co|chu|bac|ong|ba|em|thay|giam doc|pho giam doc|chu tich|pho chu tich|lanh dao|truong|pho|sep|"
    r"bi thu|dong chi|hieu truong)"
)
_PERSON = re.compile(rf"\b{_TITLE}\b")
_SOMEBODYS = re.compile(rf"\b(?:{_TITLE}|(?:cua|nick|zalo|fb) [ac] )\b")
_UNIT = re.compile(
    r"\b(?:co quan|don vi|ubnd|uy ban|so(?! (?:dien|dt|tai|tien|tk)\b)|phong (?!ve)|xa|phuong|truong hoc|nha truong|"
    r"benh vien|trung tam|chi cuc|cuc|fanpage|trang (?:cua )?(?:so|xa|phuong|co quan|don vi))\b"
)
_ACCOUNT = re.compile(r"\b(?:nick|nik|nich|tai khoan|tk|acc|account|trang|page|fanpage|kenh|nhom)\b")
_HACK = r"(?:hack|hac|hak|hach(?! dich)|hacked|hacker|hek)\b"
_HACKED = re.compile(rf"\b{_HACK}")
_FALSE = re.compile(
    r"\b(?:gia mao|mao danh|gia danh|mao nhan|gia lam|nick gia|nick ao|trang gia|page gia|fanpage gia|tai khoan gia|"
    r"facebook gia|fb gia|zalo gia|lap nick|lap trang|lap (?:fb|facebook|zalo|tai khoan)|tao nick|tao tai khoan|"
    r"lay (?:anh|hinh|ten|avatar)|gia (?:zalo|fb|facebook|nick))\b"
)
# One boundary before them all: with one of its own in each, a search took four times as long.
_LOST = re.compile(
    rf"\b(?:{_HACK}|(?:bi |vua |da )?chiem\b|bi cuop\b|bi danh cap\b|bi lay (?:mat|nick|tai khoan|mat khau)\b"
    r"|mat (?:luon |cai |quyen |cmn |het )?(?:nick|nik|nich|tai khoan|tk|acc|zalo|zl|fb|face|facebook|tele|telegram|"
    r"tiktok|tik|page|fanpage|kenh|gmail|email|trang)\b"
    r"|(?:nick|nik|tai khoan|tk|acc|zalo|zl|fb|face|facebook|telegram|tele|tiktok|page|fanpage|email|gmail)"
    r"(?: \w+){0,5} (?:bi )?mat(?: roi| r| tieu| luon| phai| thi| lam| gio|$)"
    r"|(?:khong|ko|k|kg|hong) (?:vao|dang nhap|login|vo)(?: lai)? (?:duoc|dc|dk|noi)\b"
    r"|bi (?:doi|thay) (?:mat khau|mk|pass)\b|bi van(?:g| vang) ra\b|bi dang xuat\b|lo (?:mat khau|mk|otp)\b"
    r"|(?:vao|dang nhap|vo)(?: lai)? (?:khong|ko|k|kg|hong) (?:duoc|dc|dk|noi)\b|tu (?:dang xuat|thoat(?: ra)?)\b"
    r"|mat quyen\b|bi lay roi\b|ai dang dung (?:nick|tai khoan|tk|acc|zalo|fb|facebook)\b"
    r"|(?:nguoi (?:khac|ta|la)|ai do|bi ai|(?:may|thiet bi|ke) la)(?: dang| da)? (?:vao|dung|dang (?:nhap|bai))\b"
    r"|dang nhap (?:o|tu) (?:noi|may|thiet bi|dien thoai) la\b"
    r"|(?<!\bda )lay lai (?:nick|nik|tai khoan|tk|acc|zalo|fb|face|facebook|tele|telegram|tiktok|page|fanpage)\b)"
)
# "Bao mat zalo" is lost, unless it says what security is made of.
_SECURITY_WITH_ACCENTS = re.compile(r"(?i)\bbảo mật\b")
_SECURITY = re.compile(r"(?i)\b(?:bảo mật|bao mat)\b")
_SECURED = re.compile(
    r"\b(?:dang ky|cai dat|thiet lap|bat|tang|nang cao|xac thuc|ma hoa|(?:2|hai|nhieu) (?:lop|buoc|yeu to)|"
    r"an toan|che do|tinh nang|cai)\b"
)
_ABUSED = re.compile(
    r"\b(?:bi loi dung|loi dung (?:nick|tai khoan|hinh anh|anh)|bi (?:ke xau )?dung de|dung (?:nick|tai khoan|anh|hinh)"
    r"(?: \w+){1,5} de|tu (?:gui|dang|nhan)(?: tin| bai)?|ghep (?:mat|anh)|deepfake|bi gan the|bi keo vao nhom)\b"
)
_CONTENT = re.compile(
    r"\b(?:tin gia|tin sai|tin don|thong tin sai|sai su that|xuyen tac|boi nho|vu khong|noi xau|bia dat|bia chuyen)\b"
)

# That an account goes about asking for money: a colleague sees it before its owner does.
_BEGGING = re.compile(
    r"\b(?:dang|tu nhien|tu dung|di|nhan|tin|nt|ib|inbox|hoi|nho)(?: \w+){0,4}? "
    r"(?:(?:muon|vay|xin)(?: \w+){0,2}? (?:tien|\d+\w*)|nap the|mua the)\b"
)
_FIRST = {"toi", "em", "minh", "tui", "tao", "chau", "con", "t", "e", "m"}
_SUFFERS = {
    "bi", "dang", "vua", "moi", "da", "mat", "duoc", "khong", "ko", "tu", "no", "roi", "hom", "sang", "chieu", "nay",
    "gui", "nhan", "hoi", "di", "hack", "gia", "lo", "tren", "qua", "de", "lap", "dung", "dua", "vao",
    "muon", "vay", "con", "r", "hien", "het", "va", "nen", "thi", "ma", "luc", "tuan", "cach", "sap", "lien", "cung",
    "luon", "nua", "xin", "keu", "goi", "rao",
}  # fmt: skip
_SUFFERS_IN_TWO = {
    ("doi", "tien"), ("doi", "chuyen"), ("lua", "dao"), ("lua", "tien"), ("nho", "chuyen"), ("yeu", "cau"),
    ("chuyen", "tien"), ("chuyen", "khoan"), ("ban", "hang"), ("ung", "ho"), ("tu", "khi"),
}  # fmt: skip
# What stands before a name and belongs to none.
_ACCOUNT_WORDS = {"nick", "nik", "nich", "tk", "acc", "account", "trang", "page", "kenh"}
_LEADING = _ACCOUNT_WORDS | {
    "cua", "ca", "bao", "alo", "oi", "xin", "cho", "hoi", "cuu", "voi", "gap", "khan", "help", "chao", "hi", "hello",
    "thay", "hom", "ten", "cai", "a", "ad", "la", "bi", "vua", "moi", "da", "sang", "chieu", "trua", "nay", "qua",
    "kia", "dem", "hinh", "nhu", "chac",
}  # fmt: skip
_LEADING_PAIRS = {
    ("tai", "khoan"), ("so", "dien"), ("dien", "thoai"), ("mang", "xa"), ("xa", "hoi"), ("bao", "cao"), ("co", "nguoi"),
    ("co", "ai"), ("ai", "do"), ("toi", "qua"), ("toi", "nay"), ("thu", "dien"), ("dien", "tu"),
}  # fmt: skip
_VERBS_OF_FALSE = (
    ("gia", "mao"), ("mao", "danh"), ("gia", "danh"), ("lay", "anh"), ("lay", "hinh"), ("lay", "ten"), ("gia", "lam"),
)  # fmt: skip


@lru_cache(maxsize=_LATELY)
def read(text: str, today: dt.date) -> Reading:
    """Return what a sentence says; `today` is the day at the office."""
    said = _said(text)
    folded = " ".join(fold(said).split())
    platform = platform_in(folded)
    kind = _kind(folded)
    whose, owner = _owner(said, kind)
    if kind is None and whose == "other" and _begs(folded):
        kind = "lost"
    if whose == "unit" and kind == "impersonated":
        kind = "unit_impersonated"
    if kind in ("unit_impersonated", "content"):
        whose, owner = "unit", ""
    amount = amount_in(folded)
    since, phrase = since_when(said, today)
    contact, account = addresses(said, folded)
    return Reading(
        kind=kind,
        platform=platform,
        whose=whose,
        owner_name=owner,
        account=account,
        harm=harm_in(said, amount),
        amount=amount,
        since_day=since,
        since_said=phrase,
        contact=contact,
    )


def concerns_account(text: str, reading: Reading) -> bool:
    """Whether what was understood of a text happened to an account, or to the unit whose name it bears."""
    folded = fold(normalize(text[:LONGEST_READ]))
    if not (reading.platform or _ACCOUNT.search(folded) or _HACKED.search(folded)):
        return False
    return reading.kind != "content" or _UNIT.search(folded) is not None


@lru_cache(maxsize=_LATELY)
def may_tell(text: str) -> bool:
    """Whether a message can tell what happened to an account at all, looked at quickly: most are questions."""
    folded = " ".join(fold(_said(text)).split())
    return _kind(folded) is not None or _begs(folded)


def _said(text: str) -> str:
    """The part of a text that is read, with "bảo mật" in one: "mật zalo" would be lost."""
    said = normalize(text[:LONGEST_READ])
    if "bao mat" not in fold(said):
        return said
    security = _SECURITY if _SECURED.search(fold(said)) else _SECURITY_WITH_ACCENTS
    return security.sub(lambda found: found.group().replace(" ", "_"), said)


def _kind(folded: str) -> Kind | None:
    false = _FALSE.search(folded)
    if false and not _HACKED.search(folded):
        person = _PERSON.search(folded[false.end() :])
        return "unit_impersonated" if _UNIT.search(folded) and not person else "impersonated"
    if _LOST.search(folded):
        return "lost"
    if _ABUSED.search(folded):
        return "abused"
    return "content" if _CONTENT.search(folded) else None


def _begs(folded: str) -> bool:
    """Whether an account with a person's name on it asks for money."""
    # Money is spoken of least often, and a platform is looked for longest.
    if not _BEGGING.search(folded) or not _SOMEBODYS.search(folded):
        return False
    return bool(_ACCOUNT.search(folded) or platform_in(folded))


def _owner(said: str, kind: Kind | None) -> tuple[Whose | None, str]:
    """Whose account it is: "own", "unit", or ("other", the words that name him); (None, "") where nobody says."""
    words = said.split()
    folded = [_folded(word) for word in words]
    for begin, end in _owner_places(folded, kind):
        begin = _past_leading(folded, begin, end)
        named = folded[begin:end]
        if not named or any(word == "mat" or word in _ACCOUNT_WORDS or is_platform(word) for word in named):
            continue
        if all(word in _FIRST for word in named):
            return "own", ""
        if _UNIT.match(" ".join(named)):
            return "unit", ""
        name = " ".join(words[begin : min(end, begin + LONGEST_NAME)]).strip(".,;:!?")
        if not TELEPHONE.search(name) and any(char.isalpha() for char in name):
            return "other", name
    if any(pair in itertools.pairwise(folded) for pair in _OWN_PAIRS):
        return "own", ""
    # "Zalo em không vào được" is one's own, "zalo em Mẫu" is not.
    for place, (account, of) in enumerate(itertools.pairwise(folded)):
        is_account = account in _ACCOUNT_WORDS or account in BY_NAME
        if is_account and of in _FIRST and (place + 2 == len(folded) or _ends_name(folded, place + 2)):
            return "own", ""
    return None, ""


def _folded(word: str) -> str:
    """A word without accents and the signs around it; "thầy" and "bí" keep theirs, beside "thấy" and "bị"."""
    bare = word.strip(".,;:!?()“”\"'").lower()
    return bare if bare in ("thầy", "bí") else fold(bare)


def _ends_name(folded: list[str], place: int) -> bool:
    """Whether at a place no name goes on: somebody does or suffers something. "Bi thu" is mostly a party secretary."""
    word, after = folded[place], (*folded[place + 1 : place + 3], "", "")
    if word == "bi" and after[0] == "thu" and after[1] != "hoi":
        return False
    return word in _SUFFERS or (word, after[0]) in _SUFFERS_IN_TWO


def _past_leading(folded: list[str], begin: int, end: int) -> int:
    """The place of the first word that may belong to a name."""
    while begin < end:
        pair = (folded[begin], *folded[begin + 1 : begin + 2])
        if pair in _LEADING_PAIRS or pair[1:] == ("oi",):
            begin += 2
        elif pair == ("bi", "thu"):
            break
        elif folded[begin] in _LEADING or is_platform(folded[begin]):
            begin += 1
        else:
            break
    return min(begin, end)


_OWN_PAIRS = tuple((word, "bi") for word in sorted(_FIRST)) + tuple(("cua", word) for word in sorted(_FIRST))


def _owner_places(folded: list[str], kind: Kind | None) -> Iterator[tuple[int, int]]:
    """Where in a sentence its owner may be named, as (first word, after the last), the likeliest first."""

    def until(start: int) -> int:
        return next(
            (
                place
                for place in range(start, len(folded))
                if (_ends_name(folded, place) and not (place == start and folded[place] in _FIRST))
                or (folded[place] in BY_NAME and place > start)
            ),
            len(folded),
        )

    if kind == "impersonated":
        for verb in _VERBS_OF_FALSE:
            for place in range(len(folded) - 1):
                if (folded[place], folded[place + 1]) == verb:
                    yield place + 2, until(place + 2)
    for place, word in enumerate(folded):
        if word == "cua":
            yield place + 1, until(place + 1)
    ends = [place for place in range(1, len(folded)) if _ends_name(folded, place)]
    suffers = next((place for place in ends if folded[place] == "bi"), ends[0] if ends else None)
    if suffers is not None and kind != "impersonated":
        begin = max((place + 1 for place in range(suffers) if folded[place] in {"thay", "rang", "la"}), default=0)
        yield begin, suffers
