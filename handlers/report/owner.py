"""Whose account was lost or imitated: what an answer says of it, and which member that is."""

from __future__ import annotations

from handlers.context import Context
from handlers.form import Data
from handlers.people.reading import folded
from handlers.report.reading import Reading
from knowledge.text import fold
from storage import members

_TITLES = {"anh", "chi", "co", "chu", "bac", "ong", "ba", "em", "thay", "dong", "a", "c"}
_OWN = {"toi", "em", "e", "minh", "tui"}
_BESIDE = {"cua", "la", "nick", "zalo", "facebook", "fb", "telegram", "tiktok", "tai", "khoan", "so", "sdt", "dt", "a",
           "dạ", "da", "ten"}  # fmt: skip


def whose(said: str, reading: Reading) -> tuple[str, str]:
    """Return whose account an answer says it is, "own" or "other", and whoever is named in it, "" for nobody."""
    rest = said.replace(reading.account, " ") if reading.account else said
    words = [word.strip(".,;:()") for word in rest.split()]
    named = [word for word in words if word and fold(word) not in _BESIDE]
    if reading.whose == "own" or not named or fold(named[0]) in _OWN:
        return "own", " ".join(word for word in named if fold(word) not in _OWN)
    return "other", " ".join(named[:8])


def has_title(name: str) -> bool:
    """Tell whether a name begins with a word for addressing people: "chị Ví Dụ"."""
    return bool(name) and fold(name.split()[0]) in _TITLES


def find_owner(data: Data, context: Context, said: str = "") -> None:
    """Note which member it is, where a name means one and no other."""
    if data["whose"] == "own":
        data["owner_id"] = context.person if context.actor.joined else None
        return
    if data["whose"] != "other":
        return
    day = context.today.isoformat()
    for name in filter(None, (data["owner_name"], said)):
        words = folded(name.replace(data["account"], " ") if data["account"] else name).split()
        while words and words[0] in _TITLES:
            words = words[1:]
        called = [one for one in members.called(context.database, " ".join(words), day) if one.state != "left"]
        if len(called) == 1:
            data["owner_id"], data["owner_name"] = called[0].person, data["owner_name"] or called[0].name
            return
