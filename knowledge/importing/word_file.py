"""The lines of a Word (.docx) or text (.txt) file, as somebody reading it on paper sees them.

Word keeps its automatic numbering ("Điều 1.", "a)") outside the text of a paragraph, as a list with
levels; the labels are counted anew here from the definitions in numbering.xml.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

from knowledge.errors import UnreadableFile
from knowledge.importing.line import Line
from knowledge.text import normalize

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

MAX_BYTES = 20 * 1024 * 1024
# A small archive can unfold to gigabytes; no office's rules do.
MAX_UNPACKED_BYTES = 10 * MAX_BYTES

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MAIN_PART = "word/document.xml"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

# Letters that only Vietnamese in Unicode has, and the range that the old fonts borrowed for theirs.
_VIETNAMESE = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_BORROWED = re.compile("[\u0080-\u00ff]")
_ENOUGH_BORROWED = 10

# Signs of the Symbol and Wingdings fonts stand in a private area that no other program can show.
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_BULLETS = "•◦▪▫"
_TYPED_BULLETS = "-–+*•◦▪▫"
_PLACEHOLDER = re.compile(r"%([1-9])")
_WORD = re.compile(r"[^\W\d_]{3,}")
# The properties by which letters are marked, and the values that mean that they are not.
_OFF = ("0", "false", "off", "none")
_MARKS = {
    "bold": ("w:b", _OFF),
    "italic": ("w:i", _OFF),
    "underline": ("w:u", _OFF),
    "highlight": ("w:highlight", _OFF),
    "color": ("w:color", ("auto", "000000", "")),
}
_NO_MARKS: frozenset[str] = frozenset()
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def read_lines(path: Path) -> list[str]:
    """Return the lines of a .docx or .txt file that have words, in the project's normal form.

    The content decides what the file is, not its name.

    Raises:
        UnreadableFile: with a code: `unreadable` (missing, a folder, no permission), `too_large`, `old_word`
            (a .doc), `protected` (a password), `not_word` (an archive of another kind), `damaged`,
            `binary` (a NUL byte: a PDF, a picture) or `old_encoding` (TCVN3, VNI, cp1258 ...).
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(str(path), "too_large", str(path.stat().st_size))
        content = path.read_bytes()
    except OSError as fault:
        raise UnreadableFile(str(path), "unreadable", fault.strerror or "") from None
    lines = lines_of(content, str(path))
    refuse_old_letters(lines, str(path))
    return [line for line in (normalize(line.text) for line in lines) if line]


