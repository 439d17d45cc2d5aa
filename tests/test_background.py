"""The data around the documents: lexicon, facts, intents, successors fit together and are refused when wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.texts import Texts
from knowledge.background import Background
from knowledge.documents import Library
from knowledge.errors import DataError
from knowledge.loading import load_entries, load_lexicon
from knowledge.schema import FactEntry, IntentEntry, SuccessorEntry


def test_triggers_of_facts_are_concepts(background: Background) -> None:
    for fact in background.facts:
        assert set(fact.triggers) <= set(background.lexicon.concepts), fact.id


def test_what_facts_and_intents_stand_on_exists(background: Background, library: Library) -> None:
    for entry in (*background.facts, *background.intents):
        for basis in entry.basis:
            assert basis in library, (entry.id, basis)


def test_every_kind_of_talk_and_refusal_has_words(background: Background, texts: Texts) -> None:
    section = {"small-talk": "talk", "refusal": "refusal"}
    for intent in background.intents:
        if intent.kind in section:
            assert f"{section[intent.kind]}.{intent.id}" in texts


def test_no_phrasing_stands_for_two_things(background: Background, library: Library) -> None:
    seen: dict[str, str] = {}
    owners = [(p.id, p.entry.phrasings) for p in library.passages()]
    owners += [(intent.id, intent.phrasings) for intent in background.intents]
    for owner, phrasings in owners:
        for phrasing in phrasings:
            assert seen.setdefault(phrasing, owner) == owner, phrasing


def test_the_old_decree_is_only_named_as_replaced(background: Background) -> None:
    for fact in background.facts:
        if "15/2020" in fact.text:
            assert "thay NĐ 15/2020" in fact.text


def test_amounts_are_marked_as_to_be_compared(background: Background) -> None:
    for fact in background.facts:
        if "triệu" in fact.text:
            assert fact.certainty == "medium", fact.id


@pytest.mark.parametrize(
    ("content", "model", "code"),
    [
        ("{}", FactEntry, "not_a_list"),
        ("- {id: x}", FactEntry, "missing"),
        ("- {id: x, kind: joke, phrasings: [a]}", IntentEntry, "literal_error"),
        ("- {id: x, kind: outside, phrasings: []}", IntentEntry, "too_short"),
        ("- {name: A, now: B, certainty: high, sources: [c], x: 1}", SuccessorEntry, "extra_forbidden"),
        (
            "- {id: x, kind: outside, phrasings: [a]}\n- {id: x, kind: outside, phrasings: [b]}",
            IntentEntry,
            "duplicate_id",
        ),
    ],
)
def test_wrong_entries_are_refused(tmp_path: Path, content: str, model: type, code: str) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_entries(path, model)
    assert code in {problem.code for problem in caught.value.problems}


def test_a_wrong_lexicon_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("stop: [a]\n", encoding="utf-8")
    with pytest.raises(DataError):
        load_lexicon(path)


def test_a_plain_answer_says_what_it_is_given_for(background: Background) -> None:
    plain = [fact for fact in background.facts if fact.plain or fact.said]
    assert plain
    for fact in plain:
        assert fact.plain and fact.said and fact.triggers, fact.id
