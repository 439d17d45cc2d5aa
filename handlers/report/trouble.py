"""Trouble that is no account's: money gone, a code given away, threats, blackmail, a child. Help comes at once.

Nothing is asked and no form begins: what is to be done, whom to call, and a button to report it all the same.
"""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup

from handlers.ask.wording import writer_for
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.first_aid import Trouble, in_trouble
from handlers.report import wording
from handlers.report.reading import LONGEST_READ, Reading
from handlers.report.telling import asks_rule, is_order
from knowledge.scope import DISTRESS
from knowledge.text import fold, folded_syllables, normalize

# Most messages hold none of these words, and are looked at no further.
_NEEDED = [
    "lua",
    "otp",
    "doa",
    "tien",
    "danh",
    "xung",
    "link",
    "duong dan",
    "so the",
    "ma ",
    "muon",
    "vay",
    "khung bo",
    "bi ",
    "nong",
    "nhay cam",
    "mat ",
    "cho no",
    "cho chung",
    "rut",
]

_SAYS_NO = r"(?<!khong )(?<!ko )(?<!chua )(?<!dung )(?<!suyt )(?<!tranh )(?<!khoi )(?<!keo )(?<!so )(?<!xuyt )"
_SUM = r"(?:tien|\d+\w*)"
_FALSE_ONE = r"(?:lua dao|ke lua|bon lua|dua lua|thang lua|ke gian|nick gia|trang gia|tai khoan gia|nguoi la)"
_MONEY = re.compile(
    rf"{_SAYS_NO}\bbi (?:\w+ ){{0,3}}?lua\b(?! (?:doi|tinh)\b)"
    rf"|{_SAYS_NO}\bchuyen (?:\w+ ){{0,4}}cho (?:\w+ ){{0,2}}{_FALSE_ONE}\b"
    rf"|\blua (?:cua )?(?:toi|em|minh|me|bo|ba|vo|chong) (?:\w+ )?(?:mat |het )?{_SUM}\b"
    rf"|\blua (?:mat|het|sach) {_SUM}\b"
)
# Who is spoken of as "nó" is no friend: money that he has is gone.
_HIM = r"(?:no|han|chung(?: no)?|bon (?:no|do|chung)|thang (?:do|kia)|ke do)"
_SUM_OF_MONEY = r"(?:(?:so )?tien|\d+(?:[.,]\d+)? ?(?:tr|trieu|cu|chai|k|nghin|ngan|ty|ti|dong)\d{0,3})"
_GONE = re.compile(
    rf"\b(?:chuyen|ck|nap)(?: \w+){{0,3}}? (?:khoan|{_SUM_OF_MONEY})(?: \w+){{0,3}}? cho {_HIM}\b"
    rf"|\b(?:chuyen|ck|nap)(?: khoan)? cho {_HIM}(?: \w+){{0,2}}? {_SUM_OF_MONEY}"
    rf"|\bmat (?:(?:het|sach|toi|luon|dut|tieu|cua toi|cua em|cua minh) )*{_SUM_OF_MONEY}\b"
    rf"|\b{_HIM}(?: \w+){{0,2}}? (?:lay|rut|tru)(?: \w+){{0,2}}? {_SUM_OF_MONEY}\b"
)
_GONE_BY_NOW = re.compile(r"\b(?:roi|r|vua|da|lo|trot|nham|het|sach|bi|cuu)\b")
_KEPT_FROM_HIM = re.compile(r"\b(?:nap|dau tu|chuyen|gop|choi)\b.{0,60}\b(?:khong|ko|k|kg|chua|hong) (?:cho )?rut\b")
_FRAUD = re.compile(r"\blua (?:dao|tien|mat|chuyen|nap|tinh tien)\b|\bbi lua\b|\btuyen dung gia\b")
_FRAUD_REPORTED = re.compile(
    r"^\W*(?:(?:toi|em|minh|anh|chi|ad|oi|muon|can|xin|cho|phep|gap|da|a) )*"
    r"(?:bao|bao cao|to cao|to giac|khai bao|trinh bao|phan anh)(?: \w+){0,4}? lua (?:dao|tien)\b"
)
_FRAUD_SEEN = re.compile(
    r"\b(?:co|thay|phat hien|gap)(?: (?:mot|1|nhieu|may|cai))* (?:nguoi|ke|doi tuong|trang|nick|page|fanpage|tai khoan|"
    r"tk|fb|facebook|zalo|nhom|so|link|web|app)\b(?: \w+){0,8}? (?:lua (?:dao|tien)|tuyen dung gia)\b"
)
_DEBITED = re.compile(rf"\b(?:bi (?:tru|rut|mat|hut)|bay) (?:\w+ )?{_SUM}\b")
_OF_A_BANK = re.compile(r"\b(?:tai khoan|the|ngan hang|atm|link|duong dan|app|ung dung|otp|lua dao)\b")

