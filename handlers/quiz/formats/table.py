"""Questions in a spreadsheet, a row each: an XLSX workbook or a CSV file, read, written, and as a form to fill in.

Columns may stand in any order and under other headings; only the question, two options and the answer must be there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from handlers import spreadsheet
from handlers.quiz.formats.signs import DIFFICULTIES, WRITTEN_DIFFICULTY
from handlers.quiz.question import (
    FALSE,
    LETTERS,
    TRUE,
    Fault,
    Option,
    Question,
    Reading,
    clean,
    faults,
    usual_credits,
)
from handlers.spreadsheet import Row, Sheet
from handlers.texts import Texts
from knowledge.errors import UnreadableFile
from knowledge.text import fold, folded_syllables

# A heading stands among the first rows of a sheet; what comes before are titles.
_FIRST_ROWS = 40
_HEADING_ROW = 4
_PREPARED_ROWS = 500
_HEADING_COLOR = "DDE8F5"

TEXT, ANSWER, EXPLANATION, PROVISIONS = "text", "answer", "explanation", "provisions"
TOPIC, DIFFICULTY, NAME, CHOOSING = "topic", "difficulty", "name", "choosing"

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    TEXT: ("cau hoi", "noi dung cau hoi", "noi dung", "cau dan", "question"),
    ANSWER: ("dap an", "dap an dung", "phuong an dung", "cau tra loi dung", "dung", "answer"),
    EXPLANATION: ("giai thich", "giai thich dap an", "huong dan", "ly giai", "loi giai"),
    PROVISIONS: ("dieu khoan", "ma dieu khoan", "can cu", "vien dan"),
    TOPIC: ("chu de", "nhom", "phan"),
    DIFFICULTY: ("muc do", "do kho"),
    NAME: ("ma", "ma cau", "ma cau hoi"),
    CHOOSING: ("cach chon", "kieu chon"),
}
_OPTION = re.compile(r"(?:phuong an |lua chon |dap an |cau tra loi |tra loi )?([a-z])")
_FEEDBACK = re.compile(r"(?:nhan xet|phan hoi) ([a-z])")
_CREDIT = re.compile(r"(?:diem|trong so) ([a-z])")
_EXAMPLE = re.compile(r"\(\s*vi du\s*\)")
_PERCENT = re.compile(r"(-?\d{1,3}(?:[.,]\d{1,5})?) ?%?")

# A cell that begins like a formula is one to a spreadsheet program that opens a CSV file.
_FORMULA_SIGNS = "=+-@"
_QUOTE = "'"

_WIDTHS = {TEXT: 60, EXPLANATION: 48, PROVISIONS: 32, TOPIC: 24}
_OPTION_WIDTH, _WIDTH = 36, 14


def read(content: bytes, file: str) -> Reading:
    """Read the questions of the first sheet that has them.

    The faults are those of a question, and `no_answer`, `bad_answer`, `bad_difficulty`, `bad_choosing`, `bad_percent`,
    `no_value`, `error_value`. Raises UnreadableFile as `spreadsheet.read` does, and with `no_questions_table` (no row
    has the headings).
    """
    ways = spreadsheet.read(content, file, keep_lines=True)
    for sheets in ways:
        for sheet in sheets:
            if heading := _heading(sheet):
                number, columns = heading
                return _table(sheet, number, columns)
    raise UnreadableFile(file, "no_questions_table")


def write_csv(questions: Sequence[Question], texts: Texts) -> bytes:
    """Return questions as a CSV file that Excel opens with its letters."""
    return _csv(_rows(questions, texts))


def write_xlsx(questions: Sequence[Question], texts: Texts) -> bytes:
    """Return questions as a workbook."""
    return _xlsx(_rows(questions, texts), texts)


def csv_template(texts: Texts) -> bytes:
    """Return a form to fill in as a CSV file, with a row that shows how."""
    return _csv(_form(texts))


def xlsx_template(texts: Texts) -> bytes:
    """Return a form to fill in as a workbook: the table, and a sheet that says how."""
    return _xlsx(_form(texts), texts, is_form=True)


# Reading


def _heading(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    for row in islice(sheet.rows, _FIRST_ROWS):
        columns: dict[str, int] = {}
        for column, text in row.cells.items():
            if (meaning := _meaning(text)) and meaning not in columns:
                columns[meaning] = column
        if {TEXT, ANSWER, "option A", "option B"} <= columns.keys():
            return row.number, columns
    return None


def _meaning(heading: str) -> str:
    key = " ".join(folded_syllables(re.sub(r"\([^)]*\)", " ", heading)))
    for field, headings in _HEADINGS.items():
        if key in headings:
            return field
    for name, pattern in (("option", _OPTION), ("feedback", _FEEDBACK), ("credit", _CREDIT)):
        if found := pattern.fullmatch(key):
            return f"{name} {found.group(1).upper()}"
    return ""


def _table(sheet: Sheet, heading: int, columns: Mapping[str, int]) -> Reading:
    questions: list[Question] = []
    found: list[Fault] = []
    for row in sheet.rows:
        if row.number <= heading:
            continue
        cells = {meaning: _unquoted(row.cells.get(column, ""), sheet) for meaning, column in columns.items()}
        broken = [code for meaning, column in columns.items() if (code := row.faults.get(column))]
        is_first = not questions and not found
        if not (any(cells.values()) or broken) or (is_first and _EXAMPLE.match(fold(cells[TEXT]))):
            continue
        own = [Fault(row.number, code) for code in broken]
        question = _question(cells, row, own)
        if question is not None and not own:
            own = list(faults(question))
            questions.append(question)
        found += own
    if not questions and not found:
        return Reading([], [Fault(0, "no_questions")])
    return Reading(questions, found)


def _question(cells: Mapping[str, str], row: Row, found: list[Fault]) -> Question | None:
    """The question of a row; its own faults are added to `found`."""

    def wrong(code: str, value: str = "") -> None:
        found.append(Fault(row.number, code, {"value": value[:60], "number": row.number}))

    texts = _options(cells)
    right = _right(cells[ANSWER], texts)
    if not cells[ANSWER]:
        wrong("no_answer")
    elif right is None:
        wrong("bad_answer", cells[ANSWER])
    elif not texts:
        texts = [TRUE, FALSE]
    choosing = fold(cells.get(CHOOSING, "")).strip(" .")
    if choosing not in ("", "mot", "nhieu"):
        wrong("bad_choosing", choosing)
    level = fold(cells.get(DIFFICULTY, "")).strip(" .")
    if level and level not in DIFFICULTIES:
        wrong("bad_difficulty", cells[DIFFICULTY])
    several = choosing == "nhieu" if choosing else len(right or ()) > 1
    credits_ = list(usual_credits(right or (), len(texts), several=several))
    for place in range(len(texts)):
        if said := cells.get(f"credit {LETTERS[place]}"):
            if percent := _PERCENT.fullmatch(said):
                credits_[place] = float(percent.group(1).replace(",", "."))
            else:
                wrong("bad_percent", said)
    if right is None:
        return None
    return Question(
        clean(cells[TEXT]),
        tuple(
            Option(clean(text), credits_[place], clean(cells.get(f"feedback {LETTERS[place]}", "")))
            for place, text in enumerate(texts)
        ),
        several=several,
        explanation=clean(cells.get(EXPLANATION, "")),
        provisions=tuple(filter(None, re.split(r"[\s,;]+", cells.get(PROVISIONS, "")))),
        topic=clean(cells.get(TOPIC, "")),
        difficulty=DIFFICULTIES.get(level),
        name=clean(cells.get(NAME, "")),
        line=row.number,
    )


def _options(cells: Mapping[str, str]) -> list[str]:
    """The options, without the columns that are empty at the end; one in the midst is empty."""
    texts = [cells.get(f"option {letter}", "") for letter in LETTERS]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _right(answer: str, texts: Sequence[str]) -> list[int] | None:
    """The places of the options that an answer names, by letters or in full; None where it names none."""
    letters = re.split(r"[\s,;/&+]+|\bvà\b", answer.strip(" .").upper())
    named = [LETTERS.find(letter) for letter in letters if letter]
    if all(len(letter) <= 1 for letter in letters) and named and all(0 <= at < len(texts) for at in named):
        return list(dict.fromkeys(named))
    key = fold(answer).strip(" .")
    if not texts and key in ("dung", "sai"):
        return [0 if key == "dung" else 1]
    return [place for place, text in enumerate(texts) if fold(text).strip(" .") == key][:1] or None


# Writing


def _rows(questions: Sequence[Question], texts: Texts) -> list[list[str]]:
    """The heading and a row for each question, with only those columns that anything stands in."""
    cells = [_cells(question) for question in questions]
    used = {meaning for row in cells for meaning, text in row.items() if text}
    columns = [meaning for meaning in _columns() if meaning in used or meaning in _columns_of_form()]
    return [[_title(meaning, texts) for meaning in columns], *([row.get(one, "") for one in columns] for row in cells)]


def _cells(question: Question) -> dict[str, str]:
    right = [place for place, option in enumerate(question.options) if option.right]
    cells = {
        NAME: question.name,
        TEXT: question.text,
        ANSWER: ", ".join(LETTERS[place] for place in right),
        CHOOSING: "",
        EXPLANATION: question.explanation,
        PROVISIONS: "\n".join(question.provisions),
        TOPIC: question.topic,
        DIFFICULTY: WRITTEN_DIFFICULTY[question.difficulty] if question.difficulty else "",
    }
    if question.several != (len(right) > 1):
        cells[CHOOSING] = "nhiều" if question.several else "một"
    usual = usual_credits(right, len(question.options), several=question.several)
    for letter, option, credit in zip(LETTERS, question.options, usual, strict=False):
        cells[f"option {letter}"] = option.text
        cells[f"feedback {letter}"] = option.feedback
        cells[f"credit {letter}"] = "" if option.credit == credit else f"{option.credit:.5f}".rstrip("0").rstrip(".")
    return cells


def _columns() -> Iterator[str]:
    """Every column that there may be, in the order in which they stand."""
    yield from (NAME, TEXT)
    yield from (f"option {letter}" for letter in LETTERS)
    yield from (ANSWER, CHOOSING, EXPLANATION, PROVISIONS, TOPIC, DIFFICULTY)
    yield from (f"feedback {letter}" for letter in LETTERS)
    yield from (f"credit {letter}" for letter in LETTERS)


def _columns_of_form() -> list[str]:
    options = [f"option {letter}" for letter in LETTERS[:4]]
    return [NAME, TEXT, *options, ANSWER, EXPLANATION, PROVISIONS, TOPIC, DIFFICULTY]


def _form(texts: Texts) -> list[list[str]]:
    columns = _columns_of_form()
    titles = [_title(meaning, texts) for meaning in columns]
    return [titles, [texts(f"quiz.field_example_{meaning.replace(' ', '_').lower()}") for meaning in columns]]


def _title(meaning: str, texts: Texts) -> str:
    kind, _, letter = meaning.partition(" ")
    return texts(f"quiz.field_{kind}", letter=letter) if letter else texts(f"quiz.field_{kind}")


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([[_quoted(cell) for cell in row] for row in rows])
    return written.getvalue().encode("utf-8-sig")


def _quoted(cell: str) -> str:
    return _QUOTE + cell if _is_ambiguous(cell) else cell


def _unquoted(cell: str, sheet: Sheet) -> str:
    return cell[1:] if not sheet.name and cell[:1] == _QUOTE and _is_ambiguous(cell) else cell


def _is_ambiguous(cell: str) -> bool:
    """Whether a cell begins like a formula, or like one that was kept from being one."""
    return cell[:1] in tuple(_FORMULA_SIGNS) or (cell[:1] == _QUOTE and cell[1:2] in (*_FORMULA_SIGNS, _QUOTE))


def _xlsx(rows: Sequence[Sequence[str]], texts: Texts, *, is_form: bool = False) -> bytes:
    # Loaded here: no other command needs it.
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill

    book = Workbook()
    sheet = book.create_sheet(texts("quiz.sheet"), 0)
    del book[book.sheetnames[1]]
    sheet["A1"] = texts("quiz.template_title")
    sheet["A1"].font = Font(bold=True, size=14)
    if is_form:
        sheet["A2"] = texts("quiz.template_line")
    wrapped = Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(rows, _HEADING_ROW):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column, text or None)
            if text:
                # A text that begins with "=" is no formula, "#N/A" no error.
                cell.data_type = "s"
            cell.alignment, cell.number_format = wrapped, "@"
    for column, title in enumerate(rows[0], 1):
        cell = sheet.cell(_HEADING_ROW, column)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=_HEADING_COLOR)
        meaning = _meaning(title)
        width = _OPTION_WIDTH if meaning.startswith(("option", "feedback")) else _WIDTHS.get(meaning, _WIDTH)
        sheet.column_dimensions[cell.column_letter].width = width
    sheet.freeze_panes = f"A{_HEADING_ROW + 1}"
    if is_form:
        for prepared in range(_HEADING_ROW + 2, _HEADING_ROW + _PREPARED_ROWS):
            for column in range(1, len(rows[0]) + 1):
                sheet.cell(prepared, column).number_format = "@"
        told = book.create_sheet(texts("quiz.sheet_help"))
        told.column_dimensions["A"].width = 100
        for line in texts("quiz.template_help").splitlines():
            told.append([line])
            told.cell(told.max_row, 1).alignment = wrapped
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
