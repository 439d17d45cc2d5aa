"""`ungxu documents check` and `new`: from a Word file to data that is checked and answers questions."""

from __future__ import annotations

import ast
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
import yaml
from click.testing import CliRunner
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pydantic import ValidationError

from bot.cli import cli
from bot.explaining import explain
from handlers.office import Office
from handlers.texts import Texts
from knowledge.loading import load_document
from knowledge.schema import DocumentEntry, FactEntry, IntentEntry, LexiconEntry, SuccessorEntry
from knowledge.search import Search
from tests.helpers import Ended, one_clear_line, run_process
from tests.office_rules import DECISION

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "office"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600

GOOD = """
id: noi-quy-vi-du
title: Nội quy Sở Ví Dụ
short: Nội quy
number: "1/NQ-SVD"
date: "2026"
issuer: Sở Ví Dụ
level: office
validity: {status: in force, checked: "2026-11"}
sources:
  COPY: {note: Bản sao}
provisions:
  - part: dieu-1
    number_certain: true
    applies: [qd-874-2021/dieu-5]
    text: Đeo thẻ khi vào cơ quan.
  - part: dieu-2
    provisions:
      - part: khoan-1
        editions:
          - {text: Để xe đúng nơi., wording: verbatim, from: "2026", sources: [COPY]}
        now: {summary: Vẫn vậy., certainty: high, sources: [COPY]}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def office(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office that has nothing yet."""
    folder = here / "co-quan"
    folder.mkdir()
    monkeypatch.setenv("UNGXU_OFFICE", "co-quan")
    return folder


def ungxu(*arguments: str | Path) -> Ended:
    """Run a command as `bot.cli.main` does, and tell a failure in its words."""
    result = CliRunner().invoke(cli, ["documents", *map(str, arguments)], standalone_mode=False)
    err = explain(result.exception) + "\n" if isinstance(result.exception, Exception) else ""
    return Ended(result.exit_code, result.output, err)


def said(*arguments: str | Path) -> str:
    """Return the one line of a command that fails."""
    return one_clear_line(ungxu(*arguments))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# check


def test_a_good_office_folder_has_one_line_for_each_document(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = ungxu("check", EXAMPLE)
    assert (ended.code, ended.err) == (0, "")
    (line,) = ended.out.splitlines()
    assert line.startswith(f"{EXAMPLE / 'documents' / 'noi-quy-vi-du.yaml'}: được (11 ")
    monkeypatch.setenv("UNGXU_OFFICE", str(EXAMPLE))
    assert ungxu("check") == ended
    assert ungxu("check", EXAMPLE / "documents") == ended
    assert ungxu("check", EXAMPLE / "documents" / "noi-quy-vi-du.yaml") == ended


def test_a_broken_file_is_named_with_place_and_reason(here: Path) -> None:
    bad = GOOD.replace("title:", "tittle:", 1).replace("text: Đeo thẻ", "nhan: Đeo thẻ").replace('"2026-11"', "mai")
    write(here / "documents" / "a.yaml", bad)
    write(here / "documents" / "b.yaml", GOOD)
    ended = ungxu("check", ".")
    assert (ended.code, ended.err) == (1, "")
    *faults, good = ended.out.splitlines()
    assert faults == [
        "documents/a.yaml: title: thiếu trường “title”",
        "documents/a.yaml: validity.checked: “mai” không phải ngày (viết 2026, 2026-03 hoặc 2026-03-05)",
        "documents/a.yaml: provisions.dieu-1.nhan: trường lạ “nhan”",
        "documents/a.yaml: tittle: trường lạ “tittle”",
    ]
    assert good.startswith("documents/b.yaml: được (2 ")


@pytest.mark.parametrize("inside", ["", "documents"])
def test_an_empty_folder_is_nothing_to_check(here: Path, inside: str) -> None:
    (here / "co-quan" / inside).mkdir(parents=True, exist_ok=True)
    assert said("check", "co-quan").endswith(f"Không có tệp .yaml nào trong {Path('co-quan', inside)}.")


def test_without_an_office_somebody_has_to_say_what_to_check() -> None:
    assert "UNGXU_OFFICE" in said("check")


def test_a_file_that_is_not_there_is_a_fault() -> None:
    ended = ungxu("check", "khong-co.yaml")
    assert ended.code == 1
    assert ended.out.startswith("khong-co.yaml: không đọc được (")


def test_files_with_the_wrong_ending_are_pointed_out(office: Path) -> None:
    write(office / "documents" / "cu.yml", GOOD)
    ended = ungxu("check")
    assert ended.code == 1
    assert "co-quan/documents/cu.yml: đuôi .yml không được đọc" in ended.out
    assert "Không có tệp .yaml nào" in ended.err
    write(office / "documents" / "moi.yaml", GOOD)
    ended = ungxu("check")
    assert ended.code == 0
    assert ended.out.startswith("Cần xem lại: co-quan/documents/cu.yml: ")


@pytest.mark.parametrize("target", ["noi-quy-khac/dieu-1", "qd-874-2021/dieu-500"])
@pytest.mark.parametrize("place", ["co-quan", "co-quan/documents", "co-quan/documents/a.yaml"])
def test_an_applied_provision_that_no_document_has_is_pointed_out(office: Path, target: str, place: str) -> None:
    write(office / "documents" / "a.yaml", GOOD.replace("qd-874-2021/dieu-5", target))
    ended = ungxu("check", place)
    assert ended.code == 0
    assert ended.out.splitlines()[1] == (
        f"Cần xem lại: co-quan/documents/a.yaml: provisions.dieu-1: applies ghi “{target}”, "
        "các văn bản đang dùng không có điều khoản này"
    )


def test_a_document_that_the_office_does_not_use_is_pointed_out(office: Path) -> None:
    write(office / "documents" / "a.yaml", GOOD)
    write(office / "office.toml", 'documents = ["qd-874-2021"]')
    ended = ungxu("check")
    assert ended.code == 0
    assert "a.yaml: mã “noi-quy-vi-du” chưa có trong documents của office.toml" in ended.out.splitlines()[1]
    write(office / "office.toml", 'documents = ["noi-quy-vi-du"]')
    # Now it is used, but not the code that it names.
    assert "qd-874-2021/dieu-5" in ungxu("check").out.splitlines()[1]
    write(office / "office.toml", 'documents = ["noi-quy-vi-du", "qd-874-2021"]')
    assert len(ungxu("check").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("documents/b.yaml", GOOD, "văn bản “noi-quy-vi-du” có hai lần"),
        ("office.toml", 'documents = ["khong-co"]', "khong-co"),
        ("office.toml", 'nme = "Sở"', "nme"),
        ("texts.toml", '[menu]\nkhong_co = "x"', "menu.khong_co"),
    ],
)
def test_the_whole_office_folder_is_checked_too(office: Path, name: str, content: str, words: str) -> None:
    write(office / "documents" / "a.yaml", GOOD)
    write(office / name, content)
    ended = ungxu("check")
    assert ended.code == 1
    last = ended.out.splitlines()[-1]
    assert words in last
    assert Path(name).name in last