_CODE = re.compile(
    r"\b(?:dua|doc|gui|cung cap|cho|nhap|dien|noi|khai|chup|bao)(?: \w+){0,4}? "
    r"(?:otp|mat khau ngan hang|mat khau the|so the|cvv|ma xac (?:thuc|nhan|minh)|ma pin|smart ?otp)\b"
    r"|\bbi lo (?:ma )?(?:otp|so the|mat khau ngan hang|ma pin)\b"
    r"|\b(?:lo|lo tay|trot|vua|da)(?: tay)? (?:bam|an|nhan|click|vao|nhap)(?: \w+){0,4}? (?:link|duong dan|ma qr)\b"
    r"|\b(?:bam|an|click)(?: \w+){0,3}? (?:link|duong dan)(?: \w+){0,2}? (?:roi|r)\b"
)
_BY_NOW = re.compile(r"\b(?:lo|trot|da|vua|roi|r|nham|moi|mat|bi|xong|cho (?:ke|no|nguoi ta|nguoi la))\b")

_PICTURE = r"(?:anh|hinh|clip|video)"
_BLACKMAIL = re.compile(
    rf"(?<!\bma doc )\btong (?:tien|tinh)\b"
    rf"|\b(?:doa|de doa|doi)(?: \w+){{0,4}}? (?:tung|phat tan|dang|gui)(?: \w+){{0,3}}? {_PICTURE}\b"
)
_FOR_SOMETHING = re.compile(rf"\b(?:tong tien|tien|{_PICTURE})\b")
_SHAMING = re.compile(
    rf"\b(?:tung|ghep|phat tan|dang|gui)(?: \w+){{0,3}}? {_PICTURE}(?: \w+)? (?:nong|nhay cam|khoa than|sex)\b"
)
_THREAT = re.compile(
    r"\bbi (?:\w+ ){0,4}?(?:doa|khung bo)\b|\b(?:co|mot|ke|ai do|no|chung|so la|thang|dua|nguoi)(?: \w+){0,5}? "
    r"(?:doa|khung bo) (?:toi|em|minh|con|chau|me|bo|ba|vo|chong|nha|gia dinh|ca nha|giet|danh|chem|dam|dot)\b"
    r"|\bkhung bo (?:\w+ ){0,2}?(?:toi|em|minh|me|bo|gia dinh|ca nha)\b"
    r"|\bdoa (?:se )?(?:giet|danh|chem|dam|dot)(?: \w+){0,3}? (?:toi|em|minh|con|chau|me|bo|vo|chong|nha|gia dinh)\b"
)
# What a superior or a platform threatens with is no matter for 113.
_MILD = re.compile(
    r"\bdoa (?:\w+ ){0,2}?(?:ky luat|duoi|nghi viec|cho nghi|tru luong|khoa|kien|to cao|kiem diem|xu phat)\b"
)
_ONE_OF_US = re.compile(r"\b(?:toi|em|minh|tui|con|chau|me|bo|ba|vo|chong|chi|anh (?!nong|nhay)|ban toi|hoc sinh)\b")
_SUFFERS = re.compile(r"\b(?:bi|no|co|ke|chung)\b")

