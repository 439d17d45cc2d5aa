"""How provisions are named in official texts: the path "dieu-4/khoan-3" is "Khoản 3 Điều 4"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from knowledge.schema import ProvisionEntry

_UNNUMBERED = re.compile(r"khoan-x\d+")
_FORMS = (
    (re.compile(r"chuong-(\w+)"), "Chương {}"),
    (re.compile(r"dieu-(\d+[a-z]?)"), "Điều {}"),
    (re.compile(r"khoan-(\d+[a-z]?)"), "khoản {}"),
    (re.compile(r"muc-(\d+|[ivx]+)"), "mục {}"),
    (re.compile(r"phu-luc-(\w+)"), "Phụ lục {}"),
    (re.compile(r"([a-z]|dd)"), "điểm {}"),
    (re.compile(r"(\d+)"), "gạch đầu dòng thứ {}"),
)
# Parts whose number is shown even where no source confirms it; an uncertain letter or dash is left out.
_ALWAYS_NUMBERED = ("dieu-", "khoan-", "muc-")


def is_numbered(part: str) -> bool:
    """Tell whether the number of a part is known: "khoan-x2" is the second clause without a known number."""
    return _UNNUMBERED.fullmatch(part) is None


def own_label(entry: ProvisionEntry) -> str:
    """Return the name of a provision by itself: "khoản 3"; "" where its number or letter is not known."""
    label = _label(entry.part)
    if label is None:
        return entry.title or entry.part
    if not entry.number_certain and not entry.part.startswith(_ALWAYS_NUMBERED):
        return ""
    return label


def list_mark(entry: ProvisionEntry) -> str:
    """Return what stands before a provision in a list under another: "a) ", "2. ", "- "; "" where it is not known."""
    number = entry.part.rpartition("-")[2]
    if not entry.number_certain or not is_numbered(entry.part):
        return ""
    if entry.part.startswith(("khoan-", "muc-")):
        return f"{number}. "
    if entry.part.isdigit():
        return "- "
    return f"{number.replace('dd', 'đ')}) " if _label(entry.part) else ""


def part_label(parts: Sequence[str]) -> str:
    """Return the name of a path of parts: ("dieu-4", "khoan-3") is "Khoản 3 Điều 4"."""
    return joined(_label(part) or "" for part in reversed(parts))


def joined(labels: Iterable[str]) -> str:
    """Return labels from the smallest part up as one name, its first letter large."""
    label = " ".join(filter(None, labels))
    return label[:1].upper() + label[1:]


def _label(part: str) -> str | None:
    """The name of one part; "" for a clause without a number, None for a part with a name of its own."""
    if not is_numbered(part):
        return ""
    for pattern, form in _FORMS:
        match = pattern.fullmatch(part)
        if match:
            return form.format(match.group(1).replace("dd", "đ"))
    return None
