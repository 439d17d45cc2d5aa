"""Whether a message tells what happened, asks for a rule, or orders something: most messages are questions."""

from __future__ import annotations

import re

from handlers.report.harm import NO_HARM
from handlers.report.reading import LONGEST_READ, Reading, concerns_account
from knowledge.text import fold, normalize

# Somebody asks what the rule is, and tells nothing that happened. "Từ khi", "sau khi", "cách đây" tell a time, and
# "bị hack nên nhắn tin lung tung" what came of it.
_SUPPOSED = re.compile(
    r"\b(?:neu|lo ma|thi bao cao|nho ma|gia su|truong hop|khi nao|quy dinh|dieu \d|khoan \d|phat(?! (?:hien|tan|sinh))|"
    r"xu ly the nao|trach nhiem|van ban|nghi dinh|co nen|nen (?:lam|bao|xu ly|hay|khong)|khong nen|lam sao de|"
    r"cach(?! (?:day|nay))|de tranh|phong tranh|tranh bi|de khong|bat buoc|duoc phep|co quyen|thong tu|luat)\b"
    r"|(?<!\btu )(?<!\bsau )(?<!\bke )(?<!\bdang )(?<!\blan )"
    r"\bkhi\b(?! (?:nay|sang|trua|chieu|hoi|hom|dem|dang)\b)"
)
# Words for everybody who works in an office: a rule is about them, unless something is told of one of them.
_STAFF = r"(?:can bo|cong chuc|vien chuc)"
_IN_GENERAL = re.compile(rf"\b{_STAFF}\b")
_ONE_OF_THEM = re.compile(
    rf"(?<!\bphan )(?<!\bhinh )\b(?:anh|chi|chu|bac|ong|thay|sep|toi|em|minh|(?:cua|co) (?:(?:mot|1) )?{_STAFF}|"
    r"dang (?:nhan|gui|di|hoi|muon|vay|dang|bi)|vua|roi|r|hom (?:qua|kia|nay)|(?:sang|trua|chieu|toi) (?:nay|qua))\b"
)
_ASKED = re.compile(
    r"\?|\b(?<!bat )(?<!lan )dau\b(?! (?:tu|tien|moi|nam|thang|tuan)\b)"
    r"|\b(?:ai|gi|j|may(?! (?:la|khac|tinh)\b)|bao nhieu|bn|the nao|ntn|nao|sao|lsao|ha|chang|tai sao|vi sao|"
    r"co phai|phai bao)\b|\bv\W*$"
    # "… không ạ", "… không vậy anh" asks as "… không" does.
    r"|\b(?:khong|ko|k|hong|kg|hok|chua|hem)(?:\W+(?:a|ah|vay|v|the|nhi|nhe|anh|chi|em|ban|ad|admin|oi|shop)){0,3}\W*$"
)
# With its accents "à" asks; without them it is mostly "ạ", and whoever says that is polite.
_ASKED_OPENLY = re.compile(r"\b(?:à|hả|hở|á)\W*$")
# Whoever calls for somebody asks nothing, nor does he to whom nobody can do anything any more.
_CALLED = re.compile(
    r"\bai (?:oi|(?:co the |co )?(?:giup|cuu|biet|ranh|gioi))\b|\b(?:khong|ko|k|chang|chua) (?:thay )?ai\b"
    r"|\b(?:khong|ko|k|chang|chua) (?:lam|thay|biet|vao|nhan|con) (?:duoc |dc )?(?:gi|j)\b"
    r"|\b(?:ai do|co ai|bi ai|ai cung|ai dang dung)\b"
)
_HELP = re.compile(
    r"\b(?:(?:phai |bay gio |gio |can )*lam (?:sao|gi|the nao|ntn)|giup|cuu|help|lay lai|phai sao|sao day|gio sao)\b"
)
_WHAT_TO_DO = re.compile(
    r"\b(?:thi )?(?:(?:em |toi |minh |bay gio |gio |phai |can |nen )*"
    r"lam (?:sao|gi|j|s|the nao|ntn|nhu the nao)|phai sao|gio sao|(?:lam sao )?lay lai|kieu (?:gi|nao|j))\b"
)
_HOW_TO = re.compile(r"\b(?:cach|lam sao de|huong dan(?: cach)?) (?=lay lai\b)")
# "Sao zalo em không vào được nữa vậy": asked of nobody's rules.
_WONDERED = re.compile(
    r"^\W*(?:(?:anh|chi|ad|bot|em|a|c) oi\W*)?(?:tu nhien )?(?:tai |vi |the )?sao\b"
    r"|\bsao (?=(?:lai|tu|khong|ko|k|bi|cu|no) )"
)
_WONDERED_AT_THE_END = re.compile(r"\b(?:vay|the|v|ta|nhi)(?: (?:a|ad|anh|chi|bot|troi|ta))*\W*$|\?")
_OF_ONESELF = re.compile(r"\b(?:toi|em|minh|tui|e|m|mk|cua t)\b")
# That it is so by now, and no case that somebody thinks of.
_HAPPENED = re.compile(r"\b(?:roi|r|vua|dang|hom qua|sang nay|chieu nay|toi qua)\b")
# What somebody does or did, or what was done to whoever writes.
_DONE = re.compile(
    r"(?<!khong )(?<!khoi )\bbi\b|\bke (?:xau|gian|nao|la)\b|\bai do\b|\b(?:nick|trang|tai khoan|fanpage) gia\b"
    r"|\bdang (?:nhan|muon|vay|gui|hoi|di)\b"
    r"|\b(?:co|mot|thay|phat hien)(?: mot)? (?:nguoi|ke|ai|doi tuong|nick|trang|tai khoan|fb|facebook|zalo|fanpage)\b"
)
# Somebody wants a text or a deed from the bot.
_ORDERS = re.compile(
    r"^\W*(?:(?:giup|nho|hay|lam on|em|toi|anh|chi|bot|oi|muon|cho) )*"
    r"(?:viet|soan|tao|che|nghi|lam (?:bai|anh|clip|video|meme|gia|nick)|lap|ghep|tung|hack|chi (?:cach|em|toi)|mua)\b"
)


