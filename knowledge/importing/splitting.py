"""An office's own rules, as the lines of a file, made into a document of the data format.

The file falls into texts (a decision, the rules that it brings into force, annexes), a text into its
head, its numbered provisions and its end. No numbered word is lost: a line that cannot be placed becomes
text of the provision before it, and `knowledge.importing.doubts` names what somebody has to look at.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from knowledge.errors import NothingToSplit
from knowledge.importing.ending import is_recipients, is_signature, split_ending
from knowledge.importing.letterhead import Head, after_addressees, one_line, read_head, type_in
from knowledge.importing.markers import (
    DASHES,
    HEADINGS,
    NUMBERED,
    POINTS,
    Kind,
    Line,
    Marker,
    is_titlelike,
    read_markers,
)
from knowledge.importing.naming import (
    LETTER,
    find_office,
    find_title,
    read_spelling,
    short_name,
    spoken_names,
    type_of_number,
    with_place,
)
from knowledge.importing.outline import Entry, Node, entries, read_outline, slug, with_unique_parts

NUMBER_MISSING = "Chưa ghi số trong tệp."
ISSUER_MISSING = "Chưa rõ cơ quan ban hành."

COMMENT = """\
# Tệp này do máy tách từ văn bản của cơ quan: anh/chị đọc lại toàn bộ, đối chiếu với bản gốc trước khi dùng.
# Cần xem và sửa:
#   title     tên đầy đủ: xem lại chữ hoa, chữ thường
#   short     tên ngắn hiện trong câu trả lời
#   number    số và ký hiệu; chưa có số thì giữ number_missing và ghi lý do
#   date      ngày ban hành, ví dụ "2024-03-05"; chưa rõ thì ghi tháng "2024-03" hoặc năm "2024"
#   issuer    cơ quan ban hành, viết hoa như tên thật: Sở Ví Dụ tỉnh Mẫu
#   names     người ta gọi văn bản này là gì, để gõ "điều 3 quyết định 12" thì mở đúng; thêm, bớt tùy ý
#   audience  để trống: trợ lý chưa biết ai thuộc đơn vị nào, ghi đơn vị thì không ai xem được văn bản này
# Nên thêm vào mỗi khoản, đặt ngang hàng với text, vài chữ nói khoản đó về việc gì và vài câu người ta hay hỏi:
#   topic: Đi làm muộn
#   phrasings:
#   - đi làm muộn thì bị xử lý thế nào
# Xong, kiểm tra bằng lệnh: ungxu documents check
"""


@dataclass(slots=True)
class _Text:
    head: Head
    nodes: list[Node]
    closing: list[str]

    @property
    def type(self) -> str:
        return type_in(self.head.type)

    @property
    def has_rules(self) -> bool:
        """Whether the text has provisions and is no annex."""
        return bool(self.nodes) and self.nodes[0].marker.kind is not Kind.ANNEX


def split(raw_lines: Sequence[str], *, document_id: str, title: str | None, today: dt.date) -> Entry:
    """Return the document that the lines of a file contain, in the data format (see DocumentEntry).

    Args:
        raw_lines: what is read from top to bottom, a paragraph or a line of it each.
        document_id: the id to give the document, as the format wants it ("noi-quy-2024").
        title: the title to give it; None takes the one found in the text.
        today: the day of the check, whose year stands for the date of a text that has none.

    Raises:
        NothingToSplit: where the lines hold no provision.
    """
    lines = read_markers(raw_lines)
    texts = [_read_text(part) for part in _cut(lines)]
    if not any(text.nodes for text in texts):
        raise NothingToSplit(document_id)
    rules = [text for text in texts if text.has_rules]
    # A decision stands before the rules that it brings into force, and these are what people ask about.
    main = next(iter(rules[1:] or rules or texts))
    heads = [text.head for text in texts]
    spelling = read_spelling(lines)
    titles = (find_title(head, spelling) for head in (main.head, *heads))
    title = one_line(title or "") or next(filter(None, titles), document_id)
    number, numbered = next(((head.number, type_in(head.type)) for head in heads if head.number), ("", ""))
    numbered = type_of_number(number, numbered)
    office = find_office(heads, lines)
    names, general_names = spoken_names(main.type, number, numbered, office)
    fields: Entry = {
        "id": document_id,
        "title": title,
        "short": short_name(main.type, number, numbered, office, title),
        "number": number,
        "number_missing": "" if number else NUMBER_MISSING,
        "date": next((head.date for head in heads if head.date), f"{today.year}"),
        "issuer": with_place(office, heads, lines) or ISSUER_MISSING,
        "level": "office",
        "names": names,
        "general_names": general_names,
        "validity": {"status": "in force", "checked": today.isoformat()},
        "audience": [],
        "addressees": [each for head in heads for each in head.addressees],
        "preamble": [each for head in heads for each in head.preamble],
        "closing": [each for text in texts for each in text.closing],
        "provisions": _provisions(texts, main, spelling),
    }
    return {key: value for key, value in fields.items() if value or key == "audience"}


def to_yaml(document: Mapping[str, object]) -> str:
    """Return the text of the document's file, with a comment that tells the administrator what to do."""
    return COMMENT + yaml.dump(dict(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, with dates in double quotes and paragraphs folded."""


def _represent_text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = '"' if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", value) else ">" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_text)


def _provisions(texts: Sequence[_Text], main: _Text, spelling: Mapping[str, str]) -> list[Entry]:
    """The provisions of all texts; those of another than the main one stand under a cover with its title."""
    provisions: list[Entry] = []
    for text in texts:
        found = entries(text.nodes)
        if text.has_rules and text is not main:
            cover = {"part": slug(text.type or LETTER), "title": find_title(text.head, spelling), "provisions": found}
            found = [{key: value for key, value in cover.items() if value}]
        provisions += found
    return with_unique_parts(provisions)


def _cut(lines: Sequence[Line]) -> list[list[Line]]:
    """Cut the file where an annex begins, or the rules that a decision or letter brings with it."""
    texts: list[list[Line]] = [[]]
    has_begun = has_ended = False
    before: Line | None = None
    for line, following in zip(lines, _following_markers(lines), strict=True):
        # After "Chương I" it is the chapter's title: "QUY ĐỊNH CHUNG".
        is_title = has_begun and not (before and before.is_bare) and _is_another_title(line, following, has_ended)
        if is_title or (texts[-1] and line.kind is Kind.ANNEX):
            texts.append([])
            has_begun = has_ended = False
        texts[-1].append(line)
        has_begun = has_begun or line.kind in NUMBERED
        has_ended = has_ended or (has_begun and (is_recipients(line) or is_signature(line)))
        before = line
    return texts


def _following_markers(lines: Sequence[Line]) -> list[Marker | None]:
    """For each line the next numbered marker after it."""
    found: list[Marker | None] = []
    marker: Marker | None = None
    for line in reversed(lines):
        found.append(marker)
        marker = line.marker if line.kind in NUMBERED else marker
    return found[::-1]


def _is_another_title(line: Line, following: Marker | None, has_ended: bool) -> bool:
    if not (line.text.isupper() and type_in(line.text) and is_titlelike(line.text)) or following is None:
        return False
    starts_anew = following.number.lower() in ("1", "01", "i", "thứ nhất")
    return starts_anew and (has_ended or following.kind in (Kind.ARTICLE, *HEADINGS))


def _read_text(lines: Sequence[Line]) -> _Text:
    start = _first_provision(lines, after_addressees(lines, _first_provision(lines, 0)))
    head = read_head(lines[:start])
    body, closing, signed = split_ending(lines[start:])
    head.date = head.date or signed
    nodes, before = read_outline(body)
    head.preamble += before
    return _Text(head, nodes, closing)


def _first_provision(lines: Sequence[Line], begin: int) -> int:
    """The index of the first number from `begin` on, or the first letter or dash where there is none."""
    for kinds in (NUMBERED, POINTS, DASHES):
        for index in range(begin, len(lines)):
            line = lines[index]
            if kinds is not NUMBERED and is_recipients(line):
                break
            if line.marker and line.kind in kinds - {Kind.SUBNUMBER} and line.marker.may_follow(None):
                return index
    return len(lines)
