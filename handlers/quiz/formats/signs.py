"""The signs by which a typed line is known: a question, an option, an answer, a name for what follows.

Patterns are matched against lines without accents and capitals, letter by letter in the same place (`key`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from handlers.quiz.question import Difficulty
from knowledge.text import fold

DIFFICULTIES: Mapping[str, Difficulty] = {
    "de": Difficulty.EASY, "nhan biet": Difficulty.EASY, "nb": Difficulty.EASY,
    "trung binh": Difficulty.MEDIUM, "vua": Difficulty.MEDIUM, "thong hieu": Difficulty.MEDIUM, "th": Difficulty.MEDIUM,
    "kho": Difficulty.HARD, "van dung": Difficulty.HARD, "van dung cao": Difficulty.HARD, "vd": Difficulty.HARD,
    "vdc": Difficulty.HARD,
}  # fmt: skip
"""What people write for how hard a question is, without accents."""

WRITTEN_DIFFICULTY = {Difficulty.EASY: "dễ", Difficulty.MEDIUM: "trung bình", Difficulty.HARD: "khó"}

QUESTION = re.compile(r"\s*(?:cau hoi|cau)(?:\s+so)?\s*(\d{1,4})(?:\s*[.:)/–-]|\s|$)\s*")
NUMBER = re.compile(r"\s*(\d{1,3})\s*[.)/]\s+(?=\S)")
OPTION = re.compile(r"\s*(\*?)\s*\(?([a-z])\s*(?:[.):/]|\s?[-–]\s)\s*")
BESIDE = re.compile(r"(?:\t|\s{2,})\s*(?=\*?\s*[a-z]\s*[.):/])")
_ARROW = r"\s*(?:=+>|-+>|→|⇒|\*)?\s*"
ANSWER = re.compile(
    _ARROW + r"(?:(?:chon\s+)?(?:phuong an|dap an|cau tra loi|tra loi)(?:\s+(?:dung|chinh xac))?(?:\s+nhat)?|da|answer)"
    r"(\s*la\b)?\s*([:.–-]|=>)?\s*"
)
CHOOSE = re.compile(_ARROW + r"chon(?:\s+cau)?\s*:?\s*(?=\(?[a-z]\)?\s*\.?\s*$)")
NAMED = re.compile(r"\(?[a-z]\)?(?:\s*(?:,|;|&|/|\+|\bva\b|\bhoac\b|\s)\s*\(?[a-z]\b\)?)*\s*(?:$|[.):;,–-]\s*)")
KEY_HEADING = re.compile(r"\s*(?:bang\s+)?dap an\s*(?:trac nghiem|cac cau hoi|tham khao)?\s*:?\s*$")
KEY_PAIR = re.compile(r"(?:cau\s*)?(\d{1,4})\s*[.:)–-]?\s*([a-z](?:\s*,\s*[a-z])*)(?=$|[\s;,.|])[\s;,.|]*")
KEY_WORDS = re.compile(r"\s*(?:cau(?: hoi)?|stt|so|dap an|bang dap an)\s*[.:]?\s*$")
KEY_NUMBERS = re.compile(r"\s*(?:cau(?: hoi)?\s*)?(\d{1,4}(?:[\s|]+\d{1,4})*)\s*$")
KEY_LETTERS = re.compile(r"\s*(?:(?:dap an|da)\s*:?\s*)?([a-z](?:[\s|]+[a-z])*)\s*$")
SECTION = re.compile(r"\s*(?:phan|chuong)\s+(?:\d{1,3}|[ivx]{1,6})\s*[.:–-]\s*(?=\S)")
LABELS: Mapping[str, re.Pattern[str]] = {
    "explanation": re.compile(
        r"\s*(?:loi\s+)?(?:giai thich|huong dan(?: giai| tra loi)?|ly giai|giai dap|ly do)\s*[:–]\s*"
    ),
    "provisions": re.compile(r"\s*(?:ma\s+)?(?:dieu khoan|can cu|vien dan|trich dan)\s*:\s*"),
    "topic": re.compile(r"\s*chu de\s*:\s*"),
    "difficulty": re.compile(r"\s*(?:muc do|do kho)\s*:\s*"),
    "name": re.compile(r"\s*ma(?: cau(?: hoi)?)?\s*:\s*"),
    "choosing": re.compile(r"\s*cach chon\s*:\s*"),
}
FEEDBACK = re.compile(r"\s*(?:nhan xet|phan hoi)\s+([a-z])\s*:\s*")
CREDIT = re.compile(r"\s*(?:diem|trong so)\s+([a-z])\s*:\s*")
PERCENT = re.compile(r"(-?\d{1,3}(?:[.,]\d{1,5})?)\s*%")


def may_mean(line: str) -> bool:
    """Tell whether a line, as `key` gives it, would be read as more than words."""
    patterns = (QUESTION, NUMBER, OPTION, ANSWER, CHOOSE, KEY_HEADING, SECTION, *LABELS.values(), FEEDBACK, CREDIT)
    return any(pattern.match(line) for pattern in patterns)


def key(text: str) -> str:
    """Return a line without accents and capitals, each letter at its own place."""
    return "".join(plain if len(plain := fold(char)) == 1 else " " if char.isspace() else "?" for char in text)
