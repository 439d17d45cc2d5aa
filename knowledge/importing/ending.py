"""What stands below the provisions of a Vietnamese official text: closing sentences, recipients, signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from knowledge.importing.letterhead import date_in, is_place_and_date, is_position
from knowledge.importing.markers import HEADINGS, NUMBERED, POINTS, Kind, Line
from knowledge.text import fold

# "./." ends the last sentence of an official text.
END_SIGN = re.compile(r"\s*\.?/\.$")

# These two are matched against folded text.
_RECIPIENTS = re.compile(r"no[it] nhan\s*(?::|$)|\W*luu\s*:?\s*(?:vt|van thu)(?!\w)")
_SIGNED = re.compile(r"\(?(?:da )?ky(?:[ ,]+(?:ten|ghi ro ho ten|dong dau).*)?\)?")
# Few lines follow a signature; more than these are a text in which a title only looks like one.
_LONGEST_END = 15

_CLOSING = re.compile(r"(?:Trên đây là|Nhận được|Trân trọng)\b")
_REQUEST = re.compile(r"đề nghị|yêu cầu|trân trọng|thông báo để", re.IGNORECASE)


def split_ending(lines: Sequence[Line]) -> tuple[list[Line], list[str], str]:
    """Part provisions from what follows them.

    Returns:
        The lines of the provisions, the closing sentences, and the date above the signature or "".
    """
    last_article = _last(lines, {Kind.ARTICLE, *HEADINGS})
    last_number = _last(lines, NUMBERED | POINTS)
    end = len(lines)
    for index, line in enumerate(lines):
        is_near = index > last_number and len(lines) - index <= _LONGEST_END
        if (index > last_article and is_recipients(line)) or (is_near and is_signature(line)):
            end = index
            break
    body = list(lines[:end])
    dates = (date_in(line.text) for line in lines[end:] if is_place_and_date(line.text))
    return body, _take_closing(body, end < len(lines)), next(filter(None, dates), "")


def is_recipients(line: Line) -> bool:
    """Whether the line is "Nơi nhận:" or "Lưu: VT"."""
    return _RECIPIENTS.match(fold(line.text)) is not None


def is_signature(line: Line) -> bool:
    """Whether the line is the office of who signs, "(Đã ký)", or the place and date above them."""
    if line.marker is not None:
        return False
    return is_position(line.text) or bool(_SIGNED.fullmatch(fold(line.text))) or is_place_and_date(line.text)


def _last(lines: Sequence[Line], kinds: Set[Kind]) -> int:
    return max((index for index, line in enumerate(lines) if line.kind in kinds), default=-1)


def _take_closing(body: list[Line], has_end: bool) -> list[str]:
    """Take the sentences that end a letter off its provisions; an article keeps its last paragraph."""
    closing: list[str] = []
    has_articles = any(line.kind is Kind.ARTICLE for line in body)
    while len(body) > 1 and body[-1].marker is None and not body[-2].is_bare:
        text = body[-1].text
        is_request = (_REQUEST.search(text) and END_SIGN.search(text)) or (_REQUEST.match(text) and has_end)
        if body[-2].kind is Kind.ARTICLE or not (_CLOSING.match(text) or (is_request and not has_articles)):
            break
        closing.insert(0, END_SIGN.sub(".", text))
        body.pop()
    return closing