def test_a_folder_of_documents_may_not_have_one_twice(here: Path) -> None:
    write(here / "a.yaml", GOOD)
    write(here / "b.yaml", GOOD)
    assert "có hai lần" in ungxu("check", ".").out


# new


def test_a_new_document_goes_to_the_screen_as_good_data(here: Path) -> None:
    write(here / "noi-quy.txt", DECISION)
    ended = ungxu("new", "noi-quy.txt", "--id", "noi-quy-2024")
    assert (ended.code, ended.err) == (0, "")
    assert "# Cần xem lại: noi-quy.txt: issuer: cơ quan ban hành “Sở Ví Dụ tỉnh Mẫu”" in ended.out
    entry = DocumentEntry.model_validate(yaml.safe_load(ended.out))
    assert (entry.id, entry.audience) == ("noi-quy-2024", ())
    assert [path.name for path in here.iterdir()] == ["noi-quy.txt"]


def test_what_is_written_passes_the_check_and_answers(office: Path, search: Search, here: Path) -> None:
    write(here / "noi-quy.txt", DECISION)
    ended = ungxu("new", "noi-quy.txt", "--id", "noi-quy-2024", "--title", " Nội quy\nmạng xã hội ")
    path = Path("co-quan", "documents", "noi-quy-2024.yaml")
    assert (ended.code, ended.err) == (0, "")
    first, *doubts = ended.out.splitlines()
    assert first == f"Đã ghi {path}. Anh/chị đọc soát lại rồi chạy: ungxu documents check"
    assert doubts
    assert all(line.startswith(f"Cần xem lại: {path}: ") for line in doubts)
    checked = ungxu("check")
    assert checked.code == 0
    assert checked.out.startswith(f"{path}: được (")
    document = load_document(path)
    assert document.entry.title == "Nội quy mạng xã hội"
    grown = search.with_document(document)
    for question, provision in [
        ("điều 2 quyết định 12", "noi-quy-2024/dieu-2"),
        ("khoản 1 điều 4 nội quy", "noi-quy-2024/dieu-4"),
        ("có được cho mượn mật khẩu không", "noi-quy-2024/dieu-3/1"),
    ]:
        finding = grown.answer(question, today=dt.date(2026, 11, 21))
        assert finding.citations, question
        assert finding.citations[0].provision.id.startswith(provision), question


