from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest

from bot.cli import cli
from bot.errors import InputError, SettingsError
from bot.explaining import TEXTS, explain, problem_line
from bot.files import make_box, new_key
from bot.settings import Settings
from handlers.errors import OfficeError, TextError
from handlers.texts import Texts
from knowledge.errors import DataError, DocumentError, Problem, UnreadableFile
from knowledge.finding import Outcome
from knowledge.search import Search
from storage import questions
from storage.database import Database
from storage.errors import StorageBusy, StorageUnusable
from tests.helpers import OWN_DOCUMENT, Command, locked, one_clear_line, run_main, run_process
from tests.waiting import PATIENCE

ANSWER_KEYS = {"question", "answered", "text", "citations", "alternatives", "suggest", "elapsed_ms"}
CITATION_KEYS = {"id", "document", "label", "quote", "wording", "validity"}
RULE = "qd-874-2021/dieu-4/khoan-3"
LOST = "mất nick zalo phải báo ai?"
UNKNOWN = "thủ tục xin cấp hộ chiếu phổ thông"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def ungxu(monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*arguments: str, stdin: str | bytes = b"") -> Any:
        return run_main(monkeypatch, *arguments, stdin=stdin.encode() if isinstance(stdin, str) else stdin)

    return run


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """The built-in documents, already loaded: a second a command is saved."""
    for module in ("app", "asking"):
        monkeypatch.setattr(f"bot.{module}.load_search", lambda folder, office: search)


@pytest.fixture
def office(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = here / "co-quan"
    (folder / "documents").mkdir(parents=True)
    monkeypatch.setenv("UNGXU_OFFICE", "co-quan")
    return folder


def lines(path: Path, *rows: Any) -> str:
    """Write JSON Lines; a row that is text stands as it is."""
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows))
    return str(path)


# Help