_CHILD = re.compile(
    r"\b(?:con (?:gai|trai|toi|em|minh|tui|chi|anh|nho)|(?<!chi )(?<!anh )(?<!co )chau|be (?:gai|trai|nha)|tre em|"
    r"hoc sinh|hoc tro)\b"
)
_HURT = re.compile(
    rf"\bbi (?:\w+ ){{0,4}}?(?:bat nat|lam nhuc|co lap|xam hai|ga gam|du do|du gui|doa|danh|boc phot|"
    rf"quay (?:clip|video|lai)|(?:tung|ghep|dang|phat tan) {_PICTURE})\b"
)

_CLAIMS = re.compile(
    r"\b(?:gia danh|mao danh|tu xung|xung la|xung)(?: \w+){0,4}? (?:cong an|canh sat|ngan hang|vien kiem sat|toa an|"
    r"dien luc|buu dien|thue|bao hiem|shipper|nha mang)\b"
)
_WANTS = re.compile(r"\b(?:chuyen|nap|nop|dong|doc|cai|cung cap|dua|ket ban)\b|\b(?:yeu cau|doi|bat|bao)\b")
_COMES = re.compile(r"\b(?:goi|nhan|nt|ib|inbox|nhan tin|lien he|so la)\b")
_ASKS_MONEY = re.compile(rf"\b(?:muon|vay|xin|doi|nho|bao|keu)\b(?: \w+){{0,4}}? {_SUM}\b|\bchuyen (?:khoan )?{_SUM}\b")
_DOUBT = re.compile(
    r"\b(?:co phai|phai|co)(?: la)? (?:\w+ ){0,2}?(?:lua dao|lua|that|gia)\b"
    r"|\b(?:that|lua dao|lua|gia) (?:khong|ko|k|hong|hay|vay|v|ha)\b"
)
_FOR_CHARITY = re.compile(r"\b(?:tu thien|ung ho|quyen gop|keu goi)\b")

# Whom to tell, and whether the money comes back, is asked by whoever has lost it.
_FOR_HELP = re.compile(
    r"\b(?:bao|goi|hoi|lien he|trinh bao)(?: cho)? (?:ai|dau|so nao|o dau)\b"
    r"|\b(?:co )?(?:lay|doi|rut) lai (?:duoc )?(?:tien )?(?:duoc )?(?:khong|ko|k)\b|\bgio\b"
)
_OWN_LOSS = re.compile(r"\b(?:toi|em|minh|tui|me|bo|ba|con|vo|chong|chau)\b(?: \w+){0,3} bi\b|\broi\b|\bvua\b")


_HELPERS_DUTY = re.compile(r"\bthi (?:nha truong|truong|co quan|don vi|giao vien|thay co|phuong|xa|so|phong)\b")
# "Nếu không chuyển tiền" is what he is threatened with, and no case that he thinks of.
_CONDITION = re.compile(r"\bneu (?:toi |em |minh )?khong\b")


def trouble(text: str) -> Trouble | None:
    """Return the trouble that a message tells of somebody; None for none, and for questions about a rule."""
    folded = " ".join(folded_syllables(normalize(text[:LONGEST_READ]))) + ("?" if "?" in text else "")
    if not any(word in folded for word in _NEEDED) or is_order(text):
        return None
    if _is_demanded(folded):
        return "demand"
    if _HELPERS_DUTY.search(folded):
        return None
    folded = _CONDITION.sub("", folded)
    asked = _FOR_HELP.sub("", folded).rstrip("?") if _OWN_LOSS.search(folded) else folded
    if asks_rule(asked, said=text):
        return None
    return _suffered(folded)


