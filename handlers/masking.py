"""Secrets and personal numbers that people type by mistake, taken out before anything is written."""

from __future__ import annotations

import re

MASK = "***"

_AFTER_SECRET = re.compile(
    r"(?i)\b(m[aậ]t kh[aẩ]u|mk|pass(?:word)?|m[aã] (?:otp|x[aá]c (?:th[uự]c|nh[aậ]n)|pin)|otp|pin)"
    r"(\s*(?:l[aà]|của (?:tôi|em)\s+l[aà]|:|=)\s*)(\S+)"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
# Six digits and more, also written in groups: telephone, card, account and identity numbers, one-time codes.
# Dates and the numbers of documents (15/2020, 874) are shorter or carry a slash.
_NUMBER = re.compile(r"(?<![\d/])\+?\d(?:[ .-]?\d){5,}(?![\d/])")
_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+")


def mask(text: str) -> str:
    """Return a text with passwords, codes, long numbers, mail addresses and links replaced by "***"."""
    text = _LINK.sub(MASK, text)
    text = _ADDRESS.sub(MASK, text)
    text = _AFTER_SECRET.sub(rf"\1\2{MASK}", text)
    return _NUMBER.sub(MASK, text)