def commands(group: click.Group = cli, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield above, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name), command


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*one, id=" ".join(one[0]) or "ungxu") for one in commands()]
)
def test_every_command_and_option_has_help(ungxu: Command, path: tuple[str, ...], command: click.Command) -> None:
    ended = ungxu(*path, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Cách dùng: ungxu")
    assert command.help
    assert " ".join(command.help.split()) in " ".join(ended.out.split())
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert ungxu(*path, "-h") == ended


def test_the_version_is_told(ungxu: Command) -> None:
    ended = ungxu("--version")
    assert ended.code == 0
    assert ended.out.startswith("ungxu, phiên bản ")


@pytest.mark.parametrize(
    "arguments", [(), ("khong-co",), ("ask", "--khong-co"), ("questions", "--limit", "0"), ("eval",)]
)
def test_a_wrong_call_is_told_how_to_call(ungxu: Command, arguments: tuple[str, ...]) -> None:
    ended = ungxu(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Cách dùng: ungxu")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("khong-co-gi-giong",), "Không có lệnh khong-co-gi-giong."),
        (("documnts",), "Không có lệnh documnts. Có lẽ là: documents."),
        (("ask", "--jsn"), "Không có tùy chọn --jsn. Có lẽ là: --json."),
        (("doctor", "--zzzzz"), "Không có tùy chọn --zzzzz."),
        (("eval",), "Thiếu --documents."),
        (("documents", "show"), "Thiếu MÃ."),
        (("questions", "--limit"), "Tùy chọn --limit thiếu giá trị"),
        (("questions", "--json=1"), "Tùy chọn --json thiếu giá trị, hoặc không nhận giá trị."),
        (("questions", "--limit", "0"), "Giá trị của --limit không dùng được: ghi một số nguyên từ 1 trở lên."),
        (("questions", "--limit", "nhiều"), "Giá trị của --limit không dùng được"),
        (("doctor", "a", "b"), "Thừa chữ ở cuối lệnh"),
        (("ask",), "Anh/chị ghi câu hỏi sau lệnh"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_in_vietnamese(
    ungxu: Command, arguments: tuple[str, ...], fault: str
) -> None:
    ended = ungxu(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert f"Lỗi: {fault}" in ended.err
    assert not re.search(r"Usage|Error|Try|No such|Missing|Got|OPTIONS|COMMAND", ended.err)


def test_the_help_is_in_vietnamese(ungxu: Command) -> None:
    help_pages = "".join(ungxu(*path, "--help").out for path, _ in commands())
    assert not re.search(r"Usage|Options:|Commands|Show this|required|default|OPTIONS|COMMAND|ARGS", help_pages)
    assert not re.search(r"\b(?:TEXT|PATH|INTEGER|RANGE|FLOAT|DAY)\b|x>=", help_pages)


def test_a_new_key_can_be_used(ungxu: Command) -> None:
    first, second = (ungxu("new-key") for _ in range(2))
    assert (first.code, first.err) == (0, "")
    assert first.out != second.out
    assert make_box([first.out.strip()]) is not None


def test_an_answer_at_the_command_line_has_no_tags(ungxu: Command) -> None:
    ended = ungxu("ask", "khoản 4 điều 4")
    assert ended.out.startswith("Khoản 4 Điều 4, QĐ 874/QĐ-BTTTT\n")
    answer = json.loads(ungxu("ask", "--json", "điều 4").out)
    assert answer["text"].startswith("Điều 4, QĐ 874/QĐ-BTTTT\n")


def test_the_console_command_is_the_same_door() -> None:
    (script,) = entry_points(group="console_scripts", name="ungxu")
    assert script.value == "bot.cli:main"


# As a stranger, in a process of its own


def test_a_stranger_asks(here: Path) -> None:
    ended = run_process("ask", LOST, cwd=here)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Khoản 3 Điều 4, QĐ 874/QĐ-BTTTT\n“Thực hiện biện pháp tự quản lý")
    assert max(map(len, ended.out.splitlines())) <= 80
    assert list(here.iterdir()) == []


def test_a_stranger_names_a_file_that_is_not_there(here: Path) -> None:
    ended = run_process("ask", "--batch", "khong-co.jsonl", cwd=here)
    assert "khong-co.jsonl" in one_clear_line(ended)


def test_a_reader_that_goes_away_is_no_trouble(here: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "documents", "show", "qd-874-2021"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("UNGXU_")},
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.wait(PATIENCE) == 1
        assert process.stderr.read() == b""


# ask


@pytest.mark.usefixtures("loaded")
def test_a_question_gets_the_rule_wrapped_to_the_window(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ended = ungxu("ask", *LOST.split())
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Anh/chị báo, hỏi bộ phận phụ trách ở cơ\nquan.")
    assert "\n\nKhoản 3 Điều 4, QĐ 874/QĐ-BTTTT\n“" in ended.out
    assert TEXTS("answer.alternatives") in ended.out
    assert max(map(len, ended.out.splitlines())) <= 40


@pytest.mark.usefixtures("loaded")
def test_an_answer_as_json_has_exactly_its_keys(ungxu: Command) -> None:
    ended = ungxu("ask", "--json", LOST)
    answer = json.loads(ended.out)
    assert answer.keys() == ANSWER_KEYS
    assert (answer["question"], answer["answered"], answer["suggest"]) == (LOST, True, ["report"])
    assert [citation.keys() for citation in answer["citations"]] == [CITATION_KEYS]
    (citation,) = answer["citations"]
    assert citation["quote"].startswith("Thực hiện biện pháp tự quản lý")
    assert {**citation, "quote": ""} == {
        "id": RULE,
        "document": "QĐ 874/QĐ-BTTTT",
        "label": "Khoản 3 Điều 4",
        "quote": "",
        "wording": "verbatim",
        "validity": "replaced 2026-03-05 by QĐ 423/QĐ-BVHTTDL",
    }
    assert citation["quote"] in answer["text"]
    assert RULE not in answer["alternatives"]
    assert answer["alternatives"]
    assert answer["elapsed_ms"] > 0
    assert "“Thực" in ended.out


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("question", "answered"),
    [
        (UNKNOWN, False),
        ("điều 99", False),
        ("công văn 9999 nói gì", False),
        ("khoản 3 nói gì", False),
        ("   ", False),
        ("xin chào", True),
        ("công văn 6389", True),
    ],
)
def test_where_nothing_answers_nothing_is_cited(ungxu: Command, question: str, answered: bool) -> None:
    ended = ungxu("ask", "--json", question)
    answer = json.loads(ended.out)
    assert ended.code == 0
    assert answer.keys() == ANSWER_KEYS
    assert (answer["question"], answer["answered"], answer["citations"]) == (question, answered, [])
    assert answer["text"]


@pytest.mark.usefixtures("loaded")
def test_asking_leaves_no_trace(ungxu: Command, here: Path) -> None:
    ungxu("ask", UNKNOWN)
    ungxu("ask", "--batch", "-", stdin=json.dumps({"text": UNKNOWN}))
    ungxu("questions")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--json",), ("một", "--batch", "-")])
def test_a_question_or_a_batch_not_both_nor_neither(ungxu: Command, arguments: tuple[str, ...]) -> None:
    ended = ungxu("ask", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "--batch" in ended.err.splitlines()[-1]


# ask --batch

BATCH = [
    {"text": LOST},
    "không phải JSON",
    {"text": 5},
    "",
    '["text"]',
    '"text"',
    {"question": "thiếu text"},
    "[" * 100_000,
    {"text": UNKNOWN, "id": 7},
]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("source", ["file", "-"])
def test_a_batch_is_answered_line_by_line_and_bad_lines_are_named(ungxu: Command, here: Path, source: str) -> None:
    path = lines(here / "hoi.jsonl", *BATCH)
    if source == "file":
        ended = ungxu("ask", "--batch", path)
    else:
        ended = ungxu("ask", "--batch", "-", stdin=Path(path).read_bytes())
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, ended.err) == (1, "")
    assert [row.get("line") for row in rows] == [None, 2, 3, 5, 6, 7, 8, None]
    assert all(row.keys() == {"line", "error"} and str(row["line"]) in row["error"] for row in rows[1:-1])
    assert rows[0].keys() == rows[-1].keys() == ANSWER_KEYS
    assert (rows[0]["question"], rows[0]["citations"][0]["id"]) == (LOST, RULE)
    assert (rows[-1]["question"], rows[-1]["answered"]) == (UNKNOWN, False)


@pytest.mark.usefixtures("loaded")
def test_a_batch_of_good_lines_ends_well(ungxu: Command, here: Path) -> None:
    (here / "hoi.jsonl").write_text(json.dumps({"text": LOST}) + "\n\n" + json.dumps({"text": LOST}), "utf-8-sig")
    ended = ungxu("ask", "--batch", "hoi.jsonl")
    assert (ended.code, len(ended.out.splitlines())) == (0, 2)


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("stdin", ["", "\n\n"])
def test_an_empty_batch_is_answered_with_nothing(ungxu: Command, stdin: str) -> None:
    ended = ungxu("ask", "--batch", "-", stdin=stdin)
    assert (ended.code, ended.out, ended.err) == (0, "", "")


@pytest.mark.usefixtures("loaded")
def test_letters_that_no_encoding_has_do_not_stop_a_batch(ungxu: Command) -> None:
    ended = ungxu("ask", "--batch", "-", stdin='{"text": "\\ud800 mất nick zalo"}\n{"text": "điều 4 khoản 3"}\n')
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert [row["citations"][0]["id"] for row in rows] == [RULE, RULE]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b'{"text": "m\xe1\xba"}'], ids=["missing", "utf-16", "cut"])
def test_a_batch_that_cannot_be_read_is_one_clear_line(ungxu: Command, here: Path, content: bytes | None) -> None:
    if content is not None:
        (here / "hoi.jsonl").write_bytes(content)
    assert "hoi.jsonl" in one_clear_line(ungxu("ask", "--batch", "hoi.jsonl"))


@pytest.mark.usefixtures("loaded")
def test_a_folder_is_no_batch(ungxu: Command, here: Path) -> None:
    assert str(here) in one_clear_line(ungxu("ask", "--batch", str(here)))


# eval

# Two words stand in one document each; "gamma" stands twice in one and once in a longer one.
SET = [
    {"id": "vd-1", "text": "Điều 1\nalpha"},
    {"id": "vd-2/dieu-1", "text": "Điều 1\nbeta"},
    {"id": "vd-3", "text": "Điều 2\ngamma gamma"},
    {"id": "vd-4", "text": "Điều 3\ngamma " + "delta epsilon zeta " * 5},
]
QUESTIONS = [
    {"text": "alpha", "relevant": ["vd-1"]},
    {"text": "beta", "relevant": ["vd-2", "khong-co"]},
    {"text": "gamma", "relevant": ["vd-4"]},
    {"text": "omega", "relevant": ["vd-1"]},
]


def measure(ungxu: Command, here: Path, *options: str, documents: Any = SET, questions: Any = QUESTIONS) -> Any:
    return ungxu(
        "eval",
        "--documents",
        lines(here / "van-ban.jsonl", *documents),
        "--questions",
        lines(here / "cau-hoi.jsonl", *questions),
        *options,
    )


def test_retrieval_is_measured(ungxu: Command, here: Path) -> None:
    ended = measure(ungxu, here, "--json")
    figures = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert figures.pop("ms_per_question") > 0
    assert figures == {"hit@1": 0.5, "hit@3": 0.75, "hit@5": 0.75, "hit@10": 0.75, "mrr": 0.625}


def test_the_figures_in_words(ungxu: Command, here: Path) -> None:
    ended = measure(ungxu, here)
    assert ended.code == 0
    hits = {"hit1": 0.5, "hit3": 0.75, "hit5": 0.75, "hit10": 0.75}
    words = TEXTS("cli.figures", questions=4, mrr=0.625, ms=0.0, **hits)
    assert ended.out.splitlines()[:-1] == words.splitlines()[:-1]


def test_a_set_without_questions_scores_nothing(ungxu: Command, here: Path) -> None:
    figures = json.loads(measure(ungxu, here, "--json", questions=[]).out)
    assert set(figures.values()) == {0.0}


def test_accents_can_be_taken_off_the_questions(ungxu: Command, here: Path) -> None:
    documents = [{"id": "vd-1", "text": "Điều 1\ncây lúa"}, {"id": "vd-2", "text": "Điều 2\ntơ lụa"}]
    questions = [{"text": "lụa", "relevant": ["vd-2"]}]
    with_accents = measure(ungxu, here, "--json", documents=documents, questions=questions)
    without = measure(ungxu, here, "--json", "--no-accents", documents=documents, questions=questions)
    assert json.loads(with_accents.out)["hit@1"] == 1.0
    assert json.loads(without.out)["hit@1"] == 0.0


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("documents", "{", ""),
        ("documents", {"text": "x"}, "id"),
        ("documents", {"id": 1, "text": "x"}, "id"),
        ("documents", {"id": "x"}, "text"),
        ("questions", {"relevant": []}, "text"),
        ("questions", {"text": "x"}, "relevant"),
        ("questions", {"text": "x", "relevant": "vd-1"}, "relevant"),
        ("questions", {"text": "x", "relevant": [1]}, "relevant"),
        ("questions", [1], ""),
    ],
)
def test_a_bad_line_is_named_with_file_and_line(ungxu: Command, here: Path, name: str, row: Any, reason: str) -> None:
    good = {"documents": SET, "questions": QUESTIONS}
    ended = measure(ungxu, here, "--json", **{name: [good[name][0], "", row]})
    said = one_clear_line(ended)
    file = {"documents": "van-ban.jsonl", "questions": "cau-hoi.jsonl"}[name]
    told = TEXTS("cli.bad_jsonl", file="", line=3, reason="")
    assert f"{file}{told}" in said
    assert reason in said.partition(told)[2]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
