"""Files as Moodle itself writes and documents them: what they hold is taken whole, or refused by line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.quiz import formats
from handlers.quiz.checking import without_repeats
from handlers.quiz.formats import Format
from handlers.quiz.formats.html_text import Unreadable, plain_text
from handlers.quiz.question import Option, Reading
from handlers.texts import load_texts
from tests.helpers import run_main

TEXTS = load_texts()

GIFT = r"""// Ví dụ theo từng mục trong tài liệu về GIFT

// question: 0  name: switch category to $course$/top/Mạng xã hội
$CATEGORY: $course$/top/Mạng xã hội

// ===Chọn một===
Ai chịu trách nhiệm về bài mình đăng?{~Người đọc =Người đăng ~Nhà mạng}

// ===Từ còn thiếu===
Chỉ chia sẻ tin có nguồn {~vui =chính thống ~nhanh} và đáng tin cậy.

Mất tài khoản thì báo {
    ~bạn bè
    =cơ quan chức năng
    } trước tiên.

// ===Điền từ, ghép cặp, số, tự luận, đoạn văn===
Viết tắt của mạng xã hội?{=MXH =mxh}

::Có điểm từng phần::Viết tắt của mạng xã hội?{
    =MXH#Đúng.
    =%50%mxh#Nên viết hoa.
    =%0%*#Sai.
}

Ghép cho đúng. {
    =Điều 3 -> nguyên tắc
    =Điều 4 -> cá nhân
    = -> không có
    }

Ban hành năm nào? {#2021}

Số nào từ 1 đến 5? {#1..5}.

Số pi? {#3.14:0.01}

Số nào? {#
    =2021:0#Đúng.
    =%50%2021:2#Gần đúng.
}

::Tự luận:: Anh/chị nghĩ sao? {}

[html]<p>Sau đây là phần hai.</p>

// ===Đúng sai===
Nên dùng tên thật.{T}

Tin nào cũng chia sẻ được.{FALSE#Không phải.#Đúng vậy.####Xem Điều 4.}

// ===Nhận xét, điểm, nhiều đáp án===
::Nhiều đáp án:: Khi mất tài khoản thì làm gì?
{
    // một dòng ghi chú ở giữa
    ~%50%báo cơ quan # Phải.
    ~%50%báo nhà cung cấp # Phải.
    ~%-100%im lặng # [html]<b>Không</b> nên.
    ~%-33.33333%[plain]chờ <mai>
    ####[html]Xem <i>khoản 3</i>.
}

Chọn cách tốt nhất. {=gọi điện ~%50%nhắn tin#Tạm được. ~đoán}

// ===Dấu đặc biệt===
::Dấu \:\: trong tên::Dấu nào \{không\} phải viết \\ ở trước?{
    ~ \~ # \~ phải viết vậy.
    ~ \=
    ~ \#
    = \\   # Đúng\: dấu \\ thì \\\\.
}

[markdown]Chữ **đậm** ở đâu?{=đây ~kia}

[moodle]Hai dòng
xuống hàng?{=có ~không}
"""
LEFT_OUT = [
    ("gift_short", "Viết tắt của"), ("gift_short", "::Có điểm"), ("gift_matching", "Ghép cho"),
    ("gift_numeric", "Ban hành"), ("gift_numeric", "Số nào từ"), ("gift_numeric", "Số pi"),
    ("gift_numeric", "Số nào? {"), ("gift_essay", "::Tự luận"), ("gift_description", "[html]<p>"),
]  # fmt: skip


def read(text: str, form: Format = Format.GIFT) -> Reading:
    return formats.read(text.encode(), "vidu.txt", form)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_each_construct_is_taken_whole_or_named(mark: str, ending: str) -> None:
    reading = formats.read((mark + GIFT).replace("\n", ending).encode(), "vidu.txt")
    lines = GIFT.split("\n")
    named = [(fault.code, lines[fault.line - 1]) for fault in reading.faults]
    assert [code for code, _ in named] == [code for code, _ in LEFT_OUT]
    assert all(line.startswith(begin) for (_, line), (_, begin) in zip(named, LEFT_OUT, strict=True))
    assert {question.topic for question in reading.questions} == {"Mạng xã hội"}
    found = {question.text: question for question in reading.questions}
    assert list(found) == [
        "Ai chịu trách nhiệm về bài mình đăng?",
        "Chỉ chia sẻ tin có nguồn _____ và đáng tin cậy.",
        "Mất tài khoản thì báo _____ trước tiên.",
        "Nên dùng tên thật.",
        "Tin nào cũng chia sẻ được.",
        "Khi mất tài khoản thì làm gì?",
        "Chọn cách tốt nhất.",
        "Dấu nào {không} phải viết \\ ở trước?",
        "Chữ **đậm** ở đâu?",
        "Hai dòng\nxuống hàng?",
    ]
    false = found["Tin nào cũng chia sẻ được."]
    assert [option.feedback for option in false.options] == ["Không phải.", "Đúng vậy."]
    assert false.explanation == "Xem Điều 4."
    several = found["Khi mất tài khoản thì làm gì?"]
    assert several.several
    assert several.options == (
        Option("báo cơ quan", 50.0, "Phải."),
        Option("báo nhà cung cấp", 50.0, "Phải."),
        Option("im lặng", -100.0, "Không nên."),
        Option("chờ <mai>", -33.33333),
    )
    assert (several.name, several.explanation) == ("Nhiều đáp án", "Xem khoản 3.")
    signs = found["Dấu nào {không} phải viết \\ ở trước?"]
    assert signs.name == "Dấu :: trong tên"
    assert [option.text for option in signs.options] == ["~", "=", "#", "\\"]
    assert signs.options[3].feedback == "Đúng: dấu \\ thì \\\\."


def test_what_was_taken_is_the_same_after_it_was_written() -> None:
    questions = list(read(GIFT).questions)
    for form in (Format.GIFT, Format.TYPED, Format.XLSX, Format.CSV, Format.WORD):
        content, unwritten = formats.write(questions, form, TEXTS)
        assert unwritten == []
        assert list(formats.read(content, f"vidu.{form}", form).questions) == questions, form


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("10<sup>2</sup> và H<sub>2</sub>O", "10² và H₂O"),
        ("x<sup>abc</sup>, y<sub>i, j</sub>", "x^(abc), y_(i, j)"),
        ("a<sup></sup>b", "ab"),
        ('<a href="https://vidu.vn/a">Trang</a> ấy', "Trang (https://vidu.vn/a) ấy"),
        ('<a href="https://vidu.vn">https://vidu.vn</a>', "https://vidu.vn"),
        ('<a href="https://vidu.vn"></a>', "https://vidu.vn"),
        ('<a href="#x">đây</a> <a name="y">kia</a>', "đây kia"),
        ('<a href="https://vidu.vn">x<sup>2</sup>', "x² (https://vidu.vn)"),
        ("</a>một</sup>", "một"),
        ("Chọn<ol><li>một</li><li>hai</li></ol>", "Chọn\n\n1. một\n\n2. hai"),
        ("<ol><li>một<ul><li>nhỏ</li></ul></li><li>hai</li></ol>", "1. một\n\n- nhỏ\n\n2. hai"),
        ("Một<hr>hai", "Một\nhai"),
        ("Một&nbsp;hai &lt;b&gt;", "Một hai <b>"),
        ("<b>Một</b> <span style='color: red'>hai</span>", "Một hai"),
    ],
)
def test_what_marks_mean_stays_where_words_can_say_it(html: str, words: str) -> None:
    reading = read("[html]" + "".join(f"\\{sign}" if sign in "\\~=#{}:" else sign for sign in html) + "{=a ~b}")
    assert [question.text for question in reading.questions] == [words]


@pytest.mark.parametrize("tag", ["img", "table", "math", "s", "del", "input"])
def test_what_words_cannot_say_is_refused(tag: str) -> None:
    with pytest.raises(Unreadable):
        plain_text(f"Một <{tag}>hai</{tag}>", is_page=True)
    reading = read(f"Một?{{=a ~b}}\n\n[html]Hai <{tag}>ba?{{=a ~b}}")
    assert [(fault.line, fault.code, fault.values) for fault in reading.faults] == [(3, "media", {"tag": tag})]


def test_a_file_that_moodle_keeps_is_refused() -> None:
    reading = read('[html]Xem <a href\\="@@PLUGINFILE@@/a.pdf">tệp</a>?{=a ~b}')
    assert [(fault.line, fault.code) for fault in reading.faults] == [(1, "media")]


AIKEN = """Ai chịu trách nhiệm về bài mình đăng?
A) Người đọc
B)Người đăng
ANSWER: B

Thẻ <html class="x"> & dấu khác viết sao?
A.Để nguyên
B. Đổi
ANSWER: A

A) Không có câu hỏi

ANSWER: Không phải chữ cái

Chỉ có một phương án
A) Một
ANSWER: A

Chưa có đáp án
A) Một
B) Hai