def lines_of(content: bytes, file: str) -> list[Line]:
    """Return the lines of a .docx or .txt file as they were typed, empty ones too.

    Raises:
        UnreadableFile: as `read_lines` does, but `unreadable`.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(file, "too_large", str(len(content)))
    if content.startswith(_COMPOUND):
        protected = "EncryptedPackage".encode("utf-16-le") in content
        raise UnreadableFile(file, "protected" if protected else "old_word")
    return _word_lines(file, content) if is_archive(content) else _text_lines(file, content)


def refuse_old_letters(lines: Iterable[Line], file: str) -> None:
    """Raise UnreadableFile, `old_encoding`, where what should be Vietnamese is written in the letters of old fonts."""
    text = "\n".join(line.text for line in lines)
    if len(_BORROWED.findall(text)) >= _ENOUGH_BORROWED and not _VIETNAMESE.search(text):
        raise UnreadableFile(file, "old_encoding")


def is_archive(content: bytes) -> bool:
    """Tell whether a file is an archive, as every .docx is."""
    return content.startswith(_ZIP)


def _text_lines(file: str, content: bytes) -> list[Line]:
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in content:
        raise UnreadableFile(file, "binary")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise UnreadableFile(file, "old_encoding", str(fault.start)) from None
    if "\0" in text:
        raise UnreadableFile(file, "binary")
    return [Line(line) for line in unicodedata.normalize("NFC", text).splitlines()]


def _word_lines(file: str, content: bytes) -> list[Line]:
    # python-docx lets faults of zip, XML and its own assumptions through as they come.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            is_word = _MAIN_PART in archive.namelist()
        if is_word and unpacked <= MAX_UNPACKED_BYTES:
            return list(_document_lines(docx.Document(io.BytesIO(content))))
    except Exception as fault:
        raise UnreadableFile(file, "damaged", type(fault).__name__) from None
    if not is_word:
        raise UnreadableFile(file, "not_word")
    raise UnreadableFile(file, "too_large", str(unpacked))


def _document_lines(document: Document) -> Iterator[Line]:
    numbering = _Numbering(document)
    # Over the XML and not python-docx's paragraphs, which leave out content controls, text boxes and
    # accepted changes, and repeat merged cells.
    for paragraph in document.element.body.iter(qn("w:p")):
        if next(paragraph.iterancestors(_FALLBACK), None) is not None or _is_contents(paragraph):
            continue
        label = numbering.label(paragraph)
        lines = _lines_of_paragraph(paragraph)
        first = next((index for index, line in enumerate(lines) if line.text.strip()), None)
        if first is not None:
            begun = f"{label} "
            yield Line(begun + lines[first].text, (_NO_MARKS,) * len(begun) + lines[first].marks)
            yield from lines[first + 1 :]
        else:
            yield Line(label if _WORD.search(label) else "")


def _is_contents(paragraph: Element) -> bool:
    """Whether the paragraph is a line of the table of contents, which repeats every heading."""
    return (_value(paragraph, "w:pPr/w:pStyle") or "").upper().startswith("TOC")


def _lines_of_paragraph(paragraph: Element) -> list[Line]:
    lines: list[Line] = []
    text, marks = "", list[frozenset[str]]()
    for piece, own in _pieces(paragraph, _NO_MARKS):
        if piece == "\n":
            lines.append(Line(text, tuple(marks)))
            text, marks = "", []
            continue
        composed = unicodedata.normalize("NFC", piece)
        text += composed
        marks += [own] * len(composed)
    return [*lines, Line(text, tuple(marks))]


def _pieces(element: Element, marks: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The words of an element with how they are marked; a line feed is a piece of its own."""
    for child in element:
        if child.tag == qn("w:t"):
            yield from ((piece, marks) for piece in re.split(r"(\n)", _PRIVATE.sub("•", child.text or "")) if piece)
        elif child.tag == qn("w:tab"):
            yield "\t", marks
        elif child.tag in (qn("w:br"), qn("w:cr")):
            yield "\n", marks
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-", marks
        elif child.tag == qn("w:sym"):
            yield "•", marks
        # A text box holds paragraphs of its own; what was moved away stands at its new place again.
        elif child.tag not in (qn("w:p"), qn("w:pPr"), qn("w:rPr"), qn("w:moveFrom"), qn("w:del")):
            yield from _pieces(child, _marks(child) if child.tag == qn("w:r") else marks)


