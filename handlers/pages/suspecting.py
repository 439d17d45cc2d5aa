"""Somebody asks to have a link or a page looked at: what to do with it, and whether it is like an official page."""

from __future__ import annotations

import re

from markupsafe import Markup

from handlers.authorization import may
from handlers.context import Context
from handlers.conversation import Button, Reply
from handlers.pages.dialogue import warnings
from handlers.pages.likeness import addresses_in
from knowledge.text import folded_syllables, normalize
from storage import people

LONGEST_READ = 600
"""So many characters are read: what is asked stands at the beginning."""

_COMPARE = "page.compare"

_SEEN = r"(?:link|duong dan|duong link|trang|web|website|page|fanpage|dia chi|lien ket)"
_ACCOUNT = r"(?:nick|tai khoan|tk|zalo|facebook|fb|kenh)"
_THIS = r"(?:nay|do|kia|vua roi|ben duoi|duoi day)"
_LOOK = re.compile(
    rf"\b(?:kiem tra|ktra|check|xem|coi|tra|tham dinh|xac minh)\b(?: \w+){{0,4}}? (?:{_SEEN}|{_ACCOUNT})\b"
)
# Without one of these there is no match of the one, or of the other.
_VERBS = frozenset({"tra", "ktra", "check", "xem", "coi", "dinh", "minh"})
_POINTING = frozenset({"nay", "do", "kia", "roi", "duoi"})
_IN_DOUBT = re.compile(
    rf"\b(?:{_SEEN}|{_ACCOUNT}) (?:\w+ ){{0,2}}?{_THIS} (?:\w+ ){{0,4}}?"
    r"(?:that|gia|lua dao|lua|an toan|virus|ma doc|chinh thuc|chinh chu|tin duoc|dang tin|bam duoc|vao duoc)\b"
)
_WHO = re.compile(r"\b(?:ai|cua ai|nguoi nao|la ai|quan tri|dung sau|chu tai khoan)\b")
_BEHIND = re.compile(r"\b(?:so dien thoai|sdt|dia chi nha|nguoi that|ten that)\b")
_TRUE = re.compile(r"\b(?:that|gia|lua dao|lua|an toan|virus|ma doc|chinh thuc|tin duoc|dang tin|bam)\b")
_THIS_ONE = re.compile(rf"\b(?:{_SEEN}|{_ACCOUNT}) {_THIS}\b")


def asks_to_look(text: str) -> bool:
    """Whether a message asks to have a link or a page checked; who stands behind an account is another question."""
    said = folded_syllables(normalize(text[:LONGEST_READ]))
    folded = " ".join(said)
    looks = None if _VERBS.isdisjoint(said) else _LOOK.search(folded)
    in_doubt = None if _POINTING.isdisjoint(said) else _IN_DOUBT.search(folded)
    if not (looks or in_doubt) or _WHO.search(folded) or _BEHIND.search(folded):
        return False
    return in_doubt is not None or bool(
        addresses_in(text[:LONGEST_READ])
        or (_THIS_ONE.search(folded) and (_TRUE.search(folded) or re.search(r"\b(?:giup|ho|gium)\b", folded)))
    )


def look(text: str, context: Context) -> Reply | None:
    """Say what to do with a link or a page, and which official page it is like; None for any other message."""
    if not asks_to_look(text):
        return None
    texts = context.texts
    lines = [texts.rich("page.suspected")]
    alone = context.address is not None and not people.is_shared(context.database, context.address)
    compares = alone and may(context.scene, _COMPARE)
    buttons = [Button(texts("button.report"), "report.start")]
    if compares and addresses_in(text):
        lines = [*(warnings(text[:LONGEST_READ], context) or [texts.rich("page.like_none")]), *lines]
    elif compares:
        buttons.insert(0, Button(texts("command.kiemtratrang"), "command.run", {"name": "kiemtratrang"}))
    return Reply(Markup("\n").join(lines), tuple(buttons))
