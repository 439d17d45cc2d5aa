"""`ungxu quiz`: what an administrator does with banks of questions at the machine."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from handlers.quiz.rounds import Rules
from storage import quiz_rounds, quizzes
from storage.database import FILE_NAME, Database
from tests.helpers import Ended, run_main

Quiz = Callable[..., Ended]

TYPED = """Câu 1: Một?
A. x
B. y
Đáp án: B
Giải thích: z
Điều khoản: cv-6389-2021/muc-1
Mã: c1

Câu 2: Hai?
A. x
B. y
Đáp án: A
Giải thích: z
Điều khoản: cv-6389-2021/muc-2
"""
SOON = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3)
GIFT = "Một?{=x ~y}\n\nVì sao?{}\n\nNăm nào?{#2021}\n"


@pytest.fixture
def quiz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quiz:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNGXU_DATA", str(tmp_path))
    return lambda *arguments: run_main(monkeypatch, "quiz", *arguments)


@pytest.fixture
def typed(tmp_path: Path) -> Path:
    file = tmp_path / "ngan-hang.txt"
    file.write_text(TYPED, encoding="utf-8")
    return file


def stored(folder: Path, name: str = "ngan-hang") -> list[tuple[int, str]]:
    with closing(Database(folder / FILE_NAME)) as database:
        bank = quizzes.find_bank(database, name)
        assert bank is not None
        return [(one.id, one.content["text"]) for one in quizzes.questions_of(database, bank.id)]


def test_the_questions_of_the_program_are_in_order(quiz: Quiz) -> None:
    ended = quiz("check")
    assert ended.code == 0
    assert "90 câu hỏi." in ended.out
    assert "đã được thay thế bằng QĐ 423/QĐ-BVHTTDL" in ended.out
    assert "Mọi điều khoản được trích đều có câu hỏi." in ended.out


def test_the_questions_of_the_program_are_a_bank(quiz: Quiz) -> None:
    assert "“Bộ câu hỏi có sẵn”: thêm 90, sửa 0, bỏ 0, giữ nguyên 0 câu." in quiz("import").out
    assert "giữ nguyên 90 câu." in quiz("import").out
    assert quiz("list").out == "Bộ câu hỏi có sẵn: 90 câu\n"


def test_a_file_is_taken_and_taken_again(quiz: Quiz, typed: Path, tmp_path: Path) -> None:
    assert "thêm 2, sửa 0, bỏ 0, giữ nguyên 0" in quiz("import", str(typed)).out
    first, second = stored(tmp_path)
    changed = TYPED.replace("Một?", "Một, sửa lại?").replace("Hai?", "Ba?")
    typed.write_text(changed, encoding="utf-8")
    assert "thêm 1, sửa 1, bỏ 1, giữ nguyên 0" in quiz("import", str(typed)).out
    assert [text for _, text in stored(tmp_path)] == ["Một, sửa lại?", "Ba?"]
    assert not {first[0], second[0]} & {number for number, _ in stored(tmp_path)}
    with closing(Database(tmp_path / FILE_NAME)) as database:
        gone = [quizzes.question(database, number) for number, _ in (first, second)]
        assert [one.content["text"] for one in gone if one and one.retired_at] == ["Một?", "Hai?"]


def test_the_order_of_the_file_is_kept(quiz: Quiz, typed: Path, tmp_path: Path) -> None:
    quiz("import", str(typed), "--bank", "Ngân hàng")
    first, second = TYPED.split("\n\n")
    typed.write_text(f"{second}\n\n{first}", encoding="utf-8")
    assert "giữ nguyên 2" in quiz("import", str(typed), "--bank", "NGÂN  HÀNG").out
    assert [text for _, text in stored(tmp_path, "ngan hang")] == ["Hai?", "Một?"]


def test_with_one_fault_nothing_is_taken_and_all_are_told(quiz: Quiz, typed: Path, tmp_path: Path) -> None:
    typed.write_text(TYPED.replace("Đáp án: B", "Đáp án: D").replace("Đáp án: A", ""), encoding="utf-8")
    ended = quiz("import", str(typed))
    assert ended.code == 1
    assert "dòng 4: câu 1: đáp án “D” không phải phương án nào" in ended.out
    assert "dòng 9: câu 2 không có đáp án" in ended.out
    assert "Có 2 chỗ sai; chưa ghi gì." in ended.out
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("command", ["check", "import"])
def test_what_cannot_be_quoted_is_refused(quiz: Quiz, typed: Path, tmp_path: Path, command: str) -> None:
    typed.write_text(TYPED.replace("cv-6389-2021/muc-1", "qd-874-2021/dieu-7/khoan-x1"), encoding="utf-8")
    ended = quiz(command, str(typed))
    assert ended.code == 1
    assert "dòng 1: điều khoản “qd-874-2021/dieu-7/khoan-x1” chưa có câu chữ được phép trích" in ended.out
    assert not (tmp_path / FILE_NAME).exists()


def test_what_is_no_choice_may_be_left_out(quiz: Quiz, tmp_path: Path) -> None:
    (tmp_path / "moodle.txt").write_text(GIFT, encoding="utf-8")
    ended = quiz("import", "moodle.txt")
    assert ended.code == 1
    assert "dòng 3: câu tự luận" in ended.out
    assert "dòng 5: câu trả lời bằng số" in ended.out
    assert "thêm --skip" in ended.out
    ended = quiz("import", "moodle.txt", "--skip")
    assert ended.code == 0
    assert "Bỏ qua câu ở dòng 3" in ended.out
    assert "thêm 1" in ended.out


@pytest.mark.parametrize("ending", ["txt", "docx", "xlsx", "csv", "gift"])
def test_out_and_in_again_it_is_the_same(quiz: Quiz, tmp_path: Path, ending: str) -> None:
    quiz("import", "--bank", "mẫu")
    ended = quiz("export", "mau", f"ra.{ending}")
    assert ended.out == f"Đã ghi 90 câu của “mẫu” vào ra.{ending}.\n"
    assert "giữ nguyên 90 câu." in quiz("import", f"ra.{ending}", "--bank", "mẫu").out
    assert "đã có" in quiz("export", "mẫu", f"ra.{ending}").err


def test_aiken_says_what_it_leaves_out_and_what_it_cannot_hold(quiz: Quiz, typed: Path, tmp_path: Path) -> None:
    quiz("import", str(typed))
    assert "2 câu mất phần này" in quiz("export", "ngan-hang", "ra.aiken").out
    assert (tmp_path / "ra.aiken").read_text(encoding="utf-8").startswith("Một?\nA. x\nB. y\nANSWER: B\n")
    quiz("import", "--bank", "mẫu")
    ended = quiz("export", "mẫu", "lan-hai.aiken")
    assert ended.code == 1
    assert "Aiken chỉ chứa được câu có đúng một đáp án" in ended.err
    assert not (tmp_path / "lan-hai.aiken").exists()


def test_the_format_may_be_said(quiz: Quiz, tmp_path: Path) -> None:
    (tmp_path / "khac.dat").write_text("Một?\nA. x\nB. y\nANSWER: B\n", encoding="utf-8")
    assert "1 câu hỏi" in quiz("check", "khac.dat", "--format", "aiken").out
    assert "dòng 1" in quiz("check", "khac.dat", "--format", "gift").out
    assert quiz("export", "không có", "ra.dat").code == 1


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_form_to_fill_in(quiz: Quiz, tmp_path: Path, ending: str) -> None:
    ended = quiz("template", f"mau.{ending}")
    assert "ungxu quiz check" in ended.out
    assert quiz("template", f"mau.{ending}").code == 1
    assert "không thấy câu hỏi nào" in quiz("check", f"mau.{ending}").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["template", "mau.doc"], "phải kết thúc bằng .xlsx hoặc .csv"),
        (["check", "khong-co.txt"], "không đọc được"),
        (["export", "khong-co", "ra.txt"], "ungxu.db"),
        (["export", "khong-co", "ra.abc"], "hoặc thêm --format"),
        (["list"], "ungxu.db"),
    ],
)
def test_what_cannot_be_done_says_why(quiz: Quiz, arguments: list[str], told: str) -> None:
    ended = quiz(*arguments)
    assert ended.code == 1
    assert told in ended.err


def test_banks_as_data(quiz: Quiz, typed: Path) -> None:
    quiz("import", str(typed))
    found = json.loads(quiz("list", "--json").out)
    assert (found["name"], found["questions"]) == ("ngan-hang", 2)
    assert quiz("export", "khác", "ra.txt").err == "Không có ngân hàng câu hỏi tên ấy.\n"


def test_a_round_is_planned_at_the_machine(quiz: Quiz, typed: Path, tmp_path: Path) -> None:
    quiz("import", str(typed))
    day = SOON
    closes = f"{day:%d/%m/%Y}"
    options = ("--bank", "ngan-hang", "--closes", closes, "--polls", "--explain-at-end", "--draw", "1", "--yes")
    ended = quiz("plan", "Đợt một", *options)
    assert (ended.code, ended.err) == (0, "")
    assert "mỗi người 1 câu, đạt từ 80%, làm 1 lần. Giải thích khi làm xong." in ended.out
    assert "Trên Telegram hỏi bằng ô trắc nghiệm." in ended.out
    assert "Đã lập “Đợt một”" in ended.out
    with closing(Database(tmp_path / FILE_NAME)) as database:
        (found,) = quiz_rounds.newest(database, 5)
        rules = Rules.of(found)
    assert (found.title, found.state, found.closes_at[:10]) == ("Đợt một", "planned", day.isoformat())
    assert (rules.draw, rules.explain, rules.polls, rules.by_name) == (1, "end", True, False)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--bank", "khác", "--closes", "1/1/2999"), "Không có ngân hàng câu hỏi tên ấy."),
        (("--bank", "ngan-hang", "--closes", "1/1/2999"), "10 phút"),
        (("--bank", "ngan-hang", "--closes", "mai mốt"), "gõ ngày"),
        (("--bank", "ngan-hang", "--closes", "1/1/2999", "--topic", "lạ"), "Không có chủ đề ấy"),
        (("--bank", "ngan-hang", "--closes", "{soon}", "--draw", "9"), "Chỉ có 2 câu hỏi"),
        (("--bank", "ngan-hang", "--closes", "{soon}", "--to", "Phòng Lạ"), "Không có đơn vị đó"),
    ],
)
def test_a_round_that_cannot_be_planned_says_why(
    quiz: Quiz, typed: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    quiz("import", str(typed))
    soon = f"{SOON:%d/%m/%Y}"
    ended = quiz("plan", "Đợt một", *(option.format(soon=soon) for option in options), "--yes")
    assert ended.code == 1
    assert told in ended.err
    with closing(Database(tmp_path / FILE_NAME)) as database:
        assert quiz_rounds.newest(database, 5) == []
