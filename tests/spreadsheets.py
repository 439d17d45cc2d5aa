"""Spreadsheets for tests, as programs and people make them."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml"'
    b' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)

HEADING = ("Mã cá nhân", "Họ và tên", "Chức vụ", "Đơn vị")


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook of sheets by name; `change` is done to the first."""
    book = Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book.worksheets[0])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_parts(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """An archive whose parts are changed, each by its name and content."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return written.getvalue()


def with_shared_strings(content: bytes) -> bytes:
    """A workbook whose texts stand apart from their cells, in parts of their own, as Excel writes them."""
    texts: list[bytes] = []

    def shared(match: re.Match[bytes]) -> bytes:
        texts.append(match.group(1))
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    def change(name: str, part: bytes) -> bytes:
        if name.startswith("xl/worksheets/"):
            return re.sub(rb't="inlineStr"><is><t[^>]*>(.*?)</t></is>', shared, part)
        return part.replace(b"</Types>", _SHARED_TYPE + b"</Types>")

    changed = with_parts(content, change)
    strings = b"".join(b"<si><r><t>%s</t></r><r><t>%s</t></r></si>" % (text[:1], text[1:]) for text in texts)
    added = io.BytesIO(changed)
    with zipfile.ZipFile(added, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (_MAIN, strings))
    assert texts
    return added.getvalue()


def windows_1258(text: str) -> bytes:
    """A text as old Windows programs write it: tones that no letter has stand behind the letter."""
    written = b""
    for char in unicodedata.normalize("NFC", text):
        try:
            written += char.encode("cp1258")
        except UnicodeEncodeError:
            letters = unicodedata.normalize("NFD", char)
            tone = next(mark for mark in letters if mark in "\u0300\u0301\u0303\u0309\u0323")
            written += unicodedata.normalize("NFC", letters.replace(tone, "")).encode("cp1258") + tone.encode("cp1258")
    return written