@pytest.mark.parametrize("name", ["van-ban.jsonl", "cau-hoi.jsonl"])
def test_a_set_that_cannot_be_read_is_one_clear_line(
    ungxu: Command, here: Path, name: str, content: bytes | None
) -> None:
    lines(here / "van-ban.jsonl", *SET)
    lines(here / "cau-hoi.jsonl", *QUESTIONS)
    (here / name).unlink()
    if content is not None:
        (here / name).write_bytes(content)
    ended = ungxu("eval", "--documents", "van-ban.jsonl", "--questions", "cau-hoi.jsonl")
    assert name in one_clear_line(ended)


# chat and questions


def asked_in_vain(times: int) -> str:
    return TEXTS("cli.question_asked", asked=times, outcome=TEXTS("cli.outcome_not_found"))


@pytest.mark.usefixtures("loaded")
def test_what_a_conversation_could_not_answer_is_listed_without_who_asked(ungxu: Command) -> None:
    said = [UNKNOWN, UNKNOWN.upper() + "?!", "mật khẩu của tôi là Bimat2026 thì xin hộ chiếu ở đâu", LOST]
    assert ungxu("chat", stdin="\n".join(said)).code == 0
    ended = ungxu("questions")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{UNKNOWN.upper()}?!\n  {asked_in_vain(2)}\n")
    assert "mật khẩu của tôi là ***" in ended.out
    assert LOST not in ended.out
    for hidden in ("Bimat2026", "terminal", "local"):
        assert hidden not in ended.out


