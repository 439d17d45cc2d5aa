"""The files that questions come in and go out as, one module a format: which one a file is, reading it, writing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from handlers.quiz.formats import aiken, gift, table, typed, word
from handlers.quiz.question import Fault, Question, Reading
from handlers.texts import Texts
from knowledge.errors import UnreadableFile


class Format(StrEnum):
    """A format by the name that it is chosen by."""

    TYPED = "chu"
    WORD = "docx"
    XLSX = "xlsx"
    CSV = "csv"
    GIFT = "gift"
    AIKEN = "aiken"


_NUMBERED = re.compile(r"^\s*câu\s+(?:hỏi\s+)?(?:số\s+)?\d+", re.IGNORECASE | re.MULTILINE)
_ENDINGS = {
    ".txt": Format.TYPED,
    ".docx": Format.WORD,
    ".xlsx": Format.XLSX,
    ".csv": Format.CSV,
    ".gift": Format.GIFT,
    ".aiken": Format.AIKEN,
}


def read(content: bytes, file: str, form: Format | None = None) -> Reading:
    """Read a file by what it holds, or as the format that is named.

    Raises:
        UnreadableFile: as `spreadsheet.read` and `word_file.lines_of` do, and with `no_questions_table`.
    """
    ending = _ending(file)
    if form in (Format.XLSX, Format.CSV) or (form is None and ending in (".xlsx", ".csv", ".xls", ".ods")):
        return table.read(content, file)
    if not content.strip():
        raise UnreadableFile(file, "empty_file")
    # Loaded here: whoever only answers questions needs no Word files.
    from knowledge.importing.word_file import is_archive, lines_of, refuse_old_letters

    lines = lines_of(content, file)
    if form is None and not is_archive(content):
        form = told_by("\n".join(line.text for line in lines), ending)
    text = "\n".join(line.text for line in lines)
    if form is Format.GIFT:
        return gift.read(text)
    if form is Format.AIKEN:
        return aiken.read(text)
    refuse_old_letters(lines, file)
    return typed.read(lines)


def write(questions: Sequence[Question], form: Format, texts: Texts) -> tuple[bytes, list[Fault]]:
    """Return questions as a file, and what cannot be written in this format, by the number of the question."""
    match form:
        case Format.XLSX:
            return table.write_xlsx(questions, texts), []
        case Format.CSV:
            return table.write_csv(questions, texts), []
        case Format.WORD:
            return word.write(questions), []
        case Format.GIFT:
            return gift.write(questions).encode(), []
        case Format.AIKEN:
            text, found = aiken.write(questions)
            return text.encode(), found
        case Format.TYPED:
            # Notepad on older Windows needs the mark to show the letters.
            return typed.write(questions).encode("utf-8-sig"), []


def by_ending(file: str) -> Format | None:
    """Return the format that a file's name asks for, None for any other name."""
    return _ENDINGS.get(_ending(file))


def told_by(text: str, ending: str = "") -> Format:
    """Return the format that a text is in."""
    if ending == ".gift":
        return Format.GIFT
    if _NUMBERED.search(text):
        return Format.TYPED
    if aiken.looks_like(text):
        return Format.AIKEN
    return Format.GIFT if gift.looks_like(text) else Format.TYPED


def _ending(file: str) -> str:
    dot = file.rfind(".")
    return file[dot:].lower() if dot >= 0 else ""
