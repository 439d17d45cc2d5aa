"""The provisions of a text as a tree: articles with clauses, clauses with points, points with dashes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from knowledge.importing.ending import END_SIGN
from knowledge.importing.markers import HEADINGS, LETTERS, Kind, Line, Marker, is_titlelike
from knowledge.text import fold

Entry = dict[str, object]


@dataclass(slots=True)
class Node:
    """A provision, to which lines are added while the text is read.

    Attributes:
        rank: what ends it: a provision of the same rank or a smaller one.
        marker: what it begins with.
        line: its first line, marker and words.
        chapter: the headings above it.
        paragraphs: its lines after the first.
        children: the provisions under it.
    """

    rank: int
    marker: Marker
    line: str
    chapter: str = ""
    paragraphs: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


def read_outline(lines: Sequence[Line]) -> tuple[list[Node], list[str]]:
    """Return the provisions of a text, and the paragraphs that come before the first of them.

    A line that begins nothing, or cannot be placed, is a paragraph of the provision before it.
    """
    kinds = [line.kind for line in lines]
    headings: set[Kind | None] = set()
    if Kind.ARTICLE in kinds:
        # Articles count on through chapters, which are then no provisions; "I." may stand for "Chương I".
        headings = {*HEADINGS, *({Kind.UPPER, Kind.ROMAN} & set(kinds[: kinds.index(Kind.ARTICLE)]))}
    root = Node(-1, Marker(Kind.ANNEX, "", "", ""), "")
    path = [root]
    chapters: dict[Kind, str] = {}
    # Headings that no article has taken up yet, and whether the next line may be the title of the last.
    waiting: dict[Kind, str] = {}
    heading: Kind | None = None
    for line in lines:
        marker = line.marker
        if marker and marker.kind in headings:
            heading = marker.kind
            path[-1].paragraphs += [words for kind, words in waiting.items() if kind >= heading]
            waiting = {kind: words for kind, words in waiting.items() if kind < heading}
            chapters = {kind: words for kind, words in chapters.items() if kind < heading}
            label = marker.label if heading in (Kind.PART, Kind.SECTION, Kind.SUBSECTION) else marker.number
            chapters[heading] = waiting[heading] = f"{label}. {marker.rest}" if marker.rest else label
        elif _add(path, line):
            if marker and (marker.kind is Kind.ARTICLE or path[-2] is root):
                path[-1].chapter = " – ".join(chapters.values())
                waiting.clear()
            heading = None
        elif heading is not None and _continues_heading(chapters[heading], line.text):
            separator = " " if ". " in chapters[heading] else ". "
            chapters[heading] = waiting[heading] = f"{chapters[heading]}{separator}{line.text}"
        else:
            heading = None
            path[-1].paragraphs.append(line.text)
    path[-1].paragraphs += waiting.values()
    return root.children, root.paragraphs


def entries(nodes: Sequence[Node], above: Kind | None = None) -> list[Entry]:
    """Return provisions in the data format (see ProvisionEntry); `above` is what holds them."""
    found: list[Entry] = []
    dashes = 0
    for node in nodes:
        dashes += node.marker.kind is Kind.DASH
        title, text = _title_and_text(node)
        entry = {
            "part": str(dashes) if node.marker.kind is Kind.DASH else _part(node.marker, above),
            "title": title,
            "chapter": node.chapter,
            "text": text,
            "provisions": entries(node.children, node.marker.kind),
        }
        found.append({key: value for key, value in entry.items() if value})
    return with_unique_parts(found)


def with_unique_parts(found: list[Entry]) -> list[Entry]:
    """Give the second "dieu-3" among provisions the part "dieu-3-2", and so on."""
    used: set[str] = set()
    counts: dict[str, int] = {}
    for entry in found:
        part = first = str(entry["part"])
        while part in used:
            counts[first] = counts.get(first, 1) + 1
            part = f"{first}-{counts[first]}"
        used.add(part)
        entry["part"] = part
    return found


def slug(text: str) -> str:
    """Return a text as a part of an id: "Phần thứ nhất" becomes "phan-thu-nhat"."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(text)))


def _continues_heading(words: str, text: str) -> bool:
    title = words.partition(". ")[2]
    return is_titlelike(text) and (not title or (title.isupper() and text.isupper()))


def _add(path: list[Node], line: Line) -> bool:
    """Add the provision that the line begins under the last one of a smaller rank, unless it is none.

    `path` leads from the root to the provision added last.
    """
    marker = line.marker
    if marker is None:
        return False
    rank = int(marker.kind)
    if marker.kind is Kind.DASH:
        # A sign of another kind goes one deeper: "+" under "-".
        same = [node.rank for node in path if (node.marker.kind, node.marker.number) == (Kind.DASH, marker.number)]
        rank = same[0] if same else max(rank, path[-1].rank + 1)
    elif marker.kind is Kind.SUBNUMBER:
        above = marker.number.rpartition(".")[0]
        owners = [node.rank for node in path if node.marker.number == above]
        if not owners:
            return False
        rank = max(Kind.NUMBER, owners[-1] + 1)
    elif marker.kind is Kind.LETTER and marker.number in "ivx" and not _follows_letter(path, marker.number):
        marker = replace(marker, kind=Kind.SMALL_ROMAN)
        rank = Kind.SMALL_ROMAN
    depth = next(depth for depth in reversed(range(len(path))) if path[depth].rank < rank)
    before = [node.marker for node in path[depth].children if node.marker.kind is marker.kind]
    if not marker.may_follow(before[-1] if before else None):
        return False
    node = Node(rank, marker, line.text)
    path[depth].children.append(node)
    path[depth + 1 :] = [node]
    return True


def _follows_letter(path: Sequence[Node], letter: str) -> bool:
    """Whether "i)", "v)" or "x)" goes on from "h)", "u)" or so, and is not a small Roman number."""
    open_letters = [node.marker.number for node in path if node.marker.kind is Kind.LETTER]
    return bool(open_letters) and 0 < LETTERS.index(letter) - LETTERS.index(open_letters[-1]) <= 3


def _part(marker: Marker, above: Kind | None) -> str:
    number = marker.number.lower().rpartition(".")[2].lstrip("0") or "0"
    match marker.kind:
        case Kind.ANNEX if marker.number:
            return f"phu-luc-{number}"
        case Kind.ARTICLE:
            return f"dieu-{number}"
        case Kind.NUMBER | Kind.SUBNUMBER:
            return f"khoan-{number}" if above is Kind.ARTICLE else f"muc-{number}"
        case Kind.ROMAN:
            return f"muc-{number}"
        case Kind.UPPER:
            return f"phan-{number.replace('đ', 'dd')}"
        case Kind.LETTER | Kind.SMALL_ROMAN:
            return number.replace("đ", "dd")
    return slug(marker.label)


def _title_and_text(node: Node) -> tuple[str, str]:
    paragraphs = [END_SIGN.sub(".", words) for words in (node.marker.rest, *node.paragraphs) if words]
    title = ""
    # The words of a provision that has no others are its text, however they look.
    while node.rank <= Kind.ROMAN and (len(paragraphs) > 1 or (paragraphs and node.children)):
        if not is_titlelike(paragraphs[0]) or (title and not (title.isupper() and paragraphs[0].isupper())):
            break
        title = f"{title} {paragraphs.pop(0)}".strip()
    if not title and not paragraphs and not node.children:
        paragraphs = [node.line]
    return title, "\n".join(paragraphs)