@pytest.mark.usefixtures("loaded")
def test_the_list_as_json_has_counts_days_and_nothing_else(ungxu: Command) -> None:
    helpful, not_helpful, wrong = (TEXTS(f"button.{vote}") for vote in ("helpful", "not_helpful", "wrong"))
    ungxu("chat", stdin="\n".join([UNKNOWN, LOST, helpful, LOST, not_helpful, wrong]))
    rows = [json.loads(line) for line in ungxu("questions", "--json").out.splitlines()]
    keys = {"text", "outcome", "shown", "asked", "helpful", "wrong", "off_topic", "unclear", "first_day", "last_day"}
    assert [row.keys() for row in rows] == [keys, keys]
    by_text = {row["text"]: row for row in rows}
    assert by_text[UNKNOWN]["asked"] == 1
    assert (by_text[LOST]["outcome"], by_text[LOST]["shown"]) == ("answered", [RULE])
    assert (by_text[LOST]["asked"], by_text[LOST]["helpful"], by_text[LOST]["wrong"]) == (0, 1, 1)


@pytest.mark.usefixtures("loaded")
def test_votes_are_listed_with_what_was_shown(ungxu: Command, office: Path) -> None:
    """A provision whose document the office no longer applies is listed by its id."""
    ungxu("chat", stdin=f"{LOST}\n{TEXTS('button.helpful')}\n")
    listed = ungxu("questions").out.splitlines()
    assert listed[0] == LOST
    assert listed[1].strip() == TEXTS("cli.vote_helpful", count=1)
    assert listed[2].strip() == TEXTS("cli.question_shown", shown="Khoản 3 Điều 4, QĐ 874/QĐ-BTTTT")
    (office / "office.toml").write_text('documents = ["cv-6389-2021"]')
    assert TEXTS("cli.question_shown", shown=RULE) in ungxu("questions").out


