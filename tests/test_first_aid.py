"""First aid: what is said first and then, and what an office changes of it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from handlers.first_aid import MOST_FIRST, choose, load_first_aid
from handlers.texts import Texts
from knowledge.errors import DataError
from knowledge.schema import Certainty
from storage.reports import HARMS, KINDS, Whose
from tests.helpers import run_main

# What must not be told: channels that nobody has checked, or that have ended.
NEVER = ("1900", "0692", "0339", "mic.gov.vn", "ais.gov.vn", "chongthurac", "156", "5656", "khonggianmang", "abei")

OWN = """
- {id: truc-ban, stage: first, text: "Gọi trực ban Sở Ví Dụ.", sources: [x], checked: "2026-11", certainty: high}
- {id: fake-news-centre, left_out: true}
- {id: false-help, text: "Không ai ở Sở hỏi mã OTP.", sources: [x], checked: "2026-11", certainty: medium}
"""


@pytest.mark.parametrize("whose", get_args(Whose))
@pytest.mark.parametrize("kind", [None, *KINDS])
def test_every_case_has_its_three_lines_and_what_follows(kind: str | None, whose: Whose) -> None:
    for harm in HARMS:
        steps = load_first_aid()
        first = choose(steps, "first", kind, "zalo", harm, whose)  # type: ignore[arg-type]
        assert 2 <= len(first) <= MOST_FIRST, (kind, whose, harm)
        assert choose(steps, "then", kind, "", harm, whose), (kind, whose, harm)  # type: ignore[arg-type]


def test_everything_has_its_source_and_nothing_unchecked_is_told() -> None:
    for step in load_first_aid():
        assert step.sources
        assert step.checked
        assert step.certainty in Certainty
        assert step.stage == "then" or step.certainty is Certainty.HIGH
        assert not any(word in step.text for word in NEVER), step.id


def test_the_platforms_that_are_named_have_their_words(texts: Texts) -> None:
    for step in load_first_aid():
        for platform in step.platforms:
            assert f"platform.{platform}" in texts
        assert not step.platforms or step.kinds


def test_an_office_adds_replaces_and_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "first_aid.yaml").write_text(OWN, encoding="utf-8")
    steps = load_first_aid(tmp_path)
    first = choose(steps, "first", "lost", "zalo", "unknown", "own")
    assert first[0].text == "Gọi trực ban Sở Ví Dụ."
    then = [step.text for step in choose(steps, "then", "lost", "zalo", "unknown", "own")]
    assert "Không ai ở Sở hỏi mã OTP." in then
    assert "fake-news-centre" not in {step.id for step in steps}
    assert len(load_first_aid(tmp_path / "none")) == len(load_first_aid()) == len(steps)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{id: a}", "empty_text"),
        ("{id: a, text: x}", "empty_source"),
        ("{id: a, text: x, sources: [y]}", "unchecked"),
        ('{id: a, text: x, sources: [y], checked: "2026-11", certainty: low}', "enum"),
        ('{id: a, text: x, sources: [y], checked: "2026-11", certainty: high, kinds: [hack]}', "literal_error"),
        ('{id: a, text: x, sources: [y], checked: "2026-11", certainty: high, other: 1}', "extra_forbidden"),
    ],
)
def test_what_is_wrong_in_an_office_s_file_is_named(tmp_path: Path, entry: str, code: str, texts: Texts) -> None:
    (tmp_path / "first_aid.yaml").write_text(f"- {entry}\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        load_first_aid(tmp_path)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert f"problem.{code}" in texts


def test_the_doctor_says_where_the_file_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first_aid.yaml").write_text("- {id: a, text: x}\n", encoding="utf-8")
    monkeypatch.setenv("UNGXU_OFFICE", str(tmp_path))
    monkeypatch.setenv("UNGXU_DATA", str(tmp_path / "data"))
    ended = run_main(monkeypatch, "doctor")
    assert ended.code == 1
    assert "first_aid.yaml: 1: nguồn cần có url hoặc note" in ended.out


def test_the_example_of_an_office_is_taken() -> None:
    example = Path(__file__).parent.parent / "docs" / "examples" / "office"
    added = {step.id for step in load_first_aid(example)} - {step.id for step in load_first_aid()}
    assert added == {"truc-ban"}