Hai dòng
vẫn là một câu?
a. có
b. không

answer: a
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_aiken_as_moodle_reads_it(ending: str) -> None:
    reading = formats.read(("\ufeff" + AIKEN).replace("\n", ending).encode(), "vidu.txt")
    good = [question for question in reading.questions if len(question.options) > 1]
    assert [(question.text, question.right) for question in good] == [
        ("Ai chịu trách nhiệm về bài mình đăng?", (1,)),
        ('Thẻ <html class="x"> & dấu khác viết sao?', (0,)),
        ("Hai dòng\nvẫn là một câu?", (0,)),
    ]
    assert [option.text for option in good[0].options] == ["Người đọc", "Người đăng"]
    assert [(fault.line, fault.code) for fault in reading.faults] == [
        (11, "aiken_no_question"),
        (13, "aiken_no_question"),
        (15, "option_count"),
        (19, "aiken_no_answer"),
    ]


def test_what_stands_there_twice_is_taken_once() -> None:
    questions = read("Một?{=a ~b}\n\nMột?{=a ~b}\n\nMột?{=a ~c}\n\n::x::Hai?{T}\n\n::x::Ba?{T}").questions
    kept, left_out = without_repeats(questions)
    assert kept == [questions[0], *questions[2:]]
    assert [(fault.line, fault.code, fault.values) for fault in left_out] == [(3, "repeated", {"line": 1})]
    kept, left_out = without_repeats(questions, also_alike=True)
    assert kept == [questions[0], questions[3]]
    assert [(fault.line, fault.code) for fault in left_out] == [
        (3, "repeated"),
        (5, "same_question"),
        (9, "same_name"),
    ]


def test_a_bank_of_moodle_comes_in_with_what_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_DATA", str(tmp_path))
    (tmp_path / "moodle.txt").write_text(GIFT + "\nAi chịu trách nhiệm về bài mình đăng?{=a ~b}\n", encoding="utf-8")
    assert run_main(monkeypatch, "quiz", "import", "moodle.txt").code == 1
    ended = run_main(monkeypatch, "quiz", "import", "moodle.txt", "--skip")
    assert ended.code == 0
    assert ended.out.count("Bỏ qua câu ở dòng") == len(LEFT_OUT) + 1
    assert "thêm 10" in ended.out
