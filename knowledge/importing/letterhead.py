"""What stands above the provisions of a Vietnamese official text: who issued it, its number, date and title.

The forms are those of Nghị định 30/2020/NĐ-CP and the looser ones of rules that an office typed itself.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.importing.markers import Kind, Line, is_titlelike
from knowledge.schema import EARLIEST_YEAR
from knowledge.text import fold, normalize

SUBJECT = re.compile(r"(?:V/v|Về việc)\s*:?\s+", re.IGNORECASE)

_TYPE = re.compile(
    r"(?:BỘ )?(?:NỘI QUY|QUY CHẾ|QUY TẮC|QUY ĐỊNH|QUY TRÌNH|QUY ƯỚC|QUYẾT ĐỊNH|THÔNG BÁO|KẾ HOẠCH|HƯỚNG DẪN"
    r"|CHỈ THỊ|NGHỊ QUYẾT|PHƯƠNG ÁN|CHƯƠNG TRÌNH|ĐIỀU LỆ|THÔNG TƯ|NGHỊ ĐỊNH|TỜ TRÌNH|CÔNG VĂN)(?!\w)"
)
_ENACTING = re.compile(r"QUYẾT (?:ĐỊNH|NGHỊ)\s*:?")
_NATIONAL = re.compile(
    r"(?:cộng\s+)?(?:hòa|hoà)\s+xã\s+hội\s+chủ\s+nghĩa\s+việt\s+nam|đảng\s+cộng\s+sản\s+việt\s+nam"
    r"|độc\s+lập\s*[-–—]\s*tự\s+do\s*[-–—]\s*hạnh\s+phúc",
    re.IGNORECASE,
)
_NUMBER = r"([0-9]+\w?(?:\s*[/-]\s*[^\s/-]+)*)"
_NUMBER_LINE = re.compile(rf"Số\s*(?:[:.]|(?=[0-9/]+\S*/))\s*{_NUMBER}?", re.IGNORECASE)
_NUMBER_INSIDE = re.compile(rf"số\s*:?\s*{_NUMBER}", re.IGNORECASE)
_DATE = (
    r"(?:(?:ngày\s*([0-9]{1,2})?[\s.…_]*)?tháng\s*([0-9]{1,2})?[\s.…_]*năm\s*"
    r"|ngày\s*([0-9]{1,2})\s*[/.-]\s*([0-9]{1,2})\s*[/.-]\s*)((?:19|20)[0-9]{2})(?![0-9])"
)
_ANY_DATE = re.compile(_DATE, re.IGNORECASE)
_PLACE_AND_DATE = re.compile(rf"(?:[^;:,]{{1,40}},\s*)?{_DATE}\W*", re.IGNORECASE)
_PROMULGATED = re.compile(r"\(?\s*(?:ban hành )?kèm theo\s", re.IGNORECASE)
_ADDRESSED = re.compile(r"Kính gửi\s*:?\s*", re.IGNORECASE)
_BASIS = re.compile(r"(?:Căn cứ|Theo|Xét|Thực hiện|Nhằm|Để)\s", re.IGNORECASE)
_STAMP = re.compile(r"(?:DỰ THẢO|MẬT|TỐI MẬT|TUYỆT MẬT|KHẨN|THƯỢNG KHẨN|HỎA TỐC|HOẢ TỐC)(?!\w)")
BODY_NAME = re.compile(
    r"(?<!\w)(?:ủy ban|uỷ ban|ubnd|hđnd|hội đồng|hội|sở|bộ|cục|chi cục|tổng cục|vụ|ban(?! hành)|phòng|văn phòng"
    r"|trung tâm|trường|viện|bệnh viện|công ty|tổng công ty|tập đoàn|công an|đảng ủy|đảng bộ|chi bộ|tỉnh ủy"
    r"|huyện ủy|liên đoàn|công đoàn)(?!\w| trưởng)",
    re.IGNORECASE,
)
# Matched against folded text.
_POSITION = re.compile(
    r"(?:tm|kt|tl|tuq|q|t/m|k/t)\s*\.|(?:quyen )?(?:pho )?(?:tong )?(?:giam doc|chu tich|hieu truong|bo truong"
    r"|cuc truong|vien truong|vu truong|chanh van phong|bi thu|truong phong|truong ban|thu truong|dai dien"
    r"|nguoi lap)(?!\w)"
)


@dataclass(slots=True)
class Head:
    """What stands before the provisions of a text; what is missing is empty.

    Attributes:
        number: number and sign, "12/QĐ-SVD".
        date: year, month or day.
        bodies: the names in the letterhead as written, the issuer last and its superiors before it.
        promulgator: who brought the text into force, where it says so in brackets under the title.
        type: the line with the type of document: "QUYẾT ĐỊNH", "NỘI QUY CƠ QUAN".
        title: the lines of the title after the type.
        subject: what a letter is about.
        addressees: whom it is sent to.
        preamble: the other paragraphs.
    """

    number: str = ""
    date: str = ""
    bodies: list[str] = field(default_factory=list)
    promulgator: str = ""
    type: str = ""
    title: list[str] = field(default_factory=list)
    subject: str = ""
    addressees: list[str] = field(default_factory=list)
    preamble: list[str] = field(default_factory=list)


def read_head(lines: Sequence[Line]) -> Head:
    """Sort the lines above the provisions of a text into its head."""
    head = Head()
    waiting = list(lines)
    while waiting:
        line = waiting.pop(0)
        text = one_line(_NATIONAL.sub("", line.text)) if _NATIONAL.search(line.text) else line.text
        if not text:
            continue
        number = _NUMBER_LINE.match(text)
        may_name = not head.type and (text.isupper() or not head.preamble)
        if number or is_place_and_date(text):
            head.number = head.number or _number(number)
            head.date = head.date or date_in(text)
        elif _PROMULGATED.match(text):
            # Rules without their decision name it in brackets under the title.
            head.number = head.number or _number(_NUMBER_INSIDE.search(text))
            head.date = head.date or date_in(text)
            head.promulgator = _body_in(text.partition(" của ")[2])
        elif _ADDRESSED.match(text):
            listed = _listed(line, waiting)
            del waiting[: len(listed)]
            named = [_ADDRESSED.sub("", text), *(each.marker.rest if each.marker else each.text for each in listed)]
            head.addressees += filter(None, map(one_line, named))
        elif may_name and _is_type(text):
            head.type = one_line(text)
            while waiting and _continues_title(waiting[0]):
                head.title.append(one_line(waiting.pop(0).text))
        elif not head.type and SUBJECT.match(text):
            head.subject = one_line(SUBJECT.sub("", text, count=1))
        elif may_name and _is_body_name(text):
            # A name runs over several lines; a line that names another body follows its superior.
            if head.bodies and not BODY_NAME.match(text):
                head.bodies[-1] += f" {one_line(text)}"
            else:
                head.bodies.append(one_line(text))
        elif not _is_formula(text):
            head.preamble.append(text)
    return head


def after_addressees(lines: Sequence[Line], limit: int) -> int:
    """Return the index of the first line after "Kính gửi" and its list, 0 where it does not stand before `limit`."""
    for index, line in enumerate(lines[:limit]):
        if _ADDRESSED.match(line.text):
            return index + 1 + len(_listed(line, lines[index + 1 :]))
    return 0


def type_in(text: str) -> str:
    """Return the type of document that a text begins with in small letters: "nội quy"; "" where it names none."""
    match = _TYPE.match(text.upper())
    return match.group().lower() if match else ""


def date_in(text: str) -> str:
    """Return the first date of a text as year, month or day, "" where it has none that can be."""
    match = _ANY_DATE.search(text)
    if match is None:
        return ""
    day, month, year = (int(found or 0) for found in (match[1] or match[3], match[2] or match[4], match[5]))
    if year < EARLIEST_YEAR:
        return ""
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return f"{year}-{month:02d}" if 1 <= month <= 12 else f"{year}"


def is_place_and_date(text: str) -> bool:
    """Whether a line is "Mẫu, ngày 05 tháng 3 năm 2024" and no more."""
    return _PLACE_AND_DATE.fullmatch(text) is not None


def is_position(text: str) -> bool:
    """Whether a line is the office of who signs: "KT. GIÁM ĐỐC"."""
    return text.isupper() and _POSITION.match(fold(text)) is not None


def one_line(text: str) -> str:
    """Return the text on one line without the signs around it, "" where it has no word."""
    bare = normalize(" ".join(text.split())).strip(" .,;:*_-–—")
    return normalize(bare) if any(char.isalnum() for char in bare) else ""


def _listed(addressed: Line, lines: Sequence[Line]) -> list[Line]:
    """The lines after "Kính gửi:" that name addressees: dashes, and what follows a semicolon."""
    listed: list[Line] = []
    before = _ADDRESSED.sub("", addressed.text)
    for line in lines:
        goes_on = not before or before[-1] in ";,"
        if line.kind is not Kind.DASH and (not goes_on or (listed and listed[-1].kind is Kind.DASH)):
            break
        listed.append(line)
        before = line.text
    return listed


def _is_type(text: str) -> bool:
    if not type_in(text) or (_ENACTING.fullmatch(text) and text.endswith(":")):
        return False
    return text.isupper() or (is_titlelike(text) and not any(char.isdigit() for char in text))


def _continues_title(line: Line) -> bool:
    text = line.text
    others = (_BASIS, _ADDRESSED, _PROMULGATED, _NUMBER_LINE, _PLACE_AND_DATE, _NATIONAL)
    is_other = _is_formula(text) or any(each.match(text) for each in others)
    return is_titlelike(text) and line.marker is None and not is_other


def _is_formula(text: str) -> bool:
    """Whether the line is a stamp ("DỰ THẢO", "MẬT"), the signer's office, or "QUYẾT ĐỊNH:"."""
    return is_position(text) or (text.isupper() and bool(_STAMP.match(text) or _ENACTING.fullmatch(text)))


def _is_body_name(text: str) -> bool:
    return is_titlelike(text) and not _is_formula(text) and (text.isupper() or bool(BODY_NAME.match(text)))


def _body_in(text: str) -> str:
    """The body in the name of its head: "Sở Ví Dụ" in "Giám đốc Sở Ví Dụ)"."""
    match = BODY_NAME.search(text)
    return one_line(text[match.start() :].rstrip(" )")) if match else ""


def _number(match: re.Match[str] | None) -> str:
    number = re.sub(r"\s", "", (match and match[1]) or "").rstrip(",;)")
    # Dots stand for what is still to be filled in.
    return "" if "…" in number or ".." in number else number.rstrip(".")