def _marks(run: Element) -> frozenset[str]:
    """How the letters of a run are marked by hand; what their style says is the same for all of its paragraphs."""
    properties = run.find(qn("w:rPr"))
    if properties is None:
        return _NO_MARKS
    found = set()
    for mark, (tag, unmarked) in _MARKS.items():
        element = properties.find(qn(tag))
        if element is not None and (element.get(qn("w:val")) or "").lower() not in unmarked:
            found.add(mark)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered."""

    start: int
    form: str
    text: str
    is_legal: bool
    restarts: bool


@dataclass(slots=True)
class _List:
    """A list of numbering.xml: its levels, and the number that each stands at."""

    levels: dict[int, _Level]
    style_levels: dict[str, int]
    counters: dict[int, int] = field(default_factory=dict)


class _Numbering:
    """The automatic labels of a document's paragraphs, asked for in reading order."""

    def __init__(self, document: Document) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in document.styles.element}
        self._lists: dict[str, _List] = {}
        self._list_of: dict[str, _List] = {}
        self._starts: dict[str, dict[int, int]] = {}
        try:
            root = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element  # type: ignore[attr-defined]
        except KeyError:
            return
        for abstract in root.iterchildren(qn("w:abstractNum")):
            self._lists[abstract.get(qn("w:abstractNumId"))] = _read_list(abstract)
        for instance in root.iterchildren(qn("w:num")):
            self._read_instance(instance)
        # A definition may be no more than a reference to a list style, whose own instance has the levels.
        for abstract in root.iterchildren(qn("w:abstractNum")):
            style = self._styles.get(_value(abstract, "w:numStyleLink"))
            target = self._list_of.get(_value(style, "w:pPr/w:numPr/w:numId") or "")
            if target is not None:
                empty = self._lists[abstract.get(qn("w:abstractNumId"))]
                self._list_of.update({key: target for key, each in self._list_of.items() if each is empty})

    def label(self, paragraph: Element) -> str:
        """Count the paragraph and return its label ("Điều 3.", "b)", "-"), "" where it has none."""
        number, depth = self._place(paragraph)
        numbered = self._list_of.get(number)
        level = numbered.levels.get(depth) if numbered else None
        if numbered is None or level is None:
            return ""
        counters = numbered.counters
        # A list that is started anew elsewhere says so once, at its first paragraph.
        for restarted, start in self._starts.pop(number, {}).items():
            counters[restarted] = start - 1
        for above in range(depth):
            if above in numbered.levels:
                counters.setdefault(above, numbered.levels[above].start)
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for below in [key for key in counters if key > depth and numbered.levels[key].restarts]:
            del counters[below]
        return _label(numbered, depth)

    def _read_instance(self, instance: Element) -> None:
        number = instance.get(qn("w:numId"))
        base = self._lists.get(_value(instance, "w:abstractNumId") or "")
        if base is None:
            return
        own: dict[int, _Level] = {}
        starts: dict[int, int] = {}
        for override in instance.iterchildren(qn("w:lvlOverride")):
            depth = int(override.get(qn("w:ilvl")))
            start = _value(override, "w:startOverride")
            level = override.find(qn("w:lvl"))
            if level is not None:
                own[depth] = _read_level(level)
            if start is not None:
                starts[depth] = int(start)
        # Instances of one definition count on from each other.
        shared = _List({**base.levels, **own}, base.style_levels, base.counters) if own else base
        self._list_of[number] = shared
        self._starts[number] = starts

    def _place(self, paragraph: Element) -> tuple[str, int]:
        """The list and the level of a paragraph: its own, or those of its style or the style's base."""
        properties = paragraph.find(qn("w:pPr"))
        number = _value(properties, "w:numPr/w:numId")
        depth = _value(properties, "w:numPr/w:ilvl")
        style_id = _value(properties, "w:pStyle")
        seen: set[str] = set()
        while style_id and style_id not in seen and (number is None or depth is None):
            seen.add(style_id)
            style = self._styles.get(style_id)
            number_of_style = _value(style, "w:pPr/w:numPr/w:numId")
            if number is None:
                number = number_of_style
            if depth is None and number is not None and number == number_of_style:
                depth = _value(style, "w:pPr/w:numPr/w:ilvl")
                levels = self._list_of[number].style_levels if number in self._list_of else {}
                if depth is None and style_id in levels:
                    depth = str(levels[style_id])
            style_id = _value(style, "w:basedOn")
        return number or "0", int(depth or 0)


def _read_list(abstract: Element) -> _List:
    levels: dict[int, _Level] = {}
    style_levels: dict[str, int] = {}
    for level in abstract.iterchildren(qn("w:lvl")):
        depth = int(level.get(qn("w:ilvl")))
        levels[depth] = _read_level(level)
        style = _value(level, "w:pStyle")
        if style:
            style_levels[style] = depth
    return _List(levels, style_levels)


def _read_level(level: Element) -> _Level:
    return _Level(
        start=int(_value(level, "w:start") or 1),
        form=_value(level, "w:numFmt") or "decimal",
        text=_value(level, "w:lvlText") or "",
        is_legal=level.find(qn("w:isLgl")) is not None,
        restarts=_value(level, "w:lvlRestart") != "0",
    )


def _value(element: Element | None, path: str) -> str | None:
    """The `w:val` of an element found by its path, None where either is missing."""
    found = None if element is None else element.find("/".join(qn(step) for step in path.split("/")))
    value: str | None = None if found is None else found.get(qn("w:val"))
    return value


def _label(numbered: _List, depth: int) -> str:
    level = numbered.levels[depth]
    if level.form == "bullet":
        return level.text if level.text in tuple(_TYPED_BULLETS) else _BULLETS[min(depth, len(_BULLETS) - 1)]

    def number(match: re.Match[str]) -> str:
        at = int(match.group(1)) - 1
        shown = numbered.levels.get(at)
        form = "decimal" if level.is_legal or shown is None else shown.form
        return _formatted(numbered.counters.get(at, 0), form)

    label = _PLACEHOLDER.sub(number, level.text).strip()
    # "%1" alone, or "Chương %1": the sign that parts a number from its text is a tab there.
    return f"{label}." if label[-1:].isalnum() else label


def _formatted(number: int, form: str) -> str:
    if form == "none":
        return ""
    if number > 0 and form.endswith("Letter"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form.startswith("upper") else letter
    if number > 0 and form.endswith("Roman"):
        roman = ""
        for value, sign in _ROMAN:
            count, number = divmod(number, value)
            roman += sign * count
        return roman.upper() if form.startswith("upper") else roman
    return f"{number:02d}" if form == "decimalZero" else str(number)