@pytest.mark.usefixtures("loaded")
def test_the_list_can_be_limited(ungxu: Command) -> None:
    ungxu("chat", stdin=f"{UNKNOWN}\nlịch nghỉ tết\n")
    assert len(ungxu("questions", "--json").out.splitlines()) == 2
    assert len(ungxu("questions", "--json", "--limit", "1").out.splitlines()) == 1


@pytest.mark.usefixtures("loaded")
def test_a_question_that_is_near_to_nothing_is_listed_alone(ungxu: Command) -> None:
    ungxu("chat", stdin="zxcvb qwrtp\n")
    first, asked, _days = ungxu("questions").out.splitlines()
    assert (first, asked) == ("zxcvb qwrtp", f"  {asked_in_vain(1)}")


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("2026-11-20", TEXTS("cli.question_day", day="20/11/2026")),
        ("2026-11-21", TEXTS("cli.question_days", first="20/11/2026", last="21/11/2026")),
    ],
)
def test_the_days_are_written_as_people_here_write_them(ungxu: Command, here: Path, last: str, words: str) -> None:
    database = Database(here / "data" / "ungxu.db")
    for day in ("2026-11-20", last):
        questions.count(database, "asked", folded="x", text="x", outcome="not found", shown=[], day=day)
    database.close()
    assert ungxu("questions").out.splitlines()[-1] == f"  {words}"