def test_the_output_may_be_named_and_nothing_is_overwritten(office: Path, here: Path) -> None:
    write(here / "noi-quy.txt", DECISION)
    assert ungxu("new", "noi-quy.txt", "--id", "a", "--output", "moi/a.yaml").code == 0
    assert not (office / "documents").exists()
    assert load_document(here / "moi" / "a.yaml").id == "a"
    kept = write(here / "b.yaml", "của tôi")
    assert "b.yaml đã có" in said("new", "noi-quy.txt", "--id", "b", "--output", "b.yaml")
    assert kept.read_text(encoding="utf-8") == "của tôi"
    assert ungxu("new", "noi-quy.txt", "--id", "c").code == 0
    assert "c.yaml đã có" in said("new", "noi-quy.txt", "--id", "c")


def test_a_place_that_is_not_there_is_not_made_up(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write(here / "noi-quy.txt", DECISION)
    monkeypatch.setenv("UNGXU_OFFICE", "go-nham")
    assert "go-nham/documents/a.yaml: không ghi được (" in said("new", "noi-quy.txt", "--id", "a")
    assert not (here / "go-nham").exists()


def test_a_word_file_with_automatic_numbers(here: Path) -> None:
    document = docx.Document()
    document.add_paragraph("SỞ VÍ DỤ")
    document.add_paragraph("NỘI QUY RA VÀO")
    levels = [("decimal", "Điều %1."), ("decimal", "%2."), ("lowerLetter", "%3)")]
    inner = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(levels)
    )
    root = document.part.numbering_part.element
    root.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{inner}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))
    for depth, text in [(0, "Giờ giấc"), (1, "Sáng:"), (2, "Mở cửa lúc 7 giờ;"), (2, "Bảo vệ trực."), (0, "Đeo thẻ.")]:
        properties = document.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_numId().val = 90
        properties.get_or_add_ilvl().val = depth
    document.save(str(here / "noi-quy.docx"))
    assert ungxu("new", "noi-quy.docx", "--id", "noi-quy", "--output", "a.yaml").code == 0
    made = load_document(here / "a.yaml")
    assert list(made.by_id) == [
        *("noi-quy/dieu-1", "noi-quy/dieu-1/khoan-1", "noi-quy/dieu-1/khoan-1/a", "noi-quy/dieu-1/khoan-1/b"),
        "noi-quy/dieu-2",
    ]
    assert (made.entry.title, made.short) == ("Nội quy ra vào", "Nội quy Sở Ví Dụ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (COMPOUND, "tệp Word kiểu cũ (.doc)"),
        (b"\xa7i\xd2u 1. N\xe9i quy", "chữ không phải Unicode (TCVN3, VNI …)"),
        (b"PK\x03\x04 broken", "tệp hỏng"),
        (b"%PDF-1.7\n\x00\x01", "không phải tệp chữ"),
        ("Một đoạn văn.".encode(), "không thấy chương, điều, khoản hay mục nào để tách"),
        (b"", "không thấy chương, điều, khoản hay mục nào để tách"),
    ],
)
def test_a_file_that_cannot_be_split_is_named_with_the_reason(
    here: Path, office: Path, content: bytes, words: str
) -> None:
    (here / "noi-quy.docx").write_bytes(content)
    assert said("new", "noi-quy.docx", "--id", "noi-quy").startswith(f"noi-quy.docx: {words}")
    assert list(office.iterdir()) == []


def test_a_file_that_is_not_there_cannot_be_read() -> None:
    assert said("new", "khong-co.docx", "--id", "noi-quy").startswith("khong-co.docx: không đọc được (")


@pytest.mark.parametrize(
    "document_id", ["../noi-quy", "noi/quy", "/tmp/x", "..", "", " ", "Nội quy", "NoiQuy", "a_b", "a--b", "-a", "a\n"]
)
def test_a_bad_id_is_refused_before_anything_is_read_or_written(here: Path, office: Path, document_id: str) -> None:
    ended = ungxu("new", "khong-co.docx", "--id", document_id)
    assert (ended.code, ended.out) == (1, "")
    assert f"“{document_id}” không phải mã" in ended.err
    assert list(here.rglob("*")) == [office]


# A process of its own


def test_check_in_a_process_of_its_own(here: Path) -> None:
    shutil.copytree(EXAMPLE, here / "co-quan")
    good = run_process("documents", "check", cwd=here, env={"UNGXU_OFFICE": "co-quan"})
    assert (good.code, good.err) == (0, "")
    assert "noi-quy-vi-du.yaml: được" in good.out
    write(here / "co-quan" / "documents" / "hong.yaml", "id: [")
    bad = run_process("documents", "check", cwd=here, env={"UNGXU_OFFICE": "co-quan"})
    assert (bad.code, bad.err) == (1, "")
    assert "hong.yaml: line 2: không đúng cú pháp YAML" in bad.out


