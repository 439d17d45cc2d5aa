"""GIFT as Moodle describes it (https://docs.moodle.org/en/GIFT_format), feature by feature."""

from __future__ import annotations

import pytest

from handlers.quiz import formats
from handlers.quiz.formats import Format, gift
from handlers.quiz.question import FALSE, TRUE, Difficulty, Option, Question

TRUTH = (Option(TRUE, 100.0), Option(FALSE))
FALSEHOOD = (Option(TRUE), Option(FALSE, 100.0))


def only(text: str) -> Question:
    reading = gift.read(text)
    assert list(reading.faults) == []
    (question,) = reading.questions
    return question


def codes(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.code) for fault in gift.read(text).faults]


def test_one_right_answer() -> None:
    question = only("Ai chịu trách nhiệm về bài mình đăng?{~Người đọc =Người đăng ~Nhà mạng}")
    assert question.text == "Ai chịu trách nhiệm về bài mình đăng?"
    assert question.options == (Option("Người đọc"), Option("Người đăng", 100.0), Option("Nhà mạng"))
    assert not question.several


def test_answers_on_lines_of_their_own_with_feedback() -> None:
    question = only(
        "// một câu\n::Câu một:: Mất tài khoản thì báo ai?\n{\n"
        "=cơ quan chức năng # đúng rồi\n  ~ không cần báo # chưa đúng\n\n}".replace("\n\n", "\n")
    )
    assert question.name == "Câu một"
    assert question.options[0] == Option("cơ quan chức năng", 100.0, "đúng rồi")
    assert question.options[1] == Option("không cần báo", 0.0, "chưa đúng")
    assert question.line == 2


def test_a_missing_word() -> None:
    question = only("Chỉ chia sẻ thông tin có nguồn {~vui =chính thống ~nhanh}, đáng tin cậy.")
    assert question.text == "Chỉ chia sẻ thông tin có nguồn _____, đáng tin cậy."


def test_several_right_answers_with_weights() -> None:
    question = only("Nên làm gì?{~%50%đổi mật khẩu#phải ~%50%báo ngay ~%-100%im lặng#không ~%-33.333%chờ ~ quên}")
    assert question.several
    assert [option.credit for option in question.options] == [50, 50, -100, -33.333, 0]
    assert question.options[2].feedback == "không"
    assert question.score({0, 1}) == 1.0
    assert question.score({0}) == 0.5
    assert question.score({0, 1, 2}) == 0.0


def test_one_answer_with_partial_credit() -> None:
    question = only("Chọn cách tốt nhất?{=gọi điện ~%50%nhắn tin ~đoán}")
    assert not question.several
    assert [question.score({place}) for place in range(3)] == [1.0, 0.5, 0.0]


def test_several_full_answers_of_which_any_is_right() -> None:
    question = only("Một màu?{=vàng =xanh ~ngọt}")
    assert not question.several
    assert question.right == (0, 1)
    assert [question.score({place}) for place in range(3)] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("word", ["T", "TRUE", "true", " T "])
def test_a_true_statement(word: str) -> None:
    assert only(f"Nên dùng tên thật.{{{word}}}").options == TRUTH


@pytest.mark.parametrize("word", ["F", "FALSE", "False"])
def test_a_false_statement(word: str) -> None:
    assert only(f"Tin nào cũng chia sẻ được.{{{word}}}").options == FALSEHOOD


def test_the_first_feedback_of_a_statement_is_for_whoever_is_wrong() -> None:
    question = only("Tin nào cũng chia sẻ được.{FALSE#Phải kiểm chứng.#Đúng vậy.####Khoản 4 Điều 4.}")
    assert question.options == (Option(TRUE, 0.0, "Phải kiểm chứng."), Option(FALSE, 100.0, "Đúng vậy."))
    assert question.explanation == "Khoản 4 Điều 4."
    assert only("Nên.{T#không}").options == (Option(TRUE, 100.0), Option(FALSE, 0.0, "không"))


def test_general_feedback() -> None:
    question = only("Một?{\n=một\n~hai#hai là hai\n####Một là một.\n}")
    assert question.explanation == "Một là một."
    assert question.options[1].feedback == "hai là hai"


def test_escapes() -> None:
    question = only(r"Dấu \{ \} \~ \= \# \: \\ và\nxuống dòng?{=a\=b # 1\#2 ~c\~d}")
    assert question.text == "Dấu { } ~ = # : \\ và\nxuống dòng?"
    assert question.options == (Option("a=b", 100.0, "1#2"), Option("c~d"))


def test_a_backslash_before_n_that_is_itself_escaped() -> None:
    assert only(r"C:\\new?{=a ~b}").text == r"C:\new?"


def test_comments_take_no_line_away() -> None:
    text = "// đầu\n\nMột?{=a\n  // ở giữa\n~b}\n\n// cuối\n\nHai?{}\n"
    assert codes(text) == [(9, "gift_essay")]
    assert [question.text for question in gift.read(text).questions] == ["Một?"]


def test_categories_are_topics() -> None:
    text = (
        "$CATEGORY: $course$/top/Bảo mật\n\nMột?{=a ~b}\n\n$CATEGORY: Tin giả/Kiểm chứng\nHai?{=a ~b}\n\n"
        "$CATEGORY: $system$\n\nBa?{=a ~b}\n\n$CATEGORY: Có // không\n\nBốn?{=a ~b}"
    )
    topics = [question.topic for question in gift.read(text).questions]
    assert topics == ["Bảo mật", "Tin giả/Kiểm chứng", "", "Có / không"]


