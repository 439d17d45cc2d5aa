"""Saying in one's own words that a broadcast was read: what plainly says so confirms it, a mere "ok" is asked about."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from handlers import form
from handlers.broadcast import service, wording
from handlers.broadcast.content import CONFIRM, Content
from handlers.context import Context
from handlers.conversation import Reply
from handlers.form import Data, Done, Form, Step
from handlers.people.screens import name_of
from knowledge.text import folded_syllables, normalize
from storage import broadcasts, informing, menus, recipients

Said = Literal["read", "heard"]
"""That it was read and understood, or only that it has come."""

FRESH = dt.timedelta(hours=24)
"""After so long an "ok" is not about a broadcast any more."""

_NAME = "broadcast_read"

# Typed with accents it is no "đã".
_POLITE = re.compile(r"(?i)\b(?:dạ|ạ)\b")
_READ = re.compile(r"\b(?:doc|xem|hieu|nam|ro|quan triet|tiep thu|xac nhan)\b")
_DONE = re.compile(r"\bda\b|\b(?:roi|xong|het|ky|day du)\b|\bdoc va hieu\b|\bxin xac nhan\b|\btoi xac nhan\b")
_HEARD = re.compile(r"\b(?:ok|oke|okay|okie|okla|uh|um|u|vang|nhan|ro|biet|hieu|tot|dong y)\b")
_BESIDE = frozenset(
    """
    da doc xem hieu nam duoc ro quan triet tiep thu xac nhan roi xong het ky day du va xin la ok oke okay okie okla uh
    um u vang biet tot dong y em e toi t minh m anh chi a c ah ak nha nhe nhen ban bac co chu thay tui cac noi dung
    thong bao tin nay do tren cua cam on nhieu lam ad admin sep oi len luon cung chung ca phong don vi
    """.split()  # noqa: SIM905 - nobody reads a hundred quotes
)
_MOST_WORDS = 14
_LONGEST_NAME = 6
_SIGNS = ("👍", "👌", "✅")


def acknowledged(text: str, context: Context) -> list[Reply] | None:
    """Confirm the newest broadcast that waits for whoever says that he has read it, or ask whether he has.

    None where none waits, or where something else is said.
    """
    if not _may_say(text):
        return None
    words = said(text, name_of(context.person, context))
    number = informing.newest_for(context.database, context.person) if words else None
    if words is None or number is None:
        return None
    if words == "read":
        return [_confirm(number, context)]
    return form.begin(_NAME, FORMS[_NAME], {"broadcast": number}, context) if _is_about(number, context) else None


def _may_say(text: str) -> bool:
    """Whether a text can say that something was read or came, looked at quickly and without a name: most say more."""
    syllables = folded_syllables(text)
    if not syllables:
        return True
    if len(syllables) > _MOST_WORDS or sum(syllable not in _BESIDE for syllable in syllables) > _LONGEST_NAME:
        return False
    words = " ".join(syllables)
    return bool(_READ.search(words) or _HEARD.search(words))


def said(text: str, name: str = "") -> Said | None:
    """Return what a text says of something that came; None where it says more than that and one's own name."""
    typed = normalize(text)
    if typed.strip() in _SIGNS:
        return "heard"
    if "?" in typed:
        return None
    syllables = folded_syllables(_POLITE.sub(" ", typed))
    if not syllables or len(syllables) > _MOST_WORDS or not _BESIDE.union(folded_syllables(name)).issuperset(syllables):
        return None
    words = " ".join(syllables)
    if _READ.search(words) and _DONE.search(words):
        return "heard" if _only_came(words) else "read"
    return "heard" if _HEARD.search(words) else None


def _only_came(words: str) -> bool:
    """Whether only the message was received: "xác nhận đã nhận tin"."""
    return re.search(r"\bda nhan\b|\bnhan (?:duoc|tin|thong bao|roi)\b", words) is not None and not re.search(
        r"\b(?:doc|xem|hieu|nam|quan triet|tiep thu)\b", words
    )


def _is_about(number: int, context: Context) -> bool:
    """Whether an "ok" is about a broadcast: it asks to be confirmed, came lately, and nothing was shown since."""
    found, got = broadcasts.get(context.database, number), recipients.get(context.database, number, context.person)
    if found is None or got is None or got.ended_at is None or context.address is None:
        return False
    wanted = any(choice.kind == CONFIRM for choice in Content.from_json(found.content).buttons)
    fresh = context.now - dt.datetime.fromisoformat(got.ended_at) < FRESH
    since = menus.latest(context.database, context.address, context.person, got.ended_at)
    return wanted and fresh and since is None


def _ask_sure(data: Data, context: Context) -> Reply:
    found = broadcasts.get(context.database, data["broadcast"])
    texts = context.texts
    return Reply(
        texts.rich("broadcast.ask_read", words=wording.beginning(found) if found else ""),
        (
            form.choice(texts("broadcast.confirm_button"), "yes", _NAME, "sure"),
            form.choice(texts("broadcast.not_read"), "no", _NAME, "sure"),
        ),
    )


def _take_sure(typed: str, data: Data, context: Context) -> str | Done:
    if said(typed) or form.yes_or_no(typed):
        return Done([_confirm(data["broadcast"], context)])
    if form.yes_or_no(typed) is False:
        return Done([Reply(context.texts.rich("broadcast.read_later"))])
    return form.ELSEWHERE


def _confirm(number: int, context: Context) -> Reply:
    new = service.confirm(context.scene, context.person, number)
    return Reply(context.texts.rich("broadcast.confirmed" if new else "broadcast.confirmed_before"))


FORMS: dict[str, Form] = {_NAME: {"sure": Step(_ask_sure, _take_sure)}}
