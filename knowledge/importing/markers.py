"""The lines of a text, and what each begins: "Chương II", "Điều 3.", "1.2.", "a)", "- "."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from knowledge.text import normalize

# A paragraph of more characters than this is about two screens of a phone.
LONG_TEXT = 2000

# The letters of a count. Offices go a, b, c, d, đ, e, g; Word goes a, b, c, d, e, f, g.
LETTERS = "abcdđefghijklmnopqrstuvwxyz"
LETTER_ORDERS = ("abcdđeghiklmnopqrstuvxy", "abcdefghijklmnopqrstuvwxyz")


class Kind(IntEnum):
    """What a line begins; it ends every provision before it of its own rank or of a greater number.

    Between SUBNUMBER and LETTER there is room for "1.1.1": a number of more levels ranks deeper.
    """

    ANNEX = 0
    PART = 1
    CHAPTER = 2
    SECTION = 3
    SUBSECTION = 4
    ARTICLE = 5
    UPPER = 6
    ROMAN = 7
    NUMBER = 8
    SUBNUMBER = 9
    LETTER = 20
    SMALL_ROMAN = 21
    DASH = 22


HEADINGS = (Kind.PART, Kind.CHAPTER, Kind.SECTION, Kind.SUBSECTION)
DASHES = frozenset({Kind.DASH})
POINTS = frozenset({Kind.LETTER, Kind.SMALL_ROMAN})
NUMBERED = frozenset(Kind) - POINTS - DASHES

# How far a number may run ahead of the one before it: a line of a wrapped text can begin with any
# number ("30. Các đơn vị"), and words are shortened to a capital ("X. Tân An").
_SLACK = {Kind.NUMBER: 10, Kind.ROMAN: 3, Kind.UPPER: 2}

_KIND_WORDS = {
    "phụ lục": Kind.ANNEX,
    "phần": Kind.PART,
    "chương": Kind.CHAPTER,
    "mục": Kind.SECTION,
    "tiểu mục": Kind.SUBSECTION,
    "điều": Kind.ARTICLE,
}

# [0-9] and not \d throughout: an id takes no digits of other scripts.
_SIGNS = " .:)/-–—"
_AFTER = r"(?:\s*[.:)/\-–—]+\s*(?P<rest>.*)|\s*)"
_WORDED = (
    re.compile(rf"(?P<word>Phụ lục|PHỤ LỤC)(?:\s+(?:(?:số|SỐ)\s+)?(?P<number>[0-9]{{1,2}}|[IVX]+|[A-Z]))?{_AFTER}"),
    re.compile(rf"(?P<word>Điều|ĐIỀU)\s*(?P<number>[0-9]{{1,3}}[a-z]?){_AFTER}"),
    re.compile(
        r"(?P<word>Phần|PHẦN|Chương|CHƯƠNG|Mục|MỤC|Tiểu mục|TIỂU MỤC)\s+"
        rf"(?P<number>(?:thứ|THỨ)\s+\w+|[IVX]+|[0-9]{{1,2}}){_AFTER}"
    ),
)
# In capitals the title may follow without any sign: no sentence is written like that.
_CAPITALS = re.compile(r"(?P<word>ĐIỀU|CHƯƠNG|PHẦN|MỤC)\s+(?P<number>[0-9]{1,3}|[IVX]+)\s+(?P<rest>.+)")
_ENUMERATOR = re.compile(
    r"(?P<word>(?:Khoản|Điểm)\s+)?(?P<open>\()?"
    r"(?P<number>(?:[0-9]{1,2}|[IVX]{1,4})(?:\.[1-9][0-9]?){1,3}(?![0-9])|[0-9]{1,2}[a-z]?|[IVX]{1,5}|[A-HĐ]|[ivx]{2,5}|[a-zđ])"
    r"(?:\s*(?P<sign>\.-?|[)/:–-]))?(?P<gap>\s*)(?P<rest>.*)"
)
_DASH = re.compile(r"(?P<sign>[-–—−+•◦▪▫●○■□·*✓✔➢►➤❖♦])(?P<gap>\s*)(?P<rest>.*)")
_ROMAN = re.compile(r"(x{0,3})(ix|iv|v?i{0,3})")
_ROMAN_SIGNS = {"i": 1, "v": 5, "x": 10}
_CAPITAL_LETTERS = "ABCDĐEFGH"
_SUBJECT = re.compile(r"V/v\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before the words of a line.

    Attributes:
        kind: what it begins.
        number: its number or letter as written ("3", "II", "đ"), the sign of a dash, "" where it has none.
        label: all that stands before the words: "Điều 3", "(3)".
        rest: the words.
    """

    kind: Kind
    number: str
    label: str
    rest: str

    def may_follow(self, before: Marker | None) -> bool:
        """Whether it can be the next of its kind after another, or the first."""
        if self.kind not in _SLACK:
            return True
        return self.value - (before.value if before else 0) <= _SLACK[self.kind]

    @property
    def value(self) -> int:
        """The place of a NUMBER, ROMAN or UPPER in its count."""
        if self.kind is Kind.UPPER:
            return _CAPITAL_LETTERS.index(self.number) + 1
        return roman_value(self.number.lower()) if self.kind is Kind.ROMAN else int(self.number.rstrip(LETTERS))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text with what it begins, if anything."""

    text: str
    marker: Marker | None

    @property
    def kind(self) -> Kind | None:
        """What the line begins."""
        return self.marker.kind if self.marker else None

    @property
    def is_bare(self) -> bool:
        """Whether the line is a marker without words, which stand on the next line."""
        return self.marker is not None and not self.marker.rest


def read_markers(raw_lines: Iterable[str]) -> list[Line]:
    """Return the lines in the project's normal form, with what they begin.

    Lines without a word are dropped, and a sentence that runs over several becomes one.
    """
    lines: list[Line] = []
    for raw in raw_lines:
        for piece in normalize(raw.replace("**", "")).splitlines():
            # Again, because an accent meets its letter only after what stood between them is gone.
            text = re.sub(r"^#{1,6} ", "", normalize(piece))
            if not any(char.isalnum() for char in text):
                continue
            marker = read_marker(text)
            if lines and marker is None and _runs_on(lines[-1], text):
                text = f"{lines.pop().text} {text}"
                marker = read_marker(text)
            lines.append(Line(text, marker))
    return lines


def read_marker(text: str) -> Marker | None:
    """Return what a line begins, None for a line of plain words."""
    for pattern in (*_WORDED, _CAPITALS) if text.isupper() else _WORDED:
        match = pattern.fullmatch(text)
        if match:
            rest = match["rest"] or ""
            label = text[: len(text) - len(rest)].rstrip(_SIGNS)
            return Marker(_KIND_WORDS[match["word"].lower()], match["number"] or "", label, rest)
    return _enumerator(text) or _dash(text)


def roman_value(number: str) -> int:
    """Return the value of a Roman number in small letters."""
    signs = [_ROMAN_SIGNS[sign] for sign in number]
    return sum(-sign if sign < after else sign for sign, after in zip(signs, [*signs[1:], 0], strict=True))


def is_titlelike(text: str) -> bool:
    """Whether a text may be a title or name: short, and in capitals or without the end of a sentence."""
    return len(text) <= 200 and (text.isupper() or text[-1] not in ".;:,!?")


def _runs_on(before: Line, text: str) -> bool:
    is_open = before.text[-1] not in ".;:!?" and not before.is_bare and len(before.text) < LONG_TEXT
    return is_open and text[0].islower()


def _enumerator(text: str) -> Marker | None:
    match = _ENUMERATOR.fullmatch(text)
    if match is None or _SUBJECT.match(text):
        return None
    number, sign, gap, rest = match["number"], match["sign"], match["gap"], match["rest"]
    kind = _enumerated_kind(number)
    begins_sentence = rest[:1].isupper() or rest[:1] in ("“", '"')
    if sign is None:
        holds = kind is Kind.SUBNUMBER and gap and begins_sentence
    elif sign == ":":
        holds = bool(match["word"])
    elif sign in "-–":
        holds = gap and begins_sentence and kind in (Kind.NUMBER, Kind.ROMAN)
    else:
        holds = not rest or gap or begins_sentence or (sign == ")" and rest[0].isalpha())
    if kind is None or not holds or (match["open"] and sign != ")"):
        return None
    return Marker(kind, number, text[: match.start("gap")], rest)


def _enumerated_kind(number: str) -> Kind | None:
    if "." in number:
        return Kind.SUBNUMBER
    if number[0].isdigit():
        return Kind.NUMBER
    is_roman = _ROMAN.fullmatch(number.lower()) is not None
    if number.isupper():
        return Kind.ROMAN if is_roman else Kind.UPPER if len(number) == 1 else None
    return Kind.LETTER if len(number) == 1 else Kind.SMALL_ROMAN if is_roman else None


def _dash(text: str) -> Marker | None:
    match = _DASH.fullmatch(text)
    # "-5 độ" and "+84 ..." are numbers with a sign.
    if match is None or (not match["gap"] and match["rest"][:1].isdigit()):
        return None
    sign = "-" if match["sign"] in "-–—−" else match["sign"]
    return Marker(Kind.DASH, sign, match["sign"], match["rest"])
