"""How a document is called: its issuer, its title, its short name, and what people say when they mean it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from knowledge.importing.letterhead import BODY_NAME, SUBJECT, Head, type_in
from knowledge.importing.markers import Line

LETTER = "công văn"
SHORT_TITLE = 60

# The signs of Nghị định 30/2020 and of the Party's documents, after the number: "12/QĐ-SVD", "05-QC/ĐU".
_SIGNS = {
    "QĐ": "quyết định",
    "NQ": "nghị quyết",
    "CT": "chỉ thị",
    "KH": "kế hoạch",
    "HD": "hướng dẫn",
    "TB": "thông báo",
    "QC": "quy chế",
    "QyĐ": "quy định",
}
_SIGN = re.compile(r"[0-9]+\w?(?:/[0-9]{4})?[/-](\w+)")
# What people write for the type of document.
_ABBREVIATIONS = {"quyết định": "QĐ", LETTER: "CV"}
# An office has one of these. Of them only the first two name it by themselves: "quy tắc" stands in every question.
_RULES = ("nội quy", "quy chế", "quy tắc", "bộ quy tắc")
_GENERAL = _RULES[:2]

_PLACE = re.compile(r"(?<!\w)(?:tỉnh|thành phố|tp\.?|đặc khu|huyện|quận|thị xã|xã|phường|thị trấn)\s.+", re.IGNORECASE)
_PARTS_OF_A_BODY = ("văn phòng", "thanh tra")
_WORD = re.compile(r"[^\W\d_]+")
# "THPT", "MTV": no syllable is without a vowel.
_INITIALS = re.compile(r"UBND|[BCDĐGHKLMNPQRSTVX]{2,}")
_SMALL = frozenset(("và", "của", "nhân", "dân", "tỉnh", "thành", "phố", "huyện", "quận", "xã", "phường"))


def find_office(heads: Sequence[Head], lines: Sequence[Line]) -> str:
    """Return the name of the body that issued a document as it is written outside capitals, "" if unknown."""
    bodies = next((head.bodies for head in heads if head.bodies), [])
    if not bodies:
        return next((head.promulgator for head in heads if head.promulgator), "")
    office = _ordinary(bodies[-1], lines)
    if office.lower() in _PARTS_OF_A_BODY and len(bodies) > 1:
        return f"{office} {_ordinary(bodies[-2], lines)}"
    return office


def with_place(office: str, heads: Sequence[Head], lines: Sequence[Line]) -> str:
    """Return an office with the place of its superior: "Sở Ví Dụ" under "UBND TỈNH MẪU" is of "tỉnh Mẫu"."""
    superiors = next((head.bodies[:-1] for head in heads if head.bodies), [])
    place = _PLACE.search(_ordinary(superiors[-1], lines)) if superiors else None
    if place is None or _PLACE.search(office):
        return office
    return f"{office} {place.group()}"


def find_title(head: Head, spelling: Mapping[str, str]) -> str:
    """Return the title of a text, "" where it has none; capitals become ordinary letters by `spelling`."""
    if not head.type:
        return head.subject[:1].upper() + head.subject[1:]
    parts = []
    for line in (head.type, *head.title):
        part = SUBJECT.sub("về việc ", line)
        type_, words = type_in(part), part.split()
        if part.isupper():
            part = _WORD.sub(lambda match: spelling.get(match[0], match[0].lower()), part)
        elif type_:
            part = type_ + part[len(type_) :]
        elif len(words) > 1 and words[1].islower():
            # "Sử dụng ..." becomes "Quy chế sử dụng ...", but "Sở Ví Dụ" keeps its capitals.
            part = part[:1].lower() + part[1:]
        parts.append(part)
    title = " ".join(parts)
    return title[:1].upper() + title[1:]


def read_spelling(lines: Iterable[Line]) -> dict[str, str]:
    """Return how each word in capitals is written outside them: in small letters rather than with a capital."""
    spelling: dict[str, str] = {}
    for line in lines:
        for word in _WORD.findall("" if line.text.isupper() else line.text):
            known = spelling.get(word.upper())
            if known is None or word.islower() or (known.isupper() and not word.isupper()):
                spelling[word.upper()] = word
    return spelling


def type_of_number(number: str, type_: str) -> str:
    """Return what a number is the number of.

    Args:
        number: "12/QĐ-SVD" is the number of a "quyết định", "45/VP-TH" of a "công văn".
        type_: the type of document under whose head it stands, "" if unknown; it decides where the number does not.
    """
    match = _SIGN.match(number)
    sign = match[1] if match else ""
    # "7/NQ-SVD" over a "nội quy" is its own number and no resolution's.
    if sign in _SIGNS and (sign, type_) != ("NQ", "nội quy"):
        return _SIGNS[sign]
    return type_ or LETTER


def short_name(type_: str, number: str, numbered: str, office: str, title: str) -> str:
    """Return how answers name the document: "QĐ 12/QĐ-SVD", "Nội quy Sở Ví Dụ", or its title.

    Args:
        type_: the type of the document, "" if unknown.
        number: its number, or that of the decision which brings it into force; "" if unknown.
        numbered: what `number` is the number of.
        office: who issued it, "" if unknown.
        title: its title.
    """
    if number and type_ in ("", numbered):
        return f"{_ABBREVIATIONS.get(numbered, numbered.capitalize())} {number}"
    if type_ and office:
        return f"{type_.capitalize()} {office}"
    return title if len(title) <= SHORT_TITLE else title[:SHORT_TITLE].rpartition(" ")[0] + " …"


def spoken_names(type_: str, number: str, numbered: str, office: str) -> tuple[list[str], list[str]]:
    """Return what people call the document and no other, and what others may be called too.

    Arguments as for `short_name`: "quyết định 12", "12/QĐ-SVD", "nội quy Sở Ví Dụ"; and "nội quy".
    """
    names = []
    if number:
        digits = re.split("[/-]", number)[0]
        for count in dict.fromkeys((digits, digits.lstrip("0") or digits)):
            names.append(f"{numbered} số {count}")
            # "Thông báo 3 ngày trước" is no name.
            if numbered in _ABBREVIATIONS:
                short = _ABBREVIATIONS[numbered].lower()
                names += [f"{numbered} {count}", f"{short} {count}", f"{short}{count}"]
        if number != digits:
            names.append(number)
    if office and type_ in _RULES:
        names += [f"{type_} {office}", f"{type_} của {office}"]
    general = [type_, f"{type_} cơ quan", f"{type_} của cơ quan"] if type_ in _GENERAL else []
    return names, general


def _ordinary(name: str, lines: Iterable[Line]) -> str:
    """The name of a body as the text writes it elsewhere, or with a capital for each syllable."""
    if not name.isupper():
        return name
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    found = (match for line in lines if not line.text.isupper() for match in pattern.findall(line.text))
    written = next((match for match in found if match[0].isupper() and not match.isupper()), "")
    if written:
        return written
    # The kind of body is one word: "Trung tâm", "Ủy ban".
    match = BODY_NAME.match(name)
    kind = match.group() if match else ""
    kind = kind if _INITIALS.fullmatch(kind) else kind.capitalize()
    return kind + _WORD.sub(lambda match: _capitalized(match[0]), name[len(kind) :])


def _capitalized(word: str) -> str:
    if _INITIALS.fullmatch(word):
        return word
    return word.lower() if word.lower() in _SMALL else word.capitalize()
