"""Secrets and personal numbers that people type by mistake, taken out before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.text import fold

MASK = "***"

_NAME = r"m[aậ]t\s?kh[aẩ]u|matkhau|mk|pass(?:word)?|m[aã] (?:otp|x[aá]c (?:th[uự]c|nh[aậ]n)|pin)|otp|pin"
# "mật khẩu zalo của tôi là: Abc" - up to five words between the name and the sign that the secret follows.
_AFTER_SIGN = re.compile(rf"(?i)\b({_NAME})((?:\s+[^\W\d]+){{0,5}}?(?:\s*(?:\blà\b|\bla\b|:|=))+\s*)(\S+)")
# "mật khẩu Abc123", "mã otp 4321": what follows at once and holds a digit.
_AT_ONCE = re.compile(rf"(?i)\b({_NAME})(\s+)(?=\S*\d)(\S+)")
# What a name of a secret holds when it is folded: most texts hold none of it, and `in` tells so many times faster.
_NAMED = ("khau", "mk", "pass", "otp", "pin", "ma xac")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*")
_HANDLE = re.compile(r"(?<!\w)@\w{2,64}")
_LINK = re.compile(r"(?i)(?:\b(?:https?://|www\.)\S+|\b(?:[\w-]{1,63}\.){1,4}(?:com|vn|me|net|org|gov|io)\b\S*)")
# Six digits and more, also written in groups: telephone, card, account and identity numbers, one-time codes. Dates and
# the numbers of documents (05/3/2026, 15/2020/NĐ-CP) are shorter between their strokes.
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[ .,-]?\d){5,}(?!\d)")


# What is hardly a word of a sentence: "mật khẩu là gì", "mật khẩu 2 lớp" tell none.
_LIKE_SECRET = re.compile(r"(?=\S*[\d@#$%^&*])\S{4,}")

# Each of the others needs one of these, or the word "là"; most questions have none.
_SIGN = re.compile(r"[@.:=/\d]")


def tells_secret(text: str) -> bool:
    """Tell whether a text holds a password or a one-time code that somebody has typed out."""
    return any(_LIKE_SECRET.fullmatch(match.group(3)) for match in _told(text))


def mask(text: str) -> str:
    """Return a text with passwords, codes, long numbers, addresses and links replaced by "***"."""
    if not _SIGN.search(text) and "la" not in fold(text):
        return text
    text = _LINK.sub(MASK, text)
    text = _HANDLE.sub(MASK, _ADDRESS.sub(MASK, text))
    return _NUMBER.sub(MASK, _without_told(text))


def _names_secret(text: str) -> bool:
    folded = fold(text)
    return any(name in folded for name in _NAMED)


def _told(text: str) -> Iterator[re.Match[str]]:
    """Yield where a secret may be told, each with its name, what stands between, and the secret."""
    if _names_secret(text):
        yield from _AFTER_SIGN.finditer(text)
        yield from _AT_ONCE.finditer(text)


def _without_told(text: str) -> str:
    if not _names_secret(text):
        return text
    return _AT_ONCE.sub(rf"\1\2{MASK}", _AFTER_SIGN.sub(rf"\1\2{MASK}", text))


# What a report needs is kept: telephone numbers, links, names of accounts, account numbers of a bank, amounts.
_GROUPED = re.compile(r"(?<![\w/])\+?\d(?:[ .-]?\d){3,}(?![\w/])")
_SPEAKS_OF_CODE = re.compile(r"(?i)\b(?:otp|m[aã] (?:x[aá]c (?:th[uự]c|nh[aậ]n|minh)|pin)|pin)\b")
_SPEAKS_OF_ID = re.compile(r"(?i)\b(?:cccd|cmnd|cmt|c[aă]n c[uư][oớ]c|ch[uứ]ng minh|h[oộ] chi[eế]u|[dđ][iị]nh danh)\b")
_SPEAKS_OF_BANK = re.compile(r"(?i)\b(?:stk|s[oố] t[aà]i kho[aả]n|s[oố] tk|ng[aâ]n h[aà]ng|bank)\b")
_MONEY = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d*0000")
_TELEPHONE = re.compile(r"(?:\+?84|0)[235789]\d{8}|1[89]00\d{4,6}|02\d{9}")
# CMND has nine digits, CCCD twelve, a card sixteen and more.
_ID_LENGTHS, _CARD_LENGTH = (9, 12), 16
_CODE_LENGTHS = range(4, 9)


def mask_secrets(text: str) -> str:
    """Return a text with passwords, one-time codes, identity and card numbers replaced by "***".

    For reports, which need what `mask` takes out too: telephone numbers, links, accounts.
    """
    if not _SIGN.search(text) and "la" not in fold(text):
        return text
    # Numbers inside a link belong to it.
    parts: list[str] = []
    start = 0
    for link in _LINK.finditer(text):
        parts += [_without_secrets(text[start : link.start()], text), link.group()]
        start = link.end()
    return "".join([*parts, _without_secrets(text[start:], text)])


def _without_secrets(part: str, whole: str) -> str:
    return _GROUPED.sub(lambda match: _number(match.group(), whole), _without_told(part))


def _number(written: str, whole: str) -> str:
    digits = re.sub(r"\D", "", written)
    if _TELEPHONE.fullmatch(digits) or _MONEY.fullmatch(written):
        return written
    alone = whole.strip() == written
    if len(digits) in _CODE_LENGTHS and (_SPEAKS_OF_CODE.search(whole) or (alone and len(digits) == 6)):
        return MASK
    if len(digits) >= _CARD_LENGTH:
        return MASK
    if len(digits) in _ID_LENGTHS and (_SPEAKS_OF_ID.search(whole) or not _SPEAKS_OF_BANK.search(whole)):
        return MASK
    return written
