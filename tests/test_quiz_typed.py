"""Questions as people really type them, in text files, Word files and spreadsheets."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
import pytest
from docx.enum.text import WD_COLOR_INDEX
from docx.shared import RGBColor

from handlers.quiz import formats
from handlers.quiz.formats import table, typed
from handlers.quiz.question import FALSE, TRUE, Difficulty, Option, Question
from handlers.texts import Texts
from knowledge.errors import UnreadableFile
from tests.spreadsheets import workbook

USUAL = """NGÂN HÀNG CÂU HỎI
Năm 2026

Câu 1: Thấy tin chưa rõ nguồn, anh/chị làm gì?
A. Chia sẻ ngay
B. Kiểm chứng trước
C. Thêm ý kiến rồi chia sẻ
D. Gửi cho bạn bè

Đáp án: B
Giải thích: Chỉ chia sẻ tin có nguồn chính thống.
Điều khoản: qd-874-2021/dieu-4/khoan-4
Chủ đề: Tin giả
Mức độ: dễ
Mã: tin-1

Câu 2: Nên dùng tên thật.
Đáp án: Đúng
"""


def read(text: str) -> list[Question]:
    reading = typed.read(typed.plain_lines(text))
    assert list(reading.faults) == []
    return list(reading.questions)


def codes(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.code) for fault in typed.read(typed.plain_lines(text)).faults]


def test_the_usual_form() -> None:
    first, second = read(USUAL)
    assert first.text == "Thấy tin chưa rõ nguồn, anh/chị làm gì?"
    assert [option.text for option in first.options][1:3] == ["Kiểm chứng trước", "Thêm ý kiến rồi chia sẻ"]
    assert first.right == (1,)
    assert first.explanation == "Chỉ chia sẻ tin có nguồn chính thống."
    assert first.provisions == ("qd-874-2021/dieu-4/khoan-4",)
    assert (first.topic, first.difficulty, first.name, first.line) == ("Tin giả", Difficulty.EASY, "tin-1", 4)
    assert second.options == (Option(TRUE, 100.0), Option(FALSE))


ONE = "{begin}Một?\n{options}\n{answer}"
LETTERED = "A. x\nB. y"


@pytest.mark.parametrize(
    "begin",
    [
        "Câu 1: ",
        "Câu 1. ",
        "Câu 1) ",
        "Câu 1 ",
        "CÂU 1/ ",
        "câu hỏi 1: ",
        "Câu số 1: ",
        "Cau 1:",
        "Câu 1\n",
        "1. ",
        "1) ",
    ],
)
def test_how_a_question_begins(begin: str) -> None:
    (question,) = read(ONE.format(begin=begin, options=LETTERED, answer="Đáp án: B"))
    assert (question.text, question.right) == ("Một?", (1,))


@pytest.mark.parametrize(
    "options",
    [
        "A. x\nB. y",
        "a) x\nb) y",
        "A: x\nB: y",
        "(a) x\n(b) y",
        "A/ x\nB/ y",
        "A - x\nB - y",
        "  A.x\n\tB.y",
        "A. x\tB. y",
        "A. x     B. y",
        "A.\nx\n\nB.\ny",
    ],
)
def test_how_options_are_written(options: str) -> None:
    (question,) = read(ONE.format(begin="Câu 1: ", options=options, answer="Đáp án: B"))
    assert question.options == (Option("x"), Option("y", 100.0))


@pytest.mark.parametrize(
    "answer",
    [
        "Đáp án: B",
        "Đáp án đúng là B",
        "Đáp án đúng: B.",
        "ĐÁP ÁN B",
        "dap an: b",
        "ĐA: B",
        "Đáp án: B. y",
        "Đáp án: y",
        "=> Đáp án: B",
        "→ Chọn B",
        "Chọn đáp án B",
        "Trả lời: B",
        "Đáp án đúng nhất là: B",
        "Đáp án: (B)",
        "Answer: B",
        "Đáp án:\nB",
    ],
)
def test_how_the_answer_is_told(answer: str) -> None:
    (question,) = read(ONE.format(begin="Câu 1: ", options=LETTERED, answer=answer))
    assert (question.right, question.explanation) == ((1,), "")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Đáp án: B\nGiải thích: vì thế", "vì thế"),
        ("Đáp án: B\nHướng dẫn giải: vì thế\ncho nên", "vì thế\ncho nên"),
        ("Đáp án: B\nVì thế.", "Vì thế."),
        ("Đáp án: B, vì thế", "vì thế"),
        ("Đáp án: B. vì thế\nGiải thích: cho nên", "vì thế\ncho nên"),
    ],
)
def test_how_it_is_explained(answer: str, why: str) -> None:
    (question,) = read(ONE.format(begin="Câu 1: ", options=LETTERED, answer=answer))
    assert (question.right, question.explanation) == ((1,), why)


@pytest.mark.parametrize("options", ["A. x\n*B. y", "A. x\n* B. y"])
def test_a_star_marks_the_right_option(options: str) -> None:
    (question,) = read(ONE.format(begin="Câu 1: ", options=options, answer=""))
    assert question.options == (Option("x"), Option("y", 100.0))


@pytest.mark.parametrize(("answer", "found"), [("Đáp án: B", []), ("Đáp án: A", [(4, "two_answers")])])
def test_a_star_and_a_letter_must_mean_the_same(answer: str, found: list[tuple[int, str]]) -> None:
    assert codes(f"Câu 1: Một?\nA. x\n*B. y\n{answer}\n") == found


@pytest.mark.parametrize(("answer", "several"), [("A, C", True), ("A và C", True), ("A C", True), ("A hoặc C", False)])
def test_several_answers(answer: str, several: bool) -> None:
    (question,) = read(ONE.format(begin="Câu 1: ", options="A. x\nB. y\nC. z", answer=f"Đáp án: {answer}"))
    assert question.several is several
    assert question.right == (0, 2)
    assert question.score({0, 2}) == (1.0 if several else 0.0)
    assert question.score({0}) == (0.5 if several else 1.0)


THREE = "Câu 1: Một?\nA. x\nB. y\nCâu 2: Hai?\nA. x\nB. y\nCâu 3: Ba?\nA. x\nB. y\n"


@pytest.mark.parametrize(
    "key",
    [
        "ĐÁP ÁN\n1B 2A 3B",
        "Đáp án:\n1. B\n2. A\n3. B",
        "BẢNG ĐÁP ÁN\n1-B; 2-A; 3-B",
        "Đáp án\nCâu 1: B\nCâu 2: A\nCâu 3: B".replace("Câu ", ""),
        "ĐÁP ÁN\nCâu\t1\t2\t3\nĐáp án\tB\tA\tB",
        "ĐÁP ÁN\nCâu\n1\n2\n3\nĐáp án\nB\nA\nB",
        "ĐÁP ÁN\nCâu\nĐáp án\n1\nB\n2\nA\n3\nB",
    ],
)
def test_the_answers_may_stand_together_at_the_end(key: str) -> None:
    assert [question.right for question in read(THREE + key)] == [(1,), (0,), (1,)]


def test_parts_of_a_file_are_topics() -> None:
    text = "Phần I. Tin giả\nCâu 1: Một?\nA. x\n*B. y\nPHẦN II: Tài khoản\nCâu 2: Hai?\nA. x\n*B. y\nChủ đề: Khác"
    assert [question.topic for question in read(text)] == ["Tin giả", "Khác"]
    assert read(text.replace("\nChủ đề: Khác", ""))[1].topic == "Tài khoản"


def test_a_line_that_goes_on_belongs_to_what_stands_before() -> None:
    (question,) = read("Câu 1: Một\nhai?\nA. x\nxx\nB. y\nĐáp án: A\nGiải thích: vì\nthế\n\\A. thế")
    assert question == Question("Một\nhai?", (Option("x\nxx", 100.0), Option("y")), explanation="vì\nthế\nA. thế")


def test_feedback_and_points_of_options() -> None:
    (question,) = read("Câu 1: Một?\nA. x\nB. y\nC. z\nĐáp án: A\nĐiểm B: 50%\nNhận xét C: sai rồi\nnhé")
    assert question.options == (Option("x", 100.0), Option("y", 50.0), Option("z", 0.0, "sai rồi\nnhé"))


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("", 0, "no_questions"),
        ("Kính gửi các đơn vị", 0, "no_questions"),
        ("Câu 1: Một?\nA. x\nB. y", 1, "no_answer"),
        ("Câu 1: Một?\nĐáp án: B", 2, "bad_answer"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: C", 4, "bad_answer"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: không rõ", 4, "bad_answer"),
        ("Câu 1: Một?\nA. x\nC. y\nĐáp án: A", 3, "option_order"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nĐáp án: B", 5, "several_answers"),
        ("Câu 1: Một?\nA. x\nĐáp án: A", 1, "option_count"),
        ("Câu 1: Một?\nA. x\nB. x\nĐáp án: A", 1, "same_options"),
        ("Câu 1:\nA. x\nB. y\nĐáp án: A", 1, "no_text"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nMức độ: siêu", 1, "bad_difficulty"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nCách chọn: tùy", 1, "bad_choosing"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nĐiểm B: nửa", 5, "bad_percent"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nNhận xét C: z", 5, "no_such_option"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án: A\nCăn cứ: khoản 3", 1, "bad_provision"),
        ("Câu 1: Một?\nA. x\nB. y\nĐáp án\n1A 2B", 5, "no_such_number"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, code: str) -> None:
    assert (line, code) in codes(text)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert codes(THREE) == [(1, "no_answer"), (4, "no_answer"), (7, "no_answer")]


@pytest.mark.parametrize(
    "line",
    ["Đáp án nào sau đây đúng?", "Đa số người dùng làm gì?", "Chọn phương án đúng nhất:", "Câu chuyện này nói gì?"],
)
def test_words_that_begin_like_a_sign_are_words(line: str) -> None:
    (question,) = read(f"Câu 1: Một.\n{line}\nA. x\nB. y\nĐáp án: B")
    assert question.text == f"Một.\n{line}"


# Word

Marked = Sequence[tuple[str, str]]


def word_file(*paragraphs: str | Marked, style: str | None = None) -> bytes:
    """A Word file; a paragraph is its text, or its runs with how each is marked."""
    document = docx.Document()
    for paragraph in paragraphs:
        made = document.add_paragraph(style=style)
        for text, mark in [(paragraph, "")] if isinstance(paragraph, str) else paragraph:
            run = made.add_run(text)
            if mark == "highlight":
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW
            elif mark == "color":
                run.font.color.rgb = RGBColor(255, 0, 0)
            elif mark:
                setattr(run, mark, True)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def read_file(content: bytes, file: str = "vidu.docx") -> list[Question]:
    reading = formats.read(content, file)
    assert list(reading.faults) == []
    return list(reading.questions)


@pytest.mark.parametrize("mark", ["bold", "underline", "highlight", "color", "italic"])
@pytest.mark.parametrize("whole", [True, False])
def test_marked_letters_in_word_are_the_right_option(mark: str, whole: bool) -> None:
    right = [("B. yes", mark)] if whole else [("B", mark), (". yes", "")]
    (question,) = read_file(word_file("Câu 1: Một?", "A. x", right, "C. z"))
    assert question.options == (Option("x"), Option("yes", 100.0), Option("z"))


def test_letters_that_are_all_bold_mark_nothing_and_a_word_alone_neither() -> None:
    options: list[Marked] = [[("A.", "bold"), (" x", "")], [("B.", "bold"), (" y ", ""), ("rất", "underline")]]
    reading = formats.read(word_file("Câu 1: Một?", *options), "vidu.docx")
    assert [fault.code for fault in reading.faults] == ["no_answer"]
    (question,) = read_file(word_file([("Câu 1: Một?", "bold")], *options, "Đáp án: A"))
    assert question.right == (0,)


def test_the_surer_mark_counts() -> None:
    options: list[Marked] = [[("A. x", "bold")], [("B. y", "highlight")], [("C. z", "")]]
    assert read_file(word_file("Câu 1: Một?", *options))[0].right == (1,)


def test_tabs_and_line_breaks_in_one_paragraph() -> None:
    (question,) = read_file(word_file("Câu 1: Một?\nA. x\tB. y\nĐáp án: B"))
    assert question.options == (Option("x"), Option("y", 100.0))


def test_a_whole_bank_in_word_is_the_same_again(texts: Texts) -> None:
    bank = read(USUAL)
    content, _ = formats.write(bank, formats.Format.WORD, texts)
    assert read_file(content) == bank


# Spreadsheets


def test_a_spreadsheet_with_other_headings_and_order() -> None:
    rows = [
        ["NGÂN HÀNG"],
        ["STT", "Nội dung câu hỏi", "Đáp án A", "Đáp án B", "Đáp án C", "Đáp án đúng", "Mức độ"],
        [1, "Năm ban hành?", 2020, 2021, None, "B", "Nhận biết"],
        [],
        [2, "Chọn hai:", "x", "y", "z", "A, C", None],
        [3, "Nên dùng tên thật.", None, None, None, "sai", None],
        [4, "Chọn?", "x", "y", "z", "y", None],
    ]
    first, second, third, fourth = read_file(workbook({"Trang": [["nháp"]], "Câu": rows}), "vidu.xlsx")
    assert first.options == (Option("2020"), Option("2021", 100.0))
    assert (first.difficulty, first.line) == (Difficulty.EASY, 3)
    assert (second.several, second.right) == (True, (0, 2))
    assert third.options == (Option(TRUE), Option(FALSE, 100.0))
    assert fourth.right == (1,)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["Một?", "x", "y", None, None], "no_answer"),
        (["Một?", "x", "y", None, "C"], "bad_answer"),
        (["Một?", "x", None, "y", "A"], "empty_option"),
        ([None, "x", "y", None, "A"], "no_text"),
        (["Một?", "x", "=1+", None, "A"], "no_value"),
        (["Một?", "x", "#N/A", None, "A"], "error_value"),
    ],
)
def test_a_row_that_is_wrong_is_named(row: list[str | None], code: str) -> None:
    heading = ["Câu hỏi", "A", "B", "C", "Đáp án"]
    content = workbook({"Câu": [heading, ["Không?", "x", "y", None, "A"], row]})
    assert [(fault.line, fault.code) for fault in formats.read(content, "vidu.xlsx").faults] == [(3, code)]


@pytest.mark.parametrize("make", [table.xlsx_template, table.csv_template])
def test_the_form_is_empty_until_it_is_filled_in(texts: Texts, make: object) -> None:
    assert callable(make)
    reading = table.read(make(texts), "mau")
    assert (list(reading.questions), [fault.code for fault in reading.faults]) == ([], ["no_questions"])


def test_the_example_of_the_form_is_a_question_where_its_word_is_taken_off(texts: Texts) -> None:
    content = table.csv_template(texts).replace("(Ví dụ) ".encode(), b"")
    (question,) = read_file(content, "vidu.csv")
    assert question.right == (1,)
    assert question.provisions == ("qd-874-2021/dieu-4/khoan-3",)


def test_cells_are_never_formulas(texts: Texts) -> None:
    bank = [Question("=1+1", (Option("'=x", 100.0), Option("-5"), Option("''y")))]
    content, _ = formats.write(bank, formats.Format.CSV, texts)
    assert b"'=1+1;''=x;-5".replace(b";-", b";'-") in content
    assert read_file(content, "vidu.csv") == bank


@pytest.mark.parametrize(
    ("content", "file", "code"),
    [
        (b"", "vidu.txt", "empty_file"),
        (b"  \n", "vidu.csv", "empty_file"),
        ("Họ tên;Đơn vị\nA;B\n".encode(), "vidu.csv", "no_questions_table"),
        ("Câu 1: thử".encode("utf-16-le"), "vidu.txt", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "vidu.doc", "old_word"),
        (b"C\xe2u 1: th\xfe", "vidu.txt", "old_encoding"),
        (b"PK\x03\x04", "vidu.docx", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, file: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        formats.read(content, file)
    assert refused.value.code == code