def is_fraud(text: str) -> bool:
    """Whether a text speaks of a fraud, whether or not it tells of one."""
    return trouble(text) in ("money", "code", "demand") or bool(_FRAUD.search(fold(normalize(text[:LONGEST_READ]))))


def is_fraud_told(text: str) -> bool:
    """Whether somebody reports a fraud, or tells of one that goes about, without having lost anything."""
    folded = " ".join(folded_syllables(normalize(text[:LONGEST_READ]))) + ("?" if "?" in text else "")
    if ("lua " not in folded and "gia" not in folded) or not _FRAUD.search(folded) or is_order(text):
        return False
    told = _FRAUD_REPORTED.search(folded) or _FRAUD_SEEN.search(folded)
    return bool(told) and not asks_rule(folded, said=text)


def trouble_of(reading: Reading, text: str) -> Trouble | None:
    """Return the trouble in what was understood of a text, where it is known to tell of a report and needs fewer words.

    "Em chuyển rồi" means nothing by itself.
    """
    folded = _FOR_HELP.sub("", fold(normalize(text[:LONGEST_READ]))).rstrip("? ")
    if reading.harm not in ("money_lost", "threatened") or asks_rule(folded, said=text):
        return None
    if reading.harm == "money_lost":
        return "money"
    return "blackmail" if _FOR_SOMETHING.search(folded) else "threat"


def _suffered(folded: str) -> Trouble | None:
    if _CHILD.search(folded) and _HURT.search(folded):
        return "child"
    if _KEPT_FROM_HIM.search(folded) or (_GONE.search(folded) and _GONE_BY_NOW.search(folded)):
        return "money"
    if _MONEY.search(folded) or (_DEBITED.search(folded) and _OF_A_BANK.search(folded)):
        return "money"
    if _CODE.search(folded) and _BY_NOW.search(folded):
        return "code"
    one_of_us = _ONE_OF_US.search(folded) is not None
    if _BLACKMAIL.search(folded) and (one_of_us or _SUFFERS.search(folded)):
        return "blackmail"
    if _SHAMING.search(folded) and one_of_us and _SUFFERS.search(folded):
        return "blackmail"
    if _THREAT.search(folded) and not _MILD.search(folded):
        return "threat"
    return None


def _is_demanded(folded: str) -> bool:
    """Whether somebody wants money or a code who may not be who he says: told, or asked whether it is true."""
    if _FOR_CHARITY.search(folded):
        return False
    if _COMES.search(folded) and _ASKS_MONEY.search(folded) and _DOUBT.search(folded):
        return True
    claims = _CLAIMS.search(folded) and _COMES.search(folded) and _WANTS.search(folded)
    return bool(claims) and not asks_rule(_DOUBT.sub("", folded))


def help_at_once(text: str, context: Context) -> Reply | None:
    """Return what is to be done at once where a message tells of trouble; None where it tells of none.

    Whoever may hurt himself gets other words (`handlers.ask`).
    """
    found = trouble(text)
    if found is None or context.search.answer(text, today=context.today).intent == DISTRESS:
        return None
    told = context.seal.close({"question": text[:LONGEST_READ]})
    button = Button(context.texts("button.report_trouble"), "report.start", {"sealed": told, "helped": True})
    return replace(first_aid(found, context), buttons=(button,))


def aid(text: str, context: Context) -> list[Reply]:
    """Return what is to be done at once beside an answer to whoever takes care of a report; [] where nothing is."""
    return [replace(helped, buttons=())] if (helped := help_at_once(text, context)) else []


def first_aid(found: Trouble, context: Context) -> Reply:
    """Return what is to be done at once in a trouble, and whom to call then."""
    texts = context.texts
    lines = [texts.rich("report.at_once"), *wording.steps(in_trouble(context.first_aid, found), context)]
    lines.append(texts.rich("report.trouble_call", who=writer_for(texts, context.office, context.search).who()))
    context.tally("trouble")
    return Reply(Markup("\n").join(lines))