@pytest.mark.parametrize(
    "outcome",
    [*(o for o in Outcome if o.declined and o is not Outcome.REFUSED), Outcome.ANSWERED],
)
def test_every_outcome_that_is_noted_has_words(ungxu: Command, here: Path, outcome: Outcome) -> None:
    database = Database(here / "data" / "ungxu.db")
    questions.count(database, "asked", folded="x", text="x", outcome=outcome.value, shown=[], day="2026-11-20")
    database.close()
    ended = ungxu("questions")
    assert (ended.code, ended.err) == (0, "")
    assert TEXTS(f"cli.outcome_{outcome.name.lower()}") in ended.out


def test_no_question_was_noted_yet(ungxu: Command, here: Path, texts: Texts) -> None:
    assert ungxu("questions").out == texts("cli.no_questions", path=here / "data" / "ungxu.db") + "\n"
    assert ungxu("questions", "--json").out == ""


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_data_folder_that_cannot_be_used_is_told(
    ungxu: Command, here: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    (here / "tep").write_text("x")
    monkeypatch.setenv("UNGXU_DATA", "tep")
    said = one_clear_line(ungxu("questions", *options))
    assert "UNGXU_DATA" in said
    assert "“tep: " in said
    (here / "data" / "ungxu.db").mkdir(parents=True)
    monkeypatch.setenv("UNGXU_DATA", "data")
    assert "Cơ sở dữ liệu" in one_clear_line(ungxu("questions", *options))


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("command", ["chat", "questions"])
def test_a_database_that_cannot_be_used_is_one_clear_line(
    ungxu: Command, here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_MS", 20)
    assert ungxu("chat").code == 0
    with locked(here / "data" / "ungxu.db"):
        assert one_clear_line(ungxu(command)).startswith(TEXTS("cli.storage_busy", message=""))
    (here / "data" / "ungxu.db").write_bytes(b"x" * 5000)
    assert one_clear_line(ungxu(command)).startswith(TEXTS("cli.storage_unusable", message=""))


@pytest.mark.usefixtures("loaded")
def test_a_folder_that_cannot_be_written_to_is_one_clear_line(ungxu: Command, here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "processes").write_text("x")
    assert one_clear_line(ungxu("chat")).startswith(TEXTS("cli.storage_busy", message=""))


@pytest.mark.parametrize("command", [("ask", "một"), ("chat",), ("run",)], ids=" ".join)
@pytest.mark.parametrize(
    ("name", "value"),
    [("UNGXU_TELEGRAM_TOKEN", "chữ-bí-mật"), ("UNGXU_TELEGRAM_TOKEN", "123456789:bí mật")],
)
def test_a_secret_that_cannot_be_used_is_named_but_not_shown(
    ungxu: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    said = one_clear_line(ungxu(*command))
    assert name in said
    assert "mật" not in said


@pytest.mark.usefixtures("loaded")
def test_a_key_that_cannot_be_used_is_named_but_not_shown(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGXU_SECRET_KEYS", f"{new_key()},khong-phai-khoa")
    said = one_clear_line(ungxu("chat"))
    assert "UNGXU_SECRET_KEYS" in said
    assert "khong-phai-khoa" not in said


def test_somebody_at_a_terminal_is_told_how_to_end(
    monkeypatch: pytest.MonkeyPatch, loaded: None, texts: Texts, capsys: pytest.CaptureFixture[str]
) -> None:
    class Typist:
        def __init__(self, said: str) -> None:
            self.said = iter(said.splitlines(keepends=True))

        def isatty(self) -> bool:
            return True

        def readline(self, size: int = -1) -> str:
            return next(self.said, "")

    monkeypatch.setattr(sys, "stdin", Typist("thoát\n"))
    cli(["chat"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert printed.startswith(texts("cli.chat_hint"))
    assert texts("cli.chat_prompt") in printed
    assert printed.endswith(texts("cli.chat_end") + "\n")


# documents


def test_the_documents_are_listed_with_their_validity(ungxu: Command) -> None:
    ended = ungxu("documents", "list")
    ids = [line.split()[0] for line in ended.out.splitlines()]
    assert (ended.code, ids) == (0, ["qd-874-2021", "cv-6389-2021", "cv-stnmt-2024"])
    assert TEXTS("cli.status_replaced", by="QĐ 423/QĐ-BVHTTDL") in ended.out.splitlines()[0]
    assert TEXTS("cli.status_in_force") in ended.out.splitlines()[1]


def test_an_office_document_stands_beside_them_or_alone(ungxu: Command, office: Path) -> None:
    (office / "documents" / "noi-quy.yaml").write_text(OWN_DOCUMENT, encoding="utf-8")
    assert len(ungxu("documents", "list").out.splitlines()) == 4
    (office / "office.toml").write_text('documents = ["noi-quy-vi-du"]')
    (line,) = ungxu("documents", "list").out.splitlines()
    assert line == TEXTS(
        "cli.document_line",
        id="noi-quy-vi-du",
        short="Nội quy",
        title="Nội quy Sở Ví Dụ",
        count=1,
        status=TEXTS("cli.status_in_force"),
    )
    shown = ungxu("documents", "show", "noi-quy-vi-du").out
    assert "Nội quy Sở Ví Dụ" in shown
    assert "Đeo thẻ khi vào cơ quan" in shown
    answer = json.loads(ungxu("ask", "--json", "vào cơ quan có phải đeo thẻ không").out)
    assert [citation["id"] for citation in answer["citations"]] == ["noi-quy-vi-du/dieu-1"]
    assert answer["citations"][0]["validity"] == "in force"


@pytest.mark.parametrize(
    ("name", "first", "ids"),
    [
        ("qd-874-2021", "QĐ 874/QĐ-BTTTT: ", ["qd-874-2021/dieu-1", "qd-874-2021/dieu-9"]),
        ("qd-874-2021/dieu-4", "qd-874-2021/dieu-4  Điều 4", [RULE]),
        (RULE, f"{RULE}  Khoản 3 Điều 4", []),
    ],
)
def test_a_document_or_a_provision_is_shown_with_all_under_it(
    ungxu: Command, name: str, first: str, ids: list[str]
) -> None:
    ended = ungxu("documents", "show", name)
    assert ended.code == 0
    assert ended.out.startswith(first)
    assert all(f"{one}  " in ended.out for one in ids)
    assert "[verbatim, 2021-06-17] " in ended.out


@pytest.mark.parametrize("name", ["khong-co", "qd-874-2021/dieu-99", "qd-874-2021/", "../qd-874-2021", ""])
def test_an_unknown_id_is_one_clear_line(ungxu: Command, name: str) -> None:
    assert f"“{name}”" in one_clear_line(ungxu("documents", "show", name))


# An office folder that cannot be used


@pytest.mark.parametrize("command", [("documents", "list"), ("ask", "một"), ("chat",)], ids=" ".join)
@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("office.toml", 'nmae = "Sở Ví Dụ"', "nmae"),
        ("office.toml", "name = 5", "name"),
        ("office.toml", 'report_prefix = "bc-1"', "report_prefix"),
        ("office.toml", 'documents = ["khong-co"]', "khong-co"),
        ("office.toml", "name = ", "office.toml"),
        ("office.toml", "name = 'S\udcff'", "office.toml"),
        ("documents/noi-quy.yaml", OWN_DOCUMENT + "nhan: x\n", "nhan"),
        ("documents/noi-quy.yaml", "- a\n", "noi-quy.yaml"),
    ],
    ids=["field", "type", "pattern", "document", "toml", "utf-8", "yaml field", "yaml list"],
)
def test_an_office_folder_with_a_fault_is_one_clear_line(
    ungxu: Command, office: Path, command: tuple[str, ...], file: str, content: str, told: str
) -> None:
    (office / file).write_bytes(content.encode(errors="surrogateescape"))
    assert told in one_clear_line(ungxu(*command))


@pytest.mark.parametrize("command", [("documents", "list"), ("ask", "một"), ("chat",)], ids=" ".join)
def test_an_office_folder_that_does_not_exist_is_one_clear_line(
    ungxu: Command, here: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("UNGXU_OFFICE", "khong-co")
    assert "khong-co" in one_clear_line(ungxu(*command))
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", [("ask", "một"), ("chat",), ("documents", "list")], ids=" ".join)
@pytest.mark.parametrize(
    "content", ['[ask]\nkhong_co = "x"', '[menu]\nstale = "{ten}"', "[menu]\nstale = 5", "menu = 5"]
)
def test_an_office_text_that_cannot_be_used_is_one_clear_line(
    ungxu: Command, office: Path, command: tuple[str, ...], content: str
) -> None:
    (office / "texts.toml").write_text(content)
    assert "texts.toml" in one_clear_line(ungxu(*command))


@pytest.mark.parametrize("command", [("ask", "một"), ("chat",), ("questions",)], ids=" ".join)
def test_a_wrong_setting_is_named(ungxu: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("UNGXU_TIMEZONE", "Asia/Khong-Co")
    said = one_clear_line(ungxu(*command))
    assert "UNGXU_TIMEZONE" in said
    assert "Asia/Khong-Co" in said


# Errors in words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SettingsError("UNGXU_KHAC", "ví dụ"), "Cài đặt UNGXU_KHAC: giá trị “ví dụ” không dùng được."),
        (
            SettingsError("UNGXU_TELEGRAM_TOKEN", ""),
            f"Chưa đặt UNGXU_TELEGRAM_TOKEN. {TEXTS('setting.telegram_token')}",
        ),
        (SettingsError(".env", "ví dụ"), TEXTS("cli.unreadable", file=".env", reason="ví dụ")),
        (InputError("ví dụ"), TEXTS("cli.error", message="ví dụ")),
        (OfficeError("office.toml", "x", "extra_forbidden", "x"), "office.toml: x: trường lạ “x”"),
        (
            TextError("texts.toml", "menu.stale", "unknown_text"),
            "texts.toml: menu.stale: không có câu nào mang tên này",
        ),
        (StorageBusy("ví dụ"), TEXTS("cli.storage_busy", message="ví dụ")),
        (StorageUnusable("ví dụ"), TEXTS("cli.storage_unusable", message="ví dụ")),
        (UnreadableFile("a.txt", "not_utf8", "7"), f"a.txt: {TEXTS('problem.not_utf8', value='7')}"),
        (
            DocumentError("a.yaml", [Problem("dieu-1", "missing", "text"), Problem("", "too_large")]),
            f"a.yaml: dieu-1: {TEXTS('problem.missing', value='text')}\na.yaml: {TEXTS('problem.too_large')}",
        ),
        (DataError("a.yaml", [Problem("", "not_a_list")]), f"a.yaml: {TEXTS('problem.not_a_list')}"),
        (ZeroDivisionError("ví dụ"), TEXTS("cli.unexpected", kind="ZeroDivisionError", message="ví dụ")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_is_told_in_words(error: Exception, words: str) -> None:
    assert explain(error) == words


def test_a_fault_without_words_is_told_by_its_code() -> None:
    unknown = TEXTS("problem.unknown", code="loi_la", value="x")
    assert problem_line("a.yaml", "dieu-1", "loi_la", "x") == f"a.yaml: dieu-1: {unknown}"


def test_a_fault_of_the_program_is_one_line_too(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError("ví dụ")

    monkeypatch.setattr("bot.asking.load_search", broken)
    assert "ZeroDivisionError" in one_clear_line(ungxu("ask", "một"))


def test_a_stop_from_the_keyboard_is_no_fault(ungxu: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.asking.load_search", stopped)
    ended = ungxu("ask", "một")
    assert (ended.code, ended.out) == (130, "")
    assert "Traceback" not in ended.err


def test_a_long_batch_shows_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from bot.asking import Asker, ask_batch

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"text": "điều 4 khoản 3"}\n' * 3, encoding="utf-8")
    written: list[str] = []
    assert ask_batch(Asker(Settings()), str(batch), None, written.append, progress=True) == 0
    assert len(written) == 3
    assert TEXTS("cli.answering") in capsys.readouterr().err