def test_new_in_a_process_of_its_own(here: Path) -> None:
    write(here / "noi-quy.txt", DECISION)
    (here / "co-quan").mkdir()
    env = {"UNGXU_OFFICE": "co-quan"}
    made = run_process("documents", "new", "noi-quy.txt", "--id", "noi-quy", cwd=here, env=env)
    assert (made.code, made.err) == (0, "")
    assert load_document(here / "co-quan" / "documents" / "noi-quy.yaml").short == "Nội quy Sở Ví Dụ"
    refused = one_clear_line(run_process("documents", "new", "noi-quy.txt", "--id", "../x", cwd=here, env=env))
    assert "“../x” không phải mã" in refused


# Every fault has words

# Where a call that names a fault has its code.
CODE_AT = {"Problem": 1, "UnreadableFile": 1, "PydanticCustomError": 0, "problem_line": 2, "reason": 0}
CODE_AT |= {"TextError": 2, "OfficeError": 2}
ODD_VALUES: list[Any] = [None, True, 7, 1.5, float("nan"), "", "x", "Nội quy", "2026", b"x", dt.date(2026, 1, 1)]
ODD_VALUES += [[], ["x"], [7], [None], [{}], [[]], {}, {"x": "y"}, {7: "y"}]


def named_codes() -> set[str]:
    """The codes that the sources name where they report a fault."""
    codes = set()
    for room in ("knowledge", "handlers", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                at = CODE_AT.get(getattr(call.func, "id", "")) if isinstance(call, ast.Call) else None
                if at is None or len(call.args) <= at:  # type: ignore[attr-defined]
                    continue
                code = call.args[at]  # type: ignore[attr-defined]
                branches = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
                codes |= {str(branch.value) for branch in branches if isinstance(branch, ast.Constant)}
    return codes


def faulty(node: Any) -> Iterator[Any]:
    """A value with each odd value in place of it and of everything in it, and each field left out or strange."""
    yield from ODD_VALUES
    if isinstance(node, dict):
        yield {**node, "la": 1}
        yield {**node, 7: 1}
        for key, value in node.items():
            yield {other: kept for other, kept in node.items() if other != key}
            for odd in faulty(value):
                yield {**node, key: odd}
    elif isinstance(node, list):
        for index, value in enumerate(node):
            for odd in faulty(value):
                yield [*node[:index], odd, *node[index + 1 :]]


@pytest.fixture(scope="module")
def raised_codes() -> set[str]:
    """The codes of what pydantic says of every way to write a wrong file that we can think of."""
    provision = {"part": "dieu-1"}
    provision["provisions"] = [provision]  # type: ignore[assignment]
    good = yaml.safe_load(GOOD)
    lexicon = {"stop": ["x"], "showing": ["x"], "attitudes": {}, "abbreviations": {"a": "b"}, "concepts": {"a": ["b"]}}
    fact = {"id": "x", "text": "x", "certainty": "high", "checked": "2026", "sources": ["x"], "basis": ["x"]}
    samples: list[tuple[type, Any]] = [
        (DocumentEntry, good),
        (DocumentEntry, {**good, "provisions": [provision]}),
        (DocumentEntry, {**good, "title": "\ud800"}),
        (FactEntry, fact),
        (SuccessorEntry, {"name": "x", "now": "x", "certainty": "high", "sources": ["x"]}),
        (IntentEntry, {"id": "x", "kind": "refusal", "phrasings": ["x"]}),
        (LexiconEntry, lexicon),
        (Office, {"name": "x", "province": "x", "documents": ["x"], "report_prefix": "BC"}),
    ]
    codes = set()
    for model, sample in samples:
        for value in [sample] if sample.get("provisions") == [provision] else [sample, *faulty(sample)]:
            try:
                model.model_validate(value)  # type: ignore[attr-defined]
            except ValidationError as error:
                codes |= {fault["type"] for fault in error.errors()}
    return codes


def test_every_fault_that_the_sources_name_has_words(texts: Texts) -> None:
    codes = named_codes()
    assert {"old_word", "protected", "number_gap", "check_title", "bad_id", "bad_yaml", "unwritable"} <= codes
    assert [code for code in sorted(codes) if f"problem.{code}" not in texts] == []


def test_every_fault_of_a_schema_has_words(texts: Texts, raised_codes: set[str]) -> None:
    assert {"extra_forbidden", "missing", "enum", "string_type", "too_short", "model_type"} <= raised_codes
    assert [code for code in sorted(raised_codes) if f"problem.{code}" not in texts] == []


def test_no_words_are_left_without_a_fault(texts: Texts, raised_codes: set[str]) -> None:
    frames = {"line", "line_whole", "unknown"}
    named = {name.partition(".")[2] for name in texts.names if name.startswith("problem.")}
    assert sorted(named - frames - named_codes() - raised_codes) == []
