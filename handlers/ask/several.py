"""Where a message that asks several things at once is parted: a wrong cut would spoil a question, a missed one little.

Signs and numbers part always. "Và", "còn" stand inside of most questions: they part only where what stands before and
behind them is a whole question by itself.
"""

from __future__ import annotations

import re

from knowledge.text import fold, folded_syllables

_ENDS = re.compile(r"[?;\n]+")
# Without its accents "nhân tiện" is money that is taken.
_BESIDES = re.compile(r"(?i)[,.]?\s(?:với lại|voi lai|ngoài ra|ngoai ra|thêm nữa|them nua|tiện thể|nhân tiện)\b")
_SAID_BESIDES = ("voi lai", "ngoai ra", "them nua", "tien the", "nhan tien")
_NUMBERED = re.compile(r"(?i)^\W*(?:(?:câu|cau)\s)?1\s?[.):]\s?\S.*(?:^|\s)(?:(?:câu|cau)\s)?2\s?[.):]", re.DOTALL)
_NUMBER = re.compile(r"(?i)(?:^|\s)(?:(?:câu|cau)\s)?[1-9]\s?[.):](?=\s|[^\W\d])")
_AND = re.compile(r"(?i),?\s(?:và|va)\s|,\s?(?:(?:thế|the|rồi|roi|vậy|vay)\s)?(?:còn|con)\s")

_ASKS = re.compile(
    r"\b(?:khong|ko|k|hong|kg|hok|chua|gi|j|nao|ntn|sao|ai|dau)(?:\W+(?:a|ah|ha|vay|v|the|nhi|ad|em|anh|chi|oi|nhe))*\W*$"
)
_OF_A_PROVISION = re.compile(r"\b(?:dieu|khoan|muc|chuong) (?:\d|[ivx]+\b)")
# In fewer words something is asked of what was said before: "hết hạn chưa, còn xài được không".
_FEWEST_WORDS = 4


def parts(text: str) -> list[str]:
    """Return the questions of a message in their order; only one where it asks a single thing."""
    numbered = _NUMBER.sub("\n", text) if _NUMBERED.search(text) else text
    said = _ENDS.split(numbered)
    # Hardly anybody says so, and `in` tells faster than a pattern.
    if any(words in fold(numbered) for words in _SAID_BESIDES):
        said = [part for end in said for part in _BESIDES.split(end)]
    return [question.strip() for part in said for question in _parted(part) if folded_syllables(question)]


def _parted(text: str) -> list[str]:
    """A sentence parted at each "và", "còn" that stands between two whole questions."""
    folded = fold(text)
    if not (" va " in folded or " con " in folded) or _OF_A_PROVISION.search(folded):
        return [text]
    parted: list[str] = []
    begin = 0
    for found in _AND.finditer(text):
        end, after = found.span()
        if _is_whole(text[begin:end]) and _is_whole(text[after:]):
            parted.append(text[begin:end])
            begin = after
    return [*parted, text[begin:]]


def _is_whole(text: str) -> bool:
    return len(folded_syllables(text)) >= _FEWEST_WORDS and _ASKS.search(fold(text)) is not None