def is_told(text: str, reading: Reading) -> bool:
    """Whether a message tells what happened to an account, rather than asking for a rule."""
    if reading.kind is None or not concerns_account(text, reading):
        return False
    folded = fold(normalize(text[:LONGEST_READ]))
    if _OF_ONESELF.search(folded) and _WONDERED.search(folded):
        # Why it does not open is wondered by whoever has lost it: no rule says so.
        text = folded = _WONDERED_AT_THE_END.sub("", _WONDERED.sub("", folded))
    if asks_rule(text) or (is_order(text) and not _DONE.search(folded)):
        return False
    # Whoever asks what to do about what happened to him tells it all the same.
    calls = _HELP.search(_CALLED.sub("", folded)) is not None
    return not calls or reading.whose is not None or _HAPPENED.search(folded) is not None


def asks_for_help(text: str, reading: Reading) -> bool:
    """Whether a message asks what to do about a lost account, and does not say that one was lost."""
    if reading.kind not in ("lost", "abused") or not concerns_account(text, reading) or is_order(text):
        return False
    folded = _HOW_TO.sub("", fold(normalize(text[:LONGEST_READ])))
    if _SUPPOSED.search(folded) or _IN_GENERAL.search(folded) or not _WHAT_TO_DO.search(folded):
        return False
    return not _ASKED.search(_WHAT_TO_DO.sub("", _CALLED.sub("", folded)).rstrip("? "))


def asks_rule(text: str, said: str = "") -> bool:
    """Whether a text asks for a rule rather than for help; `said` is the text with its accents, where it lost them."""
    folded = fold(normalize(text[:LONGEST_READ]))
    if _SUPPOSED.search(folded) or (_IN_GENERAL.search(folded) and not _ONE_OF_THEM.search(folded)):
        return True
    without_help = _HELP.sub("", NO_HARM.sub("", _CALLED.sub("", folded)))
    return bool(_ASKED.search(without_help) or _ASKED_OPENLY.search(normalize((said or text)[:LONGEST_READ]).lower()))


def tells_of_others(text: str) -> bool:
    """Whether a text tells what somebody else does or did: it asks for no misdeed, whatever its words."""
    return _DONE.search(fold(normalize(text[:LONGEST_READ]))) is not None and not is_order(text)


def is_order(text: str) -> bool:
    """Whether a text orders a text or a deed from whoever reads it."""
    return _ORDERS.search(fold(normalize(text[:LONGEST_READ]))) is not None


def asks(text: str) -> bool:
    """Whether a text is a question."""
    return bool(_ASKED.search(fold(normalize(text[:LONGEST_READ]))))
