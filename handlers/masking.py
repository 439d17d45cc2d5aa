"""Secrets and personal numbers that people type by mistake, taken out before anything is written."""

from __future__ import annotations

import re

MASK = "***"

_NAME = r"m[aậ]t\s?kh[aẩ]u|matkhau|mk|pass(?:word)?|m[aã] (?:otp|x[aá]c (?:th[uự]c|nh[aậ]n)|pin)|otp|pin"
# "mật khẩu zalo của tôi là: Abc" - up to five words between the name and the sign that the secret follows.
_AFTER_SIGN = re.compile(rf"(?i)\b({_NAME})((?:\s+[^\W\d]+){{0,5}}?(?:\s*(?:\blà\b|\bla\b|:|=))+\s*)(\S+)")
# "mật khẩu Abc123", "mã otp 4321": what follows at once and holds a digit.
_AT_ONCE = re.compile(rf"(?i)\b({_NAME})(\s+)(?=\S*\d)(\S+)")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*")
_HANDLE = re.compile(r"(?<!\w)@\w{2,64}")
_LINK = re.compile(r"(?i)(?:\b(?:https?://|www\.)\S+|\b(?:[\w-]{1,63}\.){1,4}(?:com|vn|me|net|org|gov|io)\b\S*)")
# Six digits and more, also written in groups: telephone, card, account and identity numbers, one-time codes. Dates and
# the numbers of documents (05/3/2026, 15/2020/NĐ-CP) are shorter between their strokes.
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[ .,-]?\d){5,}(?!\d)")


# Each of the others needs one of these; most questions have none.
_NEEDED = re.compile(r"(?i)[@.:=/\d]|\bl[àa]\b")


def mask(text: str) -> str:
    """Return a text with passwords, codes, long numbers, addresses and links replaced by "***"."""
    if not _NEEDED.search(text):
        return text
    text = _LINK.sub(MASK, text)
    text = _HANDLE.sub(MASK, _ADDRESS.sub(MASK, text))
    text = _AFTER_SIGN.sub(rf"\1\2{MASK}", text)
    text = _AT_ONCE.sub(rf"\1\2{MASK}", text)
    return _NUMBER.sub(MASK, text)