def test_tags_are_provisions_and_difficulty() -> None:
    question = only("// [id:17] [tag:qd-874-2021/dieu-4/khoan-3] [tag:Khó] [tag:khác]\nMột?{=a ~b}")
    assert question.provisions == ("qd-874-2021/dieu-4/khoan-3",)
    assert question.difficulty is Difficulty.HARD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[html]<p>Một <b>đậm</b> &amp; hai<br>ba\nbốn</p>", "Một đậm & hai\nba bốn"),
        ("[html]<ul><li>một</li><li>hai</li></ul>", "- một\n\n- hai"),
        ("[plain]a <b> &lt;", "a <b> &lt;"),
        ("[markdown]**đậm**", "**đậm**"),
        ("[moodle]một &nbsp; hai", "một hai"),
        ("một < hai và hai > một", "một < hai và hai > một"),
    ],
)
def test_formats_of_text(text: str, words: str) -> None:
    assert only(f"{text} {{=a ~b}}").text == words
    assert only(f"Chọn?{{={text} ~b}}").options[0].text == words


def test_answers_are_in_the_format_of_their_question_unless_they_say_another() -> None:
    question = only("[html]Một &amp; hai{=<b>a</b>#<i>đúng</i> ~[plain]<b>}")
    assert question.options == (Option("a", 100.0, "đúng"), Option("<b>"))
    assert only("[markdown]Một{=<b> ~c####&amp;}").explanation == "&amp;"


def test_what_moodle_takes_for_words() -> None:
    """A second sign of feedback, a percent sign that is no weight, and "####" before the last one."""
    question = only("Một?{=%100%a#b#c ~%PATH% là gì ~50% ####d}")
    assert question.options == (Option("a", 100.0, "b#c"), Option("%PATH% là gì"), Option("50%"))
    assert only("Một?{T#a#b#c####d}").options == (Option(TRUE, 100.0, "b#c"), Option(FALSE, 0.0, "a"))


def test_a_file_of_another_editor() -> None:
    content = "\ufeffMột?\r\n{\r\n=a\r\n~b\r\n}\r\n\r\nHai?{T}\r\n".encode()
    reading = formats.read(content, "vidu.txt")
    assert [question.text for question in reading.questions] == ["Một?", "Hai?"]
    assert reading.questions[1].line == 7


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Vì sao?{}", "gift_essay"),
        ("Đọc kỹ phần sau.", "gift_description"),
        ("Năm nào?{#2021:1}", "gift_numeric"),
        ("Số nào?{#1..5}", "gift_numeric"),
        ("Năm nào?{#\n=2021:0#đúng\n=%50%2021:2#gần đúng\n}", "gift_numeric"),
        ("Nối:{=Hà Nội -> Việt Nam =Lào -> Viêng Chăn =a -> b}", "gift_matching"),
        ("Hai cộng {=hai =2} là bốn.", "gift_short"),
        ("Một?{=a ~b", "gift_unclosed"),
        ("Một?=a ~b}", "gift_unopened"),
        ("Một?{=a ~b} Hai?{=c ~d}", "gift_braces"),
        ("Một?{a ~b}", "gift_answers"),
        ("Một?{a}", "gift_answers"),
        ("::Một{=a ~b}", "gift_name"),
        ("Một?{=a ~%33,3%b}", "gift_weight"),
        ("Một?{=%50%a ~b}", "gift_weight"),
        ('Một?{=[html]<img src\\="x.png"> ~b}', "media"),
        ("Một \ue001?{=a ~b}", "gift_private"),
        ("Một?{~a ~b}", "no_right"),
        ("Một?{~%40%a ~%40%b ~c}", "bad_credits"),
        ("Một?{=a ~a}", "same_options"),
        ("Một?{=a ~}", "empty_option"),
        ("{=a ~b}", "no_text"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text: str, code: str) -> None:
    assert codes(f"Không?{{T}}\n\n// ghi chú\n{text}") == [(4, code)]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = "Một?{}\n\nHai?{=a ~b}\n\nBa?{#3}\n\n$CATEGORY: x\nBốn?{=a}\n"
    assert codes(text) == [(1, "gift_essay"), (5, "gift_numeric"), (8, "gift_short")]


def test_what_is_written_is_what_moodle_reads() -> None:
    question = Question(
        "Chọn {hai}:",
        (Option("a=b", 50.0), Option("c", 50.0, "tốt"), Option("<d>", -100.0)),
        several=True,
        explanation="Vì thế.",
        provisions=("qd-874-2021/dieu-4/khoan-3",),
        topic="Tin/giả",
        difficulty=Difficulty.EASY,
        name="c1",
    )
    assert gift.write([question]) == (
        "$CATEGORY: Tin//giả\n\n// [tag:qd-874-2021/dieu-4/khoan-3] [tag:dễ]\n::c1::Chọn \\{hai\\}\\:{\n"
        "\t~%50%a\\=b\n\t~%50%c#tốt\n\t~%-100%[plain]<d>\n\t####Vì thế.\n}\n"
    )


def test_a_name_ending_tells_the_format() -> None:
    assert formats.by_ending("ngan-hang.GIFT") is Format.GIFT
    assert formats.by_ending("khong-co") is None
