"""Greetings and thanks around a question: "em chào anh, cho em hỏi ... ạ, em cảm ơn anh"."""

from __future__ import annotations

import re

from knowledge.text import fold, folded_syllables, normalize

# What may be repeated is bounded, so that no text takes long.
_WHO = r"(?:anh chi|cac anh chi|anh|chi|a/c|ac|ace|em|e|ban|bot|ad|admin|shop|co|chu|bac|sep|tro ly|ca nha|moi nguoi)"
_BEFORE = rf"(?:(?:da|vang|thua|kinh|toi|minh|tui|{_WHO}) ){{0,6}}(?:xin )?"
_AFTER = rf"(?: (?:{_WHO}|nhieu|lam|rat|truoc|buoi (?:sang|trua|chieu|toi))){{0,6}}(?: (?:a|nha|nhe|voi|oi)){{0,3}}"
# A greeting begins what is said: "buổi chào cờ" is none. Thanks may follow without a sign, but "thư cảm ơn" is a topic.
_COURTESY = re.compile(
    rf"(?:(?:^|(?<=[,.;:!?\n])) *{_BEFORE}(?:chao|kinh chao|hello|hi|alo){_AFTER}"
    rf"|(?<!\w)(?<!thu )(?<!loi )(?<!bai ){_BEFORE}(?:chan thanh )?(?:cam on|thanks|thank you|tks){_AFTER}"
    rf"|(?<!\w)(?:cho {_BEFORE}|{_BEFORE}(?:muon |can |xin ))(?:duoc )?hoi(?! ai\b)(?: (?:la|rang|chut|ti|xiu|them))*)"
    r"(?!\w)[\s,.;:!?~]*"
)
# Without one of these nothing of it is there.
_WORDS = frozenset({"chao", "hello", "hi", "alo", "on", "thanks", "thank", "tks", "hoi"})


def without_courtesy(text: str) -> str:
    """Return a normal text without its greetings, its thanks and "cho em hỏi"; "" where nothing else was said."""
    folded = fold(text)
    # Folding letter by letter keeps places; where it did not, accents are given up.
    said = text if len(folded) == len(text) else folded
    kept, start = [], 0
    for found in () if _WORDS.isdisjoint(folded_syllables(text)) else _COURTESY.finditer(folded):
        kept.append(said[start : found.start()])
        start = found.end()
    kept.append(said[start:])
    return normalize(" ".join(kept)).strip(" ,.;:!~")
