"""Texts that are ready for whoever wants to warn others: the warning of a report, or a reminder of the office."""

from __future__ import annotations

import re

from handlers.broadcast import reminders
from handlers.broadcast.content import marked
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.report import wording
from handlers.report.reading import LONGEST_READ, read
from knowledge.text import fold, normalize

_FAVOUR = r"(?:giup|gium|dum|ho)"
_WANTED = re.compile(
    rf"^\W*(?:\w+ ){{0,4}}?(?:viet|soan|xin|mau|{_FAVOUR} (?:\w+ )?(?:lam|gui|tao)|(?:lam|gui|tao) {_FAVOUR})\b"
    r"(?: \w+){0,5}? "
    r"(?:canh bao|(?:thong bao|tin|bai|van ban|loi) nhac|nhac (?:nho )?(?:can bo|moi nguoi|anh em|anh chi|ba con|nhau|"
    r"cong chuc|dan|nguoi dan|hoc sinh|phu huynh|dong nghiep))\b"
)
_ASKED = re.compile(r"\?|\b(?:khong|ko|k|chua|gi|ai|sao|the nao|duoc phep|bao nhieu)\W*$")
# A warning that frightens or is invented is what the bot refuses.
_FALSE_WARNING = re.compile(
    rf"\b(?:viet|soan|lam|tao)(?: {_FAVOUR})?(?: \w+)? (?:tin|bai) (?:gia|sai|don|bia)\b"
    r"|\b(?:canh bao|thong bao) (?:gia|sai|bia)\b(?! mao)|\b(?:bia|hu doa|doa)\b"
)

_REMINDERS = (
    (re.compile(r"\b(?:tin gia|tin sai|tin don|chia se|share|kiem chung)\b"), "kiem-tra-truoc-khi-chia-se"),
    (re.compile(r"\b(?:mat khau|otp|bao mat|bao ve tai khoan|lua dao|link|duong dan)\b"), "bao-ve-tai-khoan"),
)


def warning_wanted(text: str) -> bool:
    """Whether a message asks for a text with which others are warned or reminded."""
    folded = " ".join(fold(normalize(text[:LONGEST_READ])).split())
    return bool(_WANTED.search(folded)) and not _ASKED.search(folded) and not _FALSE_WARNING.search(folded)


def warning(text: str, context: Context) -> Reply | None:
    """Return the text that is ready for what a message asks for; None where it asks for none, or none is ready."""
    if not warning_wanted(text):
        return None
    reading = read(text, context.today)
    texts = context.texts
    if reading.kind in ("lost", "impersonated", "unit_impersonated"):
        data = {name: getattr(reading, name) for name in ("kind", "platform", "whose", "owner_name")}
        return Reply(wording.warning(data, context), (Button(texts("button.report"), "report.start"),))
    folded = fold(normalize(text[:LONGEST_READ]))
    wanted = next((name for words, name in _REMINDERS if words.search(folded)), None)
    found = next((one for one in reminders.ready(context) if one.id == wanted), None)
    return Reply(texts.rich("report.ready_text", text=marked(found.text.strip()))) if found else None
